"""`svardesk backup FILE`: database, files and a manifest in one tar, while everything goes on running."""

from __future__ import annotations

import os
import tarfile
import tempfile
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from svardesk.commands.archive import (
    DATABASE_DUMP,
    END,
    FILES,
    FORMAT,
    MANIFEST,
    Manifest,
    add_bytes,
    add_file,
    sha256_of,
)
from svardesk.commands.database import reachable
from svardesk.commands.failure import CommandError
from svardesk.config import Settings
from svardesk.kit.keyring import required_key_ids
from svardesk.kit.migrate import database_revision
from svardesk.kit.postgres import query, run_tool


def backup(settings: Settings, file: Path, *, overwrite: bool) -> int:
    """Save everything to `file` (0600), which appears only when it is whole."""
    target = file.resolve()
    if target.exists() and not overwrite:
        raise CommandError(f"{target} exists. Choose another name, or say --overwrite.")
    if not target.parent.is_dir() or not os.access(target.parent, os.W_OK):
        raise CommandError(f"The folder {target.parent} does not exist, or this account may not write there.")
    with (
        reachable(settings, "backup") as dsn,
        tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent) as folder,
    ):
        dump = Path(folder, DATABASE_DUMP)
        manifest = _save_database(settings, dsn, dump)
        whole = Path(folder, "whole.tar")
        # Files are listed after the database was saved: none that it knows is missing, some may be newer.
        count, size = _write(whole, manifest, dump, settings.files_dir)
        _ = whole.replace(target)
        _sync(target.parent)
    print(
        f"Saved to {target}: {target.stat().st_size / 1e6:.1f} MB, schema {manifest.schema}, {count} {'file' if count == 1 else 'files'} ({size / 1e6:.1f} MB)."
    )
    if not manifest.files_included:
        print(f"The files lie in {settings.files} and are not part of it: save that bucket too.")
    if manifest.keys:
        print(
            f"To read its secrets a restore needs these keys: {', '.join(manifest.keys)}. They are NOT in the backup: keep a "
            f"copy of {'SVARDESK_KEYS' if settings.keys else settings.keys_file} somewhere else."
        )
    return 0


def _save_database(settings: Settings, dsn: str, dump: Path) -> Manifest:
    schema = database_revision(dsn)
    if schema is None:
        raise CommandError("There is nothing to save: the database is empty.")
    created = datetime.now(UTC).isoformat(timespec="seconds")
    keys = required_key_ids(dsn)
    done = run_tool(
        "pg_dump",
        dsn,
        ["--format=custom", "--no-owner", "--no-unlogged-table-data", "--lock-wait-timeout=60s", "--file", dump],
    )
    if done.returncode != 0:
        raise CommandError(f"The database could not be saved: {done.stderr.decode('utf-8', 'replace').strip()}")
    return Manifest(
        format=FORMAT,
        version=version("svardesk"),
        created_at=created,
        schema=schema,
        postgres=query(dsn, "SHOW server_version")[0][0],
        # Secrets stored while pg_dump worked may name a newer key; needing one key too many does no harm.
        keys=sorted(keys | required_key_ids(dsn)),
        database_sha256=sha256_of(dump),
        database_bytes=dump.stat().st_size,
        files_included=settings.files_dir is not None,
    )


def _write(whole: Path, manifest: Manifest, dump: Path, files: Path | None) -> tuple[int, int]:
    count = size = 0
    with whole.open("xb") as out:
        os.fchmod(out.fileno(), 0o600)
        with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
            add_bytes(tar, MANIFEST, manifest.as_json())
            _ = add_file(tar, DATABASE_DUMP, dump)
            for path in _stored(files):
                try:
                    size += add_file(tar, f"{FILES}/{path.relative_to(files or path).as_posix()}", path)
                except FileNotFoundError:
                    continue  # erased while we were saving
                count += 1
            add_bytes(tar, END, f'{{"files": {count}, "bytes": {size}}}\n'.encode())
        out.flush()
        os.fsync(out.fileno())
    return count, size


def _stored(files: Path | None) -> list[Path]:
    """Everything in the file store but uploads that are not finished."""
    if files is None or not files.is_dir():
        return []
    incoming = files / "incoming"
    return sorted(
        path for path in files.rglob("*") if path.is_file() and not path.is_symlink() and incoming not in path.parents
    )


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
