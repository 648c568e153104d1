"""A desk with a page at the stand-in for Meta."""

from tests.messenger.conftest import desk

__all__ = ["desk"]
