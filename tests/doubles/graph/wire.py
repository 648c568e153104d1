"""How Meta writes things: JSON with lower-case escapes, signatures over the raw bytes, signed requests, times."""

import base64
import hmac
import json
from datetime import UTC, datetime
from hashlib import sha1, sha256
from typing import Any, Literal

Style = Literal["meta", "escaped", "plain"]
"""``meta``: all non-ASCII as ``\\uXXXX``, lower case. ``escaped``: also ``/ < % @``. ``plain``: UTF-8 as it is."""


def encode(value: Any, style: Style = "meta") -> bytes:
    """JSON in one of the forms in which bodies arrive; the signature is made over exactly these bytes."""
    text = json.dumps(value, ensure_ascii=style != "plain", separators=(",", ":"))
    if style == "escaped":
        for character, written in (("/", "\\/"), ("<", "\\u003c"), ("%", "\\u0025"), ("@", "\\u0040")):
            text = text.replace(character, written)
    return text.encode()


def signature(secret: str, body: bytes) -> str:
    """The value of ``X-Hub-Signature-256``."""
    return "sha256=" + hmac.new(secret.encode(), body, sha256).hexdigest()


def old_signature(secret: str, body: bytes) -> str:
    """The value of ``X-Hub-Signature``, which receivers must not trust."""
    return "sha1=" + hmac.new(secret.encode(), body, sha1).hexdigest()


def proof(secret: str, token: str) -> str:
    """The parameter ``appsecret_proof``."""
    return hmac.new(secret.encode(), token.encode(), sha256).hexdigest()


def signed_request(secret: str, payload: dict[str, Any]) -> str:
    """``<signature>.<payload>``, both base64url without padding; the signature covers the still encoded payload."""
    encoded = _b64(json.dumps({"algorithm": "HMAC-SHA256"} | payload, separators=(",", ":")).encode())
    return _b64(hmac.new(secret.encode(), encoded.encode(), sha256).digest()) + "." + encoded


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def graph_time(milliseconds: int) -> str:
    """A time as Graph answers write it: ``2026-11-25T12:00:00+0000``."""
    return datetime.fromtimestamp(milliseconds // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")
