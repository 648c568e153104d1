"""Search over a million messages: the mix of queries in search_mix.txt."""

from pathlib import Path
from typing import Any

from bench import data
from bench.figures import Figure, Result, at_most, percentile, say, told
from bench.house import Desk, load

MIX = Path(__file__).parent / "search_mix.txt"
MANY = 10_000
TIMES = 15


def queries() -> list[tuple[str, str]]:
    """The mix: (kind, what is typed)."""
    found: list[tuple[str, str]] = []
    for line in MIX.read_text(encoding="utf-8").splitlines():
        text = line.partition("#")[0].strip()
        if text:
            kind, _, typed = text.partition(":")
            found.append((kind.strip(), typed.strip()))
    return found


def run() -> tuple[list[Figure], list[str]]:
    """Run the benchmark; (figures, notes)."""
    with data.large() as (desk, made):
        desk.work()
        web = desk.serve()
        web.wait_for("/readyz")
        mix = queries()
        words = [typed for kind, typed in mix if kind == "messages"]
        names = [typed for kind, typed in mix if kind == "contacts"]
        hits = _hits(desk, made.large, words)
        plan: dict[str, Any] = {"port": web.port, "token": "large-agent", "times": TIMES}
        # Once over everything first: what is asked for often lies in memory.
        load("search", {**plan, "times": 2, "queries": words, "kind": "messages"}, seconds=300)
        few = _ask(plan, [one for one in words if hits[one] < MANY], "messages", hits)
        many = _ask(plan, [one for one in words if hits[one] >= MANY], "messages", hits)
        people = _ask(plan, names, "contacts", {})
    return [
        at_most(f"words with fewer than {MANY} hits, p95", percentile(few.latencies, 0.95) * 1e3, 150, "ms"),
        told("the same, p50", percentile(few.latencies, 0.5) * 1e3, "ms"),
        at_most("words with more hits, newest first, p95", percentile(many.latencies, 0.95) * 1e3, 400, "ms"),
        told("the same, p50", percentile(many.latencies, 0.5) * 1e3, "ms"),
        at_most("names and addresses (250,000 contacts), p95", percentile(people.latencies, 0.95) * 1e3, 150, "ms"),
    ], [
        (
            f"{len(words)} queries in {MIX.name} ({sum(1 for one in words if hits[one] < MANY)} below {MANY} hits), {TIMES} times each, "
            f"plus {len(names)} names; over HTTP as an agent for whom two teams are closed, answers with rows and snippets"
        ),
        "slowest: " + ", ".join(f"{name} {ms:.0f} ms" for name, ms in _slowest(few, many, people)),
    ]


def _hits(desk: Desk, account: str, words: list[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    with desk.connect() as conn:
        for typed in words:
            row = conn.execute(
                "SELECT count(*) FROM message_search WHERE account_id = %s AND words @@ search_query(%s)",
                (account, typed),
            ).fetchone()
            found[typed] = int(row[0]) if row else 0
    return found


def _ask(plan: dict[str, Any], wanted: list[str], kind: str, hits: dict[str, int]) -> Result:
    result = load("search", {**plan, "queries": wanted, "kind": kind}, seconds=300)
    for typed in wanted:
        say(f"{kind} {typed!r}: {hits.get(typed, 0)} hits, p95 {result.more[typed] * 1e3:.1f} ms")
    return result


def _slowest(*results: Result) -> list[tuple[str, float]]:
    times = [(name, value * 1e3) for one in results for name, value in one.more.items() if not name.startswith("rows ")]
    return sorted(times, key=lambda pair: -pair[1])[:3]
