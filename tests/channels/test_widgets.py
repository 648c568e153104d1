"""Settings of widgets: who may, what is refused, secrets shown once."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from svardesk.kit.clock import FixedClock
from svardesk.kit.db import Database
from tests.channels.conftest import SHOP, Browser, Widget
from tests.channels.test_identity import make as sign
from tests.client import Client
from tests.factories import make_account, make_agent, make_team

URL = "/api/v1/widgets"


@pytest.fixture
async def owner(client: Client, db: Database, widget: Widget) -> Client:
    """An owner who is signed in."""
    await client.sign_in(await make_agent(db, widget.account, role="owner"))
    return client


async def test_an_owner_makes_and_changes_a_widget(owner: Client, db: Database, widget: Widget) -> None:
    team = await make_team(db, widget.account)
    made = await owner.post(URL, json={"name": "  Nettbutikk ", "origins": ["https://Butikk.no/", "https://butikk.no"]})
    assert made.status_code == 201, made.text
    view, embed = made.json()["widget"], made.json()["embed"]
    assert (view["name"], view["origins"], view["secrets"], view["version"]) == (
        "Nettbutikk",
        ["https://butikk.no"],
        [],
        1,
    )
    assert view["key"].startswith("wk_")
    assert (
        embed["snippet"] == f'<script async src="http://desk.example/widget.js" data-widget="{view["key"]}"></script>'
    )
    changed = await owner.patch(
        f"{URL}/{view['id']}", json={"accent": "#0b5c55", "title": "Fjordnett", "team_id": str(team), "version": 1}
    )
    assert changed.status_code == 200, changed.text
    view = changed.json()["widget"]
    assert (view["accent"], view["title"], view["team_id"], view["version"]) == ("#0b5c55", "Fjordnett", str(team), 2)
    assert view["origins"] == ["https://butikk.no"]
    again = await owner.patch(f"{URL}/{view['id']}", json={"name": "x", "version": 1})
    assert (again.status_code, again.json()["error"]["fields"]) == (409, {"version": 2})
    listed = (await owner.get(URL)).json()["items"]
    assert [one["widget"]["name"] for one in listed] == ["Nettprat", "Nettbutikk"]
    async with db.work(widget.account.id) as tx:
        rows = await tx.all("SELECT action, details FROM audit_log WHERE action LIKE 'widget.%%' ORDER BY at, id")
    assert {row["action"] for row in rows} == {"widget.created", "widget.changed"}
    assert "Fjordnett" not in str(rows)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"name": "x", "origins": ["*"]}, 422, "bad_origin"),
        ({"name": "x", "origins": ["http://butikk.no"]}, 422, "bad_origin"),
        ({"name": "x", "origins": [f"https://a{n}.no" for n in range(51)]}, 422, "too_many_origins"),
        ({"name": "x", "accent": "red"}, 422, "bad_colour"),
        ({"name": "x", "accent": "#12345"}, 422, "bad_colour"),
        ({"name": "  "}, 422, "name_missing"),
        ({}, 422, "name_missing"),
        ({"name": "x", "team_id": str(uuid4())}, 422, "unknown_reference"),
        ({"name": "x", "brand_id": str(uuid4())}, 422, "unknown_reference"),
        ({"name": "x", "calendar_id": str(uuid4())}, 422, "unknown_reference"),
        ({"name": "x", "kind": "email"}, 400, "invalid"),
        ({"name": 7}, 400, "invalid"),
        ({"name": "x", "origins": "https://a.no"}, 400, "invalid"),
    ],
)
async def test_what_cannot_be_is_refused(owner: Client, body: dict[str, Any], status: int, code: str) -> None:
    answer = await owner.post(URL, json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert len((await owner.get(URL)).json()["items"]) == 1


async def test_a_team_of_another_organisation_is_unknown(owner: Client, db: Database) -> None:
    foreign = await make_team(db, await make_account(db))
    answer = await owner.post(URL, json={"name": "x", "team_id": str(foreign)})
    assert answer.json()["error"]["code"] == "unknown_reference"


async def test_secrets_are_shown_once_and_two_are_good(
    owner: Client, widget: Widget, browse: Callable[..., Browser], clock: FixedClock, db: Database
) -> None:
    made = [(await owner.post(f"{URL}/{widget.id}/secrets")).json() for _ in range(3)]
    assert len({one["secret"] for one in made}) == 3
    view = (await owner.get(URL)).json()["items"][0]["widget"]
    assert [one["id"] for one in view["secrets"]] == [made[2]["id"], made[1]["id"]]
    listed = (await owner.get(URL)).text
    assert not any(one["secret"] in listed for one in made)
    async with db.work(widget.account.id) as tx:
        sealed = bytes(await tx.value("SELECT secrets FROM connections WHERE id = %(id)s", id=widget.id))
    assert made[2]["secret"].encode() not in sealed
    stamp = int(clock.now().timestamp())
    for one, status in zip(made, (401, 200, 200), strict=True):
        token = sign(one["secret"], aud=widget.key, iat=stamp, exp=stamp + 60)
        await browse().open(expect=status, user_token=token)


async def test_a_changed_allow_list_counts_at_once(
    owner: Client, widget: Widget, browse: Callable[..., Browser]
) -> None:
    await browse().open()
    await owner.patch(f"{URL}/{widget.id}", json={"origins": ["https://ny.example"]})
    await browse().open(expect=403)
    await browse().open(parent="https://ny.example")
    assert SHOP != "https://ny.example"


async def test_a_widget_out_of_service_opens_no_chat_and_ends_those_that_are_open(
    owner: Client, widget: Widget, browse: Callable[..., Browser]
) -> None:
    from svardesk.channels.webchat import visitors

    browser = browse()
    await browser.open()
    assert (await owner.delete(f"{URL}/{widget.id}")).status_code == 204
    await browse().open(expect=404)
    visitors.forget()
    assert (await browser.write()).status_code == 401
    assert (await owner.get(URL)).json()["items"] == []
    assert (await owner.delete(f"{URL}/{widget.id}")).status_code == 404


@pytest.mark.parametrize("role", ["lead", "agent", "observer"])
async def test_only_owners_may(client: Client, db: Database, widget: Widget, role: str) -> None:
    await client.sign_in(await make_agent(db, widget.account, role=role))
    for method, url in (
        ("GET", URL), ("POST", URL), ("PATCH", f"{URL}/{widget.id}"), ("DELETE", f"{URL}/{widget.id}"),
        ("POST", f"{URL}/{widget.id}/secrets"), ("GET", "/api/v1/envelopes/quarantined"),
        ("POST", f"/api/v1/envelopes/{uuid4()}/replay"),
    ):  # fmt: skip
        answer = await client.request(method, url, json={})
        assert answer.status_code == 403, (method, url)


async def test_nobody_touches_another_organisations_widget(client: Client, db: Database, widget: Widget) -> None:
    await client.sign_in(await make_agent(db, await make_account(db), role="owner"))
    assert (await client.get(URL)).json()["items"] == []
    for method, url in (
        ("PATCH", f"{URL}/{widget.id}"), ("DELETE", f"{URL}/{widget.id}"), ("POST", f"{URL}/{widget.id}/secrets"),
        ("POST", f"/api/v1/envelopes/{uuid4()}/replay"),
    ):  # fmt: skip
        assert (await client.request(method, url, json={})).status_code == 404, (method, url)
    assert (await client.get("/api/v1/envelopes/quarantined")).json() == {"items": []}
