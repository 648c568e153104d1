"""Events: facts that a room announces, recorded in the transaction that made them true.

An event is a frozen ``msgspec.Struct`` with ``stream: UUID`` (the conversation, contact … it is about) and ids, numbers or
short words; never texts of people. ``@event("message_received", version=1)`` gives it its name for ever. A changed
meaning is a new version; ``docs/events.md`` lists them all.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar
from uuid import UUID

import msgspec
import structlog

from svardesk.kit.db import Tx
from svardesk.kit.jsons import encode as encode_json

log = structlog.get_logger()

E = TypeVar("E", bound=type[msgspec.Struct])

BY_NAME: dict[tuple[str, int], type[msgspec.Struct]] = {}
NAMES: dict[type[msgspec.Struct], tuple[str, int]] = {}

RECORD = (
    b"INSERT INTO event_outbox (account_id, stream, type, version, payload)"
    b" VALUES (%(account_id)s, %(stream)s, %(type)s, %(version)s, %(payload)s::jsonb)"
)


class Event(Protocol):
    """What every event has: the thing it is about, whose row lock gives it its place among the others."""

    @property
    def stream(self) -> UUID:
        """Id of the conversation, contact, agent … the fact is about."""
        ...


def event(name: str, *, version: int = 1) -> Callable[[E], E]:
    """Register a frozen Struct as the event ``name`` (past tense, snake case)."""

    def register(cls: E) -> E:
        if (name, version) in BY_NAME:
            raise RuntimeError(f"two events are called {name} version {version}")
        if not cls.__struct_config__.frozen or "stream" not in cls.__struct_fields__:
            raise RuntimeError(f"event {name} must be frozen and have a stream")
        BY_NAME[name, version] = cls
        NAMES[cls] = (name, version)
        return cls

    return register


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event as the log tells it.

    ``position`` is dense and given after commit; ``at`` is when the transaction recorded it (UTC).
    """

    position: int
    account_id: UUID
    stream: UUID
    lane: int
    type: str
    version: int
    at: datetime
    event: Any
    payload: Any = None
    """What is written of it, kept only when this build cannot read it (then ``event`` is None)."""


def encode(fact: Event) -> str:
    """Return the payload of ``fact`` as JSON text, for statements that write the outbox row themselves."""
    return encode_json(fact).decode()


def name_of(fact: Event) -> tuple[str, int]:
    """Return (name, version) of an event."""
    return NAMES[type(fact)]  # pyright: ignore[reportArgumentType]


async def record(tx: Tx, fact: Event) -> None:
    """Announce ``fact`` with the transaction ``tx``: it becomes known if, and only if, the transaction commits.

    The caller holds the row lock of the stream, which is what puts the events of one stream in order.
    """
    name, version = name_of(fact)
    tx.wake = True
    await tx.run(RECORD, account_id=tx.account, stream=fact.stream, type=name, version=version, payload=encode(fact))


def decode(name: str, version: int, payload: Any) -> Any:
    """Return the event object of a row, or None if this build cannot read it (an older build meets a newer log)."""
    cls = BY_NAME.get((name, version))
    if cls is None:
        return None
    try:
        return msgspec.convert(payload, cls, strict=False)
    except msgspec.ValidationError as error:
        # One event that says something else than its version promises must not stop the whole log for everybody.
        log.warning("event_unreadable", type=name, version=version, error=str(error))
        return None
