"""A page of an organisation: connected, changed, disconnected. Two connections, one for Messenger and one for the page."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

import msgspec
from psycopg.types.json import Jsonb

from svardesk.accounts import audit
from svardesk.accounts.caller import Actor, Caller
from svardesk.channels.connections import QUERIES, REMEMBERED, NoSuchConnection, of_row, seal
from svardesk.channels.contract import Connection
from svardesk.channels.events import ConnectionChanged
from svardesk.channels.meta import standing
from svardesk.channels.meta.apps import Set, instant
from svardesk.channels.meta.config import PageConfig, PageToken, Template, read_app
from svardesk.channels.meta.pages import COPIED, change_config
from svardesk.channels.meta.remembered import PAGES
from svardesk.channels.meta.standing import Problem
from svardesk.channels.meta.statements import META
from svardesk.channels.meta.watching import send_what_waited
from svardesk.channels.references import VersionConflict, check_references
from svardesk.kit.db import Row, Tx
from svardesk.kit.errors import Unprocessable
from svardesk.kit.ids import uuid7
from svardesk.kit.keyring import KeyRing
from svardesk.spine import record

KINDS: Final = ("messenger", "facebook")
Locale = Literal["nb", "nn", "da", "sv", "fi", "en"]
_PLAIN: Final = ("human_agent", "utility", "keep_media", "locale", "templates")


class BadPage(Unprocessable):
    """Meta does not give this page with this token."""

    code = "bad_page"


class PageValues(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What can be set of a page's connection; left out stays as it is. ``page_token`` is for both of its connections."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=120)] | Set = msgspec.UNSET
    human_agent: bool | Set = msgspec.UNSET
    utility: bool | Set = msgspec.UNSET
    keep_media: bool | Set = msgspec.UNSET
    locale: Locale | Set = msgspec.UNSET
    templates: Annotated[list[Template], msgspec.Meta(max_length=200)] | Set = msgspec.UNSET
    brand_id: UUID | Set | None = msgspec.UNSET
    team_id: UUID | Set | None = msgspec.UNSET
    calendar_id: UUID | Set | None = msgspec.UNSET
    page_token: PageToken | Set = msgspec.UNSET
    version: int | Set = msgspec.UNSET


class PageView(msgspec.Struct, frozen=True, kw_only=True):
    """One of a page's two connections. ``heard_at``: when something last came in; ``looked_at``: when Meta was last asked."""

    id: UUID
    kind: str
    name: str
    page_id: str
    app_id: UUID | None
    human_agent: bool
    utility: bool
    keep_media: bool
    locale: str
    templates: list[Template]
    brand_id: UUID | None
    team_id: UUID | None
    calendar_id: UUID | None
    status: str
    problems: dict[str, Problem]
    heard_at: datetime | None
    looked_at: datetime | None
    backfilled_at: datetime | None
    backfilled: int
    unknown_items: int
    version: int


async def connect(
    tx: Tx,
    now: datetime,
    keyring: KeyRing,
    by: Caller | Actor,
    app: Connection,
    *,
    page_id: str,
    name: str,
    token: str,
    kinds: tuple[str, ...] = KINDS,
) -> list[PageView]:
    """Connect a page, or give a connected one another token; what waited for it goes out."""
    held = {
        row["kind"]: row
        for row in await tx.all(META.hold_pages_of_app, account_id=tx.account, app_id=app.id)
        if row["config"].get("page_id") == page_id
    }
    config = read_app(app)
    copied = {one: getattr(config, one) for one in COPIED}
    secrets = {"page_token": token, "app_secret": next(iter(app.secrets.get("app_secrets") or ()), None)}
    ids: list[UUID] = []
    for kind in kinds:
        if kind in held:
            await _renew(tx, now, keyring, held[kind], token)
            ids.append(held[kind]["id"])
            continue
        connection_id = uuid7()
        fresh = {"page_id": page_id, "app": str(app.id), **copied}
        _ = msgspec.convert(fresh, PageConfig)
        await tx.run(
            QUERIES.add_connection,
            account_id=tx.account,
            id=connection_id,
            kind=kind,
            name=name,
            public_key=None,
            brand_id=None,
            team_id=None,
            calendar_id=None,
            config=Jsonb(fresh),
            secrets=seal(keyring, tx.account, secrets),
            now=now,
        )
        await audit.note(tx, by, "page.connected", "connection", connection_id)
        await record(tx, ConnectionChanged(stream=connection_id, version=1))
        ids.append(connection_id)
    tx.after_commit(REMEMBERED.forget)
    tx.after_commit(PAGES.forget)
    found = await all_rows(tx)
    return [view(row) for row in found if row["id"] in ids]


