"""What no reaction can digest, and no database connection survives: the log goes on for everybody else."""

from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

import msgspec
import psycopg
import pytest

from svardesk.kit.clock import FixedClock
from svardesk.kit.db import Database, Tx
from svardesk.kit.ids import uuid7
from svardesk.spine import Reaction, Recorded, event
from svardesk.spine.relay import LANES, Relay
from svardesk.spine.wakeups import LOG, Listener, Signal
from tests.factories import make_account
from tests.waiting import until


@event("test_poisoned")
class Poisoned(msgspec.Struct, frozen=True):
    """Something that a reaction may choke on."""

    stream: UUID
    number: int


async def write_log(db: Database, account: UUID, rows: Sequence[tuple[int, str]]) -> None:
    """Events in the log as another build may have written them: (version, payload), positions from 1 on."""
    async with db.system() as tx:
        for version, payload in rows:
            await tx.run(
                "INSERT INTO event_outbox (account_id, stream, type, version, payload)"
                " VALUES (%(a)s, %(a)s, 'test_poisoned', %(version)s, %(payload)s::jsonb)",
                a=account, version=version, payload=payload,
            )  # fmt: skip
        await tx.value("SELECT moved FROM spine_sequence(1000)")


async def relay_of(db: Database, reaction: Reaction, clock: FixedClock) -> Relay:
    relay = Relay(db, {Poisoned: (reaction,)}, Signal(), clock)
    relay._held = dict.fromkeys(range(LANES), 0)
    return relay


async def test_an_event_that_this_build_cannot_read_is_kept_whole_and_holds_nothing_up(fresh_db: Database) -> None:
    account = (await make_account(fresh_db)).id
    seen: list[int] = []

    async def react(tx: Tx, batch: Sequence[Recorded]) -> None:
        seen.extend(one.event.number for one in batch)

    good = msgspec.json.encode(Poisoned(account, 1)).decode()
    strange = f'{{"stream": "{account}", "number": "not a number", "words": [1, 2]}}'
    newer = f'{{"stream": "{account}", "amount": 3}}'
    await write_log(fresh_db, account, [(1, good), (1, strange), (2, newer), (1, good.replace("1}", "4}"))])
    clock = FixedClock()
    relay = await relay_of(fresh_db, Reaction("react", react), clock)
    while await relay.batch():
        pass
    assert seen == [1, 4]
    async with fresh_db.system() as tx:
        aside = await tx.all("SELECT position, version, payload, error FROM set_aside_events ORDER BY position")
    assert [(row["position"], row["version"], row["error"].split(" ")[0]) for row in aside] == [
        (2, 1, "UnreadableEvent"),
        (3, 2, "UnreadableEvent"),
    ]
    assert [row["payload"] for row in aside] == [msgspec.json.decode(strange), msgspec.json.decode(newer)]
    # Trying again finds the same, later and later, and stands in nobody's way.
    clock.advance(6)
    assert await relay.retry_set_aside() == 0
    async with fresh_db.system() as tx:
        again = await tx.all("SELECT attempts, payload FROM set_aside_events ORDER BY position")
    assert [row["attempts"] for row in again] == [2, 2]
    assert [row["payload"] for row in again] == [row["payload"] for row in aside]


