"""The channels room over HTTP: widgets, forms, files, and what was set aside on its way in."""

import html
from datetime import datetime
from typing import Annotated, Any, Final
from urllib.parse import quote, unquote
from uuid import UUID

import msgspec
from litestar import Request
from litestar.params import QueryParameter
from litestar.response import Stream

from svardesk.accounts import auth
from svardesk.accounts.caller import Caller
from svardesk.accounts.http import cookie_name
from svardesk.channels import deliveries, ingress, public, uploads
from svardesk.channels.form import forms
from svardesk.channels.form.config import pick
from svardesk.channels.form.forms import FormValues, FormView, Mailbox
from svardesk.channels.public import PublicCheck, PublicSpans
from svardesk.channels.uploads import MAX_AGENT_FILE, Uploaded
from svardesk.channels.webchat import frame, posting, widgets
from svardesk.channels.webchat.widgets import WidgetValues, WidgetView
from svardesk.config import Settings
from svardesk.conversations.changing import taken_back
from svardesk.conversations.errors import NoMessage
from svardesk.conversations.schemas import Message
from svardesk.conversations.seeing import check_sees, hold_for
from svardesk.conversations.store import actor_of, messages
from svardesk.kit.clock import Clock
from svardesk.kit.db import Database, Row
from svardesk.kit.errors import Conflict, Unauthorised, Unprocessable
from svardesk.kit.files import FileStore
from svardesk.kit.http import Route, route
from svardesk.kit.i18n import text
from svardesk.kit.keyring import KeyRing
from svardesk.kit.sniff import INLINE

FILE_CSP: Final = "sandbox; default-src 'none'"
Request_ = Request[Any, Any, Any]


class Embed(msgspec.Struct, frozen=True):
    """What a shop pastes into its pages: the evergreen line, and one pinned to a hash (null while not built)."""

    snippet: str
    pinned: str | None


class WidgetOut(msgspec.Struct, frozen=True):
    """A widget and how to embed it."""

    widget: WidgetView
    embed: Embed


class WidgetList(msgspec.Struct, frozen=True):
    """All widgets, oldest first."""

    items: list[WidgetOut]


class SecretOut(msgspec.Struct, frozen=True):
    """A new signing secret, shown this once. Sign visitors' tokens with it (HS256, aud = the widget's key)."""

    widget: WidgetView
    id: str
    secret: str


class TooLate(Conflict):
    """The answer has gone out already, or was taken back by somebody else."""

    code = "too_late"


class FormEmbeds(msgspec.Struct, frozen=True):
    """How a form is put before people: a link, a frame, and the address of its JSON endpoint."""

    link: str
    frame: str
    endpoint: str


class FormOut(msgspec.Struct, frozen=True):
    """A contact form and how to embed it."""

    form: FormView
    embed: FormEmbeds


class FormList(msgspec.Struct, frozen=True):
    """All contact forms, oldest first, and the mailboxes that can carry their answers."""

    items: list[FormOut]
    mailboxes: list[Mailbox]


class Quarantined(msgspec.Struct, frozen=True, kw_only=True):
    """An envelope that could not be taken, whole or in part; ``error`` says why, without what people wrote."""

    id: UUID
    connection_id: UUID
    received_at: datetime
    state: str
    attempts: int
    size: int
    error: str | None
    item_errors: list[str]


class QuarantinedList(msgspec.Struct, frozen=True):
    """The newest hundred."""

    items: list[Quarantined]


def _out(view: WidgetView, public_url: str) -> WidgetOut:
    return WidgetOut(view, Embed(frame.embed_snippet(public_url, view.key), frame.embed_pinned(public_url, view.key)))


async def list_widgets(caller: Caller, db: Database, keyring: KeyRing, public_url: str) -> WidgetList:
    """All widgets of the organisation."""
    async with db.work(caller.account_id) as tx:
        return WidgetList([_out(one, public_url) for one in await widgets.list_all(tx, keyring)])


async def create_widget(
    data: WidgetValues, caller: Caller, db: Database, clock: Clock, keyring: KeyRing, public_url: str
) -> WidgetOut:
    """Make a widget. 422 ``bad_origin``, ``unknown_reference``, ``name_missing``."""
    async with db.work(caller.account_id) as tx:
        return _out(await widgets.create(tx, clock.now(), keyring, caller, data), public_url)


async def change_widget(
    widget_id: UUID, data: WidgetValues, caller: Caller, db: Database, keyring: KeyRing, public_url: str
) -> WidgetOut:
    """Change name, allowed sites, colour, team … of a widget. 409 ``version_conflict``."""
    async with db.work(caller.account_id) as tx:
        return _out(await widgets.change(tx, keyring, caller, widget_id, data), public_url)


