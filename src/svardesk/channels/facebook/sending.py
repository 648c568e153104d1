"""One answer, handed over once: a public comment, or the one private reply; and looking whether it went out."""

from datetime import datetime, timedelta
from typing import Any, Final, Literal
from uuid import UUID

import msgspec

from svardesk.channels.contract import (
    Blocked,
    NotSent,
    OutboundCommand,
    Permanent,
    ReconcileResult,
    SendResult,
    Sent,
    Temporary,
    Unknown,
)
from svardesk.channels.facebook.config import read
from svardesk.channels.facebook.statements import QUERIES
from svardesk.channels.meta import standing
from svardesk.channels.meta.buckets import BUCKETS, TEXTS
from svardesk.channels.meta.client import Answered, GraphClient, NotReached, Outcome, Refused
from svardesk.channels.meta.config import page_access
from svardesk.channels.meta.refusing import refused
from svardesk.kit.db import Tx

PRIVATE: Final = (750 / 3600, 750.0)
"""Private replies of a page: so many in an hour."""
EARLIER: Final = timedelta(seconds=2)
"""Meta tells times by the second."""
SETTLED: Final = timedelta(seconds=20)
"""So long a comment may take until the page shows it."""
LOOKED_AT: Final = "50"


class Prepared(msgspec.Struct, frozen=True, kw_only=True):
    """What an answer is to: a comment or the post. ``known``: names of ours that stand there already."""

    now: datetime
    target: str
    is_post: bool = True
    private: bool = False
    blocked: Blocked | Permanent | None = None
    known: tuple[str, ...] = ()


class PrivatelySent(Sent, frozen=True, kw_only=True):
    """A private reply went out: to whom, as Messenger calls them."""

    message_id: UUID
    recipient: str | None = None


async def prepare(tx: Tx, now: datetime, command: OutboundCommand) -> Prepared:
    """Read what an answer is to, and whether it may go out."""
    row = await tx.one(QUERIES.outgoing, account_id=tx.account, message_id=command.message_id)
    post = row["post_id"] or row["thread"] or ""
    target = row["comment_id"] or post
    blocked: Blocked | Permanent | None = None
    held = await standing.of(tx, command.connection.id)
    if held.status == "paused":
        blocked = Blocked(by="policy", code="restricted", reason="restricted")
    elif held.status == "disconnected":
        blocked = Blocked(by="policy", code="disconnected", reason="disconnected")
    elif row["removed_at"] is not None or not target:
        blocked = Permanent(code="comment_gone", error_class="content", reason="comment_gone")
    elif row["private"]:
        if row["private_id"] != command.message_id:
            blocked = Permanent(code="10900", error_class="policy", reason="used")
        elif now >= row["written_at"] + read(command.connection).private_for:
            blocked = Blocked(by="window", code="private_late", reason="private_late")
    return Prepared(
        now=now,
        target=target,
        is_post=target == post,
        private=row["private"],
        blocked=blocked,
        known=tuple(row["known"] or ()),
    )


async def send(command: OutboundCommand) -> SendResult:
    """Hand it over."""
    prepared: Prepared | None = command.own
    access, config = page_access(command.connection), read(command.connection)
    if not access.token:
        return Blocked(by="policy", code="disconnected", reason="no_token")
    if prepared is None or not command.text:
        return Permanent(code="empty", error_class="content", reason="empty")
    if prepared.blocked is not None:
        return prepared.blocked
    kind: Literal["private", "text"] = "private" if prepared.private else "text"
    wait = BUCKETS.take(config.page_id, kind, PRIVATE if prepared.private else TEXTS)
    if wait:
        return Temporary(code="rate", reason="rate", retry_after=wait)
    if command.about_to_send is not None:
        await command.about_to_send()
    client = GraphClient(access, config.page_id)
    if prepared.private:
        outcome = await client.post(f"{config.page_id}/messages", private_body(command, prepared))
    else:
        outcome = await client.post(f"{prepared.target}/comments", {"message": command.text})
    return result_of(outcome, command, prepared)


def private_body(command: OutboundCommand, prepared: Prepared) -> dict[str, Any]:
    """The body of a private reply. Pure."""
    recipient = {"post_id" if prepared.is_post else "comment_id": prepared.target}
    # The echo in Messenger repeats this, and so proves what became of an answer about which nobody knows.
    message = {"text": command.text, "metadata": f"svardesk:{command.delivery_id}:0"}
    return {"recipient": recipient, "messaging_type": "RESPONSE", "message": message}


def result_of(outcome: Outcome, command: OutboundCommand, prepared: Prepared) -> SendResult:
    """What an outcome means for the answer; the rows of the table are in ``meta.errors``."""
    match outcome:
        case Answered(body=body):
            if prepared.private:
                return PrivatelySent(
                    external_id=_id(body.get("message_id")),
                    recipient=_id(body.get("recipient_id")),
                    message_id=command.message_id,
                )
            return Sent(external_id=_id(body.get("id")))
        case NotReached(reason=reason):
            return Temporary(code="unreachable", reason=reason)
        case Refused(error=error, retry_after=after):
            return refused(error, after, command)
        case _:
            return Unknown(reason="timeout")


async def reconcile(command: OutboundCommand) -> ReconcileResult:
    """Does it stand there? A private reply is proven by its echo; where it can still be sent, it was not."""
    prepared: Prepared | None = command.own
    access, config = page_access(command.connection), read(command.connection)
    if prepared is None or not access.token:
        return Unknown(reason="no_token")
    client = GraphClient(access, config.page_id)
    if prepared.private:
        return await _private_is_there(client, prepared)
    outcome = await client.get(
        f"{prepared.target}/comments",
        fields="id,message,created_time,from",
        order="reverse_chronological",
        filter="stream",
        limit=LOOKED_AT,
    )
    if not isinstance(outcome, Answered):
        return Unknown(reason="not_told")
    handed = command.handed_at or prepared.now
    for one in outcome.body.get("data") or ():
        if isinstance(one, dict) and _is_ours(one, command.text, config.page_id, handed, prepared.known):
            return Sent(external_id=_id(one.get("id")))
    return NotSent() if prepared.now >= handed + SETTLED else Unknown(reason="not_there_yet")


async def _private_is_there(client: GraphClient, prepared: Prepared) -> ReconcileResult:
    if prepared.is_post:
        return Unknown(reason="echo")
    outcome = await client.get(prepared.target, fields="id,can_reply_privately")
    if isinstance(outcome, Answered) and outcome.body.get("can_reply_privately") is True:
        return NotSent()
    return Unknown(reason="echo")


def _is_ours(one: dict[str, Any], text: str, page_id: str, handed: datetime, known: tuple[str, ...]) -> bool:
    author = one.get("from")
    by_page = not isinstance(author, dict) or str(author.get("id")) == page_id
    same = " ".join(str(one.get("message") or "").split()) == " ".join(text.split())
    at = created(one.get("created_time"))
    return by_page and same and str(one.get("id")) not in known and at is not None and at >= handed - EARLIER


def created(value: object) -> datetime | None:
    """When something was written, as the Graph API writes it (``2026-11-23T09:00:00+0000``)."""
    try:
        return datetime.strptime(str(value), "%Y-%m-%dT%H:%M:%S%z")
    except ValueError:
        return None


def _id(value: object) -> str | None:
    return str(value)[:200] if value else None
