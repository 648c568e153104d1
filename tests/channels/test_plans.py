"""Every hot query of the chat, the queues, sign-in and live updates uses its index, as its own role, in full tables.

`auto_explain` shows the plans of what functions do inside, too.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from bench._bulk import fill
from svardesk.channels.connections import QUERIES as CHANNELS
from svardesk.channels.webchat.visitors import QUERIES as WEBCHAT
from svardesk.conversations.states import RANK, sources
from svardesk.conversations.store import sql as conversations
from svardesk.kit.db import APP_ROLE, SYSTEM_ROLE, Database
from svardesk.kit.ids import uuid7
from svardesk.kit.sql import load
from tests.factories import NOW, make_account, make_agent, make_widget

SPINE, ACCOUNTS, CONTACTS = load("svardesk.spine"), load("svardesk.accounts"), load("svardesk.contacts")
CONVERSATIONS, MESSAGES = 15_000, 40_000
MEETING = load("svardesk.contacts", "meeting.sql")
LARGE = {
    "conversations", "messages", "deliveries", "webchat_sessions", "identities", "contacts", "inbound_items", "envelopes",
    "events", "events_p0", "sessions", "message_search", "files",
}  # fmt: skip
HASH = b"\x01" * 32


@dataclass
class Full:
    dsn: str
    account_id: UUID
    agent_id: UUID
    connection_id: UUID
    conversation_id: UUID
    message_id: UUID
    session_id: UUID
    contact_id: UUID


ROWS = """
INSERT INTO deliveries (account_id, id, message_id, conversation_id, connection_id, seq, state, due_at, created_at,
    sent_at, external_id)
SELECT account_id, gen_random_uuid(), id, conversation_id, %(connection)s, seq, 'sent', created_at, created_at, created_at,
    id::text
