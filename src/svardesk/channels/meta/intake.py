"""The webhook's way into the database: what came in is kept, together with what else came in that moment, in one commit.

While one commit is under way, everybody else who comes waits for the next one: at hundreds of requests a second one commit
carries many, and a quiet desk commits at once.
"""

import asyncio
import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from prometheus_client import Counter
from psycopg.types.json import Jsonb

from svardesk.channels.connections import QUERIES
from svardesk.channels.contract import Connection
from svardesk.channels.ingress import SWEEP_NAME
from svardesk.channels.meta.config import UNKNOWN_PAGE
from svardesk.channels.meta.splitting import NotMetas, split
from svardesk.channels.meta.statements import META
from svardesk.kit.db import Database
from svardesk.kit.ids import uuid7
from svardesk.spine.wakeups import SWEEP

REMEMBER: Final = 1000
NOTE_SECONDS: Final = 60.0
"""That something came in for a page is noted so often."""
TOGETHER: Final = 200
"""Requests of one organisation in one commit."""

STRAY: Final = Counter("svardesk_meta_stray_total", "Bodies at the webhook of Meta that belong to no connected page.")


def envelopes_of(
    app: Connection, pages: Mapping[tuple[str, str], UUID], body: bytes, now: datetime
) -> list[dict[str, Any]]:
    """The rows that a body becomes: one a page and channel; what belongs nowhere is kept with the app itself."""
    try:
        shares = split(body)
    except NotMetas:
        STRAY.inc()
        return [_row(app.account_id, app.id, body, now, {})]
    rows: list[dict[str, Any]] = []
    for share in shares:
        connection_id = pages.get((share.page_id, share.kind))
        if connection_id is not None:
            rows.append(_row(app.account_id, connection_id, share.body, now, {}))
        else:
            STRAY.inc()
            rows.append(_row(app.account_id, app.id, share.body, now, {UNKNOWN_PAGE: share.page_id[:64]}))
    return rows


def _row(account_id: UUID, connection_id: UUID, body: bytes, now: datetime, headers: dict[str, str]) -> dict[str, Any]:
    return {
        "account_id": account_id,
        "id": uuid7(),
        "connection_id": connection_id,
        "received_at": now,
        "sha256": hashlib.sha256(body).digest(),
        "raw": body,
        "headers": Jsonb(headers),
    }


@dataclass(slots=True)
class _Waiting:
    rows: Sequence[dict[str, Any]]
    kept: "asyncio.Future[None]"


class Intake:
    """Keeps envelopes. One of them serves a process."""

    def __init__(self) -> None:
        self._waiting: dict[UUID, list[_Waiting]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._noted: dict[UUID, float] = {}

    async def keep(self, db: Database, account_id: UUID, rows: Sequence[dict[str, Any]], now: datetime) -> None:
        """Return when the rows are durable; raises what the database refuses."""
        one = _Waiting(rows, asyncio.get_running_loop().create_future())
        queue = self._waiting.get(account_id)
        if queue is not None:
            queue.append(one)
        else:
            self._waiting[account_id] = [one]
            task = asyncio.create_task(self._drain(db, account_id, now), name="meta intake")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        await one.kept

    async def _drain(self, db: Database, account_id: UUID, now: datetime) -> None:
        queue = self._waiting[account_id]
        try:
            while queue:
                batch, queue[:] = queue[:TOGETHER], queue[TOGETHER:]
                await self._commit(db, account_id, batch, now)
        finally:
            del self._waiting[account_id]
            for one in queue:
                if not one.kept.done():
                    one.kept.cancel()

    async def _commit(self, db: Database, account_id: UUID, batch: Sequence[_Waiting], now: datetime) -> None:
        rows = [row for one in batch for row in one.rows]
        noted = self._to_note({row["connection_id"] for row in rows})
        try:
            async with db.work(account_id) as tx:
                await tx.many(QUERIES.store_envelope, rows)
                if noted:
                    await tx.run(META.webhook_came, account_id=tx.account, ids=sorted(noted), now=now)
                tx.notify(SWEEP, SWEEP_NAME)
        except Exception as error:  # noqa: BLE001 - told to everybody who waits for it
            for connection_id in noted:
                self._noted.pop(connection_id, None)
            for one in batch:
                if not one.kept.done():
                    one.kept.set_exception(error)
            return
        for one in batch:
            if not one.kept.done():
                one.kept.set_result(None)

    def _to_note(self, connections: set[UUID]) -> list[UUID]:
        now = time.monotonic()
        due = [one for one in connections if self._noted.get(one, 0.0) <= now]
        if len(self._noted) > REMEMBER:
            self._noted.clear()
        self._noted.update(dict.fromkeys(due, now + NOTE_SECONDS))
        return due


INTAKE: Final = Intake()
