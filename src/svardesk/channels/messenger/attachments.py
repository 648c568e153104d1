"""What came with a message beside its text: files to be fetched, and what is said in words instead. Pure."""

from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import msgspec

from svardesk.channels.contract import Attachment

LIKE: Final = "👍"
_LIKES: Final = frozenset({"369239263222822", "369239343222814", "369239383222810"})
"""The thumb in its three sizes: it is said as an emoji, like a typed one."""
_TYPES: Final = {"video": "video/mp4", "audio": "audio/mp4"}
_FILES: Final = frozenset({"image", "video", "audio", "file", "sticker", "animated_image"})
MOST: Final = 30
LONGEST_URL: Final = 4000
LONGEST_WORDS: Final = 500


class Brought(msgspec.Struct, frozen=True):
    """Files, and lines that stand in the message."""

    files: tuple[Attachment, ...]
    lines: tuple[str, ...]


def brought(found: Any, *, keep: bool) -> Brought:
    """Read ``message.attachments``. ``keep``: whether files may be stored by us; else their addresses stand in the text."""
    files: dict[str, Attachment] = {}
    lines: list[str] = []
    items = [one for one in found if isinstance(one, dict)][:MOST] if isinstance(found, list) else []
    stickers = {_id(_payload(one)) for one in items if one.get("type") == "sticker"} - {""}
    for item in items:
        kind, payload = str(item.get("type") or ""), _payload(item)
        sticker = _id(payload)
        if kind == "image" and sticker and sticker in stickers:
            continue  # until August 2026 a sticker came as a picture, too
        if sticker in _LIKES:
            lines.append(LIKE)
            continue
        url = _url(payload.get("url"))
        if kind in _FILES and url:
            if keep:
                _ = files.setdefault(url, _file(kind, url, payload))
            else:
                lines.append(url)
            continue
        lines += _words(kind, item, payload)
    return Brought(tuple(files.values()), tuple(dict.fromkeys(lines)))


def _file(kind: str, url: str, payload: dict[str, Any]) -> Attachment:
    name = str(payload.get("name") or "")[:200] or None
    if name is None and kind == "file":
        name = unquote(urlsplit(url).path.rpartition("/")[2])[:200] or None
    return Attachment(ref=url, media_type=_TYPES.get(kind), name=name)


def _words(kind: str, item: dict[str, Any], payload: dict[str, Any]) -> Sequence[str]:
    """What is no file: places, shared links, templates, reels; or a kind that nobody knows."""
    title = _said(item.get("title")) or _said(payload.get("title")) or _said(payload.get("name"))
    if kind == "location":
        place = payload.get("coordinates")
        if isinstance(place, dict) and _is_number(place.get("lat")) and _is_number(place.get("long")):
            at = f"https://www.openstreetmap.org/?mlat={place['lat']}&mlon={place['long']}"
            return [" ".join(one for one in ("📍", title, at) if one)]
        return [f"📍 {title}".strip()]
    if kind == "template":
        title = title or _said(payload.get("text")) or _first_element(payload)
    url = _url(item.get("url")) or _url(payload.get("url"))
    told = " ".join(one for one in (title, url) if one)
    return [told] if told else ([f"[{_said(kind)}]"] if kind else [])


def _first_element(payload: dict[str, Any]) -> str:
    elements = payload.get("elements") or (payload.get("generic") or {})
    if isinstance(elements, dict):
        elements = elements.get("elements")
    if isinstance(elements, list) and elements and isinstance(elements[0], dict):
        return _said(elements[0].get("title"))
    return ""


def _payload(item: dict[str, Any]) -> dict[str, Any]:
    found = item.get("payload")
    return found if isinstance(found, dict) else {}


def _id(payload: dict[str, Any]) -> str:
    found = payload.get("sticker_id")
    return str(found) if isinstance(found, int | str) else ""


def _url(found: Any) -> str:
    if not isinstance(found, str) or not found.startswith(("https://", "http://")) or len(found) > LONGEST_URL:
        return ""
    try:
        urlsplit(found)
    except ValueError:
        return ""
    return "" if any(one.isspace() for one in found) else found


def _said(found: Any) -> str:
    return " ".join(found.split())[:LONGEST_WORDS] if isinstance(found, str) else ""


def _is_number(found: Any) -> bool:
    return isinstance(found, int | float) and not isinstance(found, bool) and abs(found) <= 180
