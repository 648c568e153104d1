"""What Meta sends about a page's Messenger becomes events. Pure, and never stopped by what nobody knows.

An item is read by the key that stands in it. What cannot be read is an event too: kept under a key made of its content,
counted, and in nobody's way.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from svardesk.channels.contract import (
    Content,
    Control,
    EventType,
    InboundEvent,
    Raw,
    Sender,
    SenderKind,
    Watermark,
)
from svardesk.channels.messenger.attachments import brought
from svardesk.channels.meta.config import PageConfig
from svardesk.channels.meta.reading import entries, id_of
from svardesk.conversations.schemas import Elsewhere
from svardesk.kit.i18n import text as said

BUSINESS_SUITE: Final = "Meta Business Suite"
METADATA: Final = "svardesk"
EMOJI: Final = {
    "smile": "😆",
    "angry": "😠",
    "sad": "😢",
    "wow": "😮",
    "love": "❤️",
    "like": "👍",
    "dislike": "👎",
    "other": "🙂",
}
LONGEST_KEY: Final = 400
_EARLIEST: Final = 1_072_915_200_000
_LATEST: Final = 4_102_444_800_000
"""Milliseconds between which a time can be one: 2004, when there was no Facebook, and 2100."""
Item = dict[str, Any]


class Unknown(msgspec.Struct, frozen=True):
    """An item that nobody knows: the names that stand in it."""

    keys: tuple[str, ...]


class Restriction(msgspec.Struct, frozen=True):
    """Meta warned, blocked or let go the page. ``blocked`` None: it only said something."""

    action: str
    reason: str = ""
    blocked: bool | None = None


class TemplateNews(msgspec.Struct, frozen=True):
    """Meta's judgement of a template."""

    name: str
    language: str
    status: str


class Roles(msgspec.Struct, frozen=True):
    """Which roles our app has on the page."""

    ours: tuple[str, ...]


def parse(raw: Raw, config: PageConfig) -> list[InboundEvent]:
    """The events of an envelope, ordered by their time. Raises ``ParseFailed`` for what is not Meta's or another page's."""
    events = [event for entry in entries(raw.body, config.page_id) for event in _entry(entry, config, raw.received_at)]
    return sorted(events, key=_at)


def _at(event: InboundEvent) -> datetime:
    return event.occurred_at


def _entry(entry: Item, config: PageConfig, received_at: datetime) -> Iterator[InboundEvent]:
    came = _time(entry.get("time")) or received_at
    for name in ("messaging", "standby"):
        items = entry.get(name)
        for item in items if isinstance(items, list) else ():
            yield _careful(_item, item, _Around(config, came, standby=name == "standby"))
    changes = entry.get("changes")
    for change in changes if isinstance(changes, list) else ():
        field = change.get("field") if isinstance(change, dict) else None
        if not (isinstance(field, str) and field in _PAGE_FIELDS):
            yield _careful(_change, change, _Around(config, came, standby=False))


_PAGE_FIELDS: Final = frozenset(
    {"feed", "mention", "mentions", "ratings", "live_videos", "videos", "photos", "picture"}
)


class _Around(msgspec.Struct, frozen=True):
    """What an item stands in."""

    config: PageConfig
    came: datetime
    standby: bool


def _careful(read: "Callable[[Item, _Around], InboundEvent]", item: Any, around: _Around) -> InboundEvent:
    """One item that breaks the reader is kept as unknown; the others are read."""
    if not isinstance(item, dict):
        return _unknown({"value": item}, around)
    try:
        return read(item, around)
    except (TypeError, ValueError, KeyError, AttributeError, OverflowError, RecursionError):
        return _unknown(item, around)


def _item(item: Item, around: _Around) -> InboundEvent:
    for name, read in _READERS.items():
        if isinstance(item.get(name), dict):
            return read(item, item[name], around)
    return _unknown(item, around)


def _event(
    item: Item,
    around: _Around,
    type_: EventType,
    key: str,
    *,
    person: str | None = None,
    kind: SenderKind = "customer",
    **rest: Any,
) -> InboundEvent:
    who = person or _party(item, "sender") or _party(item, "recipient") or around.config.page_id or "page"
    return InboundEvent(
        type=type_,
        idempotency_key=_key(key),
        external_thread_key=person,
        sender=Sender(external_id=who, kind=kind, trust="platform_account" if kind == "customer" else "none"),
        occurred_at=_time(item.get("timestamp")) or around.came,
        **rest,
    )


