"""Tables of the web chat adapter: visitors' sessions."""

from sqlalchemy import Column, Index, LargeBinary, Text, text
from sqlalchemy.dialects.postgresql import JSONB

from svardesk.kit.metadata import instant, ref, tenant_table, uuid_column

webchat_sessions = tenant_table(
    "webchat_sessions",
    uuid_column("connection_id"),
    uuid_column("contact_id", nullable=True),
    uuid_column("identity_id", nullable=True),
    uuid_column("conversation_id", nullable=True),
    Column("token_hash", LargeBinary, nullable=False, unique=True),
    Column("locale", Text, nullable=False, server_default="nb"),
    Column("page_url", Text, nullable=True),
    Column("page_title", Text, nullable=True),
    Column("ip_prefix", Text, nullable=True),
    Column("attributes", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    Column("signed_attributes", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    instant("created_at"),
    instant("last_seen_at"),
    instant("expires_at"),
    instant("revoked_at", nullable=True),
    ref("connections", "connection_id"),
    ref("contacts", "contact_id"),
    ref("identities", "identity_id"),
    ref("conversations", "conversation_id"),
    Index("ix_webchat_sessions_contact", "account_id", "contact_id"),
    Index("ix_webchat_sessions_conversation", "account_id", "conversation_id"),
    Index("ix_webchat_sessions_expiry", "expires_at", postgresql_where=text("revoked_at IS NULL")),
    comment="One browser that opened the chat. Only the SHA-256 of its token is kept.",
)
