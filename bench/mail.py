"""What the benchmarks of e-mail share: mails to be taken in, a mail server in a process of its own, a mailbox at it."""

import contextlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import httpx

from bench.house import ROOT, Desk, Program
from bench.seed import add_agent, organisation
from svardesk.demo_mail.server import ORGANISATION, PASSWORD

CORPUS = ROOT / "tests" / "email" / "corpus"
KINDS = (
    "apple", "bottom", "gmail", "interleaved", "outlook_classic", "outlook_mobile", "outlook_web", "short", "thunderbird",
    "webmail", "yahoo",
)  # fmt: skip
"""Groups of the corpus that hold what people write; the rest is there to be difficult."""
SENDERS_SHARE = 4
"""So many mails come from each address."""
_OWN_LINES = re.compile(rb"(?im)^(?:from|message-id|in-reply-to|references|date):[^\n]*\n(?:[ \t][^\n]*\n)*")


def write_mails(folder: Path, count: int) -> int:
    """Write ``count`` mails as the mail server keeps them, as if they had come in the last three days; bytes of all.

    Each is a mail of the corpus with a sender, a date and a Message-ID of its own (``n@vente.example``), and belongs to no
    thread.
    """
    place = folder / ORGANISATION
    place.mkdir(parents=True)
    (place / "uidvalidity").write_text("1700000000", "utf-8")
    bodies = [_without_own_lines(one.read_bytes()) for kind in KINDS for one in sorted((CORPUS / kind).glob("*.eml"))]
    now = datetime.now(UTC)
    total = 0
    for number in range(1, count + 1):
        at = now - timedelta(days=3) * (1 - number / count) - timedelta(hours=1)
        sender = (number - 1) // SENDERS_SHARE
        head = (
            f"From: Kari Nordmann {sender} <kari.{sender}@kunde.example>\r\nMessage-ID: <{number}@vente.example>\r\n"
            f"Date: {format_datetime(at)}\r\n"
        ).encode()
        raw = head + bodies[number % len(bodies)]
        total += len(raw)
        (place / f"{number:010d}.eml").write_bytes(raw)
    return total


def _without_own_lines(raw: bytes) -> bytes:
    head, separator, body = raw.replace(b"\r\n", b"\n").partition(b"\n\n")
    # Lines that only say when and whence it came in differ from copy to copy anyway.
    return (_OWN_LINES.sub(b"", head + b"\n").rstrip(b"\n") + separator + body).replace(b"\n", b"\r\n")


class MailServer:
    """The demo's mail server as a process. ``imap``, ``submission`` and ``smtp`` are its ports."""

    def __init__(self, process: subprocess.Popen[bytes], told: dict[str, Any]) -> None:
        self.process = process
        self.imap: int = told["imap"]
        self.submission: int = told["submission"]
        self.smtp: int = told["smtp"]


@contextmanager
def mail_server(folder: Path | None = None) -> Iterator[MailServer]:
    """Run the mail server, with what lies in ``folder``, until the block ends."""
    more = ["--folder", str(folder)] if folder is not None else []
    process = subprocess.Popen(
        [sys.executable, "-m", "svardesk.demo_mail", *more], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise RuntimeError(f"the mail server ended with code {process.wait()}")
        yield MailServer(process, json.loads(line))
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(10)
        process.kill()


def make_mailbox(desk: Desk, web: Program, server: MailServer, **values: Any) -> str:
    """Make an organisation with the mailbox, as its owner does; returns the owner's session token."""
    with desk.connect() as conn:
        org = organisation(conn, teams=1, agents=0, visitors=0)
        token = "owner"
        add_agent(conn, org.account, "Solveig Aas", "owner", token)  # pyright: ignore[reportArgumentType]
    given: dict[str, Any] = {
        "address": ORGANISATION, "password": PASSWORD, "start": "all",
        "imap": {"host": "127.0.0.1", "port": server.imap, "encryption": "none"},
        "smtp": {"host": "127.0.0.1", "port": server.submission, "encryption": "none"},
        **values,
    }  # fmt: skip
    answer = httpx.post(
        f"http://127.0.0.1:{web.port}/api/v1/mailboxes",
        json=given,
        headers={
            "x-csrf-token": "bench",
            "origin": f"http://127.0.0.1:{web.port}",
            "cookie": f"svardesk_session={token}",
        },
    )
    if answer.status_code != 201:
        raise RuntimeError(f"no mailbox: {answer.status_code} {answer.text}")
    return token