# ------------------------------------------------------------------------------------------------ what people do


def _message(item: Item, message: Item, around: _Around) -> InboundEvent:
    if message.get("is_echo") is True:
        return _echo(item, message, around)
    person, mid = _person(item), _mid(message, item)
    if message.get("is_deleted") is True:
        return _event(
            item,
            around,
            "message_deleted",
            f"x:{mid}",
            person=person,
            about=Watermark(external_ids=(mid,)),
            standby=around.standby,
        )
    came_with = brought(message.get("attachments"), keep=around.config.keep_media)
    words = "\n".join(one for one in (_text(message.get("text")), *came_with.lines) if one)
    if not words and not came_with.files:
        words = said(around.config.locale, "server", "messenger.not_shown")
    return _event(
        item,
        around,
        "message",
        f"m:{mid}",
        person=person,
        external_id=mid,
        content=Content(
            text=words,
            attachments=came_with.files,
            quick_reply_payload=_payload(message.get("quick_reply")),
            reply_to_external_id=_named(message.get("reply_to")),
        ),
        referral=_referral(message.get("referral") or item.get("referral")),
        standby=around.standby,
    )


def _echo(item: Item, message: Item, around: _Around) -> InboundEvent:
    config = around.config
    person, mid = _party(item, "recipient") or _person(item), _mid(message, item)
    app = id_of(message.get("app_id")) or None
    piece = read_metadata(message.get("metadata"))
    if piece is not None and (app is None or not config.app_id or app == config.app_id):
        about = Watermark(external_ids=(mid,), piece=piece)
        return _event(item, around, "receipt_sent", f"m:{mid}", person=person, kind="page", about=about)
    came_with = brought(message.get("attachments"), keep=config.keep_media)
    words = "\n".join(one for one in (_text(message.get("text")), *came_with.lines) if one)
    if not words and not came_with.files:
        words = said(config.locale, "server", "messenger.not_shown")
    suite = app is None or app == config.page_inbox_app_id
    return _event(
        item,
        around,
        "sent_elsewhere",
        f"m:{mid}",
        person=person,
        kind="page" if suite else "other_app",
        external_id=mid,
        content=Content(text=words, attachments=came_with.files),
        elsewhere=Elsewhere(app=app, name=BUSINESS_SUITE if suite else None),
        standby=around.standby,
    )


def _postback(item: Item, postback: Item, around: _Around) -> InboundEvent:
    person, payload = _person(item), _said(postback.get("payload"))
    mid = id_of(postback.get("mid"))
    key = f"p:{mid}" if mid else f"p:{person}:{payload}:{item.get('timestamp')}"
    words = _text(postback.get("title")) or payload or said(around.config.locale, "server", "messenger.not_shown")
    return _event(
        item,
        around,
        "postback",
        key,
        person=person,
        external_id=mid or None,
        content=Content(text=words, quick_reply_payload=payload or None),
        referral=_referral(postback.get("referral")),
        standby=around.standby,
    )


def _edit(item: Item, edit: Item, around: _Around) -> InboundEvent:
    mid, number = _mid(edit, item), int(edit.get("num_edit") or 1)
    return _event(
        item,
        around,
        "message_edited",
        f"e:{mid}:{number}",
        person=_person(item),
        about=Watermark(external_ids=(mid,)),
        content=Content(text=_text(edit.get("text"))),
        edit=max(1, min(number, 1000)),
    )


def _reaction(item: Item, reaction: Item, around: _Around) -> InboundEvent:
    person, mid, action = _person(item), _mid(reaction, item), _said(reaction.get("action"))
    name = _said(reaction.get("reaction"))
    emoji = _text(reaction.get("emoji"))[:16] or EMOJI.get(name, EMOJI["other"])
    return _event(
        item,
        around,
        "reaction",
        f"re:{mid}:{person}:{action}:{item.get('timestamp')}",
        person=person,
        about=Watermark(external_ids=(mid,)),
        emoji=None if action == "unreact" else emoji,
    )


def _referred(item: Item, referral: Item, around: _Around) -> InboundEvent:
    # Opening a thread alone opens no window: only what the person then writes does.
    person, found = _person(item), _referral(referral) or {}
    which = found.get("ad_id") or found.get("ref") or found.get("source") or ""
    key = f"ref:{person}:{item.get('timestamp')}:{which}"
    return _event(item, around, "referral", key, person=person, referral=found or None, standby=around.standby)


