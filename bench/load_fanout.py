"""Load clients of ``fanout``: many agents' sockets that all see everything; idle ones; one that does not read."""

import asyncio
import time
from typing import Any

from bench.figures import Result
from bench.lines import Pool, SocketLine, connect, open_sockets, own_address
from bench.posts import MARK, found_mark, message

PARENT = "https://butikk.example"


def agent_line(port: int, token: str, heard: Any) -> SocketLine:
    """An agent's socket."""
    return SocketLine(port, "/api/v1/socket", f"Cookie: svardesk_session={token}\r\n", heard)


async def fan(plan: dict[str, Any]) -> Result:
    """Keep ``in_flight`` messages on their way to all sockets for ``seconds``; how many deliveries were there?"""
    port, sockets = plan["port"], plan["agents"]
    state = {"deliveries": 0, "counting": False, "failed": 0, "next": 0}
    left: dict[int, int] = {}
    requests = [
        message(port, plan["visitors"][mark % len(plan["visitors"])]["token"], mark) for mark in range(plan["messages"])
    ]

    def heard(_: SocketLine, payload: bytes) -> None:
        mark = found_mark(payload)
        if mark < 0:
            return
        if state["counting"]:
            state["deliveries"] += 1
        waiting = left.get(mark)
        if waiting is None:
            return
        if waiting == 1:
            del left[mark]
            post()
        else:
            left[mark] = waiting - 1

    def answered(_: int, status: int, __: bytes) -> None:
        if status != 201:
            state["failed"] += 1

    def post() -> None:
        mark = state["next"]
        if mark < len(requests):
            state["next"] += 1
            left[mark] = len(sockets)
            pool.post(requests[mark], mark)

    await open_sockets(
        [lambda who=who: agent_line(port, who["token"], heard) for who in sockets], port,
        [b'{"t":"hello","resume":null}'] * len(sockets),
    )  # fmt: skip
    pool = Pool(port, answered)
    await pool.open(plan["in_flight"] * 2)
    await asyncio.sleep(1.0)
    for _ in range(plan["in_flight"]):
        post()
    await asyncio.sleep(1.0)
    state["counting"] = True
    begin, cpu = time.perf_counter(), time.process_time()
    await asyncio.sleep(plan["seconds"])
    state["counting"] = False
    seconds, cpu = time.perf_counter() - begin, time.process_time() - cpu
    return Result(seconds, state["deliveries"], state["failed"], [], {"client_cpu": cpu, "posted": state["next"]})


async def idle(plan: dict[str, Any]) -> Result:
    """Open sockets of agents and visitors, hold them for ``seconds``, say so by one line on standard error."""
    port = plan["port"]

    def heard(_: SocketLine, __: bytes) -> None:
        return

    agents = await open_sockets(
        [lambda who=who: agent_line(port, who["token"], heard) for who in plan["agents"]], port,
        [b'{"t":"hello","resume":null}'] * len(plan["agents"]),
    )  # fmt: skip
    visitors = await open_sockets(
        [lambda: SocketLine(port, "/widget/v1/socket", "", heard) for _ in plan["visitors"]], port,
        [f'{{"t":"hello","token":"{who["token"]}","resume":null,"parent":"{PARENT}"}}'.encode() for who in plan["visitors"]],
    )  # fmt: skip
    await asyncio.sleep(plan["seconds"])
    alive = [one for one in (*agents, *visitors) if one.closed is None]
    return Result(plan["seconds"], len(alive), len(agents) + len(visitors) - len(alive))


async def stall(plan: dict[str, Any]) -> Result:
    """Post at a steady pace; when do all agents but the stalled one see each message?

    With ``stalled`` one more socket opens conversations that get long messages, and stops reading.
    """
    port, sockets, rate = plan["port"], plan["agents"], plan["rate"]
    count = int(rate * plan["seconds"])
    sent = [0.0] * count
    latencies: list[float] = []
    failed = 0

    def heard(_: SocketLine, payload: bytes) -> None:
        mark = found_mark(payload)
        if 0 <= mark < count:
            latencies.append(time.perf_counter() - sent[mark])

    def answered(_: int, status: int, __: bytes) -> None:
        nonlocal failed
        failed += status != 201

    long_text = " Langt svar med mye i. " * 300
    requests = [
        message(
            port, plan["visitors"][mark % len(plan["visitors"])]["token"], mark,
            text=long_text if mark % len(plan["visitors"]) < plan["long"] else " kort",
        )
        for mark in range(count)
    ]  # fmt: skip
    await open_sockets(
        [lambda who=who: agent_line(port, who["token"], heard) for who in sockets], port,
        [b'{"t":"hello","resume":null}'] * len(sockets),
    )  # fmt: skip
    stalled = None
    if plan["stalled"] is not None:
        deaf = plan["stalled"]
        stalled = await connect(
            lambda: agent_line(port, deaf["token"], lambda *_: None), port, own_address(9000), receive_buffer=4096
        )
        await stalled.open
        stalled.send(b'{"t":"hello","resume":null}')
        for who in plan["visitors"][: plan["long"]]:
            stalled.send(f'{{"t":"open","conversation_id":"{who["conversation"]}"}}'.encode())
    pool = Pool(port, answered)
    await pool.open(32)
    await asyncio.sleep(1.0)
    if stalled is not None:
        stalled.transport.pause_reading()
    loop = asyncio.get_running_loop()
    begin = loop.time() + 0.05
    for mark, one in enumerate(requests):
        wait = begin + mark / rate - loop.time()
        if wait > 0:
            await asyncio.sleep(wait)
        sent[mark] = time.perf_counter()
        if not pool.post(one, mark):
            failed += 1
    await asyncio.sleep(1.5)
    missing = count * len(sockets) - len(latencies)
    return Result(plan["seconds"], len(latencies), failed, latencies, {"missing": missing, "mark": len(MARK)})


CLIENTS = {"fanout": fan, "idle_sockets": idle, "stall": stall}
