"""What came back to us of our own answers: the proof that a piece of one went out, whatever its sender was told."""

from datetime import datetime
from uuid import UUID

from svardesk.channels import deliveries, pieces
from svardesk.channels.connections import QUERIES
from svardesk.conversations.states import set_message_states
from svardesk.kit.db import Tx
from svardesk.spine.wakeups import SWEEP


async def came_back(
    tx: Tx, now: datetime, connection_id: UUID, delivery_id: UUID, part: int, external_id: str | None
) -> bool:
    """A piece of an answer came by at the provider: it went out. Returns whether we know the answer.

    An answer whose outcome nobody knew is settled by it: sent, or on to its next piece. While a worker still waits for the
    provider's own word the piece is only noted, unless it is all there is.
    """
    held = await tx.maybe(QUERIES.piece, account_id=tx.account, id=delivery_id, connection_id=connection_id)
    if held is None:
        return False
    if held["parts"] == 1:
        await tx.run(QUERIES.name_delivery, account_id=tx.account, id=delivery_id, external_id=external_id)
        if held["state"] in deliveries.below("sent"):
            await deliveries.move(tx, now, [held], "sent")
        return True
    await pieces.note(tx, now, held, part, external_id)
    if held["state"] == "unknown":
        if await pieces.next_part(tx, held):
            await tx.run(QUERIES.queue_again, account_id=tx.account, id=delivery_id, now=now, state="queued")
            await set_message_states(tx, now, [held["message_id"]], "queued")
            tx.notify(SWEEP, deliveries.SWEEP_NAME)
        else:
            await deliveries.move(tx, now, [held], "sent")
    return True
