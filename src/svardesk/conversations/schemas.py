"""Shapes of the conversations room on the wire and between rooms. Times are aware UTC; ids are UUIDs."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from svardesk.contacts.schemas import Contact, Relations

Kind = Literal["inbound", "answer", "note", "system"]
Status = Literal["open", "waiting", "snoozed", "closed"]
AuthorKind = Literal["contact", "agent", "bot", "system"]
PresenceKind = Literal["looking", "typing", "answering"]
DeliveryState = Literal[
    "queued",
    "sending",
    "sent",
    "delivered",
    "read",
    "blocked_by_window",
    "blocked_by_policy",
    "scheduled",
    "unknown",
    "failed_temporary",
    "failed_permanent",
    "cancelled",
]
ViewName = Literal["mine", "unassigned", "teams", "all", "waiting", "snoozed", "closed"]
Seq = Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]
Colour = Literal["grey", "red", "orange", "yellow", "green", "teal", "blue", "purple", "pink"]
Body = Annotated[str, msgspec.Meta(max_length=16_000)]
Ids = Annotated[Sequence[UUID], msgspec.Meta(max_length=20)]


class ContactRef(msgspec.Struct, frozen=True):
    """Who a conversation is with; ``name`` is None for somebody who has not told theirs."""

    id: UUID
    name: str | None


class ConversationRow(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the inbox. ``tags`` are ids. ``read_seq`` is how far the asking agent has read, left out of frames.

    Unread is ``last_customer_seq > read_seq``. ``waiting_since`` is when the customer began to wait for us. Where the channel
    lets us write for a time only, ``window_from`` is since when it runs, ``window_until`` until when we may write freely.
    """

    id: UUID
    number: int
    channel: str
    status: Status
    snoozed_until: datetime | None
    subject: str | None
    preview: str | None
    preview_kind: Kind | None
    contact: ContactRef
    assignee_id: UUID | None
    team_id: UUID | None
    brand_id: UUID | None
    locale: str | None
    tags: list[UUID]
    last_seq: int
    last_public_seq: int
    last_customer_seq: int
    waiting_since: datetime | None
    last_activity_at: datetime
    created_at: datetime
    closed_at: datetime | None
    version: int
    window_from: datetime | None = None
    window_until: datetime | None = None
    read_seq: int | msgspec.UnsetType = msgspec.UNSET


class Author(msgspec.Struct, frozen=True):
    """Who wrote."""

    kind: AuthorKind
    id: UUID | None
    name: str | None


class Attachment(msgspec.Struct, frozen=True):
    """A file of a message; ``image`` ones may be shown in place."""

    id: UUID
    name: str
    size: int
    media_type: str
    url: str
    image: bool


