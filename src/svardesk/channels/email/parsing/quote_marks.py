"""How mail programs announce what was written before, in nb, nn, da, sv, fi, en and is.

Three forms: a line that says who wrote when (attribution), a separator, and a block of header fields. Customers write
about dates, people and "Fra: Oslo, Til: Bergen" too; so each form must bring what only a program writes: the full date,
the address, the subject.
"""

import re
from dataclasses import dataclass

from svardesk.channels.email.parsing.lines import Line, Mark

_VERB = r"(?:skrev|skreiv|skrifaði|kirjoitti|wrote|writes|schrieb|schreef|escribió|a écrit|napisał\w*|reagerte|reacted)"
_MONTH = (
    r"(?:jan|feb|mar|apr|ma[ijy]|jun|jul|aug|sep|o[kc]t|nov|de[cs]|tammi|helmi|maalis|huhti|touko|kesä|heinä|"
    r"elo|syys|loka|marras|joulu|"
    r"apríl|maí|jún|júl|ágú|okt|nóv)[a-zåäöøæíúó]{0,10}\.?"
)
_WEEKDAY = (
    r"(?:mandag|måndag|tirsdag|tysdag|tisdag|onsdag|torsdag|fredag|lørdag|laurdag|lördag|søndag|sundag|söndag|"
    r"man|mån|tirs?|tys?|tis|ons|tors?|"
    r"fre|lør|lau|lör|søn|sun|sön|ma|ti|ke|to|pe|la|su|maanantai|tiistai|keskiviikko|torstai|perjantai|"
    r"lauantai|sunnuntai|monday|tuesday|"
    r"wednesday|thursday|friday|saturday|sunday|mon|tue|tues|wed|thu|thurs|fri|sat|mán|þri|mið|fim|fös|"
    r"mánudag\w*|þriðjudag\w*|"
    r"miðvikudag\w*|fimmtudag\w*|föstudag\w*|laugardag\w*|sunnudag\w*)(?:na)?[.,]*"
)
_DATE = (
    rf"(?:\d{{1,2}}(?:\.|st|nd|rd|th)?\s*(?:of\s+)?{_MONTH},?(?:\s+(?:den\s+)?\d{{4}})?"
    rf"|{_MONTH}\s+\d{{1,2}}(?:st|nd|rd|th)?,?\s+\d{{4}}"
    r"|\d{4}-\d{1,2}-\d{1,2}|\d{4}/\d{1,2}/\d{1,2}|\d{1,2}[./-]\d{1,2}[./-]\d{2,4})"
)
_CLOCK = r"\d{1,2}[:.]\d{2}(?:[:.]\d{2})?"
_LEAD = r"(?:(?:den|dato|på|on|am|le|op|el|þann|il|em)\b[\s,]*)?"

_ATTRIBUTION_VERB = re.compile(rf"(?<!\w){_VERB}(?!\w)", re.IGNORECASE)
_FULL_DATE = re.compile(rf"(?<![\d.]){_DATE}(?![\d])", re.IGNORECASE)
_TIME = re.compile(rf"(?<![\d.:]){_CLOCK}(?!\d)")
_STARTS_WITH_DATE = re.compile(
    rf"\W{{0,3}}{_LEAD}(?:{_WEEKDAY}\s*)?(?:den\s+|the\s+|d\.\s*)?(?<![\d.]){_DATE}(?!\d)", re.IGNORECASE
)
_ADDRESS = re.compile(
    r"[<(\[]?\s*(?:mailto:)?[^\s<>()\[\]@:,;\"]+@[^\s<>()\[\]@:,;\"]+\.[^\s<>()\[\]@:,;\"]+\s*[>)\]]?"
)
_OWN_WORDS = re.compile(
    rf"(?i:\b(?:jeg|eg|jag|vi|me|han|hun|ho|hon|du|dere|dykk|ni|i|we|you|she|he|they|minä|hän|som|who|dem)\s+{_VERB})\b"
    rf"|\b(?i:{_VERB})\s+(?:jeg|eg|jag|vi|han|hun|ho|hon|du|dere|dykk|ni|you|we|til|till|at|att|om|in|to|i|på|"
    rf"about|følgende|följande)\b"
)
_NAME_AFTER_VERB = re.compile(rf"(?i:{_VERB})\s*(?:(?:av|by)\s+)?[\"'«“]?([A-ZÆØÅÄÖÉÐÞÁÍÓÚ][^:]{{0,80}})\s*:\s*\Z")
_DATE_OR_ADDRESS = re.compile(r"[\d@]")
_COLON = re.compile(r"[:：]\s*\**\s*\Z")
_OLD_GMAIL = re.compile(rf"\W{{0,3}}{_DATE}\s+{_CLOCK}\s+(?:GMT|UTC)?[+-]\d\d:?\d\d\s+.*@.*:\s*\Z", re.IGNORECASE)

