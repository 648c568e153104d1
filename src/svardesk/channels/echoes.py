"""What came back to us of our own answers: the proof that a piece of one went out, whatever its sender was told."""

from datetime import datetime
from uuid import UUID

from svardesk.channels import deliveries, pieces
from svardesk.channels.connections import QUERIES, NoSuchConnection, get
from svardesk.channels.registry import adapter
from svardesk.conversations.states import set_message_states
from svardesk.kit.db import Row, Tx
from svardesk.spine.wakeups import SWEEP


async def came_back(
    tx: Tx, now: datetime, connection_id: UUID, delivery_id: UUID, part: int, external_id: str | None
) -> Row | None:
    """A piece of an answer came by at the provider: it went out. Returns its delivery, None when we do not know it.

    What left in one piece may also come by at another connection of ours: a private reply to a comment stands in Messenger.
    An answer whose outcome nobody knew is settled by it: sent, or on to its next piece. While a worker still waits for the
    provider's own word the piece is only noted, unless it is all there is.
    """
    held = await tx.maybe(QUERIES.piece, account_id=tx.account, id=delivery_id)
    if held is None or (held["connection_id"] != connection_id and held["parts"] > 1):
        return None
    if held["parts"] == 1:
        await tx.run(QUERIES.name_delivery, account_id=tx.account, id=delivery_id, external_id=external_id)
        if held["state"] in deliveries.below("sent"):
            await deliveries.move(tx, now, [held], "sent")
        return held
    await pieces.note(tx, now, held, part, external_id)
    # What came back may be an earlier piece than the one in doubt: then the doubt stays.
    if held["state"] == "unknown" and await pieces.has_gone(tx, held):
        if await pieces.next_part(tx, held):
            await tx.run(QUERIES.queue_again, account_id=tx.account, id=delivery_id, now=now, state="queued")
            await set_message_states(tx, now, [held["message_id"]], "queued")
            tx.notify(SWEEP, deliveries.SWEEP_NAME)
        else:
            await deliveries.move(tx, now, [held], "sent")
    return held


async def came_by(tx: Tx, now: datetime, connection_id: UUID, held: Row, thread: str, external_id: str | None) -> None:
    """Tell the connection by which an answer left that it came by in a thread of another one."""
    if held["connection_id"] == connection_id:
        return
    try:
        connection = await get(tx, held["connection_id"])
    except NoSuchConnection:
        return
    await adapter(connection.kind).proven(tx, now, connection, held["message_id"], thread, external_id)
