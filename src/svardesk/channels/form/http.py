"""The form over HTTP: its pages, and its JSON endpoint for a shop's own form."""

from collections.abc import AsyncIterator
from typing import Annotated, Any, Final

from litestar import Request, Response
from litestar.datastructures import UploadFile
from litestar.exceptions import HTTPException
from litestar.params import QueryParameter

from svardesk.channels.contract import Connection
from svardesk.channels.form import assets, confirming, page, taking, tokens
from svardesk.channels.form.config import MAX_FILE, MAX_FILES, Choice, FormConfig, pick, read
from svardesk.channels.form.given import PREFIX
from svardesk.channels.form.page import THEMES, Shown
from svardesk.channels.form.schemas import FileIn, FormAsks, FormIn, FormReceipt, Question
from svardesk.channels.form.taking import Desk, Taken, UnknownForm, Upload
from svardesk.channels.origins import allowed
from svardesk.kit.clock import Clock
from svardesk.kit.db import Database
from svardesk.kit.errors import Forbidden, SvardeskError, TooMany, Unprocessable
from svardesk.kit.files import FileStore
from svardesk.kit.http import RateLimit, Route, as_known, limit, route
from svardesk.kit.i18n import text
from svardesk.kit.jsons import encode
from svardesk.kit.keyring import KeyRing

PAGES: Final = RateLimit(rate=2.0, burst=120)
"""Pages fetched by one address."""
MAX_POST: Final = MAX_FILE * MAX_FILES // 2 + 256 * 1024
"""Bytes of a form with its files: half of what all of them could be, in one request."""
CHUNK: Final = 256 * 1024
CONFIRM: Final = "/form/confirm/{token:str}"

Request_ = Request[Any, Any, Any]
Lang = Annotated[str, QueryParameter(name="lang", max_length=20, required=False)]
Theme = Annotated[str, QueryParameter(name="theme", max_length=10, required=False)]


class OriginRefused(Forbidden):
    """This site may not use the form. Add it to the form's allowed sites."""

    code = "origin_refused"


class FormRefused(Unprocessable):
    """The form was not taken; ``fields`` say what is to be mended."""

    code = "form_refused"


# ------------------------------------------------------------------------------------------------ pages


async def _shown(request: Request_, db: Database, found: Connection, lang: str, theme: str) -> Shown:
    wanted = page.languages(lang, request.headers.get("accept-language", ""))
    async with db.work(found.account_id) as tx:
        name = await tx.value(taking.QUERIES.shown_name, account_id=tx.account, brand_id=found.brand_id)
    locale = read(found).language(wanted)
    return Shown(locale=locale, theme=theme if theme in THEMES else "", name=name)


def _stranger(request: Request_, lang: str, theme: str) -> Shown:
    """How a page is shown to somebody of whose form nothing is known."""
    wanted = page.languages(lang, request.headers.get("accept-language", ""))
    return Shown(locale=next(iter(wanted), "nb"), theme=theme if theme in THEMES else "")


def _html(body: str, status: int, origins: Any = (), **more: str) -> Response[str]:
    return Response(body, status_code=status, media_type="text/html", headers={**page.headers(origins), **more})


async def get_form(
    key: str,
    request: Request_,
    db: Database,
    clock: Clock,
    keyring: KeyRing,
    client_ip: str | None,
    lang: Lang = "",
    theme: Theme = "",
) -> Response[str]:
    """The form as a page; in the language asked for, else the browser's, as far as the form is offered in it."""
    limit(PAGES, client_ip, client_ip or "")
    try:
        found = await taking.form_of(db, keyring, key)
    except UnknownForm:
        return _html(page.missing(_stranger(request, lang, theme)), 404)
    shown = await _shown(request, db, found, lang, theme)
    stamp = tokens.issue(keyring, found.account_id, found.id, clock.now())
    return _html(page.form(found, shown, stamp), 200, read(found).origins)


async def post_form(
    key: str,
    request: Request_,
    db: Database,
    clock: Clock,
    keyring: KeyRing,
    files: FileStore,
    client_ip: str | None,
    lang: Lang = "",
    theme: Theme = "",
) -> Response[str]:
    """The form is sent: to the receipt (303), or the page again with what is to be mended (422, 429)."""
    try:
        found = await taking.form_of(db, keyring, key)
    except UnknownForm:
        return _html(page.missing(_stranger(request, lang, theme)), 404)
    shown, origins = await _shown(request, db, found, lang, theme), read(found).origins
    limit(PAGES, client_ip, client_ip or "")
    given: dict[str, str] = {}
    try:
        sent = await request.form()
    except (HTTPException, UnicodeDecodeError, LookupError) as error:
        key_of = "form.error.too_large" if as_known(error).status == 413 else "form.error.unreadable"
        stamp = tokens.issue(keyring, found.account_id, found.id, clock.now())
        return _html(page.form(found, shown, stamp, notice=key_of), 413 if "large" in key_of else 400, origins)
    try:
        given = {name: value for name, value in sent.multi_items() if isinstance(value, str)}
        uploads = [_upload(name, one) for name, one in sent.multi_items() if isinstance(one, UploadFile)]
        desk = Desk(db=db, clock=clock, keyring=keyring, files=files)
        old = given.pop("stamp", "")
        taken = await taking.take(desk, found, given, uploads, stamp=old, locale=shown.locale, ip=client_ip)
    finally:
        await sent.close()
    if taken.receipt is not None:
        return Response(
            "",
            status_code=303,
            media_type="text/html",
            headers={
                **page.headers(origins),
                "location": f"/form/{found.public_key}/receipt?t={taken.receipt}&{shown.query}",
            },
        )
    return _again(desk, found, shown, taken, given, old)


