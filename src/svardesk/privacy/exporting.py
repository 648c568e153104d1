"""An export: everything that the rooms declare about one person, as JSON, with the files, in one zip."""

import asyncio
import base64
import tempfile
import zipfile
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import IO, Any
from uuid import UUID

from svardesk.kit.db import Row, Tx
from svardesk.kit.errors import NotFound
from svardesk.kit.files import CHUNK, FileStore, Stored
from svardesk.kit.jsons import encode
from svardesk.kit.personal import PersonalTable, declared
from svardesk.privacy.service import sql

LARGEST = 20 * 1024**3
"""Bytes that one export may have; far above what one person ever sent."""
_UNSAFE = str.maketrans(dict.fromkeys('/\\:*?"<>|', "_") | dict.fromkeys(range(32), "_"))


async def person_of(tx: Tx, contact_id: UUID) -> tuple[list[UUID], list[UUID]]:
    """Ids of the contacts that are this person, and of their conversations."""
    contacts = await tx.value(sql.person, account_id=tx.account, contact_id=contact_id) or []
    rows = await tx.all(sql.conversations_of, account_id=tx.account, contacts=contacts)
    return contacts, [row["id"] for row in rows]


def select_of(one: PersonalTable) -> str:
    """The statement that reads a person's rows of one table: declared columns, and those that explain them."""
    columns = ", ".join(f"t.{name}" for name in dict.fromkeys((*one.context, *one.columns)))
    where = one.condition("%(contacts)s", "%(conversations)s")
    return f"SELECT {columns} FROM {one.table} t WHERE t.account_id = %(account_id)s AND {where}"


async def collect(tx: Tx, contact_id: UUID) -> tuple[dict[str, list[dict[str, Any]]], list[Row]]:
    """Rows by table, ready for JSON, and the files of the person's conversations."""
    contacts, conversations = await person_of(tx, contact_id)
    values = {"account_id": tx.account, "contacts": contacts, "conversations": conversations}
    tables: dict[str, list[dict[str, Any]]] = {}
    for one in declared().of_contacts():
        rows = await tx.all(select_of(one), **values)
        tables[one.table] = [{name: _plain(value) for name, value in row.items()} for row in rows]
    return tables, await tx.all(sql.files_of, account_id=tx.account, conversations=conversations)


async def build(
    files: FileStore, account_id: UUID, tables: dict[str, list[dict[str, Any]]], listed: list[Row], now: datetime
) -> Stored:
    """Write the zip on disk, part by part, and put it into the file store."""
    with tempfile.TemporaryFile(prefix="svardesk-export-") as target:
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            body = {"made_at": now, "tables": tables}
            archive.writestr("export.json", encode(body))
            for row in listed:
                try:
                    content = await files.open(account_id, row["sha256"])
                except NotFound:
                    continue  # its row says what it was; its content ended before
                name = f"files/{row['id']}-{Path(row['name'].translate(_UNSAFE)).name[:120]}"
                with archive.open(name, "w") as member:
                    async for chunk in content:
                        await asyncio.to_thread(member.write, chunk)
        target.seek(0)
        return await files.put(account_id, _chunks(target), max_bytes=LARGEST)


async def _chunks(source: IO[bytes]) -> AsyncIterator[bytes]:
    while chunk := await asyncio.to_thread(source.read, CHUNK):
        yield chunk


def _plain(value: Any) -> Any:
    """Bytes as text where they are text, else as base64."""
    if isinstance(value, bytes | memoryview):
        raw = bytes(value)
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError:
            return "base64:" + base64.b64encode(raw).decode("ascii")
    return value
