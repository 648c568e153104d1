"""`svardesk aside`: what was set aside because it kept failing, and having it tried once more."""

from __future__ import annotations

import asyncio
from uuid import UUID

from svardesk.commands.database import reachable
from svardesk.commands.failure import CommandError
from svardesk.config import Settings
from svardesk.kit.clock import SystemClock
from svardesk.kit.db import Database
from svardesk.spine import aside as lying

ALL = "all"


def aside(settings: Settings, replay: str | None) -> int:
    """Print what lies aside; with `replay` (an id, or ALL) have a worker try it again. Exit code 1 for an unknown id."""
    one = None
    if replay is not None and replay != ALL:
        try:
            one = UUID(replay)
        except ValueError:
            raise CommandError(f"'{replay}' is no id. `svardesk aside` lists them.", 2) from None
    with reachable(settings, "aside") as dsn:
        found, again = asyncio.run(_look(dsn, one, replay=replay is not None))
    if replay is not None:
        if one is not None and not again:
            raise CommandError(f"Nothing with the id {one} lies aside.")
        print(f"{again} will be tried again within seconds, by a worker. `svardesk aside` shows what is left.")
        return 0
    if not found:
        print("Nothing lies aside.")
        return 0
    for one in found:
        when = "waits for --replay" if one.retry_at is None else f"next try {one.retry_at:%Y-%m-%d %H:%M:%S} UTC"
        print(f"{one.id}  {one.reaction}  {one.type} at position {one.position} of organisation {one.account_id}")
        print(f"    {one.error}; {one.attempts} tries since {one.set_aside_at:%Y-%m-%d %H:%M:%S} UTC, {when}")
    return 0


async def _look(dsn: str, one: UUID | None, *, replay: bool) -> tuple[list[lying.Aside], int]:
    db = Database(dsn, pool_min=1, pool_max=2, name="svardesk aside")
    await db.open()
    try:
        async with db.system() as tx:
            if replay:
                return [], await lying.replay(tx, SystemClock().now(), one)
            return await lying.open_ones(tx), 0
    finally:
        await db.close()
