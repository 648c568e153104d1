"""Who waits in a thread of many: everybody whose comment is open, since the first of them came."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from svardesk.channels.facebook.statements import QUERIES
from svardesk.conversations import changing, public
from svardesk.kit.db import Tx

State = Literal["open", "answered", "not_needed"]


async def settle(tx: Tx, conversation_id: UUID) -> bool:
    """Let the thread wait since its first open comment came; returns whether that changed it."""
    since: datetime | None = await tx.value(QUERIES.waits_since, account_id=tx.account, conversation_id=conversation_id)
    return await public.wait_since(tx, conversation_id, since)


async def done_with(tx: Tx, now: datetime, conversation_id: UUID) -> None:
    """Something there needs no answer any more: an open thread in which nobody waits now is closed."""
    await settle(tx, conversation_id)
    if await tx.value(QUERIES.waits_since, account_id=tx.account, conversation_id=conversation_id) is None:
        await changing.put_away(tx, now, conversation_id)


async def mark(tx: Tx, message_id: UUID, state: State, answer_id: UUID | None = None, **facts: Any) -> bool:
    """A comment is to be answered, is answered (by that message), or needs no answer. Returns whether that is news."""
    row = await tx.maybe(
        QUERIES.set_state, account_id=tx.account, message_id=message_id, state=state, answer_id=answer_id
    )
    if row is None and not facts:
        return False
    await public.know(tx, message_id, state=state, proposed=None, **facts)
    return row is not None


async def close_all(tx: Tx, conversation_ids: Sequence[UUID]) -> int:
    """An agent is done with whole threads: what is still open there needs no answer. Returns how many comments that are."""
    rows = await tx.all(QUERIES.needed_no_more, account_id=tx.account, ids=list(conversation_ids))
    for row in rows:
        await public.know(tx, row["message_id"], state="not_needed", proposed=None)
    return len(rows)
