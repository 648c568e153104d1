"""People in From, To and Cc, also as careless programs write them."""

import re
from collections.abc import Iterator

from svardesk.channels.email.parsing.headers import decode_words
from svardesk.channels.email.parsing.parsed import Address

MAX_ADDRESSES = 500
"""Of one field; more are not read."""

_ADDRESS = re.compile(r"([^\s<>()\[\],;:\"@]{1,250})@([^\s<>()\[\],;:\"@]{1,250})")
_QUOTED_LOCAL = re.compile(r'("[^"@<>]{1,100}")@([^\s<>()\[\],;:"@]{1,250})')
_MARKS = re.compile(r'["(<>),;\\]')
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
"""No part of any address; a database takes no NUL, and a mail must not be set aside for one."""


def addresses(value: str) -> tuple[Address, ...]:
    """Read a field (raw text, encoded words not yet decoded). What has no address is left out."""
    value = _CONTROLS.sub("", value[:200_000])
    found = [one for entry in _entries(value) if (one := _read(entry)) is not None]
    if not found and "=?" in value:
        # Some programs encode the whole field, address and all.
        found = [one for entry in _entries(decode_words(value)) if (one := _read(entry)) is not None]
    return tuple(found[:MAX_ADDRESSES])


def plain_addresses(values: list[str]) -> tuple[str, ...]:
    """Addresses of fields that hold nothing else, each once, in order."""
    return tuple(dict.fromkeys(one.address for value in values for one in addresses(value)))


def lowered(address: str) -> str:
    """An address with its domain in lower case."""
    local, at, domain = address.rpartition("@")
    return f"{local}{at}{domain.lower()}"


def _entries(value: str) -> Iterator[str]:
    """Split at commas and semicolons outside quotes, comments and brackets; ``Nordmann, Kari <k@e>`` stays one."""
    waiting = ""
    for piece in _pieces(value):
        whole = f"{waiting}, {piece.strip()}" if waiting else piece.strip()
        waiting = ""
        if "@" not in whole and 0 < len(whole) < 100:
            waiting = whole
        elif whole:
            yield whole
    if waiting:
        yield waiting


def _pieces(value: str) -> list[str]:
    pieces: list[str] = []
    start = position = comment = 0
    quoted = angled = False
    for mark in _MARKS.finditer(value):
        sign = mark[0]
        if mark.start() < position:
            continue
        if sign == "\\":
            position = mark.end() + 1
        elif sign == '"' and not comment:
            quoted = not quoted
        elif quoted:
            continue
        elif sign in "()":
            comment = max(0, comment + (1 if sign == "(" else -1))
        elif comment:
            continue
        elif sign in "<>":
            angled = sign == "<"
        elif not angled:
            pieces.append(value[start : mark.start()])
            start = mark.end()
    if not pieces and quoted:
        # A quote that never ends; without it the commas count again.
        return value.replace('"', " ").split(",")
    return [*pieces, value[start:]]


def _read(entry: str) -> Address | None:
    group, colon, rest = entry.partition(":")
    if colon and "@" not in group and "<" not in group and '"' not in group:
        entry = rest
    first, last = entry.rfind("<"), entry.rfind(">")
    name, address = "", None
    if first >= 0:
        inside = entry[first + 1 : last if last > first else len(entry)]
        address = _match("".join(inside.split()).removeprefix("mailto:"))
        name = entry[:first] if entry[:first].strip() else entry[last + 1 :] if last > first else ""
    if address is None:
        match = _ADDRESS.search(_without_quotes(entry)) or _QUOTED_LOCAL.search(entry)
        if match is None:
            match = _ADDRESS.search(entry)
        if match is None:
            return None
        address = match[0].strip("'")
        name = entry.replace(match[0], " ", 1).replace("<", " ").replace(">", " ")
    name = _name(name, address)
    local, _, domain = address.rpartition("@")
    domain = domain.rstrip(".>'")
    return Address(name, f"{local}@{domain.lower()}") if local and domain else None


def _match(text: str) -> str | None:
    match = _QUOTED_LOCAL.search(text) or _ADDRESS.search(text)
    return None if match is None else match[0].strip("'")


def _without_quotes(text: str) -> str:
    """The text with what is quoted blanked out: an address in a display name is not the sender's."""
    return re.sub(r'"[^"]*"(?!@)', lambda match: " " * len(match[0]), text)


def _name(text: str, address: str) -> str:
    name = decode_words(text).strip()
    if name.startswith("(") and name.endswith(")"):
        name = name[1:-1]
    name = re.sub(r"\\(.)", r"\1", name).replace('"', "").strip(" \t,;")
    if len(name) >= 2 and name[0] == name[-1] == "'":
        name = name[1:-1].strip()
    return "" if name.lower() == address.lower() else name[:200]
