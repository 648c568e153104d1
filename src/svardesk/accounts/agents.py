"""Agents: who works here, with which role, and who has left."""

from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import available_timezones

import msgspec

from svardesk.accounts import audit, passwords, permissions, sessions, sign_in, totp
from svardesk.accounts.caller import Actor, Caller
from svardesk.accounts.events import (
    AgentArchived,
    AgentChanged,
    AgentReturned,
    Availability,
    AvailabilityChanged,
    PasswordChanged,
)
from svardesk.accounts.permissions import Role
from svardesk.kit.clock import Clock
from svardesk.kit.db import Database, Row, Tx
from svardesk.kit.errors import Conflict, Forbidden, NotFound, Unprocessable
from svardesk.kit.i18n import Locale
from svardesk.kit.ids import uuid7
from svardesk.kit.jsons import encode
from svardesk.kit.keyring import KeyRing, context
from svardesk.kit.sql import load
from svardesk.spine.events import record

_sql = load(__package__ or "svardesk.accounts")

LARGEST_SETTINGS = 16_384
"""Bytes of JSON that an agent's own settings may take."""


class AgentUnknown(NotFound):
    """There is no such agent in your organisation."""

    code = "agent_unknown"


class LastOwner(Conflict):
    """This is the last owner. Make somebody else an owner first."""

    code = "last_owner"


class AgentRow(msgspec.Struct, frozen=True, kw_only=True):
    """An agent as colleagues see them. ``online``: not away, and the app is open somewhere. ``totp_enabled`` and ``last_seen_at`` are for those who manage agents."""

    id: UUID
    name: str
    email: str
    role: Role
    locale: Locale
    timezone: str
    availability: Availability
    online: bool
    team_ids: list[UUID]
    created_at: datetime
    archived_at: datetime | None
    totp_enabled: bool | None
    last_seen_at: datetime | None


class TotpSetUp(msgspec.Struct, frozen=True, kw_only=True):
    """What an authenticator app needs; in use only once a code has been confirmed."""

    secret: str
    uri: str
    qr_svg: str


async def list_for(tx: Tx, clock: Clock, caller: Caller) -> list[AgentRow]:
    """Return all agents by name, those who have left last."""
    return [_row(row, caller) for row in await tx.all(_sql.agents, account_id=tx.account, now=clock.now())]


async def get_for(tx: Tx, clock: Clock, caller: Caller, agent_id: UUID) -> AgentRow:
    """Return one agent; raises ``AgentUnknown``."""
    return _row(await own(tx, clock, agent_id), caller)


async def own(tx: Tx, clock: Clock, agent_id: UUID) -> Row:
    """Return an agent's own row with settings and second factor (columns of the query ``agent``)."""
    row = await tx.maybe(_sql.agent, account_id=tx.account, agent_id=agent_id, now=clock.now())
    if row is None:
        raise AgentUnknown
    return row


async def change(
    tx: Tx,
    clock: Clock,
    caller: Caller,
    agent_id: UUID,
    *,
    name: str | None = None,
    role: str | None = None,
    archived: bool | None = None,
) -> None:
    """Change a colleague: name, role, gone or back. Whoever leaves loses sessions and tokens in the same transaction.

    Raises ``AgentUnknown``, ``LastOwner``, and ``Forbidden`` (``own_role``) for one's own role or leaving.
    """
    # Owners wait for each other here, so that two cannot demote one another at the same moment.
    await tx.run(_sql.lock_account, account_id=tx.account)
    agent = await tx.maybe(_sql.lock_agent, account_id=tx.account, agent_id=agent_id)
    if agent is None:
        raise AgentUnknown
    await _check_role_change(tx, caller, agent, role, archived=archived)
    fields = [field for field, new in (("name", name), ("role", role)) if new is not None and new != agent[field]]
    if fields:
        await _write(tx, agent_id, name=name, role=role)
        details: dict[str, Any] = {"fields": fields}
        if "role" in fields:
            details |= {"role_before": agent["role"], "role": role}
        await audit.note(tx, caller, "agent_changed", "agent", agent_id, clock=clock, **details)
        await record(tx, AgentChanged(stream=agent_id, fields=fields))
    if archived is not None and archived != (agent["archived_at"] is not None):
        await _set_archived(tx, clock, caller, agent_id, archived=archived)


async def change_own(
    tx: Tx,
    clock: Clock,
    caller: Caller,
    *,
    name: str | None = None,
    locale: str | None = None,
    timezone: str | None = None,
    availability: str | None = None,
    settings: dict[str, Any] | None = None,
) -> None:
    """Change one's own name, language, time zone, availability, settings (merged by key; null removes one)."""
    if timezone is not None:
        check_timezone(timezone)
    agent = await tx.one(_sql.lock_agent, account_id=tx.account, agent_id=caller.agent_id)
    given = {"name": name, "locale": locale, "timezone": timezone}
    fields = [field for field, new in given.items() if new is not None and new != agent[field]]
    await _write(tx, caller.agent_id, **given, availability=availability, settings=settings)
    if settings is not None:
        await _check_settings(tx, clock, caller.agent_id)
    if fields:
        await audit.note(tx, caller, "agent_changed", "agent", caller.agent_id, clock=clock, fields=fields)
        await record(tx, AgentChanged(stream=caller.agent_id, fields=fields))
    if availability is not None and availability != agent["availability"]:
        new = "online" if availability == "online" else "away"
        await record(tx, AvailabilityChanged(stream=caller.agent_id, availability=new))


