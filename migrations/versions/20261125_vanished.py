"""A delivery over which worker after worker vanishes is counted, and ends with a person."""

from pathlib import Path

from alembic import op

revision = "20261125_vanished"
down_revision = "20261125_email"

SQL = Path(__file__).resolve().parent.parent / "sql"


def upgrade() -> None:
    """Put the channels room's functions in place again; safe to repeat, and the version before runs on them too."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None  # noqa: S101 - only without a connection, which a migration has
    driver.execute((SQL / "channels.sql").read_bytes())
