"""HTML mail as readable text: paragraphs, lists, tables, links; without what nobody was meant to see."""

import re
from dataclasses import dataclass
from urllib.parse import unquote

from svardesk.channels.email.parsing import html_marks
from svardesk.channels.email.parsing.html_tokens import Close, Tag, tokens
from svardesk.channels.email.parsing.lines import Line, Mark

MAX_HTML = 2_000_000
"""Characters of HTML that are read for their text."""

RULE = "_" * 32
"""How a horizontal rule is written; the same as Outlook's, so that the rules for plain text know it."""

_VOID = frozenset("area base br col embed hr img input link meta param source track wbr".split())
_BLOCKS = frozenset(
    "address article aside body center dd details dialog dir div dl dt fieldset figcaption figure footer form header hgroup html "
    "legend main menu nav section summary table tbody tfoot thead tr caption li ol ul blockquote pre".split()
)
_PARAGRAPHS = frozenset("p h1 h2 h3 h4 h5 h6 dl".split())
_SKIPPED = frozenset(
    "head script style title svg select template object audio video canvas map datalist textarea iframe".split()
)
# A closing tag of the left closes what is open up to it, but never past one of these.
_WALLS = frozenset({"table", "td", "th", "blockquote"})
_SEARCHED = 60
"""Open elements that a closing tag is compared with: deep nesting must not make this slow."""
_MAX_CITES = 8

_SPACES = re.compile(r"[ \t\r\n\f\u00a0\u2007\u202f]+")
_INVISIBLE = re.compile(
    r"[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u2064\ufeff]"
)
_TRACKED = re.compile(r"(?i)[?&](?:utm_[a-z]+|mc_[a-z]+|_hs[a-z]+|fbclid|gclid|mkt_tok|ref_src)=[^&#]*")
_SAFE_LINK = re.compile(r"(?i)(https?://|tel:|mailto:)")
_FILE_NAME = re.compile(r"(?i)\.(?:png|gif|jpe?g|svg|bmp|webp)\Z|\A(?:image|logo|bilde|bild|kuva|billede)\s*\d*\Z")
_SAFELINKS = re.compile(r"(?i)https://[a-z0-9.]+\.safelinks\.protection\.outlook\.com/\?url=([^&]+)")
_LONG_LINK = 160


@dataclass(slots=True)
class _Open:
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


class _Writer:
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
        self.lists: list[_Open] = []
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


def lines(source: str) -> list[Line]:
    """The text of an HTML mail, line by line. Quotations begin with ``> `` as in plain mail; lines carry the HTML's marks."""
    writer = _Writer()
    stack: list[_Open] = []
    for token in tokens(source[:MAX_HTML]):
        if isinstance(token, str):
            writer.text(token)
        elif isinstance(token, Tag):
            _open(writer, stack, token)
        else:
            _close(writer, stack, token)
    while stack:
        _leave(writer, stack.pop())
    writer.flush()
    return writer.lines


def _open(writer: _Writer, stack: list[_Open], tag: Tag) -> None:
    name = tag.name
    if name == "br":
        writer.newline()
        return
    if name == "hr":
        _rule(writer, tag)
        return
    if name == "img":
        _image(writer, stack, tag)
        return
    if name in _VOID or name in {"html", "o:p"}:
        return
    if name in {"li", "p", "td", "th", "tr", "dt", "dd", "option"}:
        _close_same(writer, stack, name)
    entry = _Open(name)
    mark = html_marks.mark(tag)
    if mark == Mark.TAIL:
        writer.end_here()
    elif mark != Mark.NONE:
        entry.mark = mark
        if name in _BLOCKS or name in _PARAGRAPHS:
            writer.gap(1)
        writer.marks.append(mark)
    if name in _SKIPPED or html_marks.is_hidden(tag):
        entry.hidden = True
        writer.hidden += 1
    _layout(writer, entry, tag)
    stack.append(entry)


def _layout(writer: _Writer, entry: _Open, tag: Tag) -> None:
    name = tag.name
    if name in {"td", "th"}:
        # The next cell stands on the same line when the one before it was short.
        if (
            not writer.row_begins
            and writer.cell_texts
            and not writer.cell_broken
            and writer.length
            and not writer.prefix
        ):
            writer.need, writer.cell = 0, True
        elif not writer.row_begins:
            writer.gap(1)
        writer.row_begins = False
        writer.cell_texts, writer.cell_broken = 0, False
    elif name in _PARAGRAPHS:
        entry.gap = 1 if name == "p" and html_marks.is_tight(tag) else 2
        if not writer.cell:
            writer.gap(entry.gap)
    elif name in _BLOCKS:
        entry.gap = 1
        if name in {"tr", "table"}:
            if name == "tr" and not writer.row_begins and not writer.cell_broken:
                # Rows of single lines stand close, whatever the margins in their cells.
                writer.need = min(writer.need, 1)
            writer.cell = False
            writer.row_begins = True
        if not writer.cell:
            writer.gap(1)
        if name in {"ul", "ol", "menu", "dir"}:
            entry.list_at = _number(tag.attributes.get("start", "1")) if name == "ol" else 0
            writer.lists.append(entry)
        elif name == "li":
            _item(writer)
        elif name == "blockquote" and html_marks.is_citation(tag):
            entry.cite = True
            entry.gap = 1
            writer.cites += 1
        elif name == "pre":
            entry.pre = True
            writer.pre += 1
    elif name == "a":
        link = tag.attributes.get("href", "").strip()
        if _SAFE_LINK.match(link):
            entry.link, entry.shown = link, []
            writer.links.append(entry.shown)
    if "white-space" in (style := tag.attributes.get("style", "")) and not entry.pre:
        if re.search(r"white-space\s*:\s*(?:pre\b|pre-wrap|break-spaces)", style):
            entry.pre = True
            writer.pre += 1


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 1


