"""Merging contacts and taking it back: nothing is lost, whatever came between, in whatever order."""

import asyncio
import contextlib
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from svardesk.accounts.caller import SYSTEM
from svardesk.contacts import fields, identities, meeting, merging, service
from svardesk.contacts.errors import AlreadyOne, MergeFinal, NoContact, NoMerge
from svardesk.contacts.schemas import ChangeContact, Contact, MakeField
from svardesk.conversations import inbox, reading, search
from svardesk.conversations.schemas import Filters
from svardesk.kit.db import Database
from svardesk.kit.files import FileStore
from svardesk.kit.keyring import KeyRing
from svardesk.privacy import jobs
from svardesk.privacy import service as privacy
from tests.contacts.locks import waits
from tests.conversations.conftest import Desk
from tests.factories import Agent, insert, make_account, make_agent, make_contact

TABLES = ("contacts", "identities", "field_values", "conversations", "messages", "webchat_sessions", "files")


async def merge(desk: Desk, into: UUID, other: UUID, by: Agent | None = None) -> Contact:
    async with desk.db.work(desk.account.id) as tx:
        return await merging.merge(tx, (by or desk.kari).caller, desk.now, into, other)


async def undo(desk: Desk, contact_id: UUID, merge_id: UUID, by: Agent | None = None) -> Contact:
    async with desk.db.work(desk.account.id) as tx:
        return await merging.undo(tx, (by or desk.kari).caller, desk.now, contact_id, merge_id)


async def get(desk: Desk, contact_id: UUID, by: Agent | None = None) -> Contact:
    async with desk.db.work(desk.account.id) as tx:
        return await service.get_for(tx, (by or desk.kari).caller, contact_id)


async def relations(desk: Desk, contact_id: UUID, by: Agent | None = None) -> Any:
    async with desk.db.work(desk.account.id) as tx:
        return await meeting.get_relations_for(tx, (by or desk.kari).caller, contact_id)


async def merge_of(desk: Desk, contact_id: UUID) -> UUID:
    """The living merge by which a contact became part of another."""
    async with desk.db.work(desk.account.id) as tx:
        return await tx.value(
            "SELECT id FROM contact_merges WHERE from_id = %(id)s AND undone_at IS NULL", id=contact_id
        )


async def rows(db: Database, account_id: UUID) -> dict[str, list[dict[str, Any]]]:
    """Everything that could be overwritten, without the counters that tell browsers to look again."""
    async with db.work(account_id) as tx:
        found = {table: await tx.all(f"SELECT * FROM {table} ORDER BY id") for table in TABLES}
    return {
        table: [{name: value for name, value in row.items() if name != "version"} for row in some]
        for table, some in found.items()
    }


async def two(desk: Desk) -> tuple[UUID, UUID]:
    """Two contacts who know something each, with a conversation each."""
    async with desk.db.work(desk.account.id) as tx:
        one = await identities.find_or_create(tx, desk.now, kind="email", address="kari@a.example", name="Kari Vik")
        two = await identities.find_or_create(tx, desk.now, kind="webchat", address="sub:17", locale="nn")
        await fields.make(tx, desk.now, MakeField(key="no", type="text", labels={"nb": "Nr."}))
        await fields.make(tx, desk.now, MakeField(key="vip", type="boolean", labels={"nb": "VIP"}))
        await service.change(tx, desk.kari.caller, one.contact_id, ChangeContact(fields={"no": "A-1"}))
        await service.change(tx, desk.kari.caller, two.contact_id, ChangeContact(fields={"no": "B-2", "vip": True}))
    await desk.receive("Fra e-post", "mail", contact_id=one.contact_id, channel="email")
    await desk.receive("Fra nettprat", "chat", contact_id=two.contact_id)
    return one.contact_id, two.contact_id


