"""Misbehaving on demand: what tests tell the SMTP side to answer instead of accepting."""

from collections.abc import Callable
from typing import Final, Literal

import msgspec

Stage = Literal["connect", "auth", "mail", "rcpt", "data", "content", "final"]

DROP: Final = "drop"
"""Verdict: hang up at once, without a word, and keep nothing."""
KEEP_AND_DROP: Final = "keep and drop"
"""Verdict at ``final``: deliver the mail, then hang up without saying so."""


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """Where a session stands. ``recipient`` is set at ``rcpt``, ``content`` at ``final``."""

    stage: Stage
    sender: str = ""
    recipient: str = ""
    recipients: tuple[str, ...] = ()
    content: bytes = b""


Rule = Callable[[Step], str | None]
"""Looks at a step; answers a line of SMTP (``451 4.7.1 Greylisted``), ``DROP``, ``KEEP_AND_DROP``, or None to let it pass.

Stages in their order: ``connect`` (only ``DROP``), ``auth``, ``mail``, ``rcpt``, ``data`` (before 354), ``content`` (only
``DROP``: in the middle of the body, after 64 kB at most), ``final`` (after the last dot).
"""


def verdict(rules: list[Rule], step: Step) -> str | None:
    """What the first rule with an opinion says."""
    return next((said for rule in rules if (said := rule(step)) is not None), None)
