"""What must not stand where everybody reads it: national identity numbers, card numbers, numbers from private threads.

    find("Fødselsnummeret ditt er 010190 12345", known=Known())

answers with spans. Pure. Forms of the national numbers are those of the four countries' registers: Norway's fødselsnummer and
D-number with both check digits, Denmark's CPR by date and form (numbers without modulus 11 are given out since 2007), Sweden's
personnummer and samordningsnummer with its Luhn digit, Finland's henkilötunnus with all signs in use since 2023.
"""

import re
from collections.abc import Iterator
from datetime import date
from typing import Final, Literal

import msgspec

Kind = Literal[
    "national_id_no",
    "national_id_dk",
    "national_id_se",
    "national_id_fi",
    "card",
    "order_number",
    "email",
    "phone",
]
Level = Literal["stop", "warning"]

_BLANK: Final = r"[ \u00a0\u2009\u202f]"
_DASH: Final = r"[-\u2010\u2011\u2012\u2013\u2212]"
_SEP: Final = rf"(?:{_BLANK}|{_DASH}|\.)"
# A run of digits ends where no further digit follows, not even behind one hyphen: parts of longer numbers are none.
_BEFORE: Final = rf"(?<![0-9A-Za-z])(?<![0-9]{_DASH})(?<![0-9][.,/])"
_AFTER: Final = rf"(?![0-9A-Za-z])(?!{_DASH}[0-9])(?![.,/][0-9])"

_NORWAY: Final = re.compile(rf"{_BEFORE}([0-9]{{2}})\.?([0-9]{{2}})\.?([0-9]{{2}}){_SEP}?([0-9]{{5}}){_AFTER}")
_DENMARK: Final = re.compile(
    rf"{_BEFORE}([0-9]{{2}})([0-9]{{2}})([0-9]{{2}})({_BLANK}?{_DASH}?{_BLANK}?)([0-9]{{4}}){_AFTER}"
)
_SWEDEN: Final = re.compile(
    rf"{_BEFORE}((?:18|19|20)?)([0-9]{{2}})([0-9]{{2}})([0-9]{{2}})({_BLANK}?(?:{_DASH}|\+)?{_BLANK}?)([0-9]{{4}}){_AFTER}"
)
_FINLAND: Final = re.compile(
    rf"{_BEFORE}([0-9]{{2}})([0-9]{{2}})([0-9]{{2}})({_DASH}|[+A-FU-Ya-fu-y])([0-9]{{3}})([0-9A-FHJ-NPR-Ya-fhj-npr-y])"
    r"(?![0-9A-Za-z])"
)
_CARD: Final = re.compile(
    rf"{_BEFORE}(?:[0-9]{{13,19}}"
    rf"|[0-9]{{4}}({_SEP})[0-9]{{4}}\1[0-9]{{4}}\1[0-9]{{4}}(?:\1[0-9]{{1,3}})?"
    rf"|[0-9]{{4}}({_SEP})[0-9]{{6}}\2[0-9]{{4,5}}){_AFTER}(?!{_BLANK}[0-9]{{3}})"
)
_EMAIL: Final = re.compile(r"[\w.+%-]{1,64}@[\w-]+(?:\.[\w-]+)+")
_PHONE: Final = re.compile(
    r"(?<![0-9A-Za-z])(?:\+|00)?[0-9](?:[ \u00a0\u2009\u202f()./-]{0,2}[0-9]){6,14}(?![0-9A-Za-z])"
)
_TOKEN: Final = re.compile(r"(?<![\w@./-])([0-9A-Za-z]+(?:[-/][0-9A-Za-z]+)*)(?![\w@])")
_DATES: Final = re.compile(
    r"^(?:(?:19|20)[0-9]{2}[-/](?:0?[1-9]|1[0-2])[-/](?:0?[1-9]|[12][0-9]|3[01])"
    r"|(?:0?[1-9]|[12][0-9]|3[01])[-/](?:0?[1-9]|1[0-2])[-/](?:(?:19|20)?[0-9]{2})|[0-9]{4}[-/](?:[0-9]{2}|[0-9]{4}))$"
)
_MONEY: Final = re.compile(
    rf"^{_BLANK}?(?:kr\b|nok\b|sek\b|dkk\b|eur\b|usd\b|kroner\b|kronor\b|euro\b|euroa\b|€|,-|:-|,[0-9]{{2}}\b|%)",
    re.IGNORECASE,
)
_MONEY_BEFORE: Final = re.compile(rf"(?:kr\.?|nok|sek|dkk|eur|usd|€|\$){_BLANK}?$", re.IGNORECASE)
_CALLS: Final = re.compile(
    r"(?:tlf|telefon|telefonen|tel|mob|mobil|ring|ringe|puh|puhelin|soita|phone|call|fax|sms)"
    r"(?:\s+(?:oss|os|til|på|meg|us|numero|nr|nummer|at|on|meille))*[.:]?\s*$",
    re.IGNORECASE,
)
_NAMED: Final = re.compile(
    r"(?:ordre|ordren|ordrenr|ordrenummer|ordrenummeret|bestilling|bestillingen|bestillingsnummer|bestellnr|beställning"
    r"|order|ordern|ordernr|ordernummer|orderno|tilaus|tilauksen|tilausnumero|tilauksesi|faktura|fakturanummer|kundenummer"
    r"|kundnummer|asiakasnumero|sak|saken|saksnummer|sag|sagen|sagsnummer|ärende|ärendenummer|case|pakke|sporingsnummer)"
    r"(?:\s*(?:nr|nro|no|nummer|number|numero|din|ditt|er|on|is|är))*[.:]?\s*#?$",
    re.IGNORECASE,
)
_FINNISH: Final = "0123456789ABCDEFHJKLMNPRSTUVWXY"
_CENTURIES: Final = {"+": 18, **dict.fromkeys("-YXWVU", 19), **dict.fromkeys("ABCDEF", 20)}
_NORDIC_MOBILE: Final = re.compile(r"^0(?:4[0-9]|50|70)")
"""Finnish and Swedish mobile numbers that read like the date of a CPR number when they are written without a blank."""
_LEAST: Final = 6
_LEAST_NAMED: Final = 4
_LONGEST_CUE: Final = 40


