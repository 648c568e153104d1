"""Invitations and password resets: used once, in time, by whoever holds the link."""

from collections.abc import Callable
from uuid import uuid4

import pytest

from svardesk.kit.clock import FixedClock
from svardesk.kit.db import Database
from tests.accounts.conftest import PASSWORD, Client, Company

NewClient = Callable[..., Client]
NEW_PASSWORD = "sju glade laks i elva"


def secret(link: dict[str, str]) -> str:
    return link["url"].rsplit("/", 1)[1]


@pytest.fixture
async def owner(client: Client, company: Company) -> Client:
    await client.sign_in(company.owner_email)
    return client


async def invite(owner: Client, company: Company, **more: object) -> dict[str, str]:
    body = {"email": f"Ola@{company.slug}.example", "role": "agent", "team_ids": [str(company.team_id)], **more}
    answer = await owner.call("POST", "/invitations", body)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_an_invitation_makes_an_agent_and_signs_in(
    owner: Client, company: Company, new_client: NewClient
) -> None:
    link = await invite(owner, company)
    assert link["url"].startswith("http://desk.test/app/invitation/")
    listed = (await owner.call("GET", "/invitations")).json()["items"]
    assert [(row["email"], row["role"]) for row in listed] == [(f"ola@{company.slug}.example", "agent")]
    assert secret(link) not in str(listed)
    ola = new_client()
    shown = await ola.call("GET", f"/invitations/by-token/{secret(link)}")
    assert shown.json() == {"account_name": "Fjordvik Bredbånd", "email": f"ola@{company.slug}.example"}
    joined = await ola.call(
        "POST", f"/invitations/by-token/{secret(link)}", {"name": "Ola Nord", "password": NEW_PASSWORD}
    )
    assert joined.status_code == 200
    me = joined.json()
    assert me["state"] == "signed_in"
    assert me["agent"]["role"] == "agent"
    assert [team["name"] for team in me["teams"]] == ["Kundeservice"]
    assert (await ola.call("GET", "/session")).json()["agent"]["name"] == "Ola Nord"
    assert (await owner.call("GET", "/invitations")).json()["items"] == []
    assert (await new_client().sign_in(f"ola@{company.slug}.example", NEW_PASSWORD)).status_code == 200
    kinds = [kind for kind, _ in await company.events()]
    assert kinds[-5:] == ["agent_invited", "agent_joined", "team_changed", "session_started", "session_started"]
    assert [action for action in await company.actions() if "agent" in action] == ["agent_invited", "agent_joined"]


async def test_an_invitation_is_used_once(owner: Client, company: Company, new_client: NewClient) -> None:
    link = await invite(owner, company)
    path = f"/invitations/by-token/{secret(link)}"
    body = {"name": "Ola Nord", "password": NEW_PASSWORD}
    assert (await new_client().call("POST", path, body)).status_code == 200
    again = await new_client().call("POST", path, body)
    assert (again.status_code, again.json()["error"]["code"]) == (404, "link_not_valid")
    assert (await new_client().call("GET", path)).status_code == 404


async def test_a_weak_password_does_not_spend_the_invitation(
    owner: Client, company: Company, new_client: NewClient
) -> None:
    path = f"/invitations/by-token/{secret(await invite(owner, company))}"
    weak = await new_client().call("POST", path, {"name": "Ola Nord", "password": "Ola Nord 2026"})
    assert (weak.status_code, weak.json()["error"]["code"]) == (422, "password_too_personal")
    assert (await new_client().call("POST", path, {"name": "Ola Nord", "password": NEW_PASSWORD})).status_code == 200


async def test_an_invitation_lasts_seven_days(
    owner: Client, company: Company, new_client: NewClient, clock: FixedClock
) -> None:
    path = f"/invitations/by-token/{secret(await invite(owner, company))}"
    clock.advance(days=6, hours=23, minutes=59)
    assert (await new_client().call("GET", path)).status_code == 200
    clock.advance(minutes=1)
    answer = await new_client().call("POST", path, {"name": "Ola", "password": NEW_PASSWORD})
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "link_not_valid")


