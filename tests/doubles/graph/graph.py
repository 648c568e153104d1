"""The Graph itself: version, token, node and edge of a call, and the answer with its headers."""

import hmac
import json
import re
from typing import Any, Final
from urllib.parse import parse_qsl

from litestar import Request as HttpRequest
from litestar.datastructures import UploadFile

from tests.doubles.graph import feed, login, pages, reading, routing, sending, wire
from tests.doubles.graph.calls import GraphError, Handler, Request, Table, invalid, missing
from tests.doubles.graph.core import Call, Core
from tests.doubles.graph.model import App, Json, Media, Token

LIVING: Final = ("v21.0", "v22.0", "v23.0", "v24.0", "v25.0", "v26.0")
_VERSION: Final = re.compile(r"v\d+\.\d+")
TABLE: Final[Table] = {
    **sending.TABLE,
    **pages.TABLE,
    **routing.TABLE,
    **reading.TABLE,
    **feed.TABLE,
    **login.TABLE,
}
_MESSENGER: Final = {"messages", "message_attachments", "messenger_profile", "conversations"}
Answer = tuple[int, Any, dict[str, str]]


class Dropped(Exception):
    """The connection is to be broken without an answer."""


async def answer(core: Core, request: HttpRequest[Any, Any, Any], path: str) -> Answer:
    """Answer one call: HTTP status, JSON, headers."""
    params, files = await read(request)
    shown = {name: value for name, value in params.items() if name not in {"access_token", "appsecret_proof"}}
    call = Call(request.method, "/" + path, shown)
    core.calls.append(call)
    headers: dict[str, str] = {"cache-control": "private, no-cache, no-store"}
    try:
        call.status, call.answer = 200, await _dispatch(core, request, path, params, files, headers)
    except GraphError as error:
        call.status, call.answer = error.status, error.body()
        if error.code in {190, 2500, 104}:
            headers["www-authenticate"] = f'OAuth "Facebook Platform" "invalid_token" "{error.message[:80]}"'
        core.refused.append(call)
    core.changed()
    return call.status, call.answer, headers


async def _dispatch(
    core: Core,
    http: HttpRequest[Any, Any, Any],
    path: str,
    params: Json,
    files: dict[str, Media],
    headers: dict[str, str],
) -> Any:
    version, node, edge = split(path)
    headers["facebook-api-version"] = version
    free = login.FREE.get((http.method, "/".join(one for one in (node, edge) if one)))
    if free is not None:
        return await free(core, params)
    token, app = authorise(core, params, http.headers.get("authorization", ""))
    core.publish_due()
    kind = kind_of(core, node)
    if kind == "me" and token.kind == "page":
        kind = "page"
    handler = TABLE.get((http.method, kind, edge))
    if handler is None:
        raise missing(node, http.method.lower()) if kind == "none" else _no_edge(node, edge, http.method)
    headers |= core.limits.headers(core.world, token.page_id)
    request = Request(core, http.method, node, edge, params, files, token, app, version)
    if edge in _MESSENGER and token.page_id:
        core.limits.daily(core.world, token.page_id)
    return await _with_fault(core, handler, request, kind)


async def _with_fault(core: Core, handler: Handler, request: Request, kind: str) -> Any:
    recipient = request.parsed("recipient")
    psid = str(recipient.get("id")) if isinstance(recipient, dict) and recipient.get("id") else None
    name = request.edge or {"person": "profile"}.get(kind, kind)
    fault = core.faults.meet(name, request.node if kind == "person" else psid)
    request.fault = fault
    if fault is None:
        return await handler(request)
    if fault.deliver:
        await handler(request)
    if fault.kind == "hang":
        await core.hang()
        raise Dropped
    if fault.kind == "drop":
        raise Dropped
    raise fault.error()


def split(path: str) -> tuple[str, str, str]:
    """Version, node and edge of a path."""
    parts = [one for one in path.split("/") if one]
    if not parts or not _VERSION.fullmatch(parts[0]):
        raise GraphError(2500, None, "Unknown path components: the path must begin with a version, like /v26.0/")
    if parts[0] not in LIVING:
        raise GraphError(
            2635,
            None,
            f"(#2635) You are calling a deprecated version of the API. Please update to the latest version: {LIVING[-1]}.",
        )
    if not 2 <= len(parts) <= 3:
        raise GraphError(2500, None, f"Unknown path components: /{'/'.join(parts[1:])}")
    return parts[0], parts[1], parts[2] if len(parts) > 2 else ""


def _no_edge(node: str, edge: str, method: str) -> GraphError:
    if not edge:
        return missing(node, method.lower())
    return GraphError(2500, None, f"Unknown path components: /{edge}")


def kind_of(core: Core, node: str) -> str:
    """What an id is the id of."""
    world, state = core.world, core.world.state
    if node in {"me", "debug_token"}:
        return node
    for kind, known in (
        ("page", state.pages),
        ("person", state.people),
        ("message", world.messages),
        ("thread", world.threads),
        ("post", state.posts),
        ("comment", state.comments),
        ("persona", state.personas),
        ("app", state.apps),
    ):
        if node in known:
            return kind
    return "none"


def authorise(core: Core, params: Json, header: str) -> tuple[Token, App]:
    """The token of a call and its app; raises what Graph says to tokens that are missing, ended or badly proven."""
    given = header[7:] if header.lower().startswith("bearer ") else str(params.get("access_token") or "")
    if not given:
        raise GraphError(2500, None, "An active access token must be used to query information about the current user.")
    state = core.world.state
    token = state.tokens.get(given) or login.app_token(core, given)
    if token is None:
        raise GraphError(190, None, "Invalid OAuth access token - Cannot parse access token")
    if token.state == "revoked":
        raise GraphError(190, 460)
    if token.state == "expired" or (token.expires_at and token.expires_at <= core.world.ms // 1000):
        raise GraphError(190, 463)
    app = core.world.app(token.app_id)
    proof = params.get("appsecret_proof")
    if proof is not None and not hmac.compare_digest(str(proof), wire.proof(app.secret, given)):
        raise GraphError(100, None, "Invalid appsecret_proof provided in the API argument", kind="GraphMethodException")
    if proof is None and app.requires_proof:
        text = "API calls from the server require an appsecret_proof argument"
        raise GraphError(100, None, text, kind="GraphMethodException")
    return token, app


async def read(request: HttpRequest[Any, Any, Any]) -> tuple[Json, dict[str, Media]]:
    """Parameters of the address and the body (JSON, form or form with files) as one."""
    params: Json = dict(parse_qsl(request.scope["query_string"].decode(), keep_blank_values=True))
    files: dict[str, Media] = {}
    content = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content == "multipart/form-data":
        for name, value in (await request.form()).multi_items():
            if isinstance(value, UploadFile):
                files[name] = Media("", "file", value.content_type, await value.read(), value.filename)
            else:
                params[name] = value
        return params, files
    body = await request.body()
    if content == "application/x-www-form-urlencoded":
        params |= dict(parse_qsl(body.decode(), keep_blank_values=True))
    elif body:
        try:
            found = json.loads(body)
        except ValueError:
            raise invalid("The body is not valid JSON") from None
        if not isinstance(found, dict):
            raise invalid("The body must be a JSON object")
        params |= found
    return params, files
