"""E-mail over HTTP: mailboxes for owners, the formatted form of a mail for agents, a hook for mail servers."""

import base64
from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from litestar import Request, Response
from litestar.params import QueryParameter
from litestar.response import Redirect

from svardesk.accounts.caller import Caller
from svardesk.channels import ingress
from svardesk.channels.connections import REMEMBERED, NoSuchConnection, get
from svardesk.channels.contract import Check, Raw, Reject
from svardesk.channels.email import aside, boxes, hook, signing_in
from svardesk.channels.email.access import Access
from svardesk.channels.email.adapter import EmailAdapter
from svardesk.channels.email.boxes import MailboxValues, MailboxView
from svardesk.channels.email.config import KIND
from svardesk.channels.email.keeping import QUERIES
from svardesk.channels.email.showing import FRAME, FRAME_POLICY, shown
from svardesk.kit.clock import Clock
from svardesk.kit.db import Database, Row, Tx
from svardesk.kit.errors import NotFound, SvardeskError, TooLarge
from svardesk.kit.files import FileStore
from svardesk.kit.http import RateLimit, Route, limit, route
from svardesk.kit.keyring import KeyRing

MAX_MAIL: Final = 40 * 1024 * 1024
LARGEST_PICTURE: Final = 2 * 1024 * 1024
MOST_PICTURES: Final = 12 * 1024 * 1024
Request_ = Request[Any, Any, Any]
_HOOK: Final = RateLimit(rate=20, burst=600)
"""Mails a second that one mail server may hand over."""


class NoMail(NotFound):
    """There is no such mail, or you may not see it."""

    code = "no_mail"


class NotAccepted(SvardeskError):
    """The mail was not taken: the signature is missing, wrong or too old."""

    status = 401
    code = "bad_signature"


class MailboxOut(msgspec.Struct, frozen=True):
    """A mailbox, and the address at which a mail server may hand mails over."""

    mailbox: MailboxView
    hook_url: str


class MailboxList(msgspec.Struct, frozen=True):
    """All mailboxes, oldest first."""

    items: list[MailboxOut]


class MailboxAlarm(msgspec.Struct, frozen=True, kw_only=True):
    """A mailbox that does not work. ``receives``: it is read, but nothing goes out. ``code`` says why it is not read."""

    id: UUID
    name: str
    receives: bool
    since: datetime | None
    code: str | None


class MailboxAlarms(msgspec.Struct, frozen=True):
    """The mailboxes that do not work."""

    items: list[MailboxAlarm]


class MailboxHealth(msgspec.Struct, frozen=True):
    """What came of signing in to both servers just now."""

    status: str
    checks: list[Check]


class SignInAt(msgspec.Struct, frozen=True):
    """Where the owner's browser goes to sign in to the mailbox."""

    url: str


class HookSecret(msgspec.Struct, frozen=True):
    """The secret with which a mail server signs what it hands over."""

    url: str
    secret: str


class Accepted(msgspec.Struct, frozen=True):
    """Stored; it stands in the inbox in a moment."""

    id: UUID


def _out(found: MailboxView, public_url: str) -> MailboxOut:
    return MailboxOut(found, f"{public_url}/hooks/mail/{found.key}")


async def list_mailboxes(caller: Caller, db: Database, keyring: KeyRing, public_url: str) -> MailboxList:
    """All mailboxes of the organisation, each with how it is."""
    async with db.work(caller.account_id) as tx:
        return MailboxList([_out(one, public_url) for one in await boxes.list_all(tx, keyring)])


async def list_alarms(caller: Caller, db: Database) -> MailboxAlarms:
    """Mailboxes that do not work just now: for everybody who must see to it that customers are answered."""
    async with db.work(caller.account_id) as tx:
        rows = await tx.all(QUERIES.alarms, account_id=tx.account, kind=KIND)
    return MailboxAlarms(msgspec.convert(rows, list[MailboxAlarm]))


class AsideMails(msgspec.Struct, frozen=True):
    """The newest fifty mails that were set aside."""

    items: list[aside.AsideMail]


async def list_aside(caller: Caller, db: Database) -> AsideMails:
    """Mails that came in and could not be taken, each with what it is."""
    async with db.work(caller.account_id) as tx:
        return AsideMails(await aside.list_aside(tx))


async def take_aside(envelope_id: UUID, caller: Caller, db: Database, clock: Clock) -> None:
    """Take a mail in that was set aside. 404 ``no_such_envelope``."""
    async with db.work(caller.account_id) as tx:
        await aside.take_in(tx, clock.now(), caller, envelope_id)


async def dismiss_aside(envelope_id: UUID, caller: Caller, db: Database) -> None:
    """Nothing is to become of a mail that was set aside. 404 ``no_such_envelope``."""
    async with db.work(caller.account_id) as tx:
        await aside.dismiss(tx, caller, envelope_id)


