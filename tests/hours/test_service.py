"""Calendars and wordings in the database."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from svardesk.accounts.caller import Actor
from svardesk.accounts.texts import CHANGEABLE, set_wording, wordings
from svardesk.hours import service
from svardesk.hours.away import away_text
from svardesk.hours.calendar import is_open, next_change, next_opening
from svardesk.hours.errors import BadCalendar, NoSuchCalendar
from svardesk.kit.clock import FixedClock
from svardesk.kit.db import Database, Tx
from svardesk.kit.errors import Unprocessable
from svardesk.kit.i18n import normalise
from svardesk.kit.ids import uuid7
from tests.factories import make_account

SATURDAY = datetime(2026, 11, 21, 11, 0, tzinfo=UTC)


async def new_account(db: Database) -> UUID:
    account_id = uuid7()
    async with db.work(account_id) as tx:
        await tx.run(
            "INSERT INTO accounts (id, slug, name) VALUES (%(id)s, %(slug)s, 'Fjordnett')",
            id=account_id,
            slug=f"a-{uuid4().hex}",
        )
    return account_id


async def test_an_organisation_without_calendar_works_office_hours_in_oslo(db: Database) -> None:
    async with db.work(await new_account(db)) as tx:
        calendar = await service.get_calendar(tx)
    assert next_opening(calendar, SATURDAY) == datetime(2026, 11, 23, 7, 0, tzinfo=UTC)


async def test_a_calendar_is_changed(db: Database) -> None:
    account = await make_account(db)
    async with db.work(account.id) as tx:
        (row,) = await service.list_calendars(tx)
        assert (row["timezone"], row["country"], row["is_default"]) == ("Europe/Oslo", "NO", True)
        await service.change_calendar(tx, row["id"], {"weekly": {"6": [["10:00", "24:00"]]}})
        calendar = await service.get_calendar(tx, row["id"])
        assert is_open(calendar, SATURDAY)
        assert next_change(calendar, SATURDAY) == datetime(2026, 11, 21, 23, 0, tzinfo=UTC)
        assert await service.get_calendar(tx, uuid7()) == calendar, "an unknown one means the default"


async def test_a_bad_change_changes_nothing_and_strangers_see_none(db: Database) -> None:
    account = await make_account(db)
    async with db.work(account.id) as tx:
        (row,) = await service.list_calendars(tx)
    with pytest.raises(BadCalendar):
        async with db.work(account.id) as tx:
            await service.change_calendar(tx, row["id"], {"weekly": {"1": [["x", "y"]]}})
    with pytest.raises(NoSuchCalendar):
        async with db.work(await new_account(db)) as tx:
            await service.change_calendar(tx, row["id"], {"name": "mine"})
    async with db.work(account.id) as tx:
        assert (await service.list_calendars(tx))[0]["weekly"] == service.STANDARD_WEEK


async def away(tx: Tx, locale: str) -> str | None:
    wording = await wordings(tx, CHANGEABLE, locale)
    calendar = await service.get_calendar(tx)
    return away_text(calendar, SATURDAY, normalise(locale), written=True, agents_online=False, wording=wording)


async def test_own_wordings_by_version_language_and_brand(db: Database, clock: FixedClock) -> None:
    me = Actor("agent", uuid7())
    account_id = await new_account(db)
    brand = uuid7()
    async with db.work(account_id) as tx:
        await tx.run("INSERT INTO brands (account_id, id, name) VALUES (%(a)s, %(b)s, 'Lys')", a=account_id, b=brand)
        for body in ("Gammel {when}", "Tilbake {when} kl. {time}."):
            last = await set_wording(tx, me, clock.now(), key="away.closed_back", locale="nb", body=body)
        assert last == 2
        text = await away(tx, "nb")
        assert text == "Tilbake mandag kl. 08:00."
        text = await away(tx, "nn-NO")
        assert text == "Tilbake måndag kl. 08:00."
        text = await away(tx, "da")
        assert text == "Vi har lukket nu, men har fået din besked. Vi er tilbage mandag kl. 8.00."
        await set_wording(tx, me, clock.now(), key="away.closed_back", locale="nb", body="Lys: {when}", brand_id=brand)
        find = await wordings(tx, CHANGEABLE, "nb", brand)
        assert find("away.closed_back") == "Lys: {when}"
        await set_wording(tx, me, clock.now(), key="away.closed_back", locale="nb", body="")
        find = await wordings(tx, CHANGEABLE, "nb")
        assert find("away.closed_back").startswith("Vi har stengt nå")


@pytest.mark.parametrize(
    ("key", "locale", "body", "code"),
    [
        ("when.today", "nb", "x", "unknown_text"),
        ("away.closed", "de", "x", "unknown_locale"),
        ("away.closed", "nb", "x" * 1001, "text_too_long"),
        ("away.closed", "nb", "{time}", "unknown_placeholder"),
    ],
)
async def test_wordings_that_could_not_be_shown_are_refused(
    db: Database, clock: FixedClock, key: str, locale: str, body: str, code: str
) -> None:
    async with db.work(await new_account(db)) as tx:
        with pytest.raises(Unprocessable) as caught:
            await set_wording(tx, Actor("agent", uuid7()), clock.now(), key=key, locale=locale, body=body)
        assert caught.value.code == code
