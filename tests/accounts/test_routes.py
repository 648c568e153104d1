"""Every route of the room with every role, without sign-in, and with a forged request."""

from collections.abc import Callable
from uuid import uuid4

import pytest

from svardesk.accounts import http
from svardesk.accounts.permissions import ALL, PERMISSIONS, ROLES, of_role, outranks_or_equals, within
from svardesk.kit.http import Route
from tests.accounts.conftest import Client, Company

NewClient = Callable[..., Client]
GUARDED = [row for row in http.ROUTES if not row.public]


def name(row: Route) -> str:
    return f"{row.method} {row.path}"


def path(row: Route) -> str:
    """The route's address with ids that exist nowhere."""
    filled = row.path.removeprefix("/api/v1")
    for part in ("session_id", "invitation_id", "agent_id", "team_id", "token_id"):
        filled = filled.replace(f"{{{part}:uuid}}", str(uuid4()))
    return filled.replace("{token:str}", "none")


def test_the_table_of_roles() -> None:
    assert {role: len(PERMISSIONS[role]) for role in ROLES} == {"owner": 16, "lead": 11, "agent": 5, "observer": 2}
    assert PERMISSIONS["observer"] < PERMISSIONS["agent"] < PERMISSIONS["lead"] < PERMISSIONS["owner"]
    assert {one for one in PERMISSIONS["observer"] if not one.endswith(".read")} == set()
    assert set(ALL) == PERMISSIONS["owner"]
    assert of_role("nobody") == frozenset()
    assert within("agent", ["agents.manage", "contacts.read"]) == {"contacts.read"}
    assert outranks_or_equals("owner", "owner")
    assert not outranks_or_equals("lead", "owner")


def test_every_permission_of_a_route_is_known() -> None:
    assert {row.permission for row in http.ROUTES} - {None} <= set(ALL)


def test_which_routes_are_public() -> None:
    """A new public route is a decision: it is named here."""
    assert [name(row) for row in http.ROUTES if row.public] == [
        "POST /api/v1/session",
        "POST /api/v1/session/mfa",
        "GET /api/v1/invitations/by-token/{token:str}",
        "POST /api/v1/invitations/by-token/{token:str}",
        "POST /api/v1/password-resets",
        "POST /api/v1/password-resets/by-token/{token:str}",
    ]


@pytest.mark.parametrize("role", ROLES)
async def test_what_a_role_may_ask_for(new_client: NewClient, company: Company, role: str) -> None:
    """With its permission a route judges the request itself (hence 400 or 404 here), without it is 403 at the door."""
    for row in GUARDED:
        client = new_client()
        await client.use(await company.cookie(role))
        answer = await client.call(row.method, path(row), None if row.method == "GET" else [])
        refused = answer.status_code == 403 and answer.json()["error"]["code"] == "permission_needed"
        allowed = row.permission is None or row.permission in PERMISSIONS[role]
        assert refused is not allowed, (role, name(row), answer.text)
        assert answer.status_code < 500, (role, name(row), answer.text)


@pytest.mark.parametrize("row", GUARDED, ids=name)
async def test_nobody_gets_in_without_signing_in(client: Client, company: Company, row: Route) -> None:
    for headers in ({}, {"cookie": "svardesk_session=none"}, {"authorization": "Bearer svd_none"}):
        answer = await client.call(row.method, path(row), None if row.method == "GET" else {}, **headers)
        assert answer.status_code == 401, answer.text


@pytest.mark.parametrize("row", [row for row in GUARDED if row.method != "GET"], ids=name)
async def test_no_unsafe_request_without_the_csrf_token(client: Client, company: Company, row: Route) -> None:
    await client.use(await company.cookie())
    client.csrf = "x" * 43
    answer = await client.call(row.method, path(row), {})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "csrf")
