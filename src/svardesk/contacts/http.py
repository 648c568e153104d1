"""Contacts over HTTP."""

from uuid import UUID

from svardesk.accounts.caller import Caller
from svardesk.contacts import fields, meeting, merging, service
from svardesk.contacts.schemas import (
    ChangeContact,
    ChangeField,
    Contact,
    Field,
    Fields,
    MakeField,
    MergeWith,
    Relations,
)
from svardesk.kit.clock import Clock
from svardesk.kit.db import Database, with_retry
from svardesk.kit.http import route


async def get_contact(contact_id: UUID, caller: Caller, db: Database) -> Contact:
    """The person behind a contact, with identities and fields; a merged one's id leads to whom it was merged into.

    404 for one whose conversations all stand in teams closed to the agent.
    """
    async with db.work(caller.account_id) as tx:
        return await service.get_for(tx, caller, contact_id)


async def patch_contact(contact_id: UUID, data: ChangeContact, caller: Caller, db: Database) -> Contact:
    """Change the profile. 409 ``version_conflict``, 422 ``bad_value``."""
    async with db.work(caller.account_id) as tx:
        return await service.change(tx, caller, contact_id, data)


async def get_relations(contact_id: UUID, caller: Caller, db: Database) -> Relations:
    """Which contacts were merged into this person, and who else may be the same person."""
    async with db.work(caller.account_id) as tx:
        return await meeting.get_relations_for(tx, caller, contact_id)


async def post_merge(contact_id: UUID, data: MergeWith, caller: Caller, db: Database, clock: Clock) -> Contact:
    """Say that another contact is the same person, who is known as this one from now on. 409 ``already_one_person``."""

    async def once() -> Contact:
        async with db.work(caller.account_id) as tx:
            return await merging.merge(tx, caller, clock.now(), contact_id, data.contact_id)

    return await with_retry(once)


async def delete_merge(contact_id: UUID, merge_id: UUID, caller: Caller, db: Database, clock: Clock) -> Contact:
    """Undo a merge of this person: both are as before, with what came in for each meanwhile. 409 ``merge_final``."""

    async def once() -> Contact:
        async with db.work(caller.account_id) as tx:
            return await merging.undo(tx, caller, clock.now(), contact_id, merge_id)

    return await with_retry(once)


async def put_not_same(contact_id: UUID, other_contact_id: UUID, caller: Caller, db: Database, clock: Clock) -> None:
    """Say that these are two persons: neither suggested nor merged by an address any more. 409 ``already_one_person``."""
    async with db.work(caller.account_id) as tx:
        await meeting.tell_apart(tx, caller, clock.now(), contact_id, other_contact_id)


async def delete_not_same(contact_id: UUID, other_contact_id: UUID, caller: Caller, db: Database, clock: Clock) -> None:
    """Take that back."""
    async with db.work(caller.account_id) as tx:
        await meeting.tell_apart(tx, caller, clock.now(), contact_id, other_contact_id, apart_now=False)


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
    route("GET", "/api/v1/contacts/{contact_id:uuid}/relations", get_relations, permission="contacts.read"),
    route("POST", "/api/v1/contacts/{contact_id:uuid}/merges", post_merge, permission="contacts.write", status=201),
    route(
        "DELETE",
        "/api/v1/contacts/{contact_id:uuid}/merges/{merge_id:uuid}",
        delete_merge,
        permission="contacts.write",
        status=200,
    ),
    route(
        "PUT",
        "/api/v1/contacts/{contact_id:uuid}/not-same/{other_contact_id:uuid}",
        put_not_same,
        permission="contacts.write",
        status=204,
    ),
    route(
        "DELETE",
        "/api/v1/contacts/{contact_id:uuid}/not-same/{other_contact_id:uuid}",
        delete_not_same,
        permission="contacts.write",
    ),
    route("GET", "/api/v1/fields", list_fields, permission="contacts.read"),
    route("POST", "/api/v1/fields", make_field, permission="settings.manage", status=201),
    route("PATCH", "/api/v1/fields/{field_id:uuid}", patch_field, permission="settings.manage"),
)
