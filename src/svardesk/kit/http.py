"""HTTP furniture: the route table's rows, errors as JSON, headers that every answer carries, limits per address."""

import inspect
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

import msgspec
import structlog
from litestar import Request, Response
from litestar.di import Dependency, NamedDependency
from litestar.exceptions import HTTPException, ValidationException
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Operation
from litestar.params import BodyKwarg, FromPath, FromQuery, JSONBody, ParameterKwarg
from litestar.types import ASGIApp, Guard, Message, Receive, Scope, Send
from psycopg import DataError, OperationalError

from svardesk.kit.errors import Invalid, NotFound, SvardeskError, TooLarge, TooMany, Unavailable
from svardesk.kit.jsons import encode

log = structlog.get_logger()

PARTS = frozenset(
    {
        "db",
        "clock",
        "keyring",
        "files",
        "public_url",
        "process_id",
        "resume",
        "settings",
        "caller",
        "client_ip",
    }
)
"""What a handler may ask for by name; ``app.litestar_app`` gives them."""

MAX_BODY = 256 * 1024
"""Bytes that a JSON route takes, unless its row in the table says otherwise."""


@dataclass(frozen=True, slots=True)
class Route:
    """One row of the table in ``routes.py``.

    ``permission`` is what a signed-in agent or token needs (None: being signed in is enough); ``public`` routes need no
    sign-in. ``status`` is the status of success (None: 200, 201 for POST, 204 for DELETE without an answer).
    """

    method: str
    path: str
    handler: Callable[..., Any]
    permission: str | None = None
    public: bool = False
    status: int | None = None
    max_body: int = MAX_BODY
    schema: bool = True


def route(
    method: str,
    path: str,
    handler: Callable[..., Any],
    *,
    permission: str | None = None,
    public: bool = False,
    status: int | None = None,
    max_body: int = MAX_BODY,
    schema: bool = True,
) -> Route:
    """Return one row of the route table; see ``Route``."""
    if public and permission:
        raise ValueError(f"{method} {path} cannot be public and need a permission")
    return Route(method, path, handler, permission, public, status, max_body, schema)


class ErrorDetail(msgspec.Struct, frozen=True):
    """``code`` is stable and for programs, ``message`` a sentence for people, ``fields`` say what it is about."""

    code: str
    message: str
    fields: dict[str, Any]


class ErrorBody(msgspec.Struct, frozen=True):
    """What every refused or failed request answers."""

    error: ErrorDetail


@dataclass
class Described(Operation):
    """An operation of the OpenAPI document: whatever is not its success is an ``ErrorBody``."""

    def __post_init__(self) -> None:
        if self.responses is not None:
            self.responses["default"] = self.responses.pop("400")


def mark(handler: Callable[..., Any], path: str) -> None:
    """Mark what ``handler`` takes with where it comes from: a part of the house, the path, the body or the query.

    Handlers name what they need plainly (``db: Database``); Litestar wants each one marked, and the name tells.
    """
    for name, parameter in inspect.signature(handler).parameters.items():
        kind = parameter.annotation
        said = getattr(kind, "__metadata__", ())
        if name == "request" or any(isinstance(one, ParameterKwarg | BodyKwarg | Dependency) for one in said):
            continue
        if name == "data":
            kind = JSONBody[kind]
        elif name in PARTS:
            kind = NamedDependency[kind]
        elif f"{{{name}:" in path:
            kind = FromPath[kind]
        else:
            kind = FromQuery[kind]
        handler.__annotations__[name] = kind


def handler_of(row: Route, signed_in: Guard) -> HTTPRouteHandler:
    """Return the Litestar handler of a row; ``signed_in`` guards every row that is not public."""
    mark(row.handler, row.path)
    handler = HTTPRouteHandler(
        row.path,
        http_method=row.method,  # pyright: ignore[reportArgumentType]
        status_code=row.status,
        guards=None if row.public else [signed_in],
        opt={"permission": row.permission, "public": row.public},
        request_max_body_size=row.max_body,
        include_in_schema=row.schema,
        operation_id=row.handler.__name__,
        operation_class=Described,
        responses={400: ResponseSpec(ErrorBody, generate_examples=False, description="An error, of whatever status.")},
        description=(row.handler.__doc__ or "").strip(),
        security=None if row.public else [{"session": []}, {"token": []}],
    )
    return handler(row.handler)


def client_ip(request: Request[Any, Any, Any]) -> str | None:
    """Return the address of the client (uvicorn has already looked behind trusted proxies)."""
    return request.client.host if request.client else None


