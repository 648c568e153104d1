"""Contacts: whose address it is, how sure we are, profiles and own fields, walls between organisations."""

import asyncio
from datetime import timedelta
from typing import get_args
from uuid import UUID, uuid4

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from svardesk.accounts.caller import Caller
from svardesk.contacts import fields, identities, service
from svardesk.contacts.errors import BadValue, BadZone, FieldTaken, NoContact, NoField, VersionConflict
from svardesk.contacts.schemas import TRUST, ChangeContact, ChangeField, Contact, Field, FieldType, Labels, MakeField
from svardesk.kit.clock import FixedClock
from svardesk.kit.db import Database, Tx
from tests.factories import make_account, make_contact

NOW = FixedClock().now()


def caller_of(account_id: UUID, hidden: tuple[UUID, ...] = ()) -> Caller:
    """Some agent who may not see what stands in the ``hidden`` teams."""
    return Caller(
        account_id=account_id,
        agent_id=uuid4(),
        name="Kari",
        role="agent",
        permissions=frozenset(),
        hidden_team_ids=hidden,
    )


async def get(tx: Tx, contact_id: UUID) -> Contact:
    """A contact as an agent without closed teams sees it."""
    return await service.get_for(tx, caller_of(tx.account), contact_id)


async def test_an_unknown_address_makes_a_contact(db: Database):
    account = await make_account(db)
    async with db.work(account.id) as tx:
        found = await identities.find_or_create(
            tx, NOW, kind="email", address=" Kari@Example.NO ", name="Kari", locale="nb", trust="domain_verified"
        )
        again = await identities.find_or_create(tx, NOW, kind="email", address="kari@example.no")
        contact = await get(tx, found.contact_id)
    assert found.created
    assert again == identities.Found(found.contact_id, found.identity_id, created=False)
    (identity,) = contact.identities
    assert (contact.name, contact.locale) == ("Kari", "nb")
    assert (identity.address, identity.trust, identity.verified_at) == ("kari@example.no", "domain_verified", NOW)


async def test_a_known_address_is_a_person_seen_again(db: Database):
    account = await make_account(db)
    later = NOW + timedelta(days=40)
    async with db.work(account.id) as tx:
        found = await identities.find_or_create(tx, NOW, kind="email", address="kari@example.no")
        assert (await get(tx, found.contact_id)).last_seen_at == NOW
        await identities.find_or_create(tx, later, kind="email", address="kari@example.no")
        assert (await get(tx, found.contact_id)).last_seen_at == later
        await identities.find_or_create(tx, NOW, kind="email", address="kari@example.no")
        assert (await get(tx, found.contact_id)).last_seen_at == later, "an old letter turns no clock back"


async def test_scopes_keep_addresses_apart(db: Database):
    account = await make_account(db)
    async with db.work(account.id) as tx:
        one = await identities.find_or_create(tx, NOW, kind="messenger", address="17", scope="page-a")
        two = await identities.find_or_create(tx, NOW, kind="messenger", address="17", scope="page-b")
    assert one.contact_id != two.contact_id


async def test_ten_at_once_are_one_contact(db: Database):
    account = await make_account(db)

    async def one():
        async with db.work(account.id) as tx:
            return await identities.find_or_create(tx, NOW, kind="email", address="ola@example.no")

    found = await asyncio.gather(*(one() for _ in range(10)))
    assert len({(each.contact_id, each.identity_id) for each in found}) == 1
    assert sum(each.created for each in found) == 1
    async with db.work(account.id) as tx:
        assert await tx.value("SELECT count(*) FROM contacts") == 1


@pytest.mark.parametrize("before", TRUST)
@pytest.mark.parametrize("after", TRUST)
async def test_trust_only_rises(db: Database, before: str, after: str):
    account = await make_account(db)
    async with db.work(account.id) as tx:
        found = await identities.find_or_create(tx, NOW, kind="webchat", address="v1", trust=before)
        await identities.find_or_create(tx, NOW + timedelta(days=1), kind="webchat", address="v1", trust=after)
        (identity,) = (await get(tx, found.contact_id)).identities
    rises = identities.rank(after) > identities.rank(before)
    assert identity.trust == (after if rises else before)
    assert (identity.verified_at is not None) == (max(identities.rank(before), identities.rank(after)) == 2)


async def test_a_claim_takes_nobodys_address(db: Database):
    account = await make_account(db)
    async with db.work(account.id) as tx:
        owner = await identities.find_or_create(tx, NOW, kind="email", address="a@example.no", trust="domain_verified")
        visitor = await identities.find_or_create(tx, NOW, kind="webchat", address="v1")
        claimed = await identities.claim(
            tx, NOW, contact_id=visitor.contact_id, kind="email", address="A@example.no", name=" Per "
        )
        again = await identities.claim(tx, NOW, contact_id=visitor.contact_id, kind="email", address="a@example.no")
        assert again == claimed
        assert (await identities.find_or_create(tx, NOW, kind="email", address="a@example.no")) == identities.Found(
            owner.contact_id, owner.identity_id, created=False
        )
        contact = await get(tx, visitor.contact_id)
        assert contact.name == "Per"
        assert [(one.kind, one.address, one.trust) for one in contact.identities] == [
            ("webchat", "v1", "none"), ("email", "a@example.no", "claimed"),
        ]  # fmt: skip
        await identities.claim(tx, NOW, contact_id=visitor.contact_id, kind="phone", address="+4791234567", name="Pål")
        assert (await get(tx, visitor.contact_id)).name == "Per"


