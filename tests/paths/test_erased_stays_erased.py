"""Backup, erasure, restore: who was erased does not come back, neither in the database nor on the disk."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import psycopg
import pytest

from svardesk import cli
from svardesk.accounts.caller import Actor
from svardesk.kit import keyring
from svardesk.kit.clock import SystemClock
from svardesk.kit.db import Database
from svardesk.kit.files import FileStore
from svardesk.kit.ids import uuid7
from svardesk.privacy import jobs, service
from tests.privacy.people import settle, traces

T = TypeVar("T")


@pytest.mark.slow
def test_who_was_erased_after_the_backup_stays_erased(
    clone: Callable[[], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    dsn, data, archive = clone(), tmp_path / "data", str(tmp_path / "desk.tar")
    data.mkdir()
    for name in ("PORT", "SVARDESK_KEYS", "SVARDESK_FILES", "SVARDESK_PUBLIC_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SVARDESK_DATABASE_URL", dsn)
    monkeypatch.setenv("SVARDESK_DATA", str(data))
    clock, files, ring = SystemClock(), FileStore(data / "files"), keyring.load("", data)

    async def with_database(work: Callable[[Database], Awaitable[T]]) -> T:
        db = Database(dsn, pool_min=1, pool_max=2)
        await db.open()
        try:
            return await work(db)
        finally:
            await db.close()

    def run(work: Callable[[Database], Awaitable[T]]) -> T:
        return asyncio.new_event_loop().run_until_complete(with_database(work))

    async def erase(db: Database) -> None:
        async with db.work(person.account) as tx:
            await service.ask(tx, Actor("agent", uuid7()), clock.now(), "erase", person.contact)
        assert await jobs.work_requests(db, clock, files, ring) == 1

    async def worker(db: Database) -> int:
        return await jobs.work_requests(db, clock, files, ring)

    person = run(lambda db: settle(db, files, clock.now()))
    content = data / "files" / str(person.account) / person.sha256[:2] / person.sha256
    assert content.is_file()
    assert cli.main(["backup", archive]) == 0
    run(erase)
    assert traces(dsn) == []
    assert not content.exists()

    assert cli.main(["restore", archive, "--replace"]) == 0, capsys.readouterr()
    assert traces(dsn) == []
    assert content.is_file(), "the archive brought the bytes back"
    assert run(worker) == 1
    assert not content.exists()
    assert run(worker) == 0
    with psycopg.connect(dsn) as conn:
        row = conn.execute("SELECT state, result FROM privacy_requests WHERE kind = 'erase'").fetchall()
    assert [(state, result["restored"]) for state, result in row] == [("done", True)]
