"""The mail server as one thing: start it, write to it, read what arrived, stop it."""

import asyncio
import socket
import ssl
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Self

from svardesk.demo_data.ports import CUSTOMERS, HOST, ORGANISATION, PASSWORD
from svardesk.demo_mail.imap import Folder, Mailboxes
from svardesk.demo_mail.post import Account, PostOffice
from svardesk.demo_mail.rules import Rule
from svardesk.demo_mail.smtp import factory

ACCOUNTS: Final = (
    Account(address=ORGANISATION, password=PASSWORD, domains=("fjordnett.example",)),
    Account(address=CUSTOMERS, password=PASSWORD, catch_all=True),
)


class DemoMail:
    """SMTP, submission and IMAP over the same mailboxes, on the loopback interface.

    ``accounts``: see ``Account``. ``tokens``: access tokens by address that XOAUTH2 accepts; may be changed while running.
    ``rules``: how SMTP misbehaves; may be changed while running. ``implicit_tls`` wraps IMAP and submission from the
    first byte, ``starttls`` offers it. ``without``: IMAP capabilities to leave out (``IDLE``, ``MOVE``, ``UIDPLUS``).
    ``folder``: keep mail there over a restart. Ports 0 are chosen by the system; read them after ``start``.
    """

    def __init__(
        self,
        accounts: Sequence[Account] = ACCOUNTS,
        *,
        hostname: str = "mail.fjordnett.example",
        vouched: Sequence[str] = (),
        implicit_tls: ssl.SSLContext | None = None,
        starttls: ssl.SSLContext | None = None,
        without: Sequence[str] = (),
        xoauth2: bool = True,
        folder: Path | None = None,
    ) -> None:
        self.tokens: Final[dict[str, str]] = {}
        self.rules: Final[list[Rule]] = []
        self.office: Final = PostOffice(accounts, hostname, vouched)
        self.boxes: Final = Mailboxes(self.office, self.tokens, without=without, starttls=starttls, folder=folder)
        self.office.shelf = self.boxes
        self.smtp_port = 0
        self.submission_port = 0
        self.imap_port = 0
        self._implicit_tls = implicit_tls
        self._starttls = starttls
        self._xoauth2 = xoauth2
        self._servers: list[asyncio.Server] = []

    async def start(
        self,
        *,
        smtp_port: int = 0,
        submission_port: int = 0,
        imap_port: int = 0,
        sockets: Sequence[socket.socket] | None = None,
    ) -> Self:
        """Listen; raises OSError when a port is taken.

        ``sockets``: listening ones that somebody else has opened, for SMTP, submission and IMAP, instead of ports.
        """
        loop = asyncio.get_running_loop()
        await self.boxes.load()
        outside = factory(self.office, self.rules, self.tokens, submission=False, xoauth2=self._xoauth2)
        inside = factory(
            self.office,
            self.rules,
            self.tokens,
            submission=True,
            starttls=self._starttls,
            xoauth2=self._xoauth2,
        )
        try:
            smtp, submission, imap = sockets or _listening(smtp_port, submission_port, imap_port)
            self._servers.append(await loop.create_server(outside, sock=smtp))
            self._servers.append(await loop.create_server(inside, sock=submission, ssl=self._implicit_tls))
            self._servers.append(await asyncio.start_server(self.boxes.imap.serve, sock=imap, ssl=self._implicit_tls))
        except BaseException:
            await self.stop()
            raise
        self.smtp_port, self.submission_port, self.imap_port = (
            one.sockets[0].getsockname()[1] for one in self._servers
        )
        return self

    async def stop(self) -> None:
        """Stop listening and end what is open."""
        for server in self._servers:
            server.close()
        self.boxes.imap.hang_up()
        for server in self._servers:
            await server.wait_closed()
        self._servers.clear()

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def deliver(self, raw: bytes, recipient: str = ORGANISATION, sender: str = "kari@example.no") -> None:
        """Put a mail into a mailbox past SMTP."""
        await self.office.deliver(sender, [recipient], raw)

    async def mails(self, address: str = CUSTOMERS, folder: str = "INBOX") -> list[bytes]:
        """What lies in a folder, oldest first."""
        return await self.boxes.mails(address, folder)

    async def folder(self, address: str = ORGANISATION, name: str = "INBOX") -> Folder:
        """A folder, to look into or to renumber."""
        return await self.boxes.named(address, name)

    @property
    def sessions(self) -> int:
        """How many IMAP sessions are open."""
        return self.boxes.imap.open_sessions

    def hang_up(self) -> None:
        """End all IMAP sessions without a word."""
        self.boxes.imap.hang_up()


def _listening(*ports: int) -> list[socket.socket]:
    opened: list[socket.socket] = []
    try:
        opened.extend(socket.create_server((HOST, port)) for port in ports)
    except OSError:
        for one in opened:
            one.close()
        raise
    return opened
