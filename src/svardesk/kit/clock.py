"""Time, injected: services ask a clock, tests set it."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol, runtime_checkable


@runtime_checkable
class Clock(Protocol):
    """Whoever can tell the present instant."""

    def now(self) -> datetime:
        """Return the present instant, aware, in UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the present instant, aware, in UTC."""
        return datetime.now(UTC)


@dataclass
class FixedClock:
    """A clock that stands still until it is told to move (tests)."""

    at: datetime = field(default_factory=lambda: datetime(2026, 11, 23, 9, 0, tzinfo=UTC))

    def now(self) -> datetime:
        """Return the instant that was set."""
        return self.at

    def advance(self, seconds: float = 0, **parts: float) -> datetime:
        """Move the clock by ``seconds`` and whatever ``timedelta`` takes; returns the new instant."""
        self.at += timedelta(seconds=seconds, **parts)
        return self.at
