"""Messenger as an adapter."""

from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Any, ClassVar, Final

import msgspec
import structlog
from prometheus_client import Counter

from svardesk.channels.contract import (
    AdapterBase,
    AttachmentLimit,
    Capabilities,
    Connection,
    ErrorText,
    Health,
    InboundEvent,
    NotOffered,
    Ok,
    OutboundCommand,
    Profile,
    QuickReplies,
    Raw,
    Receipts,
    ReconcileResult,
    Reject,
    ResponseBadge,
    SendResult,
    Sent,
    Signal,
    Taken,
    Typing,
    Window,
)
from svardesk.channels.messenger import parsing, preparing, sending
from svardesk.channels.messenger.asking import ask_for
from svardesk.channels.messenger.parsing import Restriction, Roles, TemplateNews, Unknown
from svardesk.channels.meta import errors, standing, watching
from svardesk.channels.meta.client import Answered as Did
from svardesk.channels.meta.client import GraphClient, MediaRefused, Refused, fetch
from svardesk.channels.meta.config import PageConfig, page_access, read_page, schema_of
from svardesk.channels.meta.pages import judge_template
from svardesk.kit.db import Tx
from svardesk.kit.i18n import text
from svardesk.kit.lines import one_line

KIND: Final = "messenger"
HOURS: Final = 24.0
HUMAN_HOURS: Final = 168.0
FILES: Final = ("image/*", "audio/*", "video/*", "application/*", "text/*")
SEND: Final = "send"
RESTRICTED: Final = "restricted"
"""Names of problems."""
UNKNOWN_ITEMS: Final = Counter(
    "svardesk_messenger_unknown_items_total", "Items at the webhook of Messenger that nobody knows."
)
log = structlog.get_logger()


