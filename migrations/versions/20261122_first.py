"""The house: roles, tables, the spine. What stands on the tables of the newest version, env.py puts in place at the end."""

from pathlib import Path

from alembic import op

revision = "20261122_first"
down_revision = None

SQL = Path(__file__).resolve().parent.parent / "sql"
FILES = (
    "roles",
    "extensions",
    "tables",
    "unlogged",
    "spine",
    "accounts",
)


def upgrade() -> None:
    """Create what everything else stands on."""
    for name in FILES:
        file = SQL / f"{name}.sql"
        if file.exists():
            # Straight to the driver: these files hold colons and percent signs of their own.
            driver = op.get_bind().connection.driver_connection
            assert driver is not None  # noqa: S101 - only without a connection, which a migration has
            driver.execute(file.read_bytes())
