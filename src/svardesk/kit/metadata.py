"""Building blocks for the rooms' ``models.py``: one metadata, tenant tables, references that stay inside a tenant.

Only ``models.py`` files, migrations and tests import this module: at run time every query is named SQL
(``docs/decisions/0002-named-sql.md``), so SQLAlchemy is not loaded by the web process or the worker.
"""

from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    DateTime,
    ForeignKeyConstraint,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import UUID
from sqlalchemy.schema import SchemaItem

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

TENANT = "tenant"
SYSTEM = "system"


def uuid_column(name: str, *, nullable: bool = False) -> Column[Any]:
    """A UUID column."""
    return Column(name, UUID(as_uuid=True), nullable=nullable)


def instant(name: str, *, nullable: bool = False, default_now: bool = False) -> Column[Any]:
    """A ``timestamptz`` column; ``default_now`` is for rows that no service stamps itself."""
    return Column(
        name, DateTime(timezone=True), nullable=nullable, server_default=text("now()") if default_now else None
    )


def choice(name: str, *values: str, nullable: bool = False, default: str | None = None) -> tuple[SchemaItem, ...]:
    """A text column with a CHECK: enum types use no index under row-level security and are hard to change."""
    listed = ", ".join(f"'{value}'" for value in values)
    return (
        Column(name, Text, nullable=nullable, server_default=default),
        CheckConstraint(f"{name} IN ({listed})", name=f"{name}_known"),
    )


def ref(table: str, *columns: str, on_delete: str | None = None) -> ForeignKeyConstraint:
    """A foreign key to a tenant table that includes ``account_id``: a row cannot point into another tenant.

    A nullable reference uses MATCH SIMPLE: it is checked only when the column is filled.
    """
    return ForeignKeyConstraint(["account_id", *columns], [f"{table}.account_id", f"{table}.id"], ondelete=on_delete)


def tenant_table(
    name: str, *items: SchemaItem, key: tuple[str, ...] = ("id",), comment: str = "", account_key: bool = True
) -> Table:
    """A table of one room with primary key ``(account_id, *key)``, guarded by row-level security.

    ``account_key`` False leaves out the foreign key to ``accounts``, for the tables that every message writes: each check
    share-locks the one row of the organisation, and eight writers at once cost the database a third more. Row-level
    security lets no other account in, and other keys of the row lead to the account as well.

    The policies themselves are written by ``migrations`` for every table whose ``info["scope"]`` is ``tenant``.
    """
    head: list[SchemaItem] = [uuid_column("account_id")]
    if key == ("id",):
        head.append(uuid_column("id"))
    return Table(
        name,
        metadata,
        *head,
        *items,
        PrimaryKeyConstraint("account_id", *key),
        *((ForeignKeyConstraint(["account_id"], ["accounts.id"]),) if account_key else ()),
        info={"scope": TENANT},
        comment=comment or None,
    )


def system_table(name: str, *items: SchemaItem, comment: str = "", partition_by: str | None = None) -> Table:
    """A table that belongs to no tenant: readable by the system role, or by narrow functions only."""
    return Table(
        name, metadata, *items, info={"scope": SYSTEM}, comment=comment or None, postgresql_partition_by=partition_by
    )
