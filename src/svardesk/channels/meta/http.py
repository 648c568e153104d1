"""Meta's door: its webhook. Bytes are read once, their signature is looked at, they are kept, and that is all."""

from typing import Annotated, Any, Final

from litestar import Request, Response
from litestar.params import QueryParameter

from svardesk.channels.connections import REMEMBERED
from svardesk.channels.meta.alarms import ALARMS
from svardesk.channels.meta.config import KIND, app_secrets, is_verify_token
from svardesk.channels.meta.intake import INTAKE, envelopes_of
from svardesk.channels.meta.remembered import PAGES
from svardesk.channels.meta.signature import HEADER, is_signed
from svardesk.kit.clock import Clock
from svardesk.kit.db import Database
from svardesk.kit.errors import Forbidden, TooLarge
from svardesk.kit.http import Route, route
from svardesk.kit.keyring import KeyRing

MAX_BODY: Final = 16 * 1024 * 1024
"""Meta puts up to a thousand updates into one body."""
Request_ = Request[Any, Any, Any]
_TAKEN: Final = b"EVENT_RECEIVED"


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


ROUTES: tuple[Route, ...] = (
    route("GET", "/hooks/meta/{key:str}", verify_webhook, public=True, schema=False),
    route("POST", "/hooks/meta/{key:str}", post_webhook, public=True, status=200, max_body=MAX_BODY + 1, schema=False),
)
