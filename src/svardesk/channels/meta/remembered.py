"""Which connections an app feeds, as this process knows it: the webhook asks for every body."""

import time
from collections.abc import Mapping
from typing import Final
from uuid import UUID

from svardesk.channels.contract import Connection
from svardesk.channels.meta.statements import META
from svardesk.kit.db import Database

REMEMBER_SECONDS: Final = 10.0
REMEMBER: Final = 1000


class Pages:
    """Which connection a page's updates belong to, remembered for some seconds, and at once changed where that was done."""

    def __init__(self) -> None:
        self._found: dict[UUID, tuple[float, Mapping[tuple[str, str], UUID]]] = {}

    def forget(self) -> None:
        """Drop all of them."""
        self._found.clear()

    async def of_app(self, db: Database, app: Connection) -> Mapping[tuple[str, str], UUID]:
        """(page, channel) → connection."""
        held = self._found.get(app.id)
        now = time.monotonic()
        if held is not None and held[0] > now:
            return held[1]
        async with db.work(app.account_id) as tx:
            rows = await tx.all(META.pages_of_app, account_id=tx.account, app_id=app.id)
        found = {(row["page_id"], row["kind"]): row["id"] for row in rows if row["page_id"]}
        if len(self._found) > REMEMBER:
            self.forget()
        self._found[app.id] = (now + REMEMBER_SECONDS, found)
        return found


PAGES: Final = Pages()
