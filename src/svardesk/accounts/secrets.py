"""Random tokens and what is kept of them: only their SHA-256, so that a copy of the database opens no door."""

import base64
import hashlib
import secrets
from datetime import timedelta
from typing import Final

API_PREFIX: Final = "svd_"
SESSION_IDLE: Final = timedelta(hours=12)
SESSION_LIFE: Final = timedelta(days=30)
INVITATION_LIFE: Final = timedelta(days=7)
RESET_LIFE: Final = timedelta(hours=1)
CHALLENGE_LIFE: Final = timedelta(minutes=5)
CHALLENGE_TRIES: Final = 5
SHOWN: Final = 12
"""So many characters of an API token are kept readable, so that its owner can tell it from another."""

_LONGEST: Final = 128


def new_token() -> str:
    """Return 32 random bytes as 43 characters of base64url."""
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).rstrip(b"=").decode()


def new_api_token() -> str:
    """Return a new API token: ``svd_`` and 43 characters. The prefix lets scanners find leaked tokens."""
    return API_PREFIX + new_token()


def digest(token: str) -> bytes:
    """Return what is stored of a token: its SHA-256 (32 bytes).

    A plain hash is enough: tokens carry 256 random bits. It is looked up by index, so that no comparison of secrets
    by our own code takes a time that depends on them. Overlong input is cut, hence never found.
    """
    return hashlib.sha256(token[:_LONGEST].encode("utf-8", "surrogatepass")).digest()


def same(one: str | None, other: str | None) -> bool:
    """Compare two secrets in constant time; None equals nothing."""
    if one is None or other is None:
        return False
    return secrets.compare_digest(one.encode("utf-8", "surrogatepass"), other.encode("utf-8", "surrogatepass"))
