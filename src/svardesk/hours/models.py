"""Tables of the hours room: calendars of opening hours."""

from sqlalchemy import Boolean, Column, Index, Text, text
from sqlalchemy.dialects.postgresql import JSONB

from svardesk.kit.metadata import instant, ref, tenant_table, uuid_column

calendars = tenant_table(
    "calendars",
    uuid_column("brand_id", nullable=True),
    Column("name", Text, nullable=False),
    Column("timezone", Text, nullable=False, server_default="Europe/Oslo"),
    Column("country", Text, nullable=False, server_default="NO"),
    Column("weekly", JSONB, nullable=False),
    Column("exceptions", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    Column("is_default", Boolean, nullable=False, server_default=text("false")),
    instant("created_at", default_now=True),
    instant("archived_at", nullable=True),
    ref("brands", "brand_id"),
    # One default calendar an organisation: everything without a calendar of its own follows it.
    Index("uq_calendars_default", "account_id", unique=True, postgresql_where=text("is_default")),
    comment="Opening hours in local wall time: weekly {'1': [['08:00','16:00']], …}, exceptions {'2026-12-24': []}.",
)
