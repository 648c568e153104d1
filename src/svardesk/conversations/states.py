"""The states of an answer on its way out: which may follow which. Receipts arrive late, twice and out of order."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from svardesk.conversations.events import MessageStateChanged
from svardesk.conversations.schemas import Retry
from svardesk.conversations.store import answers, sql
from svardesk.kit.db import Tx
from svardesk.kit.errors import Conflict
from svardesk.kit.jsons import encode
from svardesk.spine import record

UNDER_WAY: Final = frozenset({"scheduled", "queued", "sending", "unknown", "failed_temporary"})
"""Not decided yet: anything may follow."""

STOPPED: Final = frozenset({"blocked_by_window", "blocked_by_policy", "failed_permanent"})
"""Waits for a person, who can try again."""

RANK: Final = {"sent": 1, "delivered": 2, "read": 3}
"""What the other side has confirmed; never goes down."""

STATES: Final = (*sorted(UNDER_WAY), *sorted(STOPPED), *RANK, "cancelled")

RETRYABLE: Final = frozenset(
    {"blocked_by_window", "blocked_by_policy", "failed_permanent", "failed_temporary", "unknown"}
)


class BadState(Conflict):
    """A message cannot get this state."""

    code = "bad_state"


def may_become(old: str, new: str) -> bool:
    """Tell whether an answer in ``old`` takes ``new`` on.

    A confirmation (sent, delivered, read) is only raised, so a late ``delivered`` leaves ``read`` alone; it also wins
    over a failure of ours, because what arrived has arrived. A bounce turns ``sent`` and ``delivered`` into
    ``failed_permanent``. From ``read`` and ``cancelled`` nothing leads on. Back to ``queued`` after a failure leads
    only the retry of a person (``posting.retry``).
    """
    if old in {"read", "cancelled"} or old == new:
        return False
    if new in RANK:
        return RANK[new] > RANK.get(old, 0)
    if old in RANK:
        return new == "failed_permanent"
    if old in STOPPED:
        return new == "cancelled"
    return True


def sources(new: str) -> list[str]:
    """Return the states from which ``new`` may be taken on; raises ``BadState`` for an unknown state."""
    if new not in STATES:
        raise BadState(state=new)
    return [old for old in STATES if may_become(old, new)]


async def set_message_states(
    tx: Tx,
    now: datetime,  # noqa: ARG001  (every verb of the house is told the time; this one stores none)
    message_ids: Sequence[UUID],
    state: str,
    *,
    reason: str | None = None,
    external_id: str | None = None,
) -> list[UUID]:
    """Let answers go on to ``state`` where ``may_become`` allows it; returns the ids of those that did.

    ``reason`` is a short code for the agent, ``external_id`` the provider's name of the message. One event a
    conversation. Messages are locked in the order of their ids, so two calls cannot wait for each other.
    """
    moved = await tx.all(
        sql.set_states,
        account_id=tx.account,
        ids=list(message_ids),
        state=state,
        reason=reason,
        external_id=external_id,
        sources=sources(state),
    )
    by_conversation: dict[UUID, list[UUID]] = defaultdict(list)
    for row in moved:
        by_conversation[row["conversation_id"]].append(row["id"])
    for conversation_id, ids in by_conversation.items():
        await record(tx, MessageStateChanged(stream=conversation_id, message_ids=tuple(ids), state=state))
    return [row["id"] for row in moved]


async def tell_retry(tx: Tx, message_id: UUID, retry: Retry) -> None:
    """Say when an answer that was put off is tried again, each time that it was; nothing when it no longer waits."""
    row = await tx.maybe(answers.tell_retry, account_id=tx.account, id=message_id, retry=encode(retry).decode())
    if row is not None:
        await record(
            tx,
            MessageStateChanged(stream=row["conversation_id"], message_ids=(message_id,), state="failed_temporary"),
        )


async def tell_delay(tx: Tx, message_ids: Sequence[UUID]) -> int:
    """Say that answers which went out are held up on their way; nothing when they have arrived or failed since. How many."""
    rows = await tx.all(answers.tell_delay, account_id=tx.account, ids=list(message_ids))
    for row in rows:
        await record(tx, MessageStateChanged(stream=row["conversation_id"], message_ids=(row["id"],), state="sent"))
    return len(rows)
