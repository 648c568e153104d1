"""Signing in and tokens: the dialog, codes, exchange, ``debug_token``, ``me`` and the app's webhook address."""

import hmac
import secrets
from collections.abc import Awaitable, Callable
from datetime import timedelta
from html import escape
from typing import Any
from urllib.parse import urlencode

from tests.doubles.graph.calls import GraphError, Request, Table, invalid
from tests.doubles.graph.core import Core
from tests.doubles.graph.model import SCOPES, Administrator, App, Code, Json, Token
from tests.doubles.graph.reading import Field, fields_of, pick

SHORT = timedelta(hours=1)
LONG = timedelta(days=60)


def app_token(core: Core, given: str) -> Token | None:
    """``<app id>|<app secret>`` is a token of the app."""
    app_id, bar, secret = given.partition("|")
    app = core.world.state.apps.get(app_id)
    if not bar or app is None or not hmac.compare_digest(secret.encode(), app.secret.encode()):
        return None
    return Token(given, "app", app_id)


def _checked(core: Core, params: Json) -> App:
    app = core.world.state.apps.get(str(params.get("client_id")))
    if app is None:
        raise GraphError(101, None, "Error validating application. Cannot get application info due to a system error.")
    if not hmac.compare_digest(str(params.get("client_secret", "")).encode(), app.secret.encode()):
        raise GraphError(1, None, "Error validating client secret.", status=400, transient=False)
    return app


async def access_token(core: Core, params: Json) -> Json:
    """``/oauth/access_token``: a code, a short-lived token or the app's own credentials for a token."""
    app = _checked(core, params)
    grant = params.get("grant_type")
    if grant == "client_credentials":
        return {"access_token": f"{app.id}|{app.secret}", "token_type": "bearer"}
    if grant == "fb_exchange_token":
        old = core.world.state.tokens.get(str(params.get("fb_exchange_token")))
        if old is None or old.state != "valid" or old.app_id != app.id or old.kind != "user":
            raise GraphError(190, None, "Invalid OAuth access token - Cannot parse access token")
        return _given(core, app, old.user_id, old.scopes, LONG)
    code = core.world.state.codes.get(str(params.get("code")))
    if code is None or code.app_id != app.id:
        raise GraphError(100, 36007, "Invalid verification code format.")
    if code.used:
        raise GraphError(100, 36009, "This authorization code has been used.")
    if code.until < core.world.ms:
        raise GraphError(100, 36007, "This authorization code has expired.")
    if code.redirect_uri != params.get("redirect_uri"):
        raise GraphError(
            100,
            36008,
            "Error validating verification code. Please make sure your redirect_uri is identical to the one you used "
            "in the OAuth dialog request",
        )
    code.used = True
    return _given(core, app, code.user_id, code.scopes, SHORT)


def _given(core: Core, app: App, user_id: str | None, scopes: list[str], lives: timedelta) -> Json:
    user = core.world.state.administrators[user_id or ""]
    token = core.world.add_token(app, user=user, scopes=scopes, lives=lives)
    return {"access_token": token.token, "token_type": "bearer", "expires_in": int(lives.total_seconds())}


