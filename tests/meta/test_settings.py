"""Apps and pages as an administrator sets them up; what Meta passes on about deletion. With the stand-in for Meta."""

import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest

from svardesk.channels import ingress
from svardesk.config import Settings
from svardesk.house import furnish
from svardesk.kit.clock import FixedClock
from svardesk.kit.db import Database
from tests.factories import make_agent
from tests.messenger.world import Desk, desk_at


@pytest.fixture
async def desk(settings: Settings, fresh_db: Database, clock: FixedClock) -> AsyncIterator[Desk]:
    """Nothing is connected yet."""
    house = furnish(settings, fresh_db.dsn, pool=4, name="house", clock=clock)
    house.db = fresh_db
    async with desk_at(house, connected=False) as made:
        yield made


async def audited(desk: Desk) -> list[str]:
    async with desk.db.work(desk.account.id) as tx:
        rows = await tx.all("SELECT action FROM audit_log WHERE account_id = %(a)s ORDER BY at, id", a=desk.account.id)
    return [row["action"] for row in rows if row["action"].startswith(("meta", "page", "messenger"))]


async def test_an_app_shows_what_to_paste_and_never_its_secret(desk: Desk) -> None:
    app = await desk.make_app()
    assert app["addresses"]["webhook"] == f"http://desk.example/hooks/meta/{app['key']}"
    assert len(app["addresses"]["verify_token"]) == 40
    assert "feed" in app["addresses"]["fields"]
    assert (app["secrets"], app["config"]["version"]) == (1, "v26.0")
    assert desk.graph.app.secret not in json.dumps(app)
    assert await desk.graph.verify(app["addresses"]["webhook"], app["addresses"]["verify_token"])
    assert not await desk.graph.verify(app["addresses"]["webhook"], "feil")
    listed = (await desk.client.get("/api/v1/meta")).json()
    assert [one["id"] for one in listed["apps"]] == [app["id"]]


@pytest.mark.parametrize(
    "given",
    [{"app_id": "1"}, {"app_secret": "en-hemmelighet"}, {"app_id": "x", "app_secret": "en-hemmelighet"},
     {"app_id": "1", "app_secret": "en-hemmelighet", "graph_version": "26"},
     {"app_id": "1", "app_secret": "en-hemmelighet", "graph_url": "ftp://x"}],
)  # fmt: skip
async def test_an_app_needs_its_number_and_secret(desk: Desk, given: dict[str, Any]) -> None:
    assert (await desk.client.post("/api/v1/meta/apps", json=given)).status_code in {400, 422}


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("https://graph.facebook.com", True),
        ("https://facebook.com", True),
        ("http://127.0.0.1:9", True),  # the operator of these tests allows it
        ("http://graph.facebook.com", False),
        ("https://graph.facebook.com.evil.example", False),
        ("https://evilfacebook.com", False),
        ("https://evil.example", False),
        ("http://169.254.169.254", False),
        ("http://localhost:5432", False),
    ],
)
@pytest.mark.parametrize("name", ["graph_url", "dialog_url"])
async def test_tokens_go_to_meta_and_to_what_the_operator_allows(
    desk: Desk, name: str, url: str, *, allowed: bool
) -> None:
    values = {"app_id": "1", "app_secret": "en-hemmelighet", name: url}
    answer = await desk.client.post("/api/v1/meta/apps", json=values)
    assert answer.status_code == (201 if allowed else 422), answer.text
    if not allowed:
        assert (answer.json()["error"]["code"], answer.json()["error"]["fields"]["field"]) == ("bad_meta_app", name)


