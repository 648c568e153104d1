"""Meta's door: its webhook, data deletion; and the settings of apps and pages."""

from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from litestar import Request, Response
from litestar.params import QueryParameter
from litestar.response import Redirect

from svardesk.accounts.caller import Caller
from svardesk.channels.connections import REMEMBERED, NoSuchConnection, get
from svardesk.channels.contract import Check, Connection
from svardesk.channels.meta import apps, connecting, deletion, rounds, signing_in, watching
from svardesk.channels.meta.alarms import ALARMS
from svardesk.channels.meta.apps import AppValues, AppView
from svardesk.channels.meta.client import GraphFailed
from svardesk.channels.meta.config import KIND, Access, PageToken, app_secrets, is_verify_token, read_app
from svardesk.channels.meta.connecting import BadPage, PageValues, PageView
from svardesk.channels.meta.intake import INTAKE, envelopes_of
from svardesk.channels.meta.pages import name_of
from svardesk.channels.meta.remembered import PAGES
from svardesk.channels.meta.signature import HEADER, is_signed
from svardesk.channels.meta.statements import META
from svardesk.channels.meta.straying import page_connected
from svardesk.kit.clock import Clock
from svardesk.kit.db import Database
from svardesk.kit.errors import Forbidden, TooLarge, Unprocessable
from svardesk.kit.http import RateLimit, Route, limit, route
from svardesk.kit.i18n import normalise
from svardesk.kit.keyring import KeyRing

MAX_BODY: Final = 16 * 1024 * 1024
"""Meta puts up to a thousand updates into one body."""
Request_ = Request[Any, Any, Any]
_TAKEN: Final = b"EVENT_RECEIVED"
_REQUESTS: Final = RateLimit(rate=1, burst=60)
"""Data deletions a second that one address may pass on."""


class WrongToken(Forbidden):
    """The verify token is not the one of this webhook."""

    code = "wrong_verify_token"


class BadSignature(Forbidden):
    """The body was not signed with a secret of this app."""

    code = "bad_signature"


async def verify_webhook(
    key: str,
    keyring: KeyRing,
    mode: Annotated[str, QueryParameter(name="hub.mode", max_length=100)] = "",
    token: Annotated[str, QueryParameter(name="hub.verify_token", max_length=400)] = "",
    challenge: Annotated[str, QueryParameter(name="hub.challenge", max_length=400)] = "",
) -> Response[bytes]:
    """Meta asks whether this address wants its updates: the challenge comes back as it is. 403 for a wrong token."""
    if mode != "subscribe" or not is_verify_token(keyring, key[:100], token):
        raise WrongToken
    return Response(challenge.encode(), media_type="text/plain")


async def post_webhook(key: str, request: Request_, db: Database, clock: Clock, keyring: KeyRing) -> Response[bytes]:
    """Updates of pages. 403 ``bad_signature``; everything that is signed is kept, whatever it holds."""
    raw = await request.body()
    if len(raw) > MAX_BODY:
        raise TooLarge("too_large", "A body may be at most 16 MB.", max_bytes=MAX_BODY)
    app = await REMEMBERED.by_key(db, keyring, key[:100], KIND)
    now = clock.now()
    if not is_signed(raw, request.headers.get(HEADER, ""), app_secrets(app)):
        await ALARMS.bad_signature(db, app, now)
        raise BadSignature
    rows = envelopes_of(app, await PAGES.of_app(db, app), raw, now)
    await INTAKE.keep(db, app.account_id, rows, now)
    return Response(_TAKEN, media_type="text/plain")


# ------------------------------------------------------------------------------------------------ data deletion


class DeletionTaken(msgspec.Struct, frozen=True):
    """What Meta shows to the person: where to see what comes of it, and the code to name it by."""

    url: str
    confirmation_code: str


async def post_deletion(
    key: str, request: Request_, db: Database, clock: Clock, keyring: KeyRing, public_url: str, client_ip: str | None
) -> DeletionTaken:
    """Meta passes on that somebody wants their data deleted. 400 ``bad_signed_request`` for what Meta did not sign."""
    app, code = await _told(key, request, db, clock, keyring, client_ip, "deletion")
    return DeletionTaken(f"{public_url.rstrip('/')}/hooks/meta/{app.public_key}/deletion/{code}", code)


