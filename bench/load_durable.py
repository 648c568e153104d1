"""Load client of ``durable``: some connections that post without pause, each for visitors of its own."""

import asyncio
import time
from typing import Any

from bench.figures import Result
from bench.lines import HttpLine, connect
from bench.posts import message

MADE = 60_000
"""Requests made beforehand at most; enough for every run."""


async def flood(plan: dict[str, Any]) -> Result:
    """Post on ``connections`` lines for ``seconds``, after ``warm`` seconds that do not count."""
    ports: list[int] = plan["ports"]
    visitors = plan["visitors"]
    connections = plan["connections"]
    share = min(MADE // connections, int((plan["seconds"] + plan["warm"]) * plan["most_a_second"] / connections) + 50)
    # Each line has its own visitors, so that no two messages wait for one conversation's lock.
    own = [visitors[place::connections] for place in range(connections)]
    queues: list[list[bytes]] = []
    for place in range(connections):
        port = ports[place % len(ports)]
        queues.append([message(port, own[place][turn % len(own[place])]["token"], turn) for turn in range(share)])
    latencies: list[float] = []
    state = {"failed": 0, "counting": False, "over": False, "ran_out": False}
    began = [0.0] * connections

    def answered(line: HttpLine, status: int, body: bytes) -> None:
        now = time.perf_counter()
        if status != 201:
            state["failed"] += 1
            if state["failed"] < 3:
                import sys

                print(status, body[:300], file=sys.stderr)
        elif state["counting"]:
            latencies.append(now - began[line.mark])
        if not state["over"]:
            post(line)

    def post(line: HttpLine) -> None:
        queue = queues[line.mark]
        if not queue:
            state["ran_out"] = True
            return
        began[line.mark] = time.perf_counter()
        line.send(queue.pop())

    lines: list[HttpLine] = []
    for place in range(connections):
        line = await connect(lambda: HttpLine(answered), ports[place % len(ports)])
        line.mark = place
        lines.append(line)
    for line in lines:
        post(line)
    await asyncio.sleep(plan["warm"])
    state["counting"] = True
    begin, cpu = time.perf_counter(), time.process_time()
    print("counting", flush=True, file=__import__("sys").stderr) if plan.get("loud") else None
    await asyncio.sleep(plan["seconds"])
    state["counting"] = False
    seconds, cpu = time.perf_counter() - begin, time.process_time() - cpu
    done = len(latencies)
    state["over"] = True
    await asyncio.sleep(0.3)
    for line in lines:
        line.transport.close()
    if state["ran_out"]:
        raise RuntimeError("the requests made beforehand ran out; raise MADE")
    return Result(seconds, done, state["failed"], latencies, {"client_cpu": cpu})


CLIENTS = {"durable": flood}
