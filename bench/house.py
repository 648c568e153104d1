"""A whole Svardesk for one benchmark: embedded PostgreSQL in a temporary folder, real web processes, real workers."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import msgspec
import psycopg

from bench.figures import Result
from bench.seed import Organisation
from svardesk.commands.readiness import ask
from svardesk.kit.migrate import migrate
from svardesk.kit.postgres import DATABASE, Cluster, find_binaries
from svardesk.kit.postgres.tools import tool_environment

ROOT = Path(__file__).resolve().parents[1]
TICKS = os.sysconf("SC_CLK_TCK")
READY_SECONDS = 60.0
STOP_SECONDS = 20.0


class Program:
    """One process of Svardesk (or the bare echo) on a port of its own."""

    def __init__(self, kind: str, command: Sequence[str], environment: Mapping[str, str], port: int, log: Path) -> None:
        self.kind = kind
        self.port = port
        self.log = log
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, *command], env=dict(environment), cwd=ROOT, stdin=subprocess.DEVNULL, stdout=output,
                stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip

    @property
    def pid(self) -> int:
        """Process id."""
        return self.process.pid

    def cpu_seconds(self) -> float:
        """Processor time of all threads so far, in the program and in the kernel for it."""
        fields = Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def private_bytes(self) -> int:
        """Private bytes (USS)."""
        return memory(self.pid)["private"]

    def wait_for(self, path: str, seconds: float = READY_SECONDS) -> None:
        """Wait until ``path`` answers 200; raises with the end of the log when the process ends or time is up."""
        give_up = time.monotonic() + seconds
        status, answer = 0, b""
        while time.monotonic() < give_up:
            status, answer = ask(("127.0.0.1", self.port), path, 2.0)
            if status == 200:
                return
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        else:
            raise RuntimeError(
                f"{self.kind}: {path} is not ready after {seconds:.0f} s: {status} {answer}\n{self.tail()}"
            )
        raise RuntimeError(f"{self.kind} ended with code {self.process.returncode}:\n{self.tail()}")

    def tail(self) -> str:
        """The last lines that the process wrote."""
        return self.log.read_text(encoding="utf-8", errors="replace")[-3000:]

    def stop(self) -> None:
        """Stop the process, by force after 20 s."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(self.pid, signal.SIGKILL)
                self.process.wait(5)


class Desk:
    """A database and the processes on it. ``data`` is the data folder; all stops with the ``running`` block."""

    def __init__(self, data: Path, *, settings: Mapping[str, str] | None = None) -> None:
        self.data = data
        self.cluster = Cluster(data / "postgres", settings)
        self.programs: list[Program] = []

    @property
    def dsn(self) -> str:
        """Connection string of the owner."""
        return self.cluster.dsn(DATABASE)

    def connect(self) -> psycopg.Connection[Any]:
        """Connect as the owner (autocommit)."""
        return psycopg.connect(self.dsn, autocommit=True)

    def environment(self, port: int, **more: str) -> dict[str, str]:
        """Environment of a process: nothing of the caller's own settings."""
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("SVARDESK_", "PG", "LD_PRELOAD"))
        }
        return {
            **kept,
            "SVARDESK_DATA": str(self.data),
            "PORT": str(port),
            "SVARDESK_PUBLIC_URL": f"http://127.0.0.1:{port}",
            "SVARDESK_META_HOSTS": "127.0.0.1",
            "PYTHONUNBUFFERED": "1",
            **more,
        }

    def serve(self, **more: str) -> Program:
        """Start one web process and wait until it answers."""
        port = free_port()
        program = self._start("web", ["-m", "svardesk.cli", "serve"], port, more)
        program.wait_for("/healthz")
        return program

    def work(self, **more: str) -> Program:
        """Start one worker."""
        return self._start("worker", ["-m", "svardesk.cli", "work"], 0, more)

    def echo(self) -> Program:
        """Start the bare echo."""
        port = free_port()
        program = self._start("echo", ["-m", "bench.echo", str(port)], port, {})
        program.wait_for("/healthz")
        return program

    def _start(self, kind: str, command: Sequence[str], port: int, more: Mapping[str, str]) -> Program:
        log = self.data / f"{kind}-{len(self.programs)}.log"
        program = Program(kind, command, self.environment(port or 1, **more), port, log)
        self.programs.append(program)
        return program

    def stop(self, *programs: Program) -> None:
        """Stop these processes (all without an argument), the newest first."""
        for program in reversed(programs or tuple(self.programs)):
            program.stop()
            self.programs.remove(program)

    def take_up_work(self, org: Organisation, web: Program) -> None:
        """Let every tenth visitor write once, so that nothing is measured on tables that were empty a second ago.

        PostgreSQL's statistics of an empty table make it choose indexes for no rows; its own daemon mends that within
        twenty seconds, here it is done at once.
        """
        flood = {
            "ports": [web.port],
            "visitors": msgspec.to_builtins(org.visitors[::10]),
            "connections": 4,
            "warm": 0.2,
        }
        with Client("durable", {**flood, "seconds": 1.5, "most_a_second": 4000, "longest": 30}) as client:
            client.result(60)
        self.settle()
        self.analyse()

    def settle(self, seconds: float = 60.0) -> None:
        """Wait until every event has its position and every reaction has run."""
        give_up = time.monotonic() + seconds
        with self.connect() as conn:
            while True:
                row = conn.execute(
                    "SELECT (SELECT count(*) FROM event_outbox),"
                    " (SELECT last_position FROM spine_state) - (SELECT min(position) FROM reaction_cursors)"
                ).fetchone()
                if row == (0, 0):
                    return
                if time.monotonic() > give_up:
                    raise RuntimeError(f"the spine does not come to rest: {row}")
                time.sleep(0.05)

    def analyse(self) -> None:
        """Let PostgreSQL look at what was filled in, as its own daemon would a minute later."""
        with self.connect() as conn:
            for (name,) in conn.execute("SELECT relname FROM pg_stat_user_tables WHERE n_live_tup > 0").fetchall():
                conn.execute(f'VACUUM (ANALYZE) "{name}"'.encode())
            conn.execute("CHECKPOINT")

    def pgbench(
        self, script: str, *, clients: int, seconds: int, threads: int = 2, role: str = "svardesk_app"
    ) -> float:
        """Run ``script`` with pgbench (prepared statements, as ``role``); transactions a second."""
        file = self.data / "pgbench.sql"
        file.write_text(script, encoding="utf-8")
        done = subprocess.run(
            [
                find_binaries().program("pgbench"), "-n", "-M", "prepared", "-c", str(clients), "-j", str(threads),
                "-T", str(seconds), "-f", str(file), self.dsn,
            ],
            check=False, env=tool_environment() | {"PGOPTIONS": f"-c role={role}"}, capture_output=True, text=True,
        )  # fmt: skip
        for line in done.stdout.splitlines():
            if line.startswith("tps = ") and done.returncode == 0:
                return float(line.split()[2])
        raise RuntimeError(f"pgbench did not run:\n{done.stdout}\n{done.stderr}")


