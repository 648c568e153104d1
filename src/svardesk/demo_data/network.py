"""Where the demo's stand-in for Meta is: its port, kept in the data folder. Standard library only, for the parent of everything."""

from __future__ import annotations

from pathlib import Path
from typing import Final

HOST: Final = "127.0.0.1"
KEY: Final = "ma_fjordnett"
APP_ID: Final = "700100200300400"
APP_SECRET: Final = "demo-app-secret-of-fjordnett"
PAGE_ID: Final = "100200300400500"
PAGE_TOKEN: Final = "demo-page-token-of-fjordnett"
PAGE_NAME: Final = "Fjordnett AS"
PROGRAM: Final = "tests.doubles.graph"


def checkout() -> Path | None:
    """The checkout whose stand-in can be run; None where Svardesk was installed without it."""
    root = Path(__file__).resolve().parents[3]
    return root if (root / "tests" / "doubles" / "graph" / "__main__.py").is_file() else None


def folder(data: Path) -> Path:
    """Where the stand-in keeps its world, below the data folder."""
    return data / "demo-meta"


def remembered(data: Path) -> int | None:
    """The port of the stand-in that ran last with this data folder, or None."""
    try:
        return int((folder(data) / "port").read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None


def remember(data: Path, port: int) -> None:
    """Keep the port for the next start."""
    place = folder(data)
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = place / "port.new"
    _ = fresh.write_text(f"{port}\n", encoding="ascii")
    _ = fresh.replace(place / "port")


def address(port: int) -> str:
    """The address of the stand-in."""
    return f"http://{HOST}:{port}"
