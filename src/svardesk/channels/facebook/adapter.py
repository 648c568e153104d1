"""The Facebook page as an adapter: what people write there, public answers, and the one private reply."""

from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Any, ClassVar, Final
from uuid import UUID

import msgspec

from svardesk.channels.contract import (
    AdapterBase,
    Capabilities,
    Connection,
    ErrorText,
    Health,
    InboundEvent,
    NotOffered,
    OutboundCommand,
    Place,
    Raw,
    ReconcileResult,
    Reject,
    SendResult,
    Sent,
    Taken,
    TextLimit,
)
from svardesk.channels.facebook import answering, keeping, linking, parsing, sending
from svardesk.channels.facebook.config import KIND, FacebookConfig, read
from svardesk.channels.facebook.sending import PrivatelySent
from svardesk.channels.meta import errors, standing, watching
from svardesk.channels.meta.client import MediaRefused, fetch
from svardesk.channels.meta.config import page_access, schema_of
from svardesk.kit.db import Tx

SEND: Final = "send"
RESTRICTED: Final = "restricted"
"""Names of problems."""
OWN_ERRORS: Final = {
    "private_late": ErrorText(error_class="window", text_key="delivery.private_late"),
    "comment_gone": ErrorText(error_class="content", text_key="delivery.comment_gone"),
}


class FacebookAdapter(AdapterBase):
    """The posts of a page and what stands below them."""

    kind: ClassVar[str] = KIND
    version: ClassVar[int] = 1
    tells_handing_over: ClassVar[bool] = True
    public: ClassVar[bool] = True

    def config_schema(self) -> dict[str, Any]:
        """JSON Schema of a page's settings."""
        return schema_of(FacebookConfig)

    def capabilities(self, connection: Connection) -> Capabilities:
        """Everybody reads it, writing never ends, and a comment can be changed, taken away and liked."""
        config = read(connection)
        return Capabilities(
            max_text=TextLimit(config.max_comment),
            edit=True,
            delete=True,
            reactions=True,
            public=True,
            trust_default="platform_account",
            storable_media=config.keep_media,
        )

    def authenticate(self, headers: Mapping[str, str], raw: bytes, connection: Connection) -> Reject:
        """The signature is the app's, and its webhook looks at it before a page's share is made."""
        del headers, raw, connection
        return Reject(status=403, code="bad_signature")

    def parse(self, raw: Raw, connection: Connection) -> list[InboundEvent]:
        """Whatever Meta says about the page's feed."""
        events = parsing.parse(raw, read(connection))
        return events if read(connection).keep_media else [_without_files(one) for one in events]

    async def place(self, tx: Tx, now: datetime, connection: Connection, event: InboundEvent) -> Place:
        """The thread of its post."""
        del now
        return await keeping.place(tx, connection, event)

    async def keep(self, tx: Tx, now: datetime, connection: Connection, event: InboundEvent, taken: Taken) -> None:
        """Whose comment it is, and where it stands."""
        await keeping.keep(tx, now, connection, event, taken)

    async def happened(self, tx: Tx, now: datetime, connection: Connection, event: InboundEvent) -> None:
        """Taken away, hidden, shown again; a post of the page."""
        await keeping.happened(tx, now, connection, event)

    async def followed(
        self,
        tx: Tx,
        now: datetime,
        connection: Connection,
        event: InboundEvent,
        conversation_id: UUID,
        message_id: UUID,
    ) -> None:
        """The page answered with another program."""
        await keeping.elsewhere(tx, now, connection, event, conversation_id, message_id)

    async def answered(
        self, tx: Tx, now: datetime, conversation_id: UUID, message_id: UUID, reply_to: UUID | None
    ) -> bool:
        """One comment is answered; the thread waits as long as another one is open."""
        del now
        return await answering.answered(tx, conversation_id, message_id, reply_to)

    async def prepare(self, tx: Tx, now: datetime, command: OutboundCommand) -> OutboundCommand:
        """What it answers, and whether it may go out."""
        return msgspec.structs.replace(command, own=await sending.prepare(tx, now, command))

    async def send(self, command: OutboundCommand) -> SendResult:
        """One call."""
        return await sending.send(command)

    async def reconcile(self, command: OutboundCommand) -> ReconcileResult:
        """Look whether it stands there."""
        return await sending.reconcile(command)

    async def told(self, tx: Tx, now: datetime, connection: Connection, result: SendResult | ReconcileResult) -> None:
        """A private reply found its thread; what else an attempt says of the page."""
        if isinstance(result, PrivatelySent) and result.recipient is not None:
            await linking.link(tx, now, connection, result.message_id, result.recipient, result.external_id)
        if isinstance(result, Sent):
            _ = await standing.found_right(tx, connection.id, SEND)
            return
        await note_refusal(tx, now, connection.id, getattr(result, "code", ""))

    async def proven(
        self, tx: Tx, now: datetime, connection: Connection, message_id: UUID, thread: str, external_id: str | None
    ) -> None:
        """The echo of a private reply came by in Messenger."""
        await linking.link(tx, now, connection, message_id, thread, external_id)

    async def fetch_media(self, connection: Connection, ref: str) -> AsyncIterator[bytes]:
        """A picture that lies at Meta; raises ``NotOffered`` when it does not, or not any more."""
        try:
            async for chunk in fetch(page_access(connection), ref):
                yield chunk
        except MediaRefused as error:
            raise NotOffered("media_refused", f"The file could not be fetched: {error}") from error

    async def health(self, connection: Connection) -> Health:
        """The token and its permissions, the subscription."""
        return await watching.look(connection)

    def describe_error(self, code: str) -> ErrorText:
        """As the Graph API's table says."""
        return OWN_ERRORS.get(code) or errors.describe(code)

    async def erase(self, connection: Connection, external_id: str) -> None:
        """Meta offers pages no way to forget a person; comments are removed one by one, by an agent."""


async def note_refusal(tx: Tx, now: datetime, connection_id: UUID, code: str) -> None:
    """What a refusal says of the page itself."""
    found = errors.standing_of(code)
    if found != "same":
        key = errors.describe(code).text_key
        name = RESTRICTED if found == "paused" else SEND
        _ = await standing.found_wrong(tx, now, connection_id, name, found, key.rpartition("meta_")[2], code)


def _without_files(event: InboundEvent) -> InboundEvent:
    """Where the organisation keeps no pictures of others, they stay at Meta."""
    files = tuple(msgspec.structs.replace(one, storable=False) for one in event.content.attachments)
    return msgspec.structs.replace(event, content=msgspec.structs.replace(event.content, attachments=files))
