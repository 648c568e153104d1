"""What a channel's adapter is: pure ``parse``, narrow ``send``, capabilities as data.

An adapter turns what a provider sent into ``InboundEvent`` and one ``OutboundCommand`` into one call of the provider.
It opens no transaction, retries nothing, decides nothing about conversations. Everybody else (composer, promises,
numbers) reads ``Capabilities`` and never asks for a channel's name. ``tests/contract`` runs one suite over all adapters.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, Literal, Protocol, runtime_checkable
from uuid import UUID

import msgspec

from svardesk.channels.capabilities import (
    AttachmentLimit as AttachmentLimit,
    Capabilities as Capabilities,
    QuickReplies as QuickReplies,
    Receipts as Receipts,
    ResponseBadge as ResponseBadge,
    TextLimit as TextLimit,
    Trust as Trust,
    Typing as Typing,
    Window as Window,
)
from svardesk.channels.results import (
    Blocked as Blocked,
    NotReached as NotReached,
    NotSent as NotSent,
    Permanent as Permanent,
    ReconcileResult as ReconcileResult,
    SendResult as SendResult,
    Sent as Sent,
    Temporary as Temporary,
    Unknown as Unknown,
)
from svardesk.conversations.receiving import Received
from svardesk.conversations.schemas import Correspondent, Elsewhere, FilledIn, Letter
from svardesk.conversations.texts import MAX_BODY
from svardesk.kit.db import Tx
from svardesk.kit.errors import NotFound, SvardeskError, Unprocessable

EventType = Literal[
    "message",
    "message_edited",
    "message_deleted",
    "sent_elsewhere",
    "reaction",
    "receipt_sent",
    "receipt_delivered",
    "receipt_read",
    "postback",
    "referral",
    "optin",
    "thread_control",
    "public_comment",
    "comment_removed",
    "call_event",
    "bounce",
    "auto_reply",
    "template_status",
    "connection_event",
    "spam",
]
SenderKind = Literal["customer", "page", "other_app", "bot", "system"]


SEND_SECONDS = 30.0
"""What a provider is given for one call, unless its adapter says otherwise."""


class ParseFailed(SvardeskError):
    """The bytes are not what this channel sends; the envelope is kept and set aside."""

    status = 400
    code = "not_understood"


class NotHereYet(NotFound):
    """What this is about has not come in yet, or never was here."""

    code = "not_here_yet"


class NotOffered(Unprocessable):
    """This channel cannot do that."""

    code = "not_offered"


# ------------------------------------------------------------------------------------------------ inwards


class Connection(msgspec.Struct, frozen=True, kw_only=True):
    """One mailbox, page or widget as its adapter sees it; ``secrets`` are opened."""

    id: UUID
    account_id: UUID
    kind: str
    name: str
    public_key: str | None = None
    brand_id: UUID | None = None
    team_id: UUID | None = None
    calendar_id: UUID | None = None
    config: dict[str, Any] = msgspec.field(default_factory=dict[str, Any])
    secrets: dict[str, Any] = msgspec.field(default_factory=dict[str, Any])


class Raw(msgspec.Struct, frozen=True, kw_only=True):
    """What came from outside, byte for byte, with the headers that its parser needs."""

    body: bytes
    received_at: datetime
    headers: Mapping[str, str] = msgspec.field(default_factory=dict[str, str])


class Sender(msgspec.Struct, frozen=True, kw_only=True):
    """Who wrote: the channel's own id of them, and how sure the channel is.

    ``address_kind`` is set where ``external_id`` is an address that means the same in every channel (``email``,
    ``phone``); None: an id that only this connection knows. ``also``: further addresses that they claim, (kind, address).
    """

    external_id: str
    address_kind: Literal["email", "phone"] | None = None
    also: tuple[tuple[Literal["email", "phone"], str], ...] = ()
    kind: SenderKind = "customer"
    display: str | None = None
    trust: Trust = "none"


class Attachment(msgspec.Struct, frozen=True, kw_only=True):
    """A file as the channel names it.

    ``file_id`` is set where we already hold its row, ``content`` where the envelope held its bytes: they are put into the
    store before the event is taken.
    """

    ref: str
    content: bytes | None = None
    file_id: UUID | None = None
    media_type: str | None = None
    size: int | None = None
    name: str | None = None
    expires_at: datetime | None = None
    storable: bool = True


class Content(msgspec.Struct, frozen=True, kw_only=True):
    """What was written."""

    text: str = ""
    html_ref: str | None = None
    attachments: tuple[Attachment, ...] = ()
    quick_reply_payload: str | None = None
    reply_to_external_id: str | None = None


class Watermark(msgspec.Struct, frozen=True, kw_only=True):
    """Which of our messages a receipt, edit or bounce is about.

    By the provider's ids, by ours where it repeats them, or everything up to a time or a seq. ``elsewhere``: those ids are
    the only ones in the world, and what they name may have gone out by another connection of this kind. ``piece``: (delivery,
    part) of an answer that came back to us, ``external_ids`` its name.
    """

    external_ids: tuple[str, ...] = ()
    message_ids: tuple[UUID, ...] = ()
    up_to: datetime | None = None
    up_to_seq: int | None = None
    elsewhere: bool = False
    piece: tuple[UUID, int] | None = None


class Control(msgspec.Struct, frozen=True, kw_only=True):
    """Which program owns a thread now: ``owner`` None is ourselves. ``standby``: we only listen."""

    owner: str | None = None
    name: str | None = None
    standby: bool = False


class InboundEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened outside, in words that are the same for all channels.

    ``idempotency_key`` is unique within the connection: the same thing told twice has the same key.
    ``occurred_at`` is the provider's time (aware). ``raw_ref`` points into the envelope where one holds several.
    ``letter``: what an addressed message carries beside its text, ``longest``: how long its text may be. ``own`` is the
    adapter's own reading, for its hooks (``place``, ``keep``); nobody else looks into it.
    ``actor`` names who uploaded the event's files (None: the sender). ``fields`` were filled in beside the text;
    ``team_id`` is where it belongs (None: the connection's team). ``answer_via`` is the connection that carries the
    answers, where it is another one than that of the question. ``receipt``: the sender was promised one by e-mail.

    ``external_id`` is the provider's name of the message; edits, removals and reactions name theirs in ``about``. ``edit``
    counts the edits of a message, ``emoji`` None takes a reaction away. ``elsewhere``: who wrote an answer that is not ours.
    ``opens``: the person opened the time in which we may write. ``standby``: another program owned the thread when it came.
    ``not_reached``: whom a bounce is about, where the channel has several recipients. ``let_in``: it was set aside, and a
    person wants it in.
    """

    type: EventType
    idempotency_key: str
    external_thread_key: str | None
    sender: Sender
    occurred_at: datetime
    content: Content = Content()
    about: Watermark | None = None
    referral: dict[str, Any] | None = None
    visibility: Literal["private", "public"] = "private"
    automated: bool | None = None
    opens_window_until: datetime | None = None
    raw_ref: str | None = None
    client_id: UUID | None = None
    locale: str | None = None
    subject: str | None = None
    letter: Letter | None = None
    own: Any = None
    longest: int = MAX_BODY
    silent: bool | None = None
    actor: str | None = None
    fields: tuple[FilledIn, ...] = ()
    team_id: UUID | None = None
    answer_via: UUID | None = None
    receipt: bool = False
    external_id: str | None = None
    edit: int = 0
    emoji: str | None = None
    elsewhere: Elsewhere | None = None
    control: Control | None = None
    opens: bool = False
    standby: bool | None = None
    not_reached: tuple[NotReached, ...] = ()
    let_in: bool = False


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where an event belongs. ``conversation_id`` None: a new conversation, or the one of its thread key.

    ``stranger``: it names a conversation in which its sender had no part, so it joins as unverified. ``ignore``: nothing
    is to become of it (our own copy of what we sent). ``reply_to``: answers go there instead of to its sender. ``shared``:
    many people write in that conversation, so that each message says who wrote it.
    """

    conversation_id: UUID | None = None
    stranger: bool = False
    ignore: bool = False
    shared: bool = False
    reply_to: tuple[Correspondent, ...] = ()


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an event: its message, and the files that came with it, attachment's ref → file."""

    received: Received
    envelope_id: UUID
    files: Mapping[str, UUID]
    stranger: bool
    reply_to: tuple[Correspondent, ...] = ()


