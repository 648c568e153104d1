"""Away texts and reply times in six languages."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from svardesk.hours.away import away_text
from svardesk.hours.calendar import parse
from svardesk.hours.response import measured_seconds, reply_time_text

CALENDAR = parse("Europe/Oslo", "NO", {str(day): [["08:00", "16:00"]] for day in range(1, 6)}, {})


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Oslo")).astimezone(UTC)


SATURDAY = at("2026-11-21T12:00")


@pytest.mark.parametrize(
    ("locale", "expected"),
    [
        ("nb", "Vi har stengt nå, men har fått meldingen din. Vi er tilbake mandag kl. 08:00."),
        ("nn", "Vi har stengt no, men har fått meldinga di. Vi er tilbake måndag kl. 08:00."),
        ("da", "Vi har lukket nu, men har fået din besked. Vi er tilbage mandag kl. 8.00."),
        ("sv", "Vi har stängt nu men har fått ditt meddelande. Vi är tillbaka på måndag kl. 8.00."),
        ("fi", "Olemme nyt kiinni, mutta viestisi on perillä. Palaamme maanantaina klo 8.00."),
        ("en", "We are closed now, but we have your message. We are back on Monday at 08:00."),
    ],
)
def test_closed_on_saturday(locale: str, expected: str) -> None:
    assert away_text(CALENDAR, SATURDAY, locale, written=True, agents_online=False) == expected


@pytest.mark.parametrize(
    ("when", "part"),
    [
        ("2026-11-23T06:00", "tilbake i dag kl. 08:00"),
        ("2026-11-23T17:00", "tilbake i morgen kl. 08:00"),
        ("2026-03-31T17:00", "tilbake i morgen kl. 08:00"),
        ("2026-04-01T17:00", "tilbake tirsdag kl. 08:00"),
    ],
)
def test_the_day_is_said_as_people_say_it(when: str, part: str) -> None:
    assert part in str(away_text(CALENDAR, at(when), "nb", written=False, agents_online=False))


def test_far_away_comes_with_its_date() -> None:
    calendar = parse("Europe/Oslo", "NO", {"1": [["09:00", "12:00"]]}, {"2026-11-30": []})
    found = away_text(calendar, at("2026-11-23T13:00"), "nb", written=True, agents_online=True)
    assert found == "Vi har stengt nå, men har fått meldingen din. Vi er tilbake mandag 7. desember kl. 09:00."


def test_open_and_somebody_there_says_nothing_and_open_without_agents_promises_no_time() -> None:
    monday = at("2026-11-23T10:00")
    assert away_text(CALENDAR, monday, "nb", written=False, agents_online=True) is None
    text = away_text(CALENDAR, monday, "nb", written=False, agents_online=False)
    assert text == "Ingen av oss er ved skjermen akkurat nå. Skriv gjerne, så svarer vi så snart vi kan."


def test_never_open_promises_no_time() -> None:
    text = away_text(parse("Europe/Oslo", "", {}, {}), SATURDAY, "fi", written=True, agents_online=False)
    assert text == "Olemme nyt kiinni, mutta viestisi on perillä. Vastaamme heti, kun palaamme."


def test_the_organisations_own_wording_wins() -> None:
    text = away_text(
        CALENDAR, SATURDAY, "nb", written=True, agents_online=False, wording=lambda key: f"{key}: {{when}} {{time}}!"
    )
    assert text == "away.closed_back: mandag 08:00!"


def test_reply_time_is_what_four_of_five_got_rounded_up() -> None:
    start = at("2026-11-23T09:00")
    pairs = [(start, start + timedelta(minutes=minutes)) for minutes in range(1, 11)]
    assert measured_seconds(CALENDAR, pairs) == 8 * 60
    assert measured_seconds(CALENDAR, pairs[:9]) is None
    assert reply_time_text(8 * 60, "nb") == "Vi svarer vanligvis innen 10 minutter."
    assert reply_time_text(61 * 60, "sv") == "Vi svarar oftast inom 2 timmar."
    assert reply_time_text(3 * 86400, "fi") == "Vastaamme yleensä vuorokaudessa."
    assert reply_time_text(None, "nb") is None
    # Written on Friday 15:58, answered on Monday 08:03: five minutes of opening time.
    weekend = [(at("2026-11-20T15:58"), at("2026-11-23T08:03"))] * 10
    assert reply_time_text(measured_seconds(CALENDAR, weekend), "nb") == "Vi svarer vanligvis innen 5 minutter."
