"""Leadership by advisory lock, polled.

A waiting ``pg_advisory_lock`` would hold back the cluster's oldest snapshot; polling four times a second does not.
The lock dies with its connection, so a killed leader is followed within a quarter of a second.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import psycopg
import structlog
from psycopg import AsyncConnection

from svardesk.kit.db import SYSTEM_ROLE

log = structlog.get_logger()

POLL_SECONDS = 0.25


async def connect(dsn: str, name: str) -> AsyncConnection[Any]:
    """Open a connection of its own as the system role (autocommit)."""
    conn = await AsyncConnection.connect(dsn, autocommit=True, application_name=name)
    await conn.execute(f"SET ROLE {SYSTEM_ROLE}".encode())
    return conn


async def lead(dsn: str, key: int, name: str, term: Callable[[AsyncConnection[Any]], Awaitable[None]]) -> None:
    """Run ``term(connection)`` whenever this process holds the advisory lock ``key``; for ever, until cancelled.

    ``term`` works on the very connection that holds the lock: when that dies, the term ends and another one may begin
    elsewhere. An exception in a term is logged and the race starts again.
    """
    while True:
        conn: AsyncConnection[Any] | None = None
        try:
            conn = await connect(dsn, f"svardesk {name}")
            while True:
                row = await (await conn.execute(b"SELECT pg_try_advisory_lock(%s)", (key,))).fetchone()
                if row is not None and row[0]:
                    break
                await asyncio.sleep(POLL_SECONDS)
            await term(conn)
        except psycopg.OperationalError as error:
            log.warning("leader_connection_lost", name=name, error=str(error).strip())
        except Exception:
            log.exception("leader_term_failed", name=name)
        finally:
            if conn is not None:
                await conn.close()
        await asyncio.sleep(POLL_SECONDS)
