"""Who waits in a thread of many, what agents do about comments, and what becomes of answers that nobody confirmed."""

from typing import Any

import pytest

from svardesk.channels.deliveries import LEASE
from tests.doubles.graph.model import Comment, Post
from tests.facebook import page
from tests.factories import make_agent, make_team
from tests.messenger.world import Desk


async def thread_of(
    desk: Desk, *texts: str, apart: int = 60
) -> tuple[Post, dict[str, Any], list[dict[str, Any]], list[Comment]]:
    """A post with comments of as many people, each a while after the one before."""
    post = await desk.graph.posts("Spør oss!")
    made = []
    for text in texts:
        made.append(await desk.graph.comments(post, desk.graph.person(name=f"Person {len(made)}"), text))
        await page.work(desk)
        desk.clock.advance(apart)
    [thread] = await page.threads(desk)
    return post, thread, await page.said(desk, thread["id"]), made


async def now(desk: Desk) -> dict[str, Any]:
    [thread] = await page.threads(desk)
    return thread


async def test_a_thread_waits_as_long_as_one_comment_is_open(desk: Desk) -> None:
    _, thread, (first, second), _ = await thread_of(desk, "Hva koster det?", "Når kommer det?")
    assert thread["waiting_since"] == "2026-11-23T09:00:00Z"
    posted = (await page.answer(desk, thread["id"], "499 kr i måneden", first["id"])).json()
    assert (posted["conversation"]["status"], posted["conversation"]["waiting_since"]) == (
        "open",
        "2026-11-23T09:01:00Z",
    )
    await page.work(desk)
    assert (await now(desk))["waiting_since"] == "2026-11-23T09:01:00Z"

    done = await page.do(desk, second["id"], state="not_needed")
    assert (done.status_code, done.json()["comment"]["state"]) == (200, "not_needed")
    assert ((await now(desk))["status"], (await now(desk))["waiting_since"]) == ("closed", None)
    await page.do(desk, second["id"], state="open")
    assert ((await now(desk))["status"], (await now(desk))["waiting_since"]) == ("open", "2026-11-23T09:01:00Z")
    posted = (await page.answer(desk, thread["id"], "I morgen", second["id"])).json()
    assert (posted["conversation"]["status"], posted["conversation"]["waiting_since"]) == ("waiting", None)


async def test_thanks_start_no_clock_and_tags_are_only_proposed(desk: Desk) -> None:
    _, thread, (thanks, tag), _ = await thread_of(desk, "Takk! ❤️", "Kari Nordmann 😂")
    assert (thanks["comment"]["state"], tag["comment"]["state"], tag["comment"]["proposed"]) == (
        "not_needed",
        "open",
        "tag",
    )
    assert thread["waiting_since"] == "2026-11-23T09:01:00Z"
    done = await page.do(desk, tag["id"], state="not_needed")
    assert (done.json()["comment"]["proposed"], (await now(desk))["waiting_since"]) == (None, None)


async def test_who_closes_a_thread_is_done_with_all_of_it(desk: Desk) -> None:
    _, thread, (first, second), _ = await thread_of(desk, "Hva koster det?", "Når kommer det?")
    await desk.client.patch(f"/api/v1/conversations/{thread['id']}", json={"status": "closed"})
    await page.work(desk)
    assert {one["comment"]["state"] for one in await page.said(desk, thread["id"])} == {"not_needed"}
    await page.do(desk, first["id"], state="open")
    posted = await page.answer(desk, thread["id"], "499 kr", first["id"])
    assert posted.json()["conversation"]["status"] == "waiting"
    assert (await page.one(desk, thread["id"], second["body"]))["comment"]["state"] == "not_needed"


