"""A mailbox without a mail server, for tests of what becomes of mails: they are stored as the reader stores them."""

import email.policy
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from typing import Any
from uuid import UUID

from svardesk.accounts.caller import Actor
from svardesk.channels import ingress
from svardesk.channels.connections import get
from svardesk.channels.contract import Connection, OutboundCommand, Raw
from svardesk.channels.email import boxes
from svardesk.channels.email.boxes import MailboxValues
from svardesk.channels.email.preparing import Prepared, prepare_mail
from svardesk.conversations.schemas import Letter
from svardesk.kit.clock import FixedClock
from svardesk.kit.db import Database, Row
from svardesk.kit.files import FileStore
from svardesk.kit.ids import uuid7
from svardesk.kit.keyring import KeyRing
from tests.factories import Account, insert, make_account

RING = KeyRing({"k1": b"k" * 32})
US = "kundeservice@fjordnett.example"
KARI = "kari@example.no"
SERVER = "mx.fjordnett.example"


def letter(body: str = "Hei", *, transport: Sequence[str] = (), **more: str | None) -> bytes:
    """A customer's mail; ``transport`` are lines that servers on the way put on top of it."""
    message = EmailMessage(policy=email.policy.SMTP.clone(max_line_length=900))
    headers: dict[str, str | None] = {
        "From": f"Kari Nordmann <{KARI}>",
        "To": US,
        "Subject": "Nettet er borte",
        "Message-ID": "<one@example.no>",
        "Date": "Mon, 23 Nov 2026 09:59:00 +0100",
        **{name.replace("_", "-"): value for name, value in more.items()},
    }
    for name, value in headers.items():
        if value:
            message[name] = value
    message.set_content(body + "\n")
    return "".join(f"{line}\r\n" for line in transport).encode() + message.as_bytes()


def passed(domain: str = "example.no") -> str:
    """The line by which our server says that a mail is really of a domain."""
    return f"Authentication-Results: {SERVER}; dmarc=pass header.from={domain}"


@dataclass
class Box:
    """One mailbox of an organisation."""

    db: Database
    clock: FixedClock
    account: Account
    id: UUID
    files: FileStore | None = None

    async def connection(self) -> Connection:
        async with self.db.work(self.account.id) as tx:
            return await get(tx, self.id, RING)

    async def store(self, *raws: bytes) -> list[UUID]:
        """Mails are fetched, and wait for their parser."""
        connection = await self.connection()
        async with self.db.work(self.account.id) as tx:
            given = [Raw(body=raw, received_at=self.clock.now()) for raw in raws]
            return await ingress.store_all(tx, connection, given)

    async def sweep(self) -> None:
        while await ingress.sweep(self.db, self.clock, RING, files=self.files):
            pass

    async def arrive(self, *raws: bytes) -> None:
        """Mails come in, each before the next."""
        for raw in raws:
            await self.store(raw)
            await self.sweep()

    async def rows(self, query: str, **values: Any) -> list[Row]:
        async with self.db.work(self.account.id) as tx:
            return await tx.all(query, **values)

    async def said(self) -> list[tuple[int, str, bool]]:
        """(Number of the conversation, text, by a stranger) of everything that came in, in the order of conversations."""
        rows = await self.rows(
            "SELECT c.number, m.body, coalesce(m.details->'letter'->>'stranger', 'false') = 'true' AS stranger"
            " FROM messages m JOIN conversations c ON c.id = m.conversation_id WHERE m.kind = 'inbound'"
            " ORDER BY c.number, m.seq"
        )
        return [(row["number"], row["body"], row["stranger"]) for row in rows]

    async def threads(self) -> list[list[str]]:
        """What came in, conversation by conversation."""
        found: dict[int, list[str]] = {}
        for number, body, _ in await self.said():
            found.setdefault(number, []).append(body)
        return list(found.values())

    async def conversation(self, number: int = 1) -> UUID:
        [row] = await self.rows("SELECT id FROM conversations WHERE number = %(n)s", n=number)
        return row["id"]

    async def aside(self) -> list[str]:
        """Errors of what was set aside."""
        rows = await self.rows("SELECT error FROM inbound_items WHERE state = 'quarantined' ORDER BY id")
        return [row["error"] for row in rows]

    async def answer(self, number: int = 1, text: str = "Vi ser på det.", letter: Letter | None = None) -> Prepared:
        """An agent answers; returns the mail that goes out."""
        conversation_id = await self.conversation(number)
        async with self.db.work(self.account.id) as tx:
            seq = await tx.value(
                "UPDATE conversations SET last_seq = last_seq + 1, last_public_seq = last_seq + 1 WHERE id = %(id)s"
                " RETURNING last_seq",
                id=conversation_id,
            )
            recipient = await tx.value(
                "SELECT i.address FROM conversations c JOIN identities i ON i.id = c.identity_id WHERE c.id = %(id)s",
                id=conversation_id,
            )
        message_id = await insert(
            self.db, "messages", self.account.id, conversation_id=conversation_id, seq=seq, kind="answer",
            author_kind="agent", author_id=uuid7(), body=text, actor="agent:x", state="sent", created_at=self.clock.now(),
        )  # fmt: skip
        command = OutboundCommand(
            delivery_id=uuid7(),
            message_id=message_id,
            conversation_id=conversation_id,
            connection=await self.connection(),
            external_thread_key=None,
            recipient=recipient,
            text=text,
            letter=letter,
        )
        async with self.db.work(self.account.id) as tx:
            return await prepare_mail(tx, self.clock.now(), command)


async def make_box(db: Database, clock: FixedClock, account: Account | None = None, **values: Any) -> Box:
    """A mailbox, of a new organisation unless said otherwise."""
    account = account or await make_account(db)
    given = MailboxValues(**{"address": US, "authserv": [SERVER], "receipt": False, **values})
    async with db.work(account.id) as tx:
        made = await boxes.create(tx, clock.now(), RING, Actor("system", None), given)
    return Box(db, clock, account, made.id)


def at(hour: int, minute: int = 0) -> str:
    """A Date header of the tests' Monday, in UTC."""
    return datetime(2026, 11, 23, hour, minute).strftime("%a, %d %b %Y %H:%M:00 +0000")
