"""Tables of the Facebook page: posts, and what stands below them."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import UUID

from svardesk.kit.metadata import choice, instant, ref, tenant_table, uuid_column

facebook_posts = tenant_table(
    "facebook_posts",
    uuid_column("connection_id"),
    Column("post_id", Text, nullable=True),
    Column("own", Boolean, nullable=False, server_default=text("false")),
    Column("ad", Boolean, nullable=False, server_default=text("false")),
    Column("body", Text, nullable=False, server_default=""),
    Column("link", Text, nullable=True),
    Column("picture", Text, nullable=True),
    Column("permalink", Text, nullable=True),
    *choice("state", "publishing", "scheduled", "published", "failed", "unknown", "removed", default="published"),
    instant("scheduled_at", nullable=True),
    instant("published_at", nullable=True),
    uuid_column("message_id", nullable=True),
    uuid_column("agent_id", nullable=True),
    Column("client_id", UUID(as_uuid=True), nullable=True),
    Column("error", Text, nullable=True),
    # When the page is asked about it: its text is not known, or nobody knows whether it came through.
    instant("due_at", nullable=True),
    Column("looks", Integer, nullable=False, server_default="0"),
    instant("told_at", nullable=True),
    instant("created_at"),
    Column("version", BigInteger, nullable=False, server_default="1"),
    ref("connections", "connection_id"),
    ref("agents", "agent_id"),
    UniqueConstraint("account_id", "connection_id", "post_id"),
    Index(
        "uq_facebook_posts_client",
        "account_id",
        "agent_id",
        "client_id",
        unique=True,
        postgresql_where=text("client_id IS NOT NULL"),
    ),
    Index(
        "ix_facebook_posts_own", "account_id", text("created_at DESC"), text("id DESC"), postgresql_where=text("own")
    ),
    Index("ix_facebook_posts_due", "due_at", postgresql_where=text("due_at IS NOT NULL")),
    comment="Posts on our pages: our own (also those still to come), and visitors'.",
)

facebook_comments = tenant_table(
    "facebook_comments",
    uuid_column("connection_id"),
    Column("comment_id", Text, nullable=False),
    Column("post_id", Text, nullable=False),
    Column("parent_id", Text, nullable=True),
    uuid_column("message_id", nullable=True),
    uuid_column("conversation_id", nullable=True),
    uuid_column("contact_id", nullable=True),
    Column("ours", Boolean, nullable=False, server_default=text("false")),
    Column("hidden", Boolean, nullable=False, server_default=text("false")),
    instant("hidden_at", nullable=True),
    Column("liked", Boolean, nullable=False, server_default=text("false")),
    instant("removed_at", nullable=True),
    *choice("state", "open", "answered", "not_needed", default="open"),
    Column("proposed", Text, nullable=True),
    uuid_column("answer_id", nullable=True),
    uuid_column("private_id", nullable=True),
    instant("written_at"),
    instant("came_at"),
    ref("connections", "connection_id"),
    ref("conversations", "conversation_id", on_delete="CASCADE"),
    # Whose comments wait, and since when.
    Index(
        "ix_facebook_comments_open",
        "account_id",
        "conversation_id",
        "came_at",
        postgresql_where=text("state = 'open' AND removed_at IS NULL"),
    ),
    Index("ix_facebook_comments_message", "account_id", "message_id", postgresql_where=text("message_id IS NOT NULL")),
    Index(
        "ix_facebook_comments_parent",
        "account_id",
        "connection_id",
        "parent_id",
        postgresql_where=text("parent_id IS NOT NULL"),
    ),
    Index("ix_facebook_comments_post", "account_id", "connection_id", "post_id"),
    Index("ix_facebook_comments_answer", "account_id", "answer_id", postgresql_where=text("answer_id IS NOT NULL")),
    Index("ix_facebook_comments_private", "account_id", "private_id", postgresql_where=text("private_id IS NOT NULL")),
    Index("ix_facebook_comments_contact", "account_id", "contact_id", postgresql_where=text("contact_id IS NOT NULL")),
    key=("connection_id", "comment_id"),
    account_key=False,
    comment="Comments, and visitors' posts: what else is known of their messages. A row without message was removed before it came.",
)
