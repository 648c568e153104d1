"""Calendars over HTTP."""

from typing import Annotated, Any
from uuid import UUID

import msgspec

from svardesk.accounts.caller import Caller
from svardesk.hours import service
from svardesk.kit.db import Database, Row
from svardesk.kit.http import Route, route

Intervals = list[tuple[str, str]]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=120)]


class CalendarView(msgspec.Struct):
    """One calendar: local wall times per ISO weekday and per date; ``country`` empty = no holidays."""

    id: UUID
    brand_id: UUID | None
    name: str
    timezone: str
    country: str
    weekly: dict[str, Intervals]
    exceptions: dict[str, Intervals]
    is_default: bool


class CalendarList(msgspec.Struct):
    """All calendars, the default first."""

    items: list[CalendarView]


class CalendarPatch(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """What is to change; fields left out stay."""

    name: Name | msgspec.UnsetType = msgspec.UNSET
    timezone: Annotated[str, msgspec.Meta(max_length=60)] | msgspec.UnsetType = msgspec.UNSET
    country: Annotated[str, msgspec.Meta(max_length=2)] | msgspec.UnsetType = msgspec.UNSET
    weekly: Annotated[dict[str, Intervals], msgspec.Meta(max_length=7)] | msgspec.UnsetType = msgspec.UNSET
    exceptions: Annotated[dict[str, Intervals], msgspec.Meta(max_length=400)] | msgspec.UnsetType = msgspec.UNSET


async def list_calendars(caller: Caller, db: Database) -> CalendarList:
    """All calendars of the organisation."""
    async with db.work(caller.account_id) as tx:
        return CalendarList([_view(row) for row in await service.list_calendars(tx)])


async def patch_calendar(calendar_id: UUID, data: CalendarPatch, caller: Caller, db: Database) -> CalendarView:
    """Change one calendar. 422 ``bad_calendar`` says which day cannot be understood."""
    changes: dict[str, Any] = {
        name: value for name in data.__struct_fields__ if (value := getattr(data, name)) is not msgspec.UNSET
    }
    async with db.work(caller.account_id) as tx:
        return _view(await service.change_calendar(tx, calendar_id, changes))


def _view(row: Row) -> CalendarView:
    return msgspec.convert(row, CalendarView, from_attributes=False)


ROUTES: tuple[Route, ...] = (
    route("GET", "/api/v1/calendars", list_calendars, permission="conversations.read"),
    route("PATCH", "/api/v1/calendars/{calendar_id:uuid}", patch_calendar, permission="settings.manage"),
)
