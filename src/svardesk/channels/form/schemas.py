"""What goes over the form's JSON endpoint."""

from typing import Annotated

import msgspec

from svardesk.channels.form.config import MAX_FILE, MAX_FILES, MAX_MESSAGE


class FileIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file of a form: the key of its field, its name, its content in base64."""

    field: Annotated[str, msgspec.Meta(max_length=40)]
    name: Annotated[str, msgspec.Meta(max_length=300)]
    content: bytes


class FormIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A form that a shop's own page sends. ``stamp`` comes from ``GET`` of the same address, fetched with the page.

    ``values`` are the organisation's own fields by key. The same content with the same stamp is taken once.
    """

    stamp: Annotated[str, msgspec.Meta(max_length=200)]
    name: Annotated[str, msgspec.Meta(max_length=1000)] = ""
    email: Annotated[str, msgspec.Meta(max_length=1000)] = ""
    phone: Annotated[str, msgspec.Meta(max_length=1000)] = ""
    answer: Annotated[str, msgspec.Meta(max_length=40)] = ""
    topic: Annotated[str, msgspec.Meta(max_length=40)] = ""
    message: Annotated[str, msgspec.Meta(max_length=MAX_MESSAGE * 2)] = ""
    values: Annotated[dict[str, Annotated[str, msgspec.Meta(max_length=MAX_MESSAGE)]], msgspec.Meta(max_length=40)] = {}
    files: Annotated[list[FileIn], msgspec.Meta(max_length=20)] = []
    lang: Annotated[str, msgspec.Meta(max_length=20)] = ""


class FormReceipt(msgspec.Struct, frozen=True, kw_only=True):
    """The form was taken: the conversation's number (null while it is still being made), when we answer, a receipt page."""

    number: int | None
    promised: str | None
    url: str


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """One of the organisation's own fields, in one language."""

    key: str
    type: str
    label: str
    hint: str | None
    required: bool
    choices: list[dict[str, str]]
    patterns: list[str]


class FormAsks(msgspec.Struct, frozen=True, kw_only=True):
    """What a form asks, in one language, and the stamp to send it with."""

    stamp: str
    locale: str
    title: str
    intro: str
    topics: list[dict[str, str]]
    answers: list[str]
    fields: list[Question]
    max_message: int = MAX_MESSAGE
    max_file: int = MAX_FILE
    max_files: int = MAX_FILES
