"""The worker: gives positions, runs reactions, sweeps queues. Any number of them share the work."""

import asyncio
import signal

import structlog

from svardesk import wiring
from svardesk.channels import receipts
from svardesk.channels.email.access import Access
from svardesk.channels.email.reading import MAILBOXES, Readers
from svardesk.channels.registry import EMAIL
from svardesk.config import Settings
from svardesk.house import House
from svardesk.spine.queues import Sweeper
from svardesk.spine.relay import Relay
from svardesk.spine.sequencer import Sequencer
from svardesk.spine.wakeups import LOG, OUTBOX, SWEEP, Listener, Signal

log = structlog.get_logger()


class Worker:
    """All tasks of a worker process."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.outbox, self.log = Signal(), Signal()
        self.sequencer = Sequencer(house.db.dsn, self.outbox)
        self.relay = Relay(house.db, wiring.reactions(), self.log, house.clock)
        access = Access(house.db, house.clock, house.keyring, house.settings.public_url)
        EMAIL.token_of, EMAIL.token_refused = access.token, access.refused
        receipts.know(house.keyring, house.settings.public_url)
        self.mailboxes = Readers(house.db, house.clock, house.keyring, access)
        self.sweeper = Sweeper(house.db, house.clock, wiring.sweeps(house))
        self.listener = Listener(
            house.db.dsn,
            {OUTBOX: lambda _: self.outbox.set(), LOG: lambda _: self.log.set(), SWEEP: self._wake},
            self._look,
            "svardesk worker listen",
        )
        # What this process commits itself need not go through the database to wake it.
        house.notifier.here(OUTBOX, lambda _: self.outbox.set())
        house.notifier.here(SWEEP, self._wake)

    async def run(self) -> None:
        """Work until cancelled."""
        async with self.house.open("worker"), asyncio.TaskGroup() as group:
            for name in ("listener", "sequencer", "relay", "sweeper", "mailboxes"):
                group.create_task(getattr(self, name).run(), name=name)

    def _wake(self, name: str) -> None:
        if name == MAILBOXES:
            self.mailboxes.wake()
        else:
            self.sweeper.wake(name)

    async def _look(self) -> None:
        self.outbox.set()
        self.log.set()


def work(settings: Settings) -> None:
    """Run a worker until SIGTERM or SIGINT (the command ``svardesk work``)."""
    import uvloop

    from svardesk.house import furnish, start_logging
    from svardesk.kit.postgres import database_dsn

    start_logging(settings)

    async def main() -> None:
        house = furnish(settings, database_dsn(settings), pool=settings.worker_pool, name="svardesk worker")
        task = asyncio.create_task(Worker(house).run())
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, task.cancel)
        try:
            await task
        except asyncio.CancelledError:
            log.info("worker_stopped")

    uvloop.run(main())
