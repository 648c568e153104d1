"""Invitations and password resets: one-time links. Only the hash of a link's secret is kept."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

import msgspec

from svardesk.accounts import audit, emails, passwords, permissions, sessions, throttle
from svardesk.accounts.agents import AgentUnknown
from svardesk.accounts.caller import Actor, Caller
from svardesk.accounts.events import AgentInvited, AgentJoined, PasswordChanged, PasswordResetRequested, TeamChanged
from svardesk.accounts.permissions import Role
from svardesk.accounts.secrets import INVITATION_LIFE, RESET_LIFE, digest, new_token
from svardesk.accounts.sessions import Browser, NewSession
from svardesk.accounts.teams import check_teams
from svardesk.kit.clock import Clock
from svardesk.kit.db import Database, Row, Tx
from svardesk.kit.errors import Conflict, Forbidden, NotFound
from svardesk.kit.ids import NIL, uuid7
from svardesk.kit.sql import load
from svardesk.spine.events import record

_sql = load(__package__ or "svardesk.accounts")

LinkKind = Literal["invitation", "password_reset"]


class LinkNotValid(NotFound):
    """This link is unknown, has been used, or is too old. Ask for a new one."""

    code = "link_not_valid"


class NewLink(msgspec.Struct, frozen=True, kw_only=True):
    """A link that has just been made; ``token`` is shown once."""

    id: UUID
    token: str
    expires_at: datetime


class InvitationRow(msgspec.Struct, frozen=True, kw_only=True):
    """An invitation that nobody has taken up yet."""

    id: UUID
    email: str
    role: Role
    team_ids: list[UUID]
    created_by: UUID | None
    created_at: datetime
    expires_at: datetime


class OpenInvitation(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody who holds an invitation's link may know."""

    account_name: str
    email: str


async def invite(tx: Tx, clock: Clock, caller: Caller, *, email: str, role: str, team_ids: Sequence[UUID]) -> NewLink:
    """Invite somebody by link for seven days; an older invitation of the same address ends.

    Raises ``Conflict`` (``email_taken``, ``agent_has_left``), ``Forbidden`` for a role above one's own, and
    ``Unprocessable`` for teams that do not exist.
    """
    wanted = emails.check(email)
    if not permissions.outranks_or_equals(caller.role, role):
        raise Forbidden("role_above_own", "You cannot give a role above your own.", role=role)
    await check_teams(tx, team_ids)
    await _check_free(tx, wanted)
    await tx.run(
        _sql.void_links, account_id=tx.account, kind="invitation", agent_id=None, email=wanted, now=clock.now()
    )
    made = await _make(
        tx, clock, "invitation", email=wanted, life=INVITATION_LIFE, role=role, team_ids=team_ids, by=caller.agent_id
    )
    await audit.note(tx, caller, "agent_invited", "invitation", made.id, clock=clock, role=role)
    await record(tx, AgentInvited(stream=made.id, invited_by=caller.agent_id))
    return made


async def invitations(tx: Tx, clock: Clock) -> list[InvitationRow]:
    """Return the open invitations, the latest first."""
    return [InvitationRow(**row) for row in await tx.all(_sql.invitations, account_id=tx.account, now=clock.now())]


async def withdraw(tx: Tx, clock: Clock, caller: Caller, invitation_id: UUID) -> None:
    """End an invitation; raises ``NotFound`` when there is none open with this id."""
    ended = await tx.maybe(_sql.withdraw_invitation, account_id=tx.account, link_id=invitation_id, now=clock.now())
    if ended is None:
        raise NotFound("invitation_unknown", "There is no open invitation with this id.")
    await audit.note(tx, caller, "invitation_withdrawn", "invitation", invitation_id, clock=clock)


async def open_invitation(db: Database, clock: Clock, token: str) -> OpenInvitation:
    """Return what the holder of an invitation may know; raises ``LinkNotValid``."""
    _, link = await _resolve(db, clock, token, "invitation")
    return OpenInvitation(account_name=link["account_name"], email=link["email"])


async def accept(
    db: Database, clock: Clock, token: str, *, name: str, password: str, locale: str | None, browser: Browser
) -> NewSession:
    """Join by an invitation: the agent is made, joins the teams and is signed in.

    Raises ``LinkNotValid``, ``PasswordTooWeak`` and ``Conflict`` (``email_taken``).
    """
    account_id, link = await _resolve(db, clock, token, "invitation")
    passwords.check_password(password, email=link["email"], name=name, organisation=link["account_name"])
    hashed = await passwords.current().hash(password)
    agent_id = uuid7()
    async with db.work(account_id) as tx:
        if await tx.maybe(_sql.use_link, account_id=account_id, link_id=link["id"], now=clock.now()) is None:
            raise LinkNotValid
        await _check_free(tx, link["email"])
        await tx.run(
            _sql.add_agent,
            account_id=account_id,
            id=agent_id,
            email=link["email"],
            name=name,
            role=link["role"],
            locale=locale or link["locale"],
            timezone=link["timezone"],
            password_hash=hashed,
            now=clock.now(),
        )
        known = await tx.all(_sql.known_teams, account_id=account_id, team_ids=link["team_ids"])
        for team in known:
            await tx.run(_sql.add_member, account_id=account_id, team_id=team["id"], agent_id=agent_id, now=clock.now())
        by = Actor("agent", agent_id, browser.ip)
        await audit.note(tx, by, "agent_joined", "agent", agent_id, clock=clock, invitation_id=link["id"])
        await record(tx, AgentJoined(stream=agent_id, role=link["role"]))
        for team in known:
            await record(tx, TeamChanged(stream=team["id"], change="member_added", agent_id=agent_id))
        return await sessions.begin(tx, clock, agent_id, browser, how="invitation")


