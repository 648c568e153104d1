"""Subjects without the prefixes that mail programs put before them, and what those prefixes say."""

import re

_REPLIES = "re|sv|aw|antw|ref|ang"
_FORWARDS = "fw|fwd|vb|vl|tr|wg"
# "VS:" is a reply in Finnish (vastaus) and a forward in Norwegian and Danish (videresendt).
_PREFIX = re.compile(
    rf"\s*(?:({_REPLIES})|({_FORWARDS})|(vs))\s*(?:\[\d{{1,3}}\]|\(\d{{1,3}}\)|\^\d{{1,3}}|\*\d{{1,3}})?\s*[:：]\s*",
    re.IGNORECASE,
)


def bare(subject: str) -> str:
    """The subject without Re:, SV:, VS:, VB: …, also repeated and counted (``Re[2]:``)."""
    position = 0
    while (match := _PREFIX.match(subject, position)) is not None:
        position = match.end()
    return subject[position:].strip()


def is_forward(subject: str, *, finnish: bool) -> bool:
    """Whether the outermost prefix says that this mail was passed on; ``finnish``: VS is then an answer."""
    match = _PREFIX.match(subject)
    return match is not None and (match[2] is not None or (match[3] is not None and not finnish))
