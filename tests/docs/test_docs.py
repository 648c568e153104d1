"""The documentation says what the code says."""

import ast
import configparser
import importlib.util
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from svardesk.config import SETTINGS

ROOT = Path(__file__).resolve().parents[2]
HOUSE = ROOT / "src" / "svardesk"
DOCS = ROOT / "docs"

LINK = re.compile(r"!?\[[^\]]*\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)")
HEADING = re.compile(r"^#{1,6}\s+(.*?)\s*#*$", re.MULTILINE)
FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)


def pages() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "*.md"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    found = [ROOT / name for name in listed.split("\0") if name]
    return [path for path in found if path.is_file()] or [
        path for path in ROOT.rglob("*.md") if "node_modules" not in path.parts
    ]


def rooms() -> list[str]:
    """Folders of the house that hold code: rooms, and the kit."""
    return sorted(path.name for path in HOUSE.iterdir() if path.is_dir() and any(path.glob("*.py")))


def anchors(path: Path) -> set[str]:
    """The anchors that a page's headings get when it is shown."""
    text = FENCE.sub("", path.read_text(encoding="utf-8"))
    names: set[str] = set()
    for heading in HEADING.findall(text):
        plain = re.sub(r"[`*_]|\[([^\]]*)\]\([^)]*\)", r"\1", heading).strip().lower()
        slug = re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")
        count = 0
        while (candidate := slug if not count else f"{slug}-{count}") in names:
            count += 1
        names.add(candidate)
    names.update(re.findall(r"""<a (?:id|name)=["']([^"']+)""", text))
    return names


def links(path: Path) -> Iterator[str]:
    text = re.sub(r"`[^`\n]*`", "", FENCE.sub("", path.read_text(encoding="utf-8")))
    yield from LINK.findall(text)


def docs_script():
    spec = importlib.util.spec_from_file_location("docs_script", ROOT / "scripts" / "docs.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_readme_names_the_two_commands():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "make run" in text
    assert "make test" in text


def test_readme_shows_every_picture_and_they_are_small():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    pictures = sorted((ROOT / "docs" / "pictures").glob("*"))
    assert len(pictures) >= 6
    for picture in pictures:
        assert f"docs/pictures/{picture.name}" in text, "a picture that nobody sees"
        assert picture.suffix == ".png"
        assert picture.stat().st_size <= 250 * 1024, f"{picture.name}: at most 250 kB"


def test_every_command_of_the_menu_exists_and_is_explained():
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    told = set(re.findall(r"^## ([a-z-]+): ", text, re.MULTILINE))
    targets = set(re.findall(r"^([a-z][a-z-]*):", text, re.MULTILINE))
    inner = {"menu", "venv", "venv-dev", "web", "web-deps"}
    assert told == targets - inner
    printed = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in told:
        assert f"make {name}" in printed


def test_ci_runs_exactly_the_two_commands():
    lines = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line.startswith("make")] == ["make check", "make test"]


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_every_setting_is_documented(setting):
    row = re.search(rf"^\| `{setting.name}` \|.*$", (DOCS / "settings.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert row, f"{setting.name} is missing from docs/settings.md: run `make docs`"


def test_no_variable_is_read_that_is_not_a_setting():
    """A name like SVARDESK_… in the code is a setting, or the mark of a child process that nobody sets by hand."""
    known = {setting.name for setting in SETTINGS}
    page = (DOCS / "settings.md").read_text(encoding="utf-8")
    used = {
        name
        for path in HOUSE.rglob("*.py")
        for name in re.findall(
            r"""(?:environ(?:\.get)?|getenv|env)\s*[\[(]\s*["'](SVARDESK_\w+|PORT)["']""",
            path.read_text(encoding="utf-8"),
        )
    }
    undocumented = {name for name in used - known if f"`{name}`" not in page}
    assert not undocumented


def test_tables_are_what_the_code_says():
    script = docs_script()
    stale = [
        str(path.relative_to(ROOT))
        for path, text in script.pages().items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    assert not stale, "run `make docs`"


def test_every_event_class_is_documented():
    page = (DOCS / "events.md").read_text(encoding="utf-8")
    for path in sorted(HOUSE.rglob("events.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in tree.body:
            registered = isinstance(node, ast.ClassDef) and any(
                isinstance(mark, ast.Call) and getattr(mark.func, "id", getattr(mark.func, "attr", "")) == "event"
                for mark in node.decorator_list
            )
            if isinstance(node, ast.ClassDef) and registered:
                assert f"`{node.name}`" in page, f"{path}: {node.name} is missing from docs/events.md: run `make docs`"
                assert ast.get_docstring(node), f"{path}: {node.name} does not say what happened"


@pytest.mark.parametrize("room", rooms())
def test_every_room_says_what_it_is_for(room):
    docstring = ast.get_docstring(ast.parse((HOUSE / room / "__init__.py").read_text(encoding="utf-8")))
    assert docstring, f"{room}/__init__.py has no docstring"
    assert len(docstring.split()) >= 5, f"{room}/__init__.py says no more than its name: {docstring}"


@pytest.mark.parametrize("room", rooms())
def test_every_room_stands_in_the_plan_of_the_house(room):
    plan = DOCS / "architecture.md"
    text = (ROOT / "README.md").read_text(encoding="utf-8") + (
        plan.read_text(encoding="utf-8") if plan.exists() else ""
    )
    assert re.search(rf"`(?:src/svardesk/)?{room}/?`|\b{room}/", text), (
        f"{room} stands in neither README.md nor docs/architecture.md"
    )


@pytest.mark.parametrize("path", pages(), ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(path):
    broken = []
    for target in links(path):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, anchor = target.partition("#")
        place = (path.parent / file).resolve() if file else path
        if not place.exists() or (anchor and place.suffix == ".md" and anchor not in anchors(place)):
            broken.append(target)
    assert not broken


SHARED = {"svardesk.channels.meta"}
"""What stands below two channels of one provider; a contract of its own says who may know it."""


def test_adapters_are_all_strangers():
    """Each folder of the channels room is named in the contract that keeps adapters apart, each room among the furnished ones."""
    contracts = configparser.ConfigParser(strict=False)
    contracts.read(ROOT / ".importlinter")
    adapters = {f"svardesk.channels.{path.parent.name}" for path in HOUSE.glob("channels/*/__init__.py")}
    assert set(contracts["importlinter:contract:adapters"]["modules"].split()) == adapters - SHARED
    furnished = {f"svardesk.{room}" for room in rooms() if any((HOUSE / room).glob("models.py"))} - {"svardesk.kit"}
    assert furnished | adapters <= set(contracts["importlinter:contract:furniture"]["containers"].split())
