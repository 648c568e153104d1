"""Tables and columns of e-mail: before everything that reads them, because functions are put in place again by later steps."""

from pathlib import Path

from alembic import op

revision = "20261124_before_mail"
down_revision = "20261122_first"

SQL = Path(__file__).resolve().parent.parent / "sql"


def upgrade() -> None:
    """Add what is not there yet; a fresh database has all of it."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None  # noqa: S101 - only without a connection, which a migration has
    driver.execute(b"SET LOCAL lock_timeout = '3s'")
    driver.execute((SQL / "email_tables.sql").read_bytes())
