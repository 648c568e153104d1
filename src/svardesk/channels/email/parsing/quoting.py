"""What is new in a mail, and what is only repeated. Better too much shown than one word of the customer lost."""

import re
from dataclasses import dataclass, field

from svardesk.channels.email.parsing import quote_marks, signatures
from svardesk.channels.email.parsing.lines import Line, Mark

_WORD = re.compile(r"\w")
_ANSWERS_BELOW = re.compile(
    r"(?:\b(?:svar|svara|svarer|svarar|kommenter\w*|kommentar\w*|skrev|skriver|answer\w*|comment\w*|repl\w+|"
    r"vastaa\w*|vastau\w*|vastaukse\w*|kommenttini|kommentit)\b"
    r"[^.?!\n]{0,40}\b(?:under|nedenfor|nedanfor|nedan|nedenunder|herunder|her under|inline|in-line|below|alla|"
    r"alle|raudt|rødt|røde?|röt?t|röda?|blått|blå|grønt|grönt|"
    r"i teksten|i texten|in red|in blue|in green|punaisella|sinisellä|vihreällä|tekstissä|mellom linjene|"
    r"mellan raderna)\b)"
    r"|\b(?:se|see|katso|sjå)\b[^.?!\n]{0,20}\b(?:mine|mina|my|svar|svara|svarene|svaren|svarene mine|comments|"
    r"answers|vastaukseni)\b[^.?!\n]{0,25}"
    r"\b(?:under|nedenfor|nedan|nedanför|below|inline|alla|rødt|rött|raudt|red)\b",
    re.IGNORECASE,
)
_FIGURE = re.compile(r"[\s>]*[\d<>=≥≤.,%]")
_MOST_LINES = 20_000
"""Lines among which the beginning of what is repeated is searched; nobody writes more above it."""
_LIST_FOOTER = re.compile(r"\s*(?:_{10,}|-{10,}|={10,})\s*\Z")


@dataclass(slots=True)
class Division:
    """A text, divided. ``woven``: own and earlier words cannot be told apart safely, all of it counts as own."""

    own: list[Line]
    quoted: list[Line] = field(default_factory=list[Line])
    signature: list[Line] = field(default_factory=list[Line])
    woven: bool = False
    forwarded: bool = False
    forwarded_from: str = ""
    """The From value of what was passed on inside the text; '' when it names none."""


@dataclass(slots=True)
class _Cut:
    at: int
    kind: str
    """cited, attribution, original, forward, block, marked, tail"""
    after: int
    """The first line of what is repeated."""
    sender: str = ""
    finnish: bool = False


def divide(lines: list[Line], *, forward: bool, forward_unless_finnish: bool = False, fresh: bool = False) -> Division:
    """Divide a text.

    ``forward``: the subject says that the mail was passed on; ``forward_unless_finnish``: it says VS:, which
    Norwegians and Danes mean so, while for Finns it is an answer; ``fresh``: it answers nothing, so that an earlier
    mail in it was put there to be read.
    """
    quote_marks.mark_bars(lines[:_MOST_LINES])
    spans = quote_marks.attributions(lines[:_MOST_LINES])
    cut = _first_cut(lines, spans)
    if cut is None:
        own, signature = signatures.split(lines)
        return Division(own, signature=signature)
    passed_on = _forwarded(lines, cut, forward=forward or fresh or (forward_unless_finnish and not cut.finnish))
    if passed_on is not None:
        own, signature = signatures.split(lines[: cut.at], may_be_all=True)
        return Division([*own, *lines[cut.at :]], signature=signature, forwarded=True, forwarded_from=passed_on)
    above = lines[: cut.at]
    own_above, signature_above = signatures.split(above, may_be_all=True)
    below = _own_below(lines, cut, spans)
    pasted = fresh and cut.kind == "attribution" and not any(line.cited for line in lines[cut.after :])
    woven = (
        pasted
        or not _words(own_above)
        or bool(below)
        or (cut.kind in {"original", "block", "tail"} and _promises(own_above))
    )
    if woven:
        return _whole(lines, above, own_above, signature_above)
    trailing = _trailing_signature(lines, cut)
    quoted = lines[cut.at : len(lines) - len(trailing)]
    return Division(own_above, quoted, [*signature_above, *trailing])


def _whole(lines: list[Line], above: list[Line], own_above: list[Line], signature_above: list[Line]) -> Division:
    """Everything stays; only a signature at the very end, or a device's above the quote, is split off."""
    rest = lines[len(above) :]
    last = len(rest)
    while last and not rest[last - 1].cited and rest[last - 1].mark == Mark.NONE:
        last -= 1
    own, signature = rest, list[Line]()
    if last and len(rest) - last:
        tail, signature = signatures.split(rest[last:], may_be_all=False)
        own = [*rest[:last], *tail]
    top = own_above if _words(own_above) or signature_above else above
    return Division([*top, *own], signature=[*signature_above, *signature], woven=True)


def _words(lines: list[Line]) -> bool:
    return any(_WORD.search(line.text) for line in lines)


def _promises(lines: list[Line]) -> bool:
    """Whether the words above say that the answers stand below, between the lines of what is repeated."""
    return any(_ANSWERS_BELOW.search(line.text) for line in lines)


