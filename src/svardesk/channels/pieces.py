"""Answers that go out in several pieces: which have gone, and what the next one is.

A delivery counts ``part`` of ``parts``. A piece that went out is written down with the provider's name of it, and the
delivery is queued again for the next; nothing else of the conversation comes in between, because it keeps its place.
"""

from datetime import datetime
from uuid import UUID

from svardesk.channels.connections import QUERIES
from svardesk.channels.contract import Sent
from svardesk.kit.db import Row, Tx


async def gone(tx: Tx, now: datetime, held: Row, result: Sent) -> bool:
    """A piece went out: write it down. True when more are to come; the delivery is moved on to the next one then."""
    if held["parts"] == 1:
        return False
    await note(tx, now, held, held["part"], result.external_id)
    return await next_part(tx, held)


async def note(tx: Tx, now: datetime, held: Row, part: int, external_id: str | None) -> None:
    """Write down that a piece has gone out; told twice it stays one."""
    await tx.run(
        QUERIES.note_piece,
        account_id=tx.account,
        delivery_id=held["id"],
        part=part,
        connection_id=held["connection_id"],
        external_id=external_id,
        now=now,
    )


async def has_gone(tx: Tx, held: Row) -> bool:
    """Whether the piece that is just being sent, or in doubt, is known to have gone out."""
    return bool(
        await tx.value(QUERIES.piece_has_gone, account_id=tx.account, delivery_id=held["id"], part=held["part"])
    )


async def next_part(tx: Tx, held: Row) -> bool:
    """Move a delivery on to the first piece that has not gone out; False when there is none left."""
    return bool(await tx.value(QUERIES.next_piece, account_id=tx.account, id=held["id"]))


async def target(tx: Tx, connection_id: UUID, conversation_id: UUID, external_id: str) -> UUID | None:
    """The message that a provider's id names: a customer's, an answer of ours, or the answer that a piece belongs to."""
    row = await tx.maybe(
        QUERIES.named_message,
        account_id=tx.account,
        connection_id=connection_id,
        conversation_id=conversation_id,
        external_id=external_id,
    )
    return None if row is None else row["id"]
