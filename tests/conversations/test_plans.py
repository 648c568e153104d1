"""Every hot query uses its index, as the app role under row-level security, in a full table."""

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec
import psycopg
import pytest

from bench._bulk import fill
from svardesk.accounts.caller import Caller
from svardesk.conversations import inbox
from svardesk.conversations.cursors import FIRST_ASCENDING, FIRST_DESCENDING
from svardesk.conversations.schemas import Filters
from svardesk.conversations.store import sql
from svardesk.kit.db import Database
from tests.factories import NOW, Account, Agent, insert, make_account, make_agent, make_contact, make_team

CONVERSATIONS = 20_000
MESSAGES = 30_000


@dataclass
class Full:
    """A database with one large organisation and one small one."""

    db: Database
    account: Account
    agent: Agent
    team_id: UUID
    rare: "Rare"


@dataclass
class Rare:
    """What only the oldest conversations of all have: whoever looks from the newest walks past everything else."""

    agent_id: UUID
    team_id: UUID
    tag_id: UUID
    contact_id: UUID
    ids: list[UUID]


async def _make_rare(db: Database, account: Account) -> Rare:
    """Give the oldest seven conversations to one agent, team, tag and contact of their own."""
    agent = await make_agent(db, account, name="Sjelden Gjest")
    team = await make_team(db, account, "Hvitevarer")
    contact = await make_contact(db, account, "Sjelden Kunde")
    tag_id = await insert(db, "tags", account.id, name="Tilbakekalling", created_at=NOW)
    usual = await insert(db, "tags", account.id, name="Faktura", created_at=NOW)
    with psycopg.connect(db.dsn, autocommit=True) as conn:
        found = conn.execute(
            "UPDATE conversations SET assignee_id = %s, team_id = %s, contact_id = %s"
            " WHERE account_id = %s AND number BETWEEN 1 AND 7 RETURNING number, id",
            (agent.id, team, contact, account.id),
        ).fetchall()
        ids = [row[1] for row in sorted(found, reverse=True)]
        conn.execute(
            "INSERT INTO conversation_tags (account_id, conversation_id, tag_id)"
            " SELECT %s, id, %s FROM unnest(%s::uuid[]) AS t (id)",
            (account.id, tag_id, ids),
        )
        conn.execute(
            "INSERT INTO conversation_tags (account_id, conversation_id, tag_id)"
            " SELECT account_id, id, %s FROM conversations WHERE account_id = %s AND number %% 4 = 0",
            (usual, account.id),
        )
        conn.execute("ANALYZE conversations, conversation_tags")
    return Rare(agent.id, team, tag_id, contact, ids)


@pytest.fixture(scope="module")
async def full(clone: Callable[[], str]) -> AsyncIterator[Full]:
    db = Database(clone(), pool_min=1, pool_max=4, name="plans")
    await db.open()
    account = await make_account(db)
    agents = [await make_agent(db, account, name=f"Agent {n}") for n in range(10)]
    teams = [await make_team(db, account, f"Lag {n}", (agents[0],)) for n in range(3)]
    small = await make_account(db, "Liten AS")
    with psycopg.connect(db.dsn, autocommit=True) as conn:
        fill(conn, account.id, CONVERSATIONS, MESSAGES, agent_ids=[one.id for one in agents], team_ids=teams)
        fill(conn, small.id, 50, 100, agent_ids=[(await make_agent(db, small)).id])
    yield Full(db, account, agents[0], teams[0], await _make_rare(db, account))
    await db.close()


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", ()):
        yield from _nodes(child)


async def _plan(full: Full, statement: bytes, **params: Any) -> list[dict[str, Any]]:
    async with full.db.work(full.account.id) as tx:
        assert await tx.value("SELECT current_user::text") == "svardesk_app"
        found = await tx.value(b"EXPLAIN (FORMAT JSON) " + statement, **params)
    return list(_nodes(found[0]["Plan"]))


def _check(nodes: list[dict[str, Any]], index: str) -> None:
    used = {node.get("Index Name") for node in nodes}
    assert index in used, used
    scanned = [node["Relation Name"] for node in nodes if node["Node Type"] == "Seq Scan"]
    assert not set(scanned) & {"conversations", "messages", "message_search", "contacts", "files", "conversation_reads"}
    # A sort over more than a page would mean that the index gave no order.
    assert not [node for node in nodes if node["Node Type"] == "Sort" and node["Plan Rows"] > 2000]


