"""Connections: mailboxes, pages and widgets as their adapters see them, with opened secrets."""

import time
from typing import Any, Final
from uuid import UUID

from svardesk.channels.contract import Connection
from svardesk.kit import sql
from svardesk.kit.db import Database, Row, Tx
from svardesk.kit.errors import NotFound
from svardesk.kit.jsons import encode, loads
from svardesk.kit.keyring import KeyRing, context

QUERIES: Final = sql.load(__package__ or "svardesk.channels")
REMEMBER_SECONDS: Final = 10.0
REMEMBER: Final = 1000
SECRETS: Final = "connections.secrets"


class NoSuchConnection(NotFound):
    """There is no such connection."""

    code = "no_such_connection"


def of_row(row: Row, keyring: KeyRing | None = None) -> Connection:
    """The connection of a row; without a key ring its secrets stay shut (and look empty)."""
    secrets: dict[str, Any] = {}
    if keyring is not None and row["secrets"] is not None:
        secrets = loads(keyring.open(row["secrets"], context(row["account_id"], SECRETS)))
    return Connection(
        id=row["id"],
        account_id=row["account_id"],
        kind=row["kind"],
        name=row["name"],
        public_key=row["public_key"],
        brand_id=row["brand_id"],
        team_id=row["team_id"],
        calendar_id=row["calendar_id"],
        config=row["config"],
        secrets=secrets,
    )


def seal(keyring: KeyRing, account_id: UUID, secrets: dict[str, Any]) -> bytes:
    """Secrets as they are stored."""
    return keyring.seal(encode(secrets), context(account_id, SECRETS))


async def get(tx: Tx, connection_id: UUID, keyring: KeyRing | None = None) -> Connection:
    """One connection of the transaction's account; raises ``NoSuchConnection``."""
    row = await tx.maybe(QUERIES.connection, account_id=tx.account, id=connection_id)
    if row is None:
        raise NoSuchConnection
    return of_row(row, keyring)


async def every(tx: Tx, kind: str, keyring: KeyRing | None = None) -> list[Connection]:
    """All connections of a kind that are in service, oldest first."""
    rows = await tx.all(QUERIES.connections, account_id=tx.account, kind=kind)
    return [of_row(row, keyring) for row in rows]


class Remembered:
    """Connections that this process read lately: a widget's settings are asked for at every opening of a chat.

    A change is seen after at most ten seconds elsewhere, and at once where it was made (``forget``).
    """

    def __init__(self) -> None:
        self._keys: dict[str, tuple[UUID, UUID]] = {}
        self._found: dict[tuple[UUID, UUID], tuple[float, Connection]] = {}

    def forget(self) -> None:
        """Drop all of them."""
        self._keys.clear()
        self._found.clear()

    async def by_key(self, db: Database, keyring: KeyRing, public_key: str, kind: str) -> Connection:
        """The connection that the outside calls ``public_key``; raises ``NoSuchConnection``."""
        where = self._keys.get(public_key)
        if where is None:
            async with db.directory() as tx:
                row = await tx.maybe(
                    b"SELECT account_id, id FROM directory_connection(%(key)s, %(kind)s)", key=public_key, kind=kind
                )
            if row is None:
                raise NoSuchConnection
            where = (row["account_id"], row["id"])
        found = await self.by_id(db, keyring, *where)
        if found.kind != kind or found.public_key != public_key:
            raise NoSuchConnection
        self._keys[public_key] = where
        return found

    async def by_id(self, db: Database, keyring: KeyRing, account_id: UUID, connection_id: UUID) -> Connection:
        """One connection of an account; raises ``NoSuchConnection``."""
        held = self._found.get((account_id, connection_id))
        now = time.monotonic()
        if held is not None and held[0] > now:
            return held[1]
        async with db.work(account_id) as tx:
            found = await get(tx, connection_id, keyring)
        if len(self._found) > REMEMBER:
            self.forget()
        self._found[account_id, connection_id] = (now + REMEMBER_SECONDS, found)
        return found


REMEMBERED: Final = Remembered()
