"""A new organisation: everything in it, or nothing."""

import pytest

from svardesk.accounts import setup
from svardesk.kit.clock import FixedClock
from svardesk.kit.db import Database
from svardesk.kit.errors import SvardeskError
from svardesk.kit.postgres import query
from tests.accounts.conftest import PASSWORD, Company

GOOD = {
    "name": "Nordlys Elektro",
    "slug": "nordlys",
    "locale": "sv",
    "timezone": "Europe/Stockholm",
    "owner_email": " Astrid@Nordlys.Example ",
    "owner_name": "Astrid Lind",
    "password": PASSWORD,
}


async def test_what_an_organisation_begins_with(fresh_db: Database, clock: FixedClock) -> None:
    made = await setup.create_organisation(fresh_db, **GOOD, clock=clock)
    async with fresh_db.work(made.account_id) as tx:
        account = await tx.one("SELECT * FROM accounts")
        agent = await tx.one("SELECT * FROM agents")
        calendar = await tx.one("SELECT * FROM calendars")
        assert (account["id"], account["slug"], account["locale"]) == (made.account_id, "nordlys", "sv")
        assert (agent["id"], agent["email"], agent["role"]) == (made.owner_id, "astrid@nordlys.example", "owner")
        assert agent["password_hash"].startswith("$argon2id$")
        assert await tx.value("SELECT name FROM teams") == "Kundtjänst"
        assert await tx.value("SELECT agent_id FROM team_members") == made.owner_id
        assert await tx.value("SELECT name FROM brands") == "Nordlys Elektro"
        assert (calendar["name"], calendar["country"], calendar["is_default"]) == ("Öppettider", "SE", True)
        assert calendar["weekly"] == {str(day): [["08:00", "16:00"]] for day in range(1, 6)}
        assert await tx.value("SELECT action FROM audit_log") == "account_made"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"slug": "Nordlys AS"}, "slug_malformed"),
        ({"slug": "-nordlys"}, "slug_malformed"),
        ({"slug": "x" * 41}, "slug_malformed"),
        ({"locale": "de"}, "locale_unknown"),
        ({"timezone": "Europe/Atlantis"}, "timezone_unknown"),
        ({"owner_email": "astrid"}, "email_malformed"),
        ({"owner_name": " "}, "name_missing"),
        ({"password": "short"}, "password_too_short"),
        ({"password": "nordlys elektro"}, "password_too_personal"),
    ],
)
async def test_refused_organisations_leave_nothing(
    fresh_db: Database, clock: FixedClock, change: dict[str, str], code: str
) -> None:
    with pytest.raises(SvardeskError) as caught:
        await setup.create_organisation(fresh_db, **(GOOD | change), clock=clock)
    assert caught.value.code == code
    assert query(fresh_db.dsn, "SELECT count(*) FROM accounts") == [["0"]]


async def test_a_slug_is_taken_once(company: Company, db: Database, clock: FixedClock) -> None:
    with pytest.raises(SvardeskError) as caught:
        await setup.create_organisation(db, **(GOOD | {"slug": company.slug}), clock=clock)
    assert (caught.value.status, caught.value.code) == (409, "slug_taken")
