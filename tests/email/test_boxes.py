"""Mailboxes over HTTP: who may, what is refused, what is never shown, and signing in to them at their provider."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest
from structlog.testing import capture_logs

from svardesk.channels.email import config as mail_config
from svardesk.channels.email import oauth
from svardesk.demo_mail import Account as MailAccount
from svardesk.demo_mail import DemoMail
from svardesk.house import House
from svardesk.kit.clock import FixedClock
from svardesk.kit.ids import uuid7
from tests.client import Client
from tests.email.providers import Kind, SignIn
from tests.factories import Account, make_account, make_agent, make_team

URL = "/api/v1/mailboxes"
ADDRESS = "kundeservice@fjordnett.example"
SECRETS = {
    "password": "pass-ørret-8Q!", "imap_password": "imap-ørret-8Q!", "smtp_password": "smtp-ørret-8Q!",
    "client_secret": "klient-ørret-8Q!",
}  # fmt: skip


@pytest.fixture
async def account(house: House) -> Account:
    return await make_account(house.db)


@pytest.fixture
async def owner(client: Client, house: House, account: Account) -> Client:
    await client.sign_in(await make_agent(house.db, account, "owner"))
    return client


async def make(owner: Client, **values: Any) -> dict[str, Any]:
    answer = await owner.post(URL, json={"address": ADDRESS, **values})
    assert answer.status_code == 201, answer.text
    return answer.json()["mailbox"]


def local(port: int) -> dict[str, Any]:
    return {"host": "127.0.0.1", "port": port, "encryption": "none"}


# ------------------------------------------------------------------------------------------------ who may, and what


@pytest.mark.parametrize("role", ["lead", "agent", "observer"])
async def test_only_owners_touch_mailboxes(owner: Client, house: House, account: Account, role: str) -> None:
    mailbox = await make(owner)
    async with owner.other() as browser:
        await browser.sign_in(await make_agent(house.db, account, role, "Kollega"))
        one = f"{URL}/{mailbox['id']}"
        for method, path, body in (
            ("GET", URL, None), ("POST", URL, {"address": ADDRESS}), ("PATCH", one, {"name": "x"}), ("DELETE", one, None),
            ("POST", f"{one}/test", None), ("GET", f"{one}/hook", None), ("POST", f"{one}/sign-in", None),
            ("GET", "/oauth/mail/back", None),
        ):  # fmt: skip
            answer = await browser.request(method, path, json=body)
            assert (answer.status_code, answer.json()["error"]["code"]) == (403, "permission_needed"), (method, path)
    assert len((await owner.get(URL)).json()["items"]) == 1


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"address": ""}, "bad_mailbox"),
        ({"address": "kundeservice"}, "bad_mailbox"),
        ({"address": "a@b@c.example"}, "bad_mailbox"),
        ({"address": "kunde service@fjordnett.example"}, "bad_mailbox"),
        ({"address": "x@fjordnett.example\r\nBcc: tyv@fremmed.example"}, "bad_mailbox"),
        ({"aliases": ["ingen adresse"]}, "bad_mailbox"),
        ({"senders": [{"team_id": str(uuid7()), "address": "<script>"}]}, "bad_mailbox"),
        ({"timezone": "Europe/Olso"}, "mailbox_time_zone"),
        ({"timezone": ""}, "mailbox_time_zone"),
        ({"after": "move", "move_to": "inbox"}, "mailbox_same_folder"),
        ({"after": "move", "move_to": " "}, "mailbox_same_folder"),
        ({"brand_id": str(uuid7())}, "unknown_reference"),
        ({"team_id": str(uuid7())}, "unknown_reference"),
        ({"calendar_id": str(uuid7())}, "unknown_reference"),
        ({"hold_seconds": 121}, None),
        ({"hold_seconds": -1}, None),
        ({"imap": {"host": "imap.example\r\nX", "port": 993}}, None),
        ({"imap": {"host": "imap.example", "port": 0}}, None),
        ({"imap": {"host": "imap.example", "port": 993, "encryption": "rot13"}}, None),
        ({"provider": "yahoo"}, None),
        ({"after": "delete"}, None),
        ({"name": ""}, None),
        ({"unknown": 1}, None),
        ({"password": "x" * 2001}, None),
    ],
)
async def test_what_makes_no_mailbox(owner: Client, values: dict[str, Any], code: str | None) -> None:
    mailbox = await make(owner)
    for answer in (
        await owner.post(URL, json={"address": ADDRESS, **values}),
        await owner.patch(f"{URL}/{mailbox['id']}", json=values),
    ):
        assert answer.status_code in {400, 422}, answer.text
        if code is not None:
            assert answer.json()["error"]["code"] == code
    [left] = (await owner.get(URL)).json()["items"]
    assert left["mailbox"] == mailbox, "nothing of it was kept"


async def test_what_is_left_out_stays_and_what_has_changed_meanwhile_is_told(
    owner: Client, house: House, account: Account
) -> None:
    team = await make_team(house.db, account)
    made = await make(owner, name="Kundeservice", sender_name="Fjordnett", team_id=str(team), receipt=True)
    changed = await owner.patch(f"{URL}/{made['id']}", json={"hold_seconds": 30, "version": made["version"]})
    assert changed.status_code == 200, changed.text
    mailbox = changed.json()["mailbox"]
    assert mailbox["config"]["hold_seconds"] == 30
    assert (mailbox["name"], mailbox["sender_name"], mailbox["team_id"], mailbox["config"]["receipt"]) == (
        "Kundeservice", "Fjordnett", str(team), True,
    )  # fmt: skip
    late = await owner.patch(f"{URL}/{made['id']}", json={"name": "For sent", "version": made["version"]})
    assert (late.status_code, late.json()["error"]["code"]) == (409, "version_conflict")
    assert late.json()["error"]["fields"]["version"] == mailbox["version"]
    assert (await owner.patch(f"{URL}/{made['id']}", json={"name": "Uten versjon"})).status_code == 200
    assert (await owner.delete(f"{URL}/{made['id']}")).status_code == 204
    assert (await owner.get(URL)).json()["items"] == []
    assert (await owner.patch(f"{URL}/{made['id']}", json={"name": "x"})).status_code == 404


async def test_secrets_are_taken_and_never_shown(owner: Client, house: House, account: Account) -> None:
    shown: list[str] = []

    async def ask(method: str, path: str, body: Any = None) -> Any:
        answer = await owner.request(method, path, json=body)
        assert answer.status_code < 300, answer.text
        shown.append(answer.text)
        return answer.json()

    away = {"imap": local(1), "smtp": local(1)}
    with capture_logs() as logs:
        mailbox = (await ask("POST", URL, {"address": ADDRESS, **SECRETS, **away}))["mailbox"]
        one = f"{URL}/{mailbox['id']}"
        await ask("GET", URL)
        changed = await ask("PATCH", one, {"password": SECRETS["password"] + "2", "version": mailbox["version"]})
        await ask("POST", f"{one}/test")
        await ask("GET", "/api/v1/audit")
        refused = await owner.patch(one, json={"password": SECRETS["password"], "address": "ingen"})
        shown.append(refused.text)
    assert changed["mailbox"]["has"] == ["client_secret", "hook", "imap_password", "password", "smtp_password"]
    async with house.db.work(account.id) as tx:
        stored = await tx.all("SELECT * FROM connections")
        said = await tx.all("SELECT * FROM audit_log")
    assert stored[0]["secrets"] is not None
    everywhere = " ".join([*shown, repr(logs), repr(stored), repr(said)])
    assert "ørret" not in everywhere
    assert "ørret".encode() not in bytes(stored[0]["secrets"])
    assert "\\xc3\\xb8rret" not in everywhere
    forgotten = await ask("PATCH", one, dict.fromkeys(SECRETS, ""))
    assert forgotten["mailbox"]["has"] == ["hook"]


async def test_the_hooks_secret_is_shown_to_whoever_sets_up_the_mail_server(owner: Client) -> None:
    mailbox = await make(owner)
    told = (await owner.get(f"{URL}/{mailbox['id']}/hook")).json()
    assert told["url"] == f"http://desk.example/hooks/mail/{mailbox['key']}"
    assert len(told["secret"]) >= 32


# ------------------------------------------------------------------------------------------------ whether it works


async def test_a_look_at_both_servers(owner: Client) -> None:
    async with DemoMail() as server:
        mailbox = await make(
            owner, imap=local(server.imap_port), smtp=local(server.submission_port), password="fjordnett"
        )
        one = f"{URL}/{mailbox['id']}"

        async def look() -> tuple[str, dict[str, tuple[bool, str]]]:
            told = (await owner.post(f"{one}/test")).json()
            return told["status"], {row["name"]: (row["ok"], row["detail"].split(":")[0]) for row in told["checks"]}

        assert await look() == ("ok", {"imap": (True, "0"), "smtp": (True, "")})
        await owner.patch(one, json={"imap_password": "feil"})
        assert await look() == ("degraded", {"imap": (False, "mail_login_refused"), "smtp": (True, "")})
        await owner.patch(one, json={"imap_password": "", "password": "feil"})
        status, checks = await look()
        assert status == "disconnected"
        assert [ok for ok, _ in checks.values()] == [False, False]
        # An unencrypted line to elsewhere would give the password away: it is not even tried.
        await owner.patch(one, json={"imap": {"host": "imap.fremmed.example", "port": 143, "encryption": "none"}})
        assert (await look())[1]["imap"] == (False, "mail_insecure")


# ------------------------------------------------------------------------------------------------ signing in


@asynccontextmanager
async def provider(kind: Kind, monkeypatch: pytest.MonkeyPatch, tokens: dict[str, str]) -> AsyncIterator[SignIn]:
    """The provider's doors stand in for the real ones."""
    double = SignIn(kind, tokens)
    server = await double.start()
    if kind == "microsoft":
        monkeypatch.setattr(mail_config, "microsoft", lambda tenant: oauth.microsoft(tenant, double.base))
    else:
        monkeypatch.setattr(mail_config, "google", lambda: oauth.google(f"{double.base}/auth", f"{double.base}/token"))
    try:
        yield double
    finally:
        server.close()
        await server.wait_closed()


