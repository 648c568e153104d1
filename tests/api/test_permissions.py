"""The permission table: every route, for every role, for nobody, for a token without scopes, for a token with all."""

from datetime import timedelta
from uuid import uuid4

import pytest

from svardesk.accounts.permissions import PERMISSIONS, ROLES
from svardesk.accounts.secrets import digest
from svardesk.app import Web
from svardesk.kit.db import Database
from svardesk.routes import ROUTES
from tests.api.world import World, body_of, label, nowhere, path_of
from tests.client import Client
from tests.factories import NOW, insert, make_agent

API = tuple(row for row in ROUTES if not row.path.startswith("/demo/"))
GUARDED = tuple(row for row in API if not row.public)
PUBLIC = {
    "GET /healthz", "GET /readyz", "GET /metrics",
    "POST /api/v1/session", "POST /api/v1/session/mfa",
    "GET /api/v1/invitations/by-token/{token:str}", "POST /api/v1/invitations/by-token/{token:str}",
    "POST /api/v1/password-resets", "POST /api/v1/password-resets/by-token/{token:str}",
    "GET /files/{file_id:uuid}",
    "GET /widget.js", "GET /widget/frame", "GET /widget/assets/{name:str}", "GET /widget/pinned/{name:str}",
    "POST /widget/v1/session", "GET /widget/v1/messages", "POST /widget/v1/messages", "POST /widget/v1/files", "POST /widget/v1/address",
    "POST /widget/v1/receipts", "POST /widget/v1/reset",
    "GET /form/{key:str}", "POST /form/{key:str}", "GET /form/{key:str}/receipt", "GET /form/assets/{name:str}",
    "GET /form/confirm/{token:str}", "POST /form/confirm/{token:str}",
    "POST /hooks/mail/{key:str}",
    "GET /hooks/meta/{key:str}", "POST /hooks/meta/{key:str}",
    "POST /hooks/meta/{key:str}/deletion", "POST /hooks/meta/{key:str}/deauthorise", "GET /hooks/meta/{key:str}/deletion/{code:str}",
    "OPTIONS /form/v1/{key:str}", "GET /form/v1/{key:str}", "POST /form/v1/{key:str}",
}  # fmt: skip
"""Everything that answers strangers; each of these has its own way to know whom it talks to, or nothing to hide."""

VISITORS = {"/widget/v1/messages", "/widget/v1/files", "/widget/v1/address", "/widget/v1/receipts", "/widget/v1/reset"}
OWN = {
    "get_session", "delete_session", "get_sessions", "delete_sessions", "delete_one_session", "patch_me", "put_password",
    "post_totp", "post_totp_confirm", "post_recovery_codes", "delete_totp",
}  # fmt: skip
"""Routes about oneself: being signed in is enough."""


def test_only_what_is_meant_to_be_public_is_public() -> None:
    assert {label(row) for row in API if row.public} == PUBLIC
    assert {row.handler.__name__ for row in GUARDED if row.permission is None} == OWN


def test_observers_change_nothing_but_their_own_reading() -> None:
    readers = {row.permission for row in GUARDED if row.method == "GET"}
    changed = {
        row.handler.__name__ for row in GUARDED if row.method != "GET" and row.permission in PERMISSIONS["observer"]
    }
    assert readers <= PERMISSIONS["owner"] | {None}
    assert changed == {"put_read", "make_view", "patch_view", "delete_view"}


@pytest.mark.parametrize("role", ROLES)
async def test_a_role_gets_past_exactly_its_own_routes(web: Web, db: Database, ours: World, role: str) -> None:
    agent = await make_agent(db, ours.account, role, "Prøve Person")
    async with Client(web) as client:
        await client.sign_in(agent)
        refused = set()
        for row in GUARDED:
            if row.handler.__name__ in {"delete_session", "delete_sessions"}:
                continue  # ends the walk; every role may, tests/accounts proves it
            answer = await client.request(row.method, path_of(row, nowhere()), json=body_of(row, nowhere()))
            assert answer.status_code < 500, (label(row), answer.text)
            if answer.status_code == 401:
                assert answer.json()["error"]["code"] in {"wrong_password", "wrong_code"}, (label(row), answer.text)
            allowed = row.permission is None or row.permission in PERMISSIONS[role]
            code = answer.json()["error"]["code"] if answer.status_code == 403 else ""
            assert (code == "permission_needed") == (not allowed), (label(row), row.permission, answer.text)
            if not allowed:
                refused.add(row.permission)
        assert refused == {row.permission for row in GUARDED if row.permission} - PERMISSIONS[role]


