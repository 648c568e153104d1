"""The Facebook page: posts and what stands below them; and whose messages stand in conversations with somebody else."""

from alembic import op

revision = "20261128_facebook"
down_revision = "20261127_meta"


TABLES = b"""
CREATE TABLE message_authors (
    account_id uuid NOT NULL,
    message_id uuid NOT NULL,
    contact_id uuid NOT NULL,
    CONSTRAINT pk_message_authors PRIMARY KEY (account_id, message_id)
);
COMMENT ON TABLE message_authors IS 'Whose messages stand in conversations with somebody else; without a key to them, because they are found by it.';
CREATE INDEX ix_message_authors_contact ON message_authors (account_id, contact_id);
CREATE TABLE facebook_posts (
    account_id uuid NOT NULL,
    id uuid NOT NULL,
    connection_id uuid NOT NULL,
    post_id text,
    own boolean DEFAULT false NOT NULL,
    ad boolean DEFAULT false NOT NULL,
    body text DEFAULT '' NOT NULL,
    link text,
    picture text,
    permalink text,
    state text DEFAULT 'published' NOT NULL,
    scheduled_at timestamptz,
    published_at timestamptz,
    message_id uuid,
    agent_id uuid,
    client_id uuid,
    error text,
    due_at timestamptz,
    looks integer DEFAULT '0' NOT NULL,
    told_at timestamptz,
    created_at timestamptz NOT NULL,
    version bigint DEFAULT '1' NOT NULL,
    CONSTRAINT pk_facebook_posts PRIMARY KEY (account_id, id),
    CONSTRAINT ck_facebook_posts_state_known CHECK (state IN ('publishing', 'scheduled', 'published', 'failed', 'unknown', 'removed')),
    CONSTRAINT fk_facebook_posts_account_id_connection_id FOREIGN KEY (account_id, connection_id) REFERENCES connections (account_id, id),
    CONSTRAINT fk_facebook_posts_account_id_agent_id FOREIGN KEY (account_id, agent_id) REFERENCES agents (account_id, id),
    CONSTRAINT uq_facebook_posts_account_id_connection_id_post_id UNIQUE (account_id, connection_id, post_id),
    CONSTRAINT fk_facebook_posts_account_id FOREIGN KEY (account_id) REFERENCES accounts (id)
);
COMMENT ON TABLE facebook_posts IS 'Posts on our pages: our own (also those still to come), and visitors''.';
CREATE INDEX ix_facebook_posts_due ON facebook_posts (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX ix_facebook_posts_own ON facebook_posts (account_id, created_at DESC, id DESC) WHERE own;
CREATE UNIQUE INDEX uq_facebook_posts_client ON facebook_posts (account_id, agent_id, client_id) WHERE client_id IS NOT NULL;
CREATE TABLE facebook_comments (
    account_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    comment_id text NOT NULL,
    post_id text NOT NULL,
    parent_id text,
    message_id uuid,
    conversation_id uuid,
    contact_id uuid,
    ours boolean DEFAULT false NOT NULL,
    hidden boolean DEFAULT false NOT NULL,
    hidden_at timestamptz,
    liked boolean DEFAULT false NOT NULL,
    removed_at timestamptz,
    state text DEFAULT 'open' NOT NULL,
    proposed text,
    answer_id uuid,
    private_id uuid,
    written_at timestamptz NOT NULL,
    came_at timestamptz NOT NULL,
    CONSTRAINT pk_facebook_comments PRIMARY KEY (account_id, connection_id, comment_id),
    CONSTRAINT ck_facebook_comments_state_known CHECK (state IN ('open', 'answered', 'not_needed')),
    CONSTRAINT fk_facebook_comments_account_id_connection_id FOREIGN KEY (account_id, connection_id) REFERENCES connections (account_id, id),
    CONSTRAINT fk_facebook_comments_account_id_conversation_id FOREIGN KEY (account_id, conversation_id) REFERENCES conversations (account_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE facebook_comments IS 'Comments, and visitors'' posts: what else is known of their messages. A row without message was removed before it came.';
CREATE INDEX ix_facebook_comments_answer ON facebook_comments (account_id, answer_id) WHERE answer_id IS NOT NULL;
CREATE INDEX ix_facebook_comments_contact ON facebook_comments (account_id, contact_id) WHERE contact_id IS NOT NULL;
CREATE INDEX ix_facebook_comments_message ON facebook_comments (account_id, message_id) WHERE message_id IS NOT NULL;
CREATE INDEX ix_facebook_comments_open ON facebook_comments (account_id, conversation_id, came_at) WHERE state = 'open' AND removed_at IS NULL;
CREATE INDEX ix_facebook_comments_parent ON facebook_comments (account_id, connection_id, parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX ix_facebook_comments_post ON facebook_comments (account_id, connection_id, post_id);
CREATE INDEX ix_facebook_comments_private ON facebook_comments (account_id, private_id) WHERE private_id IS NOT NULL;
"""


def upgrade() -> None:
    """Add tables; the version before runs beside them."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None  # noqa: S101 - only without a connection, which a migration has
    driver.execute(b"SET LOCAL lock_timeout = '3s'")
    driver.execute(TABLES)