def error_response(_: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """Return the JSON answer of any exception; unknown ones are logged and answered without detail."""
    known = as_known(error)
    headers = {"retry-after": str(known.retry_after)} if isinstance(known, TooMany) else {}
    return Response(encode(known.as_wire()), status_code=known.status, media_type="application/json", headers=headers)


async def send_error(send: Any, error: Exception) -> None:
    """The same answer on bare ASGI."""
    known = as_known(error)
    body = encode(known.as_wire())
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    if isinstance(known, TooMany):
        headers.append((b"retry-after", str(known.retry_after).encode()))
    await send({"type": "http.response.start", "status": known.status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})


def as_known(error: Exception) -> SvardeskError:
    """Return ``error`` as one of ours."""
    if isinstance(error, SvardeskError):
        return error
    if isinstance(error, UnicodeDecodeError):
        # msgspec's word for JSON that is no UTF-8; our own code decodes nothing strictly that came from outside.
        return Invalid("invalid", "The body is not UTF-8.")
    if isinstance(error, RecursionError):
        # msgspec's word for JSON that is nested deeper than anything a route takes.
        return Invalid("invalid", "The body is nested too deeply.")
    if isinstance(error, HTTPException):
        return _of_litestar(error)
    if isinstance(error, DataError):
        return Invalid(
            "invalid", "A value in the request cannot be stored: a character or number that no column takes."
        )
    if isinstance(error, OperationalError):
        log.warning("database_unavailable", error=str(error).strip())
        return Unavailable("database_unavailable", "The database does not answer just now; try again in a moment.")
    log.error("unexpected_error", exc_info=error)
    return SvardeskError(
        "internal", "This is our fault, and it has been written down. Try again; tell your administrator."
    )


def _of_litestar(error: HTTPException) -> SvardeskError:
    fields: dict[str, str] = {}
    if isinstance(error, ValidationException):
        fields = {
            str(one.get("key") or "body"): str(one.get("message") or "")
            for one in (error.extra if isinstance(error.extra, list) else [])
            if isinstance(one, dict)
        }
    elif isinstance(error.__cause__, msgspec.ValidationError):
        # Litestar takes a wrong field of the body for a fault of ours when a part of the house is called like it.
        said, _, place = str(error.__cause__).partition(" - at `$.")
        fields = {place.rstrip("`") or "body": said}
    else:
        return _of_status(error)
    return Invalid("invalid", "A value in the request has the wrong form.", **({"fields": fields} if fields else {}))


def _of_status(error: HTTPException) -> SvardeskError:
    if error.status_code == 404:
        return NotFound("not_found", "There is no such address.")
    if error.status_code == 413:
        return TooLarge("too_large", "The body is larger than this address takes.")
    known = Invalid("invalid", "The body is not what this address takes.")
    if error.status_code == 405:
        known = Invalid("method_not_allowed", "This address does not take that method.")
        known.status = 405  # pyright: ignore[reportAttributeAccessIssue]
    elif error.status_code == 415:
        known = Invalid("unsupported_media_type", "Send JSON.")
        known.status = 415  # pyright: ignore[reportAttributeAccessIssue]
    elif error.status_code >= 500:
        log.error("unexpected_error", exc_info=error)
        return SvardeskError("internal", "This is our fault, and it has been written down. Try again later.")
    return known


class Headers:
    """Adds what every answer carries, where the answer does not say otherwise itself."""

    def __init__(self, app: ASGIApp, *, https: bool) -> None:
        self._app = app
        self._defaults: tuple[tuple[bytes, bytes], ...] = (
            (b"x-content-type-options", b"nosniff"),
            (b"referrer-policy", b"strict-origin-when-cross-origin"),
            (b"permissions-policy", b"camera=(), microphone=(), geolocation=(), payment=(), usb=()"),
            (b"cross-origin-opener-policy", b"same-origin"),
            (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
            (b"cache-control", b"no-store"),
            *(((b"strict-transport-security", b"max-age=31536000"),) if https else ()),
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        head = scope["method"] == "HEAD"
        if head:  # whoever asks for the head of a page gets the head of its GET
            scope["method"] = "GET"  # pyright: ignore[reportGeneralTypeIssues]

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = list(message["headers"])
                present = {name.lower() for name, _ in headers}
                headers.extend(pair for pair in self._defaults if pair[0] not in present)
                message["headers"] = headers
            elif head and message["type"] == "http.response.body":
                message = {**message, "body": b""}  # pyright: ignore[reportAssignmentType]
            await send(message)

        await self._app(scope, receive, with_headers)


class RateLimit:
    """A token bucket per key, in this process: the first wall against floods by one address.

    ``rate`` tokens a second flow in, up to ``burst``. The oldest of more than ``keys`` buckets is forgotten.
    """

    def __init__(self, rate: float, burst: float, keys: int = 20_000) -> None:
        self.rate = rate
        self.burst = burst
        self._keys = keys
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, key: str, cost: float = 1.0) -> None:
        """Take ``cost`` tokens of ``key``; raises ``TooMany`` (code ``rate_limited``) when there are too few."""
        now = time.monotonic()
        level, at = self._buckets.pop(key, (self.burst, now))
        level = min(self.burst, level + (now - at) * self.rate)
        if level < cost:
            self._buckets[key] = (level, now)
            wait = int((cost - level) / self.rate) + 1
            raise TooMany("rate_limited", f"Too many requests; wait {wait} s.", retry_after=wait)
        self._buckets[key] = (level - cost, now)
        if len(self._buckets) > self._keys:
            self._buckets.popitem(last=False)


def is_local(ip: str | None) -> bool:
    """Tell whether a request comes from this very machine. An unknown address (None) or a strange one does not."""
    try:
        return ip is not None and ip_address(ip).is_loopback
    except ValueError:
        return False


def limit(bucket: RateLimit, ip: str | None, key: str, cost: float = 1.0) -> None:
    """Take from a bucket, except for requests from this very machine: HTTP and sockets count alike.

    Benchmarks come from here, and everybody seems to behind a proxy of this machine that is not named in
    SVARDESK_FORWARDED_ALLOW; ``kit.proxies`` says so to the operator.
    """
    if not is_local(ip):
        bucket.take(key, cost)


def scope_state(scope: Any) -> dict[str, Any]:
    """Return the own place of a request (its ASGI scope) for things found on the way, such as who is asking."""
    return scope.setdefault("svardesk", {})
