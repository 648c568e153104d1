"""Drafts hold to whom they are to go."""

from alembic import op

revision = "20261126_drafts"
down_revision = "20261126_settled"


def upgrade() -> None:
    """Add the column; the version before stores drafts without it."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None  # noqa: S101 - only without a connection, which a migration has
    driver.execute(b"SET LOCAL lock_timeout = '3s'")
    driver.execute(b"ALTER TABLE drafts ADD COLUMN IF NOT EXISTS addressing jsonb")
