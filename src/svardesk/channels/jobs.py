"""The queues of the channels room."""

from typing import Protocol

from svardesk.channels import awaiting, deliveries, ingress, media, uploads
from svardesk.channels.outgoing import Outgoing
from svardesk.kit.clock import Clock
from svardesk.kit.db import Database
from svardesk.kit.files import FileStore
from svardesk.kit.keyring import KeyRing
from svardesk.spine import Sweep


class Parts(Protocol):
    """What the sweeps work with; the process's house has it."""

    @property
    def keyring(self) -> KeyRing:
        """Opens the connections' secrets."""
        ...

    @property
    def files(self) -> FileStore:
        """Where content lies."""
        ...


def sweeps(parts: Parts) -> tuple[Sweep, ...]:
    """Deliveries and envelopes (woken when something is due, looked at every few seconds), orphaned uploads."""

    async def parse(db: Database, clock: Clock) -> int:
        return await ingress.sweep(db, clock, parts.keyring, files=parts.files)

    async def fetch(db: Database, clock: Clock) -> int:
        return await media.sweep(db, clock, parts.keyring, parts.files)

    async def tidy(db: Database, clock: Clock) -> int:
        return await uploads.sweep_orphans(db, clock, parts.files)

    return (
        Sweep(deliveries.SWEEP_NAME, Outgoing(parts.keyring, parts.files).sweep, every=2.0),
        Sweep(ingress.SWEEP_NAME, parse, every=2.0),
        Sweep(awaiting.SWEEP_NAME, fetch, every=5.0),
        Sweep("orphaned_files", tidy, every=900.0),
    )
