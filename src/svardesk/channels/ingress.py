"""The way in: raw bytes are kept first, parsed by a pure function, and taken one by one, each only once.

Channels with a provider store the envelope and answer at once; the worker parses it a moment later. Web chat does both in
one statement (``webchat_take``), because its sender waits for the answer. What breaks the parser is tried again and then
set aside with its error, visible and replayable; what breaks only one event sets that event aside, and the rest goes on.
"""

import asyncio
import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog
from psycopg.types.json import Jsonb

from svardesk.channels import taking
from svardesk.channels.connections import QUERIES, NoSuchConnection, get
from svardesk.channels.contract import Adapter, Connection, Raw
from svardesk.channels.registry import adapter as adapter_of
from svardesk.kit.clock import Clock
from svardesk.kit.db import Database, Row, Tx, passes
from svardesk.kit.errors import NotFound
from svardesk.kit.files import FileStore
from svardesk.kit.ids import uuid7
from svardesk.kit.keyring import KeyRing
from svardesk.spine.wakeups import SWEEP

log = structlog.get_logger()

SWEEP_NAME: Final = "envelopes"
LEASE: Final = timedelta(seconds=60)
BATCH: Final = 50
LAST_ATTEMPT: Final = 5
PARSED_HERE: Final = 64 * 1024
"""Bytes up to which parsing is a matter of milliseconds; what is larger is parsed in a thread, and the loop goes on."""

Adapters = Callable[[str], Adapter]


class NoSuchEnvelope(NotFound):
    """There is no such envelope; perhaps its retention has ended."""

    code = "no_such_envelope"


async def store(tx: Tx, connection: Connection, raw: Raw) -> UUID:
    """Keep what came in; durable with the transaction, parsed by the worker right after it. Returns the envelope's id."""
    envelope_id = uuid7()
    await tx.run(
        QUERIES.store_envelope,
        account_id=tx.account,
        id=envelope_id,
        connection_id=connection.id,
        received_at=raw.received_at,
        sha256=hashlib.sha256(raw.body).digest(),
        raw=raw.body,
        headers=Jsonb(dict(raw.headers)),
    )
    tx.notify(SWEEP, SWEEP_NAME)
    return envelope_id


async def sweep(
    db: Database,
    clock: Clock,
    keyring: KeyRing,
    adapters: Adapters = adapter_of,
    files: FileStore | None = None,
) -> int:
    """Parse a batch of envelopes of all organisations; returns how many were claimed."""
    async with db.system() as tx:
        claimed = await tx.all(QUERIES.claim_envelopes, now=clock.now(), lease=LEASE, limit=BATCH)
    for row in claimed:
        try:
            await parse_envelope(db, clock, keyring, row["account_id"], row["id"], adapters, files)
        except Exception as error:  # whatever a parser breaks on: the envelope is set aside, the rest goes on
            if passes(error):
                raise
            await _failed(db, clock.now(), row, error)
    return len(claimed)


async def parse_envelope(
    db: Database,
    clock: Clock,
    keyring: KeyRing,
    account_id: UUID,
    envelope_id: UUID,
    adapters: Adapters = adapter_of,
    files: FileStore | None = None,
) -> int:
    """Parse one envelope and take what is in it; returns how many events were new. Harmless to repeat.

    Read, parse, put what it holds of files into the store, and only then open the transaction that takes everything: no
    parser and no store is waited for while rows are held.
    """
    async with db.work(account_id) as tx:
        held = await tx.maybe(QUERIES.read_envelope, account_id=account_id, id=envelope_id)
        if held is None:
            raise NoSuchEnvelope
        if held["state"] != "received":
            return 0
        connection = await get(tx, held["connection_id"], keyring)
    raw = Raw(body=bytes(held["raw"]), received_at=held["received_at"], headers=held["headers"] or {})
    adapter = adapters(connection.kind)
    events = (
        adapter.parse(raw, connection)
        if len(raw.body) < PARSED_HERE
        else await asyncio.to_thread(adapter.parse, raw, connection)
    )
    stored = await taking.put_files(files, account_id, events)
    now = clock.now()
    async with db.work(account_id) as tx:
        again = await tx.maybe(QUERIES.lock_envelope, account_id=account_id, id=envelope_id)
        if again is None:
            raise NoSuchEnvelope
        if again["state"] != "received":
            return 0
        taker = taking.Taker(tx, now, connection, adapter, envelope_id, stored)
        for event in events:
            await taker.take(event)
        await tx.run(QUERIES.envelope_parsed, account_id=account_id, id=envelope_id, contact_id=taker.contact_id)
    return taker.new


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


async def replay(tx: Tx, now: datetime, envelope_id: UUID) -> None:
    """Parse an envelope again (a mended parser): what was taken stays taken, what was set aside is tried again."""
    if await tx.maybe(QUERIES.lock_envelope, account_id=tx.account, id=envelope_id) is None:
        raise NoSuchEnvelope
    await tx.run(QUERIES.forget_quarantined_items, account_id=tx.account, id=envelope_id)
    await tx.run(QUERIES.replay_envelope, account_id=tx.account, id=envelope_id, now=now)
    tx.notify(SWEEP, SWEEP_NAME)
