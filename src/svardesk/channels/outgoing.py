"""The worker's way out: several deliveries under way at a time, so that a slow provider holds up nobody else's answers.

``deliveries.sweep`` works one batch to its end. Here a batch is begun, and what is quick is waited for; what is slow goes on
beside the next batches, with its lease renewed for as long as its provider is given.
"""

import asyncio
from typing import Final

from svardesk.channels import deliveries
from svardesk.channels.registry import adapter as adapter_of
from svardesk.kit.clock import Clock
from svardesk.kit.db import Database
from svardesk.kit.files import FileStore
from svardesk.kit.keyring import KeyRing

MOST: Final = 60
"""So many at a time in one worker."""
QUICK: Final = 0.5
"""Seconds that a batch is waited for before the next one is claimed."""


class Outgoing:
    """What one worker is sending."""

    def __init__(self, keyring: KeyRing, files: FileStore | None, adapters: deliveries.Adapters = adapter_of) -> None:
        self._keyring = keyring
        self._files = files
        self._adapters = adapters
        self._tasks: set[asyncio.Task[None]] = set()

    async def sweep(self, db: Database, clock: Clock) -> int:
        """Begin what is due, as far as there is room; returns how many were claimed."""
        room = MOST - len(self._tasks)
        if room <= 0:
            await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
            room = MOST - len(self._tasks)
        claimed = await deliveries.claim(db, clock, min(deliveries.BATCH, room))
        if claimed:
            fresh = {
                asyncio.create_task(deliveries.see_through(db, clock, self._keyring, self._adapters, self._files, row))
                for row in claimed
            }
            self._tasks |= fresh
            for one in fresh:
                one.add_done_callback(self._tasks.discard)
            done, _ = await asyncio.wait(fresh, timeout=QUICK)
            for one in done:
                one.result()
        return len(claimed)

    async def settled(self) -> None:
        """Wait until what was begun has ended."""
        await asyncio.gather(*self._tasks, return_exceptions=True)
