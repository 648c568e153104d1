"""Mailboxes are read: every worker competes for each, one of them reads, what it fetched is stored with the cursor.

The envelopes and the cursor behind them are one transaction. A worker that vanishes before it has fetched nothing, one that
vanishes after it has lost nothing; what becomes of the mail in the mailbox (seen, moved) follows the commit and can be said
twice. IDLE only saves waiting: there is a look at least every nine minutes, and every minute where a server has no IDLE.
"""

import asyncio
import random
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import psycopg
import structlog
from psycopg import AsyncConnection

from svardesk.channels import ingress
from svardesk.channels.connections import NoSuchConnection, get
from svardesk.channels.contract import Connection, Raw
from svardesk.channels.email.access import Access
from svardesk.channels.email.adapter import ARRIVED_HEADER, PROBLEM_HEADER
from svardesk.channels.email.config import MailboxConfig, imap_settings, read
from svardesk.channels.email.errors import MailServerError
from svardesk.channels.email.imap import IDLE_SECONDS, Batch, Cursor, FolderState, Mail, Mailbox
from svardesk.channels.email.keeping import QUERIES
from svardesk.channels.email.oauth import OAuthError
from svardesk.channels.events import ConnectionChanged
from svardesk.kit.clock import Clock
from svardesk.kit.db import Database
from svardesk.kit.errors import SvardeskError, Unavailable
from svardesk.kit.keyring import KeyRing
from svardesk.spine import record
from svardesk.spine.leader import connect
from svardesk.spine.wakeups import Signal

log = structlog.get_logger()

MAILBOXES: Final = "mailboxes"
"""Name under which a change of settings wakes the readers."""
LOCK_SPACE: Final = 811207
LOOK_SECONDS: Final = 5.0
"""So soon a new or changed mailbox is noticed."""
BATCH: Final = 100
FIRST_PAUSE: Final = 2.0
LONGEST_PAUSE: Final = 120.0
PERSON_PAUSE: Final = 300.0
"""After a refusal that only a person can mend: providers lock accounts that knock too often."""
LOUD_AFTER: Final = 3
"""Failures in a row after which a server that is merely gone is told to people."""


@dataclass
class _Running:
    task: "asyncio.Task[None]"
    key: int


class Readers:
    """Reads the mailboxes that this worker holds, until cancelled."""

    def __init__(self, db: Database, clock: Clock, keyring: KeyRing, access: Access) -> None:
        self._db = db
        self._clock = clock
        self._keyring = keyring
        self._access = access
        self._running: dict[UUID, _Running] = {}
        self._changed = Signal()

    def wake(self) -> None:
        """Settings may have changed: look at once."""
        self._changed.set()

    @property
    def held(self) -> list[UUID]:
        """Mailboxes that this process reads now."""
        return sorted(self._running)

    async def run(self) -> None:
        """Compete for mailboxes and read them."""
        while True:
            locks: AsyncConnection[Any] | None = None
            try:
                locks = await connect(self._db.dsn, "svardesk mailboxes")
                while True:
                    self._changed.clear()
                    await self._balance(locks)
                    await self._changed.wait(LOOK_SECONDS)
            except psycopg.OperationalError as error:
                log.warning("mailboxes_connection_lost", error=str(error).strip())
            except Exception:
                log.exception("mailboxes_failed")
            finally:
                # The locks died with their connection: others may read now.
                await self._stop_all()
                if locks is not None:
                    await locks.close()
            await asyncio.sleep(1.0)

    async def _balance(self, locks: AsyncConnection[Any]) -> None:
        async with self._db.system() as tx:
            wanted = {row["connection_id"]: row for row in await tx.all(QUERIES.mailboxes)}
        for connection_id in list(self._running):
            one = self._running[connection_id]
            row = wanted.get(connection_id)
            if row is None or one.task.done():
                await self._stop(connection_id)
                await locks.execute(b"SELECT pg_advisory_unlock(%s, %s)", (LOCK_SPACE, one.key))
        for connection_id, row in wanted.items():
            if connection_id in self._running:
                continue
            key = int.from_bytes(connection_id.bytes[-4:], "big", signed=True)
            got = await (await locks.execute(b"SELECT pg_try_advisory_lock(%s, %s)", (LOCK_SPACE, key))).fetchone()
            if got is not None and got[0]:
                reader = Reader(self._db, self._clock, self._keyring, self._access, row["account_id"], connection_id)
                task = asyncio.create_task(reader.run(), name=f"mailbox {connection_id}")
                self._running[connection_id] = _Running(task, key)

    async def _stop(self, connection_id: UUID) -> None:
        one = self._running.pop(connection_id)
        one.task.cancel()
        await asyncio.gather(one.task, return_exceptions=True)

    async def _stop_all(self) -> None:
        for connection_id in list(self._running):
            await self._stop(connection_id)


