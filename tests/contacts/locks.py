"""Waiting until somebody waits: how tests bring two transactions into the one order that hurts."""

import asyncio
from typing import Any

import psycopg

from tests.conversations.conftest import Desk


async def waits(desk: Desk, statement: str, task: "asyncio.Task[Any]") -> None:
    """Wait until somebody who runs a statement waits for a lock, and ``task`` therefore is not done."""
    async with await psycopg.AsyncConnection.connect(desk.db.dsn, autocommit=True) as owner, asyncio.timeout(10):
        while not await (
            await owner.execute(
                "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
                " AND position(%s IN query) > 0",
                [statement],
            )
        ).fetchone():
            assert not task.done(), "it went on without waiting"
