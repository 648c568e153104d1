"""Signed texts that travel through a customer's browser or mailbox: when a form was fetched, whose receipt, whose address.

Each is made for one purpose in one organisation, by a key that is not in the database; the server keeps nothing of them.
"""

import base64
import binascii
import hmac
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from svardesk.kit.errors import Forbidden
from svardesk.kit.ids import uuid7
from svardesk.kit.keyring import KeyRing, context

LIFE: Final = timedelta(hours=48)
"""So long a page may lie open before it is sent."""
CONFIRM_LIFE: Final = timedelta(days=30)
_MARK: Final = 16


class BadToken(Forbidden):
    """This link is not one of ours, or it has ended."""

    code = "bad_token"


class Stamp(msgspec.Struct, frozen=True, kw_only=True):
    """A form that was fetched: its nonce and when."""

    nonce: UUID
    issued_at: datetime


def issue(keyring: KeyRing, account_id: UUID, connection_id: UUID, now: datetime) -> str:
    """A stamp for one form: says when it was fetched, and tells two fetches apart."""
    return _sign(keyring, account_id, _purpose("stamp", connection_id), uuid7().bytes + _instant(now))


def redeem(keyring: KeyRing, account_id: UUID, connection_id: UUID, token: str) -> Stamp:
    """The stamp of a form, however old; raises ``BadToken`` when it is none of this form."""
    body = _open(keyring, account_id, _purpose("stamp", connection_id), token, 22)
    return Stamp(nonce=UUID(bytes=body[:16]), issued_at=_at(body[16:]))


def sign_receipt(keyring: KeyRing, account_id: UUID, connection_id: UUID, submission_id: UUID) -> str:
    """What stands in the address of a receipt."""
    return _sign(keyring, account_id, _purpose("receipt", connection_id), submission_id.bytes)


def read_receipt(keyring: KeyRing, account_id: UUID, connection_id: UUID, token: str) -> UUID:
    """Whose receipt it is; raises ``BadToken``."""
    return UUID(bytes=_open(keyring, account_id, _purpose("receipt", connection_id), token, 16))


def sign_confirmation(keyring: KeyRing, account_id: UUID, conversation_id: UUID, until: datetime) -> str:
    """What stands in the link with which somebody says that they wrote: account, conversation, until when."""
    return _sign(keyring, account_id, b"confirm", account_id.bytes + conversation_id.bytes + _instant(until))


def read_confirmation(keyring: KeyRing, token: str, now: datetime) -> tuple[UUID, UUID]:
    """(account, conversation) of such a link; raises ``BadToken``, also when it has ended."""
    try:
        account_id = UUID(bytes=_bytes(token)[:16])
    except ValueError:
        raise BadToken from None
    body = _open(keyring, account_id, b"confirm", token, 38)
    if _at(body[32:]) < now:
        raise BadToken
    return account_id, UUID(bytes=body[16:32])


def _purpose(name: str, connection_id: UUID) -> bytes:
    return name.encode() + connection_id.bytes


def _instant(at: datetime) -> bytes:
    return int(at.timestamp() * 1000).to_bytes(6, "big")


def _at(raw: bytes) -> datetime:
    return datetime.fromtimestamp(int.from_bytes(raw, "big") / 1000, tz=UTC)


def _sign(keyring: KeyRing, account_id: UUID, purpose: bytes, body: bytes) -> str:
    mark = keyring.fingerprints(purpose + b"\0" + body, context(account_id, "form.tokens"))[0][:_MARK]
    return base64.urlsafe_b64encode(body + mark).rstrip(b"=").decode()


def _open(keyring: KeyRing, account_id: UUID, purpose: bytes, token: str, size: int) -> bytes:
    raw = _bytes(token)
    body, mark = raw[:size], raw[size:]
    if len(raw) != size + _MARK:
        raise BadToken
    marks = keyring.fingerprints(purpose + b"\0" + body, context(account_id, "form.tokens"))
    if not any(hmac.compare_digest(one[:_MARK], mark) for one in marks):
        raise BadToken
    return body


def _bytes(token: str) -> bytes:
    if len(token) > 200 or not token.isascii():
        raise BadToken
    try:
        return base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise BadToken from None