def _optin(item: Item, optin: Item, around: _Around) -> InboundEvent:
    person = _party(item, "sender") or None
    what = {name: _said(optin.get(name)) for name in ("type", "ref", "payload") if optin.get(name)}
    return _event(item, around, "optin", f"o:{_hash(item)}", person=person, own=what)


# ------------------------------------------------------------------------------------------------ what becomes of ours


def _delivery(item: Item, delivery: Item, around: _Around) -> InboundEvent:
    return _watermark(item, delivery, around, "receipt_delivered", "d")


def _read(item: Item, read: Item, around: _Around) -> InboundEvent:
    return _watermark(item, read, around, "receipt_read", "r")


def _watermark(item: Item, found: Item, around: _Around, type_: EventType, letter: str) -> InboundEvent:
    up_to = _time(found.get("watermark"))
    if up_to is None:
        return _unknown(item, around)
    person = _person(item)
    return _event(
        item, around, type_, f"{letter}:{person}:{found['watermark']}", person=person, about=Watermark(up_to=up_to)
    )


# ------------------------------------------------------------------------------------------------ who owns the thread


def _passed(item: Item, found: Item, around: _Around) -> InboundEvent:
    return _control(item, around, "pass", _owner(id_of(found.get("new_owner_app_id")), around))


def _taken(item: Item, found: Item, around: _Around) -> InboundEvent:
    before, now = id_of(found.get("previous_owner_app_id")), id_of(found.get("new_owner_app_id"))
    if now or before == around.config.app_id:
        # Who lost the thread hears of it; the newcomer is Meta's inbox unless it is named.
        return _control(item, around, "take", _owner(now or around.config.page_inbox_app_id, around))
    return _control(item, around, "take", Control())


def _requested(item: Item, found: Item, around: _Around) -> InboundEvent:
    del found
    return _control(item, around, "request", None)


def _control(item: Item, around: _Around, name: str, control: Control | None) -> InboundEvent:
    person = _party(item, "sender") or _person(item)
    if person == around.config.page_id:
        person = _party(item, "recipient")
    return _event(
        item, around, "thread_control", f"tc:{name}:{person}:{item.get('timestamp')}", person=person, kind="system",
        control=control,
    )  # fmt: skip


def _owner(app: str, around: _Around) -> Control:
    config = around.config
    if not app or app == config.app_id:
        return Control()  # idle, or ours
    return Control(owner=app, name=BUSINESS_SUITE if app == config.page_inbox_app_id else None, standby=True)


def _roles(item: Item, roles: Item, around: _Around) -> InboundEvent:
    ours = roles.get(around.config.app_id)
    names = tuple(_said(one) for one in ours) if isinstance(ours, list) else ()
    return _event(item, around, "connection_event", f"roles:{_hash(item)}", kind="system", own=Roles(names))


def _policy(item: Item, policy: Item, around: _Around) -> InboundEvent:
    action = _said(policy.get("action"))[:100]
    blocked = {"block": True, "unblock": False}.get(action)
    own = Restriction(action, _said(policy.get("reason"))[:300], blocked)
    return _event(item, around, "connection_event", f"policy:{_hash(item)}", kind="system", own=own)


_READERS: Final[Mapping[str, Callable[[Item, Item, _Around], InboundEvent]]] = {
    "message": _message,
    "postback": _postback,
    "message_edit": _edit,
    "reaction": _reaction,
    "delivery": _delivery,
    "read": _read,
    "optin": _optin,
    "pass_thread_control": _passed,
    "take_thread_control": _taken,
    "request_thread_control": _requested,
    "app_roles": _roles,
    "policy_enforcement": _policy,
    "policy-enforcement": _policy,
    "messaging_policy_enforcement": _policy,
    "referral": _referred,
}
"""By the key that stands in an item, in this order; names that Meta's pages spell in two ways stand in both."""


