"""What a connection can do, as data: composer, clocks, promises and numbers read this and never ask for a channel's name."""

from datetime import timedelta
from typing import Literal

import msgspec

Trust = Literal["none", "claimed", "platform_account", "domain_verified", "signed_token", "phone_number"]


class TextLimit(msgspec.Struct, frozen=True):
    """The longest text: ``n`` counted in ``unit``."""

    n: int
    unit: Literal["characters", "bytes", "parts"] = "characters"


class Window(msgspec.Struct, frozen=True):
    """A time after the customer's last message in which we may write: ``hours`` None = no end."""

    name: str
    hours: float | None
    who: tuple[Literal["human", "bot", "system"], ...] = ("human", "bot", "system")


class AttachmentLimit(msgspec.Struct, frozen=True):
    """What may be attached to an answer."""

    types: tuple[str, ...]
    max_bytes: int


class Receipts(msgspec.Struct, frozen=True):
    """How the channel tells that a message arrived and was read."""

    delivered: Literal["none", "watermark", "per_message", "weak"] = "none"
    read: Literal["none", "watermark", "per_message", "weak"] = "none"


class Typing(msgspec.Struct, frozen=True):
    """Whether typing is seen: theirs by us (``inwards``), ours by them (``outwards``)."""

    inwards: bool = False
    outwards: bool = False


class QuickReplies(msgspec.Struct, frozen=True):
    """How many answers can be offered as buttons, and how long their titles may be."""

    max: int
    title_length: int


class ResponseBadge(msgspec.Struct, frozen=True, kw_only=True):
    """How a provider judges in public how fast we answer: the share of talks answered in time, over some days.

    A talk begins with the customer's first message after ``silence_hours`` in which nobody wrote.
    """

    share: float = 0.9
    minutes: int = 15
    days: int = 7
    silence_hours: int = 24


class Capabilities(msgspec.Struct, frozen=True, kw_only=True):
    """What one connection can do just now; it may change while running.

    ``windows`` empty means: writing is never free. ``local`` means that ``send`` makes no call to the outside, so that
    the answer goes out in the transaction that plans it. ``addressed``: answers have a subject and recipients.
    ``hold_seconds``: an answer waits so long before it goes out, so that its author can take it back. ``retries_for``: so
    long after its first refusal an answer is tried again; None: for a number of attempts that is the same for all channels.
    """

    max_text: TextLimit | None = None
    windows: tuple[Window, ...] = (Window("always", None),)
    templates: bool = False
    attachments: AttachmentLimit | None = None
    receipts: Receipts = Receipts()
    typing: Typing = Typing()
    edit: bool = False
    delete: bool = False
    reactions: bool = False
    public: bool = False
    proactive: Literal["no", "consent", "template", "invitation"] = "no"
    quick_replies: QuickReplies | None = None
    buttons: bool = False
    formatting: Literal["plain", "html", "markdown_subset"] = "plain"
    trust_default: Trust = "none"
    storable_media: bool = True
    local: bool = False
    addressed: bool = False
    hold_seconds: int = 0
    seen: bool = False
    badge: ResponseBadge | None = None
    retries_for: timedelta | None = None
