"""Where visitors are at this moment: for the agent who has the conversation open."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from svardesk.channels.webchat.visitors import QUERIES
from svardesk.conversations.schemas import VisitorNow
from svardesk.kit.db import Tx

SEEN_EVERY_SECONDS = 60.0
"""Sockets say this often that their visitors are there; after two and a half times that they count as gone."""


async def of_conversation(tx: Tx, conversation_id: UUID) -> VisitorNow | None:
    """Return where the visitor of a conversation is, or None if it did not come from web chat."""
    row = await tx.maybe(QUERIES.whereabouts, account_id=tx.account, conversation_id=conversation_id)
    return None if row is None else VisitorNow(**row)


async def seen(tx: Tx, session_ids: Iterable[UUID], now: datetime) -> None:
    """Note that these visitors have a socket open."""
    await tx.run(QUERIES.seen, account_id=tx.account, ids=sorted(session_ids), now=now)
