"""One address in two channels: proved on both sides it is one person, otherwise an agent is asked."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from svardesk.contacts import identities, meeting, service
from svardesk.contacts.errors import AlreadyOne, NoContact
from svardesk.contacts.identities import Found
from svardesk.contacts.schemas import TRUST, Relations
from svardesk.kit.db import with_retry
from tests.contacts.locks import waits
from tests.conversations.conftest import Desk
from tests.factories import Agent, make_account, make_contact

ADDRESS = "kari@vik.example"
VERIFIED = tuple(one for one in TRUST if identities.rank(one) == 2)


async def mail(
    desk: Desk, trust: str = "domain_verified", address: str = ADDRESS, name: str | None = "Kari Vik"
) -> Found:
    async with desk.db.work(desk.account.id) as tx:
        return await identities.find_or_create(
            tx, desk.now, kind="email", address=address, trust=trust, name=name, scope=""
        )


async def chat(
    desk: Desk, trust: str = "signed_token", address: str = ADDRESS, sub: str = "1", kind: str = "email"
) -> Found:
    """A visitor of web chat with an address; ``identity_id`` is that address."""
    async with desk.db.work(desk.account.id) as tx:
        found = await identities.find_or_create(tx, desk.now, kind="webchat", address=f"sub:{sub}", scope="w")
        claimed = await identities.claim(tx, desk.now, contact_id=found.contact_id, kind=kind, address=address)
        if trust != "claimed":
            await identities.believe(tx, desk.now, claimed, trust)
    return Found(found.contact_id, claimed, created=found.created)


async def meet(desk: Desk, identity_id: UUID) -> meeting.Met:
    async with desk.db.work(desk.account.id) as tx:
        return await meeting.same_person(tx, desk.now, identity_id)


async def person(desk: Desk, contact_id: UUID) -> UUID:
    async with desk.db.work(desk.account.id) as tx:
        return (await service.get_for(tx, desk.siv.caller, contact_id)).id


async def relations(desk: Desk, contact_id: UUID, by: Agent | None = None) -> Relations:
    async with desk.db.work(desk.account.id) as tx:
        return await meeting.get_relations_for(tx, (by or desk.kari).caller, contact_id)


async def apart(desk: Desk, one: UUID, other: UUID, *, apart_now: bool = True) -> None:
    async with desk.db.work(desk.account.id) as tx:
        await meeting.tell_apart(tx, desk.kari.caller, desk.now, one, other, apart_now=apart_now)


@pytest.mark.parametrize("first", TRUST)
@pytest.mark.parametrize("second", TRUST)
async def test_only_what_is_proved_on_both_sides_joins_by_itself(desk: Desk, first: str, second: str):
    one, other = await mail(desk, first), await chat(desk, second if second != "none" else "claimed")
    met = await meet(desk, other.identity_id)
    proved = identities.rank(first) == 2 and identities.rank(second) == 2
    assert met == (meeting.Met(joined=(one.contact_id,)) if proved else meeting.Met(suggested=(one.contact_id,)))
    assert (await person(desk, other.contact_id) == await person(desk, one.contact_id)) == proved
    found = await relations(desk, other.contact_id)
    if proved:
        assert [(each.why, each.contact.id, each.into_id) for each in found.merges] == [
            ("address", other.contact_id, one.contact_id)
        ], "the older one is what the person is known as"
        assert found.suggestions == []
    else:
        assert found.merges == []
        (suggested,) = found.suggestions
        assert (suggested.contact.id, suggested.contact.name, suggested.kind, suggested.address) == (
            one.contact_id, "Kari Vik", "email", ADDRESS,
        )  # fmt: skip
        assert (suggested.trust, suggested.own_trust) == (first, second if second != "none" else "claimed")
        (mirrored,) = (await relations(desk, one.contact_id)).suggestions
        assert (mirrored.contact.id, mirrored.trust, mirrored.own_trust) == (
            other.contact_id, suggested.own_trust, suggested.trust,
        )  # fmt: skip


async def test_it_makes_no_difference_who_comes_first_and_how_often_it_is_asked(desk: Desk):
    visitor = await chat(desk)
    assert await meet(desk, visitor.identity_id) == meeting.Met()
    sender = await mail(desk, "none")
    assert await meet(desk, sender.identity_id) == meeting.Met(suggested=(visitor.contact_id,))
    # A later letter is signed by its domain.
    sender = await mail(desk, "domain_verified")
    assert await meet(desk, sender.identity_id) == meeting.Met(joined=(visitor.contact_id,))
    for one in (sender.identity_id, visitor.identity_id):
        assert await meet(desk, one) == meeting.Met()
    assert await person(desk, sender.contact_id) == visitor.contact_id
    async with desk.db.work(desk.account.id) as tx:
        assert await tx.value("SELECT count(*) FROM contact_merges") == 1
        lines = await tx.all("SELECT actor_kind, object_id FROM audit_log WHERE action = 'contacts_merged'")
    assert lines == [{"actor_kind": "system", "object_id": visitor.contact_id}]


async def test_a_suggestion_is_announced_once(desk: Desk):
    sender, visitor = await mail(desk), await chat(desk, "claimed")
    for _ in range(2):
        await meet(desk, visitor.identity_id)
        desk.clock.advance(minutes=5)
    told = [fact for name, fact in await desk.events(visitor.contact_id) if name == "merge_suggested"]
    assert told == [
        {"stream": str(visitor.contact_id), "other_id": str(sender.contact_id), "identity_id": str(visitor.identity_id)}
    ]


async def test_a_phone_is_for_agents_to_judge(desk: Desk):
    one = await chat(desk, "signed_token", "+4791234567", "1", kind="phone")
    other = await chat(desk, "phone_number", "+4791234567", "2", kind="phone")
    assert await meet(desk, other.identity_id) == meeting.Met(suggested=(one.contact_id,))
    (suggested,) = (await relations(desk, one.contact_id)).suggestions
    assert (suggested.kind, suggested.contact.name) == ("phone", None)


async def test_a_browsers_number_meets_nobody(desk: Desk):
    async with desk.db.work(desk.account.id) as tx:
        one = await identities.find_or_create(
            tx, desk.now, kind="webchat", address="v", scope="a", trust="signed_token"
        )
        await identities.find_or_create(tx, desk.now, kind="webchat", address="v", scope="b", trust="signed_token")
        assert await meeting.same_person(tx, desk.now, one.identity_id) == meeting.Met()
        assert await meeting.same_person(tx, desk.now, one.contact_id) == meeting.Met(), "no identity at all"
    assert (await relations(desk, one.contact_id)).suggestions == []


async def test_everybody_who_proved_it_becomes_one(desk: Desk):
    shops = [await chat(desk, sub=str(number)) for number in range(3)]
    claimed = await chat(desk, "claimed", sub="9")
    sender = await mail(desk)
    met = await meet(desk, sender.identity_id)
    assert set(met.joined) == {one.contact_id for one in shops}
    assert met.suggested == (claimed.contact_id,)
    assert {await person(desk, one.contact_id) for one in (*shops, sender)} == {shops[0].contact_id}
    assert await person(desk, claimed.contact_id) == claimed.contact_id


async def test_not_the_same_is_remembered(desk: Desk):
    sender, visitor = await mail(desk), await chat(desk, "claimed")
    await apart(desk, visitor.contact_id, sender.contact_id)
    await apart(desk, sender.contact_id, visitor.contact_id)
    for one in (sender, visitor):
        assert (await relations(desk, one.contact_id)).suggestions == []
    async with desk.db.work(desk.account.id) as tx:
        await identities.believe(tx, desk.now, visitor.identity_id, "signed_token")
    assert await meet(desk, visitor.identity_id) == meeting.Met(), "an agent's word is worth more than an address"
    assert await meet(desk, sender.identity_id) == meeting.Met()
    told = [fact for name, fact in await desk.events(visitor.contact_id) if name == "contacts_told_apart"]
    assert [(fact["other_id"], fact["apart"]) for fact in told] == [(str(sender.contact_id), True)]
    await apart(desk, sender.contact_id, visitor.contact_id, apart_now=False)
    assert [one.contact.id for one in (await relations(desk, visitor.contact_id)).suggestions] == [sender.contact_id]
    assert await meet(desk, visitor.identity_id) == meeting.Met(joined=(sender.contact_id,))
    async with desk.db.work(desk.account.id) as tx:
        actions = await tx.all("SELECT action FROM audit_log ORDER BY at, id")
    assert [row["action"] for row in actions] == ["contacts_told_apart", "contacts_not_apart", "contacts_merged"]
    with pytest.raises(AlreadyOne):
        await apart(desk, sender.contact_id, visitor.contact_id)


async def test_what_was_said_of_one_contact_counts_for_the_whole_person(desk: Desk):
    """A was told apart from B. C proves an address that both have: it joins the first, and the other stays out."""
    a, b = await chat(desk, sub="a"), await mail(desk, address="b@vik.example")
    await apart(desk, a.contact_id, b.contact_id)
    async with desk.db.work(desk.account.id) as tx:
        c = await identities.find_or_create(tx, desk.now, kind="webchat", address="sub:c", scope="w")
        of_c = [
            await identities.claim(tx, desk.now, contact_id=c.contact_id, kind="email", address=address)
            for address in (ADDRESS, "b@vik.example")
        ]
        for one in of_c:
            await identities.believe(tx, desk.now, one, "signed_token")
    assert await meet(desk, of_c[0]) == meeting.Met(joined=(a.contact_id,))
    assert await meet(desk, of_c[1]) == meeting.Met()
    assert await person(desk, c.contact_id) == a.contact_id
    assert await person(desk, b.contact_id) == b.contact_id
    assert (await relations(desk, b.contact_id)).suggestions == []


async def test_no_wall_falls_by_itself(desk: Desk):
    """Whoever is known to a closed team only joins nobody without a person's word, and is suggested to that team alone."""
    secret, visitor = await mail(desk), await chat(desk)
    await desk.receive("En klage", "s1", contact_id=secret.contact_id, team_id=desk.inner)
    await desk.receive("Hei", "s2", contact_id=visitor.contact_id)
    for one in (secret, visitor):
        assert (await meet(desk, one.identity_id)).joined == ()
    assert (await relations(desk, visitor.contact_id)).suggestions == []
    assert [one.contact.name for one in (await relations(desk, visitor.contact_id, desk.per)).suggestions] == [
        "Kari Vik"
    ]
    with pytest.raises(NoContact):
        await relations(desk, secret.contact_id)
    # One open conversation later there is no wall to fall.
    await desk.receive("Hei igjen", "s3", contact_id=secret.contact_id)
    assert (await meet(desk, visitor.identity_id)).joined == (secret.contact_id,)


