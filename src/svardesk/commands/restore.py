"""`svardesk restore FILE`: bring a backup back, all of it or nothing.

The database is replaced in one transaction: until its last line the old content is there. Afterwards the schema is
brought up to date, the spine begins a new epoch (positions given after the backup will be given again, so every
browser must fetch afresh) and erasures are applied again, also those made after the backup was taken.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import IO

from svardesk.commands.archive import CHUNK, DATABASE_DUMP, Archive, Manifest
from svardesk.commands.database import reachable
from svardesk.commands.failure import CommandError
from svardesk.config import Settings
from svardesk.kit import keyring
from svardesk.kit.migrate import migrate, migrations_folder, revisions
from svardesk.kit.postgres import find_binaries, prepare_data_folder, query
from svardesk.kit.postgres.tools import split_password, tool_environment

_TABLES = """
SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
"""
_OTHERS = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""
# What was erased stays erased, also when the backup is older than the erasure.
_KEEP_TOMBSTONES = """
DO $$ BEGIN
    IF to_regclass('public.tombstones') IS NOT NULL THEN
        CREATE TEMP TABLE kept_tombstones AS TABLE public.tombstones;
    END IF;
END $$;
"""
_RETURN_TOMBSTONES = """
DO $$ DECLARE columns text; BEGIN
    IF to_regclass('pg_temp.kept_tombstones') IS NOT NULL AND to_regclass('public.tombstones') IS NOT NULL THEN
        SELECT string_agg(quote_ident(new.attname), ', ') INTO columns
        FROM pg_attribute new
        JOIN pg_attribute old ON old.attrelid = to_regclass('pg_temp.kept_tombstones') AND old.attname = new.attname
            AND old.attnum > 0 AND NOT old.attisdropped
        WHERE new.attrelid = to_regclass('public.tombstones') AND new.attnum > 0 AND NOT new.attisdropped;
        EXECUTE format('INSERT INTO public.tombstones (%1$s) SELECT %1$s FROM pg_temp.kept_tombstones kept
            WHERE EXISTS (SELECT FROM public.accounts a WHERE a.id = kept.account_id) ON CONFLICT DO NOTHING', columns);
    END IF;
END $$;
"""
# As PostgreSQL makes the schema in a new database: a dump holds only what differs from that.
_EMPTY = """
DO $$ DECLARE found text; BEGIN
    FOR found IN SELECT nspname FROM pg_namespace WHERE nspname NOT LIKE 'pg\\_%' AND nspname <> 'information_schema' LOOP
        EXECUTE format('DROP SCHEMA %I CASCADE', found);
    END LOOP;
END $$;
CREATE SCHEMA public;
ALTER SCHEMA public OWNER TO pg_database_owner;
GRANT USAGE ON SCHEMA public TO PUBLIC;
COMMENT ON SCHEMA public IS 'standard public schema';
"""
_HOOKS = ("spine_new_epoch", "privacy_reapply_tombstones")


def restore(settings: Settings, file: Path, *, replace: bool) -> int:
    """Restore `file` into the database and the file store of these settings."""
    archive = Archive(file.resolve())
    try:
        manifest = archive.manifest
        _check_schema(manifest)
        _check_keys(settings, manifest)
        with reachable(settings, "restore", exclusive=True) as dsn:
            _check_target(dsn, replace=replace)
            _check_alone(dsn)
            prepare_data_folder(settings)
            with tempfile.TemporaryDirectory(prefix=".restore-", dir=settings.data) as folder:
                dump = Path(folder, DATABASE_DUMP)
                count = archive.unpack(dump, settings.files_dir)
                os.sync()
                _load(dsn, dump)
            _, after = migrate(dsn)
            _finish(dsn)
            # The next `run --demo` looks for itself whether the demo is in what was brought back.
            (settings.data / "demo.txt").unlink(missing_ok=True)
    finally:
        archive.close()
    print(
        f"Restored the backup of {manifest.created_at} (Svardesk {manifest.version}): schema {after}, {count} {'file' if count == 1 else 'files'}."
    )
    if not manifest.files_included:
        print("Files were not part of it (they lay in S3): bring that bucket back too.")
    return 0


def _check_schema(manifest: Manifest) -> None:
    if manifest.schema not in revisions():
        raise CommandError(
            f"This backup has schema {manifest.schema}, made by Svardesk {manifest.version}, which this version does not know. "
            "Restore it with that version or a newer one."
        )


def _check_keys(settings: Settings, manifest: Manifest) -> None:
    present: set[str] = set()
    if settings.keys or settings.keys_file.exists():
        present.update(keyring.load(settings.keys, settings.data).ids)
    missing = [key for key in manifest.keys if key not in present]
    if missing:
        where = "SVARDESK_KEYS" if settings.keys else f"{settings.keys_file} (or SVARDESK_KEYS)"
        raise CommandError(
            f"This backup holds secrets that only these keys open, and they are not in the key ring: {', '.join(missing)}. "
            f"Add them to {where} from the installation that made the backup, then restore again. Nothing was changed."
        )


def _check_target(dsn: str, *, replace: bool) -> None:
    if replace or int(query(dsn, _TABLES)[0][0]) == 0:
        return
    ours = query(dsn, "SELECT to_regclass('public.accounts') IS NOT NULL")[0][0] == "t"
    if ours and not query(dsn, "SELECT 1 FROM public.accounts LIMIT 1"):
        return  # a schema without any organisation: nothing is lost
    raise CommandError(
        "The database is not empty. Say --replace to throw away what it holds now (save it first with `svardesk backup`)."
    )


def _check_alone(dsn: str) -> None:
    others = int(query(dsn, _OTHERS)[0][0])
    if others:
        raise CommandError(
            f"{others} other connections to the database are open. Stop every web process and worker first, then restore."
        )


def _load(dsn: str, dump: Path) -> None:
    """Replace the database's content by the dump in one transaction."""
    binaries = find_binaries()
    bare, password = split_password(dsn)
    roles = (migrations_folder() / "sql" / "roles.sql").read_bytes()
    with tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as complaint:
        psql = subprocess.Popen(
            [binaries.program("psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", bare],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=said,
            env=tool_environment(password),
        )
        source = subprocess.Popen(
            [binaries.program("pg_restore"), "--no-owner", "--file=-", str(dump)],
            stdout=subprocess.PIPE,
            stderr=complaint,
            env=tool_environment(),
        )
        assert psql.stdin is not None  # noqa: S101 - both are pipes
        assert source.stdout is not None  # noqa: S101
        try:
            _ = psql.stdin.write(
                b"SET client_min_messages = warning;\nBEGIN;\n"
                + _KEEP_TOMBSTONES.encode()
                + _EMPTY.encode()
                + roles
                + b"\n"
            )
            _copy(source.stdout, psql.stdin)
            if source.wait() == 0:
                # Without this COMMIT psql ends, and everything is as it was.
                _ = psql.stdin.write(b"\n" + _RETURN_TOMBSTONES.encode() + b"COMMIT;\n")
            psql.stdin.close()
        except BrokenPipeError:
            pass  # psql met an error and went; what it said is below
        finally:
            source.stdout.close()
            _ = source.wait()
            code = psql.wait()
        if source.returncode != 0 or code != 0:
            _ = said.seek(0), complaint.seek(0)
            words = (complaint.read() + said.read()).decode("utf-8", "replace").strip()
            raise CommandError(f"The database could not be restored and is as it was before. PostgreSQL said: {words}")


def _copy(source: IO[bytes], target: IO[bytes]) -> None:
    # The head of the script sets parameters, one of which servers before version 17 do not know.
    for _ in range(40):
        line = source.readline()
        if not line.startswith(b"SET transaction_timeout"):
            _ = target.write(line)
    shutil.copyfileobj(source, target, CHUNK)


def _finish(dsn: str) -> None:
    for hook in _HOOKS:
        if query(dsn, f"SELECT to_regprocedure('public.{hook}()') IS NOT NULL")[0][0] == "t":
            _ = query(dsn, f"SELECT public.{hook}()")
    _ = query(dsn, "ANALYZE")
