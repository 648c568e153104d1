"""What a form asks, as its owner set it: languages, texts, fields, topics. Pure.

Every form has a name, an address to be answered at and the message itself; ``fields`` come between them. An order number
is described by patterns in which ``#`` is a digit, ``@`` a letter and everything else stands for itself (``FN-#####``):
a form's owner can write them, and no pattern can keep a server busy.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Final, Literal
from uuid import UUID

import msgspec

from svardesk.channels import origins
from svardesk.channels.contract import Connection
from svardesk.kit.errors import Unprocessable
from svardesk.kit.i18n import FALLBACK, LOCALES, Locale

KIND: Final = "form"
ANSWERS: Final = ("email", "phone")
CORE: Final = frozenset({"name", "email", "phone", "topic", "answer", "message"})
"""What every form has; an organisation's own field cannot be called so."""
MAX_VALUE: Final = {"text": 300, "long": 4000, "choice": 120, "email": 254, "phone": 40, "order": 60}
MAX_MESSAGE: Final = 8000
MAX_NAME: Final = 120
MAX_FILE: Final = 10 * 1024 * 1024
MAX_FILES: Final = 5

FieldType = Literal["text", "long", "choice", "email", "phone", "order", "file"]
AnswerBy = Literal["email", "phone"]
Key = Annotated[str, msgspec.Meta(pattern="^[a-z][a-z0-9_]{0,39}$")]
Label = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Labels = Annotated[dict[Locale, Label], msgspec.Meta(max_length=6)]
Pattern = Annotated[str, msgspec.Meta(min_length=1, max_length=40)]


class BadForm(Unprocessable):
    """The form cannot be like that."""

    code = "bad_form"


class Heading(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What stands above the fields in one language."""

    title: Annotated[str, msgspec.Meta(max_length=120)] = ""
    intro: Annotated[str, msgspec.Meta(max_length=2000)] = ""


class Choice(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One of the answers that can be picked."""

    key: Key
    labels: Labels


class FormField(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One of the organisation's own questions; ``choices`` only for a choice, ``patterns`` only for an order number."""

    key: Key
    type: FieldType
    labels: Labels
    hints: Labels = {}
    required: bool = False
    choices: Annotated[list[Choice], msgspec.Meta(max_length=50)] = []
    patterns: Annotated[list[Pattern], msgspec.Meta(max_length=10)] = []


class Topic(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What somebody may write about, and which team takes it (None: the form's own)."""

    key: Key
    labels: Labels
    team_id: UUID | None = None


class FormConfig(msgspec.Struct, frozen=True, kw_only=True):
    """A form. ``languages``: those it is offered in, the first for everybody else. ``origins``: who may embed it.

    ``reply_connection_id``: the mailbox that carries the answers. ``answers``: how they can be wished for.
    """

    languages: Annotated[list[Locale], msgspec.Meta(min_length=1, max_length=6)] = msgspec.field(
        default_factory=lambda: list[Locale](("nb",))
    )
    texts: dict[Locale, Heading] = {}
    fields: Annotated[list[FormField], msgspec.Meta(max_length=20)] = []
    topics: Annotated[list[Topic], msgspec.Meta(max_length=30)] = []
    origins: list[str] = []
    answers: Annotated[list[AnswerBy], msgspec.Meta(min_length=1, max_length=2)] = msgspec.field(
        default_factory=lambda: list[AnswerBy](("email",))
    )
    reply_connection_id: UUID | None = None

    def language(self, wanted: Iterable[str]) -> str:
        """The first of ``wanted`` that the form is offered in, else the form's first."""
        return next((one for one in wanted if one in self.languages), self.languages[0])

    def heading(self, locale: str) -> Heading:
        """What stands above the fields in a language, or the nearest one that has been written."""
        return pick(self.texts, locale) or Heading()


def read(connection: Connection) -> FormConfig:
    """The settings of a form's connection; one that cannot be read asks the least that a form asks."""
    try:
        return msgspec.convert(connection.config, FormConfig)
    except msgspec.ValidationError:
        return FormConfig()


def pick(labels: Mapping[Any, Any], locale: str) -> Any:
    """The text in a language, else in the next one that its readers know, else in any; None when there is none."""
    for one in (*FALLBACK.get(locale, ()), *LOCALES):
        if one in labels:
            return labels[one]
    return None


def check(config: FormConfig) -> FormConfig:
    """The settings as they are stored; raises ``BadForm`` or ``BadOrigin`` with what is wrong."""
    if len(set(config.languages)) != len(config.languages):
        raise BadForm(None, "A language is listed twice.", field="languages")
    if len(set(config.answers)) != len(config.answers):
        raise BadForm(None, "A way to answer is listed twice.", field="answers")
    _distinct("fields", [one.key for one in config.fields])
    _distinct("topics", [one.key for one in config.topics])
    for field in config.fields:
        _check_field(field)
    for topic in config.topics:
        _labelled("topics", topic.key, topic.labels)
    cleaned = msgspec.convert(_clean(msgspec.to_builtins(config)), FormConfig)
    return msgspec.structs.replace(cleaned, origins=origins.normalise_all(config.origins))


def _check_field(field: FormField) -> None:
    if field.key in CORE:
        raise BadForm(None, f"Every form has {field.key} already; call the field something else.", field="fields")
    _labelled("fields", field.key, field.labels)
    if (field.type == "choice") != bool(field.choices):
        raise BadForm(
            None, f"The field {field.key}: a choice has answers to pick from, no other kind has.", field="fields"
        )
    if field.patterns and field.type != "order":
        raise BadForm(None, f"The field {field.key}: only order numbers have patterns.", field="fields")
    if any("#" not in one and "@" not in one for one in field.patterns):
        raise BadForm(None, f"The field {field.key}: write # for each digit and @ for each letter.", field="fields")
    _distinct(f"the answers of {field.key}", [one.key for one in field.choices], "fields")
    for choice in field.choices:
        _labelled("fields", choice.key, choice.labels)


def _labelled(where: str, key: str, labels: Mapping[Locale, str]) -> None:
    if not any(label.strip() for label in labels.values()):
        raise BadForm(None, f"{key} has no text in any language.", field=where)


def _distinct(what: str, keys: list[str], field: str | None = None) -> None:
    twice = next((key for key in keys if keys.count(key) > 1), None)
    if twice is not None:
        raise BadForm(None, f"In {what}, two are called {twice}.", field=field or what)


def _clean(value: Any) -> Any:
    """Texts without NUL and without blanks at their ends; languages in which nothing was written left out."""
    if isinstance(value, str):
        return value.replace("\x00", "").strip()
    if isinstance(value, list):
        return [_clean(one) for one in value]
    if isinstance(value, dict):
        return {key: clean for key, one in value.items() if (clean := _clean(one)) != "" or key not in LOCALES}
    return value


def fits(patterns: Iterable[str], value: str) -> bool:
    """Whether an order number is written as one of ``patterns``; upper and lower case are the same."""
    listed = list(patterns)
    return not listed or any(re.fullmatch(expression(one), value, re.IGNORECASE) for one in listed)


def expression(pattern: str) -> str:
    """A pattern as a regular expression without repetition: its time is the length of the value."""
    return "".join("[0-9]" if one == "#" else "[A-Za-zÆØÅÄÖæøåäö]" if one == "@" else re.escape(one) for one in pattern)
