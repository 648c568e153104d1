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
    """Ask for one page ``times`` times; ``at_row`` > 0: the page that begins behind that row, found by walking there."""
    asker = Asker(plan["port"], plan["token"])
    await asker.open()
    cursor, row = None, 0
    while row < plan["at_row"]:
        step = min(100, plan["at_row"] - row)
        _, page = await asker.get(path_of(plan["view"], step, cursor))
        cursor, row = page["next_cursor"], row + step
        if cursor is None:
            raise RuntimeError(f"the list ends at row {row}")
    path = path_of(plan["view"], 50, cursor)
    latencies = []
    for turn in range(plan["times"] + 10):
        seconds, page = await asker.get(path)
        if turn >= 10:
            latencies.append(seconds)
        if len(page["items"]) != 50:
            raise RuntimeError(f"{path} has {len(page['items'])} rows")
    return Result(sum(latencies), len(latencies), 0, latencies)


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
