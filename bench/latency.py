"""How long after a visitor's browser sent a message do agents have it on their sockets?"""

from typing import Any

import msgspec

from bench import seed
from bench.figures import Figure, Result, at_most, median, percentile, say, told
from bench.house import Program, load, running

ROUNDS = 5
RATE = 100.0
SECONDS = 6.0
TEAMS = 10
AGENTS = 200
VISITORS = 1000
CONCURRENCY = 8
CLOSED_LOOP_MESSAGES = 3000


def run() -> tuple[list[Figure], list[str]]:
    """Run the benchmark; (figures, notes)."""
    ours: list[Result] = []
    bare: list[Result] = []
    loops: list[Result] = []
    with running() as desk:
        with desk.connect() as conn:
            org = seed.organisation(conn, teams=TEAMS, agents=AGENTS, visitors=VISITORS)
        desk.analyse()
        desk.work()
        web, echo = desk.serve(), desk.echo()
        web.wait_for("/readyz")
        desk.take_up_work(org, web)
        plan = _plan(org)
        # The first round warms caches, plans and connections up and does not count.
        for turn in range(-1, ROUNDS):
            bare_one = _round(plan, echo, turn, echo=True)
            one = _round(plan, web, turn, echo=False)
            if turn >= 0:
                bare.append(bare_one)
                ours.append(one)
        loops.extend(_closed_loop(plan, web) for _ in range(ROUNDS))
    p50, p99 = _percentiles(ours)
    echo50, echo99 = _percentiles(bare)
    loop50 = median([percentile(one.latencies, 0.5) for one in loops]) * 1e3
    loop99 = median([percentile(one.latencies, 0.99) for one in loops]) * 1e3
    figures = [
        at_most("message → agent's socket, p50", p50, 15, "ms"),
        at_most("message → agent's socket, p99 (limit: bare echo's + 45 ms)", p99, echo99 + 45, "ms"),
        told("bare echo, p50", echo50, "ms"),
        told("bare echo, p99", echo99, "ms"),
        told("visitor has the answer (durable), p50", median([one.more["answer_p50"] for one in ours]) * 1e3, "ms"),
        at_most(f"one client at concurrency {CONCURRENCY}, message → agent, p50", loop50, 5, "ms"),
        told(f"one client at concurrency {CONCURRENCY}, message → agent, p99", loop99, "ms"),
        told("messages/s of that client", median([one.done / one.seconds for one in loops]), "/s"),
    ]
    return figures, [
        (
            f"medians of {ROUNDS} rounds of {SECONDS:.0f} s at {RATE:.0f} messages/s; {AGENTS} agents in {TEAMS} closed teams and "
            f"{VISITORS} visitors connected, each message on {AGENTS // TEAMS} agents' sockets; every one of them is timed"
        ),
        "the one client has one agent and keeps eight messages on their way, of a hundred visitors in turn: the next is sent when the agent has seen one",
    ]


def _plan(org: seed.Organisation) -> dict[str, Any]:
    agents = msgspec.to_builtins(org.agents)
    visitors = msgspec.to_builtins(org.visitors)
    # Each conversation is on one agent's screen: that agent gets the message too, not only the line of the inbox.
    for team in range(TEAMS):
        mine = [one for one in agents if one["team"] == team]
        for place, visitor in enumerate(one for one in visitors if one["team"] == team):
            mine[place % len(mine)].setdefault("open", []).append(visitor["conversation"])
    return {"agents": agents, "visitors": visitors, "teams": TEAMS, "longest": 90}


def _round(plan: dict[str, Any], program: Program, turn: int, *, echo: bool) -> Result:
    more = {"port": program.port, "echo": echo, "rate": RATE, "seconds": SECONDS if turn >= 0 else 2.0, "seed": turn}
    cpu = program.cpu_seconds()
    result = load("latency", {**plan, **more}, seconds=120)
    if result.failed:
        raise RuntimeError(
            f"{result.failed} messages did not reach everybody or were refused: {result.more}\n{program.tail()}"
        )
    say(
        f"{'echo' if echo else 'ours'} round {turn + 1}: p50 {percentile(result.latencies, 0.5) * 1e3:.2f} ms, "
        f"p99 {percentile(result.latencies, 0.99) * 1e3:.1f} ms, answer p50 {result.more['answer_p50'] * 1e3:.1f} ms, "
        f"processor {(program.cpu_seconds() - cpu):.1f} s"
    )
    return result


def _closed_loop(plan: dict[str, Any], web: Program) -> Result:
    team = [one for one in plan["agents"] if one["team"] == 0][:1]
    # They take turns: eight conversations alone would be written to more often than any person does.
    visitors = [one for one in plan["visitors"] if one["team"] == 0]
    one = {
        "port": web.port, "echo": False, "agents": [{**team[0], "open": []}], "visitors": visitors, "teams": 1,
        "concurrency": CONCURRENCY, "messages": CLOSED_LOOP_MESSAGES, "longest": 60,
    }  # fmt: skip
    result = load("latency_closed_loop", one, seconds=90)
    if result.failed:
        raise RuntimeError(f"{result.failed} messages were refused")
    say(
        f"closed loop: {result.done / result.seconds:.0f}/s, p50 {percentile(result.latencies, 0.5) * 1e3:.2f} ms, "
        f"answer p50 {result.more['answer_p50'] * 1e3:.2f} ms"
    )
    return result


def _percentiles(rounds: list[Result]) -> tuple[float, float]:
    return (
        median([percentile(one.latencies, 0.5) for one in rounds]) * 1e3,
        median([percentile(one.latencies, 0.99) for one in rounds]) * 1e3,
    )
