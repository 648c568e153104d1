"""Alembic's environment: runs on the connection that `svardesk migrate` hands over, or on SVARDESK_DATABASE_URL."""

import os
from pathlib import Path

from alembic import context
from sqlalchemy import create_engine, pool

from svardesk.kit.models import metadata

SQL = Path(__file__).resolve().parent / "sql"
CODE = ("contacts", "conversations", "channels", "email", "meta", "search", "public", "facebook", "privacy", "guards")
"""Functions, views and policies, each file safe to run again: they stand on the tables as they are after the last step."""


def wanted(name: str | None, kind: str, _parents: object) -> bool:
    """Leave out the log's partitions, made while the house is running, and the indexes that search.sql makes."""
    made_elsewhere = {"table": "events_p", "index": "ix_search_"}.get(kind)
    return made_elsewhere is None or not (name or "").startswith(made_elsewhere)


def run() -> None:
    """Run the migrations that are due and put the code in place, all or nothing, giving up on a lock rather than stopping the house."""
    connection = context.config.attributes.get("connection")
    if connection is None:
        url = os.environ["SVARDESK_MIGRATE_DSN"]
        engine = create_engine("postgresql+psycopg://", poolclass=pool.NullPool, creator=lambda: _connect(url))
        with engine.connect() as own:
            _migrate(own)
    else:
        _migrate(connection)


def _connect(dsn: str) -> object:
    import psycopg

    return psycopg.connect(dsn)


def _migrate(connection: object) -> None:
    context.configure(
        connection=connection,  # pyright: ignore[reportArgumentType]
        target_metadata=metadata,
        include_name=wanted,
        compare_server_default=False,
    )
    with context.begin_transaction():
        context.run_migrations()
        newest = context.script.get_current_head() == context.get_context().get_current_revision()
        if newest and not context.config.attributes.get("compare_only"):
            _put_code_in_place()


def _put_code_in_place() -> None:
    # Straight to the driver: these files hold colons and percent signs of their own.
    driver = context.get_bind().connection.driver_connection
    assert driver is not None  # noqa: S101 - only without a connection, which a migration has
    driver.execute(b"SET LOCAL lock_timeout = '3s'")
    for name in CODE:
        driver.execute((SQL / f"{name}.sql").read_bytes())


run()
