"""Built files of the agent app: hashed assets for ever, one page for every other path (ASGI, no framework)."""

import mimetypes
from pathlib import Path
from typing import Any

from svardesk.kit.errors import NotFound
from svardesk.kit.jsons import encode

_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".woff2": "font/woff2"}
_MISSING = (
    b"<!doctype html><title>Svardesk</title><p>The web pages have not been built. Run <code>make run</code>, or "
    b"<code>npm run build</code> in <code>web</code>."
)


class Pages:
    """Serves ``folder`` below ``prefix``; what is no file there is answered with ``index.html`` (history routing).

    Files are read once and kept in memory with their gzip copies; ``csp`` is the policy of the page.
    """

    def __init__(self, folder: Path, prefix: str, csp: str) -> None:
        self._folder = folder
        self._prefix = prefix
        self._csp = csp.encode()
        self._files: dict[str, tuple[bytes, bytes | None, str]] = {}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """ASGI."""
        del receive
        name = scope["path"].removeprefix(self._prefix).lstrip("/")
        found = self._read(name) if name else None
        hashed = name.startswith("assets/")
        if found is None and hashed:
            body = encode(NotFound("not_found", "There is no such file.").as_wire())
            await _answer(send, 404, body, [(b"content-type", b"application/json")])
            return
        if found is None:
            found = self._read("index.html") or (_MISSING, None, "text/html")
        body, packed, kind = found
        headers = [
            (b"content-type", f"{kind}; charset=utf-8".encode() if kind.startswith("text/") else kind.encode()),
            (b"cache-control", b"public, max-age=31536000, immutable" if hashed else b"no-cache"),
            (b"content-security-policy", self._csp),
            (b"vary", b"accept-encoding"),
        ]
        accepts = next((value for key, value in scope["headers"] if key == b"accept-encoding"), b"")
        if packed is not None and b"gzip" in accepts:
            body = packed
            headers.append((b"content-encoding", b"gzip"))
        await _answer(send, 200, body, headers)

    def _read(self, name: str) -> tuple[bytes, bytes | None, str] | None:
        if name in self._files:
            return self._files[name]
        try:
            path = (self._folder / name).resolve()
            if not path.is_relative_to(self._folder.resolve()) or not path.is_file():
                return None
        except (OSError, ValueError):
            return None  # a name that no file can have: NUL in it, or too long
        body = path.read_bytes()
        packed_file = path.with_name(path.name + ".gz")
        packed = packed_file.read_bytes() if packed_file.is_file() else None
        if packed is None and len(body) > 1000 and path.suffix in {".js", ".css", ".html", ".svg", ".json"}:
            import gzip

            packed = gzip.compress(body, 9, mtime=0)
        kind = _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        if len(self._files) < 500:
            self._files[name] = (body, packed, kind)
        return body, packed, kind


async def _answer(send: Any, status: int, body: bytes, headers: list[tuple[bytes, bytes]]) -> None:
    # For HEAD, ``kit.http.Headers`` takes the body off.
    headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