def _change(change: Item, around: _Around) -> InboundEvent:
    field, value = change.get("field"), change.get("value")
    if isinstance(value, dict):
        item = {"timestamp": value.get("timestamp")}
        if field == "message_template_status_update":
            own = TemplateNews(
                _said(value.get("message_template_name") or value.get("name"))[:120],
                _said(value.get("message_template_language") or value.get("language"))[:20],
                _said(value.get("event") or value.get("status")).lower()[:40],
            )
            key = f"template:{_hash(change)}:{around.came.timestamp():.3f}"
            return _event(item, around, "template_status", key, kind="system", own=own)
        if field in {"business_integrity", "messaging_policy_enforcement"}:
            return _integrity(item, change, value, around)
    return _unknown(change, around)


def _integrity(item: Item, change: Item, value: Item, around: _Around) -> InboundEvent:
    status = _said(value.get("status") or value.get("action"))[:100]
    blocked = {"active": True, "block": True, "expired": False, "removed": False, "unblock": False}.get(status.lower())
    reason = " ".join(_said(value.get(name)) for name in ("feature", "reason", "violation_type") if value.get(name))
    own = Restriction(status, reason[:300], blocked)
    return _event(item, around, "connection_event", f"policy:{_hash(change)}", kind="system", own=own)


# ------------------------------------------------------------------------------------------------ small things


def metadata(delivery_id: UUID, part: int) -> str:
    """What our messages carry, so that we know them again when they come back."""
    return f"{METADATA}:{delivery_id}:{part}"


def read_metadata(found: Any) -> tuple[UUID, int] | None:
    """The delivery and part of a message of ours, or None."""
    parts = found.split(":") if isinstance(found, str) else []
    if len(parts) != 3 or parts[0] != METADATA or not parts[2].isascii() or not parts[2].isdigit():
        return None
    try:
        return UUID(parts[1]), int(parts[2][:6])
    except ValueError:
        return None


def _referral(found: Any) -> dict[str, Any] | None:
    """Where somebody came from, in the words that the house keeps: source, ref, ad, post."""
    if not isinstance(found, dict):
        return None
    ad = found.get("ads_context_data")
    ad = ad if isinstance(ad, dict) else {}
    kept = {
        "source": _said(found.get("source")),
        "type": _said(found.get("type")),
        "ref": _said(found.get("ref")),
        "ad_id": id_of(found.get("ad_id")),
        "ad_title": _said(ad.get("ad_title")),
        "post_id": id_of(ad.get("post_id")),
        "product_id": id_of(ad.get("product_id")),
        "referer": _said(found.get("referer_uri")),
    }
    return {name: value[:300] for name, value in kept.items() if value} or None


def _unknown(item: Item, around: _Around) -> InboundEvent:
    keys = tuple(sorted(_said(one)[:60] for one in item))[:20]
    return _event(item, around, "connection_event", f"u:{_hash(item)}", kind="system", own=Unknown(keys))


def _person(item: Item) -> str:
    found = _party(item, "sender")
    if not found:
        raise ValueError("no sender")
    return found


def _party(item: Item, name: str) -> str:
    found = item.get(name)
    return id_of(found.get("id")) if isinstance(found, dict) else ""


def _mid(found: Item, item: Item) -> str:
    return id_of(found.get("mid")) or f"none-{_hash(item)}"


def _named(found: Any) -> str | None:
    return (id_of(found.get("mid")) or None) if isinstance(found, dict) else None


def _payload(found: Any) -> str | None:
    return (_said(found.get("payload")) or None) if isinstance(found, dict) else None


def _said(found: Any) -> str:
    return _text(found)[:1000] if isinstance(found, str | int) and not isinstance(found, bool) else ""


def _text(found: Any) -> str:
    """Words as they can be stored: no NUL, no half of an emoji."""
    if isinstance(found, int) and not isinstance(found, bool):
        found = str(found)
    if not isinstance(found, str):
        return ""
    return found.encode("utf-8", "replace").decode().replace("\x00", "")


def _time(found: Any) -> datetime | None:
    """A provider's time in milliseconds, aware; None for what can be none."""
    if isinstance(found, bool) or not isinstance(found, int | float) or not _EARLIEST <= found <= _LATEST:
        return None
    return datetime.fromtimestamp(found / 1000, UTC)


def _key(key: str) -> str:
    clean = _text(key)
    return clean if len(clean) <= LONGEST_KEY else f"{clean[:40]}:{hashlib.sha256(clean.encode()).hexdigest()}"


def _hash(item: Any) -> str:
    content = json.dumps(item, sort_keys=True, ensure_ascii=True, default=str)
    return hashlib.sha256(content.encode()).hexdigest()[:40]
