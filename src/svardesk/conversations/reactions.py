"""What the conversations room does on facts: takes messages into the search, so that posting stays short."""

from collections.abc import Sequence

from svardesk.conversations.events import AnswerElsewhere, AnswerPosted, MessageChanged, MessageReceived, NoteAdded
from svardesk.conversations.store import beside, sql
from svardesk.kit.db import Tx
from svardesk.spine import Reaction, Recorded


async def index_words(tx: Tx, batch: Sequence[Recorded]) -> None:
    """Write the search words of a batch of messages in one statement; doing it twice changes nothing."""
    await tx.run(sql.index_words, account_id=tx.account, ids=[one.event.message_id for one in batch])


async def index_again(tx: Tx, batch: Sequence[Recorded]) -> None:
    """Messages were edited: they are found by what they read now."""
    ids = [one for fact in batch if fact.event.what == "edited" for one in fact.event.message_ids]
    if ids:
        await tx.run(beside.reindex_words, account_id=tx.account, ids=ids)
        await tx.run(sql.index_words, account_id=tx.account, ids=ids)


_INDEX = (Reaction("conversations.index_words", index_words),)

REACTIONS = {
    MessageReceived: _INDEX,
    AnswerPosted: _INDEX,
    AnswerElsewhere: _INDEX,
    NoteAdded: _INDEX,
    MessageChanged: (Reaction("conversations.index_again", index_again),),
}
