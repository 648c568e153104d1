"""E-mail, answers that wait for a time, and a visitor's message that asks one question fewer: functions and policies."""

from pathlib import Path

from alembic import op

revision = "20261125_email"
down_revision = "20261124_contact_merges"

SQL = Path(__file__).resolve().parent.parent / "sql"
FILES = ("contacts", "conversations", "channels", "email", "search", "privacy", "guards")


def upgrade() -> None:
    """Put functions, views and policies in place again; the version before runs on them too."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None  # noqa: S101 - only without a connection, which a migration has
    driver.execute(b"SET LOCAL lock_timeout = '3s'")
    for name in FILES:
        driver.execute((SQL / f"{name}.sql").read_bytes())
