"""The database: pools, roles, and the one transaction of a request or job.

Two roles, both without login and both under row-level security: ``svardesk_app`` sees the rows of the account that the
transaction names, ``svardesk_system`` sees the cross-account tables of the spine. The login role of the URL owns the
tables and is used for nothing but ``SET ROLE`` (see ``docs/architecture.md``).
"""

import asyncio
import select
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Protocol, TypeVar
from uuid import UUID

from psycopg import AsyncConnection, OperationalError, errors
from psycopg.rows import dict_row, tuple_row
from psycopg.types.json import set_json_dumps, set_json_loads
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from svardesk.kit.errors import Unavailable
from svardesk.kit.hot import HotLines
from svardesk.kit.jsons import dumps, loads

set_json_dumps(dumps)
set_json_loads(loads)

T = TypeVar("T")
Row = dict[str, Any]
APP_ROLE = "svardesk_app"
SYSTEM_ROLE = "svardesk_system"


class Reader(Protocol):
    """What a read-only service needs: a transaction (``Tx``) or the quick way (``kit.hot.Reading``)."""

    @property
    def account(self) -> UUID:
        """The tenant whose rows are seen."""
        ...

    async def all(self, statement: bytes | str, /, **params: Any) -> list[Row]:
        """Run a statement and return all rows as dicts."""
        ...


class NoRow(LookupError):
    """A statement that must answer one row answered none."""


class Tx:
    """One open transaction. Services pass it on; only its edge commits.

    ``account_id`` is the tenant that row-level security lets through; None in system transactions.
    """

    __slots__ = ("account_id", "after", "conn", "notes", "wake")

    def __init__(self, conn: AsyncConnection[Any], account_id: UUID | None) -> None:
        self.conn = conn
        self.account_id = account_id
        self.wake = False
        self.notes: list[tuple[str, str]] = []
        self.after: list[Callable[[], None]] = []

    @property
    def account(self) -> UUID:
        """The tenant of this transaction; raises in a system transaction."""
        if self.account_id is None:
            raise RuntimeError("this transaction belongs to no account")
        return self.account_id

    async def all(self, statement: bytes | str, /, **params: Any) -> list[Row]:
        """Run a statement and return all rows as dicts."""
        return await (await self._execute(statement, params)).fetchall()

    async def maybe(self, statement: bytes | str, /, **params: Any) -> Row | None:
        """Run a statement and return its first row, or None."""
        return await (await self._execute(statement, params)).fetchone()

    async def one(self, statement: bytes | str, /, **params: Any) -> Row:
        """Run a statement and return its first row; raises ``NoRow`` without one."""
        row = await self.maybe(statement, **params)
        if row is None:
            raise NoRow(str(statement)[:200])
        return row

    async def value(self, statement: bytes | str, /, **params: Any) -> Any:
        """Run a statement and return the first column of its first row, or None."""
        row = await self.maybe(statement, **params)
        return None if row is None else next(iter(row.values()))

    async def run(self, statement: bytes | str, /, **params: Any) -> int:
        """Run a statement and return how many rows it touched."""
        return (await self._execute(statement, params)).rowcount

    async def tuples(self, statement: bytes | str, /, **params: Any) -> list[tuple[Any, ...]]:
        """Run a statement and return all rows as tuples: for hot paths."""
        cursor = self.conn.cursor(row_factory=tuple_row)
        await cursor.execute(_encoded(statement), params)
        return await cursor.fetchall()

    async def many(self, statement: bytes | str, rows: Iterable[Mapping[str, Any]]) -> None:
        """Run a statement once for each mapping of parameters."""
        await self.conn.cursor().executemany(_encoded(statement), list(rows))

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        """What fails inside is undone, and the transaction goes on if the caller catches the exception."""
        async with self.conn.transaction():
            yield

    def notify(self, channel: str, payload: str = "") -> None:
        """Send a wake-up (``spine.wakeups``) once the transaction is durable; never inside it."""
        self.notes.append((channel, payload))

    def after_commit(self, call: Callable[[], None]) -> None:
        """Call something (cheap, never failing) once the transaction is durable; not at all if it rolls back."""
        self.after.append(call)

    async def _execute(self, statement: bytes | str, params: Mapping[str, Any]) -> Any:
        return await self.conn.execute(_encoded(statement), params)


def _hung_up(conn: AsyncConnection[Any]) -> bool:
    """Whether the server has closed an idle connection, seen without a round trip (2 µs): then its socket is readable."""
    if conn.closed:
        return True
    look = select.poll()
    look.register(conn.fileno(), select.POLLIN)
    try:
        while look.poll(0):
            conn.pgconn.consume_input()
            if conn.closed:
                return True
    except OperationalError:
        return True
    return False


def _encoded(statement: bytes | str) -> bytes:
    return statement if isinstance(statement, bytes) else statement.encode()


