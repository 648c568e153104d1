"""The door past the router answers every request as the router would."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from svardesk.app import Web
from svardesk.channels.webchat import door
from svardesk.channels.webchat import http as webchat_http
from svardesk.house import House
from svardesk.kit.ids import uuid7
from tests.channels.conftest import Browser
from tests.client import Client

ONE = "0191e3a0-0000-7000-8000-000000000001"


def good(**values: Any) -> bytes:
    """A body that is taken."""
    return json.dumps({"client_id": str(uuid7()), "body": "Hei på deg 👋", "file_ids": [], **values}).encode()


CASES: dict[str, tuple[bytes, dict[str, str]]] = {
    "no json": (b"{", {}),
    "nothing": (b"", {}),
    "not utf-8": (b'{"client_id": "' + ONE.encode() + b'", "body": "\xff"}', {}),
    "a list": (b"[]", {}),
    "null": (b"null", {}),
    "no client id": (b'{"body": "Hei"}', {}),
    "a client id that is none": (good(client_id="7"), {}),
    "a number for a text": (good(body=7), {}),
    "an unknown field": (good(colour="blue"), {}),
    "too long a text": (good(body="a" * 8001), {}),
    "too large a body": (good(page={"url": "https://a.example/" + "a" * 66_000, "title": ""}), {}),
    "no text": (good(body=" \n "), {}),
    "a null character": (good(body="a\x00b"), {}),
    "a file twice": (good(file_ids=[ONE, ONE]), {}),
    "a file that is not there": (good(file_ids=[ONE]), {}),
    "eleven files": (good(file_ids=[str(uuid7()) for _ in range(11)]), {}),
    "a page": (good(page={"url": "https://butikk.example/tv", "title": "TV"}), {}),
    "plain": (good(), {}),
    "another content type": (good(), {"content-type": "text/plain"}),
    "no content type": (good(), {"content-type": ""}),
    "no token": (good(), {"authorization": ""}),
    "a wrong token": (good(), {"authorization": "Bearer x"}),
    "another scheme": (good(), {"authorization": "Basic abc"}),
    "a token that is no text": (good(), {}),
    "another site": (good(), {"origin": "https://evil.example"}),
}


def comparable(answer: httpx.Response) -> tuple[int, dict[str, str], Any]:
    """Status, headers and body without what differs between any two messages."""
    body = answer.json()
    if "message" in body:
        for name in ("id", "client_id", "seq"):
            body["message"].pop(name)
    headers = {name: value for name, value in answer.headers.items() if name != "content-length"}
    assert int(answer.headers["content-length"]) == len(answer.content)
    return answer.status_code, headers, body


@pytest.fixture
def usual(house: House) -> Client:
    """A client of an app in which these requests go through the router."""
    web = Web(house)
    web._messages = web.litestar  # pyright: ignore[reportAttributeAccessIssue]
    return Client(web)


@pytest.mark.parametrize("name", CASES)
async def test_the_answer_is_the_routers(browser: Browser, client: Client, usual: Client, name: str) -> None:
    await browser.say()
    body, headers = CASES[name]
    given: dict[str, Any] = {"content-type": "application/json", **browser.bearer, **headers}
    given = {key: value for key, value in given.items() if value}
    if name == "a token that is no text":
        given["authorization"] = b"Bearer \xe6\xf8"
    quick = await client.post(door.PATH, content=body, headers=given)
    if quick.status_code == 201:
        # The same message again would be known; the router gets its twin.
        body = body.replace(json.loads(body)["client_id"].encode(), str(uuid7()).encode())
    slow = await usual.post(door.PATH, content=body, headers=given)
    assert comparable(quick) == comparable(slow)


async def test_a_repeat_is_known_on_both_ways(browser: Browser, client: Client, usual: Client) -> None:
    await browser.open()
    body = good()
    first = await client.post(door.PATH, content=body, headers=browser.bearer)
    again = await usual.post(door.PATH, content=body, headers=browser.bearer)
    third = await client.post(door.PATH, content=body, headers=browser.bearer)
    assert (first.status_code, again.status_code, third.status_code) == (201, 200, 200)
    assert first.json() == again.json() == third.json()


async def test_limits_count_on_both_ways(browser: Browser, client: Client, usual: Client) -> None:
    await browser.say()
    webchat_http.MESSAGES._buckets.clear()
    answers = []
    for turn in range(32):
        way = client if turn % 2 else usual
        answers.append(await way.post(door.PATH, content=good(), headers=browser.bearer))
    assert [one.status_code for one in answers].count(201) >= 30
    refused = [one for one in answers if one.status_code == 429]
    assert refused
    assert {one.json()["error"]["code"] for one in refused} == {"rate_limited"}
    assert all(int(one.headers["retry-after"]) >= 1 for one in refused)


async def test_a_body_in_parts_goes_through_the_router(browser: Browser, client: Client) -> None:
    await browser.say()
    body = good(body="I to deler")

    async def parts() -> AsyncIterator[bytes]:
        yield body[:20]
        yield body[20:]

    answer = await client.post(
        door.PATH, content=parts(), headers={"content-type": "application/json", **browser.bearer}
    )
    assert answer.status_code == 201, answer.text
    assert answer.json()["message"]["body"] == "I to deler"


async def test_other_methods_are_the_routers(client: Client) -> None:
    put = await client.put(door.PATH)
    assert (put.status_code, put.json()["error"]["code"]) == (405, "method_not_allowed")
    # Reading what was said earlier.
    get = await client.get(door.PATH)
    assert (get.status_code, get.json()["error"]["code"]) == (401, "visitor_token_missing")
