"""The rounds: every page is looked at every few minutes, subscribed again where it has dropped out, and caught up with."""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import structlog
from prometheus_client import Counter

from svardesk.channels.connections import NoSuchConnection, get
from svardesk.channels.contract import Connection, Health
from svardesk.channels.meta import backfill, standing, watching
from svardesk.channels.meta.alarms import SIGNATURE
from svardesk.channels.meta.client import Answered, GraphFailed
from svardesk.channels.meta.config import read_page
from svardesk.channels.meta.statements import META
from svardesk.channels.registry import NoSuchChannel, capabilities
from svardesk.kit.clock import Clock
from svardesk.kit.db import Database, Tx, passes
from svardesk.kit.keyring import KeyRing

log = structlog.get_logger()

SWEEP_NAME: Final = "meta_pages"
EVERY: Final = timedelta(minutes=5)
BATCH: Final = 20
OUTAGE: Final = timedelta(minutes=15)
"""Not looked at for so long: we were away, and things may have been told to nobody."""
OVERLAP: Final = timedelta(minutes=5)
FARTHEST: Final = timedelta(days=7)
ALARM: Final = timedelta(hours=1)
"""That a page had dropped out is shown for at least so long."""
RESUBSCRIBED: Final = Counter(
    "svardesk_meta_resubscribed_total", "Pages that had dropped out and were subscribed again."
)
TOKEN: Final = "token"  # noqa: S105 - a problem's name
UNREACHABLE: Final = watching.UNREACHABLE
SUBSCRIPTION: Final = "subscription"
DROPPED: Final = "dropped_out"


async def sweep(db: Database, clock: Clock, keyring: KeyRing) -> int:
    """Look at a batch of pages; returns how many."""
    async with db.system() as tx:
        claimed = await tx.all(META.claim_pages, now=clock.now(), every=EVERY, limit=BATCH)
    for row in claimed:
        try:
            await look_at(db, clock, keyring, row["account_id"], row["id"], row["looked_at"])
        except Exception as error:
            if passes(error):
                raise
            log.warning("meta_page_not_looked_at", connection=str(row["id"]), exc_info=error)
    return len(claimed)


async def look_at(
    db: Database, clock: Clock, keyring: KeyRing, account_id: UUID, connection_id: UUID, before: datetime | None
) -> Health | None:
    """One page: how it is, mended where we can. ``before``: when it was last looked at. None: it is out of service."""
    async with db.work(account_id) as tx:
        try:
            connection = await get(tx, connection_id, keyring)
        except NoSuchConnection:
            return None
        held = await standing.of(tx, connection_id)
    found = await watching.look(connection)
    again = False
    subscription = next((one for one in found.checks if one.name == SUBSCRIPTION), None)
    if subscription is not None and not subscription.ok:
        again = isinstance(await watching.subscribe(connection), Answered)
        if again and before is not None:
            RESUBSCRIBED.inc()
            log.warning("meta_resubscribed", connection=str(connection_id), missing=subscription.detail)
        if again:
            found = await watching.look(connection)
    now = clock.now()
    async with db.work(account_id) as tx:
        for one in await _of_page(tx, connection):
            await _write(tx, now, one, found, await standing.of(tx, one), dropped=again and before is not None)
        await _signatures(tx, now, read_page(connection).app)
    since = _since(now, before, held, again=again)
    if since is not None and found.checks[0].ok and _has_conversations(connection):
        await _catch_up(db, clock, connection, since)
    return found


def _has_conversations(connection: Connection) -> bool:
    try:
        return not capabilities(connection).public
    except NoSuchChannel:
        return False


async def _of_page(tx: Tx, connection: Connection) -> list[UUID]:
    """Both connections of a page: what is found out holds for either."""
    config = read_page(connection)
    rows = await tx.all(META.pages_of_app, account_id=tx.account, app_id=config.app) if config.app else []
    return [row["id"] for row in rows if row["page_id"] == config.page_id] or [connection.id]


async def _signatures(tx: Tx, now: datetime, app_id: UUID | None) -> None:
    """Wrong signatures that came long ago are no alarm any more."""
    if app_id is None:
        return
    last = _time((await standing.of(tx, app_id)).notes.get("bad_signature_at"))
    if last is not None and last <= now - ALARM:
        _ = await standing.found_right(tx, app_id, SIGNATURE)


async def _write(
    tx: Tx, now: datetime, connection_id: UUID, found: Health, held: standing.Standing, *, dropped: bool
) -> None:
    silent = any(one.detail == UNREACHABLE and not one.ok for one in found.checks)
    if silent and held.notes.get("unreachable_at"):
        # Silent twice in a row: one look may fall into a hiccup, or into the moment in which everything starts.
        _ = await standing.found_wrong(tx, now, connection_id, UNREACHABLE, "degraded", UNREACHABLE)
    elif silent:
        await standing.note(tx, connection_id, unreachable_at=now.isoformat())
    elif held.notes.get("unreachable_at"):
        await standing.note(tx, connection_id, unreachable_at=None)
        _ = await standing.found_right(tx, connection_id, UNREACHABLE)
    for check in found.checks:
        if not check.ok and check.detail == UNREACHABLE:
            continue  # Meta did not answer: that says nothing of what was asked
        if check.ok:
            names = (check.name, "send") if check.name == TOKEN else (check.name,)
            gone = await standing.found_right(tx, connection_id, *names)
            if gone and check.name == TOKEN:
                _ = await watching.send_what_waited(tx, now, connection_id)
        elif check.name == TOKEN and found.status == "disconnected":
            _ = await standing.found_wrong(tx, now, connection_id, TOKEN, "disconnected", TOKEN, check.detail)
        else:
            _ = await standing.found_wrong(tx, now, connection_id, check.name, "degraded", check.name, check.detail)
    if dropped:
        _ = await standing.found_wrong(tx, now, connection_id, DROPPED, "degraded", DROPPED)
        await standing.note(tx, connection_id, resubscribed_at=now.isoformat())
    elif DROPPED in held.problems and held.problems[DROPPED].since <= now - ALARM:
        _ = await standing.found_right(tx, connection_id, DROPPED)


def _since(now: datetime, before: datetime | None, held: standing.Standing, *, again: bool) -> datetime | None:
    """From when on messages may be missing; None: nothing is missing."""
    unfinished = _time(held.notes.get("backfill_since"))
    found = [unfinished] if unfinished else []
    if before is not None and (again or now - before > OUTAGE):
        heard = _time(held.notes.get("webhook_at"))
        found.append(min(before, heard or before) - OVERLAP)
    return max(min(found), now - FARTHEST) if found else None


async def _catch_up(db: Database, clock: Clock, connection: Connection, since: datetime) -> None:
    async with db.work(connection.account_id) as tx:
        await standing.note(tx, connection.id, backfill_since=since.isoformat())
    try:
        count = await backfill.fill(db, clock, connection, since)
    except GraphFailed as error:
        # The next round begins where this one began.
        log.warning("meta_backfill_broke_off", connection=str(connection.id), code=error.code)
        return
    async with db.work(connection.account_id) as tx:
        await standing.note(
            tx, connection.id, backfill_since=None, backfilled_at=clock.now().isoformat(), backfilled=count
        )


def _time(found: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(found) if isinstance(found, str) else None
    except ValueError:
        return None
