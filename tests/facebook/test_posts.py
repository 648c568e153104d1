"""Posts of our own, when Meta answers late, wrongly or not at all; and whose data it is."""

from datetime import timedelta
from typing import Any

import pytest

from svardesk.kit.ids import uuid7
from tests.facebook import page
from tests.messenger.world import Desk


async def make(desk: Desk, text: str = "Vi har åpent i kveld", **more: Any) -> Any:
    given = {"client_id": str(uuid7()), "connection_id": desk.pages["facebook"]["id"], "text": text, **more}
    return await desk.client.post("/api/v1/page-posts", json=given)


async def shown(desk: Desk) -> dict[str, Any]:
    [one] = (await desk.client.get("/api/v1/page-posts")).json()["items"]
    return one


async def test_a_post_goes_out_once_and_its_webhook_is_the_same_post(desk: Desk) -> None:
    made = await make(desk)
    assert (made.status_code, made.json()["state"]) == (201, "published"), made.text
    await page.work(desk)
    assert (await shown(desk))["id"] == made.json()["id"]
    [real] = desk.graph.world.state.posts.values()
    desk.clock.advance(5)
    await desk.graph.edits_post(real, "Vi har åpent til 20")
    await page.work(desk)
    assert (await shown(desk))["text"] == "Vi har åpent til 20"
    await desk.graph.removes_post(real)
    await page.work(desk)
    assert (await shown(desk))["state"] == "removed"


async def test_a_post_from_another_program_is_ours_too(desk: Desk) -> None:
    await desk.graph.posts("Skrevet i Business Suite")
    await page.work(desk)
    one = await shown(desk)
    assert (one["state"], one["own"], one["agent_id"], one["text"]) == (
        "published",
        True,
        None,
        "Skrevet i Business Suite",
    )


async def test_a_post_that_meta_refuses_stands_there_as_failed(desk: Desk) -> None:
    desk.graph.fail(200, call="feed")
    refused = await make(desk)
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "meta_permission")
    one = await shown(desk)
    assert (one["state"], one["error"]) == ("failed", "meta_permission")
    gone = await desk.client.delete(f"/api/v1/page-posts/{one['id']}")
    assert gone.json()["state"] == "removed"


@pytest.mark.parametrize(
    ("deliver", "state", "error"), [(True, "published", None), (False, "failed", "meta_not_published")]
)
async def test_a_post_about_which_nobody_knows_is_looked_for(
    desk: Desk, deliver: bool, state: str, error: str | None
) -> None:
    desk.graph.drop(deliver=deliver, call="feed")
    made = await make(desk)
    assert (made.status_code, made.json()["state"]) == (201, "unknown")
    await page.work(desk)
    assert await page.look(desk) == 0
    desk.clock.advance(121)
    assert await page.look(desk) >= 1
    states = {(one["state"], one["error"]) for one in (await desk.client.get("/api/v1/page-posts")).json()["items"]}
    assert states == {(state, error)}
    assert len(desk.graph.world.state.posts) == (1 if deliver else 0)


async def test_a_planned_post_whose_webhook_was_lost_is_looked_at(desk: Desk) -> None:
    made = await make(desk, publish_at=(desk.clock.now() + timedelta(hours=1)).isoformat())
    assert made.json()["state"] == "scheduled"
    desk.graph.page.subscriptions.clear()
    desk.clock.advance(hours=1, minutes=1)
    desk.graph.core.publish_due()
    await page.work(desk)
    await desk.client.sign_in(desk.owner)
    assert (await shown(desk))["state"] == "scheduled"
    desk.clock.advance(minutes=2)
    assert await page.look(desk) == 1
    assert (await shown(desk))["state"] == "published"


async def test_a_planned_post_goes_out_now_and_at_another_time(desk: Desk) -> None:
    one = (await make(desk, publish_at=(desk.clock.now() + timedelta(hours=1)).isoformat())).json()
    address = f"/api/v1/page-posts/{one['id']}"
    later = (desk.clock.now() + timedelta(hours=3)).isoformat()
    moved = (await desk.client.patch(address, json={"publish_at": later})).json()
    assert (moved["state"], moved["scheduled_at"]) == ("scheduled", "2026-11-23T12:00:00Z")
    [real] = desk.graph.world.state.posts.values()
    assert real.due == (desk.clock.now() + timedelta(hours=3)).timestamp() * 1000
    out = (await desk.client.patch(address, json={"publish_at": None})).json()
    assert (out["state"], out["published_at"], real.published) == ("published", "2026-11-23T09:00:00Z", True)
    refused = await desk.client.patch(address, json={"publish_at": later})
    assert refused.json()["error"]["code"] == "post_state"


async def test_who_commented_below_somebody_elses_thread_is_erased_with_what_they_wrote(desk: Desk) -> None:
    post = await desk.graph.posts("Spør oss!")
    await desk.graph.comments(post, desk.graph.person(name="Ola Hansen"), "Hva koster det?")
    comment = await desk.graph.comments(
        post, desk.graph.person(name="Eva Lund"), "Jeg bor i Storgata 1, kommer det dit?"
    )
    desk.clock.advance(5)
    await desk.graph.edits_comment(comment, "Jeg bor i Storgata 2, kommer det dit?")
    await page.work(desk)
    [eva] = await page.rows(desk, "SELECT id FROM contacts WHERE name = 'Eva Lund'")
    async with desk.db.work(desk.account.id) as tx:
        await tx.run(
            b"SELECT privacy_erase(%(account)s, %(contacts)s, %(conversations)s, %(now)s)",
            account=desk.account.id, contacts=[eva["id"]], conversations=[], now=desk.clock.now(),
        )  # fmt: skip
    [thread] = await page.threads(desk)
    assert [(one["body"], one["deleted"]) for one in await page.said(desk, thread["id"])] == [
        ("Hva koster det?", False),
        ("", True),
    ]
    for table in ("message_edits", "message_authors"):
        assert await page.rows(desk, f"SELECT * FROM {table}") == []
    assert len(await page.rows(desk, "SELECT * FROM facebook_comments")) == 1
    found = await page.rows(desk, "SELECT count(*) AS n FROM message_search WHERE words @@ 'storgata'::tsquery")
    assert found[0]["n"] == 0
