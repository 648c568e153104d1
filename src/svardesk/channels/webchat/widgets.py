"""Widgets of an organisation: making them, the sites that may show them, the secrets that sign visitors."""

import re
import secrets as randomness
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from psycopg.types.json import Jsonb

from svardesk.accounts import audit
from svardesk.accounts.caller import Actor, Caller
from svardesk.channels import origins
from svardesk.channels.connections import QUERIES, REMEMBERED, NoSuchConnection, of_row, seal
from svardesk.channels.events import ConnectionChanged
from svardesk.channels.references import VersionConflict, check_references
from svardesk.channels.webchat.identity import WidgetSecret, rotate
from svardesk.channels.webchat.posting import KIND
from svardesk.kit.db import Row, Tx
from svardesk.kit.errors import Unprocessable
from svardesk.kit.ids import uuid7
from svardesk.kit.keyring import KeyRing
from svardesk.spine import record

_ACCENT: Final = re.compile(r"^#[0-9a-fA-F]{6}$")
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=120)]


class WidgetView(msgspec.Struct, frozen=True, kw_only=True):
    """A widget without its secrets; ``secrets`` tells which there are."""

    id: UUID
    name: str
    key: str
    origins: list[str]
    accent: str | None
    title: str | None
    brand_id: UUID | None
    team_id: UUID | None
    calendar_id: UUID | None
    status: str
    secrets: list[dict[str, Any]]
    version: int


