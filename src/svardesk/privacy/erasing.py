"""Erasing a person: rows in one transaction, tombstones with them, then the bytes of files.

What must be gone is declared by the rooms and done by the SQL function that is generated from it. Two steps, so that a
crash between them loses nothing: first the rows go and the request remembers which contents they named, then contents
that nobody else in the organisation names are deleted, and the request is done.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from svardesk.channels.connections import QUERIES
from svardesk.channels.events import VisitorSessionChanged
from svardesk.conversations.events import ConversationChanged
from svardesk.kit.db import Database, Tx
from svardesk.kit.files import FileStore
from svardesk.kit.ids import uuid7
from svardesk.kit.keyring import KeyRing, context
from svardesk.privacy.events import ContactErased
from svardesk.privacy.service import sql
from svardesk.spine import record


def _named(kind: str, scope: str, address: str) -> bytes:
    return "\0".join((kind, scope, address.strip().lower())).encode()


async def was_erased(tx: Tx, keyring: KeyRing, kind: str, scope: str, address: str) -> bool:
    """Whether the person with this address was erased here: whoever imports old data asks first.

    Tombstones keep no address, only its fingerprint under a key that is not in the database.
    """
    hashes = keyring.fingerprints(_named(kind, scope, address), context(tx.account, "tombstones.address_hash"))
    return await tx.maybe(sql.buried_addresses, account_id=tx.account, hashes=hashes) is not None


async def _hold_person(tx: Tx, contact_id: UUID) -> list[UUID]:
    """All contacts that are this person, locked: also those that were merged with it while their locks were waited for."""
    contacts: list[UUID] = []
    while (now := await tx.value(sql.person, account_id=tx.account, contact_id=contact_id) or []) != contacts:
        contacts = now
        await tx.run(sql.lock_person, account_id=tx.account, contacts=contacts)
    return contacts


async def erase_rows(tx: Tx, keyring: KeyRing, request_id: UUID, contact_id: UUID, now: datetime) -> dict[str, Any]:
    """Erase a person's rows; returns the result of the request: counts, and the contents that may now be deleted."""
    contacts = await _hold_person(tx, contact_id)
    rows = await tx.all(sql.lock_conversations, account_id=tx.account, contacts=contacts)
    conversations = [row["id"] for row in rows]
    identities = await tx.all(sql.identities_of, account_id=tx.account, contacts=contacts)
    listed = await tx.all(sql.files_of, account_id=tx.account, conversations=conversations)
    sessions = await tx.all(sql.sessions_of, account_id=tx.account, contacts=contacts, conversations=conversations)
    exports = await tx.all(sql.exports_of, account_id=tx.account, contacts=contacts)

    def grave(table: str, row_id: UUID, hashed: bytes | None = None) -> dict[str, object]:
        return {
            "account_id": tx.account, "id": uuid7(), "table_name": table, "row_id": row_id, "address_hash": hashed,
            "now": now,
        }  # fmt: skip

    graves = [grave("contacts", one) for one in contacts]
    graves += [grave("conversations", one) for one in conversations]
    for one in identities:
        name = _named(one["kind"], one["scope"], one["address"])
        hashed = keyring.fingerprints(name, context(tx.account, "tombstones.address_hash"))[0]
        graves.append(grave("identities", one["id"], hashed))
    await tx.many(sql.bury, graves)
    await tx.run(sql.erase, account_id=tx.account, contacts=contacts, conversations=conversations, now=now)
    await tx.run(sql.forget_exports, account_id=tx.account, contacts=contacts)
    for row in await tx.all(sql.erased_conversations, account_id=tx.account, conversations=conversations):
        await record(tx, ConversationChanged(stream=row["id"], what=("erased",), version=row["version"]))
    for row in sessions:
        # Processes that remember the visitor forget them, and open tabs are told.
        await record(tx, VisitorSessionChanged(stream=row["id"], revoked=True))
    await record(
        tx,
        ContactErased(
            stream=contact_id,
            request_id=request_id,
            contact_ids=tuple(contacts),
            conversation_ids=tuple(conversations),
        ),
    )
    hashes = {row["sha256"] for row in listed} | {row["file_sha256"] for row in exports}
    return {
        "contacts": len(contacts),
        "conversations": len(conversations),
        "identities": len(identities),
        "files": len(listed),
        "contents": sorted(hashes),
    }


async def drop_contents(db: Database, files: FileStore, account_id: UUID, hashes: list[str]) -> int:
    """Delete contents that no file and no export of the organisation names any more; returns how many."""
    gone = 0
    for one in hashes:
        async with db.work(account_id) as tx:
            # In turn with uploads of the same content: one that comes later finds it gone and says so, one that was
            # faster keeps it.
            await tx.run(QUERIES.lock_content, account_id=account_id, sha256=one)
            if await tx.maybe(sql.still_used, account_id=account_id, hashes=[one]) is None:
                await files.delete(account_id, one)
                gone += 1
    return gone
