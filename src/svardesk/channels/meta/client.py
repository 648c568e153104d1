"""The Graph API: one call, one typed outcome, no retry.

The version stands in every address, the token in a header (never in an address that a proxy would log), and the app's
proof beside it. What was surely not taken (no connection) is told apart from what perhaps was (no answer).
"""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote, urlsplit
from weakref import WeakKeyDictionary

import httpx
import msgspec
import structlog

from svardesk.channels.meta.buckets import BUCKETS, Usage, read_usage
from svardesk.channels.meta.config import Access
from svardesk.channels.meta.errors import GraphError, read_error
from svardesk.channels.meta.signature import appsecret_proof

log = structlog.get_logger()

TIMEOUT: Final = httpx.Timeout(20.0, connect=5.0, pool=5.0)
UPLOAD_TIMEOUT: Final = httpx.Timeout(25.0, connect=5.0, pool=5.0)
"""Below the time that a delivery gives its adapter."""
LARGEST_ANSWER: Final = 8 * 1024 * 1024
LARGEST_MEDIA: Final = 40 * 1024 * 1024
MEDIA_HOSTS: Final = ("fbcdn.net", "fbsbx.com", "facebook.com", "cdninstagram.com")
MOST_REDIRECTS: Final = 3


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """The Graph API did it."""

    body: dict[str, Any]
    usage: Usage = Usage()


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """The Graph API answered with an error; ``retry_after`` where it says when to come again."""

    error: GraphError
    usage: Usage = Usage()
    retry_after: float | None = None


class NotReached(msgspec.Struct, frozen=True, kw_only=True):
    """Nothing was handed over."""

    reason: str


class Uncertain(msgspec.Struct, frozen=True, kw_only=True):
    """It was handed over, and no answer came."""

    reason: str


Outcome = Answered | Refused | NotReached | Uncertain


class GraphFailed(Exception):
    """A call that had to succeed did not; ``outcome`` tells how."""

    def __init__(self, outcome: Refused | NotReached | Uncertain) -> None:
        self.outcome = outcome
        super().__init__(self.code)

    @property
    def code(self) -> str:
        """The error's short name."""
        return self.outcome.error.name if isinstance(self.outcome, Refused) else "unreachable"


class MediaRefused(Exception):
    """A file is not fetched: it lies elsewhere than at Meta, or is too large, or is gone."""


class Upload(msgspec.Struct, frozen=True, kw_only=True):
    """A file of a call."""

    name: str
    media_type: str
    content: bytes


_clients: "WeakKeyDictionary[asyncio.AbstractEventLoop, httpx.AsyncClient]" = WeakKeyDictionary()


def _client() -> httpx.AsyncClient:
    """The connections of this event loop; kept open, because opening one costs as much as the call."""
    loop = asyncio.get_running_loop()
    found = _clients.get(loop)
    if found is None or found.is_closed:
        limits = httpx.Limits(max_connections=100, max_keepalive_connections=40, keepalive_expiry=30)
        found = httpx.AsyncClient(timeout=TIMEOUT, limits=limits, follow_redirects=False, trust_env=True)
        _clients[loop] = found
    return found


async def close() -> None:
    """Close the connections of this event loop (tests, the end of a process)."""
    found = _clients.pop(asyncio.get_running_loop(), None)
    if found is not None:
        await found.aclose()


