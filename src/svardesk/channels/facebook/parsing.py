"""What Meta says about a page's feed becomes events. Pure, and never stopped by what nobody knows.

A thread is a post; its name is the post's id. What people write there (comments, answers to comments, posts of visitors,
recommendations) are messages. What the page itself posts is noted; what the page itself comments was either sent by us, or
with another program, which the adapter finds out.
"""

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final, Literal

import msgspec

from svardesk.channels.contract import (
    Attachment,
    Content,
    EventType,
    InboundEvent,
    Raw,
    Sender,
    Watermark,
)
from svardesk.channels.facebook.config import FacebookConfig
from svardesk.channels.facebook.tags import only_tags
from svardesk.channels.meta.reading import LONGEST_ID, entries
from svardesk.conversations.schemas import Elsewhere

LONGEST_TEXT: Final = 8000
NOTHING_SAID: Final = "📎"
"""Stands for a comment of which Meta tells neither text nor picture (a sticker, an animation)."""
ADD: Final = frozenset({"add"})
EDIT: Final = frozenset({"edit", "edited", "update"})
GONE: Final = frozenset({"remove", "delete"})
HIDE: Final = frozenset({"hide", "block"})
SHOW: Final = frozenset({"unhide", "unblock"})
POSTS: Final = frozenset(
    {"post", "status", "photo", "video", "share", "link", "event", "album", "note", "rating", "recommendation"}
)
IGNORED: Final = frozenset({"reaction", "like"})
RATINGS: Final = "ratings"
_EARLIEST: Final = 1_072_915_200
_LATEST: Final = 4_102_444_800
"""Seconds between which a time can be one: 2004, when there was no Facebook, and 2100."""
Value = dict[str, Any]


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What Meta tells of a comment or post beside its text. ``parent_id`` None: it stands right below the post."""

    post_id: str
    comment_id: str
    parent_id: str | None = None
    is_post: bool = False
    recommends: bool | None = None
    proposed: Literal["tag"] | None = None
    ad: bool = False
    permalink: str | None = None
    post_link: str | None = None


class Gone(msgspec.Struct, frozen=True, kw_only=True):
    """A comment or a post was taken away."""

    post_id: str
    comment_id: str
    is_post: bool = False


class Hidden(msgspec.Struct, frozen=True, kw_only=True):
    """A comment or a visitor's post was hidden, or shown again."""

    post_id: str
    comment_id: str
    hidden: bool


class PostNews(msgspec.Struct, frozen=True, kw_only=True):
    """A post of the page itself: new, other words, gone."""

    post_id: str
    what: Literal["added", "edited", "removed"]
    text: str | None = None
    link: str | None = None
    picture: str | None = None
    published: bool = True


class Unknown(msgspec.Struct, frozen=True):
    """A change that nobody knows: its field, item and verb."""

    names: tuple[str, ...]


def parse(raw: Raw, config: FacebookConfig) -> list[InboundEvent]:
    """The events of an envelope, ordered by their time. Raises ``ParseFailed`` for what is not Meta's or another page's."""
    events = [event for entry in entries(raw.body, config.page_id) for event in _entry(entry, config, raw.received_at)]
    # Once each, however often one body says it.
    return list({event.idempotency_key: event for event in sorted(events, key=_at)}.values())


def _at(event: InboundEvent) -> datetime:
    return event.occurred_at


def _entry(entry: Value, config: FacebookConfig, received_at: datetime) -> Iterator[InboundEvent]:
    changes = entry.get("changes")
    for change in changes if isinstance(changes, list) else ():
        if not isinstance(change, dict):
            continue
        field, value = change.get("field"), change.get("value")
        at = _time(entry.get("time"), received_at, per=1000)
        if isinstance(value, dict) and field == "feed":
            yield from _feed(value, config, _time(value.get("created_time"), at), _id(entry.get("time")))
        elif isinstance(value, dict) and field == RATINGS:
            rating = {"item": "rating", **value}
            yield from _feed(rating, config, _time(value.get("created_time"), at), _id(entry.get("time")))
        else:
            yield _unknown((_text(field)[:60] or "?",), change, config, at)


