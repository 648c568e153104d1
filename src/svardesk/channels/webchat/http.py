"""Web chat over HTTP: the loader, the frame page, and what visitors send."""

from typing import Annotated, Any, Final
from urllib.parse import unquote

import msgspec
from litestar import Request, Response
from litestar.params import QueryParameter

from svardesk.channels import uploads
from svardesk.channels.uploads import Uploaded
from svardesk.channels.webchat import frame, posting, sessions, visitors
from svardesk.channels.webchat.adapter import MAX_FILE, VisitorPost
from svardesk.channels.webchat.sessions import SessionIn, SessionOut
from svardesk.channels.webchat.visitors import Visitor, VisitorMessage
from svardesk.kit.clock import Clock
from svardesk.kit.db import Database
from svardesk.kit.errors import NotFound
from svardesk.kit.files import FileStore
from svardesk.kit.http import RateLimit, Route, limit, route
from svardesk.kit.jsons import encode
from svardesk.kit.keyring import KeyRing

SESSIONS: Final = RateLimit(rate=1.0, burst=60)
"""Openings of the chat by one address: an office of sixty opens it in the same minute."""
FROM_ADDRESS: Final = RateLimit(rate=20.0, burst=300)
"""Messages, receipts and addresses by one address."""
MESSAGES: Final = RateLimit(rate=2.0, burst=30)
"""Messages by one visitor: faster than anybody types, slow enough that a flood is no work for agents."""
UPLOADS: Final = RateLimit(rate=0.2, burst=20)
"""Uploads by one visitor."""
UPLOADS_FROM_ADDRESS: Final = RateLimit(rate=0.5, burst=60)
"""Uploads by one address: a new visitor costs nothing, the disk does."""

MAX_MESSAGE: Final = 65_536
"""Bytes of one message's body."""

Request_ = Request[Any, Any, Any]
BeforeSeq = Annotated[int, QueryParameter(ge=0, le=visitors.BEYOND)]


class MessageOut(msgspec.Struct, frozen=True):
    """The message as it is stored now."""

    message: VisitorMessage


class EarlierOut(msgspec.Struct, frozen=True):
    """Messages in ascending order, and whether there are still earlier ones."""

    messages: list[VisitorMessage]
    earlier: bool