class SystemDetails(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a system line tells; the apps render it with the text ``system.<type>`` (catalogue agent).

    ``by`` is the agent who did it (None: the house), ``agent_id``/``team_id`` to whom, ``until`` when a snooze or the time to
    answer ends, ``name`` the program that owns the thread now (None: we do).
    """

    type: Literal[
        "assigned",
        "unassigned",
        "team_assigned",
        "team_removed",
        "opened",
        "waiting",
        "closed",
        "reopened",
        "snoozed",
        "woken",
        "window_closing",
        "owner_changed",
    ]
    by: UUID | None = None
    agent_id: UUID | None = None
    team_id: UUID | None = None
    until: datetime | None = None
    name: str | None = None


class Elsewhere(msgspec.Struct, frozen=True):
    """With which program an answer was written outside of Svardesk. ``automatic``: a machine wrote it.

    ``app`` is the provider's id of the program, ``name`` what people call it, where that is known.
    """

    app: str | None = None
    name: str | None = None
    automatic: bool = False


class Reaction(msgspec.Struct, frozen=True):
    """An emoji on a message: the customer's (``agent_id`` None), or an agent's."""

    emoji: str
    agent_id: UUID | None = None


class Correspondent(msgspec.Struct, frozen=True):
    """Somebody as a letter names them; ``name`` may be empty."""

    name: str
    address: str


class Letter(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an addressed message (a mail, a filled-in form) carries beside its text.

    ``automatic``: a machine wrote it, and which kind of machine. ``trust``: what the channel could prove of the sender.
    ``stranger``: it refers to this conversation, but comes from an address that had no part in it. ``quoted`` and
    ``signature`` are cut from the text that is shown, never lost. ``html``: there is a formatted form to look at. ``cut``:
    the text is longer than what is shown. ``failed``: addresses that a bounce is about, or that our own letter did not reach,
    each with the reason. ``reply_to``: answers go there instead of to its sender.
    """

    subject: str = ""
    sender: Correspondent | None = None
    reply_to: list[Correspondent] = []
    to: list[Correspondent] = []
    cc: list[Correspondent] = []
    bcc: list[Correspondent] = []
    automatic: Literal["none", "receipt", "out_of_office", "bounce", "list"] = "none"
    trust: Literal["domain_verified", "unverified", ""] = ""
    stranger: bool = False
    quoted: str = ""
    signature: str = ""
    html: bool = False
    cut: bool = False
    forwarded_from: Correspondent | None = None
    failed: list[tuple[str, str]] = []


class Addressing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """To whom an answer goes where the channel has addresses; left out: to whoever wrote, under the same subject."""

    subject: Annotated[str, msgspec.Meta(max_length=300)] | None = None
    to: Annotated[list[Correspondent], msgspec.Meta(max_length=50)] | None = None
    cc: Annotated[list[Correspondent], msgspec.Meta(max_length=50)] = []
    bcc: Annotated[list[Correspondent], msgspec.Meta(max_length=50)] = []


class DraftAddressing(Addressing, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """To whom a draft is to go. ``typed``: letters in the fields ``to``, ``cc``, ``bcc`` that are no address yet."""

    typed: dict[Literal["to", "cc", "bcc"], Annotated[str, msgspec.Meta(max_length=1000)]] = {}


FieldKind = Literal["text", "long", "choice", "email", "phone", "order", "file", "topic", "answer", "page"]


class FilledIn(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was filled in beside a message's text. ``label`` is the question as the customer read it.

    ``name`` names it for programs; ``kind`` says what the value is: an e-mail address, a phone number, an order number,
    the topic, or how an answer is wanted (``answer``: the value is ``email`` or ``phone``).
    """

    name: str
    label: str
    kind: FieldKind
    value: str


class Retry(msgspec.Struct, frozen=True, kw_only=True):
    """When an answer that was put off is tried again. ``until``: as long it is; None: a few times more."""

    at: datetime
    until: datetime | None = None


CommentState = Literal["open", "answered", "not_needed"]


class PublicComment(msgspec.Struct, frozen=True, kw_only=True):
    """What stands beside a message that everybody can read: a comment, a visitor's post, or an answer of ours to them.

    ``post``: it is the post itself that began the thread. ``proposed`` ``tag``: it names friends and says nothing else, so
    that it may need no answer. ``recommends``: a recommendation (or the opposite). ``private_until``: until then one private
    reply may be sent to its author (None: there was one, or it cannot be any more); ``private_reply`` is the message that was
    it, in this conversation. ``ours``: the page itself wrote it.
    """

    state: CommentState = "open"
    post: bool = False
    ours: bool = False
    hidden: bool = False
    liked: bool = False
    proposed: Literal["tag"] | None = None
    recommends: bool | None = None
    url: str | None = None
    private_until: datetime | None = None
    private_reply: UUID | None = None


class MessageLink(msgspec.Struct, frozen=True):
    """A message of another conversation that belongs with this one: a private reply stands here and there.

    ``what`` says what is found there: the ``private_thread`` that grows from it, or the ``comment`` that it answers.
    """

    what: Literal["private_thread", "comment"]
    conversation_id: UUID
    message_id: UUID


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """What was said. Order is ``seq``. ``client_id`` is only there for its author. ``deleted``: erased, body empty.

    ``automated``: no person wrote it. ``send_at``: an answer that waits until then.
    ``fields`` are what a form asked beside the text, in its order. ``edits``: so often its author changed it. ``reply_to``: the
    message that it answers. ``elsewhere``: an answer written with another program. ``awaited``: files that are still fetched.
    ``retry``: an answer that was put off is tried again. ``comment``: what else is known of what stands in public.
    ``private``: an answer in a public thread that only its receiver reads. ``link``: where it goes on, or came from.
    """

    id: UUID
    conversation_id: UUID
    seq: int
    kind: Kind
    author: Author
    body: str
    attachments: list[Attachment]
    state: DeliveryState | None
    state_reason: str | None
    client_id: UUID | None
    mention_ids: list[UUID]
    details: SystemDetails | None
    created_at: datetime
    version: int
    silent: bool = False
    deleted: bool = False
    automated: bool = False
    letter: Letter | None = None
    send_at: datetime | None = None
    fields: list[FilledIn] = []
    edits: int = 0
    edited_at: datetime | None = None
    reactions: list[Reaction] = []
    reply_to: UUID | None = None
    elsewhere: Elsewhere | None = None
    awaited: int = 0
    retry: Retry | None = None
    comment: PublicComment | None = None
    private: bool = False
    link: MessageLink | None = None


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """An agent's unsent text; ``version`` rises with every store."""

    kind: Literal["answer", "note"]
    body: str
    file_ids: list[UUID]
    files: list[Attachment]
    version: int
    updated_at: datetime
    addressing: DraftAddressing | None = None


class PostMessage(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An agent's answer or note. ``based_on_seq`` is the last public seq the agent had on the screen.

    ``then`` is the status after an answer; ``confirm`` sends although something newer or a colleague is there.
    ``send_at`` lets an answer wait until then. ``addressing`` counts where the channel has addresses. ``reply_to`` is the
    message that it answers, where a channel tells answers apart (comments).
    """

    client_id: UUID
    kind: Literal["answer", "note"]
    body: Body = ""
    file_ids: Ids = ()
    mention_ids: Ids = ()
    based_on_seq: Seq = 0
    confirm: bool = False
    then: Literal["waiting", "open", "closed"] = "waiting"
    send_at: datetime | None = None
    addressing: Addressing | None = None
    reply_to: UUID | None = None


class Posted(msgspec.Struct, frozen=True, kw_only=True):
    """The stored message and the conversation afterwards."""

    message: Message
    conversation: ConversationRow


class ChangeConversation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to change; fields left out stay. ``version`` is the one on the screen, if it is to count."""

    version: Annotated[int, msgspec.Meta(ge=1)] | None = None
    assignee_id: UUID | msgspec.UnsetType | None = msgspec.UNSET
    team_id: UUID | msgspec.UnsetType | None = msgspec.UNSET
    status: Literal["open", "waiting", "closed"] | msgspec.UnsetType = msgspec.UNSET
    snoozed_until: datetime | msgspec.UnsetType | None = msgspec.UNSET


class Filters(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a list or a saved view shows. ``view`` gives status and order, the others narrow it."""

    view: ViewName = "all"
    team_id: UUID | None = None
    assignee_id: UUID | None = None
    tag_id: UUID | None = None
    contact_id: UUID | None = None
    channel: Annotated[str, msgspec.Meta(max_length=40)] | None = None


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """A page of the inbox; ``resume`` is the place in the log as of before the page was read."""

    items: list[ConversationRow]
    next_cursor: str | None
    resume: str | None = None


class Count(msgspec.Struct, frozen=True):
    """How many, at most 99; ``more``: there are more than that."""

    n: int
    more: bool


class Counts(msgspec.Struct, frozen=True):
    """Counts of the views that have one."""

    mine: Count
    unassigned: Count
    teams: Count
    waiting: Count
    snoozed: Count


class Messages(msgspec.Struct, frozen=True):
    """A stretch of a conversation, oldest first; ``earlier``: there are older ones."""

    messages: list[Message]
    earlier: bool


class PresentAgent(msgspec.Struct, frozen=True):
    """An agent at this conversation: looking, typing or answering."""

    agent_id: UUID
    name: str
    kind: PresenceKind


class VisitorNow(msgspec.Struct, frozen=True):
    """Where the visitor is at this moment, and what the shop says of them.

    ``attributes`` is the page's word: anybody can write there, so it is a claim. ``signed_attributes`` came in a token that
    the shop's server signed.
    """

    page_url: str | None
    page_title: str | None
    online: bool
    locale: str | None
    attributes: dict[str, str | int | float | bool]
    signed_attributes: dict[str, str | int | float | bool]


class WayWindow(msgspec.Struct, frozen=True):
    """A time after the customer's last message (``ConversationRow.window_from``) in which we may write.

    ``hours`` None: without end. ``people_only``: for what a person writes, not for automatic messages.
    """

    name: str
    hours: float | None
    people_only: bool = False


class OtherWay(msgspec.Struct, frozen=True):
    """Another address at which this person can be reached."""

    kind: str
    address: str


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """How an answer reaches the customer, told by what its connection can do.

    ``open`` False: an answer written here cannot be sent. ``closed_by`` says why: ``call`` (there is a phone number and
    nothing else: call ``address``), ``no_mailbox`` (no mailbox carries the answers: an owner chooses one), ``gone`` (the
    connection was taken out of service). ``via`` is the kind of connection, ``address`` where the answer goes.
    ``addressed``: an answer has a subject and recipients. ``hold_seconds``: so long it can be taken back. ``failing``: the
    connection does not work just now, and answers wait.

    ``windows``: when writing is free, empty where it always is. ``templates``: approved texts that may go out when it is not.
    ``others``: where else the person can be reached. ``max_text``: characters of one message; longer answers go out in
    several. ``public``: everybody reads the answer. ``standby``: another program, ``owner``, has the thread now.
    ``first_touch``, ``last_touch``: what the person came from (an ad, a link, a post).
    """

    open: bool
    via: str | None
    address: str | None
    closed_by: Literal["call", "no_mailbox", "gone"] | None = None
    addressed: bool = False
    hold_seconds: int = 0
    failing: bool = False
    windows: list[WayWindow] = []
    templates: list[str] = []
    others: list[OtherWay] = []
    max_text: int | None = None
    public: bool = False
    standby: bool = False
    owner: str | None = None
    first_touch: dict[str, str] | None = None
    last_touch: dict[str, str] | None = None


class Edit(msgspec.Struct, frozen=True):
    """How a message read before it was edited."""

    body: str
    written_at: datetime


class Edits(msgspec.Struct, frozen=True):
    """All that a message read before, oldest first."""

    items: list[Edit]


class Opened(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the screen of one conversation begins with. ``relations``: who the contact is one with, or may be."""

    conversation: ConversationRow
    contact: Contact
    relations: Relations
    messages: list[Message]
    earlier: bool
    previous_conversations: list[ConversationRow]
    draft: Draft | None
    presence: list[PresentAgent]
    visitor: VisitorNow | None
    way: Way | None = None
    resume: str | None = None


class StoreDraft(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A draft to keep; ``version`` is the stored one it goes on from, 0 for a first."""

    kind: Literal["answer", "note"] = "answer"
    body: Body = ""
    file_ids: Ids = ()
    version: Annotated[int, msgspec.Meta(ge=0)] = 0
    addressing: DraftAddressing | None = None


class ReadUpTo(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How far the agent has read."""

    seq: Seq


class Tag(msgspec.Struct, frozen=True, kw_only=True):
    """A label for conversations."""

    id: UUID
    name: str
    colour: Colour
    archived: bool = False


TagName = Annotated[str, msgspec.Meta(min_length=1, max_length=60)]


class MakeTag(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new tag."""

    name: TagName
    colour: Colour = "grey"


class ChangeTag(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to change of a tag; an archived one stays where it is and is offered no more."""

    name: TagName | msgspec.UnsetType = msgspec.UNSET
    colour: Colour | msgspec.UnsetType = msgspec.UNSET
    archived: bool | msgspec.UnsetType = msgspec.UNSET


class Tags(msgspec.Struct, frozen=True):
    """All tags, by name."""

    items: list[Tag]


class SavedView(msgspec.Struct, frozen=True, kw_only=True):
    """A named list; ``mine``: the asking agent made it and may change it."""

    id: UUID
    name: str
    filters: Filters
    shared: bool
    mine: bool
    agent_id: UUID


ViewTitle = Annotated[str, msgspec.Meta(min_length=1, max_length=80)]


class MakeView(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new saved view."""

    name: ViewTitle
    filters: Filters
    shared: bool = False


class ChangeView(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to change of a saved view."""

    name: ViewTitle | msgspec.UnsetType = msgspec.UNSET
    filters: Filters | msgspec.UnsetType = msgspec.UNSET
    shared: bool | msgspec.UnsetType = msgspec.UNSET


class SavedViews(msgspec.Struct, frozen=True):
    """The agent's own views and the shared ones, by name."""

    items: list[SavedView]


class FoundMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A hit. ``snippet_html`` is escaped text in which only ``<mark>`` is markup."""

    message: Message
    conversation: ConversationRow
    snippet_html: str


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What a search found: messages newest first (paged), contacts best first (on the first page only)."""

    messages: list[FoundMessage]
    contacts: list[Contact]
    next_cursor: str | None