async def debug_token(request: Request) -> Json:
    """``GET /debug_token?input_token=``."""
    given = request.needed("input_token")
    world = request.world
    token = world.state.tokens.get(given) or app_token(request.core, given)
    if token is None or token.app_id != request.app.id:
        error = {"code": 190, "message": "Invalid OAuth access token."}
        return {"data": {"error": error, "is_valid": False, "scopes": []}}
    ended = bool(token.expires_at and token.expires_at <= world.ms // 1000) or token.state == "expired"
    data: Json = {
        "app_id": token.app_id,
        "type": token.kind.upper(),
        "application": request.app.name,
        "data_access_expires_at": token.issued_at + 90 * 86_400,
        "expires_at": token.expires_at,
        "is_valid": token.state == "valid" and not ended,
        "issued_at": token.issued_at,
        "scopes": token.scopes,
        "granular_scopes": [
            {"scope": one, "target_ids": [token.page_id]} if token.page_id else {"scope": one} for one in token.scopes
        ],
    }
    if token.page_id:
        data["profile_id"] = token.page_id
    if token.user_id:
        data["user_id"] = token.user_id
    if not data["is_valid"]:
        subcode, text = (463, "Session has expired") if ended else (460, "The session has been invalidated")
        data["error"] = {"code": 190, "message": f"Error validating access token: {text}.", "subcode": subcode}
    return {"data": data}


async def me(request: Request) -> Json:
    """``GET /me`` with a user's token."""
    user = _user(request)
    return pick({"id": user.id, "name": user.name}, fields_of(request.text("fields") or "name,id"))


async def accounts(request: Request) -> Json:
    """``GET /me/accounts``: the user's pages, each with a token of its own."""
    user = _user(request)
    request.needs("pages_show_list")
    world, data = request.world, list[Json]()
    wanted = fields_of(request.text("fields") or "access_token,category,name,id,tasks")
    for page_id, tasks in user.pages.items():
        page = world.state.pages.get(page_id)
        if page is None:
            continue
        scopes, owned = request.token.scopes, (request.app.id, page_id, user.id)
        token = next(
            (
                one
                for one in world.state.tokens.values()
                if (one.app_id, one.page_id, one.user_id) == owned and one.state == "valid" and one.scopes == scopes
            ),
            None,
        ) or world.add_token(request.app, page, user=user, scopes=scopes)
        known: Json = {"access_token": token.token, "category": page.category, "name": page.name, "id": page.id}
        known |= {"tasks": tasks, "category_list": [{"id": "2256", "name": page.category}]}
        known["picture"] = {"data": {"url": f"{world.base_url}/_media/page/{page.id}"}}
        data.append(pick(known, [*wanted, Field("id")]))
    return {"data": data, **({"paging": {"cursors": {"before": "MA", "after": "MA"}}} if data else {})}


async def permissions(request: Request) -> Json:
    """``GET /me/permissions``."""
    _user(request)
    return {"data": [{"permission": one, "status": "granted"} for one in request.token.scopes]}


def _user(request: Request) -> Administrator:
    if request.token.kind != "user":
        raise GraphError(2500, None, "An active access token must be used to query information about the current user.")
    return request.world.state.administrators[request.token.user_id or ""]


async def subscribe_app(request: Request) -> Json:
    """``POST /{app}/subscriptions``: the app's webhook address, verified at once."""
    if request.token.kind != "app" or request.token.app_id != request.node:
        raise GraphError(15, None, "(#15) This method must be called with an app access_token.")
    if request.text("object") != "page":
        raise invalid("Param object must be one of {page}")
    url, verify = request.needed("callback_url"), request.needed("verify_token")
    well, said = await request.core.outbox.challenge(url, verify)
    if not well:
        text = f"(#2200) Callback verification failed with the following errors: {said}"
        raise GraphError(2200, None, text)
    request.app.webhook_url, request.app.verify_token = url, verify
    return {"success": True}


async def app_subscriptions(request: Request) -> Json:
    """``GET /{app}/subscriptions``."""
    if request.token.kind != "app" or request.token.app_id != request.node:
        raise GraphError(15, None, "(#15) This method must be called with an app access_token.")
    if request.app.webhook_url is None:
        return {"data": []}
    return {"data": [{"object": "page", "callback_url": request.app.webhook_url, "active": True, "fields": []}]}


# ── the dialog ──


def dialog(core: Core, params: Json, version: str) -> str:
    """The page on which an administrator lets an app into their pages."""
    app = core.world.state.apps.get(str(params.get("client_id")))
    if app is None or not params.get("redirect_uri"):
        return _frame("<h1>Invalid App ID</h1><p>The provided app ID does not look like a valid app ID.</p>")
    people = list(core.world.state.administrators.values())
    hidden = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(str(params.get(name, "")))}">'
        for name in ("client_id", "redirect_uri", "state", "scope")
    )
    options = "".join(f'<option value="{one.id}">{escape(one.name)}</option>' for one in people)
    pages = "".join(
        f'<label><input type="checkbox" name="page" value="{page.id}" checked> {escape(page.name)}</label>'
        for page in core.world.state.pages.values()
    )
    scopes = "".join(f"<li>{escape(one)}</li>" for one in _scopes(params))
    return _frame(
        f"<h1>{escape(app.name)}</h1><p>ber om tilgang til sidene dine.</p>"
        f'<form method="post" action="/{escape(version)}/dialog/oauth">{hidden}'
        f'<label>Fortsett som <select name="user">{options}</select></label>'
        f"<fieldset><legend>Sider</legend>{pages}</fieldset><details><summary>Tillatelser</summary><ul>{scopes}</ul></details>"
        '<button name="answer" value="yes">Fortsett</button> <button name="answer" value="no">Avbryt</button></form>'
    )


def _frame(body: str) -> str:
    style = (
        ":root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}body{max-width:26rem;margin:3rem auto;"
        "padding:0 1rem}label,fieldset,details{display:block;margin:1rem 0}button{font:inherit;padding:.5rem 1rem}"
    )
    return f'<!doctype html><html lang="nb"><meta charset="utf-8"><title>Logg inn</title><style>{style}</style>{body}</html>'


def _scopes(params: Json) -> list[str]:
    asked = str(params.get("scope") or "").replace(" ", ",").split(",")
    return [one for one in asked if one] or list(SCOPES)


def decide(core: Core, form: Json, pages: list[str]) -> str:
    """The address to which the dialog sends the browser back."""
    back = str(form.get("redirect_uri"))
    joint = "&" if "?" in back else "?"
    state = {"state": str(form["state"])} if form.get("state") else {}
    if form.get("answer") != "yes":
        refused = {"error": "access_denied", "error_code": "200", "error_reason": "user_denied"}
        return back + joint + urlencode({**refused, "error_description": "Permissions error", **state}) + "#_=_"
    code = allow(core, str(form["client_id"]), str(form["user"]), back, _scopes(form), pages)
    return back + joint + urlencode({"code": code, **state}) + "#_=_"


def allow(core: Core, app_id: str, user_id: str, redirect_uri: str, scopes: list[str], pages: list[str]) -> str:
    """What pressing the button does: a code."""
    code = "AQ" + secrets.token_urlsafe(60)
    until = core.world.ms + 600_000
    core.world.state.codes[code] = Code(app_id, user_id, redirect_uri, scopes, pages, until)
    return code


FREE: dict[tuple[str, str], Callable[[Core, Json], Awaitable[Any]]] = {
    ("GET", "oauth/access_token"): access_token,
    ("POST", "oauth/access_token"): access_token,
}
"""Calls that need no token."""

TABLE: Table = {
    ("GET", "me", ""): me,
    ("GET", "me", "accounts"): accounts,
    ("GET", "me", "permissions"): permissions,
    ("GET", "debug_token", ""): debug_token,
    ("POST", "app", "subscriptions"): subscribe_app,
    ("GET", "app", "subscriptions"): app_subscriptions,
}
