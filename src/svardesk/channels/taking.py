"""Taking what a parser found: each event once, in a savepoint of its own, so that one that breaks spoils no other."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
import structlog

from svardesk.channels import awaiting, deliveries, echoes, pieces, threads, windows
from svardesk.channels.connections import QUERIES
from svardesk.channels.contract import Adapter, Attachment, Connection, InboundEvent, NotHereYet, Place, Taken
from svardesk.channels.events import ReceiptDue
from svardesk.channels.foresight import Foresight
from svardesk.contacts import identities, meeting
from svardesk.conversations import outside
from svardesk.conversations.changing import put_away
from svardesk.conversations.receiving import Inbound, Received, receive
from svardesk.conversations.texts import clean
from svardesk.kit.db import Tx, passes
from svardesk.kit.files import FileStore, Stored
from svardesk.kit.ids import uuid7
from svardesk.kit.sniff import FileTypeRefused, check, safe_name
from svardesk.spine import record

log = structlog.get_logger()

LONGEST_ERROR: Final = 500
LARGEST_FILE: Final = 40 * 1024 * 1024
UNKNOWN_TYPE: Final = "application/octet-stream"


class Held(msgspec.Struct, frozen=True):
    """A file of an event that lies in the store already: what its row will say."""

    stored: Stored
    name: str
    media_type: str
    image: bool


Files = Mapping[tuple[str, str], Held]
"""(event's key, attachment's ref) → where its bytes lie."""


def describe(error: Exception) -> str:
    """An error in one line: its class and, for our own, the sentence."""
    return f"{type(error).__name__}: {error}"[:LONGEST_ERROR]


async def put_files(store: FileStore | None, account_id: UUID, events: Sequence[InboundEvent]) -> Files:
    """Put the bytes that events brought along into the store. Content is addressed by its hash: harmless to repeat.

    Whatever a customer sends is kept; what is not of the kinds that we know is only ever handed over as a download.
    """
    found: dict[tuple[str, str], Held] = {}
    for event in events:
        for one in event.content.attachments:
            if one.content and store is not None:
                stored = await store.put(account_id, _once(one.content), max_bytes=LARGEST_FILE)
                found[event.idempotency_key, one.ref] = _held(stored, one)
    return found


async def _once(content: bytes) -> AsyncIterator[bytes]:
    yield content


def _held(stored: Stored, one: Attachment) -> Held:
    name = one.name or "file"
    try:
        kind = check((one.content or b"")[:16_384], name)
    except FileTypeRefused:
        return Held(stored, safe_name(name), UNKNOWN_TYPE, image=False)
    return Held(stored, kind.name, kind.media_type, kind.image)


class Taker:
    """Takes the events of one envelope in a transaction. ``contact_id``: whose they are.

    ``careful``: each event in a savepoint of its own, and what breaks is set aside alone, with its error. Otherwise what
    breaks is raised, and the transaction is lost. ``patient``: what is about something that is not here yet waits for it;
    otherwise it is left.
    """

    def __init__(
        self,
        tx: Tx,
        now: datetime,
        connection: Connection,
        adapter: Adapter,
        envelope_id: UUID,
        files: Files,
        *,
        careful: bool,
        patient: bool = False,
        foresight: Foresight | None = None,
    ) -> None:
        self._tx = tx
        self._now = now
        self._connection = connection
        self._adapter = adapter
        self._envelope_id = envelope_id
        self._files = files
        self._careful = careful
        self._patient = patient
        self._foresight = foresight
        self.contact_id: UUID | None = None
        self.waits = False
        """Something in the envelope is about what has not come in yet: it is to be read again in a moment."""

    async def take(self, event: InboundEvent) -> None:
        """Take one event, unless it was told before."""
        item = {
            "account_id": self._tx.account,
            "id": uuid7(),
            "envelope_id": self._envelope_id,
            "connection_id": self._connection.id,
            "idempotency_key": event.idempotency_key,
            "type": event.type,
            "now": self._now,
        }
        if not self._careful:
            await self._take(event, item)
            return
        try:
            async with self._tx.savepoint():
                await self._take(event, item)
        except NotHereYet:
            if self._patient:
                self.waits = True
            else:
                await self._tx.run(QUERIES.add_item, **item, state="ignored")
        except Exception as error:
            if passes(error):
                raise
            log.warning("item_set_aside", envelope=str(self._envelope_id), type=event.type, exc_info=error)
            await self._tx.run(QUERIES.quarantine_item, **item, error=describe(error))

    async def _take(self, event: InboundEvent, item: dict[str, Any]) -> None:
        handler = _HANDLERS.get(event.type)
        if self._foresight is not None:
            if self._foresight.is_new(self._connection.id, event.idempotency_key) and handler is not None:
                await handler(self, event)
            return
        state = "done" if handler is not None else "ignored"
        if await self._tx.maybe(QUERIES.add_item, **item, state=state) is not None and handler is not None:
            await handler(self, event)

    async def message(self, event: InboundEvent) -> None:
        """Somebody wrote, or a machine did."""
        sender = event.sender
        if sender.kind not in {"customer", "bot"}:
            return
        await self._thread_says(event)
        place = await self._adapter.place(self._tx, self._now, self._connection, event)
        if not place.ignore:
            await self._receive(event, place)

    async def _receive(self, event: InboundEvent, place: Place) -> None:
        tx, now, connection, sender = self._tx, self._now, self._connection, event.sender
        # A report about one of our own messages belongs to whom that message went, not to the machine that wrote it.
        machine = sender.kind == "bot" and place.conversation_id is not None
        person = None if machine else await self._person(event)
        actor = event.actor or f"{connection.kind}:{connection.id if person is None else person.identity_id}"
        files = {ref: file_id async for ref, file_id in self._rows(event, actor)}
        awaited = [
            one for one in event.content.attachments if one.ref not in files and one.content is None and one.storable
        ]
        letter = event.letter
        if letter is not None and (place.stranger or place.reply_to):
            letter = msgspec.structs.replace(letter, stranger=place.stranger, reply_to=list(place.reply_to))
        received = await receive(
            tx,
            now,
            Inbound(
                contact_id=None if person is None else person.contact_id,
                identity_id=None if person is None else person.identity_id,
                connection_id=event.answer_via or connection.id,
                channel=connection.kind,
                conversation_id=place.conversation_id,
                thread=event.external_thread_key,
                body=clean(event.content.text)[: event.longest],
                actor=actor,
                client_id=event.client_id,
                file_ids=list(files.values()),
                occurred_at=event.occurred_at,
                locale=event.locale,
                brand_id=connection.brand_id,
                team_id=event.team_id or connection.team_id,
                automated=event.automated is True,
                silent=event.silent,
                subject=event.subject,
                letter=letter,
                fields=event.fields,
                author_id=person.contact_id if person is not None and (place.stranger or place.shared) else None,
                machine=machine,
                longest=event.longest,
                external_id=event.external_id,
                expects_files=bool(awaited),
            ),
        )
        if received.outcome == "started" and event.automated and not machine:
            await put_away(tx, now, received.conversation_id)
        if not received.repeated:
            await self._around(event, received, awaited)
        if event.receipt and not received.repeated:
            await record(tx, ReceiptDue(stream=received.conversation_id, message_id=received.message_id))
        taken = Taken(
            received=received,
            envelope_id=self._envelope_id,
            files=files,
            stranger=place.stranger,
            reply_to=place.reply_to,
        )
        await self._adapter.keep(tx, now, connection, event, taken)
        if (
            person is not None
            and sender.address_kind is not None
            and (person.created or identities.rank(sender.trust) == 2)
        ):
            # The same proven address in another channel is the same person; one that is only claimed is for an agent.
            await meeting.same_person(tx, now, person.identity_id)
        self.contact_id = received.contact_id if person is None else person.contact_id

    async def _around(self, event: InboundEvent, received: Received, awaited: Sequence[Attachment]) -> None:
        """What a new message brings beside its text: files to be fetched, what it answers, more time to answer it."""
        tx, connection = self._tx, self._connection
        if awaited:
            await awaiting.await_files(tx, self._now, received.message_id, connection.id, awaited)
        named = event.content.reply_to_external_id
        if named is not None:
            target = await pieces.target(tx, connection.id, received.conversation_id, named)
            if target is not None:
                await outside.replied_to(tx, received.message_id, target)
        if event.sender.kind == "customer":
            await self._opens(received.conversation_id, event.occurred_at)

    async def _opens(self, conversation_id: UUID, at: datetime) -> None:
        window = windows.free(self._adapter.capabilities(self._connection))
        end = None if window is None else windows.until(window, at)
        if end is not None and self._foresight is not None:
            self._foresight.open_window(conversation_id, at, end)
        elif end is not None:
            await outside.open_window(self._tx, conversation_id, at, end)

    async def _thread_says(self, event: InboundEvent) -> None:
        """Where the person came from and who owns the thread, known before the message stands there."""
        thread = event.external_thread_key
        if thread is None:
            return
        if event.referral:
            await threads.came_from(self._tx, self._now, self._connection.id, thread, event.referral)
        if event.standby is not None and (
            self._foresight is None
            or self._foresight.is_news_of_owner(self._connection.id, thread, standby=event.standby)
        ):
            await threads.heard(self._tx, self._now, self._connection.id, thread, standby=event.standby)
            if self._foresight is not None:
                self._foresight.forget_owner(self._connection.id, thread)

    async def _named(self, event: InboundEvent) -> list[UUID]:
        """The messages that an edit, a removal or a reaction is about. Raises ``NotHereYet`` when we have none of them."""
        conversation_id = await self._conversation(event)
        if conversation_id is None or event.about is None:
            raise NotHereYet
        named = [
            await pieces.target(self._tx, self._connection.id, conversation_id, one) for one in event.about.external_ids
        ]
        found = [one for one in named if one is not None]
        if not found:
            raise NotHereYet
        return found

    async def _conversation(self, event: InboundEvent) -> UUID | None:
        return await self._where(event, await self._adapter.place(self._tx, self._now, self._connection, event))

    async def _where(self, event: InboundEvent, place: Place) -> UUID | None:
        if place.conversation_id is not None or event.external_thread_key is None:
            return place.conversation_id
        return await threads.conversation(self._tx, self._connection.id, event.external_thread_key)

    async def edited(self, event: InboundEvent) -> None:
        """A message reads otherwise now."""
        for one in await self._named(event):
            await outside.edited(
                self._tx,
                self._now,
                one,
                event.content.text,
                at=event.occurred_at,
                edit=event.edit,
                longest=event.longest,
            )

    async def removed(self, event: InboundEvent) -> None:
        """A message was taken back by its author."""
        await outside.removed(self._tx, self._now, await self._named(event))

    async def reaction(self, event: InboundEvent) -> None:
        """The customer put an emoji on a message, or took it away. It starts no clock and reopens nothing."""
        for one in await self._named(event):
            await outside.reacted(self._tx, one, "contact", event.emoji)

    async def elsewhere(self, event: InboundEvent) -> None:
        """Somebody answered with another program."""
        if event.elsewhere is None or event.external_id is None:
            return
        await self._thread_says(event)
        place = await self._adapter.place(self._tx, self._now, self._connection, event)
        conversation_id = await self._where(event, place)
        if conversation_id is None or place.ignore:
            return
        if self._foresight is not None:
            # Whether a machine wrote it is told by how soon it followed the customer's words.
            await self._foresight.finish(self._tx)
        awaited = [one for one in event.content.attachments if one.storable]
        message_id = await outside.answered_elsewhere(
            self._tx,
            self._now,
            conversation_id,
            event.content.text,
            external_id=event.external_id,
            at=event.occurred_at,
            by=event.elsewhere,
        )
        if message_id is None:
            return
        if awaited:
            await awaiting.await_files(self._tx, self._now, message_id, self._connection.id, awaited)
        await self._adapter.followed(self._tx, self._now, self._connection, event, conversation_id, message_id)

    async def referral(self, event: InboundEvent) -> None:
        """The person came from somewhere; nothing was said."""
        await self._thread_says(event)
        if event.opens:
            conversation_id = await self._conversation(event)
            if conversation_id is not None:
                await self._opens(conversation_id, event.occurred_at)

    async def control(self, event: InboundEvent) -> None:
        """Another program owns the thread now, or we do."""
        if event.control is not None and event.external_thread_key is not None:
            if self._foresight is not None:
                self._foresight.forget_owner(self._connection.id, event.external_thread_key)
            await threads.control(self._tx, self._now, self._connection.id, event.external_thread_key, event.control)

    async def happened(self, event: InboundEvent) -> None:
        """Something that concerns the connection: its adapter knows what."""
        await self._adapter.happened(self._tx, self._now, self._connection, event)

    async def _person(self, event: InboundEvent) -> identities.Found:
        """Whose message it is. An address that is only claimed never leads to somebody whose address it is proven to be."""
        tx, now, sender = self._tx, self._now, event.sender
        if self._foresight is not None and sender.address_kind is None:
            held = self._foresight.person(self._connection.kind, str(self._connection.id), sender.external_id)
            if held is not None and not sender.also:
                return await identities.met(tx, now, held, sender.trust, None)
        if sender.address_kind is not None and identities.rank(sender.trust) < 2:
            found = await identities.find_claimed(
                tx, now, kind=sender.address_kind, address=sender.external_id, name=sender.display, locale=event.locale
            )
        else:
            found = await identities.find_or_create(
                tx,
                now,
                kind=sender.address_kind or self._connection.kind,
                scope="" if sender.address_kind else str(self._connection.id),
                address=sender.external_id,
                trust=sender.trust,
                name=sender.display,
                locale=event.locale,
            )
        for kind, address in sender.also:
            await identities.claim(tx, now, contact_id=found.contact_id, kind=kind, address=address)
        return found

    async def _rows(self, event: InboundEvent, actor: str) -> AsyncIterator[tuple[str, UUID]]:
        for one in event.content.attachments:
            held = self._files.get((event.idempotency_key, one.ref))
            if one.file_id is not None:
                yield one.ref, one.file_id
            elif held is not None:
                file_id = uuid7()
                await self._tx.run(
                    QUERIES.add_file,
                    account_id=self._tx.account,
                    id=file_id,
                    actor=actor,
                    name=held.name,
                    media_type=held.media_type,
                    size=held.stored.size,
                    sha256=held.stored.sha256,
                    image=held.image,
                    now=self._now,
                )
                yield one.ref, file_id

    async def sent(self, event: InboundEvent) -> None:
        """Ours went out: the proof came back."""
        if event.about is not None and event.about.piece is not None:
            delivery_id, part = event.about.piece
            name = event.about.external_ids[0] if event.about.external_ids else None
            held = await echoes.came_back(self._tx, self._now, self._connection.id, delivery_id, part, name)
            if held is not None and event.external_thread_key is not None:
                await echoes.came_by(self._tx, self._now, self._connection.id, held, event.external_thread_key, name)
            return
        await self._news(event, "sent")

    async def delivered(self, event: InboundEvent) -> None:
        """Ours arrived."""
        await self._news(event, "delivered")

    async def read(self, event: InboundEvent) -> None:
        """Ours was read."""
        await self._news(event, "read")

    async def bounce(self, event: InboundEvent) -> None:
        """Ours did not arrive; where the channel tells that by a message, it stands in the conversation too."""
        await self._news(event, "failed_permanent", self._lost(event) if event.not_reached else None)
        if event.letter is not None:
            await self.message(event)

    def _lost(self, event: InboundEvent) -> Callable[[UUID], Awaitable[bool]]:
        async def counts(message_id: UUID) -> bool:
            await deliveries.note_lost(self._tx, message_id, event.not_reached)
            return await self._adapter.lost(self._tx, self._now, message_id, event.not_reached)

        return counts

    async def _news(
        self, event: InboundEvent, state: str, counts: Callable[[UUID], Awaitable[bool]] | None = None
    ) -> None:
        if event.about is not None:
            await deliveries.outside_news(
                self._tx, self._now, self._connection.id, event.external_thread_key, state, event.about, counts
            )


_HANDLERS: Final[Mapping[str, Callable[[Taker, InboundEvent], Awaitable[None]]]] = {
    "message": Taker.message,
    "auto_reply": Taker.message,
    "receipt_sent": Taker.sent,
    "receipt_delivered": Taker.delivered,
    "receipt_read": Taker.read,
    "bounce": Taker.bounce,
    "message_edited": Taker.edited,
    "message_deleted": Taker.removed,
    "comment_removed": Taker.happened,
    "reaction": Taker.reaction,
    "sent_elsewhere": Taker.elsewhere,
    "postback": Taker.message,
    "public_comment": Taker.message,
    "referral": Taker.referral,
    "thread_control": Taker.control,
    "optin": Taker.happened,
    "template_status": Taker.happened,
    "connection_event": Taker.happened,
}
"""What the house does with an event; a type without a handler is kept, marked ``ignored`` and can be replayed."""

HANDLED: Final = frozenset(_HANDLERS)
"""The types of events that somebody does something with."""