class WidgetValues(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What can be set; left out stays as it is."""

    name: Name | msgspec.UnsetType = msgspec.UNSET
    origins: list[Annotated[str, msgspec.Meta(max_length=300)]] | msgspec.UnsetType = msgspec.UNSET
    accent: str | msgspec.UnsetType | None = msgspec.UNSET
    title: Annotated[str, msgspec.Meta(max_length=80)] | msgspec.UnsetType | None = msgspec.UNSET
    brand_id: UUID | msgspec.UnsetType | None = msgspec.UNSET
    team_id: UUID | msgspec.UnsetType | None = msgspec.UNSET
    calendar_id: UUID | msgspec.UnsetType | None = msgspec.UNSET
    version: int | msgspec.UnsetType = msgspec.UNSET


def new_key() -> str:
    """A widget's public key: names it in the shop's page, opens nothing."""
    return "wk_" + randomness.token_urlsafe(15).replace("-", "x").replace("_", "y")


async def create(
    tx: Tx, now: datetime, keyring: KeyRing, by: Caller | Actor, values: WidgetValues, *, key: str | None = None
) -> WidgetView:
    """Make a widget; ``key`` only for the demo, which needs a known one."""
    if values.name is msgspec.UNSET:
        raise Unprocessable("name_missing", "Give the widget a name.", field="name")
    row: Row = {
        "id": uuid7(), "name": values.name, "config": {}, "brand_id": None, "team_id": None, "calendar_id": None,
    }  # fmt: skip
    _apply(row, values)
    await check_references(tx, row)
    await tx.run(
        QUERIES.add_connection,
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
    await audit.note(tx, by, "widget.created", "connection", row["id"])
    await record(tx, ConnectionChanged(stream=row["id"], version=1))
    return view(await _one(tx, row["id"]), keyring)


async def list_all(tx: Tx, keyring: KeyRing) -> list[WidgetView]:
    """All widgets, oldest first."""
    return [view(row, keyring) for row in await tx.all(QUERIES.connections, account_id=tx.account, kind=KIND)]


async def change(tx: Tx, keyring: KeyRing, by: Caller | Actor, widget_id: UUID, values: WidgetValues) -> WidgetView:
    """Change a widget. Raises ``NoSuchConnection``, ``VersionConflict``, ``BadOrigin``, ``UnknownReference``."""
    row = await _one(tx, widget_id)
    if values.version is not msgspec.UNSET and values.version != row["version"]:
        raise VersionConflict(version=row["version"])
    _apply(row, values)
    await check_references(tx, row)
    await tx.run(
        QUERIES.change_connection,
        account_id=tx.account,
        id=widget_id,
        name=row["name"],
        brand_id=row["brand_id"],
        team_id=row["team_id"],
        calendar_id=row["calendar_id"],
        config=Jsonb(row["config"]),
    )
    changed = [name for name in values.__struct_fields__ if getattr(values, name) is not msgspec.UNSET]
    await audit.note(tx, by, "widget.changed", "connection", widget_id, fields=sorted(set(changed) - {"version"}))
    return await _changed(tx, keyring, widget_id)


async def rotate_secrets(
    tx: Tx, now: datetime, keyring: KeyRing, by: Caller | Actor, widget_id: UUID
) -> tuple[WidgetView, WidgetSecret]:
    """Make a new signing secret; the one before stays good, older ones end. The new one is shown this once."""
    row = await _one(tx, widget_id)
    present = _secrets(row, keyring)
    fresh = rotate(present, now)
    sealed = seal(keyring, tx.account, {"jwt": [msgspec.to_builtins(one) for one in fresh]})
    await tx.run(QUERIES.set_secrets, account_id=tx.account, id=widget_id, secrets=sealed)
    await audit.note(tx, by, "widget.secret_rotated", "connection", widget_id)
    return await _changed(tx, keyring, widget_id), fresh[0]


async def archive(tx: Tx, now: datetime, by: Caller | Actor, widget_id: UUID) -> None:
    """Take a widget out of service; its conversations stay."""
    row = await _one(tx, widget_id)
    await tx.run(QUERIES.archive_connection, account_id=tx.account, id=widget_id, now=now)
    await audit.note(tx, by, "widget.archived", "connection", widget_id)
    await record(tx, ConnectionChanged(stream=widget_id, version=row["version"] + 1))
    tx.after_commit(REMEMBERED.forget)


def view(row: Row, keyring: KeyRing) -> WidgetView:
    """A row as the settings page shows it."""
    config = row["config"]
    return WidgetView(
        id=row["id"],
        name=row["name"],
        key=row["public_key"],
        origins=list(config.get("origins") or ()),
        accent=config.get("accent"),
        title=config.get("title"),
        brand_id=row["brand_id"],
        team_id=row["team_id"],
        calendar_id=row["calendar_id"],
        status=row["status"],
        secrets=[{"id": one.id, "created_at": one.created_at} for one in _secrets(row, keyring)],
        version=row["version"],
    )


async def _one(tx: Tx, widget_id: UUID) -> Row:
    row = await tx.maybe(QUERIES.lock_connection, account_id=tx.account, id=widget_id)
    if row is None or row["kind"] != KIND:
        raise NoSuchConnection
    return row


async def _changed(tx: Tx, keyring: KeyRing, widget_id: UUID) -> WidgetView:
    row = await _one(tx, widget_id)
    await record(tx, ConnectionChanged(stream=widget_id, version=row["version"]))
    tx.after_commit(REMEMBERED.forget)
    return view(row, keyring)


def _secrets(row: Row, keyring: KeyRing) -> Sequence[WidgetSecret]:
    return msgspec.convert(of_row(row, keyring).secrets.get("jwt", []), list[WidgetSecret])


def _apply(row: Row, values: WidgetValues) -> None:
    for name in ("name", "brand_id", "team_id", "calendar_id"):
        value = getattr(values, name)
        if value is not msgspec.UNSET:
            row[name] = value
    row["name"] = " ".join(str(row["name"]).replace("\x00", "").split())
    if not row["name"]:
        raise Unprocessable("name_missing", "Give the widget a name.", field="name")
    config = dict(row["config"])
    if values.origins is not msgspec.UNSET:
        config["origins"] = origins.normalise_all(values.origins)
    if values.accent is not msgspec.UNSET:
        if values.accent is not None and not _ACCENT.match(values.accent):
            raise Unprocessable("bad_colour", "Write the colour as #0b5c55.", field="accent")
        config["accent"] = values.accent
    if values.title is not msgspec.UNSET:
        config["title"] = " ".join(values.title.replace("\x00", "").split()) or None if values.title else None
    row["config"] = config