async def create_mailbox(
    data: MailboxValues, caller: Caller, db: Database, clock: Clock, keyring: KeyRing, public_url: str
) -> MailboxOut:
    """Make a mailbox. 422 ``bad_mailbox``, ``unknown_reference``."""
    async with db.work(caller.account_id) as tx:
        return _out(await boxes.create(tx, clock.now(), keyring, caller, data), public_url)


async def change_mailbox(
    mailbox_id: UUID, data: MailboxValues, caller: Caller, db: Database, keyring: KeyRing, public_url: str
) -> MailboxOut:
    """Change a mailbox. 409 ``version_conflict``, 422 ``bad_mailbox``."""
    async with db.work(caller.account_id) as tx:
        return _out(await boxes.change(tx, keyring, caller, mailbox_id, data), public_url)


async def delete_mailbox(mailbox_id: UUID, caller: Caller, db: Database, clock: Clock) -> None:
    """Take a mailbox out of service; its conversations stay."""
    async with db.work(caller.account_id) as tx:
        await boxes.archive(tx, clock.now(), caller, mailbox_id)


async def test_mailbox(
    mailbox_id: UUID, caller: Caller, db: Database, clock: Clock, keyring: KeyRing, public_url: str
) -> MailboxHealth:
    """Sign in to both servers and tell how it went."""
    async with db.work(caller.account_id) as tx:
        connection = await get(tx, mailbox_id, keyring)
    if connection.kind != KIND:
        raise NoSuchConnection
    adapter = EmailAdapter()
    adapter.token_of = Access(db, clock, keyring, public_url).token
    found = await adapter.health(connection)
    return MailboxHealth(found.status, list(found.checks))


async def get_hook_secret(
    mailbox_id: UUID, caller: Caller, db: Database, keyring: KeyRing, public_url: str
) -> HookSecret:
    """The secret of a mailbox's hook, for the settings of a mail server."""
    async with db.work(caller.account_id) as tx:
        found = await boxes.get_one(tx, keyring, mailbox_id)
        connection = await get(tx, mailbox_id, keyring)
    return HookSecret(_out(found, public_url).hook_url, str(connection.secrets.get("hook", "")))


async def begin_sign_in(
    mailbox_id: UUID, caller: Caller, db: Database, clock: Clock, keyring: KeyRing, public_url: str
) -> SignInAt:
    """Begin to sign in to a mailbox at its provider. 422 ``oauth_revoked`` when it signs in with a password."""
    async with db.work(caller.account_id) as tx:
        connection = await get(tx, mailbox_id, keyring)
    if connection.kind != KIND:
        raise NoSuchConnection
    return SignInAt(signing_in.begin(keyring, Access(db, clock, keyring, public_url), connection, caller, clock.now()))


async def end_sign_in(
    caller: Caller,
    db: Database,
    clock: Clock,
    keyring: KeyRing,
    public_url: str,
    begun: Annotated[str, QueryParameter(name="state", max_length=4000)] = "",
    code: Annotated[str, QueryParameter(max_length=8000)] = "",
    error: Annotated[str, QueryParameter(max_length=2000)] = "",
) -> Redirect:
    """The provider sends the owner's browser back; it goes on to the settings, with how it went."""
    told = await signing_in.end(
        db, keyring, Access(db, clock, keyring, public_url), caller, clock.now(), state=begun, code=code, error=error
    )
    return Redirect(f"/app/settings/mailboxes?signed_in={told}")


async def post_mail(
    key: str, request: Request_, db: Database, clock: Clock, keyring: KeyRing, client_ip: str | None
) -> Accepted:
    """Hand over a mail: raw MIME, signed. 401 ``bad_signature``, ``signature_too_old``; 413 above 40 MB."""
    limit(_HOOK, client_ip, client_ip or "")
    raw = await request.body()
    if len(raw) > MAX_MAIL:
        raise TooLarge("mail_too_large", "A mail may be at most 40 MB.", max_bytes=MAX_MAIL)
    connection = await REMEMBERED.by_key(db, keyring, key[:100], KIND)
    now = clock.now()
    headers = {
        **{name.lower(): value for name, value in request.headers.items()},
        hook.NOW_HEADER: str(now.timestamp()),
    }
    judged = EmailAdapter().authenticate(headers, raw, connection)
    if isinstance(judged, Reject):
        raise NotAccepted(judged.code, None)
    async with db.work(connection.account_id) as tx:
        return Accepted(await ingress.store(tx, connection, Raw(body=raw, received_at=now)))


async def get_mail_frame() -> Response[bytes]:
    """The empty page around a mail's sandboxed frame, with the policy that holds inside it."""
    return Response(
        FRAME,
        media_type="text/html",
        headers={
            "content-security-policy": FRAME_POLICY,
            "x-frame-options": "SAMEORIGIN",
            "x-content-type-options": "nosniff",
            "referrer-policy": "no-referrer",
            "cache-control": "private, max-age=3600",
        },
    )


