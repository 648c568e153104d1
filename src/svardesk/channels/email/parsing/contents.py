"""Which parts of a mail are its text and which are files."""

import re
from dataclasses import dataclass, field
from urllib.parse import unquote

from svardesk.channels.email.parsing import calendars, html_text, lines, parameters, tnef, transfer
from svardesk.channels.email.parsing.headers import Headers, split
from svardesk.channels.email.parsing.lines import Line
from svardesk.channels.email.parsing.parsed import MailFile
from svardesk.channels.email.parsing.parts import Part, text_of

_TNEF_TYPES = {"application/ms-tnef", "application/vnd.ms-tnef"}
_NOISE = {
    "application/pgp-signature",
    "application/pkcs7-signature",
    "application/x-pkcs7-signature",
    "application/pgp-encrypted",
}
_REPORTS = {
    "message/delivery-status",
    "message/global-delivery-status",
    "message/disposition-notification",
    "message/feedback-report",
}
_REPORTS |= {"text/rfc822-headers", "message/rfc822-headers", "message/global-headers"}
_CID = re.compile(r"""\bcid:([^"'\s>)]{1,500})""", re.IGNORECASE)
_SEE_HTML = re.compile(
    r"(?i)\b(?:view|read|open|see|se|vis|visa|les|läs|læs|katso|näytä|lue|åpne|öppna|åbn|avaa|support|støtter|"
    r"stöder|tue|understøtter)\b[^.\n]{0,80}"
    r"\b(?:html|browser|nettleser\w*|webbläsar\w*|webblesar\w*|browseren|selaime\w*|e-?postprogram|"
    r"e-?postklient|mail client|email client|online|på nett|på nätet|som webside)\b"
)
_HTML_AS_TEXT = re.compile(r"(?i)\A\s*(?:<!doctype html|<html|<body|<div|<table|<p[ >])")
_RUBBISH = 600
"""Characters within which a plain part may be nothing but "view in HTML"."""


@dataclass(slots=True)
class Unit:
    """Alternatives of one text: its plain parts and its HTML parts."""

    plain: list[Part] = field(default_factory=list[Part])
    html: list[Part] = field(default_factory=list[Part])


@dataclass(slots=True)
class Contents:
    """The text as lines, the HTML, the files."""

    lines: list[Line] = field(default_factory=list[Line])
    html: str | None = None
    from_html: bool = False
    """Whether the lines come from the HTML (and so carry its marks)."""
    files: list[MailFile] = field(default_factory=list[MailFile])
    messages: list[Part] = field(default_factory=list[Part])
    calendar: str = ""


@dataclass(slots=True)
class _Found:
    units: list[Unit] = field(default_factory=list[Unit])
    files: list[Part] = field(default_factory=list[Part])


def read(root: Part, problems: list[str]) -> Contents:
    """Read text and files of a mail."""
    found = _Found()
    _collect(root, None, found, in_report=False)
    contents = Contents()
    htmls: list[str] = []
    plains = 0
    for unit in found.units:
        plain = _plain(unit, contents, problems)
        html = "\n".join(text_of(part, problems) for part in unit.html)
        if html.strip():
            htmls.append(html)
        if plain.strip() and not (html.strip() and _says_nothing(plain)):
            plains += 1
            own = html_text.lines(plain) if not html.strip() and _HTML_AS_TEXT.match(plain) else lines.of(plain)
        else:
            own = html_text.lines(html) if html.strip() else []
            contents.from_html = contents.from_html or bool(own)
        if own:
            contents.lines += [Line(""), *own] if contents.lines else own
    if htmls:
        # A text beside the HTML (an answer above a forwarded newsletter, a list's footer) is only in `text`.
        contents.html = "\n".join(htmls)
    for part in found.files:
        _file(part, contents, problems)
    _mark_inline(contents)
    return contents


def _collect(part: Part, parent: Part | None, found: _Found, *, in_report: bool) -> None:
    kind = part.media_type
    if kind.startswith("multipart/"):
        if kind == "multipart/alternative":
            _alternative(part, found, in_report=in_report)
            return
        in_report = in_report or kind == "multipart/report"
        for child in part.children:
            _collect(child, part, found, in_report=in_report)
        return
    above = parent.media_type if parent is not None else ""
    if kind in _NOISE or (kind in _REPORTS and (in_report or not part.file_name)):
        return
    if kind in {"text/plain", "text/html"} and part.disposition != "attachment":
        alone = above in {"", "multipart/alternative", "multipart/related"} and not (
            above == "multipart/related" and found.units
        )
        if not part.file_name or alone:
            found.units.append(Unit([part], []) if kind == "text/plain" else Unit([], [part]))
            return
    if (
        above == "multipart/alternative"
        and kind.startswith("text/")
        and kind != "text/calendar"
        and part.disposition != "attachment"
    ):
        return
    found.files.append(part)


