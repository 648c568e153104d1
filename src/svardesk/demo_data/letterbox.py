"""Being a customer with a mail program: write to the demo's mail server, look into the customers' inbox, answer."""

import email.policy
import imaplib
import re
import smtplib
from collections.abc import Sequence
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.utils import format_datetime, formataddr, getaddresses, make_msgid, parseaddr

from svardesk.demo_data.ports import CUSTOMERS, HOST, ORGANISATION, PASSWORD, Ports

SECONDS = 20.0
START_SECONDS = 60.0
"""A server that is being started answers late on a busy machine; where none is, the refusal comes at once."""
_POLICY = email.policy.SMTP.clone(max_line_length=998)
_MARKS = re.compile(r"(>*) ?(.*)")
_LITERAL = re.compile(rb"BODY\[\]")


class NotThere(Exception):
    """The demo's mail server does not answer."""


def written(sender: str, subject: str, text: str, now: datetime, recipient: str = ORGANISATION) -> EmailMessage:
    """A mail as a mail program makes it. ``sender``: ``Kari Nordmann <kari@example.no>``."""
    message = EmailMessage(policy=_POLICY)
    name, address = parseaddr(sender)
    message["From"] = formataddr((name, address))
    message["To"] = recipient
    message["Subject"] = " ".join(subject.split())
    message["Date"] = format_datetime(now)
    message["Message-ID"] = make_msgid(domain=address.rpartition("@")[2] or "postkasse.example")
    message.set_content(text.rstrip("\n") + "\n")
    return message


def reply(answer: EmailMessage, text: str, now: datetime) -> EmailMessage:
    """What a customer answers to a mail of ours: to its Reply-To, in its thread, with its text quoted below."""
    sender = str(answer["To"]).split(",")[0]
    where = str(answer["Reply-To"] or answer["From"])
    subject = str(answer["Subject"])
    body = f"{text.rstrip()}\n\n{attribution(answer)}\n\n{quoted(answer)}\n"
    message = written(sender, subject if subject[:3].lower() == "re:" else f"Re: {subject}", body, now, where)
    message["In-Reply-To"] = str(answer["Message-ID"])
    message["References"] = f"{answer['References'] or ''} {answer['Message-ID']}".strip()
    return message


def attribution(answer: EmailMessage) -> str:
    """The line above a quotation, as Gmail writes it in bokmål."""
    at = answer["Date"].datetime
    days = ("man.", "tir.", "ons.", "tor.", "fre.", "lør.", "søn.")
    months = ("jan.", "feb.", "mars", "apr.", "mai", "juni", "juli", "aug.", "sep.", "okt.", "nov.", "des.")
    return f"{days[at.weekday()]} {at.day}. {months[at.month - 1]} {at.year} kl. {at:%H:%M} skrev {answer['From']}:"


def quoted(answer: EmailMessage) -> str:
    """Its text, each line behind a quote mark."""
    return "\n".join(f"> {line}".rstrip() for line in plain(answer).splitlines())


def plain(message: EmailMessage) -> str:
    """The text of a mail; lines that were wrapped for the way are whole again."""
    part = message.get_body(("plain", "html"))
    if part is None:
        return ""
    text = part.get_content().replace("\r\n", "\n").strip("\n")
    return _unflowed(text) if part.get_param("format") == "flowed" else text


def _unflowed(text: str) -> str:
    """format=flowed (RFC 3676): a line that ends in a space goes on in the next one of the same depth."""
    lines: list[tuple[str, str]] = []
    for line in text.split("\n"):
        found = _MARKS.fullmatch(line)
        marks, rest = (found[1], found[2]) if found else ("", line)
        if lines and lines[-1][0] == marks and lines[-1][1].endswith(" "):
            lines[-1] = (marks, lines[-1][1] + rest)
        else:
            lines.append((marks, rest))
    return "\n".join(f"{marks} {rest}".strip() if marks else rest.rstrip() for marks, rest in lines)


def post(ports: Ports, raw: bytes, recipients: Sequence[str] = (), sender: str | None = None) -> list[str]:
    """Hand a mail to the server, as from outside; returns who got it. Raises ``NotThere``.

    Left out, the recipients are those of its headers (the organisation when they name nobody), the sender is its From.
    """
    head = message_from_bytes(raw, policy=email.policy.compat32)
    named = [
        address for _, address in getaddresses([str(one) for one in head.get_all("To", []) + head.get_all("Cc", [])])
    ]
    to = list(recipients) or [one for one in named if "@" in one] or [ORGANISATION]
    back = parseaddr(str(head.get("From", "")))[1] if sender is None else sender
    try:
        with smtplib.SMTP(HOST, ports.smtp, timeout=SECONDS) as line:
            plain_ones = all(one.isascii() for one in (back, *to))
            _ = line.sendmail(back if "@" in back else "", to, raw, [] if plain_ones else ["SMTPUTF8"])
    except (OSError, smtplib.SMTPException) as error:
        raise NotThere(str(error)) from error
    return to


def answers(ports: Ports) -> bool:
    """Whether the server is there, or comes."""
    try:
        with smtplib.SMTP(HOST, ports.smtp, timeout=START_SECONDS) as line:
            return line.noop()[0] == 250
    except (OSError, smtplib.SMTPException):
        return False


def received(ports: Ports) -> list[EmailMessage]:
    """What customers have received, oldest first. Raises ``NotThere``."""
    try:
        with imaplib.IMAP4(HOST, ports.imap, timeout=SECONDS) as line:
            line.login(CUSTOMERS, PASSWORD)
            line.select("INBOX", readonly=True)
            _, found = (
                line.fetch("1:*", "(BODY.PEEK[])") if line.untagged_responses.get("EXISTS") != [b"0"] else ("", [])
            )
    except (OSError, imaplib.IMAP4.error) as error:
        raise NotThere(str(error)) from error
    return [
        message_from_bytes(one[1], _class=EmailMessage, policy=_POLICY)
        for one in found
        if isinstance(one, tuple) and _LITERAL.search(one[0])
    ]