@pytest.mark.parametrize("headers", [{}, {"cookie": "svardesk_session=x"}, {"authorization": "Bearer svd_x"},
    {"authorization": "Basic a2FyaTpoZW1tZWxpZw=="}], ids=["nothing", "cookie", "token", "basic"])  # fmt: skip
async def test_strangers_get_no_further_than_the_door(web: Web, ours: World, headers: dict[str, str]) -> None:
    async with Client(web) as client:
        for row in API:
            if row.path == "/readyz":
                continue
            answer = await client.request(
                row.method, path_of(row, ours.ids), json=body_of(row, ours.ids), headers=headers
            )
            assert answer.status_code < 500, (label(row), answer.text)
            if not row.public or row.path in VISITORS or row.path.startswith("/files/"):
                assert answer.status_code == 401, (label(row), answer.text)
                assert set(answer.json()["error"]) == {"code", "message", "fields"}
            assert "Vårt" not in answer.text


async def token_of(db: Database, world: World, scopes: list[str]) -> dict[str, str]:
    token = f"svd_{uuid4().hex}{uuid4().hex}"
    await insert(
        db, "api_tokens", world.account.id, name="t", token_hash=digest(token), prefix=token[:8], scopes=scopes,
        agent_id=world.owner.id, created_at=NOW, expires_at=NOW + timedelta(days=1),
    )  # fmt: skip
    return {"authorization": f"Bearer {token}"}


async def test_a_token_without_scopes_may_do_nothing_and_one_with_all_what_its_agent_may(
    web: Web, db: Database, ours: World
) -> None:
    none, everything = await token_of(db, ours, []), await token_of(db, ours, sorted(PERMISSIONS["owner"]))
    async with Client(web) as client:
        for row in GUARDED:
            path, body = path_of(row, nowhere()), body_of(row, nowhere())
            answer = await client.request(row.method, path, json=body, headers=none)
            assert answer.status_code < 500
            if row.permission is not None:
                assert (answer.status_code, answer.json()["error"]["code"]) == (403, "permission_needed"), label(row)
                assert answer.json()["error"]["fields"].get("permission", row.permission) == row.permission
            answer = await client.request(row.method, path, json=body, headers=everything)
            assert answer.status_code < 500
            if row.permission is not None:
                assert answer.status_code not in {401, 403}, (label(row), answer.text)
            elif row.handler.__name__ != "get_session":
                # A token acts for an agent, but it is not that person: no password, no second factor, no sessions.
                assert answer.status_code in {400, 401, 403, 404}, (label(row), answer.text)


async def test_a_forged_request_of_another_page_is_refused_on_every_unsafe_route(owner: Client, ours: World) -> None:
    csrf = owner.headers.pop("x-csrf-token")
    for row in API:
        if row.method == "GET" or row.path == "/form/v1/{key:str}":
            continue  # the form's endpoint reads no cookie and asks its own list of sites (tests/form/test_endpoint.py)
        path, body = path_of(row, ours.ids), body_of(row, ours.ids)
        for origin in (
            "https://ond.example",
            "null",
            "http://desk.example.ond.example",
            "http://[",
            "http://desk.example:81",
        ):
            answer = await owner.request(row.method, path, json=body, headers={"origin": origin, "x-csrf-token": csrf})
            assert (answer.status_code, answer.json()["error"]["code"]) == (403, "wrong_origin"), (label(row), origin)
        if not row.public:
            for token in (None, "x" * 43, csrf[:-1]):
                headers = {} if token is None else {"x-csrf-token": token}
                answer = await owner.request(row.method, path, json=body, headers=headers)
                assert (answer.status_code, answer.json()["error"]["code"]) == (403, "csrf"), label(row)