async def _renew(tx: Tx, now: datetime, keyring: KeyRing, row: Row, token: str) -> None:
    secrets = dict(of_row(row, keyring).secrets) | {"page_token": token}
    sealed = seal(keyring, tx.account, secrets)
    await tx.run(QUERIES.set_secrets, account_id=tx.account, id=row["id"], secrets=sealed)
    _ = await standing.found_right(tx, row["id"], "token", "send")
    _ = await send_what_waited(tx, now, row["id"])
    await record(tx, ConnectionChanged(stream=row["id"], version=row["version"] + 1))


async def change(
    tx: Tx, now: datetime, keyring: KeyRing, by: Caller | Actor, connection_id: UUID, values: PageValues
) -> PageView:
    """Change a page's connection. Raises ``NoSuchConnection``, ``VersionConflict``, ``UnknownReference``, ``BadPage``."""
    row = await one_row(tx, connection_id)
    if values.version is not msgspec.UNSET and values.version != row["version"]:
        raise VersionConflict(version=row["version"])
    for name in ("name", "brand_id", "team_id", "calendar_id"):
        value = getattr(values, name)
        if value is not msgspec.UNSET:
            row[name] = value
    await check_references(tx, row)
    config = dict(row["config"])
    for name in _PLAIN:
        value = getattr(values, name)
        if value is not msgspec.UNSET:
            config[name] = msgspec.to_builtins(value)
    try:
        await change_config(tx, row, config)
    except msgspec.ValidationError as error:
        raise BadPage(None, f"A value has the wrong form: {error}") from None
    if values.page_token is not msgspec.UNSET:
        for other in await tx.all(META.hold_pages_of_app, account_id=tx.account, app_id=str(config.get("app"))):
            if other["config"].get("page_id") == config.get("page_id"):
                await _renew(tx, now, keyring, other, values.page_token)
    changed = [name for name in values.__struct_fields__ if getattr(values, name) is not msgspec.UNSET]
    await audit.note(tx, by, "page.changed", "connection", connection_id, fields=sorted(set(changed) - {"version"}))
    return view(await one_row(tx, connection_id))


async def disconnect(tx: Tx, now: datetime, by: Caller | Actor, connection_id: UUID) -> bool:
    """Take one of a page's connections out of service; True when it was the page's last one."""
    row = await one_row(tx, connection_id)
    await tx.run(QUERIES.archive_connection, account_id=tx.account, id=connection_id, now=now)
    await audit.note(tx, by, "page.disconnected", "connection", connection_id)
    await record(tx, ConnectionChanged(stream=connection_id, version=row["version"] + 1))
    tx.after_commit(REMEMBERED.forget)
    tx.after_commit(PAGES.forget)
    left = await tx.all(META.hold_pages_of_app, account_id=tx.account, app_id=str(row["config"].get("app")))
    return not any(one["config"].get("page_id") == row["config"].get("page_id") for one in left)


async def let_go(tx: Tx, now: datetime, by: Caller | Actor, connection_id: UUID) -> int:
    """An administrator has looked at a restriction: go on sending; returns how many answers were waiting."""
    _ = await one_row(tx, connection_id)
    _ = await standing.found_right(tx, connection_id, "restricted", "warning", "dropped_out")
    await audit.note(tx, by, "page.resumed", "connection", connection_id)
    return await send_what_waited(tx, now, connection_id)


async def all_rows(tx: Tx) -> list[Row]:
    """Apps and pages of the organisation, with how they are."""
    return await tx.all(META.connections_of_apps, account_id=tx.account)


async def one_row(tx: Tx, connection_id: UUID) -> Row:
    """One of a page's connections, held. Raises ``NoSuchConnection``."""
    row = await tx.maybe(QUERIES.lock_connection, account_id=tx.account, id=connection_id)
    if row is None or row["kind"] not in KINDS:
        raise NoSuchConnection
    return row | {"health": (await tx.one(META.standing, account_id=tx.account, id=connection_id))["health"]}


def view(row: Mapping[str, Any]) -> PageView:
    """A row as the settings page shows it."""
    config = msgspec.convert(row["config"], PageConfig)
    found = standing.read_standing(row["status"], row["health"])
    return PageView(
        id=row["id"],
        kind=row["kind"],
        name=row["name"],
        page_id=config.page_id,
        app_id=config.app,
        **{name: getattr(config, name) for name in _PLAIN},
        brand_id=row["brand_id"],
        team_id=row["team_id"],
        calendar_id=row["calendar_id"],
        status=found.status,
        problems=found.problems,
        heard_at=instant(found.notes, "webhook_at"),
        looked_at=instant(found.notes, "looked_at"),
        backfilled_at=instant(found.notes, "backfilled_at"),
        backfilled=int(found.notes.get("backfilled") or 0),
        unknown_items=int(found.notes.get("unknown_items") or 0),
        version=row["version"],
    )
