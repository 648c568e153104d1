"""Alembic's environment: runs on the connection that `svardesk migrate` hands over, or on SVARDESK_DATABASE_URL."""

import os

from alembic import context
from sqlalchemy import create_engine, pool

from svardesk.kit.models import metadata


def wanted(name: str | None, kind: str, _parents: object) -> bool:
    """Leave out the log's partitions, made while the house is running, and the indexes that search.sql makes."""
    made_elsewhere = {"table": "events_p", "index": "ix_search_"}.get(kind)
    return made_elsewhere is None or not (name or "").startswith(made_elsewhere)


def run() -> None:
    """Run the migrations in one transaction each, giving up on a lock rather than stopping the house."""
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
        transaction_per_migration=True,
        compare_server_default=False,
    )
    with context.begin_transaction():
        context.run_migrations()


run()
