"""The lightest client that is still honest: raw HTTP/1.1 and WebSocket over asyncio protocols, bytes made beforehand."""

import asyncio
import base64
import os
import socket
from collections import deque
from collections.abc import Callable
from typing import Any

SENT = b"\x00\x00\x00\x00"
"""The mask of our frames: zeros are a mask too, and save the client work that a browser does in C."""


class HttpLine(asyncio.Protocol):
    """One kept-alive HTTP connection with one request at a time. ``answered(status, body)`` is called for each."""

    def __init__(self, answered: Callable[["HttpLine", int, bytes], None]) -> None:
        self._answered = answered
        self._buffer = b""
        self._need = -1
        self._status = 0
        self.transport: Any = None
        self.lost = False
        self.mark: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self.lost = True

    def send(self, request: bytes) -> None:
        """Send one whole request."""
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        buffer = self._buffer = self._buffer + data if self._buffer else data
        if self._need < 0:
            end = buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            head = buffer[:end].lower()
            place = head.find(b"content-length:")
            length = 0 if place < 0 else int(head[place + 15 : (head + b"\r\n").find(b"\r\n", place)])
            self._status = int(head[9:12])
            self._need = end + 4 + length
        if len(buffer) >= self._need:
            body = buffer[buffer.find(b"\r\n\r\n") + 4 : self._need]
            self._buffer = buffer[self._need :]
            self._need = -1
            self._answered(self, self._status, body)


class SocketLine(asyncio.Protocol):
    """One WebSocket. ``heard(line, payload)`` is called for every text frame; pings of the app are answered."""

    def __init__(self, port: int, path: str, headers: str, heard: Callable[["SocketLine", bytes], None]) -> None:
        key = base64.b64encode(os.urandom(16)).decode()
        self._hello = (
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\nOrigin: http://127.0.0.1:{port}\r\n{headers}\r\n"
        ).encode()
        self._heard = heard
        self._buffer = b""
        self.open: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._opened = False
        self.transport: Any = None
        self.closed: bytes | None = None
        self.frames = 0
        self.mark: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.transport.write(self._hello)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        if self.closed is None:
            self.closed = b""
        if not self.open.done():
            self.open.set_exception(ConnectionError("the server closed the socket"))

    def send(self, text: bytes) -> None:
        """Send a text frame of at most 64 kB."""
        size = len(text)
        head = bytes((0x81, 0x80 | size)) if size < 126 else b"\x81\xfe" + size.to_bytes(2, "big")
        self.transport.write(head + SENT + text)

    def data_received(self, data: bytes) -> None:
        if not self._opened:
            self._buffer += data
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            if not self._buffer.startswith(b"HTTP/1.1 101"):
                self.open.set_exception(ConnectionError(self._buffer[:200].decode("latin-1")))
                self.transport.close()
                return
            self._opened = True
            self.open.set_result(True)
            data, self._buffer = self._buffer[end + 4 :], b""
        if self._buffer:
            data = self._buffer + data
        at, size = 0, len(data)
        while size - at >= 2:
            length, start = data[at + 1], at + 2
            if length == 126:
                if size - at < 4:
                    break
                length, start = int.from_bytes(data[at + 2 : at + 4], "big"), at + 4
            elif length == 127:
                if size - at < 10:
                    break
                length, start = int.from_bytes(data[at + 2 : at + 10], "big"), at + 10
            if size - start < length:
                break
            code = data[at] & 0x0F
            at = start + length
            if code == 1:
                self.frames += 1
                self._heard(self, data[start:at])
            elif code == 8:
                self.closed = data[start:at]
                self.transport.close()
                return
        self._buffer = data[at:]


async def connect(make: Callable[[], Any], port: int, source: str | None = None, receive_buffer: int = 0) -> Any:
    """Connect a line, from the address ``source`` when given; returns the protocol."""
    loop = asyncio.get_running_loop()
    line = socket.socket()
    line.settimeout(0)  # never blocks: the loop waits for it
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if receive_buffer:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    if source:
        line.bind((source, 0))
    await loop.sock_connect(line, ("127.0.0.1", port))
    _, protocol = await loop.create_connection(make, sock=line)
    return protocol


async def open_sockets(
    lines: list[Callable[[], SocketLine]], port: int, hellos: list[bytes], at_once: int = 50
) -> list[SocketLine]:
    """Open many sockets, each from an address of its own, and say hello on each."""
    opened: list[SocketLine] = []
    for start in range(0, len(lines), at_once):
        share = await asyncio.gather(
            *(
                connect(make, port, own_address(start + place))
                for place, make in enumerate(lines[start : start + at_once])
            )
        )
        await asyncio.gather(*(one.open for one in share))
        for place, one in enumerate(share):
            one.send(hellos[start + place])
        opened += share
    return opened


def own_address(place: int) -> str:
    """An address of this machine for the ``place``-th client: the server's limits count by address."""
    return f"127.10.{place // 250}.{place % 250 + 1}"


class Pool:
    """Kept-alive HTTP lines; ``post`` takes a free one, so that a slow answer holds nobody up."""

    def __init__(self, port: int, answered: Callable[[Any, int, bytes], None]) -> None:
        self._port = port
        self._answered = answered
        self._free: deque[HttpLine] = deque()
        self.all: list[HttpLine] = []

    async def open(self, count: int) -> None:
        """Connect ``count`` lines."""
        for _ in range(count):
            line = await connect(lambda: HttpLine(self._done), self._port)
            self.all.append(line)
            self._free.append(line)

    def _done(self, line: HttpLine, status: int, body: bytes) -> None:
        self._free.append(line)
        self._answered(line.mark, status, body)

    def post(self, request: bytes, mark: Any) -> bool:
        """Send a request on a free line; False when all are busy. ``mark`` comes back with the answer."""
        if not self._free:
            return False
        line = self._free.popleft()
        line.mark = mark
        line.send(request)
        return True

    def close(self) -> None:
        """Close all lines."""
        for line in self.all:
            line.transport.close()
