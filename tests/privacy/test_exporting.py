"""An export holds everything declared, with the files, for seven days, and an erasure takes it away."""

import io
import json
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest

from svardesk.accounts.caller import Actor, Caller
from svardesk.kit.clock import FixedClock
from svardesk.kit.db import Database
from svardesk.kit.files import FileStore
from svardesk.kit.ids import uuid7
from svardesk.kit.keyring import KeyRing
from svardesk.kit.personal import declared
from svardesk.privacy import jobs, service
from svardesk.privacy.errors import FileExpired, NoSuchRequest, NotReady
from tests.privacy.people import ADDRESS, NAME, SAID, Person, make_account, settle

KEYS = KeyRing({"k1": b"1" * 32})


@pytest.fixture
def files(tmp_path: Path) -> FileStore:
    return FileStore(tmp_path / "files")


def caller(person: Person) -> Caller:
    return Caller(
        account_id=person.account,
        agent_id=person.agent,
        name="Solveig Aas",
        role="owner",
        permissions=frozenset({"privacy.manage"}),
    )


async def export(db: Database, clock: FixedClock, files: FileStore, person: Person) -> dict:
    async with db.work(person.account) as tx:
        row = await service.ask(tx, caller(person), clock.now(), "export", person.contact)
    assert await jobs.work_requests(db, clock, files, KEYS) == 1
    async with db.work(person.account) as tx:
        return await service.get_request(tx, "export", row["id"])


async def fetch(db: Database, files: FileStore, person: Person, request: dict) -> zipfile.ZipFile:
    async with db.work(person.account) as tx:
        content = await service.open_export(tx, caller(person), files, request["id"])
    return zipfile.ZipFile(io.BytesIO(b"".join([part async for part in content])))


async def test_everything_declared_is_in_it(fresh_db: Database, clock: FixedClock, files: FileStore) -> None:
    person = await settle(fresh_db, files, clock.now())
    stranger = await settle(fresh_db, files, clock.now())
    request = await export(fresh_db, clock, files, person)
    archive = await fetch(fresh_db, files, person, request)
    held = json.loads(archive.read("export.json"))
    assert held["made_at"] == "2026-11-23T09:00:00Z"
    tables = held["tables"]
    expected = {one.table for one in declared().of_contacts()}
    assert set(tables) == expected
    for one in declared().of_contacts():
        assert tables[one.table], f"{one.table} is empty"
        for row in tables[one.table]:
            assert set(row) == set(one.columns) | set(one.context), one.table
    assert {row["name"] for row in tables["contacts"]} == {NAME, "R. Fjellstad"}
    assert {row["address"] for row in tables["identities"]} == {ADDRESS, "+4790909090"}
    assert [row["body"] for row in tables["messages"] if row["kind"] == "inbound"] == [SAID]
    assert json.loads(tables["envelopes"][0]["raw"]) == {"body": SAID}
    assert str(stranger.contact) not in archive.read("export.json").decode()
    (name,) = [name for name in archive.namelist() if name.startswith("files/")]
    assert name.endswith("-ragnhilds-ruter.jpg")
    assert archive.read(name) == b"bilde av ruteren til Ragnhild"
    assert request["result"]["rows"]["messages"] == 2
    async with fresh_db.work(person.account) as tx:
        actions = [row["action"] for row in await tx.all("SELECT action FROM audit_log ORDER BY at, id")]
    assert sorted(actions) == ["contact_exported", "export_downloaded", "export_requested"]


async def test_names_of_files_cannot_leave_the_archive(fresh_db: Database, clock: FixedClock, files: FileStore) -> None:
    person = await settle(fresh_db, files, clock.now())
    async with fresh_db.work(person.account) as tx:
        await tx.run("UPDATE files SET name = '../../etc/pass\nwd'")
    archive = await fetch(fresh_db, files, person, await export(fresh_db, clock, files, person))
    (name,) = [name for name in archive.namelist() if name != "export.json"]
    assert name.count("/") == 1
    assert "\n" not in name


async def test_it_can_be_fetched_for_seven_days_by_its_own_organisation(
    fresh_db: Database, clock: FixedClock, files: FileStore
) -> None:
    person = await settle(fresh_db, files, clock.now())
    async with fresh_db.work(person.account) as tx:
        waiting = await service.ask(tx, caller(person), clock.now(), "export", person.contact)
        with pytest.raises(NotReady):
            await service.open_export(tx, caller(person), files, waiting["id"])
    request = await export(fresh_db, clock, files, person)
    async with fresh_db.work(await make_account(fresh_db)) as tx:
        with pytest.raises(NoSuchRequest):
            await service.get_request(tx, "export", request["id"])
    assert await jobs.drop_expired(fresh_db, clock, files) == 0
    clock.advance(days=7)
    assert await jobs.drop_expired(fresh_db, clock, files) == 1
    assert await jobs.drop_expired(fresh_db, clock, files) == 0
    assert not await files.exists(person.account, request["file_sha256"])
    with pytest.raises(FileExpired):
        await fetch(fresh_db, files, person, request)


async def test_an_erasure_takes_exports_with_it(fresh_db: Database, clock: FixedClock, files: FileStore) -> None:
    person = await settle(fresh_db, files, clock.now())
    request = await export(fresh_db, clock, files, person)
    assert await files.exists(person.account, request["file_sha256"])
    async with fresh_db.work(person.account) as tx:
        await service.ask(tx, Actor("agent", uuid7()), clock.now(), "export", person.contact)
        await service.ask(tx, Actor("agent", uuid7()), clock.now() - timedelta(seconds=1), "erase", person.contact)
    assert await jobs.work_requests(fresh_db, clock, files, KEYS) == 2
    assert not await files.exists(person.account, request["file_sha256"])
    async with fresh_db.work(person.account) as tx:
        rows, _ = await service.page(tx, "export", None)
    assert [(row["state"], row["error"], row["file_sha256"]) for row in rows] == [
        ("failed", "already_erased", None), ("done", None, None),
    ]  # fmt: skip
