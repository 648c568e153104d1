"""Mails that a mail server of the organisation hands over by HTTP: raw MIME with a signature.

The signature is HMAC-SHA-256 over ``<timestamp>.<raw bytes>`` with the mailbox's hook secret, in hexadecimal:

    X-Svardesk-Timestamp: 1764061200
    X-Svardesk-Signature: sha256=…
"""

import hmac
from collections.abc import Mapping
from hashlib import sha256
from time import time
from typing import Final

from svardesk.channels.contract import Connection, Ok, Reject

SIGNATURE_HEADER: Final = "x-svardesk-signature"
TIMESTAMP_HEADER: Final = "x-svardesk-timestamp"
NOW_HEADER: Final = "svardesk-now"
"""Put there by our own edge: the instant at which the request came, so that the check asks no clock."""
OLDEST_SECONDS: Final = 300


def sign(secret: str, timestamp: int, raw: bytes) -> str:
    """The signature of a request, for whoever sends one."""
    return "sha256=" + hmac.new(secret.encode(), b"%d." % timestamp + raw, sha256).hexdigest()


def check(headers: Mapping[str, str], raw: bytes, connection: Connection) -> Ok | Reject:
    """Whether a request is signed with the mailbox's secret and was made within five minutes. In constant time."""
    secret = connection.secrets.get("hook")
    given = headers.get(SIGNATURE_HEADER, "")
    stamp = headers.get(TIMESTAMP_HEADER, "")
    if not isinstance(secret, str) or not secret:
        return Reject(status=404, code="not_found")
    at = int(stamp) if stamp.isascii() and stamp.isdigit() and len(stamp) < 13 else 0
    fits = hmac.compare_digest(sign(secret, at, raw).encode(), given.encode("utf-8", "replace"))
    now = float(headers.get(NOW_HEADER) or time())
    if not fits:
        return Reject(status=401, code="bad_signature")
    if abs(now - at) > OLDEST_SECONDS:
        return Reject(status=401, code="signature_too_old")
    return Ok(connection_hint=str(connection.id))
