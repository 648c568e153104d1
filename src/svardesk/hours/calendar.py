"""Opening hours: pure functions over a calendar. Hours are written in local wall time and counted in UTC.

A calendar says per ISO weekday when it is open ("1" = Monday), closes on the public holidays of its country, and has
exceptions per date that beat both. Intervals are turned into UTC instants day by day, so that a day on which the clock
jumps is as long as it is: 23 or 25 hours when open around the clock.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

from svardesk.hours.errors import BadCalendar

Interval = tuple[int, int]
"""Minutes after local midnight, from and to; 1440 = midnight at the end of the day."""
COUNTRIES = ("NO", "DK", "SE", "FI")
DAY_MINUTES = 24 * 60
SEARCH_DAYS = 400
"""How far ahead an opening is looked for: longer than any holiday, shorter than for ever."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """Opening hours of a team, a widget or the whole organisation.

    ``weekly``: seven entries, Monday first. ``country``: ISO code whose public holidays are closed; empty = none are.
    ``exceptions``: dates that differ; an empty tuple = closed all day.
    """

    timezone: str
    country: str
    weekly: tuple[tuple[Interval, ...], ...]
    exceptions: Mapping[date, tuple[Interval, ...]] = field(default_factory=dict[date, tuple[Interval, ...]])

    def on(self, day: date) -> tuple[Interval, ...]:
        """The opening intervals of a local date, in minutes of its wall clock."""
        if day in self.exceptions:
            return self.exceptions[day]
        if self.country and is_holiday(self.country, day):
            return ()
        return self.weekly[day.isoweekday() - 1]


def is_open(calendar: Calendar, at: datetime) -> bool:
    """Whether the calendar is open at an instant. Opening belongs to the interval, closing does not."""
    return any(start <= at < end for start, end in _spans(calendar, at, 1))


def next_opening(calendar: Calendar, at: datetime) -> datetime | None:
    """The first instant from ``at`` on at which it is open (``at`` itself when it is); None = not within 400 days."""
    for start, end in _spans(calendar, at, SEARCH_DAYS):
        if end > at:
            return max(start, at)
    return None


def next_change(calendar: Calendar, at: datetime) -> datetime | None:
    """The next instant after ``at`` at which it opens or closes; None = never within 400 days."""
    for start, end in joined(_spans(calendar, at, SEARCH_DAYS)):
        if start > at:
            return start
        if end > at:
            return end
    return None


def business_seconds(calendar: Calendar, start: datetime, end: datetime) -> float:
    """Seconds of opening time between two instants; 0 when ``end`` is not after ``start``."""
    if end <= start:
        return 0.0
    days = (end - start).days + 2
    total = 0.0
    for opened, closed in _spans(calendar, start, days):
        low, high = max(opened, start), min(closed, end)
        if high > low:
            total += (high - low).total_seconds()
    return total


def joined(spans: Iterator[tuple[datetime, datetime]]) -> Iterator[tuple[datetime, datetime]]:
    """Spans with those that touch put together: open around the clock has no closing at midnight."""
    current: tuple[datetime, datetime] | None = None
    for start, end in spans:
        if current is None:
            current = (start, end)
        elif start <= current[1]:
            current = (current[0], max(current[1], end))
        else:
            yield current
            current = (start, end)
    if current is not None:
        yield current


def _spans(calendar: Calendar, at: datetime, days: int) -> Iterator[tuple[datetime, datetime]]:
    """Opening spans in UTC, ascending, from the local day before ``at`` for ``days`` days after it."""
    zone = ZoneInfo(calendar.timezone)
    first = at.astimezone(zone).date() - timedelta(days=1)
    for offset in range(days + 2):
        day = first + timedelta(days=offset)
        for start, end in calendar.on(day):
            low, high = to_utc(day, start, zone), to_utc(day, end, zone)
            if high > low:
                yield low, high


def to_utc(day: date, minutes: int, zone: ZoneInfo) -> datetime:
    """The instant at which a local wall clock shows a time; never goes back as the minutes go on.

    In spring a time that the clock skips means the moment of the jump; in autumn a time that comes twice means the
    first.
    """
    if minutes == DAY_MINUTES:
        day, minutes = day + timedelta(days=1), 0
    wall = datetime.combine(day, time(minutes // 60, minutes % 60), zone)
    instant = wall.astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) == wall.replace(tzinfo=None):
        return instant
    # The wall time does not exist. The jump lies between the readings by the offset after and before it.
    low, high = wall.replace(fold=1).astimezone(UTC), instant
    before = low.astimezone(zone).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) / 2
        if middle.astimezone(zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high.replace(microsecond=0)


@cache
def _country(country: str) -> type:
    import holidays  # a quarter of a second: only who asks for a holiday pays for it

    return getattr(holidays, country)


@lru_cache(maxsize=64)
def _holidays(country: str, year: int) -> frozenset[date]:
    return frozenset(_country(country)(years=year))


def is_holiday(country: str, day: date) -> bool:
    """Whether a date is a public holiday of NO, DK, SE or FI."""
    return day in _holidays(country, day.year)


def parse(
    timezone: str,
    country: str,
    weekly: Mapping[str, Sequence[Sequence[str]]],
    exceptions: Mapping[str, Sequence[Sequence[str]]],
) -> Calendar:
    """A calendar from its stored form: ``{"1": [["08:00", "16:00"]], …}`` and ``{"2026-12-24": []}``.

    Raises BadCalendar with a sentence that names the day.
    """
    try:
        ZoneInfo(timezone)
    except (KeyError, ValueError, OSError) as error:
        raise BadCalendar(f"{timezone!r} is no time zone; write one such as Europe/Oslo.") from error
    if country and country not in COUNTRIES:
        raise BadCalendar(f"Holidays are known for {', '.join(COUNTRIES)}; leave the country empty for none.")
    if unknown := sorted(set(weekly) - set("1234567")):
        raise BadCalendar(f"{unknown[0]!r} is no weekday; write 1 for Monday to 7 for Sunday.")
    days = tuple(_intervals(f"weekday {number}", weekly.get(str(number), ())) for number in range(1, 8))
    dates: dict[date, tuple[Interval, ...]] = {}
    for text, intervals in exceptions.items():
        try:
            day = date.fromisoformat(text)
        except ValueError as error:
            raise BadCalendar(f"{text!r} is no date; write it as 2026-12-24.") from error
        dates[day] = _intervals(text, intervals)
    return Calendar(timezone, country, days, dates)


def _intervals(where: str, listed: Sequence[Sequence[str]]) -> tuple[Interval, ...]:
    found: list[Interval] = []
    for pair in listed:
        if len(pair) != 2:
            raise BadCalendar(f"{where}: an interval has a beginning and an end.")
        start, end = _minutes(where, pair[0]), _minutes(where, pair[1])
        if start >= end:
            raise BadCalendar(f"{where}: {pair[0]} is not before {pair[1]}; a night is written as two days, to 24:00.")
        found.append((start, end))
    found.sort()
    for (_, end), (start, _) in pairwise(found):
        if start < end:
            raise BadCalendar(f"{where}: two intervals overlap.")
    return tuple(found)


def _minutes(where: str, text: str) -> int:
    hour, colon, minute = text.partition(":")
    if colon and len(text) == 5 and hour.isascii() and hour.isdigit() and minute.isascii() and minute.isdigit():
        value = int(hour) * 60 + int(minute)
        if int(minute) < 60 and value <= DAY_MINUTES:
            return value
    raise BadCalendar(f"{where}: {text!r} is no time of day; write it as 08:00, midnight at the end as 24:00.")
