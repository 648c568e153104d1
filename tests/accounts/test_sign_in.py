"""Signing in over HTTP: password, organisation, second step, and what guessing gets."""

import asyncio
from collections.abc import Callable
from typing import Any, cast

import pytest
from pyotp.totp import TOTP

from svardesk.accounts import passwords, secrets
from svardesk.kit.clock import FixedClock
from svardesk.kit.db import Database
from svardesk.kit.keyring import KeyRing
from tests.accounts.conftest import ORIGIN, PASSWORD, Client, Company, Founder, build

NewClient = Callable[..., Client]


async def turn_totp_on(client: Client, clock: FixedClock) -> tuple[TOTP, list[str]]:
    begun = (await client.call("POST", "/me/totp", {})).json()
    app = TOTP(begun["secret"])
    confirmed = await client.call("POST", "/me/totp/confirm", {"code": app.at(clock.now())})
    assert confirmed.status_code == 200, confirmed.text
    clock.advance(30)
    return app, confirmed.json()["recovery_codes"]


async def challenge(client: Client, company: Company) -> str:
    answer = await client.sign_in(company.owner_email)
    assert answer.status_code == 200, answer.text
    assert answer.json()["state"] == "mfa_required"
    assert "set-cookie" not in answer.headers
    return answer.json()["challenge"]


async def test_the_right_password_signs_in(client: Client, company: Company) -> None:
    answer = await client.sign_in(f"  {company.owner_email.upper()} ")
    assert answer.status_code == 200
    me = answer.json()
    assert me["state"] == "signed_in"
    assert me["agent"] == {
        "id": str(company.owner_id),
        "name": "Kari Berg",
        "email": company.owner_email,
        "role": "owner",
        "locale": "nb",
        "timezone": "Europe/Oslo",
        "availability": "online",
        "settings": {},
    }
    assert me["account"]["slug"] == company.slug
    assert me["teams"] == [{"id": str(company.team_id), "name": "Kundeservice", "closed": False}]
    assert len(me["permissions"]) == 16
    assert me["totp_enabled"] is False
    cookie = answer.headers["set-cookie"].lower()
    assert cookie.startswith("svardesk_session=")
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "path=/" in cookie
    again = await client.call("GET", "/session")
    assert again.status_code == 200
    assert again.json()["csrf"] == me["csrf"]
    assert await company.actions() == ["account_made", "session_started"]


async def test_with_https_the_cookie_is_bound_to_host_and_encryption(
    db: Database, clock: FixedClock, ring: KeyRing, company: Company
) -> None:
    import httpx

    app = build(db, clock, ring, "https://desk.test")
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(cast("Any", app)), base_url="https://desk.test"
    ) as browser:
        answer = await browser.post("/api/v1/session", json={"email": company.owner_email, "password": PASSWORD})
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith("__Host-svardesk_session=")
        assert "Secure" in cookie
        assert "Domain" not in cookie
        assert (await browser.get("/api/v1/session")).status_code == 200


@pytest.mark.parametrize("known", [True, False], ids=["known e-mail", "unknown e-mail"])
async def test_a_wrong_password_and_an_unknown_email_get_the_same_answer(
    client: Client, company: Company, known: bool
) -> None:
    email = company.owner_email if known else f"nobody@{company.slug}.example"
    answer = await client.sign_in(email, "not the password")
    assert answer.status_code == 401
    assert answer.json() == {
        "error": {"code": "wrong_credentials", "message": "The e-mail or the password is wrong.", "fields": {}}
    }
    assert "set-cookie" not in answer.headers
    assert ("sign_in_failed" in await company.actions()) is known


