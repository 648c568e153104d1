"""What a visitor reads while nobody is there: honest, short, and with the time at which we are back."""

from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from svardesk.hours.calendar import Calendar, is_open, next_opening
from svardesk.kit.i18n import fill, text
from svardesk.kit.i18n.formats import format_date, format_time

Wording = Callable[[str], str]
"""Gives the template for a key: the organisation's own wording, else the catalogue's."""


def away_text(
    calendar: Calendar, at: datetime, locale: str, *, written: bool, agents_online: bool, wording: Wording | None = None
) -> str | None:
    """The away text at an instant, or None when it is open and somebody is there.

    ``written``: the visitor has sent something already ("we have your message"), else an invitation to write.
    A time is promised only when the calendar gives one: an open desk without agents promises none.
    """
    find = wording or (lambda key: text(locale, "server", key))
    if is_open(calendar, at):
        return None if agents_online else find("away.nobody_here")
    back = next_opening(calendar, at)
    if back is None:
        return find("away.closed" if written else "away.write")
    template = find("away.closed_back" if written else "away.write_back")
    values = {
        "when": when_text(back, at, calendar.timezone, locale),
        "time": format_time(back, calendar.timezone, locale, running=True),
    }
    return fill(template, values)


def when_text(then: datetime, now: datetime, timezone: str, locale: str) -> str:
    """The day of an instant as people say it: i dag, i morgen, mandag, mandag 4. januar."""
    zone = ZoneInfo(timezone)
    day, today = then.astimezone(zone).date(), now.astimezone(zone).date()
    if day == today:
        return text(locale, "server", "when.today")
    if day == today + timedelta(days=1):
        return text(locale, "server", "when.tomorrow")
    if day < today + timedelta(days=7):
        return text(locale, "server", f"when.weekday_{day.isoweekday()}")
    return text(locale, "server", "when.on_date", date=format_date(day, locale, weekday=True, year=False))
