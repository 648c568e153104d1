"""Web chat and other channels know the same people: who signs in, who is vouched for, who only says so."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from svardesk.channels.webchat import reactions
from svardesk.contacts import identities, meeting, merging, service
from svardesk.contacts.events import ContactsParted
from svardesk.kit.clock import FixedClock
from svardesk.kit.db import Database
from svardesk.spine import Recorded
from tests.channels.conftest import Browser, Widget
from tests.channels.test_sessions import opened_conversation
from tests.factories import Agent, make_agent

Browse = Callable[..., Browser]

ADDRESS = "kari@vik.example"


@pytest.fixture
async def kari(db: Database, widget: Widget) -> Agent:
    return await make_agent(db, widget.account, name="Kari Kollega")


async def letter(
    db: Database, clock: FixedClock, widget: Widget, trust: str = "domain_verified", name: str = "Kari Vik"
) -> UUID:
    """A mail came in; its sender's contact."""
    async with db.work(widget.account.id) as tx:
        found = await identities.find_or_create(tx, clock.now(), kind="email", address=ADDRESS, trust=trust, name=name)
        await meeting.same_person(tx, clock.now(), found.identity_id)
    return found.contact_id


async def lines(db: Database, widget: Widget) -> list[tuple[str, UUID, str | None]]:
    """(what was said last, who it is with, under what name) of every conversation."""
    async with db.work(widget.account.id) as tx:
        found = await tx.all("SELECT preview, contact_id, contact_name FROM conversation_rows ORDER BY number")
    return [(row["preview"], row["contact_id"], row["contact_name"]) for row in found]


async def undo(db: Database, clock: FixedClock, widget: Widget, agent: Agent, contact_id: UUID) -> None:
    """An agent undoes the newest merge of a person, and the worker does what follows from it."""
    async with db.work(widget.account.id) as tx:
        (newest, *_) = await merging.merges_of(tx, contact_id)
        await merging.undo(tx, agent.caller, clock.now(), contact_id, newest.id)
    async with db.system() as tx:
        row = await tx.one(
            "SELECT payload FROM event_outbox WHERE type = 'contacts_parted' AND account_id = %(id)s"
            " ORDER BY event_outbox.id DESC LIMIT 1",
            id=widget.account.id,
        )
    parted = ContactsParted(
        stream=UUID(row["payload"]["stream"]),
        merge_id=UUID(row["payload"]["merge_id"]),
        from_id=UUID(row["payload"]["from_id"]),
        contact_ids=tuple(UUID(one) for one in row["payload"]["contact_ids"]),
    )
    told = Recorded(1, widget.account.id, parted.stream, 0, "contacts_parted", 1, clock.now(), parted)
    (reaction,) = reactions.REACTIONS[ContactsParted]
    for _ in range(2):  # a crash may bring it twice
        async with db.work(widget.account.id) as tx:
            await reaction.run(tx, [told])


async def test_the_shops_word_and_the_domains_are_one_person(
    browse: Browse, signer: Callable[..., str], db: Database, clock: FixedClock, widget: Widget
) -> None:
    sender = await letter(db, clock, widget)
    browser = browse()
    opened = await browser.open(user_token=signer(email="Kari@Vik.example"))
    assert opened["name"] is None, "what another channel knows is not told to whoever sits there"
    await browser.say("Hei fra nettprat")
    assert await lines(db, widget) == [("Hei fra nettprat", sender, "Kari Vik")]
    assert (await browser.open())["name"] is None


async def test_the_other_way_round(
    browse: Browse, signer: Callable[..., str], db: Database, clock: FixedClock, widget: Widget
) -> None:
    browser = browse()
    await browser.open(user_token=signer(email=ADDRESS))
    await browser.say("Hei fra nettprat")
    await letter(db, clock, widget, "none")
    ((_, before, name),) = await lines(db, widget)
    assert name is None, "a mail that nobody vouches for is only a suggestion"
    await letter(db, clock, widget)
    assert await lines(db, widget) == [("Hei fra nettprat", before, "Kari Vik")]


@pytest.mark.parametrize("how", ["typed", "unverified by the shop"])
async def test_whoever_only_says_so_is_a_suggestion(
    browse: Browse, signer: Callable[..., str], db: Database, clock: FixedClock, widget: Widget, kari: Agent, how: str
) -> None:
    sender = await letter(db, clock, widget)
    browser = browse()
    if how == "typed":
        await browser.open()
        await browser.say("Hei, jeg er Kari")
        assert (await browser.post("address", email=ADDRESS)).status_code == 204
    else:
        await browser.open(user_token=signer(email=ADDRESS, email_verified=False))
        await browser.say("Hei, jeg er Kari")
    ((_, visitor, name),) = await lines(db, widget)
    assert (visitor == sender, name) == (False, None)
    async with db.work(widget.account.id) as tx:
        (suggested,) = (await meeting.get_relations_for(tx, kari.caller, visitor)).suggestions
        assert (suggested.contact.id, suggested.contact.name, suggested.own_trust, suggested.trust) == (
            sender, "Kari Vik", "claimed", "domain_verified",
        )  # fmt: skip
        await merging.merge(tx, kari.caller, clock.now(), sender, visitor)
    assert await lines(db, widget) == [("Hei, jeg er Kari", sender, "Kari Vik")]
    # The agent's opinion opens nothing to the visitor.
    assert (await browser.open())["name"] is None


