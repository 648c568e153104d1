"""Header fields: split by hand, because the standard library's newer policy raises on what real mail holds."""

import base64
import binascii
import re
import unicodedata
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone

from svardesk.channels.email.parsing.charsets import clean, decode, decode_header_bytes

MAX_BLOCK = 1 << 20
"""Bytes of header that are read of one part; a longer header is cut and noted."""
MAX_FIELDS = 2000
MAX_VALUE = 64 << 10

_FIELD = re.compile(rb"([!-9;-~]{1,200})[ \t]*:(.*)", re.DOTALL)
_BLANK = re.compile(rb"\r?\n[ \t]*\r?\n|\r\r")
_WORD = re.compile(r"=\?([^?\s*]{1,60})(?:\*[^?\s]{0,20})?\?([bBqQ])\?([^?]{0,4000})\?=")
_BETWEEN = re.compile(r"[ \t\r\n]*\Z")
_Q_BYTE = re.compile(rb"=([0-9A-Fa-f]{2})")
_SPACES = re.compile(r"[ \t\r\n\f\v]+")


@dataclass(slots=True)
class Headers:
    """Fields in their order: lower-case names, values as they came without the fold's line ends."""

    fields: list[tuple[str, bytes]] = field(default_factory=list)

    def raw(self, name: str) -> bytes | None:
        """The first field of that name."""
        return next((value for key, value in self.fields if key == name), None)

    def every(self, name: str) -> list[bytes]:
        """All fields of that name, topmost first."""
        return [value for key, value in self.fields if key == name]

    def plain(self, name: str) -> str:
        """The first field of that name as text, encoded words left alone; '' when missing."""
        value = self.raw(name)
        return "" if value is None else as_text(value)

    def text(self, name: str) -> str:
        """The first field of that name, decoded, one space between words; '' when missing."""
        return decode_words(self.plain(name))

    def __contains__(self, name: str) -> bool:
        return any(key == name for key, _ in self.fields)


def split(raw: bytes, start: int, end: int, problems: list[str]) -> tuple[Headers, int]:
    """Read the fields that begin at ``start``; (fields, where the body begins). A block without fields is a body."""
    if raw[start : start + 5] in {b"From ", b">From"}:
        # The first line of a mailbox file; a real field would have a colon.
        line_end = raw.find(b"\n", start, end)
        start = end if line_end < 0 else line_end + 1
    blank = _BLANK.search(raw, start, end)
    if raw[start : start + 1] == b"\n" or raw[start : start + 2] == b"\r\n":
        return Headers(), start + (1 if raw[start : start + 1] == b"\n" else 2)
    stop, body = (end, end) if blank is None else (blank.start(), blank.end())
    if stop - start > MAX_BLOCK:
        problems.append("the header is longer than 1 MB, the rest of it was not read")
    found, consumed = _fields(raw[start : min(stop, start + MAX_BLOCK)], problems)
    if not found.fields:
        return found, start
    return found, body if consumed is None else start + consumed


def _fields(block: bytes, problems: list[str]) -> tuple[Headers, int | None]:
    """Fields of a block; and the offset where text begins that is no header, None when all of it was."""
    found: list[tuple[str, list[bytes]]] = []
    position = 0
    broken: int | None = None
    for line in block.splitlines(keepends=True):
        here, position = position, position + len(line)
        if line[:1] in b" \t" and found and broken is None:
            found[-1][1].append(line.rstrip(b"\r\n"))
            continue
        match = _FIELD.match(line)
        if match is None:
            if line.strip():
                broken = here if broken is None else broken
            continue
        if broken is not None:
            problems.append("a line of the header is no header field")
            broken = None
        if len(found) >= MAX_FIELDS:
            problems.append(f"more than {MAX_FIELDS} header fields, the rest was not read")
            break
        found.append((match[1].decode("ascii").lower(), [match[2].rstrip(b"\r\n")]))
    if broken is not None and found:
        problems.append("the header ends without an empty line")
    return Headers([(name, b"".join(lines)[:MAX_VALUE]) for name, lines in found]), broken


def as_text(value: bytes) -> str:
    """A raw value as text (8-bit: UTF-8, else cp1252), encoded words left alone."""
    text = value.decode("ascii") if value.isascii() else clean(decode_header_bytes(value))
    return text.strip(" \t\r\n\x00").replace("\x00", "")


