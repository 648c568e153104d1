"""How long an answer has been refused, and how often: channels say for how long to try again."""

from alembic import op

revision = "20261126_retries"
down_revision = "20261125_vanished"


def upgrade() -> None:
    """Add what is counted; the version before does not look at it."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None  # noqa: S101 - only without a connection, which a migration has
    driver.execute(b"SET LOCAL lock_timeout = '3s'")
    driver.execute(b"ALTER TABLE deliveries ADD COLUMN IF NOT EXISTS refused_at timestamptz")
    driver.execute(b"ALTER TABLE deliveries ADD COLUMN IF NOT EXISTS refusals integer NOT NULL DEFAULT 0")
