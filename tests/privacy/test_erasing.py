"""Erasing leaves nothing of a person anywhere, harms nobody else, survives crashes and restores."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from svardesk.accounts.caller import Actor
from svardesk.channels.connections import QUERIES
from svardesk.kit.clock import FixedClock
from svardesk.kit.db import Database
from svardesk.kit.files import FileStore
from svardesk.kit.ids import uuid7
from svardesk.kit.keyring import KeyRing
from svardesk.privacy import erasing, jobs, service
from svardesk.privacy.errors import AlreadyErased, NoSuchContact
from tests.privacy.people import ADDRESS, Person, make_account, settle, traces

ME = Actor("agent", uuid7())


@pytest.fixture
def files(tmp_path: Path) -> FileStore:
    return FileStore(tmp_path / "files")


@pytest.fixture
def keyring() -> KeyRing:
    return KeyRing({"k1": b"1" * 32})


async def erase(db: Database, clock: FixedClock, files: FileStore, keyring: KeyRing, person: Person) -> None:
    async with db.work(person.account) as tx:
        await service.ask(tx, ME, clock.now(), "erase", person.contact)
    assert await jobs.work_requests(db, clock, files, keyring) == 1


async def state_of(db: Database, person: Person, kind: service.Kind) -> dict:
    async with db.work(person.account) as tx:
        rows, _ = await service.page(tx, kind, None)
    return rows[0]


async def test_nothing_is_left_anywhere(
    fresh_db: Database, clock: FixedClock, files: FileStore, keyring: KeyRing
) -> None:
    person = await settle(fresh_db, files, clock.now())
    before = traces(fresh_db.dsn)
    held = {line.split(".")[0] for line in before}
    assert held == {
        "contacts", "identities", "conversations", "messages", "message_search", "deliveries", "drafts", "files",
        "field_values", "envelopes", "inbound_items", "webchat_sessions", "mails", "mail_ids", "mail_participants",
        "automatic_mails", "mail_suppressions", "delivery_parts", "message_edits", "media", "threads", "meta_profiles",
        "facebook_comments", "facebook_posts",
    }, "the test's person must have left traces everywhere"  # fmt: skip

    await erase(fresh_db, clock, files, keyring, person)

    assert traces(fresh_db.dsn) == []
    assert not await files.exists(person.account, person.sha256)
    async with fresh_db.work(person.account) as tx:
        assert await tx.all("SELECT kind, status, contact_id FROM conversations, LATERAL (SELECT 'c' AS kind) k") == [
            {"kind": "c", "status": "closed", "contact_id": person.contact}
        ]
        assert await tx.value("SELECT count(*) FROM messages WHERE deleted_at IS NOT NULL AND body = ''") == 2
        assert await tx.value("SELECT state FROM deliveries") == "cancelled"
        assert await tx.value("SELECT count(*) FROM contacts WHERE erased_at IS NOT NULL") == 2
        actions = await tx.all("SELECT action FROM audit_log ORDER BY at, id")
    assert [row["action"] for row in actions] == ["erasure_requested", "contact_erased"]
    request = await state_of(fresh_db, person, "erase")
    assert (request["state"], request["result"]) == (
        "done", {"contacts": 2, "conversations": 1, "identities": 2, "files": 1},
    )  # fmt: skip
    with psycopg.connect(fresh_db.dsn) as conn:
        rows = conn.execute("SELECT type FROM event_outbox UNION ALL SELECT type FROM events").fetchall()
    assert sorted(row[0] for row in rows) == [
        "contact_erased", "conversation_changed", "privacy_requested", "visitor_session_changed",
    ]  # fmt: skip


async def test_nobody_else_is_touched(
    fresh_db: Database, clock: FixedClock, files: FileStore, keyring: KeyRing
) -> None:
    gone = await settle(fresh_db, files, clock.now())
    neighbour = await settle(fresh_db, files, clock.now())
    async with fresh_db.work(gone.account) as tx:
        friend = uuid7()
        await tx.run(
            "INSERT INTO contacts (account_id, id, name, created_at) VALUES (%(a)s, %(i)s, 'Odd', %(n)s)",
            a=gone.account, i=friend, n=clock.now(),
        )  # fmt: skip
    await erase(fresh_db, clock, files, keyring, gone)
    async with fresh_db.work(gone.account) as tx:
        assert await tx.one("SELECT name, erased_at FROM contacts WHERE id = %(i)s", i=friend) == {
            "name": "Odd",
            "erased_at": None,
        }
    async with fresh_db.work(neighbour.account) as tx:
        assert await tx.value("SELECT body FROM messages WHERE seq = 1") == "Ruteren blinker oransje hjemme hos oss"
        assert await tx.value("SELECT count(*) FROM identities") == 2
    # The neighbour sent the very same bytes; they lie under the neighbour's own name.
    assert await files.exists(neighbour.account, neighbour.sha256)


async def test_bytes_stay_while_somebody_else_in_the_house_has_them(
    fresh_db: Database, clock: FixedClock, files: FileStore, keyring: KeyRing
) -> None:
    person = await settle(fresh_db, files, clock.now())
    async with fresh_db.work(person.account) as tx:
        await tx.run(
            "INSERT INTO files (account_id, id, actor, name, media_type, size, sha256, created_at)"
            " VALUES (%(a)s, %(i)s, 'agent', 'ruter.jpg', 'image/jpeg', 1, %(s)s, %(n)s)",
            a=person.account, i=uuid7(), s=person.sha256, n=clock.now(),
        )  # fmt: skip
    await erase(fresh_db, clock, files, keyring, person)
    assert await files.exists(person.account, person.sha256)


async def test_a_content_that_is_being_uploaded_again_stays(
    fresh_db: Database, clock: FixedClock, files: FileStore
) -> None:
    person = await settle(fresh_db, files, clock.now())
    async with fresh_db.work(person.account) as tx:
        await tx.run("DELETE FROM files")
    async with fresh_db.work(person.account) as upload:
        await upload.run(QUERIES.lock_content, account_id=person.account, sha256=person.sha256)
        dropping = asyncio.create_task(erasing.drop_contents(fresh_db, files, person.account, [person.sha256]))
        async with fresh_db.system() as tx:
            async with asyncio.timeout(10):
                waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
                while not await tx.value(waiting):  # noqa: ASYNC110 - a lock of the server announces itself nowhere
                    await asyncio.sleep(0.01)
        await upload.run(
            "INSERT INTO files (account_id, id, actor, name, media_type, size, sha256, created_at)"
            " VALUES (%(a)s, %(i)s, 'agent', 'ruter.jpg', 'image/jpeg', 1, %(s)s, %(n)s)",
            a=person.account, i=uuid7(), s=person.sha256, n=clock.now(),
        )  # fmt: skip
    assert await dropping == 0
    assert await files.exists(person.account, person.sha256)


async def test_a_crash_between_rows_and_bytes_is_finished_by_the_next_worker(
    fresh_db: Database, clock: FixedClock, files: FileStore, keyring: KeyRing, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = await settle(fresh_db, files, clock.now())

    async def dies(*_: object) -> int:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(erasing, "drop_contents", dies)
        with pytest.raises(KeyboardInterrupt):
            await erase(fresh_db, clock, files, keyring, person)
    assert traces(fresh_db.dsn) == []
    assert await files.exists(person.account, person.sha256)
    assert await jobs.work_requests(fresh_db, clock, files, keyring) == 0, "the dead worker's lease still holds"
    clock.advance(seconds=jobs.LEASE.total_seconds() + 1)
    assert await jobs.work_requests(fresh_db, clock, files, keyring) == 1
    assert not await files.exists(person.account, person.sha256)
    request = await state_of(fresh_db, person, "erase")
    assert (request["state"], request["attempts"], request["result"]["contacts"]) == ("done", 2, 2)


async def test_a_request_that_keeps_failing_becomes_visible(
    fresh_db: Database, clock: FixedClock, files: FileStore, keyring: KeyRing, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = await settle(fresh_db, files, clock.now())

    async def breaks(*_: object) -> dict:
        raise RuntimeError("Ragnhild must not stand in the error")

    monkeypatch.setattr(erasing, "erase_rows", breaks)
    async with fresh_db.work(person.account) as tx:
        await service.ask(tx, ME, clock.now(), "erase", person.contact)
    for attempt in range(jobs.TRIES):
        assert await jobs.work_requests(fresh_db, clock, files, keyring) == 1, attempt
        clock.advance(days=1)
    assert await jobs.work_requests(fresh_db, clock, files, keyring) == 0
    request = await state_of(fresh_db, person, "erase")
    assert (request["state"], request["error"], request["attempts"]) == ("failed", "RuntimeError", 8)


async def test_asking_twice_is_asking_once_and_erased_is_erased(
    fresh_db: Database, clock: FixedClock, files: FileStore, keyring: KeyRing
) -> None:
    person = await settle(fresh_db, files, clock.now())
    async with fresh_db.work(person.account) as tx:
        first = await service.ask(tx, ME, clock.now(), "erase", person.contact)
        second = await service.ask(tx, ME, clock.now(), "erase", person.contact)
        assert first["id"] == second["id"]
        with pytest.raises(NoSuchContact):
            await service.ask(tx, ME, clock.now(), "erase", uuid7())
    assert await jobs.work_requests(fresh_db, clock, files, keyring) == 1
    async with fresh_db.work(person.account) as tx:
        with pytest.raises(AlreadyErased):
            await service.ask(tx, ME, clock.now(), "export", person.contact)
    async with fresh_db.work(await make_account(fresh_db)) as tx:
        with pytest.raises(NoSuchContact):
            await service.ask(tx, ME, clock.now(), "erase", person.contact)


async def test_erasing_the_merged_half_erases_the_whole_person(
    fresh_db: Database, clock: FixedClock, files: FileStore, keyring: KeyRing
) -> None:
    person = await settle(fresh_db, files, clock.now())
    person.contact, person.merged = person.merged, person.contact
    await erase(fresh_db, clock, files, keyring, person)
    assert traces(fresh_db.dsn) == []


async def test_two_workers_take_a_request_once(
    fresh_db: Database, clock: FixedClock, files: FileStore, keyring: KeyRing
) -> None:
    import asyncio

    person = await settle(fresh_db, files, clock.now())
    async with fresh_db.work(person.account) as tx:
        await service.ask(tx, ME, clock.now(), "erase", person.contact)
    done = await asyncio.gather(*(jobs.work_requests(fresh_db, clock, files, keyring) for _ in range(4)))
    assert sorted(done) == [0, 0, 0, 1]


async def test_a_restored_backup_is_erased_again_but_not_what_came_later(
    fresh_db: Database, clone: Callable[[], str], clock: FixedClock, files: FileStore, keyring: KeyRing
) -> None:
    """An older copy of every row comes back; then the tombstones are returned and applied, as `restore` does it."""
    person = await settle(fresh_db, files, clock.now())
    copied = _copy_rows(fresh_db.dsn, clone())
    assert traces(copied)
    clock.advance(hours=1)
    await erase(fresh_db, clock, files, keyring, person)
    with psycopg.connect(fresh_db.dsn) as old, psycopg.connect(copied) as new:
        _copy_table(old, new, "tombstones")
        assert new.execute("SELECT privacy_reapply_tombstones()").fetchone() == (3,)
        new.commit()
        assert traces(copied) == []
        assert new.execute("SELECT count(*) FROM contacts WHERE erased_at = %s", [clock.now()]).fetchone() == (2,)
        # Applied once more, and after the person has written anew: nothing happens.
        new.execute(
            "INSERT INTO messages (account_id, id, conversation_id, seq, kind, author_kind, body, actor, created_at)"
            " VALUES (%s, %s, %s, 3, 'answer', 'agent', 'Nytt', 'agent', %s)",
            [person.account, uuid7(), person.conversation, clock.now() + timedelta(minutes=1)],
        )
        assert new.execute("SELECT privacy_reapply_tombstones()").fetchone() == (0,)
        assert new.execute("SELECT body FROM messages WHERE seq = 3").fetchone() == ("Nytt",)


def _copy_table(old: psycopg.Connection, new: psycopg.Connection, table: str) -> None:
    with (
        old.cursor().copy(f"COPY {table} TO STDOUT".encode()) as source,
        new.cursor().copy(f"COPY {table} FROM STDIN".encode()) as target,
    ):
        for data in source:
            target.write(data)


def _copy_rows(source: str, target: str) -> str:
    with psycopg.connect(source) as old, psycopg.connect(target) as new:
        new.execute("SET session_replication_role = replica")
        tables = old.execute(
            "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a"
            " ON a.attrelid = c.oid AND a.attname = 'account_id' WHERE n.nspname = 'public' AND c.relkind = 'r'"
            " AND NOT c.relispartition AND c.relname NOT IN ('event_outbox', 'set_aside_events') UNION SELECT 'accounts'"
        ).fetchall()
        for (table,) in tables:
            _copy_table(old, new, table)
    return target


async def test_tombstones_recognise_an_address_but_do_not_tell_it(
    fresh_db: Database, clock: FixedClock, files: FileStore, keyring: KeyRing
) -> None:
    person = await settle(fresh_db, files, clock.now())
    await erase(fresh_db, clock, files, keyring, person)
    rotated = KeyRing({"k2": b"2" * 32, "k1": b"1" * 32})
    async with fresh_db.work(person.account) as tx:
        assert await erasing.was_erased(tx, rotated, "email", "", f" {ADDRESS.upper()} ")
        assert not await erasing.was_erased(tx, rotated, "email", "", "other@example.no")
        assert not await erasing.was_erased(tx, KeyRing({"k3": b"3" * 32}), "email", "", ADDRESS)
