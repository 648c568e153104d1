"""Files of visitors and agents: told by their bytes, seen by whom they concern, harmless in every browser."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from svardesk.channels import uploads
from svardesk.kit.clock import FixedClock
from svardesk.kit.db import Database
from svardesk.kit.ids import uuid7
from tests.channels.conftest import Browser, Widget
from tests.client import Client
from tests.factories import make_account, make_agent, make_team

PNG = b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR" + bytes(500)
PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + b"1 0 obj" * 40
Browse = Callable[..., Browser]


async def test_a_picture_becomes_part_of_a_message_and_is_shown_in_place(browser: Browser) -> None:
    up = await browser.upload(PNG, "Skjermbilde%20%C3%A5.png")
    assert up.status_code == 201, up.text
    file = up.json()
    assert (file["name"], file["size"], file["media_type"], file["image"]) == (
        "Skjermbilde å.png",
        516,
        "image/png",
        True,
    )
    message = await browser.say("", file_ids=[file["id"]])
    attached = message["attachments"]
    assert [(one["id"], one["name"], one["image"]) for one in attached] == [(file["id"], "Skjermbilde å.png", True)]
    got = await browser.http.get(attached[0]["url"])
    assert (got.status_code, got.content) == (200, PNG)
    assert got.headers["content-type"] == "image/png"
    assert got.headers["content-disposition"].startswith("inline;")
    assert "filename*=UTF-8''Skjermbilde%20%C3%A5.png" in got.headers["content-disposition"]
    assert got.headers["x-content-type-options"] == "nosniff"
    assert got.headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert got.headers["content-length"] == "516"
    assert (await browser.open())["messages"][0]["attachments"] == attached


async def test_unsent_files_of_all_visitors_together_are_limited(
    browse: Browse, widget: Widget, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "MOST_UNSENT", 2 * len(PNG))
    files = []
    for _ in range(2):
        visitor = browse()
        await visitor.open()
        files.append((visitor, (await visitor.upload(PNG)).json()["id"]))
    third = browse()
    await third.open()
    refused = await third.upload(PNG)
    assert (refused.status_code, refused.json()["error"]["code"]) == (429, "uploads_full")
    assert refused.headers["retry-after"] == "3600"

    agent = third.http.other()
    await agent.sign_in(await make_agent(db, widget.account))
    up = await agent.post("/api/v1/files", content=PNG, headers={"x-file-name": "a.png"})
    assert up.status_code == 201, "agents work on"
    assert (await third.upload(PNG)).status_code == 429
    visitor, file_id = files[0]
    await visitor.say("Her", file_ids=[file_id])
    assert (await third.upload(PNG)).status_code == 201, "what was sent makes room"
    await uploads.check_room(db, (await make_account(db)).id)


async def test_everything_else_is_handed_over_as_a_download(browser: Browser) -> None:
    for content, name, kind in (
        (PDF, "kvittering.pdf", "application/pdf"),
        (b"Hei p\xc3\xa5 deg", "x.txt", "text/plain"),
    ):
        file = (await browser.upload(content, name)).json()
        url = (await browser.say("se", file_ids=[file["id"]]))["attachments"][0]["url"]
        got = await browser.http.get(url)
        assert got.headers["content-disposition"].startswith("attachment;")
        assert got.headers["content-type"].split(";")[0] == kind


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"<html><script>alert(1)</script>", "bilde.png"),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "logo.svg"),
        (b"MZ\x90\x00" + bytes(200), "faktura.pdf"),
        (b"PK\x03\x04" + bytes(100), "alt.zip"),
    ],
)
async def test_a_lying_file_is_refused_whatever_it_is_called(
    browser: Browser, tmp_path: Path, content: bytes, name: str
) -> None:
    refused = await browser.upload(content, name, **{"content-type": "image/png"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "file_type_refused")
    assert [path for path in (tmp_path / "files").rglob("*") if path.is_file()] == []


async def test_a_harmless_file_under_a_dangerous_name_gets_its_own_ending(browser: Browser) -> None:
    assert (await browser.upload(PNG, "..%2F..%2Fevil.html")).json()["name"] == "evil.html.png"
    assert (await browser.upload(PNG, "")).json()["name"] == "file.png"


async def test_too_large_and_empty_files_are_refused_and_leave_nothing(browser: Browser, tmp_path: Path) -> None:
    large = await browser.upload(PNG + bytes(10 * 1024 * 1024), "stor.png")
    assert (large.status_code, large.json()["error"]["code"]) == (413, "file_too_large")
    assert large.json()["error"]["fields"] == {"max_bytes": 10_485_760}
    huge = await browser.upload(bytes(21 * 1024 * 1024), "enorm.png")
    assert huge.status_code == 413
    empty = await browser.upload(b"", "tom.png")
    assert (empty.status_code, empty.json()["error"]["code"]) == (400, "empty_file")
    assert [path for path in (tmp_path / "files").rglob("*") if path.is_file()] == []


async def test_uploads_need_a_token_and_are_limited(browse: Browse) -> None:
    browser = browse()
    assert (await browser.upload(PNG)).status_code == 401
    await browser.open()
    codes = [(await browser.upload(PNG)).status_code for _ in range(22)]
    assert codes[:20] == [201] * 20
    assert codes[-1] == 429


async def test_new_visitors_from_one_address_get_no_new_uploads(
    browse: Browse, monkeypatch: pytest.MonkeyPatch
) -> None:
    from svardesk.channels.webchat import http as webchat_http

    monkeypatch.setattr(webchat_http.UPLOADS_FROM_ADDRESS, "burst", 3.0)
    codes = []
    for _ in range(5):
        browser = browse()
        await browser.open()
        codes.append((await browser.upload(PNG)).status_code)
    assert codes[:3] == [201] * 3
    assert codes[-1] == 429


async def test_a_file_of_somebody_else_cannot_be_sent_nor_a_file_twice(browse: Browse) -> None:
    one, other = browse(), browse()
    await one.open()
    await other.open()
    file = (await one.upload(PNG)).json()
    await other.say("først")
    for sender, ids in ((other, [file["id"]]), (one, [str(uuid7())])):
        refused = await sender.write("se", file_ids=ids)
        assert (refused.status_code, refused.json()["error"]["code"]) == (422, "files_missing")
    client_id = str(uuid7())
    await one.say("se", file_ids=[file["id"]], client_id=client_id)
    again = await one.write("se", file_ids=[file["id"]], client_id=client_id)
    assert again.status_code == 200
    assert len(again.json()["message"]["attachments"]) == 1
    assert (await one.write("en gang til", file_ids=[file["id"]])).status_code == 422


async def test_a_link_is_bound_to_its_session_its_file_and_its_time(
    browse: Browse, clock: FixedClock, db: Database, widget: Widget
) -> None:
    one, other = browse(), browse()
    await one.open()
    await other.open()
    await other.say("hei")
    first = (await one.upload(PNG)).json()["id"]
    second = (await one.upload(PDF, "b.pdf")).json()["id"]
    attached = (await one.say("se", file_ids=[first, second]))["attachments"]
    url: str = attached[0]["url"]
    theirs = (await other.say("x", file_ids=[(await other.upload(PDF, "c.pdf")).json()["id"]]))["attachments"][0]["url"]
    params = dict(part.split("=") for part in url.split("?")[1].split("&"))
    their = dict(part.split("=") for part in theirs.split("?")[1].split("&"))
    get = one.http.get
    assert (await get(url)).status_code == 200
    wrong = [
        f"/files/{second}?v={params['v']}&e={params['e']}&s={params['s']}",
        f"/files/{first}?v={params['v']}&e={int(params['e']) + 1}&s={params['s']}",
        f"/files/{first}?v={params['v']}&e={params['e']}&s={'0' * 40}",
        f"/files/{first}?v={params['v']}&e={params['e']}",
        f"/files/{first}?v={their['v']}&e={their['e']}&s={their['s']}",
        f"/files/{first}?v=zz&e=1&s=x",
        f"/files/{first}?v={'0' * 64}&e={params['e']}&s={params['s']}",
        f"/files/{uuid7()}?v={params['v']}&e={params['e']}&s={params['s']}",
    ]
    for address in wrong:
        answer = await get(address)
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "link_ended"), address
    assert (await get(f"/files/{first}")).status_code == 401
    clock.advance(hours=5)
    assert (await get(url)).status_code == 200
    clock.advance(hours=8)
    assert (await get(url)).status_code == 403
    fresh = (await one.open())["messages"][0]["attachments"][0]["url"]
    assert (await get(fresh)).status_code == 200
    async with db.work(widget.account.id) as tx:
        await tx.run("UPDATE messages SET deleted_at = now()")
    assert (await get(fresh)).status_code == 403
    async with db.work(widget.account.id) as tx:
        await tx.run("UPDATE messages SET deleted_at = NULL")
    await one.post("reset")
    assert (await get(fresh)).status_code == 403


async def test_a_file_in_a_note_stays_inside(browser: Browser, db: Database, widget: Widget) -> None:
    file = (await browser.upload(PNG)).json()["id"]
    url = (await browser.say("se", file_ids=[file]))["attachments"][0]["url"]
    async with db.work(widget.account.id) as tx:
        await tx.run("UPDATE messages SET kind = 'note'")
    assert (await browser.http.get(url)).status_code == 403


async def test_agents_see_files_of_conversations_that_they_may_see(
    browser: Browser, client: Client, db: Database, widget: Widget
) -> None:
    file = (await browser.upload(PNG)).json()["id"]
    await browser.say("se", file_ids=[file])
    inside, outside = await make_agent(db, widget.account), await make_agent(db, widget.account)
    stranger = await make_agent(db, await make_account(db), role="owner")
    team = await make_team(db, widget.account, "Ledelsen", (inside,), closed=True)
    for agent, before, after in ((inside, 200, 200), (outside, 200, 404), (stranger, 404, 404)):
        async with db.work(widget.account.id) as tx:
            await tx.run("UPDATE conversations SET team_id = NULL")
        async with client.other() as http:
            await http.sign_in(agent)
            got = await http.get(f"/files/{file}")
            assert got.status_code == before
            if before == 200:
                assert got.content == PNG
                assert got.headers["content-security-policy"] == "sandbox; default-src 'none'"
            async with db.work(widget.account.id) as tx:
                await tx.run("UPDATE conversations SET team_id = %(id)s", id=team)
            assert (await http.get(f"/files/{file}")).status_code == after


async def test_agents_upload_and_see_their_own_drafts_files_only(client: Client, db: Database, widget: Widget) -> None:
    kari, ola = await make_agent(db, widget.account), await make_agent(db, widget.account)
    observer = await make_agent(db, widget.account, role="observer")
    async with client.other() as http:
        await http.sign_in(kari)
        up = await http.post(
            "/api/v1/files", content=PDF, headers={"x-file-name": "avtale.pdf", "content-type": "application/pdf"}
        )
        assert up.status_code == 201, up.text
        file = up.json()["id"]
        assert (await http.get(f"/files/{file}")).status_code == 200
    async with client.other() as http:
        await http.sign_in(ola)
        assert (await http.get(f"/files/{file}")).status_code == 404
    async with client.other() as http:
        await http.sign_in(observer)
        assert (await http.post("/api/v1/files", content=PDF)).status_code == 403


async def test_uploads_that_nobody_sends_are_forgotten_after_a_day(
    browser: Browser, db: Database, widget: Widget, client: Client, clock: FixedClock, tmp_path: Path
) -> None:
    house: Any = client.web.house
    kept = (await browser.upload(PDF, "a.pdf")).json()["id"]
    await browser.upload(PDF, "samme.pdf")
    lost = (await browser.upload(PNG)).json()["id"]
    await browser.say("se", file_ids=[kept])
    assert await uploads.sweep_orphans(db, clock, house.files) == 0
    clock.advance(hours=25)
    while await uploads.sweep_orphans(db, clock, house.files):
        pass
    async with db.work(widget.account.id) as tx:
        assert [row["id"] for row in await tx.all("SELECT id FROM files")] == [UUID(kept)]
        assert await tx.maybe("SELECT 1 FROM files WHERE id = %(id)s", id=lost) is None
    assert len([path for path in (tmp_path / "files").rglob("*") if path.is_file()]) == 1


async def test_with_https_a_cookie_that_another_host_could_set_opens_no_file(
    browser: Browser, client: Client, db: Database, widget: Widget, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = (await browser.upload(PNG)).json()["id"]
    await browser.say("se", file_ids=[file])
    await client.sign_in(await make_agent(db, widget.account))
    assert (await client.get(f"/files/{file}")).status_code == 200
    monkeypatch.setattr(type(client.web.house.settings), "secure_cookies", property(lambda _: True))
    assert (await client.get(f"/files/{file}")).status_code == 401
