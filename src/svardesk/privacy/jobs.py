"""What the worker does for privacy: requests as they come, files of exports that have lived their time, retention."""

from datetime import timedelta
from typing import Any, Protocol
from uuid import UUID

import structlog

from svardesk.accounts import audit
from svardesk.accounts.caller import SYSTEM
from svardesk.kit.clock import Clock
from svardesk.kit.db import Database, Row, Tx
from svardesk.kit.errors import SvardeskError
from svardesk.kit.files import FileStore
from svardesk.kit.jsons import encode
from svardesk.kit.keyring import KeyRing
from svardesk.privacy import erasing, exporting, retention
from svardesk.privacy.errors import AlreadyErased
from svardesk.privacy.events import ContactExported, PrivacyRequestFailed
from svardesk.privacy.service import SWEEP_NAME, sql
from svardesk.spine import Sweep, record

log = structlog.get_logger()

LEASE = timedelta(minutes=10)
TRIES = 8
KEEP_EXPORT = timedelta(days=7)


class Parts(Protocol):
    """What the jobs need of the house."""

    @property
    def files(self) -> FileStore:
        """Where the bytes of files lie."""
        ...

    @property
    def keyring(self) -> KeyRing:
        """The key ring, which fingerprints the addresses that tombstones name."""
        ...


class TakenOver(Exception):
    """Another worker has claimed the request since: nothing of ours may count."""


def sweeps(house: Parts) -> tuple[Sweep, ...]:
    """The queues of this room."""

    async def requests(db: Database, clock: Clock) -> int:
        return await work_requests(db, clock, house.files, house.keyring)

    async def expired(db: Database, clock: Clock) -> int:
        return await drop_expired(db, clock, house.files)

    async def retained(db: Database, clock: Clock) -> int:
        return await end_retention(db, clock, house.files)

    return (
        Sweep(SWEEP_NAME, requests, every=30.0),
        Sweep("privacy_files", expired, every=600.0),
        Sweep("retention", retained, every=3600.0),
    )


async def work_requests(db: Database, clock: Clock, files: FileStore, keyring: KeyRing, limit: int = 5) -> int:
    """Claim due requests and do them, one after the other; returns how many were claimed."""
    now = clock.now()
    async with db.system() as tx:
        claimed = await tx.all(sql.claim, now=now, lease_until=now + LEASE, limit=limit)
    for row in claimed:
        try:
            if row["kind"] == "export":
                await _export(db, clock, files, row)
            else:
                await _erase(db, clock, files, keyring, row)
        except TakenOver:
            log.warning("privacy_request_taken_over", request=str(row["request_id"]))
        except SvardeskError as error:
            await _postpone(db, clock, row, error.code, for_ever=error.status < 500)
        except Exception as error:
            # The class says enough for the list; the message of a database's error could hold what a person wrote.
            log.exception("privacy_request_failed", request=str(row["request_id"]), kind=row["kind"])
            await _postpone(db, clock, row, type(error).__name__)
    return len(claimed)


async def _export(db: Database, clock: Clock, files: FileStore, row: Row) -> None:
    account_id: UUID = row["account_id"]
    async with db.work(account_id) as tx:
        contact = await tx.maybe(sql.contact_state, account_id=account_id, contact_id=row["contact_id"])
        if contact is None or contact["erased_at"] is not None:
            raise AlreadyErased
        tables, listed = await exporting.collect(tx, row["contact_id"])
    stored = await exporting.build(files, account_id, tables, listed, clock.now())
    result = {
        "size": stored.size, "files": len(listed), "rows": {name: len(rows) for name, rows in tables.items() if rows},
    }  # fmt: skip
    try:
        async with db.work(account_id) as tx:
            # An erasure that came while the file was made wins: nobody may be able to fetch this any more.
            contact = await tx.maybe(sql.lock_contact, account_id=account_id, contact_id=row["contact_id"])
            if contact is None or contact["erased_at"] is not None:
                raise AlreadyErased
            await _finish(tx, clock, row, result, stored.sha256)
            await audit.note(
                tx, SYSTEM, "contact_exported", "contact", row["contact_id"], request_id=str(row["request_id"])
            )
            await record(tx, ContactExported(stream=row["contact_id"], request_id=row["request_id"]))
    except BaseException:
        await files.delete(account_id, stored.sha256)
        raise


