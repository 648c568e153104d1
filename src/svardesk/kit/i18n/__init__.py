"""Texts that people read: catalogues in six languages, fallback, plurals, formats.

A catalogue is a ``.po`` file per language and domain (``src/svardesk/locale/nb/LC_MESSAGES/widget.po``) in which the
msgid is the text's key (``widget.send``), also in English: wordings can then be improved without touching code.
Placeholders are ``{name}``; a plural is a pair of keys, ``key_one`` and ``key_other``. Domains: ``agent`` (the agent
app; exported to JSON for its build), ``widget`` (embedded by the server into the frame page), ``server`` (what the
server says itself: errors, away text, system messages).

Catalogues are parsed on first use, one language and domain at a time (below a millisecond each), by a parser of forty
lines: nothing is compiled, so nothing can be stale, and Babel is not loaded.
"""

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final, Literal

from svardesk.kit.i18n.po import parse_po

Locale = Literal["nb", "nn", "da", "sv", "fi", "en"]
LOCALES: Final[tuple[Locale, ...]] = ("nb", "nn", "da", "sv", "fi", "en")
DOMAINS: Final = ("agent", "widget", "server")
FALLBACK: Final[Mapping[str, tuple[str, ...]]] = {
    "nb": ("nb", "en"),
    "nn": ("nn", "nb", "en"),
    "da": ("da", "en"),
    "sv": ("sv", "en"),
    "fi": ("fi", "en"),
    "en": ("en",),
}
# Languages that people here read although we do not write them; everything else falls to the default.
_ALIASES: Final = {"no": "nb", "nob": "nb", "nno": "nn", "dan": "da", "swe": "sv", "fin": "fi", "eng": "en"}
_PLACEHOLDER: Final = re.compile(r"\{([a-z][a-z0-9_]*)\}")


def normalise(locale: str | None, default: str = "nb") -> str:
    """One of ``LOCALES`` for a language tag as browsers and pages write it.

    ``no`` and ``nb-NO`` are ``nb``, ``sv-FI`` is ``sv``, ``en_GB`` is ``en``; unknown or empty gives ``default``.
    """
    if not locale:
        return default
    language = locale.strip().replace("_", "-").split("-", 1)[0].lower()
    language = _ALIASES.get(language, language)
    return language if language in FALLBACK else default


@cache
def catalogue(locale: str, domain: str) -> Mapping[str, str]:
    """All texts of one language and domain as written there, without fallback. Unknown pairs are empty."""
    file = files("svardesk") / "locale" / locale / "LC_MESSAGES" / f"{domain}.po"
    if not file.is_file():
        return {}
    return parse_po(file.read_text("utf-8"))


@cache
def texts(locale: str, domain: str) -> Mapping[str, str]:
    """All texts of a domain for one language, with the fallback filled in (nn → nb → en)."""
    merged: dict[str, str] = {}
    for language in reversed(FALLBACK[normalise(locale)]):
        merged.update({key: value for key, value in catalogue(language, domain).items() if value})
    return merged


def placeholders(template: str) -> set[str]:
    """The names in braces of a template."""
    return set(_PLACEHOLDER.findall(template))


def fill(template: str, values: Mapping[str, object]) -> str:
    """Put values into ``{placeholders}``. A placeholder without a value stays as it is, so that it is seen and mended."""
    return _PLACEHOLDER.sub(lambda match: str(values.get(match[1], match[0])), template)


def text(locale: str | None, domain: str, key: str, **values: object) -> str:
    """The text for ``key`` in a person's language. A key that no catalogue has is returned itself (the check finds it)."""
    found = texts(normalise(locale), domain).get(key, key)
    return fill(found, values) if values else found


def plural(locale: str | None, domain: str, key: str, count: int, **values: object) -> str:
    """The text for ``key_one`` or ``key_other``; ``{count}`` is filled in. All six languages split at exactly one."""
    return text(locale, domain, f"{key}_one" if count == 1 else f"{key}_other", count=count, **values)
