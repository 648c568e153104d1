"""Sweeps: domain rows that become due (deliveries, envelopes, snoozes, requests), worked through by the workers.

The rows are the queue: they can be seen, re-planned and audited with SQL. A sweep claims a batch with
``FOR UPDATE SKIP LOCKED`` in its own transaction, so several workers share the work; it runs when somebody wakes it by
name and at least every ``every`` seconds.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import psycopg
import structlog

from svardesk.kit.clock import Clock
from svardesk.kit.db import Database
from svardesk.kit.errors import Unavailable
from svardesk.spine.wakeups import Signal

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Sweep:
    """A queue: ``run(db, clock)`` works one batch and returns how many rows it handled (0 = nothing is due now).

    ``every`` is the longest time in seconds between two looks.
    """

    name: str
    run: Callable[[Database, Clock], Awaitable[int]]
    every: float = 5.0


class Sweeper:
    """Runs all sweeps of a worker, each in its own task, so that a slow queue does not hold back another."""

    def __init__(self, db: Database, clock: Clock, sweeps: tuple[Sweep, ...]) -> None:
        self._db = db
        self._clock = clock
        self._sweeps = sweeps
        self._signals = {sweep.name: Signal() for sweep in sweeps}

    def wake(self, name: str) -> None:
        """Let the sweep ``name`` look at once; an unknown name (from a newer build) is ignored."""
        signal = self._signals.get(name)
        if signal is not None:
            signal.set()

    async def run(self) -> None:
        """Sweep until cancelled."""
        async with asyncio.TaskGroup() as group:
            for sweep in self._sweeps:
                group.create_task(self._sweep(sweep), name=f"sweep {sweep.name}")

    async def _sweep(self, sweep: Sweep) -> None:
        signal = self._signals[sweep.name]
        pause = 0.0
        while True:
            signal.clear()
            try:
                handled = await sweep.run(self._db, self._clock)
                pause = 0.0
            except (psycopg.OperationalError, Unavailable) as error:
                log.warning("sweep_without_database", sweep=sweep.name, error=str(error).strip())
                handled, pause = 0, 0.5
            except Exception:
                log.exception("sweep_failed", sweep=sweep.name)
                handled, pause = 0, min(30.0, pause * 2 or 1.0)
            if pause:
                await asyncio.sleep(pause)
            elif not handled:
                await signal.wait(sweep.every)
