"""The way out: one delivery row an answer, claimed with lease and fence, sent once.

Steps of one message, each of which may be the last before a crash: (1) the reaction plans the row; (2) a worker claims it
and commits; (3) it calls the adapter, outside any transaction; (4) it settles, if its fence still holds. A worker that
vanishes between 2 and 4 leaves ``sending`` behind; when the lease ends nobody knows whether the message went out, so the
next one asks the adapter (``reconcile``) before anything is sent again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import structlog

from svardesk.channels import pieces, states
from svardesk.channels.connections import QUERIES, NoSuchConnection, get
from svardesk.channels.contract import (
    Adapter,
    Blocked,
    NotReached,
    NotSent,
    OutboundCommand,
    OutboundFile,
    Permanent,
    ReconcileResult,
    SendResult,
    Sent,
    Temporary,
    Unknown,
    Watermark,
)
from svardesk.channels.events import DeliveryFailed
from svardesk.channels.registry import adapter as adapter_of
from svardesk.conversations.changing import answered
from svardesk.conversations.letters import note_not_reached
from svardesk.conversations.schemas import Retry
from svardesk.conversations.states import set_message_states, tell_retry
from svardesk.conversations.store import letter_of
from svardesk.kit.clock import Clock
from svardesk.kit.db import Database, Row, Tx, passes
from svardesk.kit.errors import Conflict
from svardesk.kit.files import FileStore
from svardesk.kit.ids import uuid7
from svardesk.kit.keyring import KeyRing
from svardesk.spine import record
from svardesk.spine.wakeups import SWEEP

log = structlog.get_logger()

SWEEP_NAME: Final = "deliveries"
LEASE: Final = timedelta(seconds=90)
LEASE_ENOUGH: Final = 30.0
"""Seconds that a lease is surely enough for: what may take longer has it renewed meanwhile."""
BATCH: Final = 20
LAST_ATTEMPT: Final = 8
"""After so many refusals (about three hours) a person must look, where the channel does not say for how long to try; and
after so many attempts that our own code broke off, in any channel."""
BROKE_OFF: Final = "broke_off"
LAST_LOOK: Final = 6
"""After so many looks that found out nothing (about an hour) a person must decide."""

Adapters = Callable[[str], Adapter]


async def plan(tx: Tx, now: datetime, message_ids: Sequence[UUID], adapters: Adapters = adapter_of) -> int:
    """Plan the way out of answers (in their order); those of local channels are out at once. Idempotent.

    Earlier answers of the same conversations that are not planned yet (their reaction was set aside) are planned with
    them. Returns how many rows were planned. Everything else is sent by the sweep, which is woken after the commit.
    """
    rows = await tx.all(
        QUERIES.plan_deliveries,
        account_id=tx.account,
        ids=[uuid7() for _ in message_ids],
        message_ids=list(message_ids),
        now=now,
    )
    if not {row["message_id"] for row in rows}.issuperset(message_ids):
        await _without_way(tx, now, message_ids)
    local: list[Row] = []
    later: list[tuple[Row, datetime]] = [(row, row["send_at"]) for row in rows if row["send_at"] is not None]
    for connection_id in {row["connection_id"] for row in rows}:
        try:
            connection = await get(tx, connection_id)
        except NoSuchConnection:
            continue  # out of service since: the sweep says so, delivery by delivery
        offered = adapters(connection.kind).capabilities(connection)
        at_once = [row for row in rows if row["connection_id"] == connection_id and row["send_at"] is None]
        if offered.local:
            local += at_once
        elif offered.hold_seconds:
            until = now + _seconds(offered.hold_seconds)
            later += [(row, until) for row in at_once if not row["automated"]]
    if local:
        await tx.run(QUERIES.sent_at_once, account_id=tx.account, ids=[row["id"] for row in local], now=now)
        await set_message_states(tx, now, [row["message_id"] for row in local], "sent")
    if later:
        await _put_off(tx, now, later)
    if len(local) < len(rows):
        tx.notify(SWEEP, SWEEP_NAME)
    return len(rows)


async def _put_off(tx: Tx, now: datetime, later: Sequence[tuple[Row, datetime]]) -> None:
    """These wait: for the time that their author chose, or a few seconds in which they can be taken back."""
    await tx.run(
        QUERIES.put_off,
        account_id=tx.account,
        ids=[row["id"] for row, _ in later],
        dues=[due for _, due in later],
    )
    held = [row["message_id"] for row, _ in later if row["send_at"] is None]
    if held:
        await tx.run(
            QUERIES.waits_until,
            account_id=tx.account,
            ids=held,
            dues=[due for row, due in later if row["send_at"] is None],
        )
        await set_message_states(tx, now, held, "scheduled")


async def cancel(tx: Tx, now: datetime, message_id: UUID) -> bool:
    """Take an answer back that has not gone out; returns False when it is too late. Idempotent."""
    held = await tx.maybe(QUERIES.hold_delivery_of_message, account_id=tx.account, message_id=message_id)
    if held is not None:
        if held["state"] == "cancelled":
            return True
        if held["state"] not in states.CANCELLABLE or held["part"] > 0:
            return False  # too late, or a piece of it is with the customer already
        await tx.run(QUERIES.queue_again, account_id=tx.account, id=held["id"], now=now, state="cancelled")
    return bool(await set_message_states(tx, now, [message_id], "cancelled"))


async def customer_wrote(tx: Tx, now: datetime, conversation_ids: Sequence[UUID]) -> int:
    """Answers that wait for a time of their author's choice are held: the customer has said something since.

    A person confirms them (*send again*) or takes them back. Returns how many were held.
    """
    rows = await tx.all(QUERIES.hold_scheduled, account_id=tx.account, conversation_ids=list(conversation_ids))
    if rows:
        await set_message_states(
            tx, now, [row["message_id"] for row in rows], "blocked_by_policy", reason="customer_wrote"
        )
        for row in rows:
            await record(
                tx,
                DeliveryFailed(
                    stream=row["conversation_id"],
                    message_id=row["message_id"],
                    delivery_id=row["id"],
                    state="blocked_by_policy",
                ),
            )
    return len(rows)


async def _without_way(tx: Tx, now: datetime, message_ids: Sequence[UUID]) -> None:
    lost = await tx.all(QUERIES.answers_without_way, account_id=tx.account, message_ids=list(message_ids))
    if lost:
        await set_message_states(tx, now, [row["id"] for row in lost], "failed_permanent", reason="no_connection")


async def sweep(
    db: Database,
    clock: Clock,
    keyring: KeyRing,
    adapters: Adapters = adapter_of,
    files: FileStore | None = None,
) -> int:
    """Claim a batch of due deliveries of all organisations and see each through; returns how many."""
    claimed = await claim(db, clock, BATCH)
    for outcome in await asyncio.gather(
        *(see_through(db, clock, keyring, adapters, files, row) for row in claimed), return_exceptions=True
    ):
        if isinstance(outcome, BaseException):
            raise outcome
    return len(claimed)


async def claim(db: Database, clock: Clock, most: int) -> list[Row]:
    """Lease deliveries that are due, of all organisations, each under a new fence."""
    async with db.system() as tx:
        return await tx.all(QUERIES.claim_deliveries, now=clock.now(), lease=LEASE, limit=most)


async def see_through(
    db: Database, clock: Clock, keyring: KeyRing, adapters: Adapters, files: FileStore | None, row: Row
) -> None:
    """Send one claimed delivery (or look for it) and settle it. What our own code breaks on is counted, not raised."""
    try:
        await _one(db, clock, keyring, adapters, files, row)
    except Exception as error:
        log.exception("delivery_broke_off", delivery=str(row["id"]))
        if not passes(error):
            async with db.work(row["account_id"]) as tx:
                await _broke_off(tx, clock.now(), row, type(error).__name__)


async def _broke_off(tx: Tx, now: datetime, row: Row, reason: str) -> None:
    """Our own code broke: what does so every time ends with a person, not in a circle.

    What was surely not handed over is tried again. What perhaps was stays leased, and when the lease ends the next worker
    asks the provider first; a look that broke off is counted.
    """
    held = await tx.maybe(QUERIES.hold_delivery, account_id=tx.account, id=row["id"])
    if held is None:
        return
    if row["state"] == "unknown":
        await settle(tx, now, row["id"], row["fence"], Unknown(reason=reason))
    elif held["handed_at"] is None:
        await settle(tx, now, row["id"], row["fence"], Temporary(code=BROKE_OFF, reason=reason))


async def _one(
    db: Database, clock: Clock, keyring: KeyRing, adapters: Adapters, files: FileStore | None, row: Row
) -> None:
    account_id, delivery_id, fence = row["account_id"], row["id"], row["fence"]
    async with db.work(account_id) as tx:
        found = await tx.maybe(QUERIES.command, account_id=account_id, id=delivery_id, fence=fence)
        if found is None:
            return
        try:
            connection = await get(tx, found["connection_id"], keyring)
        except NoSuchConnection:
            gone = Permanent(code="no_connection", error_class="connection", reason="no_connection")
            await settle(tx, clock.now(), delivery_id, fence, gone)
            return
        if found["deleted_at"] is not None and row["state"] == "sending":
            await settle(tx, clock.now(), delivery_id, fence, Permanent(code="message_deleted", error_class="content"))
            return
        if row["state"] == "sending" and found["attempt"] - found["refusals"] > LAST_ATTEMPT:
            # Worker after worker vanished over it before it was handed over: it may be what kills them.
            await settle(tx, clock.now(), delivery_id, fence, Permanent(code=BROKE_OFF, reason="gave_up"))
            return
        adapter = adapters(connection.kind)
        retries_for = adapter.capabilities(connection).retries_for
        handing_over = _HandingOver(db, clock, account_id, delivery_id, fence)
        command = OutboundCommand(
            delivery_id=delivery_id,
            message_id=found["message_id"],
            conversation_id=found["conversation_id"],
            connection=connection,
            external_thread_key=found["external_thread_key"],
            recipient=found["recipient"],
            text=found["body"],
            file_ids=tuple(found["file_ids"]),
            files=tuple(_file(files, account_id, one) for one in found["files"] or ()),
            attempt=found["attempt"],
            external_id=found["external_id"],
            locale=found["locale"],
            automated=found["automated"],
            letter=letter_of(found["details"]),
            about_to_send=handing_over,
            part=found["part"],
            window_from=found["window_from"],
            handed_at=found["handed_at"],
        )
        command = await adapter.prepare(tx, clock.now(), command)
        if (parts := adapter.parts(command)) > 1:
            await tx.run(QUERIES.set_parts, account_id=account_id, id=delivery_id, parts=parts)
        if not adapter.tells_handing_over and row["state"] == "sending":
            # From here on a worker that vanishes leaves an outcome that nobody knows.
            await tx.run(QUERIES.handing_over, account_id=account_id, id=delivery_id, fence=fence, now=clock.now())
    seconds = adapter.send_seconds(command)
    holding = (
        asyncio.create_task(_keep_lease(db, clock, account_id, delivery_id, fence)) if seconds > LEASE_ENOUGH else None
    )
    try:
        result = await _call(adapter, command, seconds, reconcile=row["state"] == "unknown")
    finally:
        if holding is not None:
            holding.cancel()
    sending = row["state"] == "sending" and adapter.tells_handing_over
    if isinstance(result, Unknown) and sending and not handing_over.begun:
        # The adapter was too slow, or it broke: the latter is our own code, and ends after a number of attempts.
        result = Temporary(code="timeout" if result.reason == "timeout" else BROKE_OFF, reason=result.reason)
    async with db.work(account_id) as tx:
        await settle(tx, clock.now(), delivery_id, fence, result, retries_for)
        await adapter.told(tx, clock.now(), connection, result)


class FenceLost(Conflict):
    """Another worker has taken this delivery over."""

    code = "fence_lost"


class _HandingOver:
    """Notes that the provider may have a message from here on. ``begun``: whether it came so far."""

    def __init__(self, db: Database, clock: Clock, account_id: UUID, delivery_id: UUID, fence: int) -> None:
        self.begun = False
        self._db = db
        self._clock = clock
        self._row = {"account_id": account_id, "id": delivery_id, "fence": fence}

    async def __call__(self) -> None:
        """Raise ``FenceLost`` when somebody else has taken the delivery over."""
        self.begun = True
        async with self._db.work(self._row["account_id"]) as tx:
            if not await tx.run(QUERIES.handing_over, **self._row, now=self._clock.now()):
                raise FenceLost


def _file(store: FileStore | None, account_id: UUID, one: dict[str, Any]) -> OutboundFile:
    async def read() -> bytes:
        if store is None:
            raise RuntimeError("no file store was given to this sweep")
        return await store.read(account_id, one["sha256"])

    return OutboundFile(id=UUID(one["id"]), name=one["name"], media_type=one["media_type"], size=one["size"], read=read)


async def _keep_lease(db: Database, clock: Clock, account_id: UUID, delivery_id: UUID, fence: int) -> None:
    """Hold on to a delivery that takes longer than a lease; ends with it, or with the fence."""
    while True:
        await asyncio.sleep(LEASE_ENOUGH)
        async with db.work(account_id) as tx:
            held = {"account_id": account_id, "id": delivery_id, "fence": fence}
            if not await tx.run(QUERIES.keep_lease, **held, until=clock.now() + LEASE):
                return


async def _call(
    adapter: Adapter, command: OutboundCommand, seconds: float, *, reconcile: bool
) -> SendResult | ReconcileResult:
    """One call of the provider. An adapter that breaks has told us nothing: the outcome is unknown."""
    try:
        async with asyncio.timeout(seconds):
            return await (adapter.reconcile(command) if reconcile else adapter.send(command))
    except TimeoutError:
        return Unknown(reason="timeout")
    except Exception as error:
        log.exception("adapter_broke", kind=adapter.kind, delivery=str(command.delivery_id))
        return Unknown(reason=type(error).__name__)


async def settle(
    tx: Tx,
    now: datetime,
    delivery_id: UUID,
    fence: int,
    result: SendResult | ReconcileResult,
    retries_for: timedelta | None = None,
) -> str | None:
    """Write down what became of an attempt; returns the new state, or None when the fence no longer holds.

    A receipt may have been faster than the provider's own answer: then the further state stays. ``retries_for``: how long
    after its first refusal it is tried again, None: ``LAST_ATTEMPT`` times.
    """
    held = await tx.maybe(QUERIES.hold_delivery, account_id=tx.account, id=delivery_id)
    if held is None or held["fence"] != fence:
        log.warning("delivery_fence_lost", delivery=str(delivery_id), result=type(result).__name__)
        return None
    told, due, until, code, error_class, reason = _outcome(result, held, now, retries_for)
    if isinstance(result, Unknown | NotSent) and held["parts"] > 1 and await pieces.has_gone(tx, held):
        # It came back to us before its sender gave up: it is out, whatever the sender was told.
        result = Sent()
        told, due, until, code, error_class, reason = _outcome(result, held, now, retries_for)
    if isinstance(result, Sent) and await pieces.gone(tx, now, held, result):
        told, due = "queued", now
    state = told if held["state"] in {"sending", "unknown"} else states.advance(held["state"], told)
    if state != held["state"]:
        states.check(held["state"], state)
    external_id = result.external_id if isinstance(result, Sent) else None
    await tx.run(
        QUERIES.settle_delivery,
        account_id=tx.account,
        id=delivery_id,
        state=state,
        due_at=due,
        external_id=external_id,
        error_code=code,
        error_class=error_class,
        reason=reason,
        refused=isinstance(result, Temporary) and result.code != BROKE_OFF,
        arrived=state in states.ARRIVED,
        now=now,
    )
    await _tell(tx, now, held, state, code or reason)
    if isinstance(result, Sent) and result.refused:
        await note_lost(tx, held["message_id"], result.refused)
    if state == "failed_temporary" and due is not None:
        await tell_retry(tx, held["message_id"], Retry(at=due, until=until))
    # The next message of the conversation, or this one, may be due at once.
    tx.notify(SWEEP, SWEEP_NAME)
    return state


def _outcome(
    result: SendResult | ReconcileResult, held: Row, now: datetime, retries_for: timedelta | None
) -> tuple[str, datetime | None, datetime | None, str | None, str | None, str | None]:
    """(state, due, tried until, error code, error class, reason) of a result after another try or look."""
    match result:
        case Sent(state=state):
            return state, None, None, None, None, None
        case NotSent():
            return "queued", now, None, None, None, None
        case Temporary(code=code, error_class=error_class, reason=reason):
            due, until = _next_try(result, held, now, retries_for)
            if due is None:
                return "failed_permanent", None, None, code, error_class, reason or "gave_up"
            return "failed_temporary", due, until, code, error_class, reason
        case Permanent(code=code, error_class=error_class, reason=reason):
            return "failed_permanent", None, None, code, error_class, reason
        case Blocked(by=by, code=code, reason=reason):
            return f"blocked_by_{by}", None, None, code, by, reason
        case Unknown(reason=reason):
            looks = held["attempt"] - held["refusals"]
            if looks >= LAST_LOOK:
                return "failed_permanent", None, None, "outcome_unknown", "provider", reason
            return "unknown", now + _seconds(states.backoff(looks)), None, "outcome_unknown", "provider", reason


def _next_try(
    refused: Temporary, held: Row, now: datetime, retries_for: timedelta | None
) -> tuple[datetime | None, datetime | None]:
    """When it is tried again (None: it is given up), and until when at the latest (None: a number of times)."""
    due = now + _seconds(states.backoff(held["attempt"], refused.retry_after))
    if refused.code == BROKE_OFF or retries_for is None:
        attempts = held["attempt"] - (held["refusals"] if refused.code == BROKE_OFF else 0)
        return (due if attempts < LAST_ATTEMPT else None), None
    until = (held["refused_at"] or now) + retries_for
    return (min(due, until) if now < until else None), until


def _seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


async def _tell(tx: Tx, now: datetime, held: Row, state: str, reason: str | None) -> None:
    if state == held["state"] and state != "queued":
        return
    await set_message_states(tx, now, [held["message_id"]], state, reason=reason)
    if state in states.ARRIVED and held["state"] not in states.ARRIVED:
        await answered(tx, now, [held["message_id"]])
    if state in states.NEEDS_PERSON:
        await record(
            tx,
            DeliveryFailed(
                stream=held["conversation_id"], message_id=held["message_id"], delivery_id=held["id"], state=state
            ),
        )


async def note_lost(tx: Tx, message_id: UUID, lost: Sequence[NotReached]) -> None:
    """Note at an answer whom it did not reach, so that its author sees it."""
    reasons = [(one.address, one.said if one.code in one.said else f"{one.code} {one.said}".strip()) for one in lost]
    await note_not_reached(tx, message_id, reasons)


async def again(tx: Tx, now: datetime, message_id: UUID, adapters: Adapters = adapter_of) -> bool:
    """A person wants a failed answer sent again (its message is queued already); returns whether it will be.

    A worker that still holds the old attempt is shut out by the new fence. Idempotent: what is on its way stays so.
    """
    held = await tx.maybe(QUERIES.hold_delivery_of_message, account_id=tx.account, message_id=message_id)
    if held is None:
        return bool(await plan(tx, now, [message_id]))
    if held["state"] not in states.RETRYABLE:
        return False
    try:
        connection = await get(tx, held["connection_id"])
        await adapters(connection.kind).wanted(tx, message_id)
    except NoSuchConnection:
        pass  # the sweep says so
    await tx.run(QUERIES.queue_again, account_id=tx.account, id=held["id"], now=now, state=states.retry(held["state"]))
    tx.notify(SWEEP, SWEEP_NAME)
    return True


async def note_receipt(tx: Tx, now: datetime, conversation_id: UUID, state: str, up_to_seq: int) -> int:
    """A watermark by seq: our deliveries up to it are ``delivered`` or ``read``; returns how many moved.

    The messages themselves are moved by ``conversations.receipts``, which the caller asks beside this.
    """
    rows = await tx.all(
        QUERIES.watermark,
        account_id=tx.account,
        conversation_id=conversation_id,
        up_to_seq=up_to_seq,
        below=below(state),
    )
    if rows:
        await tx.run(
            QUERIES.move_deliveries, account_id=tx.account, ids=[row["id"] for row in rows], state=state, now=now
        )
    return len(rows)


async def outside_news(
    tx: Tx,
    now: datetime,
    connection_id: UUID,
    thread: str | None,
    state: str,
    about: Watermark,
    counts: Callable[[UUID], Awaitable[bool]] | None = None,
) -> int:
    """A receipt or bounce as the provider words it: by its own ids, or everything of a thread until an instant.

    ``counts`` is asked for each message that it is about, whether it is news of the whole message.
    """
    earlier = below(state)
    if about.message_ids:
        rows = await tx.all(
            QUERIES.by_message_ids,
            account_id=tx.account,
            connection_id=connection_id,
            message_ids=list(about.message_ids),
        )
        rows = [row for row in rows if row["state"] in earlier]
    elif about.external_ids:
        by = [connection_id]
        if about.elsewhere:
            by = [row["id"] for row in await tx.all(QUERIES.of_the_same_kind, account_id=tx.account, id=connection_id)]
        rows = await tx.all(
            QUERIES.by_external_ids,
            account_id=tx.account,
            connection_ids=by,
            external_ids=list(about.external_ids),
        )
        rows = [row for row in rows if row["state"] in earlier]
    elif about.up_to is not None and thread is not None:
        rows = await tx.all(
            QUERIES.up_to_time,
            account_id=tx.account,
            connection_id=connection_id,
            thread=thread,
            up_to=about.up_to,
            below=earlier,
        )
    else:
        rows = []
    if counts is not None:
        rows = [row for row in rows if await counts(row["message_id"])]
    moved = await move(tx, now, rows, state)
    if state in states.NEEDS_PERSON:
        for row in rows:
            await record(
                tx,
                DeliveryFailed(
                    stream=row["conversation_id"], message_id=row["message_id"], delivery_id=row["id"], state=state
                ),
            )
    return moved


def below(state: str) -> list[str]:
    """The states that news of ``state`` moves on."""
    return [one for one in states.RANK if one != state and states.advance(one, state) == state]


async def move(tx: Tx, now: datetime, rows: Sequence[Row], state: str) -> int:
    """Deliveries that are held, and their messages, are that far now; returns how many."""
    if rows:
        await tx.run(
            QUERIES.move_deliveries, account_id=tx.account, ids=[row["id"] for row in rows], state=state, now=now
        )
        await set_message_states(tx, now, [row["message_id"] for row in rows], state)
        if state in states.ARRIVED:
            await answered(tx, now, [row["message_id"] for row in rows if row["state"] not in states.ARRIVED])
    return len(rows)
