"""Signing in at Meta to connect pages: the owner's browser goes there and comes back with a code.

The code becomes a token of the person, that one a long-lived one, and with it Meta lists the person's pages, each with a
token of its own that does not end with the person's session. The pages wait with the app, sealed, until they are chosen.
"""

import base64
import binascii
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

import msgspec

from svardesk.accounts.caller import Caller
from svardesk.channels.connections import QUERIES, REMEMBERED, NoSuchConnection, get, of_row, seal
from svardesk.channels.contract import Connection
from svardesk.channels.meta.client import GraphClient, GraphFailed, needed
from svardesk.channels.meta.config import KIND, Access, AppConfig, app_secrets, read_app
from svardesk.channels.meta.pages import AtMeta
from svardesk.kit.db import Database
from svardesk.kit.errors import SvardeskError, Unprocessable
from svardesk.kit.jsons import encode
from svardesk.kit.keyring import KeyRing, context

LASTS: Final = timedelta(minutes=10)
OFFER_LASTS: Final = timedelta(hours=1)
BACK: Final = "/oauth/meta/back"
SCOPES: Final = (
    "pages_show_list",
    "pages_messaging",
    "pages_manage_metadata",
    "pages_read_engagement",
    "pages_manage_engagement",
    "pages_read_user_content",
    "pages_manage_posts",
    "page_utility_messaging",
)
MOST_PAGES: Final = 10
_PURPOSE: Final = "meta sign-in"


class StateMismatch(Unprocessable):
    """This sign-in was begun elsewhere, or too long ago; begin again."""

    code = "oauth_state"


class _Begun(msgspec.Struct, frozen=True, kw_only=True):
    app: UUID
    agent_id: UUID
    until: datetime


def begin(keyring: KeyRing, app: Connection, caller: Caller, now: datetime, public_url: str) -> str:
    """Where the owner's browser goes."""
    begun = _Begun(app=app.id, agent_id=caller.agent_id, until=now + LASTS)
    sealed = keyring.seal(encode(begun), context(caller.account_id, _PURPOSE))
    config = read_app(app)
    query = {
        "client_id": config.app_id,
        "redirect_uri": f"{public_url.rstrip('/')}{BACK}",
        "state": base64.urlsafe_b64encode(sealed).decode().rstrip("="),
        "scope": ",".join(SCOPES),
        "response_type": "code",
    }
    return f"{config.dialog_url.rstrip('/')}/{config.version}/dialog/oauth?{urlencode(query)}"


async def end(
    db: Database, keyring: KeyRing, caller: Caller, now: datetime, public_url: str, *, state: str, code: str, error: str
) -> str:
    """Exchange what came back for the person's pages; ``ok``, or the code of what went wrong."""
    try:
        begun = _opened(keyring, caller, state)
        if begun.agent_id != caller.agent_id or begun.until < now:
            raise StateMismatch
        if error or not code:
            return "oauth_consent"
        async with db.work(caller.account_id) as tx:
            app = await get(tx, begun.app, keyring)
        if app.kind != KIND:
            raise NoSuchConnection
        found = await pages_of(app, code, f"{public_url.rstrip('/')}{BACK}")
        await _offer(db, keyring, app, found, now)
    except GraphFailed as failed:
        return f"meta_{failed.code}".replace(".", "_")
    except SvardeskError as refused:
        return refused.code
    return "ok"


async def pages_of(app: Connection, code: str, redirect: str) -> list[AtMeta]:
    """The pages of whoever signed in. Raises ``GraphFailed``."""
    config = read_app(app)
    secret = next(iter(app_secrets(app)), "")
    given = {"client_id": config.app_id, "client_secret": secret}
    nobody = GraphClient(Access(url=config.graph_url, version=config.version, token=""))
    short = needed(await nobody.post("oauth/access_token", {**given, "redirect_uri": redirect, "code": code}))
    exchange = {**given, "grant_type": "fb_exchange_token", "fb_exchange_token": str(short.get("access_token") or "")}
    long = needed(await nobody.post("oauth/access_token", exchange))
    return await list_pages(config, str(long.get("access_token") or ""), secret)


async def list_pages(config: AppConfig, token: str, secret: str) -> list[AtMeta]:
    """/me/accounts, page after page. Raises ``GraphFailed``."""
    client = GraphClient(Access(url=config.graph_url, version=config.version, token=token, secret=secret or None))
    found: list[AtMeta] = []
    after = ""
    for _ in range(MOST_PAGES):
        params = {"fields": "id,name,access_token,tasks", "limit": "100"} | ({"after": after} if after else {})
        body = await client.need("me/accounts", **params)
        rows: list[Any] = body["data"] if isinstance(body.get("data"), list) else []
        found += [
            AtMeta(
                id=str(row["id"]),
                name=str(row.get("name") or row["id"])[:120],
                token=str(row["access_token"]),
                tasks=[str(one) for one in row.get("tasks") or ()],
            )
            for row in rows
            if isinstance(row, dict) and row.get("id") and row.get("access_token")
        ]
        paging = body.get("paging") or {}
        after = str((paging.get("cursors") or {}).get("after") or "")
        if not paging.get("next") or not after:
            break
    return found


async def _offer(db: Database, keyring: KeyRing, app: Connection, pages: list[AtMeta], now: datetime) -> None:
    async with db.work(app.account_id) as tx:
        row = await tx.one(QUERIES.lock_connection, account_id=tx.account, id=app.id)
        secrets = dict(of_row(row, keyring).secrets)
        secrets["offered"] = {"until": (now + OFFER_LASTS).isoformat(), "pages": msgspec.to_builtins(pages)}
        sealed = seal(keyring, tx.account, secrets)
        await tx.run(QUERIES.set_secrets, account_id=tx.account, id=app.id, secrets=sealed)
        tx.after_commit(REMEMBERED.forget)


def offered(app: Connection, now: datetime) -> list[AtMeta]:
    """The pages that wait to be chosen."""
    found = app.secrets.get("offered")
    if not found or datetime.fromisoformat(found["until"]) < now:
        return []
    return msgspec.convert(found["pages"], list[AtMeta])


def _opened(keyring: KeyRing, caller: Caller, state: str) -> _Begun:
    try:
        sealed = base64.urlsafe_b64decode(state + "=" * (-len(state) % 4))
        return msgspec.json.decode(keyring.open(sealed, context(caller.account_id, _PURPOSE)), type=_Begun)
    except (binascii.Error, ValueError, msgspec.DecodeError, SvardeskError, KeyError):
        raise StateMismatch from None
