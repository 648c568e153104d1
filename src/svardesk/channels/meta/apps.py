"""The organisation's Meta app: made, changed, its secret replaced without losing a message."""

import secrets as randomness
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from psycopg.types.json import Jsonb

from svardesk.accounts import audit
from svardesk.accounts.caller import Actor, Caller
from svardesk.channels.connections import QUERIES, REMEMBERED, NoSuchConnection, of_row, seal
from svardesk.channels.events import ConnectionChanged
from svardesk.channels.meta import standing
from svardesk.channels.meta.config import FIELDS, KIND, AppConfig, Id, Url, Version, may_be_asked, verify_tokens
from svardesk.channels.meta.pages import copy_to_pages
from svardesk.channels.meta.remembered import PAGES
from svardesk.channels.meta.standing import Problem
from svardesk.channels.meta.statements import META
from svardesk.channels.references import VersionConflict
from svardesk.kit.db import Row, Tx
from svardesk.kit.errors import Conflict, Unprocessable
from svardesk.kit.ids import uuid7
from svardesk.kit.keyring import KeyRing
from svardesk.spine import record

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=120)]
Secret = Annotated[str, msgspec.Meta(min_length=8, max_length=400)]
Set = msgspec.UnsetType
_PLAIN: Final = ("app_id", "page_inbox_app_id", "version", "graph_url", "dialog_url")


class BadApp(Unprocessable):
    """The app needs its number and its secret, as they stand in Meta's app settings."""

    code = "bad_meta_app"


class HasPages(Conflict):
    """Disconnect the app's pages first."""

    code = "meta_app_has_pages"