def _item(writer: _Writer) -> None:
    inner = writer.lists[-1] if writer.lists else None
    indent = "  " * min(len(writer.lists) - 1, 6) if writer.lists else ""
    if inner is not None and inner.name == "ol":
        writer.prefix = f"{indent}{inner.list_at}. "
        inner.list_at += 1
    else:
        writer.prefix = f"{indent}- "


def _rule(writer: _Writer, tag: Tag) -> None:
    if writer.hidden:
        return
    writer.gap(1)
    if html_marks.mark(tag) == Mark.TAIL or tag.attributes.get("tabindex") == "-1":
        # Outlook's rule above what is quoted.
        writer.end_here()
    writer.begin()
    writer.current.append(RULE)
    writer.length += len(RULE)
    writer.gap(1)


def _image(writer: _Writer, stack: list[_Open], tag: Tag) -> None:
    text = tag.attributes.get("alt", "").strip()
    if not text or writer.hidden or _FILE_NAME.search(text) or "\n" in text:
        return
    if tag.attributes.get("width") in {"0", "1"} or tag.attributes.get("height") in {"0", "1"}:
        return
    if len(text) <= 4 and not text.isascii() and not text.isalpha():
        # An emoji that the program drew as a picture.
        writer.text(text)
    elif any(entry.link for entry in stack[-4:]):
        writer.text(f"[{text[:100]}]")


def _close_same(writer: _Writer, stack: list[_Open], name: str) -> None:
    """An li, p, td … ends the one before it that was not closed."""
    walls = {"ul", "ol"} if name == "li" else _WALLS
    for back in range(1, min(len(stack), 12) + 1):
        open_name = stack[-back].name
        if open_name == name or (name in {"td", "th"} and open_name in {"td", "th"}):
            for _ in range(back):
                _leave(writer, stack.pop())
            return
        if open_name in walls or (name == "p" and open_name in _BLOCKS):
            return


def _close(writer: _Writer, stack: list[_Open], tag: Close) -> None:
    if tag.name == "br":
        writer.newline()
        return
    if tag.name == "p" and not any(entry.name == "p" for entry in stack[-_SEARCHED:]):
        writer.gap(2)
        return
    for back in range(1, min(len(stack), _SEARCHED) + 1):
        name = stack[-back].name
        if name == tag.name:
            for _ in range(back):
                _leave(writer, stack.pop())
            return
        if name in _WALLS and tag.name not in _WALLS and tag.name not in {"tr", "tbody", "body", "html"}:
            return


def _leave(writer: _Writer, entry: _Open) -> None:
    if entry.link:
        _link(writer, entry)
    if entry.hidden:
        writer.hidden -= 1
    if entry.pre:
        writer.pre -= 1
    if entry.mark != Mark.NONE and writer.marks:
        if entry.name in _BLOCKS or entry.name in _PARAGRAPHS:
            writer.gap(1)
        writer.marks.pop()
    if entry.cite:
        writer.flush()
        writer.cites -= 1
    if entry.list_at >= 0 and writer.lists:
        writer.lists.pop()
    if entry.name == "li":
        writer.prefix = ""
    if entry.gap:
        writer.gap(entry.gap)


def _link(writer: _Writer, entry: _Open) -> None:
    """Write where a link goes, unless its text says it already."""
    pieces = writer.links.pop() if writer.links else []
    shown = "".join(pieces).strip()
    target = _shown_link(entry.link)
    if writer.hidden or not writer.current or not shown or not target or _same(shown, target):
        return
    end = " " if writer.current[-1].endswith(" ") else ""
    writer.current[-1] = writer.current[-1].rstrip(" ")
    writer.current.append((f" <{target}>" if entry.link.lower().startswith("mailto:") else f" ({target})") + end)


def _shown_link(link: str) -> str:
    low = link.lower()
    if low.startswith("mailto:"):
        return link[7:].partition("?")[0]
    if low.startswith("tel:"):
        return link[4:]
    wrapped = _SAFELINKS.match(link)
    if wrapped is not None:
        link = unquote(wrapped[1])
    link = _TRACKED.sub("", link)
    if "?" not in link and "&" in link:
        link = link.replace("&", "?", 1)
    return link if len(link) <= _LONG_LINK else link.partition("?")[0][:_LONG_LINK]


def _same(shown: str, target: str) -> bool:
    """Whether the text of a link is the link."""

    def core(text: str) -> str:
        text = re.sub(r"(?i)^(?:https?://)?(?:www\.)?", "", text.strip().strip("<>()[]"))
        return re.sub(r"[\s().-]", "", text).rstrip("/").lower()

    a, b = core(shown), core(target)
    return a == b or (len(b) > 5 and b in a) or (a.endswith("…") and b.startswith(a[:-1]))
