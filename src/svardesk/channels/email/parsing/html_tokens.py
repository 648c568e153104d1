"""HTML as a row of tags and texts, in time that grows with its length and no faster: no parser at hand promises that."""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

# Possessive: what was read is not read again within one tag.
_TAG = re.compile(r"<(?P<close>/)?(?P<name>[a-zA-Z][^\s/>]*+)(?P<attributes>(?:[^>\"']++|\"[^\"]*+\"|'[^']*+')*+)>")
_LOOSE_TAG = re.compile(r"<(?P<close>/)?(?P<name>[a-zA-Z][^\s/>]*+)(?P<attributes>[^>]*+)>")
_JUNK = re.compile(r"<[!?/][^>]*+>?")
_TEXT = re.compile(r"[^<]++")
_ATTRIBUTE = re.compile(r"([a-zA-Z_:][^\s=>/\"']*+)(?:\s*+=\s*+(?:\"([^\"]*+)\"|'([^']*+)'|([^\s>\"']++)))?")
_RAW_TEXT = {"script", "style", "title", "textarea", "xmp", "noframes"}
_MAX_ATTRIBUTES = 20_000
_MAX_FAILURES = 50
"""Tags with a quote that never ends, each of which is searched to the end; then quotes count for nothing."""
_HUGE_NUMBER = re.compile(r"&#\d{8,}+;?")


@dataclass(slots=True)
class Tag:
    """An opening tag; attributes by lower-case name, entities resolved."""

    name: str
    attributes: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Close:
    """A closing tag."""

    name: str


def tokens(source: str) -> Iterator[Tag | Close | str]:
    """Tags, closing tags and texts (entities resolved), in order; comments, scripts and styles are left out."""
    position = 0
    end = len(source)
    last_tag_end = source.rfind(">")
    failures = 0
    never_closed: set[str] = set()
    while position < end:
        if source[position] != "<":
            match = _TEXT.match(source, position)
            text = match[0] if match else source[position:]
            position += len(text)
            yield resolved(text)
            continue
        if source.startswith("<!--", position):
            closed = source.find("-->", position + 2)
            position = closed + 3 if closed >= 0 else end
            continue
        match = None
        if position < last_tag_end:
            if failures < _MAX_FAILURES:
                match = _TAG.match(source, position)
            if match is None and (match := _LOOSE_TAG.match(source, position)) is not None:
                failures += 1
        if match is None:
            match = _JUNK.match(source, position)
            if match is None:
                yield "<"
            position = match.end() if match else position + 1
            continue
        position = match.end()
        name = match["name"].lower()[:40]
        if match["close"]:
            yield Close(name)
            continue
        attributes = match["attributes"]
        yield Tag(name, _attributes(attributes[:_MAX_ATTRIBUTES]) if "=" in attributes or len(attributes) > 1 else {})
        if name in _RAW_TEXT and name not in never_closed:
            after = re.compile(rf"</{name}\b[^>]*+>?", re.IGNORECASE).search(source, position)
            if after is None:
                never_closed.add(name)
            else:
                position = after.end()
                yield Close(name)


def resolved(text: str) -> str:
    """The text with its entities resolved."""
    if "&" not in text:
        return text
    # Python refuses to read numbers of thousands of digits.
    return html.unescape(_HUGE_NUMBER.sub("\ufffd", text) if "&#" in text else text)


def _attributes(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, double, single, bare in _ATTRIBUTE.findall(text):
        found.setdefault(name.lower(), resolved(double or single or bare))
    return found