class AppValues(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What can be set; left out stays as it is. ``app_secret`` becomes the newest, the one before stays good beside it.

    ``graph_version`` is the version of the Graph API; ``version`` is what was read of the settings.
    """

    name: Name | Set = msgspec.UNSET
    app_id: Id | Set = msgspec.UNSET
    page_inbox_app_id: Id | Set = msgspec.UNSET
    graph_version: Version | Set = msgspec.UNSET
    graph_url: Url | Set = msgspec.UNSET
    dialog_url: Url | Set = msgspec.UNSET
    app_secret: Secret | Set = msgspec.UNSET
    forget_older_secret: bool = False
    version: int | Set = msgspec.UNSET


class Addresses(msgspec.Struct, frozen=True, kw_only=True):
    """What an administrator pastes into Meta's app settings."""

    webhook: str
    verify_token: str
    fields: list[str]
    redirect: str
    data_deletion: str
    deauthorise: str


class AppView(msgspec.Struct, frozen=True, kw_only=True):
    """A Meta app without its secrets; ``secrets``: how many are good now."""

    id: UUID
    name: str
    key: str
    config: AppConfig
    secrets: int
    addresses: Addresses
    status: str
    problems: dict[str, Problem]
    heard_at: datetime | None
    bad_signatures: int
    version: int


def new_key() -> str:
    """The key in the address of an app's webhook: names it, opens nothing."""
    return "ma_" + randomness.token_urlsafe(15).replace("-", "x").replace("_", "y")


async def create(
    tx: Tx,
    now: datetime,
    keyring: KeyRing,
    by: Caller | Actor,
    values: AppValues,
    public_url: str,
    *,
    key: str | None = None,
) -> AppView:
    """Make an app. Raises ``BadApp``."""
    config = _config({}, values)
    _check_addresses(by, {}, config)
    if not config["app_id"] or values.app_secret is msgspec.UNSET:
        raise BadApp
    app_id = uuid7()
    await tx.run(
        QUERIES.add_connection,
        account_id=tx.account,
        id=app_id,
        kind=KIND,
        name=values.name if values.name is not msgspec.UNSET else "Meta",
        public_key=key or new_key(),
        brand_id=None,
        team_id=None,
        calendar_id=None,
        config=Jsonb(config),
        secrets=seal(keyring, tx.account, {"app_secrets": [values.app_secret]}),
        now=now,
    )
    await audit.note(tx, by, "meta_app.created", "connection", app_id)
    await record(tx, ConnectionChanged(stream=app_id, version=1))
    return view(await _one(tx, app_id), keyring, public_url)


async def change(
    tx: Tx, keyring: KeyRing, by: Caller | Actor, app_id: UUID, values: AppValues, public_url: str
) -> AppView:
    """Change an app, and with it what its pages know of it. Raises ``NoSuchConnection``, ``VersionConflict``, ``BadApp``."""
    row = await _one(tx, app_id)
    if values.version is not msgspec.UNSET and values.version != row["version"]:
        raise VersionConflict(version=row["version"])
    config = _config(row["config"], values)
    _check_addresses(by, row["config"], config)
    if not config["app_id"]:
        raise BadApp
    held = dict(of_row(row, keyring).secrets)
    good = [str(one) for one in held.get("app_secrets") or ()]
    if values.app_secret is not msgspec.UNSET and values.app_secret != next(iter(good), None):
        good = [values.app_secret, *good]
    good = good[: 1 if values.forget_older_secret else 2]
    fresh = held | {"app_secrets": good}
    await tx.run(
        QUERIES.change_connection,
        account_id=tx.account,
        id=app_id,
        name=values.name if values.name is not msgspec.UNSET else row["name"],
        brand_id=row["brand_id"],
        team_id=row["team_id"],
        calendar_id=row["calendar_id"],
        config=Jsonb(config),
    )
    if fresh != held:
        sealed = seal(keyring, tx.account, fresh)
        await tx.run(QUERIES.set_secrets, account_id=tx.account, id=app_id, secrets=sealed)
        _ = await standing.found_right(tx, app_id, "signature")
    await copy_to_pages(tx, keyring, row, msgspec.convert(config, AppConfig), fresh)
    changed = [name for name in values.__struct_fields__ if getattr(values, name) not in {msgspec.UNSET, False}]
    await audit.note(tx, by, "meta_app.changed", "connection", app_id, fields=sorted(set(changed) - {"version"}))
    after = await _one(tx, app_id)
    await record(tx, ConnectionChanged(stream=app_id, version=after["version"]))
    tx.after_commit(REMEMBERED.forget)
    return view(after, keyring, public_url)


async def archive(tx: Tx, now: datetime, by: Caller | Actor, app_id: UUID) -> None:
    """Take an app out of service. Raises ``HasPages`` while a page is connected by it."""
    row = await _one(tx, app_id)
    if await tx.all(META.pages_of_app, account_id=tx.account, app_id=app_id):
        raise HasPages
    await tx.run(QUERIES.archive_connection, account_id=tx.account, id=app_id, now=now)
    await audit.note(tx, by, "meta_app.archived", "connection", app_id)
    await record(tx, ConnectionChanged(stream=app_id, version=row["version"] + 1))
    tx.after_commit(REMEMBERED.forget)
    tx.after_commit(PAGES.forget)


def view(row: Row, keyring: KeyRing, public_url: str) -> AppView:
    """A row as the settings page shows it."""
    found = standing.read_standing(row["status"], row.get("health") or {})
    key, url = row["public_key"], public_url.rstrip("/")
    return AppView(
        id=row["id"],
        name=row["name"],
        key=key,
        config=msgspec.convert(row["config"], AppConfig),
        secrets=len(of_row(row, keyring).secrets.get("app_secrets") or ()),
        addresses=Addresses(
            webhook=f"{url}/hooks/meta/{key}",
            verify_token=verify_tokens(keyring, key)[0],
            fields=list(FIELDS),
            redirect=f"{url}/oauth/meta/back",
            data_deletion=f"{url}/hooks/meta/{key}/deletion",
            deauthorise=f"{url}/hooks/meta/{key}/deauthorise",
        ),
        status=found.status,
        problems=found.problems,
        heard_at=instant(found.notes, "webhook_at"),
        bad_signatures=int(found.notes.get("bad_signatures") or 0),
        version=row["version"],
    )


def instant(notes: Mapping[str, Any], name: str) -> datetime | None:
    """A time that was noted."""
    try:
        return datetime.fromisoformat(notes[name])
    except (KeyError, TypeError, ValueError):
        return None


async def _one(tx: Tx, app_id: UUID) -> Row:
    row = await tx.maybe(QUERIES.lock_connection, account_id=tx.account, id=app_id)
    if row is None or row["kind"] != KIND:
        raise NoSuchConnection
    return row | {"health": (await tx.one(META.standing, account_id=tx.account, id=app_id))["health"]}


def _check_addresses(by: Caller | Actor, held: Mapping[str, Any], config: Mapping[str, Any]) -> None:
    """A person names Meta's addresses only, or those that the operator has allowed: tokens go there."""
    if not isinstance(by, Caller):
        return
    for name in ("graph_url", "dialog_url"):
        if config[name] != held.get(name) and not may_be_asked(config[name]):
            raise BadApp(None, "This is no address of Meta's, and none that the operator has allowed.", field=name)


def _config(held: Mapping[str, Any], values: AppValues) -> dict[str, Any]:
    config = dict(held)
    for name in _PLAIN:
        value = values.graph_version if name == "version" else getattr(values, name)
        if value is not msgspec.UNSET:
            config[name] = value
    try:
        return msgspec.to_builtins(msgspec.convert(config, AppConfig))
    except msgspec.ValidationError as error:
        raise BadApp(None, f"A value has the wrong form: {error}") from None
