"""What is kept of a page's feed beside its messages: whose comment stands where, what was hidden, what is gone."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import structlog
from prometheus_client import Counter

from svardesk.channels.contract import Connection, InboundEvent, NotHereYet, Place, Taken
from svardesk.channels.facebook import clock
from svardesk.channels.facebook.config import read
from svardesk.channels.facebook.parsing import Gone, Hidden, PostNews, Told, Unknown
from svardesk.channels.facebook.statements import QUERIES
from svardesk.conversations import outside, public
from svardesk.conversations.texts import clean, preview
from svardesk.conversations.thanks import is_only_thanks
from svardesk.kit.db import Row, Tx
from svardesk.kit.ids import uuid7

LONGEST_SUBJECT: Final = 120
UNKNOWN: Final = Counter(
    "svardesk_facebook_unknown_changes_total", "Changes at the webhook of pages that nobody knows."
)
log = structlog.get_logger()


async def place(tx: Tx, connection: Connection, event: InboundEvent) -> Place:
    """The thread of its post. What was removed before it came, and what we sent ourselves, becomes nothing.

    Raises ``NotHereYet`` for a comment of the page with the words of an answer that is just being handed over: its own
    outcome tells in a moment whether it was that.
    """
    told = event.own
    if not isinstance(told, Told):
        return Place(shared=True)
    row = await tx.maybe(
        QUERIES.comment, account_id=tx.account, connection_id=connection.id, comment_id=told.comment_id
    )
    if row is not None and (row["removed_at"] is not None or row["message_id"] is not None):
        return Place(ignore=True)
    if event.type == "sent_elsewhere":
        ours = await tx.one(
            QUERIES.under_way,
            account_id=tx.account,
            connection_id=connection.id,
            thread=told.post_id,
            external_id=told.comment_id,
            body=clean(event.content.text),
        )
        if ours["known"]:
            return Place(ignore=True)
        if ours["under_way"]:
            raise NotHereYet
    return Place(shared=True)


async def keep(tx: Tx, now: datetime, connection: Connection, event: InboundEvent, taken: Taken) -> None:
    """A comment or a visitor's post stands in its thread now."""
    told = event.own
    if not isinstance(told, Told) or taken.received.repeated:
        return
    received = taken.received
    silent = event.silent
    if silent is None:
        silent = not event.content.attachments and is_only_thanks(event.content.text)
    state: clock.State = "not_needed" if silent else "open"
    proposed = told.proposed if state == "open" else None
    hidden = await _add(tx, now, connection, event, told, received.message_id, state=state, proposed=proposed)
    until = event.occurred_at + read(connection).private_for
    facts = {
        "state": state,
        "post": told.is_post,
        "hidden": hidden,
        "proposed": proposed,
        "recommends": told.recommends,
        "url": told.permalink or _address(told),
        "private_until": until if until > now and event.sender.trust != "none" else None,
    }
    await public.know(tx, received.message_id, announce=False, **facts)
    await _below(tx, connection, told.comment_id, received.message_id)
    await _know_post(tx, now, connection, event, told, received.message_id)
    if received.outcome == "started":
        await _entitle(tx, connection, told.post_id, received.conversation_id)


async def elsewhere(
    tx: Tx, now: datetime, connection: Connection, event: InboundEvent, conversation_id: UUID, message_id: UUID
) -> None:
    """The page answered with another program: what it stands below is answered, the others still wait."""
    told = event.own
    if not isinstance(told, Told):
        return
    await _add(tx, now, connection, event, told, message_id, state="answered", proposed=None, ours=True)
    await public.know(tx, message_id, announce=False, state="answered", ours=True, url=told.permalink or _address(told))
    target = await tx.value(
        QUERIES.parent_message,
        account_id=tx.account,
        connection_id=connection.id,
        comment_id=told.parent_id or told.post_id,
    )
    if target is not None:
        await outside.replied_to(tx, message_id, target)
        await clock.mark(tx, target, "answered", message_id)
    await _below(tx, connection, told.comment_id, message_id)
    await clock.settle(tx, conversation_id)


async def happened(tx: Tx, now: datetime, connection: Connection, event: InboundEvent) -> None:
    """Something was taken away, hidden or shown again; or the page posted; or nobody knows what it is."""
    match event.own:
        case Gone() as gone:
            await _gone(tx, now, connection, gone, event.occurred_at)
        case Hidden(post_id=post_id, comment_id=comment_id, hidden=hidden):
            row = await tx.maybe(
                QUERIES.set_hidden,
                account_id=tx.account,
                connection_id=connection.id,
                comment_id=comment_id,
                post_id=post_id,
                hidden=hidden,
                at=event.occurred_at,
                now=now,
            )
            if row is not None and row["message_id"] is not None:
                await public.know(tx, row["message_id"], hidden=hidden)
        case PostNews() as news:
            await _posted(tx, now, connection, news, event.occurred_at)
        case Unknown(names=names):
            UNKNOWN.inc()
            log.info("facebook_unknown_change", connection=str(connection.id), names=names)
        case _:
            return


