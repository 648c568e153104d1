"""From a cookie or an API token to the caller, with a small memory so that a busy agent costs no query a request.

What is remembered is dropped at once by a revocation in this process (after its commit) and by the tail's events of
other processes (``forget``); without either it is at most ten seconds old.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID
from weakref import WeakKeyDictionary

import msgspec

from svardesk.accounts import permissions
from svardesk.accounts.caller import SYSTEM, Actor, Caller
from svardesk.accounts.secrets import API_PREFIX, SESSION_IDLE, SESSION_LIFE, digest
from svardesk.kit.clock import Clock
from svardesk.kit.db import Database, Row
from svardesk.kit.errors import Unauthorised
from svardesk.kit.sql import load

__all__ = ["SYSTEM", "Actor", "Caller", "forget", "renew", "resolve_api_token", "resolve_session"]

_sql = load(__package__ or "svardesk.accounts")

REMEMBERED = timedelta(seconds=10)
TOUCH_EVERY = timedelta(minutes=1)
_MOST = 5000


@dataclass(slots=True)
class _Memory:
    """Callers by token hash. ``generation`` counts droppings: a read begun before one is not kept after it."""

    callers: dict[bytes, tuple[datetime, Caller]] = field(default_factory=dict[bytes, tuple[datetime, Caller]])
    generation: int = 0

    def get(self, key: bytes, now: datetime) -> Caller | None:
        found = self.callers.get(key)
        if found is None:
            return None
        at, caller = found
        fresh = at <= now < at + REMEMBERED
        if not fresh or (caller.expires_at is not None and caller.expires_at <= now):
            del self.callers[key]
            return None
        return caller

    def keep(self, key: bytes, now: datetime, caller: Caller, generation: int) -> None:
        if generation != self.generation:
            return
        if len(self.callers) >= _MOST:
            self.callers.clear()
        self.callers[key] = (now, caller)

    def drop(self, matches: Callable[[Caller], bool]) -> None:
        self.generation += 1
        self.callers = {key: value for key, value in self.callers.items() if not matches(value[1])}


_memories: WeakKeyDictionary[Database, _Memory] = WeakKeyDictionary()


def _memory(db: Database) -> _Memory:
    found = _memories.get(db)
    if found is None:
        found = _memories[db] = _Memory()
    return found


def forget(
    db: Database,
    *,
    account_id: UUID | None = None,
    agent_id: UUID | None = None,
    session_id: UUID | None = None,
    token_id: UUID | None = None,
) -> None:
    """Drop what is remembered of an account, an agent, a session or a token: call it after the commit."""
    _memory(db).drop(
        lambda caller: (
            (account_id is not None and caller.account_id == account_id)
            or (agent_id is not None and caller.agent_id == agent_id)
            or (session_id is not None and caller.session_id == session_id)
            or (token_id is not None and caller.token_id == token_id)
        )
    )


async def resolve_session(db: Database, clock: Clock, token: str, ip: str | None = None) -> Caller:
    """Return the agent of a session cookie; raises ``Unauthorised`` (``not_signed_in``, ``session_over``).

    Each use moves the session's end to twelve hours from now (written once a minute at most), but never beyond thirty
    days after it began.
    """
    if not token:
        raise Unauthorised
    memory, key, now = _memory(db), digest(token), clock.now()
    caller = memory.get(key, now)
    if caller is None:
        generation = memory.generation
        async with db.directory() as tx:
            found = await tx.maybe(_sql.directory_session, token_hash=key)
        if found is None:
            raise Unauthorised("not_signed_in", "You are signed out. Sign in again.")
        async with db.work(found["account_id"]) as tx:
            row = await tx.maybe(_sql.session_caller, account_id=found["account_id"], session_id=found["id"], now=now)
            if row is None:
                raise Unauthorised("session_over", "Your session has ended. Sign in again.")
            if now - row["last_seen_at"] >= TOUCH_EVERY:
                await tx.run(_sql.touch_agent, account_id=found["account_id"], agent_id=row["agent_id"], now=now)
                row["expires_at"] = await tx.value(
                    _sql.touch_session,
                    account_id=found["account_id"],
                    session_id=found["id"],
                    now=now,
                    idle=SESSION_IDLE,
                    life=SESSION_LIFE,
                )
                if row["expires_at"] is None:
                    raise Unauthorised("session_over", "Your session has ended. Sign in again.")
        caller = _caller(found["account_id"], row, permissions.of_role(row["role"]))
        memory.keep(key, now, caller, generation)
    return caller if ip is None else msgspec.structs.replace(caller, ip=ip)


async def resolve_api_token(db: Database, clock: Clock, token: str, ip: str | None = None) -> Caller:
    """Return the caller of an ``Authorization: Bearer svd_…`` token; raises ``Unauthorised`` (``token_unknown``).

    Its permissions are the token's scopes as far as the agent's role of today still has them.
    """
    if not token.startswith(API_PREFIX):
        raise Unauthorised("token_unknown", "This is no API token of ours: they begin with svd_.")
    memory, key, now = _memory(db), digest(token), clock.now()
    caller = memory.get(key, now)
    if caller is None:
        generation = memory.generation
        async with db.directory() as tx:
            found = await tx.maybe(_sql.directory_api_token, token_hash=key)
        row: Row | None = None
        if found is not None:
            async with db.work(found["account_id"]) as tx:
                row = await tx.maybe(_sql.token_caller, account_id=found["account_id"], token_id=found["id"], now=now)
                if row is not None and (row["last_used_at"] is None or now - row["last_used_at"] >= TOUCH_EVERY):
                    await tx.run(_sql.touch_token, account_id=found["account_id"], token_id=found["id"], now=now)
        if found is None or row is None:
            raise Unauthorised("token_unknown", "This API token is unknown, revoked or has run out. Make a new one.")
        caller = _caller(found["account_id"], row, permissions.within(row["role"], row["scopes"]))
        memory.keep(key, now, caller, generation)
    return caller if ip is None else msgspec.structs.replace(caller, ip=ip)


async def renew(db: Database, clock: Clock, caller: Caller) -> Caller | None:
    """Return ``caller`` as the database knows them now, past what is remembered; None when the session or token is over.

    For open sockets, after an event that can have changed what they may see. It is no use of the session: somebody who
    leaves a window open overnight is signed out.
    """
    now = clock.now()
    async with db.work(caller.account_id) as tx:
        if caller.session_id is not None:
            row = await tx.maybe(
                _sql.session_caller, account_id=caller.account_id, session_id=caller.session_id, now=now
            )
            allowed = permissions.of_role(row["role"]) if row else frozenset[str]()
        else:
            row = await tx.maybe(_sql.token_caller, account_id=caller.account_id, token_id=caller.token_id, now=now)
            allowed = permissions.within(row["role"], row["scopes"]) if row else frozenset[str]()
    if row is None:
        return None
    return msgspec.structs.replace(_caller(caller.account_id, row, allowed), ip=caller.ip)


def _caller(account_id: UUID, row: Row, allowed: frozenset[str]) -> Caller:
    sees_all = row["role"] in permissions.SEES_CLOSED_TEAMS
    return Caller(
        account_id=account_id,
        agent_id=row["agent_id"],
        name=row["name"],
        role=row["role"],
        permissions=allowed,
        session_id=row.get("session_id"),
        token_id=row.get("token_id"),
        csrf=row.get("csrf_token"),
        team_ids=tuple(row["team_ids"]),
        hidden_team_ids=() if sees_all else tuple(row["closed_team_ids"]),
        locale=row["locale"],
        timezone=row["timezone"],
        expires_at=row["expires_at"],
    )
