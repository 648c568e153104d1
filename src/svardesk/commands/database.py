"""Reaching the database from a command: the server of the URL, the embedded one that runs, or one started meanwhile."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from svardesk.commands.failure import CommandError
from svardesk.commands.lock import DataLock
from svardesk.config import Settings
from svardesk.kit.migrate import database_revision, newest_revision
from svardesk.kit.postgres import (
    DATABASE,
    Cluster,
    PostgresError,
    database_dsn,
    embedded_cluster,
    find_binaries,
)
from svardesk.kit.postgres.tools import split_password, tool_environment


@contextmanager
def reachable(settings: Settings, command: str, *, exclusive: bool = False) -> Iterator[str]:
    """The owner's connection string while the database is up.

    An embedded database that does not run is started for the time of the command. `exclusive` refuses while
    `svardesk run` holds the data folder.
    """
    if not settings.embedded:
        yield settings.database_url
        return
    cluster = embedded_cluster(settings)
    if cluster.running() and not exclusive:
        yield cluster.dsn(DATABASE)
        return
    with DataLock(settings, command):
        was_running = cluster.running()
        cluster.start()
        try:
            _ = cluster.create_database(DATABASE)
            yield cluster.dsn(DATABASE)
        finally:
            if not was_running:
                cluster.stop()


def require_running(settings: Settings) -> None:
    """Refuse to serve or work without a database, or with one whose schema is not ours."""
    if settings.embedded and not embedded_cluster(settings).running():
        raise CommandError(
            "The embedded database does not run. `svardesk run` starts everything; `svardesk postgres start` the database alone."
        )
    try:
        revision = database_revision(database_dsn(settings))
    except PostgresError as error:
        raise CommandError(f"The database does not answer: {error}") from error
    needed = newest_revision()
    if revision is None or (revision != needed and not _newer(revision)):
        raise CommandError(
            f"The database's schema is {revision or 'empty'}, and this Svardesk needs {needed}. Run `svardesk migrate` first."
        )


def _newer(revision: str) -> bool:
    # While a new version is rolled out, the old one keeps working on the new schema (expand, then contract).
    from svardesk.kit.migrate import revisions

    return revision not in revisions()


def start(settings: Settings) -> int:
    """`svardesk postgres start`: start the embedded database and leave it running."""
    cluster = _embedded(settings)
    with DataLock(settings, "postgres start"):
        cluster.start()
        _ = cluster.create_database(DATABASE)
    print(f"PostgreSQL runs as '{cluster.account.name}' (process {cluster.pid()}), data in {cluster.data_dir}.")
    print(f"Connection: {cluster.dsn(DATABASE)}")
    return 0


def stop(settings: Settings) -> int:
    """`svardesk postgres stop`."""
    cluster = _embedded(settings)
    if not cluster.running():
        print("PostgreSQL does not run.")
        return 0
    with DataLock(settings, "postgres stop"):
        cluster.stop()
    print("PostgreSQL stopped.")
    return 0


def psql(settings: Settings, arguments: Sequence[str]) -> int:
    """`svardesk postgres psql …`: become psql, connected as the owner."""
    if settings.embedded and not embedded_cluster(settings).running():
        raise CommandError(
            "The embedded database does not run. Start it with `svardesk run` or `svardesk postgres start`."
        )
    bare, password = split_password(database_dsn(settings))
    program = find_binaries().program("psql")
    os.execve(program, [program, "-d", bare, *arguments], os.environ | tool_environment(password))  # noqa: S606


def _embedded(settings: Settings) -> Cluster:
    if not settings.embedded:
        raise CommandError(
            "SVARDESK_DATABASE_URL is set, so there is no embedded database. Unset it to use this command."
        )
    return embedded_cluster(settings)
