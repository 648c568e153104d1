"""What the tests of the Meta room share."""

from collections.abc import AsyncIterator

import pytest

from svardesk.channels.connections import REMEMBERED
from svardesk.channels.meta import client as graph
from svardesk.channels.meta.alarms import ALARMS
from svardesk.channels.meta.remembered import PAGES
from svardesk.house import House
from svardesk.kit.db import Database
from tests.meta.apps import MetaApp, make_app


@pytest.fixture(autouse=True)
async def _nothing_remembered() -> AsyncIterator[None]:
    """Every test starts with an empty memory, and leaves no connection open."""
    REMEMBERED.forget()
    PAGES.forget()
    ALARMS.forget()
    yield
    await graph.close()


@pytest.fixture
async def app(db: Database, house: House) -> MetaApp:
    """A Meta app with two secrets."""
    return await make_app(db, house.keyring)
