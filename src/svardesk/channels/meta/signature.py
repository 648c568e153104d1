"""Meta's signatures. Pure: over the raw bytes, in constant time, with up to two secrets while one is being replaced."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from typing import Any, Final

import msgspec

HEADER: Final = "x-hub-signature-256"
_PREFIX: Final = "sha256="


class BadSignedRequest(ValueError):
    """A ``signed_request`` that none of our secrets signed, or that is none."""


def sign(secret: str, raw: bytes) -> str:
    """The value of the header for a body: ``sha256=`` and the lower-case hexadecimal HMAC."""
    return _PREFIX + hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()


def is_signed(raw: bytes, header: str, secrets: Sequence[str]) -> bool:
    """Whether one of our secrets signed the bytes as they came. The legacy SHA-1 header is never looked at."""
    given = header.strip().encode("latin-1", "replace")
    found = False
    for secret in secrets:
        # Every secret is tried, so that the time does not tell which one fitted.
        found |= hmac.compare_digest(sign(secret, raw).encode(), given)
    return found


def appsecret_proof(secret: str, token: str) -> str:
    """Proves to the Graph API that a token is used by its own app."""
    return hmac.new(secret.encode(), token.encode(), hashlib.sha256).hexdigest()


def read_signed_request(value: str, secrets: Sequence[str]) -> dict[str, Any]:
    """The payload of a ``signed_request``; raises ``BadSignedRequest``.

    The HMAC covers the still-encoded payload text.
    """
    signature, dot, payload = value.strip().partition(".")
    if not dot:
        raise BadSignedRequest("no signature")
    try:
        given = _decoded(signature)
        found = False
        for secret in secrets:
            expected = hmac.new(secret.encode(), payload.encode(), hashlib.sha256).digest()
            found |= hmac.compare_digest(expected, given)
        if not found:
            raise BadSignedRequest("wrong signature")
        content = msgspec.json.decode(_decoded(payload), type=dict[str, Any])
    except (binascii.Error, UnicodeEncodeError, msgspec.DecodeError, RecursionError) as error:
        raise BadSignedRequest("not readable") from error
    if str(content.get("algorithm", "HMAC-SHA256")).upper() != "HMAC-SHA256":
        raise BadSignedRequest("unknown algorithm")
    return content


def _decoded(text: str) -> bytes:
    return base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
