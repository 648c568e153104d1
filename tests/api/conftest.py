"""Two organisations with one of everything each."""

from collections.abc import AsyncIterator

import pytest

from svardesk.accounts import passwords
from svardesk.app import Web
from svardesk.house import House
from svardesk.kit.db import Database
from tests.api.world import World, make_world
from tests.client import Client


@pytest.fixture(autouse=True)
def cheap_passwords():
    """argon2id with little work: what is tested is not how slow it is."""
    before = passwords.use(passwords.Passwords(time_cost=1, memory_kib=1024, lanes=1))
    yield
    passwords.use(before)


@pytest.fixture
async def ours(db: Database) -> World:
    return await make_world(db, "Vårt")


@pytest.fixture
async def theirs(db: Database) -> World:
    """The neighbours, whose every name and text has this word in it."""
    return await make_world(db, "Hemmelig")


@pytest.fixture
async def owner(house: House, ours: World) -> AsyncIterator[Client]:
    """Our owner, signed in."""
    async with Client(Web(house)) as made:
        await made.sign_in(ours.owner)
        yield made
