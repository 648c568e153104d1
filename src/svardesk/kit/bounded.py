"""uvicorn's HTTP protocol with a bound on what it keeps of a request's head: one connection must not fill the memory.

Bodies are bounded by each route (``kit.http``), but the parser collects header lines without end (measured: 100 MB on one
connection are kept). Between two parts of a message that make progress (head complete, a piece of body, end of the
message) nobody needs more than ``MOST`` bytes.
"""

from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MOST: Final = 64 * 1024
REFUSAL: Final = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n"
    b'{"error":{"code":"headers_too_large","message":"The headers are larger than this server takes.","fields":{}}}'
)


class BoundedProtocol(HttpToolsProtocol):
    """Answers 431 and hangs up when a head (or trailer) grows beyond ``MOST`` bytes."""

    _steps = 0
    _waiting = 0
    _in_head = True

    def data_received(self, data: bytes) -> None:
        """Parse ``data``; count it when it brought the message no further."""
        before = self._steps
        super().data_received(data)
        if self._steps != before:
            self._waiting = 0
            return
        self._waiting += len(data)
        if self._waiting > MOST and not self.transport.is_closing():
            if self._in_head:
                self.transport.write(REFUSAL)
            self.transport.close()

    def on_headers_complete(self) -> None:
        """The head is whole."""
        self._steps += 1
        self._in_head = False
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        self._steps += 1
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The next bytes are the head of another request."""
        self._steps += 1
        self._in_head = True
        super().on_message_complete()
