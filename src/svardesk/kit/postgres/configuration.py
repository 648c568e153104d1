"""The three configuration files of the embedded server, written anew at every start."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

DEFAULTS: Mapping[str, str] = {
    # Reached through the socket folder (0700) only; the network never sees it.
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    # Small when idle: only pages that were touched count, and the operating system caches the rest of the files.
    "shared_buffers": "64MB",
    "work_mem": "8MB",
    "maintenance_work_mem": "64MB",
    "effective_cache_size": "1GB",
    "random_page_cost": "1.1",
    "jit": "off",
    # Reading by the backend itself: three idle I/O processes fewer.
    "io_method": "sync",
    "max_worker_processes": "4",
    "max_parallel_workers": "2",
    "max_parallel_workers_per_gather": "1",
    "max_parallel_maintenance_workers": "1",
    # Nothing is replicated from here; a large installation uses a server of its own.
    "max_wal_senders": "0",
    "max_replication_slots": "0",
    "max_logical_replication_workers": "0",
    # An acknowledged message survives a power cut.
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "wal_compression": "off",
    "min_wal_size": "80MB",
    "max_wal_size": "1GB",
    "checkpoint_timeout": "10min",
    # Queue tables turn over quickly, so look at them more often than once a minute.
    "autovacuum_naptime": "20s",
    "autovacuum_max_workers": "2",
    "autovacuum_worker_slots": "4",
    # A query whose client is gone does not go on working.
    "client_connection_check_interval": "5s",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
    "default_text_search_config": "pg_catalog.simple",
    # Seven files of the last week, by weekday. Neither statements nor row contents go to the log: they hold personal data.
    "logging_collector": "on",
    "log_filename": "postgresql-%a.log",
    "log_rotation_age": "1d",
    "log_rotation_size": "0",
    "log_truncate_on_rotation": "on",
    "log_line_prefix": "%m [%p] %d ",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_lock_waits": "on",
    "log_checkpoints": "off",
}

_HEAD = "# Written by Svardesk at every start. Put your own settings in svardesk.local.conf beside this file.\n"


def write_configuration(
    pgdata: Path, socket_folder: Path, log_folder: Path, settings: Mapping[str, str], accounts: set[str]
) -> bool:
    """Write postgresql.conf, pg_hba.conf and pg_ident.conf; True when one of them changed.

    `accounts` are the operating-system accounts that may connect: by the kernel's word over the socket (peer), as any
    role, because whoever runs Svardesk owns the database anyway.
    """
    merged = {
        **DEFAULTS,
        "unix_socket_directories": str(socket_folder),
        "log_directory": str(log_folder),
        **settings,
    }
    main = _HEAD + "".join(f"{name} = {_quoted(value)}\n" for name, value in merged.items())
    main += "include_if_exists = 'svardesk.local.conf'\n"
    ident = _HEAD + "".join(f'svardesk "{account}" all\n' for account in sorted(accounts))
    changed = _write(pgdata / "postgresql.conf", main)
    changed |= _write(pgdata / "pg_hba.conf", _HEAD + "local all all peer map=svardesk\n")
    changed |= _write(pgdata / "pg_ident.conf", ident)
    return changed


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _write(path: Path, text: str) -> bool:
    try:
        if path.read_text(encoding="utf-8") == text:
            return False
    except FileNotFoundError:
        pass
    folder = path.parent.stat()
    fresh = path.with_name(path.name + ".new")
    with fresh.open("w", encoding="utf-8") as file:
        os.fchmod(file.fileno(), 0o600)
        if os.geteuid() == 0:
            os.fchown(file.fileno(), folder.st_uid, folder.st_gid)
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    return True
