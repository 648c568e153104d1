"""E-mail, answers that wait for a time, and a visitor's message that asks one question fewer: no tables of their own."""

revision = "20261125_email"
down_revision = "20261124_contact_merges"


def upgrade() -> None:
    """Nothing but code, which env.py puts in place."""
