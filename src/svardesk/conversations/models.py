"""Tables of the conversations room: conversation, message, drafts, tags, views, files, reads."""

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, Index, Integer, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TSVECTOR, UUID

from svardesk.kit.metadata import choice, instant, ref, tenant_table, uuid_column

DELIVERY_STATES = (
    "queued",
    "sending",
    "sent",
    "delivered",
    "read",
    "blocked_by_window",
    "blocked_by_policy",
    "scheduled",
    "unknown",
    "failed_temporary",
    "failed_permanent",
    "cancelled",
)

conversations = tenant_table(
    "conversations",
    Column("number", BigInteger, nullable=False),
    Column("channel", Text, nullable=False),
    uuid_column("connection_id", nullable=True),
    Column("external_thread_key", Text, nullable=True),
    uuid_column("contact_id"),
    uuid_column("identity_id", nullable=True),
    uuid_column("brand_id", nullable=True),
    Column("subject", Text, nullable=True),
    Column("locale", Text, nullable=True),
    *choice("status", "open", "waiting", "snoozed", "closed", default="open"),
    instant("snoozed_until", nullable=True),
    uuid_column("assignee_id", nullable=True),
    uuid_column("team_id", nullable=True),
    Column("last_seq", Integer, nullable=False, server_default="0"),
    Column("last_public_seq", Integer, nullable=False, server_default="0"),
    Column("last_customer_seq", Integer, nullable=False, server_default="0"),
    Column("last_answer_seq", Integer, nullable=False, server_default="0"),
    Column("visitor_delivered_seq", Integer, nullable=False, server_default="0"),
    Column("visitor_read_seq", Integer, nullable=False, server_default="0"),
    Column("agents_delivered_seq", Integer, nullable=False, server_default="0"),
    Column("agents_read_seq", Integer, nullable=False, server_default="0"),
    Column("preview", Text, nullable=True),
    Column("preview_kind", Text, nullable=True),
    instant("waiting_since", nullable=True),
    instant("first_answered_at", nullable=True),
    instant("last_customer_at", nullable=True),
    # Where a channel lets us write for a time only: since when it runs (the provider's clock), until when anybody of us may
    # write freely, and for which end the alarm has been raised.
    instant("window_from", nullable=True),
    instant("window_until", nullable=True),
    instant("window_alarm", nullable=True),
    instant("last_activity_at"),
    instant("created_at"),
    instant("closed_at", nullable=True),
    instant("archived_at", nullable=True),
    Column("version", BigInteger, nullable=False, server_default="1"),
    ref("contacts", "contact_id"),
    ref("identities", "identity_id"),
    ref("brands", "brand_id"),
    ref("agents", "assignee_id"),
    ref("teams", "team_id"),
    UniqueConstraint("account_id", "number"),
    CheckConstraint("(status = 'snoozed') = (snoozed_until IS NOT NULL)", name="snoozed_has_time"),
    CheckConstraint("(status = 'closed') = (closed_at IS NOT NULL)", name="closed_has_time"),
    # One living conversation per outside thread: parallel webhooks of the same person meet here.
    Index(
        "uq_conversations_thread",
        "account_id",
        "connection_id",
        "external_thread_key",
        unique=True,
        postgresql_where=text("external_thread_key IS NOT NULL AND archived_at IS NULL"),
    ),
    # The views of the inbox, newest activity first; each partial so that its first page is one short index walk.
    Index("ix_conversations_all", "account_id", text("last_activity_at DESC"), text("id DESC")),
    Index(
        "ix_conversations_unassigned",
        "account_id",
        text("last_activity_at DESC"),
        text("id DESC"),
        postgresql_where=text("assignee_id IS NULL AND status IN ('open', 'waiting')"),
    ),
    Index(
        "ix_conversations_mine",
        "account_id",
        "assignee_id",
        text("last_activity_at DESC"),
        text("id DESC"),
        postgresql_where=text("status IN ('open', 'waiting')"),
    ),
    Index(
        "ix_conversations_team",
        "account_id",
        "team_id",
        text("last_activity_at DESC"),
        text("id DESC"),
        postgresql_where=text("status IN ('open', 'waiting')"),
    ),
    # Longest waiting customer first.
    Index(
        "ix_conversations_waiting",
        "account_id",
        "waiting_since",
        "id",
        postgresql_where=text("waiting_since IS NOT NULL AND status IN ('open', 'waiting')"),
    ),
    Index(
        "ix_conversations_snoozed",
        "account_id",
        "snoozed_until",
        "id",
        postgresql_where=text("status = 'snoozed'"),
    ),
    # The worker wakes snoozed conversations of all accounts by this one.
    Index("ix_conversations_wake", "snoozed_until", postgresql_where=text("status = 'snoozed'")),
    Index(
        "ix_conversations_closed",
        "account_id",
        text("last_activity_at DESC"),
        text("id DESC"),
        postgresql_where=text("status = 'closed'"),
    ),
    Index("ix_conversations_contact", "account_id", "contact_id", text("last_activity_at DESC"), text("id DESC")),
    # Everything of one agent or one team, done or not: without these a filter walks the whole organisation.
    Index(
        "ix_conversations_assignee",
        "account_id",
        "assignee_id",
        text("last_activity_at DESC"),
        text("id DESC"),
        postgresql_where=text("assignee_id IS NOT NULL"),
    ),
    Index(
        "ix_conversations_of_team",
        "account_id",
        "team_id",
        text("last_activity_at DESC"),
        text("id DESC"),
        postgresql_where=text("team_id IS NOT NULL"),
    ),
    # Customers who wait where the time to answer runs out: the alarm walks it over all accounts.
    Index(
        "ix_conversations_window",
        "window_until",
        postgresql_where=text("window_until IS NOT NULL AND waiting_since IS NOT NULL"),
    ),
    comment="One thread with one person in one channel.",
)

