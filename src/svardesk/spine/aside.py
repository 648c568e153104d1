"""What was set aside because its reaction kept failing: for an operator to see and to try once more."""

from datetime import datetime
from uuid import UUID

import msgspec

from svardesk.kit.db import Tx
from svardesk.kit.sql import load

_sql = load(__package__ or "svardesk.spine")


class Aside(msgspec.Struct, frozen=True):
    """One reaction to one event that is still to be done. ``retry_at`` None: only an operator tries again.

    ``error`` is class and place, never what a person wrote. ``attempts`` counts the tries so far.
    """

    id: UUID
    position: int
    account_id: UUID
    reaction: str
    type: str
    attempts: int
    error: str
    set_aside_at: datetime
    retry_at: datetime | None


async def open_ones(tx: Tx) -> list[Aside]:
    """Return what lies aside, oldest first, at most 500. ``tx`` is a system transaction."""
    return [Aside(**row) for row in await tx.all(_sql.open_set_aside)]


async def replay(tx: Tx, now: datetime, one: UUID | None = None) -> int:
    """Have a worker try everything that lies aside again, or ``one`` of it; returns how many there are."""
    return await tx.run(_sql.replay_set_aside, now=now, id=one)
