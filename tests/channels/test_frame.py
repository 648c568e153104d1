"""What the widget's pages may do: the loader, the frame, their policies and caches."""

import base64
import gzip
import hashlib
import html
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from svardesk.channels.webchat import frame
from svardesk.kit.db import Database
from tests.channels.conftest import SHOP, Browser, Widget
from tests.client import Client
from tests.factories import make_account, make_widget

Browse = Callable[..., Browser]


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A built widget, small."""
    folder = tmp_path / "widget"
    (folder / "assets").mkdir(parents=True)
    (folder / "widget.js").write_text("(()=>{/* loader */})()" + " " * 500)
    (folder / "assets" / "frame-abc.js").write_text("import './x'" * 100)
    (folder / "assets" / "frame-abc.js.br").write_bytes(b"brotli")
    (folder / "assets" / "style-abc.css").write_text("body{margin:0}a>b{color:red}")
    (folder / "manifest.json").write_text(
        json.dumps(
            {
                "src/frame/main.tsx": {"file": "assets/frame-abc.js", "isEntry": True},
                "style.css": {"file": "assets/style-abc.css"},
            }
        )
    )
    (folder.parent / "secret.txt").write_text("geheim")
    monkeypatch.setattr(frame, "folder", lambda: folder)
    frame._asset.cache_clear()
    frame._page_parts.cache_clear()
    return folder


async def page(client: Client, key: str, **params: str) -> tuple[int, str, dict[str, str]]:
    """The frame page: (status, text, headers)."""
    got = await client.get("/widget/frame", params={"w": key, "parent": SHOP, "locale": "nb", **params})
    return got.status_code, got.text, dict(got.headers)


async def test_the_frame_page_allows_its_own_script_and_style_and_nothing_else(
    client: Client, widget: Widget, built: Path
) -> None:
    del built
    status, text, headers = await page(client, widget.key)
    assert status == 200
    assert headers["content-type"] == "text/html; charset=utf-8"
    policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
    nonce = re.search(r'<style nonce="([^"]+)">body\{margin:0\}a>b\{color:red\}</style>', text)
    assert nonce
    assert policy == {
        "default-src": "'none'",
        "script-src": f"'self' 'nonce-{nonce[1]}'",
        "style-src": f"'nonce-{nonce[1]}'",
        "img-src": "'self' data: blob:",
        "connect-src": "'self' ws://desk.example",
        "form-action": "'none'",
        "base-uri": "'none'",
        "frame-ancestors": "https://butikk.example https://*.kjede.example",
        "require-trusted-types-for": "'script'",
    }
    assert "unsafe" not in headers["content-security-policy"]
    assert "x-frame-options" not in headers
    assert headers["cache-control"] == "no-store"
    assert 'src="/widget/assets/frame-abc.js"' in text
    assert '<html lang="nb">' in text
    assert not re.search(r"\son\w+=|style=", text)
    again = re.search(r'nonce="([^"]+)"', (await page(client, widget.key))[1])
    assert again
    assert again[1] != nonce[1]


async def test_the_texts_of_the_language_stand_in_the_page(client: Client, db: Database, built: Path) -> None:
    del built
    account = await make_account(db, "</script><b>Fjord & Nett")
    _, key = await make_widget(db, account, (SHOP,), config={"accent": "#0b5c55"})
    boots = {}
    for locale in ("nb", "no", "fi", "xx"):
        _, text, _ = await page(client, key, locale=locale)
        raw = re.search(r'<script type="application/json" id="svardesk-boot">(.*?)</script>', text, re.DOTALL)
        assert raw
        assert "<" not in raw[1]
        boots[locale] = json.loads(raw[1])
    boot = boots["nb"]
    assert (boot["widget"], boot["parent"], boot["accent"]) == (key, SHOP, "#0b5c55")
    assert boot["name"] == "</script><b>Fjord & Nett"
    assert boot["texts"]["widget.send"]
    assert boots["no"]["locale"] == boots["xx"]["locale"] == "nb"
    assert boots["fi"]["texts"]["widget.send"] != boot["texts"]["widget.send"]
    assert set(boots["fi"]["texts"]) == set(boot["texts"])


@pytest.mark.parametrize(
    "parent", ["https://annen.example", "https://butikk.example.evil.com", "", "null", '"><script>']
)
async def test_other_sites_get_a_readable_page_without_script(
    client: Client, widget: Widget, built: Path, parent: str
) -> None:
    del built
    status, text, headers = await page(client, widget.key, parent=parent)
    assert status == 403
    assert "<script" not in text
    assert "frame-ancestors *" in headers["content-security-policy"]
    assert "default-src 'none'" in headers["content-security-policy"]
    if parent:
        assert parent not in html.unescape(text)


async def test_an_unknown_widget_gets_the_same_page(client: Client, built: Path) -> None:
    del built
    assert (await page(client, "wk_nobody"))[0] == 404
    assert (await client.get("/widget/frame")).status_code == 404


async def test_the_loader_is_small_cached_shortly_and_asked_for_by_tag(client: Client, built: Path) -> None:
    body = (built / "widget.js").read_bytes()
    got = await client.get("/widget.js", headers={"accept-encoding": "gzip"})
    assert got.content == body
    assert got.headers["content-encoding"] == "gzip"
    assert int(got.headers["content-length"]) == len(gzip.compress(body, 9, mtime=0))
    assert got.headers["content-type"] == "text/javascript; charset=utf-8"
    assert got.headers["cache-control"].startswith("public, max-age=300")
    assert got.headers["cross-origin-resource-policy"] == "cross-origin"
    assert got.headers["x-content-type-options"] == "nosniff"
    same = await client.get("/widget.js", headers={"if-none-match": got.headers["etag"]})
    assert (same.status_code, same.content) == (304, b"")
    plain = await client.get("/widget.js", headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers


async def test_hashed_files_are_kept_for_a_year_and_come_in_the_best_packing(client: Client, built: Path) -> None:
    del built
    got = await client.get("/widget/assets/frame-abc.js", headers={"accept-encoding": "gzip"})
    assert got.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert got.headers["content-encoding"] == "gzip"
    assert got.headers["vary"] == "accept-encoding"
    assert frame.asset("frame-abc.js").encoded("gzip, deflate, br") == (b"brotli", "br")
    assert frame.asset("frame-abc.js").encoded("br;q=0, gzip")[1] == "gzip"


@pytest.mark.parametrize(
    "name", ["nothing.js", "..%2Fmanifest.json", "..%2F..%2Fsecret.txt", ".hidden", "%2Fetc%2Fpasswd"]
)
async def test_nothing_else_can_be_fetched(client: Client, built: Path, name: str) -> None:
    del built
    assert (await client.get(f"/widget/assets/{name}")).status_code == 404


async def test_a_pinned_loader_has_its_hash(client: Client, built: Path) -> None:
    snippet = frame.embed_pinned("https://desk.example", "wk_1") or ""
    path = re.search(r'src="https://desk\.example(/widget/pinned/\w+\.js)"', snippet)
    integrity = re.search(r'integrity="sha384-([^"]+)"', snippet)
    assert path
    assert integrity
    got = await client.get(path[1])
    assert got.headers["access-control-allow-origin"] == "*"
    assert base64.b64encode(hashlib.sha384(got.content).digest()).decode() == integrity[1]
    (built / "widget.js").write_text("new version, longer than before" * 30)
    assert (await client.get(path[1])).status_code == 404


async def test_before_the_build_the_answer_says_what_to_do(
    client: Client, widget: Widget, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frame, "folder", lambda: tmp_path / "nothing")
    got = await client.get("/widget.js")
    assert (got.status_code, got.json()["error"]["code"]) == (503, "widget_not_built")
    assert (await page(client, widget.key))[0] == 503
    assert frame.embed_pinned("https://desk.example", "k") is None


def test_the_line_to_paste_cannot_break_out_of_its_attributes() -> None:
    assert frame.embed_snippet('https://d"><script>', 'k"') == (
        '<script async src="https://d&quot;&gt;&lt;script&gt;/widget.js" data-widget="k&quot;"></script>'
    )
