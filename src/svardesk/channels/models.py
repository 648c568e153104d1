"""Tables of the channels room: connections, raw envelopes, inbound items, deliveries."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB

from svardesk.conversations.models import DELIVERY_STATES
from svardesk.kit.metadata import choice, instant, ref, tenant_table, uuid_column

connections = tenant_table(
    "connections",
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("public_key", Text, nullable=True, unique=True),
    uuid_column("brand_id", nullable=True),
    uuid_column("team_id", nullable=True),
    uuid_column("calendar_id", nullable=True),
    Column("config", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    Column("secrets", LargeBinary, nullable=True),
    *choice("status", "ok", "degraded", "disconnected", "paused", default="ok"),
    Column("health", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    Column("version", BigInteger, nullable=False, server_default="1"),
    instant("created_at", default_now=True),
    instant("archived_at", nullable=True),
    ref("brands", "brand_id"),
    ref("teams", "team_id"),
    ref("calendars", "calendar_id"),
    comment="One mailbox, page or widget. public_key is what the outside names it by; secrets are sealed.",
)

envelopes = tenant_table(
    "envelopes",
    uuid_column("connection_id"),
    instant("received_at"),
    Column("sha256", LargeBinary, nullable=False),
    Column("raw", LargeBinary, nullable=False),
    Column("headers", JSONB, nullable=True),
    *choice("state", "received", "parsed", "quarantined", default="received"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("error", Text, nullable=True),
    uuid_column("contact_id", nullable=True),
    instant("due_at", nullable=True),
    # No foreign key to the connection: its row would be share-locked by every message of a busy widget, and connections
    # are archived, never deleted.
    # The worker parses what lies here, oldest first, over all accounts.
    Index("ix_envelopes_due", "due_at", postgresql_where=text("state = 'received'")),
    Index("ix_envelopes_retention", "received_at"),
    Index(None, "account_id", "contact_id"),
    account_key=False,
    comment="Everything that came from outside, byte for byte, until its retention ends.",
)

inbound_items = tenant_table(
    "inbound_items",
    uuid_column("envelope_id"),
    uuid_column("connection_id"),
    Column("idempotency_key", Text, nullable=False),
    Column("type", Text, nullable=False),
    *choice("state", "done", "ignored", "quarantined", default="done"),
    Column("error", Text, nullable=True),
    instant("created_at"),
    UniqueConstraint("account_id", "connection_id", "idempotency_key"),
    Index(None, "account_id", "envelope_id"),
    account_key=False,
    comment="What a parser found in an envelope; the unique key makes a second delivery of the same thing harmless.",
)

deliveries = tenant_table(
    "deliveries",
    uuid_column("message_id"),
    uuid_column("conversation_id"),
    uuid_column("connection_id"),
    Column("seq", Integer, nullable=False),
    *choice("state", *DELIVERY_STATES, default="queued"),
    Column("attempt", Integer, nullable=False, server_default="0"),
    instant("due_at"),
    instant("lease_until", nullable=True),
    Column("fence", BigInteger, nullable=False, server_default="0"),
    Column("external_id", Text, nullable=True),
    Column("error_code", Text, nullable=True),
    Column("error_class", Text, nullable=True),
    Column("reason", Text, nullable=True),
    instant("created_at"),
    instant("sent_at", nullable=True),
    instant("delivered_at", nullable=True),
    instant("read_at", nullable=True),
    # Set right before the provider may take it: what vanished earlier has surely not been sent.
    instant("handed_at", nullable=True),
    # Where a channel takes an answer in several pieces: how many there are, and how many have gone out.
    Column("part", Integer, nullable=False, server_default="0"),
    Column("parts", Integer, nullable=False, server_default="1"),
    # When it was first put off, and how often: what is tried again for a time, not a number of times, gives up by these.
    instant("refused_at", nullable=True),
    Column("refusals", Integer, nullable=False, server_default="0"),
    ref("messages", "message_id", on_delete="CASCADE"),
    ref("conversations", "conversation_id", on_delete="CASCADE"),
    ref("connections", "connection_id"),
    UniqueConstraint("account_id", "message_id"),
    Index(
        "ix_deliveries_due",
        "due_at",
        postgresql_where=text("state IN ('queued', 'sending', 'failed_temporary', 'unknown', 'scheduled')"),
    ),
    # First in, first out per conversation: the claim looks for an earlier one that is still under way; and receipts are
    # watermarks of a conversation, so what has gone out long ago must be found by it too.
    Index("ix_deliveries_conversation", "account_id", "conversation_id", "seq"),
    # Receipts and bounces of providers name messages by the provider's own ids.
    Index(
        "ix_deliveries_external",
        "account_id",
        "connection_id",
        "external_id",
        postgresql_where=text("external_id IS NOT NULL"),
    ),
    comment="The way out of one answer: a state machine with lease and fence.",
)

delivery_parts = tenant_table(
    "delivery_parts",
    uuid_column("delivery_id"),
    Column("part", Integer, nullable=False),
    uuid_column("connection_id"),
    Column("external_id", Text, nullable=True),
    instant("sent_at"),
    ref("deliveries", "delivery_id", on_delete="CASCADE"),
    Index("ix_delivery_parts_external", "account_id", "connection_id", "external_id"),
    key=("delivery_id", "part"),
    account_key=False,
    comment="The pieces of an answer that have gone out, each with the provider's name of it.",
)

threads = tenant_table(
    "threads",
    uuid_column("connection_id"),
    Column("thread", Text, nullable=False),
    Column("owner", Text, nullable=True),
    Column("standby", Boolean, nullable=False, server_default=text("false")),
    Column("first_touch", JSONB, nullable=True),
    Column("last_touch", JSONB, nullable=True),
    instant("updated_at"),
    ref("connections", "connection_id"),
    key=("connection_id", "thread"),
    account_key=False,
    comment="What a channel says of a thread beside its messages: which program owns it, and what the person came from.",
)

media = tenant_table(
    "media",
    uuid_column("message_id"),
    uuid_column("connection_id"),
    Column("ref", Text, nullable=False),
    Column("name", Text, nullable=True),
    Column("media_type", Text, nullable=True),
    *choice("state", "waiting", "kept", "gone", default="waiting"),
    Column("attempt", Integer, nullable=False, server_default="0"),
    instant("due_at"),
    instant("expires_at", nullable=True),
    uuid_column("file_id", nullable=True),
    Column("error", Text, nullable=True),
    ref("messages", "message_id", on_delete="CASCADE"),
    Index("ix_media_due", "due_at", postgresql_where=text("state = 'waiting'")),
    Index("ix_media_message", "account_id", "message_id"),
    comment="Files of messages that lie at the provider until the worker has fetched them.",
)