FROM messages WHERE account_id = %(account)s;
INSERT INTO webchat_sessions (account_id, id, connection_id, conversation_id, token_hash, created_at, last_seen_at, expires_at)
SELECT account_id, gen_random_uuid(), %(connection)s, id, sha256(id::text::bytea), %(now)s, %(now)s, %(now)s + interval '30 days'
FROM conversations WHERE account_id = %(account)s;
INSERT INTO inbound_items (account_id, id, envelope_id, connection_id, idempotency_key, type, created_at)
SELECT account_id, gen_random_uuid(), gen_random_uuid(), %(connection)s, id::text, 'message', created_at
FROM messages WHERE account_id = %(account)s;
INSERT INTO envelopes (account_id, id, connection_id, received_at, sha256, raw, state)
SELECT account_id, gen_random_uuid(), %(connection)s, created_at, '', '', 'parsed' FROM messages WHERE account_id = %(account)s;
INSERT INTO events (position, account_id, stream, lane, type, version, payload, recorded_at)
SELECT row_number() OVER (), account_id, conversation_id, get_byte(uuid_send(conversation_id), 15) %% 16, 'x', 1, '{}', created_at
FROM messages WHERE account_id = %(account)s;
UPDATE spine_state SET last_position = (SELECT max(position) FROM events);
INSERT INTO sessions (account_id, id, agent_id, token_hash, csrf_token, created_at, last_seen_at, expires_at)
SELECT account_id, gen_random_uuid(), %(agent)s, sha256(id::text::bytea), '', %(now)s, %(now)s, %(now)s + interval '1 day'
FROM conversations WHERE account_id = %(account)s;
"""


@pytest.fixture(scope="module")
async def full(clone: Callable[[], str]) -> Full:
    dsn = clone()
    db = Database(dsn, pool_min=1, pool_max=2, name="plans")
    await db.open()
    account = await make_account(db)
    agent = await make_agent(db, account)
    connection, _ = await make_widget(db, account)
    await db.close()
    with psycopg.connect(dsn, autocommit=True) as conn:
        fill(conn, account.id, CONVERSATIONS, MESSAGES, agent_ids=[agent.id], search=False)
        with conn.transaction():
            conn.execute("SET LOCAL session_replication_role = replica")
            values = {"account": str(account.id), "connection": str(connection), "agent": str(agent.id), "now": NOW}
            with psycopg.ClientCursor(conn) as cursor:
                cursor.execute(ROWS.encode(), values)
        for table in ("deliveries", "webchat_sessions", "inbound_items", "envelopes", "events", "sessions"):
            conn.execute(f"VACUUM (ANALYZE) {table}".encode())
        row = conn.execute(
            "SELECT m.conversation_id, m.id, s.id, c.contact_id FROM messages m JOIN webchat_sessions s USING (conversation_id)"
            " JOIN conversations c ON c.id = m.conversation_id WHERE m.seq = 2 LIMIT 1"
        ).fetchone()
    assert row is not None
    return Full(dsn, account.id, agent.id, connection, *row)


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", ()):
        yield from nodes(child)


def plans(full: Full, role: str, statement: bytes, params: dict[str, Any]) -> list[dict[str, Any]]:
    """All nodes of all plans that ``statement`` leads to, run as ``role`` and rolled back."""
    found: list[dict[str, Any]] = []

    def hear(said: psycopg.errors.Diagnostic) -> None:
        text = said.message_primary or ""
        if "plan:" in text:
            found.extend(nodes(json.loads(text.split("plan:", 1)[1])["Plan"]))

    with psycopg.connect(full.dsn) as conn:
        for setting in (
            "LOAD 'auto_explain'", "SET auto_explain.log_min_duration = 0", "SET auto_explain.log_nested_statements = on",
            "SET auto_explain.log_format = json", "SET auto_explain.log_analyze = on", "SET client_min_messages = log",
            f"SET ROLE {role}",
        ):  # fmt: skip
            conn.execute(setting.encode())
        if role == APP_ROLE:
            conn.execute(f"SET LOCAL svardesk.account = '{full.account_id}'".encode())
        conn.add_notice_handler(hear)
        conn.execute(statement, params)
        conn.execute(b"SELECT 1")  # ends the statement before, which is when its plan is told
        conn.remove_notice_handler(hear)
        conn.rollback()
    assert found, "auto_explain said nothing"
    return found


def check(full: Full, role: str, statement: bytes, most: int, *indexes: str, **params: Any) -> None:
    """The plans use ``indexes``, scan no large table from end to end, and throw away no more than ``most`` rows."""
    said = plans(full, role, statement, {"account_id": full.account_id, **params})
    used = {node.get("Index Name") for node in said}
    assert used >= set(indexes), used
    for node in said:
        assert not (node["Node Type"] == "Seq Scan" and node["Relation Name"] in LARGE), node
        thrown = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
        assert thrown * node.get("Actual Loops", 1) <= most, node
        # Without this, walking the whole primary key of an organisation would count as using an index.
        assert node.get("Actual Rows", 0) * node.get("Actual Loops", 1) <= 5000, node


def test_a_visitor_is_found_by_the_token(full: Full) -> None:
    check(full, APP_ROLE, WEBCHAT.visitor, 10, "uq_webchat_sessions_token_hash", token_hash=HASH, now=NOW)


def test_what_a_visitor_sees(full: Full) -> None:
    check(
        full, APP_ROLE, WEBCHAT.messages, 60, "uq_messages_account_id_conversation_id_seq",
        conversation_id=full.conversation_id, before_seq=2**31 - 1, limit=51,
    )  # fmt: skip
    check(full, APP_ROLE, WEBCHAT.messages_by_id, 10, "pk_messages", ids=[full.message_id])
    check(full, APP_ROLE, WEBCHAT.whereabouts, 10, conversation_id=full.conversation_id, id=full.conversation_id)


def test_taking_a_visitors_message(full: Full) -> None:
    check(
        full, APP_ROLE, WEBCHAT.take, 100,
        now=NOW, connection_id=full.connection_id, session_id=full.session_id, envelope_id=uuid7(), item_id=uuid7(),
        raw=b"{}", headers="{}", key=str(uuid4()), message_id=uuid7(), client_id=uuid4(), body="Hei", preview="Hei",
        silent=False, conversation_id=full.conversation_id, thread="x", new_conversation_id=uuid7(),
        contact_id=full.contact_id, identity_id=None, brand_id=None, team_id=None, locale="nb", file_ids=[],
    )  # fmt: skip


def test_receipts_of_a_visitor(full: Full) -> None:
    check(
        full, APP_ROLE, CHANNELS.watermark, 100, "ix_deliveries_conversation",
        conversation_id=full.conversation_id, up_to_seq=5, below=["queued", "sending", "sent"],
    )  # fmt: skip
    check(
        full, APP_ROLE, conversations.visitor_receipts, 100, id=full.conversation_id, delivered_seq=2, read_seq=2,
        before_delivered=sources("delivered"), before_read=sources("read"),
    )  # fmt: skip
    check(full, APP_ROLE, conversations.agents_received, 100, "pk_conversations", ids=[full.conversation_id], seqs=[2])


def test_news_of_a_provider(full: Full) -> None:
    check(
        full, APP_ROLE, CHANNELS.by_external_ids, 100, "ix_deliveries_external",
        connection_ids=[full.connection_id], external_ids=[str(full.message_id)],
    )  # fmt: skip


def test_planning_and_settling_a_delivery(full: Full) -> None:
    check(
        full, APP_ROLE, CHANNELS.plan_deliveries, 100, "pk_messages", ids=[uuid7()], message_ids=[full.message_id], now=NOW
    )  # fmt: skip
    check(
        full, APP_ROLE, CHANNELS.hold_delivery_of_message, 10, "uq_deliveries_account_id_message_id",
        message_id=full.message_id,
    )  # fmt: skip
    check(
        full, APP_ROLE, conversations.set_states, 100, "pk_messages", ids=[full.message_id], state="sent", reason=None,
        external_id=None, sources=sorted(RANK),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("statement", "index", "lease"),
    [(CHANNELS.claim_deliveries, "ix_deliveries_due", 90), (CHANNELS.claim_envelopes, "ix_envelopes_due", 60)],
    ids=["deliveries", "envelopes"],
)
def test_queues_are_claimed_by_what_is_due(full: Full, statement: bytes, index: str, lease: int) -> None:
    check(full, SYSTEM_ROLE, statement, 100, index, now=NOW, lease=timedelta(seconds=lease), limit=20)


def test_the_log_is_read_by_position(full: Full) -> None:
    check(full, SYSTEM_ROLE, SPINE.after, 10, position=MESSAGES - 200, limit=1000, up_to=2**62)
    check(
        full, SYSTEM_ROLE, SPINE.of_account, 100, position=MESSAGES - 2000, limit=2001, up_to=MESSAGES,
    )  # fmt: skip
    check(full, SYSTEM_ROLE, SPINE.sequence, 10, batch=1000)


def test_signing_in_and_being_signed_in(full: Full) -> None:
    check(full, APP_ROLE, ACCOUNTS.directory_session, 10, "uq_sessions_token_hash", token_hash=HASH)
    with psycopg.connect(full.dsn) as conn:
        row = conn.execute("SELECT id FROM sessions LIMIT 1").fetchone()
    assert row is not None
    check(full, APP_ROLE, ACCOUNTS.session_caller, 100, "pk_sessions", session_id=row[0], now=NOW)


def test_people_are_found_by_their_addresses(full: Full) -> None:
    check(
        full, APP_ROLE, CONTACTS.identities_by_address, 10, "uq_identities_account_id_kind_scope_address", "pk_contacts",
        kind="webchat", scopes=["x", "y"], address="visitor:ola",
    )  # fmt: skip
    check(
        full, APP_ROLE, MEETING.others, 10, "ix_identities_shared", contact_id=full.contact_id, kind="email",
        address="ola@example.no", verified=["signed_token"], limit=20,
    )  # fmt: skip
    check(
        full, APP_ROLE, MEETING.suggestions, 10, "ix_identities_shared", contact_id=full.contact_id,
        verified=["signed_token"], limit=5, agent_id=full.account_id, hidden_team_ids=[full.account_id],
    )  # fmt: skip


def test_whoever_is_shown_by_another_contacts_name_costs_a_look_by_key(full: Full) -> None:
    """Without a name, or merged: under row-level security a careless comparison would walk the whole organisation each time."""
    with psycopg.connect(full.dsn, autocommit=True) as conn:
        rows = conn.execute(
            "SELECT id, contact_id FROM conversations WHERE account_id = %s ORDER BY number LIMIT 60",
            (full.account_id,),
        ).fetchall()
        people = sorted({row[1] for row in rows})
        conn.execute("UPDATE contacts SET name = NULL WHERE id = ANY(%s)", (people[:20],))
        conn.execute("UPDATE contacts SET merged_into_id = %s WHERE id = ANY(%s)", (people[0], people[20:40]))
        said = conn.execute("SELECT id FROM messages WHERE author_id = ANY(%s) LIMIT 60", (people,)).fetchall()
    lines, persons = load("svardesk.conversations"), load("svardesk.contacts", "merging.sql")
    who: dict[str, Any] = {"agent_id": full.account_id, "hidden_team_ids": [full.account_id]}
    names = ("ix_contacts_merged", "pk_contacts")
    check(full, APP_ROLE, lines.rows, 100, *names, ids=[row[0] for row in rows])
    check(full, APP_ROLE, lines.messages_by_ids, 100, "ix_contacts_merged", ids=[row[0] for row in said])
    check(full, APP_ROLE, lines.previous, 100, "ix_conversations_contact", id=rows[0][0], contact_id=people[25], **who)
    check(full, APP_ROLE, CONTACTS.persons_by_ids, 100, *names, ids=people[:10], **who)
    check(full, APP_ROLE, CONTACTS.lock_contact, 100, *names, id=people[25], **who)
    check(full, APP_ROLE, persons.persons, 100, *names, ids=people)
    check(full, APP_ROLE, persons.merges_of, 100, *names, id=people[0], limit=20)
