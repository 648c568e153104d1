"""After an outage: what people wrote meanwhile is read from the conversations at Meta, and taken as if it had been told.

It becomes an envelope in the webhook's own form, so that the same parser reads it, and what had come in all the same is
recognised by its name.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
import structlog

from svardesk.channels import ingress
from svardesk.channels.contract import Connection, Raw
from svardesk.channels.meta.buckets import BUCKETS, CONVERSATIONS
from svardesk.channels.meta.client import GraphClient
from svardesk.channels.meta.config import page_access, read_page
from svardesk.channels.meta.statements import META
from svardesk.kit.clock import Clock
from svardesk.kit.db import Database

log = structlog.get_logger()

HEADER: Final = "svardesk-backfill"
MOST_THREADS: Final = 2000
MOST_PAGES: Final = 20
"""So many pages of one thread's messages."""
LONGEST_WAIT: Final = 30.0
_FIELDS: Final = "id,message,created_time,from,attachments,sticker,reply_to"
_THREADS: Final = f"id,updated_time,participants,messages.limit(25){{{_FIELDS}}}"


async def fill(db: Database, clock: Clock, connection: Connection, since: datetime) -> int:
    """Take in what was written since; returns how many messages were new. Raises ``GraphFailed``; harmless to repeat."""
    config = read_page(connection)
    found = 0
    async for thread in _threads(connection, since):
        person = _person(thread, config.page_id)
        rows = [one async for one in _messages(connection, thread, since)]
        if person is None or not rows:
            continue
        async with db.work(connection.account_id) as tx:
            names = [str(one["id"]) for one in rows]
            known = await tx.all(META.names_at_meta, account_id=tx.account, connection_id=connection.id, names=names)
            doubt = await tx.all(META.threads_in_doubt, account_id=tx.account, connection_id=connection.id)
            skipped = {row["external_id"] for row in known}
            in_doubt = person in {row["thread"] for row in doubt}
            items = [
                item_of(one, person, config.page_id)
                for one in reversed(rows)
                if str(one["id"]) not in skipped and not (in_doubt and _by_page(one, config.page_id))
            ]
            if items:
                entry = {"id": config.page_id, "time": items[-1]["timestamp"], "messaging": items}
                body = msgspec.json.encode({"object": "page", "entry": [entry]})
                raw = Raw(body=body, received_at=clock.now(), headers={HEADER: since.isoformat()})
                _ = await ingress.store(tx, connection, raw)
                found += len(items)
    log.info("meta_backfilled", connection=str(connection.id), since=since.isoformat(), messages=found)
    return found


async def _asked(connection: Connection, path: str, **params: str) -> dict[str, Any]:
    """One call, when the page's turn has come: two a second."""
    config = read_page(connection)
    while wait := BUCKETS.take(config.page_id, "conversations", CONVERSATIONS):  # noqa: ASYNC110 - a bucket tells nobody when it fills
        await asyncio.sleep(min(wait, LONGEST_WAIT))
    return await GraphClient(page_access(connection), config.page_id).need(path, **params)


async def _threads(connection: Connection, since: datetime) -> AsyncIterator[dict[str, Any]]:
    """Threads in which something was said since, the latest first."""
    page_id = read_page(connection).page_id
    after, seen = "", 0
    while seen < MOST_THREADS:
        params = {"platform": "messenger", "fields": _THREADS, "limit": "20"} | ({"after": after} if after else {})
        body = await _asked(connection, f"{page_id}/conversations", **params)
        rows = _rows(body)
        for row in rows:
            at = time_of(row.get("updated_time"))
            if at is not None and at < since:
                return
            seen += 1
            yield row
        after = _after(body)
        if not rows or not after:
            return


async def _messages(connection: Connection, thread: dict[str, Any], since: datetime) -> AsyncIterator[dict[str, Any]]:
    """What was said in a thread since, the latest first."""
    body = thread.get("messages")
    body = body if isinstance(body, dict) else {}
    for _ in range(MOST_PAGES):
        rows = _rows(body)
        for row in rows:
            at = time_of(row.get("created_time"))
            if at is not None and at < since:
                return
            if at is not None and row.get("id"):
                yield row
        after = _after(body)
        if not rows or not after or not _has_next(body):
            return
        body = await _asked(connection, f"{thread['id']}/messages", fields=_FIELDS, limit="50", after=after)


def item_of(row: dict[str, Any], person: str, page_id: str) -> dict[str, Any]:
    """A listed message as the webhook would have told it. Pure."""
    at = time_of(row.get("created_time"))
    message: dict[str, Any] = {"mid": str(row["id"])}
    if isinstance(row.get("message"), str) and row["message"]:
        message["text"] = row["message"]
    attachments = [_attachment(one) for one in _rows(row.get("attachments"))]
    if isinstance(row.get("sticker"), str):
        attachments.append({"type": "sticker", "payload": {"url": row["sticker"]}})
    if attachments:
        message["attachments"] = attachments
    named = row.get("reply_to")
    if isinstance(named, dict) and named.get("mid"):
        message["reply_to"] = {"mid": named["mid"]}
    ours = _by_page(row, page_id)
    if ours:
        message["is_echo"] = True
    return {
        "sender": {"id": page_id if ours else person},
        "recipient": {"id": person if ours else page_id},
        "timestamp": int((at.timestamp() if at else 0) * 1000),
        "message": message,
    }


def _attachment(one: dict[str, Any]) -> dict[str, Any]:
    for name, kind in (("image_data", "image"), ("video_data", "video")):
        found = one.get(name)
        if isinstance(found, dict) and found.get("url"):
            return {"type": kind, "payload": {"url": found["url"]}}
    if one.get("file_url"):
        return {"type": "file", "payload": {"url": one["file_url"], "name": one.get("name")}}
    return {"type": "fallback", "title": one.get("name"), "payload": None}


def _person(thread: dict[str, Any], page_id: str) -> str | None:
    people = [str(one.get("id")) for one in _rows(thread.get("participants")) if str(one.get("id")) != page_id]
    return people[0] if people else None


def _by_page(row: dict[str, Any], page_id: str) -> bool:
    sender = row.get("from")
    return isinstance(sender, dict) and str(sender.get("id")) == page_id


def _rows(body: Any) -> Sequence[dict[str, Any]]:
    rows = body.get("data") if isinstance(body, dict) else None
    return [one for one in rows if isinstance(one, dict)] if isinstance(rows, list) else []


def _paging(body: dict[str, Any]) -> dict[str, Any]:
    found = body.get("paging")
    return found if isinstance(found, dict) else {}


def _after(body: dict[str, Any]) -> str:
    cursors = _paging(body).get("cursors")
    return str(cursors.get("after") or "") if isinstance(cursors, dict) else ""


def _has_next(body: dict[str, Any]) -> bool:
    return bool(_paging(body).get("next"))


def time_of(found: Any) -> datetime | None:
    """A time of the Graph API (``2026-11-23T09:00:00+0000``), aware."""
    try:
        return datetime.strptime(str(found), "%Y-%m-%dT%H:%M:%S%z")
    except ValueError:
        return None
