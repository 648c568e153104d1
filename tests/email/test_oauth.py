"""Sign-in at Microsoft and Google, against a token endpoint of the test's own."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import httpx
import pytest

from svardesk.channels.email.oauth import (
    ClientRefused,
    ConsentMissing,
    GrantRevoked,
    Handshake,
    NoRefreshToken,
    OAuthClient,
    OAuthError,
    ProviderUnavailable,
    StateMismatch,
    Tokens,
    check_state,
    google,
    microsoft,
    new_handshake,
)

NOW = datetime(2026, 11, 25, 13, 5, tzinfo=UTC)
BACK = "https://desk.example/oauth/back"
GIVEN = {
    "access_token": "adgang",
    "refresh_token": "forny",
    "expires_in": 3599,
    "scope": "IMAP",
    "token_type": "Bearer",
}


class TokenEndpoint:
    """Answers with ``answers`` in turn; ``forms`` is what was asked."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, dict[str, str], bytes]] = []
        self.forms: list[dict[str, str]] = []
        self.base = ""

    def will(self, status: int, body: Any, **headers: str) -> None:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.answers.append((status, headers, raw))

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = next(int(line[15:]) for line in head.lower().split("\r\n") if line.startswith("content-length:"))
        self.forms.append({"path": head.split(" ")[1], **dict(parse_qsl((await reader.readexactly(length)).decode()))})
        status, headers, raw = self.answers.pop(0)
        told = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
        writer.write(
            f"HTTP/1.1 {status} x\r\n{told}Content-Length: {len(raw)}\r\nConnection: close\r\n\r\n".encode() + raw
        )
        await writer.drain()
        writer.close()


@pytest.fixture
async def endpoint() -> AsyncIterator[TokenEndpoint]:
    double = TokenEndpoint()
    server = await asyncio.start_server(double.serve, "127.0.0.1", 0)
    double.base = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield double
    server.close()
    await server.wait_closed()


@pytest.fixture
def client(endpoint: TokenEndpoint) -> OAuthClient:
    return OAuthClient(microsoft("organizations", endpoint.base), "vi", "hemmelig", BACK)


HELD = Tokens(access_token="gammel", refresh_token="forny", expires_at=NOW)


def test_where_the_browser_goes_at_microsoft() -> None:
    client = OAuthClient(microsoft(), "vi", "hemmelig", BACK)
    handshake = Handshake(state="tilstand", verifier="bevis")
    url = urlsplit(client.authorize_url(handshake, "kundeservice@fjordnett.example"))
    assert f"{url.scheme}://{url.netloc}{url.path}" == (
        "https://login.microsoftonline.com/organizations/oauth2/v2.0/authorize"
    )
    assert dict(parse_qsl(url.query)) == {
        "response_type": "code",
        "client_id": "vi",
        "redirect_uri": BACK,
        "scope": "https://outlook.office.com/IMAP.AccessAsUser.All https://outlook.office.com/SMTP.Send offline_access",
        "state": "tilstand",
        "code_challenge": base64.urlsafe_b64encode(sha256(b"bevis").digest()).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
        "prompt": "select_account",
        "login_hint": "kundeservice@fjordnett.example",
    }
    assert "hemmelig" not in url.query and "bevis" not in url.query


def test_where_the_browser_goes_at_google() -> None:
    url = urlsplit(OAuthClient(google(), "vi", "hemmelig", BACK).authorize_url(new_handshake()))
    query = parse_qs(url.query)
    assert url.netloc == "accounts.google.com"
    assert query["scope"] == ["https://mail.google.com/"]
    assert query["access_type"] == ["offline"] and query["prompt"] == ["consent"]


def test_a_handshake_is_new_each_time_and_long_enough() -> None:
    first, second = new_handshake(), new_handshake()
    assert first.state != second.state and first.verifier != second.verifier
    assert 43 <= len(first.verifier) <= 128
    check_state(first, first.state)
    for other in (second.state, "", first.state[:-1], "tilståand"):
        with pytest.raises(StateMismatch):
            check_state(first, other)


@pytest.mark.parametrize("tenant", ["", "../x", "a b", "x?y=1"])
def test_a_tenant_is_no_path(tenant: str) -> None:
    with pytest.raises(ClientRefused):
        microsoft(tenant)