messages = tenant_table(
    "messages",
    uuid_column("conversation_id"),
    Column("seq", Integer, nullable=False),
    *choice("kind", "inbound", "answer", "note", "system"),
    *choice("author_kind", "contact", "agent", "bot", "system"),
    uuid_column("author_id", nullable=True),
    Column("body", Text, nullable=False, server_default=""),
    Column("actor", Text, nullable=False),
    Column("client_id", UUID(as_uuid=True), nullable=True),
    *choice("state", *DELIVERY_STATES, nullable=True),
    Column("state_reason", Text, nullable=True),
    Column("external_id", Text, nullable=True),
    Column("silent", Boolean, nullable=False, server_default=text("false")),
    Column("automated", Boolean, nullable=False, server_default=text("false")),
    Column("details", JSONB, nullable=True),
    Column("mention_ids", ARRAY(UUID(as_uuid=True)), nullable=True),
    Column("version", Integer, nullable=False, server_default="1"),
    instant("occurred_at", nullable=True),
    instant("created_at"),
    instant("edited_at", nullable=True),
    instant("deleted_at", nullable=True),
    # An answer that waits until then; NULL for the others.
    instant("send_at", nullable=True),
    ref("conversations", "conversation_id"),
    UniqueConstraint("account_id", "conversation_id", "seq"),
    # A retry with the same client id finds its first copy; the actor keeps one client's ids apart from another's.
    Index(
        "uq_messages_client",
        "account_id",
        "actor",
        "client_id",
        unique=True,
        postgresql_where=text("client_id IS NOT NULL"),
    ),
    # Edits, reactions and replies name a message by its provider's id.
    Index(
        "ix_messages_external",
        "account_id",
        "conversation_id",
        "external_id",
        postgresql_where=text("external_id IS NOT NULL"),
    ),
    account_key=False,
    comment="What was said. Order is seq within the conversation, never id or clock.",
)

message_edits = tenant_table(
    "message_edits",
    uuid_column("message_id"),
    Column("edit", Integer, nullable=False),
    Column("body", Text, nullable=False),
    instant("written_at"),
    ref("messages", "message_id", on_delete="CASCADE"),
    key=("message_id", "edit"),
    account_key=False,
    comment="How a message read before it was edited, oldest first.",
)

message_authors = tenant_table(
    "message_authors",
    uuid_column("message_id"),
    uuid_column("contact_id"),
    Index("ix_message_authors_contact", "account_id", "contact_id"),
    key=("message_id",),
    account_key=False,
    comment="Whose messages stand in conversations with somebody else; without a key to them, because they are found by it.",
)