def decode_words(value: str) -> str:
    """Decode encoded words, also such as were split in the middle of a character; NFC, one space between words."""
    if "=?" in value:
        value = _decoded(value)
    text = _SPACES.sub(" ", clean(value)).strip()
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def _decoded(value: str) -> str:
    out: list[str] = []
    position = 0
    pending = b""
    charset = ""
    for match in _WORD.finditer(value):
        between = value[position : match.start()]
        content = _word_bytes(match[2], match[3])
        if pending and charset == match[1].lower() and _BETWEEN.match(between):
            # Neighbours of one charset belong together: writers split words between the bytes of a character.
            pending += content
        else:
            if pending:
                out.append(decode(pending, charset)[0])
            if not (pending and _BETWEEN.match(between)):
                out.append(between)
            pending, charset = content, match[1].lower()
        position = match.end()
    if pending:
        out.append(decode(pending, charset)[0])
    return "".join([*out, value[position:]])


def _word_bytes(encoding: str, text: str) -> bytes:
    content = text.encode("utf-8", "replace")
    if encoding in "bB":
        return decode_base64(content)
    return _Q_BYTE.sub(lambda match: bytes([int(match[1], 16)]), content.replace(b"_", b" "))


_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]+")


def decode_base64(content: bytes) -> bytes:
    """Decode base64 that may be broken: foreign characters, missing padding, a cut end."""
    letters = _NOT_BASE64.sub(b"", content.replace(b"-", b"+").replace(b"_", b"/") if b"+" not in content else content)
    if len(letters) % 4 == 1:
        letters = letters[:-1]
    try:
        return base64.b64decode(letters + b"=" * (-len(letters) % 4))
    except (binascii.Error, ValueError):
        return b""


_ANGLED = re.compile(r"<([^<>]{1,2000})>")


def message_id(value: str) -> str | None:
    """The id of a Message-ID field without brackets; None when there is none. A broken one stays what it is."""
    first, last = value.find("<"), value.rfind(">")
    if 0 <= first < last:
        found = value[first + 1 : last]
        if "> " in found or ">(" in found:
            found = found.partition(">")[0]
    else:
        found = value.strip().strip("<>")
    found = " ".join(found.split())
    return found[:998] or None


def message_ids(values: list[bytes]) -> tuple[str, ...]:
    """The ids of In-Reply-To or References, in order, each once."""
    found: dict[str, None] = {}
    for value in values:
        text = as_text(value)
        ids = _ANGLED.findall(text)
        for one in ids or [word for word in text.split() if "@" in word and '"' not in word]:
            kept = " ".join(one.split()).strip("<>,; ")[:998]
            if kept:
                found.setdefault(kept)
    return tuple(found)


_DATE = re.compile(
    r"(\d{1,2})[ \t.-]+([A-Za-z]{3})[a-z]*[ \t.,-]+(\d{4}|\d{2})[ \t,]+(\d{1,2})[:.](\d{2})(?:[:.](\d{2}))?"
    r"(?:[.,]\d+)?[ \t]*(?:([+-])(\d{2}):?(\d{2})|\(?([A-Za-z]{1,5})\b)?"
)
_ISO_DATE = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})[T ](\d{2}):(\d{2})(?::(\d{2}))?(?:\.\d+)?[ ]?(?:Z|([+-])(\d{2}):?(\d{2}))?"
)
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_NORDIC_MONTHS = {"mai": 5, "maj": 5, "okt": 10, "des": 12}
_ZONES = {"EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7, "CET": 1, "CEST": 2}
_ZONES |= {"EET": 2, "EEST": 3, "MET": 1, "MEST": 2, "WET": 0, "WEST": 1, "BST": 1}


def date(value: str) -> datetime | None:
    """The instant of a Date field, UTC; None when it cannot be read or lies outside 1970 to 2200."""
    match = _DATE.search(value)
    if match is not None:
        name = match[2].lower()
        month = _MONTHS.index(name) + 1 if name in _MONTHS else _NORDIC_MONTHS.get(name, 0)
        year = int(match[3])
        if len(match[3]) == 2:
            year += 1900 if year >= 70 else 2000
        zone = _zone(match[7], match[8], match[9], match[10])
        return _instant(year, month, int(match[1]), int(match[4]), int(match[5]), int(match[6] or 0), zone)
    match = _ISO_DATE.search(value)
    if match is not None:
        zone = _zone(match[7], match[8], match[9], None)
        numbers = [int(match[index]) for index in range(1, 6)]
        return _instant(numbers[0], numbers[1], numbers[2], numbers[3], numbers[4], int(match[6] or 0), zone)
    return None


def _zone(sign: str | None, hours: str | None, minutes: str | None, name: str | None) -> int:
    """Minutes east of UTC; what is unknown counts as UTC."""
    if sign and hours and minutes:
        return (int(hours) * 60 + int(minutes)) * (-1 if sign == "-" else 1)
    return _ZONES.get((name or "").upper(), 0) * 60


def _instant(year: int, month: int, day: int, hour: int, minute: int, second: int, zone: int) -> datetime | None:
    try:
        local = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=timezone(timedelta(minutes=zone)))
        found = local.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return found if 1970 <= found.year <= 2200 else None
