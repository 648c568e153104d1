"""Every table of the database is declared, truly, and the erasing function is what the declarations say."""

import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from svardesk.kit.db import Database
from svardesk.kit.personal import PersonalTable, declared

ROOT = Path(__file__).resolve().parents[2]


def catalogue(dsn: str) -> dict[str, dict[str, bool]]:
    """Columns of every table of the database, and whether each may be NULL."""
    with psycopg.connect(dsn) as conn:
        rows = conn.execute(
            "SELECT c.relname, a.attname, NOT a.attnotnull FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped"
            " WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname <> 'alembic_version'"
        ).fetchall()
    tables: dict[str, dict[str, bool]] = {}
    for table, column, nullable in rows:
        tables.setdefault(table, {})[column] = nullable
    return tables


def test_every_table_is_declared_as_personal_or_as_holding_none(db: Database) -> None:
    tables = catalogue(db.dsn)
    assert len(tables) > 30
    assert declared().undeclared(tables) == [], "say in the room's personal.py whose data these tables hold"
    assert declared().stale(tables) == []


def test_declared_columns_exist_and_blanking_fits_them(db: Database) -> None:
    tables = catalogue(db.dsn)
    for one in declared().personal.values():
        columns = tables[one.table]
        assert set(one.columns) | set(one.blank) | set(one.context) <= set(columns), one.table
        for name, value in one.blank.items():
            assert value != "NULL" or columns[name], f"{one.table}.{name} cannot be NULL"


def test_the_sql_is_what_the_declarations_say() -> None:
    done = subprocess.run(
        [sys.executable, "scripts/make_privacy_sql.py", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("wrong", "part"),
    [
        ({"erase": "delete"}, "subject"),
        ({"erase": "blank", "subject": "true"}, "blank"),
        ({"erase": "keep"}, "why"),
        ({"erase": "delete", "subject": "true", "retention_days": 3}, "retention_from"),
    ],
)
def test_a_declaration_that_could_not_be_carried_out_is_refused(wrong: dict, part: str) -> None:
    with pytest.raises(ValueError, match=part):
        PersonalTable(table="x", columns=("a",), person="contact", **wrong)
