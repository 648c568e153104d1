"""Files of messages that lie at the provider: fetched by the worker after the message stands in the inbox.

The address that a provider gives ends soon; until the file is here the message says that it is awaited. What cannot be
fetched after a day of trying is gone, and the message says that too.
"""

import asyncio
import mimetypes
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Final

import structlog

from svardesk.channels.connections import QUERIES, NoSuchConnection, get
from svardesk.channels.contract import Adapter
from svardesk.channels.registry import adapter as adapter_of
from svardesk.channels.taking import LARGEST_FILE, UNKNOWN_TYPE
from svardesk.conversations import outside
from svardesk.kit.clock import Clock
from svardesk.kit.db import Database, Row, Tx, passes
from svardesk.kit.errors import TooLarge
from svardesk.kit.files import FileStore
from svardesk.kit.ids import uuid7
from svardesk.kit.keyring import KeyRing
from svardesk.kit.sniff import FileTypeRefused, check, safe_name

log = structlog.get_logger()

LEASE: Final = timedelta(minutes=2)
BATCH: Final = 20
SECONDS: Final = 60.0
LAST_ATTEMPT: Final = 9
HEAD: Final = 16_384

Adapters = Callable[[str], Adapter]


async def sweep(db: Database, clock: Clock, keyring: KeyRing, files: FileStore, adapters: Adapters = adapter_of) -> int:
    """Fetch a batch of files of all organisations; returns how many were claimed."""
    async with db.system() as tx:
        claimed = await tx.all(QUERIES.claim_media, now=clock.now(), lease=LEASE, limit=BATCH)
    await asyncio.gather(*(_one(db, clock, keyring, files, adapters, row) for row in claimed))
    return len(claimed)


async def _one(db: Database, clock: Clock, keyring: KeyRing, files: FileStore, adapters: Adapters, row: Row) -> None:
    account_id = row["account_id"]
    async with db.work(account_id) as tx:
        held = await tx.maybe(QUERIES.awaited_file, account_id=account_id, id=row["id"])
        if held is None:
            return
        try:
            connection = await get(tx, held["connection_id"], keyring)
        except NoSuchConnection:
            await _gone(tx, held, "no_connection")
            return
    try:
        async with asyncio.timeout(SECONDS):
            head = _Head(adapters(connection.kind).fetch_media(connection, held["ref"]))
            stored = await files.put(account_id, head.chunks(), max_bytes=LARGEST_FILE)
    except Exception as error:
        if passes(error):
            raise
        log.warning("media_not_fetched", media=str(row["id"]), attempt=held["attempt"], error=type(error).__name__)
        async with db.work(account_id) as tx:
            if held["attempt"] >= LAST_ATTEMPT or isinstance(error, TooLarge):
                await _gone(tx, held, type(error).__name__)
            else:
                due = clock.now() + timedelta(seconds=min(4 ** held["attempt"], 7200))
                await tx.run(QUERIES.await_longer, account_id=account_id, id=row["id"], due=due)
        return
    name = safe_name(held["name"] or _name(held, head.bytes))
    media_type, image = UNKNOWN_TYPE, False
    try:
        kind = check(head.bytes, name)
        name, media_type, image = kind.name, kind.media_type, kind.image
    except FileTypeRefused:
        pass  # kept all the same; only ever handed over as a download
    async with db.work(account_id) as tx:
        await tx.run(QUERIES.lock_content, account_id=account_id, sha256=stored.sha256)
        if not await tx.run(QUERIES.file_kept, account_id=account_id, id=row["id"], file_id=(file_id := uuid7())):
            return
        await tx.run(
            QUERIES.add_file,
            account_id=account_id,
            id=file_id,
            actor=f"media:{row['id']}",
            name=name,
            media_type=media_type,
            size=stored.size,
            sha256=stored.sha256,
            image=image,
            now=clock.now(),
        )
        missing = await tx.value(QUERIES.still_awaited, account_id=account_id, message_id=held["message_id"])
        await outside.files_came(tx, held["message_id"], [file_id], missing=missing)


async def _gone(tx: Tx, held: Row, error: str) -> None:
    await tx.run(QUERIES.file_gone, account_id=tx.account, id=held["id"], error=error)
    missing = await tx.value(QUERIES.still_awaited, account_id=tx.account, message_id=held["message_id"])
    await outside.files_came(tx, held["message_id"], [], missing=missing)


def _name(held: Row, head: bytes) -> str:
    ending = mimetypes.guess_extension(held["media_type"] or "") or _ENDINGS.get(head[:3], "")
    return f"file{ending}"


_ENDINGS: Final = {b"\xff\xd8\xff": ".jpg", b"\x89PN": ".png", b"GIF": ".gif", b"%PD": ".pdf"}


class _Head:
    """Passes chunks on and keeps the first bytes, by which the kind of a file is told."""

    def __init__(self, source: AsyncIterator[bytes]) -> None:
        self._source = source
        self.bytes = b""

    async def chunks(self) -> AsyncIterator[bytes]:
        async for chunk in self._source:
            if len(self.bytes) < HEAD:
                self.bytes += chunk[: HEAD - len(self.bytes)]
            yield chunk
