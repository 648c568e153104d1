"""Load client of ``lists`` and ``search``: one agent's requests, one after the other, over one kept-alive line."""

import asyncio
import json
import time
from typing import Any
from urllib.parse import quote

from bench.figures import Result
from bench.lines import HttpLine, connect


class Asker:
    """Asks one thing at a time."""

    def __init__(self, port: int, token: str) -> None:
        self._port = port
        self._head = f"Host: 127.0.0.1:{port}\r\nCookie: svardesk_session={token}\r\nAccept: application/json\r\n\r\n"
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None
        self._line: HttpLine | None = None

    async def open(self) -> None:
        """Connect."""
        self._line = await connect(lambda: HttpLine(self._answered), self._port)

    def _answered(self, _: HttpLine, status: int, body: bytes) -> None:
        if self._answer is not None:
            self._answer.set_result((status, body))

    async def get(self, path: str) -> tuple[float, dict[str, Any]]:
        """GET ``path``: (seconds until the whole answer was there, the answer). Raises unless it is 200."""
        assert self._line is not None
        self._answer = asyncio.get_running_loop().create_future()
        begin = time.perf_counter()
        self._line.send(f"GET {path} HTTP/1.1\r\n{self._head}".encode())
        status, body = await self._answer
        seconds = time.perf_counter() - begin
        if status != 200:
            raise RuntimeError(f"{path}: {status} {body[:300]!r}")
        return seconds, json.loads(body)


async def pages(plan: dict[str, Any]) -> Result:
    """Ask for one page of the large and of the small organisation in turn, ``times`` times each.

    ``rows`` says behind which row each page begins; it is found by walking there. Answers the large one's times.
    """
    paths: dict[str, str] = {}
    for name in ("small", "large"):
        asker = Asker(plan["port"], f"{name}-agent")
        await asker.open()
        paths[name] = path_of(plan["view"], 50, await walk(asker, plan["view"], plan["rows"][name]))
    # Lines of their own for what is measured: a long walk of the one outlasts what the server keeps the other's open for.
    askers: dict[str, tuple[Asker, str]] = {}
    for name, path in paths.items():
        asker = Asker(plan["port"], f"{name}-agent")
        await asker.open()
        askers[name] = (asker, path)
    found: dict[str, list[float]] = {"small": [], "large": []}
    more: dict[str, float] = {}
    for turn in range(plan["times"] + 10):
        for name, (asker, path) in askers.items():
            seconds, page = await asker.get(path)
            if turn >= 10:
                found[name].append(seconds)
            more[f"rows_{name}"] = len(page["items"])
    for name, times in found.items():
        more[f"p50_{name}"] = sorted(times)[len(times) // 2]
    if not more["rows_large"]:
        raise RuntimeError(f"{plan['view']} has no rows")
    return Result(sum(found["large"]), plan["times"], 0, found["large"], more)


async def walk(asker: Asker, view: str, to_row: int) -> str | None:
    """Return the cursor of the page that begins behind ``to_row``."""
    cursor, row = None, 0
    while row < to_row:
        step = min(100, to_row - row)
        _, page = await asker.get(path_of(view, step, cursor))
        cursor, row = page["next_cursor"], row + step
        if cursor is None:
            raise RuntimeError(f"the list ends at row {row}")
    return cursor


def path_of(view: str, limit: int, cursor: str | None) -> str:
    """The address of one page."""
    more = f"&cursor={quote(cursor, safe='')}" if cursor else ""
    return f"/api/v1/conversations?view={view}&limit={limit}{more}"


async def search(plan: dict[str, Any]) -> Result:
    """Ask each query of the mix ``times`` times; ``more`` has the p95 and the worst of each."""
    asker = Asker(plan["port"], plan["token"])
    await asker.open()
    latencies: list[float] = []
    more: dict[str, float] = {}
    for query in plan["queries"]:
        own = []
        for _ in range(plan["times"]):
            seconds, answer = await asker.get(f"/api/v1/search?q={quote(query, safe='')}&kind={plan['kind']}")
            own.append(seconds)
            more[f"rows {query}"] = float(len(answer["messages"]) + len(answer["contacts"]))
        latencies += own
        more[query] = sorted(own)[int(len(own) * 0.95)]
    return Result(sum(latencies), len(latencies), 0, latencies, more)


CLIENTS = {"pages": pages, "search": search}
