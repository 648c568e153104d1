"""The queue of the Facebook page."""

from typing import Protocol

from svardesk.channels.facebook import posts
from svardesk.kit.clock import Clock
from svardesk.kit.db import Database
from svardesk.kit.keyring import KeyRing
from svardesk.spine import Sweep


class Parts(Protocol):
    """What the sweep works with; the process's house has it."""

    @property
    def keyring(self) -> KeyRing:
        """Opens the connections' secrets."""
        ...


def sweeps(parts: Parts) -> tuple[Sweep, ...]:
    """Posts about which a page is to be asked."""

    async def look(db: Database, clock: Clock) -> int:
        return await posts.sweep(db, clock, parts.keyring)

    return (Sweep(posts.SWEEP_NAME, look, every=5.0),)
