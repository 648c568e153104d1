"""The measured time to the first answer, as a promise that usually holds: 80 % were faster, rounded up."""

from collections.abc import Iterable
from datetime import datetime
from math import ceil

from svardesk.hours.calendar import Calendar, business_seconds
from svardesk.kit.i18n import text

SHARE = 0.8
FEWEST = 10
"""Fewer measured answers than this say nothing yet."""
_STEPS_MINUTES = (5, 10, 15, 30, 60)


def measured_seconds(calendar: Calendar, pairs: Iterable[tuple[datetime, datetime]]) -> float | None:
    """The opening time within which 80 % of the first answers came; None with fewer than ten of them.

    ``pairs``: when the customer wrote and when the first answer went out, both aware.
    """
    waits = sorted(business_seconds(calendar, asked, answered) for asked, answered in pairs)
    if len(waits) < FEWEST:
        return None
    return waits[ceil(SHARE * len(waits)) - 1]


def reply_time_text(seconds: float | None, locale: str) -> str | None:
    """How soon we answer (``Vi svarer vanligvis innen 15 minutter.``), rounded up to 5, 10, 15, 30, 60 minutes, whole hours, a day."""
    if seconds is None:
        return None
    minutes = seconds / 60
    for step in _STEPS_MINUTES:
        if minutes <= step:
            return text(locale, "server", "reply_time.minutes", minutes=step)
    hours = ceil(minutes / 60)
    if hours <= 8:
        return text(locale, "server", "reply_time.hours", hours=hours)
    return text(locale, "server", "reply_time.day")
