"""Floods: 429 with Retry-After, for the one who floods and nobody else; what was refused has left no trace."""

from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from svardesk.app import Web
from svardesk.channels.webchat import http as webchat_http
from svardesk.kit.db import Database
from svardesk.kit.errors import TooMany
from svardesk.kit.http import RateLimit
from tests.api.world import World
from tests.client import ORIGIN

HERE, THERE, PROXY = "198.51.100.7", "198.51.100.8", "127.0.0.1"
BUCKETS = [one for one in vars(webchat_http).values() if isinstance(one, RateLimit)]


@pytest.fixture(autouse=True)
def full_buckets() -> Iterator[None]:
    for bucket in BUCKETS:
        bucket._buckets.clear()
    yield
    for bucket in BUCKETS:
        bucket._buckets.clear()


def at(web: Web, address: str) -> httpx.AsyncClient:
    """A browser at an address."""
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app=web, client=(address, 4711)),  # pyright: ignore[reportArgumentType]
        base_url=ORIGIN,
        headers={"origin": ORIGIN},
    )


@pytest.fixture
async def here(web: Web) -> AsyncIterator[httpx.AsyncClient]:
    async with at(web, HERE) as made:
        yield made


def refused(answer: httpx.Response) -> int:
    """The seconds to wait, as a 429 tells them in both places."""
    assert answer.status_code == 429, answer.text
    error = answer.json()["error"]
    assert error["fields"]["retry_after"] == int(answer.headers["retry-after"])
    assert 1 <= int(answer.headers["retry-after"]) <= 3600
    assert error["message"].endswith(".")
    return int(answer.headers["retry-after"])


async def flood(call: Any, most: int = 400) -> tuple[int, httpx.Response]:
    """Ask until refused; returns how often it went well, and the refusal."""
    for number in range(most):
        answer = await call()
        if answer.status_code == 429:
            return number, answer
        assert answer.status_code < 500, answer.text
    raise AssertionError(f"not refused after {most}")


async def test_a_visitor_who_floods_is_slowed_down_and_others_are_not(
    web: Web, here: httpx.AsyncClient, db: Database, ours: World
) -> None:
    body = {"widget": ours.secrets["widget_key"], "parent": "https://butikk.example", "locale": "nb"}
    opened = await here.post("/widget/v1/session", json=body)
    visitor = {"authorization": f"Bearer {opened.json()['visitor_token']}"}

    async def write(client: httpx.AsyncClient = here, who: dict[str, str] = visitor) -> httpx.Response:
        return await client.post("/widget/v1/messages", json={"client_id": str(uuid4()), "body": "Hei"}, headers=who)

    went, answer = await flood(write)
    assert webchat_http.MESSAGES.burst <= went < webchat_http.MESSAGES.burst + 20
    assert refused(answer) <= 5
    async with db.work(ours.account.id) as tx:
        stored = await tx.value("SELECT count(*) FROM messages WHERE body = 'Hei'")
    assert stored == went
    # Another visitor behind the same address, and the same one's reading, go on.
    other = await here.post("/widget/v1/session", json=body)
    assert (await write(here, {"authorization": f"Bearer {other.json()['visitor_token']}"})).status_code == 201
    assert (await here.post("/widget/v1/receipts", json={"read_seq": 1}, headers=visitor)).status_code == 204


async def test_opening_chats_is_limited_by_address(web: Web, here: httpx.AsyncClient, ours: World) -> None:
    body = {"widget": ours.secrets["widget_key"], "parent": "https://butikk.example", "locale": "nb"}

    async def open_() -> httpx.Response:
        return await here.post("/widget/v1/session", json=body)

    went, answer = await flood(open_)
    assert went >= webchat_http.SESSIONS.burst
    refused(answer)
    async with at(web, THERE) as elsewhere:
        assert (await elsewhere.post("/widget/v1/session", json=body)).status_code == 200


async def test_guessing_tokens_is_limited_by_address(here: httpx.AsyncClient) -> None:
    async def guess() -> httpx.Response:
        return await here.post(
            "/widget/v1/receipts", json={"read_seq": 1}, headers={"authorization": f"Bearer {uuid4().hex}"}
        )

    went, answer = await flood(guess, 1000)
    assert went >= webchat_http.FROM_ADDRESS.burst
    refused(answer)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/v1/session", {"email": "{email}", "password": "feil passord her"}),
        ("/api/v1/password-resets", {"email": "{email}"}),
    ],
    ids=["sign-in", "password reset"],
)
async def test_guessing_at_one_agent_is_limited_wherever_it_comes_from(
    web: Web, ours: World, path: str, body: dict[str, str]
) -> None:
    body = {name: value.format(email=ours.owner.email) for name, value in body.items()}
    answers: list[httpx.Response] = []
    for number in range(12):
        async with at(web, f"203.0.113.{number + 20}") as client:
            answers.append(await client.post(path, json=body))
    statuses = [answer.status_code for answer in answers]
    if path.endswith("session"):
        refused(answers[-1])
        assert statuses.count(401) <= 8, statuses
    else:
        # Whether there is such an agent must not be told, so the answer stays the same; only no more links are made.
        assert set(statuses) <= {202, 429}, statuses


def test_a_bucket_forgets_the_oldest_and_never_grows() -> None:
    bucket = RateLimit(rate=0.001, burst=1, keys=100)
    for number in range(1000):
        bucket.take(str(number))
    assert len(bucket._buckets) == 100
    with pytest.raises(TooMany):
        bucket.take("999")
    bucket.take("1")