async def _erase(db: Database, clock: Clock, files: FileStore, keyring: KeyRing, row: Row) -> None:
    account_id: UUID = row["account_id"]
    async with db.work(account_id) as tx:
        request = await tx.one(sql.get_request, account_id=account_id, id=row["request_id"], kind="erase")
        result = request["result"]
        if result is None:
            result = await erasing.erase_rows(tx, keyring, row["request_id"], row["contact_id"], clock.now())
            await audit.note(
                tx, SYSTEM, "contact_erased", "contact", row["contact_id"], request_id=str(row["request_id"])
            )
            touched = await tx.run(
                sql.erased_rows,
                account_id=account_id,
                id=row["request_id"],
                attempts=row["attempts"],
                result=encode(result).decode(),
            )
            if touched != 1:
                raise TakenOver
    await erasing.drop_contents(db, files, account_id, result.get("contents", []))
    async with db.work(account_id) as tx:
        counts = {name: value for name, value in result.items() if name != "contents"}
        await _finish(tx, clock, row, counts)


async def _finish(tx: Tx, clock: Clock, row: Row, result: dict[str, Any], file: str | None = None) -> None:
    now = clock.now()
    touched = await tx.run(
        sql.finish,
        account_id=row["account_id"],
        id=row["request_id"],
        attempts=row["attempts"],
        now=now,
        result=encode(result).decode(),
        file_sha256=file,
        expires_at=now + KEEP_EXPORT if file else None,
    )
    if touched != 1:
        raise TakenOver


async def _postpone(db: Database, clock: Clock, row: Row, error: str, *, for_ever: bool = False) -> None:
    """Try again after 1, 2, 4 … minutes; after eight tries, or when it is hopeless, leave it to people."""
    now = clock.now()
    failed = for_ever or row["attempts"] >= TRIES
    async with db.work(row["account_id"]) as tx:
        touched = await tx.run(
            sql.postpone,
            account_id=row["account_id"],
            id=row["request_id"],
            attempts=row["attempts"],
            state="failed" if failed else "queued",
            error=error,
            due_at=now + timedelta(minutes=2 ** (row["attempts"] - 1)),
            finished_at=now if failed else None,
        )
        if touched and failed:
            await audit.note(tx, SYSTEM, "privacy_request_failed", "contact", row["contact_id"], reason=error)
            await record(
                tx, PrivacyRequestFailed(stream=row["contact_id"], request_id=row["request_id"], kind=row["kind"])
            )


async def drop_expired(db: Database, clock: Clock, files: FileStore, limit: int = 100) -> int:
    """Delete files of exports after their seven days; returns how many."""
    now = clock.now()
    async with db.system() as tx:
        due = await tx.all(sql.expired, now=now, limit=limit)
    for one in due:
        async with db.work(one["account_id"]) as tx:
            row = await tx.maybe(sql.get_request, account_id=one["account_id"], id=one["request_id"], kind="export")
            if row is not None and row["file_sha256"] is not None:
                # The bytes first: a crash in between leaves a row that points nowhere, which the next round clears.
                await files.delete(one["account_id"], row["file_sha256"])
            await tx.run(sql.forget_file, account_id=one["account_id"], id=one["request_id"], now=now)
    return len(due)


async def end_retention(db: Database, clock: Clock, files: FileStore) -> int:
    """End what has been kept long enough, one batch a table and organisation; returns how many rows that were."""
    async with db.system() as tx:
        accounts = await tx.all(sql.accounts)
    handled = 0
    for one in accounts:
        handled += await retention.sweep_account(db, files, one["account_id"], one["retention_days"], clock.now())
    return handled
