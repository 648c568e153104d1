"""HTML mail as readable text: paragraphs, lists, tables, links; without what nobody was meant to see."""

import re

from svardesk.channels.email.parsing import html_links, html_marks
from svardesk.channels.email.parsing.html_tokens import Close, Tag, tokens
from svardesk.channels.email.parsing.html_writer import Open, Writer
from svardesk.channels.email.parsing.lines import Line, Mark

MAX_HTML = 2_000_000
"""Characters of HTML that are read for their text."""

RULE = "_" * 32
"""How a horizontal rule is written; the same as Outlook's, so that the rules for plain text know it."""

_VOID = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"]
)
_BLOCKS = frozenset(
    [
        "address",
        "article",
        "aside",
        "body",
        "center",
        "dd",
        "details",
        "dialog",
        "dir",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "header",
        "hgroup",
        "html",
        "legend",
        "main",
        "menu",
        "nav",
        "section",
        "summary",
        "table",
        "tbody",
        "tfoot",
        "thead",
        "tr",
        "caption",
        "li",
        "ol",
        "ul",
        "blockquote",
        "pre",
    ]
)
_PARAGRAPHS = frozenset(["p", "h1", "h2", "h3", "h4", "h5", "h6", "dl"])
_SKIPPED = frozenset(
    [
        "head",
        "script",
        "style",
        "title",
        "svg",
        "select",
        "template",
        "object",
        "audio",
        "video",
        "canvas",
        "map",
        "datalist",
        "textarea",
        "iframe",
    ]
)
# A closing tag of the left closes what is open up to it, but never past one of these.
_WALLS = frozenset({"table", "td", "th", "blockquote"})
_SEARCHED = 60
"""Open elements that a closing tag is compared with: deep nesting must not make this slow."""

_PREFORMATTED = re.compile(r"white-space\s*:\s*(?:pre\b|pre-wrap|break-spaces)")
_SAFE_LINK = re.compile(r"(?i)(https?://|tel:|mailto:)")
_FILE_NAME = re.compile(r"(?i)\.(?:png|gif|jpe?g|svg|bmp|webp)\Z|\A(?:image|logo|bilde|bild|kuva|billede)\s*\d*\Z")


def lines(source: str) -> list[Line]:
    """The text of an HTML mail. Quotations begin with ``> `` as in plain mail; lines carry the HTML's marks."""
    writer = Writer()
    stack: list[Open] = []
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


def _open(writer: Writer, stack: list[Open], tag: Tag) -> None:
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
    entry = Open(name)
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


def _layout(writer: Writer, entry: Open, tag: Tag) -> None:
    name = tag.name
    if name in {"td", "th"}:
        writer.next_cell()
    elif name in _PARAGRAPHS:
        entry.gap = 1 if name == "p" and html_marks.is_tight(tag) else 2
        if not writer.cell:
            # At the beginning of a cell or of a list's item there is no margin.
            writer.gap(1 if writer.prefix or (writer.cell_texts == 0 and not writer.row_begins) else entry.gap)
    elif name in _BLOCKS:
        _block(writer, entry, tag)
    elif name == "a":
        link = tag.attributes.get("href", "").strip()
        if _SAFE_LINK.match(link):
            entry.link, entry.shown = link, []
            writer.links.append(entry.shown)
    if name == "pre" or _PREFORMATTED.search(tag.attributes.get("style", "")):
        entry.pre = True
        writer.pre += 1


def _block(writer: Writer, entry: Open, tag: Tag) -> None:
    name = tag.name
    entry.gap = 1
    if name in {"tr", "table"}:
        writer.next_row(inside=name == "tr")
    if not writer.cell:
        writer.gap(1)
    if name in {"ul", "ol", "menu", "dir"}:
        entry.list_at = _number(tag.attributes.get("start", "1")) if name == "ol" else 0
        writer.lists.append(entry)
    elif name == "li":
        _item(writer)
    elif name == "blockquote" and html_marks.is_citation(tag):
        entry.cite = True
        writer.cites += 1


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 1


def _item(writer: Writer) -> None:
    inner = writer.lists[-1] if writer.lists else None
    indent = "  " * min(len(writer.lists) - 1, 6) if writer.lists else ""
    if inner is not None and inner.name == "ol":
        writer.prefix = f"{indent}{inner.list_at}. "
        inner.list_at += 1
    else:
        writer.prefix = f"{indent}- "


def _rule(writer: Writer, tag: Tag) -> None:
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


def _image(writer: Writer, stack: list[Open], tag: Tag) -> None:
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


def _close_same(writer: Writer, stack: list[Open], name: str) -> None:
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


def _close(writer: Writer, stack: list[Open], tag: Close) -> None:
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


def _leave(writer: Writer, entry: Open) -> None:
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


def _link(writer: Writer, entry: Open) -> None:
    """Write where a link goes, unless its text says it already."""
    pieces = writer.links.pop() if writer.links else []
    shown = "".join(pieces).strip()
    target = html_links.shown(entry.link)
    if writer.hidden or not writer.current or not shown or not target or html_links.same(shown, target):
        return
    end = " " if writer.current[-1].endswith(" ") else ""
    writer.current[-1] = writer.current[-1].rstrip(" ")
    writer.current.append((f" <{target}>" if entry.link.lower().startswith("mailto:") else f" ({target})") + end)
