"""Opening a conversation: everything its screen begins with, and older messages."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final
from uuid import UUID

from svardesk.accounts.caller import Caller
from svardesk.contacts import meeting
from svardesk.contacts import service as contacts
from svardesk.conversations import drafting, presence
from svardesk.conversations.errors import NoConversation
from svardesk.conversations.schemas import ConversationRow, Messages, Opened, PresentAgent, VisitorNow, Way
from svardesk.conversations.seeing import check_sees, who
from svardesk.conversations.store import actor_of, message_of, row_of, sql
from svardesk.kit.db import Tx

PAGE: Final = 50
MOST: Final = 100
_END: Final = 2**31 - 1

VisitorOf = Callable[[Tx, UUID], Awaitable[VisitorNow | None]]
"""Tells where the visitor of a conversation is now; a channel that knows gives one to ``know_visitors``."""

WayOf = Callable[[Tx, UUID], Awaitable[Way | None]]
"""Tells how an answer in a conversation reaches the customer; ``channels`` gives one to ``know_ways``."""

_visitor_of: dict[str, VisitorOf] = {}
_way_of: list[WayOf] = []


def know_visitors(kind: str, look: VisitorOf) -> None:
    """Let a channel tell where its visitors are; said once by whoever wires the house."""
    _visitor_of[kind] = look


def know_ways(look: WayOf) -> None:
    """Let the channels tell how answers go out; said once by whoever wires the house."""
    _way_of[:] = [look]


async def row_for(tx: Tx, caller: Caller, conversation_id: UUID) -> ConversationRow:
    """Return one line of the inbox; raises ``NoConversation`` if the agent may not see it."""
    row = await tx.maybe(sql.row_for, account_id=tx.account, id=conversation_id, **who(caller))
    if row is None:
        raise NoConversation
    return row_of(row)


async def open_conversation(tx: Tx, caller: Caller, now: datetime, conversation_id: UUID) -> Opened:
    """Return the conversation with its latest messages, the contact and what else stands around it.

    Raises ``NoConversation``. ``resume`` is left to the edge, which read the log's head before.
    """
    row = await row_for(tx, caller, conversation_id)
    said = await messages_before(tx, caller, conversation_id, checked=True)
    previous = await tx.all(
        sql.previous,
        account_id=tx.account,
        id=conversation_id,
        contact_id=row.contact.id,
        **who(caller),
    )
    there = (await presence.present(tx, [conversation_id], now))[conversation_id]
    visitor = None
    for look in _visitor_of.values():
        visitor = visitor or await look(tx, conversation_id)
    return Opened(
        conversation=row,
        contact=await contacts.get_for(tx, caller, row.contact.id),
        relations=await meeting.relations_for(tx, caller, row.contact.id),
        messages=said.messages,
        earlier=said.earlier,
        previous_conversations=[row_of(one) for one in previous],
        draft=await drafting.get(tx, caller.agent_id, conversation_id),
        presence=[PresentAgent(one.agent_id, one.name, one.kind) for one in there],
        visitor=visitor,
        way=await way_of(tx, conversation_id),
    )


async def way_of(tx: Tx, conversation_id: UUID) -> Way | None:
    """Return how an answer reaches the customer; None where nobody knows. The caller has made sure who may see it."""
    return await _way_of[0](tx, conversation_id) if _way_of else None


async def messages_before(
    tx: Tx,
    caller: Caller,
    conversation_id: UUID,
    *,
    before_seq: int | None = None,
    limit: int = PAGE,
    checked: bool = False,
) -> Messages:
    """Return the latest ``limit`` messages before a seq, oldest first; raises ``NoConversation``.

    ``checked``: the caller has made sure that the agent may see the conversation.
    """
    if not checked:
        await check_sees(tx, caller, conversation_id)
    limit = min(max(limit, 1), MOST)
    found = await tx.all(
        sql.messages_before,
        account_id=tx.account,
        conversation_id=conversation_id,
        before_seq=_END if before_seq is None else before_seq,
        limit=limit + 1,
    )
    actor = actor_of(caller.agent_id)
    shown = [message_of(row, actor) for row in reversed(found[:limit])]
    return Messages(shown, earlier=len(found) > limit)
