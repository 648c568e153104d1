"""``python -m svardesk.kit.i18n export|check|put|sort``: the catalogues as commands.

* ``export``: write ``web/agent/src/texts/<locale>.json`` for the agent app's build.
* ``check``: complain about missing, empty, unused and differing texts; exit status 1 when there is anything.
* ``put DOMAIN FILE``: add or replace texts from a JSON file ``{"key": {"nb": "…", "nn": "…", …}}`` (``-`` = stdin).
* ``sort``: rewrite every catalogue with sorted keys.
"""

import json
import sys
from pathlib import Path

from svardesk.kit.i18n import DOMAINS, LOCALES, texts
from svardesk.kit.i18n.checking import check_catalogues
from svardesk.kit.i18n.po import comments_of, parse_po, write_po

ROOT = Path(__file__).resolve().parents[4]


def _export(root: Path) -> None:
    folder = root / "web/agent/src/texts"
    folder.mkdir(parents=True, exist_ok=True)
    for locale in LOCALES:
        body = json.dumps(dict(sorted(texts(locale, "agent").items())), ensure_ascii=False, indent=0) + "\n"
        target = folder / f"{locale}.json"
        # An unchanged file keeps its time, so that the web build does not run again.
        if not target.is_file() or target.read_text("utf-8") != body:
            target.write_text(body, "utf-8")


def _check(root: Path) -> int:
    complaints = check_catalogues(root)
    for complaint in complaints:
        sys.stdout.write(f"{complaint}\n")
    if complaints:
        sys.stdout.write(f"{len(complaints)} complaints about the catalogues\n")
    return 1 if complaints else 0


def _rewrite(root: Path, domain: str, added: dict[str, dict[str, str]]) -> None:
    for locale in LOCALES:
        path = root / "src/svardesk/locale" / locale / "LC_MESSAGES" / f"{domain}.po"
        path.parent.mkdir(parents=True, exist_ok=True)
        source = path.read_text("utf-8") if path.is_file() else ""
        merged = parse_po(source)
        merged.update({key: translations[locale] for key, translations in added.items() if locale in translations})
        path.write_text(write_po(locale, merged, comments_of(source)), "utf-8")


def main(arguments: list[str]) -> int:
    """Run one command; the exit status."""
    match arguments:
        case ["export"]:
            _export(ROOT)
        case ["check"]:
            return _check(ROOT)
        case ["put", domain, file] if domain in DOMAINS:
            raw = sys.stdin.read() if file == "-" else Path(file).read_text("utf-8")
            _rewrite(ROOT, domain, json.loads(raw))
        case ["sort"]:
            for domain in DOMAINS:
                _rewrite(ROOT, domain, {})
        case _:
            sys.stdout.write(__doc__ or "")
            return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