@pytest.mark.parametrize(
    ("view", "index"),
    [
        ("all", "ix_conversations_all"),
        ("mine", "ix_conversations_mine"),
        ("unassigned", "ix_conversations_unassigned"),
        ("teams", "ix_conversations_team"),
        ("waiting", "ix_conversations_waiting"),
        ("snoozed", "ix_conversations_snoozed"),
        ("closed", "ix_conversations_closed"),
    ],
)
@pytest.mark.parametrize("hidden", [False, True])
async def test_views_walk_their_index(full: Full, view: str, index: str, hidden: bool):
    caller = full.agent.caller
    statement, params = inbox.statement_for(caller, Filters(view=view))  # pyright: ignore[reportArgumentType]
    if hidden:
        params["hidden_team_ids"] = [uuid4()]
    at, row_id = FIRST_ASCENDING if view in {"waiting", "snoozed"} else FIRST_DESCENDING
    _check(await _plan(full, statement, **params, at=at, id=row_id, limit=51), index)


def _filters(full: Full, name: str, view: str = "all") -> Filters:
    rare = {
        "assignee_id": full.rare.agent_id, "team_id": full.rare.team_id, "tag_id": full.rare.tag_id,
        "contact_id": full.rare.contact_id,
    }  # fmt: skip
    return msgspec.convert({"view": view, name: str(rare[name])}, Filters)


@pytest.mark.parametrize(
    ("name", "index"),
    [
        ("assignee_id", "ix_conversations_assignee"),
        ("team_id", "ix_conversations_of_team"),
        ("contact_id", "ix_conversations_contact"),
        ("tag_id", "ix_conversation_tags_tag"),
    ],
)
@pytest.mark.parametrize("view", ["all", "closed"])
@pytest.mark.parametrize("hidden", [False, True])
async def test_a_rare_filter_goes_straight_to_its_conversations(
    full: Full, name: str, index: str, view: str, hidden: bool
):
    filters = _filters(full, name, view)
    statement, params = inbox.statement_for(full.agent.caller, filters, from_tag=name == "tag_id")
    if hidden:
        params["hidden_team_ids"] = [uuid4()]
    at, row_id = FIRST_DESCENDING
    nodes = await _plan(full, statement, **params, at=at, id=row_id, limit=51)
    _check(nodes, index)
    assert not {"ix_conversations_all", "ix_conversations_closed"} & {node.get("Index Name") for node in nodes}


@pytest.mark.parametrize("name", ["assignee_id", "team_id", "contact_id", "tag_id"])
async def test_a_rare_filter_reads_what_it_shows_and_nothing_else(full: Full, name: str):
    """Also when PostgreSQL keeps one plan for all values, as it does for a statement used often."""
    filters = _filters(full, name)
    read = "SELECT sum(idx_tup_fetch) FROM pg_stat_xact_user_tables WHERE relname = 'conversations'"
    for mode in ("force_custom_plan", "force_generic_plan"):
        async with full.db.work(full.account.id) as tx:
            await tx.run(f"SET LOCAL plan_cache_mode = {mode}")
            before = await tx.value(read)
            page = await inbox.page(tx, full.agent.caller, filters)
            touched = await tx.value(read) - before
        assert [row.id for row in page.items] == full.rare.ids
        # The list, the page again by key, and what the planner itself looks up at an index's end.
        assert touched <= 40, (mode, touched)


@pytest.mark.parametrize(("rare", "from_tag"), [(7, True), (6, False)])
async def test_a_tag_on_many_conversations_is_found_by_walking(
    full: Full, monkeypatch: pytest.MonkeyPatch, rare: int, from_tag: bool
):
    chosen: list[bool] = []
    plain = inbox.statement_for

    def noting(caller: Caller, filters: Filters, *, from_tag: bool = False) -> tuple[bytes, dict[str, Any]]:
        chosen.append(from_tag)
        return plain(caller, filters, from_tag=from_tag)

    monkeypatch.setattr(inbox, "RARE", rare)
    monkeypatch.setattr(inbox, "statement_for", noting)
    filters = _filters(full, "tag_id")
    async with full.db.work(full.account.id) as tx:
        page = await inbox.page(tx, full.agent.caller, filters, limit=4)
        following = await inbox.page(tx, full.agent.caller, filters, limit=4, cursor=page.next_cursor)
    assert [row.id for row in page.items + following.items] == full.rare.ids
    assert chosen == [from_tag, from_tag]