async def test_two_contacts_are_one_person(desk: Desk):
    kari, chat = await two(desk)
    person = await merge(desk, kari, chat)
    assert (person.id, person.name, person.locale) == (kari, "Kari Vik", "nn")
    assert person.fields == {"no": "A-1", "vip": True}, "own first, the other's where there is none"
    assert [one.address for one in person.identities] == ["kari@a.example", "sub:17"]
    assert await get(desk, chat) == person, "the old id leads to the person"
    async with desk.db.work(desk.account.id) as tx:
        page = await inbox.page(tx, desk.kari.caller, Filters(view="all", contact_id=kari))
        same = await inbox.page(tx, desk.kari.caller, Filters(view="all", contact_id=chat))
        opened = await reading.open_conversation(tx, desk.kari.caller, desk.now, page.items[0].id)
        found = await search.search(tx, desk.kari.caller, "sub:17", kind="contacts")
    assert page.items == same.items
    assert {(row.preview, row.contact.id, row.contact.name) for row in page.items} == {
        ("Fra e-post", kari, "Kari Vik"), ("Fra nettprat", kari, "Kari Vik"),
    }  # fmt: skip
    assert opened.contact.id == kari
    assert [row.id for row in opened.previous_conversations] == [page.items[1].id]
    assert {one.author.name for one in opened.messages} == {"Kari Vik"}
    assert [one.id for one in found.contacts] == [kari]
    (record,) = opened.relations.merges
    assert (record.contact.id, record.into_id, record.why, record.agent_name, record.undoable) == (
        chat, kari, "agent", "Kari Nordmann", True,
    )  # fmt: skip
    facts = [fact for name, fact in await desk.events(kari) if name == "contacts_merged"]
    assert facts == [
        {
            "stream": str(kari), "merge_id": str(record.id), "from_id": str(chat), "contact_ids": [str(chat)],
            "why": "agent", "agent_id": str(desk.kari.id),
        }
    ]  # fmt: skip
    async with desk.db.work(desk.account.id) as tx:
        line = await tx.one("SELECT * FROM audit_log WHERE action = 'contacts_merged'")
    assert (line["object_id"], line["actor_id"]) == (kari, desk.kari.id)
    assert line["details"] == {"from_id": str(chat), "merge_id": str(record.id)}


async def test_the_name_of_either_is_shown_where_the_other_has_none(desk: Desk):
    kari, chat = await two(desk)
    person = await merge(desk, chat, kari)
    assert (person.id, person.name) == (chat, "Kari Vik")
    async with desk.db.work(desk.account.id) as tx:
        page = await inbox.page(tx, desk.kari.caller, Filters(view="all", contact_id=chat))
    assert {(row.contact.id, row.contact.name) for row in page.items} == {(chat, "Kari Vik")}


async def test_undoing_leaves_everything_as_it_was(desk: Desk):
    kari, chat = await two(desk)
    before = await rows(desk.db, desk.account.id)
    persons = await get(desk, kari), await get(desk, chat)
    for into, other in ((kari, chat), (chat, kari)):
        await merge(desk, into, other)
        async with desk.db.work(desk.account.id) as tx:
            assert await tx.value("SELECT count(*) FROM contacts WHERE merged_into_id IS NOT NULL") == 1
        answer = await undo(desk, into, await merge_of(desk, other))
        assert answer.id == into
        assert await rows(desk.db, desk.account.id) == before
    after = await get(desk, kari), await get(desk, chat)
    assert [(one.name, one.locale, one.fields, one.identities) for one in after] == [
        (one.name, one.locale, one.fields, one.identities) for one in persons
    ]


