"""The empty page around a mail's sandboxed frame: whatever is put into it, nothing may run and nothing may be sent."""

from svardesk.kit.db import Database
from tests.client import Client
from tests.factories import make_account, make_agent


def directives(policy: str) -> dict[str, str]:
    """A policy by its directives."""
    return dict(part.strip().split(" ", 1) for part in policy.split(";"))


async def test_the_frame_is_empty_and_lets_nothing_run(client: Client, db: Database) -> None:
    assert (await client.get("/api/v1/mails/frame")).status_code == 401
    account = await make_account(db)
    await client.sign_in(await make_agent(db, account, role="observer"))
    got = await client.get("/api/v1/mails/frame")
    assert got.status_code == 200
    assert "<script" not in got.text
    assert got.text.count("<body></body>") == 1
    policy = directives(got.headers["content-security-policy"])
    assert policy["default-src"] == "'none'"
    assert "script-src" not in policy
    assert policy["img-src"] == "data: https: http:"
    assert (policy["form-action"], policy["frame-ancestors"]) == ("'none'", "'self'")


async def test_the_app_itself_allows_frames_of_its_own_only(client: Client) -> None:
    policy = directives((await client.get("/app/")).headers["content-security-policy"])
    assert policy["frame-src"] == "'self'"
    assert policy["style-src"] == "'self'"
    assert policy["img-src"] == "'self' data: blob:"
