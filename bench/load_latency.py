"""Load client of ``latency``: sockets of agents and visitors, messages at a steady pace, and when each was seen."""

import asyncio
import time
from typing import Any

from bench.figures import Result
from bench.lines import Pool, SocketLine, open_sockets
from bench.posts import found_mark, message, request, shuffled

PARENT = "https://butikk.example"
QUIET_SECONDS = 1.0
LONGEST_SETTLING = 40.0


class Watch:
    """Who has seen which message, and when it was sent."""

    def __init__(self, messages: int) -> None:
        self.sent = [0.0] * messages
        self.seen: list[set[Any]] = [set() for _ in range(messages)]
        self.latencies: list[float] = []
        self.answers: list[float] = []
        self.failed = 0
        self.on_seen: Any = None

    def agent_heard(self, line: SocketLine, payload: bytes) -> None:
        """A frame came to an agent: note the first one about each message."""
        mark = found_mark(payload)
        if mark < 0:
            return
        now = time.perf_counter()
        seen = self.seen[mark]
        if line.mark not in seen:
            seen.add(line.mark)
            self.latencies.append(now - self.sent[mark])
            if self.on_seen is not None:
                self.on_seen(mark)

    def answered(self, mark: int, status: int, body: bytes) -> None:
        """The sender got the answer."""
        del body
        if status not in {200, 201}:
            self.failed += 1
        self.answers.append(time.perf_counter() - self.sent[mark])


def ignore(line: SocketLine, payload: bytes) -> None:
    """Visitors' tabs hear their own messages; that is not what is measured, but it is part of the load."""
    del line, payload


async def steady(plan: dict[str, Any]) -> Result:
    """Post ``rate`` messages a second for ``seconds``; when has each agent of the team seen each message?"""
    port, echo = plan["port"], plan["echo"]
    count = int(plan["rate"] * plan["seconds"])
    watch = Watch(count)
    lines = await _enter(plan, watch)
    pool = Pool(port, watch.answered)
    await pool.open(64)
    senders = shuffled(plan["visitors"], count, plan["seed"])
    if echo:
        requests = [
            request(
                port, f"/post/{who['team']}", who["token"], message(port, who["token"], mark).partition(b"\r\n\r\n")[2]
            )
            for mark, who in enumerate(senders)
        ]
    else:
        requests = [message(port, who["token"], mark) for mark, who in enumerate(senders)]
    await _quiet(lines)
    late = await _post_all(pool, watch, requests, plan["rate"])
    expected = len(plan["agents"]) // plan["teams"]
    missing = sum(expected - len(seen) for seen in watch.seen)
    answers = sorted(watch.answers) or [float("inf")]
    return Result(
        seconds=plan["seconds"],
        done=len(watch.answers),
        failed=watch.failed + late + missing + count - len(watch.answers),
        latencies=watch.latencies,
        more={
            "missing": missing,
            "answer_p50": answers[len(answers) // 2],
            "answer_p99": answers[int(len(answers) * 0.99)],
        },
    )


async def _post_all(pool: Pool, watch: Watch, requests: list[bytes], rate: float) -> int:
    loop = asyncio.get_running_loop()
    begin = loop.time() + 0.05
    late = 0
    for mark, one in enumerate(requests):
        wait = begin + mark / rate - loop.time()
        if wait > 0:
            await asyncio.sleep(wait)
        watch.sent[mark] = time.perf_counter()
        if not pool.post(one, mark):
            late += 1
    # What is under way may take two seconds more; nothing is counted that comes later.
    give_up = loop.time() + 2.0
    expected = max((len(seen) for seen in watch.seen), default=0)
    while loop.time() < give_up and any(len(seen) < expected for seen in watch.seen[-50:]):  # noqa: ASYNC110
        await asyncio.sleep(0.02)  # an event a frame would cost more than what is measured
    return late


async def _quiet(lines: list[SocketLine]) -> None:
    """Wait until nothing has come for a second: everybody has arrived and been told of everybody."""
    loop = asyncio.get_running_loop()
    give_up = loop.time() + LONGEST_SETTLING
    before, since = -1, loop.time()
    while loop.time() - since < QUIET_SECONDS:
        await asyncio.sleep(0.1)
        frames = sum(line.frames for line in lines)
        if frames != before:
            before, since = frames, loop.time()
        if loop.time() > give_up:
            raise RuntimeError("the sockets do not come to rest")


async def _enter(plan: dict[str, Any], watch: Watch) -> list[SocketLine]:
    port, echo = plan["port"], plan["echo"]

    def agent(who: dict[str, Any]) -> SocketLine:
        path = f"/socket/{who['team']}" if echo else "/api/v1/socket"
        line = SocketLine(port, path, f"Cookie: svardesk_session={who['token']}\r\n", watch.agent_heard)
        line.mark = who["token"]
        return line

    def visitor(_: dict[str, Any]) -> SocketLine:
        return SocketLine(port, "/socket/visitors" if echo else "/widget/v1/socket", "", ignore)

    agents = await open_sockets(
        [lambda who=who: agent(who) for who in plan["agents"]],
        port,
        [b'{"t":"hello","resume":null}'] * len(plan["agents"]),
    )
    for line, who in zip(agents, plan["agents"], strict=True):
        for conversation in () if echo else who.get("open", ()):
            line.send(f'{{"t":"open","conversation_id":"{conversation}"}}'.encode())
    visitors = await open_sockets(
        [lambda who=who: visitor(who) for who in plan["visitors"]],
        port,
        [
            f'{{"t":"hello","token":"{who["token"]}","resume":null,"parent":"{PARENT}"}}'.encode()
            for who in plan["visitors"]
        ],
    )
    return [*agents, *visitors]


async def closed_loop(plan: dict[str, Any]) -> Result:
    """One agent; ``concurrency`` messages are on their way, and the next is sent as soon as the agent has seen one."""
    port, count = plan["port"], plan["messages"]
    watch = Watch(count)
    lines = await _enter(plan, watch)
    done = asyncio.Event()
    # Each of the lanes has visitors of its own: two messages in one conversation could be shown by one frame.
    lanes = plan["concurrency"]
    share = len(plan["visitors"]) // lanes
    requests = [
        message(port, plan["visitors"][mark % lanes + lanes * (mark // lanes % share)]["token"], mark)
        for mark in range(count)
    ]
    # A message may be seen before its own sender has the answer: one line more for each.
    pool = Pool(port, watch.answered)
    # A message may be seen before its own sender has the answer: one line more for each.
    await pool.open(plan["concurrency"] * 2)
    finished = 0

    def post(mark: int) -> None:
        watch.sent[mark] = time.perf_counter()
        if not pool.post(requests[mark], mark):
            watch.failed += 1

    def seen(mark: int) -> None:
        nonlocal finished
        finished += 1
        following = mark + plan["concurrency"]
        if following < count:
            post(following)
        elif finished >= count:
            done.set()

    watch.on_seen = seen
    await _quiet(lines)
    begin = time.perf_counter()
    for mark in range(plan["concurrency"]):
        post(mark)
    async with asyncio.timeout(plan["longest"] - 5):
        await done.wait()
    answers = sorted(watch.answers)
    return Result(
        seconds=time.perf_counter() - begin,
        done=finished,
        failed=watch.failed,
        latencies=watch.latencies[plan["concurrency"] * 5 :],
        more={"answer_p50": answers[len(answers) // 2]},
    )


CLIENTS = {"latency": steady, "latency_closed_loop": closed_loop}
