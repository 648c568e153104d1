"""Servers that say exactly what a test wants: for what real servers do too seldom to be waited for."""

import asyncio
from collections.abc import Callable
from typing import Self

HANG = "hang"
DROP = "drop"
Answer = bytes | str | None
"""Bytes to send, ``HANG`` (say nothing), ``DROP`` (hang up), None (nothing to say here)."""


class Scripted:
    """Greets, then hands each line (without its end) to ``answer``. ``heard`` has all lines; ``reached`` awaits one."""

    def __init__(self, greeting: bytes | str, answer: Callable[[bytes], Answer]) -> None:
        self.greeting = greeting
        self.answer = answer
        self.heard: list[bytes] = []
        self.port = 0
        self._server: asyncio.Server | None = None
        self._news = asyncio.Condition()
        self._writers: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=2**26)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for writer in list(self._writers):
            writer.transport.abort()
        await self._server.wait_closed()

    async def reached(self, part: bytes) -> None:
        """Wait until a line with ``part`` in it was heard."""
        async with self._news:
            await self._news.wait_for(lambda: any(part in one for one in self.heard))

    def say(self, words: bytes) -> None:
        """Say something unasked."""
        for writer in self._writers:
            writer.write(words)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            if not self._tell(writer, self.greeting):
                return
            while line := await reader.readline():
                async with self._news:
                    self.heard.append(line.rstrip(b"\r\n"))
                    self._news.notify_all()
                if not self._tell(writer, self.answer(line.rstrip(b"\r\n"))):
                    return
        except ConnectionError:
            pass
        finally:
            self._writers.discard(writer)
            writer.close()

    def _tell(self, writer: asyncio.StreamWriter, said: Answer) -> bool:
        if said == DROP:
            writer.transport.abort()
            return False
        if isinstance(said, bytes):
            writer.write(said)
        return True


def imap(**answers: bytes | str) -> Callable[[bytes], Answer]:
    """An IMAP server of three mails. ``answers`` by command (``LOGIN``, ``UID_FETCH`` …): ``{tag}`` is filled in."""
    usual: dict[str, bytes | str] = {
        "CAPABILITY": b"* CAPABILITY IMAP4rev1 IDLE UIDPLUS MOVE\r\n{tag} OK done\r\n",
        "LOGIN": b"{tag} OK in\r\n",
        "LIST": b'* LIST (\\HasNoChildren) "/" "INBOX"\r\n{tag} OK done\r\n',
        "SELECT": b"* 3 EXISTS\r\n* OK [UIDVALIDITY 7] ok\r\n* OK [UIDNEXT 4] ok\r\n{tag} OK [READ-WRITE] done\r\n",
        "NOOP": b"{tag} OK done\r\n",
        "UID SEARCH": b"* SEARCH 1 2 3\r\n{tag} OK done\r\n",
        "LOGOUT": b"* BYE bye\r\n{tag} OK done\r\n",
        "IDLE": b"+ idling\r\n",
        "DONE": HANG,
    }
    usual.update({key.replace("_", " "): value for key, value in answers.items()})
    idling: list[bytes] = []

    def answer(line: bytes) -> Answer:
        if line == b"DONE":
            return (idling.pop() + b" OK done\r\n") if idling else None
        tag, _, command = line.partition(b" ")
        if command == b"IDLE":
            idling.append(tag)
        for key in sorted(usual, key=len, reverse=True):
            if command.upper().startswith(key.encode()):
                said = usual[key]
                return said.replace(b"{tag}", tag) if isinstance(said, bytes) else said
        return tag + b" BAD what?\r\n"

    return answer


def smtp(extensions: tuple[str, ...] = (), **answers: bytes | str) -> Callable[[bytes], Answer]:
    """An SMTP server. ``answers`` by command (``MAIL``, ``RCPT``, ``DATA``, ``DOT``)."""
    lines = ["scripted.example", *extensions]
    ehlo = "".join(f"250{'-' if n < len(lines) - 1 else ' '}{one}\r\n" for n, one in enumerate(lines)).encode()
    usual: dict[str, bytes | str] = {
        "EHLO": ehlo,
        "MAIL": b"250 OK\r\n",
        "RCPT": b"250 OK\r\n",
        "DATA": b"354 go\r\n",
        "DOT": b"250 OK\r\n",
        "QUIT": b"221 bye\r\n",
    }
    usual.update(answers)
    content = False

    def answer(line: bytes) -> Answer:
        nonlocal content
        if content:
            if line != b".":
                return None
            content = False
            return usual["DOT"]
        word = line[:4].decode("ascii", "replace").upper()
        said = usual.get(word, b"500 what?\r\n")
        content = word == "DATA" and isinstance(said, bytes) and said.startswith(b"354")
        return said

    return answer
