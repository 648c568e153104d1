"""Who is looking at a conversation, typing in it or answering it: leases of seconds, never events."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from svardesk.conversations.schemas import PresenceKind
from svardesk.kit.clock import Clock
from svardesk.kit.db import Database, Tx

LOOKING_SECONDS = 90
TYPING_SECONDS = 8
ANSWERING_SECONDS = 30
SECONDS = {"looking": LOOKING_SECONDS, "typing": TYPING_SECONDS, "answering": ANSWERING_SECONDS}

RENEW = """
INSERT INTO conversation_presence (account_id, conversation_id, agent_id, kind, until)
SELECT %(account)s, c.id, %(agent)s, %(kind)s, %(until)s
FROM conversations c
WHERE c.account_id = %(account)s AND c.id = %(conversation)s
    AND (c.team_id IS NULL OR c.assignee_id = %(agent)s OR NOT (c.team_id = ANY(%(hidden)s)))
ON CONFLICT (account_id, conversation_id, agent_id) DO UPDATE SET
    -- Looking on does not take the lock back while its time runs.
    kind = CASE WHEN conversation_presence.kind = 'answering' AND conversation_presence.until > %(now)s
            AND excluded.kind <> 'answering' AND NOT %(release)s
        THEN 'answering' ELSE excluded.kind END,
    until = CASE WHEN conversation_presence.kind = 'answering' AND conversation_presence.until > %(now)s
            AND excluded.kind <> 'answering' AND NOT %(release)s
        THEN conversation_presence.until ELSE excluded.until END
"""
LEAVE = """
DELETE FROM conversation_presence
WHERE account_id = %(account)s AND agent_id = %(agent)s AND conversation_id = ANY(%(conversations)s)
"""
PRESENT = """
SELECT p.conversation_id, p.agent_id, a.name, p.kind
FROM conversation_presence p
JOIN agents a ON a.account_id = p.account_id AND a.id = p.agent_id
WHERE p.account_id = %(account)s AND p.conversation_id = ANY(%(conversations)s) AND p.until > %(now)s
ORDER BY a.name, p.agent_id
"""
ANSWERING = """
SELECT p.agent_id, a.name
FROM conversation_presence p
JOIN agents a ON a.account_id = p.account_id AND a.id = p.agent_id
WHERE p.account_id = %(account)s AND p.conversation_id = %(conversation)s AND p.kind = 'answering'
    AND p.until > %(now)s AND p.agent_id <> %(agent)s
ORDER BY p.until DESC LIMIT 1
"""


SWEEP = "SELECT conversation_presence_sweep(%(now)s)"


class Present(msgspec.Struct, frozen=True):
    """One agent at one conversation; ``answering`` holds the answer lock."""

    agent_id: UUID
    name: str
    kind: PresenceKind


async def renew(
    tx: Tx,
    conversation_id: UUID,
    agent_id: UUID,
    kind: str,
    now: datetime,
    *,
    hidden_team_ids: Sequence[UUID] = (),
    release: bool = False,
) -> bool:
    """Say that an agent is there; ``release`` gives the answer lock back. Returns False if the agent may not see it."""
    touched = await tx.run(
        RENEW,
        account=tx.account,
        conversation=conversation_id,
        agent=agent_id,
        kind=kind,
        now=now,
        until=now + timedelta(seconds=SECONDS[kind]),
        hidden=list(hidden_team_ids),
        release=release,
    )
    return touched > 0


async def leave(tx: Tx, agent_id: UUID, conversation_ids: Sequence[UUID]) -> None:
    """Say that an agent has gone from these conversations."""
    await tx.run(LEAVE, account=tx.account, agent=agent_id, conversations=list(conversation_ids))


async def present(tx: Tx, conversation_ids: Sequence[UUID], now: datetime) -> dict[UUID, list[Present]]:
    """Return who is at each of the conversations (every id is a key, also without anybody)."""
    found: dict[UUID, list[Present]] = {one: [] for one in conversation_ids}
    for row in await tx.all(PRESENT, account=tx.account, conversations=list(conversation_ids), now=now):
        found[row["conversation_id"]].append(Present(row["agent_id"], row["name"], row["kind"]))
    return found


async def answering_by(tx: Tx, conversation_id: UUID, now: datetime, *, except_agent: UUID) -> Present | None:
    """Return another agent who holds the answer lock, or None."""
    row = await tx.maybe(ANSWERING, account=tx.account, conversation=conversation_id, agent=except_agent, now=now)
    return None if row is None else Present(row["agent_id"], row["name"], "answering")


async def sweep(db: Database, clock: Clock) -> int:
    """Delete leases that ran out a minute ago, or that a clock gave which has been put back since; of all accounts."""
    async with db.system() as tx:
        await tx.value(SWEEP, now=clock.now())
    return 0