async def test_a_secret_is_replaced_while_the_one_before_stays_good(desk: Desk) -> None:
    app = await desk.make_app()
    await desk.connect()
    path = f"/api/v1/meta/apps/{app['id']}"
    changed = await desk.client.patch(path, json={"app_secret": "helt-ny-hemmelighet", "graph_version": "v25.0"})
    assert (changed.status_code, changed.json()["secrets"]) == (200, 2)
    desk.graph.connect(app["addresses"]["webhook"])
    person = desk.graph.person()
    await desk.graph.writes(person.psid, "Signert med den gamle")
    desk.graph.app.secret = "helt-ny-hemmelighet"
    await desk.graph.writes(person.psid, "Signert med den nye")
    assert [one.statuses[-1] for one in desk.graph.deliveries] == [200, 200]
    forgot = await desk.client.patch(path, json={"forget_older_secret": True})
    assert forgot.json()["secrets"] == 1
    stale = await desk.client.patch(path, json={"name": "x", "version": 1})
    assert (stale.status_code, stale.json()["error"]["code"]) == (409, "version_conflict")
    # The pages know the new version and prove themselves with the new secret.
    test = await desk.client.post(f"/api/v1/meta/pages/{desk.messenger}/test")
    assert test.json()["status"] == "ok", test.text
    assert desk.graph.calls[-1].path.startswith("/v25.0/")
    assert {"meta_app.created", "page.connected", "meta_app.changed"} <= set(await audited(desk))


async def test_a_page_is_connected_by_its_token_and_subscribed(desk: Desk) -> None:
    await desk.make_app()
    pages = await desk.connect()
    assert set(pages) == {"messenger", "facebook"}
    assert pages["messenger"]["name"] == desk.graph.page.name
    assert "messages" in desk.graph.page.subscriptions[desk.graph.app.id]
    assert "token" not in pages["messenger"]
    again = await desk.connect()
    assert again["messenger"]["id"] == pages["messenger"]["id"]
    refused = await desk.client.delete(f"/api/v1/meta/apps/{desk.app['id']}")
    assert refused.json()["error"]["code"] == "meta_app_has_pages"


async def test_a_wrong_token_connects_nothing(desk: Desk) -> None:
    app = await desk.make_app()
    path = f"/api/v1/meta/apps/{app['id']}/pages"
    bad = await desk.client.post(path, json={"page_id": desk.graph.page.id, "page_token": "tull"})
    assert (bad.status_code, bad.json()["error"]["fields"]["provider_code"]) == (422, "190")
    missing = await desk.client.post(path, json={"page_id": desk.graph.page.id})
    assert missing.json()["error"]["code"] == "bad_page"
    assert (await desk.client.get("/api/v1/meta")).json()["pages"] == []


async def test_signing_in_offers_the_persons_pages(desk: Desk) -> None:
    app = await desk.make_app()
    begun = await desk.client.post(f"/api/v1/meta/apps/{app['id']}/sign-in")
    url = begun.json()["url"]
    assert url.startswith(f"{desk.graph.url}/v26.0/dialog/oauth?")
    code, state = await agree(desk, url)
    back = await desk.client.get("/oauth/meta/back", params={"state": state, "code": code})
    assert back.headers["location"] == "/app/settings/meta?signed_in=ok"
    offered = (await desk.client.get(f"/api/v1/meta/apps/{app['id']}/offered")).json()["items"]
    assert [(one["page_id"], one["connected"]) for one in offered] == [(desk.graph.page.id, False)]
    assert "access_token" not in json.dumps(offered)
    made = await desk.client.post(f"/api/v1/meta/apps/{app['id']}/pages", json={"page_id": desk.graph.page.id})
    assert made.status_code == 200, made.text
    twice = await desk.client.get("/oauth/meta/back", params={"state": state, "code": code})
    assert twice.headers["location"].startswith("/app/settings/meta?signed_in=meta_100")


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({"state": "x", "code": "y"}, "oauth_state"),
        ({}, "oauth_state"),
        ({"state": "GOOD", "error": "denied"}, "oauth_consent"),
    ],
)
async def test_a_sign_in_that_comes_to_nothing(desk: Desk, params: dict[str, str], told: str) -> None:

    app = await desk.make_app()
    begun = (await desk.client.post(f"/api/v1/meta/apps/{app['id']}/sign-in")).json()["url"]
    state = parse_qs(urlsplit(begun).query)["state"][0]
    given = {name: state if value == "GOOD" else value for name, value in params.items()}
    back = await desk.client.get("/oauth/meta/back", params=given)
    assert back.headers["location"] == f"/app/settings/meta?signed_in={told}"


