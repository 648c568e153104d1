"""Teams and who belongs to them. A lead manages the teams that the lead belongs to, an owner all of them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from svardesk.accounts import audit
from svardesk.accounts.agents import AgentUnknown, check_timezone
from svardesk.accounts.caller import Caller
from svardesk.accounts.events import TeamChanged
from svardesk.kit.clock import Clock
from svardesk.kit.db import Tx
from svardesk.kit.errors import Conflict, Forbidden, NotFound, Unprocessable
from svardesk.kit.ids import uuid7
from svardesk.kit.sql import load
from svardesk.spine.events import record

_sql = load(__package__ or "svardesk.accounts")


class TeamUnknown(NotFound):
    """There is no such team in your organisation."""

    code = "team_unknown"


class TeamRow(msgspec.Struct, frozen=True, kw_only=True):
    """A team with its members (without those who have left)."""

    id: UUID
    name: str
    timezone: str
    closed: bool
    brand_id: UUID | None
    created_at: datetime
    member_ids: list[UUID]


class OwnTeam(msgspec.Struct, frozen=True, kw_only=True):
    """A team as its members' app knows it."""

    id: UUID
    name: str
    closed: bool


async def list_all(tx: Tx) -> list[TeamRow]:
    """Return the teams in use, by name."""
    return [TeamRow(**row) for row in await tx.all(_sql.teams, account_id=tx.account, team_id=None)]


async def get(tx: Tx, team_id: UUID) -> TeamRow:
    """Return one team; raises ``TeamUnknown``."""
    row = await tx.maybe(_sql.teams, account_id=tx.account, team_id=team_id)
    if row is None:
        raise TeamUnknown
    return TeamRow(**row)


async def of_agent(tx: Tx, agent_id: UUID) -> list[OwnTeam]:
    """Return the teams that an agent belongs to, by name."""
    return [OwnTeam(**row) for row in await tx.all(_sql.agent_teams, account_id=tx.account, agent_id=agent_id)]


async def check_teams(tx: Tx, team_ids: Sequence[UUID]) -> None:
    """Raise ``Unprocessable`` (``team_unknown``) unless all of these teams are in use; changes nothing."""
    known = {row["id"] for row in await tx.all(_sql.known_teams, account_id=tx.account, team_ids=list(team_ids))}
    unknown = [team_id for team_id in team_ids if team_id not in known]
    if unknown:
        raise Unprocessable("team_unknown", "One of these teams does not exist any more.", team_ids=unknown)


async def create(tx: Tx, clock: Clock, caller: Caller, *, name: str, timezone: str | None, closed: bool) -> TeamRow:
    """Make a team; a lead who makes one belongs to it. Raises ``Conflict`` (``team_name_taken``), ``Unprocessable``."""
    wanted = name.strip()
    await _check_name(tx, wanted)
    if timezone is not None:
        check_timezone(timezone)
    account = await tx.one(_sql.account, account_id=tx.account)
    team_id = uuid7()
    await tx.run(
        _sql.add_team,
        account_id=tx.account,
        id=team_id,
        name=wanted,
        timezone=timezone or account["timezone"],
        closed=closed,
        brand_id=None,
        now=clock.now(),
    )
    await _announce(tx, clock, caller, team_id, "created")
    if caller.role != "owner":
        await _add(tx, clock, caller, team_id, caller.agent_id)
    return await get(tx, team_id)


async def change(
    tx: Tx,
    clock: Clock,
    caller: Caller,
    team_id: UUID,
    *,
    name: str | None = None,
    timezone: str | None = None,
    closed: bool | None = None,
) -> TeamRow:
    """Change a team; raises ``TeamUnknown``, ``Forbidden`` (``not_your_team``), ``Conflict``, ``Unprocessable``."""
    await _lock_for(tx, caller, team_id)
    wanted = None if name is None else name.strip()
    if wanted is not None:
        await _check_name(tx, wanted, team_id)
    if timezone is not None:
        check_timezone(timezone)
    await tx.run(
        _sql.change_team, account_id=tx.account, team_id=team_id, name=wanted, timezone=timezone, closed=closed
    )
    await _announce(tx, clock, caller, team_id, "changed")
    return await get(tx, team_id)


async def archive(tx: Tx, clock: Clock, caller: Caller, team_id: UUID) -> None:
    """Take a team out of use; who may see its conversations stays as it was. Raises as ``change`` does."""
    await _lock_for(tx, caller, team_id)
    await tx.run(_sql.archive_team, account_id=tx.account, team_id=team_id, now=clock.now())
    await _announce(tx, clock, caller, team_id, "archived")


async def add_member(tx: Tx, clock: Clock, caller: Caller, team_id: UUID, agent_id: UUID) -> None:
    """Put an agent into a team (again does nothing); raises ``AgentUnknown`` and as ``change`` does."""
    await _lock_for(tx, caller, team_id)
    agent = await tx.maybe(_sql.lock_agent, account_id=tx.account, agent_id=agent_id)
    if agent is None or agent["archived_at"] is not None:
        raise AgentUnknown
    await _add(tx, clock, caller, team_id, agent_id)


async def remove_member(tx: Tx, clock: Clock, caller: Caller, team_id: UUID, agent_id: UUID) -> None:
    """Take an agent out of a team (again does nothing); raises as ``change`` does."""
    await _lock_for(tx, caller, team_id)
    gone = await tx.maybe(_sql.remove_member, account_id=tx.account, team_id=team_id, agent_id=agent_id)
    if gone is not None:
        await _announce(tx, clock, caller, team_id, "member_removed", agent_id)


async def _add(tx: Tx, clock: Clock, caller: Caller, team_id: UUID, agent_id: UUID) -> None:
    new = await tx.maybe(_sql.add_member, account_id=tx.account, team_id=team_id, agent_id=agent_id, now=clock.now())
    if new is not None:
        await _announce(tx, clock, caller, team_id, "member_added", agent_id)


async def _lock_for(tx: Tx, caller: Caller, team_id: UUID) -> None:
    if await tx.maybe(_sql.lock_team, account_id=tx.account, team_id=team_id) is None:
        raise TeamUnknown
    if caller.role == "owner":
        return
    mine = await tx.maybe(_sql.is_member, account_id=tx.account, team_id=team_id, agent_id=caller.agent_id)
    if mine is None:
        raise Forbidden("not_your_team", "You can manage the teams that you belong to. Ask an owner for this one.")


async def _check_name(tx: Tx, name: str, team_id: UUID | None = None) -> None:
    if not name:
        raise Unprocessable("name_missing", "Give the team a name.")
    if await tx.maybe(_sql.team_name_taken, account_id=tx.account, name=name, team_id=team_id) is not None:
        raise Conflict("team_name_taken", "Another team has this name.")


async def _announce(
    tx: Tx,
    clock: Clock,
    caller: Caller,
    team_id: UUID,
    change: str,
    agent_id: UUID | None = None,
) -> None:
    details = {} if agent_id is None else {"agent_id": agent_id}
    await audit.note(tx, caller, f"team_{change}", "team", team_id, clock=clock, **details)
    fact = msgspec.convert({"stream": team_id, "change": change, "agent_id": agent_id}, TeamChanged)
    await record(tx, fact)