async def post_deauthorise(
    key: str, request: Request_, db: Database, clock: Clock, keyring: KeyRing, client_ip: str | None
) -> None:
    """Meta passes on that somebody withdrew the app's access: the pages are looked at again. 400 ``bad_signed_request``."""
    app, _ = await _told(key, request, db, clock, keyring, client_ip, "deauthorised")
    async with db.work(app.account_id) as tx:
        rows = await tx.all(META.pages_of_app, account_id=tx.account, app_id=app.id)
    for connection_id in {row["page_id"]: row["id"] for row in rows}.values():
        _ = await rounds.look_at(db, clock, keyring, app.account_id, connection_id, None)


async def _told(
    key: str, request: Request_, db: Database, clock: Clock, keyring: KeyRing, ip: str | None, kind: str
) -> tuple[Connection, str]:
    limit(_REQUESTS, ip, ip or "")
    app = await REMEMBERED.by_key(db, keyring, key[:100], KIND)
    form = await request.form()
    payload = deletion.read(app, str(form.get("signed_request") or ""))
    async with db.work(app.account_id) as tx:
        return app, await deletion.keep(tx, clock.now(), app, payload, kind)


async def get_deletion(key: str, code: str, request: Request_, db: Database, keyring: KeyRing) -> Response[bytes]:
    """The status page of a request, in the reader's language."""
    app = await REMEMBERED.by_key(db, keyring, key[:100], KIND)
    async with db.work(app.account_id) as tx:
        row = await deletion.by_code(tx, app, code)
    locale = normalise(request.headers.get("accept-language", "").split(",", maxsplit=1)[0].split(";", maxsplit=1)[0])
    return Response(deletion.status_page(row, locale, code), media_type="text/html")


# ------------------------------------------------------------------------------------------------ settings


class MetaSettings(msgspec.Struct, frozen=True):
    """Apps and the connections of their pages, oldest first."""

    apps: list[AppView]
    pages: list[PageView]


class Offered(msgspec.Struct, frozen=True, kw_only=True):
    """A page of whoever signed in; ``tasks`` are what they may do there, ``connected``: it is here already."""

    page_id: str
    name: str
    tasks: list[str]
    connected: bool


class OfferedList(msgspec.Struct, frozen=True):
    """The pages of the last sign-in, for an hour."""

    items: list[Offered]