class Database:
    """Pools for both roles, and who to wake after a commit.

    ``dsn`` is a libpq conninfo of the owner. ``pool_max`` is the number of connections of the app role, up to ``hot``
    more serve the hottest statements (``kit.hot``); the system role has a small pool of its own, so that the spine never
    waits for requests.
    """

    def __init__(
        self, dsn: str, *, pool_min: int = 2, pool_max: int = 20, hot: int = 4, name: str = "svardesk"
    ) -> None:
        self.dsn = dsn
        self.name = name
        self.on_wake: Callable[[], None] | None = None
        self.on_notify: Callable[[str, str], None] | None = None
        self._app = self._pool(APP_ROLE, pool_min, pool_max)
        self._system = self._pool(SYSTEM_ROLE, 1, 4)
        self.hot = HotLines(dsn, APP_ROLE, most=hot, name=name)
        self.hot_system = HotLines(dsn, SYSTEM_ROLE, most=2, name=f"{name} spine")

    def _pool(self, role: str, low: int, high: int) -> AsyncConnectionPool[AsyncConnection[Row]]:
        async def take_role(conn: AsyncConnection[Any]) -> None:
            await conn.execute(f"SET ROLE {role}".encode())

        return AsyncConnectionPool(
            self.dsn,
            min_size=low,
            max_size=high,
            open=False,
            configure=take_role,
            kwargs={"autocommit": True, "row_factory": dict_row, "application_name": self.name},
            timeout=10,
            max_idle=300,
            reconnect_timeout=5,
            name=role,
        )

    async def open(self) -> None:
        """Connect both pools and refuse roles that would look past row-level security."""
        await self._app.open(wait=True, timeout=60)
        await self._system.open(wait=True, timeout=60)
        async with self.system() as tx:
            bad = await tx.all(
                "SELECT rolname FROM pg_roles WHERE rolname IN ('svardesk_app', 'svardesk_system')"
                " AND (rolsuper OR rolbypassrls OR rolcanlogin)"
            )
            owned = await tx.value(
                "SELECT count(*) FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner"
                " WHERE r.rolname IN ('svardesk_app', 'svardesk_system')"
            )
        if bad or owned:
            raise RuntimeError(
                "The database roles svardesk_app and svardesk_system must not be superusers, own tables, log in or "
                "bypass row-level security. Run `svardesk migrate` with the owner's URL to set them right."
            )

    async def close(self) -> None:
        """Close all connections."""
        await self.hot.close()
        await self.hot_system.close()
        await self._app.close()
        await self._system.close()

    @asynccontextmanager
    async def work(self, account_id: UUID) -> AsyncIterator[Tx]:
        """One transaction of one account, as the app role. Commits at the end, rolls back on an exception."""
        async with self._take(self._app) as conn:
            # Only hexadecimal digits and dashes can come out of a UUID: safe to write into the statement, and one
            # round trip opens the transaction and names the tenant.
            begin = f"BEGIN; SET LOCAL svardesk.account = '{UUID(str(account_id))}'".encode()
            async with self._transaction(conn, begin, account_id) as tx:
                yield tx

    @asynccontextmanager
    async def system(self) -> AsyncIterator[Tx]:
        """One transaction as the system role: spine tables and directory functions only."""
        async with self._take(self._system) as conn, self._transaction(conn, b"BEGIN", None) as tx:
            yield tx

    @asynccontextmanager
    async def directory(self) -> AsyncIterator[Tx]:
        """One transaction as the app role without a tenant: only directory functions answer anything."""
        async with self._take(self._app) as conn, self._transaction(conn, b"BEGIN", None) as tx:
            yield tx

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[AsyncConnection[Row]]:
        """A bare autocommit connection of the app role, for hot single statements that name the account themselves."""
        async with self._take(self._app) as conn:
            yield conn

    def wake(self) -> None:
        """Tell the spine that events were committed (coalesced by whoever listens)."""
        if self.on_wake is not None:
            self.on_wake()

    @asynccontextmanager
    async def _take(self, pool: AsyncConnectionPool[AsyncConnection[Row]]) -> AsyncIterator[AsyncConnection[Row]]:
        while True:
            try:
                conn = await pool.getconn()
            except PoolTimeout as error:
                raise Unavailable("busy", "All database connections are in use; try again in a moment.") from error
            if not _hung_up(conn):
                break
            # The server went away while this one lay idle: the pool replaces it, and nobody's request has to fail.
            await conn.close()
            await pool.putconn(conn)
        try:
            yield conn
        finally:
            await pool.putconn(conn)

    @asynccontextmanager
    async def _transaction(self, conn: AsyncConnection[Row], begin: bytes, account: UUID | None) -> AsyncIterator[Tx]:
        tx = Tx(conn, account)
        try:
            await conn.execute(begin, prepare=False)
            yield tx
            # COMMIT of a transaction that a statement broke answers ROLLBACK without an error: look, do not trust.
            done = await conn.execute(b"COMMIT", prepare=False)
            if done.statusmessage != "COMMIT":
                raise RuntimeError("the transaction was broken by a statement whose error was swallowed")
        except BaseException:
            if not conn.closed:
                try:
                    await asyncio.shield(conn.execute(b"ROLLBACK", prepare=False))
                except (OperationalError, errors.Error):
                    await conn.close()
            raise
        for call in tx.after:
            call()
        if self.on_notify is not None:
            for channel, payload in tx.notes:
                self.on_notify(channel, payload)
        if tx.wake:
            self.wake()


def passes(error: BaseException) -> bool:
    """Whether the same work may well succeed in a moment: the connection is gone, or it lost a race with others.

    Not every OperationalError is of that kind: one that a statement brings about itself (a value too long for an index,
    say) would come back for ever and hold up what waits behind it.
    """
    if not isinstance(error, OperationalError):
        return isinstance(error, Unavailable)
    # 08 connection, 40 deadlock or serialisation, 53 resources, 55 lock not available, 57 operator or crash, 58 system
    return error.sqlstate is None or error.sqlstate[:2] in {"08", "40", "53", "55", "57", "58"}


async def with_retry(call: Callable[[], Awaitable[T]], tries: int = 3) -> T:
    """Run ``call`` again when PostgreSQL chose it as the victim of a deadlock or serialisation conflict."""
    for left in range(tries, 0, -1):
        try:
            return await call()
        except (errors.DeadlockDetected, errors.SerializationFailure):
            if left == 1:
                raise
    raise AssertionError("unreachable")
