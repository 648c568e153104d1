"""The formatted form of a mail over HTTP: its headers, its pictures, and who may see it."""

import base64
import email.policy
from email.message import EmailMessage
from typing import Any
from uuid import UUID

import pytest

from svardesk.house import House
from svardesk.kit.ids import uuid7
from tests.client import Client
from tests.email.mailbox import Box, letter, make_box
from tests.factories import Account, Agent, make_account, make_agent, make_team

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
HTML = (
    '<p onclick="x()">Hei <b>dere</b></p><img src="cid:logo@butikk"><img src="https://spor.example/1.gif">'
    '<img src="https://spor.example/2.gif"><script>alert(1)</script>'
)
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:{more}; sandbox allow-popups"
    " allow-popups-to-escape-sandbox; frame-ancestors 'self'"
)


def formatted() -> bytes:
    """A mail with a formatted form, a picture in it, and pictures from elsewhere."""
    message = EmailMessage(policy=email.policy.SMTP)
    message["From"], message["To"] = "Kari <kari@example.no>", "kundeservice@fjordnett.example"
    message["Subject"], message["Message-ID"] = 'Tilbud "10 %" <b>', "<html@example.no>"
    message.set_content("Hei dere")
    message.add_alternative(HTML, subtype="html")
    html = message.get_body(("html",))
    assert html is not None
    html.add_related(PIXEL, "image", "png", cid="<logo@butikk>", filename="logo.png")
    return message.as_bytes()


@pytest.fixture
async def account(house: House) -> Account:
    return await make_account(house.db)


@pytest.fixture
async def owner(house: House, account: Account) -> Agent:
    return await make_agent(house.db, account, "owner")


@pytest.fixture
async def box(house: House, account: Account, clock: Any) -> Box:
    made = await make_box(house.db, clock, account)
    made.files = house.files
    return made


async def arrived(box: Box, raw: bytes) -> UUID:
    """Take a mail in; returns its message's id."""
    await box.arrive(raw)
    [row] = await box.rows("SELECT id FROM messages WHERE kind = 'inbound' ORDER BY created_at DESC, id DESC LIMIT 1")
    return row["id"]


def page(message_id: UUID, what: str = "page") -> str:
    return f"/api/v1/mails/{message_id}/{what}"


async def test_the_page_is_harmless_and_says_so(client: Client, box: Box, owner: Agent) -> None:
    message_id = await arrived(box, formatted())
    await client.sign_in(owner)
    answer = await client.get(page(message_id))
    assert answer.status_code == 200, answer.text
    assert {name: answer.headers[name] for name in (
        "content-type", "content-security-policy", "x-frame-options", "x-content-type-options", "referrer-policy",
        "cache-control", "x-svardesk-held-back",
    )} == {
        "content-type": "text/html; charset=utf-8",
        "content-security-policy": POLICY.format(more=""),
        "x-frame-options": "SAMEORIGIN",
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "cache-control": "private, no-store",
        "x-svardesk-held-back": "2",
    }  # fmt: skip
    assert "<p>Hei <b>dere</b></p>" in answer.text
    assert "spor.example" not in answer.text
    assert "alert" not in answer.text
    assert f'<img src="data:image/png;base64,{base64.b64encode(PIXEL).decode()}">' in answer.text
    assert "<title>Tilbud &quot;10 %&quot; &lt;b&gt;</title>" in answer.text
    asked = await client.get(page(message_id), params={"pictures": "true"})
    assert asked.headers["content-security-policy"] == POLICY.format(more=" https: http:")
    assert asked.headers["x-svardesk-held-back"] == "0"
    assert "https://spor.example/1.gif" in asked.text
    assert "alert" not in asked.text


async def test_the_mail_as_it_came_is_a_download(client: Client, box: Box, owner: Agent) -> None:
    raw = formatted()
    message_id = await arrived(box, raw)
    await client.sign_in(owner)
    answer = await client.get(page(message_id, "raw"))
    assert (answer.status_code, answer.content) == (200, raw)
    assert answer.headers["content-type"] == "message/rfc822"
    assert answer.headers["content-disposition"] == 'attachment; filename="mail.eml"'
    assert answer.headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert answer.headers["x-content-type-options"] == "nosniff"
    # While its bytes are kept: afterwards there is none.
    await box.rows("DELETE FROM envelopes RETURNING id")
    assert (await client.get(page(message_id, "raw"))).json()["error"]["code"] == "no_mail"


async def test_a_mail_without_a_formatted_form_has_no_page(client: Client, box: Box, owner: Agent) -> None:
    message_id = await arrived(box, letter("Bare tekst"))
    await client.sign_in(owner)
    answer = await client.get(page(message_id))
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "no_mail")
    assert (await client.get(page(message_id, "raw"))).status_code == 200
    assert (await client.get(page(uuid7()))).status_code == 404


@pytest.mark.parametrize("what", ["page", "raw"])
async def test_who_may_see_it(client: Client, house: House, box: Box, account: Account, what: str) -> None:
    message_id = await arrived(box, formatted())
    people = {
        role: await make_agent(house.db, account, role, f"{role} person")
        for role in ("owner", "lead", "agent", "observer")
    }
    member = await make_agent(house.db, account, "agent", "Medlem")
    stranger = await make_agent(house.db, await make_account(house.db), "owner", "Nabo")
    people |= {"member": member, "of another organisation": stranger}

    async def who() -> set[str]:
        found = set()
        for name, agent in people.items():
            async with client.other() as browser:
                await browser.sign_in(agent)
                answer = await browser.get(page(message_id, what))
                assert answer.status_code in {200, 404}, answer.text
                if answer.status_code == 404:
                    assert answer.json()["error"]["code"] == "no_mail"
                else:
                    found.add(name)
        return found

    everybody = set(people) - {"of another organisation"}
    assert await who() == everybody
    async with client.other() as nobody:
        assert (await nobody.get(page(message_id, what))).status_code == 401
    team = await make_team(house.db, account, "Lukket", (member,), closed=True)
    await box.rows("UPDATE conversations SET team_id = %(team)s RETURNING id", team=team)
    assert await who() == {"owner", "lead", "member"}
    await box.rows("UPDATE conversations SET assignee_id = %(agent)s RETURNING id", agent=people["agent"].id)
    assert await who() == {"owner", "lead", "member", "agent"}
    await box.rows("UPDATE messages SET deleted_at = now() RETURNING id")
    assert await who() == set()


async def test_pictures_are_of_this_mail_only(client: Client, box: Box, owner: Agent) -> None:
    """What a mail's row points to is looked for among its own files, whatever it points to."""
    first = await arrived(box, formatted())
    other = await arrived(box, formatted().replace(b"<html@example.no>", b"<other@example.no>"))
    await box.rows(
        "UPDATE mails SET inline_files = (SELECT inline_files FROM mails WHERE message_id = %(first)s)"
        " WHERE message_id = %(other)s RETURNING message_id",
        first=first, other=other,
    )  # fmt: skip
    await client.sign_in(owner)
    assert "data:image" in (await client.get(page(first))).text
    assert "data:image" not in (await client.get(page(other))).text
