"""Calendars of an organisation: reading, changing, and whether somebody can be expected to be there."""

from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from svardesk.hours.calendar import Calendar, parse
from svardesk.hours.errors import NoSuchCalendar
from svardesk.hours.events import CalendarChanged
from svardesk.kit import sql
from svardesk.kit.db import Row, Tx
from svardesk.spine import record

QUERIES = sql.load("svardesk.hours")
STANDARD_WEEK: dict[str, list[list[str]]] = {str(day): [["08:00", "16:00"]] for day in range(1, 6)}


def calendar_of(row: Row) -> Calendar:
    """The pure calendar of a stored row."""
    return parse(row["timezone"], row["country"], row["weekly"], row["exceptions"])


async def get_calendar(tx: Tx, calendar_id: UUID | None = None) -> Calendar:
    """The calendar with that id, else the organisation's default, else Monday to Friday 08:00 to 16:00 in Oslo."""
    row = await tx.maybe(QUERIES.calendar_for, account_id=tx.account, calendar_id=calendar_id)
    return calendar_of(row) if row else parse("Europe/Oslo", "NO", STANDARD_WEEK, {})


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
