"""How far mails that were taken in have been marked or moved."""

from alembic import op

revision = "20261126_settled"
down_revision = "20261126_suppressions"


def upgrade() -> None:
    """Add the mark; without it everything that was taken in counts as settled."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None  # noqa: S101 - only without a connection, which a migration has
    driver.execute(b"SET LOCAL lock_timeout = '3s'")
    driver.execute(b"ALTER TABLE mailboxes ADD COLUMN IF NOT EXISTS settled_uid bigint")
