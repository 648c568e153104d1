"""Migrate an empty throw-away database and compare it with the tables that the rooms declare (`alembic check`)."""

import sys
import tempfile
from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import create_engine, pool

from svardesk.kit.migrate import MigrationError, migrate, migrations_folder, revisions
from svardesk.kit.postgres import Cluster

FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


def main() -> int:
    """0 when the migrations make exactly the declared tables."""
    if not revisions():
        print("There are no migrations yet.")
        return 0
    with tempfile.TemporaryDirectory(prefix="svardesk-check-") as folder:
        Path(folder).chmod(0o755)  # as root the server runs under another account, which must get in
        cluster = Cluster(Path(folder) / "data", FAST)
        cluster.start()
        try:
            cluster.create_database("checked")
            dsn = cluster.dsn("checked")
            migrate(dsn)
            config = Config()
            config.set_main_option("script_location", str(migrations_folder()).replace("%", "%%"))
            engine = create_engine(
                "postgresql+psycopg://", creator=lambda: psycopg.connect(dsn), poolclass=pool.NullPool
            )
            with engine.connect() as connection:
                config.attributes["connection"] = connection
                config.attributes["compare_only"] = True
                command.check(config)
        except (MigrationError, CommandError) as error:
            print(f"{error}\nWrite a migration (see CONTRIBUTING.md), or correct the room's models.py.")
            return 1
        finally:
            cluster.stop()
    print(f"{len(revisions())} migrations make exactly the declared tables")
    return 0


if __name__ == "__main__":
    sys.exit(main())
