"""What a visitor does: write, tell how far they have read, leave an address, go to another page, leave."""

import re
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
from psycopg import errors as pg
from psycopg.types.json import Jsonb

from svardesk.channels import deliveries
from svardesk.channels.addresses import BadAddress, check_email, check_phone
from svardesk.channels.events import VisitorPageChanged, VisitorSessionChanged
from svardesk.channels.webchat import visitors
from svardesk.channels.webchat.adapter import (
    LOCALE_HEADER,
    SESSION_HEADER,
    TRUST_HEADER,
    Page,
    VisitorPost,
    check_post,
    read_post,
    thread_key,
)
from svardesk.channels.webchat.visitors import QUERIES, NoVisitor, Visitor, VisitorMessage
from svardesk.contacts import identities, meeting
from svardesk.conversations.errors import ClientIdTaken, FilesMissing
from svardesk.conversations.receipts import visitor_receipts
from svardesk.conversations.texts import clean, preview
from svardesk.conversations.thanks import is_only_thanks
from svardesk.kit.clock import Clock
from svardesk.kit.db import Database, Row, Tx
from svardesk.kit.errors import Forbidden
from svardesk.kit.hot import HotStatement
from svardesk.kit.ids import uuid7
from svardesk.kit.lines import one_line
from svardesk.spine import record

KIND: Final = "webchat"
"""Kind of a visitor's identity; its scope is the widget, because ids are only unique within one."""
SEEN_EVERY: Final = timedelta(minutes=10)
_TAKE: Final = HotStatement(QUERIES.take)
_PAGE: Final = re.compile(r"^https?://[^\s\x00-\x1f/?#@]+(?:[/?][^\s\x00-\x1f#]*)?$")


class LinkEnded(Forbidden):
    """This link to a file has ended. Open the chat again to get a new one."""

    code = "link_ended"


async def take(
    db: Database, clock: Clock, visitor: Visitor, raw: bytes, post: VisitorPost | None = None
) -> tuple[VisitorMessage, bool]:
    """Take a visitor's message from the bytes of the request; (message, whether it is new).

    ``post`` is what ``raw`` says, from a caller who has decoded it already.
    Durable when it returns. The same ``client_id`` again answers the first message. Raises ``ParseFailed``,
    ``FilesMissing``, ``ClientIdTaken``, ``NoVisitor``.
    """
    post = read_post(raw) if post is None else check_post(post)
    now = clock.now()
    row = await _take(db, now, visitor, post, raw) if visitor.conversation_id is not None else None
    if row is None or row["outcome"] == "contact_missing":
        row = await _take_first(db, now, visitor, post, raw)
    outcome = row["outcome"]
    if outcome == "taken":
        raise ClientIdTaken
    if outcome == "files_missing":
        raise FilesMissing
    new = outcome in {"received", "started"}
    if new:
        db.wake()
        if visitor.conversation_id != row["conversation_id"]:
            await _point(db, visitor, row)
    if post.page is not None:
        await set_page(db, clock, visitor, post.page)
    return await _message(db, now, visitor, post, row, new=new), new


async def _take(db: Database, now: datetime, visitor: Visitor, post: VisitorPost, raw: bytes) -> Row:
    params = _params(now, visitor, post, raw)
    for last in (False, True):
        try:
            found = await db.hot.one(_TAKE, params)
        except pg.NoDataFound:
            # Logged out or erased through another process, of which this one has not heard yet.
            visitors.forget(visitor.id)
            raise NoVisitor from None
        except pg.UniqueViolation:
            # The same message came in twice at one moment; the other one is there now.
            if last:
                raise
            continue
        return _row(found)
    raise AssertionError("unreachable")


async def _take_first(db: Database, now: datetime, visitor: Visitor, post: VisitorPost, raw: bytes) -> Row:
    """The first message of a session: contact, identity and conversation come to be with it, in one transaction."""
    async with db.work(visitor.account_id) as tx:
        fresh = await _hold(tx, visitor)
        if fresh.contact_id is None:
            await _become_contact(tx, now, fresh)
        row = _row(await tx.maybe(QUERIES.take, **_params(now, fresh, post, raw)))
        if row["conversation_id"] is not None:
            fresh.conversation_id = row["conversation_id"]
            await _store(tx, fresh)
            # The visitor's other tabs have to learn which conversation is theirs.
            await record(tx, VisitorSessionChanged(stream=fresh.id, revoked=False))
        tx.wake = True
    _adopt(visitor, fresh)
    return row


