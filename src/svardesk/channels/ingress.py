"""The way in: raw bytes are kept first, parsed by a pure function, and taken one by one, each only once.

Channels with a provider store the envelope and answer at once; the worker parses it a moment later. Web chat does both in
one statement (``webchat_take``), because its sender waits for the answer. What breaks the parser is tried again and then
set aside with its error, visible and replayable; what breaks only one event sets that event aside, and the rest goes on.
"""

import asyncio
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final
from uuid import UUID

import psycopg
import structlog
from psycopg.types.json import Jsonb

from svardesk.channels import taking
from svardesk.channels.connections import QUERIES, NoSuchConnection, get
from svardesk.channels.contract import Adapter, Connection, InboundEvent, Raw
from svardesk.channels.foresight import look
from svardesk.channels.registry import adapter as adapter_of
from svardesk.kit.clock import Clock
from svardesk.kit.db import Database, Row, Tx, passes, with_retry
from svardesk.kit.errors import NotFound
from svardesk.kit.files import FileStore
from svardesk.kit.ids import uuid7
from svardesk.kit.keyring import KeyRing
from svardesk.spine.wakeups import SWEEP

log = structlog.get_logger()

SWEEP_NAME: Final = "envelopes"
LEASE: Final = timedelta(seconds=30)
BATCH: Final = 50
SIDE_BY_SIDE: Final = 4
"""So many organisations at a time."""
TOGETHER: Final = 8
"""So many envelopes of an organisation are taken in one transaction, while as many are being parsed."""
READ_AT_ONCE: Final = 256 * 1024
"""Bytes up to which an envelope is read together with others; a larger one is read when its turn comes."""
LAST_ATTEMPT: Final = 5
PARSED_HERE: Final = 64 * 1024
"""Bytes up to which parsing is a matter of milliseconds; what is larger is parsed in a thread, and the loop goes on."""

Adapters = Callable[[str], Adapter]


class NoSuchEnvelope(NotFound):
    """There is no such envelope; perhaps its retention has ended."""

    code = "no_such_envelope"


async def store(tx: Tx, connection: Connection, raw: Raw) -> UUID:
    """Keep what came in; durable with the transaction, parsed by the worker right after it. Returns the envelope's id."""
    [envelope_id] = await store_all(tx, connection, [raw])
    return envelope_id


async def store_all(tx: Tx, connection: Connection, raws: Sequence[Raw]) -> list[UUID]:
    """Keep many at once, in their order; returns the envelopes' ids."""
    rows = [
        {
            "account_id": tx.account,
            "id": uuid7(),
            "connection_id": connection.id,
            "received_at": raw.received_at,
            "sha256": hashlib.sha256(raw.body).digest(),
            "raw": raw.body,
            "headers": Jsonb(dict(raw.headers)),
        }
        for raw in raws
    ]
    await tx.many(QUERIES.store_envelope, rows)
    tx.notify(SWEEP, SWEEP_NAME)
    return [row["id"] for row in rows]


async def sweep(
    db: Database,
    clock: Clock,
    keyring: KeyRing,
    adapters: Adapters = adapter_of,
    files: FileStore | None = None,
) -> int:
    """Parse a batch of envelopes of all organisations; returns how many were claimed.

    Organisations are served side by side, a few at a time; the envelopes of one are taken in their order, and while one
    is being taken the next ones are parsed.
    """
    async with db.system() as tx:
        claimed = await tx.all(QUERIES.claim_envelopes, now=clock.now(), lease=LEASE, limit=BATCH)
    by_account: dict[UUID, list[Row]] = {}
    for row in sorted(claimed, key=lambda one: one["id"]):
        by_account.setdefault(row["account_id"], []).append(row)
    places = asyncio.Semaphore(SIDE_BY_SIDE)

    async def one(account_id: UUID, rows: list[Row]) -> None:
        async with places:
            await _Share(db, clock, keyring, adapters, files, account_id).work(rows)

    done = await asyncio.gather(*(one(*item) for item in by_account.items()), return_exceptions=True)
    for outcome in done:
        if isinstance(outcome, BaseException):
            raise outcome
    return len(claimed)