def _again(
    desk: Desk, found: Connection, shown: Shown, taken: Taken, given: dict[str, str], stamp: str
) -> Response[str]:
    """The page once more, with everything that was typed."""
    if taken.notice == "form.error.old_page":
        # Whoever reads that and presses the button again has waited long enough.
        stamp = tokens.issue(desk.keyring, found.account_id, found.id, desk.clock.now() - taking.QUICKEST)
    body = page.form(
        found,
        shown,
        stamp,
        given=given,
        problems=taken.problems,
        notice=taken.notice,
        wait=taken.retry_after,
    )
    more = {"retry-after": str(taken.retry_after)} if taken.retry_after else {}
    return _html(body, 429 if taken.retry_after else 422, read(found).origins, **more)


def _upload(field: str, one: UploadFile) -> Upload:
    async def chunks() -> AsyncIterator[bytes]:
        await one.seek(0)
        while part := await one.read(CHUNK):
            yield part

    return Upload(field=field, name=one.filename, chunks=chunks)


async def get_receipt(
    key: str,
    request: Request_,
    db: Database,
    clock: Clock,
    keyring: KeyRing,
    t: str = "",
    lang: Lang = "",
    theme: Theme = "",
) -> Response[str]:
    """What somebody sees after sending. It can be loaded again as often as they like."""
    try:
        found = await taking.form_of(db, keyring, key)
        submission_id = tokens.read_receipt(keyring, found.account_id, found.id, t)
    except (UnknownForm, tokens.BadToken):
        return _html(page.missing(_stranger(request, lang, theme)), 404)
    shown = await _shown(request, db, found, lang, theme)
    async with db.work(found.account_id) as tx:
        said = await taking.receipt(tx, found, submission_id, clock.now(), shown.locale)
    body = page.receipt(found, shown, said.number, said.promised, by_mail=said.by_mail)
    return _html(body, 200, read(found).origins)


async def get_confirmation(
    token: str, request: Request_, db: Database, clock: Clock, keyring: KeyRing
) -> Response[str]:
    """Ask whether somebody really wrote. Opening the link changes nothing: programs that check mail open it too."""
    try:
        asked = await confirming.ask(db, clock, keyring, token)
    except tokens.BadToken:
        return _html(page.confirmation(_stranger(request, "", ""), "ended"), 404)
    shown = Shown(locale=asked.locale, name=asked.name)
    return _html(page.confirmation(shown, "ask", number=asked.number, address=asked.address), 200)


async def post_confirmation(
    token: str, request: Request_, db: Database, clock: Clock, keyring: KeyRing
) -> Response[str]:
    """The button was pressed: the address is theirs."""
    try:
        asked = await confirming.confirm(db, clock, keyring, token)
    except tokens.BadToken:
        return _html(page.confirmation(_stranger(request, "", ""), "ended"), 404)
    return _html(page.confirmation(Shown(locale=asked.locale, name=asked.name), "done"), 200)


async def get_form_asset(name: str, request: Request_) -> Response[bytes]:
    """A built file of the form's page, named by its content."""
    found = assets.asset(name)
    headers = {"cache-control": "public, max-age=31536000, immutable", "vary": "accept-encoding"}
    body = found.body
    if "gzip" in request.headers.get("accept-encoding", ""):
        body, headers["content-encoding"] = found.packed, "gzip"
    return Response(body, media_type=found.media_type, headers=headers)


# ------------------------------------------------------------------------------------------------ a shop's own form


def _open_to(request: Request_, found: Connection, public_url: str) -> dict[str, str]:
    """Headers that let an allowed page read the answer; raises ``OriginRefused`` for another. Programs send no Origin."""
    origin = request.headers.get("origin")
    if origin is None or origin == public_url:
        return {"vary": "origin"}
    if not allowed(origin, read(found).origins):
        raise OriginRefused(origin=origin[:200])
    return {"vary": "origin", "access-control-allow-origin": origin}


async def options_form_v1(
    key: str, request: Request_, db: Database, keyring: KeyRing, public_url: str
) -> Response[None]:
    """A browser asks whether a page may send the form."""
    headers = _open_to(request, await taking.form_of(db, keyring, key), public_url)
    more = {
        "access-control-allow-methods": "GET, POST",
        "access-control-allow-headers": "content-type",
        "access-control-max-age": "600",
    }
    return Response(None, status_code=204, headers={**headers, **more})


