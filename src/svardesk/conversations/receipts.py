"""Receipts: how far each side has got and read the other's messages. Watermarks, only ever forward."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from svardesk.accounts.caller import Caller
from svardesk.conversations.events import ConversationRead, ReceiptsMoved
from svardesk.conversations.seeing import check_sees
from svardesk.conversations.states import STOPPED, sources
from svardesk.conversations.store import sql
from svardesk.kit.db import Tx
from svardesk.spine import record


async def visitor_receipts(
    tx: Tx,
    now: datetime,  # noqa: ARG001  (every verb of the house is told the time; this one stores none)
    conversation_id: UUID,
    *,
    delivered_seq: int | None = None,
    read_seq: int | None = None,
) -> bool:
    """The customer's side has our messages up to ``delivered_seq`` and has read them up to ``read_seq``.

    What is read is delivered too. A seq above the last one means the last one; a lower one than before changes
    nothing. Answers up to there become delivered or read. Returns whether anything moved.
    """
    moved = await tx.maybe(
        sql.visitor_receipts,
        account_id=tx.account,
        id=conversation_id,
        delivered_seq=delivered_seq or 0,
        read_seq=read_seq or 0,
        before_delivered=_confirmable("delivered"),
        before_read=_confirmable("read"),
    )
    if moved is None:
        return False
    await _announce(tx, conversation_id, moved, tuple(moved["message_ids"]))
    return True


async def agents_delivered(tx: Tx, reached: Mapping[UUID, int]) -> int:
    """Agents' browsers have customers' messages up to a seq, per conversation; returns how many conversations moved.

    Meant to be called once for a whole batch of frames. A conversation that somebody holds is left out: the next batch
    or the agent's reading catches up.
    """
    if not reached:
        return 0
    moved = await tx.all(sql.agents_received, account_id=tx.account, ids=list(reached), seqs=list(reached.values()))
    for row in moved:
        await _announce(tx, row["id"], row)
    return len(moved)


async def mark_read(tx: Tx, caller: Caller, now: datetime, conversation_id: UUID, seq: int) -> bool:
    """The agent has read up to ``seq`` (above the last one means the last one); returns whether that is news.

    Raises ``NoConversation``. The first agent who reads a customer's message is what the customer sees as "read".
    """
    read = await tx.value(
        sql.agent_read,
        account_id=tx.account,
        id=conversation_id,
        agent_id=caller.agent_id,
        hidden_team_ids=list(caller.hidden_team_ids),
        seq=seq,
        now=now,
    )
    if read is None:
        await check_sees(tx, caller, conversation_id)
        return False
    await tx.run(sql.mentions_read, account_id=tx.account, id=conversation_id, agent_id=caller.agent_id, now=now)
    moved = await tx.maybe(sql.agents_read, account_id=tx.account, id=conversation_id, seq=seq)
    await record(tx, ConversationRead(stream=conversation_id, agent_id=caller.agent_id, seq=read))
    if moved is not None:
        await _announce(tx, conversation_id, moved)
    return True


def _confirmable(state: str) -> list[str]:
    """States of answers that a receipt of the other side lifts.

    Also queued ones: a browser may hold an answer a moment before the worker has noted that it went out.
    """
    return [one for one in sources(state) if one not in STOPPED]


async def _announce(tx: Tx, conversation_id: UUID, row: Mapping[str, Any], message_ids: tuple[UUID, ...] = ()) -> None:
    await record(
        tx,
        ReceiptsMoved(
            stream=conversation_id,
            visitor_delivered_seq=row["visitor_delivered_seq"],
            visitor_read_seq=row["visitor_read_seq"],
            agents_delivered_seq=row["agents_delivered_seq"],
            agents_read_seq=row["agents_read_seq"],
            message_ids=message_ids,
        ),
    )
