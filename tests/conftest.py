"""Fixtures of the whole suite: one real PostgreSQL a test process, databases cloned from a migrated template.

`db` is shared by all tests of a process: tests keep out of each other's way by making accounts of their own, and
row-level security keeps them apart as it keeps tenants apart. `fresh_database` is a clone for tests that need the log,
the queues or the processes for themselves.
"""

import base64
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from svardesk.accounts import passwords
from svardesk.config import Settings
from svardesk.kit.clock import FixedClock
from svardesk.kit.db import Database
from svardesk.kit.migrate import migrate
from svardesk.kit.postgres import Cluster, query

if TYPE_CHECKING:
    from svardesk.house import House
    from tests.client import Client

TEMPLATE = "svardesk_template"
UNSAFE_BUT_FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "200"}


@pytest.fixture(scope="session", autouse=True)
def cheap_passwords() -> None:
    """Hash passwords at the lowest cost: a suite signs in hundreds of times."""
    passwords.use(passwords.Passwords(time_cost=1, memory_kib=1024, lanes=1))


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A PostgreSQL server of this test process, with a migrated template database."""
    with tempfile.TemporaryDirectory(prefix="svardesk-test-") as folder:
        Path(folder).chmod(0o755)
        server = Cluster(Path(folder) / "data", UNSAFE_BUT_FAST)
        server.start()
        try:
            query(server.dsn("postgres"), f"CREATE DATABASE {TEMPLATE}")
            migrate(server.dsn(TEMPLATE))
            yield server
        finally:
            server.stop()


@pytest.fixture(scope="session")
def clone(cluster: Cluster) -> Callable[[], str]:
    """Make a new database from the template; returns its conninfo."""

    def make() -> str:
        name = f"t_{uuid4().hex[:12]}"
        query(cluster.dsn("postgres"), f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} STRATEGY file_copy")
        return cluster.dsn(name)

    return make


@pytest.fixture(scope="session")
async def db(clone: Callable[[], str]) -> AsyncIterator[Database]:
    """The shared database of this test process, opened as the app does."""
    database = Database(clone(), pool_min=1, pool_max=16, name="tests")
    await database.open()
    yield database
    await database.close()


@pytest.fixture
async def fresh_db(clone: Callable[[], str]) -> AsyncIterator[Database]:
    """A database of this test alone."""
    database = Database(clone(), pool_min=1, pool_max=16, name="fresh")
    await database.open()
    yield database
    await database.close()


@pytest.fixture
def clock() -> FixedClock:
    """A clock that stands at Monday 2026-11-23 09:00 UTC until a test moves it."""
    return FixedClock()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of a process under test; its data folder is the test's own."""
    return Settings.from_environment(
        {
            "SVARDESK_DATA": str(tmp_path),
            "SVARDESK_PUBLIC_URL": "http://desk.example",
            "SVARDESK_KEYS": "k1:" + base64.b64encode(b"k" * 32).decode(),
            "SVARDESK_DATABASE_URL": "postgresql:///unused",
            "SVARDESK_META_HOSTS": "127.0.0.1",
        }
    )


@pytest.fixture
def house(settings: Settings, db: Database, clock: FixedClock) -> "House":
    """The parts of a web process on the shared database, with the standing clock."""
    from svardesk.house import furnish

    made = furnish(settings, db.dsn, pool=4, name="house", clock=clock)
    made.db = db
    return made


@pytest.fixture
async def client(house: "House") -> "AsyncIterator[Client]":
    """An HTTP client on the whole app (no socket in between); ``await client.sign_in(agent)`` acts as an agent."""
    from svardesk.app import Web
    from tests.client import Client

    web = Web(house)
    async with Client(web) as made:
        yield made
