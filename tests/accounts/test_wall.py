"""The wall between organisations: what directory functions tell, and to whom."""

import pytest
from psycopg import Connection
from psycopg.errors import Error, InsufficientPrivilege

from svardesk.accounts import links, tokens
from svardesk.accounts.secrets import digest
from svardesk.kit.clock import FixedClock
from svardesk.kit.db import Database
from tests.accounts.conftest import Company, Founder

FUNCTIONS = {
    "directory_session",
    "directory_api_token",
    "directory_agent_link",
    "directory_agents_by_email",
    "throttle_take",
    "throttle_refund",
    "throttle_clear",
    "throttle_sweep",
    "agent_presence_sweep",
    "audit_log_forget",
}


async def test_directory_functions_name_the_account_and_nothing_else(
    company: Company, db: Database, clock: FixedClock
) -> None:
    caller = await company.caller()
    session = await company.cookie()
    async with db.work(company.account_id) as tx:
        token = await tokens.create(tx, clock, caller, name="t", scopes=["contacts.read"], days=None)
        link = await links.make_reset(tx, clock, caller, company.owner_id)
    asked = {
        "directory_session(%(hash)s)": session,
        "directory_api_token(%(hash)s)": token.token,
        "directory_agent_link(%(hash)s, 'password_reset')": link.token,
    }
    async with db.directory() as tx:
        for call, secret in asked.items():
            rows = await tx.all(f"SELECT * FROM {call}", hash=digest(secret))
            assert [set(row) for row in rows] == [{"account_id", "id"}], call
            assert rows[0]["account_id"] == company.account_id
            assert await tx.all(f"SELECT * FROM {call}", hash=digest("x")) == [], call
            assert await tx.all(f"SELECT * FROM {call}", hash=b"") == [], call
        rows = await tx.all("SELECT * FROM directory_agents_by_email(%(e)s)", e=company.owner_email)
        assert rows == [{"account_id": company.account_id, "id": company.owner_id}]
        assert await tx.all("SELECT * FROM directory_agents_by_email('%%')") == []


async def test_a_directory_function_opens_no_table(company: Company, db: Database) -> None:
    """After asking a directory function the same connection still sees no row of any account."""
    async with db.directory() as tx:
        await tx.all("SELECT * FROM directory_agents_by_email(%(e)s)", e=company.owner_email)
        for table in ("accounts", "agents", "sessions", "api_tokens", "agent_links", "teams", "audit_log", "texts"):
            assert await tx.value(f"SELECT count(*) FROM {table}") == 0, table


async def test_a_neighbours_rows_are_neither_seen_nor_written(company: Company, found: Founder, db: Database) -> None:
    neighbour = await found()
    async with db.work(company.account_id) as tx:
        for table in ("agents", "sessions", "agent_links", "teams", "team_members", "audit_log", "brands"):
            count = await tx.value(f"SELECT count(*) FROM {table} WHERE account_id = %(a)s", a=neighbour.account_id)
            assert count == 0, table
        assert await tx.run("UPDATE agents SET role = 'observer' WHERE id = %(i)s", i=neighbour.owner_id) == 0
    with pytest.raises(InsufficientPrivilege, match="row-level security"):
        async with db.work(company.account_id) as tx:
            await tx.run(
                "INSERT INTO teams (account_id, id, name) VALUES (%(a)s, gen_random_uuid(), 'x')",
                a=neighbour.account_id,
            )
    with pytest.raises(Error, match="foreign key"):
        async with db.work(company.account_id) as tx:
            await tx.run(
                "INSERT INTO team_members (account_id, team_id, agent_id) VALUES (%(a)s, %(t)s, %(g)s)",
                a=company.account_id,
                t=company.team_id,
                g=neighbour.owner_id,
            )


async def test_functions_are_fixed_and_granted_to_the_app_only(db: Database) -> None:
    with Connection.connect(db.dsn) as conn:
        rows = conn.execute(
            "SELECT proname, prosecdef, proconfig, has_function_privilege('svardesk_app', oid, 'EXECUTE'),"
            " has_function_privilege('svardesk_system', oid, 'EXECUTE'),"
            " EXISTS (SELECT FROM aclexplode(proacl) WHERE grantee = 0)"
            " FROM pg_proc WHERE proname = ANY(%s)",
            (sorted(FUNCTIONS),),
        ).fetchall()
    assert {row[0] for row in rows} == FUNCTIONS
    for name, definer, config, app, system, public in rows:
        assert definer, name
        assert "search_path=public, pg_temp" in config, name
        assert (app, system, public) == (True, False, False), name


async def test_a_table_of_the_callers_own_does_not_stand_in_for_ours(company: Company, db: Database) -> None:
    """A temporary table called ``agents`` would be read instead of ours if the search path were not fixed."""
    with Connection.connect(db.dsn) as conn:
        conn.execute("SET ROLE svardesk_app")
        conn.execute(
            "CREATE TEMPORARY TABLE agents (account_id uuid, id uuid, email text, archived_at timestamptz, created_at timestamptz)"
        )
        found = conn.execute("SELECT account_id FROM directory_agents_by_email(%s)", (company.owner_email,)).fetchall()
        conn.rollback()
    assert [row[0] for row in found] == [company.account_id]
