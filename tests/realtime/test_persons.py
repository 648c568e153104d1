"""People are merged and part again: every agent sees it at once, and nobody who may not."""

from uuid import UUID

from svardesk.contacts import identities, meeting
from svardesk.kit.clock import SystemClock
from svardesk.realtime import tail
from tests.desk import Browser, Desk, Frames
from tests.factories import insert, make_account, make_agent, make_contact, make_conversation, make_team
from tests.realtime.test_live import rows

ADDRESS = "kari@vik.example"


async def shown(agent: Browser) -> dict[str, tuple[str, str | None]]:
    """Conversation → (person, name), as a fresh page shows it."""
    answer = await agent.get("/api/v1/conversations?view=all")
    return {row["id"]: (row["contact"]["id"], row["contact"]["name"]) for row in answer.json()["items"]}


def live(frames: Frames) -> dict[str, tuple[str, str | None]]:
    """The same from frames alone."""
    return {key: (row["contact"]["id"], row["contact"]["name"]) for key, row in rows(frames).items()}


async def test_a_merge_and_its_undo_are_seen_by_everybody_at_once(desk: Desk):
    account = await make_account(desk.db)
    kari = await make_agent(desk.db, account, name="Kari Nordmann")
    per = await make_agent(desk.db, account, name="Per Berg")
    outsider = await make_agent(desk.db, account, name="Olav Moen")
    inner = await make_team(desk.db, account, "Klager", (kari, per), closed=True)
    named = await make_contact(desk.db, account, "Kari Vik")
    nameless = await make_contact(desk.db, account, None)
    first = await make_conversation(desk.db, account, named)
    second = await make_conversation(desk.db, account, nameless)
    secret = await make_conversation(desk.db, account, nameless, team_id=inner)
    async with desk.browser() as agent, desk.browser() as colleague, desk.browser() as other:
        await agent.sign_in(kari)
        await colleague.sign_in(per)
        await other.sign_in(outsider)
        theirs = await colleague.agent_socket()
        outside = await other.agent_socket()
        await theirs.until("welcome")
        await outside.until("welcome")
        for frames in (theirs, outside):
            for one in (first, second):
                await frames.say("open", conversation_id=str(one))
                await frames.until("presence", conversation_id=str(one))
        answer = await agent.post(f"/api/v1/contacts/{nameless}/merges", json={"contact_id": str(named)})
        assert answer.status_code == 201, answer.text
        assert (answer.json()["id"], answer.json()["name"]) == (str(nameless), "Kari Vik")
        person = (str(nameless), "Kari Vik")
        await theirs.until_true(lambda _: live(theirs) == {str(one): person for one in (first, second, secret)})
        assert live(theirs) == await shown(colleague), "frames and a fresh page say the same"
        await outside.until_true(lambda _: live(outside) == {str(one): person for one in (first, second)})
        # Whoever has one of their conversations open looks at the person again.
        for one in (first, second):
            await theirs.until("contact", conversation_id=str(one))
        assert {one["conversation_id"] for one in outside.of("contact")} <= {str(first), str(second)}

        relations = (await agent.get(f"/api/v1/contacts/{named}/relations")).json()
        (merge,) = relations["merges"]
        assert (merge["contact"], merge["into_id"], merge["agent_name"]) == (
            {"id": str(named), "name": "Kari Vik"}, str(nameless), "Kari Nordmann",
        )  # fmt: skip
        theirs.seen.clear()
        token = outside.resume
        await outside.close()
        undone = await agent.delete(f"/api/v1/contacts/{nameless}/merges/{merge['id']}")
        assert (undone.status_code, undone.json()["id"], undone.json()["name"]) == (200, str(nameless), None)
        apart = {
            str(first): (str(named), "Kari Vik"), str(second): (str(nameless), None), str(secret): (str(nameless), None),
        }  # fmt: skip
        await theirs.until_true(lambda _: live(theirs) == apart)
        assert await shown(colleague) == apart
        # Who was away is told when they come back, without the closed team's conversation.
        back = await other.agent_socket(token)
        await back.until("caught_up")
        del apart[str(secret)]
        assert live(back) == apart == await shown(other)
        for frames in (theirs, back):
            await frames.close()


async def test_a_suggestion_turns_up_while_the_conversation_is_open(desk: Desk):
    account = await make_account(desk.db)
    kari = await make_agent(desk.db, account)
    visitor = await make_contact(desk.db, account, None)
    conversation = await make_conversation(desk.db, account, visitor)
    now = SystemClock().now()
    async with desk.db.work(account.id) as tx:
        await identities.claim(tx, now, contact_id=visitor, kind="email", address=ADDRESS)
    async with desk.browser() as agent:
        await agent.sign_in(kari)
        frames = await agent.agent_socket()
        await frames.until("welcome")
        await frames.say("open", conversation_id=str(conversation))
        await frames.until("presence", conversation_id=str(conversation))
        sender = await _letter(desk, account.id)
        await frames.until("contact", conversation_id=str(conversation))
        opened = (await agent.get(f"/api/v1/conversations/{conversation}")).json()
        (suggested,) = opened["relations"]["suggestions"]
        assert (suggested["contact"], suggested["address"], suggested["own_trust"], suggested["trust"]) == (
            {"id": str(sender), "name": "Kari Vik"}, ADDRESS, "claimed", "domain_verified",
        )  # fmt: skip
        frames.seen.clear()
        path = f"/api/v1/contacts/{visitor}/not-same/{sender}"
        assert (await agent.put(path)).status_code == 204
        await frames.until("contact", conversation_id=str(conversation))
        assert (await agent.get(f"/api/v1/contacts/{visitor}/relations")).json()["suggestions"] == []
        assert (await agent.delete(path)).status_code == 204
        assert len((await agent.get(f"/api/v1/contacts/{visitor}/relations")).json()["suggestions"]) == 1
        await frames.close()


async def _letter(desk: Desk, account_id: UUID) -> UUID:
    """A mail by the address comes in."""
    now = SystemClock().now()
    async with desk.db.work(account_id) as tx:
        found = await identities.find_or_create(
            tx, now, kind="email", address=ADDRESS, trust="domain_verified", name="Kari Vik"
        )
        met = await meeting.same_person(tx, now, found.identity_id)
    assert met.suggested
    return found.contact_id


async def test_very_many_lines_are_read_anew_instead(desk: Desk, monkeypatch):
    monkeypatch.setattr(tail, "MOST_REGROUPED", 3)
    account = await make_account(desk.db)
    kari = await make_agent(desk.db, account)
    busy, other = await make_contact(desk.db, account, "Travel Vik"), await make_contact(desk.db, account, "Kari Vik")
    for _ in range(4):
        await make_conversation(desk.db, account, busy)
    await insert(desk.db, "identities", account.id, contact_id=other, kind="email", address=ADDRESS, created_at="now")
    async with desk.browser() as agent:
        await agent.sign_in(kari)
        frames = await agent.agent_socket()
        await frames.until("welcome")
        answer = await agent.post(f"/api/v1/contacts/{other}/merges", json={"contact_id": str(busy)})
        assert answer.status_code == 201
        await frames.until("refetch", reason="merged")
        assert set((await shown(agent)).values()) == {(str(other), "Kari Vik")}
        await frames.close()