# ------------------------------------------------------------------------------------------------ outwards


class OutboundFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file of an answer; ``read`` gives its bytes."""

    id: UUID
    name: str
    media_type: str
    size: int
    read: Callable[[], Awaitable[bytes]]


class OutboundCommand(msgspec.Struct, frozen=True, kw_only=True):
    """One message to send, once. ``idempotency_key`` is the delivery's id: hand it on where the provider takes one.

    ``own`` is what the adapter's ``prepare`` read for it. ``about_to_send``: await it right before the provider may take
    the message; a worker that vanishes earlier has surely sent nothing. ``part`` says which of the answer's pieces is to go
    out (``Adapter.parts``). ``window_from``: since when the person lets us write. ``handed_at``: when an attempt that nobody
    knows the outcome of was handed over.
    """

    delivery_id: UUID
    message_id: UUID
    conversation_id: UUID
    connection: Connection
    external_thread_key: str | None
    recipient: str | None
    text: str
    file_ids: tuple[UUID, ...] = ()
    files: tuple[OutboundFile, ...] = ()
    attempt: int = 1
    external_id: str | None = None
    locale: str | None = None
    automated: bool = False
    letter: Letter | None = None
    own: Any = None
    about_to_send: Callable[[], Awaitable[None]] | None = None
    part: int = 0
    window_from: datetime | None = None
    handed_at: datetime | None = None

    @property
    def idempotency_key(self) -> str:
        """The same for every attempt at this message."""
        return str(self.delivery_id)


# ------------------------------------------------------------------------------------------------ the rest


class Ok(msgspec.Struct, frozen=True, kw_only=True):
    """The request is the provider's; ``connection_hint`` is what names the connection in it."""

    connection_hint: str | None = None