async def test_somebody_elses_sign_in_is_not_ended(desk: Desk) -> None:
    app = await desk.make_app()
    url = (await desk.client.post(f"/api/v1/meta/apps/{app['id']}/sign-in")).json()["url"]
    code, state = await agree(desk, url)
    colleague = await make_agent(desk.db, desk.account, "owner", "Per Olsen")
    other = desk.client.other()
    async with other:
        await other.sign_in(colleague)
        back = await other.get("/oauth/meta/back", params={"state": state, "code": code})
    assert back.headers["location"].endswith("signed_in=oauth_state")


async def agree(desk: Desk, url: str) -> tuple[str, str]:
    """Somebody clicks yes in Meta's dialog; (code, state) as they come back."""

    query = dict(parse_qsl(urlsplit(url).query))
    user = next(iter(desk.graph.world.state.administrators))
    dialog = f"{desk.graph.url}/v26.0/dialog/oauth"
    form = {**query, "user_id": user, "user": user, "answer": "yes", "decision": "yes"}
    said = await desk.graph.core.outbox._client.post(dialog, data=form, follow_redirects=False)
    back = parse_qs(urlsplit(said.headers["location"]).query)
    return back["code"][0], back["state"][0]


async def test_what_came_for_a_page_before_it_was_connected_is_taken_then(desk: Desk) -> None:
    app = await desk.make_app()
    desk.graph.connect(app["addresses"]["webhook"])
    person = desk.graph.person()
    await desk.graph.writes(person.psid, "Er dere på plass?")
    await desk.graph.deliver_body(b"{tull", pages=(desk.graph.page.id,))
    await desk.take()
    for _ in range(6):
        desk.clock.advance(120)
        await desk.take()
    async with desk.db.work(desk.account.id) as tx:
        aside = await ingress.quarantined(tx)
    assert len(aside) == 2
    assert any("is not connected here" in one["error"] for one in aside)
    await desk.connect()
    await desk.take()
    [said] = await desk.messages()
    assert said["body"] == "Er dere på plass?"
    async with desk.db.work(desk.account.id) as tx:
        [left] = await ingress.quarantined(tx)
        await ingress.replay(tx, desk.clock.now(), left["id"])


async def test_a_page_is_disconnected_and_the_subscription_ends_with_its_last_connection(desk: Desk) -> None:
    await desk.make_app()
    pages = await desk.connect()
    assert (await desk.client.delete(f"/api/v1/meta/pages/{pages['facebook']['id']}")).status_code == 204
    assert desk.graph.page.subscriptions
    assert (await desk.client.delete(f"/api/v1/meta/pages/{pages['messenger']['id']}")).status_code == 204
    assert not desk.graph.page.subscriptions
    assert (await desk.client.get("/api/v1/meta")).json()["pages"] == []
    assert (await desk.client.delete(f"/api/v1/meta/apps/{desk.app['id']}")).status_code == 204


async def test_what_people_see_before_they_write_is_read_and_written(desk: Desk) -> None:
    await desk.make_app()
    await desk.connect()
    path = f"/api/v1/meta/pages/{desk.messenger}/messenger-profile"
    assert (await desk.client.get(path)).json()["menus"]["greeting"] == []
    menus = {
        "get_started": "GET_STARTED",
        "greeting": [{"locale": "default", "text": "Hei, {{user_first_name}}!"}, {"locale": "fi_FI", "text": "Hei {{user_first_name}}!"}],
        "ice_breakers": [{"locale": "default", "call_to_actions": [{"question": "Hvor er pakken?", "payload": "WHERE"}]}],
        "persistent_menu": [{"locale": "default", "composer_input_disabled": False,
                             "call_to_actions": [{"type": "web_url", "title": "Butikken", "url": "https://fjordnett.example/"}]}],
    }  # fmt: skip
    put = await desk.client.put(path, json=menus)
    assert put.status_code == 200, put.text
    assert desk.graph.page.profile["greeting"][0]["text"] == "Hei, {{user_first_name}}!"
    got = (await desk.client.get(path)).json()
    assert got["menus"]["greeting"] == menus["greeting"]
    assert got["menus"]["ice_breakers"] == menus["ice_breakers"]
    gone = await desk.client.put(path, json={"greeting": [{"text": "Hei!"}]})
    assert gone.status_code == 200
    assert set(desk.graph.page.profile) == {"greeting"}
    for bad in (
        {"greeting": [{"locale": "nb_NO", "text": "Hei"}]},
        {"persistent_menu": [{"call_to_actions": [{"type": "postback", "title": "x", "payload": "y"}]}]},
    ):
        refused = await desk.client.put(path, json=bad)
        assert (refused.status_code, refused.json()["error"]["code"]) == (422, "bad_messenger_profile")
    too_long = await desk.client.put(path, json={"greeting": [{"text": "x" * 161}]})
    assert too_long.status_code == 400


