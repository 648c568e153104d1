"""A desk with a page at the stand-in for Meta, in a database of its own."""

from collections.abc import AsyncIterator

import pytest

from svardesk.config import Settings
from svardesk.house import furnish
from svardesk.kit.clock import FixedClock
from svardesk.kit.db import Database
from tests.messenger.world import Desk, desk_at


@pytest.fixture
async def desk(settings: Settings, fresh_db: Database, clock: FixedClock) -> AsyncIterator[Desk]:
    """Connected and ready."""
    house = furnish(settings, fresh_db.dsn, pool=4, name="house", clock=clock)
    house.db = fresh_db
    async with desk_at(house) as made:
        yield made
