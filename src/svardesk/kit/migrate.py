"""Bringing the database's schema to the one that this program needs.

`newest_revision` and `database_revision` are the fast path of every start: they need neither Alembic nor a driver
(10 ms instead of 400). `migrate` runs Alembic, one process at a time.
"""

from __future__ import annotations

import re
from pathlib import Path

from svardesk.kit.postgres import PostgresError, query

MIGRATION_LOCK = 0x5356_4152_4D49_4752
"""Advisory lock ("SVARMIGR") that a migrating process holds: whoever comes second waits, then finds nothing to do."""

_REVISION = re.compile(r"""^revision(?:\s*:[^=\n]*)?\s*=\s*["']([^"']+)["']""", re.MULTILINE)
_DOWN_REVISION = re.compile(r"""^down_revision(?:\s*:[^=\n]*)?\s*=\s*(.+)$""", re.MULTILINE)
_QUOTED = re.compile(r"""["']([^"']+)["']""")


class MigrationError(Exception):
    """The schema cannot be brought to this program's; the message says why and what to do."""


def migrations_folder() -> Path:
    """The folder with `env.py` and `versions/`: beside `src/` in a checkout, inside the package when installed."""
    here = Path(__file__).resolve()
    for folder in (here.parents[3] / "migrations", here.parents[1] / "migrations"):
        if (folder / "env.py").is_file():
            return folder
    raise MigrationError(f"The migrations are missing: neither {here.parents[3]} nor {here.parents[1]} has them.")


def revisions() -> list[str]:
    """All revisions known to this program, oldest first, read from the files' text.

    Raises MigrationError when they do not form one line (two heads, a gap).
    """
    after: dict[str | None, str] = {}
    for file in sorted((migrations_folder() / "versions").glob("*.py")):
        text = file.read_text(encoding="utf-8")
        revision, down = _REVISION.search(text), _DOWN_REVISION.search(text)
        if revision is None or down is None:
            continue
        parent = _QUOTED.search(down[1])
        key = parent[1] if parent else None
        if key in after:
            raise MigrationError(f"Two migrations follow {key or 'the beginning'}: {after[key]} and {revision[1]}.")
        after[key] = revision[1]
    line: list[str] = []
    current = after.pop(None, None)
    while current is not None:
        line.append(current)
        current = after.pop(current, None)
    if after:
        raise MigrationError(f"These migrations hang on to none that is known: {', '.join(sorted(after.values()))}.")
    return line


def newest_revision() -> str | None:
    """The revision this program needs, or None when there are no migrations."""
    line = revisions()
    return line[-1] if line else None


def database_revision(dsn: str) -> str | None:
    """The revision that the database has; None when it is empty. Raises PostgresError when it cannot be asked."""
    try:
        rows = query(dsn, "SELECT version_num FROM alembic_version")
    except PostgresError as error:
        if error.code == "undefined_table":
            return None
        raise
    return rows[0][0] if rows else None


def migrate(dsn: str) -> tuple[str | None, str | None]:
    """Bring the schema to the newest revision; (revision before, revision after).

    Holds an advisory lock meanwhile. `migrations/env.py` gets the open connection as
    `context.config.attributes["connection"]`. Raises MigrationError when the database is newer than this program.
    """
    # Imported here: 300 ms that no other command should pay.
    import psycopg
    from alembic import command
    from alembic.config import Config
    from sqlalchemy import create_engine, pool
    from sqlalchemy.exc import DBAPIError

    line = revisions()
    try:
        # A connection of its own, because env.py ends its transactions as it likes.
        with psycopg.connect(dsn, autocommit=True, application_name="svardesk migrate") as lock:
            _ = lock.execute("SELECT pg_advisory_lock(%s)", (MIGRATION_LOCK,))
            before = database_revision(dsn)
            if before is not None and before not in line:
                raise MigrationError(
                    f"The database has schema {before}, which this Svardesk does not know: it was used by a newer version. "
                    "Install that version, or restore a backup that this one made."
                )
            if line and before != line[-1]:
                engine = create_engine(
                    "postgresql+psycopg://",
                    creator=lambda: psycopg.connect(dsn, application_name="svardesk migrate"),
                    poolclass=pool.NullPool,
                )
                config = Config()
                config.set_main_option("script_location", str(migrations_folder()).replace("%", "%%"))
                with engine.connect() as connection:
                    config.attributes["connection"] = connection
                    command.upgrade(config, "head")
                    connection.commit()
            return before, database_revision(dsn)
    except (psycopg.Error, DBAPIError) as error:
        # All steps and the code that stands on them are one transaction.
        raise MigrationError(
            f"The schema could not be brought up to date, and is as it was before. PostgreSQL said: {error}"
        ) from error
