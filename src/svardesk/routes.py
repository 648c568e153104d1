"""ONE table: method, path, handler, permission. Each room brings its rows (``http.ROUTES``); here they stand together."""

from typing import Any
from urllib.parse import urlsplit

from litestar.connection import ASGIConnection
from litestar.handlers import HTTPRouteHandler
from litestar.handlers.base import BaseRouteHandler

from svardesk.accounts import auth
from svardesk.accounts import http as accounts_http
from svardesk.accounts.secrets import same
from svardesk.channels import http as channels_http
from svardesk.channels.email import http as email_http
from svardesk.channels.facebook import http as facebook_http
from svardesk.channels.form import http as form_http
from svardesk.channels.messenger import http as messenger_http
from svardesk.channels.meta import http as meta_http
from svardesk.channels.webchat import http as webchat_http
from svardesk.contacts import http as contacts_http
from svardesk.conversations import http as conversations_http
from svardesk.demo_shop import http as shop_http
from svardesk.hours import http as hours_http
from svardesk.house import House
from svardesk.kit.errors import Forbidden, Unauthorised
from svardesk.kit.http import Route, handler_of, scope_state
from svardesk.privacy import http as privacy_http
from svardesk.reports import http as reports_http
from svardesk.spine import http as spine_http

ROUTES: tuple[Route, ...] = (
    *spine_http.ROUTES,
    *accounts_http.ROUTES,
    *hours_http.ROUTES,
    *contacts_http.ROUTES,
    *conversations_http.ROUTES,
    *channels_http.ROUTES,
    *webchat_http.ROUTES,
    *email_http.ROUTES,
    *form_http.ROUTES,
    *meta_http.ROUTES,
    *facebook_http.ROUTES,
    *messenger_http.ROUTES,
    *privacy_http.ROUTES,
    *reports_http.ROUTES,
    *shop_http.ROUTES,
)

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
OPEN = ("/form/v1/",)
"""Addresses that pages of other sites may post to: each asks its own list of allowed origins, and none reads a cookie."""


def handlers(*, demo: bool = True) -> list[HTTPRouteHandler]:
    """Return the Litestar handlers of all rows; without ``demo`` the demo shop is left out."""
    rows = ROUTES if demo else tuple(row for row in ROUTES if row not in shop_http.ROUTES)
    return [handler_of(row, signed_in) for row in rows]


def check_origin(headers: dict[bytes, bytes], public_url: str) -> None:
    """Refuse a browser's request that comes from a page of another site (code ``wrong_origin``).

    Programs send no Origin. A browser always does for unsafe methods and sockets, and cannot lie about it.
    """
    origin = headers.get(b"origin")
    if origin is None:
        return
    text = origin.decode("latin-1")
    try:
        place = urlsplit(text).netloc
    except ValueError:
        place = ""  # no browser writes such an Origin
    if text == public_url or (place and place == headers.get(b"host", b"").decode("latin-1")):
        return
    raise Forbidden("wrong_origin", "This page may not do that here: the request comes from another site.")


async def resolve(headers: dict[bytes, bytes], cookies: dict[str, str], house: House, ip: str | None) -> auth.Caller:
    """Return who is asking, by API token or session cookie; raises ``Unauthorised``."""
    authorization = headers.get(b"authorization", b"").decode("latin-1")
    if authorization:
        kind, _, token = authorization.partition(" ")
        if kind.lower() != "bearer":
            raise Unauthorised("bad_token", "Send the token as `Authorization: Bearer svd_…`.")
        return await auth.resolve_api_token(house.db, house.clock, token.strip(), ip)
    token = cookies.get(accounts_http.cookie_name(secure=house.settings.secure_cookies))
    if not token:
        raise Unauthorised("not_signed_in", "Sign in first.")
    return await auth.resolve_session(house.db, house.clock, token, ip)


async def signed_in(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Guard: a signed-in agent or a valid token, the route's permission, and no forged request."""
    house: House = connection.app.state.house
    headers = dict(connection.scope["headers"])
    ip = connection.client.host if connection.client else None
    caller = await resolve(headers, connection.cookies, house, ip)
    unsafe = connection.scope.get("method") not in SAFE
    if (
        unsafe
        and caller.csrf is not None
        and not same(headers.get(b"x-csrf-token", b"").decode("latin-1"), caller.csrf)
    ):
        raise Forbidden(
            "csrf", "The page is out of date: load it again. (The header X-CSRF-Token is missing or wrong.)"
        )
    permission = handler.opt.get("permission")
    if permission is not None:
        caller.check(permission)
    scope_state(connection.scope)["caller"] = caller
