"""Where the bytes of files lie: a folder, or a store that speaks S3. Content is addressed by account and SHA-256.

Two rows with the same content share one object, but never across accounts: deleting an organisation's object can harm
nobody else, and nobody can find out by uploading whether a neighbour has a file. Rows live in the rooms; this module
knows no tables.
"""

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Final
from uuid import UUID

import msgspec
import obstore
from obstore.store import LocalStore, ObjectStore, from_url

from svardesk.kit.errors import Invalid, NotFound, TooLarge
from svardesk.kit.ids import uuid7
from svardesk.kit.sniff import HEAD

CHUNK: Final = 256 * 1024
INCOMING: Final = "incoming"


class Stored(msgspec.Struct, frozen=True):
    """What was put: hex SHA-256, size in bytes."""

    sha256: str
    size: int


class FileStore:
    """Puts, opens and deletes content. ``url`` is a folder's path, ``file:///…`` or ``s3://bucket/prefix``.

    An S3 store takes its credentials and region from the usual ``AWS_*`` environment.
    """

    def __init__(self, url: str | Path) -> None:
        text = str(url)
        self._folder: Path | None = None
        self._store: ObjectStore
        if "://" not in text or text.startswith("file://"):
            self._folder = Path(text.removeprefix("file://"))
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._store = LocalStore(self._folder)
        else:
            self._store = from_url(text)

    async def put(
        self,
        account_id: UUID,
        chunks: AsyncIterator[bytes],
        *,
        max_bytes: int,
        check: Callable[[bytes], object] | None = None,
    ) -> Stored:
        """Stream content in and return its hash and size once it is durable.

        ``check`` gets the first ``HEAD`` bytes (or all, when there are fewer) before anything is written, and raises to
        refuse. Raises ``TooLarge`` at the first byte too many and ``Invalid`` (``empty_file``); a refused or broken
        upload leaves nothing behind.
        """
        source = _Counted(chunks, max_bytes)
        head = await source.head()
        if not head:
            raise Invalid("empty_file", "The file is empty.")
        if check is not None:
            check(head)
        draft = f"{INCOMING}/{uuid7()}"
        try:
            await obstore.put_async(self._store, draft, source.rest(), chunk_size=5 * 1024 * 1024, max_concurrency=2)
            await self._durable(draft)
            stored = Stored(source.sha256, source.size)
            # A rename over equal content is harmless: two uploads of the same bytes end at the same object.
            await obstore.rename_async(self._store, draft, _path(account_id, stored.sha256), overwrite=True)
            await self._durable(_path(account_id, stored.sha256))
        except BaseException:
            await self._drop(draft)
            if source.error is not None:
                raise source.error from None
            raise
        return stored

    async def open(self, account_id: UUID, sha256: str) -> AsyncIterator[bytes]:
        """Stream content out; raises ``NotFound`` before the first byte when it is gone."""
        try:
            found = await obstore.get_async(self._store, _path(account_id, sha256))
        except FileNotFoundError as error:
            raise NotFound("file_gone", "The content of this file is no longer kept.") from error
        return _bytes(found.stream(min_chunk_size=CHUNK))

    async def read(self, account_id: UUID, sha256: str) -> bytes:
        """All bytes of a small file."""
        return b"".join([part async for part in await self.open(account_id, sha256)])

    async def exists(self, account_id: UUID, sha256: str) -> bool:
        """Whether the content is there."""
        try:
            await obstore.head_async(self._store, _path(account_id, sha256))
        except FileNotFoundError:
            return False
        return True

    async def delete(self, account_id: UUID, sha256: str) -> None:
        """Delete content; the caller made sure that no row names it any more. Nothing happens when it is gone."""
        await self._drop(_path(account_id, sha256))

    async def sweep_incoming(self, older_than_seconds: float, now: float) -> int:
        """Delete what broken uploads left behind; ``now`` in seconds since the epoch. Returns how many."""
        gone = 0
        for batch in obstore.list(self._store, prefix=INCOMING):
            for one in batch:
                if now - one["last_modified"].timestamp() > older_than_seconds:
                    await self._drop(one["path"])
                    gone += 1
        return gone

    async def _drop(self, path: str) -> None:
        try:
            await obstore.delete_async(self._store, path)
        except FileNotFoundError:
            return

    async def _durable(self, path: str) -> None:
        """A local file is on the disk, not only in its cache, before anybody is told that we have it."""
        if self._folder is not None:
            await asyncio.to_thread(_fsync, self._folder / path)


class _Counted:
    """Counts and hashes what flows through; remembers why it stopped, because the store wraps errors of its source."""

    def __init__(self, chunks: AsyncIterator[bytes], max_bytes: int) -> None:
        self._chunks = chunks
        self._max = max_bytes
        self._hash = hashlib.sha256()
        self._kept: list[bytes] = []
        self.size = 0
        self.error: BaseException | None = None

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    async def head(self) -> bytes:
        have = 0
        async for chunk in self._chunks:
            self._take(chunk)
            self._kept.append(chunk)
            have += len(chunk)
            if have >= HEAD:
                break
        return b"".join(self._kept)[:HEAD]

    async def rest(self) -> AsyncIterator[bytes]:
        try:
            for chunk in self._kept:
                yield chunk
            self._kept.clear()
            async for chunk in self._chunks:
                self._take(chunk)
                yield chunk
        except BaseException as error:
            self.error = error
            raise

    def _take(self, chunk: bytes) -> None:
        self.size += len(chunk)
        if self.size > self._max:
            raise TooLarge("file_too_large", f"Files may be at most {self._max} bytes.", max_bytes=self._max)
        self._hash.update(chunk)


async def _bytes(stream: AsyncIterator[object]) -> AsyncIterator[bytes]:
    async for part in stream:
        yield bytes(part)  # pyright: ignore[reportArgumentType]


def _path(account_id: UUID, sha256: str) -> str:
    return f"{account_id}/{sha256[:2]}/{sha256}"


def _fsync(file: Path) -> None:
    for path in (file, file.parent):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
