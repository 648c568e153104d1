"""What has been kept long enough goes by itself; an organisation may keep less or more."""

from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from psycopg.types.json import Jsonb

from svardesk.kit.clock import FixedClock
from svardesk.kit.db import Database
from svardesk.kit.files import FileStore
from svardesk.kit.keyring import KeyRing
from svardesk.kit.personal import declared
from svardesk.privacy import jobs
from svardesk.privacy.retention import days_of
from tests.privacy.people import SAID, settle


@pytest.mark.parametrize("days", [36_501, 99_999_999, 10**30])
async def test_a_limit_beyond_all_years_keeps_for_good_and_stops_nobody(
    fresh_db: Database, clock: FixedClock, files: FileStore, days: int
) -> None:
    first, second = [await settle(fresh_db, files, clock.now()) for _ in range(2)]
    await limits(fresh_db, min(first.account, second.account), envelopes=days)
    clock.advance(days=31)
    await sweep(fresh_db, clock, files)
    assert await count(fresh_db, min(first.account, second.account), "envelopes") == 1
    assert await count(fresh_db, max(first.account, second.account), "envelopes") == 0


@pytest.fixture
def files(tmp_path: Path) -> FileStore:
    return FileStore(tmp_path / "files")


async def count(db: Database, account: UUID, table: str) -> int:
    async with db.work(account) as tx:
        return await tx.value(f"SELECT count(*) FROM {table}")


async def limits(db: Database, account: UUID, **days: object) -> None:
    async with db.work(account) as tx:
        await tx.run("UPDATE accounts SET settings = %(s)s", s=Jsonb({"retention_days": days}))


async def sweep(db: Database, clock: FixedClock, files: FileStore) -> None:
    for _ in range(20):
        if not await jobs.end_retention(db, clock, files):
            return
    raise AssertionError("retention never comes to an end")


async def test_defaults_end_raw_envelopes_but_never_what_was_said(
    fresh_db: Database, clock: FixedClock, files: FileStore
) -> None:
    person = await settle(fresh_db, files, clock.now())
    clock.advance(days=29)
    await sweep(fresh_db, clock, files)
    assert await count(fresh_db, person.account, "envelopes") == 1
    clock.advance(days=2)
    await sweep(fresh_db, clock, files)
    assert await count(fresh_db, person.account, "envelopes") == 0
    assert await count(fresh_db, person.account, "inbound_items") == 1
    clock.advance(days=400)
    await sweep(fresh_db, clock, files)
    assert await count(fresh_db, person.account, "inbound_items") == 0
    assert await count(fresh_db, person.account, "webchat_sessions") == 0
    assert await count(fresh_db, person.account, "drafts") == 0
    async with fresh_db.work(person.account) as tx:
        assert await tx.value("SELECT body FROM messages WHERE seq = 1") == SAID


async def test_an_envelope_that_was_not_read_yet_stays(fresh_db: Database, clock: FixedClock, files: FileStore) -> None:
    person = await settle(fresh_db, files, clock.now())
    async with fresh_db.work(person.account) as tx:
        await tx.run("UPDATE envelopes SET state = 'received'")
    clock.advance(days=400)
    await sweep(fresh_db, clock, files)
    assert await count(fresh_db, person.account, "envelopes") == 1


async def test_an_organisations_own_limit_counts_for_it_alone(
    fresh_db: Database, clock: FixedClock, files: FileStore
) -> None:
    strict = await settle(fresh_db, files, clock.now())
    other = await settle(fresh_db, files, clock.now())
    await limits(fresh_db, strict.account, messages=10)
    clock.advance(days=11)
    await sweep(fresh_db, clock, files)
    async with fresh_db.work(strict.account) as tx:
        assert {row["body"] for row in await tx.all("SELECT body FROM messages")} == {""}
        assert await tx.value("SELECT preview FROM conversations") is None
    assert await count(fresh_db, strict.account, "message_search") == 0
    assert await count(fresh_db, strict.account, "files") == 0
    assert not await files.exists(strict.account, strict.sha256)
    assert await count(fresh_db, other.account, "files") == 1
    assert await files.exists(other.account, other.sha256)


async def test_contacts_end_through_an_erasure_that_is_seen(
    fresh_db: Database, clock: FixedClock, files: FileStore
) -> None:
    person = await settle(fresh_db, files, clock.now())
    await limits(fresh_db, person.account, contacts=30)
    clock.advance(days=31)
    await sweep(fresh_db, clock, files)
    assert await count(fresh_db, person.account, "privacy_requests") == 0, "the conversation is still open"
    async with fresh_db.work(person.account) as tx:
        await tx.run(
            "UPDATE conversations SET status = 'closed', closed_at = last_activity_at, last_activity_at = last_activity_at"
        )
    await sweep(fresh_db, clock, files)
    assert await jobs.work_requests(fresh_db, clock, files, KeyRing({"k": b"1" * 32})) == 1
    async with fresh_db.work(person.account) as tx:
        assert await tx.value("SELECT count(*) FROM contacts WHERE erased_at IS NOT NULL") == 2
        assert await tx.value("SELECT requested_by IS NULL FROM privacy_requests") is True
    assert await jobs.end_retention(fresh_db, clock, files) == 0


async def test_agents_sign_ins_end_too(fresh_db: Database, clock: FixedClock, files: FileStore) -> None:
    person = await settle(fresh_db, files, clock.now())
    async with fresh_db.work(person.account) as tx:
        await tx.run(
            "INSERT INTO sessions (account_id, id, agent_id, token_hash, csrf_token, ip, created_at, last_seen_at, expires_at)"
            " VALUES (%(a)s, gen_random_uuid(), %(g)s, 'x', 'y', '203.0.113.9', %(n)s, %(n)s, %(n)s)",
            a=person.account, g=person.agent, n=clock.now(),
        )  # fmt: skip
    clock.advance(days=31)
    await sweep(fresh_db, clock, files)
    assert await count(fresh_db, person.account, "sessions") == 0


@pytest.mark.parametrize("nonsense", [0, -1, "10", True, 3.5, None])
def test_a_limit_that_is_no_number_of_days_deletes_nothing(nonsense: object) -> None:
    messages = declared().personal["messages"]
    assert days_of(messages, {"messages": nonsense}) is None
    assert days_of(declared().personal["message_search"], {"messages": 5}) == 5
    assert days_of(declared().personal["message_search"], {"messages": 5, "message_search": 3}) == 3


async def test_settings_that_are_no_object_are_no_limits(
    fresh_db: Database, clock: FixedClock, files: FileStore
) -> None:
    person = await settle(fresh_db, files, clock.now())
    with psycopg.connect(fresh_db.dsn) as conn:
        conn.execute("UPDATE accounts SET settings = '{\"retention_days\": [1]}'")
    clock.advance(days=20)
    await sweep(fresh_db, clock, files)
    assert await count(fresh_db, person.account, "envelopes") == 1