async def get_mail_page(
    message_id: UUID,
    caller: Caller,
    db: Database,
    files: FileStore,
    pictures: bool = False,  # noqa: FBT001, FBT002 - a query parameter
) -> Response[bytes]:
    """The formatted form of a mail as a page for a sandboxed frame; pictures from elsewhere only when asked for.

    The header X-Svardesk-Held-Back tells how many were left out.
    """
    async with db.work(caller.account_id) as tx:
        row = await _seen(tx, caller, QUERIES.shown_mail, message_id)
        if row["html"] is None:
            raise NoMail
        rows = await tx.all(
            b"SELECT id, sha256, media_type, size FROM files WHERE account_id = %(account_id)s AND id = ANY(%(ids)s)"
            b" AND image AND message_id = %(message_id)s",
            account_id=tx.account,
            ids=[UUID(one) for one in row["inline_files"].values()],
            message_id=message_id,
        )
    inside = await _inside(files, caller.account_id, row["inline_files"], rows)
    found = shown(row["html"], inside, title=row["subject"], pictures=pictures)
    return Response(
        found.page.encode(),
        media_type="text/html",
        headers={
            "content-security-policy": found.policy,
            "x-frame-options": "SAMEORIGIN",
            "x-content-type-options": "nosniff",
            "referrer-policy": "no-referrer",
            "cache-control": "private, no-store",
            "x-svardesk-held-back": str(found.held_back),
        },
    )


async def _inside(files: FileStore, account_id: UUID, by_id: dict[str, str], rows: list[Row]) -> dict[str, str]:
    """Pictures of the mail itself as data: the frame has no cookies with which it could fetch them."""
    data: dict[str, str] = {}
    left = MOST_PICTURES
    for row in rows:
        if row["size"] > min(LARGEST_PICTURE, left):
            continue
        left -= row["size"]
        content = base64.b64encode(await files.read(account_id, row["sha256"])).decode()
        data[str(row["id"])] = f"data:{row['media_type']};base64,{content}"
    return {content_id: data[file_id] for content_id, file_id in by_id.items() if file_id in data}


async def get_raw_mail(message_id: UUID, caller: Caller, db: Database) -> Response[bytes]:
    """The mail as it came in, while its bytes are kept (30 days unless the organisation says otherwise)."""
    async with db.work(caller.account_id) as tx:
        row = await _seen(tx, caller, QUERIES.raw_mail, message_id)
    return Response(
        bytes(row["raw"]),
        media_type="message/rfc822",
        headers={
            "content-disposition": 'attachment; filename="mail.eml"',
            "content-security-policy": "sandbox; default-src 'none'",
            "x-content-type-options": "nosniff",
            "cache-control": "private, no-store",
        },
    )


async def _seen(tx: Tx, caller: Caller, statement: bytes, message_id: UUID) -> Row:
    row = await tx.maybe(
        statement,
        account_id=tx.account,
        message_id=message_id,
        agent_id=caller.agent_id,
        hidden_team_ids=list(caller.hidden_team_ids),
    )
    if row is None:
        raise NoMail
    return row


ASIDE: Final = "/api/v1/mailboxes/aside/{envelope_id:uuid}"
MAILBOX: Final = "/api/v1/mailboxes/{mailbox_id:uuid}"
ROUTES: tuple[Route, ...] = (
    route("GET", "/api/v1/mailboxes", list_mailboxes, permission="channels.manage"),
    route("GET", "/api/v1/mailboxes/aside", list_aside, permission="channels.manage"),
    route("POST", f"{ASIDE}/take", take_aside, permission="channels.manage", status=202),
    route("POST", f"{ASIDE}/dismiss", dismiss_aside, permission="channels.manage", status=204),
    route("GET", "/api/v1/mailboxes/alarms", list_alarms, permission="channels.watch"),
    route("POST", "/api/v1/mailboxes", create_mailbox, permission="channels.manage", status=201),
    route("PATCH", MAILBOX, change_mailbox, permission="channels.manage"),
    route("DELETE", MAILBOX, delete_mailbox, permission="channels.manage", status=204),
    route("POST", f"{MAILBOX}/test", test_mailbox, permission="channels.manage", status=200),
    route("GET", f"{MAILBOX}/hook", get_hook_secret, permission="channels.manage"),
    route("POST", f"{MAILBOX}/sign-in", begin_sign_in, permission="channels.manage", status=200),
    route("GET", "/oauth/mail/back", end_sign_in, permission="channels.manage", schema=False),
    route("POST", "/hooks/mail/{key:str}", post_mail, public=True, status=202, max_body=MAX_MAIL + 1, schema=False),
    route("GET", "/api/v1/mails/frame", get_mail_frame, permission="conversations.read", schema=False),
    route("GET", "/api/v1/mails/{message_id:uuid}/page", get_mail_page, permission="conversations.read", schema=False),
    route("GET", "/api/v1/mails/{message_id:uuid}/raw", get_raw_mail, permission="conversations.read", schema=False),
)
