"""One web process and many sockets: deliveries a second, memory of an idle socket, a client that does not read."""

import time
from typing import Any

import msgspec

from bench import seed
from bench.figures import Figure, at_least, at_most, median, percentile, say, told
from bench.house import Client, Desk, Program, load, running

SOCKETS = 500
SECONDS = 5.0
ROUNDS = 3
IN_FLIGHT = 16
IDLE_AGENTS = 1000
IDLE_VISITORS = 1000
STALL_RATE = 20.0
LONG = 20
"""Conversations that the stalled agent has open and that get texts of 7 kB."""


def run() -> tuple[list[Figure], list[str]]:
    """Run the benchmark; (figures, notes)."""
    with running() as desk:
        with desk.connect() as conn:
            org = seed.organisation(
                conn, teams=1, agents=IDLE_AGENTS, visitors=IDLE_VISITORS, closed=False, routed=False
            )
        desk.analyse()
        desk.work()
        web = desk.serve()
        web.wait_for("/readyz")
        desk.take_up_work(org, web)
        agents, visitors = msgspec.to_builtins(org.agents), msgspec.to_builtins(org.visitors)
        plan = {"port": web.port, "agents": agents[:SOCKETS], "visitors": visitors, "longest": 60}
        speed, cost = _fan(web, plan)
        without, with_one = _stall(desk, plan, agents[SOCKETS])
        desk.stop(web)
        idle = _idle(desk, agents, visitors)
    figures = [
        at_least(f"deliveries/s, one process, {SOCKETS} sockets", speed, 30_000, "/s"),
        told("processor time of the web process a delivery", cost * 1e6, "µs"),
        at_most("private memory per idle socket", idle / 1024, 40, "kB"),
        at_most(
            "p99 of the others beside a stalled client (limit: without it × 1.25 + 5 ms)",
            with_one * 1e3, without * 1e3 * 1.25 + 5, "ms",
        ),
        told("p99 without a stalled client", without * 1e3, "ms"),
    ]  # fmt: skip
    return figures, [
        (
            f"medians of {ROUNDS} rounds; a delivery is one conversation's current row on one agent's socket; the messages come "
            "in over the same process's HTTP API"
        ),
        f"idle: {IDLE_AGENTS} agents' and {IDLE_VISITORS} visitors' sockets, private bytes of the process with and without them",
        f"the stalled client has {LONG} conversations open that get texts of 7 kB, and stops reading",
    ]


def _fan(web: Program, plan: dict[str, Any]) -> tuple[float, float]:
    speeds, costs = [], []
    for turn in range(ROUNDS):
        cpu = web.cpu_seconds()
        result = load("fanout", {**plan, "seconds": SECONDS, "in_flight": IN_FLIGHT, "messages": 3000}, seconds=90)
        if result.failed:
            raise RuntimeError(f"{result.failed} messages were refused\n{web.tail()}")
        speeds.append(result.done / result.seconds)
        costs.append((web.cpu_seconds() - cpu) / (result.more["posted"] * SOCKETS))
        say(
            f"fanout round {turn + 1}: {speeds[-1]:.0f} deliveries/s, web {costs[-1] * 1e6:.1f} µs a delivery, "
            f"client {result.more['client_cpu'] / result.seconds * 100:.0f} % of a core"
        )
    return median(speeds), median(costs)


def _stall(desk: Desk, plan: dict[str, Any], deaf: dict[str, Any]) -> tuple[float, float]:
    found: dict[bool, list[float]] = {True: [], False: []}
    for _ in range(ROUNDS):
        for stalled in (False, True):
            more = {
                "rate": STALL_RATE,
                "seconds": 6.0,
                "stalled": deaf if stalled else None,
                "long": LONG,
                "longest": 60,
            }
            result = load("stall", {**plan, **more, "visitors": plan["visitors"][: LONG * 2]}, seconds=90)
            if result.failed:
                raise RuntimeError(f"{result.failed} messages were refused: {result.more}")
            found[stalled].append(percentile(result.latencies, 0.99))
            say(f"{'with' if stalled else 'without'} a stalled client: p99 {found[stalled][-1] * 1e3:.1f} ms")
    del desk
    return median(found[False]), median(found[True])


def _idle(desk: Desk, agents: list[Any], visitors: list[Any]) -> float:
    """Bytes per idle socket."""
    web = desk.serve()
    web.wait_for("/readyz")
    time.sleep(2.0)
    before = web.private_bytes()
    count = len(agents) + len(visitors)
    with Client("idle_sockets", {"port": web.port, "agents": agents, "visitors": visitors, "seconds": 12.0}) as client:
        client.begin()
        most = before
        give_up = time.monotonic() + 60
        while client.alive() and time.monotonic() < give_up:
            time.sleep(0.25)
            now = web.private_bytes()
            most = max(most, now)
        result = client.result(60)
    if result.failed:
        raise RuntimeError(f"{result.failed} of {count} idle sockets were closed\n{web.tail()}")
    say(f"idle sockets: {before / 1e6:.1f} MB with none, {most / 1e6:.1f} MB with {count}")
    return (most - before) / count
