"""What the Facebook page does on others' facts."""

from collections.abc import Sequence

from svardesk.channels.facebook import answering, clock
from svardesk.conversations.events import ConversationChanged, MessageStateChanged
from svardesk.kit.clock import SystemClock
from svardesk.kit.db import Tx
from svardesk.spine import Reaction, Recorded

_clock = SystemClock()


async def follow_answers(tx: Tx, batch: Sequence[Recorded]) -> None:
    """Answers went on, failed or were taken back: so is what they answered."""
    await answering.follow(tx, _clock.now(), sorted({one for held in batch for one in held.event.message_ids}))


async def put_away(tx: Tx, batch: Sequence[Recorded]) -> None:
    """An agent closed a thread: nobody in it needs an answer any more."""
    done = {one.event.stream for one in batch if one.event.agent_id is not None and "status" in one.event.what}
    if done:
        await clock.close_all(tx, sorted(done))


REACTIONS = {
    MessageStateChanged: (Reaction("facebook.follow_answers", follow_answers),),
    ConversationChanged: (Reaction("facebook.put_away", put_away),),
}
