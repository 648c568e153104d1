"""Reading the log: batches of events after a position, tokens for resuming."""

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from svardesk.kit.db import Database, NoRow, Tx
from svardesk.kit.hot import HotStatement
from svardesk.kit.jsons import loads
from svardesk.kit.sql import load
from svardesk.spine.events import Recorded, decode

_sql = load(__package__ or "svardesk.spine")
_FOLLOW = HotStatement(_sql.follow)


class Token(NamedTuple):
    """A place in the log: positions are only comparable within an epoch."""

    epoch: UUID
    position: int

    def __str__(self) -> str:
        return f"{self.epoch}:{self.position}"


def parse_token(text: str | None) -> Token | None:
    """Return the token of ``<epoch>:<position>``, or None for anything else."""
    if not text or len(text) > 64:
        return None
    epoch, _, position = text.partition(":")
    if not (position.isascii() and position.isdecimal()):
        return None
    try:
        return Token(UUID(epoch), int(position))
    except ValueError:
        return None


async def head(tx: Tx) -> Token:
    """Return where the log ends now."""
    row = await tx.one(_sql.head)
    return Token(row["epoch"], row["last_position"])


async def follow(db: Database, position: int, limit: int) -> tuple[Token, list[Recorded]]:
    """Return where the log ends, and up to ``limit`` events after ``position``, in one round trip."""
    rows = await db.hot_system.all(_FOLLOW, {"position": position, "limit": limit})
    if not rows:
        raise NoRow("spine_state")
    events = [
        _recorded(
            row["position"], row["account_id"], row["stream"], row["lane"], row["type"], row["version"],
            loads(row["payload"]), row["recorded_at"],
        )
        for row in rows
        if row["position"] is not None
    ]  # fmt: skip
    return Token(rows[0]["epoch"], rows[0]["last_position"]), events


async def epochs(tx: Tx) -> list[tuple[UUID, int]]:
    """Return (epoch, first position) of all epochs, oldest first."""
    return [(row["epoch"], row["first_position"]) for row in await tx.all(_sql.epochs)]


async def after(tx: Tx, position: int, limit: int = 1000, *, up_to: int | None = None) -> list[Recorded]:
    """Return up to ``limit`` events with positions above ``position``, in order; unknown types have ``event`` None."""
    rows = await tx.tuples(_sql.after, position=position, limit=limit, up_to=up_to or 2**62)
    return [_recorded(*row) for row in rows]


async def of_account(tx: Tx, account: UUID, position: int, up_to: int, limit: int) -> list[Recorded]:
    """Return the account's events in (position, up_to], in order, at most ``limit``."""
    rows = await tx.tuples(_sql.of_account, account_id=account, position=position, up_to=up_to, limit=limit)
    return [_recorded(*row) for row in rows]


def _recorded(
    position: int, account: UUID, stream: UUID, lane: int, kind: str, version: int, payload: Any, at: datetime
) -> Recorded:
    fact = decode(kind, version, payload)
    return Recorded(position, account, stream, lane, kind, version, at, fact, payload if fact is None else None)
