"""Meta: whose names are to be asked for, and what Meta told us to delete."""

from alembic import op

revision = "20261127_meta"
down_revision = "20261126_threads"


TABLES = b"""
CREATE TABLE meta_profiles (
    account_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    person text NOT NULL,
    contact_id uuid NOT NULL,
    state text DEFAULT 'waiting' NOT NULL,
    attempt integer DEFAULT '0' NOT NULL,
    due_at timestamptz NOT NULL,
    picture_file_id uuid,
    asked_at timestamptz,
    CONSTRAINT pk_meta_profiles PRIMARY KEY (account_id, connection_id, person),
    CONSTRAINT ck_meta_profiles_state_known CHECK (state IN ('waiting', 'known', 'nameless')),
    CONSTRAINT fk_meta_profiles_account_id_contact_id
        FOREIGN KEY (account_id, contact_id) REFERENCES contacts (account_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE meta_profiles IS
    'People at a page whose name we ask Meta for once: a page''s own number of a person, and what came of it.';
CREATE INDEX ix_meta_profiles_due ON meta_profiles (due_at) WHERE state = 'waiting';
CREATE INDEX ix_meta_profiles_contact ON meta_profiles (account_id, contact_id);

CREATE TABLE meta_deletions (
    account_id uuid NOT NULL,
    id uuid NOT NULL,
    connection_id uuid NOT NULL,
    code text NOT NULL,
    app_scoped_id text,
    kind text DEFAULT 'deletion' NOT NULL,
    state text DEFAULT 'unmatched' NOT NULL,
    requested_at timestamptz NOT NULL,
    done_at timestamptz,
    CONSTRAINT pk_meta_deletions PRIMARY KEY (account_id, id),
    CONSTRAINT ck_meta_deletions_kind_known CHECK (kind IN ('deletion', 'deauthorised')),
    CONSTRAINT ck_meta_deletions_state_known CHECK (state IN ('unmatched', 'done')),
    CONSTRAINT uq_meta_deletions_account_id_code UNIQUE (account_id, code),
    CONSTRAINT fk_meta_deletions_account_id FOREIGN KEY (account_id) REFERENCES accounts (id)
);
COMMENT ON TABLE meta_deletions IS
    'What Meta told us to delete, and that somebody withdrew our app''s access; the code is on the status page.';
"""


def upgrade() -> None:
    """Add tables; the version before runs on them too."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None  # noqa: S101 - only without a connection, which a migration has
    driver.execute(b"SET LOCAL lock_timeout = '3s'")
    driver.execute(TABLES)
