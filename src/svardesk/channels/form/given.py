"""What somebody filled in: read, checked against the form, said in their language what is missing. Pure."""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Annotated, Any, Final
from uuid import UUID, uuid5

import msgspec

from svardesk.channels.addresses import BadAddress, check_email, check_phone
from svardesk.channels.form.config import (
    MAX_FILE,
    MAX_FILES,
    MAX_MESSAGE,
    MAX_NAME,
    MAX_VALUE,
    FormConfig,
    FormField,
    fits,
)
from svardesk.kit.i18n import text
from svardesk.kit.jsons import encode

PREFIX: Final = "f_"
"""Before the organisation's own fields, so that none can be mistaken for one that every form has."""
TRAP: Final = "subject_line"
"""A field that people do not see. Robots fill it in; what they send is kept, and nobody is bothered with it."""

Value = Annotated[str, msgspec.Meta(max_length=MAX_MESSAGE)]


class StoredFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file of a submission that lies in the store: in which field it was given, its id, its name."""

    field: str
    id: UUID
    name: Annotated[str, msgspec.Meta(max_length=200)]


class Submission(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A form as it was sent, with its files put aside: what an envelope holds, and what the parser reads.

    ``id`` is the same for the same content sent twice with one token, and another one for other content.
    """

    id: UUID
    locale: Annotated[str, msgspec.Meta(max_length=10)] = "nb"
    name: Annotated[str, msgspec.Meta(max_length=MAX_NAME)] = ""
    email: Annotated[str, msgspec.Meta(max_length=254)] = ""
    phone: Annotated[str, msgspec.Meta(max_length=40)] = ""
    answer: Annotated[str, msgspec.Meta(max_length=10)] = "email"
    topic: Annotated[str, msgspec.Meta(max_length=40)] = ""
    message: Value = ""
    values: dict[str, Value] = {}
    files: Annotated[list[StoredFile], msgspec.Meta(max_length=50)] = []
    trapped: bool = False


class Offered(msgspec.Struct, frozen=True, kw_only=True):
    """A file that somebody wants to send: its field, what is wrong with it already (a text key), or its size and hash."""

    field: str
    name: str
    size: int
    digest: bytes = b""
    refused: str | None = None


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """A submission that can be taken (``problems`` empty), or what is to be mended: field → sentence, in the form's order."""

    submission: Submission
    problems: dict[str, str]


def check(
    config: FormConfig, given: Mapping[str, str], files: Sequence[Offered], *, nonce: UUID, locale: str
) -> Checked:
    """Check what was filled in (HTML names → values) and the files that were offered with it."""
    values = {key: _plain(value) for key, value in given.items()}
    problems: dict[str, str] = {}

    def wrong(field: str, key: str, **more: object) -> None:
        problems.setdefault(field, text(locale, "server", key, **more))

    name = " ".join(values.get("name", "").split())
    if len(name) > MAX_NAME:
        wrong("name", "form.error.too_long", most=MAX_NAME)
    answer = values.get("answer", "")
    if len(config.answers) == 1:
        answer = config.answers[0]
    elif answer not in config.answers:
        wrong("answer", "form.error.answer")
    email, phone = _addresses(config, values, answer, wrong)
    topic = values.get("topic", "")
    if config.topics and topic not in {one.key for one in config.topics}:
        wrong("topic", "form.error.topic")
    own: dict[str, str] = {}
    for field in config.fields:
        if field.type != "file":
            own[field.key] = _own(field, values.get(PREFIX + field.key, ""), wrong)
    message = values.get("message", "")
    if not message:
        wrong("message", "form.error.message")
    elif len(message) > MAX_MESSAGE:
        wrong("message", "form.error.too_long", most=MAX_MESSAGE)
    _files(config, files, wrong)
    ordered = [*("name", "email", "phone", "answer", "topic"), *(PREFIX + one.key for one in config.fields), "message"]
    submission = Submission(
        id=nonce,
        locale=locale,
        name=name[:MAX_NAME],
        email=email[:254],
        phone=phone[:40],
        answer=answer[:10],
        topic=topic[:40],
        message=message[:MAX_MESSAGE],
        values={key: value for key, value in own.items() if value},
        trapped=bool(values.get(TRAP, "")),
    )
    made = msgspec.structs.replace(submission, id=_identity(nonce, submission, files))
    return Checked(submission=made, problems={key: problems[key] for key in ordered if key in problems})


def _addresses(config: FormConfig, values: Mapping[str, str], answer: str, wrong: Any) -> tuple[str, str]:
    email, phone = values.get("email", ""), values.get("phone", "")
    if email:
        try:
            email = check_email(email)
        except BadAddress:
            wrong("email", "form.error.email")
    elif answer == "email":
        wrong("email", "form.error.email_needed")
    if "phone" not in config.answers:
        return email, ""
    if phone:
        try:
            phone = check_phone(phone)
        except BadAddress:
            wrong("phone", "form.error.phone")
    elif answer == "phone":
        wrong("phone", "form.error.phone_needed")
    return email, phone


def _own(field: FormField, value: str, wrong: Any) -> str:
    name = PREFIX + field.key
    if not value:
        if field.required:
            wrong(name, "form.error.choose" if field.type == "choice" else "form.error.needed")
        return ""
    if len(value) > MAX_VALUE[field.type]:
        wrong(name, "form.error.too_long", most=MAX_VALUE[field.type])
        return value[: MAX_VALUE[field.type]]
    if field.type != "long":
        value = " ".join(value.split())
    if field.type == "choice" and value not in {one.key for one in field.choices}:
        wrong(name, "form.error.choose")
    elif field.type == "order" and not fits(field.patterns, value):
        wrong(name, "form.error.order", example=example(field.patterns))
    elif field.type in {"email", "phone"}:
        try:
            value = check_email(value) if field.type == "email" else check_phone(value)
        except BadAddress:
            wrong(name, f"form.error.{field.type}")
    return value


def _files(config: FormConfig, files: Sequence[Offered], wrong: Any) -> None:
    fields = {PREFIX + one.key: one for one in config.fields if one.type == "file"}
    counted = 0
    for one in files:
        if one.field not in fields:
            continue
        counted += 1
        if one.refused:
            wrong(one.field, one.refused, name=one.name, most=MAX_FILE // 1024 // 1024)
        elif counted > MAX_FILES:
            wrong(one.field, "form.error.many_files", most=MAX_FILES)
    for name, field in fields.items():
        if field.required and not any(one.field == name for one in files):
            wrong(name, "form.error.file_needed")


def example(patterns: Sequence[str]) -> str:
    """How an order number may look: the first pattern with figures and letters in it."""
    if not patterns:
        return ""
    digits, letters = iter("123456789" * 10), iter("ABCDEFGHIJ" * 10)
    return "".join(next(digits) if one == "#" else next(letters) if one == "@" else one for one in patterns[0])


def _identity(nonce: UUID, submission: Submission, files: Sequence[Offered]) -> UUID:
    """The same content with the same token is the same submission. Somebody who went back and wrote more loses nothing."""
    parts = [encode(submission), *(f"{one.field}\0{one.name}\0{one.size}\0".encode() + one.digest for one in files)]
    return uuid5(nonce, sha256(b"\1".join(parts)).hexdigest())


def _plain(value: str) -> str:
    """A value without NUL and other characters that no text has, with one kind of line end."""
    clean = value.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", "ignore").decode()
    return "".join(one for one in clean if one in "\n\t" or (one.isprintable() or ord(one) > 159)).strip()
