"""The bare echo beside which latency is measured: same server, same load shape, nothing behind it.

A POST is answered at once, and a frame of the same size is sent to the twenty sockets of its team.
"""

import asyncio
import sys
from collections import defaultdict
from typing import Any

import uvicorn

FILLER = b"x" * 560
_rooms: defaultdict[str, set[Any]] = defaultdict(set)


async def app(scope: Any, receive: Any, send: Any) -> None:
    """ASGI."""
    if scope["type"] == "lifespan":
        while True:
            said = await receive()
            await send({"type": said["type"] + ".complete"})
            if said["type"] == "lifespan.shutdown":
                return
    elif scope["type"] == "websocket":
        await _socket(scope["path"].rpartition("/")[2], receive, send)
    else:
        await _post(scope["path"].rpartition("/")[2], receive, send)


async def _socket(team: str, receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "websocket.accept"})
    _rooms[team].add(send)
    try:
        while (await receive())["type"] != "websocket.disconnect":
            pass
    finally:
        _rooms[team].discard(send)


async def _post(team: str, receive: Any, send: Any) -> None:
    body, more = b"", True
    while more:
        part = await receive()
        body, more = body + part.get("body", b""), part.get("more_body", False)
    text = (body + FILLER).decode()
    await asyncio.gather(*(tell({"type": "websocket.send", "text": text}) for tell in _rooms.get(team, ())))
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})


if __name__ == "__main__":
    uvicorn.run(
        app, host="127.0.0.1", port=int(sys.argv[1]), loop="uvloop", http="httptools", ws="websockets-sansio",
        ws_per_message_deflate=False, ws_ping_interval=None, access_log=False, log_level="warning", backlog=2048,
    )  # fmt: skip