class ConnectPage(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which page; ``page_token`` None: by the last sign-in."""

    page_id: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,64}$")]
    page_token: PageToken | None = None


class PagesOut(msgspec.Struct, frozen=True):
    """The connections of one page; ``found``: bodies that had come in for it before it was connected."""

    items: list[PageView]
    found: int = 0


class PageHealth(msgspec.Struct, frozen=True):
    """What came of asking Meta just now."""

    status: str
    checks: list[Check]


class Resumed(msgspec.Struct, frozen=True):
    """How many answers had been waiting."""

    sent: int


class MetaSignIn(msgspec.Struct, frozen=True):
    """Where the owner's browser goes to sign in at Meta."""

    url: str


class DeletionView(msgspec.Struct, frozen=True, kw_only=True):
    """A request that Meta passed on."""

    id: UUID
    code: str
    kind: str
    state: str
    app_scoped_id: str | None
    requested_at: datetime
    done_at: datetime | None


class DeletionList(msgspec.Struct, frozen=True):
    """The newest hundred."""

    items: list[DeletionView]


class NotAtMeta(Unprocessable):
    """Meta does not answer as it should; ``provider_code`` is its own word for it."""

    code = "meta_refused"


async def get_meta(caller: Caller, db: Database, keyring: KeyRing, public_url: str) -> MetaSettings:
    """The organisation's Meta apps and pages, each with how it is."""
    async with db.work(caller.account_id) as tx:
        rows = await connecting.all_rows(tx)
    return MetaSettings(
        [apps.view(row, keyring, public_url) for row in rows if row["kind"] == KIND],
        [connecting.view(row) for row in rows if row["kind"] != KIND],
    )


async def create_meta_app(
    data: AppValues, caller: Caller, db: Database, clock: Clock, keyring: KeyRing, public_url: str
) -> AppView:
    """Make a Meta app known. 422 ``bad_meta_app``."""
    async with db.work(caller.account_id) as tx:
        return await apps.create(tx, clock.now(), keyring, caller, data, public_url)


async def change_meta_app(
    app_id: UUID, data: AppValues, caller: Caller, db: Database, keyring: KeyRing, public_url: str
) -> AppView:
    """Change an app or replace its secret. 409 ``version_conflict``, 422 ``bad_meta_app``."""
    async with db.work(caller.account_id) as tx:
        return await apps.change(tx, keyring, caller, app_id, data, public_url)


async def delete_meta_app(app_id: UUID, caller: Caller, db: Database, clock: Clock) -> None:
    """Take an app out of service. 409 ``meta_app_has_pages``."""
    async with db.work(caller.account_id) as tx:
        await apps.archive(tx, clock.now(), caller, app_id)


async def begin_meta_sign_in(
    app_id: UUID, caller: Caller, db: Database, clock: Clock, keyring: KeyRing, public_url: str
) -> MetaSignIn:
    """Begin to sign in at Meta, to choose pages."""
    app = await _app(db, keyring, caller, app_id)
    return MetaSignIn(signing_in.begin(keyring, app, caller, clock.now(), public_url))


async def end_meta_sign_in(
    caller: Caller,
    db: Database,
    clock: Clock,
    keyring: KeyRing,
    public_url: str,
    begun: Annotated[str, QueryParameter(name="state", max_length=4000)] = "",
    code: Annotated[str, QueryParameter(max_length=8000)] = "",
    error: Annotated[str, QueryParameter(max_length=2000)] = "",
) -> Redirect:
    """Meta sends the owner's browser back; it goes on to the settings, with how it went."""
    told = await signing_in.end(db, keyring, caller, clock.now(), public_url, state=begun, code=code, error=error)
    return Redirect(f"/app/settings/meta?signed_in={told}")


async def list_offered_pages(app_id: UUID, caller: Caller, db: Database, clock: Clock, keyring: KeyRing) -> OfferedList:
    """The pages of whoever signed in last, to choose from."""
    app = await _app(db, keyring, caller, app_id)
    async with db.work(caller.account_id) as tx:
        rows = await tx.all(META.pages_of_app, account_id=tx.account, app_id=app_id)
    here = {row["page_id"] for row in rows}
    found = signing_in.offered(app, clock.now())
    return OfferedList(
        [Offered(page_id=one.id, name=one.name, tasks=one.tasks, connected=one.id in here) for one in found]
    )


async def connect_page(
    app_id: UUID, data: ConnectPage, caller: Caller, db: Database, clock: Clock, keyring: KeyRing
) -> PagesOut:
    """Connect a page: Meta is asked whether the token is the page's, and the app is subscribed. 422 ``bad_page``."""
    app = await _app(db, keyring, caller, app_id)
    token = data.page_token
    if token is None:
        token = next((one.token for one in signing_in.offered(app, clock.now()) if one.id == data.page_id), None)
    if token is None:
        raise BadPage(None, "Sign in at Meta again, or paste the page's token.", field="page_token")
    name = await _name(app, data.page_id, token)
    async with db.work(caller.account_id) as tx:
        pages = await connecting.connect(
            tx, clock.now(), keyring, caller, app, page_id=data.page_id, name=name, token=token
        )
        found = await page_connected(tx, app_id)
    _ = await rounds.look_at(db, clock, keyring, caller.account_id, pages[0].id, None)
    async with db.work(caller.account_id) as tx:
        rows = [connecting.view(row) for row in await connecting.all_rows(tx) if row["kind"] != KIND]
    return PagesOut([row for row in rows if row.page_id == data.page_id and row.app_id == app_id], found)


async def change_page(
    connection_id: UUID, data: PageValues, caller: Caller, db: Database, clock: Clock, keyring: KeyRing
) -> PageView:
    """Change a page's connection, or give the page another token. 409 ``version_conflict``, 422 ``bad_page``."""
    if data.page_token is not msgspec.UNSET:
        async with db.work(caller.account_id) as tx:
            row = await connecting.one_row(tx, connection_id)
            app = await get(tx, UUID(row["config"]["app"]), keyring)
        _ = await _name(app, row["config"]["page_id"], data.page_token)
    async with db.work(caller.account_id) as tx:
        return await connecting.change(tx, clock.now(), keyring, caller, connection_id, data)


async def disconnect_page(connection_id: UUID, caller: Caller, db: Database, clock: Clock, keyring: KeyRing) -> None:
    """Take one of a page's connections out of service; with the last one the app's subscription ends."""
    async with db.work(caller.account_id) as tx:
        connection = await get(tx, connection_id, keyring)
        last = await connecting.disconnect(tx, clock.now(), caller, connection_id)
    if last:
        _ = await watching.unsubscribe(connection)


async def test_page(connection_id: UUID, caller: Caller, db: Database, clock: Clock, keyring: KeyRing) -> PageHealth:
    """Ask Meta for the page and its subscription, mend what can be mended, and tell how it is."""
    async with db.work(caller.account_id) as tx:
        _ = await connecting.one_row(tx, connection_id)
    found = await rounds.look_at(db, clock, keyring, caller.account_id, connection_id, None)
    if found is None:
        raise NoSuchConnection
    async with db.work(caller.account_id) as tx:
        page = connecting.view(await connecting.one_row(tx, connection_id))
    heard = page.heard_at.isoformat() if page.heard_at else ""
    restriction = page.problems.get("restricted")
    checks = [
        *found.checks,
        Check(name="restriction", ok=restriction is None, detail=restriction.detail if restriction else ""),
        Check(name="webhook", ok=page.heard_at is not None, detail=heard),
    ]
    return PageHealth(page.status, checks)


async def resume_page(connection_id: UUID, caller: Caller, db: Database, clock: Clock) -> Resumed:
    """Somebody has looked at what Meta restricted: go on sending."""
    async with db.work(caller.account_id) as tx:
        return Resumed(await connecting.let_go(tx, clock.now(), caller, connection_id))


async def list_meta_deletions(caller: Caller, db: Database) -> DeletionList:
    """What Meta told us to delete."""
    async with db.work(caller.account_id) as tx:
        return DeletionList(msgspec.convert(await tx.all(META.deletions, account_id=tx.account), list[DeletionView]))


async def finish_meta_deletion(deletion_id: UUID, caller: Caller, db: Database, clock: Clock) -> None:
    """It was dealt with: the person was found and deleted, or there was nothing. 404 ``no_deletion_request``."""
    async with db.work(caller.account_id) as tx:
        await deletion.done(tx, clock.now(), caller, deletion_id)


async def _app(db: Database, keyring: KeyRing, caller: Caller, app_id: UUID) -> Connection:
    async with db.work(caller.account_id) as tx:
        app = await get(tx, app_id, keyring)
    if app.kind != KIND:
        raise NoSuchConnection
    return app


async def _name(app: Connection, page_id: str, token: str) -> str:
    if not (token.isascii() and token.isprintable()):
        # It travels in a header, and what Meta gives is plain.
        raise BadPage(field="page_token")
    config = read_app(app)
    secret = next(iter(app_secrets(app)), None)
    try:
        return await name_of(Access(url=config.graph_url, version=config.version, token=token, secret=secret), page_id)
    except GraphFailed as failed:
        raise BadPage(provider_code=failed.code, field="page_token") from failed


APP: Final = "/api/v1/meta/apps/{app_id:uuid}"
PAGE: Final = "/api/v1/meta/pages/{connection_id:uuid}"
HOOK: Final = "/hooks/meta/{key:str}"
ROUTES: tuple[Route, ...] = (
    route("GET", HOOK, verify_webhook, public=True, schema=False),
    route("POST", HOOK, post_webhook, public=True, status=200, max_body=MAX_BODY + 1, schema=False),
    route("POST", f"{HOOK}/deletion", post_deletion, public=True, status=200, schema=False),
    route("POST", f"{HOOK}/deauthorise", post_deauthorise, public=True, status=204, schema=False),
    route("GET", f"{HOOK}/deletion/{{code:str}}", get_deletion, public=True, schema=False),
    route("GET", "/api/v1/meta", get_meta, permission="channels.manage"),
    route("POST", "/api/v1/meta/apps", create_meta_app, permission="channels.manage", status=201),
    route("PATCH", APP, change_meta_app, permission="channels.manage"),
    route("DELETE", APP, delete_meta_app, permission="channels.manage", status=204),
    route("POST", f"{APP}/sign-in", begin_meta_sign_in, permission="channels.manage", status=200),
    route("GET", "/oauth/meta/back", end_meta_sign_in, permission="channels.manage", schema=False),
    route("GET", f"{APP}/offered", list_offered_pages, permission="channels.manage"),
    route("POST", f"{APP}/pages", connect_page, permission="channels.manage", status=200),
    route("PATCH", PAGE, change_page, permission="channels.manage"),
    route("DELETE", PAGE, disconnect_page, permission="channels.manage", status=204),
    route("POST", f"{PAGE}/test", test_page, permission="channels.manage", status=200),
    route("POST", f"{PAGE}/resume", resume_page, permission="channels.manage", status=200),
    route("GET", "/api/v1/meta/deletions", list_meta_deletions, permission="privacy.manage"),
    route(
        "POST",
        "/api/v1/meta/deletions/{deletion_id:uuid}/done",
        finish_meta_deletion,
        permission="privacy.manage",
        status=204,
    ),
)
