"""What the channels room does on others' facts."""

from collections.abc import Sequence

from svardesk.channels import deliveries, receipts
from svardesk.channels.connections import QUERIES
from svardesk.channels.events import DeliveryFailed, ReceiptDue
from svardesk.conversations import changing
from svardesk.conversations.events import AnswerPosted, AnswerRetried, MessageReceived
from svardesk.kit.clock import SystemClock
from svardesk.kit.db import Tx
from svardesk.spine import Reaction, Recorded

_clock = SystemClock()


async def deliver(tx: Tx, batch: Sequence[Recorded]) -> None:
    """An agent answered: plan its way out; in channels of our own it is out with that."""
    await deliveries.plan(tx, _clock.now(), [one.event.message_id for one in batch])


async def send_again(tx: Tx, batch: Sequence[Recorded]) -> None:
    """A person wants failed answers sent again."""
    for one in batch:
        await deliveries.again(tx, _clock.now(), one.event.message_id)


async def hold_what_waits(tx: Tx, batch: Sequence[Recorded]) -> None:
    """A customer wrote: what was to go out later is held for a person to look at again."""
    spoke = {one.event.stream for one in batch if not one.event.silent}
    if spoke:
        await deliveries.customer_wrote(tx, _clock.now(), sorted(spoke))


async def bring_back(tx: Tx, batch: Sequence[Recorded]) -> None:
    """An answer failed or was bounced: its conversation is open work for a person.

    Not so what the house writes itself: whoever was answered and is done is not brought back by a receipt's bounce.
    """
    ids = [one.event.message_id for one in batch]
    rows = await tx.all(QUERIES.conversations_of_answers, account_id=tx.account, message_ids=ids)
    for row in rows:
        await changing.unanswered(tx, _clock.now(), row["conversation_id"])


REACTIONS = {
    AnswerPosted: (Reaction("deliver_answer", deliver),),
    AnswerRetried: (Reaction("send_answer_again", send_again),),
    DeliveryFailed: (Reaction("bring_back_unanswered", bring_back),),
    ReceiptDue: (Reaction("send_receipt", receipts.send_due),),
    MessageReceived: (Reaction("hold_scheduled_answers", hold_what_waits),),
}
