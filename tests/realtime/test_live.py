"""Live updates over real sockets: nothing lost, doubled, out of order, or shown to the wrong eyes."""

import asyncio

from svardesk.conversations import presence
from svardesk.realtime import agents
from svardesk.realtime.hub import MOST_FRAMES, AgentSocket, Hub
from tests.desk import Desk, Frames
from tests.factories import make_account, make_agent, make_team, make_widget
from tests.waiting import until


async def open_up(desk: Desk):
    account = await make_account(desk.db)
    kari = await make_agent(desk.db, account, "agent", "Kari Nordmann")
    _, key = await make_widget(desk.db, account)
    return account, kari, key


def rows(frames: Frames) -> dict[str, dict]:
    """The client's store: highest version wins."""
    state: dict[str, dict] = {}
    for one in frames.seen:
        if one["t"] == "conversation":
            row = one["row"]
            if row["id"] not in state or row["version"] > state[row["id"]]["version"]:
                state[row["id"]] = row
        elif one["t"] == "conversation_gone":
            state.pop(one["id"], None)
    return state


async def test_visitor_writes_agent_sees_and_answers_visitor_reads(desk):
    _, kari, key = await open_up(desk)
    async with desk.browser() as agent, desk.browser() as visitor:
        await agent.sign_in(kari)
        inbox = await agent.agent_socket()
        await inbox.until("welcome")
        await visitor.visit(key)
        chat = await visitor.visitor_socket()
        await chat.until("welcome")

        await visitor.write("Hei, ruteren blinker rødt")
        frame = await inbox.until("conversation")
        assert frame["row"]["preview"] == "Hei, ruteren blinker rødt"
        assert frame["row"]["status"] == "open"
        conversation = frame["row"]["id"]
        own = await chat.until("message")
        assert (own["message"]["body"], own["message"]["mine"], own["message"]["seq"]) == (
            "Hei, ruteren blinker rødt",
            True,
            1,
        )

        await inbox.say("open", conversation_id=conversation)
        await inbox.until("presence", conversation_id=conversation)
        answer = await agent.answer(conversation, "Hei! Har du prøvd å dra ut strømmen?", based_on_seq=1)
        assert answer.status_code == 201, answer.text
        await chat.until_true(lambda seen: any(f["t"] == "message" and not f["message"]["mine"] for f in seen))
        read = next(f["message"] for f in chat.of("message") if not f["message"]["mine"])
        assert read["body"] == "Hei! Har du prøvd å dra ut strømmen?"
        assert read["author"] == {"kind": "agent", "name": "Kari"}, "a first name only"
        await inbox.until_true(lambda seen: any(f["t"] == "message" and f["message"]["state"] == "sent" for f in seen))
        await chat.say("read", seq=2)
        await inbox.until_true(lambda seen: any(f["t"] == "message" and f["message"]["state"] == "read" for f in seen))


async def test_cut_socket_resumes_without_loss_or_doubling(desk):
    _, kari, key = await open_up(desk)
    async with desk.browser() as agent, desk.browser() as visitor:
        await agent.sign_in(kari)
        await visitor.visit(key)
        first = await visitor.write("melding 1")
        inbox = await agent.agent_socket()
        await inbox.until("welcome")
        await visitor.write("melding 2")
        conversation = (await inbox.until("conversation"))["row"]["id"]
        token = inbox.resume
        await inbox.close()
        for number in range(3, 13):
            await visitor.write(f"melding {number}")
        again = await agent.agent_socket(token)
        await again.until("caught_up")
        await again.until_true(
            lambda seen: any(f["t"] == "conversation" and f["row"]["preview"] == "melding 12" for f in seen)
        )
        fresh = (await agent.get("/api/v1/conversations", params={"view": "all"})).json()["items"]
        stale_and_frames = rows(again)
        for one in fresh:
            one.pop("read_seq", None)
            assert {k: v for k, v in stale_and_frames[one["id"]].items() if k != "read_seq"} == one
        messages = (await agent.get(f"/api/v1/conversations/{conversation}")).json()["messages"]
        assert [m["body"] for m in messages if m["kind"] == "inbound"] == [f"melding {n}" for n in range(1, 13)]
        assert [m["seq"] for m in messages] == sorted({m["seq"] for m in messages})
        assert first["seq"] == 1