async def test_a_deletion_is_kept_and_shown_and_a_forged_one_is_not(desk: Desk) -> None:
    app = await desk.make_app()
    address = app["addresses"]["data_deletion"]
    answer = await desk.graph.signed_post(address, "218471")
    assert answer.status_code == 200, answer.text
    told = answer.json()
    page = await desk.client.get(told["url"], headers={"accept-language": "fi-FI,fi;q=0.9"})
    assert page.status_code == 200
    assert told["confirmation_code"] in page.text
    assert 'lang="fi"' in page.text
    assert "218471" not in page.text
    assert (await desk.graph.signed_post(address, "1", secret="forged")).status_code == 400
    assert (await desk.client.post(address, data={"signed_request": "x"})).status_code == 400
    [one] = (await desk.client.get("/api/v1/meta/deletions")).json()["items"]
    assert (one["state"], one["app_scoped_id"]) == ("unmatched", "218471")
    done = await desk.client.post(f"/api/v1/meta/deletions/{one['id']}/done")
    assert done.status_code == 204
    [one] = (await desk.client.get("/api/v1/meta/deletions")).json()["items"]
    assert (one["state"], one["app_scoped_id"]) == ("done", None)
    assert (await desk.client.get(f"{address}/nope")).status_code == 404


async def test_access_that_was_withdrawn_shows_at_once(desk: Desk) -> None:
    app = await desk.make_app()
    await desk.connect()
    desk.graph.revoke()
    answer = await desk.graph.signed_post(app["addresses"]["deauthorise"], "218471")
    assert answer.status_code == 204, answer.text
    assert (await desk.page())["status"] == "disconnected"
    test = (await desk.client.post(f"/api/v1/meta/pages/{desk.messenger}/test")).json()
    assert test["status"] == "disconnected"
    checks = {one["name"]: one for one in test["checks"]}
    assert (checks["token"]["ok"], checks["token"]["detail"]) == (False, "190.460")
    assert {"restriction", "webhook"} <= set(checks)


async def test_what_is_found_out_holds_for_both_connections_and_alarms_end(desk: Desk) -> None:
    app = await desk.make_app()
    desk.graph.connect(app["addresses"]["webhook"])
    await desk.connect()
    await desk.rounds()
    await desk.graph.deliver_body({"object": "page", "entry": []}, signed="wrong", pages=(desk.graph.page.id,))
    desk.graph.revoke()
    desk.clock.advance(600)
    await desk.rounds()
    assert {(await desk.page(kind))["status"] for kind in ("messenger", "facebook")} == {"disconnected"}
    [seen] = (await desk.client.get("/api/v1/meta")).json()["apps"]
    assert (seen["status"], list(seen["problems"]), seen["bad_signatures"] > 0) == ("degraded", ["signature"], True)
    desk.graph.revoke(state="valid")
    await desk.later(hours=2)
    await desk.rounds()
    assert {(await desk.page(kind))["status"] for kind in ("messenger", "facebook")} == {"ok"}
    [seen] = (await desk.client.get("/api/v1/meta")).json()["apps"]
    assert seen["status"] == "ok"
