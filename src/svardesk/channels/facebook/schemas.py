"""Shapes of the Facebook page on the wire: what an agent decides about a comment, posts of our own."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec

PostState = Literal["publishing", "scheduled", "published", "failed", "unknown", "removed"]
PostText = Annotated[str, msgspec.Meta(min_length=1, max_length=60_000)]
PostLink = Annotated[str, msgspec.Meta(max_length=2000, pattern=r"^https?://\S+$")]


class ChangeComment(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to become of a comment; what is left out stays. ``state`` ``not_needed``: it needs no answer."""

    hidden: bool | msgspec.UnsetType = msgspec.UNSET
    liked: bool | msgspec.UnsetType = msgspec.UNSET
    state: Literal["open", "not_needed"] | msgspec.UnsetType = msgspec.UNSET


class PrivateReply(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The one private message to the author of a comment. ``then`` is the thread's status afterwards, if nobody else waits."""

    client_id: UUID
    body: Annotated[str, msgspec.Meta(min_length=1, max_length=2000)]
    then: Literal["waiting", "open", "closed"] = "waiting"


class PagePost(msgspec.Struct, frozen=True, kw_only=True):
    """A post on a page. ``own``: the page's; else a visitor's. ``ad``: it is an advertisement.

    ``state``: ``publishing`` and ``unknown`` are on their way (for the latter nobody knows yet whether it came through),
    ``failed`` says why in ``error``. ``conversation_id`` is the thread of what people wrote below it, if anybody did.
    """

    id: UUID
    connection_id: UUID
    page: str
    own: bool
    ad: bool
    text: str
    link: str | None
    picture: str | None
    url: str | None
    state: PostState
    scheduled_at: datetime | None
    published_at: datetime | None
    agent_id: UUID | None
    conversation_id: UUID | None
    error: str | None
    version: int
    created_at: datetime


class ThreadPost(msgspec.Struct, frozen=True):
    """The post that a conversation stands below; None where it is not known (yet)."""

    post: PagePost | None


class PagePosts(msgspec.Struct, frozen=True):
    """Posts of our own, the newest first; ``next_cursor`` is None on the last page."""

    items: list[PagePost]
    next_cursor: str | None


class MakePost(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A post of our own. ``publish_at`` left out: now; else 10 minutes to 30 days ahead. ``connection_id`` names the page."""

    client_id: UUID
    connection_id: UUID
    text: PostText
    link: PostLink | None = None
    publish_at: datetime | None = None


class ChangePost(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to change of a post of our own; ``publish_at`` only while it is scheduled (null: publish it now)."""

    version: Annotated[int, msgspec.Meta(ge=1)] | None = None
    text: PostText | msgspec.UnsetType = msgspec.UNSET
    publish_at: datetime | msgspec.UnsetType | None = msgspec.UNSET
