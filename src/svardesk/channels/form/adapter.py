"""The contact form as an adapter: what was filled in comes in; answers go out by the mailbox that the form names.

A form cannot send anything itself. A conversation that came from one is carried by its mailbox from its first message
on; one that no mailbox carries (a phone number only, or none was chosen) stays with the form, whose capabilities say that
nothing can be written there.
"""

from collections.abc import Mapping
from typing import Any, ClassVar, Final, Literal

import msgspec

from svardesk.channels.contract import (
    AdapterBase,
    Attachment,
    Blocked,
    Capabilities,
    Check,
    Connection,
    Content,
    ErrorText,
    Health,
    InboundEvent,
    NotSent,
    OutboundCommand,
    ParseFailed,
    Raw,
    ReconcileResult,
    Reject,
    Sender,
    SendResult,
)
from svardesk.channels.form.config import KIND, FormConfig, pick, read
from svardesk.channels.form.given import Submission
from svardesk.conversations.schemas import FilledIn

REPLY_HEADER: Final = "svardesk-answer-via"
"""Says that the form's mailbox was there when the submission came in."""

_decoder: Final = msgspec.json.Decoder(Submission)


def read_submission(raw: bytes) -> Submission:
    """What an envelope of a form holds; raises ``ParseFailed`` with what is wrong."""
    try:
        found = _decoder.decode(raw)
    except msgspec.ValidationError as error:
        raise ParseFailed("invalid", f"A value of the form has the wrong form: {error}") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise ParseFailed("invalid", "The form is not JSON.") from None
    texts = (found.name, found.email, found.phone, found.topic, found.message, *found.values, *found.values.values())
    if any("\x00" in one for one in texts):
        raise ParseFailed("invalid", "The form holds a character that no text has (U+0000).")
    if not found.email and not found.phone:
        raise ParseFailed("no_address", "The form says neither an e-mail address nor a phone number.")
    if not found.trapped and not found.message.strip():
        raise ParseFailed("empty_message", "The form holds no message.")
    return found


class FormAdapter(AdapterBase):
    """People who fill in a contact form."""

    kind: ClassVar[str] = KIND
    version: ClassVar[int] = 1

    def config_schema(self) -> dict[str, Any]:
        """JSON Schema of a form's settings."""
        schema, components = msgspec.json.schema_components([FormConfig], ref_template="#/$defs/{name}")
        return {"type": "object", "allOf": list(schema), "$defs": components}

    def capabilities(self, connection: Connection) -> Capabilities:
        """Nothing can be sent by a form."""
        del connection
        return Capabilities(windows=(), trust_default="claimed")

    def authenticate(self, headers: Mapping[str, str], raw: bytes, connection: Connection) -> Reject:
        """Nobody posts for a form with a signature: its own page and endpoint take what people send."""
        del headers, raw, connection
        return Reject(status=404)

    def parse(self, raw: Raw, connection: Connection) -> list[InboundEvent]:
        """The submission as a message, or as ``spam`` when the field was filled in that people do not see."""
        sent = read_submission(raw.body)
        config = read(connection)
        kind: Literal["email", "phone"] = "email" if sent.email else "phone"
        sender = Sender(
            external_id=sent.email or sent.phone,
            display=sent.name or None,
            trust="claimed",
            address_kind=kind,
            also=(("phone", sent.phone),) if sent.phone and sent.email else (),
        )
        common: dict[str, Any] = {
            "idempotency_key": str(sent.id),
            "external_thread_key": f"form:{sent.id}",
            "sender": sender,
            "occurred_at": raw.received_at,
            "locale": sent.locale,
        }
        if sent.trapped:
            return [InboundEvent(type="spam", **common)]
        topic = next((one for one in config.topics if one.key == sent.topic), None)
        via = config.reply_connection_id if sent.email and raw.headers.get(REPLY_HEADER) == "yes" else None
        subject = (pick(topic.labels, sent.locale) if topic else None) or config.heading(sent.locale).title or None
        files = tuple(Attachment(ref=f"file:{one.id}", file_id=one.id, name=one.name) for one in sent.files)
        return [
            InboundEvent(
                type="message",
                content=Content(text=sent.message, attachments=files),
                client_id=sent.id,
                automated=False,
                subject=subject,
                actor=actor(sent),
                fields=tuple(_fields(config, sent)),
                team_id=topic.team_id if topic else None,
                answer_via=via,
                receipt=bool(sent.email),
                **common,
            )
        ]

    async def send(self, command: OutboundCommand) -> SendResult:
        """There is no way back through a form."""
        del command
        return Blocked(by="policy", code="no_way_back")

    async def reconcile(self, command: OutboundCommand) -> ReconcileResult:
        """Nothing ever went out."""
        del command
        return NotSent()

    async def health(self, connection: Connection) -> Health:
        """A form works as long as its answers have a mailbox that carries them."""
        config = read(connection)
        carried = config.reply_connection_id is not None or "email" not in config.answers
        check = Check(name="mailbox", ok=carried, detail="" if carried else "no mailbox carries the answers")
        return Health(status="ok" if carried else "degraded", checks=(check,))

    def describe_error(self, code: str) -> ErrorText:
        """An answer that was written although nothing carries it."""
        del code
        return ErrorText(error_class="connection", text_key="way.no_mailbox")


def actor(sent: Submission) -> str:
    """Who uploads a submission's files and writes its message."""
    return f"form:{sent.id}"


def _fields(config: FormConfig, sent: Submission) -> list[FilledIn]:
    """What an agent reads above the text: the topic, the own fields in the form's order, how an answer is wanted."""
    found: list[FilledIn] = []
    topic = next((one for one in config.topics if one.key == sent.topic), None)
    if topic is not None:
        found.append(FilledIn(name="topic", label="", kind="topic", value=pick(topic.labels, sent.locale) or topic.key))
    known: set[str] = set()
    for field in config.fields:
        known.add(field.key)
        value = sent.values.get(field.key)
        label = pick(field.labels, sent.locale) or field.key
        if field.type == "file":
            value = ", ".join(one.name for one in sent.files if one.field == field.key)
        elif field.type == "choice":
            choice = next((one for one in field.choices if one.key == value), None)
            value = pick(choice.labels, sent.locale) if choice else value
        if value:
            found.append(FilledIn(name=field.key, label=label, kind=field.type, value=value))
    # The form was changed while somebody filled in the old one: nothing of theirs is dropped.
    found += [
        FilledIn(name=key, label=key, kind="text", value=value)
        for key, value in sent.values.items()
        if key not in known and value
    ]
    if sent.phone:
        found.append(FilledIn(name="phone", label="", kind="phone", value=sent.phone))
    if sent.answer == "phone" or len(config.answers) > 1:
        found.append(
            FilledIn(name="answer", label="", kind="answer", value="phone" if sent.answer == "phone" else "email")
        )
    return found
