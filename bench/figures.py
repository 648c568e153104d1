"""Figures and the table that a benchmark prints: ours, the limit, the ratio, passed or not."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure. ``at_most`` tells which side of ``limit`` is good; without a limit it is only told."""

    name: str
    ours: float
    unit: str
    limit: float | None = None
    at_most: bool = True

    @property
    def passed(self) -> bool:
        """Whether the limit is kept (true without one)."""
        if self.limit is None:
            return True
        return self.ours <= self.limit if self.at_most else self.ours >= self.limit


def at_most(name: str, ours: float, limit: float, unit: str) -> Figure:
    """Return a figure that must not exceed ``limit``."""
    return Figure(name, ours, unit, limit)


def at_least(name: str, ours: float, limit: float, unit: str) -> Figure:
    """Return a figure that must reach ``limit``."""
    return Figure(name, ours, unit, limit, at_most=False)


def told(name: str, ours: float, unit: str) -> Figure:
    """Return a figure without a limit, printed for orientation."""
    return Figure(name, ours, unit)


def shown(value: float) -> str:
    """Return a figure in four significant digits, thousands separated by blanks."""
    if abs(value) >= 1000:
        return f"{value:,.0f}".replace(",", " ")
    return f"{value:.4g}"


def print_table(title: str, figures: Sequence[Figure], notes: Sequence[str] = ()) -> None:
    """Print one benchmark's table and its notes."""
    rows = [("figure", "ours", "limit", "ratio", "")]
    for one in figures:
        limit, ratio, verdict = "", "", ""
        if one.limit is not None:
            limit = f"{'≤' if one.at_most else '≥'} {shown(one.limit)} {one.unit}"
            ratio = f"{one.ours / one.limit:.2f}" if one.limit else "-"
            verdict = "passed" if one.passed else "MISSED"
        rows.append((one.name, f"{shown(one.ours)} {one.unit}", limit, ratio, verdict))
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    print(f"\n{title}")
    for row in rows:
        cells = [row[0].ljust(widths[0]), *(row[column].rjust(widths[column]) for column in (1, 2, 3)), row[4]]
        print("  " + "  ".join(cells).rstrip())
    for note in notes:
        print(f"  · {note}")
    sys.stdout.flush()


def say(text: str) -> None:
    """Tell what is going on, on standard error."""
    print(f"  … {text}", file=sys.stderr, flush=True)


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which ``share`` (0 to 1) of ``values`` lie; nan without values."""
    if not values:
        return float("nan")
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def median(values: Sequence[float]) -> float:
    """Return the middle value (the mean of the two middle ones when their number is even)."""
    ordered = sorted(values)
    middle = len(ordered) // 2
    if not ordered:
        return float("nan")
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


class Result(msgspec.Struct):
    """What a load client answers: latencies in seconds, counts, seconds that the load took."""

    seconds: float
    done: int
    failed: int = 0
    latencies: list[float] = []
    more: dict[str, float] = {}
