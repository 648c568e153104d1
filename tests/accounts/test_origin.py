"""Requests that another site's page makes, on the whole app."""

from collections.abc import AsyncIterator

import pytest

from svardesk.app import Web
from svardesk.house import House
from tests.client import ORIGIN, Client
from tests.factories import PASSWORD, make_account, make_agent


@pytest.fixture
async def desk(house: House) -> AsyncIterator[Client]:
    """The whole app, not this room's routes alone."""
    async with Client(Web(house)) as made:
        yield made


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "null", "http://desk.example.evil.example", "http://desk.example:81", "http://[", "å"],
)
async def test_no_unsafe_request_from_another_site(desk: Client, origin: str) -> None:
    agent = await make_agent(desk.web.house.db, await make_account(desk.web.house.db))
    evil = {"origin": origin.encode("latin-1")}
    body = {"email": agent.email, "password": PASSWORD}
    # Signing somebody in as somebody else is an attack too, hence public routes are guarded alike.
    answer = await desk.post("/api/v1/session", json=body, headers=evil)  # pyright: ignore[reportArgumentType]
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "wrong_origin")
    assert "set-cookie" not in answer.headers
    await desk.sign_in(agent)
    for method, path in (("PATCH", "/api/v1/me"), ("DELETE", "/api/v1/session"), ("DELETE", "/api/v1/sessions")):
        answer = await desk.request(method, path, json={}, headers=evil)  # pyright: ignore[reportArgumentType]
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "wrong_origin"), (method, path)
    assert (await desk.get("/api/v1/session")).status_code == 200


async def test_our_own_pages_and_programs_may(desk: Client) -> None:
    agent = await make_agent(desk.web.house.db, await make_account(desk.web.house.db))
    await desk.sign_in(agent)
    answer = await desk.patch("/api/v1/me", json={"locale": "nn"}, headers={"origin": ORIGIN})
    assert answer.json()["agent"]["locale"] == "nn"
    del desk.headers["origin"]
    assert (await desk.patch("/api/v1/me", json={"locale": "nb"})).status_code == 200
