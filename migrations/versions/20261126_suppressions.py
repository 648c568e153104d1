"""Addresses that do not exist: nothing is sent there."""

from pathlib import Path

from alembic import op

revision = "20261126_suppressions"
down_revision = "20261126_retries"

SQL = Path(__file__).resolve().parent.parent / "sql"

TABLE = b"""
CREATE TABLE IF NOT EXISTS mail_suppressions (
    account_id uuid NOT NULL,
    address text NOT NULL,
    code text NOT NULL,
    said text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL,
    CONSTRAINT pk_mail_suppressions PRIMARY KEY (account_id, address),
    CONSTRAINT fk_mail_suppressions_account_id FOREIGN KEY (account_id) REFERENCES accounts (id)
);
COMMENT ON TABLE mail_suppressions IS
    'Addresses that do not exist, as a mail server said: nothing is sent there until a person or a mail says otherwise.';
"""


def upgrade() -> None:
    """Create the table, behind its wall, and let erasures know of it."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None  # noqa: S101 - only without a connection, which a migration has
    driver.execute(b"SET LOCAL lock_timeout = '3s'")
    driver.execute(TABLE)
    for name in ("privacy", "guards"):
        driver.execute((SQL / f"{name}.sql").read_bytes())
