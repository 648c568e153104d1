"""Meta's webhook at 500 events a second in one process: how long until 200, and is all of it kept?"""

import time

from bench.figures import Figure, Result, at_most, percentile, told
from bench.house import load, running
from bench.meta import make_page

RATE = 500
SECONDS = 20


def run() -> tuple[list[Figure], list[str]]:
    """Run the benchmark; (figures, notes)."""
    with running() as desk:
        web = desk.serve()
        page = make_page(desk, "http://127.0.0.1:9")
        plan = {"port": web.port, "key": page.key, "rate": RATE, "longest": 120}
        load("meta_webhook", {**plan, "seconds": 2, "first": 0}, seconds=60)
        cpu, began = web.cpu_seconds(), time.monotonic()
        result: Result = load("meta_webhook", {**plan, "seconds": SECONDS, "first": 100_000}, seconds=120)
        cpu, took = web.cpu_seconds() - cpu, time.monotonic() - began
        with desk.connect() as conn:
            row = conn.execute("SELECT count(*) FROM envelopes").fetchone()
    assert row is not None
    latencies = [one * 1e3 for one in result.latencies]
    figures = [
        at_most(f"webhook at {RATE} events/s: answered, p95", percentile(latencies, 0.95), 50, "ms"),
        at_most("the slowest", max(latencies), 1000, "ms"),
        at_most("not answered with 200", result.failed, 0, ""),
        at_most("answered and not kept", 2 * RATE + len(latencies) - row[0], 0, ""),
        told("the same, p50", percentile(latencies, 0.5), "ms"),
        told("the web process's share of a core", cpu / took, ""),
        told("the generator's own share of a core", result.more["cpu"] / result.seconds, ""),
    ]
    return figures, [f"one event a body, {SECONDS} s, one web process, fsync on; timed from when each was due"]
