"""The inbox with a million conversations: first page and page at row 50,000, beside the same with ten thousand."""

from bench import data
from bench.figures import Figure, Result, at_most, median, percentile, say, told
from bench.house import Program, load

TIMES = 100
ROUNDS = 3
DEEP = 50_000
SHALLOW = 5_000
"""The deep page of the small organisation: it has no row 50,000."""


def run() -> tuple[list[Figure], list[str]]:
    """Run the benchmark; (figures, notes)."""
    figures: list[Figure] = []
    with data.large() as (desk, _):
        desk.work()
        web = desk.serve()
        web.wait_for("/readyz")
        for view in ("all", "unassigned", "teams", "mine", "waiting", "closed"):
            small, large = _pair(web, view, 0)
            figures += _figures(f"view {view}, first page", small, large)
        small, large = _pair(web, "all", DEEP)
        figures += _figures(f"view all, page at row {DEEP}", small, large)
        small, large = _pair(web, "closed", DEEP)
        figures += _figures(f"view closed, page at row {DEEP}", small, large)
    return figures, [
        (
            "over HTTP as an agent for whom two teams' conversations are closed, 50 rows a page, one request at a time; "
            f"p95 of {TIMES} requests, median of {ROUNDS} rounds"
        ),
        f"beside it the same with {data.SMALL} conversations (its deep page begins at row {SHALLOW})",
    ]


def _figures(name: str, small: float, large: float) -> list[Figure]:
    return [
        at_most(f"{name}, p95", large * 1e3, 40, "ms"),
        at_most(f"{name}, beside 10,000 conversations", large / small, 1.5, "times"),
    ]


def _pair(web: Program, view: str, row: int) -> tuple[float, float]:
    found: dict[str, list[float]] = {"small": [], "large": []}
    for _ in range(ROUNDS):
        for name, at_row in (("small", min(row, SHALLOW)), ("large", row)):
            plan = {"port": web.port, "token": f"{name}-agent", "view": view, "at_row": at_row, "times": TIMES}
            result: Result = load("pages", plan, seconds=120)
            found[name].append(percentile(result.latencies, 0.95))
    small, large = median(found["small"]), median(found["large"])
    say(f"{view} at row {row}: {large * 1e3:.2f} ms, with 10,000: {small * 1e3:.2f} ms")
    return small, large


__all__ = ["run", "told"]
