"""What an answer looks like as a mail. Pure: no clock, no lots, no database; the same ``Outgoing`` gives the same bytes.

So a retry sends exactly the mail that was perhaps sent already, and whoever receives it twice can tell.
"""

from datetime import datetime
from email.utils import format_datetime
from hashlib import sha256
from typing import Final, Literal
from zoneinfo import ZoneInfo

import msgspec

from svardesk.channels.email import writing
from svardesk.channels.email.mime import (
    Address,
    Attached,
    address_header,
    ascii_address,
    file_part,
    id_header,
    message_ids,
    multipart,
    on_one_line,
    text_header,
    text_part,
)
from svardesk.kit.i18n import normalise, text
from svardesk.kit.i18n.formats import format_date, format_time

MOST_REFERENCES: Final = 20
LOOP_HEADER: Final = "X-Svardesk-Loop"


class Quoted(msgspec.Struct, frozen=True, kw_only=True):
    """The customer's message below our answer. ``sent_at`` is aware."""

    author: Address
    sent_at: datetime
    text: str


class Outgoing(msgspec.Struct, frozen=True, kw_only=True):
    """One mail to be.

    ``message_id`` with its angle brackets; ``date`` aware, written in ``timezone``. ``bcc`` stands in the envelope only.
    ``language``: of the page and of the line above the quotation. ``references``: those of the mail that is answered;
    its own id (``in_reply_to``) is added. ``automatic``: what nobody wrote by hand, as an answer (``replied``: receipt,
    away) or of itself (``generated``: survey, broadcast). ``instance``: this installation, for ``X-Svardesk-Loop``.
    """

    message_id: str
    date: datetime
    sender: Address
    to: tuple[Address, ...]
    subject: str
    text: str
    language: str = "nb"
    timezone: str = "Europe/Oslo"
    cc: tuple[Address, ...] = ()
    bcc: tuple[Address, ...] = ()
    reply_to: str | None = None
    signature: str = ""
    quoted: Quoted | None = None
    in_reply_to: str | None = None
    references: tuple[str, ...] = ()
    automatic: Literal["replied", "generated"] | None = None
    instance: str | None = None
    attachments: tuple[Attached, ...] = ()


class Composed(msgspec.Struct, frozen=True, kw_only=True):
    """A mail as it is sent: its bytes, and everybody who gets it (``to``, ``cc``, ``bcc``, each once)."""

    raw: bytes
    recipients: tuple[str, ...]


def compose(mail: Outgoing) -> Composed:
    """Build a mail. Raises ``BadMailAddress``.

    All of it is seven-bit, unless a local part is not (``SMTPUTF8``).
    """
    boundary = "=_" + sha256(mail.message_id.encode()).hexdigest()[:32]
    body = multipart("alternative", f"{boundary}.a", [_plain(mail), _html(mail)])
    if mail.attachments:
        body = multipart("mixed", f"{boundary}.m", [body, *(file_part(one) for one in mail.attachments)])
    head = "\r\n".join([*_headers(mail), ""]).encode("utf-8")
    recipients: dict[str, str] = {}
    for one in (*mail.to, *mail.cc, *mail.bcc):
        address = ascii_address(one.email)
        recipients.setdefault(address.lower(), address)
    return Composed(raw=head + body, recipients=tuple(recipients.values()))


def attribution(quoted: Quoted, language: str, timezone: str) -> str:
    """The line above a quotation, as people of that language write it."""
    name = on_one_line(quoted.author.name)
    email = on_one_line(quoted.author.email)
    local = quoted.sent_at.astimezone(ZoneInfo(timezone))
    return text(
        language,
        "server",
        "mail.wrote",
        date=format_date(local.date(), language),
        time=format_time(quoted.sent_at, timezone, language, running=True),
        who=f"{name} <{email}>" if name and name.lower() != email.lower() else email,
    )


def thread(in_reply_to: str | None, references: tuple[str, ...]) -> list[str]:
    """References of an answer: those of what is answered and its own id, at most twenty: the first and the newest."""
    ids = message_ids([*references, in_reply_to or ""])
    return ids if len(ids) <= MOST_REFERENCES else [ids[0], *ids[-(MOST_REFERENCES - 1) :]]


def _headers(mail: Outgoing) -> list[str]:
    local = mail.date.astimezone(ZoneInfo(mail.timezone))
    answered = message_ids([mail.in_reply_to or ""])
    references = thread(mail.in_reply_to, mail.references)
    headers = [
        f"Date: {format_datetime(local)}",
        address_header("From", [mail.sender]),
        address_header("To", mail.to) if mail.to else "To: undisclosed-recipients:;",
    ]
    if mail.cc:
        headers.append(address_header("Cc", mail.cc))
    if mail.reply_to:
        headers.append(address_header("Reply-To", [Address(mail.reply_to, mail.sender.name)]))
    headers += [text_header("Subject", mail.subject), id_header("Message-ID", message_ids([mail.message_id]))]
    if answered:
        headers.append(id_header("In-Reply-To", answered[:1]))
    if references:
        headers.append(id_header("References", references))
    if mail.automatic:
        headers += [f"Auto-Submitted: auto-{mail.automatic}", "X-Auto-Response-Suppress: OOF, AutoReply"]
    if mail.instance:
        headers.append(text_header(LOOP_HEADER, mail.instance))
    headers += [f"Content-Language: {normalise(mail.language)}", "MIME-Version: 1.0"]
    return headers


def _plain(mail: Outgoing) -> bytes:
    # No "-- " before the signature: below it programs cut everything away, the quotation with it.
    parts = [writing.flowed(part) for part in (mail.text, mail.signature) if part.strip()]
    if mail.quoted:
        above = writing.flowed(attribution(mail.quoted, mail.language, mail.timezone))
        parts.append(above + "\n" + writing.flowed_quote(mail.quoted.text))
    return text_part("plain", "\n\n".join(parts), more="; format=flowed")


def _html(mail: Outgoing) -> bytes:
    parts = [writing.html(part) for part in (mail.text, mail.signature) if part.strip()]
    if mail.quoted:
        line = attribution(mail.quoted, mail.language, mail.timezone)
        parts.append(writing.html_quote(line, mail.quoted.text))
    return text_part("html", writing.page(normalise(mail.language), parts))
