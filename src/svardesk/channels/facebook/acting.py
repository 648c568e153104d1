"""What an agent does about a comment beside answering it: hide, show, like, take away, say that it needs no answer.

Meta is asked between two transactions. What it answers is what stands: a refusal changes nothing here but what is known of
the page, and every deed is a line in the audit log.
"""

from typing import Any
from uuid import UUID

import msgspec

from svardesk.accounts import audit
from svardesk.accounts.caller import Caller
from svardesk.channels.connections import NoSuchConnection, get
from svardesk.channels.contract import Connection
from svardesk.channels.facebook import clock, keeping
from svardesk.channels.facebook.adapter import note_refusal
from svardesk.channels.facebook.config import read
from svardesk.channels.facebook.errors import CommentGone, NoComment, NoPage, OurOwn, refusal
from svardesk.channels.facebook.schemas import ChangeComment
from svardesk.channels.facebook.statements import QUERIES
from svardesk.channels.meta.client import Answered, GraphClient, Outcome, Refused
from svardesk.channels.meta.config import page_access
from svardesk.conversations import public
from svardesk.conversations.schemas import Message
from svardesk.conversations.seeing import who
from svardesk.conversations.store import actor_of, messages
from svardesk.kit.clock import Clock
from svardesk.kit.db import Database, Row, Tx
from svardesk.kit.keyring import KeyRing


async def held_for(tx: Tx, caller: Caller, message_id: UUID) -> Row:
    """A comment, locked, if the agent may see it; raises ``NoComment``, ``CommentGone``."""
    if await tx.maybe(QUERIES.may_see_comment, account_id=tx.account, message_id=message_id, **who(caller)) is None:
        raise NoComment
    row = await tx.maybe(QUERIES.comment_of_message, account_id=tx.account, message_id=message_id)
    if row is None:
        raise NoComment
    if row["removed_at"] is not None:
        raise CommentGone
    return row


async def change(
    db: Database, now: Clock, keyring: KeyRing, caller: Caller, message_id: UUID, wanted: ChangeComment
) -> Message:
    """Hide or show, like or not, needs an answer or not: all that is asked for, in this order; Meta is asked where it must be.

    Raises ``NoComment``, ``CommentGone``, ``OurOwn`` and what Meta refuses.
    """
    held, connection = await _begin(db, keyring, caller, message_id)
    if wanted.hidden is not msgspec.UNSET and wanted.hidden != held["hidden"]:
        if held["ours"]:
            raise OurOwn
        outcome = await _client(connection).post(held["comment_id"], {"is_hidden": wanted.hidden})
        await _settle(db, now, connection, outcome)
        async with db.work(caller.account_id) as tx:
            await _hide(tx, now, caller, held, hidden=wanted.hidden)
    if wanted.liked is not msgspec.UNSET and wanted.liked != held["liked"]:
        path = f"{held['comment_id']}/likes"
        outcome = await (_client(connection).post(path) if wanted.liked else _client(connection).delete(path))
        await _settle(db, now, connection, outcome)
        async with db.work(caller.account_id) as tx:
            await tx.run(QUERIES.set_liked, account_id=tx.account, message_id=message_id, liked=wanted.liked)
            await public.know(tx, message_id, liked=wanted.liked)
            await _note(tx, now, caller, "comment_liked" if wanted.liked else "comment_unliked", held)
    async with db.work(caller.account_id) as tx:
        if wanted.state is not msgspec.UNSET:
            held = await held_for(tx, caller, message_id)
            if held["ours"]:
                raise OurOwn
            if await clock.mark(tx, message_id, wanted.state):
                if wanted.state == "not_needed":
                    await clock.done_with(tx, now.now(), held["conversation_id"])
                else:
                    await clock.settle(tx, held["conversation_id"])
                await _note(tx, now, caller, f"comment_{wanted.state}", held)
        return (await messages(tx, [message_id], actor_of(caller.agent_id)))[message_id]


async def remove(db: Database, now: Clock, keyring: KeyRing, caller: Caller, message_id: UUID) -> Message:
    """Take a comment (or a visitor's post) off the page, for everybody. Raises as ``change`` does."""
    held, connection = await _begin(db, keyring, caller, message_id)
    outcome = await _client(connection).delete(held["comment_id"])
    await _settle(db, now, connection, outcome)
    async with db.work(caller.account_id) as tx:
        await keeping.removed(tx, now.now(), connection, held["comment_id"], held["post_id"], now.now())
        await _note(tx, now, caller, "comment_removed", held)
        return (await messages(tx, [message_id], actor_of(caller.agent_id)))[message_id]


async def _begin(db: Database, keyring: KeyRing, caller: Caller, message_id: UUID) -> tuple[Row, Connection]:
    async with db.work(caller.account_id) as tx:
        held = await held_for(tx, caller, message_id)
        try:
            return held, await get(tx, held["connection_id"], keyring)
        except NoSuchConnection:
            raise NoPage from None


async def _settle(db: Database, now: Clock, connection: Connection, outcome: Outcome) -> None:
    """Raise what Meta refused, and note what that says of the page."""
    if isinstance(outcome, Answered):
        return
    if isinstance(outcome, Refused):
        async with db.work(connection.account_id) as tx:
            await note_refusal(tx, now.now(), connection.id, outcome.error.name)
    raise refusal(outcome)


async def _hide(tx: Tx, now: Clock, caller: Caller, held: Row, *, hidden: bool) -> None:
    await tx.run(
        QUERIES.set_hidden,
        account_id=tx.account,
        connection_id=held["connection_id"],
        comment_id=held["comment_id"],
        post_id=held["post_id"],
        hidden=hidden,
        at=now.now(),
        now=now.now(),
    )
    await public.know(tx, held["message_id"], hidden=hidden)
    await _note(tx, now, caller, "comment_hidden" if hidden else "comment_shown", held)


async def _note(tx: Tx, now: Clock, caller: Caller, action: str, held: Row, **details: Any) -> None:
    await audit.note(tx, caller, action, "message", held["message_id"], clock=now, **details)


def _client(connection: Connection) -> GraphClient:
    return GraphClient(page_access(connection), read(connection).page_id)
