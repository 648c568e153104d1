"""Signing in: password, then the second factor where the agent has one.

These verbs come before the account is known, so they open their own transactions (none is held while argon2 works).
They are the password's identity provider: each way of proving who somebody is ends in ``sessions.begin`` or in a
challenge, and that is the seam for passkeys and OIDC (``docs/decisions/0007-sign-in.md``).
"""

from uuid import UUID

import msgspec

from svardesk.accounts import audit, emails, passwords, sessions, throttle, totp
from svardesk.accounts.caller import Actor
from svardesk.accounts.secrets import CHALLENGE_LIFE, CHALLENGE_TRIES, digest, new_token
from svardesk.accounts.sessions import Browser, NewSession
from svardesk.kit.clock import Clock
from svardesk.kit.db import Database, Row, Tx
from svardesk.kit.errors import Conflict, Unauthorised
from svardesk.kit.ids import NIL, uuid7
from svardesk.kit.keyring import KeyRing, context
from svardesk.kit.sql import load

_sql = load(__package__ or "svardesk.accounts")

TOTP_COLUMN = "agents.totp_secret"


class WrongCredentials(Unauthorised):
    """The e-mail or the password is wrong."""

    code = "wrong_credentials"


class WrongCode(Unauthorised):
    """The code is wrong or was used before. Wait for the next one in your app, or use a recovery code."""

    code = "wrong_code"


class ChallengeOver(Unauthorised):
    """This sign-in has taken too long or too many tries. Start again with your password."""

    code = "challenge_over"


class Challenge(msgspec.Struct, frozen=True, kw_only=True):
    """The password was right; ``token`` and a code within five minutes finish the sign-in."""

    token: str


async def with_password(
    db: Database, clock: Clock, *, email: str, password: str, organisation: str | None, browser: Browser
) -> NewSession | Challenge:
    """Sign in with e-mail and password.

    Raises ``WrongCredentials`` (the same, after the same work, whether or not the e-mail exists), ``TooMany``, and
    ``Conflict`` (``organisation_needed``, fields.organisations) when the password is right in several organisations and
    none of them was named by its slug.
    """
    wanted = emails.normal(email)
    sender = throttle.network(browser.ip)
    await throttle.check(db, clock, throttle.ADDRESS, sender)
    await throttle.check(db, clock, throttle.EMAIL, wanted)
    found = await _candidates(db, wanted, organisation)
    right = [one for one in found if await passwords.current().verify(one["password_hash"], password)]
    if not found:
        await passwords.current().verify(None, password)
    if not right:
        for one in found:
            await _note_failure(db, clock, one, browser)
        raise WrongCredentials
    await throttle.refund(db, throttle.ADDRESS, sender)
    await throttle.clear(db, throttle.EMAIL, wanted)
    if len(right) > 1:
        raise Conflict(
            "organisation_needed",
            "You belong to several organisations. Say which one you want to sign in to.",
            organisations=[{"slug": one["slug"], "name": one["account_name"]} for one in right],
        )
    return await _finish_password(db, clock, right[0], password, browser)


async def with_code(
    db: Database, clock: Clock, keyring: KeyRing, *, challenge: str, code: str, browser: Browser
) -> NewSession:
    """Finish a sign-in with a code of the app or a recovery code.

    Raises ``WrongCode``, ``ChallengeOver`` (unknown, five minutes old, used, or five tries) and ``TooMany``: tries are
    counted per agent too, because whoever has the password can ask for new challenges.
    """
    async with db.directory() as tx:
        found = await tx.maybe(_sql.directory_agent_link, token_hash=digest(challenge), kind="mfa_challenge")
    if found is None:
        raise ChallengeOver
    account_id, link_id = found["account_id"], found["id"]
    async with db.work(account_id) as tx:
        tried = await tx.maybe(
            _sql.try_link, account_id=account_id, link_id=link_id, now=clock.now(), most=CHALLENGE_TRIES
        )
    if tried is None:
        raise ChallengeOver
    agent_id: UUID = tried["agent_id"]
    await throttle.check(db, clock, throttle.SECOND_STEP, str(agent_id))
    async with db.work(account_id) as tx:
        how = await check_code(tx, clock, keyring, agent_id, code)
        if how is not None:
            if await tx.maybe(_sql.use_link, account_id=account_id, link_id=link_id, now=clock.now()) is None:
                raise ChallengeOver
            session = await sessions.begin(tx, clock, agent_id, browser, how=how)
        else:
            session = None
            by = Actor("agent", agent_id, browser.ip)
            await audit.note(tx, by, "sign_in_failed", "agent", agent_id, clock=clock, step="code")
    if session is None:
        raise WrongCode
    await throttle.clear(db, throttle.SECOND_STEP, str(agent_id))
    return session