def _alternative(part: Part, found: _Found, *, in_report: bool) -> None:
    inner = _Found()
    for child in part.children:
        _collect(child, part, inner, in_report=in_report)
    unit = Unit()
    for one in inner.units:
        # Of two plain texts that are alternatives the first is enough; a mixed part below brings several that are one.
        unit.plain += one.plain
        unit.html += one.html
    if unit.plain or unit.html:
        found.units.append(unit)
    found.files += inner.files


def _plain(unit: Unit, contents: Contents, problems: list[str]) -> str:
    """The plain text of a unit; files that stand uuencoded in it are taken out."""
    texts: list[str] = []
    for part in unit.plain:
        text = text_of(part, problems)
        if "begin" in text and ("\nbegin " in text or text.startswith("begin ")):
            text = _without_uuencoded(text, part, contents)
        texts.append(text.rstrip("\n") if len(unit.plain) > 1 else text)
    return "\n".join(texts)


def _without_uuencoded(text: str, part: Part, contents: Contents) -> str:
    content = text.encode("utf-8")
    kept: list[bytes] = []
    position = 0
    for number, (name, data, start, end) in enumerate(transfer.uuencoded(content), 1):
        kept.append(content[position:start])
        position = end
        contents.files.append(
            MailFile(
                part=f"{part.path}.u{number}",
                name=parameters.safe_name(name),
                media_type="application/octet-stream",
                content=data,
            )
        )
    return b"".join([*kept, content[position:]]).decode("utf-8", "replace")


def _says_nothing(plain: str) -> bool:
    """Whether a plain part only says that there is an HTML part."""
    text = plain.strip()
    if _HTML_AS_TEXT.match(text):
        return True
    return len(text) <= _RUBBISH and _SEE_HTML.search(text) is not None and len(text.split()) < 60


def _file(part: Part, contents: Contents, problems: list[str]) -> None:
    content = part.content(problems)
    kind, name = part.media_type, part.file_name
    if (kind in _TNEF_TYPES or name.lower() == "winmail.dat") and _from_tnef(part, content, contents, problems):
        return
    if kind == "message/rfc822":
        contents.messages.append(part)
        name = name or _message_name(content)
        if not name.lower().endswith((".eml", ".msg")):
            name += ".eml"
    elif kind in {"text/calendar", "application/ics"}:
        name = name or "invite.ics"
        contents.calendar = contents.calendar or calendars.line(text_of(part, problems))
    contents.files.append(
        MailFile(
            part=part.path,
            name=name,
            media_type=kind,
            content=content,
            content_id=part.content_id(),
            inline=part.disposition == "inline" and kind.startswith("image/"),
        )
    )


def _message_name(content: bytes) -> str:
    return parameters.safe_name(message_headers(content).text("subject").replace("/", "-"))[:80] or "message"


def message_headers(content: bytes) -> Headers:
    """Header fields of a message that is kept as a file."""
    content = content[:200_000].lstrip(b"\r\n")
    return split(content, 0, len(content), [])[0]


def _from_tnef(part: Part, content: bytes, contents: Contents, problems: list[str]) -> bool:
    """Take the files out of a winmail.dat; False: it is kept as it is."""
    found = tnef.read(content)
    if found is None:
        problems.append("a winmail.dat that is none")
        return False
    if not any(line.text.strip() for line in contents.lines):
        if found.html.strip():
            contents.html = contents.html or found.html
            contents.lines = html_text.lines(found.html)
            contents.from_html = True
        elif found.text.strip():
            contents.lines = lines.of(found.text.replace("\r\n", "\n").replace("\r", "\n"))
    for number, one in enumerate(found.attachments, 1):
        contents.files.append(
            MailFile(
                part=f"{part.path}.t{number}",
                name=parameters.safe_name(one.name),
                media_type=parameters.media_type(one.media_type) if one.media_type else _type_by_name(one.name),
                content=one.content,
                content_id=one.content_id,
            )
        )
    return True


_TYPES = {
    "pdf": "application/pdf",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "gif": "image/gif",
    "txt": "text/plain",
    "csv": "text/csv",
    "ics": "text/calendar",
    "doc": "application/msword",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xls": "application/vnd.ms-excel",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "zip": "application/zip",
}


def _type_by_name(name: str) -> str:
    return _TYPES.get(name.rpartition(".")[2].lower(), "application/octet-stream")


def _mark_inline(contents: Contents) -> None:
    """Files that the HTML shows by ``cid:`` are inline, whatever their disposition says."""
    if contents.html is None or not contents.files:
        return
    shown = {unquote(one).lower() for one in _CID.findall(contents.html)}
    if shown:
        contents.files = [
            MailFile(
                part=one.part,
                name=one.name,
                media_type=one.media_type,
                content=one.content,
                content_id=one.content_id,
                inline=one.inline or (one.content_id is not None and one.content_id.lower() in shown),
            )
            for one in contents.files
        ]
