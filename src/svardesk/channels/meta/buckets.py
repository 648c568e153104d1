"""How fast a page may be asked: token buckets in this process, and pauses that Meta's usage headers ask for.

What lasts longer than a moment is told to the caller as a number of seconds; deliveries keep it as their next attempt.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

TEXTS: Final = (300.0, 300.0)
MEDIA: Final = (10.0, 10.0)
CONVERSATIONS: Final = (2.0, 2.0)
"""(calls a second, burst) for a page: what is sent without files, with files, and reading conversations."""
FULL: Final = 95.0
"""Per cent of a limit from which we stop by ourselves."""
SLOW_SECONDS: Final = 60.0
"""So long, where the headers give no time of their own."""
_MOST: Final = 10_000


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """What the headers of an answer say: the fullest limit in per cent, and seconds until it opens again."""

    percent: float = 0.0
    regain: float = 0.0

    @property
    def pause(self) -> float:
        """Seconds in which nothing should be asked; 0: go on."""
        if self.regain:
            return self.regain
        return SLOW_SECONDS if self.percent >= FULL else 0.0


def read_usage(headers: Mapping[str, str]) -> Usage:
    """Read ``X-App-Usage``, ``X-Page-Usage`` and ``X-Business-Use-Case-Usage``; what is not readable says nothing."""
    percent, regain = 0.0, 0.0
    for name in ("x-app-usage", "x-page-usage", "x-business-use-case-usage"):
        for one in _rows(headers.get(name)):
            for part in ("call_count", "total_time", "total_cputime"):
                percent = max(percent, _number(one.get(part)))
            regain = max(regain, _number(one.get("estimated_time_to_regain_access")) * 60)
    return Usage(percent=percent, regain=regain)


def _rows(text: str | None) -> list[dict[str, Any]]:
    if not text:
        return []
    try:
        found = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return []
    if not isinstance(found, dict):
        return []
    nested = [row for rows in found.values() if isinstance(rows, list) for row in rows if isinstance(row, dict)]
    return nested or [found]


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else 0.0


class Buckets:
    """Token buckets by name; ``clock`` gives seconds that only grow."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._paused: dict[str, float] = {}

    def take(self, page: str, kind: str, limit: tuple[float, float]) -> float:
        """Take one; 0.0 when it may be used now, else the seconds after which to ask again (and nothing is taken)."""
        now = self._clock()
        until = self._paused.get(page, 0.0)
        if until > now:
            return until - now
        rate, burst = limit
        name = f"{page}:{kind}"
        level, at = self._levels.pop(name, (burst, now))
        level = min(burst, level + (now - at) * rate)
        wait = 0.0 if level >= 1 else (1 - level) / rate
        self._levels[name] = (level - 1 if not wait else level, now)
        while len(self._levels) > _MOST:
            self._levels.popitem(last=False)
        return wait

    def pause(self, page: str, seconds: float) -> None:
        """Nothing of this page for so long."""
        if seconds > 0:
            self._paused = {name: until for name, until in self._paused.items() if until > self._clock()}
            self._paused[page] = max(self._paused.get(page, 0.0), self._clock() + seconds)

    def resume(self, page: str) -> None:
        """Somebody has looked: go on."""
        self._paused.pop(page, None)


BUCKETS: Final = Buckets()
"""Those of this process."""
