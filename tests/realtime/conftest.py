"""A running desk for each test of live updates."""

import base64
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from svardesk.config import Settings
from tests.desk import Desk, free_port


@pytest.fixture
def desk_settings(tmp_path: Path) -> Settings:
    """Settings of a desk on a real port."""
    port = free_port()
    return Settings.from_environment(
        {
            "SVARDESK_DATA": str(tmp_path),
            "PORT": str(port),
            "SVARDESK_PUBLIC_URL": f"http://127.0.0.1:{port}",
            "SVARDESK_KEYS": "k1:" + base64.b64encode(b"k" * 32).decode(),
            "SVARDESK_DATABASE_URL": "postgresql:///unused",
        }
    )


@pytest.fixture
async def desk(clone: Callable[[], str], desk_settings: Settings) -> AsyncIterator[Desk]:
    """Web process and worker on a database of their own; ``desk.db`` looks into it."""
    made = Desk(clone(), desk_settings, desk_settings.port)
    await made.db.open()
    async with made.working(), made.serving():
        yield made
    await made.db.close()
