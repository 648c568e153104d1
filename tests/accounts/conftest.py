"""Fixtures of the accounts room: cheap password hashing, an organisation, its web app over the room's own routes."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID, uuid4

import httpx
import pytest
from litestar import Litestar, Request
from litestar.di import Provide

from svardesk.accounts import http, links, passwords, setup
from svardesk.accounts.auth import resolve_session
from svardesk.accounts.caller import Caller
from svardesk.accounts.sessions import Browser
from svardesk.config import Settings
from svardesk.kit import keyring
from svardesk.kit.clock import FixedClock
from svardesk.kit.db import Database
from svardesk.kit.keyring import KeyRing
from svardesk.kit.postgres import query

PASSWORD = "fire grønne elger danser"
ORIGIN = "http://desk.test"


@pytest.fixture(autouse=True)
def cheap_passwords() -> Iterator[passwords.Passwords]:
    """argon2id with little work: what is tested is not how slow it is."""
    before = passwords.use(passwords.Passwords(time_cost=1, memory_kib=64, lanes=1))
    yield passwords.current()
    passwords.use(before)


@pytest.fixture
def ring(tmp_path: Path) -> KeyRing:
    return keyring.load("", tmp_path)


@dataclass
class Company:
    """An organisation of a test: ids, and agents made by invitation."""

    db: Database
    clock: FixedClock
    account_id: UUID
    owner_id: UUID
    team_id: UUID
    slug: str
    owner_email: str
    agents: dict[str, UUID] = field(default_factory=dict[str, UUID])

    async def caller(self, role: str = "owner") -> Caller:
        """A signed-in caller with ``role``; made on first use."""
        return await resolve_session(self.db, self.clock, await self.cookie(role))

    def email(self, role: str) -> str:
        return self.owner_email if role == "owner" else f"{role}@{self.slug}.example"

    async def cookie(self, role: str = "owner") -> str:
        """The token of a new session of the agent with ``role``."""
        from svardesk.accounts import sessions

        if role != "owner" and role not in self.agents:
            await self.add(role)
        agent_id = self.owner_id if role == "owner" else self.agents[role]
        async with self.db.work(self.account_id) as tx:
            return (await sessions.begin(tx, self.clock, agent_id, Browser(), how="test")).token

    async def add(self, role: str, name: str | None = None) -> UUID:
        """Invite and join; the agent is called by role unless ``name`` says otherwise."""
        owner = await resolve_session(self.db, self.clock, await self.cookie())
        label = name or role
        async with self.db.work(self.account_id) as tx:
            link = await links.invite(
                tx, self.clock, owner, email=f"{label}@{self.slug}.example", role=role, team_ids=[]
            )
        joined = await links.accept(
            self.db, self.clock, link.token, name=label.title(), password=PASSWORD, locale=None, browser=Browser()
        )
        self.agents[label] = joined.agent_id
        return joined.agent_id

    async def audit(self) -> list[dict[str, Any]]:
        """The audit log, oldest first."""
        async with self.db.work(self.account_id) as tx:
            return await tx.all("SELECT * FROM audit_log WHERE account_id = %(a)s ORDER BY at, id", a=self.account_id)

    async def actions(self) -> list[str]:
        """What the audit log says was done, oldest first."""
        return [row["action"] for row in await self.audit()]

    async def events(self) -> list[tuple[str, dict[str, Any]]]:
        """What was announced and waits in the outbox, oldest first."""
        async with self.db.system() as tx:
            rows = await tx.all(
                "SELECT type, payload FROM event_outbox WHERE account_id = %(a)s ORDER BY id", a=self.account_id
            )
        return [(row["type"], row["payload"]) for row in rows]


Founder = Callable[..., Awaitable[Company]]


@pytest.fixture
def found(db: Database, clock: FixedClock) -> Founder:
    """Make an organisation; ``owner_email`` decides whose it is."""

    async def make(owner_email: str | None = None, name: str = "Fjordvik Bredbånd") -> Company:
        slug = f"c{uuid4().hex[:12]}"
        email = owner_email or f"owner@{slug}.example"
        made = await setup.create_organisation(
            db, name, slug, "nb", "Europe/Oslo", email, "Kari Berg", PASSWORD, clock=clock
        )
        return Company(db, clock, made.account_id, made.owner_id, made.team_id, slug, email)

    return make


@pytest.fixture
async def company(found: Founder, db: Database) -> Company:
    async with db.directory() as tx:
        # All clients of the tests come from one address.
        await tx.run("SELECT throttle_sweep('2099-01-01')")
    return await found()


def _settings(public_url: str) -> Settings:
    return Settings.from_environment(
        {
            "SVARDESK_PUBLIC_URL": public_url,
            "SVARDESK_DATA": "/nonexistent",
        }
    )


def build(db: Database, clock: FixedClock, ring: KeyRing, public_url: str = ORIGIN) -> Litestar:
    """The web app over this room's routes, with the guard of the whole house."""
    from svardesk import routes
    from svardesk.kit.http import client_ip, error_response, handler_of, scope_state

    settings = _settings(public_url)
    givers: dict[str, Callable[..., Any]] = {
        "db": lambda: db,
        "clock": lambda: clock,
        "keyring": lambda: ring,
        "settings": lambda: settings,
        "public_url": lambda: public_url,
    }

    def give_caller(request: Request[Any, Any, Any]) -> Any:
        return scope_state(request.scope)["caller"]

    app = Litestar(
        route_handlers=[handler_of(row, routes.signed_in) for row in http.ROUTES],
        dependencies={
            **{name: Provide(giver, sync_to_thread=False) for name, giver in givers.items()},
            "caller": Provide(give_caller, sync_to_thread=False),
            "client_ip": Provide(client_ip, sync_to_thread=False),
        },
        exception_handlers={Exception: error_response},
        logging_config=None,
        openapi_config=None,
    )
    app.state.house = SimpleNamespace(db=db, clock=clock, settings=settings)
    return app


