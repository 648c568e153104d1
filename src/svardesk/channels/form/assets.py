"""The form's style sheet and its one small script, as the web build made them: named by their content, kept for ever."""

import gzip
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Final

import msgspec

from svardesk.kit.errors import NotFound
from svardesk.kit.jsons import loads

BASE: Final = "/form/assets/"
_ENTRY: Final = "src/form.ts"
_TYPES: Final = {".js": "text/javascript", ".css": "text/css"}


class NoSuchAsset(NotFound):
    """There is no such file."""

    code = "no_such_asset"


class Asset(msgspec.Struct, frozen=True):
    """A built file and its compressed copy."""

    body: bytes
    packed: bytes
    media_type: str


def folder() -> Path:
    """Where the build puts them."""
    return Path(str(files("svardesk"))) / "static" / "form"


def asset(name: str) -> Asset:
    """A built file; raises ``NoSuchAsset``."""
    if "/" in name or "\\" in name or name.startswith("."):
        raise NoSuchAsset
    return _asset(name, _stamp(f"assets/{name}"))


def addresses() -> tuple[str | None, str | None]:
    """(style sheet, script) as a page names them; None while the web pages are not built, and the page is plain then."""
    return _addresses(_stamp("manifest.json"))


def _stamp(name: str) -> int:
    """When the file was built: a rebuild while developing is seen without a restart."""
    try:
        return (folder() / name).stat().st_mtime_ns
    except (OSError, ValueError):
        return 0  # not there, or a name that no file can have


@lru_cache(maxsize=2)
def _addresses(stamp: int) -> tuple[str | None, str | None]:
    if not stamp:
        return None, None
    entry = loads((folder() / "manifest.json").read_bytes())[_ENTRY]
    sheet = next(iter(entry.get("css", ())), None)
    return (f"/form/{sheet}" if sheet else None), f"/form/{entry['file']}"


@lru_cache(maxsize=16)
def _asset(name: str, stamp: int) -> Asset:
    file = folder() / "assets" / name
    if not stamp or not file.is_file():
        raise NoSuchAsset
    body = file.read_bytes()
    return Asset(body, gzip.compress(body, 9, mtime=0), _TYPES.get(file.suffix, "application/octet-stream"))