async def removed(tx: Tx, now: datetime, connection: Connection, comment_id: str, post_id: str, at: datetime) -> None:
    """A comment is gone, and with it everything that stands below it."""
    rows = [
        await tx.one(
            QUERIES.set_removed,
            account_id=tx.account,
            connection_id=connection.id,
            comment_id=comment_id,
            post_id=post_id,
            at=at,
            now=now,
        ),
        *await tx.all(
            QUERIES.remove_below, account_id=tx.account, connection_id=connection.id, comment_id=comment_id, at=at
        ),
    ]
    await _taken_away(tx, now, rows)


async def _gone(tx: Tx, now: datetime, connection: Connection, gone: Gone, at: datetime) -> None:
    if gone.is_post:
        await post_removed(tx, now, connection, gone.post_id, at)
    else:
        await removed(tx, now, connection, gone.comment_id, gone.post_id, at)


async def post_removed(tx: Tx, now: datetime, connection: Connection, post_id: str, at: datetime) -> None:
    """A post is gone, ours or a visitor's, and everything below it."""
    await removed(tx, now, connection, post_id, post_id, at)
    rows = await tx.all(
        QUERIES.remove_of_post, account_id=tx.account, connection_id=connection.id, post_id=post_id, at=at
    )
    await _taken_away(tx, now, rows)
    await tx.run(QUERIES.post_gone, account_id=tx.account, connection_id=connection.id, post_id=post_id)


async def _taken_away(tx: Tx, now: datetime, rows: Sequence[Row]) -> None:
    await outside.removed(tx, now, [row["message_id"] for row in rows if row["message_id"] is not None])
    for conversation_id in {row["conversation_id"] for row in rows if row["conversation_id"] is not None}:
        await clock.done_with(tx, now, conversation_id)


async def _add(
    tx: Tx,
    now: datetime,
    connection: Connection,
    event: InboundEvent,
    told: Told,
    message_id: UUID,
    *,
    state: clock.State,
    proposed: str | None,
    ours: bool = False,
) -> bool:
    row = await tx.maybe(
        QUERIES.keep_comment,
        account_id=tx.account,
        connection_id=connection.id,
        comment_id=told.comment_id,
        post_id=told.post_id,
        parent_id=told.parent_id,
        message_id=message_id,
        ours=ours,
        state=state,
        proposed=proposed,
        written_at=event.occurred_at,
        now=now,
    )
    return row is not None and row["hidden"]


async def _below(tx: Tx, connection: Connection, comment_id: str, message_id: UUID) -> None:
    """Answers that came before what they answer are told where they stand."""
    for row in await tx.all(QUERIES.below, account_id=tx.account, connection_id=connection.id, comment_id=comment_id):
        await outside.replied_to(tx, row["message_id"], message_id)
        await public.know(tx, row["message_id"])


async def _know_post(
    tx: Tx, now: datetime, connection: Connection, event: InboundEvent, told: Told, message_id: UUID
) -> None:
    await tx.run(
        QUERIES.know_post,
        account_id=tx.account,
        id=uuid7(),
        connection_id=connection.id,
        post_id=told.post_id,
        own=False,
        ad=told.ad,
        body=event.content.text if told.is_post else "",
        picture=next((one.ref for one in event.content.attachments), None) if told.is_post else None,
        permalink=told.permalink if told.is_post else told.post_link,
        message_id=message_id if told.is_post else None,
        # The page is asked for the text of a post of which we only heard by what stands below it.
        due_at=None if told.is_post else now,
        at=event.occurred_at,
    )


async def _posted(tx: Tx, now: datetime, connection: Connection, news: PostNews, at: datetime) -> None:
    row = await tx.maybe(
        QUERIES.told_post,
        account_id=tx.account,
        id=uuid7(),
        connection_id=connection.id,
        post_id=news.post_id,
        body=news.text,
        link=news.link,
        picture=news.picture,
        published=news.published,
        at=at,
        now=now,
    )
    if row is not None:
        thread = await tx.value(
            QUERIES.thread_of_post, account_id=tx.account, connection_id=connection.id, post_id=news.post_id
        )
        if thread is not None:
            await entitle(tx, thread, row["body"])


async def _entitle(tx: Tx, connection: Connection, post_id: str, conversation_id: UUID) -> None:
    known = await tx.maybe(QUERIES.post_text, account_id=tx.account, connection_id=connection.id, post_id=post_id)
    if known is not None:
        await entitle(tx, conversation_id, known["body"])


async def entitle(tx: Tx, conversation_id: UUID, body: str) -> None:
    """A thread is called by the first words of its post."""
    subject = preview(clean(body))[:LONGEST_SUBJECT].strip()
    if subject:
        await public.entitle(tx, conversation_id, subject)


def _address(told: Told) -> str:
    """Where a comment stands, where Meta does not say it."""
    if told.is_post:
        return f"https://www.facebook.com/{told.post_id}"
    return f"https://www.facebook.com/{told.post_id}?comment_id={told.comment_id.rpartition('_')[2]}"