async def test_hide_show_like_and_delete_are_done_at_meta_and_noted(desk: Desk) -> None:
    _, thread, (first, _), (comment, _) = await thread_of(desk, "Dårlig!", "Enig")
    for field, value in (("hidden", True), ("liked", True), ("hidden", False), ("liked", False)):
        done = await page.do(desk, first["id"], **{field: value})
        assert (done.status_code, done.json()["comment"][field]) == (200, value), done.text
        assert (comment.hidden if field == "hidden" else desk.graph.page.id in comment.likes) is value
        await page.work(desk)
        assert (await page.one(desk, thread["id"], "Dårlig!"))["comment"][field] is value
    calls = len(desk.graph.calls)
    await page.do(desk, first["id"], hidden=False)
    assert len(desk.graph.calls) == calls, "what is so already is not asked for"

    gone = await desk.client.delete(f"/api/v1/comments/{first['id']}")
    assert (gone.status_code, gone.json()["deleted"], comment.removed) == (200, True, True)
    again = await page.do(desk, first["id"], liked=True)
    assert (again.status_code, again.json()["error"]["code"]) == (409, "comment_gone")
    noted = await page.rows(desk, "SELECT action FROM audit_log WHERE action LIKE 'comment%%' ORDER BY at, id")
    assert [row["action"] for row in noted] == [
        "comment_hidden", "comment_liked", "comment_shown", "comment_unliked", "comment_removed",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "subcode", "status", "name", "standing"),
    [
        (2, None, 503, "meta_temporary", "ok"),
        (613, None, 429, "meta_rate", "ok"),
        (368, None, 409, "meta_restricted", "paused"),
        (200, None, 409, "meta_permission", "degraded"),
        (190, None, 409, "meta_token", "disconnected"),
        (100, 33, 409, "meta_object", "ok"),
        (999, None, 409, "meta_refused", "ok"),
    ],
)
async def test_what_meta_refuses_is_told_by_its_row_and_changes_nothing(
    desk: Desk, code: int, subcode: int | None, status: int, name: str, standing: str
) -> None:
    _, thread, (first,), (comment,) = await thread_of(desk, "Dårlig!")
    desk.graph.fail(code, subcode, call="comment")
    refused = await page.do(desk, first["id"], hidden=True)
    assert (refused.status_code, refused.json()["error"]["code"]) == (status, name), refused.text
    assert refused.json()["error"]["message"]
    assert (await page.one(desk, thread["id"], "Dårlig!"))["comment"]["hidden"] is comment.hidden is False
    assert (await desk.page("facebook"))["status"] == standing


async def test_an_answer_from_another_program_answers_what_it_stands_below(desk: Desk) -> None:
    post, thread, (first, second), (comment, _) = await thread_of(desk, "Hva koster det?", "Når kommer det?")
    await desk.graph.comments(post, None, "499 kr, hilsen Business Suite", parent=comment)
    await page.work(desk)
    messages = await page.said(desk, thread["id"])
    assert [(one["kind"], one["elsewhere"] is not None) for one in messages][2:] == [("answer", True)]
    assert (messages[2]["reply_to"], messages[2]["comment"]["ours"]) == (first["id"], True)
    assert [one["comment"]["state"] for one in messages[:2]] == ["answered", "open"]
    assert ((await now(desk))["status"], (await now(desk))["waiting_since"]) == ("open", "2026-11-23T09:01:00Z")
    refused = await page.do(desk, messages[2]["id"], hidden=True)
    assert refused.json()["error"]["code"] == "our_own_comment"
    del second


async def test_our_own_answer_that_comes_by_is_not_told_twice(desk: Desk) -> None:
    _, thread, (first,), _ = await thread_of(desk, "Hva koster det?")
    # Two of the same words: both are ours.
    for _ in range(2):
        assert (await page.answer(desk, thread["id"], "499 kr", first["id"])).status_code == 201
    await page.work(desk)
    await page.work(desk)
    assert [one["elsewhere"] for one in await page.said(desk, thread["id"])] == [None, None, None]


@pytest.mark.parametrize("deliver", [True, False])
async def test_a_public_answer_about_which_nobody_knows_is_looked_for(desk: Desk, deliver: bool) -> None:
    _, thread, (first,), _ = await thread_of(desk, "Hva koster det?")
    desk.graph.drop(deliver=deliver, call="comments")
    await page.answer(desk, thread["id"], "499 kr i måneden", first["id"])
    await page.work(desk)
    assert (await page.one(desk, thread["id"], "499 kr i måneden"))["state"] == "unknown"
    for _ in range(4):
        desk.clock.advance(LEASE.total_seconds())
        await page.work(desk)
    await desk.client.sign_in(desk.owner)
    assert (await page.one(desk, thread["id"], "499 kr i måneden"))["state"] == "sent"
    ours = [one for one in desk.graph.world.state.comments.values() if one.author_id == desk.graph.page.id]
    assert len(ours) == 1
    assert [one["elsewhere"] for one in await page.said(desk, thread["id"])] == [None, None]


