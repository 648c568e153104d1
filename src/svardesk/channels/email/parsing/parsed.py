"""What the parser makes of a mail: plain data, no I/O. Everything else about mail reads this and never the bytes."""

from datetime import datetime
from typing import Literal

import msgspec

Automatic = Literal["none", "receipt", "out_of_office", "bounce", "list"]
"""``receipt``: any other automatic answer or machine-made mail (Auto-Submitted, read receipts).

``list``: bulk and mailing lists.
"""


class Address(msgspec.Struct, frozen=True):
    """A person as a mail names them: ``name`` may be empty, ``address`` is lower-cased in its domain, never empty."""

    name: str
    address: str


class MailFile(msgspec.Struct, frozen=True, kw_only=True):
    """A part that is not the text. ``content_id`` without angle brackets; ``inline``: the HTML shows it by ``cid:``.

    ``part`` is its place in the mail ("2.1"), stable for one mail, by which it is found again.
    """

    part: str
    name: str
    media_type: str
    content: bytes
    content_id: str | None = None
    inline: bool = False


class Recipient(msgspec.Struct, frozen=True, kw_only=True):
    """What a bounce says of one address."""

    address: str | None
    action: Literal["failed", "delayed", "delivered", "relayed", "expanded"]
    status: str | None
    """Enhanced code, ``5.1.1``."""
    diagnostic: str


class Bounce(msgspec.Struct, frozen=True, kw_only=True):
    """A report that a mail did not arrive (RFC 3464 or what resembles it).

    ``original_message_id`` is without angle brackets; ``original_recipient_token`` is what stands behind the plus in the
    address that the report came to.
    """

    recipients: tuple[Recipient, ...]
    original_message_id: str | None
    original_recipient_token: str | None = None


class ParsedMail(msgspec.Struct, frozen=True, kw_only=True):
    """A mail, read. Ids are without angle brackets; ``date`` is aware, UTC, None when unreadable."""

    message_id: str | None
    in_reply_to: tuple[str, ...]
    references: tuple[str, ...]
    sender: Address | None
    """From (the first of several)."""
    reply_to: tuple[Address, ...]
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    delivered_to: tuple[str, ...]
    """Delivered-To, X-Original-To, Envelope-To: addresses, for reply tokens."""
    return_path: str | None
    """'' = null sender, None = header is missing."""
    subject: str
    bare_subject: str
    """Without Re:, SV:, VS: … and ``[1]``; NFC."""
    date: datetime | None
    text: str
    """The whole text: the plain part, or what the HTML says. NFC, LF, un-flowed."""
    html: str | None
    """The HTML part as it came, decoded. Never shown unsanitised."""
    visible: str
    """What the customer wrote now: without quotes and signature. Never empty when ``text`` is not."""
    quoted: str
    signature: str
    forwarded_from: Address | None
    automatic: Automatic
    automatic_because: str
    """The header or rule that told, for an administrator; '' when ``none``."""
    may_answer_automatically: bool
    """False: an automatic answer could loop or go to a list (RFC 3834 and relatives)."""
    bounce: Bounce | None
    files: tuple[MailFile, ...]
    trust: Literal["domain_verified", "unverified"]
    trust_because: str
    language: str | None
    """nb, nn, da, sv, fi, en when told with some certainty."""
    problems: tuple[str, ...]
    """What was wrong with the mail and how it was read all the same, one short English line each."""