class GraphClient:
    """Calls in one name. ``page`` names whose usage the answers tell of."""

    def __init__(self, access: Access, page: str = "") -> None:
        self._access = access
        self._page = page

    async def get(self, path: str, **params: str) -> Outcome:
        """Read something; ``path`` begins after the version."""
        return await self._call("GET", path, params=params)

    async def post(self, path: str, body: Mapping[str, Any] | None = None, **params: str) -> Outcome:
        """Do something; ``body`` goes as JSON."""
        content = msgspec.json.encode(body) if body is not None else None
        headers = {"content-type": "application/json"} if content is not None else {}
        return await self._call("POST", path, params=params, content=content, headers=headers)

    async def upload(self, path: str, fields: Mapping[str, Any], file: Upload) -> Outcome:
        """Do something with a file: multipart, every field that is no text as JSON, the file as ``filedata``."""
        data = {
            name: value if isinstance(value, str) else msgspec.json.encode(value).decode()
            for name, value in fields.items()
        }
        files = {"filedata": (file.name, file.content, file.media_type)}
        return await self._call("POST", path, params={}, data=data, files=files, timeout=UPLOAD_TIMEOUT)

    async def delete(self, path: str, body: Mapping[str, Any] | None = None, **params: str) -> Outcome:
        """Take something away."""
        content = msgspec.json.encode(body) if body is not None else None
        headers = {"content-type": "application/json"} if content is not None else {}
        return await self._call("DELETE", path, params=params, content=content, headers=headers)

    async def need(self, path: str, **params: str) -> dict[str, Any]:
        """Read something that must be there; raises ``GraphFailed``."""
        return needed(await self.get(path, **params))

    async def _call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str],
        headers: Mapping[str, str] | None = None,
        **rest: Any,
    ) -> Outcome:
        access = self._access
        query = dict(params)
        sent = {"accept": "application/json", **(headers or {})}
        if access.token:
            sent["authorization"] = f"Bearer {access.token}"
            if access.secret:
                query["appsecret_proof"] = appsecret_proof(access.secret, access.token)
        address = f"{access.url.rstrip('/')}/{access.version}/{quote(path.lstrip('/'), safe='/:')}"
        began = time.monotonic()
        try:
            answer = await _client().request(method, address, params=query, headers=sent, **rest)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol) as error:
            return NotReached(reason=type(error).__name__)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return Uncertain(reason=type(error).__name__)
        return self._read(method, path, answer, time.monotonic() - began)

    def _read(self, method: str, path: str, answer: httpx.Response, seconds: float) -> Outcome:
        usage = read_usage(answer.headers)
        if self._page:
            BUCKETS.pause(self._page, usage.pause)
        try:
            body = msgspec.json.decode(answer.content) if len(answer.content) <= LARGEST_ANSWER else None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            body = None
        if answer.is_success and not (isinstance(body, dict) and "error" in body):
            return Answered(body=body if isinstance(body, dict) else {"result": body}, usage=usage)
        error = read_error(answer.status_code, body)
        log.warning(
            "graph_refused",
            method=method,
            call=path.rpartition("/")[2] if "/" in path else "",
            status=answer.status_code,
            code=error.name,
            fbtrace_id=error.trace,
            seconds=round(seconds, 3),
        )
        return Refused(error=error, usage=usage, retry_after=usage.regain or _retry_after(answer))


def needed(outcome: Outcome) -> dict[str, Any]:
    """The body of a call that had to succeed; raises ``GraphFailed``."""
    if not isinstance(outcome, Answered):
        raise GraphFailed(outcome)
    return outcome.body


def _retry_after(answer: httpx.Response) -> float | None:
    try:
        return max(0.0, float(answer.headers["retry-after"]))
    except (KeyError, ValueError):
        return None


async def fetch(access: Access, url: str, hosts: Sequence[str] = MEDIA_HOSTS) -> AsyncIterator[bytes]:
    """The bytes of a file at Meta; raises ``MediaRefused``. Only from Meta's own hosts, or the Graph API's."""
    for _ in range(MOST_REDIRECTS + 1):
        check_media_host(access, url, hosts)
        size = 0
        try:
            async with _client().stream("GET", url) as answer:
                if answer.is_redirect:
                    url = str(answer.next_request.url) if answer.next_request else ""
                    continue
                if not answer.is_success:
                    raise MediaRefused(f"status {answer.status_code}")
                async for chunk in answer.aiter_bytes():
                    size += len(chunk)
                    if size > LARGEST_MEDIA:
                        raise MediaRefused("too large")
                    yield chunk
                return
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise MediaRefused(type(error).__name__) from error
    raise MediaRefused("too many redirects")


def check_media_host(access: Access, url: str, hosts: Sequence[str] = MEDIA_HOSTS) -> None:
    """Refuse addresses to which nobody but Meta's own servers may send us; raises ``MediaRefused``."""
    try:
        wanted, graph = urlsplit(url), urlsplit(access.url)
        same = (wanted.scheme, wanted.hostname, wanted.port) == (graph.scheme, graph.hostname, graph.port)
        host = (wanted.hostname or "").lower().rstrip(".")
        plain = wanted.port in {None, 443}
    except ValueError as error:
        raise MediaRefused("no address") from error
    known = any(host == one or host.endswith(f".{one}") for one in hosts)
    if not same and not (wanted.scheme == "https" and plain and known):
        raise MediaRefused(f"not a host of Meta: {host[:100]}")