async def test_what_comes_in_meanwhile_stays_with_its_identity(desk: Desk):
    kari, chat = await two(desk)
    person = await merge(desk, kari, chat)
    async with desk.db.work(desk.account.id) as tx:
        later = desk.now + timedelta(days=2)
        found = await identities.find_or_create(tx, later, kind="webchat", address="sub:17")
        assert found.contact_id == chat
        await identities.name_if_none(tx, chat, "Kåre fra nettet")
    new = await desk.receive("Ny i nettprat", "chat-2", contact_id=chat)
    await desk.receive("Mer i den gamle", "chat", contact_id=chat)
    merged = await get(desk, kari)
    assert (merged.name, merged.last_seen_at) == ("Kari Vik", later)
    async with desk.db.work(desk.account.id) as tx:
        changed = await service.change(
            tx, desk.kari.caller, chat, ChangeContact(name="Kari V.", fields={"no": "A-9"}, version=merged.version)
        )
    assert (changed.id, changed.name, changed.fields["no"]) == (kari, "Kari V.", "A-9"), "an agent changes the person"
    await undo(desk, kari, (await relations(desk, person.id)).merges[0].id)
    mail, web = await get(desk, kari), await get(desk, chat)
    assert (mail.name, mail.fields, mail.last_seen_at) == ("Kari V.", {"no": "A-9"}, desk.now)
    assert (web.name, web.fields, web.last_seen_at) == ("Kåre fra nettet", {"no": "B-2", "vip": True}, later)
    async with desk.db.work(desk.account.id) as tx:
        of_mail = await inbox.page(tx, desk.kari.caller, Filters(view="all", contact_id=kari))
        of_chat = await inbox.page(tx, desk.kari.caller, Filters(view="all", contact_id=chat))
    assert [row.preview for row in of_mail.items] == ["Fra e-post"]
    assert {row.preview for row in of_chat.items} == {"Ny i nettprat", "Mer i den gamle"}
    assert new.contact_id == chat


async def test_what_an_agent_empties_does_not_shine_through(desk: Desk):
    kari, chat = await two(desk)
    await merge(desk, chat, kari)
    async with desk.db.work(desk.account.id) as tx:
        changed = await service.change(
            tx, desk.kari.caller, chat, ChangeContact(name=None, fields={"no": None, "vip": None})
        )
    assert (changed.name, changed.fields) == (None, {})
    await undo(desk, chat, await merge_of(desk, kari))
    assert ((await get(desk, kari)).name, (await get(desk, kari)).fields) == ("Kari Vik", {"no": "A-1"})
    assert ((await get(desk, chat)).name, (await get(desk, chat)).fields) == (None, {})


async def test_an_undo_in_the_middle_of_a_chain(desk: Desk):
    a, b, c, d = [await make_contact(desk.db, desk.account, name) for name in "ABCD"]
    await merge(desk, b, a)
    await merge(desk, c, b)
    await merge(desk, d, c)
    assert [(await get(desk, one)).id for one in (a, b, c, d)] == [d, d, d, d]
    # B parts from C and takes A with it; C stays with D.
    assert (await undo(desk, d, await merge_of(desk, b))).id == d
    assert [(await get(desk, one)).id for one in (a, b, c, d)] == [b, b, d, d]
    await undo(desk, a, await merge_of(desk, a))
    assert [(await get(desk, one)).id for one in (a, b, c, d)] == [a, b, d, d]
    await undo(desk, c, await merge_of(desk, c))
    assert [(await get(desk, one)).id for one in (a, b, c, d)] == [a, b, c, d]


PLANS = st.lists(st.tuples(st.booleans(), st.integers(0, 5), st.integers(0, 5)), max_size=14)


@given(plan=PLANS)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_any_order_of_merges_and_undos_is_what_the_living_merges_say(
    desk: Desk, plan: list[tuple[bool, int, int]]
):
    people = [await make_contact(desk.db, desk.account, f"P{number}") for number in range(6)]
    edges: dict[UUID, UUID] = {}

    def root(one: UUID) -> UUID:
        while one in edges:
            one = edges[one]
        return one

    for joining, left, right in plan:
        if joining and root(people[left]) != root(people[right]):
            source = root(people[right])
            await merge(desk, people[left], people[right])
            edges[source] = root(people[left])
        elif not joining and people[left] in edges:
            await undo(desk, people[left], await merge_of(desk, people[left]))
            del edges[people[left]]
        assert [(await get(desk, one)).id for one in people] == [root(one) for one in people]
    for one in list(edges):
        await undo(desk, one, await merge_of(desk, one))
    async with desk.db.work(desk.account.id) as tx:
        left_over = await tx.all(
            "SELECT id FROM contacts WHERE id = ANY(%(ids)s) AND merged_into_id IS NOT NULL", ids=people
        )
    assert left_over == []


