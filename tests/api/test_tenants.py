"""The wall between organisations, route by route and table by table."""

from collections.abc import AsyncIterator
from itertools import product
from typing import Any
from uuid import UUID, uuid4

import pytest
from psycopg import AsyncConnection
from psycopg.errors import ForeignKeyViolation, InsufficientPrivilege
from psycopg.rows import dict_row

from svardesk.kit.db import Database
from svardesk.kit.http import Route
from svardesk.routes import ROUTES
from tests.api.world import PLACE, World, body_of, content, label, path_of, tables
from tests.client import Client

WITH_IDS = [row for row in ROUTES if any(kind == "uuid" for _, kind in PLACE.findall(row.path))]

GONE_ALREADY = {"delete_team_member", "delete_tag"}


def combinations(row: Route, ours: World, theirs: World) -> list[dict[str, UUID]]:
    """All ways to fill a route's ids from both organisations, at least one of them from the other."""
    names = _names(row)
    return [
        {
            **ours.ids,
            **dict(zip(names, (world.ids[name] for name, world in zip(names, pick, strict=True)), strict=True)),
        }
        for pick in product((ours, theirs), repeat=len(names))
        if theirs in pick
    ]


@pytest.mark.parametrize("row", WITH_IDS, ids=label)
async def test_an_id_of_another_organisation_is_as_if_it_did_not_exist(
    owner: Client, db: Database, ours: World, theirs: World, row: Route
) -> None:
    before = await content(db, theirs.account.id)
    unknown = await owner.request(
        row.method, path_of(row, {**ours.ids, **_strangers(row)}), json=body_of(row, ours.ids)
    )
    for ids in combinations(row, ours, theirs):
        answer = await owner.request(row.method, path_of(row, ids), json=body_of(row, ours.ids))
        if row.handler.__name__ in GONE_ALREADY and ids[_names(row)[0]] == ours.ids[_names(row)[0]]:
            # Taking away what is not there is done already, for an id of theirs as for any other.
            stranger = {**ids, _names(row)[1]: uuid4()}
            same = await owner.request(row.method, path_of(row, stranger))
            assert answer.is_success
            assert (answer.status_code, answer.text) == (same.status_code, same.text)
            continue
        assert answer.status_code == 404, (ids, answer.text)
        assert "Hemmelig" not in answer.text
        assert "hemmelig" not in answer.text
        if set(ids.values()) & set(theirs.ids.values()) and len(PLACE.findall(row.path)) == 1:
            # Not even that it exists somewhere can be told from the answer.
            assert (answer.status_code, answer.json()) == (unknown.status_code, unknown.json())
    assert await content(db, theirs.account.id) == before


def _names(row: Route) -> list[str]:
    return [name for name, kind in PLACE.findall(row.path) if kind == "uuid"]


def _strangers(row: Route) -> dict[str, UUID]:
    return {name: uuid4() for name in _names(row)}


