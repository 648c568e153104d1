"""Signed-in browsers: begin, list, end. What a cookie resolves to is in ``accounts.auth``."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from svardesk.accounts import audit
from svardesk.accounts.caller import Actor, Caller
from svardesk.accounts.events import ApiTokenRevoked, SessionRevoked, SessionStarted
from svardesk.accounts.secrets import SESSION_IDLE, digest, new_token
from svardesk.kit.clock import Clock
from svardesk.kit.db import Tx
from svardesk.kit.errors import NotFound
from svardesk.kit.ids import uuid7
from svardesk.kit.sql import load
from svardesk.spine.events import record

_sql = load(__package__ or "svardesk.accounts")
_LONGEST_BROWSER = 200


class Browser(msgspec.Struct, frozen=True):
    """Where a sign-in comes from: address (behind trusted proxies) and User-Agent, both shown in the list of sessions."""

    ip: str | None = None
    name: str | None = None


class NewSession(msgspec.Struct, frozen=True, kw_only=True):
    """A session that has just begun. ``token`` goes into the cookie and is kept nowhere else."""

    token: str
    csrf: str
    account_id: UUID
    agent_id: UUID
    session_id: UUID


class SessionRow(msgspec.Struct, frozen=True, kw_only=True):
    """One line of an agent's list of sessions; ``current`` is the one that asks."""

    id: UUID
    ip: str | None
    browser: str | None
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    current: bool


async def begin(tx: Tx, clock: Clock, agent_id: UUID, browser: Browser, *, how: str) -> NewSession:
    """Begin a session of an agent who has proved who they are; ``how`` is noted (``password``, ``totp``, …)."""
    now = clock.now()
    made = NewSession(token=new_token(), csrf=new_token(), account_id=tx.account, agent_id=agent_id, session_id=uuid7())
    await tx.run(
        _sql.add_session,
        account_id=tx.account,
        id=made.session_id,
        agent_id=agent_id,
        token_hash=digest(made.token),
        csrf_token=made.csrf,
        ip=browser.ip,
        browser=None if browser.name is None else browser.name[:_LONGEST_BROWSER],
        now=now,
        expires_at=now + SESSION_IDLE,
    )
    await audit.note(
        tx, Actor("agent", agent_id, browser.ip), "session_started", "session", made.session_id, clock=clock, how=how
    )
    await record(tx, SessionStarted(stream=agent_id, session_id=made.session_id))
    return made


async def list_for(tx: Tx, clock: Clock, caller: Caller) -> list[SessionRow]:
    """Return the caller's own living sessions, the latest used first."""
    rows = await tx.all(_sql.agent_sessions, account_id=tx.account, agent_id=caller.agent_id, now=clock.now())
    return [SessionRow(**row, current=row["id"] == caller.session_id) for row in rows]


async def sign_out(tx: Tx, clock: Clock, caller: Caller, session_id: UUID | None = None) -> None:
    """End the caller's session, or another one of their own; raises ``NotFound`` for any other."""
    wanted = session_id or caller.check_session()
    ended = await tx.maybe(
        _sql.revoke_session, account_id=tx.account, session_id=wanted, agent_id=caller.agent_id, now=clock.now()
    )
    if ended is None:
        raise NotFound("session_unknown", "That session is not one of yours, or it has ended already.")
    await audit.note(tx, caller, "session_ended", "session", wanted, clock=clock)
    await record(tx, SessionRevoked(stream=caller.agent_id, session_ids=[wanted]))


async def end_all(
    tx: Tx, clock: Clock, by: Actor | Caller, agent_id: UUID, *, keep: UUID | None = None, why: str
) -> Sequence[UUID]:
    """End all sessions of an agent, but for ``keep``; return their ids. ``why`` is noted."""
    rows = await tx.all(_sql.revoke_sessions, account_id=tx.account, agent_id=agent_id, keep=keep, now=clock.now())
    ended: list[UUID] = [row["id"] for row in rows]
    if ended:
        await audit.note(tx, by, "sessions_ended", "agent", agent_id, clock=clock, count=len(ended), why=why)
        await record(tx, SessionRevoked(stream=agent_id, session_ids=ended))
    return ended


async def end_tokens(tx: Tx, clock: Clock, by: Actor | Caller, agent_id: UUID, *, why: str) -> Sequence[UUID]:
    """End all API tokens that act for an agent; return their ids."""
    rows = await tx.all(_sql.revoke_agent_tokens, account_id=tx.account, agent_id=agent_id, now=clock.now())
    ended: list[UUID] = [row["id"] for row in rows]
    if ended:
        await audit.note(tx, by, "api_tokens_revoked", "agent", agent_id, clock=clock, count=len(ended), why=why)
        await record(tx, ApiTokenRevoked(stream=agent_id, token_ids=ended))
    return ended
