"""Signatures: split off so that the answer is seen first; kept, because phone and customer numbers live there."""

import re

from svardesk.channels.email.parsing.lines import Line, Mark

_CLOSING = (
    r"m\.?v\.?h\.?|v\.?h\.?|k\.?h\.?|b\.?r\.?|dbh|"
    # nb, nn, da
    r"(?:med |de |mange |med de |med mange )?(?:vennlig|vennlige|venleg|venlege|venlig|venlige|vennligst|beste|"
    r"bedste|hjertelig|hjertelige|hjerteleg|varme|kærlig|kærlige|kjærlig|god|gode|"
    r"kjær|hyggelig|solrik|blid|med)\s+(?:hilsen|hilsener|hilsning|hilsninger|hilsner|helsing|helsingar|helsning|hels)|"
    r"(?:mange |med )?(?:hilsen|hilsener|hilsner|helsing|helsingar|helsning|hilsninger)|"
    # sv
    r"(?:med )?(?:vänlig|vänliga|bästa|hjärtlig|hjärtliga|varm|varma|glada|soliga|många)\s+(?:hälsning|"
    r"hälsningar)|(?:med )?(?:hälsning|hälsningar)|allt gott|(?:med )?vänligen|vänligast|hälsar|"
    # fi
    r"(?:ystävällisin|parhain|lämpimin|kiitollisin|aurinkoisin|iloisin|hyvin)\s+terveisin|yst(?:\.|"
    r"ävällisesti)?\s*terv(?:\.|eisin)?|terveisin|terveisiä|terv\.?|"
    r"ystävällisesti|kunnioittaen|kunnioittavasti|y\.?t\.?|terkuin|terkut|"
    # en
    r"(?:with |many )?(?:best|kind|kindest|warm|warmest|friendly)\s+(?:regards|wishes)|regards|yours "
    r"(?:sincerely|faithfully|truly)|sincerely(?: yours)?|"
    r"best|yours|cheers|rgds|"
    # is
    r"(?:með )?(?:bestu|kærri|kær|kærar|góðri|vinsamlegri)\s+(?:kveðju|kveðja|kveðjur)|"
    r"(?:með )?(?:kveðju|kveðja|kveðjur)|kv\.?|"
    r"virðingarfyllst"
)
_CLOSING_LINE = re.compile(
    rf"\W{{0,3}}(?:{_CLOSING})(?:\s*[,.!:;/–-]+\s*|\s+(?:fra|frå|från|from|t\.?|/)\s+|\s+|\Z)(?P<rest>[^\n]{{0,80}})\Z",
    re.IGNORECASE,
)
_DOUBTFUL = re.compile(r"(?i)\W*(?:best|yours|cheers|hälsar|vh|kh|br|yt)\W*")
_FINNISH_T = re.compile(r"(?:T|t)[.:]?\s+[A-ZÅÄÖ][\wåäö.-]+(?:\s+[A-ZÅÄÖ][\wåäö.-]+){0,2}\s*\Z")
_THANKS_CLOSING = re.compile(
    rf"\W{{0,3}}(?:på forhånd |på førehand |tusen |mange |många |hjertelig |tack på förhand |)?(?:takk|tack|"
    rf"tak|kiitos|kiitoksia|thanks|thank you|takk fyrir)\b[^\n]{{0,30}}?"
    rf"(?:\s+(?:og|och|ja|and|með|med)|[,.!])\s*(?:{_CLOSING})\b[^\n]{{0,40}}\Z",
    re.IGNORECASE,
)
_DEVICE_NAME = (
    r"(?:i-?phone|i-?pad|i-?phonesta|i-?phonestani|i-?phonella|i-?padista|i-?padilla|i-?padistäni|mobil\w*|"
    r"telefon\w*|puhelime\w*|android\w*|samsung\w*|galaxy\w*|huawei\w*|"
    r"outlook\w*|gmail\w*|yahoo\w*|blackberry\w*|nokia\w*|oneplus\w*|xiaomi\w*|sony\w*|pixel\w*|proton\w*|mail|"
    r"e-?post\w*|sähköposti\w*|windows\w*|symaskin\w*|"
    r"tablet\w*|nettbrett\w*|surfplatt\w*|ipod|mac|macbook\w*|tab|moto\w*|fairphone\w*|spark|aqua mail|k-?9\w*|"
    r"app|snjallsíma|símanum)"
)
_DEVICE = re.compile(
    rf"\W{{0,3}}(?:sendt|sent|skickat|skickad|lähetetty|lähetin|sendt frå|sendt via|sent "
    rf"via)\b(?:\s+\S+){{0,4}}?\s+\S{{0,2}}{_DEVICE_NAME}(?:\s+\S+){{0,5}}\s*\.?(?:\s*[<(]?https?://\S+[>)]?)?\s*\Z"
    rf"|\W{{0,3}}(?:hent|få|skaff|skaffa|hämta|hanki|lataa|download|get|last ned|ladda ned|ná í|"
    rf"sæktu)\s+(?:ned\s+)?(?:outlook|\w+ mail|gmail|yahoo mail)\b.{{0,140}}\Z"
    rf"|\W{{0,3}}(?:yahoo mail|skickat från|sendt fra|sent from|lähetetty|sent with|sendt med|skickat med|"
    rf"lähetetty).{{0,30}}\b(?:outlook|proton|yahoo|spark|mail for|e-post for|e-post för|tuta|mailbird|"
    rf"superhuman|hey)\b.{{0,120}}\Z"
    rf"|\W{{0,3}}lähetetty\s+{_DEVICE_NAME}.{{0,60}}\Z|\W{{0,3}}sent\s+úr\s+.{{0,30}}\Z"
    rf"|\W{{0,3}}(?:beklager|unnskyld|excuse|förlåt|pardon)\b.{{0,30}}\b(?:skrivefeil|stavfel|tastefeil|"
    rf"slåfejl|typos)\b.{{0,40}}\Z",
    re.IGNORECASE,
)
_NOT_A_DEVICE = re.compile(
    r"(?i)\b(?:jeg|eg|jag|vi|har|ikke|ikkje|inte|blev|ble|vart|kom|fik|fikk|fick|men|but|was|not|never|aldri|"
    r"aldrig|i går|onsdag|mandag|\d{1,2}\.)\b"
)
_DASHES = re.compile(r"\s*(?:-- |--|– |—|__)\s*\Z")
_POSTSCRIPT = re.compile(
    r"\W{0,3}(?:p\.?\s?s\.?|ps\d?|n\.?b\.?|obs|edit|tillegg|tillägg|lisäys|jk|j\.k|e\.?s|forresten|förresten|"
    r"for øvrig|btw|by the way|muuten)\b[\s:.,!-]",
    re.IGNORECASE,
)
_DISCLAIMER = re.compile(
    r"(?i)konfidensiel|fortrolig|confidential|luottamuksel|konfidentiel|intended (?:only|solely|for)|tiltenkt|"
    r"avsedd för|vastaanottaja|skriver ut|"
    r"skrive ut|skriver du ut|printing this|tulosta|udskriver|taushetsplikt|tystnadsplikt|virus|"
    r"personopplysning|personuppgift|privacy policy|organisasjonsnummer|"
    r"think before you print|consider the environment|tenk på miljøet|tänk på miljön|tænk på miljøet|ajattele "
    r"ympäristöä|trúnaðarmál|avsenderen|taushetsbelagt"
)
_FUNCTION_WORDS = re.compile(
    r"(?i)\b(?:jeg|eg|jag|du|dere|dykk|de|ni|er|är|det|den|har|ikke|ikkje|inte|kan|vil|skal|ska|må|på|som|at|"
    r"att|hvis|om|når|nå|no|nu|min|mitt|meg|mig|deg|dig|"
    r"i|you|is|the|have|not|that|please|can|will|my|me|we|on|ei|että|olen|minun|minulle|voi|voitte|onko|kun|"
    r"jos|myös|se|sitä|ég|þú|ekki|að|það|hefur|"
    r"hva|hvad|vad|hvor|hvordan|hur|mitä|milloin|what|when|how|fikk|fick|fik|kom|ringe|ring|ringe|svar|svare|"
    r"takk|tack|tak|kiitos)\b"
)
_SEARCHED = 300
"""Last lines of a text among which a signature begins."""
_MOST = 24
"""Lines of a signature; legal texts apart, nobody's is longer."""


