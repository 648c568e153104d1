"""The file that `svardesk backup` writes: one tar with a manifest first, then the database, the files, and an end mark.

manifest.json    what is inside, by which version, which keys it needs (class Manifest)
database.dump    pg_dump's custom format, compressed
files/…          what people sent, by account and SHA-256, as in the file store
end.json         {"files": n, "bytes": n}: without it the archive was cut short
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import tarfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

from svardesk.commands.failure import CommandError

FORMAT = 1
MANIFEST, DATABASE_DUMP, FILES, END = "manifest.json", "database.dump", "files", "end.json"
CHUNK = 1 << 20
_SMALL = 1 << 20
_HASH = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a backup holds. `schema` is the Alembic revision, `keys` the ids of the keys that sealed secrets need."""

    format: int
    version: str
    created_at: str
    schema: str
    postgres: str
    keys: list[str]
    database_sha256: str
    database_bytes: int
    files_included: bool

    def as_json(self) -> bytes:
        """The manifest as indented JSON, so that a person who opens the tar can read it."""
        return (json.dumps(asdict(self), indent=2) + "\n").encode()

    @classmethod
    def from_json(cls, raw: bytes) -> Manifest:
        """Read and check a manifest. Raises CommandError when it is none of ours or of a later format."""
        try:
            data: dict[str, Any] = json.loads(raw)
            if data["format"] > FORMAT:
                raise CommandError(
                    f"This backup was made by Svardesk {data.get('version')} in a later format. Restore it with that version."
                )
            return cls(**{name: data[name] for name in cls.__dataclass_fields__})
        except (ValueError, KeyError, TypeError) as error:
            raise CommandError("This backup has a manifest that cannot be read; the file is damaged.") from error


def add_bytes(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    """Add a small member."""
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(content), 0o600
    tar.addfile(info, io.BytesIO(content))


def add_file(tar: tarfile.TarFile, name: str, path: Path) -> int:
    """Add a file as it is now and return its size; FileNotFoundError when it was deleted meanwhile."""
    with path.open("rb") as file:
        info = tarfile.TarInfo(name)
        info.size, info.mode = file.seek(0, io.SEEK_END), 0o600
        _ = file.seek(0)
        tar.addfile(info, file)
        return info.size


def sha256_of(path: Path) -> str:
    """Hex SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class Archive:
    """A backup opened for reading: `manifest` first, then `unpack`, which checks every byte before it is believed."""

    def __init__(self, path: Path) -> None:
        self.path: Path = path
        try:
            self._tar: tarfile.TarFile = tarfile.open(path, "r:")  # noqa: SIM115 - closed by close()
            first = self._tar.next()
            if first is None or first.name != MANIFEST or not first.isreg() or first.size > _SMALL:
                raise CommandError(f"{path} is no backup of Svardesk (it has no manifest).")
            self.manifest: Manifest = Manifest.from_json(self._read(first))
        except FileNotFoundError:
            raise CommandError(f"There is no file {path}.") from None
        except tarfile.TarError as error:
            raise CommandError(f"{path} is no backup of Svardesk, or it is damaged ({error}).") from None
        except OSError as error:
            raise CommandError(f"{path} cannot be read ({error.strerror}).") from error

    def close(self) -> None:
        """Close the file."""
        self._tar.close()

    def unpack(self, dump: Path, files: Path | None) -> int:
        """Write the database to `dump` and the files below the folder `files`; the number of files.

        Raises CommandError when anything is damaged or missing. Files are content-addressed, so those written before the
        damage was seen do no harm.
        """
        counted = counted_bytes = 0
        dumped = ended = False
        try:
            for member in self._members():
                if member.name == DATABASE_DUMP:
                    found = self._write(member, dump)
                    if found != self.manifest.database_sha256:
                        raise CommandError(f"{self.path} is damaged: the database in it is not what was saved.")
                    dumped = True
                elif member.name == END:
                    end = json.loads(self._read(member))
                    ended = end == {"files": counted, "bytes": counted_bytes}
                elif member.name.startswith(FILES + "/"):
                    counted, counted_bytes = counted + 1, counted_bytes + member.size
                    if files is not None:
                        self._write_file(member, files)
        except (tarfile.TarError, EOFError, ValueError) as error:
            raise CommandError(f"{self.path} is damaged ({error}).") from None
        if not (dumped and ended):
            raise CommandError(f"{self.path} is not complete: it was cut short.")
        return counted

    def _members(self) -> Iterator[tarfile.TarInfo]:
        while (member := self._tar.next()) is not None:
            if member.isreg():
                yield member

    def _open(self, member: tarfile.TarInfo) -> IO[bytes]:
        source = self._tar.extractfile(member)
        if source is None:
            raise CommandError(f"{self.path} is damaged: {member.name} holds nothing.")
        return source

    def _read(self, member: tarfile.TarInfo) -> bytes:
        if member.size > _SMALL:
            raise CommandError(f"{self.path} is damaged: {member.name} is too large.")
        with self._open(member) as source:
            return source.read()

    def _write(self, member: tarfile.TarInfo, target: Path) -> str:
        digest = hashlib.sha256()
        left = member.size
        with self._open(member) as source, os.fdopen(_private(target), "wb") as file:
            while chunk := source.read(CHUNK):
                digest.update(chunk)
                _ = file.write(chunk)
                left -= len(chunk)
        if left:
            raise CommandError(f"{self.path} is not complete: it was cut short.")
        return digest.hexdigest()

    def _write_file(self, member: tarfile.TarInfo, folder: Path) -> None:
        inside = PurePosixPath(member.name).relative_to(FILES)
        # Never outside the folder, whatever the archive says.
        if inside.is_absolute() or ".." in inside.parts or not inside.parts:
            raise CommandError(f"{self.path} is damaged: it holds a file named {member.name}.")
        target = folder.joinpath(*inside.parts)
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = target.with_name(target.name + ".restoring")
        found = self._write(member, fresh)
        if _HASH.fullmatch(target.name) and found != target.name:
            fresh.unlink()
            raise CommandError(f"{self.path} is damaged: {member.name} is not what was saved.")
        _ = fresh.replace(target)


def _private(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