async def test_token_of_an_unknown_epoch_asks_for_a_fresh_snapshot(desk):
    _, kari, _ = await open_up(desk)
    async with desk.browser() as agent:
        await agent.sign_in(kari)
        inbox = await agent.agent_socket("00000000-0000-0000-0000-000000000001:17")
        assert (await inbox.until("refetch"))["reason"] == "token"


async def test_closed_team_is_neither_shown_nor_leaked_and_loss_of_access_is_a_frame(desk):
    account, kari, key = await open_up(desk)
    per = await make_agent(desk.db, account, "agent", "Per Berg")
    owner = await make_agent(desk.db, account, "owner", "Eva Lie")
    team = await make_team(desk.db, account, "Juridisk", (per,), closed=True)
    async with desk.browser() as agent, desk.browser() as member, desk.browser() as boss, desk.browser() as visitor:
        await agent.sign_in(kari)
        await member.sign_in(per)
        await boss.sign_in(owner)
        outside, inside = await agent.agent_socket(), await member.agent_socket()
        await outside.until("welcome")
        await inside.until("welcome")
        await visitor.visit(key)
        await visitor.write("Dette er en klage")
        row = (await outside.until("conversation"))["row"]
        moved = await boss.patch(
            f"/api/v1/conversations/{row['id']}", json={"version": row["version"], "team_id": str(team)}
        )
        assert moved.status_code == 200, moved.text
        await outside.until("conversation_gone", id=row["id"])
        await visitor.write("En hemmelighet til")
        await inside.until_true(
            lambda seen: any(f["t"] == "conversation" and f["row"]["preview"] == "En hemmelighet til" for f in seen)
        )
        assert "En hemmelighet til" not in str(outside.seen)
        assert rows(outside) == {}
        refused = await agent.get(f"/api/v1/conversations/{row['id']}")
        assert refused.status_code == 404
        assert refused.json()["error"]["code"] == "conversation_not_found"


async def test_revoked_session_closes_its_socket(desk):
    _, kari, _ = await open_up(desk)
    async with desk.browser() as agent, desk.browser() as elsewhere:
        await agent.sign_in(kari)
        await elsewhere.sign_in(kari)
        inbox = await agent.agent_socket()
        await inbox.until("welcome")
        assert (await elsewhere.delete("/api/v1/sessions")).status_code in {200, 204}
        await inbox.until("signed_out")
        assert (await inbox.until_closed())[0] == 4401
        assert (await agent.get("/api/v1/session")).status_code == 401


async def test_sockets_refuse_foreign_pages_and_strangers(desk):
    _, kari, key = await open_up(desk)
    async with desk.browser() as agent, desk.browser() as visitor:
        nobody = await agent.agent_socket()
        assert (await nobody.until_closed())[0] == 4401
        await agent.sign_in(kari)
        forged = await agent.agent_socket(origin="https://ond.example")
        assert (await forged.until_closed())[0] == 4403
        await visitor.visit(key)
        framed = await visitor.visitor_socket(parent="https://ond.example")
        assert (await framed.until_closed())[0] == 4403
        visitor.visitor_token = "feil"
        unknown = await visitor.visitor_socket()
        assert (await unknown.until_closed())[0] == 4401


async def test_nonsense_is_answered_and_a_flood_is_closed(desk):
    _, kari, _ = await open_up(desk)
    async with desk.browser() as agent:
        await agent.sign_in(kari)
        inbox = await agent.agent_socket()
        await inbox.until("welcome")
        await inbox.conn.send("{not json")
        assert (await inbox.until("error"))["code"] == "invalid"
        for _ in range(400):
            await inbox.say("looking")
        assert (await inbox.until_closed())[0] == 4429


