"""People whom an agent knows to be two, whatever their addresses say: no address brings them together."""

from collections.abc import Collection
from datetime import datetime
from typing import Final
from uuid import UUID

from svardesk.kit.db import Tx
from svardesk.kit.sql import load

_sql: Final = load(__package__ or "svardesk.contacts", "apart.sql")


async def keep(tx: Tx, now: datetime, one: UUID, other: UUID, agent_id: UUID | None) -> None:
    """Remember that two contacts are two persons."""
    low, high = sorted((one, other))
    await tx.run(_sql.keep, account_id=tx.account, low_id=low, high_id=high, agent_id=agent_id, now=now)


async def forget(tx: Tx, these: Collection[UUID], those: Collection[UUID]) -> int:
    """Forget it for all contacts of two persons; returns how often it had been said."""
    return await tx.run(_sql.forget, account_id=tx.account, these=list(these), those=list(those))


async def are(tx: Tx, these: Collection[UUID], those: Collection[UUID]) -> bool:
    """Tell whether any contact of the one person was told apart from any of the other."""
    found = await tx.maybe(_sql.between, account_id=tx.account, these=list(these), those=list(those))
    return found is not None