def _row(found: Row | None) -> Row:
    if found is None:
        raise RuntimeError("webchat_take answered nothing")
    return found


def _params(now: datetime, visitor: Visitor, post: VisitorPost, raw: bytes) -> dict[str, Any]:
    body = clean(post.body)
    return {
        "account_id": visitor.account_id,
        "now": now,
        "connection_id": visitor.connection_id,
        "session_id": visitor.id,
        "envelope_id": uuid7(),
        "item_id": uuid7(),
        "raw": raw,
        "headers": Jsonb(envelope_headers(visitor)),
        "key": str(post.client_id),
        "message_id": uuid7(),
        "client_id": post.client_id,
        "body": body,
        "preview": preview(body),
        "silent": not post.file_ids and is_only_thanks(body),
        "conversation_id": visitor.conversation_id,
        "thread": thread_of(visitor),
        "new_conversation_id": uuid7(),
        "contact_id": visitor.contact_id,
        "identity_id": visitor.identity_id,
        "brand_id": visitor.brand_id,
        "team_id": visitor.team_id,
        "locale": visitor.locale,
        "file_ids": post.file_ids,
    }


def envelope_headers(visitor: Visitor) -> dict[str, str]:
    """What the parser must know beside the bytes, so that the envelope can be read again later."""
    return {
        SESSION_HEADER: str(visitor.id),
        LOCALE_HEADER: visitor.locale,
        TRUST_HEADER: "signed_token" if visitor.signed else "none",
    }


def thread_of(visitor: Visitor) -> str:
    """The thread of a visitor's conversation: of the person when the shop vouches for them, else of this browser."""
    return f"signed:{visitor.identity_id}" if visitor.signed else thread_key(visitor.id)


async def _hold(tx: Tx, visitor: Visitor) -> Visitor:
    """The session as it is now, held until the transaction ends: a copy, so that a rollback leaves no trace."""
    held = await tx.maybe(QUERIES.hold_session, account_id=tx.account, id=visitor.id)
    if held is None or held["revoked_at"] is not None:
        visitors.forget(visitor.id)
        raise NoVisitor
    return msgspec.structs.replace(
        visitor,
        contact_id=held["contact_id"],
        identity_id=held["identity_id"],
        conversation_id=held["conversation_id"],
        signed=bool(held["signed"]),
    )


async def _store(tx: Tx, visitor: Visitor) -> None:
    await tx.run(
        QUERIES.session_started_conversation,
        account_id=tx.account,
        id=visitor.id,
        contact_id=visitor.contact_id,
        identity_id=visitor.identity_id,
        conversation_id=visitor.conversation_id,
    )


def _adopt(visitor: Visitor, fresh: Visitor) -> None:
    """What was committed counts from now on, for everybody in this process who holds the session."""
    visitor.contact_id, visitor.identity_id = fresh.contact_id, fresh.identity_id
    visitor.conversation_id, visitor.signed = fresh.conversation_id, fresh.signed
    visitors.remember(visitor)


async def _become_contact(tx: Tx, now: datetime, visitor: Visitor) -> UUID:
    found = await identities.find_or_create(
        tx,
        now,
        kind=KIND,
        scope=str(visitor.connection_id),
        address=thread_key(visitor.id),
        trust="none",
        locale=visitor.locale,
    )
    visitor.contact_id, visitor.identity_id = found.contact_id, found.identity_id
    return found.contact_id


async def _point(db: Database, visitor: Visitor, row: Row) -> None:
    """The conversation that the session pointed to is gone (archived), and a new one has begun."""
    async with db.work(visitor.account_id) as tx:
        fresh = await _hold(tx, visitor)
        fresh.conversation_id, fresh.contact_id = row["conversation_id"], row["contact_id"]
        await _store(tx, fresh)
    _adopt(visitor, fresh)


async def _message(
    db: Database, now: datetime, visitor: Visitor, post: VisitorPost, row: Row, *, new: bool
) -> VisitorMessage:
    if new and not post.file_ids:
        # Everything is known: no second look at the database.
        return VisitorMessage(
            id=row["message_id"],
            seq=row["seq"],
            mine=True,
            author=visitors.VisitorAuthor("contact", None),
            body=clean(post.body),
            attachments=[],
            state="sent",
            client_id=post.client_id,
            created_at=row["created_at"],
            version=1,
        )
    async with db.work(visitor.account_id) as tx:
        found = await visitors.message_rows(tx, [row["message_id"]])
    if not found or found[0]["conversation_id"] != visitor.conversation_id:
        raise ClientIdTaken
    return visitors.visitor_message(found[0], visitor, now)


