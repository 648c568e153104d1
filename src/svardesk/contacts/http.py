"""Contacts over HTTP."""

from uuid import UUID

from svardesk.accounts.caller import Caller
from svardesk.contacts import fields, service
from svardesk.contacts.schemas import ChangeContact, ChangeField, Contact, Field, Fields, MakeField
from svardesk.kit.clock import Clock
from svardesk.kit.db import Database
from svardesk.kit.http import route


async def get_contact(contact_id: UUID, caller: Caller, db: Database) -> Contact:
    """One contact with identities and fields. 404 for one whose conversations all stand in teams closed to the agent."""
    async with db.work(caller.account_id) as tx:
        return await service.get_for(tx, caller, contact_id)


async def patch_contact(contact_id: UUID, data: ChangeContact, caller: Caller, db: Database) -> Contact:
    """Change the profile. 409 ``version_conflict``, 422 ``bad_value``."""
    async with db.work(caller.account_id) as tx:
        return await service.change(tx, caller, contact_id, data)


async def list_fields(caller: Caller, db: Database) -> Fields:
    """The organisation's own fields."""
    async with db.work(caller.account_id) as tx:
        return Fields(await fields.definitions(tx))


async def make_field(data: MakeField, caller: Caller, db: Database, clock: Clock) -> Field:
    """Add a field."""
    async with db.work(caller.account_id) as tx:
        return await fields.make(tx, clock.now(), data)


async def patch_field(field_id: UUID, data: ChangeField, caller: Caller, db: Database, clock: Clock) -> Field:
    """Change or archive a field."""
    async with db.work(caller.account_id) as tx:
        return await fields.change(tx, clock.now(), field_id, data)


ROUTES = (
    route("GET", "/api/v1/contacts/{contact_id:uuid}", get_contact, permission="contacts.read"),
    route("PATCH", "/api/v1/contacts/{contact_id:uuid}", patch_contact, permission="contacts.write"),
    route("GET", "/api/v1/fields", list_fields, permission="contacts.read"),
    route("POST", "/api/v1/fields", make_field, permission="settings.manage", status=201),
    route("PATCH", "/api/v1/fields/{field_id:uuid}", patch_field, permission="settings.manage"),
)
