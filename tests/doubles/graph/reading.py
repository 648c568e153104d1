"""Reading: ``fields=`` with nested selections, paging, people's profiles, conversations and their messages."""

import base64
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from tests.doubles.graph.calls import GraphError, Request, Table, invalid, missing
from tests.doubles.graph.customers import Customers
from tests.doubles.graph.model import Json, Message, Person, Thread
from tests.doubles.graph.wire import graph_time

MOST = 100
_OWN = {"after", "access_token", "limit", "appsecret_proof"}


@dataclass
class Field:
    """One selected field: its name, modifiers like ``limit``, and what is selected below it."""

    name: str
    modifiers: dict[str, str] = field(default_factory=dict[str, str])
    below: list["Field"] = field(default_factory=list["Field"])


_NAME = re.compile(r"\s*([A-Za-z0-9_]+)")
_MODIFIER = re.compile(r"\s*\.([a-z_]+)\(([^()]*)\)")


def fields_of(text: str) -> list[Field]:
    """Read ``a,b.limit(3){c,d}``."""
    found, at = _list(text, 0)
    if at != len(text):
        raise _syntax(text)
    return found


def _list(text: str, at: int) -> tuple[list[Field], int]:
    found: list[Field] = []
    while True:
        name = _NAME.match(text, at)
        if name is None:
            raise _syntax(text)
        one, at = Field(name[1]), name.end()
        while modifier := _MODIFIER.match(text, at):
            one.modifiers[modifier[1]], at = modifier[2], modifier.end()
        if text[at : at + 1] == "{":
            one.below, at = _list(text, at + 1)
            if text[at : at + 1] != "}":
                raise _syntax(text)
            at += 1
        found.append(one)
        if text[at : at + 1] != ",":
            return found, at
        at += 1


def _syntax(text: str) -> GraphError:
    return GraphError(2500, None, f"Syntax error in fields: {text[:80]}")


def pick(known: Json, wanted: Sequence[Field]) -> Json:
    """Only what was asked for, and always the id; what is None is left out."""
    names = {one.name for one in wanted}
    for name in names:
        if name not in known:
            raise GraphError(100, None, f"(#100) Tried accessing nonexisting field ({name})")
    found = {name: value for name, value in known.items() if name in names and value is not None}
    return found | {"id": known["id"]} if "id" in known else found


async def profile(request: Request) -> Json:
    """``GET /{psid}?fields=first_name,last_name,profile_pic``, with the gaps that profiles have."""
    person = request.world.state.people[request.node]
    page = request.own(person.page_id, request.node)
    request.needs("pages_messaging")
    if person.profile == "consent":
        raise GraphError(230)
    if "business_asset_user_profile_access" not in page.features:
        raise GraphError(10)
    wanted = fields_of(request.text("fields") or "first_name,last_name,profile_pic,id")
    known: Json = {"id": person.psid}
    if person.profile == "full":
        known |= {
            "first_name": person.first_name,
            "last_name": person.last_name,
            "name": person.name,
            "profile_pic": Customers(request.core).picture_of(person),
        }
        for name, value in (("locale", person.locale), ("timezone", person.timezone), ("gender", None)):
            if "pages_user_" + name in request.token.scopes:
                known[name] = value
    return {"id": person.psid} | {one.name: known[one.name] for one in wanted if known.get(one.name) is not None}


# ── conversations ──


async def conversations(request: Request) -> Json:
    """``GET /{page}/conversations?fields=…``, the latest first; two calls a second."""
    page = request.page()
    request.needs("pages_messaging")
    core, world = request.core, request.world
    core.limits.count(world, "conversations", page.id, 1, core.limits.conversations_per_second)
    if request.text("platform") not in {None, "messenger"}:
        return {"data": []}
    rows = [one for one in world.state.threads.values() if one.page_id == page.id and one.messages]
    if request.text("user_id"):
        rows = [one for one in rows if one.psid == request.text("user_id")]
    rows.sort(key=lambda one: one.messages[-1].at, reverse=True)
    wanted = fields_of(request.text("fields") or "id,updated_time")
    return paged(request, rows, "conversations", request.params, lambda one: _thread(request, one, wanted))


async def conversation(request: Request) -> Json:
    """``GET /{conversation}?fields=…``."""
    thread = request.world.threads[request.node]
    request.own(thread.page_id, request.node)
    _second(request, thread)
    return _thread(request, thread, fields_of(request.text("fields") or "id,updated_time"))


async def messages_of(request: Request) -> Json:
    """``GET /{conversation}/messages?fields=…``."""
    thread = request.world.threads[request.node]
    request.own(thread.page_id, request.node)
    _second(request, thread)
    wanted = fields_of(request.text("fields") or "id,created_time")
    return _messages(request, thread, request.params, wanted)


async def message(request: Request) -> Json:
    """``GET /{message}?fields=…``."""
    found = request.world.messages[request.node]
    request.own(found.page_id, request.node)
    if found.deleted:
        raise missing(request.node)
    return _message(request, found, fields_of(request.text("fields") or "id,created_time"))


def _second(request: Request, thread: Thread) -> None:
    limits = request.core.limits
    limits.count(request.world, "conversations", thread.page_id, 1, limits.conversations_per_second)


