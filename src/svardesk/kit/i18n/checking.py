"""Are the catalogues complete, do their placeholders agree, is every key used and every used key there?

Keys are found in the sources, not by running them: Python below ``src/svardesk``, TypeScript below ``web``. A key counts
as used when it stands somewhere as a whole string literal, when its plural stem does, or when a literal is built from
its beginning (``f"error.{code}"``, `` t(`state.${state}`) ``). A key counts as asked for when it is the literal argument
of ``t``, ``tn``, ``text``, ``plural`` (or of a method with such a name).
"""

import re
from collections.abc import Iterator
from pathlib import Path

from svardesk.kit.i18n import DOMAINS, LOCALES, placeholders
from svardesk.kit.i18n.po import parse_po

_KEY = r"[a-z][a-z0-9_]*(?:\.[A-Za-z0-9_]+)+"
_LITERAL = re.compile(rf"""["'`]({_KEY})["'`]""")
_PREFIX = re.compile(r"""["'`]([a-z][a-z0-9_]*\.(?:[A-Za-z0-9_]+\.?)*[_.]?)\$?\{""")
_JOINED = re.compile(r"""["']([a-z][a-z0-9_]*\.(?:[A-Za-z0-9_]+\.)*)["']\s*\+""")
_ASKED = re.compile(
    rf"""\b(t|tn|text|plural)\(\s*(?:[\w.\[\]()]+\s*,\s*)?(?:["'](agent|widget|server)["']\s*,\s*)?["'`]({_KEY})["'`]"""
)


def read_catalogues(root: Path) -> tuple[dict[tuple[str, str], dict[str, str]], list[str]]:
    """All catalogues below a checkout's root by (locale, domain), and complaints about those that cannot be read."""
    found: dict[tuple[str, str], dict[str, str]] = {}
    complaints: list[str] = []
    for locale in LOCALES:
        for domain in DOMAINS:
            path = root / "src/svardesk/locale" / locale / "LC_MESSAGES" / f"{domain}.po"
            name = path.relative_to(root)
            if not path.is_file():
                complaints.append(f"{name}: is missing")
                continue
            try:
                found[locale, domain] = parse_po(path.read_text("utf-8"))
            except ValueError as error:
                complaints.append(f"{name}: {error}")
    return found, complaints


def sources(root: Path) -> Iterator[tuple[Path, str]]:
    """The files in which keys may stand, with their text."""
    for folder, endings in (("src/svardesk", (".py", ".html", ".j2")), ("web", (".ts", ".tsx"))):
        for path in sorted((root / folder).rglob("*")):
            parts = path.relative_to(root).parts
            # Tests ask for keys too, but a key that only a test names is not used.
            aside = {"node_modules", "static", "texts", "dist", "tests"} & set(parts) or ".test." in path.name
            if path.suffix in endings and not aside:
                yield path, path.read_text("utf-8")


def check_catalogues(root: Path) -> list[str]:
    """Everything that is wrong, one sentence each; empty when all is well."""
    found, complaints = read_catalogues(root)
    keys_of: dict[str, set[str]] = {domain: set() for domain in DOMAINS}
    for (_, domain), texts in found.items():
        keys_of[domain] |= set(texts)
    complaints += _incomplete(found, keys_of)
    literals: set[str] = set()
    prefixes: set[str] = set()
    every = set().union(*keys_of.values())
    stems = {key.removesuffix("_one").removesuffix("_other") for key in every}
    for path, source in sources(root):
        literals |= set(_LITERAL.findall(source))
        prefixes |= set(_PREFIX.findall(source)) | set(_JOINED.findall(source))
        for _, domain, key in _ASKED.findall(source):
            known = keys_of[domain] if domain else every
            if key not in known and not (key in stems or f"{key}_other" in known):
                complaints.append(f"{path.relative_to(root)}: asks for {key}, which no catalogue has")
    for domain, keys in keys_of.items():
        for key in sorted(keys):
            stem = key.removesuffix("_one").removesuffix("_other")
            if key in literals or stem in literals or any(key.startswith(prefix) for prefix in prefixes):
                continue
            complaints.append(f"{domain}.po: {key} is used nowhere")
    return complaints


def _incomplete(found: dict[tuple[str, str], dict[str, str]], keys_of: dict[str, set[str]]) -> Iterator[str]:
    for (locale, domain), texts in found.items():
        name = f"{locale}/{domain}.po"
        for key in sorted(keys_of[domain]):
            if not texts.get(key, "").strip():
                yield f"{name}: {key} has no text"
                continue
            if key.endswith("_one") and f"{key[:-4]}_other" not in keys_of[domain]:
                yield f"{name}: {key} has no {key[:-4]}_other"
            reference = found.get(("nb", domain), {}).get(key, "")
            if not key.endswith("_one") and placeholders(texts[key]) != placeholders(reference):
                wanted = ", ".join(sorted(placeholders(reference))) or "none"
                yield f"{name}: {key} has other placeholders than nb ({wanted})"
            elif key.endswith("_one") and not placeholders(texts[key]) <= placeholders(reference) | {"count"}:
                yield f"{name}: {key} has placeholders that nb does not know"
