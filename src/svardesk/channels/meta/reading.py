"""What both of a page's adapters begin with: the entries of a body that are the page's own."""

import json
from typing import Any, Final

import msgspec

from svardesk.channels.contract import ParseFailed

LONGEST_ID: Final = 200


def entries(raw: bytes, page_id: str) -> list[dict[str, Any]]:
    """The entries of a body that belong to a page (all, where no page is named). Raises ``ParseFailed``."""
    body = _decoded(raw)
    found = body.get("entry") if isinstance(body, dict) else None
    if not isinstance(found, list) or not found or not all(isinstance(one, dict) for one in found):
        raise ParseFailed("not_understood", "This is nothing that Meta sends for pages.")
    ours = [one for one in found if not page_id or id_of(one.get("id")) == page_id]
    if not ours:
        raise ParseFailed("other_page", "This belongs to another page than the one connected here.")
    return ours


def _decoded(raw: bytes) -> Any:
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        pass  # half an emoji is no text to msgspec, but nothing to lose a message for
    except RecursionError:
        raise ParseFailed("not_understood", "This is nested too deeply.") from None
    try:
        return json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise ParseFailed("not_understood", "This is no JSON.") from error


def id_of(found: object) -> str:
    """An id; what could not be stored as it is counts as none."""
    if isinstance(found, bool) or not isinstance(found, str | int):
        return ""
    text = str(found)
    return text if len(text) <= LONGEST_ID and text.isprintable() else ""
