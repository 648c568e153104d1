"""One piece of an answer, handed to the Send API once; and looking whether it went out where no answer came."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from svardesk.channels.contract import (
    Blocked,
    NotSent,
    OutboundCommand,
    OutboundFile,
    Permanent,
    ReconcileResult,
    SendResult,
    Sent,
    Temporary,
    Unknown,
)
from svardesk.channels.messenger.parsing import metadata
from svardesk.channels.messenger.preparing import Prepared, pieces
from svardesk.channels.meta.buckets import BUCKETS, CONVERSATIONS, MEDIA, TEXTS
from svardesk.channels.meta.client import Answered, GraphClient, NotReached, Outcome, Refused, Upload
from svardesk.channels.meta.config import page_access, read_page
from svardesk.channels.meta.refusing import refused

MAX_FILE: Final = 25 * 1024 * 1024
ECHO_SECONDS: Final = 60.0
"""So long the echo may take; before that nobody asks."""
EARLIER: Final = timedelta(seconds=2)
"""Meta tells times by the second."""
LOOKED_AT: Final = 30


async def send(command: OutboundCommand) -> SendResult:
    """Send the piece that is due."""
    prepared: Prepared | None = command.own
    access, config = page_access(command.connection), read_page(command.connection)
    if not access.token:
        return Blocked(by="policy", code="disconnected", reason="no_token")
    psid = command.recipient or command.external_thread_key
    if not psid:
        return Permanent(code="no_recipient", error_class="address", reason="no_recipient")
    if prepared is None:
        return Blocked(by="window", code="window", reason="window")
    if prepared.blocked is not None:
        return prepared.blocked
    all_pieces = pieces(command)
    if command.part >= len(all_pieces):
        return Permanent(code="empty", error_class="content", reason="empty")
    piece = all_pieces[command.part]
    file = piece if isinstance(piece, OutboundFile) else None
    if file is not None and file.size > MAX_FILE:
        return Permanent(code="too_large", error_class="content", reason="too_large")
    wait = BUCKETS.take(config.page_id, "media" if file else "text", MEDIA if file else TEXTS)
    if wait:
        return Temporary(code="rate", reason="rate", retry_after=wait)
    content = await file.read() if file is not None else b""
    if command.about_to_send is not None:
        await command.about_to_send()
    body = body_of(command, prepared, psid, piece)
    client = GraphClient(access, config.page_id)
    path = f"{config.page_id}/messages"
    if file is not None:
        outcome = await client.upload(path, body, Upload(name=file.name, media_type=file.media_type, content=content))
    else:
        outcome = await client.post(path, body)
    return result_of(outcome, command, prepared)


def body_of(command: OutboundCommand, prepared: Prepared, psid: str, piece: str | OutboundFile) -> dict[str, Any]:
    """The body of a call of the Send API. Pure."""
    body: dict[str, Any] = {"recipient": {"id": psid}}
    match prepared.mode:
        case "standard":
            body["messaging_type"] = "RESPONSE"
        case "human_agent":
            body |= {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}
        case "utility":
            body["messaging_type"] = "UTILITY"
    message: dict[str, Any] = {"metadata": metadata(command.delivery_id, command.part)}
    if prepared.template is not None:
        template = prepared.template
        config = read_page(command.connection)
        known = next((one for one in config.templates if one.name == template.name), None)
        code = template.language or (known.language if known else "en")
        message["template"] = {"name": template.name, "language": {"code": code}}
        if template.values:
            values = [{"type": "text", "text": one} for one in template.values]
            message["template"]["components"] = [{"type": "body", "parameters": values}]
    elif isinstance(piece, str):
        message["text"] = piece
    else:
        message["attachment"] = {"type": _kind(piece.media_type), "payload": {"is_reusable": False}}
    body["message"] = message
    return body


def _kind(media_type: str) -> str:
    head = media_type.partition("/")[0]
    return head if head in {"image", "audio", "video"} and media_type != "image/svg+xml" else "file"


def result_of(outcome: Outcome, command: OutboundCommand, prepared: Prepared) -> SendResult:
    """What an outcome means for the answer; the table's rows are in ``meta.errors``. Pure but for the page's pause."""
    match outcome:
        case Answered(body=body):
            found = body.get("message_id")
            return Sent(external_id=str(found) if found else None)
        case NotReached(reason=reason):
            return Temporary(code="unreachable", reason=reason)
        case Refused(error=error, retry_after=after):
            return refused(error, after, command, tagged=prepared.mode == "human_agent")
        case _:
            return Unknown(reason="timeout")


# ------------------------------------------------------------------------------------------------ did it go out?


async def reconcile(command: OutboundCommand) -> ReconcileResult:
    """After no answer: wait for the echo, then look into the conversation. What is not there was not sent."""
    prepared: Prepared | None = command.own
    access, config = page_access(command.connection), read_page(command.connection)
    psid = command.recipient or command.external_thread_key
    if prepared is None or command.handed_at is None or not access.token or not psid:
        return Unknown(reason="waits_for_echo")
    if (prepared.now - command.handed_at).total_seconds() < ECHO_SECONDS:
        return Unknown(reason="waits_for_echo")
    if BUCKETS.take(config.page_id, "conversations", CONVERSATIONS):
        return Unknown(reason="rate")
    fields = f"messages.limit({LOOKED_AT}){{id,message,created_time,from,attachments}}"
    outcome = await GraphClient(access, config.page_id).get(
        f"{config.page_id}/conversations", platform="messenger", user_id=psid, fields=fields
    )
    if not isinstance(outcome, Answered):
        return Unknown(reason="not_looked")
    all_pieces = pieces(command)
    if command.part >= len(all_pieces):
        return Unknown(reason="not_looked")
    listed = listed_messages(outcome.body)
    if listed is None:
        return Unknown(reason="not_looked")
    found = find(listed, all_pieces[command.part], config.page_id, command.handed_at, prepared)
    return NotSent() if found is None else Sent(external_id=found)


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """A message as the Conversations API lists it."""

    id: str
    message: str = ""
    created_time: str = ""
    sender: dict[str, Any] = msgspec.field(default={}, name="from")
    attachments: dict[str, Any] | None = None
    sticker: str | None = None


class _Messages(msgspec.Struct):
    data: list[Listed] = []


class _Thread(msgspec.Struct):
    id: str = ""
    messages: _Messages = msgspec.field(default_factory=_Messages)


class _Threads(msgspec.Struct):
    data: list[_Thread]


def listed_messages(body: Any) -> list[Listed] | None:
    """The messages of an answer of the Conversations API; None when it has another form."""
    try:
        return [one for thread in msgspec.convert(body, _Threads).data for one in thread.messages.data]
    except msgspec.ValidationError:
        return None


def find(
    listed: Sequence[Listed], piece: str | OutboundFile, page_id: str, handed_at: datetime, prepared: Prepared
) -> str | None:
    """The id of a piece among what stands in the conversation; messages whose names we know are others. Pure."""
    for one in sorted(listed, key=_listed_at):
        at = created(one)
        if one.id in prepared.known or str(one.sender.get("id")) != page_id or at is None or at < handed_at - EARLIER:
            continue
        if isinstance(piece, OutboundFile) or prepared.template is not None:
            if prepared.template is not None or (one.attachments and not one.message):
                return one.id
        elif " ".join(one.message.split()) == " ".join(piece.split()):
            return one.id
    return None


def _listed_at(one: Listed) -> str:
    return one.created_time


def created(one: Listed) -> datetime | None:
    """When a listed message was written (``2026-11-23T09:00:00+0000``)."""
    try:
        return datetime.strptime(one.created_time, "%Y-%m-%dT%H:%M:%S%z")
    except ValueError:
        return None