def _feed(value: Value, config: FacebookConfig, at: datetime, told_at: str) -> Iterator[InboundEvent]:
    item, verb = _text(value.get("item")), _text(value.get("verb")) or "add"
    post_id, comment_id = _id(value.get("post_id")), _id(value.get("comment_id"))
    if not post_id and (story := _id(value.get("open_graph_story_id"))) and config.page_id:
        post_id = f"{config.page_id}_{story}"
    if item in IGNORED:
        return
    # The same thing told twice carries the same time, whenever it comes.
    stamp = _id(value.get("created_time")) or told_at or "-"
    if item == "comment" and comment_id and post_id:
        yield from _comment(
            value, config, at, verb, post_id, comment_id, f"comment:{comment_id}:{verb[:40]}:{stamp[:40]}"
        )
    elif item in POSTS and post_id and not comment_id:
        yield from _post(value, config, at, verb, post_id, f"{item}:{post_id}:{verb[:40]}:{stamp[:40]}")
    else:
        yield _unknown((item[:60] or "?", verb[:60]), value, config, at)


def _comment(
    value: Value, config: FacebookConfig, at: datetime, verb: str, post_id: str, comment_id: str, key: str
) -> Iterator[InboundEvent]:
    author, name = _author(value)
    ours = bool(author) and author == config.page_id
    if verb in GONE:
        own = Gone(post_id=post_id, comment_id=comment_id)
        yield _plain("comment_removed", key, post_id, config, at, own)
        return
    if verb in HIDE | SHOW:
        yield _plain(
            "connection_event",
            key,
            post_id,
            config,
            at,
            Hidden(post_id=post_id, comment_id=comment_id, hidden=verb in HIDE),
        )
        return
    text, files = _text(value.get("message")), _files(value)
    if verb in EDIT:
        if not ours and text:
            yield _edited(
                value, _mark(key, text), post_id, comment_id, at, _sender(config, author, name, comment_id), text
            )
        return
    if verb not in ADD:
        yield _unknown(("comment", verb[:60]), value, config, at)
        return
    parent = _id(value.get("parent_id"))
    given = value.get("post")
    post: Value = given if isinstance(given, dict) else {}
    told = Told(
        post_id=post_id,
        comment_id=comment_id,
        parent_id=None if not parent or parent == post_id or post_id.endswith(f"_{parent}") else parent,
        proposed="tag" if not files and only_tags(text, value.get("message_tags")) else None,
        ad=_text(post.get("promotion_status")) in {"active", "ongoing"} or bool(value.get("ad_id")),
        permalink=_link(value.get("permalink_url")),
        post_link=_link(post.get("permalink_url")),
    )
    yield _said(value, key, told, config, at, (author, name), text, files, ours=ours)


def _post(
    value: Value, config: FacebookConfig, at: datetime, verb: str, post_id: str, key: str
) -> Iterator[InboundEvent]:
    author, name = _author(value)
    text = _text(value.get("message")) or _text(value.get("review_text"))
    if verb in GONE:
        yield _plain(
            "comment_removed", key, post_id, config, at, Gone(post_id=post_id, comment_id=post_id, is_post=True)
        )
        return
    if verb in HIDE | SHOW:
        yield _plain(
            "connection_event",
            key,
            post_id,
            config,
            at,
            Hidden(post_id=post_id, comment_id=post_id, hidden=verb in HIDE),
        )
        return
    if author == config.page_id or not author:
        # Without an author it is the page's own: visitors' posts are told with theirs, or not at all.
        if verb in ADD | EDIT:
            what: Literal["added", "edited"] = "added" if verb in ADD else "edited"
            news = PostNews(
                post_id=post_id,
                what=what,
                text=text if "message" in value else None,
                link=_link(value.get("link")),
                picture=next((one.ref for one in _files(value)), None),
                published=value.get("published") not in (0, "0"),
            )
            yield _plain("connection_event", _mark(key, text) if what == "edited" else key, post_id, config, at, news)
        return
    if verb in EDIT:
        if text:
            yield _edited(value, _mark(key, text), post_id, post_id, at, _sender(config, author, name, post_id), text)
        return
    recommends = {"POSITIVE": True, "NEGATIVE": False}.get(_text(value.get("recommendation_type")).upper())
    told = Told(
        post_id=post_id,
        comment_id=post_id,
        is_post=True,
        recommends=recommends,
        permalink=_link(value.get("permalink_url")),
    )
    if not text and recommends is not None:
        text = "👍" if recommends else "👎"
    yield _said(value, key, told, config, at, (author, name), text, _files(value), ours=False)


