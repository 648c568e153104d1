"""The pages of a form as HTML and headers: the form, its receipt, the question whether somebody wrote. No HTTP in here.

Jinja escapes everything; the policy allows one style sheet and one script of ours, nothing inline, and frames on the
sites of the form's list only.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined

from svardesk.channels.contract import Connection
from svardesk.channels.form import assets
from svardesk.channels.form.config import (
    MAX_FILE,
    MAX_FILES,
    MAX_MESSAGE,
    MAX_NAME,
    MAX_VALUE,
    FormConfig,
    FormField,
    pick,
    read,
)
from svardesk.channels.form.given import PREFIX, TRAP, example
from svardesk.channels.origins import frame_ancestors
from svardesk.kit.i18n import LOCALES, normalise, text
from svardesk.kit.sniff import ALLOWED

THEMES: Final = ("light", "dark")
_ACCEPT: Final = ",".join(sorted({ending for endings in ALLOWED.values() for ending in endings}))
_LANGUAGES: Final = {
    "nb": "Bokmål",
    "nn": "Nynorsk",
    "da": "Dansk",
    "sv": "Svenska",
    "fi": "Suomi",
    "en": "English",
}
_MODES: Final = {"email": ("email", "email"), "phone": ("tel", "tel")}
"""Type of the input and its keyboard; everything else is a text."""
_templates: Final = Environment(
    loader=PackageLoader("svardesk.channels.form"),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=StrictUndefined,
)


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """How a page is shown: language, colours (``""`` as the reader's system), whose name stands on it."""

    locale: str
    theme: str = ""
    name: str = ""

    @property
    def query(self) -> str:
        """What keeps language and colours in an address."""
        return f"lang={self.locale}" + (f"&theme={self.theme}" if self.theme else "")


def languages(lang: str, accept: str) -> list[str]:
    """The languages that somebody wants, best first: the one asked for, then those of the browser."""
    wanted = [normalise(lang, "")] if lang else []
    parts = enumerate(accept[:500].split(","))
    ranked = sorted((-_weight(part), place, part.split(";", 1)[0]) for place, part in parts)
    wanted += [normalise(tag, "") for weight, _, tag in ranked if weight]
    return [one for one in dict.fromkeys(wanted) if one in LOCALES]


def _weight(part: str) -> float:
    """How much somebody wants a language, 0 to 1; 0 for what cannot be read."""
    _, found, number = part.replace(" ", "").partition(";q=")
    try:
        weight = float(number) if found else 1.0
    except ValueError:
        return 0.0
    return weight if 0 <= weight <= 1 else 0.0


def form(
    connection: Connection,
    shown: Shown,
    stamp: str,
    *,
    given: Mapping[str, str] | None = None,
    problems: Mapping[str, str] | None = None,
    notice: str | None = None,
    wait: int | None = None,
) -> str:
    """The form itself; with what was ``given`` before and what is to be mended in it."""
    config = read(connection)
    heading = config.heading(shown.locale)
    said = dict(problems or {})
    fields = _fields(config, shown.locale, given or {}, said)
    minutes = max(1, -(-(wait or 60) // 60))
    return _render(
        "form.html",
        shown,
        title=heading.title or text(shown.locale, "server", "form.title"),
        intro=[part for part in heading.intro.split("\n") if part.strip()],
        action=f"/form/{connection.public_key}?{shown.query}",
        stamp=stamp,
        trap=TRAP,
        fields=fields,
        problems=[(_anchor(fields, name), sentence) for name, sentence in said.items()],
        files=any(one["kind"] == "file" for one in fields),
        again=bool(given),
        notice=text(shown.locale, "server", notice, minutes=minutes) if notice else None,
        others=[(one, _LANGUAGES[one]) for one in config.languages if one != shown.locale],
        address=f"/form/{connection.public_key}",
    )


def receipt(connection: Connection, shown: Shown, number: int | None, promised: str | None, *, by_mail: bool) -> str:
    """What somebody reads after sending: the number, when we answer, that a receipt comes by mail. Nothing of theirs."""
    return _render(
        "receipt.html",
        shown,
        title=text(shown.locale, "server", "form.receipt.title"),
        number=number,
        promised=promised,
        by_mail=by_mail,
        another=f"/form/{connection.public_key}?{shown.query}",
    )


def confirmation(shown: Shown, state: str, *, number: int | None = None, address: str = "") -> str:
    """Whether it was really they who wrote: ``ask``, then ``done``; ``ended`` for links that are none any more."""
    title = text(shown.locale, "server", f"form.confirm.{state}_title")
    return _render("confirm.html", shown, title=title, state=state, number=number, email=address)


def missing(shown: Shown) -> str:
    """There is no form here."""
    return _render("missing.html", shown, title=text(shown.locale, "server", "form.missing_title"))


def headers(origins: Sequence[str] = ()) -> dict[str, str]:
    """The headers of every page; ``origins`` are the sites that may show it in a frame."""
    policy = "; ".join((
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        f"frame-ancestors {frame_ancestors(origins)}",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    ))  # fmt: skip
    return {
        "content-security-policy": policy,
        "cache-control": "no-store",
        "referrer-policy": "strict-origin-when-cross-origin",
        "cross-origin-resource-policy": "cross-origin",
        "x-robots-tag": "noindex",
    }


def _render(template: str, shown: Shown, **values: Any) -> str:
    sheet, script = assets.addresses()

    def say(key: str, **more: object) -> str:
        return text(shown.locale, "server", key, **more)

    return _templates.get_template(template).render(
        t=say, lang=shown.locale, theme=shown.theme, name=shown.name, sheet=sheet, script=script, **values
    )


def _anchor(fields: Sequence[Mapping[str, Any]], name: str) -> str:
    """Where a link in the summary of problems leads: the field, or the first of a group's answers."""
    found = next((one for one in fields if one["name"] == name), None)
    return f"{name}-0" if found and found["kind"] == "radio" else name


def _fields(
    config: FormConfig, locale: str, given: Mapping[str, str], problems: Mapping[str, str]
) -> list[dict[str, Any]]:
    """All questions in their order, as the template shows them."""

    def say(key: str, **more: object) -> str:
        return text(locale, "server", key, **more)

    def one(name: str, kind: str, label: str, **more: Any) -> dict[str, Any]:
        plain: dict[str, Any] = {
            "name": name, "kind": kind, "label": label, "hint": "", "required": False, "value": given.get(name, ""),
            "options": (), "autocomplete": None, "type": "text", "mode": None, "most": None, "accept": None,
            "error": problems.get(name),
        }  # fmt: skip
        found = plain | more
        return {"free": not found["required"], **found}

    both = len(config.answers) > 1
    fields = [one("name", "input", say("form.name"), autocomplete="name", most=MAX_NAME)]
    for kind, form_type, most in (("email", "email", 254), ("phone", "tel", 40)):
        if kind == "phone" and kind not in config.answers:
            continue
        # With two ways to answer each address is needed for one of them: neither obligatory nor free.
        needed = kind in config.answers and not both
        more = {"type": form_type, "mode": form_type, "autocomplete": form_type, "most": most, "required": needed}
        more |= {"free": not needed and not both, "hint": say(f"form.{kind}_hint") if both else ""}
        fields.append(one(kind, "input", say(f"form.{kind}"), **more))
    if both:
        options = [(answer, say(f"form.answer_{answer}")) for answer in config.answers]
        value = given.get("answer", "email")
        fields.append(one("answer", "radio", say("form.answer"), options=options, value=value, required=True))
    if config.topics:
        options = [("", say("form.choose")), *((topic.key, pick(topic.labels, locale)) for topic in config.topics)]
        fields.append(one("topic", "select", say("form.topic"), options=options, required=True))
    fields += [one(PREFIX + field.key, **_own(field, locale, say)) for field in config.fields]
    fields.append(one("message", "area", say("form.message"), required=True, most=MAX_MESSAGE))
    return fields


def _own(field: FormField, locale: str, say: Any) -> dict[str, Any]:
    """One of the organisation's questions as the template shows it."""
    hint = pick(field.hints, locale) or ""
    found: dict[str, Any] = {
        "kind": {"long": "area", "choice": "select", "file": "file"}.get(field.type, "input"),
        "label": pick(field.labels, locale) or field.key,
        "required": field.required,
        "most": MAX_VALUE.get(field.type),
    }
    if field.type == "choice":
        found["options"] = [("", say("form.choose")), *((one.key, pick(one.labels, locale)) for one in field.choices)]
    elif field.type in _MODES:
        found["type"], found["mode"] = _MODES[field.type]
    elif field.type == "order" and field.patterns:
        hint = hint or say("form.example", example=example(field.patterns))
    elif field.type == "file":
        hint = hint or say("form.file_hint", files=MAX_FILES, size=MAX_FILE // 1024 // 1024)
        found["accept"] = _ACCEPT
    return found | {"hint": hint}
