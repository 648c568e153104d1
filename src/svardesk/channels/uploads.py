"""Files that agents and visitors send: into the store by content, into a row by author, swept when nobody sends them."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from svardesk.channels.connections import QUERIES
from svardesk.kit.clock import Clock
from svardesk.kit.db import Database, Row
from svardesk.kit.errors import NotFound, TooMany
from svardesk.kit.files import FileStore
from svardesk.kit.ids import uuid7
from svardesk.kit.sniff import Kind, check

MAX_AGENT_FILE: Final = 25 * 1024 * 1024
MOST_UNSENT: Final = 1024 * 1024 * 1024
"""Bytes that one organisation's visitors together may have uploaded without sending them.

A visitor costs nothing and an unsent file lies a day, so without it the disk is as large as the number of addresses that
somebody can send from. A hundred full-sized files wait at once, far more than people who are about to press *send*. It
is asked before an upload, so those under way at that moment may exceed it. Agents are signed in and are not counted.
"""
ORPHAN_AFTER: Final = timedelta(days=1)
ORPHANS: Final = 100


class NoFile(NotFound):
    """There is no such file, or you may not see it."""

    code = "file_not_found"


class UploadsFull(TooMany):
    """Too many files have been uploaded here without being sent. Write without a file, or try again later."""

    code = "uploads_full"


class Uploaded(msgspec.Struct, frozen=True, kw_only=True):
    """A file that waits for its message."""

    id: UUID
    name: str
    size: int
    media_type: str
    image: bool


async def put(
    db: Database,
    store: FileStore,
    now: datetime,
    *,
    account_id: UUID,
    actor: str,
    name: str,
    chunks: AsyncIterator[bytes],
    max_bytes: int,
) -> Uploaded:
    """Take an upload: streamed, counted, told by its bytes. Raises ``TooLarge``, ``FileTypeRefused``, ``Invalid``."""
    kinds: list[Kind] = []
    stored = await store.put(
        account_id, chunks, max_bytes=max_bytes, check=lambda head: kinds.append(check(head, name))
    )
    kind, file_id = kinds[0], uuid7()
    async with db.work(account_id) as tx:
        await tx.run(QUERIES.lock_content, account_id=account_id, sha256=stored.sha256)
        await tx.run(
            QUERIES.add_file,
            account_id=account_id,
            id=file_id,
            actor=actor,
            name=kind.name,
            media_type=kind.media_type,
            size=stored.size,
            sha256=stored.sha256,
            image=kind.image,
            now=now,
        )
        if not await store.exists(account_id, stored.sha256):
            # The sweep dropped the same content between our upload and this row.
            raise NotFound("file_gone", "The file could not be kept. Send it again.")
    return Uploaded(id=file_id, name=kind.name, size=stored.size, media_type=kind.media_type, image=kind.image)


async def check_room(db: Database, account_id: UUID) -> None:
    """Raise ``UploadsFull`` while visitors' files that nobody has sent take up ``MOST_UNSENT`` bytes."""
    async with db.work(account_id) as tx:
        held = await tx.value(QUERIES.unsent_of_visitors, account_id=account_id)
    if held >= MOST_UNSENT:
        raise UploadsFull(retry_after=3600)


async def for_agent(db: Database, account_id: UUID, agent_id: UUID, hidden: tuple[UUID, ...], file_id: UUID) -> Row:
    """The row of a file that an agent may see; raises ``NoFile``."""
    async with db.work(account_id) as tx:
        row = await tx.maybe(
            QUERIES.file_for_agent,
            account_id=account_id,
            id=file_id,
            agent_id=agent_id,
            actor=f"agent:{agent_id}",
            hidden_team_ids=list(hidden),
        )
    if row is None:
        raise NoFile
    return row


async def sweep_orphans(db: Database, clock: Clock, store: FileStore) -> int:
    """Forget uploads that became part of no message within a day, and their content where nothing else names it."""
    now = clock.now()
    async with db.system() as tx:
        rows = await tx.all(QUERIES.orphan_files, older_than=now - ORPHAN_AFTER, limit=ORPHANS)
    for row in rows:
        async with db.work(row["account_id"]) as tx:
            await tx.run(QUERIES.lock_content, account_id=row["account_id"], sha256=row["sha256"])
            gone = await tx.maybe(QUERIES.drop_orphan, account_id=row["account_id"], id=row["id"])
            # Inside the lock: an upload of the same content waits, and then looks whether it is still there.
            if gone is not None and not gone["shared"]:
                await store.delete(row["account_id"], row["sha256"])
    if not rows:
        await store.sweep_incoming(ORPHAN_AFTER.total_seconds(), now.timestamp())
    return len(rows)