REFERENCES: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("PATCH", "/api/v1/conversations/{conversation_id}", {"assignee_id": "agent_id"}),
    ("PATCH", "/api/v1/conversations/{conversation_id}", {"team_id": "team_id"}),
    (
        "POST",
        "/api/v1/conversations/{conversation_id}/messages",
        {
            "client_id": "new",
            "kind": "answer",
            "body": "Hei",
            "based_on_seq": 9,
            "confirm": True,
            "file_ids": ["file_id"],
        },
    ),
    (
        "POST",
        "/api/v1/conversations/{conversation_id}/messages",
        {"client_id": "new", "kind": "note", "body": "Hei", "mention_ids": ["agent_id"]},
    ),
    (
        "POST",
        "/api/v1/conversations/{conversation_id}/messages",
        {"client_id": "new", "kind": "answer", "body": "Hei", "confirm": True, "reply_to": "message_id"},
    ),
    ("POST", "/api/v1/page-posts", {"client_id": "new", "connection_id": "connection_id", "text": "Hei"}),
    ("PUT", "/api/v1/conversations/{conversation_id}/draft", {"body": "Hei", "file_ids": ["file_id"], "version": 0}),
    ("POST", "/api/v1/invitations", {"email": "ny@ny.example", "role": "agent", "team_ids": ["team_id"]}),
    ("POST", "/api/v1/widgets", {"name": "x", "origins": ["https://x.example"], "team_id": "team_id"}),
    ("POST", "/api/v1/widgets", {"name": "x", "origins": ["https://x.example"], "calendar_id": "calendar_id"}),
    ("POST", "/api/v1/widgets", {"name": "x", "origins": ["https://x.example"], "brand_id": "brand_id"}),
    ("PATCH", "/api/v1/widgets/{widget_id}", {"team_id": "team_id"}),
    ("PATCH", "/api/v1/forms/{form_id}", {"team_id": "team_id"}),
    ("POST", "/api/v1/views", {"name": "x", "filters": {"view": "all", "team_id": "team_id"}}),
    ("POST", "/api/v1/views", {"name": "x", "filters": {"view": "all", "tag_id": "tag_id"}}),
    ("POST", "/api/v1/contacts/{contact_id}/merges", {"contact_id": "contact_id"}),
    ("POST", "/api/v1/privacy/exports", {"contact_id": "contact_id"}),
    ("POST", "/api/v1/privacy/erasures", {"contact_id": "contact_id"}),
    ("GET", "/api/v1/conversations?view=all&team_id={their_team_id}", {}),
    ("GET", "/api/v1/conversations?view=all&assignee_id={their_agent_id}", {}),
    ("GET", "/api/v1/conversations?view=all&tag_id={their_tag_id}", {}),
    ("GET", "/api/v1/conversations?view=all&contact_id={their_contact_id}", {}),
    ("GET", "/api/v1/conversations?view_id={their_view_id}", {}),
    ("GET", "/api/v1/search?q=hemmelig", {}),
    ("GET", "/api/v1/search?q=hemmelig@kunde.example&kind=contacts", {}),
)


@pytest.mark.parametrize(("method", "path", "body"), REFERENCES, ids=lambda value: str(value)[:60])
async def test_a_reference_to_another_organisation_is_refused_or_finds_nothing(
    owner: Client, db: Database, ours: World, theirs: World, method: str, path: str, body: dict[str, Any]
) -> None:
    before = await content(db, theirs.account.id)
    foreign = {name: str(value) for name, value in {**theirs.ids, **theirs.others}.items()}

    def foreigner(value: Any) -> Any:
        if isinstance(value, list):
            return [foreigner(one) for one in value]
        if isinstance(value, dict):
            return {name: foreigner(one) for name, one in value.items()}
        return str(uuid4()) if value == "new" else foreign.get(value, value) if isinstance(value, str) else value

    address = path.format(**ours.ids, **{f"their_{name}": value for name, value in foreign.items()})
    answer = await owner.request(method, address, json=foreigner(body) or None)
    assert answer.status_code < 500
    assert "emmelig" not in answer.text.replace("hemmelig%40", "").replace("q=hemmelig", "")
    if answer.is_success:
        # What is accepted must not point across the wall: the neighbours' ids stand in no row of ours, but where a
        # person's own filter names them, which finds nothing.
        held = await content(db, ours.account.id, but=("saved_views", "audit_log", "drafts"))
        for table, lines in held.items():
            for line in lines:
                assert not any(value in line for value in foreign.values()), (table, line)
    assert await content(db, theirs.account.id) == before


async def test_no_answer_to_us_holds_anything_of_theirs(owner: Client, ours: World, theirs: World) -> None:
    seen = 0
    for row in ROUTES:
        if row.method == "GET" and row.path != "/readyz":
            answer = await owner.get(path_of(row, ours.ids))
            assert answer.status_code < 500, (label(row), answer.text)
            assert "emmelig" not in answer.text, label(row)
            assert not any(str(value) in answer.text for value in theirs.ids.values()), label(row)
            seen += "Vårt" in answer.text
    assert seen >= 12, "the walk itself must see our own things"


@pytest.fixture
async def one_connection(db: Database) -> AsyncIterator[AsyncConnection[dict[str, Any]]]:
    """A connection as the pools have them, in the app role."""
    conn = await AsyncConnection[dict[str, Any]].connect(db.dsn, autocommit=True, row_factory=dict_row)
    await conn.execute("SET ROLE svardesk_app")
    yield conn
    await conn.close()


