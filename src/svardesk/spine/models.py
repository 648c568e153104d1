"""Tables of the spine: outbox, log, epochs, cursors, events set aside. The log's partitions are made by SQL."""

from sqlalchemy import BigInteger, Column, Identity, Index, Integer, SmallInteger, Text, text
from sqlalchemy.dialects.postgresql import JSONB, UUID

from svardesk.kit.metadata import instant, system_table, uuid_column

event_outbox = system_table(
    "event_outbox",
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    uuid_column("account_id"),
    uuid_column("stream"),
    Column("type", Text, nullable=False),
    Column("version", SmallInteger, nullable=False),
    Column("payload", JSONB, nullable=False),
    instant("recorded_at", default_now=True),
    comment="Events of committed transactions that have no position yet; the sequencer moves them into the log.",
)

event_log = system_table(
    "events",
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    uuid_column("account_id"),
    uuid_column("stream"),
    Column("lane", SmallInteger, nullable=False),
    Column("type", Text, nullable=False),
    Column("version", SmallInteger, nullable=False),
    Column("payload", JSONB, nullable=False),
    instant("recorded_at"),
    comment="The log. Append-only, dense positions, given after commit; partitioned by ranges of position.",
    partition_by="RANGE (position)",
)
spine_state = system_table(
    "spine_state",
    Column("single", SmallInteger, primary_key=True, server_default="1"),
    Column("last_position", BigInteger, nullable=False, server_default="0"),
    Column("epoch", UUID(as_uuid=True), nullable=False),
    comment="One row: where the log ends.",
)

spine_epochs = system_table(
    "spine_epochs",
    Column("epoch", UUID(as_uuid=True), primary_key=True),
    Column("first_position", BigInteger, nullable=False),
    instant("started_at", default_now=True),
    comment="One row a take-over: positions from first_position on were given by this sequencer.",
)

reaction_cursors = system_table(
    "reaction_cursors",
    Column("lane", SmallInteger, primary_key=True, autoincrement=False),
    Column("position", BigInteger, nullable=False, server_default="0"),
    instant("moved_at", default_now=True),
    comment="How far the relay has worked, per lane (hash of the stream).",
)

set_aside_events = system_table(
    "set_aside_events",
    Column("id", UUID(as_uuid=True), primary_key=True),
    Column("position", BigInteger, nullable=False),
    uuid_column("account_id"),
    uuid_column("stream"),
    Column("reaction", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("version", SmallInteger, nullable=False),
    Column("payload", JSONB, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="1"),
    Column("error", Text, nullable=False),
    instant("set_aside_at", default_now=True),
    instant("retry_at", nullable=True),
    instant("solved_at", nullable=True),
    Index("uq_set_aside_events_once", "position", "reaction", unique=True),
    Index("ix_set_aside_events_open", "set_aside_at", postgresql_where=text("solved_at IS NULL")),
    comment="Reactions that kept failing: visible, replayable, in nobody's way.",
)

workers = system_table(
    "workers",
    Column("id", UUID(as_uuid=True), primary_key=True),
    Column("kind", Text, nullable=False),
    Column("build", Text, nullable=False),
    instant("started_at"),
    instant("seen_at"),
    comment="Heartbeats of web processes and workers, for /readyz and operators.",
)
