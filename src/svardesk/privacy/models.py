"""Tables of the privacy room: requests to export or erase, and tombstones that outlive a restore."""

from sqlalchemy import Column, Index, Integer, LargeBinary, Text, text
from sqlalchemy.dialects.postgresql import JSONB

from svardesk.kit.metadata import choice, instant, tenant_table, uuid_column

privacy_requests = tenant_table(
    "privacy_requests",
    *choice("kind", "export", "erase"),
    uuid_column("contact_id"),
    *choice("state", "queued", "running", "done", "failed", default="queued"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("error", Text, nullable=True),
    Column("result", JSONB, nullable=True),
    Column("file_sha256", Text, nullable=True),
    uuid_column("requested_by", nullable=True),
    instant("created_at"),
    instant("due_at"),
    instant("lease_until", nullable=True),
    instant("finished_at", nullable=True),
    instant("expires_at", nullable=True),
    Index("ix_privacy_requests_due", "due_at", postgresql_where=text("state IN ('queued', 'running')")),
    comment="A person's request to see or to lose what we hold about them; done by the worker.",
)

tombstones = tenant_table(
    "tombstones",
    Column("table_name", Text, nullable=False),
    uuid_column("row_id"),
    Column("address_hash", LargeBinary, nullable=True),
    instant("erased_at"),
    Index("ix_tombstones_row", "account_id", "table_name", "row_id"),
    comment="What was erased, without what it was: applied again after a restore of an older backup.",
)
