"""Web chat: the widget on the shop's pages, its visitors and their tokens, its frames; the first adapter of the contract."""
