"""The hottest statements: the same values and errors as psycopg's, connections that come and go."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg.types.json import Jsonb

from svardesk.kit import hot
from svardesk.kit.db import APP_ROLE, Database
from svardesk.kit.errors import Unavailable
from svardesk.kit.hot import HotLines, HotStatement

ID = UUID("0191e3a0-0000-7000-8000-000000000001")
AT = datetime(2026, 11, 23, 9, 0, 0, 123456, tzinfo=UTC)


@pytest.fixture
async def lines(db: Database) -> AsyncIterator[HotLines]:
    """Two connections of their own."""
    made = HotLines(db.dsn, APP_ROLE, most=2, name="hot test")
    yield made
    await made.close()


@pytest.mark.parametrize(
    ("cast", "value"),
    [
        ("uuid", ID),
        ("text", "Blåbær 👋 'sitat' \\ %"),
        ("text", ""),
        ("text", None),
        ("boolean", True),
        ("boolean", False),
        ("integer", -7),
        ("bigint", 2**40),
        ("timestamptz", AT),
        ("timestamptz", None),
        ("jsonb", {"a": [1, "æ", None]}),
    ],
)
async def test_values_come_back_as_they_went(lines: HotLines, cast: str, value: Any) -> None:
    statement = HotStatement(f"SELECT %(value)s::{cast} AS value, 7 %% 4 AS three".encode())
    given = Jsonb(value) if cast == "jsonb" else value
    assert await lines.one(statement, {"value": given}) == {"value": value, "three": 3}
    # The second time it is prepared already.
    assert await lines.one(statement, {"value": given}) == {"value": value, "three": 3}


async def test_bytes_and_lists_arrive_whole(lines: HotLines) -> None:
    statement = HotStatement(
        b"SELECT encode(%(raw)s::bytea, 'hex') AS raw, to_jsonb(%(ids)s::uuid[]) AS ids, to_jsonb(%(words)s::text[]) AS words"
    )
    words = ['a"b', "c\\d", "{,}", "", "NULL", "æ ø"]
    found = await lines.one(statement, {"raw": bytes(range(256)), "ids": [ID, ID], "words": words})
    assert found == {"raw": bytes(range(256)).hex(), "ids": [str(ID)] * 2, "words": words}
    empty = await lines.one(statement, {"raw": b"", "ids": [], "words": []})
    assert empty == {"raw": "", "ids": [], "words": []}


async def test_a_megabyte_goes_out_in_parts(lines: HotLines) -> None:
    statement = HotStatement(b"SELECT length(%(body)s::text) AS size")
    assert await lines.one(statement, {"body": "x" * 3_000_000}) == {"size": 3_000_000}


async def test_no_row_is_none_and_many_are_all(lines: HotLines) -> None:
    statement = HotStatement(b"SELECT n FROM generate_series(1, %(to)s::int) AS n")
    assert await lines.one(statement, {"to": 0}) is None
    assert await lines.all(statement, {"to": 3}) == [{"n": 1}, {"n": 2}, {"n": 3}]


async def test_it_runs_as_the_app_role_in_utc(lines: HotLines) -> None:
    statement = HotStatement(b"SELECT current_user::text AS who, current_setting('timezone') AS zone")
    assert await lines.one(statement, {}) == {"who": APP_ROLE, "zone": "UTC"}


async def test_errors_are_psycopgs_and_the_connection_goes_on(lines: HotLines) -> None:
    with pytest.raises(psycopg.errors.DivisionByZero):
        await lines.one(HotStatement(b"SELECT 1 / %(by)s::int AS one"), {"by": 0})
    with pytest.raises(psycopg.errors.SyntaxError):
        await lines.one(HotStatement(b"SELEKT 1"), {})
    with pytest.raises(psycopg.errors.InvalidTextRepresentation):
        await lines.one(HotStatement(b"SELECT %(n)s::int AS n"), {"n": "seven"})
    assert await lines.one(HotStatement(b"SELECT 1 AS n"), {}) == {"n": 1}


async def test_more_callers_than_connections_take_turns(lines: HotLines) -> None:
    statement = HotStatement(b"SELECT pg_backend_pid() AS pid, pg_sleep(0.01)::text AS slept")
    found = await asyncio.gather(*(lines.one(statement, {}) for _ in range(20)))
    assert len({row["pid"] for row in found if row}) <= 2


async def test_a_cancelled_caller_leaves_the_connection_usable(lines: HotLines) -> None:
    slow = HotStatement(b"SELECT pg_sleep(0.2)::text AS slept")
    tasks = [asyncio.create_task(lines.one(slow, {})) for _ in range(4)]
    await asyncio.sleep(0.05)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    one = HotStatement(b"SELECT %(n)s::int AS n")
    assert [await lines.one(one, {"n": n}) for n in range(4)] == [{"n": n} for n in range(4)]


async def test_a_killed_connection_is_an_error_once_and_then_replaced(lines: HotLines, db: Database) -> None:
    pid = HotStatement(b"SELECT pg_backend_pid() AS pid")
    first = await lines.one(pid, {})
    assert first is not None
    sleeping = asyncio.create_task(lines.one(HotStatement(b"SELECT pg_sleep(30)::text AS slept"), {}))
    await asyncio.sleep(0.1)
    async with await psycopg.AsyncConnection.connect(db.dsn, autocommit=True) as owner:
        await owner.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'hot test hot'"
        )
    with pytest.raises(psycopg.OperationalError):
        await sleeping
    second = await lines.one(pid, {})
    assert second is not None
    assert second["pid"] != first["pid"]


async def test_an_idle_connection_that_is_killed_costs_nobody_an_error(lines: HotLines, db: Database) -> None:
    pid = HotStatement(b"SELECT pg_backend_pid() AS pid")
    first = await lines.one(pid, {})
    async with await psycopg.AsyncConnection.connect(db.dsn, autocommit=True) as owner:
        await owner.execute(
            "SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity WHERE application_name = 'hot test hot'"
        )
    await asyncio.sleep(0.05)  # the loop sees the hang-up
    second = await lines.one(pid, {})
    assert first is not None
    assert second is not None
    assert first["pid"] != second["pid"]


async def test_a_statement_prepared_on_an_older_table_is_made_anew(lines: HotLines, db: Database) -> None:
    async with await psycopg.AsyncConnection.connect(db.dsn, autocommit=True) as owner:
        await owner.execute("CREATE TABLE hot_stale (a int); INSERT INTO hot_stale VALUES (1)")
        await owner.execute(f"GRANT SELECT ON hot_stale TO {APP_ROLE}")
        try:
            statement = HotStatement(b"SELECT * FROM hot_stale")
            assert await lines.one(statement, {}) == {"a": 1}
            await owner.execute("ALTER TABLE hot_stale ADD COLUMN b text DEFAULT 'x'")
            assert await lines.one(statement, {}) == {"a": 1, "b": "x"}
        finally:
            await owner.execute("DROP TABLE hot_stale")


async def test_who_waits_too_long_is_told(lines: HotLines, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = HotStatement(b"SELECT pg_sleep(0.5)::text AS slept")
    under_way = [asyncio.create_task(lines.one(slow, {})) for _ in range(2)]
    await asyncio.sleep(0.1)
    monkeypatch.setattr(hot, "WAIT_SECONDS", 0.05)
    with pytest.raises(Unavailable, match="connections are in use"):
        await lines.one(slow, {})
    await asyncio.gather(*under_way)


async def test_an_unreachable_database_is_an_operational_error() -> None:
    nowhere = HotLines("host=/nonexistent dbname=x", APP_ROLE, most=1, name="nowhere")
    with pytest.raises(psycopg.OperationalError):
        await nowhere.one(HotStatement(b"SELECT 1 AS n"), {})
    await nowhere.close()
