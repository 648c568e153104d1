"""Calendars of an organisation: reading, changing, and whether somebody can be expected to be there."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from svardesk.accounts.texts import CHANGEABLE, wordings
from svardesk.hours.away import away_text
from svardesk.hours.calendar import Calendar, is_open, next_change, next_opening, parse
from svardesk.hours.errors import NoSuchCalendar
from svardesk.hours.events import CalendarChanged
from svardesk.kit import sql
from svardesk.kit.db import Row, Tx
from svardesk.kit.ids import uuid7
from svardesk.spine import record

QUERIES = sql.load("svardesk.hours")
STANDARD_WEEK: dict[str, list[list[str]]] = {str(day): [["08:00", "16:00"]] for day in range(1, 6)}
_HOME = {"nb": "NO", "nn": "NO", "da": "DK", "sv": "SE", "fi": "FI"}


@dataclass(frozen=True, slots=True)
class Hours:
    """Open or not at an instant; ``opens_at`` when closed; ``changes_at`` the next opening or closing."""

    calendar: Calendar
    open: bool
    opens_at: datetime | None
    changes_at: datetime | None


def calendar_of(row: Row) -> Calendar:
    """The pure calendar of a stored row."""
    return parse(row["timezone"], row["country"], row["weekly"], row["exceptions"])


async def ensure_default(tx: Tx, now: datetime, *, timezone: str, locale: str, name: str = "") -> None:
    """Give an organisation its default calendar, Monday to Friday 08:00 to 16:00, unless it has one."""
    await tx.run(
        QUERIES.insert_calendar,
        account_id=tx.account,
        id=uuid7(),
        name=name or "Standard",
        timezone=timezone,
        country=_HOME.get(locale, ""),
        weekly=Jsonb(STANDARD_WEEK),
        exceptions=Jsonb({}),
        is_default=True,
        now=now,
    )


async def get_calendar(tx: Tx, calendar_id: UUID | None = None) -> Calendar:
    """The calendar with that id, else the organisation's default, else Monday to Friday 08:00 to 16:00 in Oslo."""
    row = await tx.maybe(QUERIES.calendar_for, account_id=tx.account, calendar_id=calendar_id)
    return calendar_of(row) if row else parse("Europe/Oslo", "NO", STANDARD_WEEK, {})


async def get_hours(tx: Tx, now: datetime, calendar_id: UUID | None = None) -> Hours:
    """Whether it is open now, and when that changes."""
    calendar = await get_calendar(tx, calendar_id)
    opened = is_open(calendar, now)
    return Hours(calendar, opened, None if opened else next_opening(calendar, now), next_change(calendar, now))


async def get_away_text(
    tx: Tx,
    now: datetime,
    locale: str,
    *,
    calendar_id: UUID | None = None,
    brand_id: UUID | None = None,
    written: bool,
    agents_online: bool,
) -> str | None:
    """What a visitor reads while nobody is there, in the organisation's own words where it has some; None = we are."""
    calendar = await get_calendar(tx, calendar_id)
    if agents_online and is_open(calendar, now):
        return None
    own = await wordings(tx, CHANGEABLE, locale, brand_id)
    return away_text(calendar, now, locale, written=written, agents_online=agents_online, wording=own)


async def list_calendars(tx: Tx) -> list[Row]:
    """All calendars of the organisation, the default first."""
    return await tx.all(QUERIES.all_calendars, account_id=tx.account)


async def change_calendar(tx: Tx, calendar_id: UUID, changes: dict[str, Any]) -> Row:
    """Change name, timezone, country, weekly or exceptions; the new row. Raises NoSuchCalendar, BadCalendar."""
    row = await tx.maybe(QUERIES.lock_calendar, account_id=tx.account, id=calendar_id)
    if row is None:
        raise NoSuchCalendar
    row = {**row, **changes}
    calendar_of(row)
    await tx.run(
        QUERIES.update_calendar,
        account_id=tx.account,
        id=calendar_id,
        name=row["name"],
        timezone=row["timezone"],
        country=row["country"],
        weekly=Jsonb(row["weekly"]),
        exceptions=Jsonb(row["exceptions"]),
    )
    await record(tx, CalendarChanged(stream=calendar_id))
    return row
