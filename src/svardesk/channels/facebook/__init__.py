"""The Facebook page: posts, what people write below them, and private replies. A thread is a post with all that stands below it."""
