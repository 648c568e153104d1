"""Rows for tests, made directly: one function a thing, sensible defaults, everything can be given."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from svardesk.accounts import permissions
from svardesk.accounts.caller import Caller
from svardesk.kit.db import Database
from svardesk.kit.ids import uuid7

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
PASSWORD = "fjordlys over vidda 7"
# argon2id of PASSWORD with the library's cheapest sensible cost, so that a suite of sign-ins stays quick.
_HASHES: dict[str, str] = {}


def password_hash(password: str = PASSWORD) -> str:
    """A quick argon2id hash, remembered for the process."""
    if password not in _HASHES:
        from argon2 import PasswordHasher

        _HASHES[password] = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(password)
    return _HASHES[password]


@dataclass
class Account:
    """An organisation made for one test."""

    id: UUID
    slug: str
    agents: list["Agent"] = field(default_factory=list)


@dataclass
class Agent:
    """An agent of a test's organisation."""

    id: UUID
    account_id: UUID
    email: str
    name: str
    role: str
    team_ids: tuple[UUID, ...] = ()
    hidden_team_ids: tuple[UUID, ...] = ()

    @property
    def caller(self) -> Caller:
        """The agent as services know who is asking."""
        return Caller(
            account_id=self.account_id, agent_id=self.id, name=self.name, role=self.role,
            permissions=permissions.of_role(self.role), team_ids=self.team_ids, hidden_team_ids=self.hidden_team_ids,
        )  # fmt: skip


async def insert(db: Database, table: str, account_id: UUID, **values: Any) -> UUID:
    """Insert one tenant row; ``id`` is drawn unless given; dicts become jsonb."""
    values.setdefault("id", uuid7())
    if values["id"] is None:
        del values["id"]
    values = {"account_id": account_id, **values}
    values = {name: Jsonb(value) if isinstance(value, dict) else value for name, value in values.items()}
    columns, places = ", ".join(values), ", ".join(f"%({name})s" for name in values)
    async with db.work(account_id) as tx:
        await tx.run(f"INSERT INTO {table} ({columns}) VALUES ({places})", **values)
    return values.get("id")  # pyright: ignore[reportReturnType]


async def make_account(db: Database, name: str = "Fjordnett AS", **values: Any) -> Account:
    """A new organisation with a default calendar (Mon-Fri 08-16, Oslo)."""
    account_id = uuid7()
    slug = values.pop("slug", f"org-{account_id.hex[-12:]}")
    values = {"id": account_id, "slug": slug, "name": name, **values}
    async with db.work(account_id) as tx:
        await tx.run(
            f"INSERT INTO accounts ({', '.join(values)}) VALUES ({', '.join(f'%({one})s' for one in values)})", **values
        )
    await insert(
        db, "calendars", account_id, name="Åpningstider", is_default=True,
        weekly={str(day): [["08:00", "16:00"]] for day in range(1, 6)},
    )  # fmt: skip
    return Account(account_id, slug)


async def make_agent(
    db: Database, account: Account, role: str = "agent", name: str = "Kari Nordmann", **values: Any
) -> Agent:
    """A new agent with the password ``PASSWORD``."""
    agent_id = uuid7()
    email = values.pop("email", f"{agent_id.hex[-10:]}@fjordnett.example")
    values.setdefault("password_hash", password_hash())
    await insert(db, "agents", account.id, id=agent_id, email=email, name=name, role=role, **values)
    agent = Agent(agent_id, account.id, email, name, role)
    account.agents.append(agent)
    return agent


async def make_team(
    db: Database, account: Account, name: str = "Kundeservice", members: tuple[Agent, ...] = (), **values: Any
) -> UUID:
    """A new team; a closed one is hidden from every agent made so far who is no member (owners and leads see it)."""
    team_id = await insert(db, "teams", account.id, name=name, **values)
    for agent in members:
        await insert(db, "team_members", account.id, id=None, team_id=team_id, agent_id=agent.id)
        agent.team_ids += (team_id,)
    if values.get("closed"):
        for agent in account.agents:
            if agent not in members and agent.role not in {"owner", "lead"}:
                agent.hidden_team_ids += (team_id,)
    return team_id


async def make_contact(db: Database, account: Account, name: str | None = "Ola Hansen", **values: Any) -> UUID:
    """A new contact."""
    values.setdefault("created_at", NOW)
    return await insert(db, "contacts", account.id, name=name, **values)


async def make_conversation(db: Database, account: Account, contact_id: UUID | None = None, **values: Any) -> UUID:
    """A new conversation without messages, open and in web chat unless said otherwise."""
    contact_id = contact_id or await make_contact(db, account)
    async with db.work(account.id) as tx:
        number = await tx.value(
            "UPDATE accounts SET next_number = next_number + 1 WHERE id = %(id)s RETURNING next_number - 1",
            id=account.id,
        )
    values = {
        "number": number, "channel": "webchat", "contact_id": contact_id, "created_at": NOW, "last_activity_at": NOW,
        **values,
    }  # fmt: skip
    return await insert(db, "conversations", account.id, **values)


async def make_widget(
    db: Database, account: Account, origins: tuple[str, ...] = ("https://butikk.example",), **values: Any
) -> tuple[UUID, str]:
    """A web chat connection; returns (id, public key)."""
    key = values.pop("public_key", f"w{uuid7().hex[-20:]}")
    # Made when the tests' clock began: the database's own clock runs on, past whatever a test makes later.
    values.setdefault("created_at", NOW)
    found = await insert(
        db, "connections", account.id, kind="webchat", name="Nettprat", public_key=key,
        config={"origins": list(origins), **values.pop("config", {})}, **values,
    )  # fmt: skip
    return found, key


async def make_form(db: Database, account: Account, title: str = "Skriv til oss", **values: Any) -> tuple[UUID, str]:
    """A contact form that asks the least; returns (id, public key)."""
    key = values.pop("public_key", f"f{uuid7().hex[-20:]}")
    config = {"languages": ["nb"], "texts": {"nb": {"title": title}}, **values.pop("config", {})}
    found = await insert(
        db, "connections", account.id, kind="form", name="Kontaktskjema", public_key=key, config=config, **values
    )
    return found, key