async def test_a_private_reply_about_which_nobody_knows_is_proven_by_its_echo(desk: Desk) -> None:
    _, thread, (first,), _ = await thread_of(desk, "Hvor er pakken?")
    desk.graph.drop(deliver=True)
    await page.privately(desk, first["id"], "Den kommer i morgen")
    await page.work(desk)
    await desk.graph.settle()
    await page.work(desk)
    assert (await page.one(desk, thread["id"], "Den kommer i morgen"))["state"] == "sent"
    [private] = await page.threads(desk, "messenger")
    assert [one["body"] for one in await page.said(desk, private["id"])] == ["Den kommer i morgen"]
    assert (await page.one(desk, thread["id"], "Hvor er pakken?"))["link"]["conversation_id"] == private["id"]
    assert len(desk.graph.sent) == 1


async def test_a_private_reply_that_went_out_nowhere_is_sent_again(desk: Desk) -> None:
    _, thread, (first,), _ = await thread_of(desk, "Hvor er pakken?")
    desk.graph.drop(deliver=False)
    await page.privately(desk, first["id"], "Den kommer i morgen")
    for _ in range(4):
        await page.work(desk)
        desk.clock.advance(LEASE.total_seconds())
    await desk.client.sign_in(desk.owner)
    assert (await page.one(desk, thread["id"], "Den kommer i morgen"))["state"] == "sent"
    assert len(desk.graph.sent) == 1


@pytest.mark.parametrize(("code", "key"), [(10900, "10900"), (10903, "10903"), (10904, "10904")])
async def test_a_private_reply_that_meta_refuses_leaves_the_comment_open(desk: Desk, code: int, key: str) -> None:
    _, thread, (first,), _ = await thread_of(desk, "Hvor er pakken?")
    desk.graph.fail(code)
    sent = await page.privately(desk, first["id"], "Den kommer i morgen")
    assert sent.json()["conversation"]["waiting_since"] is None
    await page.work(desk)
    reply = await page.one(desk, thread["id"], "Den kommer i morgen")
    assert (reply["state"], reply["state_reason"]) == ("failed_permanent", key)
    asked = await page.one(desk, thread["id"], "Hvor er pakken?")
    assert (asked["comment"]["state"], asked["comment"]["private_until"]) == ("open", "2026-11-30T09:00:00Z")
    assert ((await now(desk))["status"], (await now(desk))["waiting_since"]) == ("open", "2026-11-23T09:00:00Z")
    assert await page.threads(desk, "messenger") == []
    # It was never used: another one may be written.
    again = await page.privately(desk, first["id"], "Den kommer i dag")
    assert again.status_code == 201
    await page.work(desk)
    assert (await page.one(desk, thread["id"], "Den kommer i dag"))["state"] == "sent"


async def test_when_no_private_reply_can_be_sent(desk: Desk) -> None:
    _, thread, (first,), _ = await thread_of(desk, "Hvor er pakken?")
    client_id = "01a212c4-cb39-7015-95ed-4ad3f1df92ae"
    one = await page.privately(desk, first["id"], "Den kommer", client_id)
    same = await page.privately(desk, first["id"], "Den kommer", client_id)
    assert (one.status_code, same.status_code, same.json()["message"]["id"]) == (201, 200, one.json()["message"]["id"])
    desk.graph.core.options.feed_from = False
    await desk.graph.comments(
        desk.graph.world.post(next(iter(desk.graph.world.state.posts))), desk.graph.person(), "Og min?"
    )
    await page.work(desk)
    nobody = await page.one(desk, thread["id"], "Og min?")
    assert (nobody["author"]["name"], nobody["comment"]["private_until"]) == (None, None)
    desk.graph.core.options.feed_from = True
    await desk.later(days=7)
    await desk.graph.comments(
        desk.graph.world.post(next(iter(desk.graph.world.state.posts))), desk.graph.person(), "Hallo?"
    )
    await page.work(desk)
    late = await page.one(desk, thread["id"], "Hallo?")
    await desk.later(days=7)
    refused = await page.privately(desk, late["id"], "Hei")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "private_reply_late")


