"""Invitations (text/calendar) as one readable line: what, when, where, who. Symbols instead of words fit every language."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

_SYMBOLS = {"ACCEPTED": "✔", "DECLINED": "✘", "TENTATIVE": "?"}
_FIELD = re.compile(r'([A-Za-z-]+)((?:;[A-Za-z-]+=(?:"[^"]*"|[^:;"]*))*):(.*)', re.DOTALL)
_WHEN = re.compile(r"(\d{4})(\d{2})(\d{2})(?:T(\d{2})(\d{2})\d{2}(Z)?)?")
_LENGTH = re.compile(r"P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:\d+S)?)?")
_READ = 200_000


@dataclass(slots=True)
class _Field:
    parameters: dict[str, str]
    value: str


def line(text: str) -> str:
    """One line for the first event of a calendar; '' when there is none."""
    fields, method, attendees = _event(text[:_READ])
    if not fields:
        return ""
    symbol = "📅"
    if method == "CANCEL":
        symbol += " ✘"
    elif method == "REPLY" and len(attendees) == 1:
        symbol += f" {_SYMBOLS.get(attendees[0].parameters.get('PARTSTAT', '').upper(), '')}".rstrip()
    person = attendees[0] if method == "REPLY" and attendees else fields.get("ORGANIZER")
    pieces = [
        _text(fields["SUMMARY"]) if "SUMMARY" in fields else "",
        _when(fields),
        _text(fields["LOCATION"]) if "LOCATION" in fields else "",
        _person(person) if person else "",
    ]
    return f"{symbol} {' · '.join(piece for piece in pieces if piece)}".strip()


def _event(text: str) -> tuple[dict[str, _Field], str, list[_Field]]:
    method = ""
    found: dict[str, _Field] = {}
    attendees: list[_Field] = []
    inside: list[str] = []
    seen = False
    for raw in re.sub(r"\r?\n[ \t]", "", text).splitlines():
        match = _FIELD.match(raw)
        if match is None:
            continue
        name, value = match[1].upper(), match[3].strip()
        if name == "BEGIN":
            inside.append(value.upper())
            seen = seen or value.upper() == "VEVENT"
        elif name == "END":
            if inside:
                inside.pop()
            if value.upper() == "VEVENT":
                break
        elif name == "METHOD":
            method = value.upper()
        elif inside and inside[-1] == "VEVENT":
            one = _Field(_parameters(match[2]), value)
            if name == "ATTENDEE":
                attendees.append(one)
            else:
                found.setdefault(name, one)
    return (found if seen else {}), method, attendees


def _parameters(text: str) -> dict[str, str]:
    return {name.upper(): value.strip('"') for name, value in re.findall(r';([A-Za-z-]+)=("[^"]*"|[^:;"]*)', text)}


def _text(one: _Field) -> str:
    value = re.sub(r"\\([nN,;\\])", lambda match: " " if match[1] in "nN" else match[1], one.value)
    return " ".join(value.split())[:300]


def _person(one: _Field) -> str:
    address = re.sub(r"(?i)^mailto:", "", one.value).strip()
    name = one.parameters.get("CN", "").strip()
    if name and name != address:
        return f"{name} <{address}>"[:300]
    return address[:300]


def _when(fields: dict[str, _Field]) -> str:
    start = _instant(fields.get("DTSTART"))
    if start is None:
        return ""
    begins, timed, zone = start
    end = _instant(fields.get("DTEND"))
    ends = end[0] if end is not None else _after(begins, fields.get("DURATION"))
    if not timed:
        # The end of whole days is the day after.
        last = ends - timedelta(days=1) if ends is not None and ends > begins else begins
        return f"{begins:%Y-%m-%d}" if last <= begins else f"{begins:%Y-%m-%d}–{last:%Y-%m-%d}"
    shown = f"{begins:%Y-%m-%d %H:%M}"
    if ends is not None and ends > begins:
        shown += f"–{ends:%H:%M}" if ends.date() == begins.date() else f"–{ends:%Y-%m-%d %H:%M}"
    return f"{shown} {zone}".strip()


def _instant(one: _Field | None) -> tuple[datetime, bool, str] | None:
    match = _WHEN.match(one.value) if one is not None else None
    if one is None or match is None:
        return None
    try:
        year, month, day, hour, minute = (int(match[index] or 0) for index in range(1, 6))
        at = datetime(year, month, day, hour, minute)  # noqa: DTZ001 - wall time, shown with its zone
    except ValueError:
        return None
    return at, match[4] is not None, "UTC" if match[6] else one.parameters.get("TZID", "")[:60]


def _after(begins: datetime, length: _Field | None) -> datetime | None:
    match = _LENGTH.match(length.value) if length is not None else None
    if match is None:
        return None
    weeks, days, hours, minutes = (min(int(number or 0), 10_000) for number in match.groups())
    try:
        return begins + timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes)
    except OverflowError:
        return None
