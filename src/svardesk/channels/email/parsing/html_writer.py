"""Collects the text of an HTML mail: lines, what must come between them, and the marks they bear."""

import re
from dataclasses import dataclass

from svardesk.channels.email.parsing.lines import Line, Mark

_MAX_CITES = 8
_SPACES = re.compile(r"[ \t\r\n\f\u00a0\u2007\u202f]+")
_INVISIBLE = re.compile(
    r"[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u2064\ufeff]"
)


@dataclass(slots=True)
class Open:
    """An element that is open, and what must be undone when it ends."""

    name: str
    hidden: bool = False
    cite: bool = False
    pre: bool = False
    mark: Mark = Mark.NONE
    list_at: int = -1
    """Of ol: the next number; of ul: 0."""
    link: str = ""
    shown: list[str] | None = None
    """The text of a link, as it is written."""
    gap: int = 0
    """Line ends after it: 1 a new line, 2 an empty line between."""


class Writer:
    """Collects lines; ``need`` says what must come before the next text: 0 nothing, 1 a new line, 2 an empty line."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.current: list[str] = []
        self.length = 0
        self.need = 0
        self.cell = False
        self.cell_texts = 0
        self.cell_broken = False
        self.row_begins = True
        self.prefix = ""
        self.line_mark = Mark.NONE
        self.cites = 0
        self.cites_of_line = 0
        self.hidden = 0
        self.pre = 0
        self.marks: list[Mark] = []
        self.tail = False
        self.lists: list[Open] = []
        self.links: list[list[str]] = []

    def mark(self) -> Mark:
        if self.tail:
            return Mark.TAIL
        if not self.marks or (self.cites and Mark.QUOTE not in self.marks):
            return Mark.NONE
        return Mark.QUOTE if Mark.QUOTE in self.marks else self.marks[-1]

    def end_here(self) -> None:
        """From here on everything is earlier mail, unless we are in a quotation already."""
        if not self.cites and Mark.QUOTE not in self.marks:
            self.gap(1)
            self.tail = True

    def gap(self, size: int) -> None:
        self.need = max(self.need, size)

    def flush(self) -> None:
        if self.current:
            cites = ">" * min(self.cites_of_line, _MAX_CITES) + " " if self.cites_of_line else ""
            text = "".join(self.current).rstrip()
            if text:
                self.lines.append(Line(cites + text, self.line_mark))
        self.current = []
        self.length = 0

    def empty_line(self) -> None:
        """An empty line, quoted when both sides are."""
        cites = min(self.cites, self.cites_of_line, _MAX_CITES)
        mark = self.mark() if self.lines and self.lines[-1].mark == self.mark() else Mark.NONE
        self.lines.append(Line(">" * cites, mark))

    def begin(self) -> None:
        """Make good what is needed before text is written."""
        if self.need:
            self.flush()
            if self.need > 1 and self.lines and self.lines[-1].text.strip("> "):
                self.empty_line()
            self.need = 0
            self.cell = False
            self.cell_broken = self.cell_texts > 0
        self.cell_texts += 1
        if self.cell and self.current:
            self.current.append(" | ")
        self.cell = False
        if not self.current:
            self.line_mark = self.mark()
            self.cites_of_line = self.cites
            if self.prefix:
                self.current.append(self.prefix)
                self.prefix = ""
            elif self.lists:
                self.current.append("  " * min(len(self.lists), 6))

    def text(self, text: str) -> None:
        if self.hidden:
            return
        if not text.isascii():
            text = _INVISIBLE.sub("", text)
        if self.pre:
            for number, piece in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n")):
                if number:
                    self.newline()
                if piece.strip():
                    self.begin()
                    self.current.append(piece.replace("\u00a0", " "))
                    self.length += len(piece)
            return
        text = _SPACES.sub(" ", text)
        if text == " " or not text:
            if text and self.length and not self.need and not self.cell and not self.current[-1].endswith(" "):
                self.current.append(" ")
            return
        if self.need or self.cell or not self.length or self.current[-1].endswith(" "):
            text = text.lstrip(" ")
        self.begin()
        self.current.append(text)
        self.length += len(text)
        if self.links:
            self.links[-1].append(text)

    def newline(self) -> None:
        """A line break: the second in a row makes an empty line."""
        if self.hidden:
            return
        if self.need >= 1 or not self.length:
            self.need = 2 if self.lines or self.current else 0
        else:
            self.need = 1
            self.cell = False

    def next_cell(self) -> None:
        """Begin a cell of a table: on the same line when the one before it was short."""
        single = self.cell_texts > 0 and not self.cell_broken and self.length > 0 and not self.prefix
        if not self.row_begins and single:
            self.need, self.cell = 0, True
        elif not self.row_begins:
            self.gap(1)
        self.row_begins = False
        self.cell_texts, self.cell_broken = 0, False

    def next_row(self, *, inside: bool) -> None:
        """Begin a row (``inside`` a table) or a table."""
        if inside and not self.row_begins and not self.cell_broken:
            # Rows of single lines stand close, whatever the margins in their cells.
            self.need = min(self.need, 1)
        self.cell = False
        self.row_begins = True