class AddressIn(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Where to reach a visitor who cannot wait: an e-mail address or a phone number."""

    email: Annotated[str, msgspec.Meta(max_length=254)] | None = None
    phone: Annotated[str, msgspec.Meta(max_length=40)] | None = None
    name: Annotated[str, msgspec.Meta(max_length=120)] | None = None


class ReceiptsIn(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """How far the visitor's browser has got and shown the agents' messages."""

    delivered_seq: Annotated[int, msgspec.Meta(ge=0, le=visitors.BEYOND)] | None = None
    read_seq: Annotated[int, msgspec.Meta(ge=0, le=visitors.BEYOND)] | None = None


async def _visitor(request: Request_, db: Database, clock: Clock, ip: str | None) -> Visitor:
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    limit(FROM_ADDRESS, ip, ip or "")
    return await visitors.resolve_visitor(db, token.strip() if kind.lower() == "bearer" else None, clock)


async def post_widget_session(
    data: SessionIn, db: Database, clock: Clock, keyring: KeyRing, client_ip: str | None, resume: str
) -> SessionOut:
    """Open the chat: who is it, what was said. 404 ``unknown_widget``, 403 ``origin_refused``, 401 for tokens."""
    limit(SESSIONS, client_ip, client_ip or "")
    return await sessions.open_session(db, clock, keyring, data, client_ip, resume)


async def post_widget_message(
    data: VisitorPost, request: Request_, db: Database, clock: Clock, client_ip: str | None
) -> Response[bytes]:
    """Write a message. The same ``client_id`` again answers 200 with the first one; a new one 201."""
    del data  # read again from the raw bytes, which are what is kept
    visitor = await _visitor(request, db, clock, client_ip)
    limit(MESSAGES, client_ip, str(visitor.id))
    message, new = await posting.take(db, clock, visitor, await request.body())
    return Response(encode(MessageOut(message)), status_code=201 if new else 200, media_type="application/json")


async def get_widget_messages(
    request: Request_, db: Database, clock: Clock, client_ip: str | None, before_seq: BeforeSeq = visitors.BEYOND
) -> EarlierOut:
    """Up to 50 messages of the visitor's own conversation, the last ones before ``before_seq``."""
    visitor = await _visitor(request, db, clock, client_ip)
    async with db.work(visitor.account_id) as tx:
        seen = await visitors.snapshot(tx, visitor, clock.now(), before_seq=before_seq)
    return EarlierOut(seen.messages, seen.earlier)


async def post_widget_file(
    request: Request_, db: Database, clock: Clock, files: FileStore, client_ip: str | None
) -> Uploaded:
    """Upload a file (raw body, name percent-encoded in X-File-Name).

    413 ``file_too_large``, 422 ``file_type_refused``, 429 ``uploads_full``.
    """
    visitor = await _visitor(request, db, clock, client_ip)
    limit(UPLOADS_FROM_ADDRESS, client_ip, client_ip or "")
    limit(UPLOADS, client_ip, str(visitor.id))
    await uploads.check_room(db, visitor.account_id)
    return await uploads.put(
        db,
        files,
        clock.now(),
        account_id=visitor.account_id,
        actor=visitor.actor,
        name=unquote(request.headers.get("x-file-name", ""))[:500],
        chunks=request.stream(),
        max_bytes=MAX_FILE,
    )


async def post_widget_address(
    data: AddressIn, request: Request_, db: Database, clock: Clock, client_ip: str | None
) -> None:
    """Leave an address to be answered at. It is a claim: it opens nobody's history. 422 ``bad_address``."""
    visitor = await _visitor(request, db, clock, client_ip)
    limit(MESSAGES, client_ip, str(visitor.id), 5.0)
    await posting.leave_address(db, clock, visitor, email=data.email, phone=data.phone, name=data.name)


async def post_widget_receipts(
    data: ReceiptsIn, request: Request_, db: Database, clock: Clock, client_ip: str | None
) -> None:
    """Say how far messages have come and were read."""
    visitor = await _visitor(request, db, clock, client_ip)
    await posting.receipts(db, clock, visitor, data.delivered_seq, data.read_seq)


async def post_widget_reset(request: Request_, db: Database, clock: Clock, client_ip: str | None) -> None:
    """Log out: the visitor's token ends."""
    await posting.reset(db, clock, await _visitor(request, db, clock, client_ip))


async def get_loader(request: Request_) -> Response[bytes]:
    """The script that a shop's page loads."""
    return _send(request, frame.loader(), frame.LOADER_CACHE, {"cross-origin-resource-policy": "cross-origin"})


async def get_pinned_loader(name: str, request: Request_) -> Response[bytes]:
    """The loader under its hash, for pages with subresource integrity. 404 after an update."""
    headers = {"cross-origin-resource-policy": "cross-origin", "access-control-allow-origin": "*"}
    return _send(request, frame.pinned(name), frame.YEAR, headers)


async def get_widget_asset(name: str, request: Request_) -> Response[bytes]:
    """A built file of the frame, named by its content."""
    return _send(request, frame.asset(name), frame.YEAR, {})


async def get_frame(
    request: Request_,
    db: Database,
    keyring: KeyRing,
    public_url: str,
    w: str = "",
    locale: str = "",
    parent: str = "",
) -> Response[bytes]:
    """The page inside the frame; 403 with a readable page for sites that are not on the widget's list."""
    try:
        found = await sessions.widget(db, keyring, w[:80])
        sessions.check_origin(found, parent)
    except (NotFound, sessions.OriginRefused) as error:
        body, headers = frame.refusal(locale[:35])
        return _page(request, body, headers, error.status)
    async with db.work(found.account_id) as tx:
        name = await tx.one(visitors.QUERIES.shown_name, account_id=tx.account, brand_id=found.brand_id)
    body, headers = frame.page(found, locale[:35], parent, name["name"], public_url)
    return _page(request, body, headers, 200)


def _page(request: Request_, body: str, headers: dict[str, str], status: int) -> Response[bytes]:
    content, headers = body.encode(), {**headers, "vary": "accept-encoding"}
    if "gzip" in request.headers.get("accept-encoding", ""):
        content, headers = frame.squeeze(content), {**headers, "content-encoding": "gzip"}
    return Response(content, status_code=status, media_type="text/html", headers=headers)


def _send(request: Request_, found: frame.Asset, cache: str, headers: dict[str, str]) -> Response[bytes]:
    tag = f'"{found.etag}"'
    headers = {**headers, "cache-control": cache, "etag": tag, "vary": "accept-encoding"}
    if tag in request.headers.get("if-none-match", ""):
        return Response(b"", status_code=304, media_type=found.media_type, headers=headers)
    body, encoding = found.encoded(request.headers.get("accept-encoding", ""))
    if encoding is not None:
        headers["content-encoding"] = encoding
    return Response(body, media_type=found.media_type, headers=headers)


ROUTES: tuple[Route, ...] = (
    route("GET", "/widget.js", get_loader, public=True, schema=False),
    route("GET", "/widget/frame", get_frame, public=True, schema=False),
    route("GET", "/widget/assets/{name:str}", get_widget_asset, public=True, schema=False),
    route("GET", "/widget/pinned/{name:str}", get_pinned_loader, public=True, schema=False),
    route("POST", "/widget/v1/session", post_widget_session, public=True, status=200, max_body=32_768),
    route("GET", "/widget/v1/messages", get_widget_messages, public=True),
    route("POST", "/widget/v1/messages", post_widget_message, public=True, status=201, max_body=MAX_MESSAGE),
    route("POST", "/widget/v1/files", post_widget_file, public=True, status=201, max_body=MAX_FILE * 2),
    route("POST", "/widget/v1/address", post_widget_address, public=True, status=204, max_body=4096),
    route("POST", "/widget/v1/receipts", post_widget_receipts, public=True, status=204, max_body=1024),
    route("POST", "/widget/v1/reset", post_widget_reset, public=True, status=204, max_body=1024),
)
