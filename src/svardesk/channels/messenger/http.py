"""Messenger over HTTP: what people see before they write, for owners; who owns a thread, for agents."""

from typing import Annotated, Final, Literal
from uuid import UUID

import msgspec

from svardesk.accounts import audit
from svardesk.accounts.caller import Caller
from svardesk.channels.connections import NoSuchConnection, get
from svardesk.channels.contract import Connection
from svardesk.channels.messenger import menus, owning
from svardesk.channels.messenger.adapter import KIND
from svardesk.channels.messenger.menus import Menus, MenusAtMeta
from svardesk.channels.meta.client import GraphFailed
from svardesk.conversations.seeing import hold_for
from svardesk.kit.clock import Clock
from svardesk.kit.db import Database
from svardesk.kit.errors import Unprocessable
from svardesk.kit.http import Route, route
from svardesk.kit.keyring import KeyRing


class MetaRefused(Unprocessable):
    """Meta did not do that; ``provider_code`` is its own word for why."""

    code = "meta_refused"


class ThreadAct(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to do about who owns a thread. ``app`` (for ``pass``): to which program; None: to Meta's own inbox."""

    act: Literal["take", "pass", "release", "request", "extend"]
    app: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,64}$")] | None = None


class ThreadOwner(msgspec.Struct, frozen=True, kw_only=True):
    """Who owns the thread now: ``owner`` None is Svardesk (or nobody). ``asked``: the other program must answer first."""

    owner: str | None = None
    name: str | None = None
    standby: bool = False
    asked: bool = False


async def get_messenger_profile(connection_id: UUID, caller: Caller, db: Database, keyring: KeyRing) -> MenusAtMeta:
    """What stands in Messenger now before people write. 422 ``meta_refused``."""
    connection = await _page(db, keyring, caller, connection_id)
    try:
        return await menus.read_menus(connection)
    except GraphFailed as failed:
        raise MetaRefused(provider_code=failed.code) from failed


async def put_messenger_profile(
    connection_id: UUID, data: Menus, caller: Caller, db: Database, keyring: KeyRing
) -> MenusAtMeta:
    """Write greeting, get started, ice breakers and menu. 422 ``bad_messenger_profile``, ``meta_refused``."""
    connection = await _page(db, keyring, caller, connection_id)
    try:
        found = await menus.write_menus(connection, data)
    except GraphFailed as failed:
        raise MetaRefused(provider_code=failed.code) from failed
    async with db.work(caller.account_id) as tx:
        await audit.note(tx, caller, "messenger_profile.changed", "connection", connection_id)
    return found


async def post_thread_act(
    conversation_id: UUID, data: ThreadAct, caller: Caller, db: Database, clock: Clock, keyring: KeyRing
) -> ThreadOwner:
    """Take a conversation over from another program, pass it on, ask for it, let it go. 409 ``thread_not_yours``."""
    async with db.work(caller.account_id) as tx:
        await hold_for(tx, caller, conversation_id)
    control = await owning.change(db, keyring, clock.now(), caller.account_id, conversation_id, data.act, data.app)
    if control is None:
        return ThreadOwner(asked=True, standby=True)
    return ThreadOwner(owner=control.owner, name=control.name, standby=control.standby)


async def _page(db: Database, keyring: KeyRing, caller: Caller, connection_id: UUID) -> Connection:
    async with db.work(caller.account_id) as tx:
        connection = await get(tx, connection_id, keyring)
    if connection.kind != KIND:
        raise NoSuchConnection
    return connection


PROFILE: Final = "/api/v1/meta/pages/{connection_id:uuid}/messenger-profile"
ROUTES: tuple[Route, ...] = (
    route("GET", PROFILE, get_messenger_profile, permission="channels.manage"),
    route("PUT", PROFILE, put_messenger_profile, permission="channels.manage"),
    route(
        "POST",
        "/api/v1/conversations/{conversation_id:uuid}/thread",
        post_thread_act,
        permission="conversations.write",
        status=200,
    ),
)