async def test_what_cannot_be_merged(desk: Desk):
    kari, chat = await two(desk)
    neighbours = await make_account(desk.db, "Nabo AS")
    foreign = await make_contact(desk.db, neighbours, "Hemmelig")
    erased = await make_contact(desk.db, desk.account, None, erased_at=desk.now)
    with pytest.raises(AlreadyOne):
        await merge(desk, kari, kari)
    for other in (foreign, erased, uuid4()):
        with pytest.raises(NoContact):
            await merge(desk, kari, other)
        with pytest.raises(NoContact):
            await merge(desk, other, kari)
    await merge(desk, kari, chat)
    for one, other in ((kari, chat), (chat, kari)):
        with pytest.raises(AlreadyOne):
            await merge(desk, one, other)


async def test_what_cannot_be_undone(desk: Desk):
    kari, chat = await two(desk)
    other = await make_contact(desk.db, desk.account, "En annen")
    await merge(desk, kari, chat)
    merge_id = await merge_of(desk, chat)
    with pytest.raises(NoMerge):
        await undo(desk, other, merge_id)
    with pytest.raises(NoMerge):
        await undo(desk, kari, uuid4())
    neighbours = await make_account(desk.db, "Nabo AS")
    stranger = await make_agent(desk.db, neighbours)
    foreign = await make_contact(desk.db, neighbours)
    async with desk.db.work(neighbours.id) as tx:
        with pytest.raises(NoContact):
            await merging.undo(tx, stranger.caller, desk.now, kari, merge_id)
        with pytest.raises(NoMerge):
            await merging.undo(tx, stranger.caller, desk.now, foreign, merge_id)
    await undo(desk, kari, merge_id)
    with pytest.raises(NoMerge):
        await undo(desk, kari, merge_id)
    old = await make_contact(desk.db, desk.account, "Gammel", merged_into_id=kari)
    moved = await insert(
        desk.db, "contact_merges", desk.account.id, from_id=old, into_id=kari, why="moved", made_at=desk.now
    )
    (shown,) = (await relations(desk, kari)).merges
    assert (shown.contact.name, shown.undoable) == ("Gammel", False)
    with pytest.raises(MergeFinal):
        await undo(desk, kari, moved)


async def test_an_undo_is_remembered_until_an_agent_merges_again(desk: Desk):
    async with desk.db.work(desk.account.id) as tx:
        mail = await identities.find_or_create(
            tx, desk.now, kind="email", address="a@b.example", trust="domain_verified"
        )
        chat = await identities.find_or_create(tx, desk.now, kind="webchat", address="sub:1")
        claimed = await identities.claim(tx, desk.now, contact_id=chat.contact_id, kind="email", address="a@b.example")
        await identities.believe(tx, desk.now, claimed, "signed_token")
        assert (await meeting.same_person(tx, desk.now, claimed)).joined == (mail.contact_id,)
    (record,) = (await relations(desk, mail.contact_id)).merges
    assert (record.why, record.agent_name) == ("address", None)
    await undo(desk, mail.contact_id, record.id)
    async with desk.db.work(desk.account.id) as tx:
        assert await meeting.same_person(tx, desk.now, claimed) == meeting.Met()
    for one in (mail.contact_id, chat.contact_id):
        assert (await relations(desk, one)).suggestions == []
    await merge(desk, mail.contact_id, chat.contact_id)
    assert (await get(desk, chat.contact_id)).id == mail.contact_id
    async with desk.db.work(desk.account.id) as tx:
        assert await tx.value("SELECT count(*) FROM contacts_apart") == 0