async def test_every_table_shows_nothing_without_an_account_and_only_its_own_with_one(
    db: Database, one_connection: AsyncConnection[dict[str, Any]], ours: World, theirs: World
) -> None:
    conn = one_connection
    names = await tables(db)
    assert len(names) >= 30

    async def visible(table: str) -> list[dict[str, Any]]:
        return await (await conn.execute(f"SELECT * FROM {table}".encode())).fetchall()

    async def nothing() -> None:
        for table in names:
            assert await visible(table) == [], table

    await nothing()
    filled = 0
    for world in (ours, theirs, ours):
        await conn.execute(f"BEGIN; SET LOCAL svardesk.account = '{world.account.id}'".encode(), prepare=False)
        for table in names:
            column = "id" if table == "accounts" else "account_id"
            rows = await visible(table)
            assert {row[column] for row in rows} <= {world.account.id}, table
            filled += bool(rows)
        await conn.execute("COMMIT")
        # The same connection again, as the pool would hand it to the next request: the setting is an empty string now.
        assert await (await conn.execute("SELECT current_setting('svardesk.account', true) AS a")).fetchone() == {
            "a": ""
        }
        await nothing()
    assert filled >= 3 * 18, "the walk itself must find rows"
    # Not even who names no account may write.
    with pytest.raises(InsufficientPrivilege):
        await conn.execute("INSERT INTO tags (account_id, id, name) VALUES (gen_random_uuid(), gen_random_uuid(), 'x')")


async def test_rows_of_theirs_can_be_neither_changed_nor_pointed_to(
    db: Database, one_connection: AsyncConnection[dict[str, Any]], ours: World, theirs: World
) -> None:
    before = await content(db, theirs.account.id)
    conn = one_connection
    await conn.execute(f"BEGIN; SET LOCAL svardesk.account = '{ours.account.id}'".encode(), prepare=False)
    for table in await tables(db):
        column = "id" if table == "accounts" else "account_id"
        for statement in (
            f"DELETE FROM {table} WHERE {column} = '{theirs.account.id}'",
            f"UPDATE {table} SET {column} = {column} WHERE {column} = '{theirs.account.id}'",
            f"UPDATE {table} SET {column} = '{theirs.account.id}'",
        ):
            await conn.execute("SAVEPOINT attempt")
            try:
                done = await conn.execute(statement.encode())
            except (InsufficientPrivilege, ForeignKeyViolation):
                pass
            else:
                assert done.rowcount == 0, statement
            await conn.execute("ROLLBACK TO SAVEPOINT attempt")
    await conn.execute("ROLLBACK")
    assert await content(db, theirs.account.id) == before


FUNCTIONS = """
SELECT p.oid::regprocedure::text AS name, p.proconfig AS config,
    EXISTS (SELECT FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a WHERE a.grantee = 0) AS anybody,
    array(SELECT r.rolname::text FROM pg_roles r WHERE r.rolname IN ('svardesk_app', 'svardesk_system')
        AND has_function_privilege(r.oid, p.oid, 'EXECUTE') ORDER BY 1) AS roles
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace AND n.nspname = 'public'
WHERE p.prosecdef AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
"""


async def test_functions_that_run_as_the_owner_are_fixed_and_for_one_role_only(db: Database) -> None:
    async with db.system() as tx:
        rows = await tx.all(FUNCTIONS)
    assert len(rows) >= 15
    for row in rows:
        path = next((one for one in row["config"] or () if one.startswith("search_path=")), None)
        assert path is not None, f"{row['name']} has no fixed search_path"
        first = path.removeprefix("search_path=").split(",")[0].strip(' "')
        assert first in {"pg_catalog", "public"}, (row["name"], path)
        assert not row["anybody"], f"{row['name']} may be executed by PUBLIC"
        assert len(row["roles"]) <= 1, row


async def test_nobody_may_create_anything_in_our_schema(db: Database) -> None:
    async with db.system() as tx:
        rows = await tx.all(
            "SELECT r.rolname FROM pg_roles r WHERE r.rolname IN ('svardesk_app', 'svardesk_system')"
            " AND has_schema_privilege(r.oid, 'public', 'CREATE')"
        )
        public = await tx.value("SELECT has_schema_privilege('public', 'public', 'CREATE')")
    assert rows == []
    assert public is False