def split(lines: list[Line], *, may_be_all: bool = False) -> tuple[list[Line], list[Line]]:
    """Divide a text into words and signature. ``may_be_all``: it may turn out to be nothing but a signature."""
    own, marked = _marked(lines)
    own, devices = _devices(own)
    own, closing = _closing(own)
    while closing and not closing[-1].text.strip():
        closing.pop()
    signature = [*closing, *marked, *devices]
    if not signature:
        return lines, []
    if not may_be_all and not _words(own):
        return lines, []
    return own, signature


def is_device(line: Line) -> bool:
    """Whether the line is what a mail program adds by itself ("Sendt fra min iPhone")."""
    text = line.text.strip()
    return 6 < len(text) <= 200 and _DEVICE.match(text) is not None and not _NOT_A_DEVICE.search(text)


def _words(lines: list[Line]) -> bool:
    return any(re.search(r"\w", line.text) for line in lines)


def _marked(lines: list[Line]) -> tuple[list[Line], list[Line]]:
    """Take out what the HTML marks as signature, unless the text was typed into it."""
    marked = [line for line in lines if line.mark == Mark.SIGNATURE]
    if not marked or (
        sum(1 for line in marked if _is_prose(line.text)) > 1
        and not any(_DISCLAIMER.search(line.text) for line in marked)
    ):
        return lines, []
    return [line for line in lines if line.mark != Mark.SIGNATURE], marked