async def test_claims_come_before_the_owner(db: Database):
    """Whoever claims first does not become whoever proves it later."""
    account = await make_account(db)
    async with db.work(account.id) as tx:
        visitor = await identities.find_or_create(tx, NOW, kind="webchat", address="v1")
        await identities.claim(tx, NOW, contact_id=visitor.contact_id, kind="email", address="a@example.no")
        owner = await identities.find_or_create(tx, NOW, kind="email", address="a@example.no", trust="domain_verified")
    assert owner.contact_id != visitor.contact_id


async def test_profile_is_changed(db: Database):
    account = await make_account(db)
    contact_id = await make_contact(db, account)
    what = ChangeContact(name=" Ola\u202e Nordmann\x00 ", timezone="Europe/Oslo", written_standard="nn", version=1)
    async with db.work(account.id) as tx:
        contact = await service.change(tx, caller_of(tx.account), contact_id, what)
        assert (contact.name, contact.written_standard, contact.version) == ("Ola Nordmann", "nn", 2)
        with pytest.raises(VersionConflict):
            await service.change(tx, caller_of(tx.account), contact_id, what)
        with pytest.raises(BadZone):
            await service.change(tx, caller_of(tx.account), contact_id, ChangeContact(timezone="Oslo/Norge"))
        contact = await service.change(tx, caller_of(tx.account), contact_id, ChangeContact(name=None))
        assert (contact.name, contact.timezone) == (None, "Europe/Oslo")


async def test_an_erased_contact_is_not_changed(db: Database):
    account = await make_account(db)
    erased = await make_contact(db, account, erased_at=NOW)
    async with db.work(account.id) as tx:
        for contact_id in (erased, uuid4()):
            with pytest.raises(NoContact):
                await service.change(tx, caller_of(tx.account), contact_id, ChangeContact(name="X"))


async def test_own_fields(db: Database):
    account = await make_account(db)
    contact_id = await make_contact(db, account)
    labels: Labels = {"nb": "Kundenummer"}
    async with db.work(account.id) as tx:
        await fields.make(tx, NOW, MakeField(key="customer_no", type="text", labels=labels))
        await fields.make(tx, NOW, MakeField(key="since", type="date", labels={"nb": "Kunde siden"}))
        level = await fields.make(
            tx, NOW, MakeField(key="level", type="choice", labels=labels, choices=["gull", "sølv"])
        )
        await fields.make(tx, NOW, MakeField(key="score", type="number", labels=labels))
        await fields.make(tx, NOW, MakeField(key="vip", type="boolean", labels=labels))
        with pytest.raises(FieldTaken):
            await fields.make(tx, NOW, MakeField(key="vip", type="text", labels=labels))
        with pytest.raises(BadValue):
            await fields.make(tx, NOW, MakeField(key="c", type="choice", labels=labels))
        values = {"customer_no": "A-17", "since": "2020-02-29", "level": "gull", "score": 4.5, "vip": True}
        contact = await service.change(tx, caller_of(tx.account), contact_id, ChangeContact(fields=values))
        assert msgspec.to_builtins(contact.fields) == values
        contact = await service.change(
            tx, caller_of(tx.account), contact_id, ChangeContact(fields={"vip": None, "score": 3})
        )
        assert (contact.fields.get("vip"), contact.fields["score"]) == (None, 3)
        with pytest.raises(NoField):
            await service.change(tx, caller_of(tx.account), contact_id, ChangeContact(fields={"unknown": 1}))
        with pytest.raises(BadValue):
            await service.change(
                tx, caller_of(tx.account), contact_id, ChangeContact(fields={"vip": True, "level": "bronse"})
            )
        assert (await get(tx, contact_id)).fields.get("vip") is None
        archived = await fields.change(tx, NOW, level.id, ChangeField(archived=True))
        assert archived.archived
        assert "level" not in (await get(tx, contact_id)).fields
        await fields.change(tx, NOW, level.id, ChangeField(archived=False, labels={"nb": "Nivå"}))
        assert (await get(tx, contact_id)).fields["level"] == "gull"
        with pytest.raises(NoField):
            await fields.change(tx, NOW, uuid4(), ChangeField(archived=True))


@given(
    st.sampled_from(get_args(FieldType)),
    st.one_of(st.text(), st.floats(allow_nan=False), st.booleans(), st.integers(), st.dates().map(str)),
)
def test_a_value_fits_its_field_or_is_refused(kind: FieldType, value: str | float | bool):
    field = Field(id=uuid4(), entity="contact", key="k", type=kind, labels={}, choices=["a"])
    try:
        (column,) = fields.typed(field, value)
    except BadValue as error:
        refused = error
    else:
        refused = None
        expected = {"text": "text", "choice": "text", "number": "number", "date": "date", "boolean": "boolean"}[kind]
        assert column == f"{expected}_value"
    assert refused is None or refused.fields["key"] == "k"


async def test_walls_between_organisations(db: Database):
    account, stranger = await make_account(db), await make_account(db, "Nabo AS")
    contact_id = await make_contact(db, account, "Hemmelig")
    async with db.work(account.id) as tx:
        found = await identities.find_or_create(tx, NOW, kind="email", address="x@example.no")
        field = await fields.make(tx, NOW, MakeField(key="a", type="text", labels={"nb": "A"}))
    async with db.work(stranger.id) as tx:
        with pytest.raises(NoContact):
            await get(tx, contact_id)
        with pytest.raises(NoContact):
            await service.change(tx, caller_of(tx.account), contact_id, ChangeContact(name="X"))
        assert not await identities.believe(tx, NOW, found.identity_id, "signed_token")
        theirs = await identities.find_or_create(tx, NOW, kind="email", address="x@example.no")
        assert theirs.created and theirs.contact_id != found.contact_id
        assert await fields.definitions(tx) == []
        with pytest.raises(NoField):
            await fields.change(tx, NOW, field.id, ChangeField(archived=True))