async def test_withdrawn_and_replaced_invitations(owner: Client, company: Company, new_client: NewClient) -> None:
    first = await invite(owner, company)
    second = await invite(owner, company)
    assert (await new_client().call("GET", f"/invitations/by-token/{secret(first)}")).status_code == 404
    assert (await owner.call("DELETE", f"/invitations/{second['id']}")).status_code == 204
    assert (await new_client().call("GET", f"/invitations/by-token/{secret(second)}")).status_code == 404
    gone = await owner.call("DELETE", f"/invitations/{second['id']}")
    assert (gone.status_code, gone.json()["error"]["code"]) == (404, "invitation_unknown")


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"email": "no address"}, 422, "email_malformed"),
        ({"email": "a@b"}, 422, "email_malformed"),
        ({"team_ids": [str(uuid4())]}, 422, "team_unknown"),
        ({"role": "king"}, 400, "invalid"),
    ],
)
async def test_invitations_that_are_refused(
    owner: Client, company: Company, change: dict[str, object], status: int, code: str
) -> None:
    body = {"email": "ola@x.example", "role": "agent", "team_ids": [], **change}
    answer = await owner.call("POST", "/invitations", body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert (await owner.call("GET", "/invitations")).json()["items"] == []


async def test_a_colleague_is_not_invited_again(owner: Client, company: Company) -> None:
    agent_id = await company.add("agent")
    body = {"email": company.email("agent"), "role": "agent", "team_ids": []}
    taken = await owner.call("POST", "/invitations", body)
    assert (taken.status_code, taken.json()["error"]["code"]) == (409, "email_taken")
    await owner.call("PATCH", f"/agents/{agent_id}", {"archived": True})
    left = await owner.call("POST", "/invitations", body)
    assert (left.status_code, left.json()["error"]["code"]) == (409, "agent_has_left")
    assert left.json()["error"]["fields"] == {"agent_id": str(agent_id)}


async def test_an_owner_makes_a_reset_link(owner: Client, company: Company, new_client: NewClient) -> None:
    agent_id = await company.add("agent")
    agent = new_client()
    await agent.sign_in(company.email("agent"))
    made = await owner.call("POST", f"/agents/{agent_id}/password-reset", {})
    assert made.status_code == 201
    assert made.json()["url"].startswith("http://desk.test/app/password-reset/")
    path = f"/password-resets/by-token/{secret(made.json())}"
    weak = await new_client().call("POST", path, {"password": "short"})
    assert (weak.status_code, weak.json()["error"]["code"]) == (422, "password_too_short")
    assert (await agent.call("GET", "/session")).status_code == 200
    assert (await new_client().call("POST", path, {"password": NEW_PASSWORD})).status_code == 204
    # All sessions end with it, and the link is spent.
    assert (await agent.call("GET", "/session")).status_code == 401
    again = await new_client().call("POST", path, {"password": NEW_PASSWORD})
    assert (again.status_code, again.json()["error"]["code"]) == (404, "link_not_valid")
    assert (await agent.sign_in(company.email("agent"))).status_code == 401
    assert (await agent.sign_in(company.email("agent"), NEW_PASSWORD)).status_code == 200
    actions = await company.actions()
    assert [one for one in actions if "password" in one] == ["password_reset_made", "password_reset_used"]


async def test_a_reset_link_lasts_an_hour_and_the_newest_counts(
    owner: Client, company: Company, new_client: NewClient, clock: FixedClock
) -> None:
    path = f"/agents/{company.owner_id}/password-reset"
    first = secret((await owner.call("POST", path, {})).json())
    second = secret((await owner.call("POST", path, {})).json())
    body = {"password": NEW_PASSWORD}
    assert (await new_client().call("POST", f"/password-resets/by-token/{first}", body)).status_code == 404
    clock.advance(hours=1)
    assert (await new_client().call("POST", f"/password-resets/by-token/{second}", body)).status_code == 404
    assert (await new_client().sign_in(company.owner_email, PASSWORD)).status_code == 200


async def test_a_link_of_one_kind_is_no_link_of_another(owner: Client, company: Company, new_client: NewClient) -> None:
    invitation = secret(await invite(owner, company))
    reset = secret((await owner.call("POST", f"/agents/{company.owner_id}/password-reset", {})).json())
    body = {"password": NEW_PASSWORD}
    assert (await new_client().call("POST", f"/password-resets/by-token/{invitation}", body)).status_code == 404
    assert (await new_client().call("GET", f"/invitations/by-token/{reset}")).status_code == 404
    mfa = await new_client().call("POST", "/session/mfa", {"challenge": reset, "code": "123456"})
    assert mfa.json()["error"]["code"] == "challenge_over"


async def test_a_reset_ends_the_lockout(owner: Client, company: Company, new_client: NewClient) -> None:
    agent_id = await company.add("agent")
    for _ in range(5):
        await new_client().sign_in(company.email("agent"), "wrong")
    assert (await new_client().sign_in(company.email("agent"))).status_code == 429
    link = secret((await owner.call("POST", f"/agents/{agent_id}/password-reset", {})).json())
    await new_client().call("POST", f"/password-resets/by-token/{link}", {"password": NEW_PASSWORD})
    assert (await new_client().sign_in(company.email("agent"), NEW_PASSWORD)).status_code == 200


@pytest.mark.parametrize("known", [True, False], ids=["known", "unknown"])
async def test_asking_for_a_reset_gets_one_answer(client: Client, company: Company, db: Database, known: bool) -> None:
    email = company.owner_email if known else "nobody@nowhere.example"
    answers = [await client.call("POST", "/password-resets", {"email": email}) for _ in range(5)]
    assert {(answer.status_code, answer.content) for answer in answers} == {(202, b"null")}
    # The event is what a mailer will hook onto; more than three a day say nothing new.
    asked = [payload for kind, payload in await company.events() if kind == "password_reset_requested"]
    assert asked == ([{"stream": str(company.owner_id)}] * 3 if known else [])
    async with db.work(company.account_id) as tx:
        assert await tx.value("SELECT count(*) FROM agent_links") == 0


async def test_asking_for_many_resets_is_slowed_by_sender(new_client: NewClient, company: Company) -> None:
    flood = new_client("203.0.113.99")
    for number in range(20):
        assert (await flood.call("POST", "/password-resets", {"email": f"n{number}@x.example"})).status_code == 202
    assert (await flood.call("POST", "/password-resets", {"email": "n@x.example"})).status_code == 429


@pytest.mark.parametrize("token", ["x", "x" * 43, "%00", "%F0%9F%92%A9", "..%2f", "'"])
async def test_tokens_that_are_none(client: Client, company: Company, token: str) -> None:
    shown = await client.call("GET", f"/invitations/by-token/{token}")
    assert shown.status_code == 404
    reset = await client.call("POST", f"/password-resets/by-token/{token}", {"password": NEW_PASSWORD})
    assert reset.status_code == 404
