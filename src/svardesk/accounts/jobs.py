"""Housekeeping of the accounts room: counters that lock nothing any more, leases of processes that are gone."""

from typing import Any

from svardesk.accounts import presence, throttle
from svardesk.kit.clock import Clock
from svardesk.kit.db import Database
from svardesk.spine.queues import Sweep


async def tidy(db: Database, clock: Clock) -> int:
    """Delete old throttles and leases."""
    now = clock.now()
    await throttle.sweep(db, now)
    await presence.sweep(db, now)
    return 0


def sweeps(_: Any) -> tuple[Sweep, ...]:
    """Return the queues of this room."""
    return (Sweep("accounts tidy", tidy, every=60),)