@pytest.mark.parametrize(
    ("error", "waits"),
    [
        (psycopg.errors.ProgramLimitExceeded("index row size 9000 exceeds btree maximum 2704"), False),
        (psycopg.errors.StatementTooComplex("stack depth limit exceeded"), False),
        (psycopg.errors.DeadlockDetected("deadlock detected"), True),
        (psycopg.errors.CrashShutdown("terminating connection"), True),
        (psycopg.OperationalError("the connection is lost"), True),
    ],
    ids=lambda value: type(value).__name__,
)
async def test_what_a_reaction_brings_about_itself_is_set_aside_and_the_rest_is_tried_again(
    fresh_db: Database, error: Exception, *, waits: bool
) -> None:
    account = (await make_account(fresh_db)).id
    seen: list[int] = []
    failing = True

    async def react(tx: Tx, batch: Sequence[Recorded]) -> None:
        for one in batch:
            if one.event.number == 1 and failing:
                raise error
        tx.after_commit(lambda: seen.extend(one.event.number for one in batch))

    await write_log(
        fresh_db, account, [(1, msgspec.json.encode(Poisoned(account, number)).decode()) for number in range(3)]
    )
    relay = await relay_of(fresh_db, Reaction("react", react), FixedClock())
    if waits:
        with pytest.raises(type(error)):
            await relay.batch()
        assert seen == []
        failing = False
    while await relay.batch():
        pass
    assert seen == ([0, 1, 2] if waits else [0, 2])
    async with fresh_db.system() as tx:
        assert await tx.value("SELECT count(*) FROM set_aside_events") == (0 if waits else 1)


async def test_twenty_events_that_nobody_here_knows_do_not_starve_the_next(fresh_db: Database) -> None:
    account = (await make_account(fresh_db)).id
    clock, seen = FixedClock(), list[int]()

    async def react(tx: Tx, batch: Sequence[Recorded]) -> None:
        seen.extend(one.event.number for one in batch)

    async with fresh_db.system() as tx:
        for number in range(25):
            await tx.run(
                "INSERT INTO set_aside_events (id, position, account_id, stream, reaction, type, version, payload, error,"
                " retry_at) VALUES (%(id)s, %(n)s, %(a)s, %(a)s, %(reaction)s, 'test_poisoned', 1, %(payload)s::jsonb, '',"
                " %(now)s)",
                id=uuid7(), n=number, a=account, reaction="react" if number == 24 else "of_a_newer_build",
                payload=msgspec.json.encode(Poisoned(account, number)).decode(), now=clock.now(),
            )  # fmt: skip
    relay = await relay_of(fresh_db, Reaction("react", react), clock)
    assert await relay.retry_set_aside() == 1
    assert seen == [24]


async def test_a_connection_that_the_server_closed_while_idle_fails_no_request(fresh_db: Database) -> None:
    account = (await make_account(fresh_db)).id
    async with fresh_db.work(account) as one, fresh_db.work(account) as two:
        pids = {await tx.value("SELECT pg_backend_pid()") for tx in (one, two)}
    with psycopg.connect(fresh_db.dsn, autocommit=True) as conn:
        conn.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid()"
        )

        def gone() -> bool:
            left = conn.execute("SELECT pid FROM pg_stat_activity WHERE datname = current_database()").fetchall()
            # A backend leaves the list a moment before its process ends, and the socket closes with the process.
            return not pids & {row[0] for row in left} and not any(Path(f"/proc/{pid}").exists() for pid in pids)

        await until(gone)
    for _ in range(20):
        async with fresh_db.work(account) as tx:
            assert await tx.value("SELECT count(*) FROM accounts") == 1
        async with fresh_db.connection() as direct, fresh_db.system() as tx:
            assert await (await direct.execute("SELECT 1 AS one")).fetchone() == {"one": 1}
            assert await tx.value("SELECT 1") == 1


async def test_a_listener_survives_its_handlers(fresh_db: Database) -> None:
    import asyncio

    heard: list[str] = []

    def handle(payload: str) -> None:
        heard.append(payload)
        if payload == "bad":
            raise ValueError(payload)

    listener = Listener(fresh_db.dsn, {LOG: handle})
    task = asyncio.create_task(listener.run())
    try:
        async with asyncio.timeout(10):
            for payload in ("bad", "good"):
                await listener.connected.wait()
                async with fresh_db.system() as tx:
                    await tx.run("SELECT pg_notify('svardesk_log', %(p)s)", p=payload)
                await until(lambda wanted=payload: wanted in heard)
                if payload == "bad":
                    await until(lambda: not listener.connected.is_set())
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert heard == ["bad", "good"]
