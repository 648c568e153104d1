"""Wrong signatures: counted at once, told to the administrators about once a minute."""

import time
from datetime import datetime
from typing import Final
from uuid import UUID

import structlog
from prometheus_client import Counter

from svardesk.channels.contract import Connection
from svardesk.channels.meta import standing
from svardesk.kit.db import Database

log = structlog.get_logger()

TELL_SECONDS: Final = 60.0
SIGNATURE: Final = "signature"
"""The problem's name."""
REFUSED: Final = Counter("svardesk_meta_bad_signatures_total", "Bodies at the webhook of Meta with a wrong signature.")


class Alarms:
    """One of them serves a process."""

    def __init__(self) -> None:
        self._counted: dict[UUID, int] = {}
        self._told: dict[UUID, float] = {}

    def forget(self) -> None:
        """Begin anew (tests)."""
        self._counted.clear()
        self._told.clear()

    async def bad_signature(self, db: Database, app: Connection, now: datetime) -> None:
        """Somebody sent a body that none of the app's secrets signed: a stranger, or the secret was changed at Meta."""
        REFUSED.inc()
        self._counted[app.id] = self._counted.get(app.id, 0) + 1
        if self._told.get(app.id, 0.0) > time.monotonic():
            return
        self._told[app.id] = time.monotonic() + TELL_SECONDS
        count = self._counted.pop(app.id)
        log.warning("meta_bad_signature", connection=str(app.id), count=count)
        async with db.work(app.account_id) as tx:
            held = await standing.of(tx, app.id)
            total = int(held.notes.get("bad_signatures") or 0) + count
            await standing.note(tx, app.id, bad_signatures=total, bad_signature_at=now.isoformat())
            _ = await standing.found_wrong(tx, now, app.id, SIGNATURE, "degraded", "bad_signature")


ALARMS: Final = Alarms()