async def test_typing_goes_both_ways_and_only_to_the_open_conversation(desk):
    account, kari, key = await open_up(desk)
    per = await make_agent(desk.db, account, "agent", "Per Berg")
    async with desk.browser() as agent, desk.browser() as other, desk.browser() as visitor:
        await agent.sign_in(kari)
        await other.sign_in(per)
        inbox, elsewhere = await agent.agent_socket(), await other.agent_socket()
        await visitor.visit(key)
        await visitor.write("Hei")
        conversation = (await inbox.until("conversation"))["row"]["id"]
        chat = await visitor.visitor_socket()
        await chat.until("welcome")
        await inbox.say("open", conversation_id=conversation)
        await inbox.until("presence", conversation_id=conversation)
        await chat.say("typing", on=True)
        assert (await inbox.until("visitor_typing"))["typing"] is True
        await inbox.say("typing", conversation_id=conversation)
        assert (await chat.until("typing"))["name"] == "Kari"
        assert not elsewhere.of("visitor_typing")
        await elsewhere.say("open", conversation_id=conversation)
        seen = await elsewhere.until("presence", conversation_id=conversation)
        assert [(one["name"], one["kind"]) for one in seen["agents"]] == [("Kari Nordmann", "typing")]


async def test_who_types_on_is_written_down_once_in_a_while(desk, monkeypatch):
    _, kari, key = await open_up(desk)
    written: list[str] = []
    renew = presence.renew

    async def counted(tx, conversation_id, agent_id, kind, now, **more):
        written.append(kind)
        return await renew(tx, conversation_id, agent_id, kind, now, **more)

    monkeypatch.setattr(presence, "renew", counted)
    monkeypatch.setattr(agents, "SAID_SECONDS", 60.0)
    async with desk.browser() as agent, desk.browser() as visitor:
        await agent.sign_in(kari)
        inbox = await agent.agent_socket()
        await visitor.visit(key)
        await visitor.write("Hei")
        conversation = (await inbox.until("conversation"))["row"]["id"]
        chat = await visitor.visitor_socket()
        await chat.until("welcome")
        await inbox.say("open", conversation_id=conversation)
        for _ in range(10):
            await inbox.say("typing", conversation_id=conversation)
        await chat.until_true(lambda frames: sum(one["t"] == "typing" for one in frames) == 10)
        await inbox.say("lock", conversation_id=conversation)
        await inbox.say("typing", conversation_id=conversation)
        await inbox.say("looking", conversation_id=conversation)
        await inbox.say("idle", conversation_id=conversation)
        await chat.until("typing", on=False)
        await until(lambda: len(written) >= 4)
        assert written == ["looking", "typing", "answering", "looking"]

        monkeypatch.setattr(agents, "SAID_SECONDS", 0.0)
        for _ in range(2):
            await inbox.say("typing", conversation_id=conversation)
        await until(lambda: len(written) >= 6)
        assert written[4:] == ["typing", "typing"], "a lease is renewed before it ends"


async def test_answer_lock_stops_the_second_answer(desk):
    account, kari, key = await open_up(desk)
    per = await make_agent(desk.db, account, "agent", "Per Berg")
    async with desk.browser() as agent, desk.browser() as other, desk.browser() as visitor:
        await agent.sign_in(kari)
        await other.sign_in(per)
        inbox = await agent.agent_socket()
        await visitor.visit(key)
        await visitor.write("Hei")
        conversation = (await inbox.until("conversation"))["row"]["id"]
        await inbox.say("open", conversation_id=conversation)
        await inbox.until("presence", conversation_id=conversation)
        watching = await other.agent_socket()
        await watching.say("open", conversation_id=conversation)
        await inbox.say("lock", conversation_id=conversation)
        await watching.until_true(
            lambda seen: any(f["t"] == "presence" and any(a["kind"] == "answering" for a in f["agents"]) for f in seen)
        )
        refused = await other.answer(conversation, "Hei fra Per")
        assert refused.status_code == 409
        assert refused.json()["error"]["code"] == "answer_locked"
        assert refused.json()["error"]["fields"]["name"] == "Kari Nordmann"
        assert (await other.answer(conversation, "Hei fra Per", confirm=True)).status_code == 201


