"""The alarm before the time to answer runs out: a customer waits, and soon we may not write freely any more."""

from datetime import timedelta
from typing import Final

from svardesk.conversations.events import WindowClosing
from svardesk.conversations.schemas import SystemDetails
from svardesk.conversations.store import beside, sql
from svardesk.kit.clock import Clock
from svardesk.kit.db import Database
from svardesk.kit.ids import uuid7
from svardesk.kit.jsons import encode
from svardesk.spine import record

BEFORE: Final = timedelta(hours=3)
"""So long before the end the alarm rises: time enough for whoever is on duty."""
BATCH: Final = 200


async def raise_alarms(db: Database, clock: Clock) -> int:
    """Leave a line in each thread whose time ends soon and say so, once for an end; returns how many were looked at."""
    now = clock.now()
    async with db.system() as tx:
        found = await tx.all(beside.closing, now=now, until=now + BEFORE, limit=BATCH)
    for one in found:
        async with db.work(one["account_id"]) as tx:
            row = await tx.maybe(beside.raise_alarm, account_id=tx.account, id=one["conversation_id"])
            if row is None:
                continue
            line, seq = uuid7(), row["last_seq"] + 1
            await tx.run(
                sql.add_line,
                account_id=tx.account,
                id=line,
                conversation_id=one["conversation_id"],
                seq=seq,
                details=encode(SystemDetails(type="window_closing", until=row["window_until"])).decode(),
                now=now,
            )
            await tx.run(beside.line_longer, account_id=tx.account, id=one["conversation_id"], seq=seq)
            await record(tx, WindowClosing(stream=one["conversation_id"], until=row["window_until"], message_id=line))
    return len(found)
