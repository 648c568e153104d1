"""When we may write: one pure function over what a channel offers, the person's last opening, and who writes for what.

    decide(now, opened_at, "human", "reply", caps, templates=(), others=())

answers with one of four: write (and in which window), write by a template, write in another channel, or not at all.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, Literal

import msgspec

from svardesk.channels.contract import Capabilities, Window

Author = Literal["human", "bot", "system"]
Purpose = Literal["reply", "promised_update", "incident", "survey"]

WRITTEN_FOR_ONE: Final = frozenset({"reply", "promised_update"})
"""What a person writes to one customer about that customer's matter; only this may use a longer window for people."""


class Allow(msgspec.Struct, frozen=True):
    """Free text may go out, in the window called ``mode``; ``until`` None: without end."""

    mode: str
    until: datetime | None = None


class NeedTemplate(msgspec.Struct, frozen=True):
    """Free text may not go out any more, an approved text may."""

    templates: tuple[str, ...]


class NeedOtherChannel(msgspec.Struct, frozen=True):
    """Not here; the person can be reached (and has agreed) there."""

    others: tuple[str, ...]


class Deny(msgspec.Struct, frozen=True):
    """Nothing may go out. ``reason``: ``never_wrote``, ``window_closed`` or ``no_way``."""

    reason: Literal["never_wrote", "window_closed", "no_way"]


Decision = Allow | NeedTemplate | NeedOtherChannel | Deny


def until(window: Window, opened_at: datetime | None) -> datetime | None:
    """When a window ends that the person opened at ``opened_at``; None: it has no end, or was never opened."""
    if window.hours is None or opened_at is None:
        return None
    return opened_at + timedelta(hours=window.hours)


def decide(
    now: datetime,
    opened_at: datetime | None,
    author: Author,
    purpose: Purpose,
    caps: Capabilities,
    *,
    templates: Sequence[str] = (),
    others: Sequence[str] = (),
) -> Decision:
    """May we write, and how? Pure. ``opened_at`` is the provider's time of the person's last opening action.

    The shortest window that is open is taken: a longer one is for what does not fit into it. A window that only people may
    use is for what a person writes to this customer, never for broadcasts and surveys. At its very end a window is shut.
    """
    for window in sorted(caps.windows, key=_length):
        if author not in window.who:
            continue
        if window.hours is None:
            return Allow(window.name)
        if window.who == ("human",) and purpose not in WRITTEN_FOR_ONE:
            continue
        end = until(window, opened_at)
        if end is not None and now < end:
            return Allow(window.name, end)
    if caps.templates and templates:
        return NeedTemplate(tuple(templates))
    if others:
        return NeedOtherChannel(tuple(others))
    if not caps.windows and not caps.templates:
        return Deny("no_way")
    return Deny("never_wrote" if opened_at is None else "window_closed")


def free(caps: Capabilities) -> Window | None:
    """The window that is open to everybody and ends: what a countdown shows. None where writing never ends."""
    bounded = [one for one in caps.windows if one.hours is not None and "bot" in one.who]
    if any(one.hours is None for one in caps.windows) or not bounded:
        return None
    return min(bounded, key=_length)


def _length(window: Window) -> float:
    return float("inf") if window.hours is None else window.hours
