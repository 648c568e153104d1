"""A whole desk inside a test: web process and worker as tasks, a real port, real sockets, a database of its own."""

import asyncio
import contextlib
import socket as sockets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Self
from uuid import uuid4

import httpx
import msgspec
import uvicorn
import websockets
from websockets.asyncio.client import ClientConnection
from websockets.typing import Origin

from svardesk.app import Web
from svardesk.config import Settings
from svardesk.house import furnish
from svardesk.kit.db import Database
from svardesk.worker import Worker
from tests.factories import PASSWORD, Agent


def free_port() -> int:
    """A port that nobody listens on now."""
    with sockets.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Frames:
    """A socket's frames, kept in order; ``until`` waits for one."""

    def __init__(self, conn: ClientConnection) -> None:
        self.conn = conn
        self.seen: list[dict[str, Any]] = []
        self.closed: tuple[int | None, str] | None = None
        self._news = asyncio.Condition()
        self._task = asyncio.create_task(self._read())

    async def _read(self) -> None:
        try:
            async for text in self.conn:
                async with self._news:
                    self.seen.append(msgspec.json.decode(text))
                    self._news.notify_all()
        except websockets.ConnectionClosedError:
            pass
        async with self._news:
            self.closed = (self.conn.close_code, self.conn.close_reason or "")
            self._news.notify_all()

    async def say(self, kind: str, **fields: Any) -> None:
        """Send a frame."""
        with contextlib.suppress(websockets.ConnectionClosed):  # whoever waits is told with which code
            await self.conn.send(msgspec.json.encode({"t": kind, **fields}).decode())

    async def until(self, kind: str, seconds: float = 15, **wanted: Any) -> dict[str, Any]:
        """The first frame of a kind (with these values), seen already or still to come."""

        def found() -> dict[str, Any] | None:
            for one in self.seen:
                if one["t"] == kind and all(one.get(name) == value for name, value in wanted.items()):
                    return one
            return None

        async with asyncio.timeout(seconds), self._news:
            while (hit := found()) is None:
                if self.closed is not None:
                    raise AssertionError(f"closed {self.closed} before {kind}; saw {self.seen}")
                await self._news.wait()
            return hit

    async def until_true(self, holds: Any, seconds: float = 15) -> None:
        """Wait until ``holds(seen)`` is true."""
        async with asyncio.timeout(seconds), self._news:
            while not holds(self.seen):
                await self._news.wait()

    async def until_closed(self, seconds: float = 15) -> tuple[int | None, str]:
        """The code and reason with which the server closed."""
        async with asyncio.timeout(seconds), self._news:
            while self.closed is None:
                await self._news.wait()
            return self.closed

    def of(self, kind: str) -> list[dict[str, Any]]:
        """All frames of a kind so far."""
        return [one for one in self.seen if one["t"] == kind]

    @property
    def resume(self) -> str:
        """The newest resume token."""
        return next(one["resume"] for one in reversed(self.seen) if one.get("resume"))

    async def close(self) -> None:
        """Go away."""
        await self.conn.close()
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task


