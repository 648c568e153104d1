"""The widget's files: the loader that shops paste, the page inside the frame, its assets. Bytes and headers, no HTTP.

The frame page loads one script of ours and nothing else; its style and texts stand in it. Its policy allows exactly that,
and only the sites of the allow-list may frame it.
"""

import gzip
import hashlib
import html
import secrets
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import msgspec

from svardesk.channels.contract import Connection
from svardesk.channels.origins import frame_ancestors
from svardesk.kit.errors import NotFound, Unavailable
from svardesk.kit.i18n import normalise, text, texts
from svardesk.kit.jsons import encode, loads

YEAR: Final = "public, max-age=31536000, immutable"
LOADER_CACHE: Final = "public, max-age=300, stale-while-revalidate=86400"
_TYPES: Final = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
_ENTRY: Final = "src/frame/main.tsx"


class NotBuilt(Unavailable):
    """The widget has not been built: run `make web`."""

    code = "widget_not_built"


class NoSuchAsset(NotFound):
    """There is no such file."""

    code = "no_such_asset"


class Asset(msgspec.Struct, frozen=True):
    """A built file, its compressed copies and what identifies its content."""

    body: bytes
    gzip: bytes
    brotli: bytes | None
    media_type: str
    etag: str
    sha384: str

    def encoded(self, accept: str) -> tuple[bytes, str | None]:
        """The smallest copy that the browser takes, and its encoding."""
        offered = {
            part.split(";", 1)[0].strip() for part in accept.lower().split(",") if ";q=0" not in part.replace(" ", "")
        }
        if self.brotli is not None and "br" in offered:
            return self.brotli, "br"
        return (self.gzip, "gzip") if "gzip" in offered else (self.body, None)


def folder() -> Path:
    """Where the build puts the widget's files."""
    return Path(str(files("svardesk"))) / "static" / "widget"


def loader() -> Asset:
    """``/widget.js``."""
    return _asset("widget.js", _stamp("widget.js"))


def asset(name: str) -> Asset:
    """A hashed file of ``/widget/assets``; raises ``NoSuchAsset``."""
    if "/" in name or "\\" in name or name.startswith("."):
        raise NoSuchAsset
    return _asset(f"assets/{name}", _stamp(f"assets/{name}"))


def pinned(name: str) -> Asset:
    """``/widget/pinned/<hash>.js``: the loader for pages that name its hash (subresource integrity); raises ``NoSuchAsset``.

    ``hash`` are the first 16 hexadecimal digits of its SHA-256; after an update the old address answers 404, as pinning
    means.
    """
    found = loader()
    if name != f"{found.etag}.js":
        raise NoSuchAsset
    return found


def embed_snippet(public_url: str, key: str) -> str:
    """The one line that a shop pastes."""
    return f'<script async src="{html.escape(public_url)}/widget.js" data-widget="{html.escape(key)}"></script>'


def embed_pinned(public_url: str, key: str) -> str | None:
    """The same with a hash, for shops that allow only known scripts; None while the widget is not built."""
    try:
        found = loader()
    except NotBuilt:
        return None
    return (
        f'<script async src="{html.escape(public_url)}/widget/pinned/{found.etag}.js" integrity="sha384-{found.sha384}" '
        f'crossorigin="anonymous" data-widget="{html.escape(key)}"></script>'
    )


def page(
    widget: Connection, locale: str | None, parent: str, account_name: str, public_url: str
) -> tuple[str, dict[str, str]]:
    """The frame page for one widget on one site: (HTML, headers). The site has been checked by the caller."""
    language = normalise(locale)
    script, style = _built()
    nonce = secrets.token_urlsafe(18)
    config = widget.config
    boot: dict[str, Any] = {
        "widget": widget.public_key,
        "locale": language,
        "parent": parent,
        "name": config.get("title") or account_name,
        "accent": config.get("accent"),
        "texts": dict(texts(language, "widget")),
    }
    title = html.escape(text(language, "widget", "widget.title"))
    body = (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><title>{title}</title>'
        f'<style nonce="{nonce}">{style}</style></head><body><div id="svardesk"></div>'
        f'<script type="application/json" id="svardesk-boot">{_json_in_html(boot)}</script>'
        f'<script type="module" nonce="{nonce}" src="/widget/{script}"></script></body></html>'
    )
    return body, {
        "content-security-policy": policy(nonce, widget.config.get("origins") or (), public_url),
        "cache-control": "no-store",
        "referrer-policy": "no-referrer",
        "cross-origin-resource-policy": "cross-origin",
        "cross-origin-opener-policy": "unsafe-none",
    }


def policy(nonce: str, origins: Any, public_url: str) -> str:
    """The Content-Security-Policy of the frame page."""
    # Older Safari does not count ws: of the same host as 'self'.
    socket = public_url.replace("http", "ws", 1)
    return "; ".join((
        "default-src 'none'",
        f"script-src 'self' 'nonce-{nonce}'",
        f"style-src 'nonce-{nonce}'",
        "img-src 'self' data: blob:",
        f"connect-src 'self' {socket}",
        "form-action 'none'",
        "base-uri 'none'",
        f"frame-ancestors {frame_ancestors(origins)}",
        "require-trusted-types-for 'script'",
    ))  # fmt: skip


def refusal(locale: str | None) -> tuple[str, dict[str, str]]:
    """A small readable page for a site that may not show the widget: an empty frame would look broken."""
    language = normalise(locale)
    said = html.escape(text(language, "widget", "widget.refused"))
    body = (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><title>{said}</title></head>'
        f"<body><p>{said}</p></body></html>"
    )
    return body, {
        "content-security-policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors *",
        "cache-control": "no-store",
        "cross-origin-resource-policy": "cross-origin",
    }


def squeeze(body: bytes) -> bytes:
    """A page in gzip; level 6, because it is made anew for each visitor."""
    return gzip.compress(body, 6, mtime=0)


def _json_in_html(value: Any) -> str:
    return encode(value).decode().replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _stamp(name: str) -> int:
    """When the file was built: a rebuild while developing is seen without a restart."""
    try:
        return (folder() / name).stat().st_mtime_ns
    except (OSError, ValueError):
        return 0  # not there, or a name that no file can have


def _built() -> tuple[str, str]:
    return _page_parts(_stamp("manifest.json"))


@lru_cache(maxsize=2)
def _page_parts(stamp: int) -> tuple[str, str]:
    if not stamp:
        raise NotBuilt
    manifest = loads((folder() / "manifest.json").read_bytes())
    entry = manifest[_ENTRY]
    sheets = [*entry.get("css", ()), *(one["file"] for name, one in manifest.items() if name.endswith(".css"))]
    style = "".join((folder() / name).read_text("utf-8") for name in dict.fromkeys(sheets)).replace("</style", "")
    return entry["file"], style


@lru_cache(maxsize=64)
def _asset(name: str, stamp: int) -> Asset:
    file = folder() / name
    if not stamp or not file.is_file():
        if name == "widget.js":
            raise NotBuilt
        raise NoSuchAsset
    body = file.read_bytes()
    brotli = file.with_name(file.name + ".br")
    return Asset(
        body=body,
        gzip=gzip.compress(body, 9, mtime=0),
        brotli=brotli.read_bytes() if brotli.is_file() else None,
        media_type=_TYPES.get(file.suffix, "application/octet-stream"),
        etag=hashlib.sha256(body).hexdigest()[:16],
        sha384=_base64(hashlib.sha384(body).digest()),
    )


def _base64(data: bytes) -> str:
    import base64

    return base64.b64encode(data).decode()
