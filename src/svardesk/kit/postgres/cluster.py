"""One PostgreSQL cluster in one folder: create, start, adopt, stop."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import stat
import subprocess
import time
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from svardesk.kit.postgres.account import Account, service_account
from svardesk.kit.postgres.binaries import Binaries, find_binaries
from svardesk.kit.postgres.configuration import write_configuration
from svardesk.kit.postgres.errors import PostgresError
from svardesk.kit.postgres.postmaster import executable_of, is_server_of, read_postmaster, remove_stale_lock
from svardesk.kit.postgres.tools import query, tool_environment

OWNER = "svardesk_owner"
"""The role that owns everything in the embedded cluster (its bootstrap superuser)."""

START_SECONDS = 300.0
STOP_SECONDS = 300.0
LINGER_SECONDS = 30.0
_POLL_SECONDS = 0.005
# sun_path holds 107 bytes; "/.s.PGSQL.5432" is 14 of them, ".lock" is not part of the address.
_LONGEST_SOCKET_FOLDER = 107 - 14
# What a server says that meets the lock file or the shared memory of one killed a moment ago.
_LINGERING = ("lock file", "pre-existing shared memory block", "Is another postmaster")


class Cluster:
    """The embedded PostgreSQL in `data_dir` (`pgdata/`, `log/`, `socket/`).

    Usable from several processes at once: starts are serialised by a lock, a second start adopts the running server.
    `settings` override the defaults of postgresql.conf (a test cluster passes `{"fsync": "off"}`).
    Every method raises PostgresError with a sentence that a person can act on.
    """

    def __init__(
        self, data_dir: Path, settings: Mapping[str, str] | None = None, *, account: Account | None = None
    ) -> None:
        self.data_dir: Path = Path(data_dir).expanduser().resolve()
        self.pgdata: Path = self.data_dir / "pgdata"
        self.log_dir: Path = self.data_dir / "log"
        self.settings: dict[str, str] = dict(settings or {})
        self._given_account: Account | None = account
        self._child: subprocess.Popen[bytes] | None = None

    # ------------------------------------------------------------------ addresses

    @property
    def socket_dir(self) -> Path:
        """The 0700 folder of the socket: inside the data folder, or a short one when that path is too long for a socket."""
        inside = self.data_dir / "socket"
        if len(os.fsencode(inside)) <= _LONGEST_SOCKET_FOLDER:
            return inside
        mark = zlib.crc32(os.fsencode(self.data_dir))
        return Path(f"/tmp/svardesk-{self.account.uid}-{mark:08x}")  # noqa: S108 - checked in _prepare_socket_folder

    @property
    def account(self) -> Account:
        """The operating-system account that runs this cluster."""
        if self._given_account is None:
            self._given_account = service_account(self.pgdata)
        return self._given_account

    def dsn(self, database: str, user: str = OWNER) -> str:
        """Connection string (libpq) for any process of the same account, or of root.

        `requirepeer` makes the client check that the server really runs as our account.
        """
        parts = {
            "host": str(self.socket_dir),
            "port": "5432",
            "dbname": database,
            "user": user,
            "requirepeer": self.account.name,
        }
        return " ".join(f"{name}={_quoted(value)}" for name, value in parts.items())

    # ------------------------------------------------------------------ state

    def running(self) -> bool:
        """Whether the server of this folder lives and accepts connections."""
        postmaster = read_postmaster(self.pgdata)
        return postmaster is not None and postmaster.ready

    def pid(self) -> int | None:
        """Process id of the server's first process, or None when it does not run."""
        postmaster = read_postmaster(self.pgdata)
        return postmaster.pid if postmaster else None

    # ------------------------------------------------------------------ start

    def start(self) -> None:
        """Create the cluster when there is none, start it, and return when it accepts connections.

        Warm start about 0.15 s, first start 1-2 s. Adopts a server that an earlier process left behind. Waits up to 30 s
        for the remains of a killed server to go, and up to 300 s for the recovery after a crash.
        """
        if self._child is not None and self._child.poll() is not None:
            self._child = None
        self._check_major()
        self._prepare_folder()
        with self._locked():
            binaries = find_binaries().reachable_by(self.account)
            self._check_major(binaries)
            if not (self.pgdata / "PG_VERSION").exists():
                self._initdb(binaries)
            changed = write_configuration(
                self.pgdata, self.socket_dir, self.log_dir, self.settings, {self.account.name, _own_name()}
            )
            if self._adopt(binaries, changed=changed):
                return
            self._prepare_socket_folder()
            self._launch(binaries)

    def _check_major(self, binaries: Binaries | None = None) -> None:
        try:
            found = (self.pgdata / "PG_VERSION").read_text(encoding="ascii").strip()
        except (FileNotFoundError, PermissionError, NotADirectoryError):
            return
        major = (binaries or find_binaries()).major
        if found != major:
            raise PostgresError(
                "other_major",
                f"The database in {self.pgdata} was made by PostgreSQL {found}, and this Svardesk brings PostgreSQL {major}, "
                "which cannot read it. Save it with the Svardesk that made it (`svardesk backup FILE`), start this one with "
                "an empty folder (SVARDESK_DATA), and bring everything back with `svardesk restore FILE`.",
            )

    def _prepare_folder(self) -> None:
        account = self.account
        blocked = account.blocked_at(self.data_dir.parent)
        if blocked is not None:
            raise PostgresError(
                "unreachable_folder",
                f"PostgreSQL cannot run as root; it runs as '{account.name}', which may not enter {blocked}. Choose a data "
                "folder that it can reach, for example SVARDESK_DATA=/var/lib/svardesk.",
            )
        try:
            self.data_dir.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
            for folder in (self.data_dir, self.log_dir):
                _own_folder(folder, account)
        except (PermissionError, NotADirectoryError, FileExistsError) as error:
            raise PostgresError(
                "unreachable_folder",
                f"The data folder {self.data_dir} cannot be made by '{_own_name()}' ({error.strerror}). Choose another one "
                "with SVARDESK_DATA.",
            ) from error
        if not account.drop and not os.access(self.data_dir, os.W_OK | os.X_OK):
            raise PostgresError(
                "unreachable_folder",
                f"'{_own_name()}' may not write in the data folder {self.data_dir}. Choose another one with SVARDESK_DATA.",
            )

    def _prepare_socket_folder(self) -> None:
        folder = self.socket_dir
        # Outside the data folder others could have made the folder first, so it is checked and never repaired.
        if folder.parent != self.data_dir:
            with contextlib.suppress(FileExistsError):
                folder.mkdir(mode=0o700)
                if self.account.drop:
                    os.chown(folder, self.account.uid, self.account.gid)
            info = folder.lstat()
            if not stat.S_ISDIR(info.st_mode) or info.st_uid != self.account.uid or info.st_mode & 0o077:
                raise PostgresError(
                    "unsafe_socket_folder",
                    f"The folder {folder} for the database socket is not a private folder of '{self.account.name}'. Remove "
                    "it, or choose a shorter SVARDESK_DATA so that the socket fits inside.",
                )
        else:
            _own_folder(folder, self.account)

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """Only one process at a time creates, starts or stops this cluster; freed by the kernel when its holder dies."""
        with (self.data_dir / "start.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _initdb(self, binaries: Binaries) -> None:
        # Made beside its place and renamed, so that a creation cut short leaves nothing that looks like a cluster.
        if self.pgdata.exists() and any(self.pgdata.iterdir()):
            raise PostgresError(
                "not_a_cluster",
                f"The folder {self.pgdata} is not empty and holds no database (PG_VERSION is missing). Move it away, or "
                "choose another SVARDESK_DATA.",
            )
        for leftover in self.data_dir.glob("pgdata.new*"):
            shutil.rmtree(leftover, ignore_errors=True)
        fresh = self.data_dir / f"pgdata.new{os.getpid()}"
        _own_folder(fresh, self.account)
        command = [
            binaries.program("initdb"),
            "-D",
            str(fresh),
            "-U",
            OWNER,
            "--encoding=UTF8",
            "--locale-provider=builtin",
            "--locale=C.UTF-8",
            "--data-checksums",
            "--auth-local=peer",
            "--auth-host=reject",
            "--no-instructions",
            "--text-search-config=simple",
        ]
        if self.settings.get("fsync") == "off":
            command.append("--no-sync")
        made = subprocess.run(
            command,
            check=False,
            cwd=self.data_dir if not self.account.drop else "/",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=self._environment(),
            umask=0o077,
            **self.account.run_as(),
        )
        if made.returncode != 0:
            said = (made.stderr + made.stdout).decode("utf-8", "replace").strip()
            shutil.rmtree(fresh, ignore_errors=True)
            raise PostgresError("initdb_failed", f"The database could not be created in {self.pgdata}: {said}")
        if self.pgdata.exists():
            self.pgdata.rmdir()
        fresh.rename(self.pgdata)

    def _adopt(self, binaries: Binaries, *, changed: bool) -> bool:
        """Take over a server that runs already: True when it is ready and runs our version."""
        postmaster = read_postmaster(self.pgdata)
        if postmaster is None:
            return False
        if executable_of(postmaster.pid) not in {binaries.program("postgres"), None}:
            # Left behind by another installation, perhaps one whose files are gone: start it anew with ours.
            self._stop(postmaster.pid)
            return False
        if not postmaster.ready:
            self._wait_ready(postmaster.pid)
        if changed:
            with contextlib.suppress(ProcessLookupError):
                os.kill(postmaster.pid, signal.SIGHUP)
        return True

    def _launch(self, binaries: Binaries) -> None:
        give_up = time.monotonic() + LINGER_SECONDS
        while True:
            remove_stale_lock(self.pgdata, self.socket_dir)
            said = self._launch_once(binaries)
            if said is None:
                return
            if not any(mark in said for mark in _LINGERING) or time.monotonic() > give_up:
                raise PostgresError(
                    "start_failed",
                    f"PostgreSQL did not start in {self.pgdata}. It said: {said or '(nothing)'}  (More in {self.log_dir}.)",
                )
            time.sleep(0.1)

    def _launch_once(self, binaries: Binaries) -> str | None:
        """Start the server and wait until it is ready: None, or what it said when it gave up."""
        log = self.log_dir / "start.log"
        with log.open("wb") as output:
            if self.account.drop:
                os.fchown(output.fileno(), self.account.uid, self.account.gid)
            # A session of its own: Ctrl-C in the terminal is for us, who then stop it in order.
            child = subprocess.Popen(
                [binaries.program("postgres"), "-D", str(self.pgdata)],
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=self._environment(),
                umask=0o077,
                start_new_session=True,
                **self.account.run_as(),
            )
        self._child = child
        if self._wait_ready(child.pid):
            return None
        child.wait()
        self._child = None
        return log.read_text(encoding="utf-8", errors="replace").strip()

    def _wait_ready(self, pid: int) -> bool:
        """Wait until the server `pid` accepts connections (True) or is gone (False)."""
        give_up = time.monotonic() + START_SECONDS
        while time.monotonic() < give_up:
            postmaster = read_postmaster(self.pgdata)
            if postmaster and postmaster.pid == pid and postmaster.ready:
                return True
            if self._gone(pid):
                return False
            time.sleep(_POLL_SECONDS)
        raise PostgresError(
            "start_timeout",
            f"PostgreSQL has not become ready within {START_SECONDS:.0f} s; it may be recovering a large database. "
            f"See {self.log_dir} and start again.",
        )

    # ------------------------------------------------------------------ stop

    def stop(self) -> None:
        """Stop the server: open transactions are rolled back, everything is written out. Nothing happens when it is not up."""
        if not self.data_dir.is_dir():
            return
        with self._locked():
            postmaster = read_postmaster(self.pgdata)
            if postmaster is not None:
                self._stop(postmaster.pid)

    def _stop(self, pid: int) -> None:
        try:
            os.kill(pid, signal.SIGINT)
        except ProcessLookupError:
            return
        except PermissionError:
            raise PostgresError(
                "foreign_owner",
                f"The database in {self.pgdata} runs as another account than '{_own_name()}', which may not stop it.",
            ) from None
        give_up = time.monotonic() + STOP_SECONDS
        while not self._gone(pid):
            if time.monotonic() > give_up:
                raise PostgresError(
                    "stop_timeout",
                    f"PostgreSQL (process {pid}) has not stopped within {STOP_SECONDS:.0f} s; see {self.log_dir}.",
                )
            time.sleep(_POLL_SECONDS)
        if self._child is not None and self._child.pid == pid:
            self._child = None

    def _gone(self, pid: int) -> bool:
        if self._child is not None and self._child.pid == pid:
            return self._child.poll() is not None
        return not is_server_of(pid, self.pgdata)

    # ------------------------------------------------------------------ databases

    def create_database(self, name: str, template: str | None = None) -> bool:
        """Create a database, a copy of `template` when given (nobody may be connected to that); False when it was there.

        Copied page by page (STRATEGY file_copy), about 30 ms for an empty schema with fsync off.
        """
        clause = f' TEMPLATE "{template}" STRATEGY file_copy' if template else ""
        if query(self.dsn("postgres"), f"SELECT 1 FROM pg_database WHERE datname = {_literal(name)}"):
            return False
        query(self.dsn("postgres"), f'CREATE DATABASE "{name}"{clause}')
        return True

    def drop_database(self, name: str) -> None:
        """Drop a database and throw out whoever is connected; nothing happens when it is not there."""
        query(self.dsn("postgres"), f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def _environment(self) -> dict[str, str]:
        return tool_environment() | {"HOME": str(self.data_dir), "TZ": "UTC"}


def _own_folder(folder: Path, account: Account) -> None:
    """Make a 0700 folder that belongs to the account; correct both when it exists."""
    folder.mkdir(mode=0o700, exist_ok=True)
    info = folder.stat()
    if account.drop and info.st_uid != account.uid:
        os.chown(folder, account.uid, account.gid)
    if stat.S_IMODE(info.st_mode) != 0o700 and (account.drop or info.st_uid == os.geteuid()):
        folder.chmod(0o700)


def _own_name() -> str:
    return service_account().name if os.geteuid() != 0 else "root"


def _quoted(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _literal(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