class MessengerAdapter(AdapterBase):
    """The Messenger of a page."""

    kind: ClassVar[str] = KIND
    version: ClassVar[int] = 1
    tells_handing_over: ClassVar[bool] = True

    def config_schema(self) -> dict[str, Any]:
        """JSON Schema of a page's settings."""
        return schema_of(PageConfig)

    def capabilities(self, connection: Connection) -> Capabilities:
        """A day to answer in, a week for people where Meta has granted that, approved templates where it has granted those."""
        config = read_page(connection)
        human = (Window("human_agent", HUMAN_HOURS, ("human",)),) if config.human_agent else ()
        return Capabilities(
            windows=(Window("standard", HOURS), *human),
            templates=config.utility,
            attachments=AttachmentLimit(types=FILES, max_bytes=sending.MAX_FILE),
            receipts=Receipts(delivered="watermark", read="watermark"),
            typing=Typing(outwards=True),
            seen=True,
            edit=True,
            reactions=True,
            proactive="template" if config.utility else "no",
            quick_replies=QuickReplies(max=13, title_length=20),
            buttons=True,
            trust_default="platform_account",
            storable_media=config.keep_media,
            badge=ResponseBadge(),
        )

    def authenticate(self, headers: Mapping[str, str], raw: bytes, connection: Connection) -> Ok | Reject:
        """The signature is the app's, and its webhook looks at it before a page's share is made."""
        del headers, raw, connection
        return Reject(status=403, code="bad_signature")

    def parse(self, raw: Raw, connection: Connection) -> list[InboundEvent]:
        """Whatever Meta says about the page's Messenger."""
        return parsing.parse(raw, read_page(connection))

    async def happened(self, tx: Tx, now: datetime, connection: Connection, event: InboundEvent) -> None:
        """The page was restricted or let go, a template was judged, our role changed; or nobody knows what it is."""
        match event.own:
            case Restriction(action=action, reason=reason, blocked=True):
                detail = f"{action} {reason}".strip()
                _ = await standing.found_wrong(tx, now, connection.id, RESTRICTED, "paused", RESTRICTED, detail)
            case Restriction(blocked=False):
                if await standing.found_right(tx, connection.id, RESTRICTED):
                    await watching.send_what_waited(tx, now, connection.id)
            case Restriction(action=action, reason=reason):
                _ = await standing.found_wrong(
                    tx, now, connection.id, "warning", "degraded", "warned", f"{action} {reason}".strip()
                )
            case TemplateNews(name=name, language=language, status=status):
                await judge_template(tx, connection.id, name, language, status)
            case Roles(ours=ours):
                await standing.note(tx, connection.id, roles=list(ours))
            case Unknown(keys=keys):
                UNKNOWN_ITEMS.inc()
                log.info("messenger_unknown_item", connection=str(connection.id), keys=keys)
                held = await standing.of(tx, connection.id)
                count = int(held.notes.get("unknown_items") or 0) + 1
                await standing.note(tx, connection.id, unknown_items=count, unknown_item=", ".join(keys)[:200])
            case _:
                return

    async def keep(self, tx: Tx, now: datetime, connection: Connection, event: InboundEvent, taken: Taken) -> None:
        """Somebody without a name wrote: the worker asks for it."""
        contact_id = taken.received.contact_id
        if contact_id is not None and taken.received.outcome == "started" and not taken.received.repeated:
            await ask_for(tx, now, connection.id, event.sender.external_id, contact_id)

    async def prepare(self, tx: Tx, now: datetime, command: OutboundCommand) -> OutboundCommand:
        """Whether and how Meta's rules let this answer go out now."""
        prepared = await preparing.prepare(tx, now, command, self.capabilities(command.connection))
        return msgspec.structs.replace(command, own=prepared)

    def parts(self, command: OutboundCommand) -> int:
        """Pieces of text, then files."""
        return max(1, len(preparing.pieces(command)))

    async def send(self, command: OutboundCommand) -> SendResult:
        """One piece, one call."""
        return await sending.send(command)

    async def reconcile(self, command: OutboundCommand) -> ReconcileResult:
        """Wait for the echo, then look into the conversation."""
        return await sending.reconcile(command)

    async def told(self, tx: Tx, now: datetime, connection: Connection, result: SendResult | ReconcileResult) -> None:
        """What an attempt says of the page: restricted, without permission, disconnected; or well again."""
        if isinstance(result, Sent):
            _ = await standing.found_right(tx, connection.id, SEND)
            return
        code = getattr(result, "code", "")
        found = errors.standing_of(code)
        if found != "same":
            key = errors.describe(code).text_key
            name = RESTRICTED if found == "paused" else SEND
            _ = await standing.found_wrong(tx, now, connection.id, name, found, key.rpartition("meta_")[2], code)

    async def signal(self, connection: Connection, thread: str, signal: Signal) -> None:
        """Typing, or that a person has looked. A call of its own each; what fails is no harm."""
        action = {"typing": "typing_on", "seen": "mark_seen"}.get(signal)
        config, access = read_page(connection), page_access(connection)
        if action is None or not access.token or not thread:
            return
        body = {"recipient": {"id": thread}, "sender_action": action}
        _ = await GraphClient(access, config.page_id).post(f"{config.page_id}/messages", body)

    async def fetch_media(self, connection: Connection, ref: str) -> AsyncIterator[bytes]:
        """A file that lies at Meta; raises ``NotOffered`` when it does not, or not any more."""
        try:
            async for chunk in fetch(page_access(connection), ref):
                yield chunk
        except MediaRefused as error:
            raise NotOffered("media_refused", f"The file could not be fetched: {error}") from error

    async def fetch_profile(self, connection: Connection, external_id: str) -> Profile:
        """The person's name where Meta tells it; else what we call somebody without one."""
        config, access = read_page(connection), page_access(connection)
        nobody = Profile(display=text(config.locale, "server", "messenger.somebody"))
        if not access.token:
            return nobody
        outcome = await GraphClient(access, config.page_id).get(external_id, fields="first_name,last_name,profile_pic")
        if not isinstance(outcome, Did):
            if isinstance(outcome, Refused) and errors.meaning(outcome.error, profile=True).what == "temporary":
                raise NotOffered("no_profile", "Meta does not answer just now.")
            return nobody
        names = (outcome.body.get(name) for name in ("first_name", "last_name"))
        display = one_line(" ".join(one for one in names if isinstance(one, str) and one.strip()))[:200]
        return Profile(display=display) if display else nobody

    async def health(self, connection: Connection) -> Health:
        """The token and its permissions, the subscription, restrictions, and when something last came in."""
        return await watching.look(connection)

    def describe_error(self, code: str) -> ErrorText:
        """As the Graph API's table says."""
        return errors.describe(code)

    async def erase(self, connection: Connection, external_id: str) -> None:
        """Meta offers pages no way to forget a person; the person deletes the thread there."""