async def delete_widget(widget_id: UUID, caller: Caller, db: Database, clock: Clock) -> None:
    """Take a widget out of service; its conversations stay."""
    async with db.work(caller.account_id) as tx:
        await widgets.archive(tx, clock.now(), caller, widget_id)


async def rotate_widget_secret(
    widget_id: UUID, caller: Caller, db: Database, clock: Clock, keyring: KeyRing
) -> SecretOut:
    """Make a new signing secret, shown this once. The one before stays good until the next rotation."""
    async with db.work(caller.account_id) as tx:
        view, secret = await widgets.rotate_secrets(tx, clock.now(), keyring, caller, widget_id)
    return SecretOut(view, secret.id, secret.secret)


async def upload_file(request: Request_, caller: Caller, db: Database, clock: Clock, files: FileStore) -> Uploaded:
    """Upload a file for an answer or note (raw body, name percent-encoded in X-File-Name)."""
    return await uploads.put(
        db,
        files,
        clock.now(),
        account_id=caller.account_id,
        actor=f"agent:{caller.agent_id}",
        name=unquote(request.headers.get("x-file-name", ""))[:500],
        chunks=request.stream(),
        max_bytes=MAX_AGENT_FILE,
    )


async def get_file(
    file_id: UUID,
    request: Request_,
    db: Database,
    clock: Clock,
    files: FileStore,
    client_ip: str | None,
    settings: Settings,
    v: str = "",
    until: Annotated[int, QueryParameter(name="e")] = 0,
    s: str = "",
) -> Stream:
    """A file's content: for an agent who may see its conversation, or for the visitor who holds the link.

    Pictures are shown in place, everything else is handed over as a download; nothing in it can run on our origin.
    """
    if v:
        account_id, row = await posting.file_of_link(db, clock, file_id, v, until, s)
    else:
        caller = await _caller(request, db, clock, client_ip, settings)
        caller.check("conversations.read")
        account_id = caller.account_id
        row = await uploads.for_agent(db, account_id, caller.agent_id, caller.hidden_team_ids, file_id)
    content = await files.open(account_id, row["sha256"])
    return Stream(content, media_type=row["media_type"], headers=file_headers(row))


async def _caller(request: Request_, db: Database, clock: Clock, ip: str | None, settings: Settings) -> Caller:
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer":
        return await auth.resolve_api_token(db, clock, token.strip(), ip)
    cookie = request.cookies.get(cookie_name(secure=settings.secure_cookies))
    if not cookie:
        raise Unauthorised("not_signed_in", "Sign in first.")
    return await auth.resolve_session(db, clock, cookie, ip)


def file_headers(row: Row) -> dict[str, str]:
    """Headers under which no file can do anything but be looked at or saved."""
    shown = "inline" if row["image"] and row["media_type"] in INLINE else "attachment"
    plain = row["name"].encode("ascii", "replace").decode().replace("?", "_").replace('"', "_")
    return {
        "content-disposition": f"{shown}; filename=\"{plain}\"; filename*=UTF-8''{quote(row['name'], safe='')}",
        "content-length": str(row["size"]),
        "content-security-policy": FILE_CSP,
        "x-content-type-options": "nosniff",
        "cross-origin-resource-policy": "same-origin",
        "referrer-policy": "no-referrer",
        "cache-control": "private, max-age=3600",
    }


async def cancel_message(
    conversation_id: UUID, message_id: UUID, caller: Caller, db: Database, clock: Clock
) -> Message:
    """Take an answer back that has not gone out. 409 ``too_late`` when it has.

    Its files are the caller's uploads again: another answer or a draft may name them.
    """
    async with db.work(caller.account_id) as tx:
        await hold_for(tx, caller, conversation_id)
        found = (await messages(tx, [message_id], actor_of(caller.agent_id))).get(message_id)
        if found is None or found.conversation_id != conversation_id or found.kind != "answer":
            raise NoMessage
        if not await deliveries.cancel(tx, clock.now(), message_id):
            raise TooLate
        await taken_back(tx, clock.now(), conversation_id, message_id, caller.agent_id)
        return (await messages(tx, [message_id], actor_of(caller.agent_id)))[message_id]


async def check_public(conversation_id: UUID, data: PublicCheck, caller: Caller, db: Database) -> PublicSpans:
    """What a draft holds that should not be public: nothing in a thread that is not. 422 ``text_too_long``."""
    if len(data.text) > public.LONGEST:
        raise Unprocessable("text_too_long", None, max=public.LONGEST, length=len(data.text))
    async with db.work(caller.account_id) as tx:
        await check_sees(tx, caller, conversation_id)
        return PublicSpans(await public.spans_of(tx, conversation_id, data.text))


