"""Personal data, declared per table: whose it is, how it is exported, how it is erased, how long it is kept.

Every room has a ``personal.py`` with two names::

    PERSONAL = (PersonalTable(table="contacts", columns=("name", …), …), …)
    NO_PERSONAL = {"teams": "names of departments, not of persons"}

A test walks the database's catalogue: a table that is in neither fails it. The privacy room reads the declarations to
export, to erase (``migrations/sql/privacy.sql`` is generated from them) and to end retention; nothing else in the house
knows which columns are personal.
"""

import importlib
import pkgutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Literal

Person = Literal["contact", "agent"]
Erase = Literal["delete", "blank", "keep"]

CONTACTS = "{contacts}"
"""In ``subject``: stands for the array of ids of the person (the contact and those merged into it)."""
CONVERSATIONS = "{conversations}"
"""In ``subject``: stands for the array of ids of the person's conversations."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalTable:
    """What one table holds about persons.

    ``columns``: the columns with personal data: shown in an export, gone after an erasure.
    ``person``: whose data it is. Contacts can ask for export and erasure; agents' data ends by retention.
    ``subject``: SQL condition on ``t`` that finds the rows of one contact, with ``{contacts}`` and ``{conversations}``
    for arrays of ids, e.g. ``t.contact_id = ANY({contacts})``. Required for ``person="contact"``.
    ``erase``: ``delete`` the rows, ``blank`` the columns (``blank`` gives the SQL expression per column), or ``keep``
    (then ``why`` must say on what ground).
    ``context``: further columns shown in an export beside the personal ones (times, kinds), so that it can be read.
    ``retention_days`` after ``retention_from`` (an SQL expression on ``t``) rows matching ``retention_where`` are
    deleted or blanked without being asked; None = kept until erased, unless the organisation sets a limit. An
    organisation overrides the days in its settings: ``{"retention_days": {"envelopes": 14}}``. ``retention_like`` names a table whose
    limit counts here too unless there is an own one: words of messages end with the messages.
    """

    table: str
    columns: tuple[str, ...]
    person: Person
    erase: Erase
    subject: str | None = None
    blank: Mapping[str, str] = field(default_factory=dict[str, str])
    context: tuple[str, ...] = ()
    retention_days: int | None = None
    retention_from: str | None = None
    retention_where: str = "true"
    retention_like: str | None = None
    why: str = ""

    def __post_init__(self) -> None:
        """Refuse declarations that could not be carried out: better at import than in front of a person who waits."""
        name = f"the declaration of {self.table}"
        if self.person == "contact" and self.erase != "keep" and not self.subject:
            raise ValueError(f"{name} must say in subject which rows are a contact's")
        if self.erase == "blank" and set(self.columns) - set(self.blank):
            missing = ", ".join(sorted(set(self.columns) - set(self.blank)))
            raise ValueError(f"{name} must say in blank what becomes of: {missing}")
        if self.erase == "keep" and not self.why:
            raise ValueError(f"{name} keeps data: say why")
        if (self.retention_days is not None or self.retention_like) and not self.retention_from:
            raise ValueError(f"{name} must say in retention_from when the days begin to count")

    def condition(self, contacts: str, conversations: str) -> str:
        """The subject condition with the two arrays named as the caller's SQL dialect wants them."""
        return (self.subject or "false").replace(CONTACTS, contacts).replace(CONVERSATIONS, conversations)


@dataclass(frozen=True, slots=True)
class Declarations:
    """All declarations of the house, by table."""

    personal: Mapping[str, PersonalTable]
    none: Mapping[str, str]

    def of_contacts(self) -> list[PersonalTable]:
        """The tables that hold data of contacts, by name."""
        return [one for _, one in sorted(self.personal.items()) if one.person == "contact"]

    def undeclared(self, tables: Iterable[str]) -> list[str]:
        """Those of ``tables`` about which no room has said anything."""
        return sorted(set(tables) - set(self.personal) - set(self.none))

    def stale(self, tables: Iterable[str]) -> list[str]:
        """Declared tables that do not exist."""
        return sorted((set(self.personal) | set(self.none)) - set(tables))


@cache
def declared() -> Declarations:
    """Import every room's ``personal.py`` and put the declarations together. A table declared twice is an error."""
    import svardesk

    personal: dict[str, PersonalTable] = {}
    none: dict[str, str] = {}
    for module in pkgutil.walk_packages(svardesk.__path__, "svardesk."):
        if not module.name.endswith(".personal") or module.name == __name__:
            continue
        room = importlib.import_module(module.name)
        for one in getattr(room, "PERSONAL", ()):
            if one.table in personal or one.table in none:
                raise ValueError(f"{one.table} is declared twice; the second time in {module.name}")
            personal[one.table] = one
        for table, why in getattr(room, "NO_PERSONAL", {}).items():
            if table in personal or table in none:
                raise ValueError(f"{table} is declared twice; the second time in {module.name}")
            none[table] = why
    return Declarations(personal, none)
