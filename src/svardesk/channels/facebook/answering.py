"""What an answer of an agent means to a thread of many, and what becomes of that when it does not arrive."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from svardesk.channels.connections import NoSuchConnection, get
from svardesk.channels.facebook import clock
from svardesk.channels.facebook.config import read
from svardesk.channels.facebook.statements import QUERIES
from svardesk.conversations import public
from svardesk.kit.db import Row, Tx

STOPPED: Final = frozenset({"failed_permanent", "blocked_by_window", "blocked_by_policy", "cancelled"})
"""An answer in such a state is none."""


async def answered(tx: Tx, conversation_id: UUID, message_id: UUID, reply_to: UUID | None) -> bool:
    """An agent answered a comment (None: the post itself). Returns whether the thread is another than after any answer."""
    target = reply_to or await tx.value(QUERIES.latest_open, account_id=tx.account, conversation_id=conversation_id)
    if target is not None:
        await clock.mark(tx, target, "answered", message_id)
    await public.know(tx, message_id, announce=False, state="answered", ours=True)
    return await clock.settle(tx, conversation_id)


async def follow(tx: Tx, now: datetime, message_ids: Sequence[UUID]) -> None:
    """Answers changed their state: a comment whose answer failed or was taken back is open again, until it goes after all."""
    threads: set[UUID] = set()
    for row in await tx.all(QUERIES.answers_of, account_id=tx.account, ids=list(message_ids)):
        stopped = row["sent_state"] in STOPPED
        facts: dict[str, Any] = {}
        if row["private_id"] == row["sent_id"]:
            facts = await _private_facts(tx, now, row, stopped=stopped)
        if row["answer_id"] == row["sent_id"]:
            await clock.mark(tx, row["message_id"], "open" if stopped else "answered", row["sent_id"], **facts)
            # Whatever that answer did to the clock, the others in the thread still wait.
            threads.add(row["conversation_id"])
        elif facts:
            await public.know(tx, row["message_id"], **facts)
    for conversation_id in sorted(threads):
        await clock.settle(tx, conversation_id)


async def _private_facts(tx: Tx, now: datetime, row: Row, *, stopped: bool) -> dict[str, Any]:
    """Whether another private reply may be sent: only if this one never went out."""
    if not stopped:
        return {}
    try:
        until = row["written_at"] + read(await get(tx, row["connection_id"])).private_for
    except NoSuchConnection:
        return {}
    return {"private_until": until if until > now else None}
