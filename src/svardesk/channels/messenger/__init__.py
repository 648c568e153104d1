"""Messenger: what people write to a page, and the answers, within Meta's rules."""
