"""A text as lines that remember what the HTML said of them."""

import re
from dataclasses import dataclass
from enum import IntEnum

# ">:" alone is the end of an attribution whose address was broken over lines.
_MARKS = re.compile(r"(?!>\s*:\s*\Z)[ \t]*((?:>[ \t]?)+)")


class Mark(IntEnum):
    """What the HTML told of a line, by the marks that mail programs leave."""

    NONE = 0
    QUOTE = 1
    """Inside what the program marked as earlier mail."""
    INTRODUCTION = 2
    """The line that says who wrote what follows."""
    TAIL = 3
    """Below the point from which on everything is earlier mail."""
    SIGNATURE = 4


@dataclass(slots=True)
class Line:
    """A line of text and its mark."""

    text: str
    mark: Mark = Mark.NONE

    @property
    def blank(self) -> bool:
        """Whether nothing is to be read on it, quote marks aside."""
        return not self.bare.strip()

    @property
    def cited(self) -> bool:
        """Whether it begins with ``>`` or was marked as a quote."""
        return self.mark == Mark.QUOTE or (">" in self.text and _MARKS.match(self.text) is not None)

    @property
    def bare(self) -> str:
        """Its text without quote marks."""
        match = _MARKS.match(self.text) if ">" in self.text else None
        return self.text if match is None else self.text[match.end() :]


def of(text: str) -> list[Line]:
    """Lines of plain text."""
    return [Line(one) for one in text.split("\n")]


def joined(lines: list[Line]) -> str:
    """Lines as text: no blanks at line ends, never more than one empty line, none at the ends."""
    out: list[str] = []
    for line in lines:
        text = line.text.rstrip()
        if text or (out and out[-1]):
            out.append(text)
    while out and not out[-1]:
        out.pop()
    return "\n".join(out)
