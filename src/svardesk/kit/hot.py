"""The hottest statements, straight on libpq: one round trip each, in a transaction of its own.

psycopg's cursors cost a few hundred microseconds of Python a statement (a coroutine for each step, the selector told
anew for each wait). A visitor's message is one statement, so here it runs without them: a statement is prepared once a
connection, values go and come as text, the event loop watches each connection once and for all. Measured in
docs/decisions/0012. Everything else in the house uses ``kit.db``.
"""

import asyncio
import re
from collections import deque
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import psycopg
import structlog
from psycopg import AsyncConnection, OperationalError
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus
from psycopg.types.json import Jsonb

from svardesk.kit.errors import Unavailable
from svardesk.kit.jsons import dumps, loads

log = structlog.get_logger()

WAIT_SECONDS: Final = 10.0
_PARAM: Final = re.compile(rb"%\((\w+)\)s")
# Prepared by an older schema: made anew on a fresh connection.
_STALE: Final = frozenset({"0A000", "26000"})

Row = dict[str, Any]


def _array(value: list[Any]) -> bytes:
    return b"{" + b",".join([_element(one) for one in value]) + b"}"


def _element(value: Any) -> bytes:
    if isinstance(value, str):
        return b'"' + value.replace("\\", "\\\\").replace('"', '\\"').encode() + b'"'
    return str(value).encode()


_DUMP: Final[Mapping[type, Callable[[Any], bytes | None]]] = {
    type(None): lambda _: None,
    str: str.encode,
    UUID: lambda value: str(value).encode(),
    bool: lambda value: b"t" if value else b"f",
    int: lambda value: b"%d" % value,
    datetime: lambda value: value.isoformat().encode(),
    bytes: lambda value: b"\\x" + value.hex().encode(),
    list: _array,
    Jsonb: lambda value: dumps(value.obj),
}
_LOAD: Final[Mapping[int, Callable[[bytes], Any]]] = {
    16: lambda value: value == b"t",
    20: int,
    21: int,
    23: int,
    114: loads,
    3802: loads,
    1184: lambda value: datetime.fromisoformat(value.decode()).astimezone(UTC),
    2950: lambda value: UUID(value.decode()),
}


def _text(value: bytes) -> str:
    return value.decode()


class HotStatement:
    """A statement of a room's ``queries.sql``, for ``HotLines.one``; make it once, at import."""

    __slots__ = ("load", "name", "order", "sql")

    _made = 0

    def __init__(self, statement: bytes) -> None:
        HotStatement._made += 1
        self.name = b"hot_%d" % HotStatement._made
        places: dict[bytes, int] = {}
        self.sql = _PARAM.sub(lambda m: b"$%d" % places.setdefault(m[1], len(places) + 1), statement).replace(
            b"%%", b"%"
        )
        self.order = [name.decode() for name in places]
        self.load: list[tuple[str, Callable[[bytes], Any]]] | None = None

    def values(self, params: Mapping[str, Any]) -> list[bytes | None]:
        """Return the parameters in the statement's order, as PostgreSQL reads them."""
        return [_DUMP[type(value)](value) for value in [params[name] for name in self.order]]

    def rows(self, result: Any) -> list[Row]:
        """Return the rows of a result as dicts, like the rest of the house gets them."""
        load = self.load
        if load is None:
            load = self.load = [
                (result.fname(place).decode(), _LOAD.get(result.ftype(place), _text)) for place in range(result.nfields)
            ]
        get = result.get_value
        return [
            {
                name: None if (value := get(row, place)) is None else read(value)
                for place, (name, read) in enumerate(load)
            }
            for row in range(result.ntuples)
        ]


class _Job:
    __slots__ = ("again", "answer", "statement", "values")

    def __init__(self, statement: HotStatement, values: list[bytes | None], answer: asyncio.Future[list[Row]]) -> None:
        self.statement = statement
        self.values = values
        self.answer = answer
        self.again = False


