"""One text, twice: as plain text that programs may re-wrap (format=flowed), and as simple HTML."""

import re
import textwrap
from collections.abc import Iterator, Sequence
from html import escape
from typing import Final

WIDTH: Final = 72
_QUOTE_MARKS: Final = re.compile(r"^(?:> ?)*")
_BULLET: Final = re.compile(r"^\s*[-*•–]\s+(\S.*)$")
_NUMBER: Final = re.compile(r"^\s*(\d{1,3})[.)]\s+(\S.*)$")
_LINK: Final = re.compile(
    r"(?P<url>\bhttps?://[^\s<>\"]+|\bwww\.[^\s<>\"]+\.[^\s<>\"]+)"
    r"|(?P<mail>\b[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+)",
    re.IGNORECASE,
)
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_TRAILING: Final = ".,;:!?'\"»”’…"
_BODY: Final = (
    "font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;"
    "font-size:15px;line-height:1.5;overflow-wrap:break-word"
)
_QUOTE: Final = "margin:0 0 0 8px;border-left:2px solid #8a8a8a;padding-left:12px"


# ------------------------------------------------------------------------------------------------ plain


def flowed(text: str) -> str:
    """Plain text wrapped at 72 columns as format=flowed (RFC 3676): a line that ends in a space goes on in the next.

    Words are never broken, so that long addresses stay whole. Lines end in LF.
    """
    return "\n".join(line for raw in _lines(text) for line in _wrap(raw, ""))


def flowed_quote(text: str) -> str:
    """The same with quote marks before each line; what was quoted in it already goes one deeper."""
    quoted: list[str] = []
    for raw in _lines(text):
        marks = _QUOTE_MARKS.match(raw)
        deep = marks[0].count(">") if marks else 0
        quoted += _wrap(raw[marks.end() :] if marks and deep else raw, ">" * (deep + 1))
    return "\n".join(quoted)


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in re.split(r"\r\n|\r|\n", _CONTROL.sub("", text).strip("\r\n"))]


def _wrap(line: str, marks: str) -> Iterator[str]:
    room = WIDTH - len(marks) - 1
    pieces = textwrap.wrap(
        line, room, break_long_words=False, break_on_hyphens=False, replace_whitespace=False, expand_tabs=False
    )
    for number, piece in enumerate(pieces or [""], start=1):
        goes_on = " " if number < len(pieces) else ""
        # A space is put before what would be read as a quote mark or as an mbox's separator; readers take it away.
        if marks:
            yield f"{marks} {piece}{goes_on}" if piece else marks
        elif piece.startswith((" ", ">", "From ")):
            yield f" {piece}{goes_on}"
        else:
            yield piece + goes_on


# ------------------------------------------------------------------------------------------------ HTML


def page(language: str, parts: Sequence[str]) -> str:
    """A whole HTML document. It names no colours, so that a program's dark mode may choose them."""
    return (
        f'<!DOCTYPE html>\n<html lang="{escape(language)}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width">\n'
        '<meta name="color-scheme" content="light dark">\n<meta name="supported-color-schemes" content="light dark">\n'
        f'</head>\n<body>\n<div style="{_BODY}">\n' + "\n".join(parts) + "\n</div>\n</body>\n</html>\n"
    )


def html(text: str) -> str:
    """Paragraphs, lists and links of a text; everything else is escaped."""
    return "\n".join(_block(lines) for lines in _blocks(_lines(text)))


def html_quote(attribution: str, text: str) -> str:
    """A quoted message below its attribution, in the form that mail programs know as a quotation and can fold away."""
    return (
        f'<div class="svardesk_quote">\n<p style="margin:24px 0 8px">{linked(attribution)}</p>\n'
        f'<blockquote type="cite" style="{_QUOTE}">\n{html(text)}\n</blockquote>\n</div>'
    )


def _blocks(lines: Sequence[str]) -> Iterator[list[str]]:
    """Runs of lines that belong together: paragraphs end at empty lines, lists where their marks end."""
    block: list[str] = []
    kind = ""
    for number, line in enumerate(lines):
        new = _kind(lines, number)
        if block and (not line or new != kind):
            yield block
            block = []
        if line:
            block.append(line)
        kind = new
    if block:
        yield block


def _kind(lines: Sequence[str], number: int) -> str:
    """``bullet``, ``number`` or nothing. One mark alone is no list: "- Anna" is a name, "25. november" a date."""
    near = lines[max(0, number - 1) : number + 2]
    if _BULLET.match(lines[number]) and sum(1 for line in near if _BULLET.match(line)) > 1:
        return "bullet"
    here = _NUMBER.match(lines[number])
    if here:
        for step in (-1, 1):
            at = number + step
            other = _NUMBER.match(lines[at]) if 0 <= at < len(lines) else None
            if other and int(other[1]) == int(here[1]) + step:
                return "number"
    return ""


def _block(lines: list[str]) -> str:
    bullets = [match for line in lines if (match := _BULLET.match(line))]
    if len(bullets) == len(lines) > 1:
        return "<ul>\n" + "\n".join(f"<li>{linked(one[1])}</li>" for one in bullets) + "\n</ul>"
    numbers = [match for line in lines if (match := _NUMBER.match(line))]
    if len(numbers) == len(lines) > 1:
        start = f' start="{int(numbers[0][1])}"' if int(numbers[0][1]) != 1 else ""
        return f"<ol{start}>\n" + "\n".join(f"<li>{linked(one[2])}</li>" for one in numbers) + "\n</ol>"
    return '<p style="margin:0 0 12px">' + "<br>\n".join(linked(line.strip()) for line in lines) + "</p>"


def linked(line: str) -> str:
    """A line with its web and mail addresses as links, the rest escaped."""
    out: list[str] = []
    last = 0
    for match in _LINK.finditer(line):
        shown = _without_trailing(match[0])
        scheme = "mailto:" if match["mail"] else "https://" if shown.lower().startswith("www.") else ""
        href = scheme + shown
        out += [escape(line[last : match.start()]), f'<a href="{escape(href)}">{escape(shown)}</a>']
        last = match.start() + len(shown)
    return "".join(out) + escape(line[last:])


def _without_trailing(address: str) -> str:
    """An address without the punctuation of the sentence around it; a closing bracket stays if it was opened inside."""
    while address:
        end = address[-1]
        if end in _TRAILING or (end == ")" and address.count(")") > address.count("(")) or end == "]":
            address = address[:-1]
        else:
            break
    return address
