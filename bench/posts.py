"""Requests of visitors, made beforehand: what the widget sends, byte for byte, with a mark to know each message by."""

import random
import uuid
from collections.abc import Sequence
from typing import Any

MARK = b"#Q"
DIGITS = 9
# Marks of another run may still stand in the inbox's lines: each client process counts from a thousand of its own.
_FIRST = random.SystemRandom().randrange(1, 10_000) * 100_000
PAGE_URL = "https://butikk.example/bredband/fiber-500"
PAGE_TITLE = "Fiber 500 - Fjordnett"
TEXT = (
    " Hei! Nettet hjemme har vært borte siden i går kveld, og ruteren blinker rødt. Kan dere hjelpe meg? Ordre 104233."
)


def message(port: int, token: str, mark: int, text: str = TEXT) -> bytes:
    """The whole request of one message, marked with ``#Q<9 digits>`` at its beginning."""
    body = (
        f'{{"client_id":"{uuid.uuid4()}","body":"{mark_text(mark)}{text}","file_ids":[],'
        f'"page":{{"url":"{PAGE_URL}","title":"{PAGE_TITLE}"}}}}'
    ).encode()
    return request(port, "/widget/v1/messages", token, body)


def mark_text(mark: int) -> str:
    """What stands at the beginning of a message of this run."""
    return f"{MARK.decode()}{_FIRST + mark:0{DIGITS}d}"


def request(port: int, path: str, token: str, body: bytes) -> bytes:
    """A POST of a visitor's browser."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nOrigin: http://127.0.0.1:{port}\r\n"
        f"Authorization: Bearer {token}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def found_mark(payload: bytes) -> int:
    """The number of the message of this run that a frame is about, or -1."""
    place = payload.find(MARK)
    if place < 0:
        return -1
    mark = int(payload[place + 2 : place + 2 + DIGITS]) - _FIRST
    return mark if 0 <= mark < 100_000 else -1


def shuffled(visitors: Sequence[Any], count: int, seed: int) -> list[Any]:
    """``count`` visitors, everybody once before anybody comes again, in an order that depends on ``seed`` only."""
    source = random.Random(seed)
    order: list[Any] = []
    while len(order) < count:
        turn = list(visitors)
        source.shuffle(turn)
        order += turn
    return order[:count]
