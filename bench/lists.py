"""The inbox with a million conversations: first page and page at row 50,000, beside the same with ten thousand."""

from bench import data
from bench.figures import Figure, Result, at_most, median, percentile, say
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
            figures += _pair(web, view, 0, f"view {view}, first page")
        for view in ("all", "closed"):
            figures += _pair(web, view, DEEP, f"view {view}, page at row {DEEP}")
    return figures, [
        (
            "over HTTP as an agent for whom two teams' conversations are closed, 50 rows a page, one request at a time, both in turn; "
            f"p95 of {TIMES} requests, median of {ROUNDS} rounds"
        ),
        (
            f"beside it the p50 with {data.SMALL} conversations (its deep page begins at row {SHALLOW}); views whose first page "
            "it does not fill are not compared"
        ),
    ]


def _pair(web: Program, view: str, row: int, title: str) -> list[Figure]:
    slowest: list[float] = []
    usual: dict[str, list[float]] = {"small": [], "large": []}
    rows: dict[str, float] = {}
    for _ in range(ROUNDS):
        plan = {"port": web.port, "view": view, "rows": {"small": min(row, SHALLOW), "large": row}, "times": TIMES}
        result: Result = load("pages", plan, seconds=120)
        slowest.append(percentile(result.latencies, 0.95))
        for name, times in usual.items():
            times.append(result.more[f"p50_{name}"])
            rows[name] = result.more[f"rows_{name}"]
    small, large, p95 = median(usual["small"]), median(usual["large"]), median(slowest)
    say(f"{view} at row {row}: p95 {p95 * 1e3:.2f} ms, p50 {large * 1e3:.2f} ms, with 10,000: p50 {small * 1e3:.2f} ms")
    figures = [at_most(f"{title}, p95", p95 * 1e3, 40, "ms")]
    if rows["small"] == rows["large"]:
        figures.append(at_most(f"{title}, p50 beside 10,000 conversations", large / small, 1.5, "times"))
    return figures
