"""What a browser may say on a socket: one flat shape, read strictly."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Annotated, Any
from uuid import UUID

import msgspec

from svardesk.kit.http import as_known
from svardesk.realtime.frames import frame
from svardesk.realtime.hub import Socket

Short = Annotated[str, msgspec.Meta(max_length=2000)]

HELLO_SECONDS = 15.0
MOST_A_SECOND = 30
BURST = 120


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """A frame of a client; ``t`` says which fields matter. Unknown ones are ignored: newer pages may say more."""

    t: Annotated[str, msgspec.Meta(max_length=40)]
    conversation_id: UUID | None = None
    resume: Short | None = None
    token: Short | None = None
    parent: Short | None = None
    on: bool = False
    seq: Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)] = 0
    url: Short = ""
    title: Annotated[str, msgspec.Meta(max_length=300)] = ""


_decoder = msgspec.json.Decoder(Command)


def read(message: Any) -> Command | None:
    """Return the command of an ASGI message, or None if it is not understood."""
    text = message.get("text")
    if text is None:
        return None
    try:
        return _decoder.decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return None


async def hello(receive: Any) -> Command | None:
    """Return the first frame, or None if the client went away or said something else for too long."""
    try:
        async with asyncio.timeout(HELLO_SECONDS):
            message = await receive()
    except TimeoutError:
        return None
    if message["type"] != "websocket.receive":
        return None
    command = read(message)
    return command if command is not None and command.t == "hello" else None


async def commands(receive: Any, socket: Socket) -> AsyncIterator[Command]:
    """Yield the client's frames until it goes away; nonsense is answered, a flood is closed."""
    loop = asyncio.get_running_loop()
    level, at = float(BURST), loop.time()
    while True:
        message = await receive()
        if message["type"] != "websocket.receive":
            return
        now = loop.time()
        socket.heard = now
        level = min(float(BURST), level + (now - at) * MOST_A_SECOND) - 1
        at = now
        if level < 0:
            socket.push(frame("error", code="flood", message="Too many frames; the line is closed."))
            socket.close(4429, "flood")
            return
        command = read(message)
        if command is None:
            socket.push(frame("error", code="invalid", message="This frame is not understood."))
        elif command.t != "pong":
            yield command


async def serve(
    receive: Any, socket: Socket, writer: "asyncio.Task[None]", do: Callable[[Command], Awaitable[None]]
) -> None:
    """Do what the client says, in its order, until it goes away or ``writer`` has closed the line.

    A command that fails is answered with its error; the line stays, because everything else on it still works.
    """

    async def listen() -> None:
        async for command in commands(receive, socket):
            try:
                await do(command)
            except Exception as error:  # noqa: BLE001 - told in the words that HTTP would use
                known = as_known(error)
                socket.push(frame("error", code=known.code, message=known.message))

    reader = asyncio.create_task(listen())
    try:
        await asyncio.wait({reader, writer}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        reader.cancel()
        with contextlib.suppress(asyncio.CancelledError, Exception):
            await reader