async def change_password(db: Database, clock: Clock, caller: Caller, *, current: str, new: str) -> None:
    """Set one's own new password; all other sessions end. Raises ``WrongCredentials``, ``PasswordTooWeak``, ``TooMany``."""
    session_id = caller.check_session()
    await sign_in.check_own_password(db, clock, caller.account_id, caller.agent_id, current)
    async with db.work(caller.account_id) as tx:
        agent = await tx.one(_sql.credentials, account_id=tx.account, agent_id=caller.agent_id)
    passwords.check_password(new, email=agent["email"], name=agent["name"], organisation=agent["account_name"])
    hashed = await passwords.current().hash(new)
    async with db.work(caller.account_id) as tx:
        await tx.run(_sql.set_password, account_id=tx.account, agent_id=caller.agent_id, password_hash=hashed)
        await sessions.end_all(tx, clock, caller, caller.agent_id, keep=session_id, why="password_changed")
        await audit.note(tx, caller, "password_changed", "agent", caller.agent_id, clock=clock)
        await record(tx, PasswordChanged(stream=caller.agent_id))


async def begin_totp(tx: Tx, clock: Clock, keyring: KeyRing, caller: Caller) -> TotpSetUp:
    """Make a secret for the caller's authenticator app; raises ``Conflict`` (``totp_on``) when one is in use."""
    caller.check_session()
    agent = await tx.one(_sql.agent_secrets, account_id=tx.account, agent_id=caller.agent_id)
    if agent["totp_confirmed_at"] is not None:
        raise Conflict("totp_on", "Two-step sign-in is on already. Turn it off first to change the app.")
    account = await tx.one(_sql.account, account_id=tx.account)
    secret = totp.new_secret()
    sealed = keyring.seal(secret.encode(), context(tx.account, sign_in.TOTP_COLUMN))
    await tx.run(_sql.set_totp_secret, account_id=tx.account, agent_id=caller.agent_id, secret=sealed)
    await audit.note(tx, caller, "totp_begun", "agent", caller.agent_id, clock=clock)
    address = totp.uri(secret, email=agent["email"], organisation=account["name"])
    return TotpSetUp(secret=secret, uri=address, qr_svg=totp.qr_svg(address))


async def confirm_totp(tx: Tx, clock: Clock, keyring: KeyRing, caller: Caller, code: str) -> list[str]:
    """Turn the second step on with a first code; return ten recovery codes, shown this once.

    Raises ``WrongCode``, and ``Conflict`` (``totp_on``, ``totp_not_begun``).
    """
    caller.check_session()
    agent = await tx.one(_sql.agent_secrets, account_id=tx.account, agent_id=caller.agent_id)
    if agent["totp_confirmed_at"] is not None:
        raise Conflict("totp_on", "Two-step sign-in is on already.")
    if agent["totp_secret"] is None:
        raise Conflict("totp_not_begun", "Scan the QR code first.")
    secret = keyring.open(agent["totp_secret"], context(tx.account, sign_in.TOTP_COLUMN)).decode()
    step = totp.matching_step(secret, code, clock.now())
    if step is None:
        raise sign_in.WrongCode
    await tx.run(_sql.confirm_totp, account_id=tx.account, agent_id=caller.agent_id, now=clock.now(), step=step)
    await audit.note(tx, caller, "totp_on", "agent", caller.agent_id, clock=clock)
    await record(tx, AgentChanged(stream=caller.agent_id, fields=["totp"]))
    return await _new_recovery_codes(tx, caller.agent_id)


async def renew_recovery_codes(tx: Tx, clock: Clock, caller: Caller) -> list[str]:
    """Replace all recovery codes of the caller by ten new ones; raises ``Conflict`` (``totp_off``)."""
    agent = await tx.one(_sql.agent_secrets, account_id=tx.account, agent_id=caller.agent_id)
    if agent["totp_confirmed_at"] is None:
        raise Conflict("totp_off", "Two-step sign-in is not on, so there is nothing to recover.")
    await audit.note(tx, caller, "recovery_codes_renewed", "agent", caller.agent_id, clock=clock)
    return await _new_recovery_codes(tx, caller.agent_id)


