"""API tokens: shown once, kept as a hash, never stronger than the agent who made them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from svardesk.accounts import audit
from svardesk.accounts.caller import Caller
from svardesk.accounts.events import ApiTokenRevoked
from svardesk.accounts.permissions import ALL, Permission
from svardesk.accounts.secrets import SHOWN, digest, new_api_token
from svardesk.kit.clock import Clock
from svardesk.kit.db import Tx
from svardesk.kit.errors import NotFound, Unprocessable
from svardesk.kit.ids import uuid7
from svardesk.kit.sql import load
from svardesk.spine.events import record

_sql = load(__package__ or "svardesk.accounts")


class TokenRow(msgspec.Struct, frozen=True, kw_only=True):
    """A living token; ``prefix`` is its readable beginning. ``agent_id`` is for whom it acts."""

    id: UUID
    name: str
    prefix: str
    scopes: list[Permission]
    agent_id: UUID
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None


class NewToken(TokenRow, frozen=True, kw_only=True):
    """A token that has just been made; ``token`` is shown this once."""

    token: str


async def create(
    tx: Tx, clock: Clock, caller: Caller, *, name: str, scopes: Sequence[str], days: int | None
) -> NewToken:
    """Make a token for the caller with ``scopes``, for ``days`` or until it is revoked.

    Raises ``Unprocessable`` (``scope_unknown``, fields.scopes) for what the caller may not do.
    """
    wanted = sorted(set(scopes))
    beyond = [scope for scope in wanted if scope not in caller.permissions]
    if beyond or not wanted:
        raise Unprocessable(
            "scope_unknown",
            "A token can do what you can do, and at least one thing. Choose other scopes.",
            scopes=beyond,
        )
    token = new_api_token()
    made = NewToken(
        id=uuid7(),
        name=name.strip(),
        prefix=token[:SHOWN],
        scopes=[scope for scope in ALL if scope in wanted],
        agent_id=caller.agent_id,
        created_at=clock.now(),
        last_used_at=None,
        expires_at=None if days is None else clock.now() + timedelta(days=days),
        token=token,
    )
    await tx.run(
        _sql.add_api_token,
        account_id=tx.account,
        id=made.id,
        name=made.name,
        token_hash=digest(token),
        prefix=made.prefix,
        scopes=wanted,
        agent_id=caller.agent_id,
        now=made.created_at,
        expires_at=made.expires_at,
    )
    await audit.note(tx, caller, "api_token_made", "api_token", made.id, clock=clock, scopes=wanted)
    return made


async def list_all(tx: Tx, clock: Clock) -> list[TokenRow]:
    """Return the living tokens of the organisation, the latest first."""
    return [TokenRow(**row) for row in await tx.all(_sql.api_tokens, account_id=tx.account, now=clock.now())]


async def revoke(tx: Tx, clock: Clock, caller: Caller, token_id: UUID) -> None:
    """End a token at once; raises ``NotFound`` (``token_unknown``)."""
    row = await tx.maybe(_sql.revoke_api_token, account_id=tx.account, token_id=token_id, now=clock.now())
    if row is None:
        raise NotFound("token_unknown", "There is no such token, or it has ended already.")
    await audit.note(tx, caller, "api_token_revoked", "api_token", token_id, clock=clock)
    await record(tx, ApiTokenRevoked(stream=row["agent_id"], token_ids=[token_id]))
