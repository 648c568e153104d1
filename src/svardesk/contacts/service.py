"""Contacts: reading them whole, changing the profile.

The wall of closed teams (docs/decisions/0013) stands in the queries: whom an agent may not see does not exist for them.
"""

from collections.abc import Iterable, Sequence
from uuid import UUID
from zoneinfo import available_timezones

import msgspec

from svardesk.accounts.caller import Caller
from svardesk.contacts import fields
from svardesk.contacts.errors import BadZone, NoContact, VersionConflict
from svardesk.contacts.events import ContactChanged
from svardesk.contacts.schemas import ChangeContact, Contact
from svardesk.kit.db import Tx
from svardesk.kit.lines import one_line
from svardesk.kit.sql import load
from svardesk.spine import record

_sql = load(__package__ or "svardesk.contacts")


async def get_many(tx: Tx, ids: Iterable[UUID]) -> dict[UUID, Contact]:
    """Return the contacts of those ids that exist, for the house itself: nobody's wall is asked."""
    return await _read(tx, ids, None, ())


async def get_many_for(tx: Tx, caller: Caller, ids: Iterable[UUID]) -> dict[UUID, Contact]:
    """Return the contacts of those ids that the agent may see."""
    return await _read(tx, ids, caller.agent_id, caller.hidden_team_ids)


async def _read(tx: Tx, ids: Iterable[UUID], agent_id: UUID | None, hidden: Sequence[UUID]) -> dict[UUID, Contact]:
    rows = await tx.all(
        _sql.contacts_by_ids, account_id=tx.account, ids=list(ids), agent_id=agent_id, hidden_team_ids=list(hidden)
    )
    return {row["id"]: msgspec.convert(row, Contact) for row in rows}


async def get_for(tx: Tx, caller: Caller, contact_id: UUID) -> Contact:
    """Return one contact; raises ``NoContact``, also when the agent may not see them."""
    found = (await get_many_for(tx, caller, [contact_id])).get(contact_id)
    if found is None:
        raise NoContact
    return found


async def change(tx: Tx, caller: Caller, contact_id: UUID, what: ChangeContact) -> Contact:
    """Write the profile and the organisation's own fields.

    Raises ``NoContact``, ``VersionConflict``, ``BadZone``, ``NoField``, ``BadValue``.
    """
    held = await tx.maybe(
        _sql.lock_contact,
        account_id=tx.account,
        id=contact_id,
        agent_id=caller.agent_id,
        hidden_team_ids=list(caller.hidden_team_ids),
    )
    if held is None:
        raise NoContact
    if what.version is not None and what.version != held["version"]:
        raise VersionConflict(None, None, version=held["version"])
    if isinstance(what.timezone, str) and what.timezone not in available_timezones():
        raise BadZone(None, None, timezone=what.timezone)
    if what.fields:
        await fields.set_values(tx, "contact", contact_id, what.fields)
    name = one_line(what.name) or None if isinstance(what.name, str) else what.name
    version = await tx.value(
        _sql.change_contact,
        account_id=tx.account,
        id=contact_id,
        name=held["name"] if name is msgspec.UNSET else name,
        locale=held["locale"] if what.locale is msgspec.UNSET else what.locale,
        timezone=held["timezone"] if what.timezone is msgspec.UNSET else what.timezone,
        written_standard=held["written_standard"] if what.written_standard is msgspec.UNSET else what.written_standard,
    )
    await record(tx, ContactChanged(stream=contact_id, version=version, agent_id=caller.agent_id))
    return await get_for(tx, caller, contact_id)
