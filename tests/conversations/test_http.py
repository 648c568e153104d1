"""Conversations over HTTP: statuses, codes, shapes and permissions as the contract says them."""

from uuid import uuid4

from svardesk.kit.db import Database
from tests.client import Client
from tests.conversations.conftest import Desk
from tests.factories import make_account, make_agent, make_contact

API = "/api/v1/conversations"


def _answer(**more) -> dict:
    return {"client_id": str(uuid4()), "kind": "answer", "body": "Hei!", "based_on_seq": 1, **more}


async def test_list_open_answer_and_close(desk: Desk, client: Client):
    got = await desk.receive()
    await client.sign_in(desk.kari)
    listed = (await client.get(API, params={"view": "unassigned"})).json()
    (row,) = listed["items"]
    assert (row["id"], row["status"], row["contact"]["name"]) == (str(got.conversation_id), "open", "Ola Hansen")
    assert (row["read_seq"], row["last_customer_seq"], row["waiting_since"]) == (0, 1, "2026-11-23T09:00:00Z")
    assert listed["next_cursor"] is None
    assert listed["resume"].count(":") == 1
    one = f"{API}/{got.conversation_id}"
    opened = (await client.get(one)).json()
    assert [message["body"] for message in opened["messages"]] == ["Hei, nettet er nede"]
    assert (opened["draft"], opened["visitor"], opened["presence"]) == (None, None, [])
    assert (await client.put(f"{one}/read", json={"seq": 1})).status_code == 204
    body = _answer()
    posted = await client.post(f"{one}/messages", json=body)
    assert posted.status_code == 201
    assert posted.json()["message"]["state"] == "queued"
    assert posted.json()["conversation"]["assignee_id"] == str(desk.kari.id)
    again = await client.post(f"{one}/messages", json=body)
    assert (again.status_code, again.json()["message"]) == (200, posted.json()["message"])
    counts = (await client.get(f"{API}/counts")).json()
    assert counts["mine"] == {"n": 1, "more": False}
    assert counts["unassigned"] == {"n": 0, "more": False}
    closed = await client.patch(one, json={"status": "closed", "version": posted.json()["conversation"]["version"]})
    assert (closed.status_code, closed.json()["status"]) == (200, "closed")
    earlier = (await client.get(f"{one}/messages", params={"before_seq": 3, "limit": 1})).json()
    assert [message["seq"] for message in earlier["messages"]] == [2]
    assert earlier["earlier"] is True


async def test_a_list_of_one_contacts_conversations(desk: Desk, client: Client, db: Database):
    got = await desk.receive()
    other = await desk.receive(thread="t2", contact_id=await make_contact(db, desk.account, "Kari Nordmann"))
    await client.sign_in(desk.kari)
    listed = (await client.get(API, params={"view": "all", "contact_id": str(desk.contact_id)})).json()
    assert [row["id"] for row in listed["items"]] == [str(got.conversation_id)]
    kept = await client.post(
        "/api/v1/views",
        json={"name": "Kari", "filters": {"contact_id": (await desk.row(other.conversation_id))["contact_id"].hex}},
    )
    assert kept.status_code == 201
    by_view = (await client.get(API, params={"view_id": kept.json()["id"]})).json()
    assert [row["id"] for row in by_view["items"]] == [str(other.conversation_id)]
    refused = await client.get(API, params={"contact_id": "Kari"})
    assert refused.status_code == 400


async def test_conflicts_have_codes_and_fields(desk: Desk, client: Client):
    got = await desk.receive()
    await desk.receive("Hallo?")
    await client.sign_in(desk.kari)
    one = f"{API}/{got.conversation_id}"
    refused = await client.post(f"{one}/messages", json=_answer())
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "newer_exists")
    assert refused.json()["error"]["fields"] == {"last_seq": 2}
    assert (await client.post(f"{one}/messages", json=_answer(confirm=True))).status_code == 201
    refused = await client.patch(one, json={"status": "closed", "version": 1})
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "version_conflict")
    message_id = (await desk.said(got.conversation_id))[-1]["id"]
    refused = await client.post(f"{one}/messages/{message_id}/retry")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "not_failed")


async def test_bad_input_is_named(desk: Desk, client: Client):
    got = await desk.receive()
    await client.sign_in(desk.kari)
    one = f"{API}/{got.conversation_id}"
    for method, path, body, status in (
        ("POST", f"{one}/messages", {"kind": "answer", "body": "x"}, 400),
        ("POST", f"{one}/messages", _answer(kind="inbound"), 400),
        ("POST", f"{one}/messages", _answer(surprise=1), 400),
        ("POST", f"{one}/messages", _answer(body=" "), 422),
        ("POST", f"{one}/messages", _answer(body="x" * 8001), 422),
        ("POST", f"{one}/messages", _answer(file_ids=[str(uuid4())]), 422),
        ("PATCH", one, {"status": "snoozed", "version": 2}, 400),
        ("PATCH", one, {"snoozed_until": "2020-01-01T00:00:00Z", "version": 2}, 422),
        ("PATCH", one, {"assignee_id": str(uuid4())}, 422),
        ("PUT", f"{one}/read", {"seq": -1}, 400),
        ("PUT", f"{one}/tags/{uuid4()}", None, 404),
        ("GET", f"{API}?cursor=tull", None, 400),
        ("GET", f"{API}?view=deleted", None, 400),
        ("GET", f"{API}?limit=101", None, 400),
        ("GET", f"{API}?view_id={uuid4()}", None, 404),
        ("GET", f"{API}/{uuid4()}", None, 404),
        ("GET", f"{API}/not-a-uuid", None, 404),
        ("POST", "/api/v1/views", {"name": "x", "filters": {"status": "open"}}, 400),
        ("GET", "/api/v1/search", None, 400),
    ):
        answer = await client.request(method, path, json=body)
        assert answer.status_code == status, (method, path, body, answer.text)
        assert answer.json()["error"]["code"], answer.text
        assert answer.json()["error"]["message"]
    assert len(await desk.said(got.conversation_id)) == 1


