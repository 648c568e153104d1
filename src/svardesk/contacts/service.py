"""Contacts: reading them whole, changing the profile."""

from collections.abc import Iterable
from uuid import UUID
from zoneinfo import available_timezones

import msgspec

from svardesk.contacts import fields
from svardesk.contacts.errors import BadZone, NoContact, VersionConflict
from svardesk.contacts.events import ContactChanged
from svardesk.contacts.schemas import ChangeContact, Contact
from svardesk.kit.db import Tx
from svardesk.kit.sql import load
from svardesk.spine import record

_sql = load(__package__ or "svardesk.contacts")


async def get_many(tx: Tx, ids: Iterable[UUID]) -> dict[UUID, Contact]:
    """Return the contacts of those ids that exist."""
    rows = await tx.all(_sql.contacts_by_ids, account_id=tx.account, ids=list(ids))
    return {row["id"]: msgspec.convert(row, Contact) for row in rows}


async def get(tx: Tx, contact_id: UUID) -> Contact:
    """Return one contact; raises ``NoContact``."""
    found = (await get_many(tx, [contact_id])).get(contact_id)
    if found is None:
        raise NoContact
    return found


async def change(tx: Tx, contact_id: UUID, what: ChangeContact, *, agent_id: UUID | None) -> Contact:
    """Write the profile and the organisation's own fields.

    Raises ``NoContact``, ``VersionConflict``, ``BadZone``, ``NoField``, ``BadValue``.
    """
    held = await tx.maybe(_sql.lock_contact, account_id=tx.account, id=contact_id)
    if held is None:
        raise NoContact
    if what.version is not None and what.version != held["version"]:
        raise VersionConflict(None, None, version=held["version"])
    if isinstance(what.timezone, str) and what.timezone not in available_timezones():
        raise BadZone(None, None, timezone=what.timezone)
    if what.fields:
        await fields.set_values(tx, "contact", contact_id, what.fields)
    name = what.name.replace("\x00", "").strip() or None if isinstance(what.name, str) else what.name
    version = await tx.value(
        _sql.change_contact,
        account_id=tx.account,
        id=contact_id,
        name=held["name"] if name is msgspec.UNSET else name,
        locale=held["locale"] if what.locale is msgspec.UNSET else what.locale,
        timezone=held["timezone"] if what.timezone is msgspec.UNSET else what.timezone,
        written_standard=held["written_standard"] if what.written_standard is msgspec.UNSET else what.written_standard,
    )
    await record(tx, ContactChanged(stream=contact_id, version=version, agent_id=agent_id))
    return await get(tx, contact_id)