message_search = tenant_table(
    "message_search",
    uuid_column("message_id"),
    uuid_column("conversation_id"),
    Column("words", TSVECTOR, nullable=False),
    instant("created_at"),
    ref("messages", "message_id", on_delete="CASCADE"),
    key=("message_id",),
    comment="Search words of messages; written by a reaction, so that posting stays short.",
)

drafts = tenant_table(
    "drafts",
    uuid_column("conversation_id"),
    uuid_column("agent_id"),
    *choice("kind", "answer", "note", default="answer"),
    Column("body", Text, nullable=False),
    Column("file_ids", ARRAY(UUID(as_uuid=True)), nullable=False, server_default=text("'{}'::uuid[]")),
    Column("addressing", JSONB, nullable=True),
    Column("version", BigInteger, nullable=False, server_default="1"),
    instant("updated_at"),
    ref("conversations", "conversation_id", on_delete="CASCADE"),
    ref("agents", "agent_id", on_delete="CASCADE"),
    key=("conversation_id", "agent_id"),
)

mentions = tenant_table(
    "mentions",
    uuid_column("message_id"),
    uuid_column("conversation_id"),
    uuid_column("agent_id"),
    instant("created_at"),
    instant("read_at", nullable=True),
    ref("messages", "message_id", on_delete="CASCADE"),
    ref("agents", "agent_id", on_delete="CASCADE"),
    Index(None, "account_id", "agent_id", "read_at"),
)

tags = tenant_table(
    "tags",
    Column("name", Text, nullable=False),
    Column("colour", Text, nullable=False, server_default="grey"),
    instant("created_at", default_now=True),
    instant("archived_at", nullable=True),
    UniqueConstraint("account_id", "name"),
)

conversation_tags = tenant_table(
    "conversation_tags",
    uuid_column("conversation_id"),
    uuid_column("tag_id"),
    instant("created_at", default_now=True),
    ref("conversations", "conversation_id", on_delete="CASCADE"),
    ref("tags", "tag_id", on_delete="CASCADE"),
    # Holds the conversation too, so that counting a tag and going from it to its conversations read the index alone.
    Index("ix_conversation_tags_tag", "account_id", "tag_id", "conversation_id"),
    key=("conversation_id", "tag_id"),
)

saved_views = tenant_table(
    "saved_views",
    uuid_column("agent_id"),
    Column("name", Text, nullable=False),
    Column("filters", JSONB, nullable=False),
    Column("shared", Boolean, nullable=False, server_default=text("false")),
    instant("created_at", default_now=True),
    ref("agents", "agent_id", on_delete="CASCADE"),
    UniqueConstraint("account_id", "agent_id", "name"),
)

conversation_reads = tenant_table(
    "conversation_reads",
    uuid_column("conversation_id"),
    uuid_column("agent_id"),
    Column("seq", Integer, nullable=False),
    instant("read_at"),
    ref("conversations", "conversation_id", on_delete="CASCADE"),
    ref("agents", "agent_id", on_delete="CASCADE"),
    key=("conversation_id", "agent_id"),
    comment="How far each agent has read.",
)

files = tenant_table(
    "files",
    uuid_column("conversation_id", nullable=True),
    uuid_column("message_id", nullable=True),
    Column("actor", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("image", Boolean, nullable=False, server_default=text("false")),
    instant("created_at"),
    ref("conversations", "conversation_id", on_delete="CASCADE"),
    ref("messages", "message_id", on_delete="CASCADE"),
    Index(None, "account_id", "message_id"),
    # Uploads that never became part of a message are swept after a day.
    Index("ix_files_orphans", "created_at", postgresql_where=text("message_id IS NULL")),
    comment="Files of one account; the bytes lie in the file store under account and sha256, never shared.",
)

conversation_presence = tenant_table(
    "conversation_presence",
    uuid_column("conversation_id"),
    uuid_column("agent_id"),
    *choice("kind", "looking", "typing", "answering"),
    instant("until"),
    ref("conversations", "conversation_id", on_delete="CASCADE"),
    ref("agents", "agent_id", on_delete="CASCADE"),
    key=("conversation_id", "agent_id"),
    comment="Leases; a row past its time counts as gone. 'answering' is the lock against double answers. UNLOGGED.",
)
