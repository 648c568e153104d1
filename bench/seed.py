"""An organisation for the load: teams, agents with sessions, widgets, visitors who have written before."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import psycopg

from bench.posts import PAGE_TITLE, PAGE_URL
from svardesk.accounts.secrets import digest
from svardesk.kit.ids import uuid7

# Ids of visitors' things follow from their number, so that pgbench can name them without a look into a table.
CONVERSATIONS = "01900000-0000-7000-8000-"
CONTACTS = "01900000-0000-7001-8000-"
IDENTITIES = "01900000-0000-7002-8000-"
SESSIONS = "01900000-0000-7003-8000-"


class Agent(msgspec.Struct):
    """An agent who is signed in."""

    id: str
    team: int
    token: str


class Visitor(msgspec.Struct):
    """A visitor with a session and a conversation."""

    number: int
    team: int
    token: str
    conversation: str


class Organisation(msgspec.Struct):
    """What was made. ``widgets`` has one connection id a team."""

    account: str
    agents: list[Agent]
    visitors: list[Visitor]
    widgets: list[str]
    teams: list[str]


def number(base: str, n: int) -> UUID:
    """Return the id of the ``n``-th thing."""
    return UUID(f"{base}{n:012x}")


def organisation(
    conn: psycopg.Connection[Any],
    *,
    teams: int,
    agents: int,
    visitors: int,
    closed: bool = True,
    origin: str = "https://butikk.example",
    routed: bool = True,
) -> Organisation:
    """Make an organisation with so many teams, agents and visitors in all, dealt out evenly; ``conn`` is the owner's.

    Without ``routed`` conversations belong to no team, so that every agent sees them.
    """
    now = datetime.now(UTC)
    account = uuid7()
    with conn.transaction():
        conn.execute(
            "INSERT INTO accounts (id, slug, name) VALUES (%s, %s, 'Fjordnett')", (account, f"b{account.hex[-10:]}")
        )
        calendar = uuid7()
        conn.execute(
            "INSERT INTO calendars (account_id, id, name, is_default, weekly) VALUES (%s, %s, 'Alltid', true, %s::jsonb)",
            (account, calendar, msgspec.json.encode({str(d): [["00:00", "24:00"]] for d in range(1, 8)}).decode()),
        )
        team_ids = [uuid7() for _ in range(teams)]
        for place, team in enumerate(team_ids):
            conn.execute(
                "INSERT INTO teams (account_id, id, name, closed) VALUES (%s, %s, %s, %s)",
                (account, team, f"Lag {place}", closed),
            )
        widgets = [uuid7() for _ in range(teams)]
        for place, widget in enumerate(widgets):
            conn.execute(
                "INSERT INTO connections (account_id, id, kind, name, public_key, team_id, calendar_id, config)"
                " VALUES (%s, %s, 'webchat', %s, %s, %s, %s, %s::jsonb)",
                (
                    account, widget, f"Nettprat {place}", f"bench{widget.hex[-12:]}", team_ids[place] if routed else None,
                    calendar, msgspec.json.encode({"origins": [origin]}).decode(),
                ),
            )  # fmt: skip
        made_agents = _agents(conn, account, team_ids, agents, now)
        made_visitors = _visitors(conn, account, widgets, team_ids if routed else [None] * teams, visitors, now)
        conn.execute("UPDATE accounts SET next_number = %s WHERE id = %s", (visitors + 1, account))
    return Organisation(
        str(account), made_agents, made_visitors, [str(one) for one in widgets], [str(one) for one in team_ids]
    )


def agent_session(conn: psycopg.Connection[Any], account: UUID, agent: UUID, token: str, now: datetime) -> None:
    """Sign an agent in."""
    conn.execute(
        "INSERT INTO sessions (account_id, id, agent_id, token_hash, csrf_token, created_at, last_seen_at, expires_at)"
        " VALUES (%s, %s, %s, %s, 'bench', %s, %s, %s)",
        (account, uuid7(), agent, digest(token), now, now, now + timedelta(hours=12)),
    )


def add_agent(conn: psycopg.Connection[Any], account: UUID, name: str, role: str, token: str) -> UUID:
    """Make an agent who is signed in with ``token``; their id."""
    agent, now = uuid7(), datetime.now(UTC)
    conn.execute(
        "INSERT INTO agents (account_id, id, email, name, role) VALUES (%s, %s, %s, %s, %s)",
        (account, agent, f"{agent.hex[-10:]}@fjordnett.example", name, role),
    )
    agent_session(conn, account, agent, token, now)
    return agent


def _agents(conn: psycopg.Connection[Any], account: UUID, teams: list[UUID], count: int, now: datetime) -> list[Agent]:
    made: list[Agent] = []
    for place in range(count):
        token = f"agent-{account.hex[-8:]}-{place}"
        agent = add_agent(conn, account, f"Kari {place}", "agent", token)
        team = place % len(teams)
        conn.execute(
            "INSERT INTO team_members (account_id, team_id, agent_id, created_at) VALUES (%s, %s, %s, %s)",
            (account, teams[team], agent, now),
        )
        made.append(Agent(str(agent), team, token))
    return made


def _visitors(
    conn: psycopg.Connection[Any],
    account: UUID,
    widgets: list[UUID],
    teams: list[UUID] | list[None],
    count: int,
    now: datetime,
) -> list[Visitor]:
    made: list[Visitor] = []
    cursor = conn.cursor()
    contacts, identities, conversations, sessions = [], [], [], []
    for n in range(1, count + 1):
        team = n % len(widgets)
        contact, identity = number(CONTACTS, n), number(IDENTITIES, n)
        conversation, session = number(CONVERSATIONS, n), number(SESSIONS, n)
        token = f"visitor-{account.hex[-8:]}-{n}"
        contacts.append((account, contact, f"Ola {n}", now))
        identities.append((account, identity, contact, widgets[team], f"visitor:{session}", now))
        conversations.append(
            (account, conversation, n, widgets[team], f"visitor:{session}", contact, identity, teams[team], now, now)
        )
        sessions.append(
            (
                account,
                session,
                widgets[team],
                contact,
                identity,
                conversation,
                digest(token),
                PAGE_URL,
                PAGE_TITLE,
                now,
                now,
                now + timedelta(days=9),
            )
        )
        made.append(Visitor(n, team, token, str(conversation)))
    cursor.executemany("INSERT INTO contacts (account_id, id, name, created_at) VALUES (%s, %s, %s, %s)", contacts)
    cursor.executemany(
        "INSERT INTO identities (account_id, id, contact_id, kind, scope, address, created_at)"
        " VALUES (%s, %s, %s, 'webchat', %s, %s, %s)",
        identities,
    )
    cursor.executemany(
        "INSERT INTO conversations (account_id, id, number, channel, connection_id, external_thread_key, contact_id,"
        " identity_id, team_id, locale, last_activity_at, created_at)"
        " VALUES (%s, %s, %s, 'webchat', %s, %s, %s, %s, %s, 'nb', %s, %s)",
        conversations,
    )
    cursor.executemany(
        "INSERT INTO webchat_sessions (account_id, id, connection_id, contact_id, identity_id, conversation_id, token_hash,"
        " page_url, page_title, created_at, last_seen_at, expires_at)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        sessions,
    )
    return made
