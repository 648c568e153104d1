"""Export and erasure over HTTP: asked for here, done by the worker."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec
from litestar.response import Stream

from svardesk.accounts.caller import Caller
from svardesk.kit.clock import Clock
from svardesk.kit.db import Database, Row
from svardesk.kit.files import FileStore
from svardesk.kit.http import Route, route
from svardesk.privacy import service


class ContactChoice(msgspec.Struct, forbid_unknown_fields=True):
    """The person it is about; contacts that were merged with this one are the same person."""

    contact_id: UUID


class PrivacyRequest(msgspec.Struct, kw_only=True):
    """A request. ``result``: counts, once done.

    ``url`` is where an export's zip can be fetched until ``expires_at``; None for erasures and before and after that.
    """

    id: UUID
    kind: service.Kind
    contact_id: UUID
    state: Literal["queued", "running", "done", "failed"]
    error: str | None
    result: dict[str, Any] | None
    requested_by: UUID | None
    created_at: datetime
    finished_at: datetime | None
    expires_at: datetime | None
    url: str | None = None


class PrivacyRequestPage(msgspec.Struct, kw_only=True):
    """Requests of one kind, the latest first."""

    items: list[PrivacyRequest]
    next_cursor: UUID | None


async def post_export(data: ContactChoice, caller: Caller, db: Database, clock: Clock) -> PrivacyRequest:
    """Ask for everything that is held about a contact. Asking twice while one is under way gives that one."""
    async with db.work(caller.account_id) as tx:
        return _view(await service.ask(tx, caller, clock.now(), "export", data.contact_id))


async def list_exports(caller: Caller, db: Database, cursor: UUID | None = None) -> PrivacyRequestPage:
    """Exports, the latest first."""
    async with db.work(caller.account_id) as tx:
        rows, after = await service.page(tx, "export", cursor)
    return PrivacyRequestPage(items=[_view(row) for row in rows], next_cursor=after)


async def get_export(request_id: UUID, caller: Caller, db: Database) -> PrivacyRequest:
    """One export and its state."""
    async with db.work(caller.account_id) as tx:
        return _view(await service.get_request(tx, "export", request_id))


async def get_export_file(request_id: UUID, caller: Caller, db: Database, files: FileStore) -> Stream:
    """The zip: ``export.json`` and the files. 409 ``export_not_ready``, 404 ``export_expired``."""
    async with db.work(caller.account_id) as tx:
        content = await service.open_export(tx, caller, files, request_id)
    return Stream(
        content,
        media_type="application/zip",
        headers={
            "content-disposition": f'attachment; filename="export-{request_id}.zip"',
            "x-content-type-options": "nosniff",
        },
    )


async def post_erasure(data: ContactChoice, caller: Caller, db: Database, clock: Clock) -> PrivacyRequest:
    """Ask for a contact to be erased for good: everything said, addresses, files. There is no way back."""
    async with db.work(caller.account_id) as tx:
        return _view(await service.ask(tx, caller, clock.now(), "erase", data.contact_id))


async def list_erasures(caller: Caller, db: Database, cursor: UUID | None = None) -> PrivacyRequestPage:
    """Erasures, the latest first."""
    async with db.work(caller.account_id) as tx:
        rows, after = await service.page(tx, "erase", cursor)
    return PrivacyRequestPage(items=[_view(row) for row in rows], next_cursor=after)


async def get_erasure(request_id: UUID, caller: Caller, db: Database) -> PrivacyRequest:
    """One erasure and its state."""
    async with db.work(caller.account_id) as tx:
        return _view(await service.get_request(tx, "erase", request_id))


def _view(row: Row) -> PrivacyRequest:
    found = {name: row[name] for name in PrivacyRequest.__struct_fields__ if name != "url"}
    if found["result"]:
        found["result"] = {name: value for name, value in found["result"].items() if name != "contents"}
    ready = row["kind"] == "export" and row["state"] == "done" and row["file_sha256"]
    return PrivacyRequest(**found, url=f"/api/v1/privacy/exports/{row['id']}/file" if ready else None)


_BASE = "/api/v1/privacy"
_MAY = "privacy.manage"
ROUTES: tuple[Route, ...] = (
    route("POST", f"{_BASE}/exports", post_export, permission=_MAY, status=202),
    route("GET", f"{_BASE}/exports", list_exports, permission=_MAY),
    route("GET", f"{_BASE}/exports/{{request_id:uuid}}", get_export, permission=_MAY),
    route("GET", f"{_BASE}/exports/{{request_id:uuid}}/file", get_export_file, permission=_MAY, schema=False),
    route("POST", f"{_BASE}/erasures", post_erasure, permission=_MAY, status=202),
    route("GET", f"{_BASE}/erasures", list_erasures, permission=_MAY),
    route("GET", f"{_BASE}/erasures/{{request_id:uuid}}", get_erasure, permission=_MAY),
)
