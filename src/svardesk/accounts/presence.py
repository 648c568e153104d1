"""Which agents are there: leases of open sockets, renewed by each web process, gone by themselves after a crash.

An agent with a lease who is not away (``agents.availability``) and has a role that answers is online.
"""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

import msgspec

from svardesk.accounts.permissions import ANSWERS
from svardesk.kit.db import Database, Tx
from svardesk.kit.sql import load

_sql = load(__package__ or "svardesk.accounts")


class OnlineAgent(msgspec.Struct, frozen=True):
    """An agent who can answer now."""

    id: UUID
    name: str


async def renew(tx: Tx, agent_ids: Collection[UUID], process_id: UUID, until: datetime) -> None:
    """These agents have a socket in ``process_id``: they count as there until ``until`` (renew well before)."""
    if agent_ids:
        await tx.run(
            _sql.renew_presence,
            account_id=tx.account,
            # One order for all processes: two that renew the same agents at once do not wait in a circle.
            agent_ids=sorted(set(agent_ids)),
            process_id=process_id,
            until=until,
        )


async def end(tx: Tx, agent_ids: Collection[UUID], process_id: UUID) -> None:
    """These agents closed their last socket in ``process_id``."""
    if agent_ids:
        await tx.run(_sql.end_presence, account_id=tx.account, agent_ids=list(agent_ids), process_id=process_id)


async def sweep(db: Database, now: datetime) -> int:
    """Delete leases that ran out a minute before ``now`` or earlier, of all accounts; return how many."""
    async with db.directory() as tx:
        return int(await tx.value(_sql.sweep_presence, now=now))


async def online(tx: Tx, team_id: UUID | None, now: datetime, *, most: int = 200) -> list[OnlineAgent]:
    """Return who can answer now, of one team or (None) of all, by name, at most ``most``."""
    rows = await tx.all(
        _sql.online_agents, account_id=tx.account, team_id=team_id, now=now, roles=list(ANSWERS), limit=most
    )
    return [OnlineAgent(**row) for row in rows]


async def any_agent_online(tx: Tx, team_id: UUID | None, now: datetime) -> bool:
    """Tell whether anybody can answer now, of one team or (None) of all."""
    return bool(await online(tx, team_id, now, most=1))
