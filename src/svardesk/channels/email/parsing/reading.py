"""`parse`: the bytes of a mail in, what it says out.

Pure, deterministic, and it never raises: each step that fails is noted and left out.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from svardesk.channels.email.parsing import (
    automatic,
    bounces,
    contents,
    html_text,
    language,
    lines,
    parts,
    quoting,
    subjects,
    trust,
)
from svardesk.channels.email.parsing.addresses import addresses, plain_addresses
from svardesk.channels.email.parsing.charsets import clean
from svardesk.channels.email.parsing.contents import Contents, message_headers
from svardesk.channels.email.parsing.headers import Headers, date, message_id, message_ids, split
from svardesk.channels.email.parsing.lines import Line, Mark
from svardesk.channels.email.parsing.parsed import Address, ParsedMail
from svardesk.channels.email.parsing.parts import Part
from svardesk.channels.email.parsing.quoting import Division

MAX_PROBLEMS = 50

_T = TypeVar("_T")
_WORD = re.compile(r"\w+")
_QUOTE_IN_HTML = re.compile(
    r"(?i)divRplyFwdMsg|appendonsend|gmail_quote|yahoo_quoted|moz-cite|protonmail_quote|<blockquote|"
    r"reference-message-container"
)
_SIGNATURE_IN_HTML = re.compile(
    r"(?i)gmail_signature|moz-signature|id=[\"']?(?:x_)?signature|mobile-signature|AppleMailSignature"
)
_ENOUGH = 8
"""Words by which a place in one text is found in another."""


def parse(
    raw: bytes, *, trusted_authserv: Sequence[str] = (), own_addresses: Sequence[str] = (), instance: str = ""
) -> ParsedMail:
    """Read a mail; any bytes give an answer, the same bytes the same one.

    ``trusted_authserv``: names of the servers whose Authentication-Results count; "" or "microsoft" stands for Microsoft
    365, which writes them without a name (see `trust`). ``own_addresses``: the desk's own, which are never answered
    automatically. ``instance``: this desk's name in ``X-Svardesk-Loop``. Beyond 35 MB only the header is read.
    """
    problems: list[str] = []
    if len(raw) > parts.MAX_RAW:
        problems.append("larger than 35 MB, only the header was read")
        raw = raw[: parts.MAX_RAW]
        headers, _ = _attempt(problems, "header", (Headers(), 0), lambda: split(raw, 0, len(raw), problems))
        root = Part("1", headers, b"", 0, 0, "text/plain", {}, "", "")
    else:
        empty = Part("1", Headers(), raw, 0, len(raw), "text/plain", {}, "", "")
        root = _attempt(problems, "structure", empty, lambda: parts.read(raw, problems))
    try:
        return _Reading(root, problems).mail(trusted_authserv, own_addresses, instance)
    except Exception as error:  # noqa: BLE001 - a mail that defeats us is still a mail, with its text as it came
        return _remains(raw, [*problems, f"could not be read: {type(error).__name__}"])


def _attempt(problems: list[str], what: str, otherwise: _T, step: Callable[[], _T]) -> _T:
    """What a step gives, or ``otherwise`` and a note: one bad header must not cost the whole mail."""
    try:
        return step()
    except Exception as error:  # noqa: BLE001 - the purpose of this function
        problems.append(f"{what} could not be read: {type(error).__name__}")
        return otherwise


def _remains(raw: bytes, problems: list[str]) -> ParsedMail:
    text = clean(raw[: parts.MAX_TEXT].decode("utf-8", "replace"))
    return ParsedMail(
        message_id=None,
        in_reply_to=(),
        references=(),
        sender=None,
        reply_to=(),
        to=(),
        cc=(),
        delivered_to=(),
        return_path=None,
        subject="",
        bare_subject="",
        date=None,
        text=text,
        html=None,
        visible=text,
        quoted="",
        signature="",
        forwarded_from=None,
        automatic="none",
        automatic_because="",
        may_answer_automatically=False,
        bounce=None,
        files=(),
        trust="unverified",
        trust_because="the mail could not be read",
        language=None,
        problems=tuple(problems[:MAX_PROBLEMS]),
    )


@dataclass(slots=True)
class _Texts:
    """The three texts of a mail, and from whom it was passed on."""

    visible: str = ""
    quoted: str = ""
    signature: str = ""
    forwarded_from: Address | None = None


class _Reading:
    """One mail being read; each step may fail alone."""

    def __init__(self, root: Part, problems: list[str]) -> None:
        self.root = root
        self.headers = root.headers
        self.problems = problems

    def attempt(self, what: str, otherwise: _T, step: Callable[[], _T]) -> _T:
        return _attempt(self.problems, what, otherwise, step)

    def people(self, *names: str) -> tuple[Address, ...]:
        """Everybody in the fields of these names."""
        values = [value for name in names for value in self.headers.every(name)]
        return self.attempt(
            names[0],
            (),
            lambda: tuple(
                one
                for value in values
                for one in addresses(value.decode("ascii") if value.isascii() else _raw_text(value))
            ),
        )

    def mail(self, trusted: Sequence[str], own: Sequence[str], instance: str) -> ParsedMail:
        headers, root = self.headers, self.root
        found = self.attempt("contents", Contents(), lambda: contents.read(root, self.problems))
        subject = self.attempt("subject", "", lambda: headers.text("subject"))
        senders = self.people("from")
        to, cc = self.people("to"), self.people("cc")
        delivered = self.attempt(
            "delivered-to",
            (),
            lambda: plain_addresses(
                [
                    headers_text
                    for name in ("delivered-to", "x-original-to", "envelope-to")
                    for headers_text in _texts(headers, name)
                ]
            ),
        )
        sender = senders[0] if senders else None
        text = lines.joined(found.lines)
        return_path = self.return_path()
        bounce = self.attempt(
            "bounce",
            None,
            lambda: bounces.read(
                root,
                sender=sender.address if sender else "",
                subject=subject,
                return_path=return_path,
                text=text,
                own_to=(*delivered, *(one.address for one in (*to, *cc))),
                problems=self.problems,
            ),
        )
        texts = (
            _Texts(visible=text)
            if bounce
            else self.attempt("quotes", _Texts(visible=text), lambda: self.divided(found, subject))
        )
        if found.calendar:
            text = f"{found.calendar}\n\n{text}".strip()
            texts.visible = f"{found.calendar}\n\n{texts.visible}".strip()
        if not texts.visible.strip() and text.strip():
            texts.visible = text
        judgement = self.attempt(
            "automatic",
            automatic.Judgement("none", "", may_answer=False),
            lambda: automatic.judge(
                headers,
                media_type=root.media_type,
                report_type=root.parameters.get("report-type", ""),
                sender=sender.address if sender else "",
                return_path=return_path,
                subject=subject,
                text=texts.visible,
                is_bounce=bounce is not None,
                own=frozenset(one.lower() for one in own),
                instance=instance,
            ),
        )
        trusted_as = self.attempt(
            "authentication", ("unverified", "could not be read"), lambda: trust.judge(headers, senders, trusted)
        )
        return ParsedMail(
            message_id=self.attempt("message-id", None, lambda: message_id(headers.plain("message-id"))),
            in_reply_to=self.attempt("in-reply-to", (), lambda: message_ids(headers.every("in-reply-to"))),
            references=self.attempt("references", (), lambda: message_ids(headers.every("references"))),
            sender=sender,
            reply_to=self.people("reply-to"),
            to=to,
            cc=cc,
            delivered_to=delivered,
            return_path=return_path,
            subject=subject,
            bare_subject=subjects.bare(subject),
            date=self.attempt("date", None, lambda: date(headers.plain("date"))),
            text=text,
            html=found.html,
            visible=texts.visible,
            quoted=texts.quoted,
            signature=texts.signature,
            forwarded_from=texts.forwarded_from,
            automatic=judgement.automatic,
            automatic_because=judgement.because,
            may_answer_automatically=judgement.may_answer,
            bounce=bounce,
            files=tuple(found.files),
            trust=trusted_as[0],
            trust_because=trusted_as[1],
            language=self.attempt("language", None, lambda: _language(subject, texts.visible)),
            problems=tuple(dict.fromkeys(self.problems))[:MAX_PROBLEMS],
        )

    def return_path(self) -> str | None:
        """The envelope's sender: '' is the null sender, None when the field is missing or unreadable."""
        value = self.headers.raw("return-path")
        if value is None:
            return None
        text = _raw_text(value).strip()
        if text.replace(" ", "") in {"<>", ""}:
            return ""
        found = self.attempt("return-path", (), lambda: addresses(text))
        return found[0].address if found else None

    def divided(self, found: Contents, subject: str) -> _Texts:
        """Divide the text into what is new, what is repeated and the signature."""
        vs_alone = subjects.is_forward(subject, finnish=False) and not subjects.is_forward(subject, finnish=True)
        finnish = vs_alone and language.told("\n".join(line.text for line in found.lines)) == "fi"
        forward = subjects.is_forward(subject, finnish=True)
        answers = (
            any(name in self.headers for name in ("in-reply-to", "references", "auto-submitted"))
            or subjects.bare(subject) != subject
            or automatic.is_automatic_subject(subject)
        )
        division = quoting.divide(
            found.lines,
            forward=forward,
            forward_unless_finnish=vs_alone and not finnish,
            fresh=not answers,
        )
        if found.html is not None and not found.from_html and not division.woven and not division.forwarded:
            division = _helped_by_html(division, found, forward=forward)
        texts = _Texts(lines.joined(division.own), lines.joined(division.quoted), lines.joined(division.signature))
        if division.forwarded_from:
            people = addresses(division.forwarded_from.replace("[mailto:", "<").replace("]", ">"))
            texts.forwarded_from = people[0] if people else None
        if texts.forwarded_from is None and found.messages and self.root.media_type != "multipart/report":
            inner = message_headers(found.messages[0].content([]))
            people = addresses(inner.plain("from"))
            texts.forwarded_from = people[0] if people else None
        return texts