async def get_form_v1(
    key: str,
    request: Request_,
    db: Database,
    clock: Clock,
    keyring: KeyRing,
    public_url: str,
    client_ip: str | None,
    lang: Lang = "",
) -> Response[FormAsks]:
    """What the form asks, and a stamp: fetch it with your page, send it with the form at least three seconds later."""
    limit(PAGES, client_ip, client_ip or "")
    found = await taking.form_of(db, keyring, key)
    headers = _open_to(request, found, public_url)
    config = read(found)
    locale = config.language(page.languages(lang, request.headers.get("accept-language", "")))
    stamp = tokens.issue(keyring, found.account_id, found.id, clock.now())
    return Response(_described(config, locale, stamp), headers=headers)


def _described(config: FormConfig, locale: str, stamp: str) -> FormAsks:
    def listed(choices: list[Any]) -> list[dict[str, str]]:
        return [{"key": one.key, "label": pick(one.labels, locale) or one.key} for one in choices]

    heading = config.heading(locale)
    return FormAsks(
        stamp=stamp,
        locale=locale,
        title=heading.title or text(locale, "server", "form.title"),
        intro=heading.intro,
        topics=listed(list(config.topics)),
        answers=list(config.answers),
        fields=[
            Question(
                key=one.key,
                type=one.type,
                label=pick(one.labels, locale) or one.key,
                hint=pick(one.hints, locale),
                required=one.required,
                choices=listed(list[Choice](one.choices)),
                patterns=list(one.patterns),
            )
            for one in config.fields
        ],
    )


async def post_form_v1(
    key: str,
    data: FormIn,
    request: Request_,
    db: Database,
    clock: Clock,
    keyring: KeyRing,
    files: FileStore,
    public_url: str,
    client_ip: str | None,
) -> Response[bytes]:
    """Send a form: 201, or 200 when this very form was here already.

    422 ``form_refused`` with a sentence per field, 403 ``origin_refused``, 404 ``unknown_form``, 429.
    """
    limit(PAGES, client_ip, client_ip or "")
    found = await taking.form_of(db, keyring, key)
    headers = _open_to(request, found, public_url)
    try:
        return await _send(
            found, data, Desk(db=db, clock=clock, keyring=keyring, files=files), public_url, headers, client_ip
        )
    except SvardeskError as error:
        # The page has to be able to read what was wrong.
        more = {"retry-after": str(error.retry_after)} if isinstance(error, TooMany) else {}
        body, headers = encode(error.as_wire()), {**headers, **more}
        return Response(body, status_code=error.status, media_type="application/json", headers=headers)


async def _send(
    found: Connection, data: FormIn, desk: Desk, public_url: str, headers: dict[str, str], ip: str | None
) -> Response[bytes]:
    config = read(found)
    locale = config.language(page.languages(data.lang, ""))
    given = {name: getattr(data, name) for name in ("name", "email", "phone", "answer", "topic", "message")}
    given |= {PREFIX + name: value for name, value in data.values.items()}
    uploads = [_attached(one) for one in data.files]
    taken = await taking.take(desk, found, given, uploads, stamp=data.stamp, locale=locale, ip=ip)
    if taken.retry_after is not None:
        said = text(locale, "server", "form.error.too_many", minutes=-(-taken.retry_after // 60))
        raise TooMany("rate_limited", said, retry_after=taken.retry_after)
    if taken.notice is not None:
        raise FormRefused(taken.notice.replace(".", "_"), text(locale, "server", taken.notice))
    if taken.receipt is None or taken.submission_id is None:
        raise FormRefused(fields={name.removeprefix(PREFIX): said for name, said in taken.problems.items()})
    async with desk.db.work(found.account_id) as tx:
        said = await taking.receipt(tx, found, taken.submission_id, desk.clock.now(), locale)
    url = f"{public_url}/form/{found.public_key}/receipt?t={taken.receipt}&lang={locale}"
    body = encode(FormReceipt(number=said.number, promised=said.promised, url=url))
    status = 201 if taken.new else 200
    return Response(body, status_code=status, media_type="application/json", headers=headers)


def _attached(one: FileIn) -> Upload:
    async def chunks() -> AsyncIterator[bytes]:
        for at in range(0, len(one.content), CHUNK):
            yield one.content[at : at + CHUNK]

    return Upload(field=PREFIX + one.field, name=one.name, chunks=chunks)


V1: Final = "/form/v1/{key:str}"
ROUTES: tuple[Route, ...] = (
    route("GET", "/form/{key:str}", get_form, public=True, schema=False),
    route("POST", "/form/{key:str}", post_form, public=True, status=200, schema=False, max_body=MAX_POST),
    route("GET", "/form/{key:str}/receipt", get_receipt, public=True, schema=False),
    route("GET", CONFIRM, get_confirmation, public=True, schema=False),
    route("POST", CONFIRM, post_confirmation, public=True, status=200, schema=False, max_body=4096),
    route("GET", "/form/assets/{name:str}", get_form_asset, public=True, schema=False),
    route("OPTIONS", V1, options_form_v1, public=True, status=204, schema=False),
    route("GET", V1, get_form_v1, public=True),
    route("POST", V1, post_form_v1, public=True, status=201, max_body=MAX_POST * 4 // 3),
)
