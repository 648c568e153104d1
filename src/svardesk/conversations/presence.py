"""Who is looking at a conversation, typing in it or answering it: leases of seconds, never events."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from svardesk.conversations.schemas import PresenceKind
from svardesk.conversations.store import sql
from svardesk.kit.clock import Clock
from svardesk.kit.db import Database, Tx

LOOKING_SECONDS = 90
TYPING_SECONDS = 8
ANSWERING_SECONDS = 30
SECONDS = {"looking": LOOKING_SECONDS, "typing": TYPING_SECONDS, "answering": ANSWERING_SECONDS}


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
        sql.renew_presence,
        account_id=tx.account,
        conversation_id=conversation_id,
        agent_id=agent_id,
        kind=kind,
        now=now,
        until=now + timedelta(seconds=SECONDS[kind]),
        hidden_team_ids=list(hidden_team_ids),
        release=release,
    )
    return touched > 0


async def leave(tx: Tx, agent_id: UUID, conversation_ids: Sequence[UUID]) -> None:
    """Say that an agent has gone from these conversations."""
    await tx.run(
        sql.leave_conversations, account_id=tx.account, agent_id=agent_id, conversation_ids=list(conversation_ids)
    )


async def present(tx: Tx, conversation_ids: Sequence[UUID], now: datetime) -> dict[UUID, list[Present]]:
    """Return who is at each of the conversations (every id is a key, also without anybody)."""
    found: dict[UUID, list[Present]] = {one: [] for one in conversation_ids}
    for row in await tx.all(sql.present, account_id=tx.account, conversation_ids=list(conversation_ids), now=now):
        found[row["conversation_id"]].append(Present(row["agent_id"], row["name"], row["kind"]))
    return found


async def sweep(db: Database, clock: Clock) -> int:
    """Delete leases that ran out a minute ago, or that a clock gave which has been put back since; of all accounts."""
    async with db.system() as tx:
        await tx.value(sql.sweep_presence, now=clock.now())
    return 0
