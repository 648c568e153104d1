"""Small pure helpers for texts of messages."""

from typing import Final

from svardesk.conversations.errors import EmptyMessage
from svardesk.kit.errors import Unprocessable

MAX_BODY: Final = 8000
PREVIEW: Final = 160

_FORBIDDEN: Final = {0: None}


def clean(body: str) -> str:
    """Return ``body`` as it is stored: without NUL (PostgreSQL takes none), one kind of line end, no blank edges."""
    return body.translate(_FORBIDDEN).replace("\r\n", "\n").replace("\r", "\n").strip()


def checked(body: str, *, files: bool, longest: int = MAX_BODY) -> str:
    """Return the cleaned body; raises ``EmptyMessage``, or ``text_too_long`` (422) above ``longest`` characters."""
    text = clean(body)
    if not text and not files:
        raise EmptyMessage
    if len(text) > longest:
        raise Unprocessable(
            "text_too_long", f"A message may be at most {longest} characters long.", max=longest, length=len(text)
        )
    return text


def preview(body: str) -> str:
    """Return the beginning of a message on one line, at most ``PREVIEW`` characters."""
    line = " ".join(body[: PREVIEW * 4].split())
    return line if len(line) <= PREVIEW else line[: PREVIEW - 1].rstrip() + "…"
