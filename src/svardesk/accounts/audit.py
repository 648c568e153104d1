"""The append-only audit log: who did what, when, from where. Ids and setting names only, never what people wrote."""

import base64
import binascii
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from svardesk.accounts.caller import Actor, ActorKind, Caller
from svardesk.kit.clock import Clock, SystemClock
from svardesk.kit.db import Tx
from svardesk.kit.errors import Invalid
from svardesk.kit.ids import uuid7
from svardesk.kit.jsons import encode
from svardesk.kit.sql import load

_sql = load(__package__ or "svardesk.accounts")
_clock = SystemClock()

PAGE = 50


class AuditRow(msgspec.Struct, frozen=True, kw_only=True):
    """One line. ``actor_name`` is the agent's or token's present name, None for the house itself and for visitors."""

    id: UUID
    at: datetime
    actor_kind: ActorKind
    actor_id: UUID | None
    actor_name: str | None
    action: str
    object_kind: str | None
    object_id: UUID | None
    ip: str | None
    details: dict[str, Any]


class AuditPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of the log, the latest first; ``next_cursor`` is None on the last one."""

    items: list[AuditRow]
    next_cursor: str | None


async def note(
    tx: Tx,
    by: Actor | Caller,
    action: str,
    object_kind: str | None = None,
    object_id: UUID | None = None,
    *,
    clock: Clock = _clock,
    **details: Any,
) -> None:
    """Write one line in the transaction of what it tells about: both happen or neither.

    ``action`` is ``noun_verb`` in the past (``agent_invited``); ``details`` are JSON values: ids, numbers, short words.
    """
    actor = by.actor if isinstance(by, Caller) else by
    await tx.run(
        _sql.add_audit,
        account_id=tx.account,
        id=uuid7(),
        at=clock.now(),
        actor_kind=actor.kind,
        actor_id=actor.id,
        action=action,
        object_kind=object_kind,
        object_id=object_id,
        ip=actor.ip,
        details=encode(details).decode(),
    )


async def page(tx: Tx, cursor: str | None, limit: int = PAGE) -> AuditPage:
    """Return a page below ``cursor`` (None: from the newest). Raises ``Invalid`` for a cursor that is not ours."""
    before = _read_cursor(cursor) if cursor else (None, None)
    rows = await tx.all(
        _sql.audit_page, account_id=tx.account, before_at=before[0], before_id=before[1], limit=limit + 1
    )
    items = [msgspec.convert(row, AuditRow) for row in rows[:limit]]
    return AuditPage(items=items, next_cursor=_cursor(items[-1]) if len(rows) > limit else None)


async def forget(tx: Tx, before: datetime) -> int:
    """End the retention of lines older than ``before``, which must be a year ago or more; return how many went."""
    return int(await tx.value(_sql.audit_forget, account_id=tx.account, before=before))


def _cursor(row: AuditRow) -> str:
    return base64.urlsafe_b64encode(f"{row.at.isoformat()} {row.id}".encode()).decode()


def _read_cursor(cursor: str) -> tuple[datetime, UUID]:
    try:
        at, _, row_id = base64.b64decode(cursor, altchars=b"-_", validate=True).decode("ascii").partition(" ")
        return datetime.fromisoformat(at), UUID(row_id)
    except (binascii.Error, ValueError) as error:
        raise Invalid("cursor_unknown", "This cursor is none of ours; start from the first page.") from error