async def test_a_merge_opens_nobodys_history(
    browse: Browse, signer: Callable[..., str], db: Database, clock: FixedClock, widget: Widget, kari: Agent
) -> None:
    one, other = browse(), browse()
    await one.open(user_token=signer("kari"))
    await one.say("Karis hemmelighet")
    await other.open(user_token=signer("ola"))
    await other.say("Olas hemmelighet")
    (_, first, _), (_, second, _) = await lines(db, widget)
    async with db.work(widget.account.id) as tx:
        await merging.merge(tx, kari.caller, clock.now(), first, second)
    for sub, own in (("kari", "Karis hemmelighet"), ("ola", "Olas hemmelighet")):
        seen = await browse().open(user_token=signer(sub))
        assert [message["body"] for message in seen["messages"]] == [own]


async def test_undoing_a_sign_in_gives_the_conversation_back(
    browse: Browse, signer: Callable[..., str], db: Database, clock: FixedClock, widget: Widget, kari: Agent
) -> None:
    """Somebody else sat at the computer: what they wrote before the sign-in is not the person's, in no browser."""
    browser = browse()
    await browser.open()
    await browser.say("Skrevet av gjesten")
    async with db.work(widget.account.id) as tx:
        before = await tx.one("SELECT id, contact_id, identity_id FROM conversations")
    opened = await browser.open(user_token=signer(name="Eier"))
    assert opened_conversation(opened) == str(before["id"])
    elsewhere = browse()
    assert opened_conversation(await elsewhere.open(user_token=signer())) == str(before["id"])
    ((_, person, name),) = await lines(db, widget)
    assert (name, person == before["contact_id"]) == ("Eier", False)

    await undo(db, clock, widget, kari, person)

    async with db.work(widget.account.id) as tx:
        after = await tx.one("SELECT id, contact_id, identity_id FROM conversations")
    assert after == before, "nothing was ever overwritten"
    assert await lines(db, widget) == [("Skrevet av gjesten", before["contact_id"], None)]
    for each in (browser, elsewhere, browse()):
        again = await each.open(user_token=signer())
        assert (again["conversation"], again["messages"]) == (None, [])
    await browser.say("Skrevet av eieren")
    assert await lines(db, widget) == [
        ("Skrevet av gjesten", before["contact_id"], None), ("Skrevet av eieren", person, "Eier"),
    ]  # fmt: skip
    async with db.system() as tx:
        told = await tx.value(
            "SELECT count(*) FROM event_outbox WHERE type = 'visitor_session_changed' AND account_id = %(id)s",
            id=widget.account.id,
        )
    assert told == 5, "the first message, the sign-in, both browsers let go, the new conversation"


async def test_an_agent_who_said_whose_it_is_is_believed(
    browse: Browse, signer: Callable[..., str], db: Database, clock: FixedClock, widget: Widget, kari: Agent
) -> None:
    sender = await letter(db, clock, widget)
    browser = browse()
    await browser.open()
    await browser.say("Hei")
    ((_, visitor, _),) = await lines(db, widget)
    async with db.work(widget.account.id) as tx:
        await merging.merge(tx, kari.caller, clock.now(), sender, visitor)
    opened = await browser.open(user_token=signer("en annen"))
    assert (opened["conversation"], opened["identified"]) == (None, True)
    assert await lines(db, widget) == [("Hei", sender, "Kari Vik")]


async def test_told_apart_visitors_do_not_become_the_one_who_signs_in(
    browse: Browse, signer: Callable[..., str], db: Database, clock: FixedClock, widget: Widget, kari: Agent
) -> None:
    browser, owner = browse(), browse()
    await owner.open(user_token=signer(name="Eier"))
    await owner.say("Eierens")
    await browser.open()
    await browser.say("Gjestens")
    (_, person, _), (_, guest, _) = await lines(db, widget)
    async with db.work(widget.account.id) as tx:
        await meeting.tell_apart(tx, kari.caller, clock.now(), guest, person)
    opened = await browser.open(user_token=signer())
    assert [message["body"] for message in opened["messages"]] == ["Eierens"]
    async with db.work(widget.account.id) as tx:
        assert (await service.get_for(tx, kari.caller, guest)).id == guest


async def test_only_true_or_false_is_verified(browse: Browse, signer: Callable[..., str], widget: Widget) -> None:
    del widget
    answer: dict[str, Any] = await browse().open(expect=401, user_token=signer(email=ADDRESS, email_verified="no"))
    assert answer["error"] == {
        "code": "user_token_claims", "message": "The token's email_verified is neither true nor false.",
        "fields": {"claim": "email_verified"},
    }  # fmt: skip