MAX_WRAPPED = 4
"""Lines over which an attribution may be broken."""
_MAX_ATTRIBUTION = 400


def attributions(lines: list[Line], begin: int = 0) -> dict[int, int]:
    """Attributions among the lines: {first line: the line after the last}."""
    found: dict[int, int] = {}
    taken = begin - 1
    for at in range(begin, len(lines)):
        text = lines[at].bare
        if at <= taken or len(text) > _MAX_ATTRIBUTION:
            continue
        if _ATTRIBUTION_VERB.search(text):
            span = _attribution(lines, at, taken + 1)
        elif "@" in text and _OLD_GMAIL.match(text):
            span = (at, at + 1)
        else:
            continue
        if span is not None:
            found[span[0]] = span[1]
            taken = span[1] - 1
    return found


def mark_bars(lines: list[Line]) -> None:
    """Mark as quoted what stands behind ``|`` below a line that says who wrote it: a few programs quote so."""
    bars = False
    for at, line in enumerate(lines):
        begins = line.text.startswith("|")
        if (
            begins
            and not bars
            and at
            and _COLON.search(lines[at - 1].text)
            and len(lines[at - 1].text) <= _MAX_ATTRIBUTION
        ):
            bars = _ATTRIBUTION_VERB.search(lines[at - 1].text) is not None
        bars = bars and begins
        if bars and line.mark == Mark.NONE:
            line.mark = Mark.QUOTE


def _attribution(lines: list[Line], verb_at: int, earliest: int) -> tuple[int, int] | None:
    """The attribution whose verb stands on that line, from its first line to behind its last."""
    cited = lines[verb_at].cited
    for end in range(verb_at, min(len(lines), verb_at + MAX_WRAPPED)):
        if lines[end].blank or lines[end].cited != cited:
            return None
        if _COLON.search(lines[end].bare):
            break
    else:
        return None
    follows = _cited_follows(lines, end + 1, cited=cited)
    best: tuple[int, int] | None = None
    for start in range(verb_at, max(earliest, end - MAX_WRAPPED) - 1, -1):
        if lines[start].blank or lines[start].cited != cited:
            break
        joined = " ".join(lines[at].bare.strip() for at in range(start, end + 1))
        if len(joined) <= _MAX_ATTRIBUTION and _is_attribution(joined, follows=follows):
            if _STARTS_WITH_DATE.match(joined):
                return start, end + 1
            best = best or (start, end + 1)
    return best


def _cited_follows(lines: list[Line], at: int, *, cited: bool) -> bool:
    """Whether a (deeper) quotation begins there, after at most two empty lines."""
    for line in lines[at : at + 3]:
        if not line.blank:
            return line.cited and (not cited or line.text.lstrip().startswith((">>", "> >")))
    return False


def _is_attribution(text: str, *, follows: bool) -> bool:
    if not _DATE_OR_ADDRESS.search(text):
        return False
    own = _OWN_WORDS.search(_ADDRESS.sub("", text))
    if own is not None:
        return False
    has_date = _FULL_DATE.search(text) is not None
    has_time = _has_time(text)
    has_address = _ADDRESS.search(text) is not None
    if follows:
        return has_date or has_address
    if not (has_date and has_time):
        return False
    if has_address:
        return True
    # Without an address or quote marks: as programs write it, the date first and a name, in capitals, behind the verb.
    return _STARTS_WITH_DATE.match(text) is not None and (
        _NAME_AFTER_VERB.search(text) is not None or bool(re.search(rf"(?i:{_VERB})\s*:\s*\Z", text))
    )


