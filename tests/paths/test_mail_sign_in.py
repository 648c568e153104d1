"""A mailbox that can no longer be read raises the alarm, and is read again as soon as a person has mended it."""

import asyncio
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from svardesk.channels.email import config as mail_config
from svardesk.channels.email import oauth
from tests.email.providers import SignIn
from tests.paths.test_mail import US, Post, letter, post

__all__ = ["post"]


async def until(post: Post, status: str, **wanted: Any) -> dict[str, Any]:
    """How the mailbox is, once it is so."""
    state: dict[str, Any] = {}
    try:
        async with asyncio.timeout(30):
            while True:
                [found] = (await post.browser.get("/api/v1/mailboxes")).json()["items"]
                state = found["mailbox"]["state"]
                if state["status"] == status and all(state[name] == value for name, value in wanted.items()):
                    return state
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise AssertionError(f"never {status}: {state}") from None


async def sign_in(post: Post, double: SignIn, mailbox_id: str) -> None:
    url = (await post.browser.post(f"/api/v1/mailboxes/{mailbox_id}/sign-in")).json()["url"]
    query = {"state": parse_qs(urlsplit(url).query)["state"][0], "code": double.consent(url, US)}
    answer = await post.browser.get("/oauth/mail/back", params=query)
    assert answer.headers["location"].endswith("?signed_in=ok"), answer.headers


@pytest.mark.timeout(120)
async def test_a_wrong_password_is_told_and_the_right_one_is_picked_up(post: Post) -> None:
    mailbox = await post.make_mailbox(password="feil")
    state = await until(post, "disconnected", error_code="mail_login_refused")
    assert state["failing_since"] is not None
    await post.server.deliver(letter("Er dere der?"))
    changed = await post.browser.patch(f"/api/v1/mailboxes/{mailbox['id']}", json={"password": "fjordnett"})
    assert changed.status_code == 200, changed.text
    await post.arrived(channel="email")
    assert await until(post, "ok", error_code=None, failing_since=None, error=None)
    # While it is read, too: a connection that stands is not trusted to a password that was taken back.
    await post.browser.patch(f"/api/v1/mailboxes/{mailbox['id']}", json={"password": "feil igjen"})
    await until(post, "disconnected", error_code="mail_login_refused")


@pytest.mark.timeout(120)
async def test_a_permission_that_ends_is_told_and_a_new_sign_in_is_picked_up(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    double = SignIn("microsoft", post.server.tokens)
    server = await double.start()
    monkeypatch.setattr(mail_config, "microsoft", lambda tenant: oauth.microsoft(tenant, double.base))
    try:
        mailbox = await post.make_mailbox(
            provider="microsoft", client_id="vi", client_secret=double.secret, password=""
        )
        await until(post, "disconnected", error_code="oauth_revoked")
        await sign_in(post, double, mailbox["id"])
        await post.server.deliver(letter("En"))
        row = await post.arrived(channel="email")
        await until(post, "ok")
        # The provider ends the token before its time; the permission lasts. Nobody need hear of it.
        post.server.tokens[US] = "en annen"
        post.server.hang_up()
        await post.server.deliver(letter("To", Message_ID="<two@example.no>", In_Reply_To="<one@example.no>"))
        await post.arrived(id=row["id"], last_customer_seq=2)
        assert [one["grant_type"] for one in double.asked] == ["authorization_code", "refresh_token"]
        # Answers go out by the same permission, and a token that is refused there is replaced as well.
        post.server.tokens[US] = "enda en"
        await post.browser.answer(row["id"], "Svar", based_on_seq=2)
        await post.state(row["id"], "sent")
        assert len(await post.sent()) == 1
        # Now the permission itself ends.
        double.revoke(US)
        post.server.hang_up()
        await until(post, "disconnected", error_code="oauth_revoked")
        await post.server.deliver(letter("Tre", Message_ID="<three@example.no>", In_Reply_To="<one@example.no>"))
        await sign_in(post, double, mailbox["id"])
        await post.arrived(id=row["id"], preview="Tre")
        await until(post, "ok", error_code=None, failing_since=None)
    finally:
        server.close()
        await server.wait_closed()
