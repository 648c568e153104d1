"""The web chat as an adapter: what comes from the widget, and an outside that is our own server.

An answer is out as soon as it is stored: the visitor's socket follows the same log as the agents' do. So ``send`` calls
nobody (``Capabilities.local``), and delivered and read are the visitor's receipts.
"""

from collections.abc import AsyncIterator, Mapping
from typing import Annotated, Any, ClassVar, Final
from uuid import UUID

import msgspec

from svardesk.channels.contract import (
    AdapterBase,
    Attachment,
    AttachmentLimit,
    Capabilities,
    Check,
    Connection,
    Content,
    ErrorText,
    Health,
    InboundEvent,
    OutboundCommand,
    ParseFailed,
    Raw,
    Receipts,
    ReconcileResult,
    Reject,
    Sender,
    SendResult,
    Sent,
    TextLimit,
    Typing,
    Window,
)
from svardesk.kit.sniff import ALLOWED

MAX_TEXT: Final = 8000
MAX_FILE: Final = 10 * 1024 * 1024
MAX_FILES: Final = 10
SESSION_HEADER: Final = "svardesk-session"
LOCALE_HEADER: Final = "svardesk-locale"
TRUST_HEADER: Final = "svardesk-trust"


class Page(msgspec.Struct, forbid_unknown_fields=False):
    """The page of the shop that the visitor is on."""

    url: Annotated[str, msgspec.Meta(max_length=2000)] = ""
    title: Annotated[str, msgspec.Meta(max_length=300)] = ""


class VisitorPost(msgspec.Struct, forbid_unknown_fields=True):
    """Body of ``POST /widget/v1/messages``."""

    client_id: UUID
    body: Annotated[str, msgspec.Meta(max_length=MAX_TEXT)] = ""
    file_ids: Annotated[list[UUID], msgspec.Meta(max_length=MAX_FILES)] = []
    page: Page | None = None


_decoder: Final = msgspec.json.Decoder(VisitorPost)


def read_post(raw: bytes) -> VisitorPost:
    """The body of a visitor's message; raises ``ParseFailed`` with what is wrong."""
    try:
        post = _decoder.decode(raw)
    except msgspec.ValidationError as error:
        raise ParseFailed("invalid", f"A value in the message has the wrong form: {error}") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise ParseFailed("invalid", "The message is not JSON.") from None
    return check_post(post)


def check_post(post: VisitorPost) -> VisitorPost:
    """Return a decoded message; raises ``ParseFailed`` for what its types do not tell."""
    if "\x00" in post.body:
        raise ParseFailed("invalid", "The message holds a character that no text has (U+0000).")
    if not post.body.strip() and not post.file_ids:
        raise ParseFailed("empty_message", "Write something or attach a file.")
    if len(set(post.file_ids)) != len(post.file_ids):
        raise ParseFailed("invalid", "A file is attached twice.")
    return post


class WebchatAdapter(AdapterBase):
    """Visitors of web sites who write in the widget."""

    kind: ClassVar[str] = "webchat"
    version: ClassVar[int] = 1

    def config_schema(self) -> dict[str, Any]:
        """JSON Schema of a widget's settings."""
        return {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "origins": {"type": "array", "items": {"type": "string"}, "maxItems": 50},
                "accent": {"type": ["string", "null"], "pattern": "^#[0-9a-fA-F]{6}$"},
                "title": {"type": ["string", "null"], "maxLength": 80},
            },
        }

    def capabilities(self, connection: Connection) -> Capabilities:
        """The same for every widget."""
        del connection
        return Capabilities(
            max_text=TextLimit(MAX_TEXT),
            windows=(Window("session", None),),
            attachments=AttachmentLimit(types=tuple(sorted(ALLOWED)), max_bytes=MAX_FILE),
            receipts=Receipts(delivered="watermark", read="watermark"),
            typing=Typing(inwards=True, outwards=True),
            proactive="invitation",
            trust_default="none",
            local=True,
        )

    def authenticate(self, headers: Mapping[str, str], raw: bytes, connection: Connection) -> Reject:
        """Nobody posts for web chat from outside: visitors' requests carry their session's token, not a signature."""
        del headers, raw, connection
        return Reject(status=404)

    def parse(self, raw: Raw, connection: Connection) -> list[InboundEvent]:
        """The visitor's message; its session and language come in the envelope's headers, put there by our server."""
        del connection
        session = raw.headers.get(SESSION_HEADER)
        if not session:
            raise ParseFailed("no_session", "The envelope does not say whose message it is.")
        post = read_post(raw.body)
        return [
            InboundEvent(
                type="message",
                idempotency_key=str(post.client_id),
                external_thread_key=thread_key(session),
                sender=Sender(
                    external_id=session,
                    kind="customer",
                    trust="signed_token" if raw.headers.get(TRUST_HEADER) == "signed_token" else "none",
                ),
                occurred_at=raw.received_at,
                content=Content(
                    text=post.body,
                    attachments=tuple(Attachment(ref=f"file:{one}", file_id=one) for one in post.file_ids),
                ),
                client_id=post.client_id,
                locale=raw.headers.get(LOCALE_HEADER),
                automated=False,
            )
        ]

    async def send(self, command: OutboundCommand) -> SendResult:
        """Stored is sent."""
        del command
        return Sent()

    async def reconcile(self, command: OutboundCommand) -> ReconcileResult:
        """What is stored is with the visitor's next request at the latest."""
        del command
        return Sent()

    def fetch_media(self, connection: Connection, ref: str) -> AsyncIterator[bytes]:
        """Visitors' files are uploaded to us: nothing lies elsewhere."""
        return super().fetch_media(connection, ref)

    async def health(self, connection: Connection) -> Health:
        """A widget works when at least one site may show it."""
        listed = bool(connection.config.get("origins"))
        check = Check(name="origins", ok=listed, detail="" if listed else "no site may show this widget yet")
        return Health(status="ok" if listed else "degraded", checks=(check,))

    def describe_error(self, code: str) -> ErrorText:
        """Nothing but our own server can fail here."""
        del code
        return ErrorText(error_class="provider", text_key="delivery.failed")


def thread_key(session: object) -> str:
    """The thread of an anonymous visitor: one a session. ``session`` is its id."""
    return f"visitor:{session}"
