"""What sockets hold on to: rights of today, sessions that still run, and everything that a failing tail has left."""

import asyncio
from datetime import timedelta

import msgspec
import psycopg
import pytest

from svardesk.channels.webchat import visitors as webchat
from svardesk.realtime import hub as hub_module
from svardesk.realtime import tail as tail_module
from svardesk.realtime.hub import AgentSocket
from tests.factories import make_account, make_agent, make_team, make_widget


async def open_up(desk):
    account = await make_account(desk.db)
    kari = await make_agent(desk.db, account, "agent", "Kari Nordmann")
    _, key = await make_widget(desk.db, account)
    return account, kari, key


async def test_a_database_that_is_away_for_a_moment_loses_neither_frames_nor_revocations(desk, monkeypatch):
    _, kari, key = await open_up(desk)
    async with desk.browser() as agent, desk.browser() as elsewhere, desk.browser() as visitor:
        await agent.sign_in(kari)
        await elsewhere.sign_in(kari)
        inbox = await agent.agent_socket()
        await inbox.until("welcome")
        await visitor.visit(key)
        real, failures = tail_module.hydrate, []

        async def flaky(*args, **more):
            if len(failures) < 3:
                failures.append(1)
                raise psycopg.OperationalError("the server closed the connection")
            return await real(*args, **more)

        monkeypatch.setattr(tail_module, "hydrate", flaky)
        await visitor.write("Hei")
        assert (await elsewhere.delete("/api/v1/sessions")).status_code in {200, 204}
        await inbox.until("conversation")
        await inbox.until("signed_out")
        assert len(failures) == 3
        assert inbox.of("refetch") == [], "nothing was lost, so nobody has to read anew"


async def test_a_batch_that_cannot_be_passed_on_lets_everybody_read_anew(desk, monkeypatch):
    _, kari, key = await open_up(desk)
    async with desk.browser() as agent, desk.browser() as visitor:
        await agent.sign_in(kari)
        inbox = await agent.agent_socket()
        await inbox.until("welcome")
        await visitor.visit(key)
        real = tail_module.hydrate

        async def broken(*args, **more):
            monkeypatch.setattr(tail_module, "hydrate", real)
            raise ValueError("a row that no frame can show")

        monkeypatch.setattr(tail_module, "hydrate", broken)
        await visitor.write("Hei")
        await inbox.until("refetch", reason="missed")
        await visitor.write("Hallo?")
        assert (await inbox.until("conversation"))["row"]["preview"] == "Hallo?", "the tail goes on"


async def test_who_leaves_a_closed_team_loses_what_was_open_at_once(desk):
    account, kari, key = await open_up(desk)
    owner = await make_agent(desk.db, account, "owner", "Eva Lie")
    team = await make_team(desk.db, account, "Juridisk", (kari,), closed=True)
    async with desk.browser() as agent, desk.browser() as boss, desk.browser() as visitor:
        await agent.sign_in(kari)
        await boss.sign_in(owner)
        inbox = await agent.agent_socket()
        await inbox.until("welcome")
        await visitor.visit(key)
        await visitor.write("Dette er en klage")
        row = (await inbox.until("conversation"))["row"]
        moved = await boss.patch(
            f"/api/v1/conversations/{row['id']}", json={"version": row["version"], "team_id": str(team)}
        )
        assert moved.status_code == 200, moved.text
        await inbox.say("open", conversation_id=row["id"])
        await inbox.until("presence", conversation_id=row["id"])
        chat = await visitor.visitor_socket()
        await chat.until("welcome")
        await chat.say("typing", on=True)
        await inbox.until("visitor_typing", conversation_id=row["id"])
        seen = len(inbox.seen)

        assert (await boss.delete(f"/api/v1/teams/{team}/members/{kari.id}")).status_code == 204
        await inbox.until("refetch", reason="rights")
        assert any(f["t"] == "conversation_gone" and f["id"] == row["id"] for f in inbox.seen[seen:])
        room = desk.web.hub.room(account.id)
        assert row["id"] not in {str(one) for one in room.open}
        await chat.say("typing", on=True)
        await chat.say("page", url="https://butikk.example/hemmelig", title="Hemmelig")
        await inbox.say("open", conversation_id=row["id"])
        await inbox.until_true(lambda frames: frames[-1]["t"] == "conversation_gone" and len(frames) > seen + 2)
        assert "Hemmelig" not in str(inbox.seen)
        assert len(inbox.of("visitor_typing")) == 1


async def test_who_has_the_chat_open_is_seen(desk):
    account, _, key = await open_up(desk)
    async with desk.browser() as visitor:
        await visitor.visit(key)
        await visitor.write("Hei")
        chat = await visitor.visitor_socket()
        await chat.until("welcome")
        async with desk.db.work(account.id) as tx:
            await tx.run("UPDATE contacts SET last_seen_at = now() - interval '40 days'")
            await tx.run("UPDATE webchat_sessions SET last_seen_at = now() - interval '40 days'")
        before = desk.web.house.clock.now()
        await desk.web.live.renew_visitors()
        async with desk.db.work(account.id) as tx:
            assert await tx.value("SELECT last_seen_at FROM contacts") >= before
            assert await tx.value("SELECT last_seen_at FROM webchat_sessions") >= before
            # Coming back counts as well, before the next round of the sockets.
            await tx.run("UPDATE contacts SET last_seen_at = now() - interval '40 days'")
        await visitor.visit(key)
        async with desk.db.work(account.id) as tx:
            assert await tx.value("SELECT last_seen_at FROM contacts") >= before


