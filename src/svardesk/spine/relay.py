"""The relay: works the log through, lane by lane, and runs what ``wiring.py`` ties to each event.

Workers share the sixteen lanes (a lane is a hash of the stream, so one conversation is always worked through in order).
A lane is held by an advisory lock, and its cursor moves in the very transaction of the reactions, fenced by its old
value: two workers that both believe to hold a lane cannot both commit.
"""

import asyncio
import traceback
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import psycopg
import structlog
from psycopg import AsyncConnection
from psycopg.types.json import Jsonb

from svardesk.kit.clock import Clock
from svardesk.kit.db import Database, Tx, passes
from svardesk.kit.ids import uuid7
from svardesk.kit.sql import load
from svardesk.spine import log as event_log
from svardesk.spine.events import NAMES, Recorded, decode
from svardesk.spine.leader import connect
from svardesk.spine.wakeups import Signal

log = structlog.get_logger()
_sql = load(__package__ or "svardesk.spine")

LANES = 16
LOCK_SPACE = 811203
PRESENT = 99
"""Held by every relay (shared) beside its lanes: the database itself knows how many there are, at once."""
BATCH = 200
IDLE_SECONDS = 1.0
REST_SECONDS = 0.02
"""Shortest time between two batches that did not fill up."""
REBALANCE_SECONDS = 2.0
FIRST_RETRY_SECONDS = 5
LAST_ATTEMPT = 6
"""After so many tries only an operator's replay tries again."""


@dataclass(frozen=True, slots=True)
class Reaction:
    """One concern tied to an event type: ``run(tx, batch)`` gets the events of one account, in order.

    ``tx`` is an open transaction of that account as the app role; the reaction must be idempotent, because a crash
    between its commit and the next batch cannot be told from none at all for anything outside the database.
    """

    name: str
    run: Callable[[Tx, Sequence[Recorded]], Awaitable[None]]


Wiring = dict[type[msgspec.Struct], tuple[Reaction, ...]]


class UnreadableEvent(Exception):
    """This build does not know what an event says that it should react to: set aside until one comes that does."""


class _Moved(Exception):
    """Another worker moved a cursor that this one thought to hold."""


