"""From events to frames: current rows, read once per audience, with their versions.

A frame is an upsert: the newest state of the thing that an event is about, however many events led there. Clients drop
lower versions, so frames may come twice or cross each other without harm.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from svardesk.accounts import events as accounts_facts
from svardesk.channels import events as channels_facts
from svardesk.channels.webchat import visitors as webchat
from svardesk.contacts import events as contacts_facts
from svardesk.conversations import events as facts
from svardesk.conversations import store
from svardesk.kit.db import Reader, Row
from svardesk.kit.jsons import encode
from svardesk.spine import Recorded

_MOVES = ("team", "assignee")
_FOR_VISITORS = (
    facts.MessageReceived, facts.AnswerPosted, facts.MessageStateChanged, facts.ReceiptsMoved, facts.ConversationChanged,
)  # fmt: skip


def frame(kind: str, **fields: Any) -> str:
    """Return a frame as JSON text."""
    return encode({"t": kind, **fields}).decode()


@dataclass
class Wanted:
    """What a batch of events of one account makes necessary to read."""

    rows: dict[UUID, None] = field(default_factory=dict)
    moved: set[UUID] = field(default_factory=set)
    messages: dict[UUID, UUID] = field(default_factory=dict)
    """Message id → conversation id, in the order of the events."""
    visible: dict[UUID, UUID] = field(default_factory=dict)
    """The same for messages that a visitor may see change."""
    receipts: dict[UUID, facts.ReceiptsMoved] = field(default_factory=dict)
    reads: list[facts.ConversationRead] = field(default_factory=list)
    drafts: list[facts.DraftChanged] = field(default_factory=list)
    mentions: list[facts.AgentMentioned] = field(default_factory=list)
    erased: set[UUID] = field(default_factory=set)
    """Conversations whose messages were blanked: what a client holds of them must go."""
    statuses: set[UUID] = field(default_factory=set)
    people: list[Any] = field(default_factory=list)
    sessions: dict[UUID, bool] = field(default_factory=dict)
    """Visitors' sessions that changed, and whether they were revoked."""
    visits: set[UUID] = field(default_factory=set)
    """Conversations whose visitor the shop says something else of."""
    known: set[UUID] = field(default_factory=set)
    """Contacts of persons of whom something else is known now: whoever looks at one looks again."""
    regrouped: set[UUID] = field(default_factory=set)
    """Contacts that became part of another person, or parted: their conversations' lines show somebody else."""
    connections: bool = False
    started: set[UUID] = field(default_factory=set)
    arrived: dict[UUID, int] = field(default_factory=dict)
    """Conversation → seq of the newest message of the customer."""

    def add(self, one: Recorded) -> None:
        """Note what ``one`` touches; unknown and indifferent events touch nothing."""
        fact = one.event
        if isinstance(fact, facts.ConversationRead):
            self.reads.append(fact)
        elif isinstance(fact, facts.DraftChanged):
            self.drafts.append(fact)
        elif isinstance(fact, facts.AgentMentioned):
            self.mentions.append(fact)
        elif isinstance(fact, channels_facts.VisitorSessionChanged):
            self.sessions[fact.stream] = fact.revoked or self.sessions.get(fact.stream, False)
        elif isinstance(fact, channels_facts.VisitorAttributesChanged):
            self.visits.add(fact.stream)
        elif isinstance(fact, channels_facts.ConnectionChanged):
            self.connections = True
        elif type(fact).__module__ == facts.__name__:
            self._conversation(fact)
        elif type(fact).__module__ == accounts_facts.__name__:
            self.people.append(fact)
        elif type(fact).__module__ == contacts_facts.__name__:
            self._contact(fact)

    def _contact(self, fact: Any) -> None:
        if isinstance(fact, contacts_facts.ContactCreated):
            return  # nobody looks at somebody who was not there
        self.known.add(fact.stream)
        if isinstance(fact, contacts_facts.MergeSuggested | contacts_facts.ContactsToldApart):
            self.known.add(fact.other_id)
        elif isinstance(fact, contacts_facts.ContactsMerged | contacts_facts.ContactsParted):
            self.known.add(fact.from_id)
            # The others' lines too: without a name they are shown by that of whom they are one with.
            self.regrouped.update((fact.stream, *fact.contact_ids))

    def _conversation(self, fact: Any) -> None:
        if not isinstance(fact, facts.ReceiptsMoved) or fact.message_ids:
            # How far a side has read stands in the line of no inbox.
            self.rows[fact.stream] = None
        ids: Iterable[UUID] = getattr(fact, "message_ids", ()) or ()
        single = getattr(fact, "message_id", None)
        for message in (*ids, *((single,) if single else ())):
            self.messages[message] = fact.stream
            if isinstance(fact, _FOR_VISITORS):
                self.visible[message] = fact.stream
        if isinstance(fact, facts.ConversationChanged):
            if any(what in _MOVES for what in fact.what):
                self.moved.add(fact.stream)
            if "erased" in fact.what:
                self.erased.add(fact.stream)
            if "status" in fact.what:
                self.statuses.add(fact.stream)
        elif isinstance(fact, facts.ReceiptsMoved):
            self.receipts[fact.stream] = fact
        elif isinstance(fact, facts.ConversationStarted):
            self.started.add(fact.stream)
        elif isinstance(fact, facts.MessageReceived):
            self.arrived[fact.stream] = fact.seq


@dataclass
class Hydrated:
    """Rows and messages as they are now."""

    rows: list[Any]
    messages: list[Any]
    for_visitors: list[Row]


async def hydrate(tx: Reader, wanted: Wanted, opened: set[UUID], watched: set[UUID], *, agents: bool) -> Hydrated:
    """Read what is wanted: rows if agents are there, messages of ``opened`` conversations, and of ``watched`` ones."""
    for_agents = [message for message, conversation in wanted.messages.items() if conversation in opened]
    for_visitors = [message for message, conversation in wanted.visible.items() if conversation in watched]
    rows, messages, seen = await asyncio.gather(
        store.rows(tx, wanted.rows if agents else ()),
        store.messages(tx, for_agents),
        webchat.message_rows(tx, for_visitors),
    )
    return Hydrated(list(rows.values()), list(messages.values()), seen)
