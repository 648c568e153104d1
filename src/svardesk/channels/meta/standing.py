"""How a connection is: what is wrong with it, each thing by its name, and the status that follows from all of them.

Whoever finds a fault names it; whoever finds it gone takes only that one away. So a message that goes out does not hide that
the page hears nothing any more.
"""

from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

import msgspec
from psycopg.types.json import Jsonb

from svardesk.channels.events import ConnectionChanged
from svardesk.channels.meta.statements import META
from svardesk.kit.db import Tx
from svardesk.spine import record

Bad = Literal["degraded", "disconnected", "paused"]
RANK: Final = {"ok": 0, "degraded": 1, "disconnected": 2, "paused": 3}
HELD: Final = frozenset({"disconnected", "paused"})
"""With such a status nothing is sent: it waits until somebody has looked."""


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong. ``code`` names it for texts, ``detail`` is for administrators, without what people wrote."""

    status: Bad
    code: str
    since: datetime
    detail: str = ""


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """Status, problems by name, and what else was noted."""

    status: str
    problems: dict[str, Problem]
    notes: dict[str, Any]


def read_standing(status: str, health: dict[str, Any]) -> Standing:
    """A row's status and health."""
    found = msgspec.convert(health.get("problems") or {}, dict[str, Problem])
    return Standing(status=status, problems=found, notes={k: v for k, v in health.items() if k != "problems"})


async def of(tx: Tx, connection_id: UUID) -> Standing:
    """How a connection is; one that is gone is as well as can be."""
    row = await tx.maybe(META.standing, account_id=tx.account, id=connection_id)
    return read_standing(row["status"], row["health"]) if row else Standing(status="ok", problems={}, notes={})


async def found_wrong(
    tx: Tx, now: datetime, connection_id: UUID, name: str, status: Bad, code: str, detail: str = ""
) -> bool:
    """Something is wrong. Since when stays what it was. Returns whether it is news."""
    held = (await of(tx, connection_id)).problems.get(name)
    if held is not None and (held.status, held.code) == (status, code):
        return False
    problem = Problem(status=status, code=code, since=now, detail=detail[:300])
    return await _change(tx, connection_id, {name: problem})


async def found_right(tx: Tx, connection_id: UUID, *names: str) -> bool:
    """These are right again (or always were). Returns whether it is news."""
    held = await of(tx, connection_id)
    gone = [name for name in names if name in held.problems]
    if not gone:
        return False
    return await _change(tx, connection_id, dict.fromkeys(gone))


async def note(tx: Tx, connection_id: UUID, **notes: Any) -> None:
    """Write down something beside: when it was looked at, what was counted. None takes it away."""
    await _change(tx, connection_id, {}, notes)


async def _change(
    tx: Tx, connection_id: UUID, problems: dict[str, Problem | None], notes: dict[str, Any] | None = None
) -> bool:
    row = await tx.maybe(META.hold_standing, account_id=tx.account, id=connection_id)
    if row is None:
        return False
    held = read_standing(row["status"], row["health"])
    now = {name: one for name, one in (held.problems | problems).items() if one is not None}
    status = max((one.status for one in now.values()), key=RANK.__getitem__, default="ok")
    kept = {name: value for name, value in (held.notes | (notes or {})).items() if value is not None}
    health = kept | ({"problems": msgspec.to_builtins(now)} if now else {})
    await tx.run(META.write_standing, account_id=tx.account, id=connection_id, status=status, health=Jsonb(health))
    if problems:
        await record(tx, ConnectionChanged(stream=connection_id, version=row["version"]))
    return bool(problems)
