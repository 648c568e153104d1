"""What no client of ours sends: a clear typed error with the right status, nothing half done, and never a 500."""

import json
import typing
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import msgspec
import psycopg
import pytest

from svardesk.app import Web
from svardesk.kit.db import Database
from svardesk.kit.http import Route
from svardesk.routes import ROUTES
from tests.api.world import World, body_of, content, label, path_of
from tests.client import Client

MARKER = {name: uuid4() for name in ("conversation_id", "contact_id", "other_contact_id", "team_id", "connection_id")}
WITH_BODY = tuple(row for row in ROUTES if body_of(row, MARKER) is not None)
JSON = {"content-type": "application/json"}
TOUCHED = ("sessions", "agents", "webchat_sessions", "audit_log")
"""Tables in which being there, or failing to prove something, is written down."""

NOT_JSON: dict[str, bytes] = {
    "empty": b"",
    "cut short": b'{"a": ',
    "no JSON at all": b"name=Kari&role=owner",
    "not UTF-8": b'{"name": "K\xf8ri\xff"}',
    "UTF-16": '{"name": "Kari"}'.encode("utf-16"),
    "a byte order mark": b'\xef\xbb\xbf{"name": "Kari"}',
    "nothing but a NUL": b"\0",
    "two documents": b"{}{}",
    "a comment": b'{"a": 1 /* one */}',
    "no number": b'{"seq": NaN}',
    "a number beyond everything": b'{"seq": 1e999}',
    "deep arrays": b"[" * 20_000 + b"]" * 20_000,
    "deep objects": b'{"a":' * 15_000 + b"1" + b"}" * 15_000,
    "deep, and cut short": b"[" * 30_000,
    "null": b"null",
    "an array": b"[]",
    "text": b'"Kari"',
    "a number": b"1",
}
SIZE_FIRST = {"deep arrays", "deep objects", "deep, and cut short"}


def headers_of(row: Route, ours: World) -> dict[str, str]:
    """Visitors' routes want their token, all others the cookie that the client holds."""
    visitor = row.path.startswith("/widget/v1/") and row.path != "/widget/v1/session"
    return {**JSON, **({"authorization": f"Bearer {ours.secrets['visitor']}"} if visitor else {})}


def is_typed(answer: Any) -> bool:
    """Whether an answer is an error as all our errors are."""
    error = answer.json()["error"]
    assert answer.headers["content-type"] == "application/json"
    assert set(error) == {"code", "message", "fields"}
    assert error["code"].replace("_", "").isalnum()
    assert error["message"].endswith((".", ")")), error["message"]
    assert "Traceback" not in answer.text
    assert "psycopg" not in answer.text
    return isinstance(error["fields"], dict)