async def test_every_line_gets_a_new_version(desk: Desk):
    """A browser drops what is not newer than what it has."""
    kari, chat = await two(desk)
    async with desk.db.work(desk.account.id) as tx:
        of_chat = await tx.value("SELECT id FROM conversations WHERE contact_id = %(id)s", id=chat)
        of_mail = await tx.value("SELECT id FROM conversations WHERE contact_id = %(id)s", id=kari)

    async def versions() -> tuple[int, int]:
        return (await desk.row(of_chat))["version"], (await desk.row(of_mail))["version"]

    chat_before, mail_before = await versions()
    await merge(desk, kari, chat)
    assert await versions() == (chat_before + 1, mail_before), "the one with a name looks the same"
    await undo(desk, kari, await merge_of(desk, chat))
    assert await versions() == (chat_before + 2, mail_before)
    await merge(desk, chat, kari)
    assert await versions() == (chat_before + 3, mail_before + 1), "the nameless one is shown by the other's name"


# ---------------------------------------------------------------- the wall of closed teams


async def test_nobody_merges_whom_they_may_not_see(desk: Desk):
    secret = await make_contact(desk.db, desk.account, "Hemmelig Varsler")
    await desk.receive("En klage", "s1", contact_id=secret, team_id=desk.inner)
    known = await make_contact(desk.db, desk.account, "Kjent Kunde")
    await desk.receive("Hei", "s2", contact_id=known)
    for one, other in ((known, secret), (secret, known)):
        with pytest.raises(NoContact):
            await merge(desk, one, other)
        async with desk.db.work(desk.account.id) as tx:
            with pytest.raises(NoContact):
                await meeting.tell_apart(tx, desk.kari.caller, desk.now, one, other)
    person = await merge(desk, known, secret, by=desk.per)
    # With one open conversation the person is known as a whole; what was said behind the wall stays there.
    assert (await get(desk, secret)).id == person.id
    async with desk.db.work(desk.account.id) as tx:
        seen = await inbox.page(tx, desk.kari.caller, Filters(view="all", contact_id=known))
        whole = await inbox.page(tx, desk.per.caller, Filters(view="all", contact_id=known))
    assert ([row.preview for row in seen.items], len(whole.items)) == (["Hei"], 2)
    # Undoing takes the hidden one out of sight again, and answers with the one that is left.
    assert (await undo(desk, secret, await merge_of(desk, secret))).name == "Kjent Kunde"
    with pytest.raises(NoContact):
        await get(desk, secret)


async def test_a_wall_hides_all_contacts_of_a_person(desk: Desk):
    one = await make_contact(desk.db, desk.account, "Hemmelig En")
    two = await make_contact(desk.db, desk.account, "Hemmelig To")
    await desk.receive("En klage", "s1", contact_id=one, team_id=desk.inner)
    await merge(desk, two, one, by=desk.per)
    for contact_id in (one, two):
        assert (await get(desk, contact_id, desk.per)).id == two
        with pytest.raises(NoContact):
            await get(desk, contact_id)
    async with desk.db.work(desk.account.id) as tx:
        found = await search.search(tx, desk.kari.caller, "hemmelig", kind="contacts")
        theirs = await search.search(tx, desk.per.caller, "hemmelig en", kind="contacts")
    assert found.contacts == []
    assert [person.id for person in theirs.contacts] == [two], "found by the name of either, once"


# ---------------------------------------------------------------- at the same time


async def test_two_agents_merge_the_same_two_at_once(desk: Desk):
    kari, chat = await two(desk)

    async def attempt(into: UUID, other: UUID) -> object:
        try:
            return await merge(desk, into, other)
        except AlreadyOne as error:
            return error

    done = await asyncio.gather(attempt(kari, chat), attempt(chat, kari), attempt(kari, chat))
    assert sum(isinstance(one, AlreadyOne) for one in done) == 2
    async with desk.db.work(desk.account.id) as tx:
        assert await tx.value("SELECT count(*) FROM contact_merges") == 1
        assert await tx.value("SELECT count(*) FROM contacts WHERE merged_into_id IS NOT NULL") == 1


