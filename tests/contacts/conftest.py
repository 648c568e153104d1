"""The small desk of the conversations' tests: who is one person is seen in the inbox."""

from tests.conversations.conftest import desk

__all__ = ["desk"]