def _has_time(text: str) -> bool:
    """Whether a clock time stands there, beside the date: 12.11.2026 is none."""
    return _TIME.search(_FULL_DATE.sub(" ", text, count=1)) is not None


_ORIGINAL = (
    r"opprinnelig (?:melding|e-?post|avtale)|opphav(?:e|le)g melding|opprinneleg melding|oprindelig "
    r"(?:meddelelse|besked|mail|e-?mail)|"
    r"originalmeddelande|ursprungligt (?:meddelande|mail|e-?post\w*)|ursprunglig melding|original ?meddelande|"
    r"alkuperäinen viesti|"
    r"original (?:message|appointment|email)|upprunaleg skilaboð|upphafleg skilaboð|ursprüngliche nachricht|"
    r"svar på melding|original melding"
)
_FORWARDED = (
    r"videresendt (?:melding|e-?post(?:melding)?|meddelelse|besked|mail|e-?mail)|vidaresendt (?:melding|e-?post)|"
    r"vidarebefordrat (?:meddelande|brev|mail|e-?post\w*)|vidarebefordrad e-?post|välitetty viesti|edelleen "
    r"lähetetty viesti|"
    r"forwarded (?:message|mail|email)|áframsend(?:ur|ing) \w+|framsend skilaboð|weitergeleitete nachricht"
)
_SEPARATOR = re.compile(
    rf"\W{{0,3}}[-_=*–—]{{2,}}\s*(?:({_ORIGINAL})|({_FORWARDED}))(?:\s+(?:fra|från|from|av)\s.{{0,80}}|\s*[/|"
    rf"]\s*[\w. ]{{1,40}})?\s*:?\s*[-_=*–—]*\s*\Z",
    re.IGNORECASE,
)
_BEGIN_FORWARDED = re.compile(
    rf"(?:begin |start på |begynnelse på |påbegynt |påbegyndt |början på )?(?:{_FORWARDED}|videresendte "
    rf"melding)(?: alkaa)?\s*:\s*\Z"
    r"|alku välitetylle viestille\s*:\s*\Z",
    re.IGNORECASE,
)
_REPLY_ABOVE = re.compile(
    r"\W*(?:#+-*\s*)?(?:vennligst |please |var god |)?(?:skriv|type|svar|svara|kirjoita|reply)\b.{0,30}"
    r"\b(?:over|ovenfor|ovanför|ovan|above|yläpuolelle|yläpuolella)\b.{0,20}\b(?:linj\w+|line|rivin|denne|"
    r"denna)\b\W*.{0,20}\Z",
    re.IGNORECASE,
)
RULE = re.compile(r"\s*[_*]{0,1}_{10,}\s*\Z|\s*-{20,}\s*\Z")


def separator(line: Line) -> str:
    """``original``, ``forward`` or '': whether the line is a separator above an earlier mail."""
    text = line.bare.strip()
    if not 8 <= len(text) <= 160:
        return ""
    match = _SEPARATOR.match(text)
    if match is not None:
        return "forward" if match[2] else "original"
    if text.endswith(":") and _BEGIN_FORWARDED.match(text):
        return "forward"
    if _REPLY_ABOVE.match(text) and ("-" in text or "#" in text or "=" in text):
        return "original"
    return ""


