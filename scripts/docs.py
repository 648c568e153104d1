"""Tables in the documentation that come from the code: write them, or `--check` that they are current.

A page keeps its own words; only what stands between `<!-- made by make docs: NAME -->` and `<!-- end -->` is replaced.
"""

import importlib
import inspect
import pkgutil
import re
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import get_type_hints

import msgspec

import svardesk
from svardesk.config import SETTINGS
from svardesk.spine.events import BY_NAME

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
BLOCK = "<!-- made by make docs: {name} -->\n{text}\n<!-- end -->"


def cell(text: str) -> str:
    """Text that cannot break out of a table's cell."""
    return " ".join(text.replace("|", "\\|").split())


def settings_table() -> str:
    """Every setting: name, what applies when it is not set, what it decides."""
    rows = ["| setting | when it is not set | what it decides |", "|---|---|---|"]
    rows += [f"| `{item.name}` | {cell(item.default)} | {cell(item.description)} |" for item in SETTINGS]
    return "\n".join(rows)


def load_events() -> None:
    """Import every room's events, which registers them."""
    for found in pkgutil.walk_packages(svardesk.__path__, "svardesk."):
        if found.name.endswith(".events"):
            importlib.import_module(found.name)


def kind(annotation: object) -> str:
    """A field's type as a reader writes it."""
    text = (
        annotation.__name__ if isinstance(annotation, type) and not hasattr(annotation, "__args__") else str(annotation)
    )
    return re.sub(r"\b(?:typing|uuid|datetime|[a-z_]+(?:\.[a-z_]+)*)\.(?=[A-Za-z])", "", text)


def reactions_of(event: type[msgspec.Struct]) -> str:
    """Names of who reacts to an event, by svardesk.wiring."""
    if find_spec("svardesk.wiring") is None:
        return ""
    wiring = importlib.import_module("svardesk.wiring")
    return ", ".join(f"`{reaction.name}`" for reaction in wiring.reactions().get(event, ()))


def events_tables() -> str:
    """Every event by room: name and version, fields, when it is announced, who reacts."""
    load_events()
    rooms: dict[str, list[str]] = {}
    # Tests announce events of their own in the same process: the page is about the house.
    ours = {key: event for key, event in BY_NAME.items() if event.__module__.startswith("svardesk.")}
    for (name, version), event in sorted(ours.items()):
        room = event.__module__.removeprefix("svardesk.").removesuffix(".events")
        hints = get_type_hints(event)
        fields = ", ".join(f"`{field}: {kind(hints[field])}`" for field in event.__struct_fields__)
        said = cell((inspect.getdoc(event) or "").split("\n\n")[0])
        rooms.setdefault(room, []).append(
            f"| `{name}` {version} | `{event.__name__}` | {said} | {cell(fields)} | {reactions_of(event)} |"
        )
    parts = []
    for room, rows in sorted(rooms.items()):
        head = "| event | class | what happened | fields | who reacts |\n|---|---|---|---|---|\n"
        parts.append(f"## {room}\n\n{head}" + "\n".join(rows))
    return "\n\n".join(parts) if parts else "No room announces anything yet."


TABLES: dict[str, tuple[str, str, Callable[[], str]]] = {
    "settings": (
        "settings.md",
        "# Settings\n\nSvardesk reads its settings once, from the environment, when it starts. Nothing needs to be set.\n",
        settings_table,
    ),
    "events": (
        "events.md",
        (
            "# Events\n\nFacts that rooms announce, in the transaction that made them true. They hold ids, numbers and short words,\n"
            "never texts of people. A changed meaning is a new version.\n"
        ),
        events_tables,
    ),
}


def pages() -> dict[Path, str]:
    """Every page with tables, as it should be."""
    wanted: dict[Path, str] = {}
    for name, (file, heading, make) in TABLES.items():
        path = DOCS / file
        page = wanted.get(path) or (path.read_text(encoding="utf-8") if path.exists() else heading)
        block = BLOCK.format(name=name, text=f"\n{make()}\n")
        pattern = re.compile(rf"<!-- made by make docs: {name} -->.*?<!-- end -->", re.DOTALL)
        wanted[path] = pattern.sub(lambda _, block=block: block, page) if pattern.search(page) else f"{page}\n{block}\n"
    return wanted


def main() -> int:
    """Write the pages that are not current, or with `--check` only name them."""
    stale = [path for path, text in pages().items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    names = ", ".join(path.relative_to(ROOT).as_posix() for path in stale)
    if "--check" in sys.argv:
        print(f"Not what the code says: {names}. Run `make docs`." if stale else "tables current")
        return 1 if stale else 0
    for path, text in pages().items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    print(f"written: {names}" if stale else "nothing to change")
    return 0


if __name__ == "__main__":
    sys.exit(main())
