"""Names and titles that others wrote, as one line that does nothing to the text around it."""

import re
from typing import Final

_TURNS: Final = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_CONTROLS: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def one_line(text: str) -> str:
    """``text`` without control characters and with single spaces; empty when nothing is left.

    Direction marks go too: one of them before ``gnp.exe`` would turn round what an agent reads after it. Joiners stay,
    which emoji and some languages need.
    """
    return " ".join(_CONTROLS.sub(" ", _TURNS.sub("", text)).split())