def _thread(request: Request, thread: Thread, wanted: list[Field]) -> Json:
    world = request.world
    page, person = world.page(thread.page_id), world.person(thread.psid)
    live = [one for one in thread.messages if not one.deleted]
    found: Json = {}
    for one in wanted:
        if one.name == "messages":
            found["messages"] = _messages(request, thread, one.modifiers, one.below or [Field("id")])
        elif one.name in {"participants", "senders"}:
            found[one.name] = {"data": [_who(person), {"name": page.name, "email": _mail(page.id), "id": page.id}]}
        else:
            known: Json = {
                "id": thread.id,
                "updated_time": graph_time(thread.messages[-1].at if thread.messages else 0),
                "message_count": len(live),
                "unread_count": sum(m.by == "person" and m.at > thread.seen_by_page for m in live),
                "snippet": (live[-1].text or "")[:100] if live else "",
                "can_reply": thread.opened_at is not None and world.ms - thread.opened_at <= 86_400_000,
                "link": f"/{page.id}/inbox/{thread.id}",
            }
            found |= pick(known, [one])
    return found | {"id": thread.id}


def _messages(request: Request, thread: Thread, modifiers: Json, wanted: list[Field]) -> Json:
    rows = [one for one in reversed(thread.messages) if not one.deleted]
    return paged(request, rows, "messages", modifiers, lambda one: _message(request, one, wanted), thread.id)


def _message(request: Request, one: Message, wanted: list[Field]) -> Json:
    world = request.world
    person, page = world.person(one.psid), world.page(one.page_id)
    us = {"name": page.name, "email": _mail(page.id), "id": page.id}
    sender, receiver = (_who(person), us) if one.by == "person" else (us, _who(person))
    attachments = [_attachment(a) for a in one.attachments if a["type"] not in {"sticker", "template"}]
    known: Json = {
        "id": one.mid,
        "created_time": graph_time(one.at),
        "from": sender,
        "to": {"data": [receiver]},
        "message": one.text or "",
        "attachments": {"data": attachments} if attachments else None,
        "sticker": next((a["payload"].get("url") for a in one.attachments if a["type"] == "sticker"), None),
        "shares": None,
        "reply_to": {"mid": one.reply_to} if one.reply_to else None,
        "reactions": {"data": list(one.reactions.values())} if one.reactions else None,
        "is_unsupported": False,
        "tags": {"data": [{"name": "inbox"}, {"name": "source:messenger:web"}]},
    }
    return pick(known, wanted)


def _attachment(one: Json) -> Json:
    url = (one.get("payload") or {}).get("url", "")
    name = url.rpartition("/")[2]
    found: Json = {"id": re.sub(r"\D", "", url)[-15:] or "0", "name": name, "mime_type": one["type"]}
    if one["type"] == "image":
        found["image_data"] = {"width": 640, "height": 480, "url": url, "preview_url": url}
    elif one["type"] == "video":
        found["video_data"] = {"url": url}
    else:
        found["file_url"] = url
    return found


def _who(person: Person) -> Json:
    return {"name": person.name, "email": _mail(person.psid), "id": person.psid}


def _mail(who: str) -> str:
    return f"{who}@facebook.com"


def paged(
    request: Request,
    rows: Sequence[Any],
    edge: str,
    modifiers: Json,
    shown: Callable[[Any], Any],
    node: str | None = None,
) -> Json:
    """One page of rows with cursors and the address of the next one."""
    try:
        limit = max(1, min(MOST, int(modifiers.get("limit") or 25)))
        start = int(base64.urlsafe_b64decode(modifiers["after"])) if modifiers.get("after") else 0
    except ValueError:
        raise invalid("Invalid cursor or limit") from None
    part = rows[start : start + limit]
    answer: Json = {"data": [shown(one) for one in part]}
    if not part:
        return answer
    after = _cursor(start + len(part))
    paging: Json = {"cursors": {"before": _cursor(start), "after": after}}
    answer["paging"] = paging
    if start + limit < len(rows):
        kept: Json = {name: value for name, value in request.params.items() if name not in _OWN}
        if node is not None and edge != request.edge:
            below = next(
                (one.below for one in _flat(fields_of(request.text("fields") or "id")) if one.name == edge), []
            )
            kept["fields"] = written(below) or "id"
        query = {**kept, "limit": limit, "after": after, "access_token": request.token.token}
        where = node or request.node
        paging["next"] = f"{request.world.base_url}/{request.version}/{where}/{edge}?{urlencode(query)}"
    return answer


def _flat(fields: Sequence[Field]) -> list[Field]:
    return [deep for one in fields for deep in (one, *_flat(one.below))]


def written(fields: Sequence[Field]) -> str:
    """Selected fields as text again."""
    return ",".join(
        one.name
        + "".join(f".{name}({value})" for name, value in one.modifiers.items())
        + ("{" + written(one.below) + "}" if one.below else "")
        for one in fields
    )


def _cursor(number: int) -> str:
    return base64.urlsafe_b64encode(str(number).encode()).decode()


TABLE: Table = {
    ("GET", "person", ""): profile,
    ("GET", "page", "conversations"): conversations,
    ("GET", "thread", ""): conversation,
    ("GET", "thread", "messages"): messages_of,
    ("GET", "message", ""): message,
}
