"""Addresses and Message-IDs that find their way back to a conversation, and that nobody else can make.

A reply token is the conversation's id and a MAC of it, in lower-case base32: mail systems fold the case of local parts.
It says *which* conversation, never *who* writes: that is the sender's address, and how far it is trusted.
"""

import base64
import binascii
import hmac
import re
from hashlib import sha256
from typing import Final
from uuid import UUID

BASE: Final = "svar"
MAC_BYTES: Final = 10
"""80 bits."""
TOKEN_LENGTH: Final = 42
LONGEST_LOCAL_PART: Final = 64
_TOKEN: Final = re.compile(rf"\+([a-z2-7]{{{TOKEN_LENGTH}}})$")
_MESSAGE_ID: Final = re.compile(r"<?c\.([a-z2-7]{26})\.([a-z2-7]{26})\.([a-z2-7]{16})@[^<>\s@]+>?")


def reply_token(conversation_id: UUID, key: bytes) -> str:
    """What stands behind the plus of a reply address: 42 characters of a to z and 2 to 7."""
    return _text(conversation_id.bytes + _mac(key, b"reply", conversation_id))


def reply_address(conversation_id: UUID, key: bytes, mailbox: str) -> str:
    """The address to which answers go: ``mailbox`` with the token behind a plus.

    A local part that would become too long with it (more than 64 octets) gives way to ``svar``, which the domain must
    then deliver to the same mailbox.
    """
    local, _, domain = mailbox.rpartition("@")
    local = local.split("+", 1)[0]
    if len(local.encode()) + 1 + TOKEN_LENGTH > LONGEST_LOCAL_PART:
        local = BASE
    return f"{local}+{reply_token(conversation_id, key)}@{domain}"


def read_reply_token(address: str, *keys: bytes) -> UUID | None:
    """The conversation that an address leads to, or None when it holds no token made with one of ``keys``.

    Any base before the plus will do, in any case of letters; a bare local part will, too.
    """
    local = address.strip().strip("<>").lower().rpartition("@")[0] or address.strip().lower()
    found = _TOKEN.search(local)
    raw = _bytes(found[1]) if found else None
    if raw is None:
        return None
    conversation_id = UUID(bytes=raw[:16])
    return conversation_id if _is_made(keys, raw[16:], b"reply", conversation_id) else None


def message_id(conversation_id: UUID, message: UUID, key: bytes, domain: str) -> str:
    """The Message-ID of one of our messages, with its angle brackets; the same at every attempt to send it."""
    mac = _mac(key, b"message", conversation_id, message)
    return f"<c.{_text(conversation_id.bytes)}.{_text(message.bytes)}.{_text(mac)}@{domain}>"


def read_message_id(value: str, *keys: bytes) -> tuple[UUID, UUID] | None:
    """Conversation and message of a Message-ID made with one of ``keys``, or None. Angle brackets may be missing."""
    found = _MESSAGE_ID.fullmatch(value.strip().lower())
    if not found:
        return None
    conversation, message, mac = (_bytes(part) for part in found.groups())
    if conversation is None or message is None or mac is None:
        return None
    ids = UUID(bytes=conversation), UUID(bytes=message)
    return ids if _is_made(keys, mac, b"message", *ids) else None


def _mac(key: bytes, purpose: bytes, *ids: UUID) -> bytes:
    told = b"svardesk e-mail " + purpose + b"\0" + b"".join(one.bytes for one in ids)
    return hmac.digest(key, told, sha256)[:MAC_BYTES]


def _is_made(keys: tuple[bytes, ...], mac: bytes, purpose: bytes, *ids: UUID) -> bool:
    # All keys are tried, so that the time tells nothing.
    return any([hmac.compare_digest(mac, _mac(key, purpose, *ids)) for key in keys])  # noqa: C419 — on purpose


def _text(raw: bytes) -> str:
    return base64.b32encode(raw).decode().rstrip("=").lower()


def _bytes(text: str) -> bytes | None:
    """The bytes of a text, only if it is the one text that stands for them (the last letter has unused bits)."""
    try:
        raw = base64.b32decode(text.upper() + "=" * (-len(text) % 8))
    except (binascii.Error, ValueError):
        return None
    return raw if _text(raw) == text else None
