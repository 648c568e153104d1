"""Calendars and own texts over HTTP: who may, what is refused, and that a visitor reads it."""

import pytest

from svardesk.kit.db import Database
from tests.client import Client
from tests.factories import make_account, make_agent


async def test_everybody_reads_the_calendars_and_owners_change_them(client: Client, db: Database) -> None:
    account = await make_account(db)
    await client.sign_in(await make_agent(db, account, role="owner"))
    (calendar,) = (await client.get("/api/v1/calendars")).json()["items"]
    assert calendar["weekly"]["1"] == [["08:00", "16:00"]]
    address = f"/api/v1/calendars/{calendar['id']}"
    answer = await client.patch(address, json={"weekly": {"7": [["12:00", "24:00"]]}, "exceptions": {"2026-12-24": []}})
    assert answer.status_code == 200
    assert answer.json()["weekly"] == {"7": [["12:00", "24:00"]]}
    assert answer.json()["country"] == "NO"
    answer = await client.patch(address, json={"weekly": {"7": [["12:00", "11:00"]]}})
    assert answer.status_code == 422
    assert answer.json()["error"]["code"] == "bad_calendar"
    assert "12:00" in answer.json()["error"]["message"]
    for wrong in ({"weekly": {"7": [["12:00"]]}}, {"unknown": 1}, {"weekly": [1]}, {"country": "NORGE"}):
        assert (await client.patch(address, json=wrong)).status_code == 400, wrong
    agent = client.other()
    await agent.sign_in(await make_agent(db, account, role="agent"))
    assert (await agent.get("/api/v1/calendars")).status_code == 200
    assert (await agent.patch(address, json={"name": "min"})).status_code == 403
    stranger = client.other()
    await stranger.sign_in(await make_agent(db, await make_account(db), role="owner"))
    assert (await stranger.patch(address, json={"name": "min"})).status_code == 404
    await agent.aclose()
    await stranger.aclose()


async def test_own_texts(client: Client, db: Database) -> None:
    account = await make_account(db)
    await client.sign_in(await make_agent(db, account, role="owner"))
    answer = await client.put("/api/v1/texts/away.closed_back/nb", json={"body": "  Stengt til {when} {time}. "})
    assert answer.json() == {
        "key": "away.closed_back",
        "locale": "nb",
        "own": "Stengt til {when} {time}.",
        "program": "Vi har stengt nå, men har fått meldingen din. Vi er tilbake {when} kl. {time}.",
        "placeholders": ["time", "when"],
    }
    items = (await client.get("/api/v1/texts")).json()["items"]
    assert len(items) == 5 * 6
    assert [one["own"] for one in items if one["own"]] == ["Stengt til {when} {time}."]
    answer = await client.put("/api/v1/texts/away.closed_back/nb", json={"body": ""})
    assert answer.json()["own"] is None


@pytest.mark.parametrize(
    ("address", "body", "status"),
    [
        ("away.closed/de", "x", 422),
        ("error.internal/nb", "x", 422),
        ("away.closed/nb", "{time}", 422),
        ("away.closed/nb", "x" * 1001, 400),
    ],
)
async def test_texts_that_cannot_be_are_refused(
    client: Client, db: Database, address: str, body: str, status: int
) -> None:
    await client.sign_in(await make_agent(db, await make_account(db), role="owner"))
    assert (await client.put(f"/api/v1/texts/{address}", json={"body": body})).status_code == status
