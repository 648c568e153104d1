"""Calendars and wordings in the database."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from svardesk.accounts.caller import Actor
from svardesk.accounts.texts import CHANGEABLE, set_wording, wordings
from svardesk.hours import service
from svardesk.hours.errors import BadCalendar, NoSuchCalendar
from svardesk.kit.clock import FixedClock
from svardesk.kit.db import Database
from svardesk.kit.errors import Unprocessable
from svardesk.kit.ids import uuid7

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
        hours = await service.get_hours(tx, SATURDAY)
    assert not hours.open
    assert hours.opens_at == datetime(2026, 11, 23, 7, 0, tzinfo=UTC)


async def test_the_default_is_made_once_and_changed(db: Database, clock: FixedClock) -> None:
    account_id = await new_account(db)
    async with db.work(account_id) as tx:
        for _ in range(2):
            await service.ensure_default(tx, clock.now(), timezone="Europe/Helsinki", locale="fi")
        (row,) = await service.list_calendars(tx)
        assert (row["timezone"], row["country"], row["is_default"]) == ("Europe/Helsinki", "FI", True)
        await service.change_calendar(tx, row["id"], {"weekly": {"6": [["10:00", "24:00"]]}})
        hours = await service.get_hours(tx, SATURDAY, row["id"])
        assert hours.open
        assert hours.changes_at == datetime(2026, 11, 21, 22, 0, tzinfo=UTC)
        events = await tx.all("SELECT 1 FROM calendars WHERE weekly ? '6'")
        assert len(events) == 1


async def test_a_bad_change_changes_nothing_and_strangers_see_none(db: Database, clock: FixedClock) -> None:
    account_id = await new_account(db)
    async with db.work(account_id) as tx:
        await service.ensure_default(tx, clock.now(), timezone="Europe/Oslo", locale="nb")
        (row,) = await service.list_calendars(tx)
    with pytest.raises(BadCalendar):
        async with db.work(account_id) as tx:
            await service.change_calendar(tx, row["id"], {"weekly": {"1": [["x", "y"]]}})
    with pytest.raises(NoSuchCalendar):
        async with db.work(await new_account(db)) as tx:
            await service.change_calendar(tx, row["id"], {"name": "mine"})
    async with db.work(account_id) as tx:
        assert (await service.list_calendars(tx))[0]["weekly"] == service.STANDARD_WEEK


async def test_own_wordings_by_version_language_and_brand(db: Database, clock: FixedClock) -> None:
    me = Actor("agent", uuid7())
    account_id = await new_account(db)
    brand = uuid7()
    async with db.work(account_id) as tx:
        await tx.run("INSERT INTO brands (account_id, id, name) VALUES (%(a)s, %(b)s, 'Lys')", a=account_id, b=brand)
        for body in ("Gammel {when}", "Tilbake {when} kl. {time}."):
            last = await set_wording(tx, me, clock.now(), key="away.closed_back", locale="nb", body=body)
        assert last == 2
        text = await service.get_away_text(tx, SATURDAY, "nb", written=True, agents_online=False)
        assert text == "Tilbake mandag kl. 08:00."
        text = await service.get_away_text(tx, SATURDAY, "nn-NO", written=True, agents_online=False)
        assert text == "Tilbake måndag kl. 08:00."
        text = await service.get_away_text(tx, SATURDAY, "da", written=True, agents_online=False)
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
