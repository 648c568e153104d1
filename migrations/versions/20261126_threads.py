"""What channels with windows, pieces, edits and files at the provider need: columns of conversations and deliveries, four tables."""

from alembic import op

revision = "20261126_threads"
down_revision = "20261126_drafts"


TABLES = b"""
ALTER TABLE conversations ADD COLUMN window_from timestamptz, ADD COLUMN window_until timestamptz, ADD COLUMN window_alarm timestamptz;
CREATE INDEX ix_conversations_window ON conversations (window_until)
    WHERE window_until IS NOT NULL AND waiting_since IS NOT NULL;
CREATE INDEX ix_messages_external ON messages (account_id, conversation_id, external_id) WHERE external_id IS NOT NULL;

ALTER TABLE deliveries ADD COLUMN part integer DEFAULT '0' NOT NULL, ADD COLUMN parts integer DEFAULT '1' NOT NULL;

CREATE TABLE message_edits (
    account_id uuid NOT NULL,
    message_id uuid NOT NULL,
    edit integer NOT NULL,
    body text NOT NULL,
    written_at timestamptz NOT NULL,
    CONSTRAINT pk_message_edits PRIMARY KEY (account_id, message_id, edit),
    CONSTRAINT fk_message_edits_account_id_message_id
        FOREIGN KEY (account_id, message_id) REFERENCES messages (account_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE message_edits IS 'How a message read before it was edited, oldest first.';

CREATE TABLE delivery_parts (
    account_id uuid NOT NULL,
    delivery_id uuid NOT NULL,
    part integer NOT NULL,
    connection_id uuid NOT NULL,
    external_id text,
    sent_at timestamptz NOT NULL,
    CONSTRAINT pk_delivery_parts PRIMARY KEY (account_id, delivery_id, part),
    CONSTRAINT fk_delivery_parts_account_id_delivery_id
        FOREIGN KEY (account_id, delivery_id) REFERENCES deliveries (account_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE delivery_parts IS 'The pieces of an answer that have gone out, each with the provider''s name of it.';
CREATE INDEX ix_delivery_parts_external ON delivery_parts (account_id, connection_id, external_id);

CREATE TABLE threads (
    account_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    thread text NOT NULL,
    owner text,
    standby boolean DEFAULT false NOT NULL,
    first_touch jsonb,
    last_touch jsonb,
    updated_at timestamptz NOT NULL,
    CONSTRAINT pk_threads PRIMARY KEY (account_id, connection_id, thread),
    CONSTRAINT fk_threads_account_id_connection_id
        FOREIGN KEY (account_id, connection_id) REFERENCES connections (account_id, id)
);
COMMENT ON TABLE threads IS
    'What a channel says of a thread beside its messages: which program owns it, and what the person came from.';

CREATE TABLE media (
    account_id uuid NOT NULL,
    id uuid NOT NULL,
    message_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    ref text NOT NULL,
    name text,
    media_type text,
    state text DEFAULT 'waiting' NOT NULL,
    attempt integer DEFAULT '0' NOT NULL,
    due_at timestamptz NOT NULL,
    expires_at timestamptz,
    file_id uuid,
    error text,
    CONSTRAINT pk_media PRIMARY KEY (account_id, id),
    CONSTRAINT ck_media_state_known CHECK (state IN ('waiting', 'kept', 'gone')),
    CONSTRAINT fk_media_account_id_message_id
        FOREIGN KEY (account_id, message_id) REFERENCES messages (account_id, id) ON DELETE CASCADE,
    CONSTRAINT fk_media_account_id FOREIGN KEY (account_id) REFERENCES accounts (id)
);
COMMENT ON TABLE media IS 'Files of messages that lie at the provider until the worker has fetched them.';
CREATE INDEX ix_media_due ON media (due_at) WHERE state = 'waiting';
CREATE INDEX ix_media_message ON media (account_id, message_id);
"""


def upgrade() -> None:
    """Add columns and tables; the version before runs on them too."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None  # noqa: S101 - only without a connection, which a migration has
    driver.execute(b"SET LOCAL lock_timeout = '3s'")
    driver.execute(TABLES)
