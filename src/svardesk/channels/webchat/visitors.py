"""Visitors: whose token it is, what they see, how it looks on the wire.

A visitor is one browser that opened the chat. The token is 32 random bytes in the storage of our own frame; only its
SHA-256 is stored. What a visitor may see is what their session points to: one conversation, never a search.
"""

import hashlib
import hmac
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

import msgspec

from svardesk.kit import sql
from svardesk.kit.clock import Clock, SystemClock
from svardesk.kit.db import Database, Reader, Row, Tx
from svardesk.kit.errors import Unauthorised
from svardesk.kit.hot import HotStatement

QUERIES: Final = sql.load(__package__ or "svardesk.channels.webchat")
_VISITOR: Final = HotStatement(QUERIES.visitor)
REMEMBER_SECONDS: Final = 30.0
REMEMBER: Final = 20_000
LINK_SECONDS: Final = 6 * 3600
"""A file's link is good for six to twelve hours: as long as a chat is looked at, and stable meanwhile, for caches."""
SNAPSHOT: Final = 50
BEYOND: Final = 2_147_483_647
_SYSTEM: Final = SystemClock()


class NoVisitor(Unauthorised):
    """This chat session has ended. Open the chat again."""

    code = "visitor_token_invalid"


class Visitor(msgspec.Struct, kw_only=True):
    """A session of web chat as this process remembers it for up to 30 seconds.

    ``signed``: the shop's server vouched for who it is. ``contact_id``, ``identity_id`` and ``conversation_id`` are None
    until the first message of an anonymous visitor.
    """

    account_id: UUID
    id: UUID
    connection_id: UUID
    contact_id: UUID | None
    identity_id: UUID | None
    conversation_id: UUID | None
    signed: bool
    locale: str
    page_url: str | None
    page_title: str | None
    brand_id: UUID | None
    team_id: UUID | None
    calendar_id: UUID | None
    expires_at: datetime
    last_seen_at: datetime
    token_hash: bytes

    @property
    def actor(self) -> str:
        """The author of this session's messages and uploads, as idempotency keys name it."""
        return f"visitor:{self.id}"


class VisitorAuthor(msgspec.Struct, frozen=True):
    """Who wrote, as the visitor may know it: an agent's first name."""

    kind: Literal["contact", "agent", "bot", "system"]
    name: str | None


class VisitorAttachment(msgspec.Struct, frozen=True):
    """A file with a link that works for this session only and for some hours."""

    id: UUID
    name: str
    size: int
    media_type: str
    url: str
    image: bool


class VisitorMessage(msgspec.Struct, frozen=True):
    """A message as the widget shows it; ``state`` is for the visitor's own ones."""

    id: UUID
    seq: int
    mine: bool
    author: VisitorAuthor
    body: str
    attachments: list[VisitorAttachment]
    state: Literal["sent", "delivered", "read"] | None
    client_id: UUID | None
    created_at: datetime
    version: int


class VisitorConversation(msgspec.Struct, frozen=True):
    """The conversation of a session."""

    id: UUID
    status: Literal["open", "closed"]


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """What the widget shows when it opens: the last messages in order, and how far each side has read."""

    conversation: VisitorConversation | None
    messages: list[VisitorMessage]
    earlier: bool
    delivered_seq: int
    read_seq: int
    agents_delivered_seq: int
    agents_read_seq: int


def digest(token: str) -> bytes:
    """What is stored of a token."""
    return hashlib.sha256(token[:128].encode("utf-8", "surrogatepass")).digest()


