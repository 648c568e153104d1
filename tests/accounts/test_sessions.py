"""Sessions: sliding and absolute end, list, sign out here and everywhere, and what is remembered of a caller."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from svardesk.accounts import auth, sessions
from svardesk.kit.clock import FixedClock
from svardesk.kit.db import Database
from svardesk.kit.errors import Unauthorised
from tests.accounts.conftest import PASSWORD, Client, Company

NewClient = Callable[..., Client]


async def over(db: Database, clock: FixedClock, token: str) -> str:
    with pytest.raises(Unauthorised) as caught:
        await auth.resolve_session(db, clock, token)
    return caught.value.code


async def test_only_the_hash_is_kept(db: Database, company: Company) -> None:
    token = await company.cookie()
    async with db.work(company.account_id) as tx:
        row = await tx.one("SELECT * FROM sessions")
    assert len(row["token_hash"]) == 32
    assert token not in str(row)


async def test_a_session_slides_for_twelve_hours(db: Database, clock: FixedClock, company: Company) -> None:
    token = await company.cookie()
    for _ in range(3):
        clock.advance(hours=11, minutes=59)
        caller = await auth.resolve_session(db, clock, token)
        assert caller.expires_at == clock.now() + timedelta(hours=12)
    clock.advance(hours=12)
    assert await over(db, clock, token) == "session_over"


async def test_no_session_lives_longer_than_thirty_days(db: Database, clock: FixedClock, company: Company) -> None:
    token = await company.cookie()
    began = clock.now()
    for _ in range(71):
        clock.advance(hours=10)
        await auth.resolve_session(db, clock, token)
    clock.advance(hours=9)
    assert (await auth.resolve_session(db, clock, token)).expires_at == began + timedelta(days=30)
    clock.advance(minutes=59)
    await auth.resolve_session(db, clock, token)
    clock.advance(minutes=1)
    assert clock.now() == began + timedelta(days=30)
    assert await over(db, clock, token) == "session_over"


async def test_using_a_session_is_written_once_a_minute(db: Database, clock: FixedClock, company: Company) -> None:
    token = await company.cookie()

    async def seen() -> object:
        async with db.work(company.account_id) as tx:
            return await tx.value("SELECT last_seen_at FROM sessions")

    began = clock.now()
    clock.advance(59)
    await auth.resolve_session(db, clock, token)
    assert await seen() == began
    clock.advance(11)
    await auth.resolve_session(db, clock, token)
    assert await seen() == clock.now()


@pytest.mark.parametrize("token", ["", "x" * 43, "x" * 5000, "\ud800", "å"])
async def test_tokens_that_are_none(db: Database, clock: FixedClock, token: str) -> None:
    assert await over(db, clock, token) == "not_signed_in"


async def test_a_caller_knows_what_a_query_needs(db: Database, clock: FixedClock, company: Company) -> None:
    caller = await company.caller("agent")
    assert caller.account_id == company.account_id
    assert caller.role == "agent"
    assert caller.permissions == {
        "conversations.read",
        "conversations.write",
        "conversations.assign",
        "contacts.read",
        "contacts.write",
    }
    assert caller.team_ids == ()
    assert caller.token_id is None
    assert caller.csrf is not None
    assert len(caller.csrf) == 43
    assert caller.actor.kind == "agent"
    known = await auth.resolve_session(db, clock, await company.cookie("agent"), "192.0.2.9")
    assert known.actor.ip == "192.0.2.9"


async def test_what_is_remembered_ends_at_once_here_and_after_ten_seconds_elsewhere(
    db: Database, clock: FixedClock, company: Company
) -> None:
    token = await company.cookie("agent")
    caller = await auth.resolve_session(db, clock, token)
    async with db.work(company.account_id) as tx:
        await tx.run("UPDATE agents SET name = 'Nytt Navn' WHERE id = %(id)s", id=caller.agent_id)
    assert (await auth.resolve_session(db, clock, token)).name == "Agent"
    clock.advance(9.9)
    assert (await auth.resolve_session(db, clock, token)).name == "Agent"
    clock.advance(0.1)
    assert (await auth.resolve_session(db, clock, token)).name == "Nytt Navn"
    for place in ({"account_id": caller.account_id}, {"agent_id": caller.agent_id}, {"session_id": caller.session_id}):
        async with db.work(company.account_id) as tx:
            await tx.run("UPDATE agents SET name = %(n)s WHERE id = %(id)s", id=caller.agent_id, n=str(place)[:50])
        auth.forget(db, **place)
        assert (await auth.resolve_session(db, clock, token)).name == str(place)[:50]


async def test_a_read_that_began_before_a_revocation_is_not_remembered_after_it(
    db: Database, clock: FixedClock, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = await company.cookie("agent")
    agent_id = company.agents["agent"]
    real = auth._caller

    def slow(*args: object) -> object:
        # Between this read and its being remembered, another request ends the session.
        auth.forget(db, agent_id=agent_id)
        return real(*args)  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr(auth, "_caller", slow)
    await auth.resolve_session(db, clock, token)
    monkeypatch.undo()
    async with db.work(company.account_id) as tx:
        await tx.run("UPDATE sessions SET revoked_at = %(now)s", now=clock.now())
    assert await over(db, clock, token) == "not_signed_in"


async def test_reading_a_caller_again(db: Database, clock: FixedClock, company: Company) -> None:
    caller = await company.caller("agent")
    assert await auth.renew(db, clock, caller) == caller
    async with db.work(company.account_id) as tx:
        await tx.run("UPDATE agents SET role = 'observer' WHERE id = %(id)s", id=caller.agent_id)
    renewed = await auth.renew(db, clock, caller)
    assert renewed is not None
    assert renewed.permissions == {"conversations.read", "contacts.read"}
    async with db.work(company.account_id) as tx:
        await sessions.sign_out(tx, clock, caller)
    assert await auth.renew(db, clock, caller) is None


async def test_signing_out(client: Client, company: Company) -> None:
    await client.sign_in(company.owner_email)
    cookie = client.http.cookies["svardesk_session"]
    answer = await client.call("DELETE", "/session")
    assert answer.status_code == 204
    assert 'svardesk_session=""' in answer.headers["set-cookie"]
    assert "Max-Age=0" in answer.headers["set-cookie"]
    client.http.cookies.set("svardesk_session", cookie)
    again = await client.call("GET", "/session")
    assert (again.status_code, again.json()["error"]["code"]) == (401, "not_signed_in")
    kind, payload = (await company.events())[-1]
    assert kind == "session_revoked"
    assert payload["stream"] == str(company.owner_id)
    assert len(payload["session_ids"]) == 1


async def test_the_list_and_signing_out_elsewhere(new_client: NewClient, company: Company, clock: FixedClock) -> None:
    phone, desk = new_client("192.0.2.10"), new_client("192.0.2.20")
    phone.http.headers["user-agent"] = "Phone " + "x" * 500
    await phone.sign_in(company.owner_email)
    clock.advance(60)
    await desk.sign_in(company.owner_email)
    listed = (await desk.call("GET", "/sessions")).json()["items"]
    assert [(row["ip"], row["current"]) for row in listed] == [("192.0.2.20", True), ("192.0.2.10", False)]
    assert len(listed[1]["browser"]) == 200
    assert (await desk.call("DELETE", f"/sessions/{listed[1]['id']}")).status_code == 204
    assert (await phone.call("GET", "/session")).status_code == 401
    assert (await desk.call("GET", "/session")).status_code == 200
    gone = await desk.call("DELETE", f"/sessions/{listed[1]['id']}")
    assert (gone.status_code, gone.json()["error"]["code"]) == (404, "session_unknown")


async def test_nobody_ends_a_colleagues_session(new_client: NewClient, company: Company) -> None:
    other = await company.caller("agent")
    owner = new_client()
    await owner.sign_in(company.owner_email)
    answer = await owner.call("DELETE", f"/sessions/{other.session_id}")
    assert answer.status_code == 404


async def test_signing_out_everywhere(new_client: NewClient, company: Company) -> None:
    browsers = [new_client() for _ in range(3)]
    for one in browsers:
        await one.sign_in(company.owner_email)
    assert (await browsers[0].call("DELETE", "/sessions")).status_code == 204
    assert [(await one.call("GET", "/session")).status_code for one in browsers[1:]] == [401, 401]
    assert (await company.actions())[-1] == "sessions_ended"
    assert (await company.audit())[-1]["details"] == {"count": 3, "why": "sign_out_everywhere"}


async def test_a_new_password_ends_all_other_sessions(new_client: NewClient, company: Company) -> None:
    here, there = new_client(), new_client()
    await here.sign_in(company.owner_email)
    await there.sign_in(company.owner_email)
    wrong = await here.call("PUT", "/me/password", {"current": "wrong", "new": "sju glade laks i elva"})
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (401, "wrong_password")
    weak = await here.call("PUT", "/me/password", {"current": PASSWORD, "new": "Passord12345"})
    assert (weak.status_code, weak.json()["error"]["code"]) == (422, "password_too_common")
    done = await here.call("PUT", "/me/password", {"current": PASSWORD, "new": "sju glade laks i elva"})
    assert done.status_code == 204
    assert (await here.call("GET", "/session")).status_code == 200
    assert (await there.call("GET", "/session")).status_code == 401
    assert (await there.sign_in(company.owner_email)).status_code == 401
    assert (await there.sign_in(company.owner_email, "sju glade laks i elva")).status_code == 200
    assert "password_changed" in await company.actions()


async def test_guessing_the_present_password_is_locked_out_too(client: Client, company: Company) -> None:
    await client.sign_in(company.owner_email)
    tries = [
        (
            await client.call("PUT", "/me/password", {"current": f"guess {n}", "new": "sju glade laks i elva"})
        ).status_code
        for n in range(6)
    ]
    assert tries == [401] * 5 + [429]


async def test_ones_own_settings(client: Client, company: Company) -> None:
    await client.sign_in(company.owner_email)
    first = await client.call(
        "PATCH",
        "/me",
        {"name": "Kari B.", "locale": "nn", "availability": "away", "settings": {"sound": True, "theme": "dark"}},
    )
    assert first.status_code == 200
    agent = first.json()["agent"]
    assert (agent["name"], agent["locale"], agent["availability"]) == ("Kari B.", "nn", "away")
    second = await client.call("PATCH", "/me", {"settings": {"theme": None, "density": "compact"}})
    assert second.json()["agent"]["settings"] == {"sound": True, "density": "compact"}
    assert [kind for kind, _ in await company.events()][-2:] == ["agent_changed", "availability_changed"]
    assert (await company.events())[-1][1]["availability"] == "away"


@pytest.mark.parametrize(
    ("patch", "status", "code"),
    [
        ({"locale": "de"}, 400, "invalid"),
        ({"name": ""}, 400, "invalid"),
        ({"name": "  "}, 400, "invalid"),
        ({"name": "a\x00b"}, 400, "invalid"),
        ({"role": "owner"}, 400, "invalid"),
        ({"timezone": "Europe/Atlantis"}, 422, "timezone_unknown"),
        ({"settings": {"a": "x" * 20_000}}, 422, "settings_too_large"),
        ({"settings": {"a": "\x00"}}, 422, "settings_unstorable"),
    ],
)
async def test_settings_that_are_refused(
    client: Client, company: Company, patch: dict[str, object], status: int, code: str
) -> None:
    await client.sign_in(company.owner_email)
    answer = await client.call("PATCH", "/me", patch)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert (await client.call("GET", "/session")).json()["agent"]["settings"] == {}