async def test_neighbours_and_the_erased_are_met_by_nobody(desk: Desk):
    neighbours = await make_account(desk.db, "Nabo AS")
    async with desk.db.work(neighbours.id) as tx:
        theirs = await identities.find_or_create(tx, desk.now, kind="email", address=ADDRESS, trust="domain_verified")
    visitor = await chat(desk)
    assert await meet(desk, visitor.identity_id) == meeting.Met()
    assert await meet(desk, theirs.identity_id) == meeting.Met()
    sender = await mail(desk)
    async with desk.db.work(desk.account.id) as tx:
        await tx.run("UPDATE contacts SET erased_at = now() WHERE id = %(id)s", id=sender.contact_id)
    assert await meet(desk, visitor.identity_id) == meeting.Met()
    assert (await relations(desk, visitor.contact_id)).suggestions == []
    stranger = await make_contact(desk.db, neighbours)
    async with desk.db.work(desk.account.id) as tx:
        for one, other in ((visitor.contact_id, stranger), (stranger, visitor.contact_id)):
            with pytest.raises(NoContact):
                await meeting.tell_apart(tx, desk.kari.caller, desk.now, one, other)


async def test_whoever_asks_second_sees_the_first(desk: Desk):
    """The mail's transaction is still open: the visitor's would find nobody, and neither would ever look again."""
    asked, go_on = asyncio.Event(), asyncio.Event()

    async def letter() -> None:
        async with desk.db.work(desk.account.id) as tx:
            found = await identities.find_or_create(
                tx, desk.now, kind="email", address=ADDRESS, trust="domain_verified"
            )
            assert await meeting.same_person(tx, desk.now, found.identity_id) == meeting.Met()
            asked.set()
            await go_on.wait()

    first = asyncio.create_task(letter())
    await asked.wait()
    visitor = await chat(desk)
    second = asyncio.create_task(meet(desk, visitor.identity_id))
    await waits(desk, "pg_advisory_xact_lock", second)
    go_on.set()
    await first
    assert len((await second).joined) == 1