class Browser(httpx.AsyncClient):
    """A signed-in agent or a visitor, with HTTP and sockets."""

    def __init__(self, desk: "Desk") -> None:
        self.desk = desk
        self.visitor_token = ""
        self.widget_key = ""
        super().__init__(base_url=desk.url, headers={"origin": desk.url}, timeout=20)

    async def sign_in(self, agent: Agent) -> Self:
        """Become an agent."""
        answer = await self.post("/api/v1/session", json={"email": agent.email, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        self.headers["x-csrf-token"] = answer.json()["csrf"]
        return self

    async def visit(self, key: str, **more: Any) -> dict[str, Any]:
        """Open the widget; returns the session's answer."""
        body = {
            "widget": key, "locale": "nb", "parent": "https://butikk.example",
            "page": {"url": "https://butikk.example/ruter", "title": "Rutere"}, **more,
        }  # fmt: skip
        if self.visitor_token:
            body.setdefault("visitor_token", self.visitor_token)
        answer = await self.post("/widget/v1/session", json=body)
        assert answer.status_code == 200, answer.text
        found = answer.json()
        if found.get("visitor_token"):
            self.visitor_token = found["visitor_token"]
            self.headers["authorization"] = f"Bearer {self.visitor_token}"
        self.widget_key = key
        return found

    async def write(self, body: str, client_id: str | None = None) -> dict[str, Any]:
        """The visitor writes; returns the stored message."""
        answer = await self.post(
            "/widget/v1/messages", json={"client_id": client_id or str(uuid4()), "body": body, "file_ids": []}
        )
        assert answer.status_code in {200, 201}, answer.text
        return answer.json()["message"]

    async def answer(self, conversation_id: str, body: str, **more: Any) -> httpx.Response:
        """The agent answers."""
        data = {
            "client_id": str(uuid4()), "kind": "answer", "body": body, "file_ids": [], "mention_ids": [],
            "based_on_seq": 10_000, **more,
        }  # fmt: skip
        return await self.post(f"/api/v1/conversations/{conversation_id}/messages", json=data)

    async def agent_socket(self, resume: str | None = None, **headers: str) -> Frames:
        """An agent's socket, after hello."""
        jar = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        conn = await websockets.connect(
            self.desk.ws + "/api/v1/socket",
            additional_headers={"cookie": jar} | {k: v for k, v in headers.items() if k != "origin"},
            origin=Origin(headers.get("origin", self.desk.url)),
            compression=None,
        )
        frames = Frames(conn)
        await frames.say("hello", resume=resume)
        return frames

    async def visitor_socket(self, resume: str | None = None, parent: str = "https://butikk.example") -> Frames:
        """A visitor's socket, after hello."""
        conn = await websockets.connect(
            self.desk.ws + "/widget/v1/socket",
            origin=Origin(self.desk.url),
            compression=None,
        )
        frames = Frames(conn)
        await frames.say("hello", token=self.visitor_token, resume=resume, parent=parent)
        return frames


class Desk:
    """A running desk: ``web`` and ``worker`` can be stopped and started on their own."""

    def __init__(self, dsn: str, settings: Settings, port: int) -> None:
        self.dsn = dsn
        self.settings = settings
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.ws = f"ws://127.0.0.1:{port}"
        self.web: Web | None = None
        self.worker: Worker | None = None
        self.db: Database = Database(dsn, pool_min=1, pool_max=4, name="looking")

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[Web]:
        """Run the web process as a task."""
        house = furnish(self.settings, self.dsn, pool=8, name=f"web {self.port}")
        self.web = Web(house)
        server = uvicorn.Server(
            uvicorn.Config(
                self.web,
                host="127.0.0.1",
                port=self.port,
                ws="websockets-sansio",
                ws_per_message_deflate=False,
                http="httptools",
                log_level="warning",
                lifespan="on",
                ws_ping_interval=None,
                ws_max_size=128 * 1024,
                timeout_graceful_shutdown=1,
            )
        )
        server.install_signal_handlers = lambda: None  # pyright: ignore[reportAttributeAccessIssue]
        task = asyncio.create_task(server._serve())
        async with asyncio.timeout(20):
            while not server.started:
                assert not task.done(), task.exception()
                await asyncio.sleep(0.005)
        try:
            yield self.web
        finally:
            server.should_exit = True
            await task

    @asynccontextmanager
    async def working(self) -> AsyncIterator[Worker]:
        """Run a worker as a task."""
        house = furnish(self.settings, self.dsn, pool=6, name=f"worker {self.port}")
        self.worker = Worker(house)
        task = asyncio.create_task(self.worker.run())
        try:
            yield self.worker
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    @asynccontextmanager
    async def browser(self) -> AsyncIterator[Browser]:
        """A new browser."""
        async with Browser(self) as made:
            yield made
