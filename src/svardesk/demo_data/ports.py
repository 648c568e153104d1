"""Where the demo's mail server is: its ports, kept in the data folder. Standard library only, for the parent of everything."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final, NamedTuple

HOST: Final = "127.0.0.1"
ORGANISATION: Final = "kundeservice@fjordnett.example"
CUSTOMERS: Final = "kunder@postkasse.example"
"""The mailbox in which everything arrives that is sent to anybody else."""
PASSWORD: Final = "fjordnett"
"""Of both mailboxes; the server listens on this machine only."""


class Ports(NamedTuple):
    """TCP ports on the loopback interface: mail from outside, mail from those who sign in, reading."""

    smtp: int
    submission: int
    imap: int

    def __str__(self) -> str:
        return " ".join(map(str, self))


def folder(data: Path) -> Path:
    """Where the server keeps its mail, below the data folder."""
    return data / "demo-mail"


def remembered(data: Path) -> Ports | None:
    """The ports of the server that ran last with this data folder, or None."""
    try:
        found = json.loads((folder(data) / "ports.json").read_text(encoding="utf-8"))
        return Ports(int(found["smtp"]), int(found["submission"]), int(found["imap"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def remember(data: Path, ports: Ports) -> None:
    """Keep the ports for the next start, and for whoever wants to write a mail."""
    place = folder(data)
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = place / "ports.json.new"
    _ = fresh.write_text(json.dumps(ports._asdict()) + "\n", encoding="utf-8")
    _ = fresh.replace(place / "ports.json")
