"""Two organisations with one of everything each, and one web app for all tests of this folder."""

import base64
from collections.abc import AsyncIterator, Iterator

import pytest

from svardesk.accounts import passwords
from svardesk.app import Web
from svardesk.config import Settings
from svardesk.house import House, furnish
from svardesk.kit.clock import FixedClock
from svardesk.kit.db import Database
from tests.api.world import World, make_world
from tests.client import ORIGIN, Client


@pytest.fixture(scope="session", autouse=True)
def cheap_passwords() -> Iterator[None]:
    """argon2id with little work: what is tested is not how slow it is."""
    before = passwords.use(passwords.Passwords(time_cost=1, memory_kib=1024, lanes=1))
    yield
    passwords.use(before)


@pytest.fixture(scope="session")
def house(db: Database, tmp_path_factory: pytest.TempPathFactory) -> House:
    """Like the suite's own, but made once: the walks over the API are many short tests."""
    settings = Settings.from_environment(
        {
            "SVARDESK_DATA": str(tmp_path_factory.mktemp("api")),
            "SVARDESK_PUBLIC_URL": ORIGIN,
            "SVARDESK_KEYS": "k1:" + base64.b64encode(b"k" * 32).decode(),
            "SVARDESK_DATABASE_URL": "postgresql:///unused",
        }
    )
    made = furnish(settings, db.dsn, pool=4, name="house", clock=FixedClock())
    made.db = db
    return made


@pytest.fixture(scope="session")
def web(house: House) -> Web:
    return Web(house, demo=True)


@pytest.fixture
async def ours(db: Database) -> World:
    return await make_world(db, "Vårt")


@pytest.fixture
async def theirs(db: Database) -> World:
    """The neighbours, whose every name and text has this word in it."""
    return await make_world(db, "Hemmelig")


@pytest.fixture
async def owner(web: Web, ours: World) -> AsyncIterator[Client]:
    """Our owner, signed in."""
    async with Client(web) as made:
        await made.sign_in(ours.owner)
        yield made


@pytest.fixture
async def stranger(web: Web) -> AsyncIterator[Client]:
    """Somebody who is not signed in."""
    async with Client(web) as made:
        yield made
