"""A page as both of its connections know it: what Meta says of it, and what we copy from the app."""

from typing import Any, Final
from uuid import UUID

import msgspec
from psycopg.types.json import Jsonb

from svardesk.channels.connections import QUERIES, REMEMBERED, of_row, seal
from svardesk.channels.events import ConnectionChanged
from svardesk.channels.meta.client import GraphClient
from svardesk.channels.meta.config import Access, AppConfig, PageConfig
from svardesk.channels.meta.remembered import PAGES
from svardesk.channels.meta.statements import META
from svardesk.kit.db import Row, Tx
from svardesk.kit.keyring import KeyRing
from svardesk.spine import record

COPIED: Final = ("app_id", "page_inbox_app_id", "version", "graph_url")
"""What a page's connections hold of their app."""


class AtMeta(msgspec.Struct, frozen=True, kw_only=True):
    """A page of /me/accounts. ``token`` stays on the server."""

    id: str
    name: str
    token: str
    tasks: list[str] = []


async def name_of(access: Access, page_id: str) -> str:
    """A page's name, asked with its token; raises ``GraphFailed``."""
    found = await GraphClient(access, page_id).need(page_id, fields="id,name")
    return str(found.get("name") or page_id)[:120]


async def copy_to_pages(tx: Tx, keyring: KeyRing, app: Row, config: AppConfig, secrets: dict[str, Any]) -> None:
    """The app was changed: its pages' connections follow in the same transaction."""
    newest = next(iter(secrets.get("app_secrets") or ()), None)
    for row in await tx.all(META.hold_pages_of_app, account_id=tx.account, app_id=app["id"]):
        fresh = row["config"] | {name: getattr(config, name) for name in COPIED}
        held = dict(of_row(row, keyring).secrets)
        sealed = seal(keyring, tx.account, held | {"app_secret": newest})
        await tx.run(QUERIES.set_secrets, account_id=tx.account, id=row["id"], secrets=sealed)
        await change_config(tx, row, fresh)


async def change_config(tx: Tx, row: Row, config: dict[str, Any]) -> None:
    """New settings of a page's connection that is held; who shows it is told."""
    _ = msgspec.convert(config, PageConfig)
    await tx.run(
        QUERIES.change_connection,
        account_id=tx.account,
        id=row["id"],
        name=row["name"],
        brand_id=row["brand_id"],
        team_id=row["team_id"],
        calendar_id=row["calendar_id"],
        config=Jsonb(config),
    )
    await record(tx, ConnectionChanged(stream=row["id"], version=row["version"] + 1))
    tx.after_commit(REMEMBERED.forget)
    tx.after_commit(PAGES.forget)


async def judge_template(tx: Tx, connection_id: UUID, name: str, language: str, status: str) -> None:
    """Meta approved, refused or paused a template: our list of them says so."""
    row = await tx.maybe(QUERIES.lock_connection, account_id=tx.account, id=connection_id)
    if row is None or not name:
        return
    templates = [dict(one) for one in row["config"].get("templates") or []]
    for one in templates:
        if one.get("name") == name and (not language or one.get("language", "en") == language):
            one["status"] = status
            break
    else:
        templates.append({"name": name, "language": language or "en", "status": status})
    await change_config(tx, row, row["config"] | {"templates": templates[-200:]})