async def begin(owner: Client, mailbox_id: str) -> str:
    """Where the owner's browser is sent."""
    answer = await owner.post(f"{URL}/{mailbox_id}/sign-in")
    assert answer.status_code == 200, answer.text
    return answer.json()["url"]


def state_of(url: str) -> str:
    return parse_qs(urlsplit(url).query)["state"][0]


async def back(browser: Client, **query: str) -> str:
    """The browser comes back; how it went, by the settings page that it is sent on to."""
    answer = await browser.get("/oauth/mail/back", params=query)
    assert answer.status_code in {302, 303, 307}, answer.text
    to = urlsplit(answer.headers["location"])
    assert (to.scheme, to.netloc, to.path) == ("", "", "/app/settings/mailboxes")
    return parse_qs(to.query)["signed_in"][0]


@pytest.mark.parametrize("kind", ["microsoft", "google"])
async def test_signing_in_at_the_provider(
    owner: Client, kind: Kind, monkeypatch: pytest.MonkeyPatch, clock: FixedClock
) -> None:
    accounts = (MailAccount(address=ADDRESS, password="brukes-ikke", domains=("fjordnett.example",)),)
    async with DemoMail(accounts) as server, provider(kind, monkeypatch, server.tokens) as double:
        mailbox = await make(
            owner, provider=kind, client_id="vi", client_secret=double.secret, imap=local(server.imap_port),
            smtp=local(server.submission_port),
        )  # fmt: skip
        one = f"{URL}/{mailbox['id']}"
        before = (await owner.post(f"{one}/test")).json()
        assert before["status"] == "disconnected"
        assert before["checks"][0]["detail"].startswith("oauth_revoked")
        url = await begin(owner, mailbox["id"])
        assert parse_qs(urlsplit(url).query)["login_hint"] == [ADDRESS]
        assert "http://desk.example/oauth/mail/back" in parse_qs(urlsplit(url).query)["redirect_uri"]
        assert await back(owner, state=state_of(url), code=double.consent(url, ADDRESS)) == "ok"
        [shown] = (await owner.get(URL)).json()["items"]
        assert shown["mailbox"]["has"] == ["client_secret", "hook", "tokens"]
        for secret in ("adgang-", "forny-", double.secret):
            assert secret not in repr(shown)
        assert (await owner.post(f"{one}/test")).json()["status"] == "ok"
        # An hour later the token is over, and a fresh one is fetched and kept.
        clock.advance(hours=1)
        assert (await owner.post(f"{one}/test")).json()["status"] == "ok"
        assert [one["grant_type"] for one in double.asked] == ["authorization_code", "refresh_token"]
        assert (await owner.post(f"{one}/test")).json()["status"] == "ok"
        assert len(double.asked) == 2
        # The permission ends: nothing but a person helps, and a person's sign-in does.
        double.revoke(ADDRESS)
        clock.advance(hours=1)
        ended = (await owner.post(f"{one}/test")).json()
        assert (ended["status"], ended["checks"][0]["detail"].split(":")[0]) == ("disconnected", "oauth_revoked")
        url = await begin(owner, mailbox["id"])
        assert await back(owner, state=state_of(url), code=double.consent(url, ADDRESS)) == "ok"
        assert (await owner.post(f"{one}/test")).json()["status"] == "ok"


