"""The bound on what a connection may send before its request makes progress, over real sockets."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import httpx
import pytest
import uvicorn

from svardesk.kit.bounded import MOST, BoundedProtocol
from tests.desk import free_port
from tests.waiting import until


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Answers how many bytes of body came."""
    size, more = 0, scope["type"] == "http"
    while more:
        message = await receive()
        size += len(message.get("body", b""))
        more = message.get("more_body", False)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": str(size).encode()})


@pytest.fixture(scope="module")
async def port() -> AsyncIterator[int]:
    port = free_port()
    server = uvicorn.Server(
        uvicorn.Config(app, port=port, http=BoundedProtocol, lifespan="off", log_level="error", ws="none")
    )
    server.install_signal_handlers = lambda: None  # pyright: ignore[reportAttributeAccessIssue]
    task = asyncio.create_task(server._serve())
    await until(lambda: server.started)
    yield port
    server.should_exit = True
    await task


async def pour(port: int, first: bytes, more: bytes, most: int) -> tuple[int, bytes]:
    """Send ``first``, then ``more`` again and again; returns what was taken and what was answered."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(first)
    taken = 0
    with suppress(ConnectionError):
        while taken < most:
            writer.write(more)
            await writer.drain()
            taken += len(more)
            if reader.at_eof():
                break
    answer = b""
    with suppress(ConnectionError):
        answer = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()
    return taken, answer


HEAD = b"GET / HTTP/1.1\r\nhost: x\r\n"
CHUNKED = b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n"


@pytest.mark.parametrize(
    ("first", "more"),
    [
        (HEAD, b"x-nonsense: " + b"y" * 990 + b"\r\n"),
        (HEAD + b"x-endless: ", b"y" * 1000),
        (b"GET /", b"y" * 1000),
        (b"", b"y" * 1000),
        (CHUNKED + b"x-trailer: ", b"y" * 1000),
        (CHUNKED, b"x-trailer: " + b"y" * 990 + b"\r\n"),
    ],
    ids=["many headers", "one endless header", "an endless address", "no HTTP", "an endless trailer", "many trailers"],
)
async def test_a_head_without_end_is_cut_off(port: int, first: bytes, more: bytes) -> None:
    taken, answer = await pour(port, first, more, 50_000_000)
    assert taken < 20_000_000, "what the system's own buffers hold, and no more"
    assert not answer or answer.split(b" ")[1] in {b"431", b"400", b"200"}


async def test_the_refusal_says_why(port: int) -> None:
    _, answer = await pour(port, HEAD, b"x-nonsense: " + b"y" * 990 + b"\r\n", MOST + 2000)
    assert answer.startswith(b"HTTP/1.1 431 ")
    assert b'"code":"headers_too_large"' in answer


async def test_large_bodies_and_many_requests_pass(port: int) -> None:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        assert (await client.get("/", headers={"x-large": "y" * 50_000})).status_code == 200
        assert (await client.post("/", content=b"x" * 5_000_000)).text == "5000000"

        async def pieces() -> AsyncIterator[bytes]:
            for _ in range(2000):
                yield b"x" * 1000

        assert (await client.post("/", content=pieces())).text == "2000000"
        for _ in range(50):
            assert (await client.get("/", headers={"x-large": "y" * 20_000})).text == "0"
