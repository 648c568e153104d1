"""Queues of the conversations room that the workers sweep."""

from typing import Any

from svardesk.conversations import presence
from svardesk.conversations.changing import wake_snoozed
from svardesk.conversations.closing import raise_alarms
from svardesk.spine import Sweep

WAKE = "conversations.wake_snoozed"


def sweeps(_house: Any) -> tuple[Sweep, ...]:
    """Return the room's queues; ``_house`` is what the process holds (nothing of it is needed here)."""
    return (
        Sweep(WAKE, wake_snoozed, every=5.0),
        Sweep("conversations.presence", presence.sweep, every=60.0),
        Sweep("conversations.windows_closing", raise_alarms, every=20.0),
    )
