"""What lies with the app because its page was not connected: it goes on when the page is."""

import hashlib
from datetime import datetime
from typing import Final
from uuid import UUID

from psycopg.types.json import Jsonb

from svardesk.channels.connections import QUERIES
from svardesk.channels.meta.splitting import NotMetas, split
from svardesk.channels.meta.statements import META
from svardesk.kit.db import Tx
from svardesk.kit.ids import uuid7
from svardesk.spine.wakeups import SWEEP

ENVELOPES: Final = "envelopes"
"""The queue that is woken."""
AT_ONCE: Final = 500


async def find_place(tx: Tx, app_id: UUID, body: bytes, received_at: datetime) -> bool:
    """Give every page its share, if all of them are connected now; False: it stays where it is."""
    try:
        shares = split(body)
    except NotMetas:
        return False
    rows = await tx.all(META.pages_of_app, account_id=tx.account, app_id=app_id)
    known = {(row["page_id"], row["kind"]): row["id"] for row in rows}
    if not all((share.page_id, share.kind) in known for share in shares):
        return False
    for share in shares:
        await tx.run(
            QUERIES.store_envelope,
            account_id=tx.account,
            id=uuid7(),
            connection_id=known[share.page_id, share.kind],
            received_at=received_at,
            sha256=hashlib.sha256(share.body).digest(),
            raw=share.body,
            headers=Jsonb({}),
        )
    tx.notify(SWEEP, ENVELOPES)
    return True


async def page_connected(tx: Tx, app_id: UUID) -> int:
    """A page was connected: what came for it earlier is taken now; returns how many bodies found their place."""
    found = 0
    for row in await tx.all(META.strays_of_app, account_id=tx.account, app_id=app_id, limit=AT_ONCE):
        if await find_place(tx, app_id, bytes(row["raw"]), row["received_at"]):
            await tx.run(META.stray_found, account_id=tx.account, id=row["id"])
            found += 1
    return found