def _raw(mail: Mail, now: datetime) -> Raw:
    headers = {ARRIVED_HEADER: mail.received_at.isoformat()}
    if mail.problem:
        headers[PROBLEM_HEADER] = mail.problem
    return Raw(body=mail.raw, received_at=now, headers=headers)


class Changed(Exception):
    """The mailbox's settings are others now: begin again with them."""


class Reader:
    """Reads one mailbox for as long as it is in service."""

    def __init__(
        self, db: Database, clock: Clock, keyring: KeyRing, access: Access, account_id: UUID, connection_id: UUID
    ) -> None:
        self._db = db
        self._clock = clock
        self._keyring = keyring
        self._access = access
        self._account_id = account_id
        self._connection_id = connection_id
        self._config: MailboxConfig | None = None
        self._failures = 0
        self._token_refused = False
        self._seen: int | None = None

    async def run(self) -> None:
        """Read until cancelled, or until the mailbox is out of service."""
        while True:
            try:
                await self._read()
                pause = 0.0
            except Changed:
                pause = 0.0
            except NoSuchConnection:
                return
            except (MailServerError, OAuthError) as error:
                pause = await self._failed(error)
            except (psycopg.OperationalError, Unavailable) as error:
                log.warning("mailbox_without_database", error=str(error).strip())
                pause = 1.0
            except Exception:
                log.exception("mailbox_failed", mailbox=str(self._connection_id))
                pause = LONGEST_PAUSE / 4
            # Many mailboxes of one provider should not come back in the same second.
            await self._pause(pause * random.uniform(0.8, 1.2))  # noqa: S311 - spreads load, guards nothing

    async def _pause(self, seconds: float) -> None:
        """Wait, but not when somebody has changed the settings meanwhile (a new password)."""
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        seen = None
        while (left := until - loop.time()) > 0:
            version = await self._version()
            if seen is not None and version != seen:
                return
            seen = version
            await asyncio.sleep(min(left, LOOK_SECONDS))

    async def _version(self) -> int | None:
        try:
            async with self._db.work(self._account_id) as tx:
                return await tx.value(QUERIES.version, account_id=tx.account, id=self._connection_id)
        except (psycopg.OperationalError, Unavailable):
            return None

    async def _connection(self) -> Connection:
        async with self._db.work(self._account_id) as tx:
            return await get(tx, self._connection_id, self._keyring)

    async def _read(self) -> None:
        # Before the settings are read: whatever changes from here on is noticed.
        self._seen = await self._version()
        connection = await self._connection()
        config = self._config = read(connection)
        token = await self._access.token(connection) if config.provider != "password" else None
        settings = imap_settings(connection, token)
        if settings is None:
            await self._until_changed()
            return
        async with Mailbox(settings) as mailbox:
            cursor = await self._begin(connection, config, mailbox)
            while True:
                batch = await mailbox.fetch_after(cursor, BATCH)
                await self._store(connection, mailbox, batch)
                cursor = batch.cursor
                await mailbox.settle([one.uid for one in batch.mails])
                if batch.mails:
                    await self._settled(connection, mailbox, cursor)
                    # What came while these were stored may have been told of already: look until there is nothing.
                    continue
                await self._wait(mailbox)

    async def _until_changed(self) -> None:
        seen = await self._version()
        while await self._version() == seen:  # noqa: ASYNC110 - the row in the database announces it to nobody
            await asyncio.sleep(LOOK_SECONDS)

    async def _wait(self, mailbox: Mailbox) -> None:
        """Until something comes; a change of settings is noticed meanwhile."""
        idle = asyncio.create_task(mailbox.idle(IDLE_SECONDS))
        try:
            while not idle.done():
                await asyncio.wait({idle}, timeout=LOOK_SECONDS)
                if await self._version() != self._seen:
                    raise Changed
            await idle
        finally:
            if not idle.done():
                idle.cancel()
            await asyncio.gather(idle, return_exceptions=True)

    async def _begin(self, connection: Connection, config: MailboxConfig, mailbox: Mailbox) -> Cursor:
        state = mailbox.folder
        if state is None:
            raise RuntimeError("the mailbox has no folder")
        async with self._db.work(self._account_id) as tx:
            row = await tx.maybe(QUERIES.cursor, account_id=tx.account, connection_id=connection.id)
        if row is not None and row["folder"] == config.folder and row["uid_validity"] is not None:
            # Another numbering is told by `fetch_after`: everything is looked at again, and what is known is recognised.
            cursor = Cursor(uidvalidity=row["uid_validity"], last_uid=row["last_uid"])
            if row["settled_uid"] < cursor.last_uid and cursor.uidvalidity == state.uidvalidity:
                # Taken in by a worker that died before it could mark or move them.
                await mailbox.settle(await mailbox.between(row["settled_uid"], cursor.last_uid))
                await self._settled(connection, mailbox, cursor)
            return cursor
        cursor = state.beginning() if config.start == "all" else state.now()
        await self._store(connection, mailbox, Batch(mails=(), cursor=cursor, waiting=0))
        return cursor

    async def _settled(self, connection: Connection, mailbox: Mailbox, cursor: Cursor) -> None:
        if mailbox.settings.after != "leave":
            async with self._db.work(self._account_id) as tx:
                await tx.run(QUERIES.settled, account_id=tx.account, connection_id=connection.id, uid=cursor.last_uid)

    async def _store(self, connection: Connection, mailbox: Mailbox, batch: Batch) -> None:
        now = self._clock.now()
        state: FolderState | None = mailbox.folder
        async with self._db.work(self._account_id) as tx:
            if batch.mails:
                await ingress.store_all(tx, connection, [_raw(one, now) for one in batch.mails])
            await tx.run(
                QUERIES.move_cursor,
                account_id=tx.account,
                connection_id=connection.id,
                folder=mailbox.settings.folder,
                uid_validity=batch.cursor.uidvalidity,
                last_uid=batch.cursor.last_uid,
                # What is left where it lies needs nothing more, also when the setting is another one later.
                settled=batch.cursor.last_uid if mailbox.settings.after == "leave" or not batch.mails else None,
                waiting=min(batch.waiting, 2**31 - 1),
                count=len(batch.mails),
                now=now,
            )
            if self._failures or not batch.mails:
                await self._status(tx, "ok")
        self._failures = 0
        self._token_refused = False
        if batch.mails:
            log.info("mails_fetched", count=len(batch.mails), waiting=batch.waiting, folder=state.name if state else "")

    async def _failed(self, error: SvardeskError) -> float:
        """Write down why the mailbox cannot be read, loudly when a person is needed; how long to wait."""
        self._failures += 1
        person = getattr(error, "needs_person", False) or not getattr(error, "retryable", True)
        said = str(error.fields.get("said", ""))[:300]
        log.warning("mailbox_unreadable", mailbox=str(self._connection_id), code=error.code, said=said)
        if error.code == "mail_token_expired":
            self._access.refused(self._connection_id)
            if not self._token_refused:
                # Providers end tokens before their time, too: a fresh one may do, and nobody need hear of it.
                self._token_refused = True
                return 0.0
        async with self._db.work(self._account_id) as tx:
            await tx.run(
                QUERIES.mailbox_fails,
                account_id=tx.account,
                connection_id=self._connection_id,
                now=self._clock.now(),
                error=said,
                code=error.code,
            )
            if person or self._failures >= LOUD_AFTER:
                await self._status(tx, "disconnected")
        if person and self._failures > 1:
            return PERSON_PAUSE
        return min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(self._failures, 8))

    async def _status(self, tx: Any, status: str) -> None:
        version = await tx.value(QUERIES.set_status, account_id=self._account_id, id=self._connection_id, status=status)
        if version is not None:
            if self._seen is not None and version == self._seen + 1:
                # That was us, and nobody else in between.
                self._seen = version
            await record(tx, ConnectionChanged(stream=self._connection_id, version=version))