async def test_a_visitors_post_and_a_recommendation_are_threads_of_their_own(desk: Desk) -> None:
    eva = desk.graph.person(name="Eva Lund")
    await desk.graph.posts("Nettet er nede igjen!", by=eva)
    await desk.graph.posts("Treg kundeservice", by=eva, recommends=False)
    await page.work(desk)
    first, second = await page.threads(desk)
    assert {first["subject"], second["subject"]} == {"Nettet er nede igjen!", "Treg kundeservice"}
    [down] = await page.said(desk, first["id"])
    assert (down["comment"]["post"], down["author"]["name"]) == (True, "Eva Lund")
    [review] = await page.said(desk, second["id"])
    assert review["comment"]["recommends"] is False
    # An answer without a named comment is to the post.
    posted = await page.answer(desk, first["id"], "Vi er på saken, Eva!")
    assert posted.json()["conversation"]["status"] == "waiting"
    await page.work(desk)
    assert (await page.said(desk, first["id"]))[0]["comment"]["state"] == "answered"
    [ours] = [one for one in desk.graph.world.state.comments.values() if one.author_id == desk.graph.page.id]
    assert (ours.parent_id, ours.text) == (None, "Vi er på saken, Eva!")
    sent = await page.privately(desk, down["id"], "Hvilken adresse gjelder det?")
    assert sent.status_code == 201
    await page.work(desk)
    assert [one.psid for one in desk.graph.sent] == [eva.psid]


async def test_what_was_removed_before_it_came_never_stands_there(desk: Desk) -> None:
    post = await desk.graph.posts("Spør oss!")
    async with desk.graph.batch():
        comment = await desk.graph.comments(post, desk.graph.person(), "Ups")
    added = next(one for one in desk.graph.deliveries if b"Ups" in bytes(one.body))
    del comment
    items = await page.rows(desk, "SELECT raw FROM envelopes ORDER BY id DESC LIMIT 1")
    assert b"Ups" in bytes(items[0]["raw"])
    async with desk.db.work(desk.account.id) as tx:
        await tx.run("DELETE FROM envelopes")
    await desk.graph.removes_comment(next(iter(desk.graph.world.state.comments.values())))
    await page.work(desk)
    await desk.graph.deliver_body(bytes(added.body))
    await page.work(desk)
    assert await page.threads(desk) == []


async def test_the_text_of_an_old_post_is_asked_for(desk: Desk) -> None:
    post = await desk.graph.posts("Skrevet lenge før noen hørte på", tell=False)
    await desk.graph.comments(post, desk.graph.person(), "Gjelder det fortsatt?")
    await page.work(desk)
    assert (await now(desk))["subject"] is None
    assert await page.look(desk) == 1
    assert (await now(desk))["subject"] == "Skrevet lenge før noen hørte på"
    found = (await desk.client.get(f"/api/v1/conversations/{(await now(desk))['id']}/post")).json()["post"]
    assert (found["own"], found["text"]) == (True, "Skrevet lenge før noen hørte på")
    assert await page.look(desk) == 0


async def test_comments_of_a_closed_team_are_not_there_for_others(desk: Desk) -> None:
    _, thread, (first,), _ = await thread_of(desk, "Hvor er pakken?")
    outsider = await make_agent(desk.db, desk.account)
    team = await make_team(desk.db, desk.account, closed=True)
    await desk.client.patch(f"/api/v1/conversations/{thread['id']}", json={"team_id": str(team)})
    await desk.client.sign_in(outsider)
    for answer in (
        await page.do(desk, first["id"], liked=True),
        await page.privately(desk, first["id"], "Hei"),
        await desk.client.delete(f"/api/v1/comments/{first['id']}"),
        await desk.client.get(f"/api/v1/conversations/{thread['id']}/post"),
    ):
        assert answer.status_code == 404, answer.text
    made = await desk.client.post(
        "/api/v1/page-posts", json={"client_id": first["id"], "connection_id": first["id"], "text": "Hei"}
    )
    assert made.status_code == 403
