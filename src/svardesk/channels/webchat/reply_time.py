"""How soon we usually answer in this widget: measured over the last thirty days, never promised by hand."""

import time
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from svardesk.channels.webchat.visitors import Visitor
from svardesk.hours.response import measured_seconds, reply_time_text
from svardesk.hours.service import get_calendar
from svardesk.kit.db import Tx
from svardesk.kit.sql import load

_sql: Final = load("svardesk.channels.webchat", "reply_time.sql")
WINDOW: Final = timedelta(days=30)
REMEMBER_SECONDS: Final = 600.0
_measured: dict[UUID, tuple[float, float | None]] = {}


async def told(tx: Tx, now: datetime, visitor: Visitor) -> str | None:
    """What to say about it in the visitor's language; None while fewer than ten answers have been measured."""
    held = _measured.get(visitor.connection_id)
    if held is None or held[0] < time.monotonic():
        rows = await tx.all(
            _sql.first_answers, account_id=tx.account, connection_id=visitor.connection_id, since=now - WINDOW
        )
        calendar = await get_calendar(tx, visitor.calendar_id)
        pairs = ((row["created_at"], row["first_answered_at"]) for row in rows)
        held = (time.monotonic() + REMEMBER_SECONDS, measured_seconds(calendar, pairs))
        if len(_measured) > 1000:
            _measured.clear()
        _measured[visitor.connection_id] = held
    return reply_time_text(held[1], visitor.locale)


def forget() -> None:
    """Measure anew at the next question (tests)."""
    _measured.clear()
