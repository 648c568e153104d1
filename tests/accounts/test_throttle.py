"""Guessing: attempts are counted before they are judged, and each further one waits longer."""

import asyncio

import pytest
from psycopg.errors import InsufficientPrivilege

from svardesk.accounts import throttle
from svardesk.accounts.throttle import Limit
from svardesk.kit.clock import FixedClock
from svardesk.kit.db import Database
from svardesk.kit.errors import TooMany
from svardesk.kit.postgres import query

LIMIT = Limit("test", free=3, base_seconds=10, cap_seconds=60, window_seconds=3600)


@pytest.fixture
def subject(request: pytest.FixtureRequest) -> str:
    return request.node.nodeid


async def test_waits_double_up_to_the_cap(db: Database, clock: FixedClock, subject: str) -> None:
    assert [await throttle.take(db, clock, LIMIT, subject) for _ in range(4)] == [0, 0, 0, 10]
    waits = []
    for _ in range(5):
        wait = await throttle.take(db, clock, LIMIT, subject)
        waits.append(wait)
        clock.advance(wait)
        assert await throttle.take(db, clock, LIMIT, subject) == 0
    assert waits == [10, 20, 40, 60, 60]


async def test_waiting_attempts_do_not_make_it_longer(db: Database, clock: FixedClock, subject: str) -> None:
    for _ in range(3):
        await throttle.take(db, clock, LIMIT, subject)
    assert [await throttle.take(db, clock, LIMIT, subject) for _ in range(20)] == [10] * 20
    clock.advance(9.5)
    assert await throttle.take(db, clock, LIMIT, subject) == 1


async def test_attempts_at_the_same_moment_are_counted_one_by_one(
    db: Database, clock: FixedClock, subject: str
) -> None:
    results = await asyncio.gather(*(throttle.take(db, clock, LIMIT, subject) for _ in range(12)))
    assert sorted(results) == [0] * 3 + [10] * 9


async def test_the_window_forgets(db: Database, clock: FixedClock, subject: str) -> None:
    for _ in range(2):
        await throttle.take(db, clock, LIMIT, subject)
    clock.advance(hours=1)
    assert [await throttle.take(db, clock, LIMIT, subject) for _ in range(4)] == [0, 0, 0, 10]


async def test_what_was_right_is_given_back(db: Database, clock: FixedClock, subject: str) -> None:
    for _ in range(10):
        assert await throttle.take(db, clock, LIMIT, subject) == 0
        await throttle.refund(db, LIMIT, subject)
    for _ in range(3):
        await throttle.take(db, clock, LIMIT, subject)
    await throttle.clear(db, LIMIT, subject)
    assert await throttle.take(db, clock, LIMIT, subject) == 0


async def test_a_sentence_and_retry_after(db: Database, clock: FixedClock, subject: str) -> None:
    for _ in range(3):
        await throttle.check(db, clock, LIMIT, subject)
    with pytest.raises(TooMany) as caught:
        await throttle.check(db, clock, LIMIT, subject)
    assert caught.value.retry_after == 10
    assert (
        caught.value.message
        == "Too many attempts. Wait 10 seconds and try again; nobody has to unlock anything for you."
    )


async def test_keys_are_hashes_and_are_swept(fresh_db: Database, clock: FixedClock) -> None:
    await throttle.take(fresh_db, clock, LIMIT, "kari@fjordvik.no")
    with pytest.raises(InsufficientPrivilege):
        async with fresh_db.directory() as tx:
            await tx.all("SELECT * FROM throttles")
    kept = query(fresh_db.dsn, "SELECT key FROM throttles")[0][0]
    assert len(kept) == 64
    assert "kari" not in kept
    assert await throttle.sweep(fresh_db, clock.now()) == 0
    assert await throttle.sweep(fresh_db, clock.advance(days=3)) == 1


@pytest.mark.parametrize(
    ("ip", "sender"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:0db8:0001:0002"),
        ("2001:db8:1:2::9", "2001:0db8:0001:0002"),
        (None, "unknown"),
        ("testclient", "testclient"),
    ],
)
def test_who_counts_as_one_sender(ip: str | None, sender: str) -> None:
    assert throttle.network(ip) == sender
