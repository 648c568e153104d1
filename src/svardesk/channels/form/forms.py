"""Forms of an organisation: making and changing them, and which mailbox carries their answers."""

import secrets as randomness
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from psycopg.types.json import Jsonb

from svardesk.accounts import audit
from svardesk.accounts.caller import Actor, Caller
from svardesk.channels.connections import QUERIES as CONNECTIONS
from svardesk.channels.connections import REMEMBERED, NoSuchConnection, of_row
from svardesk.channels.events import ConnectionChanged
from svardesk.channels.form.config import KIND, AnswerBy, BadForm, FormConfig, FormField, Heading, Topic, check, read
from svardesk.channels.form.promise import QUERIES
from svardesk.channels.form.taking import REPLY_KINDS
from svardesk.channels.references import UnknownReference, VersionConflict, check_references
from svardesk.kit.db import Row, Tx
from svardesk.kit.errors import Unprocessable
from svardesk.kit.i18n import Locale
from svardesk.kit.ids import uuid7
from svardesk.kit.jsons import encode
from svardesk.spine import record

LARGEST = 60_000
"""Bytes of JSON that a form's settings may take."""
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=120)]


class FormView(msgspec.Struct, frozen=True, kw_only=True):
    """A form and all that it asks. ``key`` names it to the outside."""

    id: UUID
    name: str
    key: str
    languages: list[Locale]
    texts: dict[Locale, Heading]
    fields: list[FormField]
    topics: list[Topic]
    origins: list[str]
    answers: list[AnswerBy]
    reply_connection_id: UUID | None
    brand_id: UUID | None
    team_id: UUID | None
    calendar_id: UUID | None
    status: str
    version: int


