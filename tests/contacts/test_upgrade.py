"""A desk that merged people before merges could be undone: all of it is kept, and told as what it is."""

from uuid import UUID, uuid4

import psycopg
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, pool

from svardesk.kit.ids import uuid7
from svardesk.kit.migrate import migrate, migrations_folder
from svardesk.kit.postgres import Cluster, query


def _upgrade_to(dsn: str, revision: str) -> None:
    engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(dsn), poolclass=pool.NullPool)
    config = Config()
    config.set_main_option("script_location", str(migrations_folder()))
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        connection.commit()


def test_old_chains_become_one_person_whose_merges_are_final(cluster: Cluster):
    name = f"u_{uuid4().hex[:12]}"
    query(cluster.dsn("postgres"), f"CREATE DATABASE {name}")
    dsn = cluster.dsn(name)
    _upgrade_to(dsn, "20261122_first")
    account, (a, b, c, alone) = uuid7(), [uuid7() for _ in range(4)]
    with psycopg.connect(dsn, autocommit=True) as conn:
        conn.execute("INSERT INTO accounts (id, slug, name) VALUES (%s, 'x', 'X')", (account,))
        for one, into in ((c, None), (b, c), (a, b), (alone, None)):
            conn.execute(
                "INSERT INTO contacts (account_id, id, merged_into_id, created_at) VALUES (%s, %s, %s, now())",
                (account, one, into),
            )
    migrate(dsn)

    def pairs(statement: str) -> set[tuple[UUID, ...]]:
        with psycopg.connect(dsn) as conn:
            return set(conn.execute(statement.encode()).fetchall())

    assert pairs("SELECT id, merged_into_id FROM contacts WHERE merged_into_id IS NOT NULL") == {(a, c), (b, c)}
    assert pairs("SELECT from_id, into_id, why FROM contact_merges") == {(a, b, "moved"), (b, c, "moved")}
    with psycopg.connect(dsn) as conn:
        row = conn.execute(
            "SELECT person_contacts(%s, %s), person_contacts(%s, %s)", (account, a, account, alone)
        ).fetchone()
    assert row is not None
    assert (row[0][0], set(row[0]), row[1]) == (c, {a, b, c}, [alone])
