"""The way out of answers as a machine against the database: workers that die, receipts, bounces, persons, the clock.

Whatever happens in whatever order, a message reaches the provider once, in its turn, and message and delivery agree.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from svardesk.channels import deliveries, states
from svardesk.channels.contract import (
    AdapterBase,
    Blocked,
    Capabilities,
    NotSent,
    OutboundCommand,
    Permanent,
    ReconcileResult,
    SendResult,
    Sent,
    Temporary,
    Unknown,
    Watermark,
)
from svardesk.conversations.receipts import visitor_receipts
from svardesk.kit.clock import FixedClock
from svardesk.kit.db import Database
from svardesk.kit.keyring import KeyRing
from tests.factories import insert, make_account, make_agent, make_conversation

RING = KeyRing({"k1": b"k" * 32})


class Provider(AdapterBase):
    """Keeps what reaches it. ``mood`` says how the next call ends; looks always tell the truth."""

    kind = "fake"

    def __init__(self) -> None:
        self.has: Counter[UUID] = Counter()
        self.order: list[UUID] = []
        self.mood = "sent"

    def capabilities(self, connection: Any) -> Capabilities:
        del connection
        return Capabilities()

    async def send(self, command: OutboundCommand) -> SendResult:
        mood, self.mood = self.mood, "sent"
        if mood == "dies before":
            raise asyncio.CancelledError
        if mood == "busy":
            return Temporary(code="busy")
        if mood == "no":
            return Permanent(code="no_such_address")
        if mood == "window":
            return Blocked(by="window", code="window_closed")
        if mood == "times out before":
            return Unknown(reason="timeout")
        self.has[command.message_id] += 1
        self.order.append(command.message_id)
        if mood == "dies after":
            raise asyncio.CancelledError
        if mood == "times out after":
            return Unknown(reason="timeout")
        if mood == "breaks after":
            raise RuntimeError("adapter")
        return Sent(external_id=str(command.delivery_id))

    async def reconcile(self, command: OutboundCommand) -> ReconcileResult:
        if self.mood == "cannot look":
            self.mood = "sent"
            return Unknown(reason="timeout")
        return Sent(external_id=str(command.delivery_id)) if self.has[command.message_id] else NotSent()


MOODS = ("sent", "busy", "no", "window", "times out before", "times out after", "breaks after", "dies before", "dies after",
    "cannot look")  # fmt: skip
STEPS = st.one_of(
    st.tuples(st.just("answer"), st.integers(0, 1)),
    st.tuples(st.just("sweep"), st.sampled_from(MOODS)),
    st.tuples(st.just("two sweeps"), st.sampled_from(MOODS)),
    st.tuples(st.just("time"), st.sampled_from([1, 30, 91, 400, 4000, -3600])),
    st.tuples(st.just("receipt"), st.integers(0, 5)),
    st.tuples(st.just("read"), st.integers(0, 5)),
    st.tuples(st.just("bounce"), st.integers(0, 5)),
    st.tuples(st.just("person"), st.integers(0, 5)),
    st.tuples(st.just("plan again"), st.integers(0, 5)),
)


class Machine:
    """One organisation with two conversations at one provider."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.clock = FixedClock()
        self.provider = Provider()
        self.messages: list[tuple[UUID, int]] = []
        self.persons: Counter[UUID] = Counter()
        self.best: dict[UUID, int] = {}
        self.bounced: set[UUID] = set()

    async def begin(self) -> None:
        self.account = await make_account(self.db)
        self.agent = await make_agent(self.db, self.account)
        self.connection = await insert(self.db, "connections", self.account.id, kind="fake", name="x")
        self.conversations = [
            await make_conversation(self.db, self.account, channel="fake", connection_id=self.connection)
            for _ in range(2)
        ]
        self.seq = [0, 0]

    def adapters(self, _: str) -> Any:
        return self.provider

    def pick(self, number: int) -> UUID | None:
        return self.messages[number % len(self.messages)][0] if self.messages else None

    async def step(self, what: str, argument: Any) -> None:
        now = self.clock.now()
        if what == "time":
            self.clock.advance(argument)
        elif what == "answer":
            self.seq[argument] += 1
            conversation = self.conversations[argument]
            message = await insert(
                self.db, "messages", self.account.id, conversation_id=conversation, seq=self.seq[argument], kind="answer",
                author_kind="agent", author_id=self.agent.id, body="Hei", actor="agent:x", state="queued", created_at=now,
            )  # fmt: skip
            async with self.db.work(self.account.id) as tx:
                await tx.run(
                    "UPDATE conversations SET last_seq = %(s)s, last_public_seq = %(s)s WHERE id = %(id)s",
                    s=self.seq[argument], id=conversation,
                )  # fmt: skip
                await deliveries.plan(tx, now, [message], self.adapters)
            self.messages.append((message, argument))
        elif what in {"sweep", "two sweeps"}:
            self.provider.mood = argument
            sweeps = [self.sweep() for _ in range(1 if what == "sweep" else 2)]
            await asyncio.gather(*sweeps)
        elif (message := self.pick(argument)) is not None:
            await self._about(what, message)

    async def sweep(self) -> None:
        with contextlib.suppress(asyncio.CancelledError):  # that worker is dead
            await deliveries.sweep(self.db, self.clock, RING, self.adapters)

    async def _about(self, what: str, message: UUID) -> None:
        now = self.clock.now()
        async with self.db.work(self.account.id) as tx:
            row = await tx.one(
                "SELECT d.id, d.state, d.external_id, d.seq, d.conversation_id FROM deliveries d"
                " WHERE d.message_id = %(id)s", id=message,
            )  # fmt: skip
            if what == "plan again":
                await deliveries.plan(tx, now, [message], self.adapters)
            elif what in {"receipt", "read"} and self.provider.has[message]:
                told = "delivered" if what == "receipt" else "read"
                # A watermark tells of everything before as well, and a browser only has what went out to it.
                before = await tx.all(
                    "SELECT message_id FROM deliveries WHERE conversation_id = %(c)s AND seq <= %(s)s",
                    c=row["conversation_id"], s=row["seq"],
                )  # fmt: skip
                if all(self.provider.has[one["message_id"]] for one in before):
                    await deliveries.note_receipt(tx, now, row["conversation_id"], told, row["seq"])
                    await visitor_receipts(
                        tx, now, row["conversation_id"], delivered_seq=row["seq"],
                        read_seq=row["seq"] if told == "read" else None,
                    )  # fmt: skip
            elif what == "bounce" and row["external_id"] and self.provider.has[message]:
                about = Watermark(external_ids=(row["external_id"],))
                await deliveries.outside_news(tx, now, self.connection, None, "failed_permanent", about)
                self.bounced.add(message)
            elif what == "person" and row["state"] in states.RETRYABLE:
                # As posting.retry does before the reaction runs.
                await tx.run("UPDATE messages SET state = 'queued' WHERE id = %(id)s", id=message)
                if await deliveries.again(tx, now, message, self.adapters):
                    self.persons[message] += 1

    async def check(self) -> None:
        async with self.db.work(self.account.id) as tx:
            rows = await tx.all(
                "SELECT d.message_id, d.state, d.fence, d.attempt, d.lease_until, d.sent_at, d.seq, d.conversation_id,"
                " m.state AS message_state FROM deliveries d JOIN messages m ON m.id = d.message_id"
            )
        assert Counter(row["message_id"] for row in rows) == Counter(message for message, _ in self.messages)
        for row in rows:
            message, state = row["message_id"], row["state"]
            # Once, unless a person wanted it again; nothing that the provider has is claimed not to be there.
            assert self.provider.has[message] <= 1 + self.persons[message], state
            if state in states.ARRIVED:
                assert self.provider.has[message]
                assert row["sent_at"] is not None
                assert row["lease_until"] is None
            # What was confirmed once is never less, but for a bounce and what a person does about it.
            if state in states.ARRIVED:
                rank = states.RANK[state]
                if message not in self.bounced and not self.persons[message]:
                    assert rank >= self.best.get(message, 0)
                self.best[message] = rank
            elif message in self.best and message not in self.bounced and not self.persons[message]:
                raise AssertionError(f"{state} after it had arrived")
            if row["lease_until"] is not None:
                assert state in {"sending", "unknown"}
            # The message shows what the delivery knows; while a worker holds it the message may lag one step.
            if state not in {"sending", "unknown"} and row["lease_until"] is None:
                assert row["message_state"] == state, (row["message_state"], state)
        for conversation in self.conversations:
            first = [one for one in dict.fromkeys(self.provider.order) if any(
                row["message_id"] == one and row["conversation_id"] == conversation for row in rows)]  # fmt: skip
            seqs = [next(row["seq"] for row in rows if row["message_id"] == one) for one in first]
            failed = {row["message_id"] for row in rows if self.persons[row["message_id"]]}
            # What failed for good and was sent again by a person comes later than its place; all else is in order.
            plain = [seq for one, seq in zip(first, seqs, strict=True) if one not in failed]
            assert plain == sorted(plain)

    async def finish(self) -> None:
        """Left alone long enough, everything comes to an end that a person or the customer can see."""
        for _ in range(40):
            self.clock.advance(timedelta(hours=2).total_seconds())
            await self.sweep()
        await self.check()
        async with self.db.work(self.account.id) as tx:
            left = await tx.all("SELECT DISTINCT state FROM deliveries")
        assert {row["state"] for row in left} <= states.ARRIVED | states.NEEDS_PERSON


@pytest.fixture(scope="module")
def runner(clone: Callable[[], str]) -> Iterator[tuple[asyncio.Runner, Database]]:
    with asyncio.Runner() as loop:
        db = Database(clone(), pool_min=2, pool_max=8, name="machine")
        loop.run(db.open())
        yield loop, db
        loop.run(db.close())


async def play(db: Database, steps: list[tuple[str, Any]]) -> None:
    machine = Machine(db)
    await machine.begin()
    for what, argument in steps:
        await machine.step(what, argument)
        await machine.check()
    await machine.finish()


@pytest.mark.slow
@pytest.mark.timeout(120)
@given(st.lists(STEPS, min_size=4, max_size=25))
@settings(
    max_examples=60, deadline=None, derandomize=True, phases=[Phase.explicit, Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),  # pyright: ignore[reportArgumentType]
)  # fmt: skip
def test_every_answer_reaches_the_provider_once_and_in_its_turn(
    runner: tuple[asyncio.Runner, Database], steps: list[tuple[str, Any]]
) -> None:
    loop, db = runner
    loop.run(play(db, steps))