class FormValues(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What can be set; left out stays as it is."""

    name: Name | msgspec.UnsetType = msgspec.UNSET
    languages: Annotated[list[Locale], msgspec.Meta(min_length=1, max_length=6)] | msgspec.UnsetType = msgspec.UNSET
    texts: dict[Locale, Heading] | msgspec.UnsetType = msgspec.UNSET
    fields: Annotated[list[FormField], msgspec.Meta(max_length=20)] | msgspec.UnsetType = msgspec.UNSET
    topics: Annotated[list[Topic], msgspec.Meta(max_length=30)] | msgspec.UnsetType = msgspec.UNSET
    origins: list[Annotated[str, msgspec.Meta(max_length=300)]] | msgspec.UnsetType = msgspec.UNSET
    answers: Annotated[list[AnswerBy], msgspec.Meta(min_length=1, max_length=2)] | msgspec.UnsetType = msgspec.UNSET
    reply_connection_id: UUID | msgspec.UnsetType | None = msgspec.UNSET
    brand_id: UUID | msgspec.UnsetType | None = msgspec.UNSET
    team_id: UUID | msgspec.UnsetType | None = msgspec.UNSET
    calendar_id: UUID | msgspec.UnsetType | None = msgspec.UNSET
    version: int | msgspec.UnsetType = msgspec.UNSET


class Mailbox(msgspec.Struct, frozen=True):
    """A connection that can carry a form's answers."""

    id: UUID
    name: str


def new_key() -> str:
    """A form's public key: stands in its address, opens nothing."""
    return "fk_" + randomness.token_urlsafe(12).replace("-", "x").replace("_", "y")


async def create(tx: Tx, now: datetime, by: Caller | Actor, values: FormValues, *, key: str | None = None) -> FormView:
    """Make a form; ``key`` only for the demo, which needs a known one. Raises as ``change`` does."""
    row: Row = {
        "id": uuid7(), "name": "", "config": {}, "brand_id": None, "team_id": None, "calendar_id": None,
    }  # fmt: skip
    await _apply(tx, row, values)
    await tx.run(
        CONNECTIONS.add_connection,
        account_id=tx.account,
        id=row["id"],
        kind=KIND,
        name=row["name"],
        public_key=key or new_key(),
        brand_id=row["brand_id"],
        team_id=row["team_id"],
        calendar_id=row["calendar_id"],
        config=Jsonb(row["config"]),
        secrets=None,
        now=now,
    )
    await audit.note(tx, by, "form.created", "connection", row["id"])
    await record(tx, ConnectionChanged(stream=row["id"], version=1))
    return view(await _one(tx, row["id"]))


async def list_all(tx: Tx) -> list[FormView]:
    """All forms, oldest first."""
    return [view(row) for row in await tx.all(CONNECTIONS.connections, account_id=tx.account, kind=KIND)]


async def mailboxes(tx: Tx) -> list[Mailbox]:
    """The mailboxes that can carry answers."""
    rows = await tx.all(QUERIES.mailboxes, account_id=tx.account, kinds=list(REPLY_KINDS))
    return [Mailbox(row["id"], row["name"]) for row in rows]


async def change(tx: Tx, by: Caller | Actor, form_id: UUID, values: FormValues) -> FormView:
    """Change a form. A mailbox that is chosen now carries the earlier conversations too that had none.

    Raises ``NoSuchConnection``, ``VersionConflict``, ``BadForm``, ``BadOrigin``, ``UnknownReference``.
    """
    row = await _one(tx, form_id)
    if values.version is not msgspec.UNSET and values.version != row["version"]:
        raise VersionConflict(version=row["version"])
    await _apply(tx, row, values)
    await tx.run(
        CONNECTIONS.change_connection,
        account_id=tx.account,
        id=form_id,
        name=row["name"],
        brand_id=row["brand_id"],
        team_id=row["team_id"],
        calendar_id=row["calendar_id"],
        config=Jsonb(row["config"]),
    )
    mailbox = values.reply_connection_id
    if mailbox is not msgspec.UNSET and mailbox is not None:
        await tx.run(QUERIES.carry_answers, account_id=tx.account, connection_id=form_id, mailbox_id=mailbox)
    changed = [name for name in values.__struct_fields__ if getattr(values, name) is not msgspec.UNSET]
    await audit.note(tx, by, "form.changed", "connection", form_id, fields=sorted(set(changed) - {"version"}))
    row = await _one(tx, form_id)
    await record(tx, ConnectionChanged(stream=form_id, version=row["version"]))
    tx.after_commit(REMEMBERED.forget)
    return view(row)


async def archive(tx: Tx, now: datetime, by: Caller | Actor, form_id: UUID) -> None:
    """Take a form out of service; its conversations stay."""
    row = await _one(tx, form_id)
    await tx.run(CONNECTIONS.archive_connection, account_id=tx.account, id=form_id, now=now)
    await audit.note(tx, by, "form.archived", "connection", form_id)
    await record(tx, ConnectionChanged(stream=form_id, version=row["version"] + 1))
    tx.after_commit(REMEMBERED.forget)


def view(row: Row) -> FormView:
    """A row as the settings page shows it."""
    config = read(of_row(row))
    return FormView(
        id=row["id"],
        name=row["name"],
        key=row["public_key"],
        brand_id=row["brand_id"],
        team_id=row["team_id"],
        calendar_id=row["calendar_id"],
        status=row["status"],
        version=row["version"],
        **{name: getattr(config, name) for name in FormConfig.__struct_fields__},
    )


async def _one(tx: Tx, form_id: UUID) -> Row:
    row = await tx.maybe(CONNECTIONS.lock_connection, account_id=tx.account, id=form_id)
    if row is None or row["kind"] != KIND:
        raise NoSuchConnection
    return row


async def _apply(tx: Tx, row: Row, values: FormValues) -> None:
    """Put the values into the row, checked against each other and against what there is in the organisation."""
    for name in ("name", "brand_id", "team_id", "calendar_id"):
        value = getattr(values, name)
        if value is not msgspec.UNSET:
            row[name] = value
    row["name"] = " ".join(str(row["name"]).replace("\x00", "").split())
    if not row["name"]:
        raise Unprocessable("name_missing", "Give the form a name.", field="name")
    config = msgspec.convert(row["config"], FormConfig)
    said = {name: getattr(values, name) for name in FormConfig.__struct_fields__}
    config = check(
        msgspec.structs.replace(config, **{key: one for key, one in said.items() if one is not msgspec.UNSET})
    )
    await check_references(tx, row)
    wanted = {one.team_id for one in config.topics if one.team_id is not None}
    there = {one["id"] for one in await tx.all(QUERIES.known_teams, account_id=tx.account, ids=list(wanted))}
    if values.topics is not msgspec.UNSET and wanted - there:
        raise UnknownReference(None, "A topic names a team that is not there any more.", field="topics")
    mailbox = values.reply_connection_id
    if mailbox is not msgspec.UNSET and mailbox is not None:
        kinds = list(REPLY_KINDS)
        if not await tx.value(QUERIES.mailbox_there, account_id=tx.account, id=mailbox, kinds=kinds):
            raise UnknownReference(None, "That mailbox is not there any more.", field="reply_connection_id")
    row["config"] = msgspec.to_builtins(config)
    if len(encode(row["config"])) > LARGEST:
        raise BadForm("form_too_large", f"A form's settings may take {LARGEST} bytes; these take more.")