async def end_totp(tx: Tx, clock: Clock, by: Actor | Caller, agent_id: UUID) -> None:
    """Turn the second step of an agent off: their own wish after their password, or help with a lost phone.

    Raises ``AgentUnknown``; without a second step it does nothing.
    """
    agent = await tx.maybe(_sql.agent_secrets, account_id=tx.account, agent_id=agent_id)
    if agent is None:
        raise AgentUnknown
    if agent["totp_secret"] is None:
        return
    await tx.run(_sql.clear_totp, account_id=tx.account, agent_id=agent_id)
    await tx.run(_sql.drop_recovery_codes, account_id=tx.account, agent_id=agent_id)
    await audit.note(tx, by, "totp_off", "agent", agent_id, clock=clock)
    await record(tx, AgentChanged(stream=agent_id, fields=["totp"]))


async def recovery_codes_left(tx: Tx, agent_id: UUID) -> int:
    """Return how many recovery codes an agent still has."""
    return int(await tx.value(_sql.recovery_codes_left, account_id=tx.account, agent_id=agent_id))


def check_timezone(name: str) -> None:
    """Raise ``Unprocessable`` (``timezone_unknown``) for what is no IANA time zone."""
    if name not in available_timezones():
        raise Unprocessable("timezone_unknown", "This is no time zone we know; it should look like Europe/Oslo.")


def storable(settings: dict[str, Any] | None) -> str:
    """Return settings as JSON text; raises ``Unprocessable`` (``settings_unstorable``) for NUL, which PostgreSQL has not."""
    text = encode(settings or {}).decode()
    if "\\u0000" in text:
        raise Unprocessable("settings_unstorable", "Settings cannot hold the character NUL.")
    return text


async def _new_recovery_codes(tx: Tx, agent_id: UUID) -> list[str]:
    await tx.run(_sql.drop_recovery_codes, account_id=tx.account, agent_id=agent_id)
    codes = totp.new_recovery_codes()
    await tx.many(
        _sql.add_recovery_code,
        [
            {
                "account_id": tx.account,
                "id": uuid7(),
                "agent_id": agent_id,
                "code_hash": totp.recovery_digest(agent_id, code),
            }
            for code in codes
        ],
    )
    return codes


async def _check_role_change(tx: Tx, caller: Caller, agent: Row, role: str | None, *, archived: bool | None) -> None:
    demoted = role is not None and role != agent["role"]
    leaving = bool(archived) and agent["archived_at"] is None
    if not (demoted or leaving):
        return
    if agent["role"] == "owner" and agent["archived_at"] is None:
        others = await tx.value(_sql.other_owners, account_id=tx.account, agent_id=agent["id"])
        if not others:
            raise LastOwner
    if agent["id"] == caller.agent_id:
        raise Forbidden("own_role", "Ask another owner to change your own role or to let you leave.")
    if role is not None and not permissions.outranks_or_equals(caller.role, role):
        raise Forbidden("role_above_own", "You cannot give a role above your own.", role=role)
    if not permissions.outranks_or_equals(caller.role, agent["role"]):
        raise Forbidden("agent_above_own", "You cannot change somebody whose role is above your own.")


async def _set_archived(tx: Tx, clock: Clock, caller: Caller, agent_id: UUID, *, archived: bool) -> None:
    await tx.run(
        _sql.archive_agent,
        account_id=tx.account,
        agent_id=agent_id,
        archived_at=clock.now() if archived else None,
    )
    await audit.note(tx, caller, "agent_archived" if archived else "agent_returned", "agent", agent_id, clock=clock)
    if archived:
        await sessions.end_all(tx, clock, caller, agent_id, why="agent_archived")
        await sessions.end_tokens(tx, clock, caller, agent_id, why="agent_archived")
        await tx.run(
            _sql.void_links,
            account_id=tx.account,
            kind="password_reset",
            agent_id=agent_id,
            email=None,
            now=clock.now(),
        )
        await record(tx, AgentArchived(stream=agent_id))
    else:
        await record(tx, AgentReturned(stream=agent_id))


async def _write(tx: Tx, agent_id: UUID, **values: Any) -> None:
    empty: dict[str, Any] = dict.fromkeys(("name", "role", "locale", "timezone", "availability"))
    settings = storable(values.pop("settings", None))
    await tx.run(_sql.change_agent, account_id=tx.account, agent_id=agent_id, **(empty | values), settings=settings)


async def _check_settings(tx: Tx, clock: Clock, agent_id: UUID) -> None:
    row = await own(tx, clock, agent_id)
    if len(encode(row["settings"])) > LARGEST_SETTINGS:
        raise Unprocessable("settings_too_large", f"Settings may take {LARGEST_SETTINGS} bytes; these take more.")


def _row(row: Row, caller: Caller) -> AgentRow:
    manages = caller.may("agents.manage") or row["id"] == caller.agent_id
    return AgentRow(
        id=row["id"],
        name=row["name"],
        email=row["email"],
        role=row["role"],
        locale=row["locale"],
        timezone=row["timezone"],
        availability=row["availability"],
        online=row["online"],
        team_ids=row["team_ids"],
        created_at=row["created_at"],
        archived_at=row["archived_at"],
        totp_enabled=row["totp_confirmed_at"] is not None if manages else None,
        last_seen_at=row["last_seen_at"] if manages else None,
    )