def _raw_text(value: bytes) -> str:
    from svardesk.channels.email.parsing.headers import as_text

    return as_text(value)


def _texts(headers: Headers, name: str) -> list[str]:
    return [_raw_text(value) for value in headers.every(name)]


def _language(subject: str, visible: str) -> str | None:
    return language.told(visible) or language.told(f"{subjects.bare(subject)}\n{visible}")


def _helped_by_html(division: Division, found: Contents, *, forward: bool) -> Division:
    """Where the plain part shows no quote or signature but the HTML marks one, find its words in the plain part."""
    html = found.html or ""
    if not division.quoted and _QUOTE_IN_HTML.search(html):
        marked = quoting.divide(html_text.lines(html), forward=forward)
        at = _place(division.own, marked.quoted) if marked.quoted and not marked.woven else None
        if at:
            return Division(division.own[:at], division.own[at:], division.signature)
    if not division.signature and _SIGNATURE_IN_HTML.search(html):
        signature = [line for line in html_text.lines(html) if line.mark == Mark.SIGNATURE]
        at = _place(division.own, signature, to_end=True) if signature else None
        if at:
            return Division(division.own[:at], division.quoted, division.own[at:])
    return division


def _place(own: list[Line], wanted: list[Line], *, to_end: bool = False) -> int | None:
    """The line at which the wanted words begin; ``to_end``: and after which there are no others."""
    words = [(word, at) for at, line in enumerate(own) for word in _WORD.findall(line.text)]
    sought = [word for line in wanted for word in _WORD.findall(line.text)]
    if to_end:
        tail = words[-len(sought) :] if sought else []
        same = [word for word, _ in tail] == sought
        return tail[0][1] if same and len(words) > len(sought) and _starts(own, tail[0], words) else None
    sought = sought[:_ENOUGH]
    if len(sought) < _ENOUGH:
        return None
    for start in range(1, len(words) - len(sought) + 1):
        if words[start][0] == sought[0] and [word for word, _ in words[start : start + len(sought)]] == sought:
            return words[start][1] if words[start - 1][1] != words[start][1] else None
    return None


def _starts(own: list[Line], first: tuple[str, int], words: list[tuple[str, int]]) -> bool:
    """Whether the word is the first on its line."""
    return next(word for word in words if word[1] == first[1]) == first and bool(own)
