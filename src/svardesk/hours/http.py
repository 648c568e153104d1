"""Calendars and the texts around them over HTTP."""

from typing import Annotated, Any
from uuid import UUID

import msgspec

from svardesk.accounts import texts
from svardesk.accounts.caller import Caller
from svardesk.hours import service
from svardesk.kit import i18n
from svardesk.kit.clock import Clock
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


class Wording(msgspec.Struct):
    """One text in one language: the organisation's own (None: it has none) and the program's.

    ``placeholders`` are the names that may stand in braces.
    """

    key: str
    locale: str
    own: str | None
    program: str
    placeholders: list[str]


class WordingList(msgspec.Struct):
    """All texts that an organisation may word itself, in all languages."""

    items: list[Wording]


class NewWording(msgspec.Struct, forbid_unknown_fields=True):
    """The text as it shall be; empty returns to the program's own."""

    body: Annotated[str, msgspec.Meta(max_length=texts.LONGEST)]


async def list_texts(caller: Caller, db: Database) -> WordingList:
    """The away texts, as the organisation and as the program word them."""
    async with db.work(caller.account_id) as tx:
        own = await texts.own_texts(tx)
    return WordingList([_wording(key, locale, own) for key in texts.CHANGEABLE for locale in i18n.LOCALES])


async def put_text(key: str, locale: str, data: NewWording, caller: Caller, db: Database, clock: Clock) -> Wording:
    """Word a text anew. 422 for unknown keys, languages and placeholders."""
    async with db.work(caller.account_id) as tx:
        await texts.set_wording(tx, caller, clock.now(), key=key, locale=locale, body=data.body.strip())
        return _wording(key, locale, await texts.own_texts(tx))


def _wording(key: str, locale: str, own: dict[tuple[str, str], str]) -> Wording:
    program = i18n.text(locale, "server", key)
    return Wording(key, locale, own.get((key, locale)) or None, program, sorted(i18n.placeholders(program)))


def _view(row: Row) -> CalendarView:
    return msgspec.convert(row, CalendarView, from_attributes=False)


ROUTES: tuple[Route, ...] = (
    route("GET", "/api/v1/calendars", list_calendars, permission="conversations.read"),
    route("PATCH", "/api/v1/calendars/{calendar_id:uuid}", patch_calendar, permission="settings.manage"),
    route("GET", "/api/v1/texts", list_texts, permission="settings.manage"),
    route("PUT", "/api/v1/texts/{key:str}/{locale:str}", put_text, permission="settings.manage"),
)
