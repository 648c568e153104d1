"""Mail servers for the tests of the transport: our own always, Dovecot and Postfix where they can run."""

import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from svardesk.channels.email.imap import ImapSettings, Mailbox
from svardesk.channels.email.servers import Password
from svardesk.demo_mail import Account, DemoMail, Step
from tests.email import certificates, dovecot, postfix
from tests.waiting import until

ADDRESS = "kundeservice@fjordnett.example"
PASSWORD = dovecot.PASSWORD
CUSTOMERS = "kunder@postkasse.example"
ACCOUNTS = (
    Account(address=ADDRESS, password=PASSWORD, domains=("fjordnett.example",)),
    Account(address=CUSTOMERS, password="kunde", catch_all=True),
)


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> certificates.Certificate:
    return certificates.make(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
async def demo() -> AsyncIterator[DemoMail]:
    """Our own server, fresh."""
    async with DemoMail(ACCOUNTS) as server:
        yield server


class Post:
    """One mailbox as the tests see it, whoever serves it."""

    def __init__(self, server: DemoMail | dovecot.Dovecot, address: str) -> None:
        self.server = server
        self.address = address

    def settings(self, **more: Any) -> ImapSettings:
        given: dict[str, Any] = {
            "host": "127.0.0.1",
            "port": self.server.imap_port if isinstance(self.server, DemoMail) else self.server.port,
            "encryption": "none",
            "credentials": Password(self.address, PASSWORD),
            "read_seconds": 10.0,
        }
        return ImapSettings(**(given | more))

    async def deliver(self, raw: bytes) -> None:
        if isinstance(self.server, DemoMail):
            await self.server.boxes.put(self.address, raw)
        else:
            self.server.deliver(self.address, raw)

    async def renumber(self) -> None:
        if isinstance(self.server, DemoMail):
            (await self.server.folder(self.address)).renumber()
        else:
            self.server.renumber(self.address)


@pytest.fixture(scope="session")
def real_imap() -> Iterator[dovecot.Dovecot]:
    """Dovecot, for the whole session."""
    # Not below pytest's own folder, which its owner alone may enter: a server's processes are other users.
    with tempfile.TemporaryDirectory(prefix="svardesk-dovecot-") as folder:
        server = dovecot.Dovecot(Path(folder))
        yield server
        server.stop()


@pytest.fixture(scope="session")
def real_smtp() -> Iterator[postfix.Postfix]:
    """Postfix, for the whole session."""
    # Not below pytest's own folder, which its owner alone may enter: a server's processes are other users.
    with tempfile.TemporaryDirectory(prefix="svardesk-postfix-") as folder:
        server = postfix.Postfix(Path(folder))
        yield server
        server.stop()


# Dovecot and Postfix are asked where they are installed and we are root; our own server everywhere.
@pytest.fixture(params=["own", "dovecot"] if dovecot.is_there() else ["own"])
async def post(request: pytest.FixtureRequest) -> AsyncIterator[Post]:
    """An empty mailbox: at our own server, then at Dovecot."""
    if request.param == "dovecot":
        yield Post(request.getfixturevalue("real_imap"), f"post.{uuid4().hex[:12]}@fjordnett.example")
    else:
        async with DemoMail(ACCOUNTS) as server:
            yield Post(server, ADDRESS)


class Relay:
    """An SMTP server that knows no ``ukjent@``, is busy for ``travel@``, and takes mail for fjordnett.example only."""

    def __init__(self, server: DemoMail | postfix.Postfix) -> None:
        self.server = server
        self.port = server.smtp_port if isinstance(server, DemoMail) else server.port

    async def arrived(self) -> list[bytes]:
        """What was delivered, once something was."""
        if isinstance(self.server, DemoMail):
            return await self.server.mails(ADDRESS)
        server = self.server
        await until(lambda: "status=sent" in server.log())
        return server.mails()


@pytest.fixture(params=["own", "postfix"] if postfix.is_there() else ["own"])
async def relay(request: pytest.FixtureRequest) -> AsyncIterator[Relay]:
    """A relay: our own server, then Postfix."""
    if request.param == "postfix":
        yield Relay(request.getfixturevalue("real_smtp"))
        return

    def refuse(step: Step) -> str | None:
        local, _, domain = step.recipient.partition("@")
        if step.stage != "rcpt":
            return None
        if domain != "fjordnett.example":
            return "554 5.7.1 Relay access denied"
        return {"ukjent": "550 5.1.1 No such user", "travel": "450 4.2.1 Busy"}.get(local)

    async with DemoMail(ACCOUNTS) as server:
        server.rules.append(refuse)
        yield Relay(server)


@pytest.fixture
async def opened() -> AsyncIterator[Callable[[ImapSettings], Any]]:
    """Open mailboxes; they are closed at the end of the test."""
    boxes: list[Mailbox] = []

    async def make(settings: ImapSettings) -> Mailbox:
        box = Mailbox(settings)
        boxes.append(box)
        await box.connect()
        return box

    yield make
    for box in boxes:
        await box.close()


def mail(number: int, body: bytes = b"Hei, hvor er pakken min?\r\n") -> bytes:
    """A small mail with its number in it."""
    return (
        f"From: Kari Nordmann <kari@example.no>\r\nTo: {ADDRESS}\r\nSubject: Mail {number}\r\n"
        f"Message-ID: <mail.{number}@example.no>\r\n\r\n"
    ).encode() + body
