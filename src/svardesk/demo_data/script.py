"""Reads ``conversations.txt``: who wrote what, to whom, how long ago."""

import re
from dataclasses import dataclass, field
from datetime import timedelta
from importlib import resources
from typing import Literal

_AGO = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?")
_CUSTOMER = re.compile(r"> (?:\+(\d+) )?(.+)")
_AGENT = re.compile(r"([<!]) (\w+)(?: \+(\d+))?: (.+)")
DEFAULT_MINUTES = 2


@dataclass(frozen=True, slots=True)
class Line:
    """One message. ``after``: time since the line before; ``agent``: first name, None for the customer."""

    kind: Literal["inbound", "answer", "note"]
    agent: str | None
    after: timedelta
    body: str


@dataclass(slots=True)
class Told:
    """One conversation. ``ago``: age of its first message; ``status``: as in the file, empty when it follows."""

    name: str
    email: str | None
    ago: timedelta
    locale: str = "nb"
    team: str | None = None
    assignee: str | None = None
    status: str = ""
    page: str | None = None
    tags: tuple[str, ...] = ()
    lines: list[Line] = field(default_factory=list[Line])


def read() -> list[Told]:
    """All conversations, the oldest first. Raises ValueError with the line that cannot be read."""
    found: list[Told] = []
    source = resources.files("svardesk.demo_data").joinpath("conversations.txt").read_text("utf-8")
    for number, line in enumerate(source.splitlines(), start=1):
        if not line.strip() or line.startswith(";"):
            continue
        try:
            if line.startswith("# "):
                found.append(_head(line[2:]))
            else:
                found[-1].lines.append(_line(line))
        except (ValueError, IndexError) as error:
            raise ValueError(f"conversations.txt, line {number}: {line[:60]}") from error
    return sorted(found, key=lambda told: -told.ago)


def _head(text: str) -> Told:
    name, email, rest = (part.strip() for part in text.split(" | "))
    values = dict(part.split("=", 1) for part in rest.split())
    ago = _AGO.fullmatch(values.pop("ago"))
    if ago is None:
        raise ValueError("ago")
    days, hours, minutes = (int(part or 0) for part in ago.groups())
    tags = tuple(values.pop("tags", "").split(",")) if "tags" in values else ()
    told = Told(name, None if email == "-" else email, timedelta(days=days, hours=hours, minutes=minutes), tags=tags)
    for key, value in values.items():
        if key not in {"locale", "team", "assignee", "status", "page"}:
            raise ValueError(key)
        setattr(told, key, value)
    return told


def _line(text: str) -> Line:
    if customer := _CUSTOMER.fullmatch(text):
        return Line("inbound", None, _after(customer[1]), customer[2])
    if agent := _AGENT.fullmatch(text):
        return Line("answer" if agent[1] == "<" else "note", agent[2], _after(agent[3]), agent[4])
    raise ValueError(text)


def _after(minutes: str | None) -> timedelta:
    return timedelta(minutes=int(minutes) if minutes else DEFAULT_MINUTES)
