"""The hottest statements, straight on libpq: one round trip each, in a transaction of its own.

psycopg's cursors cost a few hundred microseconds of Python a statement (a coroutine for each step, the selector told
anew for each wait). A visitor's message is one statement, so here it runs without them: a statement is prepared once a
connection, values go and come as text, the event loop watches each connection once and for all. Measured in
docs/decisions/0012. Everything else in the house uses ``kit.db``.
"""

import asyncio
import re
from collections import deque
from collections.abc import Callable, Mapping, Sequence
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
    2951: lambda value: [UUID(one) for one in value.decode()[1:-1].split(",") if one],
}


_TEXTS: Final = frozenset({18, 19, 25, 705, 1042, 1043, 2278})


def _text(value: bytes) -> str:
    return value.decode()


def _reader_of(oid: int, column: str) -> Callable[[bytes], Any]:
    found = _LOAD.get(oid)
    if found is None:
        if oid not in _TEXTS:
            raise TypeError(f"hot statements cannot read the type of column {column} (oid {oid})")
        return _text
    return found


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
                (name := result.fname(place).decode(), _reader_of(result.ftype(place), name))
                for place in range(result.nfields)
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
    """Statements of one transaction, and where its answer goes: the rows of each."""

    __slots__ = ("again", "answer", "steps")

    def __init__(
        self, steps: Sequence[tuple[HotStatement, list[bytes | None]]], answer: asyncio.Future[list[list[Row]]]
    ) -> None:
        self.steps = steps
        self.answer = answer
        self.again = False


class _Line:
    """One connection in pipeline mode, watched by the event loop; at most one job at a time.

    All statements of a job go out together and are one transaction, which ends where the pipeline is synchronised.
    """

    __slots__ = ("_conn", "_error", "_fd", "_lines", "_loop", "_pg", "_prepared", "_results", "_sent", "job")

    def __init__(self, lines: "HotLines", conn: AsyncConnection[Any]) -> None:
        self._lines = lines
        self._conn = conn
        self._pg = conn.pgconn
        self._pg.enter_pipeline_mode()
        self._fd = self._pg.socket
        self._prepared: set[bytes] = set()
        self._sent: list[HotStatement | None] = []
        self._results: list[Any] = []
        self._error: Any = None
        self._loop = asyncio.get_running_loop()
        self.job: _Job | None = None
        self._loop.add_reader(self._fd, self._readable)

    def start(self, job: _Job) -> None:
        """Send a job; its answer is set when everything is there."""
        self.job = job
        self._results, self._sent, self._error = [], [], None
        pg = self._pg
        try:
            for statement, values in job.steps:
                if statement.name not in self._prepared:
                    pg.send_prepare(statement.name, statement.sql)
                    self._sent.append(None)
                    self._prepared.add(statement.name)
                pg.send_query_prepared(statement.name, values)
                self._sent.append(statement)
            pg.pipeline_sync()
            if pg.flush():
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
        nothing = False
        try:
            pg.consume_input()
            while not pg.is_busy():
                result = pg.get_result()
                if result is None:
                    # One None ends a statement's results, two mean that nothing more was sent.
                    if nothing:
                        return
                    nothing = True
                    continue
                nothing = False
                if result.status == ExecStatus.PIPELINE_SYNC:
                    self._done()
                    return
                if result.status == ExecStatus.FATAL_ERROR:
                    self._error = result
                elif result.status != ExecStatus.PIPELINE_ABORTED:
                    self._results.append(result)
        except psycopg.Error as error:
            self.lost(error)

    def _done(self) -> None:
        job, self.job = self.job, None
        if job is None:
            return
        if self._error is not None:
            self._failed(job)
            return
        if not job.answer.done():
            try:
                job.answer.set_result(
                    [
                        statement.rows(result)
                        for statement, result in zip(self._sent, self._results, strict=True)
                        if statement is not None
                    ]
                )
            except Exception as error:  # noqa: BLE001 - a value that cannot be read is the caller's to hear of
                job.answer.set_exception(error)
        self._lines.free(self)

    def _failed(self, job: _Job) -> None:
        error = error_from_result(self._error, encoding="utf-8")
        # What was to be prepared after the error was not.
        self._prepared.difference_update(statement.name for statement, _ in job.steps)
        if error.sqlstate in _STALE and not job.again:
            job.again = True
            for statement, _ in job.steps:
                statement.load = None
            self.close()
            self._lines.gone(self, job)
            return
        if not job.answer.done():
            job.answer.set_exception(error)
        if any(statement is None for statement in self._sent) or (error.sqlstate or "").startswith("57P"):
            # Names may be taken by what was prepared before the error: a fresh connection knows what it has. (57P: the
            # server ends this connection.)
            self.close()
            self._lines.gone(self)
        else:
            self._prepared.update(statement.name for statement, _ in job.steps)
            self._lines.free(self)

    def lost(self, error: Exception) -> None:
        """The connection is dead; nobody knows whether the job was done."""
        self.close()
        job, self.job = self.job, None
        if job is not None and not job.answer.done():
            said = self._error.error_message.decode("utf-8", "replace") if self._error is not None else str(error)
            job.answer.set_exception(OperationalError(said.strip() or "the connection was lost"))
        self._lines.gone(self)

    def close(self) -> None:
        """Stop watching, hang up."""
        self._loop.remove_reader(self._fd)
        self._loop.remove_writer(self._fd)
        self._pg.finish()


