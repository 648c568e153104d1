"""A desk with a page at the stand-in for Meta: connected as an owner does it, worked through step by step."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import httpx

from svardesk.app import Web
from svardesk.channels import deliveries, ingress, media
from svardesk.channels.connections import REMEMBERED
from svardesk.channels.messenger import profiles
from svardesk.channels.meta import client as graph_client
from svardesk.channels.meta import rounds
from svardesk.channels.meta.alarms import ALARMS
from svardesk.channels.meta.buckets import BUCKETS
from svardesk.channels.meta.remembered import PAGES
from svardesk.house import House
from svardesk.kit.clock import FixedClock
from svardesk.kit.ids import uuid7
from tests.client import ORIGIN, Client
from tests.doubles.graph import GraphDouble
from tests.factories import Account, Agent, make_account, make_agent


class Desk:
    """An organisation with one page. The worker's steps are taken by ``work``."""

    def __init__(self, house: House, client: Client, graph: GraphDouble, account: Account, owner: Agent) -> None:
        self.house = house
        self.db = house.db
        self.client = client
        self.graph = graph
        self.account = account
        self.owner = owner
        self.app: dict[str, Any] = {}
        self.pages: dict[str, dict[str, Any]] = {}

    @property
    def clock(self) -> FixedClock:
        assert isinstance(self.house.clock, FixedClock)
        return self.house.clock

    async def later(self, **parts: float) -> None:
        """Let so much time pass that a session ends, and sign in again."""
        self.clock.advance(**parts)
        await self.client.sign_in(self.owner)

    async def make_app(self, **values: Any) -> dict[str, Any]:
        given = {"name": "Meta", "app_id": self.graph.app.id, "app_secret": self.graph.app.secret,
                 "graph_url": self.graph.url, "dialog_url": self.graph.url, **values}  # fmt: skip
        made = await self.client.post("/api/v1/meta/apps", json=given)
        assert made.status_code == 201, made.text
        self.app = made.json()
        return self.app

    async def connect(self, **values: Any) -> dict[str, dict[str, Any]]:
        """Connect the double's page by its token."""
        given = {"page_id": self.graph.page.id, "page_token": self.graph.token.token, **values}
        made = await self.client.post(f"/api/v1/meta/apps/{self.app['id']}/pages", json=given)
        assert made.status_code == 200, made.text
        self.pages = {one["kind"]: one for one in made.json()["items"]}
        return self.pages

    @property
    def messenger(self) -> str:
        return self.pages["messenger"]["id"]

    async def page(self, kind: str = "messenger") -> dict[str, Any]:
        """The settings' view of a connection now."""
        found = (await self.client.get("/api/v1/meta")).json()
        return next(one for one in found["pages"] if one["kind"] == kind)

    async def change(self, **values: Any) -> dict[str, Any]:
        answer = await self.client.patch(f"/api/v1/meta/pages/{self.messenger}", json=values)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def take(self) -> int:
        """Parse and take what came in."""
        taken = 0
        while count := await ingress.sweep(self.db, self.clock, self.house.keyring, files=self.house.files):
            taken += count
        return taken

    async def send(self) -> int:
        """Send what is due, all of it."""
        sent = 0
        while count := await deliveries.sweep(self.db, self.clock, self.house.keyring, files=self.house.files):
            sent += count
            await self.graph.settle()
        return sent

    async def ask_names(self) -> int:
        return await profiles.sweep(self.db, self.clock, self.house.keyring)

    async def fetch(self) -> int:
        return await media.sweep(self.db, self.clock, self.house.keyring, self.house.files)

    async def rounds(self) -> int:
        return await rounds.sweep(self.db, self.clock, self.house.keyring)

    async def conversations(self) -> list[dict[str, Any]]:
        async with self.db.work(self.account.id) as tx:
            return await tx.all(
                "SELECT id, external_thread_key AS thread, status, last_seq, waiting_since, window_until FROM conversations"
                " WHERE account_id = %(a)s ORDER BY created_at, id",
                a=self.account.id,
            )

    async def messages(self, conversation_id: UUID | None = None) -> list[dict[str, Any]]:
        """Messages of the only conversation, as the agent's app gets them."""
        if conversation_id is None:
            [one] = await self.conversations()
            conversation_id = one["id"]
        answer = await self.client.get(f"/api/v1/conversations/{conversation_id}/messages")
        assert answer.status_code == 200, answer.text
        return answer.json()["messages"]

    async def answer(self, body: str = "Hei! Den er på vei.", *, then: bool = True, **values: Any) -> dict[str, Any]:
        """The owner answers in the only conversation; it goes out unless ``then`` is off."""
        [one] = await self.conversations()
        given = {
            "client_id": str(uuid7()),
            "kind": "answer",
            "body": body,
            "based_on_seq": one["last_seq"],
            "confirm": True,
        }
        made = await self.client.post(f"/api/v1/conversations/{one['id']}/messages", json={**given, **values})
        assert made.status_code == 201, made.text
        message = made.json()["message"]
        async with self.db.work(self.account.id) as tx:
            await deliveries.plan(tx, self.clock.now(), [UUID(message["id"])])
        if then:
            await self.send()
        return message

    async def state_of(self, message: dict[str, Any]) -> tuple[str, str | None]:
        """State and error code of an answer."""
        async with self.db.work(self.account.id) as tx:
            row = await tx.one(
                "SELECT state, error_code FROM deliveries WHERE account_id = %(a)s AND message_id = %(m)s",
                a=self.account.id, m=message["id"],
            )  # fmt: skip
        return row["state"], row["error_code"]

    async def asks(self, text: str = "Hei, når kommer pakken? 👋", **more: Any) -> str:
        """Somebody new writes and is taken in; their PSID."""
        person = self.graph.person(**more)
        await self.graph.writes(person.psid, text)
        await self.take()
        return person.psid


@asynccontextmanager
async def desk_at(house: House, *, connected: bool = True) -> AsyncIterator[Desk]:
    """A desk whose webhook the double reaches without a socket in between."""
    for memory in (REMEMBERED, PAGES, ALARMS):
        memory.forget()
    BUCKETS.__init__()
    web = Web(house)
    account = await make_account(house.db)
    owner = await make_agent(house.db, account, "owner")
    async with GraphDouble(clock=house.clock.now) as graph, Client(web) as client:
        transport = httpx.ASGITransport(app=web, client=("203.0.113.9", 4712))  # pyright: ignore[reportArgumentType]
        await graph.core.outbox._client.aclose()
        graph.core.outbox._client = httpx.AsyncClient(timeout=None, mounts={ORIGIN: transport})
        await client.sign_in(owner)
        desk = Desk(house, client, graph, account, owner)
        if connected:
            app = await desk.make_app()
            assert await graph.verify(app["addresses"]["webhook"], app["addresses"]["verify_token"])
            await desk.connect()
        try:
            yield desk
        finally:
            await graph_client.close()
