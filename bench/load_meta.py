"""Load clients of Messenger's benchmarks: bodies at a steady pace; and people and an agent with the stand-in for Meta."""

import asyncio
import contextlib
import random
import time
import uuid
from typing import Any

import httpx

from bench.figures import Result, percentile
from bench.lines import SocketLine, open_sockets
from bench.meta import body, request
from bench.posts import TEXT, found_mark, mark_text
from tests.doubles.graph import GraphDouble

CONNECTIONS = 24
LONGEST_WAIT = 30.0


async def webhook(plan: dict[str, Any]) -> Result:
    """Send ``seconds`` × ``rate`` bodies of one event each, at their times whatever the answers; how long did each take?"""
    count, rate, port = int(plan["seconds"] * plan["rate"]), plan["rate"], plan["port"]
    at = int(time.time() * 1000)
    requests = [request(port, plan["key"], body(plan["first"] + n, at + n)) for n in range(count)]
    free: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
    for _ in range(CONNECTIONS):
        free.put_nowait(await asyncio.open_connection("127.0.0.1", port))
    latencies: list[float] = []
    failed = 0

    async def one(raw: bytes, due: float) -> None:
        nonlocal failed
        reader, writer = await free.get()
        writer.write(raw)
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0] or 0)
        await reader.readexactly(length)
        # From when it should have been sent: a queue in front of the server counts, too.
        latencies.append(time.perf_counter() - due)
        failed += not head.startswith(b"HTTP/1.1 200")
        free.put_nowait((reader, writer))

    own = time.process_time()
    begin = time.perf_counter() + 0.05
    tasks: list[asyncio.Task[None]] = []
    for number, raw in enumerate(requests):
        due = begin + number / rate
        wait = due - time.perf_counter()
        if wait > 0:
            await asyncio.sleep(wait)
        tasks.append(asyncio.create_task(one(raw, due)))
    await asyncio.gather(*tasks)
    seconds = time.perf_counter() - begin
    return Result(
        seconds=seconds, done=len(latencies) - failed, failed=failed, latencies=latencies,
        more={"cpu": time.process_time() - own},
    )  # fmt: skip


async def talk(plan: dict[str, Any]) -> Result:
    """``count`` people write, an agent's socket hears it, the agent answers, the stand-in for Meta gets it."""
    count, port, rate = plan["count"], plan["port"], plan["rate"]
    origin = f"http://127.0.0.1:{port}"
    headers = {"x-csrf-token": "bench", "origin": origin, "cookie": f"svardesk_session={plan['token']}"}
    source = random.Random(1)
    written, answered = [0.0] * count, [0.0] * count
    seen: dict[int, float] = {}
    arrived: dict[int, float] = {}
    news = asyncio.Event()

    def heard(_: SocketLine, payload: bytes) -> None:
        mark = found_mark(payload)
        if 0 <= mark < count and mark not in seen:
            seen[mark] = time.perf_counter()
            news.set()

    def agent() -> SocketLine:
        return SocketLine(port, "/api/v1/socket", f"Cookie: svardesk_session={plan['token']}\r\n", heard)

    async with (
        GraphDouble(port=plan["graph_port"]) as graph,
        httpx.AsyncClient(base_url=origin, headers=headers) as client,
    ):
        made = await client.post("/api/v1/meta/apps", json={
            "app_id": graph.app.id, "app_secret": graph.app.secret, "graph_url": graph.url, "dialog_url": graph.url,
        })  # fmt: skip
        made.raise_for_status()
        app = made.json()
        page = await client.post(
            f"/api/v1/meta/apps/{app['id']}/pages", json={"page_id": graph.page.id, "page_token": graph.token.token}
        )
        page.raise_for_status()
        graph.connect(app["addresses"]["webhook"])
        graph.core.options.echoes = graph.core.options.deliveries = False
        graph.core.outbox.parallel = 4
        real = graph.core.changed

        def changed() -> None:
            now = time.perf_counter()
            for one in graph.sent[len(arrived) :]:
                arrived[int((one.text or "").partition("#")[0])] = now
            news.set()
            real()

        graph.core.changed = changed
        people = [graph.person(name=f"Kunde {n}") for n in range(count)]
        [line] = await open_sockets([agent], port, [b'{"t":"hello","resume":null}'])
        begin = time.perf_counter()
        for number, person in enumerate(people):
            await _due(begin, number + source.random(), rate)
            written[number] = time.perf_counter()
            graph.people.writes(person.psid, mark_text(number) + TEXT)
        await _until(news, lambda: len(seen) == count)
        found = await client.get("/api/v1/conversations", params={"view": "all", "limit": 100})
        found.raise_for_status()
        rows: list[dict[str, Any]] = found.json()["items"]
        begin = time.perf_counter()
        for number, row in enumerate(rows[:count]):
            await _due(begin, number + source.random(), rate)
            given = {
                "client_id": str(uuid.uuid4()),
                "kind": "answer",
                "body": f"{number}#{TEXT}",
                "based_on_seq": 9,
                "confirm": True,
            }
            answered[number] = time.perf_counter()
            (await client.post(f"/api/v1/conversations/{row['id']}/messages", json=given)).raise_for_status()
        await _until(news, lambda: len(arrived) >= min(count, len(rows)))
        line.transport.close()
    inwards = [seen[n] - written[n] for n in seen]
    outwards = [arrived[n] - answered[n] for n in arrived]
    return Result(
        seconds=time.perf_counter() - begin, done=len(seen), failed=2 * count - len(seen) - len(arrived), latencies=inwards,
        more={f"out_p{share}": percentile(outwards, share / 100) for share in (50, 95, 100)},
    )  # fmt: skip


async def _due(begin: float, steps: float, rate: float) -> None:
    await asyncio.sleep(max(0.0, begin + steps / rate - time.perf_counter()))


async def _until(news: asyncio.Event, holds: Any) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(LONGEST_WAIT):
            while not holds():
                news.clear()
                await news.wait()


CLIENTS = {"meta_webhook": webhook, "messenger": talk}
