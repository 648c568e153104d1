"""Reading mails: the whole corpus of the tests, over and over, in one thread."""

import statistics
import time
from pathlib import Path

from bench.figures import Figure, at_least, percentile, told
from svardesk.channels.email.parsing import parse

CORPUS = Path(__file__).resolve().parent.parent / "tests" / "email" / "corpus"
ROUNDS = 5
LIMIT = 300
"""Mails a second and core."""


def run() -> tuple[list[Figure], list[str]]:
    """Run the benchmark; (figures, notes)."""
    mails = [path.read_bytes() for path in sorted(CORPUS.glob("*/*.eml"))]
    if not mails:
        raise FileNotFoundError(f"no mails in {CORPUS}")
    # Once before: tables and patterns are made at first use.
    for raw in mails:
        _ = parse(raw)
    rates: list[float] = []
    single: list[float] = []
    for _ in range(ROUNDS):
        began = time.process_time()
        for raw in mails:
            at = time.perf_counter()
            _ = parse(raw)
            single.append(time.perf_counter() - at)
        rates.append(len(mails) / (time.process_time() - began))
    size = sum(len(raw) for raw in mails)
    return [
        at_least("mails a second of processor time, median of rounds", statistics.median(rates), LIMIT, "mails/s"),
        told("the slowest round", min(rates), "mails/s"),
        told("one mail, p50", percentile(single, 0.5) * 1e3, "ms"),
        told("one mail, p99", percentile(single, 0.99) * 1e3, "ms"),
        told("the slowest mail", max(single) * 1e3, "ms"),
    ], [
        (
            f"{len(mails)} mails of {size / len(mails) / 1e3:.1f} kB on average, {ROUNDS} rounds; quotes, signatures, "
            "files and trust included"
        )
    ]