class Span(msgspec.Struct, frozen=True):
    """A place in a text, ``start`` to before ``end`` in characters. ``stop``: it must be taken out; ``warning``: look at it."""

    start: int
    end: int
    kind: Kind
    level: Level


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of the customer and of private threads.

    ``numbers``: order numbers that only private threads hold, as ``normal`` writes them. ``emails``, ``phones``: the
    customer's own.
    """

    numbers: frozenset[str] = frozenset()
    emails: frozenset[str] = frozenset()
    phones: frozenset[str] = frozenset()


def find(text: str, known: Known | None = None) -> list[Span]:
    """Everything in ``text`` that should not be public, in its order; where two overlap, the graver and longer one."""
    known = known or Known()
    found = [*_national(text), *_cards(text), *_numbers_of(text, known), *_addresses(text, known)]
    kept: list[Span] = []
    for one in sorted(found, key=lambda span: (span.level != "stop", span.start - span.end, span.start)):
        if all(one.end <= other.start or other.end <= one.start for other in kept):
            kept.append(one)
    return sorted(kept, key=lambda span: span.start)


def stops(spans: list[Span]) -> list[Span]:
    """Those that must be taken out."""
    return [one for one in spans if one.level == "stop"]


def normal(number: str) -> str:
    """A number as it is compared: capital letters and digits only."""
    return "".join(one for one in number.upper() if one.isalnum())


def candidates(text: str) -> list[tuple[int, int, str]]:
    """Numbers of a text that may be order numbers: (start, end, as it is written). Dates, prices and phone numbers are none."""
    return [(match.start(1), match.end(1), match[1]) for match in _TOKEN.finditer(text) if _is_order_like(text, match)]


def utf16(text: str, spans: list[Span]) -> list[Span]:
    """The same spans counted in UTF-16 units, as browsers count."""
    places = sorted({place for one in spans for place in (one.start, one.end)})
    units: dict[int, int] = {}
    last, count = 0, 0
    for place in places:
        count += len(text[last:place].encode("utf-16-le", "surrogatepass")) // 2
        units[place], last = count, place
    return [Span(units[one.start], units[one.end], one.kind, one.level) for one in spans]


# ------------------------------------------------------------------------------------------------ national numbers


def _national(text: str) -> Iterator[Span]:
    for match in _NORWAY.finditer(text):
        if _is_norwegian("".join(match.groups())):
            yield Span(match.start(), match.end(), "national_id_no", "stop")
    for match in _FINLAND.finditer(text):
        if _is_finnish(match):
            yield Span(match.start(), match.end(), "national_id_fi", "stop")
    for match in _SWEDEN.finditer(text):
        if _is_swedish(match):
            yield Span(match.start(), match.end(), "national_id_se", "stop")
    for match in _DENMARK.finditer(text):
        if _is_danish(match):
            yield Span(match.start(), match.end(), "national_id_dk", "stop")


def _is_norwegian(digits: str) -> bool:
    """Fødselsnummer, or D-number (day + 40): a date and two check digits modulus 11."""
    day, month = int(digits[:2]), int(digits[2:4])
    day = day - 40 if day > 40 else day
    # The century stands in the next three digits; 29 February is only right in a leap year, which 1900 was not.
    if not _is_date(2000 + int(digits[4:6]), month, day):
        return False
    return all(
        sum(weight * int(digit) for weight, digit in zip(weights, digits, strict=False)) % 11 == 0
        for weights in ((3, 7, 6, 1, 8, 9, 4, 5, 2, 1), (5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1))
    )


def _is_danish(match: re.Match[str]) -> bool:
    """CPR: a date whose century the seventh digit tells. Modulus 11 proves nothing, except that phone numbers lack it."""
    day, month, year, between, serial = match.groups()
    yy, seventh = int(year), int(serial[0])
    century = 19 if seventh <= 3 or (seventh in {4, 9} and yy > 36) else 20
    if 5 <= seventh <= 8 and yy > 57:
        century = 18
    if not _is_date(century * 100 + yy, int(month), int(day)):
        return False
    digits = f"{day}{month}{year}{serial}"
    return bool(between) or not _NORDIC_MOBILE.match(digits) or _weighted(digits) % 11 == 0


def _weighted(digits: str) -> int:
    return sum(weight * int(digit) for weight, digit in zip((4, 3, 2, 7, 6, 5, 4, 3, 2, 1), digits, strict=True))


def _is_swedish(match: re.Match[str]) -> bool:
    """Personnummer, or samordningsnummer (day + 60): a date and a Luhn digit over the ten digits."""
    century, year, month, day, _, serial = match.groups()
    number = int(day) - 60 if int(day) > 60 else int(day)
    if not _is_date(int(century or "20") * 100 + int(year), int(month), number):
        return False
    return luhn(f"{year}{month}{day}{serial}")


def _is_finnish(match: re.Match[str]) -> bool:
    """Henkilötunnus: a date whose century the sign tells, three digits, a check character modulus 31."""
    day, month, year, sign, serial, check = match.groups()
    century = _CENTURIES.get(sign.upper(), 19)
    if not _is_date(century * 100 + int(year), int(month), int(day)):
        return False
    return _FINNISH[int(f"{day}{month}{year}{serial}") % 31] == check.upper()


def _is_date(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


# ------------------------------------------------------------------------------------------------ cards, numbers, addresses


def _cards(text: str) -> Iterator[Span]:
    for match in _CARD.finditer(text):
        digits = "".join(one for one in match[0] if one.isdigit())
        issued = digits[0] in "3456" or 2221 <= int(digits[:4]) <= 2720
        if issued and len(set(digits)) > 1 and luhn(digits):
            yield Span(match.start(), match.end(), "card", "stop")


def luhn(digits: str) -> bool:
    """Whether the last digit is the check digit of the others (ISO/IEC 7812)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def _is_order_like(text: str, match: re.Match[str]) -> bool:
    written = match[1]
    digits = sum(one.isdigit() for one in written)
    if digits < _LEAST_NAMED or _DATES.match(written):
        return False
    before = text[max(0, match.start() - _LONGEST_CUE) : match.start()]
    if _MONEY.match(text[match.end() : match.end() + 12]) or _MONEY_BEFORE.search(before) or _CALLS.search(before):
        return False
    named = _NAMED.search(before) is not None or before.endswith("#")
    return named or digits >= _LEAST or (digits >= _LEAST_NAMED and written[0].isalpha())


def _numbers_of(text: str, known: Known) -> Iterator[Span]:
    if not known.numbers:
        return
    for match in _TOKEN.finditer(text):
        if normal(match[1]) in known.numbers:
            yield Span(match.start(1), match.end(1), "order_number", "stop")


def _addresses(text: str, known: Known) -> Iterator[Span]:
    if known.emails:
        for match in _EMAIL.finditer(text):
            if match[0].lower().rstrip(".") in known.emails:
                yield Span(match.start(), match.end(), "email", "warning")
    if known.phones:
        tails = {digits[-8:] for one in known.phones if len(digits := "".join(c for c in one if c.isdigit())) >= 7}
        for match in _PHONE.finditer(text):
            if "".join(one for one in match[0] if one.isdigit())[-8:] in tails:
                yield Span(match.start(), match.end(), "phone", "warning")
