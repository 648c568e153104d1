"""Contacts: reading persons whole, changing the profile.

A person is known by one contact or by several that were merged; every id of theirs leads to the same person. The wall of
closed teams (docs/decisions/0013) stands in the queries: whom an agent may not see does not exist for them.
"""

from collections.abc import Iterable
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


class Itself(msgspec.Struct, frozen=True):
    """What one contact says alone; ``reachable``: it has an e-mail address or a phone number."""

    name: str | None
    reachable: bool


async def itself(tx: Tx, contact_id: UUID) -> Itself | None:
    """Return what a contact says without those it was merged with: all that the person in front of us may be told."""
    row = await tx.maybe(_sql.itself, account_id=tx.account, id=contact_id)
    return None if row is None else Itself(**row)


async def get_many_for(tx: Tx, caller: Caller, ids: Iterable[UUID]) -> dict[UUID, Contact]:
    """Return the persons behind those contacts, as far as the agent may see them, by the ids that were asked for."""
    wanted = await tx.all(_sql.persons_of, account_id=tx.account, ids=list(ids))
    rows = await tx.all(
        _sql.persons_by_ids,
        account_id=tx.account,
        ids=[row["person_id"] for row in wanted],
        agent_id=caller.agent_id,
        hidden_team_ids=list(caller.hidden_team_ids),
    )
    persons = {row["id"]: msgspec.convert(row, Contact) for row in rows}
    return {row["id"]: persons[row["person_id"]] for row in wanted if row["person_id"] in persons}


async def get_for(tx: Tx, caller: Caller, contact_id: UUID) -> Contact:
    """Return the person behind a contact; raises ``NoContact``, also when the agent may not see them."""
    found = (await get_many_for(tx, caller, [contact_id])).get(contact_id)
    if found is None:
        raise NoContact
    return found


async def change(tx: Tx, caller: Caller, contact_id: UUID, what: ChangeContact) -> Contact:
    """Write the profile and the organisation's own fields, at the contact that the person is known as.

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
        await fields.set_values(tx, "contact", held["id"], what.fields, several=held["several"])
    name = one_line(what.name) or None if isinstance(what.name, str) else what.name
    if name is None and held["several"]:
        name = ""  # said to be nobody's, or the name of another contact of theirs would show
    version = await tx.value(
        _sql.change_contact,
        account_id=tx.account,
        id=held["id"],
        name=held["name"] if name is msgspec.UNSET else name,
        locale=held["locale"] if what.locale is msgspec.UNSET else what.locale,
        timezone=held["timezone"] if what.timezone is msgspec.UNSET else what.timezone,
        written_standard=held["written_standard"] if what.written_standard is msgspec.UNSET else what.written_standard,
    )
    await record(tx, ContactChanged(stream=held["id"], version=version, agent_id=caller.agent_id))
    return await get_for(tx, caller, held["id"])
