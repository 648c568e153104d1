"""Housekeeping of the spine: old partitions of the log, processes that fell silent."""

from datetime import timedelta
from typing import Any

from svardesk.kit.clock import Clock
from svardesk.kit.db import Database
from svardesk.spine.queues import Sweep

KEEP_LOG = timedelta(days=90)


async def tidy(db: Database, clock: Clock) -> int:
    """Drop partitions of the log that everybody has passed and that are older than ninety days."""
    async with db.system() as tx:
        await tx.value("SELECT spine_ensure_partitions()")
        await tx.value("SELECT spine_drop_old(%(before)s)", before=clock.now() - KEEP_LOG)
    return 0


def sweeps(_: Any) -> tuple[Sweep, ...]:
    """Return the queues of this room."""
    return (Sweep("spine tidy", tidy, every=3600),)