async def test_an_unknown_email_costs_one_verification_too(
    client: Client, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    verified: list[bool] = []
    real = passwords.Passwords._verify

    def watching(self: passwords.Passwords, stored: str | None, password: str) -> bool:
        verified.append(stored is not None)
        return real(self, stored, password)

    monkeypatch.setattr(passwords.Passwords, "_verify", watching)
    await client.sign_in(company.owner_email, "not the password")
    await client.sign_in("nobody@nowhere.example", "not the password")
    await client.sign_in(company.owner_email, "not the password", organisation="another-one")
    assert verified == [True, False, False]


@pytest.mark.parametrize("known", [True, False], ids=["known e-mail", "unknown e-mail"])
async def test_guessing_is_locked_out_whether_or_not_the_email_exists(
    new_client: NewClient, company: Company, clock: FixedClock, known: bool
) -> None:
    email = company.owner_email if known else f"nobody@{company.slug}.example"
    statuses = [(await new_client(f"198.51.100.{n}").sign_in(email, "wrong " * 3)).status_code for n in range(5)]
    assert statuses == [401] * 5
    locked = await new_client("203.0.113.1").sign_in(email, PASSWORD)
    assert locked.status_code == 429
    assert locked.headers["retry-after"] == "30"
    assert locked.json()["error"]["code"] == "too_many_attempts"
    assert "Wait 30 seconds" in locked.json()["error"]["message"]
    clock.advance(30)
    answer = await new_client("203.0.113.1").sign_in(email, "wrong " * 3)
    assert answer.status_code == 401
    doubled = await new_client("203.0.113.1").sign_in(email, "wrong " * 3)
    assert doubled.headers["retry-after"] == "60"


async def test_the_right_password_forgets_the_wrong_ones(client: Client, company: Company) -> None:
    for _ in range(3):
        for _ in range(4):
            assert (await client.sign_in(company.owner_email, "wrong")).status_code == 401
        assert (await client.sign_in(company.owner_email)).status_code == 200


async def test_one_address_that_tries_many_emails_is_locked_out(new_client: NewClient, company: Company) -> None:
    spray = new_client("198.51.100.77")
    for number in range(30):
        assert (await spray.sign_in(f"n{number}@x.example", "Sommer2026!")).status_code == 401
    answer = await spray.sign_in(company.owner_email)
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "60"
    assert (await new_client("198.51.100.78").sign_in(company.owner_email)).status_code == 200


async def test_a_hundred_guesses_at_once_are_no_more_than_five(new_client: NewClient, company: Company) -> None:
    answers = await asyncio.gather(
        *(new_client(f"203.0.113.{n}").sign_in(company.owner_email, f"guess {n}") for n in range(40))
    )
    counted = [answer.status_code for answer in answers]
    assert counted.count(401) == 5
    assert counted.count(429) == 35


async def test_one_email_in_two_organisations(new_client: NewClient, found: Founder, company: Company) -> None:
    email = f"both@{company.slug}.example"
    one, other = await found(email, "Nordlys Elektro"), await found(email, "Havbris")
    client = new_client()
    answer = await client.sign_in(email)
    assert answer.status_code == 409
    assert answer.json()["error"]["code"] == "organisation_needed"
    assert sorted(answer.json()["error"]["fields"]["organisations"], key=lambda each: each["name"]) == [
        {"slug": other.slug, "name": "Havbris"},
        {"slug": one.slug, "name": "Nordlys Elektro"},
    ]
    chosen = await client.sign_in(email, organisation=other.slug.upper())
    assert chosen.json()["account"]["name"] == "Havbris"
    wrong = await new_client().sign_in(email, "not the password")
    assert wrong.status_code == 401
    assert "organisations" not in wrong.text


async def test_a_hash_with_old_parameters_is_renewed(client: Client, company: Company, db: Database) -> None:
    async def stored() -> str:
        async with db.work(company.account_id) as tx:
            return await tx.value("SELECT password_hash FROM agents WHERE id = %(id)s", id=company.owner_id)

    before = await stored()
    passwords.use(passwords.Passwords(time_cost=2, memory_kib=128, lanes=1))
    assert (await client.sign_in(company.owner_email, "wrong")).status_code == 401
    assert await stored() == before
    assert (await client.sign_in(company.owner_email)).status_code == 200
    after = await stored()
    assert after.startswith("$argon2id$v=19$m=128,t=2,p=1$")
    assert (await client.sign_in(company.owner_email)).status_code == 200
    assert await stored() == after


async def test_the_second_step(client: Client, company: Company, clock: FixedClock, new_client: NewClient) -> None:
    await client.sign_in(company.owner_email)
    app, codes = await turn_totp_on(client, clock)
    me = (await client.call("GET", "/session")).json()
    assert (me["totp_enabled"], me["recovery_codes_left"]) == (True, 10)
    assert len(codes) == 10
    browser = new_client()
    token = await challenge(browser, company)
    answer = await browser.call("POST", "/session/mfa", {"challenge": token, "code": app.at(clock.now())})
    assert answer.status_code == 200
    assert answer.json()["state"] == "signed_in"
    assert (await browser.call("GET", "/session")).status_code == 200
    # The challenge is spent with it.
    clock.advance(30)
    again = await new_client().call("POST", "/session/mfa", {"challenge": token, "code": app.at(clock.now())})
    assert (again.status_code, again.json()["error"]["code"]) == (401, "challenge_over")


async def test_a_code_is_good_once(client: Client, company: Company, clock: FixedClock, new_client: NewClient) -> None:
    await client.sign_in(company.owner_email)
    app, _ = await turn_totp_on(client, clock)
    code = app.at(clock.now())
    tokens = [await challenge(new_client(), company) for _ in range(3)]
    answers = await asyncio.gather(
        *(new_client().call("POST", "/session/mfa", {"challenge": token, "code": code}) for token in tokens)
    )
    assert sorted(answer.status_code for answer in answers) == [200, 401, 401]
    late = await new_client().call(
        "POST", "/session/mfa", {"challenge": await challenge(new_client(), company), "code": code}
    )
    assert (late.status_code, late.json()["error"]["code"]) == (401, "wrong_code")
    # The step before a spent one is spent as well.
    earlier = app.at(int(clock.now().timestamp()) - 30)
    before = await new_client().call(
        "POST", "/session/mfa", {"challenge": await challenge(new_client(), company), "code": earlier}
    )
    assert before.status_code == 401


async def test_the_code_that_confirmed_does_not_sign_in(
    client: Client, company: Company, clock: FixedClock, new_client: NewClient
) -> None:
    await client.sign_in(company.owner_email)
    secret = (await client.call("POST", "/me/totp", {})).json()["secret"]
    code = TOTP(secret).at(clock.now())
    assert (await client.call("POST", "/me/totp/confirm", {"code": code})).status_code == 200
    browser = new_client()
    answer = await browser.call("POST", "/session/mfa", {"challenge": await challenge(browser, company), "code": code})
    assert answer.status_code == 401


async def test_a_recovery_code_is_good_once(
    client: Client, company: Company, clock: FixedClock, new_client: NewClient
) -> None:
    await client.sign_in(company.owner_email)
    _, codes = await turn_totp_on(client, clock)
    browser = new_client()
    used = {"challenge": await challenge(browser, company), "code": codes[3].upper().replace("-", " ")}
    assert (await browser.call("POST", "/session/mfa", used)).status_code == 200
    assert (await browser.call("GET", "/session")).json()["recovery_codes_left"] == 9
    again = {"challenge": await challenge(new_client(), company), "code": codes[3]}
    assert (await new_client().call("POST", "/session/mfa", again)).status_code == 401
    assert "session_started" in await company.actions()
    assert [row["details"]["how"] for row in await company.audit() if row["action"] == "session_started"][-1] == (
        "recovery_code"
    )


async def test_a_challenge_ends_after_five_minutes_and_after_five_tries(
    client: Client, company: Company, clock: FixedClock, new_client: NewClient
) -> None:
    await client.sign_in(company.owner_email)
    app, _ = await turn_totp_on(client, clock)
    late = await challenge(new_client(), company)
    clock.advance(minutes=5)
    answer = await new_client().call("POST", "/session/mfa", {"challenge": late, "code": app.at(clock.now())})
    assert answer.json()["error"]["code"] == "challenge_over"
    token = await challenge(new_client(), company)
    codes = []
    for _ in range(6):
        tried = await new_client().call("POST", "/session/mfa", {"challenge": token, "code": "000000"})
        codes.append(tried.json()["error"]["code"])
    assert codes == ["wrong_code"] * 5 + ["challenge_over"]
    # A new challenge gives no new guesses: they are counted by agent.
    fresh = await challenge(new_client(), company)
    locked = await new_client().call("POST", "/session/mfa", {"challenge": fresh, "code": app.at(clock.now())})
    assert (locked.status_code, locked.headers["retry-after"]) == (429, "30")


async def test_an_unknown_challenge(client: Client, company: Company) -> None:
    answer = await client.call("POST", "/session/mfa", {"challenge": "x" * 43, "code": "123456"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "challenge_over")


async def test_the_secret_is_sealed_for_its_place(client: Client, company: Company, db: Database) -> None:
    await client.sign_in(company.owner_email)
    begun = (await client.call("POST", "/me/totp", {})).json()
    assert begun["uri"].startswith("otpauth://totp/")
    assert begun["qr_svg"].startswith("<svg")
    async with db.work(company.account_id) as tx:
        sealed = await tx.value("SELECT totp_secret FROM agents WHERE id = %(id)s", id=company.owner_id)
    assert begun["secret"].encode() not in sealed
    # Not confirmed: a sign-in does not ask for it.
    assert (await client.sign_in(company.owner_email)).json()["state"] == "signed_in"


async def test_turning_the_second_step_off_asks_for_the_password(
    client: Client, company: Company, clock: FixedClock
) -> None:
    await client.sign_in(company.owner_email)
    await turn_totp_on(client, clock)
    assert (await client.call("POST", "/me/totp", {})).json()["error"]["code"] == "totp_on"
    wrong = await client.call("DELETE", "/me/totp", {"password": "wrong"})
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (401, "wrong_password")
    renewed = await client.call("POST", "/me/totp/recovery-codes", {"password": PASSWORD})
    assert len(set(renewed.json()["recovery_codes"])) == 10
    assert (await client.call("DELETE", "/me/totp", {"password": PASSWORD})).status_code == 204
    assert (await client.sign_in(company.owner_email)).json()["state"] == "signed_in"
    off = await client.call("POST", "/me/totp/recovery-codes", {"password": PASSWORD})
    assert (off.status_code, off.json()["error"]["code"]) == (409, "totp_off")
    assert [action for action in await company.actions() if action.startswith(("totp", "recovery"))] == [
        "totp_begun",
        "totp_on",
        "recovery_codes_renewed",
        "totp_off",
    ]


async def test_confirming_with_a_wrong_code_turns_nothing_on(client: Client, company: Company) -> None:
    await client.sign_in(company.owner_email)
    early = await client.call("POST", "/me/totp/confirm", {"code": "123456"})
    assert (early.status_code, early.json()["error"]["code"]) == (409, "totp_not_begun")
    await client.call("POST", "/me/totp", {})
    wrong = await client.call("POST", "/me/totp/confirm", {"code": "not a code"})
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (401, "wrong_code")
    assert (await client.call("GET", "/session")).json()["totp_enabled"] is False


@pytest.mark.parametrize(
    "body",
    [
        {"email": "a@b.no"},
        {"email": 5, "password": "x"},
        {"email": "a@b.no", "password": "x", "admin": True},
        {"email": "a" * 300, "password": "x"},
        [],
        None,
    ],
)
async def test_malformed_sign_ins_are_refused(client: Client, company: Company, body: object) -> None:
    answer = await client.call("POST", "/session", body)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "invalid"


async def test_odd_characters_are_just_wrong(client: Client, company: Company) -> None:
    for email in ("\x00", f"{company.owner_email}\x00x", "é" * 200, "'; DROP TABLE agents; --"):
        assert (await client.sign_in(email, "\x00")).status_code == 401


async def test_csrf_token_and_origin(client: Client, company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    await client.sign_in(company.owner_email)
    right, client.csrf = client.csrf, None
    without = await client.call("PATCH", "/me", {"name": "Forged"})
    assert (without.status_code, without.json()["error"]["code"]) == (403, "csrf")
    for wrong in ("x" * 43, "", str(right)[:-1], "é"):
        answer = await client.http.patch(
            "/api/v1/me", json={"name": "Forged"}, headers=[(b"x-csrf-token", wrong.encode("latin-1"))]
        )
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "csrf")
    compared: list[bytes] = []
    real = secrets.secrets.compare_digest

    def watching(one: bytes, other: bytes) -> bool:
        compared.append(other)
        return real(one, other)

    monkeypatch.setattr(secrets.secrets, "compare_digest", watching)
    client.csrf = right
    assert (await client.call("PATCH", "/me", {"name": "Kari B."})).status_code == 200
    assert compared == [str(right).encode()]
    assert ORIGIN == "http://desk.test"