async def test_a_code_becomes_tokens(endpoint: TokenEndpoint, client: OAuthClient) -> None:
    endpoint.will(200, GIVEN)
    handshake = new_handshake()
    challenge = dict(parse_qsl(urlsplit(client.authorize_url(handshake)).query))["code_challenge"]
    tokens = await client.redeem("kode", handshake, NOW)
    assert tokens == Tokens(
        access_token="adgang", refresh_token="forny", expires_at=NOW + timedelta(seconds=3599), scope="IMAP"
    )
    (form,) = endpoint.forms
    verifier = form.pop("code_verifier")
    assert base64.urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode() == challenge
    assert form == {
        "path": "/organizations/oauth2/v2.0/token",
        "grant_type": "authorization_code",
        "code": "kode",
        "redirect_uri": BACK,
        "client_id": "vi",
        "client_secret": "hemmelig",
    }


async def test_access_for_an_hour_only_is_not_enough(endpoint: TokenEndpoint, client: OAuthClient) -> None:
    endpoint.will(200, {"access_token": "adgang", "expires_in": 3599})
    with pytest.raises(NoRefreshToken):
        await client.redeem("kode", new_handshake(), NOW)


async def test_a_new_refresh_token_takes_the_old_ones_place(endpoint: TokenEndpoint, client: OAuthClient) -> None:
    endpoint.will(200, GIVEN | {"refresh_token": "neste"})
    endpoint.will(200, {"access_token": "uten", "expires_in": "60"})
    first = await client.refresh(HELD, NOW)
    assert (first.access_token, first.refresh_token) == ("adgang", "neste")
    second = await client.refresh(first, NOW)
    assert (second.access_token, second.refresh_token) == ("uten", "neste")
    assert second.expires_at == NOW + timedelta(seconds=60)
    assert [form["refresh_token"] for form in endpoint.forms] == ["forny", "neste"]
    assert endpoint.forms[0]["grant_type"] == "refresh_token"


def test_a_token_counts_as_over_a_little_early() -> None:
    tokens = Tokens(access_token="a", refresh_token="b", expires_at=NOW + timedelta(minutes=6))
    assert tokens.is_fresh(NOW)
    assert not tokens.is_fresh(NOW + timedelta(minutes=1))
    assert tokens.is_fresh(NOW + timedelta(minutes=1), margin=timedelta())
    assert "'a'" not in repr(tokens) and "'b'" not in repr(tokens)


@pytest.mark.parametrize(
    ("status", "body", "expected", "needs_person"),
    [
        (400, {"error": "invalid_grant", "error_description": "AADSTS700082: expired"}, GrantRevoked, True),
        (400, {"error": "invalid_grant", "suberror": "consent_required"}, ConsentMissing, True),
        (400, {"error": "interaction_required", "error_description": "AADSTS50076: MFA"}, ConsentMissing, True),
        (401, {"error": "invalid_client", "error_description": "AADSTS7000222: secret expired"}, ClientRefused, True),
        (400, {"error": "unauthorized_client"}, ClientRefused, True),
        (400, {"error": "redirect_uri_mismatch"}, ClientRefused, True),
        (400, {"error": "temporarily_unavailable"}, ProviderUnavailable, False),
        (200, {"token_type": "Bearer"}, ProviderUnavailable, False),
        (500, b"oops", ProviderUnavailable, False),
        (200, b"<html>proxy</html>", ProviderUnavailable, False),
        (200, b"[]", ProviderUnavailable, False),
    ],
)
async def test_refusals(
    status: int,
    body: Any,
    expected: type[OAuthError],
    needs_person: bool,
    endpoint: TokenEndpoint,
    client: OAuthClient,
) -> None:
    endpoint.will(status, body)
    with pytest.raises(expected) as refused:
        await client.refresh(HELD, NOW)
    assert type(refused.value) is expected
    assert refused.value.needs_person is needs_person
    if isinstance(body, dict) and "error_description" in body:
        assert body["error_description"] in refused.value.said


async def test_too_many_questions(endpoint: TokenEndpoint, client: OAuthClient) -> None:
    endpoint.will(429, {}, Retry_After="17")
    with pytest.raises(ProviderUnavailable) as refused:
        await client.refresh(HELD, NOW)
    assert refused.value.retry_after == 17.0


async def test_nobody_answers(unused_tcp_port_factory: Callable[[], int]) -> None:
    client = OAuthClient(microsoft("common", f"http://127.0.0.1:{unused_tcp_port_factory()}"), "vi", None, BACK)
    with pytest.raises(ProviderUnavailable):
        await client.refresh(HELD, NOW)


async def test_a_client_of_the_callers_is_used(endpoint: TokenEndpoint) -> None:
    endpoint.will(200, GIVEN)
    async with httpx.AsyncClient() as http:
        provider = google(token_endpoint=f"{endpoint.base}/token")
        tokens = await OAuthClient(provider, "vi", None, BACK, http).refresh(HELD, NOW)
        assert tokens.access_token == "adgang"
        assert not http.is_closed
    assert "client_secret" not in endpoint.forms[0] and endpoint.forms[0]["path"] == "/token"
