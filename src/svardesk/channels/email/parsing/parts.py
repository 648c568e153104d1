"""The tree of a mail's parts, within limits: never deeper, never more, and nothing is unpacked."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from svardesk.channels.email.parsing import parameters, transfer
from svardesk.channels.email.parsing.charsets import clean, codec, decode
from svardesk.channels.email.parsing.flowed import unflowed
from svardesk.channels.email.parsing.headers import Headers, split

MAX_RAW = 35 * 1024 * 1024
MAX_DEPTH = 20
MAX_PARTS = 200
MAX_TEXT = 1_000_000
"""Characters of text that are shown and searched; the rest is in the stored mail."""

_MAX_TEXT_BYTES = 4 * MAX_TEXT
_MAX_MISSES = 10_000
"""Places that look like a boundary and are none; more of them are an attack on our time."""
_GUESSED_BOUNDARY = re.compile(rb"(?:\A|\n)--([^\r\n]{1,200}?)[ \t]*\r?\n(?=[!-9;-~]{1,60}:|\r?\n)")
_META_CHARSET = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?([A-Za-z0-9_.:-]{2,40})""", re.IGNORECASE)


@dataclass(slots=True)
class Part:
    """One part: where its bytes lie in the mail, and what it says of itself. ``path`` is its place ("2.1")."""

    path: str
    headers: Headers
    raw: bytes
    start: int
    end: int
    media_type: str
    parameters: dict[str, str]
    disposition: str
    file_name: str
    children: list["Part"] = field(default_factory=list)

    @property
    def source(self) -> bytes:
        """The bytes of its body, as they came."""
        return self.raw[self.start : self.end]

    def content(self, problems: list[str]) -> bytes:
        """Its body with the transfer encoding undone."""
        return transfer.undone(self.source, self.headers.plain("content-transfer-encoding"), problems)

    def content_id(self) -> str | None:
        """Its Content-ID without brackets."""
        value = self.headers.plain("content-id").strip().strip("<>").strip()
        return value[:998] or None

    def walk(self) -> Iterator["Part"]:
        """Itself and everything below, in order."""
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass(slots=True)
class _Budget:
    parts: int = MAX_PARTS
    told: bool = False


def read(raw: bytes, problems: list[str]) -> Part:
    """Read a mail's tree."""
    start = 0
    while raw[start : start + 1] in {b"\r", b"\n"}:
        start += 1
    return _part(raw, start, len(raw), "1", 0, _Budget(), problems, default="text/plain")


def _part(
    raw: bytes, start: int, end: int, path: str, depth: int, budget: _Budget, problems: list[str], *, default: str
) -> Part:
    budget.parts -= 1
    headers, body = split(raw, start, end, problems)
    main, given = parameters.read(headers.raw("content-type"))
    disposition, disposition_parameters = parameters.read(headers.raw("content-disposition"))
    media_type = parameters.media_type(main) if main else default
    part = Part(
        path,
        headers,
        raw,
        min(body, end),
        end,
        media_type,
        given,
        disposition.split()[0] if disposition.split() else "",
        parameters.file_name(disposition_parameters, given),
    )
    if media_type.startswith("multipart/"):
        if depth >= MAX_DEPTH:
            problems.append(f"nested more than {MAX_DEPTH} deep, the rest was not read")
        else:
            _children(part, depth, budget, problems)
    return part


def _children(part: Part, depth: int, budget: _Budget, problems: list[str]) -> None:
    pieces = _pieces(part, problems)
    if pieces is None:
        problems.append("a multipart without its boundary, read as text")
        part.media_type = "text/plain"
        return
    below = "message/rfc822" if part.media_type == "multipart/digest" else "text/plain"
    for number, (start, end) in enumerate(pieces, 1):
        if budget.parts <= 0:
            if not budget.told:
                problems.append(f"more than {MAX_PARTS} parts, the rest was not read")
                budget.told = True
            return
        path = str(number) if depth == 0 else f"{part.path}.{number}"
        part.children.append(_part(part.raw, start, end, path, depth + 1, budget, problems, default=below))


def _pieces(part: Part, problems: list[str]) -> list[tuple[int, int]] | None:
    boundary = part.parameters.get("boundary", "").encode("utf-8", "surrogateescape").rstrip()
    found = _cut(part, boundary) if boundary else None
    if found is None:
        guess = _GUESSED_BOUNDARY.search(part.raw, max(0, part.start - 1), min(part.end, part.start + 20_000))
        if guess is None:
            return None
        found = _cut(part, guess[1])
        if found is not None:
            problems.append("the boundary is not the declared one" if boundary else "no boundary declared, guessed")
    return found


def _cut(part: Part, boundary: bytes) -> list[tuple[int, int]] | None:
    """Where the pieces between the boundary lines lie; None when there is no such line."""
    raw, end = part.raw, part.end
    line = b"--" + boundary
    pieces: list[tuple[int, int]] = []
    open_at: int | None = None
    position = part.start
    misses = 0
    while len(pieces) <= MAX_PARTS and misses < _MAX_MISSES:
        at = raw.find(line, position, end)
        if at < 0:
            break
        after = at + len(line)
        position = after
        if at > part.start and raw[at - 1] not in b"\r\n":
            misses += 1
            continue
        closing = raw[after : after + 2] == b"--"
        line_end = _line_end(raw, after, end)
        rest = raw[after + 2 if closing else after : line_end]
        if rest.strip():
            misses += 1
            continue
        if open_at is not None:
            pieces.append((open_at, _before_newline(raw, at, open_at)))
        open_at = None if closing else _next_line(raw, line_end, end)
        position = line_end
        if closing:
            return pieces
    if open_at is not None:
        pieces.append((open_at, end))
    return pieces or None


def _line_end(raw: bytes, start: int, end: int) -> int:
    # What follows a boundary on its line is white space, and little of it.
    limit = min(end, start + 200)
    newline = raw.find(b"\n", start, limit)
    if newline < 0:
        newline = raw.find(b"\r", start, limit)
    elif raw[newline - 1 : newline] == b"\r" and newline > start:
        newline -= 1
    return limit if newline < 0 else newline


def _next_line(raw: bytes, position: int, end: int) -> int:
    if raw[position : position + 2] == b"\r\n":
        return min(position + 2, end)
    return min(position + 1, end)


def _before_newline(raw: bytes, at: int, start: int) -> int:
    if at > start and raw[at - 1 : at] == b"\n":
        at -= 1
    if at > start and raw[at - 1 : at] == b"\r":
        at -= 1
    return at


def text_of(part: Part, problems: list[str]) -> str:
    """The text of a text part: transfer encoding, charset and flowing undone; NFC, LF; cut at the limit."""
    content = part.content(problems)
    if len(content) > _MAX_TEXT_BYTES:
        problems.append("a text longer than 1 MB was cut")
        content = content[:_MAX_TEXT_BYTES]
    declared = part.parameters.get("charset", "")
    if part.media_type == "text/html" and codec(declared) is None and not content.isascii():
        meta = _META_CHARSET.search(content[:4000])
        declared = meta[1].decode("ascii") if meta else declared
    text, problem = decode(content, declared)
    if problem:
        problems.append(problem)
    text = clean(text)
    if len(text) > MAX_TEXT:
        if "a text longer than 1 MB was cut" not in problems:
            problems.append("a text longer than 1 MB was cut")
        text = text[:MAX_TEXT]
    if part.media_type == "text/plain" and part.parameters.get("format", "").lower() == "flowed":
        text = unflowed(text, delsp=part.parameters.get("delsp", "").lower() == "yes")
    return text