def _first_cut(lines: list[Line], spans: dict[int, int]) -> _Cut | None:
    figures = -1
    for at, line in enumerate(lines[:_MOST_LINES]):
        if line.blank and line.mark not in {Mark.TAIL, Mark.QUOTE}:
            continue
        cut = _announced(lines, at, spans) or _marked(lines, at)
        if cut is not None:
            return cut
        if at > figures and line.cited:
            quotation, figures = _is_quotation(lines, at)
            if quotation:
                return _Cut(at, "cited", at)
    return None


def _announced(lines: list[Line], at: int, spans: dict[int, int]) -> _Cut | None:
    """A cut by what is written on the line: a separator, a header block, an attribution."""
    kind = quote_marks.separator(lines[at])
    if kind:
        return _with_sender(lines, _Cut(at, kind, at + 1))
    begins = at
    if quote_marks.RULE.match(lines[at].bare):
        begins = _next_words(lines, at + 1)
    block = quote_marks.header_block(lines, begins) if begins < len(lines) else None
    if block is not None:
        return _Cut(at, "block", block.end, block.sender, block.finnish)
    return _Cut(at, "attribution", spans[at]) if at in spans else None


def _marked(lines: list[Line], at: int) -> _Cut | None:
    """A cut by what the HTML said of the line."""
    mark = lines[at].mark
    if mark == Mark.INTRODUCTION:
        after = at
        while after < len(lines) and lines[after].mark == Mark.INTRODUCTION:
            after += 1
        return _Cut(at, "attribution", after)
    if mark in {Mark.TAIL, Mark.QUOTE}:
        return _with_sender(lines, _Cut(at, "tail" if mark == Mark.TAIL else "marked", at))
    return None


def _with_sender(lines: list[Line], cut: _Cut) -> _Cut:
    """Read the header block below a separator."""
    at = _next_words(lines, cut.after)
    if at < len(lines) and quote_marks.RULE.match(lines[at].bare):
        at = _next_words(lines, at + 1)
    block = quote_marks.header_block(lines, at) if at < len(lines) else None
    if block is not None:
        cut.after, cut.sender, cut.finnish = block.end, block.sender, block.finnish
    return cut


def _next_words(lines: list[Line], at: int) -> int:
    while at < len(lines) and lines[at].blank:
        at += 1
    return at


def _is_quotation(lines: list[Line], at: int) -> tuple[bool, int]:
    """Whether ``>`` there means a quotation, and where its lines end: "> 30 degrees" of the customer's is none."""
    end = at
    while end + 1 < len(lines) and lines[end + 1].cited:
        end += 1
    block = lines[at : end + 1]
    return not all(_FIGURE.match(line.bare) for line in block if not line.blank) or not _words(block), end


def _forwarded(lines: list[Line], cut: _Cut, *, forward: bool) -> str | None:
    """The sender of what is passed on ('' when unnamed), None when it is only repeated."""
    if cut.kind == "forward":
        return cut.sender
    first = _next_words(lines, cut.at)
    if first < len(lines) and cut.kind in {"cited", "marked", "attribution", "tail"}:
        # The marker within the quotation: Apple writes it so.
        for at in range(first, min(first + 2, len(lines))):
            if quote_marks.separator(lines[at]) == "forward":
                return _with_sender(lines, _Cut(at, "forward", at + 1)).sender
    if forward and cut.kind in {"block", "original", "tail", "marked"}:
        return cut.sender
    return None


def _own_below(lines: list[Line], cut: _Cut, spans: dict[int, int]) -> list[Line]:
    """The customer's words below the first quotation; empty when all below is repeated or signature."""
    if cut.kind in {"original", "block", "tail"}:
        first = _next_words(lines, cut.after)
        if first >= len(lines) or not lines[first].cited or cut.kind == "tail":
            return []
    rest = lines[cut.after :]
    if not any(line.cited for line in rest):
        return []
    own: list[Line] = []
    at = cut.after
    begun = False
    while at < len(lines):
        line = lines[at]
        if at in spans and at > cut.at:
            at = spans[at]
            continue
        if line.cited:
            begun = True
        elif line.mark in {Mark.TAIL, Mark.INTRODUCTION, Mark.SIGNATURE}:
            pass
        elif not line.blank and begun:
            if _repeats_on(lines, at):
                break
            own.append(line)
        at += 1
    if not _words(own):
        return []
    kept, _ = signatures.split(own, may_be_all=True)
    return kept if _words(kept) else []


def _repeats_on(lines: list[Line], at: int) -> bool:
    """Whether an unmarked earlier mail, or the footer of a mailing list, begins on that line."""
    if quote_marks.separator(lines[at]) or quote_marks.header_block(lines, at) is not None:
        return True
    return bool(_LIST_FOOTER.match(lines[at].text))


def _trailing_signature(lines: list[Line], cut: _Cut) -> list[Line]:
    """A signature that stands below the quotation."""
    last = len(lines)
    while last > cut.after and not lines[last - 1].cited and lines[last - 1].mark in {Mark.NONE, Mark.SIGNATURE}:
        last -= 1
    tail = lines[last:]
    if cut.kind not in {"cited", "attribution", "marked"} or last == cut.after or not _words(tail):
        return []
    own, signature = signatures.split(tail, may_be_all=True)
    return signature if not _words(own) else []