async def test_a_ring_of_merges_at_once_ends_in_one_person(desk: Desk):
    ring = [await make_contact(desk.db, desk.account, f"R{number}") for number in range(4)]

    async def attempt(into: UUID, other: UUID) -> None:
        with contextlib.suppress(AlreadyOne):
            await merge(desk, into, other)

    await asyncio.gather(*(attempt(one, ring[place - 1]) for place, one in enumerate(ring)))
    assert len({(await get(desk, one)).id for one in ring}) == 1
    async with desk.db.work(desk.account.id) as tx:
        assert await tx.value("SELECT count(*) FROM contact_merges") == 3
        # Everybody points to the root directly.
        assert await tx.value(
            "SELECT count(*) FROM contacts c JOIN contacts r ON r.id = c.merged_into_id WHERE r.merged_into_id IS NOT NULL"
        ) == 0  # fmt: skip


async def test_undone_by_two_at_once(desk: Desk):
    kari, chat = await two(desk)
    await merge(desk, kari, chat)
    merge_id = await merge_of(desk, chat)

    async def attempt() -> object:
        try:
            return await undo(desk, kari, merge_id)
        except NoMerge as error:
            return error

    done = await asyncio.gather(attempt(), attempt())
    assert sum(isinstance(one, NoMerge) for one in done) == 1


async def test_a_conversation_that_begins_during_a_merge_waits_and_has_the_right_person(desk: Desk):
    kari, chat = await two(desk)
    merged = asyncio.Event()
    go_on = asyncio.Event()

    async def merging_slowly() -> None:
        async with desk.db.work(desk.account.id) as tx:
            await merging.merge(tx, desk.kari.caller, desk.now, kari, chat)
            merged.set()
            await go_on.wait()

    slow = asyncio.create_task(merging_slowly())
    await merged.wait()
    new = asyncio.create_task(desk.receive("Midt i det", "chat-9", contact_id=chat))
    await waits(desk, "receive_message", new)
    go_on.set()
    await slow
    got = await new
    async with desk.db.work(desk.account.id) as tx:
        line = await tx.one(
            "SELECT contact_id, own_contact_id FROM conversation_rows WHERE id = %(id)s", id=got.conversation_id
        )
    assert line == {"contact_id": kari, "own_contact_id": chat}


async def test_messages_arriving_during_merges_are_lost_to_nobody(desk: Desk):
    kari, chat = await two(desk)

    async def regroup() -> None:
        for _ in range(8):
            await merge(desk, kari, chat)
            await undo(desk, kari, await merge_of(desk, chat))

    async def write(number: int) -> None:
        for turn in range(8):
            await desk.receive(f"melding {number}.{turn}", f"thread-{number}", contact_id=chat)

    await asyncio.gather(regroup(), *(write(number) for number in range(3)))
    async with desk.db.work(desk.account.id) as tx:
        of_chat = await tx.value(
            "SELECT count(*) FROM messages m JOIN conversations c ON c.id = m.conversation_id WHERE c.contact_id = %(id)s",
            id=chat,
        )
    assert of_chat == 25
    assert len((await get(desk, chat)).identities) == 1


# ---------------------------------------------------------------- erasure


@pytest.fixture
def eraser(desk: Desk, tmp_path: Path) -> Callable[[UUID], Any]:
    async def erase(contact_id: UUID) -> dict[str, Any]:
        async with desk.db.work(desk.account.id) as tx:
            request = await privacy.ask(tx, SYSTEM, desk.now, "erase", contact_id)
        while await jobs.work_requests(desk.db, desk.clock, FileStore(tmp_path), KeyRing({"k1": b"1" * 32}), limit=50):
            pass
        async with desk.db.work(desk.account.id) as tx:
            return await privacy.get_request(tx, "erase", request["id"])

    return erase


