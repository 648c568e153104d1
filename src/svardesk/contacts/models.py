"""Tables of the contacts room: people, identities and their trust, who is one person with whom, custom fields."""

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, Date, Index, Numeric, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB

from svardesk.kit.metadata import choice, instant, ref, tenant_table, uuid_column

TRUST = ("none", "claimed", "platform_account", "domain_verified", "signed_token", "phone_number")

contacts = tenant_table(
    "contacts",
    Column("name", Text, nullable=True),
    Column("locale", Text, nullable=True),
    Column("timezone", Text, nullable=True),
    *choice("written_standard", "nb", "nn", nullable=True),
    uuid_column("merged_into_id", nullable=True),
    Column("attributes", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    Column("version", BigInteger, nullable=False, server_default="1"),
    instant("created_at"),
    instant("last_seen_at", nullable=True),
    instant("erased_at", nullable=True),
    instant("archived_at", nullable=True),
    ref("contacts", "merged_into_id"),
    Index("ix_contacts_seen", "account_id", text("last_seen_at DESC")),
    # Who else is this person? Few contacts are merged into another one.
    Index("ix_contacts_merged", "account_id", "merged_into_id", postgresql_where=text("merged_into_id IS NOT NULL")),
    comment="A person as we know them.",
)

identities = tenant_table(
    "identities",
    uuid_column("contact_id"),
    Column("kind", Text, nullable=False),
    Column("scope", Text, nullable=False, server_default=""),
    Column("address", Text, nullable=False),
    Column("display", Text, nullable=True),
    *choice("trust", *TRUST, default="none"),
    instant("created_at"),
    instant("verified_at", nullable=True),
    ref("contacts", "contact_id"),
    UniqueConstraint("account_id", "kind", "scope", "address"),
    Index(None, "account_id", "contact_id"),
    # Who else has this address, in whatever channel and however sure we are? Only of those that people have outside of us.
    Index(
        "ix_identities_shared",
        "account_id",
        "kind",
        "address",
        postgresql_where=text("kind IN ('email', 'phone')"),
    ),
    comment="An address of a person in one channel. scope = connection id where addresses are only unique within one.",
)

contact_merges = tenant_table(
    "contact_merges",
    uuid_column("from_id"),
    uuid_column("into_id"),
    *choice("why", "agent", "address", "sign_in", "moved"),
    uuid_column("identity_id", nullable=True),
    uuid_column("agent_id", nullable=True),
    instant("made_at"),
    instant("undone_at", nullable=True),
    uuid_column("undone_by", nullable=True),
    ref("contacts", "from_id"),
    ref("contacts", "into_id"),
    ref("identities", "identity_id"),
    ref("agents", "agent_id"),
    ref("agents", "undone_by"),
    CheckConstraint("from_id <> into_id", name="two_contacts"),
    # A contact is part of one other at a time: two agents who merge it at once meet here.
    Index(
        "uq_contact_merges_from",
        "account_id",
        "from_id",
        unique=True,
        postgresql_where=text("undone_at IS NULL"),
    ),
    Index(None, "account_id", "into_id"),
    comment="Two contacts are one person: who said so and why. Nothing else is written, so taking it back is all an undo is.",
)

contacts_apart = tenant_table(
    "contacts_apart",
    uuid_column("low_id"),
    uuid_column("high_id"),
    uuid_column("agent_id", nullable=True),
    instant("created_at"),
    ref("contacts", "low_id"),
    ref("contacts", "high_id"),
    ref("agents", "agent_id"),
    CheckConstraint("low_id < high_id", name="in_order"),
    Index(None, "account_id", "high_id"),
    key=("low_id", "high_id"),
    comment="Two contacts that an agent knows to be two persons, whatever their addresses say.",
)

field_definitions = tenant_table(
    "field_definitions",
    *choice("entity", "contact", "conversation"),
    Column("key", Text, nullable=False),
    *choice("type", "text", "number", "date", "boolean", "choice"),
    Column("labels", JSONB, nullable=False),
    Column("choices", JSONB, nullable=True),
    instant("created_at", default_now=True),
    instant("archived_at", nullable=True),
    UniqueConstraint("account_id", "entity", "key"),
    comment="The organisation's own fields.",
)

field_values = tenant_table(
    "field_values",
    uuid_column("definition_id"),
    uuid_column("entity_id"),
    Column("text_value", Text, nullable=True),
    Column("number_value", Numeric, nullable=True),
    Column("date_value", Date, nullable=True),
    Column("boolean_value", Boolean, nullable=True),
    ref("field_definitions", "definition_id", on_delete="CASCADE"),
    UniqueConstraint("account_id", "definition_id", "entity_id"),
    Index(None, "account_id", "entity_id"),
    comment="Typed values of the organisation's own fields.",
)
