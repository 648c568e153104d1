"""The queues of Messenger."""

from typing import Final, Protocol

from svardesk.channels.messenger import profiles
from svardesk.channels.messenger.asking import SWEEP_NAME
from svardesk.channels.meta import rounds
from svardesk.kit.clock import Clock
from svardesk.kit.db import Database
from svardesk.kit.keyring import KeyRing
from svardesk.spine import Sweep

LOOK_SECONDS: Final = 30.0


class Parts(Protocol):
    """What the sweeps work with; the process's house has it."""

    @property
    def keyring(self) -> KeyRing:
        """Opens the connections' secrets."""
        ...


def sweeps(parts: Parts) -> tuple[Sweep, ...]:
    """Names that are to be asked for, and the rounds over all pages."""

    async def ask(db: Database, clock: Clock) -> int:
        return await profiles.sweep(db, clock, parts.keyring)

    async def look(db: Database, clock: Clock) -> int:
        return await rounds.sweep(db, clock, parts.keyring)

    return (
        Sweep(SWEEP_NAME, ask, every=5.0),
        Sweep(rounds.SWEEP_NAME, look, every=LOOK_SECONDS),
    )
