"""Tables of the Meta room: whose names are to be asked for, and what Meta told us to delete."""

from sqlalchemy import Column, Index, Integer, Text, UniqueConstraint, text

from svardesk.kit.metadata import choice, instant, ref, tenant_table, uuid_column

meta_profiles = tenant_table(
    "meta_profiles",
    uuid_column("connection_id"),
    Column("person", Text, nullable=False),
    uuid_column("contact_id"),
    *choice("state", "waiting", "known", "nameless", default="waiting"),
    Column("attempt", Integer, nullable=False, server_default="0"),
    instant("due_at"),
    uuid_column("picture_file_id", nullable=True),
    instant("asked_at", nullable=True),
    ref("contacts", "contact_id", on_delete="CASCADE"),
    # The worker asks for those that are due, over all accounts.
    Index("ix_meta_profiles_due", "due_at", postgresql_where=text("state = 'waiting'")),
    Index("ix_meta_profiles_contact", "account_id", "contact_id"),
    key=("connection_id", "person"),
    account_key=False,
    comment="People at a page whose name we ask Meta for once: a page's own number of a person, and what came of it.",
)

meta_deletions = tenant_table(
    "meta_deletions",
    uuid_column("connection_id"),
    Column("code", Text, nullable=False),
    Column("app_scoped_id", Text, nullable=True),
    *choice("kind", "deletion", "deauthorised", default="deletion"),
    *choice("state", "unmatched", "done", default="unmatched"),
    instant("requested_at"),
    instant("done_at", nullable=True),
    UniqueConstraint("account_id", "code"),
    comment="What Meta told us to delete, and that somebody withdrew our app's access; the code is on the status page.",
)