class Relay:
    """Runs the reactions of ``wiring`` for the lanes this process holds."""

    def __init__(self, db: Database, wiring: Wiring, signal: Signal, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._signal = signal
        self._by_name: dict[str, tuple[Reaction, ...]] = {}
        self._reactions: dict[str, Reaction] = {}
        for kind, reactions in wiring.items():
            self._by_name[NAMES[kind][0]] = reactions
            for reaction in reactions:
                self._reactions[reaction.name] = reaction
        self._held: dict[int, int] = {}
        self.handled = 0
        self.set_aside = 0

    @property
    def lanes(self) -> list[int]:
        """Lanes that this process holds now."""
        return sorted(self._held)

    async def run(self) -> None:
        """Take lanes and work, until cancelled."""
        while True:
            conn: AsyncConnection[Any] | None = None
            try:
                conn = await connect(self._db.dsn, "svardesk relay")
                await conn.execute(b"SELECT pg_advisory_lock_shared(%s, %s)", (LOCK_SPACE, PRESENT))
                await self._work(conn)
            except psycopg.OperationalError as error:
                log.warning("relay_connection_lost", error=str(error).strip())
            except Exception:
                log.exception("relay_failed")
            finally:
                self._held.clear()
                if conn is not None:
                    await conn.close()
            await asyncio.sleep(0.25)

    async def _work(self, locks: AsyncConnection[Any]) -> None:
        loop = asyncio.get_running_loop()
        balanced = 0.0
        while True:
            self._signal.clear()
            if loop.time() - balanced > REBALANCE_SECONDS:
                await self._balance(locks)
                await self.retry_set_aside()
                balanced = loop.time()
            if not self._held:
                await asyncio.sleep(0.25)
                continue
            try:
                more = await self.batch()
            except _Moved:
                log.warning("relay_lost_a_lane")
                return
            if not more:
                # A batch costs nearly the same with one event or a hundred, and reactions may come a moment later.
                await asyncio.sleep(REST_SECONDS)
                await self._signal.wait(IDLE_SECONDS)

    async def _balance(self, locks: AsyncConnection[Any]) -> None:
        # Fair shares: every relay gets at most ceil(lanes / relays); whoever holds more lets go. Relays are counted by a
        # lock that dies with its connection, so a killed worker's lanes are free for the others at the next look. (A
        # count of heartbeats would leave them to the dead one until its last beat has aged.)
        row = await (await locks.execute(_sql.relays, {"space": LOCK_SPACE, "present": PRESENT})).fetchone()
        relays = max(1, row[0] if row else 1)
        share = -(-LANES // relays)
        for lane in self.lanes[share:]:
            await locks.execute(b"SELECT pg_advisory_unlock(%s, %s)", (LOCK_SPACE, lane))
            del self._held[lane]
        for lane in range(LANES):
            if len(self._held) >= share:
                break
            if lane in self._held:
                continue
            row = await (await locks.execute(b"SELECT pg_try_advisory_lock(%s, %s)", (LOCK_SPACE, lane))).fetchone()
            if row is not None and row[0]:
                self._held[lane] = -1
        async with self._db.system() as tx:
            for row in await tx.all(_sql.cursors, lanes=self.lanes):
                self._held[row["lane"]] = row["position"]

    async def batch(self) -> bool:
        """Work one batch of the held lanes; returns whether there may be more at once."""
        start = min(self._held.values())
        async with self._db.system() as tx:
            events = await event_log.after(tx, start, BATCH)
        if not events:
            return False
        reached = events[-1].position
        mine = [one for one in events if one.position > self._held.get(one.lane, 2**62) and one.type in self._by_name]
        unreadable = any(one.event is None for one in mine)
        try:
            await self._commit(mine, reached, careful=unreadable)
        except _Moved:
            raise
        except Exception as error:
            if unreadable or passes(error):
                raise
            # Something in the batch fails: once more, each reaction in a savepoint, and what fails is set aside.
            await self._commit(mine, reached, careful=True)
        self.handled += len(mine)
        return len(events) == BATCH

    async def _commit(self, events: list[Recorded], reached: int, *, careful: bool) -> None:
        lanes = [lane for lane, position in self._held.items() if position < reached]
        async with self._db.directory() as tx:
            for account, batch in _by_account(events).items():
                await _become(tx, account)
                for reaction, share in self._shares(batch):
                    if careful:
                        for one in share:
                            await self._carefully(tx, account, reaction, one)
                    else:
                        await reaction.run(tx, share)
            await tx.conn.execute(b"SET LOCAL ROLE svardesk_system")
            moved = await tx.run(
                _sql.move_cursors, position=reached, lanes=lanes, olds=[self._held[lane] for lane in lanes]
            )
            if moved != len(lanes):
                raise _Moved
        for lane in lanes:
            self._held[lane] = reached

    def _shares(self, batch: list[Recorded]) -> list[tuple[Reaction, list[Recorded]]]:
        shares: dict[str, tuple[Reaction, list[Recorded]]] = {}
        for one in batch:
            for reaction in self._by_name[one.type]:
                shares.setdefault(reaction.name, (reaction, []))[1].append(one)
        return list(shares.values())

    async def _carefully(self, tx: Tx, account: UUID, reaction: Reaction, one: Recorded) -> None:
        try:
            if one.event is None:
                raise UnreadableEvent(f"{one.type} version {one.version}")
            async with tx.savepoint():
                await reaction.run(tx, [one])
        except Exception as error:
            if passes(error):
                raise
            log.exception("reaction_set_aside", reaction=reaction.name, type=one.type, position=one.position)
            self.set_aside += 1
            await tx.conn.execute(b"SET LOCAL ROLE svardesk_system")
            await tx.run(
                _sql.set_aside,
                id=uuid7(),
                position=one.position,
                account_id=account,
                stream=one.stream,
                reaction=reaction.name,
                type=one.type,
                version=one.version,
                payload=Jsonb(one.payload if one.event is None else msgspec.to_builtins(one.event)),
                error=_where(error),
                retry_at=self._clock.now() + timedelta(seconds=FIRST_RETRY_SECONDS),
            )
            await _become(tx, account)

    async def retry_set_aside(self) -> int:
        """Try again what was set aside and is due; returns how many worked."""
        solved = 0
        async with self._db.system() as tx:
            due = await tx.all(_sql.due_set_aside, now=self._clock.now(), known=list(self._reactions))
            for row in due:
                reaction = self._reactions[row["reaction"]]
                fact = decode(row["type"], row["version"], row["payload"])
                one = Recorded(
                    row["position"], row["account_id"], row["stream"], 0, row["type"], row["version"],
                    row["set_aside_at"], fact,
                )  # fmt: skip
                try:
                    if fact is None:
                        raise UnreadableEvent(f"{one.type} version {one.version}")
                    async with tx.savepoint():
                        await _become(tx, row["account_id"])
                        await reaction.run(tx, [one])
                except Exception as error:
                    if passes(error):
                        raise
                    await tx.conn.execute(b"SET LOCAL ROLE svardesk_system")
                    wait = timedelta(seconds=FIRST_RETRY_SECONDS * 4 ** row["attempts"])
                    await tx.run(
                        _sql.postpone_set_aside,
                        id=row["id"],
                        error=_where(error),
                        retry_at=self._clock.now() + wait if row["attempts"] < LAST_ATTEMPT else None,
                    )
                else:
                    await tx.conn.execute(b"SET LOCAL ROLE svardesk_system")
                    await tx.run(_sql.solve_set_aside, id=row["id"], now=self._clock.now())
                    solved += 1
        return solved


def _by_account(events: list[Recorded]) -> dict[UUID, list[Recorded]]:
    found: dict[UUID, list[Recorded]] = defaultdict(list)
    for one in events:
        found[one.account_id].append(one)
    return found


def _where(error: Exception) -> str:
    """What is kept of an error: its class and place. Its message could hold what a person wrote; that is for the log."""
    frames = traceback.extract_tb(error.__traceback__)
    place = next((one for one in reversed(frames) if "site-packages" not in one.filename), None)
    code = f" {error.sqlstate}" if isinstance(error, psycopg.Error) and error.sqlstate else ""
    at = f" at {Path(place.filename).parent.name}/{Path(place.filename).name}:{place.lineno}" if place else ""
    return f"{type(error).__name__}{code}{at}"


async def _become(tx: Tx, account: UUID) -> None:
    """Put the transaction into the skin of an account: app role, row-level security set.

    It need not wait for the disk: if a crash takes it, it takes the cursor with it, and the batch is done again.
    """
    tx.account_id = account
    await tx.conn.execute(
        f"SET LOCAL synchronous_commit = off; SET LOCAL ROLE svardesk_app;"
        f" SET LOCAL svardesk.account = '{UUID(str(account))}'".encode(),
        prepare=False,
    )
