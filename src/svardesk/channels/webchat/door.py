"""A visitor's message past the router: the hottest request of the house, answered on bare ASGI.

Litestar takes 330 µs a request to find the handler, read the body and build the answer, more than everything else in
this one (docs/decisions/0012). What is not a plain, well-formed message goes the usual way with its body replayed, so that
validation and its errors stay those of ``http.post_widget_message``; a test compares the two answer by answer.
"""

from typing import Any, Final

import msgspec

from svardesk.channels.webchat import posting, visitors
from svardesk.channels.webchat.adapter import VisitorPost
from svardesk.channels.webchat.http import FROM_ADDRESS, MAX_MESSAGE, MESSAGES, MessageOut
from svardesk.kit.clock import Clock
from svardesk.kit.db import Database
from svardesk.kit.http import limit, send_error
from svardesk.kit.jsons import encode

PATH: Final = "/widget/v1/messages"
_decoder: Final = msgspec.json.Decoder(VisitorPost)


class MessageDoor:
    """ASGI for ``POST /widget/v1/messages``; ``usual`` is the app behind it."""

    def __init__(self, db: Database, clock: Clock, usual: Any) -> None:
        self._db = db
        self._clock = clock
        self._usual = usual

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Take the message, or pass the request on."""
        first = await receive()
        raw = first.get("body", b"") if first["type"] == "http.request" else b""
        if first.get("more_body", False) or not 0 < len(raw) <= MAX_MESSAGE:
            await self._usual(scope, _again(first, receive), send)
            return
        try:
            post = _decoder.decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError):
            await self._usual(scope, _again(first, receive), send)
            return
        try:
            status, body = await self._take(scope, post, raw)
        except Exception as error:  # noqa: BLE001 - every error becomes the answer that the router would give
            await send_error(send, error)
            return
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body, "more_body": False})

    async def _take(self, scope: Any, post: VisitorPost, raw: bytes) -> tuple[int, bytes]:
        client = scope.get("client")
        ip = client[0] if client else None
        token = None
        for name, value in scope["headers"]:
            if name == b"authorization":
                kind, _, rest = value.decode("latin-1").partition(" ")
                token = rest.strip() if kind.lower() == "bearer" else None
                break
        limit(FROM_ADDRESS, ip, ip or "")
        visitor = await visitors.resolve_visitor(self._db, token, self._clock)
        limit(MESSAGES, ip, str(visitor.id))
        message, new = await posting.take(self._db, self._clock, visitor, raw, post)
        return 201 if new else 200, encode(MessageOut(message))


def _again(first: Any, receive: Any) -> Any:
    """The request's stream from its beginning, although its first part was read already."""
    kept = [first]

    async def replay() -> Any:
        return kept.pop() if kept else await receive()

    return replay