class Reject(msgspec.Struct, frozen=True, kw_only=True):
    """The request is not the provider's: answer ``status`` and keep nothing."""

    status: int
    code: str = "not_authentic"


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What a provider's check of our address wants to read (Meta's challenge)."""

    status: int
    body: bytes
    media_type: str = "text/plain"


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was looked at."""

    name: str
    ok: bool
    detail: str = ""


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """How a connection is."""

    status: Literal["ok", "degraded", "disconnected"]
    checks: tuple[Check, ...] = ()
    next_check: datetime | None = None


class ErrorText(msgspec.Struct, frozen=True, kw_only=True):
    """What a provider's error code means to an agent: ``text_key`` in the catalogue ``agent``."""

    error_class: Literal["window", "policy", "address", "provider", "connection", "content"]
    text_key: str


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """What the channel tells about a person."""

    display: str | None = None
    locale: str | None = None


Signal = Literal["typing", "seen", "react"]


@runtime_checkable
class Adapter(Protocol):
    """One channel. Stateless; everything it needs to know comes in as arguments."""

    kind: ClassVar[str]
    version: ClassVar[int]
    tells_handing_over: ClassVar[bool]
    """Whether ``send`` awaits ``about_to_send`` itself, so that what happens before it is surely no sending."""
    public: ClassVar[bool]
    """Whether everybody reads what is written here; its capabilities say the same."""

    def config_schema(self) -> dict[str, Any]:
        """JSON Schema of ``Connection.config``."""
        ...

    def capabilities(self, connection: Connection) -> Capabilities:
        """What this connection can do now."""
        ...

    def verify(self, query: Mapping[str, str], headers: Mapping[str, str], raw: bytes) -> Answer | None:
        """Answer a provider's check of our address, or None when the request is none."""
        ...

    def authenticate(self, headers: Mapping[str, str], raw: bytes, connection: Connection) -> Ok | Reject:
        """Whether the bytes are the provider's: over the raw bytes, in constant time."""
        ...

    def parse(self, raw: Raw, connection: Connection) -> list[InboundEvent]:
        """Pure: no I/O; unknown parts are left out, bytes that are nothing of this channel raise ``ParseFailed``."""
        ...

    async def poll(self, connection: Connection, cursor: str | None) -> tuple[list[Raw], str | None]:
        """Fetch what lies at the provider after ``cursor``."""
        ...

    async def send(self, command: OutboundCommand) -> SendResult:
        """One call of the provider, no retry inside."""
        ...

    async def reconcile(self, command: OutboundCommand) -> ReconcileResult:
        """After an unknown outcome: does the provider have it?"""
        ...

    def send_seconds(self, command: OutboundCommand) -> float:
        """How long ``send`` may take: longer than the provider should, given what there is to send."""
        ...

    def parts(self, command: OutboundCommand) -> int:
        """In how many pieces an answer goes out, asked after ``prepare``; each is a ``send`` of its own, in their order."""
        ...

    async def told(self, tx: Tx, now: datetime, connection: Connection, result: SendResult | ReconcileResult) -> None:
        """Note what an attempt says of the connection itself, in the transaction that settles it."""
        ...

    async def happened(self, tx: Tx, now: datetime, connection: Connection, event: InboundEvent) -> None:
        """Something that concerns the connection, not a conversation (its templates, its permissions, its restrictions)."""
        ...

    async def followed(
        self,
        tx: Tx,
        now: datetime,
        connection: Connection,
        event: InboundEvent,
        conversation_id: UUID,
        message_id: UUID,
    ) -> None:
        """An answer that was written elsewhere stands in its conversation now: note what it means there."""
        ...

    async def answered(
        self, tx: Tx, now: datetime, conversation_id: UUID, message_id: UUID, reply_to: UUID | None
    ) -> bool:
        """An agent answered, in the transaction that stores it: note it. True: the conversation was changed by that."""
        ...

    async def proven(
        self, tx: Tx, now: datetime, connection: Connection, message_id: UUID, thread: str, external_id: str | None
    ) -> None:
        """An answer of this connection came by in a ``thread`` of another one of the organisation: it has gone out."""
        ...

    async def replayed(self, tx: Tx, now: datetime, connection: Connection, raw: Raw) -> bool:
        """An envelope that was set aside is to be read again; True: it found its place and need not be parsed."""
        ...

    async def lost(self, tx: Tx, now: datetime, message_id: UUID, news: Sequence[NotReached]) -> bool:
        """Whether one of our messages did not reach those whom it is for, now that ``news`` is noted at it."""
        ...

    async def wanted(self, tx: Tx, message_id: UUID) -> None:
        """A person wants a message sent again: what the channel itself held it back for counts no longer."""
        ...

    async def signal(self, connection: Connection, thread: str, signal: Signal) -> None:
        """Tell the other side that we type, saw or react; silently nothing where it is not offered."""
        ...

    def fetch_media(self, connection: Connection, ref: str) -> AsyncIterator[bytes]:
        """Stream a file that an event referred to."""
        ...

    async def place(self, tx: Tx, now: datetime, connection: Connection, event: InboundEvent) -> Place:
        """Where an event belongs, in the transaction that takes it."""
        ...

    async def keep(self, tx: Tx, now: datetime, connection: Connection, event: InboundEvent, taken: Taken) -> None:
        """Note what the adapter needs to know of a message later, in the transaction that took it."""
        ...

    async def prepare(self, tx: Tx, now: datetime, command: OutboundCommand) -> OutboundCommand:
        """Read what ``send`` needs, in a transaction before it. Must give the same again for the same delivery."""
        ...

    async def fetch_profile(self, connection: Connection, external_id: str) -> Profile:
        """What the channel tells about a person."""
        ...

    async def health(self, connection: Connection) -> Health:
        """Look at the connection."""
        ...

    async def erase(self, connection: Connection, external_id: str) -> None:
        """Make the provider forget a person where it offers that."""
        ...

    def describe_error(self, code: str) -> ErrorText:
        """What a code of ``Temporary``, ``Permanent`` or ``Blocked`` means to an agent."""
        ...