async def parse_envelope(
    db: Database,
    clock: Clock,
    keyring: KeyRing,
    account_id: UUID,
    envelope_id: UUID,
    adapters: Adapters = adapter_of,
    files: FileStore | None = None,
) -> None:
    """Parse and take one envelope now, for whoever waits for what becomes of it. Harmless to repeat.

    Raises ``NoSuchEnvelope`` and what its parser breaks on; the envelope then waits for the sweep as it did before.
    """
    await _Share(db, clock, keyring, adapters, files, account_id).one(envelope_id)


class _Share:
    """The claimed envelopes of one organisation."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        keyring: KeyRing,
        adapters: Adapters,
        files: FileStore | None,
        account_id: UUID,
    ) -> None:
        self._db = db
        self._clock = clock
        self._keyring = keyring
        self._adapters = adapters
        self._files = files
        self._account_id = account_id
        self._connections: dict[UUID, Connection | Exception] = {}

    async def work(self, rows: Sequence[Row]) -> None:
        """Parse and take; what a parser breaks on is tried again later or set aside, and the rest goes on."""
        held = await self._read([row["id"] for row in rows])
        taking_now: asyncio.Task[None] | None = None
        try:
            for start in range(0, len(rows), TOGETHER):
                found = await self._parse_all(rows[start : start + TOGETHER], held)
                if taking_now is not None:
                    await taking_now
                taking_now = asyncio.create_task(self._take_all(found))
            if taking_now is not None:
                await taking_now
        finally:
            if taking_now is not None and not taking_now.done():
                taking_now.cancel()
                await asyncio.gather(taking_now, return_exceptions=True)

    async def one(self, envelope_id: UUID) -> None:
        """One envelope, all of whose errors are its caller's."""
        held = (await self._read([envelope_id])).get(envelope_id)
        if held is None:
            async with self._db.work(self._account_id) as tx:
                if await tx.maybe(QUERIES.lock_envelope, account_id=tx.account, id=envelope_id) is None:
                    raise NoSuchEnvelope
            return
        parsed = await self._parse({"id": envelope_id}, held)
        if parsed is not None:
            await with_retry(partial(self._take, [parsed], careful=True))

    async def _read(self, ids: list[UUID]) -> dict[UUID, Row]:
        """The envelopes that still wait, large ones without their bytes, and the connections that they came by."""
        async with self._db.work(self._account_id) as tx:
            rows = await tx.all(QUERIES.read_envelopes, account_id=tx.account, ids=ids, largest=READ_AT_ONCE)
            for connection_id in {row["connection_id"] for row in rows}:
                try:
                    self._connections[connection_id] = await get(tx, connection_id, self._keyring)
                except Exception as error:
                    if isinstance(error, psycopg.Error):
                        raise
                    self._connections[connection_id] = error
        return {row["id"]: row for row in rows}

    async def _parse_all(self, rows: Sequence[Row], held: Mapping[UUID, Row]) -> "list[_Parsed]":
        found: list[_Parsed] = []
        for row in rows:
            # Whoever takes the ones before, or sends an answer, comes in between.
            await asyncio.sleep(0)
            if row["id"] not in held:
                continue
            try:
                parsed = await self._parse(row, held[row["id"]])
            except Exception as error:  # whatever a parser breaks on
                if passes(error):
                    raise
                await _failed(self._db, self._clock.now(), row, error)
            else:
                found += [] if parsed is None else [parsed]
        return found

    async def _parse(self, row: Row, held: Row) -> "_Parsed | None":
        """What an envelope holds, its files put into the store; nothing is locked meanwhile. None: nothing to do."""
        connection = self._connections[held["connection_id"]]
        if isinstance(connection, Exception):
            raise connection
        body: bytes | None = held["raw"]
        if body is None:
            async with self._db.work(self._account_id) as tx:
                body = await tx.value(QUERIES.raw_of_envelope, account_id=tx.account, id=row["id"])
                if body is None:
                    return None
        raw = Raw(body=bytes(body), received_at=held["received_at"], headers=held["headers"] or {})
        adapter = self._adapters(connection.kind)
        events = (
            adapter.parse(raw, connection)
            if len(raw.body) < PARSED_HERE
            else await asyncio.to_thread(adapter.parse, raw, connection)
        )
        stored = await taking.put_files(self._files, self._account_id, events)
        return _Parsed(row, connection, adapter, events, stored)

    async def _take_all(self, found: "Sequence[_Parsed]") -> None:
        """Take what was found together; when something in it breaks or loses a race, once more, each by itself."""
        if not found:
            return
        try:
            await self._take(found, careful=False)
        except Exception:  # noqa: BLE001 - what it was shows when the one that it belongs to is taken
            for one in found:
                try:
                    await with_retry(partial(self._take, [one], careful=True))
                except Exception as error:
                    if passes(error):
                        raise
                    await _failed(self._db, self._clock.now(), one.row, error)

    async def _take(self, found: "Sequence[_Parsed]", *, careful: bool) -> None:
        """One transaction. Harmless to repeat. ``careful``: what breaks is set aside event by event."""
        now = self._clock.now()
        async with self._db.work(self._account_id) as tx:
            await tx.run(QUERIES.take_turns, account_id=tx.account)
            locked = await tx.all(
                QUERIES.lock_waiting_envelopes, account_id=tx.account, ids=[one.row["id"] for one in found]
            )
            waiting = {row["id"] for row in locked}
            contacts: dict[UUID, UUID | None] = {}
            taken = [one for one in found if one.row["id"] in waiting]
            foresight = None
            if not careful:
                batch = [(one.connection, one.row["id"], one.events) for one in taken]
                foresight = await look(tx, now, batch, taking.HANDLED)
            for one in taken:
                envelope_id = one.row["id"]
                attempts = one.row.get("attempts", LAST_ATTEMPT)
                taker = taking.Taker(
                    tx,
                    now,
                    one.connection,
                    one.adapter,
                    envelope_id,
                    one.files,
                    careful=careful,
                    patient=attempts < LAST_ATTEMPT,
                    foresight=foresight,
                )
                for event in one.events:
                    await taker.take(event)
                if taker.waits:
                    # An edit that was quicker than its message: what was taken is taken, and it is read again.
                    await tx.run(
                        QUERIES.envelope_failed,
                        account_id=tx.account,
                        id=envelope_id,
                        state="received",
                        error=taking.describe(taking.NotHereYet()),
                        due_at=now + timedelta(seconds=2**attempts),
                    )
                    continue
                contacts[envelope_id] = taker.contact_id
            if foresight is not None:
                await foresight.finish(tx)
            await tx.run(
                QUERIES.envelopes_parsed,
                account_id=tx.account,
                ids=list(contacts),
                contact_ids=list(contacts.values()),
            )