@pytest.mark.parametrize("row", WITH_BODY, ids=label)
async def test_a_body_that_is_not_what_the_route_takes(owner: Client, db: Database, ours: World, row: Route) -> None:
    before = await content(db, ours.account.id, but=TOUCHED)
    path, headers = path_of(row, ours.ids), headers_of(row, ours)
    for what, body in NOT_JSON.items():
        answer = await owner.request(row.method, path, content=body, headers=headers)
        expected = {400, 422} | ({413} if what in SIZE_FIRST else set())
        assert answer.status_code in expected, (what, answer.status_code, answer.text[:300])
        assert is_typed(answer), what
    valid = json.dumps(body_of(row, ours.ids)).encode()
    for kind in (
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/xml",
    ):
        answer = await owner.request(
            row.method, path, content=b"--x--" + valid, headers={**headers, "content-type": kind}
        )
        assert answer.status_code in {400, 415, 422}, (kind, answer.status_code, answer.text)
        assert is_typed(answer)
    answer = await owner.request(row.method, path, content=b" " * (row.max_body + 1), headers=headers)
    assert answer.status_code == 413
    assert answer.json()["error"]["code"] == "too_large"

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(row.max_body // 512 + 2):
            yield b" " * 512

    answer = await owner.request(row.method, path, content=endless(), headers=headers)
    assert answer.status_code == 413, "also when its length was not told beforehand"
    assert await content(db, ours.account.id, but=TOUCHED) == before


WRONG: tuple[Any, ...] = (
    None, True, 0, -1, 2**31, 2**63, 1.5, 1e300, "", "x", "\0", "a\0b", "\ud800", "😀" * 3, "x" * 9_000, "'; DROP TABLE agents; --",
    "%", "\\", "../../etc/passwd", "<script>", "{0}", "%(account_id)s", "0000-00-00", "9999-12-31T23:59:59Z",
    "0001-01-01T00:00:00Z", "2026-11-23T09:00:00+99:99", [], [None], [[]], ["x"] * 300, {}, {"": None}, {"x": {"y": []}},
    "00000000-0000-0000-0000-000000000000", "urn:uuid:00000000-0000-0000-0000-000000000000",
)  # fmt: skip


@pytest.mark.parametrize("row", WITH_BODY, ids=label)
async def test_every_field_with_every_wrong_value(owner: Client, db: Database, ours: World, row: Route) -> None:
    """2xx where the value happens to be right; a typed error otherwise; what was refused changed nothing."""
    path, headers = path_of(row, ours.ids), headers_of(row, ours)
    names = list(fields_of(row)) or list(body_of(row, ours.ids))
    for name in names:
        for value in WRONG:
            body = {**body_of(row, ours.ids), name: value}
            before = await content(db, ours.account.id, but=TOUCHED) if value == "\0" else None
            answer = await owner.request(row.method, path, content=json.dumps(body).encode(), headers=headers)
            assert answer.status_code < 500, (name, value, answer.text)
            assert answer.status_code != 404 or answer.json()["error"]["code"] != "not_found", (name, value)
            if not answer.is_success:
                assert is_typed(answer), (name, value)
                if before is not None:
                    assert await content(db, ours.account.id, but=TOUCHED) == before
            if row.handler.__name__ in {"post_session", "put_password", "delete_totp", "post_password_reset"}:
                await unlocked(db)
    for extra in ({"account_id": str(uuid4())}, {"id": str(uuid4())}, {"__proto__": {}}, {"": 1}):
        answer = await owner.request(row.method, path, json={**body_of(row, ours.ids), **extra}, headers=headers)
        assert answer.status_code in {400, 422}, (extra, answer.text)
        assert is_typed(answer)


async def unlocked(db: Database) -> None:
    """Forget the lockouts that the walk itself brings about."""
    async with await psycopg.AsyncConnection.connect(db.dsn, autocommit=True) as conn:
        await conn.execute("DELETE FROM throttles")


def fields_of(row: Route) -> tuple[str, ...]:
    """Names of the fields that a route's body has."""
    kind = typing.get_type_hints(row.handler)["data"]
    return tuple(one.encode_name for one in msgspec.structs.fields(kind))


async def test_duplicate_keys_in_a_body_have_one_meaning(owner: Client, ours: World) -> None:
    path = f"/api/v1/tags/{ours.ids['tag_id']}"
    answer = await owner.patch(path, content=b'{"name": "en", "name": "to"}', headers=JSON)
    assert answer.status_code == 200
    assert answer.json()["name"] == "to"


ADDRESSES = (
    "/api/v1/conversations/not-a-uuid", "/api/v1/conversations/%00", "/api/v1/conversations/..%2f..%2fetc",
    "/api/v1/nothing", "/api/v2/session", "/api/v1/conversations/counts/more", "/widget/assets/..%2f..%2fconfig.py",
    "/widget/assets/%00", "/widget/assets/" + "x" * 4000, "/widget/pinned/x", "/demo/shop/vare/%00", "/demo/shop/..%2fx",
    "/files/x", "/app/../../etc/passwd", "/app/assets/%2e%2e/%2e%2e/etc/passwd", "//etc/passwd", "/%ff%fe",
)  # fmt: skip


@pytest.mark.parametrize("address", ADDRESSES, ids=lambda one: one[:40])
async def test_addresses_that_lead_nowhere(owner: Client, address: str) -> None:
    for method in ("GET", "POST", "DELETE", "HEAD", "OPTIONS"):
        answer = await owner.request(method, address)
        assert answer.status_code < 500, (method, answer.text)
        assert b"root:" not in answer.content
        if not address.startswith("/app") and method == "GET" and "shop" not in address:
            assert answer.status_code in {400, 404, 405}, answer.text
            assert is_typed(answer)


QUERIES = (
    "view=none", "view=all&view=mine", "limit=0", "limit=101", "limit=-1", "limit=1.5", "limit=9999999999999999999999",
    "cursor=x", "cursor=%00", "cursor=" + "A" * 34, "cursor=" + "_" * 100, "cursor=" + "A" * 5000, "view_id=x", "team_id=%00",
    "assignee_id=none", "channel=%00", "channel=" + "x" * 500, "tag_id=%ff", "contact_id=7",
)  # fmt: skip


@pytest.mark.parametrize("query", QUERIES, ids=lambda one: one[:30])
async def test_queries_with_wrong_values(owner: Client, query: str) -> None:
    for path in ("/api/v1/conversations", "/api/v1/search?q=x", "/api/v1/audit", "/api/v1/conversations/counts"):
        answer = await owner.get(f"{path}{'&' if '?' in path else '?'}{query}")
        assert answer.status_code in {200, 400, 404, 422}, (path, answer.text)
        if answer.status_code != 200:
            assert is_typed(answer)
    assert (
        (await owner.get(f"/api/v1/conversations?{query}")).status_code != 200
        or "view=all&" in query
        or "channel" in query
    )


@pytest.mark.parametrize("words", ["%00", "%ff", "'", "\\", "&", "|!():*<->", "a" * 5000, " ", "", "%", "_", "😀", "а́", "faktura:*", "\u200b",
    "(((((", '"unfinished', "-", "--", "!", "a & !", "<>", "::", "ä" * 300])  # fmt: skip
async def test_search_takes_whatever_people_type(owner: Client, words: str) -> None:
    for kind in ("all", "messages", "contacts"):
        answer = await owner.get("/api/v1/search", params={"q": words, "kind": kind})
        assert answer.status_code in {200, 400, 422}, answer.text
        if answer.status_code != 200:
            assert is_typed(answer)


async def test_a_visitors_token_opens_nothing_of_the_agents_and_the_other_way_round(
    owner: Client, web: Web, ours: World, theirs: World
) -> None:
    async with Client(web) as stranger:
        for token in (ours.secrets["visitor"], ours.secrets["link"], "x" * 5000, "svd_" + "x" * 5000, "svd_", ""):
            headers = {"authorization": f"Bearer {token}"}
            for path in ("/api/v1/session", "/api/v1/conversations", f"/files/{ours.ids['file_id']}"):
                answer = await stranger.get(path, headers=headers)
                assert answer.status_code == 401, (path, token[:10], answer.text)
                assert is_typed(answer)
        for token in (ours.secrets["api_token"], ours.secrets["link"], owner.cookies["svardesk_session"], "x" * 5000):
            answer = await stranger.post(
                "/widget/v1/messages",
                json={"client_id": str(uuid4()), "body": "Hei"},
                headers={"authorization": f"Bearer {token}"},
            )
            assert (answer.status_code, answer.json()["error"]["code"]) == (401, "visitor_token_invalid")
        # A visitor's token is for one conversation: it sees no other, and files only by their own links.
        opened = await stranger.post(
            "/widget/v1/session",
            json={
                "widget": ours.secrets["widget_key"], "parent": "https://butikk.example", "locale": "nb",
                "visitor_token": theirs.secrets["visitor"],
            },
        )  # fmt: skip
        assert "emmelig" not in opened.text


async def test_header_floods_are_refused_or_ignored(owner: Client, ours: World) -> None:
    many = {f"x-nonsense-{number}": "x" * 200 for number in range(2000)}
    assert (await owner.get("/api/v1/session", headers=many)).status_code == 200
    for headers in (
        {"cookie": "; ".join(f"c{number}=x" for number in range(5000))},
        {"cookie": "svardesk_session=" + "x" * 100_000},
        {"cookie": '=;;="; svardesk_session'},
        {"authorization": "Bearer"},
        {"authorization": "x" * 100_000},
        {"x-csrf-token": "x" * 100_000},
        {"if-none-match": "x" * 100_000},
        {"accept-encoding": "gzip," * 20_000},
        {"accept": "," * 20_000},
        {"host": "x" * 5000},
        {"content-length": "-1"},
        {"x-file-name": "%" * 5000},
        {"x-forwarded-for": "1.2.3.4, " * 5000},
    ):
        for method, path in (
            ("GET", "/api/v1/conversations"),
            ("GET", "/widget.js"),
            ("GET", f"/files/{ours.ids['file_id']}"),
        ):
            answer = await owner.request(method, path, headers=headers)
            assert answer.status_code < 500, (headers, path, answer.text)