class AdapterBase:
    """What most channels answer to the rarer questions."""

    tells_handing_over: ClassVar[bool] = False
    public: ClassVar[bool] = False

    def verify(self, query: Mapping[str, str], headers: Mapping[str, str], raw: bytes) -> Answer | None:
        """No check of our address."""
        del query, headers, raw

    async def poll(self, connection: Connection, cursor: str | None) -> tuple[list[Raw], str | None]:
        """Nothing lies anywhere to be fetched."""
        del connection
        return [], cursor

    async def place(self, tx: Tx, now: datetime, connection: Connection, event: InboundEvent) -> Place:
        """The thread key says it."""
        del tx, now, connection, event
        return Place()

    async def keep(self, tx: Tx, now: datetime, connection: Connection, event: InboundEvent, taken: Taken) -> None:
        """Nothing more than the house notes."""

    async def prepare(self, tx: Tx, now: datetime, command: OutboundCommand) -> OutboundCommand:
        """Everything is in the command."""
        del tx, now
        return command

    def send_seconds(self, command: OutboundCommand) -> float:
        """Half a minute."""
        del command
        return SEND_SECONDS

    def parts(self, command: OutboundCommand) -> int:
        """All at once."""
        del command
        return 1

    async def told(self, tx: Tx, now: datetime, connection: Connection, result: SendResult | ReconcileResult) -> None:
        """Nothing is noted."""

    async def happened(self, tx: Tx, now: datetime, connection: Connection, event: InboundEvent) -> None:
        """Nothing happens to the connection."""

    async def followed(
        self,
        tx: Tx,
        now: datetime,
        connection: Connection,
        event: InboundEvent,
        conversation_id: UUID,
        message_id: UUID,
    ) -> None:
        """Nothing more than the house notes."""

    async def answered(
        self, tx: Tx, now: datetime, conversation_id: UUID, message_id: UUID, reply_to: UUID | None
    ) -> bool:
        """Nothing more than the house notes."""
        del tx, now, conversation_id, message_id, reply_to
        return False

    async def proven(
        self, tx: Tx, now: datetime, connection: Connection, message_id: UUID, thread: str, external_id: str | None
    ) -> None:
        """Nothing more than the house notes."""

    async def replayed(self, tx: Tx, now: datetime, connection: Connection, raw: Raw) -> bool:
        """Its parser reads it again."""
        del tx, now, connection, raw
        return False

    async def lost(self, tx: Tx, now: datetime, message_id: UUID, news: Sequence[NotReached]) -> bool:
        """A message has one recipient."""
        del tx, now, message_id, news
        return True

    async def wanted(self, tx: Tx, message_id: UUID) -> None:
        """Nothing was held back."""

    async def signal(self, connection: Connection, thread: str, signal: Signal) -> None:
        """No signals."""

    async def fetch_media(self, connection: Connection, ref: str) -> AsyncIterator[bytes]:
        """No media behind references."""
        raise NotOffered("no_media", f"{connection.kind} holds no files behind references", ref=ref)
        yield b""

    async def fetch_profile(self, connection: Connection, external_id: str) -> Profile:
        """No profiles."""
        del connection, external_id
        return Profile()

    async def erase(self, connection: Connection, external_id: str) -> None:
        """Nothing is kept elsewhere."""
