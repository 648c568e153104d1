"""What every process of Svardesk holds: settings, database, clock, key ring, files, wake-ups."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID

import structlog

import svardesk
from svardesk.config import Settings
from svardesk.kit import keyring as keyring_kit
from svardesk.kit.clock import Clock, SystemClock
from svardesk.kit.db import Database
from svardesk.kit.files import FileStore
from svardesk.kit.ids import uuid7
from svardesk.kit.keyring import KeyRing
from svardesk.kit.sql import load
from svardesk.spine.wakeups import OUTBOX, Notifier

_spine = load("svardesk.spine")
log = structlog.get_logger()

BEAT_SECONDS = 5.0


@dataclass
class House:
    """The parts of one process. ``process_id`` names it in leases and heartbeats."""

    settings: Settings
    db: Database
    clock: Clock
    keyring: KeyRing
    files: FileStore
    notifier: Notifier
    process_id: UUID = field(default_factory=uuid7)
    resume: Callable[[], str] = str
    """Gives the token that a snapshot hands out: ask before reading the rows. Set by the web process's tail."""

    @asynccontextmanager
    async def open(self, kind: str) -> AsyncIterator[None]:
        """Connect, send wake-ups and heartbeats as ``kind`` (web or worker) until the block ends."""
        await self.db.open()
        self.db.on_wake = self.wake_sequencer
        self.db.on_notify = self.notifier.send
        await self.beat(kind)
        tasks = [
            asyncio.create_task(self.notifier.run(), name="notifier"),
            asyncio.create_task(self._beats(kind), name="heartbeat"),
        ]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            try:
                async with asyncio.timeout(2), self.db.system() as tx:
                    await tx.run(_spine.forget, id=self.process_id, now=self.clock.now())
            except Exception as error:  # noqa: BLE001 - the database may be gone already; its rows age away
                log.info("no_goodbye", error=str(error).strip())
            await self.db.close()

    def wake_sequencer(self) -> None:
        """Tell the sequencer that events were committed."""
        self.notifier.send(OUTBOX)

    async def beat(self, kind: str) -> None:
        """Say that this process is alive."""
        async with self.db.system() as tx:
            await tx.run(_spine.beat, id=self.process_id, kind=kind, build=svardesk.BUILD, now=self.clock.now())

    async def _beats(self, kind: str) -> None:
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            try:
                await self.beat(kind)
            except Exception as error:  # noqa: BLE001 - the next beat tries again
                log.warning("heartbeat_failed", error=str(error).strip())


def furnish(settings: Settings, dsn: str, *, pool: int, hot: int = 4, name: str, clock: Clock | None = None) -> House:
    """Return a house that is not connected yet.

    ``dsn`` is the owner's conninfo, ``pool`` the most connections for requests and jobs, ``hot`` the most for the hottest
    statements.
    """
    db = Database(dsn, pool_min=min(2, pool), pool_max=pool, hot=hot, name=name)
    return House(
        settings=settings,
        db=db,
        clock=clock or SystemClock(),
        keyring=keyring_kit.load(settings.keys, settings.data),
        files=FileStore(settings.files_url),
        notifier=Notifier(dsn, f"{name} notify"),
    )


def start_logging(settings: Settings) -> None:
    """Set up structlog: text for people or JSON lines for collectors, on standard error."""
    shown = (
        structlog.processors.JSONRenderer() if settings.log == "json" else structlog.dev.ConsoleRenderer(colors=False)
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            shown,
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
