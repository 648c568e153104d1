"""Opening hours: wall time to UTC, holidays, exceptions, clock changes; counted by hand and against a slow twin."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from svardesk.hours.calendar import (
    Calendar,
    business_seconds,
    is_holiday,
    is_open,
    next_change,
    next_opening,
    parse,
    to_utc,
)
from svardesk.hours.errors import BadCalendar

OSLO = ZoneInfo("Europe/Oslo")
WEEK = {str(day): [["08:00", "16:00"]] for day in range(1, 6)}
ALWAYS = {str(day): [["00:00", "24:00"]] for day in range(1, 8)}


def local(text: str, zone: ZoneInfo = OSLO) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


def test_an_ordinary_week() -> None:
    calendar = parse("Europe/Oslo", "NO", WEEK, {})
    assert is_open(calendar, local("2026-11-23T08:00"))
    assert not is_open(calendar, local("2026-11-23T16:00"))
    assert next_opening(calendar, local("2026-11-20T16:00")) == local("2026-11-23T08:00")
    assert next_opening(calendar, local("2026-11-23T09:30")) == local("2026-11-23T09:30")
    assert next_change(calendar, local("2026-11-23T09:30")) == local("2026-11-23T16:00")
    # Friday 15:00 to Monday 09:00 is two hours of opening time.
    assert business_seconds(calendar, local("2026-11-20T15:00"), local("2026-11-23T09:00")) == 2 * 3600


@pytest.mark.parametrize(
    ("country", "day"),
    [
        ("NO", "2026-05-17"),
        ("NO", "2026-04-02"),
        ("DK", "2026-05-14"),
        ("SE", "2026-06-06"),
        ("FI", "2026-12-06"),
        ("FI", "2026-12-24"),
    ],
)
def test_public_holidays_are_closed(country: str, day: str) -> None:
    assert is_holiday(country, date.fromisoformat(day))
    calendar = parse("Europe/Oslo", country, ALWAYS, {})
    assert not is_open(calendar, local(f"{day}T12:00"))


def test_countries_differ_and_none_is_possible() -> None:
    assert not is_holiday("DK", date(2026, 5, 17)) or date(2026, 5, 17).isoweekday() == 7
    assert not is_holiday("SE", date(2026, 5, 25)), "the Swedes work on Whit Monday"
    assert is_open(parse("Europe/Oslo", "", ALWAYS, {}), local("2026-12-25T12:00"))


def test_exceptions_beat_weekdays_and_holidays() -> None:
    calendar = parse("Europe/Oslo", "NO", WEEK, {"2026-12-24": [], "2026-12-25": [["10:00", "12:00"]]})
    assert next_opening(calendar, local("2026-12-24T09:00")) == local("2026-12-25T10:00")
    assert next_opening(calendar, local("2026-12-25T12:00")) == local("2026-12-28T08:00")


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-10-26", 24)])
def test_a_day_around_the_clock_is_as_long_as_it_is(day: str, hours: int) -> None:
    calendar = parse("Europe/Oslo", "", ALWAYS, {})
    start = date.fromisoformat(day)
    assert business_seconds(calendar, to_utc(start, 0, OSLO), to_utc(start, 1440, OSLO)) == hours * 3600


def test_spring_the_skipped_hour_has_no_time() -> None:
    # 29 March 2026, 02:00 becomes 03:00 in Oslo: 02:30 means the jump itself, 01:00 UTC.
    assert to_utc(date(2026, 3, 29), 150, OSLO) == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)
    calendar = parse("Europe/Oslo", "", {"7": [["00:00", "02:30"], ["03:00", "04:00"]]}, {})
    assert business_seconds(calendar, local("2026-03-28T12:00"), local("2026-03-29T12:00")) == 3 * 3600


def test_autumn_a_time_that_comes_twice_means_the_first() -> None:
    calendar = parse("Europe/Oslo", "", {"7": [["02:00", "03:00"]]}, {})
    assert business_seconds(calendar, local("2026-10-24T12:00"), local("2026-10-25T12:00")) == 2 * 3600
    assert to_utc(date(2026, 10, 25), 150, OSLO) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_a_calendar_that_never_opens() -> None:
    calendar = parse("Europe/Helsinki", "FI", {}, {})
    assert next_opening(calendar, local("2026-01-01T00:00")) is None
    assert next_change(calendar, local("2026-01-01T00:00")) is None


def test_open_around_the_clock_does_not_close_at_midnight() -> None:
    calendar = parse("Europe/Oslo", "NO", ALWAYS, {})
    assert next_change(calendar, local("2026-11-23T12:00")) == local("2026-12-25T00:00")


@pytest.mark.parametrize(
    ("weekly", "exceptions", "part"),
    [
        ({"8": []}, {}, "weekday"),
        ({"1": [["8:00", "16:00"]]}, {}, "time of day"),
        ({"1": [["16:00", "08:00"]]}, {}, "not before"),
        ({"1": [["08:00", "24:01"]]}, {}, "time of day"),
        ({"1": [["08:00", "12:00"], ["11:00", "16:00"]]}, {}, "overlap"),
        ({}, {"24.12.2026": []}, "no date"),
        ({"1": [["08:00"]]}, {}, "beginning and an end"),
        ({"1": [["0٨:00", "16:00"]]}, {}, "time of day"),
    ],
)
def test_what_cannot_be_understood_is_said(weekly: dict, exceptions: dict, part: str) -> None:
    with pytest.raises(BadCalendar, match=part):
        parse("Europe/Oslo", "NO", weekly, exceptions)


@pytest.mark.parametrize(
    ("zone", "country"), [("Mars/Base", "NO"), ("Europe/Oslo", "DE"), ("../etc/passwd", ""), ("", "")]
)
def test_unknown_zone_or_country(zone: str, country: str) -> None:
    with pytest.raises(BadCalendar):
        parse(zone, country, WEEK, {})


_times = st.lists(st.integers(0, 96), max_size=6, unique=True).map(sorted)
_day = _times.map(lambda marks: tuple((a * 15, b * 15) for a, b in zip(marks[::2], marks[1::2], strict=False)))
_zones = st.sampled_from(
    ["Europe/Oslo", "Europe/Helsinki", "Atlantic/Azores", "Australia/Lord_Howe", "America/St_Johns"]
)
calendars = st.builds(
    Calendar,
    timezone=_zones,
    country=st.sampled_from(["", "NO", "FI"]),
    weekly=st.tuples(*([_day] * 7)),
    exceptions=st.dictionaries(st.dates(date(2026, 3, 20), date(2026, 4, 10)), _day, max_size=3),
)
# Around the clock changes of both hemispheres, where mistakes live.
instants = st.one_of(
    st.integers(0, 30 * 86400).map(lambda s: datetime(2026, 3, 20, tzinfo=UTC) + timedelta(seconds=s)),
    st.integers(0, 20 * 86400).map(lambda s: datetime(2026, 10, 15, tzinfo=UTC) + timedelta(seconds=s)),
)


@given(calendars, instants, instants, instants)
@settings(max_examples=150, deadline=None)
def test_opening_time_adds_up(calendar: Calendar, a: datetime, b: datetime, c: datetime) -> None:
    a, b, c = sorted((a, b, c))
    whole = business_seconds(calendar, a, c)
    assert whole == pytest.approx(business_seconds(calendar, a, b) + business_seconds(calendar, b, c))
    assert 0 <= whole <= (c - a).total_seconds()
    assert business_seconds(calendar, c, a) == 0


@given(calendars, instants)
@settings(max_examples=150, deadline=None)
def test_next_opening_is_open_and_nothing_before_it_is(calendar: Calendar, at: datetime) -> None:
    found = next_opening(calendar, at)
    if found is None:
        assert business_seconds(calendar, at, at + timedelta(days=300)) == 0
        return
    assert found >= at
    assert is_open(calendar, found)
    assert business_seconds(calendar, at, found) == 0
    change = next_change(calendar, at)
    assert change is not None
    assert change > at
    assert is_open(calendar, change) != is_open(calendar, change - timedelta(microseconds=1))


@given(calendars, instants)
@settings(max_examples=60, deadline=None)
def test_a_minute_is_open_when_its_wall_clock_says_so(calendar: Calendar, at: datetime) -> None:
    """A slow twin: walk a day in steps of five minutes; away from jumps the wall clock alone decides."""
    zone = ZoneInfo(calendar.timezone)
    for step in range(0, 24 * 60, 35):
        moment = at + timedelta(minutes=step)
        wall = moment.astimezone(zone)
        if wall.utcoffset() != (moment - timedelta(hours=3)).astimezone(zone).utcoffset():
            continue
        if wall.utcoffset() != (moment + timedelta(hours=3)).astimezone(zone).utcoffset():
            continue
        minute = wall.hour * 60 + wall.minute
        assert is_open(calendar, moment) == any(low <= minute < high for low, high in calendar.on(wall.date()))


@given(st.dates(date(2026, 1, 1), date(2026, 12, 31)), _zones)
@settings(max_examples=60, deadline=None)
def test_wall_time_never_goes_back(day: date, zone: str) -> None:
    instants_of_day = [to_utc(day, minute, ZoneInfo(zone)) for minute in range(0, 1441, 15)]
    assert instants_of_day == sorted(instants_of_day)