def _said(
    value: Value,
    key: str,
    told: Told,
    config: FacebookConfig,
    at: datetime,
    author: tuple[str, str],
    text: str,
    files: tuple[Attachment, ...],
    *,
    ours: bool,
) -> InboundEvent:
    del value
    silent = None
    if not text and not files:
        text, silent = NOTHING_SAID, False
    elif told.recommends is False:
        silent = False  # a thumb that points down is no thanks
    return InboundEvent(
        type="sent_elsewhere" if ours else "public_comment",
        idempotency_key=key,
        external_thread_key=told.post_id,
        sender=Sender(external_id=config.page_id or "page", kind="page")
        if ours
        else _sender(config, *author, told.comment_id),
        occurred_at=at,
        content=Content(text=text[:LONGEST_TEXT], attachments=files, reply_to_external_id=told.parent_id),
        visibility="public",
        automated=None if ours else False,
        own=told,
        longest=LONGEST_TEXT,
        silent=silent,
        external_id=told.comment_id,
        elsewhere=Elsewhere() if ours else None,
    )


def _edited(
    value: Value, key: str, post_id: str, comment_id: str, at: datetime, sender: Sender, text: str
) -> InboundEvent:
    del value
    return InboundEvent(
        type="message_edited",
        idempotency_key=key,
        external_thread_key=post_id,
        sender=sender,
        occurred_at=at,
        content=Content(text=text[:LONGEST_TEXT]),
        about=Watermark(external_ids=(comment_id,)),
        visibility="public",
        longest=LONGEST_TEXT,
    )


def _plain(
    kind: EventType, key: str, post_id: str | None, config: FacebookConfig, at: datetime, own: object
) -> InboundEvent:
    return InboundEvent(
        type=kind,
        idempotency_key=key,
        external_thread_key=post_id,
        sender=Sender(external_id=config.page_id or "page", kind="page"),
        occurred_at=at,
        visibility="public",
        own=own,
    )


def _unknown(names: tuple[str, ...], value: object, config: FacebookConfig, at: datetime) -> InboundEvent:
    mark = hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()[:32]
    return _plain("connection_event", f"unknown:{mark}", None, config, at, Unknown(names))


def _mark(key: str, text: str) -> str:
    """An edit's key: two edits of one comment may carry the same time, but not the same words."""
    return f"{key}:{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:12]}"


def _author(value: Value) -> tuple[str, str]:
    found = value.get("from")
    if isinstance(found, dict):
        return _id(found.get("id")), _text(found.get("name"))
    return _id(value.get("reviewer_id") or value.get("sender_id")), _text(
        value.get("reviewer_name") or value.get("sender_name")
    )


def _sender(config: FacebookConfig, author: str, name: str, comment_id: str) -> Sender:
    """Who wrote. Meta leaves the author out where it has not granted a permission: then each comment is somebody's own."""
    del config
    if not author:
        return Sender(external_id=f"comment:{comment_id}", trust="none")
    return Sender(external_id=author, display=" ".join(name.split())[:200] or None, trust="platform_account")


def _files(value: Value) -> tuple[Attachment, ...]:
    """Pictures and videos: one under its own name, or several."""
    found: list[str] = []
    for name in ("photo", "video", "photos"):
        given = value.get(name)
        found += [link for one in (given if isinstance(given, list) else [given]) if (link := _link(one))]
    if not found and (value.get("photo_id") or value.get("video_id")) and (link := _link(value.get("link"))):
        found.append(link)
    return tuple(Attachment(ref=one) for one in dict.fromkeys(found))[:20]


def _link(value: object) -> str | None:
    text = _text(value)
    return text if text.startswith(("https://", "http://")) and len(text) <= 2000 and text.isprintable() else None


def _text(value: object) -> str:
    return value.replace("\x00", "").encode("utf-8", "replace").decode() if isinstance(value, str) else ""


def _id(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    text = str(value)
    return text if 0 < len(text) <= LONGEST_ID and text.isascii() and text.isprintable() else ""


def _time(value: object, fallback: datetime, per: int = 1) -> datetime:
    if isinstance(value, str) and value.isdigit() and len(value) < 16:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return fallback
    seconds = value / per
    return datetime.fromtimestamp(seconds, UTC) if _EARLIEST < seconds < _LATEST else fallback
