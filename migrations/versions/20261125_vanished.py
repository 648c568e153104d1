"""A delivery over which worker after worker vanishes is counted, and ends with a person: no tables of its own."""

revision = "20261125_vanished"
down_revision = "20261125_email"


def upgrade() -> None:
    """Nothing but code, which env.py puts in place."""
