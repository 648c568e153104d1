"""winmail.dat (TNEF): the attachments and the body that Outlook hides in it, after the specification MS-OXTNEF."""

import struct
from dataclasses import dataclass, field

SIGNATURE = b"\x78\x9f\x3e\x22"
MAX_ATTACHMENTS = 200

_BODY = 0x800C
_CODE_PAGE = 0x9007
_PROPERTIES = 0x9003
_ATTACH_BEGIN = 0x9002
_ATTACH_TITLE = 0x8010
_ATTACH_DATA = 0x800F
_ATTACH_PROPERTIES = 0x9005

_PR_BODY = 0x1000
_PR_BODY_HTML = 0x1013
_PR_ATTACH_DATA = 0x3701
_PR_ATTACH_NAME = 0x3704
_PR_ATTACH_LONG_NAME = 0x3707
_PR_ATTACH_TYPE = 0x370E
_PR_ATTACH_CONTENT_ID = 0x3712
_PR_DISPLAY_NAME = 0x3001

# Sizes of values with a fixed length, padded to four bytes.
_FIXED = {0x02: 4, 0x03: 4, 0x04: 4, 0x05: 8, 0x06: 8, 0x07: 8, 0x0A: 4, 0x0B: 4, 0x14: 8, 0x40: 8, 0x48: 16}
_STRING, _UNICODE, _OBJECT, _BINARY = 0x1E, 0x1F, 0x0D, 0x102
_MULTIPLE = 0x1000
_EMBEDDED_MESSAGE = bytes.fromhex("0703020000000000c000000000000046")
_OLE_LENGTH = 16


@dataclass(slots=True)
class Attachment:
    """A file in it: ``media_type`` may be '', ``content_id`` None."""

    name: str = ""
    content: bytes = b""
    media_type: str = ""
    content_id: str | None = None


@dataclass(slots=True)
class Tnef:
    """What could be read. ``text`` and ``html`` are '' when it has none that we read."""

    attachments: list[Attachment] = field(default_factory=list)
    text: str = ""
    html: str = ""


def read(content: bytes) -> Tnef | None:
    """Read a winmail.dat; None when it is none. What is broken ends the reading; what came before it is kept."""
    if content[:4] != SIGNATURE:
        return None
    found = Tnef()
    code_page = "cp1252"
    position = 6
    while position + 9 <= len(content):
        _, attribute, length = struct.unpack_from("<BII", content, position)
        position += 9
        data = content[position : position + length]
        if len(data) < length:
            break
        position += length + 2
        tag = attribute & 0xFFFF
        if tag == _CODE_PAGE and len(data) >= 4:
            code_page = _known(f"cp{struct.unpack_from('<I', data)[0]}")
        elif tag == _ATTACH_BEGIN:
            if len(found.attachments) >= MAX_ATTACHMENTS:
                break
            found.attachments.append(Attachment())
        elif tag == _BODY:
            found.text = found.text or _string(data, code_page)
        elif tag == _PROPERTIES:
            _body(_properties(data), found, code_page)
        elif found.attachments:
            _attachment(found.attachments[-1], tag, data, code_page)
    found.attachments = [one for one in found.attachments if one.content or one.name]
    return found


def _known(name: str) -> str:
    try:
        _ = b"a".decode(name)
    except (LookupError, UnicodeError):
        return "cp1252"
    return name


def _string(data: bytes, code_page: str) -> str:
    return data.partition(b"\x00")[0].decode(code_page, "replace")


def _wide(data: bytes) -> str:
    return data.decode("utf-16-le", "replace").partition("\x00")[0]


def _value(kind: int, data: bytes, code_page: str) -> str:
    return _wide(data) if kind == _UNICODE else _string(data, code_page)


def _attachment(one: Attachment, tag: int, data: bytes, code_page: str) -> None:
    if tag == _ATTACH_TITLE:
        one.name = one.name or _string(data, code_page)
    elif tag == _ATTACH_DATA:
        one.content = data
    elif tag == _ATTACH_PROPERTIES:
        properties = _properties(data)
        for name in (_PR_ATTACH_LONG_NAME, _PR_ATTACH_NAME, _PR_DISPLAY_NAME):
            if name in properties and (shown := _value(*properties[name], code_page).strip()):
                one.name = shown
                break
        if _PR_ATTACH_TYPE in properties:
            one.media_type = _value(*properties[_PR_ATTACH_TYPE], code_page).strip().lower()
        if _PR_ATTACH_CONTENT_ID in properties:
            one.content_id = _value(*properties[_PR_ATTACH_CONTENT_ID], code_page).strip().strip("<>") or None
        if not one.content and _PR_ATTACH_DATA in properties:
            kind, value = properties[_PR_ATTACH_DATA]
            if kind == _OBJECT and value[:_OLE_LENGTH] == _EMBEDDED_MESSAGE:
                # A message within the message: kept as what it is, a TNEF stream.
                one.media_type = "application/ms-tnef"
                one.name = one.name or "winmail.dat"
            one.content = value[_OLE_LENGTH:] if kind == _OBJECT else value


def _body(properties: dict[int, tuple[int, bytes]], found: Tnef, code_page: str) -> None:
    if _PR_BODY_HTML in properties:
        kind, value = properties[_PR_BODY_HTML]
        found.html = _wide(value) if kind == _UNICODE else value.rstrip(b"\x00").decode(code_page, "replace")
    if _PR_BODY in properties:
        found.text = _value(*properties[_PR_BODY], code_page) or found.text


def _properties(data: bytes) -> dict[int, tuple[int, bytes]]:
    """MAPI properties by id: (type, bytes of the first value). Stops at what it does not know."""
    found: dict[int, tuple[int, bytes]] = {}
    if len(data) < 4:
        return found
    count = min(struct.unpack_from("<I", data)[0], 2000)
    position = 4
    for _ in range(count):
        if position + 4 > len(data):
            break
        kind, name = struct.unpack_from("<HH", data, position)
        position += 4
        if name >= 0x8000:
            position = _after_name(data, position)
        multiple, kind = kind & _MULTIPLE, kind & ~_MULTIPLE
        values, position = _values(data, position, kind, multiple=bool(multiple))
        if position < 0:
            break
        if values:
            found.setdefault(name, (kind, values[0]))
    return found


def _after_name(data: bytes, position: int) -> int:
    """Skip the name of a named property: a GUID, and a number or a string."""
    if position + 24 > len(data):
        return len(data)
    by_string = struct.unpack_from("<I", data, position + 16)[0]
    if not by_string:
        return position + 24
    length = struct.unpack_from("<I", data, position + 20)[0]
    return position + 24 + _padded(length)


def _padded(length: int) -> int:
    return (length + 3) & ~3


def _values(data: bytes, position: int, kind: int, *, multiple: bool) -> tuple[list[bytes], int]:
    """The values at a place, and where the next property begins (-1: cannot be read on)."""
    variable = kind in {_STRING, _UNICODE, _OBJECT, _BINARY}
    count = 1
    if variable or multiple:
        if position + 4 > len(data):
            return [], -1
        count = struct.unpack_from("<I", data, position)[0]
        position += 4
    if count > 10_000 or (not variable and kind not in _FIXED):
        return [], -1
    values: list[bytes] = []
    for _ in range(count):
        length = _FIXED.get(kind, 0)
        if variable:
            if position + 4 > len(data):
                return values, -1
            length = struct.unpack_from("<I", data, position)[0]
            position += 4
        if position + length > len(data):
            return values, -1
        values.append(data[position : position + length])
        position += _padded(length)
    return values, position
