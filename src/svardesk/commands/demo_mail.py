"""`svardesk demo mail`: be a customer by e-mail. And the mail server behind it, a child of `svardesk run --demo`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import parseaddr
from zoneinfo import ZoneInfo

from svardesk.commands.failure import CommandError
from svardesk.config import Settings
from svardesk.demo_data import letterbox
from svardesk.demo_data.ports import ORGANISATION, Ports, folder, remembered

SENDER = "Kari Nordmann <kari@example.no>"
_MOST_SHOWN = 20
_ZONE = ZoneInfo("Europe/Oslo")


def mail(settings: Settings, options: argparse.Namespace) -> int:
    """Write a mail to the demo, or show what its customers received; the exit code."""
    ports = remembered(settings.data)
    if ports is None:
        raise CommandError(
            f"No mail server has run with the data folder {settings.data}. `make run` starts the demo's."
        )
    try:
        if options.inbox:
            _show(letterbox.received(ports))
        elif options.reply is not None:
            _send(ports, _reply(ports, options.reply, _text(options)).as_bytes())
        elif options.file is not None:
            _send(ports, options.file.read_bytes(), [options.to] if options.to else [])
        else:
            _send(ports, _written(options).as_bytes())
    except letterbox.NotThere as error:
        raise CommandError(f"The demo's mail server does not take part: {error}. `make run` starts it.") from error
    except FileNotFoundError as error:
        raise CommandError(f"There is no file {error.filename}.") from error
    return 0


def _text(options: argparse.Namespace) -> str:
    text: str | None = sys.stdin.read() if options.text == "-" else options.text
    if not text or not text.strip():
        raise CommandError("Say what the mail says with --text (or --file MAIL.eml, or --inbox to read).")
    return text.replace("\\n", "\n")


def _written(options: argparse.Namespace) -> EmailMessage:
    sender: str = options.sender or SENDER
    if "@" not in parseaddr(sender)[1]:
        raise CommandError('Write the sender as "Kari Nordmann <kari@example.no>".')
    text = _text(options)
    subject: str = options.subject or text.split("\n", 1)[0][:60]
    return letterbox.written(sender, subject, text, datetime.now(_ZONE), options.to or ORGANISATION)


def _reply(ports: Ports, number: int, text: str) -> EmailMessage:
    mails = letterbox.received(ports)
    if not mails or not (number == -1 or 1 <= number <= len(mails)):
        raise CommandError(f"There is no mail {max(number, 1)} in the customers' inbox; it holds {len(mails)}.")
    return letterbox.reply(mails[number - 1 if number > 0 else -1], text, datetime.now(_ZONE))


def _send(ports: Ports, raw: bytes, recipients: Sequence[str] = ()) -> None:
    print(f"Sent to {', '.join(letterbox.post(ports, raw, recipients))}.")


def _show(mails: Sequence[EmailMessage]) -> None:
    """The newest mails, each with what it says; the number is what `--reply` takes."""
    if not mails:
        print("Customers have received nothing yet.")
    for number, one in list(enumerate(mails, start=1))[-_MOST_SHOWN:]:
        at = one["Date"].datetime or datetime.now(UTC)
        print(f"── {number} ── {at.astimezone(_ZONE):%d.%m.%Y %H:%M} ── {one['Subject']}")
        print(f"   {one['From']}  →  {one['To']}\n")
        print("\n".join(f"   {line}".rstrip() for line in letterbox.plain(one).splitlines()), end="\n\n")


def serve(settings: Settings, sockets: Sequence[int]) -> int:
    """Run the mail server on inherited sockets (SMTP, submission, IMAP) until SIGTERM."""
    import asyncio
    import socket

    from svardesk.demo_data.mails import VOUCHED
    from svardesk.demo_mail.__main__ import until_told
    from svardesk.demo_mail.server import DemoMail

    async def run() -> None:
        server = DemoMail(folder=folder(settings.data), vouched=VOUCHED)
        await server.start(sockets=[socket.socket(fileno=one) for one in sockets])
        where = f"SMTP {server.smtp_port}, submission {server.submission_port}, IMAP {server.imap_port}"
        await until_told(server, lambda: print(f"taking mail, process {os.getpid()}: {where}", flush=True))

    asyncio.run(run())
    return 0
