"""The audit log: written with what it tells about, paged, and beyond everybody's reach afterwards."""

from datetime import timedelta
from uuid import uuid4

import pytest
from psycopg import Connection
from psycopg.errors import Error, InsufficientPrivilege

from svardesk.accounts import audit
from svardesk.accounts.caller import SYSTEM, Actor
from svardesk.kit.clock import FixedClock
from svardesk.kit.db import Database
from svardesk.kit.errors import Invalid
from tests.accounts.conftest import Client, Company, Founder

REFUSED = "the audit log is append-only: {} is refused"


async def test_a_line_says_who_what_and_where(company: Company, db: Database, clock: FixedClock) -> None:
    thing, agent = uuid4(), uuid4()
    async with db.work(company.account_id) as tx:
        await audit.note(tx, Actor("agent", agent, "192.0.2.4"), "thing_done", "thing", thing, clock=clock, count=3)
    line = (await company.audit())[-1]
    assert {
        name: line[name] for name in ("at", "actor_kind", "actor_id", "action", "object_kind", "object_id", "ip")
    } == {
        "at": clock.now(),
        "actor_kind": "agent",
        "actor_id": agent,
        "action": "thing_done",
        "object_kind": "thing",
        "object_id": thing,
        "ip": "192.0.2.4",
    }
    assert line["details"] == {"count": 3}


async def test_a_line_goes_with_its_transaction(company: Company, db: Database) -> None:
    before = await company.actions()

    async def fail() -> None:
        async with db.work(company.account_id) as tx:
            await audit.note(tx, SYSTEM, "never_happened")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    assert await company.actions() == before


@pytest.mark.parametrize(
    "statement",
    ["UPDATE audit_log SET action = 'x'", "DELETE FROM audit_log", "TRUNCATE audit_log"],
)
async def test_the_app_may_not_change_it(company: Company, db: Database, statement: str) -> None:
    async def run(first: str) -> None:
        async with db.work(company.account_id) as tx:
            await tx.run(first)
            await tx.run(statement)

    for first in ("SELECT 1", "SET LOCAL svardesk.audit_retention = 'on'"):
        with pytest.raises(InsufficientPrivilege):
            await run(first)


@pytest.mark.parametrize(
    ("statement", "operation"),
    [
        ("UPDATE audit_log SET action = 'x'", "UPDATE"),
        ("DELETE FROM audit_log", "DELETE"),
        ("TRUNCATE audit_log", "TRUNCATE"),
        ("TRUNCATE accounts CASCADE", "TRUNCATE"),
        ("SET svardesk.audit_retention = 'on'; UPDATE audit_log SET action = 'x'", "UPDATE"),
        ("SET svardesk.audit_retention = 'on'; TRUNCATE audit_log", "TRUNCATE"),
    ],
)
async def test_the_owner_of_the_tables_may_not_either(
    company: Company, db: Database, statement: str, operation: str
) -> None:
    with Connection.connect(db.dsn) as conn:
        with pytest.raises(Error, match=REFUSED.format(operation)):
            conn.execute(statement.encode())
        conn.rollback()
    assert "account_made" in await company.actions()


async def test_an_app_with_a_right_to_delete_is_stopped_by_the_trigger(company: Company, db: Database) -> None:
    """The grants are one wall, the trigger is another: without the first the second still holds."""
    with Connection.connect(db.dsn) as conn:
        conn.execute("GRANT DELETE ON audit_log TO svardesk_app")
        conn.execute("SET ROLE svardesk_app")
        conn.execute(f"SET svardesk.account = '{company.account_id}'".encode())
        conn.execute("SET svardesk.audit_retention = 'on'")
        with pytest.raises(Error, match=REFUSED.format("DELETE")):
            conn.execute("DELETE FROM audit_log")
        conn.rollback()


async def test_retention_ends_after_a_year_and_in_one_account_only(
    company: Company, found: Founder, db: Database
) -> None:
    neighbour = await found()
    old = FixedClock(FixedClock().now() - timedelta(days=4000))
    for one in (company, neighbour):
        async with db.work(one.account_id) as tx:
            await audit.note(tx, SYSTEM, "long_ago", clock=old)
    async with db.work(company.account_id) as tx:
        assert await audit.forget(tx, old.now() + timedelta(days=1)) == 1
    assert "long_ago" not in await company.actions()
    assert "account_made" in await company.actions()
    assert "long_ago" in await neighbour.actions()
    with pytest.raises(Error, match="kept for a year at least"):
        async with db.work(company.account_id) as tx:
            await audit.forget(tx, FixedClock().now() + timedelta(days=4000))
    with pytest.raises(Error, match="another organisation"):
        async with db.work(company.account_id) as tx:
            await tx.value("SELECT audit_log_forget(%(id)s, '2020-01-01')", id=neighbour.account_id)


async def test_pages(client: Client, company: Company, db: Database, clock: FixedClock) -> None:
    for number in range(120):
        if number % 3 == 0:
            clock.advance(1)
        async with db.work(company.account_id) as tx:
            await audit.note(tx, SYSTEM, "counted", clock=clock, number=number)
    await client.use(await company.cookie())
    wanted = [str(row["id"]) for row in reversed(await company.audit())]
    seen: list[str] = []
    cursor = ""
    sizes = []
    while True:
        page = (await client.call("GET", f"/audit?cursor={cursor}" if cursor else "/audit")).json()
        sizes.append(len(page["items"]))
        seen += [row["id"] for row in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert sizes == [50, 50, len(wanted) - 100]
    assert seen == wanted
    first = (await client.call("GET", "/audit")).json()["items"][0]
    assert (first["action"], first["actor_name"]) == ("session_started", "Kari Berg")


@pytest.mark.parametrize(
    "cursor", ["x", "!!!!", "MjAyNi0xMS0yMw==", "å", "MjAyNi0xMS0yM1QwOTowMDowMCswMDowMCBub3QtYS11dWlk"]
)
async def test_cursors_that_are_none(company: Company, db: Database, cursor: str) -> None:
    with pytest.raises(Invalid) as caught:
        async with db.work(company.account_id) as tx:
            await audit.page(tx, cursor)
    assert caught.value.code == "cursor_unknown"
