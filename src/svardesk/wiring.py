"""ONE table: event → who reacts. And the queues that the workers sweep.

Each room brings what it does on others' facts (``reactions.REACTIONS``) and its queues (``jobs.SWEEPS``).
"""

from collections.abc import Callable
from typing import Any

import msgspec

from svardesk.accounts import jobs as accounts_jobs
from svardesk.channels import jobs as channels_jobs
from svardesk.channels import public, ways
from svardesk.channels import reactions as channels_reactions
from svardesk.channels.email import figures
from svardesk.channels.facebook import jobs as facebook_jobs
from svardesk.channels.facebook import reactions as facebook_reactions
from svardesk.channels.messenger import jobs as messenger_jobs
from svardesk.channels.webchat import reactions as webchat_reactions
from svardesk.channels.webchat import whereabouts
from svardesk.conversations import jobs as conversations_jobs
from svardesk.conversations import posting, reading
from svardesk.conversations import reactions as conversations_reactions
from svardesk.privacy import jobs as privacy_jobs
from svardesk.spine import Reaction, Sweep, Wiring
from svardesk.spine import jobs as spine_jobs
from svardesk.spine.http import know_figures


def introduce() -> None:
    """Tell lower rooms whom to ask about what only higher ones know."""
    reading.know_visitors("webchat", whereabouts.of_conversation)
    reading.know_ways(ways.of_conversation)
    posting.know_channels(public.check, public.answered)
    know_figures("mailboxes", figures.measure)


def reactions() -> Wiring:
    """Return event type → reactions, of all rooms."""
    table: dict[type[msgspec.Struct], tuple[Reaction, ...]] = {}
    for room in (conversations_reactions, channels_reactions, webchat_reactions, facebook_reactions):
        for kind, added in room.REACTIONS.items():
            table[kind] = table.get(kind, ()) + added
    return table


def sweeps(house: Any) -> tuple[Sweep, ...]:
    """Return the queues of all rooms; ``house`` has what they work with (files, key ring, adapters)."""
    found: list[Sweep] = []
    rooms: tuple[Callable[[Any], tuple[Sweep, ...]], ...] = (
        spine_jobs.sweeps, accounts_jobs.sweeps, conversations_jobs.sweeps, channels_jobs.sweeps, messenger_jobs.sweeps,
        facebook_jobs.sweeps, privacy_jobs.sweeps,
    )  # fmt: skip
    for room in rooms:
        found.extend(room(house))
    return tuple(found)
