"""What taking a batch of events will ask one by one, asked at once: which are new, who wrote, who owns the threads.

Only for a batch that is taken whole or not at all. What is not known here is asked in the usual way, so nothing depends on it
but speed: a message of somebody we know costs one statement instead of five.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from svardesk.channels.connections import QUERIES
from svardesk.channels.contract import Connection, InboundEvent
from svardesk.contacts import identities
from svardesk.conversations import outside
from svardesk.kit.db import Row, Tx
from svardesk.kit.ids import uuid7

Batch = Sequence[tuple[Connection, UUID, Sequence[InboundEvent]]]
"""(connection, envelope, what was found in it), in their order."""


class Foresight:
    """What is known of a batch before its events are taken."""

    def __init__(self) -> None:
        self._new: set[tuple[UUID, str]] = set()
        self._people: dict[tuple[str, str, str], Row] = {}
        self._standby: dict[tuple[UUID, str], bool] = {}
        self._windows: dict[UUID, tuple[datetime, datetime]] = {}

    def is_new(self, connection_id: UUID, key: str) -> bool:
        """Whether an event was noted for the first time by this batch; true once, for the first of several copies."""
        found = (connection_id, key) in self._new
        self._new.discard((connection_id, key))
        return found

    def person(self, kind: str, scope: str, address: str) -> Row | None:
        """Whose address this is, where that is known."""
        return self._people.get((kind, scope, identities.normal(kind, address)))

    def is_news_of_owner(self, connection_id: UUID, thread: str, *, standby: bool) -> bool:
        """Whether a message tells something new of who owns its thread."""
        return self._standby.get((connection_id, thread)) is not standby

    def forget_owner(self, connection_id: UUID, thread: str) -> None:
        """It may have changed: ask."""
        self._standby.pop((connection_id, thread), None)

    def open_window(self, conversation_id: UUID, since: datetime, until: datetime) -> None:
        """The time to answer runs anew; written with the whole batch."""
        held = self._windows.get(conversation_id)
        if held is None or held[0] < since:
            self._windows[conversation_id] = (since, until)

    async def finish(self, tx: Tx) -> None:
        """Write what was gathered so far."""
        windows, self._windows = self._windows, {}
        if windows:
            await outside.open_windows(tx, windows)


async def look(tx: Tx, now: datetime, batch: Batch, handled: Iterable[str]) -> Foresight:
    """Note all events of a batch, and read what taking them asks. ``handled``: the types that somebody does something with."""
    found = Foresight()
    types = set(handled)
    events = [(connection, envelope_id, event) for connection, envelope_id, all_of in batch for event in all_of]
    if not events:
        return found
    rows = await tx.all(
        QUERIES.add_items,
        account_id=tx.account,
        ids=[uuid7() for _ in events],
        envelope_ids=[envelope_id for _, envelope_id, _ in events],
        connection_ids=[connection.id for connection, _, _ in events],
        keys=[event.idempotency_key for _, _, event in events],
        types=[event.type for _, _, event in events],
        states=["done" if event.type in types else "ignored" for _, _, event in events],
        now=now,
    )
    found._new = {(row["connection_id"], row["idempotency_key"]) for row in rows}  # noqa: SLF001 - made here
    people = {
        (connection.kind, str(connection.id), identities.normal(connection.kind, event.sender.external_id))
        for connection, _, event in events
        if event.sender.kind == "customer" and event.sender.address_kind is None
    }
    found._people = await identities.by_addresses(tx, people)  # noqa: SLF001
    threads = {
        (connection.id, event.external_thread_key)
        for connection, _, event in events
        if event.standby is not None and event.external_thread_key is not None
    }
    if threads:
        held = await tx.all(
            QUERIES.standing_by,
            account_id=tx.account,
            connection_ids=[one for one, _ in threads],
            threads=[thread for _, thread in threads],
        )
        known = {(row["connection_id"], row["thread"]): bool(row["standby"]) for row in held}
        found._standby = {one: known.get(one, False) for one in threads}  # noqa: SLF001
    return found