@dataclass(frozen=True, slots=True)
class _Parsed:
    row: Row
    connection: Connection
    adapter: Adapter
    events: Sequence[InboundEvent]
    files: taking.Files


async def _failed(db: Database, now: datetime, row: Row, error: Exception) -> None:
    """Later again, or set aside: the error is kept where an operator looks for it, without what people wrote."""
    last = row["attempts"] >= LAST_ATTEMPT or isinstance(error, NoSuchConnection)
    log.warning("envelope_failed", envelope=str(row["id"]), attempts=row["attempts"], set_aside=last, exc_info=error)
    async with db.work(row["account_id"]) as tx:
        await tx.run(
            QUERIES.envelope_failed,
            account_id=row["account_id"],
            id=row["id"],
            state="quarantined" if last else "received",
            error=taking.describe(error),
            due_at=None if last else now + timedelta(seconds=2 ** row["attempts"]),
        )


async def quarantined(tx: Tx, limit: int = 100) -> list[Row]:
    """What was set aside, newest first."""
    return await tx.all(QUERIES.quarantined_envelopes, account_id=tx.account, limit=limit)


async def replay(tx: Tx, now: datetime, envelope_id: UUID, adapters: Adapters = adapter_of) -> None:
    """Parse an envelope again (a mended parser): what was taken stays taken, what was set aside is tried again."""
    held = await tx.maybe(QUERIES.lock_envelope, account_id=tx.account, id=envelope_id)
    if held is None:
        raise NoSuchEnvelope
    raw = Raw(body=bytes(held["raw"]), received_at=held["received_at"], headers=held["headers"] or {})
    connection = await get(tx, held["connection_id"])
    if await adapters(connection.kind).replayed(tx, now, connection, raw):
        await tx.run(QUERIES.envelopes_parsed, account_id=tx.account, ids=[envelope_id], contact_ids=[None])
        return
    await tx.run(QUERIES.forget_quarantined_items, account_id=tx.account, id=envelope_id)
    await tx.run(QUERIES.replay_envelope, account_id=tx.account, id=envelope_id, now=now)
    tx.notify(SWEEP, SWEEP_NAME)
