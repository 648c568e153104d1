"""E-mail: what a mail carries beside its text, mailboxes, answers that wait for a time."""

from pathlib import Path

from alembic import op

revision = "20261125_email"
down_revision = "20261125_take"

SQL = Path(__file__).resolve().parent.parent / "sql"
FILES = ("email_tables", "conversations", "channels", "email", "search", "privacy", "guards")


def upgrade() -> None:
    """Add tables and columns, put functions and views in place again; the version before runs on them too."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None  # noqa: S101 - only without a connection, which a migration has
    for name in FILES:
        driver.execute((SQL / f"{name}.sql").read_bytes())