_FROM_LABEL = "fra|frå|från|lähettäjä|from|frá|von|avsender|avsendar|avsändare|afsender|de"
_SENT_LABEL = (
    "sendt|sent|skickat|skickades|lähetetty|dato|datum|date|päiväys|päivämäärä|pvm|dagsetning|sent den|sendt den|gesendet|"
    "lähetysaika|send"
)
_SENT_ONLY = re.compile(r"(?i)s[ek]\w+|lähetetty")
_TO_LABEL = "til|till|to|vastaanottaja|vastaanottajat|an|mottaker|mottakar|mottagare|modtager"
_SUBJECT_LABEL = "emne|ämne|aihe|subject|efni|betreff|tema"
_MORE_LABEL = (
    "kopi|kopia|kopio|cc|bcc|blindkopi|hemlig kopia|afrit|piilokopio|svar til|svara till|reply-to|"
    "vastausosoite|vedlegg|bilagor|liitteet|"
    "attachments|viktighet|prioritet|priority|importance|vedhæftede filer|vedhæftet|bifogade filer|"
    "organisation|tärkeys|vigtighed|"
    "følsomhet|kategorier|når|hvor|when|where|var|när|missä|milloin|kopi til|kopia till|svar-til|besvar til|"
    "resent-from|liitetiedostot|prioriteetti"
)
_LABEL = re.compile(
    rf"[\s*_|]*(?:(?P<sender>{_FROM_LABEL})|(?P<sent>{_SENT_LABEL})|(?P<to>{_TO_LABEL})|"
    rf"(?P<subject>{_SUBJECT_LABEL})|(?P<more>{_MORE_LABEL}))"
    r"[\s*_|]*[:：][\s*_|]*(?P<value>.*)\Z",
    re.IGNORECASE,
)
_ANY_LABEL = re.compile(r"[\s*]*[A-ZÆØÅÄÖ][\wæøåäö/ -]{1,30}?[*]?:(?:\s|\Z)")
_MAX_BLOCK = 14


@dataclass(slots=True)
class HeaderBlock:
    """Fields of an earlier mail, as Outlook and many others write them above it."""

    end: int
    """The line after its last."""
    sender: str
    finnish: bool


def header_block(lines: list[Line], start: int) -> HeaderBlock | None:
    """The block that begins on that line; None when it is none.

    A block names the sender and two more, with the subject or the time of sending.
    """
    first = _LABEL.match(lines[start].bare)
    if first is None or len(lines[start].bare) > 1000:
        return None
    seen: dict[str, str] = {}
    cited = lines[start].cited
    end = start
    gap = False
    for at in range(start, min(len(lines), start + _MAX_BLOCK)):
        line = lines[at]
        match = _LABEL.match(line.bare) if not line.blank else None
        if line.blank:
            # Some programs put an empty line between the fields.
            if gap or at == start or len(seen) >= 4:
                break
            gap = True
            continue
        if line.cited != cited:
            break
        if match is None:
            if gap or not seen:
                break
            if _ANY_LABEL.match(line.bare) and "@" not in line.bare:
                if _complete(seen) and "@" in seen["sender"]:
                    break
                # A form with a field of another name: somebody's own text.
                return None
            continue
        kind = next((name for name in ("sender", "sent", "to", "subject") if match[name]), "more")
        if kind in seen and kind != "more":
            break
        seen[kind] = match["value"].strip()
        if kind == "sent" and _SENT_ONLY.match(match["sent"]):
            seen["sent by label"] = ""
        gap = False
        end = at + 1
    if not _complete(seen):
        return None
    return HeaderBlock(_after_values(lines, end, cited=cited), seen["sender"], "lähettäjä" in lines[start].bare.lower())


def _complete(seen: dict[str, str]) -> bool:
    """Whether the fields are those of a mail, and not of a journey from Oslo to Bergen."""
    if "sender" not in seen or sum(1 for kind in seen if kind != "sent by label") < 3:
        return False
    if "@" in seen["sender"]:
        return "subject" in seen or "sent" in seen
    timed = _has_time(seen.get("sent", ""))
    return timed and ("subject" in seen or ("to" in seen and "sent by label" in seen))


def _after_values(lines: list[Line], end: int, *, cited: bool) -> int:
    """Behind a last value that was broken over lines."""
    while (
        end < len(lines)
        and not lines[end].blank
        and lines[end].cited == cited
        and "@" in lines[end].bare
        and len(lines[end].bare) < 120
    ):
        end += 1
    return end