def _devices(lines: list[Line]) -> tuple[list[Line], list[Line]]:
    """Take device signatures out of the last lines."""
    devices: list[Line] = []
    last = len(lines)
    checked = 0
    kept = list(lines)
    while last and checked < 8:
        last -= 1
        if not lines[last].text.strip():
            continue
        checked += 1
        if is_device(lines[last]):
            devices.insert(0, lines[last])
            del kept[last]
        elif devices and last + 1 < len(lines):
            # Below it nothing but further such lines was found; above it the words begin.
            break
    return kept, devices


def _closing(lines: list[Line]) -> tuple[list[Line], list[Line]]:
    start, includes = _start(lines)
    if start is None:
        return lines, []
    own = list(lines[:start])
    signature: list[Line] = []
    first = True
    for paragraph in _paragraphs(lines[start:]):
        prose = _prose_from(paragraph, closing=first and includes)
        signature += paragraph[:prose]
        if prose < len(paragraph):
            own += [Line(""), *paragraph[prose:]] if own else paragraph[prose:]
        elif paragraph:
            signature.append(Line(""))
        first = False
    return own, signature


def _start(lines: list[Line]) -> tuple[int | None, bool]:
    """Where the signature begins, and whether with a closing phrase."""
    for at in range(max(0, len(lines) - _SEARCHED), len(lines)):
        text = lines[at].text.strip()
        if not text or lines[at].cited:
            continue
        below = lines[at + 1 :]
        if _DASHES.match(lines[at].text) and _ends_like_signature(below, standard=lines[at].text == "-- "):
            return at, True
        if len(text) > 100:
            continue
        if _is_closing(text) and _short(below) and not (_DOUBTFUL.fullmatch(text) and _goes_on(below)):
            return at, True
        if _THANKS_CLOSING.match(text) and _words(below):
            return at + 1, False
    return None, False


def _short(lines: list[Line]) -> bool:
    """Whether what follows a closing is no longer than signatures are."""
    return sum(1 for line in lines if line.text.strip()) < _MOST + _legal(lines)


def _goes_on(lines: list[Line]) -> bool:
    """Whether a sentence follows, where a name would stand below a closing."""
    following = next((line.text for line in lines if line.text.strip()), "")
    return len(following.split()) > 4 and not following[:1].isupper()


def _is_closing(text: str) -> bool:
    if _FINNISH_T.match(text):
        return True
    match = _CLOSING_LINE.match(text)
    if match is None:
        return False
    rest = match["rest"].strip()
    return (
        len(rest.split()) <= 6
        and not _is_prose(rest)
        and "?" not in rest
        and not re.search(r"(?i)\b(?:jeg|eg|jag|vi|du|har|er|är|kom|til|till)\b", rest)
    )


def _legal(lines: list[Line]) -> int:
    return sum(6 for line in lines if _DISCLAIMER.search(line.text))


def _ends_like_signature(lines: list[Line], *, standard: bool) -> bool:
    filled = [line for line in lines if line.text.strip()]
    if not filled or len(filled) > _MOST + _legal(filled):
        return False
    return (
        standard
        or sum(1 for line in filled if _is_prose(line.text)) * 3 < len(filled)
        or any(_DISCLAIMER.search(line.text) for line in filled)
    )


def _paragraphs(lines: list[Line]) -> list[list[Line]]:
    found: list[list[Line]] = [[]]
    for line in lines:
        if line.text.strip():
            found[-1].append(line)
        elif found[-1]:
            found.append([])
    return found


def _prose_from(paragraph: list[Line], *, closing: bool) -> int:
    """The line from which a paragraph below the closing is words again; its length when none."""
    text = " ".join(line.text for line in paragraph)
    if _DISCLAIMER.search(text) and not any(_POSTSCRIPT.match(line.text) for line in paragraph):
        return len(paragraph)
    for at, line in enumerate(paragraph):
        if at == 0 and closing:
            continue
        if _POSTSCRIPT.match(line.text):
            return at
        if _is_prose(line.text) or (not closing and at == 0 and _is_prose(text)):
            return at
    return len(paragraph)


def _is_prose(text: str) -> bool:
    """Whether a line is a sentence to us, not a name, title, address or slogan."""
    text = text.strip()
    words = re.findall(r"[^\W\d_]+", text)
    if len(words) < 3:
        return text.endswith("?") and len(words) > 0
    functions = len(_FUNCTION_WORDS.findall(text))
    if "?" in text and functions:
        return True
    return functions >= 2 and (len(words) >= 6 or text[-1] in ".!?:")
