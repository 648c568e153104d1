"""Colleagues, teams, tokens and settings over HTTP."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from svardesk.accounts import agents, auth, presence
from svardesk.kit.clock import FixedClock
from svardesk.kit.db import Database
from svardesk.kit.errors import Conflict, Unauthorised
from tests.accounts.conftest import Client, Company, Founder

NewClient = Callable[..., Client]


@pytest.fixture
async def owner(client: Client, company: Company) -> Client:
    await client.use(await company.cookie())
    return client


@pytest.fixture
async def lead(new_client: NewClient, company: Company) -> Client:
    made = new_client()
    await made.use(await company.cookie("lead"))
    return made


async def token(owner: Client, *scopes: str, days: int | None = None) -> dict[str, str]:
    answer = await owner.call("POST", "/api-tokens", {"name": "Nattjobb", "scopes": list(scopes), "days": days})
    assert answer.status_code == 201, answer.text
    return answer.json()


# -- agents


async def test_the_list_shows_managers_more(owner: Client, lead: Client, company: Company) -> None:
    mine = {row["name"]: row for row in (await owner.call("GET", "/agents")).json()["items"]}
    theirs = {row["name"]: row for row in (await lead.call("GET", "/agents")).json()["items"]}
    assert list(mine) == ["Kari Berg", "Lead"]
    assert mine["Lead"]["totp_enabled"] is False
    assert theirs["Kari Berg"]["totp_enabled"] is None
    assert theirs["Kari Berg"]["last_seen_at"] is None
    assert theirs["Lead"]["totp_enabled"] is False
    assert mine["Kari Berg"]["team_ids"] == [str(company.team_id)]
    assert "password_hash" not in mine["Lead"]


async def test_one_agent(owner: Client, company: Company) -> None:
    found = await owner.call("GET", f"/agents/{company.owner_id}")
    assert found.json()["name"] == "Kari Berg"
    unknown = await owner.call("GET", f"/agents/{uuid4()}")
    assert (unknown.status_code, unknown.json()["error"]["code"]) == (404, "agent_unknown")
    assert (await owner.call("GET", "/agents/no-uuid")).status_code == 404


async def test_online_is_a_lease_and_not_away(owner: Client, company: Company, db: Database, clock: FixedClock) -> None:
    async def shown() -> bool:
        return (await owner.call("GET", f"/agents/{company.owner_id}")).json()["online"]

    assert not await shown()
    async with db.work(company.account_id) as tx:
        await presence.renew(tx, [company.owner_id], uuid4(), clock.now() + timedelta(seconds=30))
    assert await shown()
    await owner.call("PATCH", "/me", {"availability": "away"})
    assert not await shown()
    await owner.call("PATCH", "/me", {"availability": "online"})
    clock.advance(30)
    assert not await shown()


async def test_changing_name_and_role(owner: Client, new_client: NewClient, company: Company) -> None:
    agent = new_client()
    await agent.use(await company.cookie("agent"))
    path = f"/agents/{company.agents['agent']}"
    changed = await owner.call("PATCH", path, {"name": "Ola Nord", "role": "observer"})
    assert (changed.json()["name"], changed.json()["role"]) == ("Ola Nord", "observer")
    # At once, although the caller was remembered.
    assert (await agent.call("GET", "/session")).json()["permissions"] == ["contacts.read", "conversations.read"]
    # A mark that turns round what colleagues read after the name.
    turned = await owner.call("PATCH", path, {"name": "Ola \u202egnp.exe"})
    assert (turned.status_code, turned.json()["error"]["code"]) == (400, "invalid")
    line = (await company.audit())[-1]
    assert line["action"] == "agent_changed"
    assert line["details"] == {"fields": ["name", "role"], "role_before": "agent", "role": "observer"}
    assert (await company.events())[-1] == (
        "agent_changed",
        {"stream": str(company.agents["agent"]), "fields": ["name", "role"]},
    )


async def test_whoever_leaves_loses_sessions_and_tokens_at_once(
    owner: Client, new_client: NewClient, company: Company, db: Database, clock: FixedClock
) -> None:
    await company.add("owner", "second")
    second = new_client()
    await second.use(await company.cookie("second"))
    bearer = (await token(second, "conversations.read"))["token"]
    assert (await auth.resolve_api_token(db, clock, bearer)).agent_id == company.agents["second"]
    reset = (await owner.call("POST", f"/agents/{company.agents['second']}/password-reset", {})).json()["url"]
    answer = await owner.call("PATCH", f"/agents/{company.agents['second']}", {"archived": True})
    assert answer.json()["archived_at"] == "2026-11-23T09:00:00Z"
    assert (await second.call("GET", "/session")).status_code == 401
    auth.forget(db, account_id=company.account_id)
    with pytest.raises(Unauthorised):
        await auth.resolve_api_token(db, clock, bearer)
    assert (await new_client().sign_in(f"second@{company.slug}.example")).status_code == 401
    link = reset.rsplit("/", 1)[1]
    used = await new_client().call("POST", f"/password-resets/by-token/{link}", {"password": "sju glade laks i elva"})
    assert used.status_code == 404
    kinds = [kind for kind, _ in await company.events()]
    assert kinds[-3:] == ["session_revoked", "api_token_revoked", "agent_archived"]
    back = await owner.call("PATCH", f"/agents/{company.agents['second']}", {"archived": False})
    assert back.json()["archived_at"] is None
    assert (await new_client().sign_in(f"second@{company.slug}.example")).status_code == 200
    assert (await second.call("GET", "/session")).status_code == 401
    archived = [action for action in await company.actions() if action in ("agent_archived", "agent_returned")]
    assert archived == ["agent_archived", "agent_returned"]


@pytest.mark.parametrize("patch", [{"archived": True}, {"role": "agent"}])
async def test_the_last_owner_stays(owner: Client, company: Company, patch: dict[str, object]) -> None:
    answer = await owner.call("PATCH", f"/agents/{company.owner_id}", patch)
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "last_owner")
    await company.add("owner", "second")
    own = await owner.call("PATCH", f"/agents/{company.owner_id}", patch)
    assert (own.status_code, own.json()["error"]["code"]) == (403, "own_role")
    # A second owner who has left is no second owner.
    await owner.call("PATCH", f"/agents/{company.agents['second']}", {"archived": True})
    again = await owner.call("PATCH", f"/agents/{company.owner_id}", patch)
    assert again.json()["error"]["code"] == "last_owner"


async def test_two_owners_cannot_demote_each_other(company: Company, db: Database, clock: FixedClock) -> None:
    await company.add("owner", "second")
    first, second = await company.caller(), await company.caller("second")

    async def demote(by: auth.Caller, other: UUID) -> str:
        try:
            async with db.work(company.account_id) as tx:
                await agents.change(tx, clock, by, other, role="agent")
        except Conflict as error:
            return error.code
        return "done"

    outcomes = await asyncio.gather(demote(first, second.agent_id), demote(second, first.agent_id))
    assert sorted(outcomes) == ["done", "last_owner"]


async def test_turning_a_colleagues_second_step_off(owner: Client, company: Company) -> None:
    agent_id = await company.add("agent")
    assert (await owner.call("DELETE", f"/agents/{agent_id}/totp")).status_code == 204
    assert (await owner.call("DELETE", f"/agents/{uuid4()}/totp")).status_code == 404


# -- teams


async def test_teams_of_an_owner(owner: Client, company: Company) -> None:
    made = await owner.call("POST", "/teams", {"name": "Teknisk", "closed": True})
    assert made.status_code == 201
    team = made.json()
    assert (team["closed"], team["member_ids"], team["timezone"]) == (True, [], "Europe/Oslo")
    agent_id = await company.add("agent")
    path = f"/teams/{team['id']}/members/{agent_id}"
    assert (await owner.call("PUT", path)).status_code == 204
    assert (await owner.call("PUT", path)).status_code == 204
    listed = (await owner.call("GET", "/teams")).json()["items"]
    assert [(row["name"], row["member_ids"]) for row in listed] == [
        ("Kundeservice", [str(company.owner_id)]),
        ("Teknisk", [str(agent_id)]),
    ]
    renamed = await owner.call("PATCH", f"/teams/{team['id']}", {"name": "Teknikk", "closed": False})
    assert (renamed.json()["name"], renamed.json()["closed"]) == ("Teknikk", False)
    assert (await owner.call("DELETE", path)).status_code == 204
    assert (await owner.call("DELETE", path)).status_code == 204
    assert (await owner.call("DELETE", f"/teams/{team['id']}")).status_code == 204
    assert [row["name"] for row in (await owner.call("GET", "/teams")).json()["items"]] == ["Kundeservice"]
    gone = await owner.call("PATCH", f"/teams/{team['id']}", {"name": "Igjen"})
    assert (gone.status_code, gone.json()["error"]["code"]) == (404, "team_unknown")
    assert (await owner.call("POST", "/teams", {"name": "teknikk"})).status_code == 201
    assert [action for action in await company.actions() if action.startswith("team")] == [
        "team_created",
        "team_member_added",
        "team_changed",
        "team_member_removed",
        "team_archived",
        "team_created",
    ]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"name": "KUNDESERVICE"}, 409, "team_name_taken"),
        ({"name": ""}, 400, "invalid"),
        ({"name": "x", "timezone": "Mars/Base"}, 422, "timezone_unknown"),
        ({"name": "x", "boss": 1}, 400, "invalid"),
    ],
)
async def test_teams_that_are_refused(owner: Client, body: dict[str, object], status: int, code: str) -> None:
    answer = await owner.call("POST", "/teams", body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


async def test_a_lead_manages_the_teams_they_belong_to(owner: Client, lead: Client, company: Company) -> None:
    other = company.team_id
    refused = await lead.call("PATCH", f"/teams/{other}", {"name": "Overtatt"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "not_your_team")
    for method, path in (("DELETE", f"/teams/{other}"), ("PUT", f"/teams/{other}/members/{company.agents['lead']}")):
        assert (await lead.call(method, path)).status_code == 403
    mine = (await lead.call("POST", "/teams", {"name": "Min"})).json()
    assert mine["member_ids"] == [str(company.agents["lead"])]
    assert (await lead.call("PATCH", f"/teams/{mine['id']}", {"name": "Vår"})).status_code == 200
    assert (await lead.call("PUT", f"/teams/{mine['id']}/members/{company.owner_id}")).status_code == 204
    await owner.call("PUT", f"/teams/{other}/members/{company.agents['lead']}")
    assert (await lead.call("PATCH", f"/teams/{other}", {"name": "Kundesenter"})).status_code == 200


async def test_closed_teams_are_hidden_from_agents_outside_them(
    owner: Client, company: Company, db: Database, clock: FixedClock
) -> None:
    cookies = {role: await company.cookie(role) for role in ("owner", "lead", "agent", "observer")}

    async def hidden() -> dict[str, int]:
        return {
            role: len((await auth.resolve_session(db, clock, cookie)).hidden_team_ids)
            for role, cookie in cookies.items()
        }

    team = (await owner.call("POST", "/teams", {"name": "Lønn", "closed": True})).json()["id"]
    assert await hidden() == {"owner": 0, "lead": 0, "agent": 1, "observer": 1}
    await owner.call("PUT", f"/teams/{team}/members/{company.agents['agent']}")
    assert await hidden() == {"owner": 0, "lead": 0, "agent": 0, "observer": 1}
    # Out of use is not open: its conversations stay closed.
    await owner.call("DELETE", f"/teams/{team}")
    assert await hidden() == {"owner": 0, "lead": 0, "agent": 0, "observer": 1}
    assert (await auth.resolve_session(db, clock, cookies["agent"])).team_ids == ()


async def test_members_that_are_refused(owner: Client, company: Company) -> None:
    unknown = await owner.call("PUT", f"/teams/{company.team_id}/members/{uuid4()}")
    assert (unknown.status_code, unknown.json()["error"]["code"]) == (404, "agent_unknown")
    agent_id = await company.add("agent")
    await owner.call("PATCH", f"/agents/{agent_id}", {"archived": True})
    left = await owner.call("PUT", f"/teams/{company.team_id}/members/{agent_id}")
    assert (left.status_code, left.json()["error"]["code"]) == (404, "agent_unknown")


# -- API tokens


async def test_a_token_is_shown_once_and_acts_within_its_scopes(
    owner: Client, new_client: NewClient, company: Company, db: Database
) -> None:
    made = await token(owner, "conversations.read", "agents.manage")
    assert made["token"].startswith("svd_")
    assert made["prefix"] == made["token"][:12]
    listed = (await owner.call("GET", "/api-tokens")).json()["items"]
    assert [row["scopes"] for row in listed] == [["agents.manage", "conversations.read"]]
    assert made["token"] not in str(listed)
    async with db.work(company.account_id) as tx:
        assert made["token"] not in str(await tx.all("SELECT * FROM api_tokens"))
    program = new_client()
    bearer = {"authorization": f"Bearer {made['token']}"}
    me = (await program.call("GET", "/session", **bearer)).json()
    assert me["permissions"] == ["agents.manage", "conversations.read"]
    assert me["csrf"] is None
    # No cookie, hence no CSRF token is needed.
    path = f"/agents/{await company.add('agent')}"
    assert (await program.call("PATCH", path, {"name": "Ola"}, **bearer)).status_code == 200
    assert (await company.audit())[-1]["actor_kind"] == "token"
    refused = await program.call("POST", "/teams", {"name": "x"}, **bearer)
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "permission_needed")
    assert refused.json()["error"]["fields"] == {"permission": "teams.manage"}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", "/me", {"name": "x"}),
        ("PUT", "/me/password", {"current": "x", "new": "y"}),
        ("POST", "/me/totp", {}),
        ("DELETE", "/me/totp", {"password": "x"}),
        ("DELETE", "/session", None),
        ("DELETE", "/sessions", None),
        ("DELETE", f"/sessions/{UUID(int=7)}", None),
    ],
)
async def test_an_agents_own_sign_in_is_no_tokens_business(
    owner: Client, new_client: NewClient, method: str, path: str, body: object
) -> None:
    made = await token(owner, "conversations.read")
    answer = await new_client().call(method, path, body, authorization=f"Bearer {made['token']}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "session_needed")


async def test_a_token_is_no_stronger_than_its_agents_role_of_today(
    owner: Client, company: Company, new_client: NewClient, db: Database, clock: FixedClock
) -> None:
    await company.add("owner", "second")
    second = new_client()
    await second.use(await company.cookie("second"))
    made = await token(second, "agents.manage", "conversations.read")
    assert (await auth.resolve_api_token(db, clock, made["token"])).permissions == {
        "agents.manage",
        "conversations.read",
    }
    await owner.call("PATCH", f"/agents/{company.agents['second']}", {"role": "observer"})
    assert (await auth.resolve_api_token(db, clock, made["token"])).permissions == {"conversations.read"}


async def test_a_token_makes_no_stronger_token(owner: Client, new_client: NewClient) -> None:
    made = await token(owner, "tokens.manage", "contacts.read")
    answer = await new_client().call(
        "POST",
        "/api-tokens",
        {"name": "mer", "scopes": ["contacts.read", "agents.manage"]},
        authorization=f"Bearer {made['token']}",
    )
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "scope_unknown")
    assert answer.json()["error"]["fields"] == {"scopes": ["agents.manage"]}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"name": "x", "scopes": []}, 422),
        ({"name": "x", "scopes": ["everything"]}, 422),
        ({"name": "x", "scopes": ["contacts.read"], "days": 0}, 400),
        ({"name": "", "scopes": ["contacts.read"]}, 400),
    ],
)
async def test_tokens_that_are_refused(owner: Client, body: dict[str, object], status: int) -> None:
    assert (await owner.call("POST", "/api-tokens", body)).status_code == status


async def test_tokens_run_out_and_are_revoked(
    owner: Client, db: Database, clock: FixedClock, new_client: NewClient
) -> None:
    made = await token(owner, "contacts.read", days=1)
    clock.advance(hours=1)
    bearer = {"authorization": f"Bearer {made['token']}"}
    assert (await new_client().call("GET", "/session", **bearer)).status_code == 200
    assert (await owner.call("GET", "/api-tokens")).json()["items"][0]["last_used_at"] == "2026-11-23T10:00:00Z"
    assert (await owner.call("DELETE", f"/api-tokens/{made['id']}")).status_code == 204
    ended = await new_client().call("GET", "/session", **bearer)
    assert (ended.status_code, ended.json()["error"]["code"]) == (401, "token_unknown")
    assert (await owner.call("DELETE", f"/api-tokens/{made['id']}")).status_code == 404
    short = await token(owner, "contacts.read", days=1)
    await auth.resolve_api_token(db, clock, short["token"])
    clock.advance(hours=24)
    with pytest.raises(Unauthorised):
        await auth.resolve_api_token(db, clock, short["token"])


@pytest.mark.parametrize(
    "header", ["Bearer svd_x", "Bearer", "Bearer x", "Basic a2FyaTpiZXJn", "svd_x", "Bearer svd_å"]
)
async def test_bearers_that_are_none(owner: Client, header: str) -> None:
    answer = await owner.http.get("/api/v1/session", headers=[(b"authorization", header.encode("latin-1"))])
    assert answer.status_code == 401


# -- settings


async def test_settings_of_the_organisation(owner: Client, lead: Client, company: Company) -> None:
    before = (await lead.call("GET", "/settings")).json()
    assert before == {
        "id": str(company.account_id),
        "slug": company.slug,
        "name": "Fjordvik Bredbånd",
        "locale": "nb",
        "timezone": "Europe/Oslo",
        "settings": {},
    }
    changed = await owner.call(
        "PATCH",
        "/settings",
        {"name": "Fjordvik", "timezone": "Europe/Helsinki", "settings": {"retention_days": {"envelopes": 14}}},
    )
    assert changed.json()["settings"] == {"retention_days": {"envelopes": 14}}
    assert (await company.audit())[-1]["details"] == {"fields": ["name", "timezone", "settings.retention_days"]}
    assert (await owner.call("PATCH", "/settings", {"settings": {"retention_days": None}})).json()["settings"] == {}
    assert (await owner.call("PATCH", "/settings", {"timezone": "Nowhere"})).status_code == 422
    assert (await owner.call("PATCH", "/settings", {"settings": {"a": "x" * 40_000}})).status_code == 422


# -- neighbours


async def test_ids_of_a_neighbour_are_unknown(owner: Client, found: Founder) -> None:
    neighbour = await found()
    agent_id = await neighbour.add("agent")
    for method, path, body in (
        ("GET", f"/agents/{agent_id}", None),
        ("PATCH", f"/agents/{agent_id}", {"role": "observer"}),
        ("PATCH", f"/agents/{agent_id}", {"archived": True}),
        ("POST", f"/agents/{agent_id}/password-reset", {}),
        ("DELETE", f"/agents/{agent_id}/totp", None),
        ("PATCH", f"/teams/{neighbour.team_id}", {"name": "Overtatt"}),
        ("DELETE", f"/teams/{neighbour.team_id}", None),
        ("PUT", f"/teams/{neighbour.team_id}/members/{agent_id}", None),
    ):
        answer = await owner.call(method, path, body)
        assert answer.status_code == 404, (method, path, answer.text)
    teams = await owner.call(
        "POST", "/invitations", {"email": "x@y.example", "role": "agent", "team_ids": [str(neighbour.team_id)]}
    )
    assert teams.json()["error"]["code"] == "team_unknown"
