"""Wake-ups between processes: coalesced NOTIFYs after commit, on a connection of their own.

A NOTIFY inside a business transaction serialises all commits of the server; here it never is inside one. Losing a
wake-up costs time (everybody also polls), never an event.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import psycopg
import structlog
from psycopg import AsyncConnection

from svardesk.kit.db import SYSTEM_ROLE
from svardesk.kit.errors import Unavailable
from svardesk.kit.hot import HotLines, HotStatement

log = structlog.get_logger()

OUTBOX = "svardesk_outbox"
"""Events were committed: the sequencer should look."""
LOG = "svardesk_log"
"""Payload ``epoch:position``: the log grew."""
LIVE = "svardesk_live"
"""Payload JSON: typing and presence, worth nothing a second later."""
SWEEP = "svardesk_sweep"
"""Payload: the name of a queue in which something may be due."""

RECONNECT_SECONDS = 0.25
PACE_SECONDS = 0.002
"""Shortest time between two notifications of a process."""
_NOTIFY = HotStatement(b"SELECT pg_notify(c, p) FROM unnest(%(channels)s::text[], %(payloads)s::text[]) AS n (c, p)")


class Signal:
    """A flag that can be waited for with a limit; setting it twice is once."""

    __slots__ = ("_event",)

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def set(self) -> None:
        """Wake whoever waits."""
        self._event.set()

    def clear(self) -> None:
        """Forget earlier wake-ups; do it before looking, so that none is missed."""
        self._event.clear()

    async def wait(self, seconds: float) -> bool:
        """Wait until set or until ``seconds`` have passed; returns whether it was set."""
        if self._event.is_set():
            return True
        try:
            async with asyncio.timeout(seconds):
                await self._event.wait()
        except TimeoutError:
            return False
        return True


class Listener:
    """Listens on channels and calls a handler for every notification; reconnects for ever.

    ``on_connect`` is awaited after each (re)connection, before the first notification is handled: whatever was sent
    meanwhile is lost, so the handler's owner has to look for itself.
    """

    def __init__(
        self,
        dsn: str,
        handlers: dict[str, Callable[[str], None]],
        on_connect: Callable[[], Awaitable[None]] | None = None,
        name: str = "svardesk listen",
    ) -> None:
        self._dsn = dsn
        self._handlers = handlers
        self._on_connect = on_connect
        self._name = name
        self.connected = asyncio.Event()

    async def run(self) -> None:
        """Listen until cancelled."""
        while True:
            try:
                async with await AsyncConnection.connect(
                    self._dsn, autocommit=True, application_name=self._name
                ) as conn:
                    await conn.execute(f"SET ROLE {SYSTEM_ROLE}".encode())
                    for channel in self._handlers:
                        await conn.execute(f"LISTEN {channel}".encode())
                    await self._hear(conn)
            except psycopg.OperationalError as error:
                log.warning("listener_connection_lost", name=self._name, error=str(error).strip())
            except Exception:
                # A listener that ends is a deaf process: connect again and let the owner look for itself.
                log.exception("listener_failed", name=self._name)
            finally:
                self.connected.clear()
            await asyncio.sleep(RECONNECT_SECONDS)

    async def _hear(self, conn: AsyncConnection[Any]) -> None:
        """Hand notifications on until the connection is lost (raises). Straight on libpq: a wake-up should cost little."""
        loop, pg = asyncio.get_running_loop(), conn.pgconn
        lost: asyncio.Future[None] = loop.create_future()

        def readable() -> None:
            try:
                pg.consume_input()
                while (note := pg.notifies()) is not None:
                    self._handlers[note.relname.decode()](note.extra.decode())
            except Exception as error:  # noqa: BLE001 - whatever it is, the owner of the task hears of it
                if not lost.done():
                    lost.set_exception(error)

        fd = pg.socket
        loop.add_reader(fd, readable)
        try:
            if self._on_connect is not None:
                await self._on_connect()
            self.connected.set()
            await lost
        finally:
            loop.remove_reader(fd)


class Notifier:
    """Sends coalesced notifications on one connection: many wake-ups while one is under way become one."""

    def __init__(self, dsn: str, name: str = "svardesk notify") -> None:
        self._name = name
        self._line = HotLines(dsn, SYSTEM_ROLE, most=1, name=name)
        self._pending: dict[tuple[str, str], None] = {}
        self._more = Signal()
        self._local: dict[str, Callable[[str], None]] = {}

    def here(self, channel: str, handler: Callable[[str], None]) -> None:
        """Also call ``handler`` in this process at once, without the way through the database."""
        self._local[channel] = handler

    def send(self, channel: str, payload: str = "") -> None:
        """Queue a notification; equal ones that have not left yet are sent once."""
        handler = self._local.get(channel)
        if handler is not None:
            handler(payload)
        if len(self._pending) < 10_000:
            self._pending[channel, payload] = None
        self._more.set()

    async def run(self) -> None:
        """Send until cancelled; reconnects for ever and drops what is older than the outage (wake-ups keep no value)."""
        try:
            while True:
                await self._more.wait(3600)
                self._more.clear()
                batch, self._pending = list(self._pending), {}
                if batch:
                    await self._send(batch)
        finally:
            await self._line.close()

    async def _send(self, batch: list[tuple[str, str]]) -> None:
        try:
            await self._line.all(
                _NOTIFY, {"channels": [channel for channel, _ in batch], "payloads": [payload for _, payload in batch]}
            )
        except (psycopg.OperationalError, Unavailable) as error:
            log.warning("notifier_connection_lost", error=str(error).strip())
            await asyncio.sleep(RECONNECT_SECONDS)
        except Exception:
            log.exception("notifier_failed", name=self._name)
            await asyncio.sleep(RECONNECT_SECONDS)
        else:
            # Whoever is woken under load is awake already: what comes in meanwhile goes together.
            await asyncio.sleep(PACE_SECONDS)
