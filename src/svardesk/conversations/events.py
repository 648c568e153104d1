"""Facts that the conversations room announces. ``stream`` is the conversation's id; texts are never in them."""

from datetime import datetime
from uuid import UUID

import msgspec

from svardesk.spine import event


@event("conversation_started")
class ConversationStarted(msgspec.Struct, frozen=True, kw_only=True):
    """A thread with ``contact_id`` began with ``message_id``."""

    stream: UUID
    contact_id: UUID
    message_id: UUID | None = None


@event("message_received")
class MessageReceived(msgspec.Struct, frozen=True, kw_only=True):
    """A customer wrote. ``silent``: only thanks or an emoji, nobody need do anything."""

    stream: UUID
    message_id: UUID
    seq: int
    silent: bool = False


@event("answer_posted")
class AnswerPosted(msgspec.Struct, frozen=True, kw_only=True):
    """An agent answered; the answer is queued, not yet sent. ``first``: the conversation had no answer before."""

    stream: UUID
    message_id: UUID
    seq: int
    agent_id: UUID | None = None
    first: bool = False


@event("note_added")
class NoteAdded(msgspec.Struct, frozen=True, kw_only=True):
    """An agent wrote an internal note."""

    stream: UUID
    message_id: UUID
    seq: int
    agent_id: UUID | None = None


@event("agent_mentioned")
class AgentMentioned(msgspec.Struct, frozen=True, kw_only=True):
    """A note or answer names ``agent_id``."""

    stream: UUID
    message_id: UUID
    agent_id: UUID


@event("answer_retried")
class AnswerRetried(msgspec.Struct, frozen=True, kw_only=True):
    """A failed answer shall be tried again."""

    stream: UUID
    message_id: UUID
    seq: int
    agent_id: UUID | None = None


@event("message_state_changed")
class MessageStateChanged(msgspec.Struct, frozen=True, kw_only=True):
    """The way out of some answers went on (or failed): ``state`` is a delivery state."""

    stream: UUID
    message_ids: tuple[UUID, ...]
    state: str


@event("message_changed")
class MessageChanged(msgspec.Struct, frozen=True, kw_only=True):
    """Messages are no longer what they were: ``what`` is ``edited``, ``removed``, ``reaction``, ``files`` or ``comment``."""

    stream: UUID
    message_ids: tuple[UUID, ...]
    what: str


@event("answer_elsewhere")
class AnswerElsewhere(msgspec.Struct, frozen=True, kw_only=True):
    """The customer got an answer that was written with another program; ``automatic``: by a machine, no answer at all."""

    stream: UUID
    message_id: UUID
    seq: int
    automatic: bool = False


@event("window_closing")
class WindowClosing(msgspec.Struct, frozen=True, kw_only=True):
    """A customer waits, and the time in which we may answer freely ends at ``until``."""

    stream: UUID
    until: datetime
    message_id: UUID | None = None


@event("receipts_moved")
class ReceiptsMoved(msgspec.Struct, frozen=True, kw_only=True):
    """How far each side has got and read the other's messages, as seqs. Messages up to them changed their state."""

    stream: UUID
    visitor_delivered_seq: int
    visitor_read_seq: int
    agents_delivered_seq: int
    agents_read_seq: int
    message_ids: tuple[UUID, ...] = ()


@event("conversation_changed")
class ConversationChanged(msgspec.Struct, frozen=True, kw_only=True):
    """The row changed other than by a message: ``what`` holds status, assignee, team, tags, subject.

    ``agent_id`` is who did it (None: the house), ``message_id`` the line about it in the thread, if there is one.
    """

    stream: UUID
    what: tuple[str, ...]
    version: int
    agent_id: UUID | None = None
    message_id: UUID | None = None


@event("conversation_read")
class ConversationRead(msgspec.Struct, frozen=True, kw_only=True):
    """An agent has read up to ``seq``: for the agent's own other windows."""

    stream: UUID
    agent_id: UUID
    seq: int


@event("draft_changed")
class DraftChanged(msgspec.Struct, frozen=True, kw_only=True):
    """An agent's draft was stored (``version``) or thrown away (0): for the agent's own other windows."""

    stream: UUID
    agent_id: UUID
    version: int
