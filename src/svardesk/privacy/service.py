"""Requests to see or to lose what we hold about a person: asking for them and looking at them. The worker does them."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Literal
from uuid import UUID

from svardesk.accounts import audit
from svardesk.accounts.caller import Actor, Caller
from svardesk.kit.db import Row, Tx
from svardesk.kit.files import FileStore
from svardesk.kit.ids import uuid7
from svardesk.kit.sql import load
from svardesk.privacy.errors import AlreadyErased, FileExpired, NoSuchContact, NoSuchRequest, NotReady
from svardesk.privacy.events import PrivacyRequested
from svardesk.spine import record
from svardesk.spine.wakeups import SWEEP

sql = load("svardesk.privacy")

Kind = Literal["export", "erase"]
SWEEP_NAME = "privacy"
PAGE = 50


async def ask(tx: Tx, by: Caller | Actor, now: datetime, kind: Kind, contact_id: UUID) -> Row:
    """Put a request into the queue; a second one of the same kind for the same contact gives the first back.

    Raises NoSuchContact, AlreadyErased.
    """
    contact = await tx.maybe(sql.contact_state, account_id=tx.account, contact_id=contact_id)
    if contact is None:
        raise NoSuchContact
    if contact["erased_at"] is not None:
        raise AlreadyErased
    if waiting := await tx.maybe(sql.open_request, account_id=tx.account, contact_id=contact_id, kind=kind):
        return waiting
    asked_by = by.agent_id if isinstance(by, Caller) else by.id
    row = await tx.one(
        sql.insert_request,
        account_id=tx.account,
        id=uuid7(),
        kind=kind,
        contact_id=contact_id,
        requested_by=asked_by,
        now=now,
    )
    await audit.note(tx, by, "export_requested" if kind == "export" else "erasure_requested", "contact", contact_id)
    await record(tx, PrivacyRequested(stream=contact_id, request_id=row["id"], kind=kind))
    tx.notify(SWEEP, SWEEP_NAME)
    return row


async def page(tx: Tx, kind: Kind, before: UUID | None, limit: int = PAGE) -> tuple[list[Row], UUID | None]:
    """Requests of one kind, the latest first, and the cursor of the next page (None on the last)."""
    rows = await tx.all(sql.requests_page, account_id=tx.account, kind=kind, before=before, limit=limit + 1)
    return rows[:limit], (rows[limit - 1]["id"] if len(rows) > limit else None)


async def get_request(tx: Tx, kind: Kind, request_id: UUID) -> Row:
    """One request. Raises NoSuchRequest."""
    row = await tx.maybe(sql.get_request, account_id=tx.account, id=request_id, kind=kind)
    if row is None:
        raise NoSuchRequest
    return row


async def open_export(tx: Tx, by: Caller, files: FileStore, request_id: UUID) -> AsyncIterator[bytes]:
    """The bytes of an export's file; who fetched it is written down. Raises NotReady, FileExpired, NoSuchRequest."""
    row = await get_request(tx, "export", request_id)
    if row["state"] != "done":
        raise NotReady
    if row["file_sha256"] is None or not await files.exists(tx.account, row["file_sha256"]):
        raise FileExpired
    await audit.note(tx, by, "export_downloaded", "contact", row["contact_id"], request_id=str(request_id))
    return await files.open(tx.account, row["file_sha256"])
