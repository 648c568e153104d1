"""The sequencer: one process gives committed events their positions (scheme C of the measurements, decision 0003)."""

import asyncio
from typing import Any

import structlog
from psycopg import AsyncConnection

from svardesk.kit.hot import HotLines, HotStatement
from svardesk.kit.sql import load
from svardesk.spine.leader import lead
from svardesk.spine.wakeups import Signal

log = structlog.get_logger()
_sql = load(__package__ or "svardesk.spine")
_SEQUENCE = HotStatement(_sql.sequence)
_PARTITIONS = HotStatement(b"SELECT spine_ensure_partitions()")

LOCK_KEY = 811202
BATCH = 1000
IDLE_SECONDS = 0.5
"""Longest time without looking into the outbox, should a wake-up be lost."""
PACE_SECONDS = 0.002
"""Shortest time between two moves: under load one commit moves many events."""
PARTITIONS_EVERY = 100_000


class Sequencer:
    """Moves the outbox into the log whenever ``signal`` fires, while this process is the leader."""

    def __init__(self, dsn: str, signal: Signal) -> None:
        self._dsn = dsn
        self._signal = signal
        self.leading = False
        self.moved = 0

    async def run(self) -> None:
        """Compete for leadership and sequence, until cancelled."""
        await lead(self._dsn, LOCK_KEY, "sequencer", self._term)

    async def _term(self, conn: AsyncConnection[Any]) -> None:
        # A new epoch is durable before its first position is given: what an earlier leader numbered without waiting
        # for the disk may have been lost in a crash, and will be numbered again.
        await conn.execute(b"SELECT spine_ensure_partitions()")
        await conn.execute(b"SELECT spine_new_epoch()")
        await conn.execute(b"SET synchronous_commit = off")
        self.leading = True
        log.info("sequencer_leads")
        line = HotLines.on(conn, "sequencer")
        try:
            await self._follow(line)
        finally:
            self.leading = False
            await line.close()

    async def _follow(self, line: HotLines) -> None:
        loop = asyncio.get_running_loop()
        checked = 0
        while True:
            self._signal.clear()
            started = loop.time()
            row = await line.one(_SEQUENCE, {"batch": BATCH}) or {"moved": 0, "reached": 0}
            moved, reached = row["moved"], row["reached"]
            self.moved += moved
            if reached - checked > PARTITIONS_EVERY:
                await line.one(_PARTITIONS, {})
                checked = reached
            if moved == BATCH:
                continue
            if not moved:
                await self._signal.wait(IDLE_SECONDS)
                continue
            # Where something was there is more to come: look again without being called.
            rest = PACE_SECONDS - (loop.time() - started)
            if rest > 0:
                await asyncio.sleep(rest)