class Client:
    """A browser: cookies, CSRF token, Origin."""

    def __init__(self, http_client: httpx.AsyncClient) -> None:
        self.http = http_client
        self.csrf: str | None = None

    async def call(self, method: str, path: str, json: Any = None, **headers: str) -> httpx.Response:
        """One request to ``/api/v1`` + path, with the CSRF token if signed in."""
        all_headers = {"origin": ORIGIN, **({"x-csrf-token": self.csrf} if self.csrf else {})}
        all_headers |= {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.http.request(method, f"/api/v1{path}", json=json, headers=all_headers)

    async def sign_in(self, email: str, password: str = PASSWORD, **more: str) -> httpx.Response:
        """Sign in and remember the CSRF token."""
        answer = await self.call("POST", "/session", {"email": email, "password": password, **more})
        if answer.status_code == 200 and answer.json()["state"] == "signed_in":
            self.csrf = answer.json()["csrf"]
        return answer

    async def use(self, token: str) -> None:
        """Take over a session token."""
        self.http.cookies.set("svardesk_session", token)
        self.csrf = (await self.call("GET", "/session")).json()["csrf"]


@pytest.fixture
async def new_client(db: Database, clock: FixedClock, ring: KeyRing) -> AsyncIterator[Callable[..., Client]]:
    """Make clients of one web process over this room's routes; ``ip`` is where they come from."""
    app = build(db, clock, ring)
    opened: list[httpx.AsyncClient] = []

    def make(ip: str = "192.0.2.1") -> Client:
        transport = httpx.ASGITransport(cast("Any", app), client=(ip, 1234))
        opened.append(httpx.AsyncClient(transport=transport, base_url=ORIGIN))
        return Client(opened[-1])

    yield make
    for one in opened:
        await one.aclose()


@pytest.fixture
def client(new_client: Callable[..., Client]) -> Client:
    return new_client()


@pytest.fixture
def sql_as_owner(db: Database) -> Callable[[str], Any]:
    """Run one statement as the owner of the tables."""
    return lambda statement: query(db.dsn, statement)
