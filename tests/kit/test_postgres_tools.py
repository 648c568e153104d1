"""psql as a small driver, passwords off the command line, revisions without Alembic."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from svardesk.kit import migrate
from svardesk.kit.postgres import Cluster, PostgresError, query
from svardesk.kit.postgres.tools import split_password, tool_environment


@pytest.mark.parametrize(
    ("dsn", "bare", "password"),
    [
        ("postgresql://desk@db.example/svardesk", "postgresql://desk@db.example/svardesk", None),
        ("postgresql://desk:hemmelig@db/s?sslmode=require", "postgresql://desk@db/s?sslmode=require", "hemmelig"),
        ("postgres://desk:p%40ss%C3%A6@db/s", "postgres://desk@db/s", "p@ssæ"),
        ("postgresql://desk:@db/s", "postgresql://desk@db/s", ""),
        ("host=db dbname=s password=abc user=d", "host=db dbname=s user=d", "abc"),
        (r"host=db password = 'it\'s \\ so' user=d", "host=db user=d", r"it's \ so"),
        ("host=/run/x dbname='pass word=1'", "host=/run/x dbname='pass word=1'", None),
    ],
)
def test_a_password_never_stands_on_a_command_line(dsn: str, bare: str, password: str | None) -> None:
    assert split_password(dsn) == (bare, password)


def test_programs_get_none_of_the_callers_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGHOST", "elsewhere")
    monkeypatch.setenv("PGPASSWORD", "old")
    environment = tool_environment("new")
    assert "PGHOST" not in environment
    assert environment["PGPASSWORD"] == "new"
    assert "PGPASSWORD" not in tool_environment()


def test_query_answers_rows_of_texts(cluster: Cluster) -> None:
    dsn = cluster.dsn("postgres")
    assert query(dsn, "SELECT 1, 'a|b', NULL UNION ALL SELECT 2, E'two\nlines', '' ORDER BY 1") == [
        ["1", "a|b", ""],
        ["2", "two\nlines", ""],
    ]
    assert query(dsn, "SELECT 1 WHERE false") == []


@pytest.mark.parametrize(
    ("sql", "code"),
    [("SELECT * FROM nowhere_at_all", "undefined_table"), ("SELECT 1/0", "query_failed"), ("SELEC", "query_failed")],
)
def test_query_tells_what_is_wrong(cluster: Cluster, sql: str, code: str) -> None:
    with pytest.raises(PostgresError) as caught:
        query(cluster.dsn("postgres"), sql)
    assert caught.value.code == code


def test_a_server_that_does_not_answer_is_told(tmp_path: Path) -> None:
    with pytest.raises(PostgresError, match="No such file or directory"):
        query(f"host={tmp_path} dbname=x user=y", "SELECT 1")


def test_the_parent_process_loads_no_driver_and_no_alembic() -> None:
    code = (
        "import sys, svardesk.cli, svardesk.commands.run\n"
        "heavy = {'psycopg', 'alembic', 'sqlalchemy', 'litestar', 'msgspec', 'asyncio', 'http', 'ssl', 'email'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


# ---------------------------------------------------------------------- revisions


def test_revisions_form_one_line_and_the_database_has_the_newest(clone: Callable[[], str]) -> None:
    line = migrate.revisions()
    assert line[0] == "20261122_first"
    assert migrate.newest_revision() == line[-1]
    assert migrate.database_revision(clone()) == line[-1]


def test_an_empty_database_has_no_revision(cluster: Cluster) -> None:
    cluster.create_database("never_migrated")
    try:
        assert migrate.database_revision(cluster.dsn("never_migrated")) is None
    finally:
        cluster.drop_database("never_migrated")


def write(folder: Path, revision: str, down: str | None) -> None:
    (folder / "versions").mkdir(parents=True, exist_ok=True)
    (folder / "env.py").touch()
    (folder / "versions" / f"{revision}.py").write_text(
        f'"""A step."""\n\nrevision: str = "{revision}"\ndown_revision: str | None = {down!r}\n'
    )


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ([("a", None), ("b", "a"), ("c", "a")], "Two migrations follow a: b and c"),
        ([("a", None), ("c", "lost")], "hang on to none that is known: c"),
    ],
)
def test_a_fork_or_a_gap_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, steps: list[tuple[str, str | None]], said: str
) -> None:
    for revision, down in steps:
        write(tmp_path, revision, down)
    monkeypatch.setattr(migrate, "migrations_folder", lambda: tmp_path)
    with pytest.raises(migrate.MigrationError, match=said):
        migrate.revisions()


def test_two_migrations_at_once_do_it_once(cluster: Cluster) -> None:
    cluster.create_database("migrated_twice")
    dsn = cluster.dsn("migrated_twice")
    code = "import sys; from svardesk.kit.migrate import migrate; print(migrate(sys.argv[1]))"
    both = [
        subprocess.Popen([sys.executable, "-c", code, dsn], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = sorted(process.communicate(timeout=50)[0].strip() for process in both)
    newest = migrate.newest_revision()
    assert said == sorted([f"(None, {newest!r})", f"({newest!r}, {newest!r})"])
    cluster.drop_database("migrated_twice")


def test_a_database_of_a_newer_version_is_left_alone(clone: Callable[[], str]) -> None:
    dsn = clone()
    with psycopg.connect(dsn) as conn:
        conn.execute("UPDATE alembic_version SET version_num = '20990101_future'")
    with pytest.raises(migrate.MigrationError, match="schema 20990101_future, which this Svardesk does not know"):
        migrate.migrate(dsn)
    assert migrate.database_revision(dsn) == "20990101_future"