_ACCOUNT = HotStatement(b"SELECT set_config('svardesk.account', %(account)s, true)")


class Reading:
    """Looks of one account at its rows, in the skin of the app role. What is asked for at one moment goes together.

    It offers what a service needs of ``Tx`` for reading (``account``, ``all``): give it to several functions under
    ``asyncio.gather`` and they cost one round trip.
    """

    def __init__(self, lines: "HotLines", account: UUID) -> None:
        self.account = account
        self._lines = lines
        self._steps: list[tuple[HotStatement, list[bytes | None]]] = []
        self._answers: list[asyncio.Future[list[Row]]] = []

    async def all(self, statement: bytes | str, /, **params: Any) -> list[Row]:
        """Return the rows of a named statement."""
        hot = named(statement)
        if not self._steps:
            asyncio.get_running_loop().call_soon(self._send)
        self._steps.append((hot, hot.values(params)))
        answer: asyncio.Future[list[Row]] = asyncio.get_running_loop().create_future()
        self._answers.append(answer)
        return await answer

    def _send(self) -> None:
        steps, self._steps = self._steps, []
        answers, self._answers = self._answers, []
        first = (_ACCOUNT, _ACCOUNT.values({"account": str(self.account)}))
        job = self._lines.begin([first, *steps])

        def hand_out(done: asyncio.Future[list[list[Row]]]) -> None:
            error = done.exception()
            for place, answer in enumerate(answers):
                if answer.done():
                    continue
                if error is not None:
                    answer.set_exception(error)
                else:
                    answer.set_result(done.result()[place + 1])

        job.add_done_callback(hand_out)


_named: dict[bytes | str, HotStatement] = {}


def named(statement: bytes | str) -> HotStatement:
    """Return the hot twin of a named statement; it must be one of a few hundred that never change."""
    found = _named.get(statement)
    if found is None:
        found = _named[statement] = HotStatement(statement if isinstance(statement, bytes) else statement.encode())
    return found


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

    @classmethod
    def on(cls, conn: AsyncConnection[Any], name: str) -> "HotLines":
        """Run one statement at a time on ``conn`` only, which holds something (a lock) that another would not."""
        made = cls("", "", most=0, name=name)
        line = _Line(made, conn)
        made._all.add(line)
        made._idle.append(line)
        return made

    async def one(self, statement: HotStatement, params: Mapping[str, Any]) -> Row | None:
        """Run a statement like ``all`` and return its first row."""
        rows = await self.all(statement, params)
        return rows[0] if rows else None

    async def all(self, statement: HotStatement, params: Mapping[str, Any]) -> list[Row]:
        """Run a statement in a transaction of its own and return its rows; durable when it returns.

        Raises psycopg's errors, and ``Unavailable`` (``busy``) when no connection is free for ten seconds. A statement
        whose caller is cancelled runs to its end.
        """
        return (await self.begin([(statement, statement.values(params))]))[0]

    def reading(self, account: UUID) -> Reading:
        """Return a place from which to look at an account's rows."""
        return Reading(self, account)

    def begin(self, steps: Sequence[tuple[HotStatement, list[bytes | None]]]) -> asyncio.Future[list[list[Row]]]:
        """Send statements as one transaction; the answer has the rows of each."""
        loop = asyncio.get_running_loop()
        job = _Job(steps, loop.create_future())
        if self._idle:
            self._idle.pop().start(job)
            return job.answer
        if self._most == 0:
            job.answer.set_exception(OperationalError("the connection was lost"))
            return job.answer
        self._waiting.append(job)
        if len(self._all) + len(self._opening) < self._most:
            self._open_one()
        limit = loop.call_later(WAIT_SECONDS, self._give_up, job)
        job.answer.add_done_callback(lambda _: limit.cancel())
        return job.answer

    def _open_one(self) -> None:
        task = asyncio.get_running_loop().create_task(self._open())
        self._opening.add(task)
        task.add_done_callback(self._opening.discard)

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
            self._open_one()

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
