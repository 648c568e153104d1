"""Reading `postmaster.pid`: is a server of this data folder alive, is it ready, is the file a leftover?"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

_STATUS_LINE = 7


@dataclass(frozen=True, slots=True)
class Postmaster:
    """The first process of a running server: its process id and whether it accepts connections."""

    pid: int
    ready: bool


def read_postmaster(pgdata: Path) -> Postmaster | None:
    """The live server of this data folder, or None."""
    lines = _lines(pgdata)
    pid = _pid(lines)
    if pid is None or is_server_of(pid, pgdata) is False:
        return None
    ready = len(lines) > _STATUS_LINE and lines[_STATUS_LINE].strip() == "ready"
    return Postmaster(pid, ready)


def remove_stale_lock(pgdata: Path, socket_folder: Path) -> bool:
    """Remove the lock files of a killed server whose process id now belongs to somebody else; True when one went.

    PostgreSQL sees only that a process with that id exists and would refuse for ever; in containers, where ids start
    again from 1, that is the usual case after a kill. Its shared memory still guards against a second server.
    """
    removed = False
    for lock in (pgdata / "postmaster.pid", socket_folder / ".s.PGSQL.5432.lock"):
        try:
            pid = _pid(lock.read_text(encoding="utf-8", errors="replace").splitlines())
        except (FileNotFoundError, PermissionError):
            continue
        if pid is None or is_server_of(pid, pgdata) is False:
            lock.unlink(missing_ok=True)
            removed = True
    return removed


def is_server_of(pid: int, pgdata: Path) -> bool:
    """Whether process `pid` lives and is the postmaster of `pgdata`.

    Read from its command line, which every account may read; where /proc is hidden, a living process counts as ours.
    A zombie has no command line and counts as dead.
    """
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except FileNotFoundError:
        if Path("/proc/self/cmdline").exists():
            return False
        return _alive(pid)
    except ProcessLookupError:
        return False
    except PermissionError:
        return _alive(pid)
    return os.fsencode(pgdata) in words


def executable_of(pid: int) -> str | None:
    """Path of the program that process `pid` runs, or None when it cannot be told."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0].decode("utf-8", "replace") or None
    except OSError:
        return None


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _lines(pgdata: Path) -> list[str]:
    try:
        return (pgdata / "postmaster.pid").read_text(encoding="utf-8", errors="replace").splitlines()
    except (FileNotFoundError, PermissionError, NotADirectoryError):
        return []


def _pid(lines: list[str]) -> int | None:
    try:
        pid = abs(int(lines[0]))
    except (IndexError, ValueError):
        return None
    return pid or None
