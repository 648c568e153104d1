"""Parameters of Content-Type and Content-Disposition: quoted, continued, in a charset (RFC 2231), or just wrong."""

import re
from urllib.parse import unquote_to_bytes

from svardesk.channels.email.parsing.charsets import clean, decode
from svardesk.channels.email.parsing.headers import as_text, decode_words

_PARAMETER = re.compile(r';\s*([^=;\s"]{1,100})\s*=\s*("(?:[^"\\]|\\.)*"|[^;]*)', re.DOTALL)
_CONTINUED = re.compile(r"(.+?)\*(\d{1,3})(\*?)\Z")
_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]{1,100}/[a-z0-9!#$&^_.+-]{1,100}\Z")
_MAX = 16 << 10


def read(value: bytes | None) -> tuple[str, dict[str, str]]:
    """Read a field like ``text/plain; charset=utf-8``: (main value in lower case, parameters by lower-case name)."""
    if value is None:
        return "", {}
    text = as_text(value[:_MAX])
    main, _, _ = text.partition(";")
    plain: dict[str, str] = {}
    pieces: dict[str, dict[int, tuple[str, bool]]] = {}
    for name, given in _PARAMETER.findall(text[len(main) :]):
        key = name.lower()
        shown = _unquoted(given.strip())
        continued = _CONTINUED.match(key)
        if continued is not None:
            pieces.setdefault(continued[1], {}).setdefault(int(continued[2]), (shown, bool(continued[3])))
        elif key.endswith("*"):
            pieces.setdefault(key[:-1], {})[-1] = (shown, True)
        else:
            plain.setdefault(key, shown)
    for name, parts in pieces.items():
        joined = _joined(parts)
        if joined:
            plain[name] = joined
    return main.strip().lower(), plain


def media_type(main: str) -> str:
    """The type of a part; what is missing or no type is ``text/plain`` (RFC 2045), ``text`` alone too."""
    kept = main.split(maxsplit=1)[0].strip("\"'") if main.split() else ""
    return kept if _TYPE.match(kept) else "text/plain"


def file_name(disposition: dict[str, str], content_type: dict[str, str]) -> str:
    """The name that a part gives itself, without folders; '' when it has none."""
    for value in (disposition.get("filename"), content_type.get("name")):
        name = safe_name(decode_words(value)) if value else ""
        if name:
            return name
    return ""


def safe_name(name: str) -> str:
    """A file name without folders and control characters, at most 200 characters; '' when nothing is left."""
    last = re.split(r"[/\\]", clean(name).replace("\n", " "))[-1].strip().strip('"').strip()
    if last in {".", ".."}:
        return ""
    if len(last) > 200:
        stem, dot, ending = last.rpartition(".")
        last = stem[: 199 - len(ending)] + dot + ending if dot and len(ending) < 20 else last[:200]
    return last


def _unquoted(value: str) -> str:
    if len(value) >= 2 and value[0] == value[-1] == '"':
        # A backslash before anything but a quote or itself is a Windows path, not an escape.
        return re.sub(r'\\(["\\])', r"\1", value[1:-1])
    return value.strip('"')


def _joined(parts: dict[int, tuple[str, bool]]) -> str:
    """Put together ``name*0*``, ``name*1`` … ; the first says the charset."""
    charset = ""
    content = b""
    for index, number in enumerate(sorted(parts)):
        value, encoded = parts[number]
        if index == 0 and encoded and value.count("'") >= 2:
            charset, _, value = value.split("'", 2)
        content += unquote_to_bytes(value) if encoded else value.encode("utf-8", "replace")
    return decode(content, charset or "utf-8")[0]