@pytest.mark.parametrize("view", ["all", "closed"])
async def test_a_late_page_walks_no_more_rows_than_the_first(full: Full, view: str):
    statement, params = inbox.statement_for(full.agent.caller, Filters(view=view))  # pyright: ignore[reportArgumentType]
    touched = []
    async with full.db.work(full.account.id) as tx:
        at, row_id = FIRST_DESCENDING
        deep = await tx.one(
            "SELECT last_activity_at, id FROM conversations WHERE status = 'closed'"
            " ORDER BY last_activity_at DESC OFFSET 15000 LIMIT 1"
        )
        for place in ((at, row_id), (deep["last_activity_at"], deep["id"])):
            found = await tx.value(
                b"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) " + statement, **params, at=place[0], id=place[1], limit=51
            )
            plan = found[0]["Plan"]
            assert plan["Actual Rows"] == 51
            touched.append(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])
    assert touched[1] <= touched[0] * 1.5, touched


async def test_counts_use_the_views_indexes(full: Full):
    nodes = await _plan(
        full, sql.counts, account_id=full.account.id, agent_id=full.agent.id, hidden_team_ids=[],
        team_ids=list(full.agent.team_ids),
    )  # fmt: skip
    for index in ("mine", "unassigned", "team", "waiting", "snoozed"):
        assert any((node.get("Index Name") or "").startswith("ix_conversations_") for node in nodes), index
    _check(nodes, "ix_conversations_team")


async def test_opening_a_conversation(full: Full):
    async with full.db.work(full.account.id) as tx:
        one = await tx.one("SELECT id, contact_id FROM conversations ORDER BY number LIMIT 1")
    who = {"account_id": full.account.id, "agent_id": full.agent.id, "hidden_team_ids": []}
    _check(await _plan(full, sql.row_for, id=one["id"], **who), "pk_conversations")
    _check(
        await _plan(full, sql.previous, id=one["id"], contact_id=one["contact_id"], **who), "ix_conversations_contact"
    )
    _check(
        await _plan(
            full, sql.messages_before, account_id=full.account.id, conversation_id=one["id"], before_seq=10, limit=51
        ),
        "uq_messages_account_id_conversation_id_seq",
    )


async def test_frames_read_by_primary_key(full: Full):
    ids = [uuid4() for _ in range(20)]
    _check(await _plan(full, sql.rows, account_id=full.account.id, ids=ids), "pk_conversations")
    _check(await _plan(full, sql.messages_by_ids, account_id=full.account.id, ids=ids), "pk_messages")


async def test_a_repeated_client_id_is_found_by_its_index(full: Full):
    nodes = await _plan(
        full,
        b"SELECT id FROM messages WHERE account_id = %(a)s AND actor = %(actor)s AND client_id = %(c)s",
        a=full.account.id, actor="visitor:1", c=uuid4(),
    )  # fmt: skip
    _check(nodes, "uq_messages_client")


async def test_the_waking_sweep_and_the_thread_lookup(full: Full):
    with psycopg.connect(full.db.dsn) as conn:
        plan = conn.execute(
            b"EXPLAIN (FORMAT JSON) SELECT account_id, id FROM conversations"
            b" WHERE status = 'snoozed' AND snoozed_until <= %(now)s ORDER BY snoozed_until LIMIT 100",
            {"now": NOW + timedelta(days=1)},
        ).fetchone()
    assert plan is not None
    _check(list(_nodes(plan[0][0]["Plan"])), "ix_conversations_wake")
    nodes = await _plan(
        full,
        b"SELECT id FROM conversations WHERE account_id = %(a)s AND connection_id = %(c)s"
        b" AND external_thread_key = %(k)s AND archived_at IS NULL",
        a=full.account.id, c=uuid4(), k="bulk-7",
    )  # fmt: skip
    _check(nodes, "uq_conversations_thread")


@pytest.mark.parametrize(("typed", "most_ms"), [("sak77", 150), ("faktura", 150), ("hei", 150), ("finnesikke", 50)])
async def test_search_is_quick_in_a_full_table(full: Full, typed: str, most_ms: float):
    statement = b"EXPLAIN (ANALYZE, FORMAT JSON) " + sql.search_messages
    at, row_id = FIRST_DESCENDING
    async with full.db.work(full.account.id) as tx:
        times = []
        for _ in range(3):
            found = await tx.value(statement, agent_id=full.agent.id, q=typed, at=at, id=row_id, limit=21)
            times.append(found[0]["Execution Time"])
    assert min(times) < most_ms, times
