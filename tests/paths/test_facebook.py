"""The whole way of comments: in, answered in public and in private, followed when they change, and posts of our own."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from svardesk.config import Settings
from svardesk.house import furnish
from svardesk.kit.clock import FixedClock
from svardesk.kit.db import Database
from svardesk.kit.ids import uuid7
from tests.facebook import page
from tests.messenger.world import Desk, desk_at


@pytest.fixture
async def desk(settings: Settings, fresh_db: Database, clock: FixedClock) -> AsyncIterator[Desk]:
    """Connected and ready."""
    house = furnish(settings, fresh_db.dsn, pool=4, name="house", clock=clock)
    house.db = fresh_db
    async with desk_at(house) as made:
        yield made


async def test_comment_public_answer_private_reply_messenger_thread(desk: Desk) -> None:
    post = await desk.graph.posts("Nå har vi fiber på Ås! Spør oss om hva som helst.")
    ase = desk.graph.person(name="Åse Ødegård")
    comment = await desk.graph.comments(post, ase, "Hvor er pakken min? 👋")
    await page.work(desk)

    [thread] = await page.threads(desk)
    assert (thread["status"], thread["subject"]) == ("open", "Nå har vi fiber på Ås! Spør oss om hva som helst.")
    assert thread["waiting_since"] == "2026-11-23T09:00:00Z"
    assert thread["contact"]["name"] == "Åse Ødegård"
    [asked] = await page.said(desk, thread["id"])
    assert (asked["body"], page.name_of(asked)) == ("Hvor er pakken min? 👋", "Åse Ødegård")
    assert asked["comment"]["state"] == "open"
    assert asked["comment"]["private_until"] == "2026-11-30T09:00:00Z"
    assert asked["comment"]["url"].startswith("https://www.facebook.com/")

    # In public: general.
    posted = await page.answer(desk, thread["id"], "Hei Åse! Vi sjekker og skriver til deg.", asked["id"])
    assert posted.status_code == 201, posted.text
    assert (posted.json()["conversation"]["status"], posted.json()["message"]["reply_to"]) == ("waiting", asked["id"])
    await page.work(desk)
    [ours] = [one for one in desk.graph.world.state.comments.values() if one.author_id == desk.graph.page.id]
    assert (ours.text, ours.parent_id) == ("Hei Åse! Vi sjekker og skriver til deg.", comment.id)
    assert [(one["kind"], one["state"]) for one in await page.said(desk, thread["id"])] == [
        ("inbound", None),
        ("answer", "sent"),
    ]
    assert (await page.one(desk, thread["id"], asked["body"]))["comment"]["state"] == "answered"

    # In private: what belongs to her alone, an order number as well.
    sent = await page.privately(desk, asked["id"], "Ordre 88123456 er på vei, du får den i morgen.")
    assert sent.status_code == 201, sent.text
    assert sent.json()["message"]["private"] is True
    await page.work(desk)
    [went] = desk.graph.sent
    assert (went.psid, went.text) == (ase.psid, "Ordre 88123456 er på vei, du får den i morgen.")
    again = await page.privately(desk, asked["id"], "Og en til")
    assert (again.status_code, again.json()["error"]["code"]) == (409, "private_reply_used")

    # Both know each other.
    [private] = await page.threads(desk, "messenger")
    [copy] = await page.said(desk, private["id"])
    asked = await page.one(desk, thread["id"], asked["body"])
    reply = await page.one(desk, thread["id"], "Ordre 88123456 er på vei, du får den i morgen.")
    assert copy["link"] == {"what": "comment", "conversation_id": thread["id"], "message_id": asked["id"]}
    there = {"what": "private_thread", "conversation_id": private["id"], "message_id": copy["id"]}
    assert (reply["link"], asked["link"]) == (there, there)
    assert (reply["state"], copy["state"], copy["author"]["kind"]) == ("sent", "sent", "agent")
    assert asked["comment"]["private_until"] is None
    assert asked["comment"]["private_reply"] == reply["id"]
    assert (private["status"], private["contact"]["name"]) == ("waiting", "Åse Ødegård")

    # She answers: it is that conversation.
    await desk.graph.writes(ase.psid, "Tusen takk, da vet jeg det. Kommer den hjem til meg?")
    await page.work(desk)
    [private] = await page.threads(desk, "messenger")
    assert [one["kind"] for one in await page.said(desk, private["id"])] == ["answer", "inbound"]
    assert private["status"] == "open"
    opened = (await desk.client.get(f"/api/v1/conversations/{private['id']}")).json()
    assert opened["way"]["first_touch"]["source"] == "COMMENT"
    assert desk.graph.misuse == []


async def test_edits_removals_and_hiding_are_followed(desk: Desk) -> None:
    post = await desk.graph.posts("Vi har åpent til 20")
    ola, eva = desk.graph.person(name="Ola Hansen"), desk.graph.person(name="Eva Lund")
    first = await desk.graph.comments(post, ola, "Er dere opne?")
    below = await desk.graph.comments(post, eva, "Ja, er dere det?", parent=first)
    await page.work(desk)
    [thread] = await page.threads(desk)
    asked, too = await page.said(desk, thread["id"])
    assert (too["reply_to"], page.name_of(too)) == (asked["id"], "Eva Lund")

    desk.clock.advance(5)
    await desk.graph.edits_comment(first, "Er dere åpne?")
    await desk.graph.hides_comment(below)
    await page.work(desk)
    asked, too = await page.said(desk, thread["id"])
    assert (asked["body"], asked["edits"], too["comment"]["hidden"]) == ("Er dere åpne?", 1, True)
    edits = await desk.client.get(f"/api/v1/conversations/{thread['id']}/messages/{asked['id']}/edits")
    assert [one["body"] for one in edits.json()["items"]] == ["Er dere opne?"]
    desk.clock.advance(5)
    await desk.graph.hides_comment(below, hidden=False)
    await page.work(desk)
    assert (await page.said(desk, thread["id"]))[1]["comment"]["hidden"] is False

    desk.clock.advance(5)
    await desk.graph.removes_comment(first)
    await page.work(desk)
    assert [(one["deleted"], one["body"]) for one in await page.said(desk, thread["id"])] == [(True, ""), (True, "")]
    [thread] = await page.threads(desk)
    assert thread["waiting_since"] is None


async def test_personal_data_stop_a_public_answer_and_not_a_private_one(desk: Desk) -> None:
    kari = desk.graph.person(name="Kari Nordmann")
    await desk.graph.writes(kari.psid, "Hei, ordrenummeret mitt er 88123456. Hvor blir den av?")
    post = await desk.graph.posts("Nyhet!")
    await desk.graph.comments(post, kari, "Hvorfor svarer dere ikke på bestilling 5550001?")
    await page.work(desk)
    [thread] = await page.threads(desk)
    [asked] = await page.said(desk, thread["id"])

    for body, kind in (
        ("Hei, gjelder det 130972 48022?", "national_id_no"),
        ("Kortet 4111 1111 1111 1111 er trukket", "card"),
        ("Ordre 88123456 er sendt 👍", "order_number"),
    ):
        refused = await page.answer(desk, thread["id"], body, asked["id"])
        assert refused.status_code == 422, body
        error = refused.json()["error"]
        assert (error["code"], [one["kind"] for one in error["fields"]["spans"]]) == ("personal_data", [kind])
    # The draft is marked while it is written; browsers count an emoji twice.
    checked = await desk.client.post(
        f"/api/v1/conversations/{thread['id']}/public-check", json={"text": "👋 Ordre 88123456!"}
    )
    assert checked.json()["spans"] == [{"start": 9, "end": 17, "kind": "order_number", "level": "stop"}]

    # The number that the customer wrote in public is no secret any more.
    fine = await page.answer(
        desk, thread["id"], "Bestilling 5550001 ble sendt 24.11.2026 og koster 12990 kr", asked["id"]
    )
    assert fine.status_code == 201, fine.text
    private = await page.privately(desk, asked["id"], "Ordre 88123456 kommer i morgen")
    assert private.status_code == 201, private.text
    messenger = (await page.threads(desk, "messenger"))[0]
    assert (await page.answer(desk, messenger["id"], "Ordre 88123456 kommer i morgen")).status_code == 201


async def test_a_planned_post_is_written_changed_published_and_taken_away(desk: Desk) -> None:
    facebook = desk.pages["facebook"]["id"]
    at = desk.clock.now() + timedelta(hours=2)
    given = {
        "client_id": str(uuid7()),
        "connection_id": facebook,
        "text": "I kveld er det stengt",
        "publish_at": at.isoformat(),
    }
    made = await desk.client.post("/api/v1/page-posts", json=given)
    assert made.status_code == 201, made.text
    post = made.json()
    assert (post["state"], post["own"], post["scheduled_at"]) == ("scheduled", True, "2026-11-23T11:00:00Z")
    assert (await desk.client.post("/api/v1/page-posts", json=given)).json()["id"] == post["id"]
    assert len(desk.graph.world.state.posts) == 1

    late = {**given, "client_id": str(uuid7()), "publish_at": (desk.clock.now() + timedelta(minutes=2)).isoformat()}
    refused = await desk.client.post("/api/v1/page-posts", json=late)
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "bad_publish_time")
    card = {**given, "client_id": str(uuid7()), "text": "Kort 4111111111111111"}
    assert (await desk.client.post("/api/v1/page-posts", json=card)).json()["error"]["code"] == "personal_data"

    address = f"/api/v1/page-posts/{post['id']}"
    changed = await desk.client.patch(
        address, json={"version": post["version"], "text": "I kveld er det stengt fra 18"}
    )
    assert (changed.status_code, changed.json()["text"]) == (200, "I kveld er det stengt fra 18"), changed.text
    stale = await desk.client.patch(address, json={"version": post["version"], "text": "Noe annet"})
    assert stale.json()["error"]["code"] == "version_conflict"

    desk.clock.advance(hours=2, minutes=1)
    desk.graph.core.publish_due()
    await desk.graph.settle()
    await page.work(desk)
    await desk.client.sign_in(desk.owner)
    [shown] = (await desk.client.get("/api/v1/page-posts")).json()["items"]
    assert (shown["state"], shown["text"]) == ("published", "I kveld er det stengt fra 18")
    assert datetime.fromisoformat(shown["published_at"]) >= datetime(2026, 11, 23, 11, 0, tzinfo=UTC)

    [real] = desk.graph.world.state.posts.values()
    await desk.graph.comments(real, desk.graph.person(), "Hvorfor det?")
    await page.work(desk)
    [thread] = await page.threads(desk)
    found = (await desk.client.get(f"/api/v1/conversations/{thread['id']}/post")).json()["post"]
    assert (found["id"], found["conversation_id"]) == (post["id"], thread["id"])
    gone = await desk.client.delete(address)
    assert (gone.status_code, gone.json()["state"]) == (200, "removed"), gone.text
    assert real.removed
    assert [one["deleted"] for one in await page.said(desk, thread["id"])] == [True]


async def test_a_thousand_comments_in_disorder_with_duplicates_end_in_the_right_threads(desk: Desk) -> None:
    posts = [await desk.graph.posts(f"Innlegg {n}") for n in range(10)]
    people = [desk.graph.person(name=f"Person {n}") for n in range(20)]
    expected: dict[str, dict[str, str | None]] = {post.id: {} for post in posts}
    names: dict[str, str] = {}
    async with desk.graph.batch(shuffle=True, duplicates=300, split=100):
        for n in range(1000):
            post, person = posts[n % 10], people[n % 7]
            parents = [one for one in desk.graph.world.comments_of(post.id) if one.parent_id is None]
            parent = parents[n % len(parents)] if parents and n % 3 else None
            comment = await desk.graph.comments(post, person, f"Spørsmål nummer {n}?", parent=parent)
            expected[post.id][comment.text or ""] = parent.text if parent else None
            names[comment.text or ""] = person.name
    for _ in range(6):
        desk.clock.advance(30)
        await desk.take()
    await page.react(desk)
    found = await page.threads(desk)
    assert len(found) == 10
    for thread in found:
        [key] = await page.rows(
            desk, "SELECT external_thread_key AS post FROM conversations WHERE id = %(id)s", id=thread["id"]
        )
        messages = await page.said(desk, thread["id"])
        texts = {one["id"]: one["body"] for one in messages}
        assert {one["body"]: texts.get(one["reply_to"]) for one in messages} == expected[key["post"]]
        assert len(messages) == len(expected[key["post"]]) == 100
        assert all(page.name_of(one) == names[one["body"]] for one in messages)
    assert not await page.rows(
        desk, "SELECT id FROM inbound_items WHERE state <> 'done' AND type <> 'connection_event'"
    )
