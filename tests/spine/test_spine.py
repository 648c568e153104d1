"""The spine against a real database: positions after commit, dense and without gaps; reactions once, in order."""

import asyncio
from contextlib import asynccontextmanager
from uuid import UUID

import msgspec
import psycopg
import pytest

from svardesk.kit.clock import FixedClock
from svardesk.kit.db import Database
from svardesk.kit.ids import uuid7
from svardesk.spine import Reaction, Recorded, event, record
from svardesk.spine import log as event_log
from svardesk.spine.relay import LANES, Relay
from svardesk.spine.sequencer import Sequencer
from svardesk.spine.wakeups import LOG, OUTBOX, Listener, Notifier, Signal
from tests.waiting import until


@event("test_happened")
class Happened(msgspec.Struct, frozen=True):
    """Something happened in a test."""

    stream: UUID
    number: int


@asynccontextmanager
async def running(*coroutines):
    tasks = [asyncio.create_task(one) for one in coroutines]
    try:
        yield tasks
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def make_account(db: Database) -> UUID:
    account = uuid7()
    async with db.work(account) as tx:
        await tx.run(
            "INSERT INTO accounts (id, slug, name) VALUES (%(id)s, %(slug)s, 'Test')", id=account, slug=str(account)
        )
    return account


class Spine:
    """Sequencer with its wake-ups, and the log's growth as something to await."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.outbox = Signal()
        self.grown = asyncio.Condition()
        self.sequencer = Sequencer(db.dsn, self.outbox)
        self.notifier = Notifier(db.dsn)
        db.on_wake = lambda: self.notifier.send(OUTBOX)
        self.listener = Listener(db.dsn, {OUTBOX: lambda _: self.outbox.set(), LOG: lambda _: self.pulse.set()})
        self.pulse = Signal()

    def parts(self):
        return self.sequencer.run(), self.notifier.run(), self.listener.run()

    async def reach(self, position: int) -> list[Recorded]:
        async with asyncio.timeout(20):
            while True:
                self.pulse.clear()
                async with self.db.system() as tx:
                    if (await event_log.head(tx)).position >= position:
                        return await event_log.after(tx, 0, 100_000)
                await self.pulse.wait(0.5)


async def test_position_comes_after_commit_so_a_slow_writer_is_not_skipped(fresh_db):
    account = await make_account(fresh_db)
    spine = Spine(fresh_db)
    streams = [uuid7() for _ in range(3)]
    async with running(*spine.parts()):
        async with fresh_db.work(account) as slow:
            await record(slow, Happened(streams[0], 0))  # takes the lowest outbox id and stays open
            for number, stream in enumerate(streams[1:], 1):
                async with fresh_db.work(account) as tx:
                    await record(tx, Happened(stream, number))
            first = await spine.reach(2)
            assert [one.event.number for one in first] == [1, 2]
        both = await spine.reach(3)
    assert [one.position for one in both] == [1, 2, 3]
    assert [one.event.number for one in both] == [1, 2, 0]


async def test_open_writer_in_another_database_holds_nothing_back(fresh_db, clone):
    account = await make_account(fresh_db)
    spine = Spine(fresh_db)
    async with await psycopg.AsyncConnection.connect(clone()) as other:
        await other.execute("CREATE TABLE elsewhere AS SELECT 1 AS one")  # holds a transaction id, uncommitted
        async with running(*spine.parts()):
            async with fresh_db.work(account) as tx:
                await record(tx, Happened(uuid7(), 7))
            assert [one.event.number for one in await spine.reach(1)] == [7]


async def test_many_writers_give_dense_positions_in_order_per_stream(fresh_db):
    account = await make_account(fresh_db)
    spine = Spine(fresh_db)
    streams = [uuid7() for _ in range(5)]
    locks = {stream: asyncio.Lock() for stream in streams}
    counts = dict.fromkeys(streams, 0)

    async def write(index: int) -> None:
        stream = streams[index % 5]
        async with locks[stream]:  # stands for the row lock of the conversation
            counts[stream] += 1
            async with fresh_db.work(account) as tx:
                await record(tx, Happened(stream, counts[stream]))
                await asyncio.sleep(0)

    async with running(*spine.parts()):
        await asyncio.gather(*(write(index) for index in range(200)))
        found = await spine.reach(200)
    assert [one.position for one in found] == list(range(1, 201))
    for stream in streams:
        assert [one.event.number for one in found if one.stream == stream] == list(range(1, 41))


async def test_rolled_back_event_never_happens(fresh_db):
    account = await make_account(fresh_db)
    spine = Spine(fresh_db)
    async with running(*spine.parts()):

        async def change_my_mind() -> None:
            async with fresh_db.work(account) as tx:
                await record(tx, Happened(uuid7(), 1))
                raise RuntimeError("changed my mind")

        with pytest.raises(RuntimeError, match="changed my mind"):
            await change_my_mind()
        async with fresh_db.work(account) as tx:
            await record(tx, Happened(uuid7(), 2))
        assert [one.event.number for one in await spine.reach(1)] == [2]


async def test_killed_sequencer_is_followed_by_another_and_nothing_is_lost(fresh_db):
    account = await make_account(fresh_db)
    first, second = Spine(fresh_db), Spine(fresh_db)
    async with running(*second.parts()), running(first.sequencer.run()):
        for number in range(50):
            async with fresh_db.work(account) as tx:
                await record(tx, Happened(uuid7(), number))
            if number == 25:
                async with await psycopg.AsyncConnection.connect(fresh_db.dsn, autocommit=True) as owner:
                    await owner.execute(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                        " WHERE application_name = 'svardesk sequencer' AND datname = current_database()"
                    )
        found = await second.reach(50)
    assert [one.position for one in found] == list(range(1, 51))
    assert sorted(one.event.number for one in found) == list(range(50))
    async with fresh_db.system() as tx:
        epochs = await event_log.epochs(tx)
    assert len(epochs) >= 3, "every take-over starts an epoch"


async def test_app_role_may_not_read_the_log_nor_announce_for_a_neighbour(fresh_db):
    account, neighbour = await make_account(fresh_db), await make_account(fresh_db)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        async with fresh_db.work(account) as tx:
            await tx.all("SELECT * FROM events")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        async with fresh_db.work(account) as tx:
            await tx.run(
                "INSERT INTO event_outbox (account_id, stream, type, version, payload)"
                " VALUES (%(other)s, %(other)s, 'x', 1, '{}')",
                other=neighbour,
            )


class Ledger:
    """A reaction that notes what it saw, and fails when told to."""

    def __init__(self) -> None:
        self.seen: list[tuple[UUID, int]] = []
        self.poison: set[int] = set()

    async def run(self, tx, batch) -> None:
        for one in batch:
            if one.event.number in self.poison:
                raise ValueError(f"number {one.event.number} is poison")
            row = await tx.one("SELECT id FROM accounts")
            assert row["id"] == one.account_id, "a reaction works inside its event's account"
        tx.after_commit(lambda: self.seen.extend((one.stream, one.event.number) for one in batch))


async def settle(relay: Relay) -> None:
    while await relay.batch():
        pass


async def held(db: Database, wiring, clock) -> Relay:
    relay = Relay(db, wiring, Signal(), clock)
    relay._held = dict.fromkeys(range(LANES), 0)
    async with db.system() as tx:
        for row in await tx.all("SELECT lane, position FROM reaction_cursors"):
            relay._held[row["lane"]] = row["position"]
    return relay


async def test_relay_runs_each_reaction_once_and_sets_poison_aside(fresh_db):
    one, two = await make_account(fresh_db), await make_account(fresh_db)
    spine, ledger, clock = Spine(fresh_db), Ledger(), FixedClock()
    ledger.poison = {4}
    stream = uuid7()
    async with running(*spine.parts()):
        for number in range(10):
            async with fresh_db.work(one if number % 2 else two) as tx:
                await record(tx, Happened(stream, number))
        await spine.reach(10)
    relay = await held(fresh_db, {Happened: (Reaction("ledger", ledger.run),)}, clock)
    await settle(relay)
    assert sorted(number for _, number in ledger.seen) == [0, 1, 2, 3, 5, 6, 7, 8, 9]
    assert [n for _, n in ledger.seen if n % 2] == [1, 3, 5, 7, 9], "in order within an account's stream"
    async with fresh_db.system() as tx:
        aside = await tx.all("SELECT reaction, position, error, attempts FROM set_aside_events WHERE solved_at IS NULL")
    assert [(row["reaction"], row["position"]) for row in aside] == [("ledger", 5)]
    # Class and place, not the message: that could hold what a person wrote.
    assert aside[0]["error"].startswith("ValueError at spine/test_spine.py:")
    assert "poison" not in aside[0]["error"]
    ledger.poison.clear()
    assert await relay.retry_set_aside() == 0, "not due yet"
    clock.advance(6)
    assert await relay.retry_set_aside() == 1
    assert 4 in [number for _, number in ledger.seen]


async def test_two_relays_that_both_believe_to_hold_a_lane_commit_once(fresh_db):
    account = await make_account(fresh_db)
    spine, ledger, clock = Spine(fresh_db), Ledger(), FixedClock()
    async with running(*spine.parts()):
        for number in range(20):
            async with fresh_db.work(account) as tx:
                await record(tx, Happened(uuid7(), number))
        await spine.reach(20)
    wiring = {Happened: (Reaction("ledger", ledger.run),)}
    first, second = await held(fresh_db, wiring, clock), await held(fresh_db, wiring, clock)
    results = await asyncio.gather(first.batch(), second.batch(), return_exceptions=True)
    assert sum(isinstance(result, Exception) for result in results) == 1, results
    assert sorted(number for _, number in ledger.seen) == list(range(20))


async def test_relays_share_the_lanes_and_take_over_a_dead_ones(fresh_db):
    clock = FixedClock()
    async with fresh_db.system() as tx:
        for name in ("a", "b"):
            await tx.run(
                "INSERT INTO workers (id, kind, build, started_at, seen_at)"
                " VALUES (%(id)s, 'worker', %(name)s, %(now)s, %(now)s)",
                id=uuid7(), name=name, now=clock.now(),
            )  # fmt: skip
    first, second = Relay(fresh_db, {}, Signal(), clock), Relay(fresh_db, {}, Signal(), clock)
    async with running(second.run()):
        async with running(first.run()):
            await until(lambda: len(first.lanes) == len(second.lanes) == 8)
            assert not set(first.lanes) & set(second.lanes)
        async with fresh_db.system() as tx:
            await tx.run("DELETE FROM workers WHERE build = 'a'")
        await until(lambda: len(second.lanes) == LANES)


def test_token_reads_back_and_refuses_nonsense():
    token = event_log.Token(uuid7(), 42)
    assert event_log.parse_token(str(token)) == token
    for nonsense in (None, "", "42", "x:1", f"{uuid7()}:", "a" * 100):
        assert event_log.parse_token(nonsense) is None