async def test_observers_look_only(desk: Desk, client: Client):
    got = await desk.receive()
    await client.sign_in(desk.olav)
    one = f"{API}/{got.conversation_id}"
    assert (await client.get(one)).status_code == 200
    assert (await client.put(f"{one}/read", json={"seq": 1})).status_code == 204
    for method, path, body in (
        ("POST", f"{one}/messages", _answer()), ("PATCH", one, {"status": "closed"}),
        ("PUT", f"{one}/draft", {"body": "x"}), ("PUT", f"{one}/tags/{uuid4()}", None),
        ("POST", "/api/v1/tags", {"name": "x"}), ("PATCH", f"/api/v1/contacts/{desk.contact_id}", {"name": "X"}),
        ("POST", "/api/v1/fields", {"key": "a", "type": "text", "labels": {"nb": "A"}}),
    ):  # fmt: skip
        answer = await client.request(method, path, json=body)
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "permission_needed"), (method, path)


async def test_walls_over_http(desk: Desk, client: Client, db: Database):
    got = await desk.receive(team_id=desk.inner)
    stranger = await make_agent(db, await make_account(db, "Nabo AS"), "owner")
    for agent in (desk.kari, stranger):
        other = client.other()
        await other.sign_in(agent)
        one = f"{API}/{got.conversation_id}"
        for method, path, body in (
            ("GET", one, None), ("GET", f"{one}/messages", None), ("POST", f"{one}/messages", _answer()),
            ("PATCH", one, {"status": "closed"}), ("PUT", f"{one}/draft", {"body": "x"}), ("DELETE", f"{one}/draft", None),
            ("PUT", f"{one}/read", {"seq": 1}), ("PUT", f"{one}/tags/{uuid4()}", None),
            ("DELETE", f"{one}/tags/{uuid4()}", None), ("POST", f"{one}/messages/{got.message_id}/retry", None),
        ):  # fmt: skip
            answer = await other.request(method, path, json=body)
            assert answer.status_code == 404, (agent.name, method, path, answer.text)
        assert (await other.get(API)).json()["items"] == []
        await other.aclose()


async def test_drafts_tags_views_and_search(desk: Desk, client: Client):
    got = await desk.receive("Jeg mangler fakturaen")
    async with desk.db.work(desk.account.id) as tx:
        from svardesk.conversations.store import sql

        await tx.run(sql.index_words, account_id=desk.account.id, ids=[got.message_id])
    await client.sign_in(desk.siv)
    one = f"{API}/{got.conversation_id}"
    draft = await client.put(f"{one}/draft", json={"body": "Hei", "version": 0})
    assert (draft.status_code, draft.json()["version"]) == (200, 1)
    stale = await client.put(f"{one}/draft", json={"body": "Hei", "version": 0})
    assert (stale.status_code, stale.json()["error"]["code"]) == (409, "draft_conflict")
    assert (await client.delete(f"{one}/draft")).status_code == 204
    tag = (await client.post("/api/v1/tags", json={"name": "Faktura", "colour": "teal"})).json()
    assert (await client.put(f"{one}/tags/{tag['id']}")).json()["tags"] == [tag["id"]]
    assert (await client.patch(f"/api/v1/tags/{tag['id']}", json={"name": "Regning"})).json()["name"] == "Regning"
    view = await client.post(
        "/api/v1/views", json={"name": "Regninger", "filters": {"view": "all", "tag_id": tag["id"]}, "shared": True}
    )
    assert view.status_code == 201, view.text
    listed = (await client.get(API, params={"view_id": view.json()["id"]})).json()["items"]
    assert [row["id"] for row in listed] == [str(got.conversation_id)]
    assert (await client.delete(f"{one}/tags/{tag['id']}")).json()["tags"] == []
    assert (await client.get(API, params={"view_id": view.json()["id"]})).json()["items"] == []
    assert [one["name"] for one in (await client.get("/api/v1/views")).json()["items"]] == ["Regninger"]
    assert (await client.delete(f"/api/v1/views/{view.json()['id']}")).status_code == 204
    found = (await client.get("/api/v1/search", params={"q": "faktura"})).json()
    assert found["messages"][0]["snippet_html"] == "Jeg mangler <mark>fakturaen</mark>"
    assert found["messages"][0]["conversation"]["id"] == str(got.conversation_id)
    found = (await client.get("/api/v1/search", params={"q": "hansen", "kind": "contacts"})).json()
    assert [one["name"] for one in found["contacts"]] == ["Ola Hansen"]
    contact = (await client.get(f"/api/v1/contacts/{desk.contact_id}")).json()
    assert (contact["name"], contact["identities"], contact["fields"]) == ("Ola Hansen", [], {})
    changed = await client.patch(f"/api/v1/contacts/{desk.contact_id}", json={"name": "Ola Moe", "version": 1})
    assert (changed.json()["name"], changed.json()["version"]) == ("Ola Moe", 2)
