"""Saved views: filters under a name, one's own or shared with everybody."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from svardesk.accounts.caller import Caller
from svardesk.conversations.errors import NameTaken, NoView
from svardesk.conversations.schemas import ChangeView, Filters, MakeView, SavedView
from svardesk.conversations.store import sql
from svardesk.kit.db import Row, Tx
from svardesk.kit.ids import uuid7
from svardesk.kit.jsons import encode


async def all_views(tx: Tx, caller: Caller) -> list[SavedView]:
    """Return the agent's own views and the shared ones, by name."""
    found = await tx.all(sql.views, account_id=tx.account, agent_id=caller.agent_id)
    return [_view(row, caller) for row in found]


async def get(tx: Tx, caller: Caller, view_id: UUID) -> SavedView:
    """Return a view that the agent may use; raises ``NoView``."""
    row = await tx.maybe(sql.view, account_id=tx.account, id=view_id, agent_id=caller.agent_id)
    if row is None:
        raise NoView
    return _view(row, caller)


async def make(tx: Tx, caller: Caller, now: datetime, what: MakeView) -> SavedView:
    """Save a view; sharing needs ``views.share``. Raises ``Forbidden``, ``NameTaken``."""
    if what.shared:
        caller.check("views.share")
    view_id = uuid7()
    made = await tx.value(
        sql.add_view,
        account_id=tx.account,
        id=view_id,
        agent_id=caller.agent_id,
        name=what.name,
        filters=_json(what.filters),
        shared=what.shared,
        now=now,
    )
    if made is None:
        raise NameTaken(None, None, name=what.name)
    return await get(tx, caller, view_id)


async def change(tx: Tx, caller: Caller, view_id: UUID, what: ChangeView) -> SavedView:
    """Change one's own view; raises ``NoView``, ``NameTaken``, ``Forbidden``."""
    held = await get(tx, caller, view_id)
    if not held.mine:
        raise NoView
    shared = held.shared if what.shared is msgspec.UNSET else what.shared
    if shared and not held.shared:
        caller.check("views.share")
    name = held.name if what.name is msgspec.UNSET else what.name
    changed = await tx.value(
        sql.change_view,
        account_id=tx.account,
        id=view_id,
        agent_id=caller.agent_id,
        name=name,
        filters=_json(held.filters if what.filters is msgspec.UNSET else what.filters),
        shared=shared,
    )
    if changed is None:
        raise NameTaken(None, None, name=name)
    return await get(tx, caller, view_id)


async def drop(tx: Tx, caller: Caller, view_id: UUID) -> None:
    """Delete one's own view; raises ``NoView``."""
    if await tx.value(sql.drop_view, account_id=tx.account, id=view_id, agent_id=caller.agent_id) is None:
        raise NoView


def _json(filters: Filters) -> str:
    # The view's name is always written: a default may change one day, a saved view must not.
    return encode({**msgspec.to_builtins(filters), "view": filters.view}).decode()


def _view(row: Row, caller: Caller) -> SavedView:
    filters: dict[str, Any] = row["filters"]
    known = {key: value for key, value in filters.items() if key in Filters.__struct_fields__}
    return SavedView(
        id=row["id"],
        name=row["name"],
        filters=msgspec.convert(known, Filters),
        shared=row["shared"],
        mine=row["agent_id"] == caller.agent_id,
        agent_id=row["agent_id"],
    )