async def test_visitor_is_told_when_agents_come_and_go(desk):
    _, kari, key = await open_up(desk)
    async with desk.browser() as agent, desk.browser() as visitor:
        found = await visitor.visit(key)
        assert found["agents_online"] is False
        chat = await visitor.visitor_socket()
        await chat.until("welcome")
        await agent.sign_in(kari)
        inbox = await agent.agent_socket()
        await chat.until("availability", agents_online=True)
        await inbox.close()
        await chat.until_true(
            lambda seen: [f["agents_online"] for f in seen if f["t"] == "availability"][-1:] == [False]
        )


async def test_agent_is_told_where_the_visitor_is(desk):
    _, kari, key = await open_up(desk)
    async with desk.browser() as agent, desk.browser() as visitor:
        await agent.sign_in(kari)
        inbox = await agent.agent_socket()
        await visitor.visit(key)
        await visitor.write("Hei")
        conversation = (await inbox.until("conversation"))["row"]["id"]
        found = (await agent.get(f"/api/v1/conversations/{conversation}")).json()["visitor"]
        assert found == {
            "page_url": "https://butikk.example/ruter", "page_title": "Rutere", "locale": "nb", "online": True,
            "attributes": {}, "signed_attributes": {},
        }  # fmt: skip
        await inbox.say("open", conversation_id=conversation)
        await inbox.until("presence")
        await visitor.visit(key, attributes={"Varer i kurven": 2})
        await inbox.until(
            "visitor", conversation_id=conversation, attributes={"Varer i kurven": 2}, signed_attributes={}
        )
        chat = await visitor.visitor_socket()
        await chat.until("welcome")
        await chat.say("page", url="https://butikk.example/kasse", title="Kasse")
        await inbox.until("visitor", page_title="Kasse", online=True)
        await chat.close()
        await inbox.until("visitor", online=False)


async def test_erasing_a_person_clears_the_screens_that_show_them(desk):
    account, kari, key = await open_up(desk)
    owner = await make_agent(desk.db, account, "owner", "Eva Lie")
    async with desk.browser() as agent, desk.browser() as boss, desk.browser() as visitor:
        await agent.sign_in(kari)
        await boss.sign_in(owner)
        inbox = await agent.agent_socket()
        await visitor.visit(key)
        await visitor.write("Jeg heter Ola og bor i Bergen")
        row = (await inbox.until("conversation"))["row"]
        await inbox.say("open", conversation_id=row["id"])
        await inbox.until("presence")
        asked = await boss.post("/api/v1/privacy/erasures", json={"contact_id": row["contact"]["id"]})
        assert asked.status_code == 202, asked.text
        assert (await inbox.until("refetch"))["reason"] == "erased"
        found = (await agent.get(f"/api/v1/conversations/{row['id']}")).json()
        assert "Bergen" not in str(found)
        assert found["messages"][0]["deleted"] is True


async def test_one_stalled_socket_is_closed_as_lagging_and_delays_nobody():
    from svardesk.kit.ids import uuid7
    from tests.factories import Agent

    hub = Hub()
    account = uuid7()
    agents = [AgentSocket(Agent(uuid7(), account, "a@b.example", "A", "agent").caller) for _ in range(2)]
    got: list[dict] = []
    stuck = asyncio.Event()

    async def fast(message: dict) -> None:
        got.append(message)

    async def stalled(_: dict) -> None:
        await stuck.wait()

    for socket in agents:
        hub.enter_agent(socket)
    tasks = [asyncio.create_task(agents[0].write(fast)), asyncio.create_task(agents[1].write(stalled))]
    for number in range(MOST_FRAMES + 10):
        for socket in agents:
            socket.push(str(number))
        if number % 100 == 0:
            await asyncio.sleep(0)
    await until(lambda: len(got) == MOST_FRAMES + 10)
    assert [message["text"] for message in got] == [str(number) for number in range(MOST_FRAMES + 10)]
    assert agents[1].closing == (4008, "lagging")
    stuck.set()
    await tasks[1]
    tasks[0].cancel()
