"""Long answers in pieces that end where a sentence ends. Pure."""

import re
from typing import Final

LIMIT: Final = 1900
"""Characters of a piece; Meta takes fewer than 2,000."""
_PLACES: Final = (
    re.compile(r"\n\s*\n"),
    re.compile(r"\n"),
    re.compile(r"[.!?…:;][\"»”')\]]*\s"),
    re.compile(r"\s"),
)
"""Where to part, the best place first: paragraphs, lines, sentences, words."""
_EARLIEST: Final = 0.5
"""A piece is filled at least so far, unless nothing but its very middle offers itself."""


def split_text(text: str, limit: int = LIMIT) -> list[str]:
    """Pieces of at most ``limit`` characters, in order; nothing but the space between them is left out. [] for no text."""
    rest = text.strip()
    pieces: list[str] = []
    while len(rest) > limit:
        at = _place(rest, limit)
        pieces.append(rest[:at].rstrip())
        rest = rest[at:].lstrip()
    return [*pieces, rest] if rest else pieces


def _place(text: str, limit: int) -> int:
    for pattern in _PLACES:
        ends = [
            found.end() for found in pattern.finditer(text, 0, limit + 1) if len(text[: found.end()].rstrip()) <= limit
        ]
        if ends and ends[-1] >= limit * _EARLIEST:
            return ends[-1]
    # One endless word: never in the middle of what is drawn as one sign.
    at = limit
    while at > limit // 2 and _joins(text[at - 1], text[at]):
        at -= 1
    return at


def _joins(before: str, after: str) -> bool:
    return (
        after in "\u200d\ufe0f"
        or before == "\u200d"
        or "\U0001f3fb" <= after <= "\U0001f3ff"
        or "\u0300" <= after <= "\u036f"
    )