@pytest.mark.parametrize("asked_for", ["merged", "root"])
async def test_erasing_either_erases_the_whole_person_and_ends_the_undo(
    desk: Desk, eraser: Callable[[UUID], Any], asked_for: str
):
    kari, chat = await two(desk)
    another = await make_contact(desk.db, desk.account, "En annen")
    async with desk.db.work(desk.account.id) as tx:
        await meeting.tell_apart(tx, desk.kari.caller, desk.now, kari, another)
    await merge(desk, kari, chat)
    merge_id = await merge_of(desk, chat)
    request = await eraser(chat if asked_for == "merged" else kari)
    assert request["state"] == "done"
    assert (request["result"]["contacts"], request["result"]["conversations"]) == (2, 2)
    async with desk.db.work(desk.account.id) as tx:
        assert await tx.value("SELECT count(*) FROM contact_merges") == 0
        assert await tx.value("SELECT count(*) FROM contacts_apart") == 0
        assert await tx.value("SELECT count(*) FROM identities") == 0
        assert await tx.value("SELECT count(*) FROM field_values") == 0
        assert await tx.all("SELECT DISTINCT body FROM messages") == [{"body": ""}]
        assert await tx.value("SELECT name FROM contacts WHERE id = %(id)s", id=another) == "En annen"
    with pytest.raises((NoMerge, NoContact)):
        await undo(desk, kari, merge_id)
    with pytest.raises(NoContact):
        await merge(desk, another, chat)


async def test_an_undone_merge_is_no_reason_to_erase_the_other(desk: Desk, eraser: Callable[[UUID], Any]):
    kari, chat = await two(desk)
    await merge(desk, kari, chat)
    await undo(desk, kari, await merge_of(desk, chat))
    request = await eraser(chat)
    assert request["result"]["contacts"] == 1
    assert (await get(desk, kari)).name == "Kari Vik"
    async with desk.db.work(desk.account.id) as tx:
        assert await tx.value("SELECT count(*) FROM contact_merges") == 0, "of an erased person no record is kept"


async def test_a_merge_that_comes_before_the_erasures_locks_is_erased_with_it(
    desk: Desk, eraser: Callable[[UUID], Any]
):
    """The erasure has looked up who the person is and waits for the locks of a merge: it must look again."""
    kari, chat = await two(desk)
    merged = asyncio.Event()
    go_on = asyncio.Event()

    async def merging_slowly() -> None:
        async with desk.db.work(desk.account.id) as tx:
            await merging.merge(tx, desk.kari.caller, desk.now, kari, chat)
            merged.set()
            await go_on.wait()

    slow = asyncio.create_task(merging_slowly())
    await merged.wait()
    erasing = asyncio.create_task(eraser(chat))
    await waits(desk, "FROM contacts", erasing)
    go_on.set()
    await slow
    assert (await erasing)["result"]["contacts"] == 2
    async with desk.db.work(desk.account.id) as tx:
        assert await tx.value("SELECT count(*) FROM identities") == 0
        assert await tx.value("SELECT name FROM contacts WHERE id = %(id)s", id=kari) is None


async def test_a_person_seen_lately_under_either_contact_is_not_at_its_end(desk: Desk):
    old = await make_contact(desk.db, desk.account, "Gammel", last_seen_at=desk.now - timedelta(days=900))
    new = await make_contact(desk.db, desk.account, "Ny", last_seen_at=desk.now)
    before = desk.now - timedelta(days=365)
    async with desk.db.work(desk.account.id) as tx:
        ended = await tx.all(privacy.sql.contacts_at_their_end, account_id=tx.account, before=before, limit=10)
        assert old in {row["id"] for row in ended}
    await merge(desk, old, new)
    async with desk.db.work(desk.account.id) as tx:
        ended = await tx.all(privacy.sql.contacts_at_their_end, account_id=tx.account, before=before, limit=10)
    assert not {old, new} & {row["id"] for row in ended}