class _Sessions:
    """Sessions that this process resolved lately, by token and by id, so that a revocation can be applied."""

    def __init__(self) -> None:
        self._by_token: dict[bytes, tuple[float, Visitor]] = {}
        self._tokens: dict[UUID, bytes] = {}

    def get(self, token_hash: bytes, at: datetime) -> Visitor | None:
        held = self._by_token.get(token_hash)
        if held is None or held[0] < time.monotonic() or held[1].expires_at <= at:
            return None
        return held[1]

    def put(self, visitor: Visitor) -> None:
        if len(self._by_token) >= REMEMBER:
            for old in list(self._by_token)[: REMEMBER // 10]:
                self._tokens.pop(self._by_token.pop(old)[1].id, None)
        self._by_token[visitor.token_hash] = (time.monotonic() + REMEMBER_SECONDS, visitor)
        self._tokens[visitor.id] = visitor.token_hash

    def forget(self, session_id: UUID | None) -> None:
        if session_id is None:
            self._by_token.clear()
            self._tokens.clear()
            return
        token_hash = self._tokens.pop(session_id, None)
        if token_hash is not None:
            self._by_token.pop(token_hash, None)


_sessions: Final = _Sessions()


def forget(session_id: UUID | None = None) -> None:
    """Drop what is remembered of a session (or of all): the tail calls it for ``visitor_session_changed``."""
    _sessions.forget(session_id)


def remember(visitor: Visitor) -> None:
    """Keep a session that was just changed in this process."""
    _sessions.put(visitor)


async def resolve_visitor(db: Database, token: str | None, clock: Clock = _SYSTEM, *, fresh: bool = False) -> Visitor:
    """The session of a token; raises ``NoVisitor``. ``fresh`` asks the database even when it is remembered."""
    if not token:
        raise NoVisitor("visitor_token_missing", "Send the visitor's token: Authorization: Bearer …")
    token_hash, now = digest(token), clock.now()
    held = None if fresh else _sessions.get(token_hash, now)
    if held is not None:
        return held
    row = await db.hot.one(_VISITOR, {"token_hash": token_hash, "now": now})
    if row is None:
        raise NoVisitor
    visitor = Visitor(**row, token_hash=token_hash)
    _sessions.put(visitor)
    return visitor


async def by_hash(db: Database, visitor: Visitor, clock: Clock = _SYSTEM) -> Visitor | None:
    """The same session read again (it was changed elsewhere), or None when it has ended."""
    async with db.connection() as conn:
        row = await (
            await conn.execute(QUERIES.visitor, {"token_hash": visitor.token_hash, "now": clock.now()})
        ).fetchone()
    if row is None:
        _sessions.forget(visitor.id)
        return None
    found = Visitor(**row, token_hash=visitor.token_hash)
    _sessions.put(found)
    return found


async def sessions_of(tx: Tx, conversation_ids: Sequence[UUID]) -> set[UUID]:
    """Ids of the sessions that show one of these conversations."""
    rows = await tx.all(QUERIES.sessions_of, account_id=tx.account, conversation_ids=list(conversation_ids))
    return {row["id"] for row in rows}


async def snapshot(
    tx: Tx, visitor: Visitor, now: datetime, limit: int = SNAPSHOT, *, before_seq: int = BEYOND
) -> Snapshot:
    """The visitor's conversation as it is now, its last messages (those before ``before_seq``) in ascending order."""
    row = None
    if visitor.conversation_id is not None:
        row = await tx.maybe(QUERIES.snapshot_conversation, account_id=tx.account, id=visitor.conversation_id)
    if row is None:
        return Snapshot(
            conversation=None,
            messages=[],
            earlier=False,
            delivered_seq=0,
            read_seq=0,
            agents_delivered_seq=0,
            agents_read_seq=0,
        )
    found = await tx.all(
        QUERIES.messages,
        account_id=tx.account,
        conversation_id=row["id"],
        before_seq=before_seq,
        limit=limit + 1,
    )
    return Snapshot(
        conversation=VisitorConversation(row["id"], "closed" if row["status"] == "closed" else "open"),
        messages=[visitor_message(one, visitor, now) for one in reversed(found[:limit])],
        earlier=len(found) > limit,
        delivered_seq=row["visitor_delivered_seq"],
        read_seq=row["visitor_read_seq"],
        agents_delivered_seq=row["agents_delivered_seq"],
        agents_read_seq=row["agents_read_seq"],
    )


async def message_rows(tx: Reader, ids: Sequence[UUID]) -> list[Row]:
    """Rows for ``visitor_message`` of those messages that a visitor may see, by seq: what frames are hydrated from."""
    return await tx.all(QUERIES.messages_by_id, account_id=tx.account, ids=list(ids)) if ids else []


def visitor_message(row: Mapping[str, Any], visitor: Visitor, now: datetime) -> VisitorMessage:
    """A row of ``message_rows`` as this visitor's widget shows it."""
    mine = row["kind"] == "inbound"
    return VisitorMessage(
        id=row["id"],
        seq=row["seq"],
        mine=mine,
        author=VisitorAuthor(row["author_kind"], None if mine else public_name(row["author_name"])),
        body=row["body"],
        attachments=[_attachment(one, visitor, now) for one in row["attachments"] or ()],
        state=own_state(row["seq"], row["agents_delivered_seq"], row["agents_read_seq"]) if mine else None,
        client_id=row["client_id"] if mine else None,
        created_at=row["created_at"],
        version=row["version"],
    )


def own_state(seq: int, delivered_seq: int, read_seq: int) -> Literal["sent", "delivered", "read"]:
    """How far a visitor's own message got: an agent's socket has it, an agent has read it."""
    if seq <= read_seq:
        return "read"
    return "delivered" if seq <= delivered_seq else "sent"


def public_name(name: str | None) -> str | None:
    """What a visitor is told of an agent's name: the first one."""
    words = (name or "").split()
    return words[0] if words else None


def _attachment(one: Mapping[str, Any], visitor: Visitor, now: datetime) -> VisitorAttachment:
    file_id = one["id"] if isinstance(one["id"], UUID) else UUID(one["id"])
    return VisitorAttachment(
        id=file_id,
        name=one["name"],
        size=one["size"],
        media_type=one["media_type"],
        url=file_url(file_id, visitor, now),
        image=one["image"],
    )


def file_url(file_id: UUID, visitor: Visitor, now: datetime) -> str:
    """A link to a file that only this session has, good for six to twelve hours.

    The signature's key is the stored hash of the session's token: whoever could make one already holds the token, and a
    revoked session's links die with it, because the session is looked up when the file is asked for.
    """
    until = (int(now.timestamp()) // LINK_SECONDS + 2) * LINK_SECONDS
    who = (visitor.account_id.bytes + visitor.id.bytes).hex()
    return f"/files/{file_id}?v={who}&e={until}&s={_signature(file_id, until, visitor.token_hash)}"


def link_holds(file_id: UUID, until: int, signature: str, token_hash: bytes, now: datetime) -> bool:
    """Whether a link's signature is right and its time has not passed."""
    right = hmac.compare_digest(
        _signature(file_id, until, token_hash).encode(), signature.encode("utf-8", "surrogatepass")
    )
    return right and now.timestamp() < until


def _signature(file_id: UUID, until: int, token_hash: bytes) -> str:
    return hmac.new(token_hash, f"{file_id}:{until}".encode(), hashlib.sha256).hexdigest()[:40]
