"""A small desk for tests of conversations: an organisation, four agents, an open and a closed team."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from svardesk.conversations import posting, receiving
from svardesk.conversations.receiving import Inbound, Received
from svardesk.conversations.schemas import Posted, PostMessage
from svardesk.kit.clock import FixedClock
from svardesk.kit.db import Database, Row
from tests.factories import Account, Agent, make_account, make_agent, make_contact, make_team


@dataclass
class Desk:
    """What most tests need: ``kari`` and ``per`` are agents, ``siv`` leads, ``olav`` observes.

    ``inner`` is a closed team whose only member is ``per``; ``outer`` is open, with ``kari`` in it.
    """

    db: Database
    clock: FixedClock
    account: Account
    kari: Agent
    per: Agent
    siv: Agent
    olav: Agent
    outer: UUID
    inner: UUID
    contact_id: UUID
    connection_id: UUID = field(default_factory=uuid4)

    @property
    def now(self) -> datetime:
        """The standing clock's time."""
        return self.clock.now()

    async def receive(self, body: str = "Hei, nettet er nede", thread: str = "t1", **more: Any) -> Received:
        """A customer writes in a thread."""
        values = {
            "channel": "webchat", "actor": f"visitor:{thread}", "client_id": uuid4(), "contact_id": self.contact_id,
            "connection_id": self.connection_id, "thread": thread, "locale": "nb", **more,
        }  # fmt: skip
        async with self.db.work(self.account.id) as tx:
            return await receiving.receive(tx, self.now, Inbound(body=body, **values))

    async def post(
        self, agent: Agent, conversation_id: UUID, body: str = "Vi ser på det nå.", *, kind: str = "answer", **more: Any
    ) -> Posted:
        """An agent writes; raises what the service raises."""
        return (await self.post_new(agent, conversation_id, body, kind=kind, **more))[0]

    async def post_new(
        self, agent: Agent, conversation_id: UUID, body: str = "Vi ser på det nå.", *, kind: str = "answer", **more: Any
    ) -> tuple[Posted, bool]:
        """As ``post``, with whether it is new."""
        values = {"client_id": uuid4(), "based_on_seq": 2**31 - 1, **more}
        async with self.db.work(self.account.id) as tx:
            what = PostMessage(kind=kind, body=body, **values)  # pyright: ignore[reportArgumentType]
            return await posting.post(tx, agent.caller, self.now, conversation_id, what)

    async def row(self, conversation_id: UUID) -> Row:
        """The conversation's whole row."""
        async with self.db.work(self.account.id) as tx:
            return await tx.one("SELECT * FROM conversations WHERE id = %(id)s", id=conversation_id)

    async def said(self, conversation_id: UUID) -> list[Row]:
        """Its messages in order."""
        async with self.db.work(self.account.id) as tx:
            return await tx.all(
                "SELECT * FROM messages WHERE conversation_id = %(id)s ORDER BY seq", id=conversation_id
            )

    async def events(self, stream: UUID) -> list[tuple[str, dict[str, Any]]]:
        """The events of a stream that are still in the outbox (no worker runs in these tests), in order."""
        async with self.db.system() as tx:
            found = await tx.all(
                "SELECT type, payload FROM event_outbox WHERE stream = %(stream)s ORDER BY id", stream=stream
            )
        return [(row["type"], row["payload"]) for row in found]


@pytest.fixture
async def desk(db: Database, clock: FixedClock) -> Desk:
    """A fresh organisation."""
    account = await make_account(db)
    kari = await make_agent(db, account, name="Kari Nordmann")
    per = await make_agent(db, account, name="Per Berg")
    siv = await make_agent(db, account, "lead", name="Siv Dahl")
    olav = await make_agent(db, account, "observer", name="Olav Moen")
    outer = await make_team(db, account, "Kundeservice", (kari,))
    inner = await make_team(db, account, "Klager", (per,), closed=True)
    contact_id = await make_contact(db, account)
    return Desk(db, clock, account, kari, per, siv, olav, outer, inner, contact_id)