@contextmanager
def running(settings: Mapping[str, str] | None = None, *, preload: Path | None = None) -> Iterator[Desk]:
    """A fresh, migrated database in a temporary folder; everything is stopped and removed at the end."""
    data = Path(tempfile.mkdtemp(prefix="svardesk-bench-"))
    data.chmod(0o711)
    try:
        with opened(data, settings, preload=preload) as desk:
            yield desk
    finally:
        shutil.rmtree(data, ignore_errors=True)


@contextmanager
def opened(data: Path, settings: Mapping[str, str] | None = None, *, preload: Path | None = None) -> Iterator[Desk]:
    """The same in a folder that stays."""
    desk = Desk(data, settings=settings)
    try:
        start_cluster(desk.cluster, preload)
        if desk.cluster.create_database(DATABASE):
            migrate(desk.dsn)
        yield desk
    finally:
        # Ctrl-C may come twice: the processes and the database are stopped all the same.
        old = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            desk.stop()
        finally:
            desk.cluster.stop()
            for number, handler in old.items():
                signal.signal(number, handler)


def start_cluster(cluster: Cluster, preload: Path | None = None) -> None:
    """Start the database, with a library of ours in front of the C library when ``preload`` is given."""
    if preload is not None:
        os.environ["LD_PRELOAD"] = str(preload)
    try:
        cluster.start()
    finally:
        os.environ.pop("LD_PRELOAD", None)


def free_port() -> int:
    """A port on which nobody listens now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def memory(pid: int) -> dict[str, int]:
    """Bytes of a process: private (USS), proportional (PSS), resident (RSS); zeros when it is gone."""
    found = {"private": 0, "pss": 0, "rss": 0}
    names = {
        "Private_Clean": "private",
        "Private_Dirty": "private",
        "Private_Hugetlb": "private",
        "Pss": "pss",
        "Rss": "rss",
    }
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()[1:]:
            name, _, rest = line.partition(":")
            if name in names:
                found[names[name]] += int(rest.split()[0]) * 1024
    return found


def tree(pid: int) -> dict[int, str]:
    """A process and everything below it: process id → command line."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            with contextlib.suppress(OSError, IndexError):
                parent = int(
                    (folder / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[1]
                )
                children.setdefault(parent, []).append(int(folder.name))
    found: dict[int, str] = {}
    todo = [pid]
    while todo:
        one = todo.pop()
        with contextlib.suppress(OSError):
            found[one] = (
                Path(f"/proc/{one}/cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace").strip()
            )
        todo += children.get(one, [])
    return found


def load(kind: str, plan: Mapping[str, Any], *, seconds: float) -> Result:
    """Run a load client in a process of its own and return what it measured. ``seconds`` is its longest life."""
    with Client(kind, plan) as client:
        return client.result(seconds)


class Client:
    """A load client in a process of its own: ``python -m bench.load KIND``, the plan on standard input."""

    def __init__(self, kind: str, plan: Mapping[str, Any]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.load", kind], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._plan: bytes | None = json.dumps(plan).encode()

    def begin(self) -> None:
        """Hand over the plan without waiting for the answer, for who wants to look meanwhile."""
        assert self._process.stdin is not None
        self._process.stdin.write(self._plan)
        self._process.stdin.close()
        self._process.stdin = None
        self._plan = None

    def alive(self) -> bool:
        """Whether the client still runs."""
        return self._process.poll() is None

    def result(self, seconds: float) -> Result:
        """Wait for the answer."""
        out, _ = self._process.communicate(self._plan, timeout=seconds)
        if self._process.returncode != 0:
            raise RuntimeError(f"the load client ended with code {self._process.returncode}")
        try:
            return msgspec.json.decode(out, type=Result)
        except msgspec.DecodeError as error:
            raise RuntimeError(f"the load client answered {len(out)} bytes that end with {out[-80:]!r}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
