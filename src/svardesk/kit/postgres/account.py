"""Which operating-system account runs PostgreSQL.

PostgreSQL refuses to run as root and needs an account that has a line in /etc/passwd. An ordinary person runs it as
herself; root runs it as `postgres` where that account exists, else as a service account that we create.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from svardesk.kit.postgres.errors import PostgresError

SERVICE_HOME = Path("/var/lib/svardesk")
SERVICE_NAMES = ("postgres", "svardesk")


class RunAs(TypedDict, total=False):
    """Keyword arguments for `subprocess` that drop to the account (empty when we are that account already)."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True, slots=True)
class Account:
    """An account of the operating system: name, numeric user and group, and whether we must drop to it."""

    name: str
    uid: int
    gid: int
    drop: bool

    def run_as(self) -> RunAs:
        """Arguments for `subprocess.Popen` that make the child run as this account."""
        if not self.drop:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": os.getgrouplist(self.name, self.gid)}

    def blocked_at(self, path: Path) -> Path | None:
        """The first folder on the way to `path` that the account may not enter, or None when the way is free.

        Parts that do not exist yet are skipped: they are made by us. Reads mode bits first and, where those say no, asks
        the kernel by really trying, because an access list can allow more than the mode shows.
        """
        if not self.drop:
            return None
        groups = set(os.getgrouplist(self.name, self.gid))
        for folder in [*reversed(path.parents), path]:
            try:
                info = folder.stat()
            except FileNotFoundError:
                return None
            needed = 0o100 if info.st_uid == self.uid else 0o010 if info.st_gid in groups else 0o001
            if not info.st_mode & needed and not self._can_enter(folder):
                return folder
        return None

    def _can_enter(self, folder: Path) -> bool:
        tried = subprocess.run(
            ["/bin/sh", "-c", 'test -x "$1"', "sh", str(folder)],
            check=False,
            cwd="/",
            stderr=subprocess.DEVNULL,
            **self.run_as(),
        )
        return tried.returncode == 0


def service_account(owner_of: Path | None = None, names: tuple[str, ...] = SERVICE_NAMES) -> Account:
    """The account that runs the server whose files are at `owner_of` (when they exist already).

    Not root: the caller itself. Root: the owner of the existing files, else the first of `names` that exists, else the
    last of `names`, created as a system account without a login.

    Raises PostgresError `no_account` (the caller has no passwd entry, or the account cannot be created) and
    `foreign_owner` (the files belong to somebody else).
    """
    uid = os.geteuid()
    owner = _owner(owner_of)
    if uid != 0:
        try:
            entry = pwd.getpwuid(uid)
        except KeyError:
            raise PostgresError(
                "no_account",
                f"This process runs as user id {uid}, which has no line in /etc/passwd, and PostgreSQL refuses to start "
                "that way. Run Svardesk as an account that exists, or set SVARDESK_DATABASE_URL to a PostgreSQL server.",
            ) from None
        if owner is not None and owner != uid:
            raise PostgresError(
                "foreign_owner",
                f"The database in {owner_of} belongs to '{_name(owner)}', and this process runs as '{entry.pw_name}'. "
                "Run Svardesk as the account that started it first, or choose another folder with SVARDESK_DATA.",
            )
        return Account(entry.pw_name, uid, entry.pw_gid, drop=False)
    if owner is not None and owner != 0:
        try:
            entry = pwd.getpwuid(owner)
        except KeyError:
            raise PostgresError(
                "no_account",
                f"The database in {owner_of} belongs to user id {owner}, which has no line in /etc/passwd. Give the folder "
                f"to an account that exists, for example: chown -R {names[0]} {owner_of}",
            ) from None
        return Account(entry.pw_name, entry.pw_uid, entry.pw_gid, drop=True)
    for name in names:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid != 0:
            return Account(entry.pw_name, entry.pw_uid, entry.pw_gid, drop=True)
    return _create(names[-1])


def _owner(path: Path | None) -> int | None:
    if path is None:
        return None
    try:
        return path.stat().st_uid
    except (FileNotFoundError, PermissionError):
        return None


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _create(name: str) -> Account:
    useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    advice = (
        f"PostgreSQL cannot run as root, and there is no account '{name}' for it. Create one "
        f"(useradd --system --home-dir {SERVICE_HOME} --shell /usr/sbin/nologin {name}), start Svardesk as an ordinary "
        "account, or set SVARDESK_DATABASE_URL to a PostgreSQL server."
    )
    if useradd is None:
        raise PostgresError("no_account", advice)
    made = subprocess.run(
        [
            useradd,
            "--system",
            "--user-group",
            "--home-dir",
            str(SERVICE_HOME),
            "--no-create-home",
            "--shell",
            "/usr/sbin/nologin",
            "--comment",
            "Svardesk database",
            name,
        ],
        check=False,
        capture_output=True,
        text=True,
    )
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        raise PostgresError("no_account", f"{advice} (useradd said: {made.stderr.strip()})") from None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid, drop=True)
