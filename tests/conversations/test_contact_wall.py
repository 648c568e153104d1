"""Who is known to an agent: nobody whose conversations all stand in teams that are closed to them."""

from datetime import timedelta
from uuid import UUID

import pytest

from svardesk.contacts import service as contacts
from svardesk.contacts.errors import NoContact
from svardesk.contacts.schemas import ChangeContact
from svardesk.conversations import reading, search
from tests.conversations.conftest import Desk
from tests.factories import Agent, insert, make_contact


async def _secret(desk: Desk, name: str = "Hemmelig Varsler", thread: str = "s1") -> tuple[UUID, UUID]:
    """A person with an address whose only conversation stands in the closed team; (contact, conversation)."""
    contact_id = await make_contact(desk.db, desk.account, name)
    await insert(
        desk.db, "identities", desk.account.id, contact_id=contact_id, kind="email", address=f"{thread}@varsler.example",
        created_at=desk.now,
    )  # fmt: skip
    got = await desk.receive("Dette er en klage", thread, contact_id=contact_id, team_id=desk.inner)
    return contact_id, got.conversation_id


async def _found(desk: Desk, agent: Agent, typed: str) -> list[str | None]:
    async with desk.db.work(desk.account.id) as tx:
        return [one.name for one in (await search.search(tx, agent.caller, typed, kind="contacts")).contacts]


async def _knows(desk: Desk, agent: Agent, contact_id: UUID) -> bool:
    async with desk.db.work(desk.account.id) as tx:
        try:
            await contacts.get_for(tx, agent.caller, contact_id)
        except NoContact:
            return False
        return True


async def test_who_wrote_to_a_closed_team_only_is_unknown_outside(desk: Desk):
    contact_id, _ = await _secret(desk)
    for typed in ("hemmelig varsler", "varsler.example", "hemelig varslr"):
        assert await _found(desk, desk.kari, typed) == [], typed
        assert await _found(desk, desk.olav, typed) == [], typed
        assert await _found(desk, desk.per, typed) == ["Hemmelig Varsler"], typed
        assert await _found(desk, desk.siv, typed) == ["Hemmelig Varsler"], typed
    seen = {agent.name: await _knows(desk, agent, contact_id) for agent in (desk.kari, desk.olav, desk.per, desk.siv)}
    assert seen == {"Kari Nordmann": False, "Olav Moen": False, "Per Berg": True, "Siv Dahl": True}
    async with desk.db.work(desk.account.id) as tx:
        with pytest.raises(NoContact):
            await contacts.change(tx, desk.kari.caller, contact_id, ChangeContact(name="Kari var her"))
        assert await contacts.get_many_for(tx, desk.kari.caller, [contact_id]) == {}
        changed = await contacts.change(tx, desk.per.caller, contact_id, ChangeContact(name="Navnet Varsler"))
    assert changed.name == "Navnet Varsler"


async def test_one_open_conversation_makes_a_person_known(desk: Desk):
    contact_id, secret = await _secret(desk)
    await desk.receive("Hei, hvor er pakken?", "open", contact_id=contact_id)
    assert await _knows(desk, desk.kari, contact_id)
    assert await _found(desk, desk.kari, "hemmelig") == ["Hemmelig Varsler"]
    async with desk.db.work(desk.account.id) as tx:
        mine = await tx.one("SELECT id FROM conversations WHERE external_thread_key = 'open'")
        opened = await reading.open_conversation(tx, desk.kari.caller, desk.now, mine["id"])
        theirs = await reading.open_conversation(tx, desk.per.caller, desk.now, mine["id"])
    assert opened.previous_conversations == [], "what was said behind the wall stays there"
    assert [one.id for one in theirs.previous_conversations] == [secret]


async def test_who_is_given_a_conversation_knows_its_person(desk: Desk):
    contact_id, secret = await _secret(desk)
    async with desk.db.work(desk.account.id) as tx:
        await tx.run("UPDATE conversations SET assignee_id = %(a)s WHERE id = %(id)s", a=desk.kari.id, id=secret)
    assert await _knows(desk, desk.kari, contact_id)
    assert await _found(desk, desk.kari, "hemmelig") == ["Hemmelig Varsler"]


async def test_people_without_conversations_are_known_to_all(desk: Desk):
    contact_id = await make_contact(desk.db, desk.account, "Ny Kunde")
    assert await _knows(desk, desk.kari, contact_id)
    assert await _found(desk, desk.kari, "ny kunde") == ["Ny Kunde"]


async def test_archiving_and_merging_open_no_wall(desk: Desk):
    contact_id, secret = await _secret(desk)
    async with desk.db.work(desk.account.id) as tx:
        await tx.run(
            "UPDATE conversations SET archived_at = %(at)s WHERE id = %(id)s",
            at=desk.now - timedelta(days=1),
            id=secret,
        )
    assert not await _knows(desk, desk.kari, contact_id)
    merged = await make_contact(desk.db, desk.account, "Hemmelig Varsler", merged_into_id=contact_id)
    assert not await _knows(desk, desk.kari, merged)
    assert await _knows(desk, desk.per, merged)


async def test_the_first_page_is_full_in_spite_of_hidden_ones(desk: Desk):
    for number in range(search.CONTACTS + 2):
        await _secret(desk, "Anne Felles", f"s{number}")
    for _ in range(3):
        await make_contact(desk.db, desk.account, "Anne Felles Åpen")
    assert await _found(desk, desk.kari, "anne felles") == ["Anne Felles Åpen"] * 3
    assert len(await _found(desk, desk.per, "anne felles")) == search.CONTACTS
