"""One `svardesk run` (or restore, or …) at a time on a data folder."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from svardesk.commands.failure import CommandError
from svardesk.config import Settings
from svardesk.kit.postgres import prepare_data_folder


class DataLock:
    """A lock on the data folder that the kernel frees when its holder dies, however it dies.

    The file `run.lock` tells who holds it: process id, command, address. After `with`, `previous_killed` says whether the
    last holder went without tidying up.
    """

    def __init__(self, settings: Settings, command: str) -> None:
        self.path: Path = settings.data / "run.lock"
        self.previous_killed: bool = False
        self._settings: Settings = settings
        self._command: str = command
        self._file: int = -1

    def __enter__(self) -> Self:
        try:
            prepare_data_folder(self._settings)
            self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise CommandError(
                f"The data folder {self._settings.data} cannot be used ({error.strerror}). Choose another one with SVARDESK_DATA."
            ) from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(self._file, 4096, 0).decode("utf-8", "replace").split("\n")
            os.close(self._file)
            pid, command, address = [*holder, "", "", ""][:3]
            where = f", {address}" if address else ""
            raise CommandError(
                f"The data folder {self._settings.data} is in use by `svardesk {command or 'run'}` (process {pid or '?'}{where}). "
                "Stop that first, or choose another folder with SVARDESK_DATA (and another PORT)."
            ) from None
        self.previous_killed = os.fstat(self._file).st_size > 0
        address = self._settings.local_url if self._command == "run" else ""
        os.ftruncate(self._file, 0)
        _ = os.pwrite(self._file, f"{os.getpid()}\n{self._command}\n{address}\n".encode(), 0)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.ftruncate(self._file, 0)
        os.close(self._file)
