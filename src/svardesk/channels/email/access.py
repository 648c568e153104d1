"""Access tokens of mailboxes that sign in by OAuth: kept sealed, refreshed when they are about to end, by one at a time."""

import asyncio
from collections import defaultdict
from typing import Any, Final
from uuid import UUID

import msgspec

from svardesk.channels.connections import QUERIES, REMEMBERED, of_row, seal
from svardesk.channels.contract import Connection
from svardesk.channels.email.config import MailboxConfig, provider_of, read
from svardesk.channels.email.oauth import GrantRevoked, OAuthClient, Tokens
from svardesk.kit.clock import Clock
from svardesk.kit.db import Database
from svardesk.kit.keyring import KeyRing

BACK: Final = "/oauth/mail/back"


class Access:
    """Gives access tokens. ``public_url`` is where providers send people back to; ``endpoints`` stand in for a provider."""

    def __init__(
        self, db: Database, clock: Clock, keyring: KeyRing, public_url: str, endpoints: dict[str, Any] | None = None
    ) -> None:
        self._db = db
        self._clock = clock
        self._keyring = keyring
        self._public_url = public_url
        self._endpoints = endpoints
        self._turns: defaultdict[UUID, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._held: dict[UUID, Tokens] = {}
        self._refused: dict[UUID, str] = {}

    def client(self, connection: Connection, config: MailboxConfig) -> OAuthClient:
        """The organisation's registration at the provider of a mailbox. Raises ``GrantRevoked`` when it has none."""
        provider = provider_of(config, self._endpoints)
        if provider is None:
            raise GrantRevoked("this mailbox signs in with a password")
        secret = connection.secrets.get("client_secret")
        return OAuthClient(
            provider, config.client_id, str(secret) if secret else None, f"{self._public_url.rstrip('/')}{BACK}"
        )

    async def token(self, connection: Connection) -> str | None:
        """An access token that is good for some minutes. Raises ``GrantRevoked`` … when a person must sign in again."""
        async with self._turns[connection.id]:
            held = self._held.get(connection.id) or _stored(connection)
            if held is None:
                raise GrantRevoked("nobody has signed in to this mailbox yet")
            if not self._is_good(connection.id, held):
                held = await self._refresh(connection)
            self._held[connection.id] = held
            return held.access_token

    def refused(self, connection_id: UUID) -> None:
        """The mail server does not take the token, whatever its time says: the next one is a fresh one."""
        held = self._held.pop(connection_id, None)
        if held is not None:
            self._refused[connection_id] = held.access_token

    def _is_good(self, connection_id: UUID, tokens: Tokens) -> bool:
        return tokens.is_fresh(self._clock.now()) and tokens.access_token != self._refused.get(connection_id)

    async def _refresh(self, connection: Connection) -> Tokens:
        # Another process may have refreshed meanwhile; a provider may have forgotten the refresh token that we know.
        async with self._db.work(connection.account_id) as tx:
            row = await tx.one(QUERIES.connection, account_id=tx.account, id=connection.id)
        fresh = of_row(row, self._keyring)
        known = _stored(fresh)
        if known is None:
            raise GrantRevoked("nobody has signed in to this mailbox yet")
        if self._is_good(connection.id, known):
            return known
        tokens = await self.client(fresh, read(fresh)).refresh(known, self._clock.now())
        await self.keep(connection, tokens)
        return tokens

    async def keep(self, connection: Connection, tokens: Tokens) -> None:
        """Store tokens, sealed, beside the other secrets."""
        async with self._db.work(connection.account_id) as tx:
            row = await tx.one(QUERIES.lock_connection, account_id=tx.account, id=connection.id)
            secrets = dict(of_row(row, self._keyring).secrets)
            secrets["tokens"] = msgspec.to_builtins(tokens)
            sealed = seal(self._keyring, tx.account, secrets)
            await tx.run(QUERIES.set_secrets, account_id=tx.account, id=connection.id, secrets=sealed)
            tx.after_commit(REMEMBERED.forget)
        self._held[connection.id] = tokens


def _stored(connection: Connection) -> Tokens | None:
    found = connection.secrets.get("tokens")
    return msgspec.convert(found, Tokens, strict=False) if found else None
