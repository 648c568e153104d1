"""Tables of the accounts room: organisations, agents, teams, sessions, tokens, audit log, texts."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, Table, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, UUID

from svardesk.kit.metadata import choice, instant, metadata, ref, system_table, tenant_table, uuid_column

LOCALES = ("nb", "nn", "da", "sv", "fi", "en")

accounts = Table(
    "accounts",
    metadata,
    Column("id", UUID(as_uuid=True), primary_key=True),
    Column("slug", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    *choice("locale", *LOCALES, default="nb"),
    Column("timezone", Text, nullable=False, server_default="Europe/Oslo"),
    Column("settings", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    Column("next_number", BigInteger, nullable=False, server_default="1"),
    instant("created_at", default_now=True),
    instant("archived_at", nullable=True),
    info={"scope": "account"},
    comment="Organisations (tenants).",
)

brands = tenant_table(
    "brands",
    Column("name", Text, nullable=False),
    *choice("locale", *LOCALES, default="nb"),
    instant("created_at", default_now=True),
    instant("archived_at", nullable=True),
    comment="Names under which one organisation meets its customers.",
)

agents = tenant_table(
    "agents",
    Column("email", Text, nullable=False),
    Column("name", Text, nullable=False),
    *choice("role", "owner", "lead", "agent", "observer"),
    *choice("locale", *LOCALES, default="nb"),
    Column("timezone", Text, nullable=False, server_default="Europe/Oslo"),
    *choice("availability", "online", "away", default="online"),
    Column("password_hash", Text, nullable=True),
    Column("totp_secret", LargeBinary, nullable=True),
    instant("totp_confirmed_at", nullable=True),
    Column("totp_last_step", BigInteger, nullable=True),
    Column("settings", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    instant("last_seen_at", nullable=True),
    instant("created_at", default_now=True),
    instant("archived_at", nullable=True),
    UniqueConstraint("account_id", "email"),
    Index("ix_agents_email", "email"),
    comment="People of the organisation who answer customers or lead those who do.",
)

recovery_codes = tenant_table(
    "recovery_codes",
    uuid_column("agent_id"),
    Column("code_hash", LargeBinary, nullable=False),
    instant("used_at", nullable=True),
    ref("agents", "agent_id", on_delete="CASCADE"),
    Index(None, "account_id", "agent_id"),
)

teams = tenant_table(
    "teams",
    Column("name", Text, nullable=False),
    Column("timezone", Text, nullable=False, server_default="Europe/Oslo"),
    Column("closed", Boolean, nullable=False, server_default=text("false")),
    uuid_column("brand_id", nullable=True),
    instant("created_at", default_now=True),
    instant("archived_at", nullable=True),
    ref("brands", "brand_id"),
    # The name of a team that is no longer in use is free again.
    Index(
        "uq_teams_name", "account_id", text("lower(name)"), unique=True, postgresql_where=text("archived_at IS NULL")
    ),
    comment="Groups of agents. The conversations of a closed team are seen by its members, leads and owners only.",
)

team_members = tenant_table(
    "team_members",
    uuid_column("team_id"),
    uuid_column("agent_id"),
    instant("created_at", default_now=True),
    ref("teams", "team_id", on_delete="CASCADE"),
    ref("agents", "agent_id", on_delete="CASCADE"),
    Index(None, "account_id", "agent_id"),
    key=("team_id", "agent_id"),
)

sessions = tenant_table(
    "sessions",
    uuid_column("agent_id"),
    Column("token_hash", LargeBinary, nullable=False, unique=True),
    Column("csrf_token", Text, nullable=False),
    Column("ip", Text, nullable=True),
    Column("browser", Text, nullable=True),
    instant("created_at"),
    instant("last_seen_at"),
    instant("expires_at"),
    instant("revoked_at", nullable=True),
    ref("agents", "agent_id", on_delete="CASCADE"),
    Index(None, "account_id", "agent_id"),
    comment="Signed-in browsers. Only the SHA-256 of the cookie's token is kept.",
)

agent_links = tenant_table(
    "agent_links",
    *choice("kind", "invitation", "password_reset", "mfa_challenge"),
    Column("token_hash", LargeBinary, nullable=False, unique=True),
    Column("email", Text, nullable=False),
    uuid_column("agent_id", nullable=True),
    *choice("role", "owner", "lead", "agent", "observer", nullable=True),
    Column("team_ids", ARRAY(UUID(as_uuid=True)), nullable=False, server_default=text("'{}'::uuid[]")),
    uuid_column("created_by", nullable=True),
    instant("created_at"),
    instant("expires_at"),
    instant("used_at", nullable=True),
    # Guesses on the second step of a sign-in; links are too long to be guessed.
    Column("tries", Integer, nullable=False, server_default="0"),
    ref("agents", "agent_id", on_delete="CASCADE"),
    comment="One-time links: invitation, password reset, second step of a sign-in.",
)

api_tokens = tenant_table(
    "api_tokens",
    Column("name", Text, nullable=False),
    Column("token_hash", LargeBinary, nullable=False, unique=True),
    Column("prefix", Text, nullable=False),
    Column("scopes", ARRAY(Text), nullable=False),
    uuid_column("agent_id"),
    instant("created_at"),
    instant("last_used_at", nullable=True),
    instant("expires_at", nullable=True),
    instant("revoked_at", nullable=True),
    ref("agents", "agent_id", on_delete="CASCADE"),
    comment="Tokens for API clients; they act as the agent who made them, within the scopes.",
)

audit_log = tenant_table(
    "audit_log",
    instant("at"),
    *choice("actor_kind", "agent", "token", "visitor", "system"),
    uuid_column("actor_id", nullable=True),
    Column("action", Text, nullable=False),
    Column("object_kind", Text, nullable=True),
    uuid_column("object_id", nullable=True),
    Column("ip", Text, nullable=True),
    Column("details", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    Index("ix_audit_log_newest", "account_id", text("at DESC"), text("id DESC")),
    comment="Append-only: the app role may insert and read, a trigger refuses everything else.",
)

texts = tenant_table(
    "texts",
    uuid_column("brand_id", nullable=True),
    Column("key", Text, nullable=False),
    *choice("locale", *LOCALES),
    Column("version", Integer, nullable=False),
    Column("body", Text, nullable=False),
    instant("created_at", default_now=True),
    uuid_column("created_by", nullable=True),
    ref("brands", "brand_id"),
    Index(
        "uq_texts_version",
        "account_id",
        text("coalesce(brand_id, '00000000-0000-0000-0000-000000000000'::uuid)"),
        "key",
        "locale",
        "version",
        unique=True,
    ),
    comment="The organisation's own wordings; the highest version counts; fallback nn, nb, en.",
)

agent_presence = tenant_table(
    "agent_presence",
    uuid_column("agent_id"),
    uuid_column("process_id"),
    instant("until"),
    ref("agents", "agent_id", on_delete="CASCADE"),
    key=("agent_id", "process_id"),
    comment="Leases of agents with an open socket, one per web process; UNLOGGED.",
)

throttles = system_table(
    "throttles",
    Column("key", Text, primary_key=True),
    Column("failures", Integer, nullable=False, server_default="0"),
    instant("window_started_at"),
    instant("locked_until", nullable=True),
    comment="Guessing: failures per address and per e-mail, and lockouts. Keys are hashes.",
)
