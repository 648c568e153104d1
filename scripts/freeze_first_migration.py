"""Write ``migrations/sql/tables.sql`` from the rooms' models: only until the first release freezes it."""

from pathlib import Path

from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable, SetTableComment

from svardesk.kit.models import metadata

ROOT = Path(__file__).resolve().parent.parent


def statements() -> list[str]:
    """Return CREATE TABLE, COMMENT and CREATE INDEX of every table, parents first."""
    dialect = postgresql.dialect()
    out = []
    for table in metadata.sorted_tables:
        out.append(str(CreateTable(table).compile(dialect=dialect)).strip() + ";")
        if table.comment:
            out.append(str(SetTableComment(table).compile(dialect=dialect)).strip() + ";")
        out.extend(
            str(CreateIndex(index).compile(dialect=dialect)).strip() + ";"
            for index in sorted(table.indexes, key=lambda index: str(index.name))
        )
    return out


if __name__ == "__main__":
    target = ROOT / "migrations" / "sql" / "tables.sql"
    target.write_text("\n\n".join(statements()) + "\n", encoding="utf-8")
    print(f"wrote {target.relative_to(ROOT)}")