async def receipts(
    db: Database, clock: Clock, visitor: Visitor, delivered_seq: int | None, read_seq: int | None
) -> None:
    """The visitor's browser has messages up to a seq, or shows them. Never goes back; above the last one means it."""
    if visitor.conversation_id is None or (delivered_seq is None and read_seq is None):
        return
    now = clock.now()
    async with db.work(visitor.account_id) as tx:
        moved = await visitor_receipts(tx, now, visitor.conversation_id, delivered_seq=delivered_seq, read_seq=read_seq)
        if not moved:
            return
        for state, seq in (("read", read_seq), ("delivered", delivered_seq)):
            if seq:
                await deliveries.note_receipt(tx, now, visitor.conversation_id, state, seq)


async def set_page(db: Database, clock: Clock, visitor: Visitor, page: Page) -> None:
    """The visitor is on another page of the shop; nothing happens when it is the one we know."""
    now = clock.now()
    url, title = clean_page(page)
    if (url, title) == (visitor.page_url, visitor.page_title) and now - visitor.last_seen_at < SEEN_EVERY:
        return
    moved = (url, title) != (visitor.page_url, visitor.page_title)
    async with db.work(visitor.account_id) as tx:
        await tx.run(
            QUERIES.session_page, account_id=tx.account, id=visitor.id, page_url=url, page_title=title, now=now
        )
        if moved and visitor.conversation_id is not None:
            await record(tx, VisitorPageChanged(stream=visitor.conversation_id, session_id=visitor.id))
    visitor.page_url, visitor.page_title, visitor.last_seen_at = url, title, now


def clean_page(page: Page | None) -> tuple[str | None, str | None]:
    """Address and title as agents may see and click them: http(s) only, without fragment and without sign-in."""
    if page is None:
        return None, None
    url = page.url.split("#", 1)[0].strip()
    title = one_line(page.title)[:300]
    return (url if len(url) <= 2000 and _PAGE.match(url) else None), (title or None)


async def leave_address(
    db: Database, clock: Clock, visitor: Visitor, *, email: str | None, phone: str | None, name: str | None
) -> None:
    """Where to reach somebody who cannot wait: a claimed identity, which opens nobody's history. Raises ``BadAddress``."""
    if email is None and phone is None:
        raise BadAddress(None, "Give an e-mail address or a phone number.", field="email")
    addresses = [
        *((("email", check_email(email)),) if email is not None else ()),
        *((("phone", check_phone(phone)),) if phone is not None else ()),
    ]
    now = clock.now()
    async with db.work(visitor.account_id) as tx:
        fresh = await _hold(tx, visitor)
        contact_id = fresh.contact_id
        if contact_id is None:
            contact_id = await _become_contact(tx, now, fresh)
            await _store(tx, fresh)
        for kind, address in addresses:
            claimed = await identities.claim(tx, now, contact_id=contact_id, kind=kind, address=address, name=name)
            await meeting.same_person(tx, now, claimed)
    _adopt(visitor, fresh)


async def file_of_link(
    db: Database, clock: Clock, file_id: UUID, who: str, until: int, signature: str
) -> tuple[UUID, Row]:
    """(account, row) of a file whose link a session holds; raises ``LinkEnded``. See ``visitors.file_url``."""
    now = clock.now()
    try:
        raw = bytes.fromhex(who)
        account_id, session_id = UUID(bytes=raw[:16]), UUID(bytes=raw[16:])
    except ValueError:
        raise LinkEnded from None
    async with db.work(account_id) as tx:
        row = await tx.maybe(
            QUERIES.file_for_visitor, account_id=account_id, id=file_id, session_id=session_id, now=now
        )
    if row is None or not visitors.link_holds(file_id, until, signature, bytes(row["token_hash"]), now):
        raise LinkEnded
    return account_id, row


async def reset(db: Database, clock: Clock, visitor: Visitor) -> None:
    """Log-out: the token opens nothing any more, here at once and elsewhere within a moment."""
    async with db.work(visitor.account_id) as tx:
        if await tx.run(QUERIES.revoke_session, account_id=tx.account, id=visitor.id, now=clock.now()):
            await record(tx, VisitorSessionChanged(stream=visitor.id, revoked=True))
    visitors.forget(visitor.id)