async def list_quarantined(caller: Caller, db: Database) -> QuarantinedList:
    """What came in and could not be taken."""
    async with db.work(caller.account_id) as tx:
        rows = await ingress.quarantined(tx)
    return QuarantinedList(msgspec.convert(rows, list[Quarantined]))


async def replay_envelope(envelope_id: UUID, caller: Caller, db: Database, clock: Clock) -> None:
    """Parse an envelope again; what was taken before is not taken twice."""
    async with db.work(caller.account_id) as tx:
        await ingress.replay(tx, clock.now(), envelope_id)


def embeds(public_url: str, key: str, title: str) -> FormEmbeds:
    """What an owner copies into a page."""
    address, said = html.escape(f"{public_url}/form/{key}"), html.escape(title)
    return FormEmbeds(
        link=f'<a href="{address}">{said}</a>',
        frame=f'<iframe src="{address}" title="{said}" width="100%" height="900" loading="lazy"></iframe>',
        endpoint=f"{public_url}/form/v1/{key}",
    )


def _form_out(view: FormView, public_url: str) -> FormOut:
    locale = view.languages[0]
    title = getattr(pick(view.texts, locale), "title", "") or text(locale, "server", "form.title")
    return FormOut(view, embeds(public_url, view.key, title))


async def list_forms(caller: Caller, db: Database, public_url: str) -> FormList:
    """All contact forms of the organisation."""
    async with db.work(caller.account_id) as tx:
        listed = [_form_out(one, public_url) for one in await forms.list_all(tx)]
        return FormList(listed, await forms.mailboxes(tx))


async def create_form(data: FormValues, caller: Caller, db: Database, clock: Clock, public_url: str) -> FormOut:
    """Make a contact form. 422 ``bad_form``, ``bad_origin``, ``unknown_reference``, ``name_missing``."""
    async with db.work(caller.account_id) as tx:
        return _form_out(await forms.create(tx, clock.now(), caller, data), public_url)


async def change_form(form_id: UUID, data: FormValues, caller: Caller, db: Database, public_url: str) -> FormOut:
    """Change what a contact form asks and where its answers go. 409 ``version_conflict``."""
    async with db.work(caller.account_id) as tx:
        return _form_out(await forms.change(tx, caller, form_id, data), public_url)


async def delete_form(form_id: UUID, caller: Caller, db: Database, clock: Clock) -> None:
    """Take a contact form out of service; its conversations stay."""
    async with db.work(caller.account_id) as tx:
        await forms.archive(tx, clock.now(), caller, form_id)


FORM: Final = "/api/v1/forms/{form_id:uuid}"
WIDGET: Final = "/api/v1/widgets/{widget_id:uuid}"
ROUTES: tuple[Route, ...] = (
    route("GET", "/api/v1/widgets", list_widgets, permission="channels.manage"),
    route("POST", "/api/v1/widgets", create_widget, permission="channels.manage", status=201),
    route("PATCH", WIDGET, change_widget, permission="channels.manage"),
    route("DELETE", WIDGET, delete_widget, permission="channels.manage", status=204),
    route("POST", f"{WIDGET}/secrets", rotate_widget_secret, permission="channels.manage", status=201),
    route("GET", "/api/v1/forms", list_forms, permission="channels.manage"),
    route("POST", "/api/v1/forms", create_form, permission="channels.manage", status=201),
    route("PATCH", FORM, change_form, permission="channels.manage"),
    route("DELETE", FORM, delete_form, permission="channels.manage", status=204),
    route(
        "POST", "/api/v1/files", upload_file, permission="conversations.write", status=201, max_body=MAX_AGENT_FILE * 2
    ),
    route("GET", "/files/{file_id:uuid}", get_file, public=True, schema=False),
    route(
        "POST",
        "/api/v1/conversations/{conversation_id:uuid}/messages/{message_id:uuid}/cancel",
        cancel_message,
        permission="conversations.write",
        status=200,
    ),
    route(
        "POST",
        "/api/v1/conversations/{conversation_id:uuid}/public-check",
        check_public,
        permission="conversations.write",
        status=200,
    ),
    route("GET", "/api/v1/envelopes/quarantined", list_quarantined, permission="channels.manage"),
    route(
        "POST", "/api/v1/envelopes/{envelope_id:uuid}/replay", replay_envelope, permission="channels.manage", status=202
    ),
)