async def check_code(tx: Tx, clock: Clock, keyring: KeyRing, agent_id: UUID, code: str) -> str | None:
    """Spend a code of an agent; return how it was right (``totp``, ``recovery_code``) or None.

    A time step is spent once, also by two requests at the same moment: the row is locked while it is judged.
    """
    agent = await tx.maybe(_sql.agent_secrets, account_id=tx.account, agent_id=agent_id)
    if agent is None or agent["totp_confirmed_at"] is None or agent["totp_secret"] is None:
        return None
    if totp.looks_like_totp(code):
        secret = keyring.open(agent["totp_secret"], context(tx.account, TOTP_COLUMN)).decode()
        step = totp.matching_step(secret, code, clock.now())
        if step is None:
            return None
        spent = await tx.maybe(_sql.use_totp_step, account_id=tx.account, agent_id=agent_id, step=step)
        return None if spent is None else "totp"
    spent = await tx.maybe(
        _sql.use_recovery_code,
        account_id=tx.account,
        agent_id=agent_id,
        code_hash=totp.recovery_digest(agent_id, code),
        now=clock.now(),
    )
    return None if spent is None else "recovery_code"


async def check_own_password(db: Database, clock: Clock, account_id: UUID, agent_id: UUID, password: str) -> None:
    """Ask somebody who is signed in for their password again; raises ``WrongCredentials`` (``wrong_password``), ``TooMany``."""
    await throttle.check(db, clock, throttle.PASSWORD_CHECK, str(agent_id))
    async with db.work(account_id) as tx:
        row = await tx.maybe(_sql.credentials, account_id=account_id, agent_id=agent_id)
    if not await passwords.current().verify(row["password_hash"] if row else None, password):
        raise WrongCredentials("wrong_password", "That is not your present password.")
    await throttle.clear(db, throttle.PASSWORD_CHECK, str(agent_id))


async def _candidates(db: Database, email: str, organisation: str | None) -> list[Row]:
    async with db.directory() as tx:
        pairs = await tx.all(_sql.directory_agents_by_email, email=email)
    # An unknown e-mail costs the same visit to the database as a known one.
    found: list[Row] = []
    for pair in pairs or [{"account_id": NIL, "id": NIL}]:
        async with db.work(pair["account_id"]) as tx:
            row = await tx.maybe(_sql.credentials, account_id=pair["account_id"], agent_id=pair["id"])
        if row is not None and (not organisation or row["slug"] == organisation.strip().lower()):
            found.append(row)
    return found


async def _note_failure(db: Database, clock: Clock, agent: Row, browser: Browser) -> None:
    async with db.work(agent["account_id"]) as tx:
        by = Actor("system", None, browser.ip)
        await audit.note(tx, by, "sign_in_failed", "agent", agent["id"], clock=clock, step="password")


async def _finish_password(
    db: Database, clock: Clock, agent: Row, password: str, browser: Browser
) -> NewSession | Challenge:
    account_id, agent_id = agent["account_id"], agent["id"]
    rehashed: str | None = None
    if passwords.current().needs_rehash(agent["password_hash"]):
        rehashed = await passwords.current().hash(password)
    async with db.work(account_id) as tx:
        present = await tx.maybe(_sql.agent_secrets, account_id=account_id, agent_id=agent_id)
        # Changed or archived while argon2 was at work: what was proved is no longer true.
        if present is None or present["password_hash"] != agent["password_hash"]:
            raise WrongCredentials
        if rehashed is not None:
            await tx.run(_sql.set_password, account_id=account_id, agent_id=agent_id, password_hash=rehashed)
        if present["totp_confirmed_at"] is None:
            return await sessions.begin(tx, clock, agent_id, browser, how="password")
        token = new_token()
        await tx.run(
            _sql.add_link,
            account_id=account_id,
            id=uuid7(),
            kind="mfa_challenge",
            token_hash=digest(token),
            email=present["email"],
            agent_id=agent_id,
            role=None,
            team_ids=[],
            created_by=None,
            now=clock.now(),
            expires_at=clock.now() + CHALLENGE_LIFE,
        )
        return Challenge(token=token)