async def check_reset_sender(db: Database, clock: Clock, ip: str | None) -> None:
    """Raise ``TooMany`` when too many resets were asked for from one network."""
    await throttle.check(db, clock, throttle.RESET_ADDRESS, throttle.network(ip))


async def request_reset(db: Database, clock: Clock, email: str, ip: str | None) -> None:
    """Somebody says that they forgot a password: tell whoever sends e-mail, for each organisation of that address.

    Nothing comes back whatever the address is, and the web process runs it after its answer has gone out, so that
    neither the answer nor its time tells which addresses exist. More than a few requests for one are dropped in silence.
    """
    wanted = emails.normal(email)
    if await throttle.take(db, clock, throttle.RESET, wanted):
        return
    async with db.directory() as tx:
        found = await tx.all(_sql.directory_agents_by_email, email=wanted)
    for one in found:
        async with db.work(one["account_id"]) as tx:
            by = Actor("system", None, ip)
            await audit.note(tx, by, "password_reset_requested", "agent", one["id"], clock=clock)
            await record(tx, PasswordResetRequested(stream=one["id"]))


async def make_reset(tx: Tx, clock: Clock, by: Actor | Caller, agent_id: UUID) -> NewLink:
    """Make a link of one hour with which an agent sets a new password; older ones end. Raises ``AgentUnknown``."""
    agent = await tx.maybe(_sql.lock_agent, account_id=tx.account, agent_id=agent_id)
    if agent is None or agent["archived_at"] is not None:
        raise AgentUnknown
    await _void_resets(tx, clock, agent_id)
    made = await _make(
        tx,
        clock,
        "password_reset",
        email=agent["email"],
        life=RESET_LIFE,
        agent_id=agent_id,
        by=by.agent_id if isinstance(by, Caller) else by.id,
    )
    await audit.note(tx, by, "password_reset_made", "agent", agent_id, clock=clock)
    return made


async def reset_password(db: Database, clock: Clock, token: str, password: str, ip: str | None) -> UUID:
    """Set a new password by a link; all sessions of the agent end. Returns the agent's id.

    The second factor stays: whoever reads an agent's mail has not got their phone. Raises ``LinkNotValid``,
    ``PasswordTooWeak``.
    """
    account_id, link = await _resolve(db, clock, token, "password_reset")
    agent_id: UUID = link["agent_id"]
    async with db.work(account_id) as tx:
        agent = await tx.maybe(_sql.credentials, account_id=account_id, agent_id=agent_id)
    if agent is None:
        raise LinkNotValid
    passwords.check_password(password, email=agent["email"], name=agent["name"], organisation=agent["account_name"])
    hashed = await passwords.current().hash(password)
    async with db.work(account_id) as tx:
        # The agent first, then the link: in the same order as whoever makes a new link.
        if await tx.maybe(_sql.agent_secrets, account_id=account_id, agent_id=agent_id) is None:
            raise LinkNotValid
        if await tx.maybe(_sql.use_link, account_id=account_id, link_id=link["id"], now=clock.now()) is None:
            raise LinkNotValid
        by = Actor("agent", agent_id, ip)
        await _void_resets(tx, clock, agent_id)
        await tx.run(_sql.set_password, account_id=account_id, agent_id=agent_id, password_hash=hashed)
        await sessions.end_all(tx, clock, by, agent_id, why="password_reset")
        await audit.note(tx, by, "password_reset_used", "agent", agent_id, clock=clock)
        await record(tx, PasswordChanged(stream=agent_id, by_link=True))
    await throttle.clear(db, throttle.EMAIL, agent["email"])
    return agent_id


async def _void_resets(tx: Tx, clock: Clock, agent_id: UUID) -> None:
    await tx.run(
        _sql.void_links, account_id=tx.account, kind="password_reset", agent_id=agent_id, email=None, now=clock.now()
    )


async def _check_free(tx: Tx, email: str) -> None:
    taken = await tx.maybe(_sql.agent_by_email, account_id=tx.account, email=email)
    if taken is None:
        return
    if taken["archived_at"] is not None:
        raise Conflict(
            "agent_has_left",
            "This person was an agent here before. Bring them back instead of inviting them.",
            agent_id=taken["id"],
        )
    raise Conflict("email_taken", "An agent with this e-mail is here already.")


async def _make(
    tx: Tx,
    clock: Clock,
    kind: LinkKind,
    *,
    email: str,
    life: timedelta,
    agent_id: UUID | None = None,
    role: str | None = None,
    team_ids: Sequence[UUID] = (),
    by: UUID | None = None,
) -> NewLink:
    made = NewLink(id=uuid7(), token=new_token(), expires_at=clock.now() + life)
    await tx.run(
        _sql.add_link,
        account_id=tx.account,
        id=made.id,
        kind=kind,
        token_hash=digest(made.token),
        email=email,
        agent_id=agent_id,
        role=role,
        team_ids=list(team_ids),
        created_by=by,
        now=clock.now(),
        expires_at=made.expires_at,
    )
    return made


async def _resolve(db: Database, clock: Clock, token: str, kind: LinkKind) -> tuple[UUID, Row]:
    async with db.directory() as tx:
        found = await tx.maybe(_sql.directory_agent_link, token_hash=digest(token), kind=kind)
    account_id = found["account_id"] if found else NIL
    async with db.work(account_id) as tx:
        link = await tx.maybe(_sql.link, account_id=account_id, link_id=found["id"] if found else NIL, now=clock.now())
    if link is None:
        raise LinkNotValid
    return account_id, link
