"""The way in: raw bytes are kept first, parsed by a pure function, and taken one by one, each only once.

Channels with a provider store the envelope and answer at once; the worker parses it a moment later. Web chat does both in
one statement (``webchat_take``), because its sender waits for the answer. What breaks the parser is tried again and then
set aside with its error, visible and replayable; what breaks only one event sets that event aside, and the rest goes on.
"""

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog
from psycopg.types.json import Jsonb

from svardesk.channels import deliveries
from svardesk.channels.connections import QUERIES, NoSuchConnection, get
from svardesk.channels.contract import Adapter, Connection, InboundEvent, Raw
from svardesk.channels.events import ReceiptDue
from svardesk.channels.registry import adapter as adapter_of
from svardesk.contacts import identities
from svardesk.conversations.receiving import Inbound, receive
from svardesk.conversations.texts import MAX_BODY, clean
from svardesk.kit.clock import Clock
from svardesk.kit.db import Database, Row, Tx, passes
from svardesk.kit.errors import NotFound
from svardesk.kit.ids import uuid7
from svardesk.kit.keyring import KeyRing
from svardesk.spine import record
from svardesk.spine.wakeups import SWEEP

log = structlog.get_logger()

SWEEP_NAME: Final = "envelopes"
LEASE: Final = timedelta(seconds=60)
BATCH: Final = 50
LAST_ATTEMPT: Final = 5
LONGEST_ERROR: Final = 500

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


async def sweep(db: Database, clock: Clock, keyring: KeyRing, adapters: Adapters = adapter_of) -> int:
    """Parse a batch of envelopes of all organisations; returns how many were claimed."""
    async with db.system() as tx:
        claimed = await tx.all(QUERIES.claim_envelopes, now=clock.now(), lease=LEASE, limit=BATCH)
    for row in claimed:
        try:
            await parse_envelope(db, clock, keyring, row["account_id"], row["id"], adapters)
        except Exception as error:  # whatever a parser breaks on: the envelope is set aside, the rest goes on
            if passes(error):
                raise
            await _failed(db, clock.now(), row, error)
    return len(claimed)


async def parse_envelope(
    db: Database, clock: Clock, keyring: KeyRing, account_id: UUID, envelope_id: UUID, adapters: Adapters = adapter_of
) -> int:
    """Parse one envelope and take what is in it; returns how many events were new. Harmless to repeat."""
    now = clock.now()
    async with db.work(account_id) as tx:
        held = await tx.maybe(QUERIES.lock_envelope, account_id=account_id, id=envelope_id)
        if held is None:
            raise NoSuchEnvelope
        if held["state"] != "received":
            return 0
        connection = await get(tx, held["connection_id"], keyring)
        raw = Raw(body=bytes(held["raw"]), received_at=held["received_at"], headers=held["headers"] or {})
        new, contact_id = 0, None
        for event in adapters(connection.kind).parse(raw, connection):
            taken, of_contact = await _take(tx, now, connection, envelope_id, event)
            new += taken
            contact_id = of_contact or contact_id
        await tx.run(QUERIES.envelope_parsed, account_id=account_id, id=envelope_id, contact_id=contact_id)
    return new


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
            error=describe(error),
            due_at=None if last else now + timedelta(seconds=2 ** row["attempts"]),
        )


def describe(error: Exception) -> str:
    """An error in one line: its class and, for our own, the sentence."""
    return f"{type(error).__name__}: {error}"[:LONGEST_ERROR]


async def _take(
    tx: Tx, now: datetime, connection: Connection, envelope_id: UUID, event: InboundEvent
) -> tuple[int, UUID | None]:
    """Take one event; (1 if it was new, whose it is). What breaks is set aside alone."""
    item = {
        "account_id": tx.account,
        "id": uuid7(),
        "envelope_id": envelope_id,
        "connection_id": connection.id,
        "idempotency_key": event.idempotency_key,
        "type": event.type,
        "now": now,
    }
    try:
        async with tx.savepoint():
            state = "done" if event.type in HANDLERS else "ignored"
            if await tx.maybe(QUERIES.add_item, **item, state=state) is None:
                return 0, None
            handler = HANDLERS.get(event.type)
            return 1, await handler(tx, now, connection, event) if handler is not None else None
    except Exception as error:
        if passes(error):
            raise
        log.warning("item_set_aside", envelope=str(envelope_id), type=event.type, exc_info=error)
        await tx.run(QUERIES.quarantine_item, **item, error=describe(error))
        return 0, None


async def _message(tx: Tx, now: datetime, connection: Connection, event: InboundEvent) -> UUID | None:
    sender = event.sender
    if sender.kind != "customer":
        return None
    person = await _person(tx, now, connection, event)
    files = [one.file_id for one in event.content.attachments if one.file_id is not None]
    received = await receive(
        tx,
        now,
        Inbound(
            contact_id=person.contact_id,
            identity_id=person.identity_id,
            connection_id=event.answer_via or connection.id,
            channel=connection.kind,
            thread=event.external_thread_key,
            body=clean(event.content.text)[:MAX_BODY],
            actor=event.actor or f"{connection.kind}:{person.identity_id}",
            client_id=event.client_id,
            file_ids=files,
            occurred_at=event.occurred_at,
            locale=event.locale,
            brand_id=connection.brand_id,
            team_id=event.team_id or connection.team_id,
            automated=event.automated is True,
            subject=event.subject,
            fields=event.fields,
        ),
    )
    if event.receipt and not received.repeated:
        await record(tx, ReceiptDue(stream=received.conversation_id, message_id=received.message_id))
    return person.contact_id


async def _person(tx: Tx, now: datetime, connection: Connection, event: InboundEvent) -> identities.Found:
    """Whose message it is. An address that is only claimed never leads to somebody whose address it is proven to be."""
    sender = event.sender
    if sender.address_kind is not None and identities.rank(sender.trust) < 2:
        found = await identities.find_claimed(
            tx, now, kind=sender.address_kind, address=sender.external_id, name=sender.display, locale=event.locale
        )
    else:
        found = await identities.find_or_create(
            tx,
            now,
            kind=sender.address_kind or connection.kind,
            scope="" if sender.address_kind else str(connection.id),
            address=sender.external_id,
            trust=sender.trust,
            name=sender.display,
            locale=event.locale,
        )
    for kind, address in sender.also:
        await identities.claim(tx, now, contact_id=found.contact_id, kind=kind, address=address)
    return found


async def _delivered(tx: Tx, now: datetime, connection: Connection, event: InboundEvent) -> UUID | None:
    return await _news(tx, now, connection, event, "delivered")


async def _read(tx: Tx, now: datetime, connection: Connection, event: InboundEvent) -> UUID | None:
    return await _news(tx, now, connection, event, "read")


async def _bounce(tx: Tx, now: datetime, connection: Connection, event: InboundEvent) -> UUID | None:
    return await _news(tx, now, connection, event, "failed_permanent")


async def _news(tx: Tx, now: datetime, connection: Connection, event: InboundEvent, state: str) -> None:
    if event.about is not None:
        await deliveries.outside_news(tx, now, connection.id, event.external_thread_key, state, event.about)


HANDLERS: Final = {
    "message": _message,
    "receipt_delivered": _delivered,
    "receipt_read": _read,
    "bounce": _bounce,
}
"""What the house does with an event; a type without a handler is kept, marked ``ignored`` and can be replayed."""


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
