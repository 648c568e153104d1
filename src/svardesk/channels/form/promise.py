"""When somebody who filled in a form will hear from us: what is known of it, never more."""

import time
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from svardesk.accounts.texts import CHANGEABLE, wordings
from svardesk.channels.contract import Connection
from svardesk.channels.form.config import KIND
from svardesk.hours.away import away_text
from svardesk.hours.response import measured_seconds, reply_time_text
from svardesk.hours.service import get_calendar
from svardesk.kit.db import Tx
from svardesk.kit.sql import load

QUERIES: Final = load("svardesk.channels.form")
WINDOW: Final = timedelta(days=30)
REMEMBER_SECONDS: Final = 600.0
_measured: dict[UUID, tuple[float, float | None]] = {}


async def told(tx: Tx, at: datetime, form: Connection, locale: str) -> str | None:
    """What to say to somebody who wrote at ``at``: when we are back while closed, else how soon we usually answer.

    None while it is open and fewer than ten answers have been measured.
    """
    calendar = await get_calendar(tx, form.calendar_id)
    wording = await wordings(tx, CHANGEABLE, locale, form.brand_id)
    # Whether an agent has a window open says nothing to somebody who is answered by mail: only the hours count.
    closed = away_text(calendar, at, locale, written=True, agents_online=True, wording=wording)
    if closed is not None:
        return closed
    held = _measured.get(form.id)
    if held is None or held[0] < time.monotonic():
        rows = await tx.all(QUERIES.first_answers, account_id=tx.account, channel=KIND, since=at - WINDOW)
        pairs = ((row["created_at"], row["first_answered_at"]) for row in rows)
        held = (time.monotonic() + REMEMBER_SECONDS, measured_seconds(calendar, pairs))
        if len(_measured) > 1000:
            _measured.clear()
        _measured[form.id] = held
    return reply_time_text(held[1], locale)


def forget() -> None:
    """Measure anew at the next question (tests)."""
    _measured.clear()