async def test_an_agent_who_tells_them_apart_at_that_moment_is_heard(desk: Desk):
    sender, visitor = await mail(desk), await chat(desk)
    told, go_on = asyncio.Event(), asyncio.Event()

    async def tell() -> None:
        async with desk.db.work(desk.account.id) as tx:
            await meeting.tell_apart(tx, desk.kari.caller, desk.now, sender.contact_id, visitor.contact_id)
            told.set()
            await go_on.wait()

    agent = asyncio.create_task(tell())
    await told.wait()
    met = asyncio.create_task(meet(desk, visitor.identity_id))
    await waits(desk, "pg_advisory_xact_lock", met)
    go_on.set()
    await agent
    assert (await met).joined == ()
    assert await person(desk, visitor.contact_id) == visitor.contact_id


@pytest.mark.parametrize("round_", range(4))
async def test_two_channels_at_once_end_at_one_person(desk: Desk, round_: int):
    """Neither transaction sees the other's identity; the second one to ask must."""

    async def letter() -> None:
        async with desk.db.work(desk.account.id) as tx:
            found = await identities.find_or_create(
                tx, desk.now, kind="email", address=ADDRESS, trust="domain_verified"
            )
            await meeting.same_person(tx, desk.now, found.identity_id)

    async def visit() -> None:
        async with desk.db.work(desk.account.id) as tx:
            found = await identities.find_or_create(tx, desk.now, kind="webchat", address="sub:1", scope="w")
            claimed = await identities.claim(tx, desk.now, contact_id=found.contact_id, kind="email", address=ADDRESS)
            await identities.believe(tx, desk.now, claimed, "signed_token")
            await meeting.same_person(tx, desk.now, claimed)

    order = [letter, visit, letter, visit] if round_ % 2 else [visit, letter, visit, letter]
    await asyncio.gather(*(with_retry(one) for one in order))
    async with desk.db.work(desk.account.id) as tx:
        roots = await tx.all(
            "SELECT DISTINCT coalesce(c.merged_into_id, c.id) AS id FROM contacts c JOIN identities i ON i.contact_id = c.id"
        )
    assert len(roots) == 1


async def test_the_surest_comes_first_and_there_are_never_many(desk: Desk):
    visitor = await chat(desk, "claimed", sub="me")
    for number in range(8):
        await chat(desk, "claimed", sub=f"c{number}")
    sender = await mail(desk)
    found = (await relations(desk, visitor.contact_id)).suggestions
    assert len(found) == meeting.SHOWN
    assert found[0].contact.id == sender.contact_id
    assert len({one.contact.id for one in found}) == meeting.SHOWN


async def test_an_old_identity_is_no_news(desk: Desk):
    await mail(desk)
    visitor = await chat(desk, "claimed")
    async with desk.db.work(desk.account.id) as tx:
        met = await meeting.same_person(tx, desk.now + timedelta(seconds=1), visitor.identity_id)
    assert len(met.suggested) == 1
    assert "merge_suggested" not in [name for name, _ in await desk.events(visitor.contact_id)]
