"""Messenger through the house with real processes: the worker is killed in the middle, and nothing is lost or doubled.

What each step does is in ``tests/messenger/test_journeys.py``; here a web process, workers that die, and the stand-in for Meta.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from svardesk.config import Settings
from tests.desk import Browser, Desk, free_port
from tests.doubles.graph import GraphDouble
from tests.factories import make_account, make_agent
from tests.paths.processes import House, Process

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

SAID = "Hei! Pakken er på vei."


class Page:
    """A desk with a page at the stand-in for Meta, and workers that can be killed."""

    def __init__(self, desk: Desk, house: House, graph: GraphDouble, account: UUID, browser: Browser) -> None:
        self.desk = desk
        self.house = house
        self.graph = graph
        self.account = account
        self.browser = browser
        self.worker: Process

    async def begin(self) -> None:
        """Make the app, connect the page, start a worker."""
        made = await self.browser.post("/api/v1/meta/apps", json={
            "app_id": self.graph.app.id, "app_secret": self.graph.app.secret, "graph_url": self.graph.url,
        })  # fmt: skip
        assert made.status_code == 201, made.text
        app = made.json()
        webhook = f"{self.desk.url}/hooks/meta/{app['key']}"
        assert await self.graph.verify(webhook, app["addresses"]["verify_token"])
        page = await self.browser.post(
            f"/api/v1/meta/apps/{app['id']}/pages",
            json={"page_id": self.graph.page.id, "page_token": self.graph.token.token},
        )
        assert page.status_code == 200, page.text
        self.worker = self.house.worker()

    async def value(self, query: str) -> Any:
        async with self.desk.db.work(self.account) as tx:
            return await tx.value(query)

    async def until(self, query: str, holds: Callable[[Any], bool], seconds: float = 40) -> Any:
        """A value of the organisation's own data, once it is as wanted."""
        found: Any = None
        try:
            async with asyncio.timeout(seconds):
                while not holds(found := await self.value(query)):  # noqa: ASYNC110 - the database tells nobody
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise AssertionError(f"never: {query}: {found}; {self.house.processes[-1].text[-3000:]}") from None
        return found

    async def time_passes(self) -> None:
        """Leases end, and whatever waits for a time becomes due."""
        async with self.desk.db.work(self.account) as tx:
            await tx.run(
                "UPDATE deliveries SET lease_until = CASE WHEN lease_until IS NOT NULL THEN now() - interval '1 second' END,"
                " due_at = least(due_at, now()), handed_at = handed_at - interval '2 minutes'"
            )
            await tx.run("UPDATE envelopes SET due_at = now() WHERE state = 'received'")


@pytest.fixture
async def page(clone: Callable[[], str], settings: Settings, tmp_path: Path) -> AsyncIterator[Page]:
    async with AsyncExitStack() as stack:
        desk = Desk(clone(), settings, free_port())
        await desk.db.open()
        stack.push_async_callback(desk.db.close)
        graph = await stack.enter_async_context(GraphDouble())
        account = await make_account(desk.db)
        owner = await make_agent(desk.db, account, "owner")
        await stack.enter_async_context(desk.serving())
        browser = await stack.enter_async_context(desk.browser())
        await browser.sign_in(owner)
        house = House(desk.dsn, tmp_path)
        stack.push_async_callback(asyncio.to_thread, house.__exit__, None, None, None)
        yield Page(desk, house, graph, account.id, browser)


async def test_killed_in_the_middle_of_a_thousand_events(page: Page) -> None:
    await page.begin()
    people = [page.graph.person(name=f"Kunde {n}") for n in range(12)]
    wanted: dict[str, list[str]] = {one.psid: [] for one in people}
    count = 480
    async with page.graph.batch(shuffle=True, duplicates=100, split=20) as batch:
        for n in range(count):
            person = people[n % len(people)]
            wanted[person.psid].append(f"Melding {n} æøå 👋")
            await page.graph.writes(person.psid, f"Melding {n} æøå 👋", at=page.graph.world.ms - 100_000 + n)
        batch.extra = [{"hologram": {"n": n}} for n in range(20)]
    counted = "SELECT count(*) FROM messages WHERE kind = 'inbound'"
    for share in (0.2, 0.6):
        _ = await page.until(counted, lambda found, share=share: found >= count * share)
        page.worker.kill()
        await page.time_passes()
        page.worker = page.house.worker()
    _ = await page.until("SELECT count(*) FROM envelopes WHERE state <> 'parsed'", lambda left: left == 0)
    assert await page.value(counted) == count
    async with page.desk.db.work(page.account) as tx:
        rows = await tx.all(
            "SELECT c.external_thread_key AS thread, array_agg(m.body ORDER BY m.seq) AS said FROM messages m"
            " JOIN conversations c ON c.account_id = m.account_id AND c.id = m.conversation_id"
            " WHERE m.kind = 'inbound' GROUP BY 1"
        )
        aside = await tx.value("SELECT count(*) FROM inbound_items WHERE state = 'quarantined'")
    assert {row["thread"]: sorted(row["said"]) for row in rows} == {psid: sorted(said) for psid, said in wanted.items()}
    assert aside == 0


async def test_killed_while_meta_has_the_answer_and_has_not_said_so(page: Page) -> None:
    await page.begin()
    person = page.graph.person()
    await page.graph.writes(person.psid, "Hei, når kommer pakken?")
    conversation = await page.until("SELECT id FROM conversations WHERE last_seq = 1", bool)
    page.graph.hang(deliver=True)
    said = await page.browser.answer(str(conversation), SAID, based_on_seq=1)
    assert said.status_code == 201, said.text
    _ = await page.graph.sent_to(person.psid)
    page.worker.kill()
    page.worker = page.house.worker()
    # Its echo is the proof: no waiting for a lease, nothing is sent again.
    _ = await page.until(
        "SELECT state FROM messages WHERE kind = 'answer'", lambda state: state in {"sent", "delivered", "read"}
    )
    await page.time_passes()
    await page.graph.reads(person.psid)
    _ = await page.until("SELECT state FROM deliveries", lambda state: state == "read")
    assert [one.text for one in page.graph.sent] == [SAID]
    assert await page.value("SELECT count(*) FROM messages WHERE kind <> 'system'") == 2


async def test_killed_before_meta_had_it_is_sent_again_once(page: Page) -> None:
    await page.begin()
    person = page.graph.person()
    await page.graph.writes(person.psid, "Hei, når kommer pakken?")
    conversation = await page.until("SELECT id FROM conversations WHERE last_seq = 1", bool)
    page.graph.hang(deliver=False)
    said = await page.browser.answer(str(conversation), SAID, based_on_seq=1)
    assert said.status_code == 201, said.text
    _ = await page.until("SELECT state FROM deliveries WHERE handed_at IS NOT NULL", lambda state: state == "sending")
    await page.graph.until(lambda: any(call.path.endswith("/messages") for call in page.graph.calls))
    page.worker.kill()
    await page.time_passes()
    page.worker = page.house.worker()
    for _ in range(3):
        _ = await page.until(
            "SELECT state FROM deliveries", lambda state: state in {"unknown", "queued", "sent", "delivered"}
        )
        await page.time_passes()
    _ = await page.until("SELECT state FROM deliveries", lambda state: state in {"sent", "delivered"})
    assert [one.text for one in page.graph.sent] == [SAID]
