"""Telling the customer that a person types or has looked, at channels that offer it.

Worth nothing a moment later: nothing is stored, a failure is only noted. Each is told at most every few seconds, and
``seen`` only when an agent has really read the conversation: to be seen and not answered is worse than not to be seen.
"""

import asyncio
from time import monotonic
from typing import Final
from uuid import UUID

import structlog

from svardesk.channels.connections import QUERIES, REMEMBERED, NoSuchConnection
from svardesk.channels.contract import Signal
from svardesk.channels.registry import NoSuchChannel, adapter
from svardesk.kit.db import Database
from svardesk.kit.keyring import KeyRing

log = structlog.get_logger()

EVERY: Final[dict[str, float]] = {"typing": 10.0, "seen": 3.0}
SECONDS: Final = 10.0
MOST: Final = 200
"""So many at a time; more are let go."""


class Signals:
    """Passes signals on, in tasks of their own."""

    def __init__(self, db: Database, keyring: KeyRing) -> None:
        self._db = db
        self._keyring = keyring
        self._told: dict[tuple[UUID, str], float] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def tell(self, account_id: UUID, conversation_id: UUID, signal: Signal) -> None:
        """Tell the customer of a conversation, soon and at most once in a while."""
        now = monotonic()
        key = (conversation_id, signal)
        if now - self._told.get(key, 0.0) < EVERY.get(signal, 1.0) or len(self._tasks) >= MOST:
            return
        if len(self._told) > 10_000:
            self._told = {key: at for key, at in self._told.items() if now - at < 60}
        self._told[key] = now
        task = asyncio.create_task(self._pass_on(account_id, conversation_id, signal))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def settled(self) -> None:
        """Wait until what was begun is done."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _pass_on(self, account_id: UUID, conversation_id: UUID, signal: Signal) -> None:
        try:
            async with self._db.work(account_id) as tx:
                row = await tx.maybe(QUERIES.outwards, account_id=account_id, conversation_id=conversation_id)
            if row is None:
                return
            connection = await REMEMBERED.by_id(self._db, self._keyring, account_id, row["connection_id"])
            found = adapter(connection.kind)
            offered = found.capabilities(connection)
            if offered.local or not (offered.typing.outwards if signal == "typing" else offered.seen):
                return
            async with asyncio.timeout(SECONDS):
                await found.signal(connection, row["thread"], signal)
        except (NoSuchConnection, NoSuchChannel):
            return
        except Exception as error:  # noqa: BLE001 - a signal that is lost is no harm
            log.warning("signal_lost", signal=signal, conversation=str(conversation_id), error=type(error).__name__)
