"""The pages that follow a message name files and functions that exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PLACES = (ROOT / "src" / "svardesk", ROOT / "web", ROOT / "migrations" / "sql")
FILE = re.compile(r"`([\w./-]+\.(?:py|ts|tsx|sql))`(?:\s+`(\w+)`)?")
PAGES = sorted((ROOT / "docs" / "paths").glob("*.md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_step_is_there(page: Path) -> None:
    named = FILE.findall(page.read_text("utf-8"))
    assert len(named) > 10
    for file, name in named:
        found = [place / file for place in PLACES if (place / file).is_file()]
        assert found, f"{page.name}: there is no {file}"
        if name:
            source = found[0].read_text("utf-8")
            defined = rf"(def|class|FUNCTION|function) {name}\b|^\s+(?:async )?#?{name}[(<]"
            assert re.search(defined, source, re.MULTILINE), f"{page.name}: {file} has no {name}"


def test_no_path_was_lost() -> None:
    assert {"one-agent-answer", "one-comment", "one-mail", "one-messenger-message", "one-visitor-message"} <= {
        page.stem for page in PAGES
    }
