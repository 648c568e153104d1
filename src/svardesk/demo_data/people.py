"""Fjordnett's own people, teams and tags."""

from typing import Final

from svardesk.conversations.schemas import Colour

PASSWORD: Final = "lysende nordlys 14"
"""The same for everybody in the demo, and only there; printed at the start."""
MAIL: Final = "fjordnett.example"

ORGANISATION: Final = ("Fjordnett AS", "fjordnett")
OWNER: Final = ("Ingrid Haugen", "ingrid")
TEAMS: Final = ("Kundeservice", "Teknisk", "Salg")
AGENTS: Final = (
    # name, address, role, language, teams
    ("Solveig Aas", "solveig", "lead", "nb", ("Kundeservice",)),
    ("Jonas Berg", "jonas", "lead", "nb", ("Teknisk",)),
    ("Amira Hassan", "amira", "agent", "nb", ("Salg",)),
    ("Eirik Nilsen", "eirik", "agent", "nn", ("Kundeservice",)),
    ("Torbjørn Moe", "torbjorn", "agent", "nb", ("Teknisk",)),
    ("Maja Lindqvist", "maja", "agent", "sv", ("Kundeservice", "Salg")),
    ("Sofie Kristensen", "sofie", "agent", "da", ("Kundeservice", "Salg")),
    ("Mikko Virtanen", "mikko", "agent", "fi", ("Kundeservice", "Teknisk")),
    ("Hanne Dahl", "hanne", "observer", "nb", ()),
)
TAGS: Final[tuple[tuple[str, Colour], ...]] = (
    ("Bredbånd", "blue"),
    ("Faktura", "yellow"),
    ("Flytting", "purple"),
    ("Haster", "red"),
    ("Levering", "teal"),
    ("Retur", "grey"),
    ("Ros", "green"),
    ("Ruter", "blue"),
    ("Salg", "green"),
    ("TV", "purple"),
)
WEEKLY: Final = {
    **{str(day): [["08:00", "20:00"]] for day in range(1, 6)},
    "6": [["10:00", "16:00"]],
}
"""As the demo shop says at the foot of its pages."""