async def test_nobody_else_can_end_what_an_owner_began(
    owner: Client, house: House, account: Account, monkeypatch: pytest.MonkeyPatch, clock: FixedClock
) -> None:
    async with provider("microsoft", monkeypatch, {}) as double:
        mailbox = await make(owner, provider="microsoft", client_id="vi", client_secret=double.secret)
        url = await begin(owner, mailbox["id"])
        state = state_of(url)
        assert str(UUID(mailbox["id"])) not in state
        async with owner.other() as colleague, owner.other() as neighbour, owner.other() as nobody:
            await colleague.sign_in(await make_agent(house.db, account, "owner", "Kollega"))
            await neighbour.sign_in(await make_agent(house.db, await make_account(house.db), "owner", "Nabo"))
            for browser in (colleague, neighbour):
                assert await back(browser, state=state, code=double.consent(url, ADDRESS)) == "oauth_state"
            answer = await nobody.get("/oauth/mail/back", params={"state": state, "code": "x"})
            assert answer.status_code == 401
        for bad in (
            "",
            "x",
            state[:-2],
            state[:40] + ("A" if state[40] != "A" else "B") + state[41:],
            state.swapcase(),
        ):
            assert await back(owner, state=bad, code=double.consent(url, ADDRESS)) == "oauth_state", bad
        assert double.asked == [], "the provider was not even asked"
        assert await back(owner, state=state, error="access_denied") == "oauth_consent"
        assert await back(owner, state=state, code="en-annens-kode") == "oauth_revoked"
        # A code that was fetched for another sign-in does not fit ours.
        other = await begin(owner, mailbox["id"])
        assert await back(owner, state=state, code=double.consent(other, ADDRESS)) == "oauth_revoked"
        double.secret = "en-ny"
        assert await back(owner, state=state, code=double.consent(url, ADDRESS)) == "oauth_client"
        clock.advance(minutes=11)
        assert await back(owner, state=state, code=double.consent(url, ADDRESS)) == "oauth_state", "too late"
        [shown] = (await owner.get(URL)).json()["items"]
        assert "tokens" not in shown["mailbox"]["has"]


async def test_a_mailbox_with_a_password_signs_in_nowhere(owner: Client) -> None:
    mailbox = await make(owner)
    answer = await owner.post(f"{URL}/{mailbox['id']}/sign-in")
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "oauth_revoked")
