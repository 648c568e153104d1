"""The one private message that Meta lets a page send to whoever commented, within seven days."""

from datetime import datetime
from typing import Final
from uuid import UUID

from svardesk.accounts import audit
from svardesk.accounts.caller import Caller
from svardesk.channels.connections import get
from svardesk.channels.facebook.acting import held_for
from svardesk.channels.facebook.answering import STOPPED
from svardesk.channels.facebook.config import read
from svardesk.channels.facebook.errors import NoPage, OurOwn, ReplyImpossible, ReplyLate, ReplyUsed
from svardesk.channels.facebook.schemas import PrivateReply
from svardesk.channels.facebook.statements import QUERIES
from svardesk.conversations import posting, public
from svardesk.conversations.schemas import Posted, PostMessage
from svardesk.conversations.store import messages
from svardesk.kit.clock import Clock
from svardesk.kit.db import Row, Tx

LONGEST: Final = 1999
"""Characters of a message in Messenger."""


async def reply(tx: Tx, clock: Clock, caller: Caller, message_id: UUID, what: PrivateReply) -> tuple[Posted, bool]:
    """Write it: an answer of the thread that only its receiver reads, and that leaves as every answer does.

    The same client id again returns what was stored. Raises ``NoComment``, ``CommentGone``, ``OurOwn``, ``ReplyUsed``,
    ``ReplyLate``, ``ReplyImpossible``, ``NoPage``.
    """
    held = await held_for(tx, caller, message_id)
    post = PostMessage(
        client_id=what.client_id,
        kind="answer",
        body=what.body[:LONGEST],
        confirm=True,
        then=what.then,
        reply_to=message_id,
    )
    if held["private_id"] is not None and await _was_this(tx, caller, held["private_id"], what.client_id):
        return await posting.post(tx, caller, clock.now(), held["conversation_id"], post, private=True)
    await check(tx, clock.now(), held)
    if await tx.maybe(QUERIES.sibling, account_id=tx.account, id=held["connection_id"]) is None:
        raise NoPage
    posted, new = await posting.post(tx, caller, clock.now(), held["conversation_id"], post, private=True)
    if new:
        await tx.run(QUERIES.set_private, account_id=tx.account, message_id=message_id, private_id=posted.message.id)
        await public.know(tx, message_id, private_until=None, private_reply=posted.message.id)
        await audit.note(tx, caller, "private_reply_sent", "message", message_id, clock=clock)
    return posted, new


async def check(tx: Tx, now: datetime, held: Row) -> None:
    """Raise why no private reply may be sent to a comment."""
    if held["ours"]:
        raise OurOwn
    if held["contact_id"] is None:
        raise ReplyImpossible
    connection = await get(tx, held["connection_id"])
    if now >= held["written_at"] + read(connection).private_for:
        raise ReplyLate
    if held["private_id"] is not None:
        before = (await messages(tx, [held["private_id"]])).get(held["private_id"])
        if before is not None and before.state not in STOPPED:
            raise ReplyUsed


async def _was_this(tx: Tx, caller: Caller, private_id: UUID, client_id: UUID) -> bool:
    found = await messages(tx, [private_id], f"agent:{caller.agent_id}")
    return private_id in found and found[private_id].client_id == client_id
