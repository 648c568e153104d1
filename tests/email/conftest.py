"""Mail servers for the tests of the transport: our own always, Dovecot and Postfix where they can run."""

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from svardesk.channels.email.imap import ImapSettings, Mailbox
from svardesk.channels.email.servers import Password
from svardesk.demo_mail import Account, DemoMail
from tests.email import certificates, dovecot

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
def real_imap(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dovecot.Dovecot]:
    """Dovecot; skips where it cannot run."""
    if not dovecot.is_there():
        pytest.skip("Dovecot is not installed here, or we are not root")
    folder = tmp_path_factory.mktemp("dovecot")
    # Below pytest's own folder only its owner may read; the server's processes are other users.
    for parent in list(folder.parents)[:3]:
        if parent.owner() == "root" and parent != Path("/tmp"):
            parent.chmod(parent.stat().st_mode | 0o055)
    server = dovecot.Dovecot(folder)
    yield server
    server.stop()


@pytest.fixture(params=["own", "dovecot"])
async def post(request: pytest.FixtureRequest) -> AsyncIterator[Post]:
    """An empty mailbox: at our own server, then at Dovecot."""
    if request.param == "dovecot":
        yield Post(request.getfixturevalue("real_imap"), f"post.{uuid4().hex[:12]}@fjordnett.example")
    else:
        async with DemoMail(ACCOUNTS) as server:
            yield Post(server, ADDRESS)


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
