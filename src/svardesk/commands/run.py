"""`svardesk run`: everything on one machine, under one light parent.

The parent imports the standard library only. It starts the database, migrates when the schema is behind, starts a web
process and a worker, passes their lines on, starts again what dies, and stops everything in order.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import selectors
import signal
import socket
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from svardesk.commands import demo_meta
from svardesk.commands.children import FIRST_DELAY, LONGEST_DELAY, Child
from svardesk.commands.failure import CommandError
from svardesk.commands.lock import DataLock
from svardesk.commands.postroom import listen
from svardesk.commands.readiness import ReadinessProbe, wait_for_port
from svardesk.config import Settings
from svardesk.demo_data import network
from svardesk.demo_data.ports import Ports, remembered
from svardesk.kit.migrate import database_revision, newest_revision, revisions
from svardesk.kit.postgres import DATABASE, Cluster, PostgresError, database_dsn, embedded_cluster, query

GRACE_SECONDS = 10.0
_BAD_SETTINGS = 2
_PATIENCE_SECONDS = 60.0
_SECOND_CTRL_C_SECONDS = 0.5
# Ends of a child in a row, before anything was ever ready: then waiting longer helps nobody.
_HOPELESS = 4
_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def run(settings: Settings, *, demo: bool) -> int:
    """Run until SIGINT, SIGTERM or SIGHUP; returns the exit code. Raises CommandError when it cannot even start."""
    began = time.monotonic()
    with DataLock(settings, "run") as lock:
        # Children of a killed parent need up to ten seconds to notice and go.
        patience = 12.0 if lock.previous_killed else 0.0
        refused = wait_for_port(settings.host, settings.port, patience)
        if refused is not None:
            raise CommandError(_port_sentence(settings, refused))
        post = listen(settings, patience) if demo else []
        meta = demo_meta.choose(settings, patience) if demo else None
        try:
            return Supervisor(settings, demo=demo, began=began, post=post, meta=meta).run()
        finally:
            for one in post:
                one.close()


class Supervisor:
    """The parent's loop: one selector over signals, the children's output and ends, the database's end, and timers."""

    def __init__(
        self,
        settings: Settings,
        *,
        demo: bool,
        began: float,
        post: Sequence[socket.socket] = (),
        meta: int | None = None,
    ) -> None:
        self._settings: Settings = settings
        self._began: float = began
        self._cluster: Cluster | None = embedded_cluster(settings) if settings.embedded else None
        self._dsn: str = ""
        self._selector: selectors.DefaultSelector = selectors.DefaultSelector()
        self._timers: list[tuple[float, Callable[[], None]]] = []
        self._environment: dict[str, str] = {
            **os.environ,
            "SVARDESK_DATA": str(settings.data),
            "PYTHONUNBUFFERED": "1",
        }
        self._children: list[Child] = []
        self._stopping: bool = False
        self._stop_began: float = 0.0
        self._exit_code: int = 0
        self._ready: bool = False
        self._demo_pending: bool = demo
        self._demo_report: Path = settings.data / "demo.txt"
        self._demo: bool = demo
        # Where the demo's mail server listens: open from the start to the end, whatever becomes of that process.
        self._post: Sequence[socket.socket] = post
        # The port of the stand-in for Meta, where there is one.
        self._meta: int | None = meta
        self._database_pidfd: int = -1
        self._database_failures: int = 0
        self._lifeline: int = -1
        self._probe: ReadinessProbe | None = None

    def run(self) -> int:
        """Start everything, watch over it, stop everything."""
        lifeline, held = os.pipe()
        self._lifeline = lifeline
        wake, wake_writer = socket.socketpair()
        wake.settimeout(0)
        wake_writer.settimeout(0)
        for number in _STOP_SIGNALS:
            _ = signal.signal(number, lambda *_: None)
        _ = signal.set_wakeup_fd(wake_writer.fileno(), warn_on_full_buffer=False)
        _ = self._selector.register(wake, selectors.EVENT_READ, lambda: self._on_signals(wake.recv(64)))
        probe_end, probe_writer = os.pipe()
        _ = self._selector.register(probe_end, selectors.EVENT_READ, lambda: self._on_ready(probe_end))
        self._probe = ReadinessProbe(self._settings.local_url, probe_writer)
        try:
            self._start_database()
            self._migrate()
            self._loop()
        finally:
            self._probe.stop()
            for child in self._children:
                child.signal(signal.SIGKILL)
            if self._cluster is not None:
                self._cluster.stop()
            os.close(held)
        self._say("Stopped.")
        return self._exit_code

    # ------------------------------------------------------------------ the loop

    def _loop(self) -> None:
        while not (self._stopping and not any(child.process for child in self._children)):
            now = time.monotonic()
            wait = max(0.0, min((when for when, _ in self._timers), default=now + 3600) - now)
            for key, _ in self._selector.select(wait):
                key.data()
            now = time.monotonic()
            due = [call for when, call in self._timers if when <= now]
            self._timers = [timer for timer in self._timers if timer[0] > now]
            for call in due:
                call()

    def _later(self, seconds: float, call: Callable[[], None]) -> None:
        self._timers.append((time.monotonic() + seconds, call))

    def _on_signals(self, numbers: bytes) -> None:
        for number in numbers:
            if number not in _STOP_SIGNALS:
                continue
            if not self._stopping:
                self._stop(0)
            # A second Ctrl-C, and not the first one passed on a moment later by `make` or `timeout`.
            elif number == signal.SIGINT and time.monotonic() - self._stop_began > _SECOND_CTRL_C_SECONDS:
                self._kill()

    # ------------------------------------------------------------------ database

    def _start_database(self) -> None:
        """Start the embedded database, or look whether the given one answers."""
        if self._cluster is not None:
            self._cluster.start()
            self._watch_database()
        self._dsn = database_dsn(self._settings)

    def _watch_database(self) -> None:
        pid = self._cluster.pid() if self._cluster else None
        if pid is None:
            self._later(FIRST_DELAY, self._restart_database)
            return
        try:
            self._database_pidfd = os.pidfd_open(pid)
        except ProcessLookupError:
            self._later(FIRST_DELAY, self._restart_database)
            return
        _ = self._selector.register(self._database_pidfd, selectors.EVENT_READ, self._on_database_end)

    def _on_database_end(self) -> None:
        _ = self._selector.unregister(self._database_pidfd)
        os.close(self._database_pidfd)
        self._database_pidfd = -1
        if not self._stopping:
            self._say("The database ended unexpectedly; starting it again.")
            self._restart_database()

    def _restart_database(self) -> None:
        if self._cluster is None or self._stopping:
            return
        try:
            self._cluster.start()
        except PostgresError as error:
            delay = min(LONGEST_DELAY, FIRST_DELAY * 2**self._database_failures)
            self._database_failures += 1
            self._say(f"{error} Trying again in {delay:.1f} s.")
            self._later(delay, self._restart_database)
            return
        self._database_failures = 0
        self._watch_database()

    def _migrate(self) -> None:
        """Compare revisions in 10 ms; only when they differ let a child do the migration."""
        try:
            revision = database_revision(self._dsn)
        except PostgresError as error:
            if error.code != "no_database" or self._cluster is None:
                raise CommandError(f"The database in SVARDESK_DATABASE_URL does not answer: {error}") from error
            _ = self._cluster.create_database(DATABASE)
            revision = None
        if revision == newest_revision():
            self._start_services()
            return
        if revision is not None and revision not in revisions():
            raise CommandError(
                f"The database has schema {revision}, which this Svardesk does not know: a newer version used it. Install that "
                "version, or restore a backup that this one made."
            )
        self._say(
            "Preparing the database …" if revision is None else f"Bringing the database from {revision} up to date …"
        )
        self._add(Child("migrate", ["migrate"], lasting=False, on_exit=self._on_migrated))

    def _on_migrated(self, code: int) -> None:
        if code != 0:
            self._say("The database could not be brought up to date; see the lines above.")
            self._stop(1)
        elif not self._stopping:
            self._start_services()

    # ------------------------------------------------------------------ children

    def _start_services(self) -> None:
        self._add(Child("web", ["serve", *(["--demo"] if self._demo else [])], lasting=True))
        self._add(Child("worker", ["work"], lasting=True))
        if self._demo_pending and self._demo_is_there():
            self._demo_pending = False
        if self._demo_pending:
            self._start_mail()
            self._start_meta()
            report = ["demo", "--report", str(self._demo_report)]
            self._add(Child("demo", report, lasting=False, on_exit=self._on_demo))
        if self._probe is not None:
            self._probe.start()
        self._later(_PATIENCE_SECONDS, self._tell_impatience)

    def _start_mail(self) -> None:
        """Start the demo's mail server; until then whoever connects to its sockets waits."""
        if self._post and not self._stopping and not any(child.name == "mail" for child in self._children):
            numbers = [one.fileno() for one in self._post]
            command = ["demo", "mail-server", "--sockets", ",".join(map(str, numbers))]
            self._add(Child("mail", command, lasting=True, inherited=numbers))

    def _start_meta(self) -> None:
        """Start the stand-in for Meta."""
        if self._meta is not None and not self._stopping and not any(child.name == "meta" for child in self._children):
            self._add(Child("meta", ["demo", "meta-server", "--port", str(self._meta)], lasting=True))

    def _demo_is_there(self) -> bool:
        """Whether an earlier start filled the demo, with mailbox and page at our ports: spares a second of Python."""
        ports: Ports | None = remembered(self._settings.data)
        if not self._demo_report.is_file() or ports is None:
            return False
        with contextlib.suppress(PostgresError):
            meta = "" if self._meta is None else f" AND settings ->> 'demo_meta' = '{network.address(self._meta)}'"
            found = f"SELECT 1 FROM accounts WHERE settings ->> 'demo_mail' = '{ports}'{meta} LIMIT 1"
            return bool(query(self._dsn, found))
        return False

    def _on_demo(self, code: int) -> None:
        self._demo_pending = False
        if code != 0 and not self._stopping:
            self._say("The demo could not be filled; see the lines above. Everything else goes on.")
        self._announce()

    def _add(self, child: Child) -> None:
        self._children.append(child)
        self._launch(child)

    def _launch(self, child: Child) -> None:
        if self._stopping:
            return
        child.start(self._environment, self._lifeline)
        _ = self._selector.register(child.output, selectors.EVENT_READ, lambda: self._on_output(child))
        _ = self._selector.register(child.pidfd, selectors.EVENT_READ, lambda: self._on_end(child))

    def _on_output(self, child: Child) -> None:
        if child.process is None:
            return
        before = child.output
        lines = child.lines()
        for line in lines:
            self._pass_on(child, line)
        if not lines and child.process.poll() is not None:
            # End of file: what is left is read when the process is reaped.
            _ = self._selector.unregister(before)

    def _on_end(self, child: Child) -> None:
        if child.process is None:
            return
        for line in child.lines(last=True):
            self._pass_on(child, line)
        with contextlib.suppress(KeyError):
            _ = self._selector.unregister(child.output)
        _ = self._selector.unregister(child.pidfd)
        code = child.finish()
        if not child.lasting:
            self._children.remove(child)
            if child.on_exit is not None:
                child.on_exit(code)
        elif self._stopping:
            self._children.remove(child)
        elif code == _BAD_SETTINGS:
            self._say(f"The {child.name} process refuses its settings; see the lines above.")
            self._stop(_BAD_SETTINGS)
        else:
            delay = child.next_delay()
            if child.failures > _HOPELESS and not self._ready:
                self._say(f"The {child.name} process ends each time it is started; giving up. See the lines above.")
                self._stop(1)
                return
            how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
            self._say(f"The {child.name} process {how}; starting it again in {delay:.1f} s.")
            self._later(delay, lambda: self._launch(child))

    def _stop(self, code: int) -> None:
        if self._stopping:
            return
        self._stopping = True
        self._stop_began = time.monotonic()
        self._exit_code = code
        self._say("Stopping …")
        for child in self._children:
            child.signal(signal.SIGTERM)
        self._later(GRACE_SECONDS, self._kill)

    def _kill(self) -> None:
        for child in self._children:
            if child.process is not None:
                self._say(f"The {child.name} process does not stop; killing it.")
                child.signal(signal.SIGKILL)

    # ------------------------------------------------------------------ words

    def _on_ready(self, end: int) -> None:
        _ = os.read(end, 1)
        _ = self._selector.unregister(end)
        self._ready = True
        # Not earlier: the web process needs both cores to be ready soon.
        self._start_mail()
        self._start_meta()
        self._announce()

    def _announce(self) -> None:
        if not self._ready or self._demo_pending or self._stopping:
            return
        url = self._settings.public_url
        rows = [
            f"Svardesk is ready ({time.monotonic() - self._began:.1f} s).",
            "",
            f"  Agent app   {url}/app/",
            f"  Health      {url}/readyz",
            f"  Data        {self._settings.data}",
        ]
        if self._demo and self._demo_report.is_file():
            text = self._demo_report.read_text(encoding="utf-8").strip("\n").replace("{url}", url)
            rows += ["", *("  " + line if line else "" for line in text.split("\n"))]
        rows += ["", "  Stop with Ctrl-C."]
        self._say("\n".join(rows), block=True)

    def _tell_impatience(self) -> None:
        if not self._ready and not self._stopping and self._probe is not None:
            self._say(f"Still not ready after {_PATIENCE_SECONDS:.0f} s; /readyz says: {self._probe.last_answer}")

    def _pass_on(self, child: Child, line: bytes) -> None:
        prefix = b"" if self._settings.log == "json" else f"{child.name:<8}| ".encode()
        _write(prefix + line + b"\n")

    def _say(self, text: str, *, block: bool = False) -> None:
        if self._settings.log == "json":
            _write(json.dumps({"event": text, "logger": "svardesk.run"}, ensure_ascii=False).encode() + b"\n")
        elif block:
            _write(f"\n{text}\n\n".encode())
        else:
            _write(f"svardesk| {text}\n".encode())


def _write(data: bytes) -> None:
    # The terminal or the reader of our pipe may be gone; that is no reason to leave children and database behind.
    with contextlib.suppress(OSError, ValueError):
        _ = sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()


def _port_sentence(settings: Settings, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {settings.port} is in use by another program. Choose another one, for example PORT={settings.port % 65535 + 1}."
    if error.errno in {errno.EACCES, errno.EPERM}:
        return f"This account may not listen on port {settings.port}. Choose one above 1023, for example PORT=8400."
    return f"Cannot listen on {settings.host} port {settings.port}: {error.strerror}. See SVARDESK_HOST and PORT."