class _Line:
    """One connection, watched by the event loop; at most one job at a time."""

    __slots__ = ("_conn", "_fd", "_lines", "_loop", "_pg", "_prepared", "_preparing", "_result", "job")

    def __init__(self, lines: "HotLines", conn: AsyncConnection[Any]) -> None:
        self._lines = lines
        self._conn = conn
        self._pg = conn.pgconn
        self._fd = self._pg.socket
        self._prepared: set[bytes] = set()
        self._preparing = False
        self._result: Any = None
        self._loop = asyncio.get_running_loop()
        self.job: _Job | None = None
        self._loop.add_reader(self._fd, self._readable)

    def start(self, job: _Job) -> None:
        """Send a job; its answer is set when the result is there."""
        self.job = job
        self._result = None
        try:
            if job.statement.name in self._prepared:
                self._pg.send_query_prepared(job.statement.name, job.values)
            else:
                self._preparing = True
                self._pg.send_prepare(job.statement.name, job.statement.sql)
            if self._pg.flush():
                self._loop.add_writer(self._fd, self._writable)
        except psycopg.Error as error:
            self.lost(error)

    def _writable(self) -> None:
        try:
            if not self._pg.flush():
                self._loop.remove_writer(self._fd)
        except psycopg.Error as error:
            self.lost(error)

    def _readable(self) -> None:
        pg = self._pg
        try:
            pg.consume_input()
            while not pg.is_busy():
                result = pg.get_result()
                if result is None:
                    break
                self._result = result
            else:
                return
        except psycopg.Error as error:
            self.lost(error)
            return
        if self.job is not None and self._result is not None:
            self._done(self.job, self._result)

    def _done(self, job: _Job, result: Any) -> None:
        if result.status == ExecStatus.FATAL_ERROR:
            self._failed(job, result)
        elif self._preparing:
            self._preparing = False
            self._prepared.add(job.statement.name)
            self.start(job)
        else:
            self.job = None
            if not job.answer.done():
                job.answer.set_result(job.statement.rows(result))
            self._lines.free(self)

    def _failed(self, job: _Job, result: Any) -> None:
        self.job, self._preparing = None, False
        error = error_from_result(result, encoding="utf-8")
        if error.sqlstate in _STALE and not job.again:
            job.again = True
            job.statement.load = None
            self.close()
            self._lines.gone(self, job)
            return
        if not job.answer.done():
            job.answer.set_exception(error)
        if self._pg.status:
            # The server said farewell with its error (it shuts down, it was told to end this connection).
            self.lost(error)
        else:
            self._lines.free(self)

    def lost(self, error: Exception) -> None:
        """The connection is dead; nobody knows whether the job was done."""
        self.close()
        job, self.job = self.job, None
        if job is not None and not job.answer.done():
            job.answer.set_exception(OperationalError(str(error).strip() or "the connection was lost"))
        self._lines.gone(self)

    def close(self) -> None:
        """Stop watching, hang up."""
        self._loop.remove_reader(self._fd)
        self._loop.remove_writer(self._fd)
        self._pg.finish()


class HotLines:
    """Up to ``most`` connections for hot statements, opened when they are needed, kept for good."""

    def __init__(self, dsn: str, role: str, *, most: int, name: str) -> None:
        self._dsn = dsn
        self._role = role
        self._most = most
        self._name = name
        self._idle: list[_Line] = []
        self._all: set[_Line] = set()
        self._opening: set[asyncio.Task[None]] = set()
        self._waiting: deque[_Job] = deque()
        self._closed = False

    async def one(self, statement: HotStatement, params: Mapping[str, Any]) -> Row | None:
        """Run a statement like ``all`` and return its first row."""
        rows = await self.all(statement, params)
        return rows[0] if rows else None

    async def all(self, statement: HotStatement, params: Mapping[str, Any]) -> list[Row]:
        """Run a statement in a transaction of its own and return its rows; durable when it returns.

        Raises psycopg's errors, and ``Unavailable`` (``busy``) when no connection is free for ten seconds. A statement
        whose caller is cancelled runs to its end.
        """
        loop = asyncio.get_running_loop()
        job = _Job(statement, statement.values(params), loop.create_future())
        if self._idle:
            self._idle.pop().start(job)
            return await job.answer
        self._waiting.append(job)
        if len(self._all) + len(self._opening) < self._most:
            task = loop.create_task(self._open())
            self._opening.add(task)
            task.add_done_callback(self._opening.discard)
        limit = loop.call_later(WAIT_SECONDS, self._give_up, job)
        try:
            return await job.answer
        finally:
            limit.cancel()

    def _give_up(self, job: _Job) -> None:
        if job in self._waiting and not job.answer.done():
            self._waiting.remove(job)
            job.answer.set_exception(Unavailable("busy", "All database connections are in use; try again in a moment."))

    async def _open(self) -> None:
        try:
            conn = await AsyncConnection.connect(self._dsn, autocommit=True, application_name=f"{self._name} hot")
            await conn.execute(f"SET ROLE {self._role}; SET timezone = 'UTC'; SET datestyle = 'ISO'".encode())
        except psycopg.Error as error:
            log.warning("hot_connection_failed", error=str(error).strip())
            if not self._all and self._waiting:
                job = self._waiting.popleft()
                if not job.answer.done():
                    job.answer.set_exception(OperationalError(str(error)))
            return
        line = _Line(self, conn)
        self._all.add(line)
        if self._closed:
            self._drop(line)
        else:
            self.free(line)

    def free(self, line: _Line) -> None:
        """A connection has finished its job: the next one that waits, or rest."""
        while self._waiting:
            job = self._waiting.popleft()
            if not job.answer.done():
                line.start(job)
                return
        self._idle.append(line)

    def gone(self, line: _Line, again: _Job | None = None) -> None:
        """A connection is closed; ``again`` is a job that a fresh one should do."""
        self._all.discard(line)
        if line in self._idle:
            self._idle.remove(line)
        if again is not None:
            self._waiting.appendleft(again)
        if self._waiting and not self._closed:
            task = asyncio.get_running_loop().create_task(self._open())
            self._opening.add(task)
            task.add_done_callback(self._opening.discard)

    def _drop(self, line: _Line) -> None:
        line.lost(OperationalError("the process stops"))

    async def close(self) -> None:
        """Hang up; jobs under way end with an error."""
        self._closed = True
        for task in list(self._opening):
            task.cancel()
        for line in list(self._all):
            self._drop(line)
        self._idle.clear()
