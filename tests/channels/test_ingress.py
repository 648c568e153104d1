"""The way in of channels with a provider: kept first, taken once, poison set aside."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
from psycopg import errors as pg

from svardesk.channels import ingress, taking
from svardesk.channels.connections import get
from svardesk.channels.contract import Raw
from svardesk.kit.clock import FixedClock
from svardesk.kit.db import Database, Row
from svardesk.kit.ids import uuid7
from tests.channels.conftest import FakeAdapter, Provider
from tests.channels.test_deliveries import RING
from tests.factories import Account, insert, make_account


@dataclass
class Inbox:
    """A connection of the make-believe provider."""

    db: Database
    clock: FixedClock
    account: Account
    connection_id: UUID
    adapter: FakeAdapter

    def adapters(self, _: str) -> Any:
        return self.adapter

    async def arrive(self, *lines: dict[str, Any] | bytes) -> UUID:
        """Something comes in and is kept."""
        body = b"\n".join(line if isinstance(line, bytes) else msgspec.json.encode(line) for line in lines)
        async with self.db.work(self.account.id) as tx:
            connection = await get(tx, self.connection_id, RING)
            return await ingress.store(tx, connection, Raw(body=body, received_at=self.clock.now()))

    async def sweep(self) -> int:
        return await ingress.sweep(self.db, self.clock, RING, self.adapters)

    async def envelope(self, envelope_id: UUID) -> Row:
        async with self.db.work(self.account.id) as tx:
            return await tx.one("SELECT * FROM envelopes WHERE id = %(id)s", id=envelope_id)

    async def bodies(self) -> list[str]:
        async with self.db.work(self.account.id) as tx:
            return [row["body"] for row in await tx.all("SELECT body FROM messages ORDER BY conversation_id, seq")]

    async def items(self) -> list[tuple[str, str, str]]:
        async with self.db.work(self.account.id) as tx:
            rows = await tx.all("SELECT idempotency_key, type, state FROM inbound_items ORDER BY idempotency_key")
        return [(row["idempotency_key"], row["type"], row["state"]) for row in rows]


@pytest.fixture
async def inbox(fresh_db: Database, clock: FixedClock) -> Inbox:
    account = await make_account(fresh_db)
    connection_id = await insert(fresh_db, "connections", account.id, kind="fake", name="Post")
    return Inbox(fresh_db, clock, account, connection_id, FakeAdapter(Provider()))


async def test_what_comes_in_is_kept_byte_for_byte_and_becomes_messages(inbox: Inbox) -> None:
    envelope_id = await inbox.arrive({"id": "1", "text": "Hei"}, {"id": "2", "text": "Er dere der?"})
    before = await inbox.envelope(envelope_id)
    assert before["state"] == "received"
    assert bytes(before["raw"]) == b'{"id":"1","text":"Hei"}\n{"id":"2","text":"Er dere der?"}'
    assert await inbox.sweep() == 1
    assert await inbox.bodies() == ["Hei", "Er dere der?"]
    after = await inbox.envelope(envelope_id)
    assert (after["state"], after["attempts"]) == ("parsed", 1)
    async with inbox.db.work(inbox.account.id) as tx:
        contact = await tx.one(
            "SELECT c.id, c.name, i.trust, i.address FROM contacts c JOIN identities i ON i.contact_id = c.id"
        )
        row = await tx.one("SELECT status, last_seq, channel, external_thread_key FROM conversations")
    assert after["contact_id"] == contact["id"]
    assert (contact["name"], contact["trust"], contact["address"]) == ("Ola", "claimed", "ola@example.no")
    assert (row["status"], row["last_seq"], row["channel"], row["external_thread_key"]) == ("open", 2, "fake", "t1")
    assert await inbox.sweep() == 0


async def test_the_same_thing_told_again_changes_nothing(inbox: Inbox) -> None:
    await inbox.arrive({"id": "1", "text": "Hei"})
    await inbox.arrive({"id": "1", "text": "Hei"}, {"id": "2", "text": "Hallo"})
    assert await inbox.sweep() == 2
    assert await inbox.bodies() == ["Hei", "Hallo"]


async def test_one_poison_event_is_set_aside_and_the_rest_goes_on(inbox: Inbox) -> None:
    envelope_id = await inbox.arrive(
        {"id": "1", "text": "Hei"},
        {"id": "2", "text": ""},
        {"id": "3", "text": "Er dere der?"},
        {"id": "4", "type": "call_event"},
    )
    await inbox.sweep()
    assert await inbox.bodies() == ["Hei", "Er dere der?"]
    assert await inbox.items() == [
        ("1", "message", "done"), ("2", "message", "quarantined"), ("3", "message", "done"), ("4", "call_event", "ignored"),
    ]  # fmt: skip
    async with inbox.db.work(inbox.account.id) as tx:
        listed = await ingress.quarantined(tx)
    assert [(row["id"], row["state"]) for row in listed] == [(envelope_id, "parsed")]
    assert listed[0]["item_errors"] == ["EmptyMessage: empty_message: Write something or attach a file."]


async def test_a_limit_of_the_database_is_poison_too(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """An OperationalError that a statement brings about itself (class 54) ends neither envelope nor sweep."""
    real = taking.receive

    async def receive(tx: Any, now: Any, inbound: Any, **more: Any) -> Any:
        if inbound.body == "bad":
            await tx.run("DO $$ BEGIN RAISE program_limit_exceeded; END $$")
        return await real(tx, now, inbound, **more)

    monkeypatch.setattr(taking, "receive", receive)
    bad = await inbox.arrive({"id": "1", "text": "bad"}, {"id": "2", "text": "Hei"})
    await inbox.arrive({"id": "3", "text": "Hallo"})
    assert await inbox.sweep() == 2
    assert await inbox.bodies() == ["Hei", "Hallo"]
    assert await inbox.items() == [("1", "message", "quarantined"), ("2", "message", "done"), ("3", "message", "done")]
    async with inbox.db.work(inbox.account.id) as tx:
        (listed,) = await ingress.quarantined(tx)
    assert (listed["id"], listed["item_errors"][0].split(":")[0]) == (bad, "ProgramLimitExceeded")

    def parse(raw: Any, connection: Any) -> Any:
        raise pg.StatementTooComplex("too complex")

    monkeypatch.setattr(inbox.adapter, "parse", parse)
    worse = await inbox.arrive({"id": "4", "text": "x"})
    for _ in range(ingress.LAST_ATTEMPT):
        await inbox.sweep()
        inbox.clock.advance(3600)
    assert (await inbox.envelope(worse))["state"] == "quarantined"

    def cut(raw: Any, connection: Any) -> Any:
        raise pg.AdminShutdown("terminating connection")

    monkeypatch.setattr(inbox.adapter, "parse", cut)
    later = await inbox.arrive({"id": "5", "text": "y"})
    with pytest.raises(pg.AdminShutdown):
        await inbox.sweep()
    assert (await inbox.envelope(later))["state"] == "received", "the database's own troubles are nobody's poison"


async def test_a_poison_envelope_is_tried_five_times_then_set_aside_and_blocks_nobody(inbox: Inbox) -> None:
    bad = await inbox.arrive(b"\x00 not ours")
    await inbox.arrive({"id": "1", "text": "Hei"})
    waits = []
    for _ in range(ingress.LAST_ATTEMPT):
        assert await inbox.sweep() >= 1
        row = await inbox.envelope(bad)
        if row["state"] == "received":
            waits.append((row["due_at"] - inbox.clock.now()).total_seconds())
            inbox.clock.at = row["due_at"]
    assert waits == [2, 4, 8, 16]
    row = await inbox.envelope(bad)
    assert (row["state"], row["attempts"]) == ("quarantined", 5)
    assert row["error"].startswith("ParseFailed: not_understood")
    assert await inbox.bodies() == ["Hei"]
    assert await inbox.sweep() == 0


async def test_a_mended_parser_reads_it_again_and_takes_nothing_twice(inbox: Inbox) -> None:
    envelope_id = await inbox.arrive({"id": "1", "text": "Hei"}, {"id": "2", "text": ""})
    await inbox.sweep()
    mended = inbox.adapter.parse

    def parse(raw: Any, connection: Any) -> Any:
        return [
            msgspec.structs.replace(one, content=msgspec.structs.replace(one.content, text=one.content.text or "(tom)"))
            for one in mended(raw, connection)
        ]

    inbox.adapter.parse = parse
    async with inbox.db.work(inbox.account.id) as tx:
        await ingress.replay(tx, inbox.clock.now(), envelope_id, inbox.adapters)
    assert await inbox.sweep() == 1
    assert await inbox.bodies() == ["Hei", "(tom)"]
    async with inbox.db.work(inbox.account.id) as tx:
        assert await ingress.quarantined(tx) == []
        with pytest.raises(ingress.NoSuchEnvelope):
            await ingress.replay(tx, inbox.clock.now(), uuid7())


async def test_a_worker_that_vanished_leaves_the_envelope_to_the_next_one(inbox: Inbox) -> None:
    await inbox.arrive({"id": "1", "text": "Hei"})
    async with inbox.db.system() as tx:
        claim = ingress.QUERIES.claim_envelopes
        assert len(await tx.all(claim, now=inbox.clock.now(), lease=ingress.LEASE, limit=9)) == 1
    assert await inbox.sweep() == 0
    inbox.clock.advance(ingress.LEASE.total_seconds())
    assert await inbox.sweep() == 1
    assert await inbox.bodies() == ["Hei"]


async def test_receipts_of_the_provider_reach_the_answers(inbox: Inbox) -> None:
    await inbox.arrive({"id": "1", "text": "Hei"})
    await inbox.sweep()
    async with inbox.db.work(inbox.account.id) as tx:
        conversation_id = await tx.value("SELECT id FROM conversations")
    message_id = await insert(
        inbox.db, "messages", inbox.account.id, conversation_id=conversation_id, seq=2, kind="answer",
        author_kind="agent", body="Ja!", actor="agent:x", state="sent", created_at=inbox.clock.now(),
    )  # fmt: skip
    await insert(
        inbox.db, "deliveries", inbox.account.id, message_id=message_id, conversation_id=conversation_id,
        connection_id=inbox.connection_id, seq=2, state="sent", due_at=inbox.clock.now(), external_id="x-7",
        created_at=inbox.clock.now(), sent_at=inbox.clock.now() - timedelta(minutes=1),
    )  # fmt: skip
    await inbox.arrive({"id": "r", "type": "receipt_read", "about": {"external_ids": ["x-7"]}})
    await inbox.arrive({"id": "d", "type": "receipt_delivered", "about": {"external_ids": ["x-7"]}})
    await inbox.sweep()
    async with inbox.db.work(inbox.account.id) as tx:
        assert await tx.value("SELECT state FROM messages WHERE id = %(id)s", id=message_id) == "read"
        assert await tx.value("SELECT state FROM deliveries") == "read"


async def test_another_organisation_sees_none_of_it(inbox: Inbox) -> None:
    envelope_id = await inbox.arrive(b"\x00")
    other = await make_account(inbox.db)
    async with inbox.db.work(other.id) as tx:
        with pytest.raises(ingress.NoSuchEnvelope):
            await ingress.replay(tx, inbox.clock.now(), envelope_id, inbox.adapters)
        assert await ingress.quarantined(tx) == []