async def test_a_socket_does_not_outlive_its_session(desk):
    account, kari, key = await open_up(desk)
    async with desk.browser() as agent, desk.browser() as visitor:
        await agent.sign_in(kari)
        inbox = await agent.agent_socket()
        await inbox.until("welcome")
        await visitor.visit(key)
        chat = await visitor.visitor_socket()
        await chat.until("welcome")
        live, room = desk.web.live, desk.web.hub.room(account.id)
        past = desk.web.house.clock.now() - timedelta(seconds=1)
        (tab,), (shop,) = room.agents, room.visitors

        tab.become(msgspec.structs.replace(tab.caller, expires_at=past))
        await live.end_expired()
        assert tab.closing is None, "the session was used meanwhile: its end in the database has moved"
        assert tab.caller.expires_at > past

        async with desk.db.work(account.id) as tx:
            await tx.run("UPDATE sessions SET expires_at = %(past)s", past=past)
            await tx.run("UPDATE webchat_sessions SET expires_at = %(past)s", past=past)
        tab.become(msgspec.structs.replace(tab.caller, expires_at=past))
        shop.visitor = msgspec.structs.replace(shop.visitor, expires_at=past)
        await live.end_expired()
        await inbox.until("signed_out")
        await chat.until("gone")
        assert (await inbox.until_closed())[0] == 4401
        assert (await chat.until_closed())[0] == 4401


async def test_a_new_conversation_costs_nothing_for_the_other_visitors(desk, monkeypatch):
    _, kari, key = await open_up(desk)
    async with desk.browser() as agent, desk.browser() as one, desk.browser() as other:
        await agent.sign_in(kari)
        inbox = await agent.agent_socket()
        await inbox.until("welcome")
        chats = []
        for browser in (one, other):
            await browser.visit(key)
            chats.append(await browser.visitor_socket())
            await chats[-1].until("welcome")
        real, asked = webchat.by_hash, []

        async def counted(db, visitor, clock):
            asked.append(visitor.id)
            return await real(db, visitor, clock)

        monkeypatch.setattr(webchat, "by_hash", counted)
        await one.write("Hei")
        assert (await chats[0].until("message"))["message"]["body"] == "Hei"
        await inbox.until("conversation")
        assert len(set(asked)) == 1, "only the visitor whose conversation began is read again"
        assert chats[1].of("message") == []


async def test_signing_in_is_no_change_of_rights(desk, monkeypatch):
    account, kari, _ = await open_up(desk)
    per = await make_agent(desk.db, account, "agent", "Per Berg")
    async with desk.browser() as agent, desk.browser() as colleague:
        await agent.sign_in(kari)
        inbox = await agent.agent_socket()
        await inbox.until("welcome")
        looked = []
        monkeypatch.setattr(desk.web.live, "rights_changed", looked.append)
        await colleague.sign_in(per)
        assert (await colleague.patch("/api/v1/me", json={"availability": "away"})).status_code == 200
        await inbox.until("agent", id=str(per.id), availability="away")
        assert looked == []


async def test_opening_tells_the_row_so_that_no_message_falls_between_page_and_socket(desk):
    _, kari, key = await open_up(desk)
    async with desk.browser() as agent, desk.browser() as visitor:
        await agent.sign_in(kari)
        await visitor.visit(key)
        await visitor.write("Hei")
        found = (await agent.get("/api/v1/conversations")).json()
        conversation = found["items"][0]["id"]
        inbox = await agent.agent_socket(found["resume"])
        await inbox.until("caught_up")
        await visitor.write("Er noen der?")  # after the page was read, before the socket has the conversation open
        await inbox.until_true(
            lambda frames: any(f["t"] == "conversation" and f["row"]["last_seq"] == 2 for f in frames)
        )
        told = len(inbox.of("conversation"))
        await inbox.say("open", conversation_id=conversation)
        await inbox.until_true(lambda frames: len([f for f in frames if f["t"] == "conversation"]) > told)
        assert inbox.of("conversation")[-1]["row"]["last_seq"] == 2


async def test_a_command_that_fails_is_answered_and_the_line_stays(desk, monkeypatch):
    _, kari, key = await open_up(desk)
    async with desk.browser() as agent, desk.browser() as visitor:
        await agent.sign_in(kari)
        await visitor.visit(key)
        await visitor.write("Hei")
        conversation = (await agent.get("/api/v1/conversations")).json()["items"][0]["id"]
        inbox = await agent.agent_socket()
        await inbox.until("welcome")

        async def away(*_, **__):
            raise psycopg.OperationalError("the server closed the connection")

        with monkeypatch.context() as broken:
            broken.setattr("svardesk.realtime.agents.seeing.check_sees", away)
            await inbox.say("open", conversation_id=conversation)
            await inbox.until("error", code="database_unavailable")
        await inbox.say("open", conversation_id=conversation)
        await inbox.until("presence", conversation_id=conversation)


async def test_a_client_that_takes_nothing_is_let_go(monkeypatch):
    from svardesk.kit.ids import uuid7
    from tests.factories import Agent

    monkeypatch.setattr(hub_module, "FAREWELL_SECONDS", 0.01)
    socket = AgentSocket(Agent(uuid7(), uuid7(), "a@b.example", "A", "agent").caller)
    stuck = asyncio.Event()

    async def stalled(_: dict) -> None:
        await stuck.wait()

    task = asyncio.create_task(socket.write(stalled))
    for number in range(hub_module.MOST_FRAMES + 2):
        socket.push(str(number))
        if number == 0:
            await asyncio.sleep(0)
    assert socket.closing == (4008, "lagging")
    with pytest.raises(asyncio.CancelledError):
        async with asyncio.timeout(5):
            await task
