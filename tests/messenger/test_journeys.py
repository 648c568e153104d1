"""Question, answer, read; outside the window; other programs; what Meta refuses. With the stand-in for Meta."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from svardesk.channels import deliveries, ingress
from tests.messenger.world import Desk

NAME = "Åse Ødegård"


async def test_question_answer_read(desk: Desk) -> None:
    psid = await desk.asks("Hei, når kommer pakken til Ås? 👋")
    [one] = await desk.conversations()
    assert (one["thread"], one["status"]) == (psid, "open")
    [said] = await desk.messages()
    assert said["body"] == "Hei, når kommer pakken til Ås? 👋"
    assert one["window_until"] == desk.clock.now() + timedelta(hours=24)
    answer = await desk.answer("Hei! Den kommer i morgen.")
    [sent] = await desk.graph.sent_to(psid)
    assert (sent.text, sent.messaging_type, sent.tag) == ("Hei! Den kommer i morgen.", "RESPONSE", None)
    assert await desk.state_of(answer) == ("sent", None)
    await desk.take()
    assert await desk.state_of(answer) == ("delivered", None)
    desk.clock.advance(60)
    await desk.graph.reads(psid)
    await desk.take()
    assert await desk.state_of(answer) == ("read", None)
    assert [m["kind"] for m in await desk.messages()] == ["inbound", "answer"]
    assert desk.graph.misuse == []


async def test_names_come_from_the_profile_and_there_is_a_fallback(desk: Desk) -> None:
    known = desk.graph.person(name=NAME)
    silent = desk.graph.person(name="Uten Navn", profile="consent")
    for person in (known, silent):
        await desk.graph.writes(person.psid, "Hei")
    await desk.take()
    assert await desk.ask_names() == 2
    async with desk.db.work(desk.account.id) as tx:
        rows = await tx.all("SELECT name FROM contacts WHERE account_id = %(a)s", a=desk.account.id)
    assert {row["name"] for row in rows} == {NAME, "Messenger-bruker"}
    assert await desk.ask_names() == 0
    assert (await desk.page())["status"] == "ok"


async def test_pictures_are_fetched_after_the_message_stands_there(desk: Desk) -> None:
    person = desk.graph.person()
    png = b"\x89PNG\r\n\x1a\n" + b"\0" * 60
    await desk.graph.writes(person.psid, "Se her", attachments=[("image", png, "image/png")])
    await desk.take()
    [said] = await desk.messages()
    assert (said["awaited"], said["attachments"]) == (1, [])
    assert await desk.fetch() == 1
    [said] = await desk.messages()
    assert said["awaited"] == 0
    assert [one["media_type"] for one in said["attachments"]] == ["image/png"]


async def test_long_answers_go_in_pieces_and_in_order(desk: Desk) -> None:
    psid = await desk.asks()
    text = " ".join(f"Dette er setning nummer {n} i et langt svar." for n in range(100))
    answer = await desk.answer(text)
    sent = await desk.graph.sent_to(psid, 3)
    assert " ".join(one.text or "" for one in sent) == text
    assert [one.metadata for one in sent] == [f"{sent[0].metadata[:-1]}{n}" for n in range(3)]
    await desk.take()
    assert (await desk.state_of(answer))[0] in {"sent", "delivered"}
    assert len(await desk.messages()) == 2


async def test_outside_a_day_a_person_may_still_write_where_meta_allows_it(desk: Desk) -> None:
    psid = await desk.asks()
    await desk.change(human_agent=True)
    await desk.later(hours=25)
    answer = await desk.answer()
    [sent] = await desk.graph.sent_to(psid)
    assert (sent.messaging_type, sent.tag) == ("MESSAGE_TAG", "HUMAN_AGENT")
    assert (await desk.state_of(answer))[0] == "sent"
    assert desk.graph.misuse == []


async def test_outside_a_day_without_the_permission_nothing_is_sent(desk: Desk) -> None:
    await desk.asks()
    await desk.later(hours=25)
    answer = await desk.answer()
    assert await desk.state_of(answer) == ("blocked_by_window", "window")
    assert desk.graph.sent == []


async def test_outside_a_week_nothing_is_sent(desk: Desk) -> None:
    await desk.asks()
    await desk.change(human_agent=True)
    await desk.later(days=7, seconds=1)
    answer = await desk.answer()
    assert await desk.state_of(answer) == ("blocked_by_window", "window")
    assert desk.graph.sent == []


async def test_what_a_machine_wrote_never_carries_the_human_tag(desk: Desk) -> None:
    await desk.asks()
    await desk.change(human_agent=True)
    await desk.later(hours=25)
    answer = await desk.answer(then=False)
    async with desk.db.work(desk.account.id) as tx:
        await tx.run("UPDATE messages SET automated = true WHERE id = %(id)s", id=answer["id"])
    await desk.send()
    assert await desk.state_of(answer) == ("blocked_by_window", "window")
    assert desk.graph.sent == []


async def test_an_approved_template_goes_out_whenever(desk: Desk) -> None:
    psid = await desk.asks()
    desk.graph.page.features.add("page_utility_messaging")
    await desk.later(days=30)
    await desk.change(utility=True, templates=[{"name": "forsinket", "language": "nb", "status": "approved"}])
    made = await _add_template(desk, "forsinket", "nb")
    answer = await desk.answer("Pakken din er forsinket.", then=False)
    async with desk.db.work(desk.account.id) as tx:
        await tx.run(
            'UPDATE messages SET details = coalesce(details, \'{}\') || \'{"template":{"name":"forsinket","values":["Ås"]}}\''
            " WHERE id = %(id)s",
            id=answer["id"],
        )
    await desk.send()
    [sent] = await desk.graph.sent_to(psid)
    assert (sent.messaging_type, sent.tag, sent.template is not None) == ("UTILITY", None, True)
    assert made


async def _add_template(desk: Desk, name: str, language: str) -> bool:
    answer = await desk.graph.core.outbox._client.post(
        f"{desk.graph.url}/v26.0/{desk.graph.page.id}/message_templates",
        json={"name": name, "language": language, "category": "UTILITY",
              "components": [{"type": "BODY", "text": "Pakken til {{1}} er forsinket"}]},
        headers={"authorization": f"Bearer {desk.graph.token.token}"},
    )  # fmt: skip
    return answer.status_code == 200


async def test_the_inbox_at_meta_answers(desk: Desk) -> None:
    psid = await desk.asks()
    desk.clock.advance(300)
    await desk.graph.answered_elsewhere(psid, "Vi ser på det")
    await desk.take()
    said = (await desk.messages())[-1]
    assert (said["body"], said["elsewhere"]["name"]) == ("Vi ser på det", "Meta Business Suite")
    assert said["elsewhere"]["automatic"] is False
    assert (await desk.conversations())[0]["waiting_since"] is None


async def test_an_answer_within_two_seconds_was_a_machine_and_is_no_answer(desk: Desk) -> None:
    desk.graph.page.automatic_reply = "Takk! Vi svarer snart."
    await desk.asks()
    said = (await desk.messages())[-1]
    assert (said["body"], said["elsewhere"]["automatic"]) == ("Takk! Vi svarer snart.", True)
    [one] = await desk.conversations()
    assert one["waiting_since"] is not None
    assert one["status"] == "open"


async def test_no_answer_but_delivered_is_settled_by_the_echo_and_not_sent_twice(desk: Desk) -> None:
    psid = await desk.asks()
    desk.graph.drop(deliver=True)
    answer = await desk.answer(then=False)
    await desk.send()
    await desk.graph.sent_to(psid)
    assert (await desk.state_of(answer))[0] == "unknown"
    await desk.graph.settle()
    await desk.take()
    assert (await desk.state_of(answer))[0] in {"sent", "delivered"}
    desk.clock.advance(3600)
    await desk.send()
    assert len(desk.graph.sent) == 1


async def test_no_answer_and_no_echo_is_looked_for_in_the_conversation(desk: Desk) -> None:
    psid = await desk.asks()
    desk.graph.core.options.echoes = desk.graph.core.options.deliveries = False
    desk.graph.drop(deliver=True)
    answer = await desk.answer()
    assert (await desk.state_of(answer))[0] == "unknown"
    for _ in range(4):
        desk.clock.advance(120)
        await desk.send()
    assert (await desk.state_of(answer))[0] == "sent"
    assert len(await desk.graph.sent_to(psid)) == 1


async def test_no_answer_and_not_there_is_sent_again(desk: Desk) -> None:
    psid = await desk.asks()
    desk.graph.drop(deliver=False)
    answer = await desk.answer()
    assert (await desk.state_of(answer))[0] == "unknown"
    for _ in range(4):
        desk.clock.advance(120)
        await desk.send()
    assert (await desk.state_of(answer))[0] == "sent"
    assert len(await desk.graph.sent_to(psid)) == 1


@pytest.mark.parametrize(
    ("ends", "state", "code", "status"),
    [
        ("0278", "blocked_by_window", "10.2018278", "ok"),
        ("0065", "blocked_by_window", "10.2018065", "ok"),
        ("0551", "failed_permanent", "551.1545041", "ok"),
        ("8108", "failed_permanent", "10.2018108", "ok"),
        ("5041", "failed_permanent", "200.1545041", "ok"),
        ("0190", "blocked_by_policy", "190.460", "disconnected"),
        ("0613", "failed_temporary", "613", "ok"),
        ("0004", "failed_temporary", "4", "ok"),
        ("0002", "failed_temporary", "2", "ok"),
        ("1200", "failed_temporary", "1200", "ok"),
        ("0500", "failed_temporary", "1.99", "ok"),
        ("0503", "failed_temporary", "2", "ok"),
        ("0010", "blocked_by_policy", "10", "degraded"),
        ("0200", "blocked_by_policy", "200", "degraded"),
        ("8028", "blocked_by_policy", "200.2018028", "degraded"),
        ("0230", "blocked_by_policy", "230", "degraded"),
        ("0368", "blocked_by_policy", "368", "paused"),
        ("3063", "blocked_by_policy", "10.1893063", "paused"),
        ("8001", "failed_permanent", "100.2018001", "ok"),
        ("8109", "failed_permanent", "100.2018109", "ok"),
        ("0033", "failed_permanent", "100.33", "ok"),
    ],
)
async def test_what_meta_refuses(desk: Desk, ends: str, state: str, code: str, status: str) -> None:
    await desk.asks(ends=ends)
    answer = await desk.answer()
    assert await desk.state_of(answer) == (state, code)
    page = await desk.page()
    assert page["status"] == status


async def test_a_restricted_page_sends_nothing_until_it_is_let_go(desk: Desk) -> None:
    psid = await desk.asks()
    await desk.graph.restrict()
    await desk.take()
    assert (await desk.page())["problems"]["restricted"]["status"] == "paused"
    answer = await desk.answer()
    assert await desk.state_of(answer) == ("blocked_by_policy", "restricted")
    assert desk.graph.sent == []
    await desk.graph.restrict(on=False)
    await desk.take()
    await desk.send()
    assert len(await desk.graph.sent_to(psid)) == 1
    assert (await desk.page())["status"] == "ok"


async def test_a_token_that_ends_holds_answers_and_another_one_lets_them_go(desk: Desk) -> None:
    psid = await desk.asks()
    desk.graph.revoke()
    answer = await desk.answer()
    assert await desk.state_of(answer) == ("blocked_by_policy", "190.460")
    assert (await desk.page())["status"] == "disconnected"
    calls = len(desk.graph.calls)
    desk.clock.advance(hours=1)
    await desk.send()
    assert len(desk.graph.calls) == calls
    fresh = desk.graph.world.add_token(desk.graph.app, desk.graph.page)
    await desk.change(page_token=fresh.token)
    await desk.send()
    assert len(await desk.graph.sent_to(psid)) == 1
    assert (await desk.page())["status"] == "ok"


async def test_business_suite_owns_the_thread_until_somebody_takes_over(desk: Desk) -> None:
    psid = await desk.asks()
    desk.graph.page.default_app = desk.graph.app.id
    await desk.graph.owner(psid, "263902037430900")
    await desk.take()
    answer = await desk.answer()
    assert await desk.state_of(answer) == ("blocked_by_policy", "standby")
    await desk.graph.writes(psid, "Hallo?")
    await desk.take()
    assert [one["body"] for one in await desk.messages() if one["kind"] == "inbound"][-1] == "Hallo?"
    [one] = await desk.conversations()
    took = await desk.client.post(f"/api/v1/conversations/{one['id']}/thread", json={"act": "take"})
    assert (took.status_code, took.json()["standby"]) == (200, False)
    await desk.client.post(f"/api/v1/conversations/{one['id']}/messages/{answer['id']}/retry")
    async with desk.db.work(desk.account.id) as tx:
        await deliveries.again(tx, desk.clock.now(), UUID(answer["id"]))
    await desk.send()
    assert len(await desk.graph.sent_to(psid)) == 1
    for act in ("pass", "request", "release"):
        told = await desk.client.post(f"/api/v1/conversations/{one['id']}/thread", json={"act": act})
        assert told.status_code in {200, 409}, told.text


async def test_dropped_out_is_noticed_mended_and_caught_up_with(desk: Desk) -> None:
    psid = await desk.asks()
    await desk.rounds()
    desk.clock.advance(600)
    desk.graph.page.subscriptions.clear()
    lost = [await desk.graph.writes(psid, f"Er dere der? {n}") for n in range(3)]
    other = desk.graph.person(name="Per Hansen")
    await desk.graph.writes(other.psid, "Hei fra Per")
    desk.clock.advance(60)
    await desk.take()
    assert len(await desk.messages()) == 1
    desk.clock.advance(600)
    await desk.rounds()
    assert desk.graph.page.subscriptions
    page = await desk.page()
    assert page["problems"]["dropped_out"]["status"] == "degraded"
    assert page["backfilled"] == 4
    await desk.take()
    found = await desk.conversations()
    assert [one["thread"] for one in found] == [psid, other.psid]
    assert [m["body"] for m in await desk.messages(found[0]["id"])][1:] == [one.text for one in lost]
    desk.clock.advance(hours=2)
    await desk.rounds()
    await desk.take()
    assert len(await desk.messages(found[0]["id"])) == 4
    assert (await desk.page())["status"] == "ok"


async def test_silence_of_meta_is_no_fault_of_the_page_and_alarms_at_the_second_look(desk: Desk) -> None:
    for expected in ({}, {"unreachable": "degraded"}):
        desk.clock.advance(600)
        fault = desk.graph.drop(call="*", times=20)
        await desk.rounds()
        desk.graph.core.faults.rules.remove(fault)
        assert {name: one["status"] for name, one in (await desk.page())["problems"].items()} == expected
    desk.clock.advance(600)
    await desk.rounds()
    page = await desk.page()
    assert (page["status"], page["problems"]) == ("ok", {})


async def test_a_batch_with_duplicates_poison_and_disorder_ends_in_the_right_threads(desk: Desk) -> None:
    people = [desk.graph.person(name=f"Kunde {n}") for n in range(20)]
    wanted: dict[str, list[str]] = {one.psid: [] for one in people}
    async with desk.graph.batch(shuffle=True, duplicates=60, split=1000) as batch:
        for n in range(900):
            person = people[n % len(people)]
            desk.clock.advance(0.01)
            wanted[person.psid].append(f"Melding {n} æøå 👋")
            await desk.graph.writes(person.psid, f"Melding {n} æøå 👋")
        batch.extra = [{"hologram": {}}, {"message": None}, {"sender": {"id": "1"}, "message": {"mid": 7}}, {}] * 10
    assert batch.sent == 1000
    assert {one.statuses[-1] for one in desk.graph.deliveries} == {200}
    await desk.take()
    found = await desk.conversations()
    by_thread = {one["thread"]: one["id"] for one in found}
    assert set(wanted) <= set(by_thread)
    for psid, texts in wanted.items():
        async with desk.db.work(desk.account.id) as tx:
            rows = await tx.all(
                "SELECT body FROM messages WHERE account_id = %(a)s AND conversation_id = %(c)s AND kind = 'inbound' ORDER BY seq",
                a=desk.account.id, c=by_thread[psid],
            )  # fmt: skip
        assert [row["body"] for row in rows] == texts
    async with desk.db.work(desk.account.id) as tx:
        assert await ingress.quarantined(tx) == []


async def test_edits_removals_and_reactions_follow_the_message(desk: Desk) -> None:
    psid = await desk.asks("Pakken kommer fredag?")
    message = desk.graph.world.thread(psid).messages[0]
    await desk.graph.edits(message.mid, "Pakken kommer lørdag?")
    await desk.take()
    [said] = await desk.messages()
    assert (said["body"], said["edits"]) == ("Pakken kommer lørdag?", 1)
    answer = await desk.answer()
    await desk.take()
    ours = desk.graph.sent[0].mid
    await desk.graph.reacts(psid, ours)
    await desk.take()
    reacted = next(one for one in await desk.messages() if one["id"] == answer["id"])
    assert [one["emoji"] for one in reacted["reactions"]] == ["❤️"]
    await desk.graph.unreacts(psid, ours)
    await desk.graph.unsends(message.mid)
    await desk.take()
    told: dict[str, Any] = {one["id"]: one for one in await desk.messages()}
    assert told[answer["id"]]["reactions"] == []
    assert told[said["id"]]["deleted"] is True
