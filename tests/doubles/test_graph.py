"""The stand-in for Meta keeps Meta's rules."""

import asyncio
import contextlib
import hmac
import json
import socket
from base64 import urlsafe_b64decode
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest
import uvicorn

from tests.doubles.graph import PAGE_INBOX, GraphDouble, World
from tests.doubles.graph.world import load

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


class Receiver:
    """A webhook address that notes what comes; ``status`` is what it answers."""

    def __init__(self) -> None:
        self.status = 200
        self.wait = 0.0
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.url = ""

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.got]

    def items(self, kind: str = "messaging") -> list[dict[str, Any]]:
        return [item for body in self.bodies for entry in body["entry"] for item in entry.get(kind, [])]

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body = b""
        while (part := await receive())["type"] == "http.request":
            body += part.get("body", b"")
            if not part.get("more_body"):
                break
        query = parse_qs(scope["query_string"].decode())
        answer, status = b"", self.status
        if scope["method"] == "GET":
            if query.get("hub.verify_token") != ["hemmelig"]:
                status = 403
            answer = query["hub.challenge"][0].encode()
        else:
            self.got.append(({name.decode(): value.decode() for name, value in scope["headers"]}, body))
        await asyncio.sleep(self.wait)
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": answer})


class Api:
    """Calls of the Graph with the page's token."""

    def __init__(self, graph: GraphDouble, client: httpx.AsyncClient) -> None:
        self.graph, self.client = graph, client

    async def __call__(self, method: str, path: str, body: Any = None, **params: Any) -> tuple[int, Any]:
        headers = {"authorization": "Bearer " + self.graph.token.token}
        answer = await self.client.request(method, f"/v26.0/{path}", json=body, params=params, headers=headers)
        return answer.status_code, answer.json()

    async def send(self, psid: str, text: str = "Hei!", kind: str = "RESPONSE", **more: Any) -> Any:
        body = {"recipient": {"id": psid}, "messaging_type": kind, "message": {"text": text}, **more}
        _, answer = await self("POST", f"{self.graph.page.id}/messages", body)
        return answer


def code(answer: Any) -> tuple[int, int | None]:
    return answer["error"]["code"], answer["error"].get("error_subcode")


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    made = Receiver()
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.bind(("127.0.0.1", 0))
    made.url = f"http://127.0.0.1:{listening.getsockname()[1]}/hook"
    config = uvicorn.Config(made, log_level="critical", lifespan="off", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    server.capture_signals = contextlib.nullcontext  # pyright: ignore[reportAttributeAccessIssue]
    task = asyncio.create_task(server.serve(sockets=[listening]))
    yield made
    server.should_exit = True
    await task


@pytest.fixture
async def graph(receiver: Receiver) -> AsyncIterator[GraphDouble]:
    async with GraphDouble(clock=lambda: NOON) as made:
        made.connect(receiver.url)
        yield made


@pytest.fixture
async def api(graph: GraphDouble) -> AsyncIterator[Api]:
    async with httpx.AsyncClient(base_url=graph.url) as client:
        yield Api(graph, client)


async def test_bodies_are_signed_over_their_escaped_bytes(graph: GraphDouble, receiver: Receiver):
    ase = graph.person(name="Åse Ødegård")
    for style in ("meta", "escaped", "plain"):
        graph.core.outbox.style = style
        await graph.writes(ase.psid, "Blåbær 🎉 a/b <c> 5 % @")
    for headers, body in receiver.got:
        right = hmac.new(graph.app.secret.encode(), body, sha256).hexdigest()
        assert headers["x-hub-signature-256"] == "sha256=" + right
    first, escaped, plain = (body for _, body in receiver.got)
    assert b"Bl\\u00e5b\\u00e6r \\ud83c\\udf89 a/b <c> 5 % @" in first
    assert b"a\\/b \\u003cc> 5 \\u0025 \\u0040" in escaped
    assert "Blåbær 🎉".encode() in plain
    assert len({item["message"]["text"] for item in receiver.items()}) == 1


async def test_a_webhook_address_is_verified_by_its_bare_challenge(graph: GraphDouble, receiver: Receiver, api: Api):
    assert await graph.verify(receiver.url, "hemmelig")
    assert not await graph.verify(receiver.url, "feil")
    token = f"{graph.app.id}|{graph.app.secret}"
    body = {"object": "page", "callback_url": receiver.url, "verify_token": "feil", "access_token": token}
    answer = await api.client.post(f"/v26.0/{graph.app.id}/subscriptions", json=body)
    assert code(answer.json()) == (2200, None)
    answer = await api.client.post(f"/v26.0/{graph.app.id}/subscriptions", json=body | {"verify_token": "hemmelig"})
    assert answer.json() == {"success": True}


async def test_an_answer_comes_back_as_echo_with_its_metadata(graph: GraphDouble, receiver: Receiver, api: Api):
    ase = graph.person()
    await graph.writes(ase.psid, "Hei")
    answer = await api.send(ase.psid, message={"text": "Hei, Åse!", "metadata": "vår-1"})
    await graph.settle()
    assert answer["recipient_id"] == ase.psid
    _, echo, delivery = receiver.items()
    assert (echo["sender"]["id"], echo["recipient"]["id"]) == (graph.page.id, ase.psid)
    assert echo["message"] == {
        "mid": answer["message_id"],
        "is_echo": True,
        "text": "Hei, Åse!",
        "app_id": int(graph.app.id),
        "metadata": "vår-1",
    }
    assert delivery["delivery"]["watermark"] == echo["timestamp"]
    assert graph.sent[0].metadata == "vår-1"


async def test_windows_and_tags(graph: GraphDouble, api: Api):
    ase = graph.person()
    assert code(await api.send(ase.psid)) == (10, 2018278)
    await graph.writes(ase.psid, "Hei")
    assert "message_id" in await api.send(ase.psid)
    assert code(await api.send(ase.psid, kind="")) == (100, None)
    assert "message_id" in await api.send(ase.psid, kind="MESSAGE_TAG", tag="HUMAN_AGENT")
    assert graph.misuse == [f"HUMAN_AGENT inside 24 hours, to {ase.psid}"]
    await graph.advance(timedelta(hours=24, seconds=1))
    assert code(await api.send(ase.psid)) == (10, 2018278)
    assert code(await api.send(ase.psid, kind="UPDATE")) == (10, 2018278)
    assert "message_id" in await api.send(ase.psid, kind="MESSAGE_TAG", tag="HUMAN_AGENT")
    for tag in ("ACCOUNT_UPDATE", "CONFIRMED_EVENT_UPDATE", "POST_PURCHASE_UPDATE"):
        assert code(await api.send(ase.psid, kind="MESSAGE_TAG", tag=tag)) == (100, None)
    graph.page.features.discard("human_agent")
    assert code(await api.send(ase.psid, kind="MESSAGE_TAG", tag="HUMAN_AGENT")) == (10, None)
    graph.page.features.add("human_agent")
    await graph.advance(timedelta(days=6))
    assert code(await api.send(ase.psid, kind="MESSAGE_TAG", tag="HUMAN_AGENT")) == (10, 2018065)
    await graph.taps(ase.psid, "HJELP", "Hjelp")
    assert "message_id" in await api.send(ase.psid)


async def test_utility_messages_need_an_approved_template(graph: GraphDouble, receiver: Receiver, api: Api):
    ase = graph.person()
    template = {"name": "levering", "language": {"code": "nb_NO"}, "components": [
        {"type": "body", "parameters": [{"type": "text", "text": "fredag"}]}]}  # fmt: skip
    wanted = {"kind": "UTILITY", "message": {"template": template}}
    assert code(await api.send(ase.psid, **wanted)) == (10, None)
    graph.page.features.add("page_utility_messaging")
    assert code(await api.send(ase.psid, **wanted)) == (100, None)
    made = {"name": "levering", "language": "nb_NO", "components": [{"type": "BODY", "text": "Pakken kommer {{1}}."}]}
    assert (await api("POST", f"{graph.page.id}/message_templates", made))[1]["status"] == "APPROVED"
    await graph.settle()
    assert receiver.items("changes")[0]["value"]["event"] == "APPROVED"
    assert "message_id" in await api.send(ase.psid, **wanted)
    assert graph.world.thread(ase.psid).messages[-1].text == "Pakken kommer fredag."


async def test_sizes_and_attachments(graph: GraphDouble, receiver: Receiver, api: Api):
    ase = graph.person()
    await graph.writes(ase.psid, attachments=[("image", b"\x89PNG", "image/png", "blå.png")])
    url = receiver.items()[0]["message"]["attachments"][0]["payload"]["url"]
    assert (await api.client.get(url)).content == b"\x89PNG"
    assert code(await api.send(ase.psid, "x" * 2000)) == (100, None)
    assert "message_id" in await api.send(ase.psid, "x" * 1999)
    assert code(await api.send(ase.psid, message={"text": "x", "metadata": "x" * 1000})) == (100, None)
    by_url = {"attachment": {"type": "image", "payload": {"url": url}}}
    assert "message_id" in await api.send(ase.psid, message=by_url)
    big = graph.world.add_media("image", "image/png", b"x" * (8 * 2**20 + 1))
    by_url["attachment"]["payload"]["url"] = graph.world.media_url(big)
    assert code(await api.send(ase.psid, message=by_url)) == (100, 2018109)
    by_url["attachment"]["payload"]["url"] = graph.url + "/_media/none/none"
    assert code(await api.send(ase.psid, message=by_url)) == (100, 2018008)
    form = {"recipient": json.dumps({"id": ase.psid}), "messaging_type": "RESPONSE",
            "message": json.dumps({"attachment": {"type": "file", "payload": {}}}),
            "access_token": graph.token.token}  # fmt: skip
    files = {"filedata": ("kvittering.pdf", b"%PDF", "application/pdf")}
    answer = await api.client.post("/v26.0/me/messages", data=form, files=files)
    assert answer.status_code == 200
    assert graph.sent[-1].attachment["type"] == "file"


async def test_a_private_reply_goes_once_within_seven_days(graph: GraphDouble, receiver: Receiver, api: Api):
    ase = graph.person()
    post = await graph.posts("Nytt nett")
    comment = await graph.comments(post, ase, "Når?")
    own = await graph.comments(post, None, "Snart", parent=comment)
    late = await graph.comments(post, ase, "Og her?")
    body = {"recipient": {"comment_id": comment.id}, "message": {"text": "Hei!"}}
    status, answer = await api("POST", "me/messages", body)
    assert (status, answer["recipient_id"]) == (200, ase.psid)
    assert ase.psid != ase.commenter_id
    assert code((await api("POST", "me/messages", body))[1]) == (10900, None)
    body["recipient"]["comment_id"] = own.id
    assert code((await api("POST", "me/messages", body))[1]) == (10903, None)
    assert code(await api.send(ase.psid)) == (10, 2018278)
    await graph.advance(timedelta(days=7, seconds=1))
    body["recipient"]["comment_id"] = late.id
    assert code((await api("POST", "me/messages", body))[1]) == (10903, None)
    graph.page.messages_off = True
    assert code((await api("POST", "me/messages", body))[1]) == (10904, None)


async def test_errors_by_psid_and_by_rule(graph: GraphDouble, api: Api):
    wanted = {"0278": (10, 2018278), "0551": (551, 1545041), "0190": (190, 460), "0613": (613, None), "0002": (2, None)}
    for ends, expected in wanted.items():
        person = graph.person(ends=ends)
        await graph.writes(person.psid, "Hei")
        assert code(await api.send(person.psid)) == expected
    ase = graph.person()
    await graph.writes(ase.psid, "Hei")
    graph.fail(1, 99, status=503, times=2, psid=ase.psid)
    assert code(await api.send(ase.psid)) == (1, 99)
    assert code(await api.send(ase.psid)) == (1, 99)
    assert "message_id" in await api.send(ase.psid)
    graph.core.options.hang = 5
    before = len(graph.sent)
    graph.hang(deliver=True)
    api.client.timeout = httpx.Timeout(0.2)
    with pytest.raises(httpx.ReadTimeout):
        await api.send(ase.psid)
    assert len(graph.sent) == before + 1
    api.client.timeout = httpx.Timeout(5)
    graph.drop()
    with pytest.raises(httpx.RemoteProtocolError):
        await api.send(ase.psid)
    assert len(graph.sent) == before + 1
    graph.page.restricted = True
    assert code(await api.send(ase.psid)) == (10, 1893063)
    graph.revoke()
    assert code(await api.send(ase.psid)) == (190, 460)


async def test_versions_tokens_and_proofs(graph: GraphDouble, api: Api):
    page = graph.page.id
    headers = {"authorization": "Bearer " + graph.token.token}
    for path, expected in ((f"/{page}", 2500), (f"/v20.0/{page}", 2635), ("/v26.0/1/", 100)):
        assert code((await api.client.get(path, headers=headers)).json())[0] == expected
    assert code((await api.client.get(f"/v26.0/{page}")).json())[0] == 2500
    assert code((await api.client.get(f"/v26.0/{page}?access_token=feil")).json())[0] == 190
    assert code((await api("GET", page, appsecret_proof="feil"))[1]) == (100, None)
    proof = hmac.new(graph.app.secret.encode(), graph.token.token.encode(), sha256).hexdigest()
    assert (await api("GET", page, appsecret_proof=proof))[1] == {"id": page, "name": "Fjordnett AS"}
    other, _ = graph.pages("Nabobedriften")
    assert code((await api("GET", other.id))[1]) == (100, 33)


async def test_failures_are_tried_again_and_end_the_subscription(graph: GraphDouble, receiver: Receiver, api: Api):
    ase = graph.person()
    receiver.status = 500
    await graph.writes(ase.psid, "Er dere der?")
    assert len(receiver.got) == 2
    await graph.advance(timedelta(minutes=5))
    assert len(receiver.got) == 4
    receiver.status = 200
    await graph.advance(timedelta(minutes=10))
    assert len(receiver.got) == 5
    assert len({body for _, body in receiver.got}) == 1
    receiver.status = 500
    await graph.writes(ase.psid, "Hallo?")
    await graph.advance(timedelta(minutes=59))
    assert [one["kind"] for one in graph.app.alerts] == ["webhooks_failing"]
    assert graph.page.subscriptions
    await graph.advance(timedelta(hours=2))
    assert [one["kind"] for one in graph.app.alerts] == ["webhooks_failing", "webhooks_disabled"]
    receiver.status, tried = 200, len(receiver.got)
    await graph.writes(ase.psid, "Ingen hører dette")
    assert len(receiver.got) == tried
    assert (await api("GET", f"{graph.page.id}/subscribed_apps"))[1] == {"data": []}
    assert (await api("POST", f"{graph.page.id}/subscribed_apps", subscribed_fields="messages,feed"))[0] == 200
    await graph.writes(ase.psid, "Men dette")
    assert len(receiver.got) == tried + 1
    fields = "participants,messages.limit(2){id,message,from,created_time}"
    _, found = await api("GET", f"{graph.page.id}/conversations", fields=fields)
    inside = found["data"][0]["messages"]
    assert [one["message"] for one in inside["data"]] == ["Men dette", "Ingen hører dette"]
    rest = (await api.client.get(inside["paging"]["next"])).json()
    assert [one["message"] for one in rest["data"]] == ["Hallo?", "Er dere der?"]
    assert code((await api("GET", f"{graph.page.id}/conversations"))[1]) == (613, None)


async def test_a_receiver_that_is_too_slow_has_failed(graph: GraphDouble, receiver: Receiver):
    graph.core.outbox.pace.timeout = 0.05
    receiver.wait = 0.2
    await graph.writes(graph.person().psid, "Hei")
    assert graph.deliveries[0].statuses == ["timeout", "timeout"]


async def test_batches_with_duplicates_and_disorder(graph: GraphDouble, receiver: Receiver):
    people = [graph.person(name=f"Nr {number}") for number in range(10)]
    async with graph.batch(shuffle=True, duplicates=50) as batch:
        for number in range(100):
            for person in people:
                await graph.writes(person.psid, f"melding {number}")
        batch.extra.append({"noe": "ukjent"})
    assert batch.sent == 1051
    counts = [sum(len(entry["messaging"]) for entry in body["entry"]) for body in receiver.bodies]
    assert counts == [1000, 51]
    mids = [item["message"]["mid"] for item in receiver.items() if "message" in item]
    assert (len(mids), len(set(mids))) == (1050, 1000)
    stamps = [item["timestamp"] for item in receiver.items() if "message" in item]
    assert stamps != sorted(stamps)


async def test_standby_and_thread_control(graph: GraphDouble, receiver: Receiver, api: Api):
    ase = graph.person()
    await graph.writes(ase.psid, "Hei")
    await graph.owner(ase.psid, PAGE_INBOX)
    passed = receiver.items()[-1]["pass_thread_control"]
    assert (passed["previous_owner_app_id"], passed["new_owner_app_id"]) == (None, int(PAGE_INBOX))
    await graph.taps(ase.psid, "HJELP", "Hjelp")
    await graph.answered_elsewhere(ase.psid, "Svar fra innboksen")
    tapped, echo, _ = receiver.items("standby")
    assert "payload" not in tapped["postback"]
    assert echo["message"]["app_id"] == int(PAGE_INBOX)
    assert code(await api.send(ase.psid)) == (10, 2018300)
    to = {"recipient": {"id": ase.psid}}
    owner = await api("GET", "me/thread_owner", recipient=ase.psid)
    assert owner[1]["data"][0]["thread_owner"]["app_id"] == PAGE_INBOX
    assert code((await api("POST", "me/take_thread_control", to))[1]) == (200, None)
    graph.page.default_app = graph.app.id
    _, taken = await api("POST", "me/take_thread_control", to)
    assert taken["thread_owner"]["app_id"] == graph.app.id
    assert "message_id" in await api.send(ase.psid)
    await api("POST", "me/release_thread_control", to)
    assert (await api("GET", "me/thread_owner", recipient=ase.psid))[1] == {"data": []}


async def test_what_a_person_does_later(graph: GraphDouble, receiver: Receiver):
    ase = graph.person()
    referral = await graph.comes_from(ase.psid, source="ADS", ad_id="12", ad_title="Fiber 500", tell=False)
    message = await graph.writes(ase.psid, "Hei", referral=referral)
    await graph.reacts(ase.psid, message.mid, "👍")
    await graph.unreacts(ase.psid, message.mid)
    await graph.edits(message.mid, "Hei dere")
    await graph.unsends(message.mid)
    await graph.reads(ase.psid)
    first, react, unreact, edit, unsend, read = receiver.items()
    assert first["message"]["referral"]["ads_context_data"]["ad_title"] == "Fiber 500"
    assert react["reaction"] == {"mid": message.mid, "action": "react", "reaction": "like", "emoji": "👍"}
    assert unreact["reaction"] == {"mid": message.mid, "action": "unreact"}
    assert edit["message_edit"] == {"mid": message.mid, "text": "Hei dere", "num_edit": 1}
    assert unsend["message"] == {"mid": message.mid, "is_deleted": True}
    assert read["read"]["watermark"] >= message.at


async def test_an_opt_in_without_an_id_is_answered_by_its_reference(graph: GraphDouble, receiver: Receiver, api: Api):
    await graph.opts_in(graph.person().psid, {"ref": "kasse", "user_ref": "r-1"})
    assert receiver.items()[0]["sender"] == {"user_ref": "r-1"}
    answer = await api.send("", recipient={"user_ref": "r-1"})
    assert list(answer) == ["message_id"]
    assert code(await api.send("", recipient={"user_ref": "r-2"})) == (100, 2018001)


async def test_limits_are_by_page_and_second(graph: GraphDouble, api: Api):
    ase = graph.person()
    await graph.writes(ase.psid, "Hei")
    graph.core.limits.send_per_second = 2
    answers = [await api.send(ase.psid) for _ in range(3)]
    assert code(answers[2]) == (613, None)
    await graph.advance(1)
    answer = await api.client.post("/v26.0/me/messages", params={"access_token": graph.token.token}, json={
        "recipient": {"id": ase.psid}, "messaging_type": "RESPONSE", "message": {"text": "Hei"}})  # fmt: skip
    assert json.loads(answer.headers["x-app-usage"])["call_count"] == 0
    assert list(json.loads(answer.headers["x-business-use-case-usage"])) == [graph.page.id]


async def test_the_feed_both_ways(graph: GraphDouble, receiver: Receiver, api: Api):
    ase = graph.person()
    _, made = await api("POST", f"{graph.page.id}/feed", {"message": "Planlagt arbeid"})
    comment = await graph.comments(made["id"], ase, "Hvor?")
    _, answer = await api("POST", f"{comment.id}/comments", {"message": "I Bergen."})
    assert (await api("POST", comment.id, is_hidden="true"))[1] == {"success": True}
    assert (await api("POST", f"{comment.id}/likes"))[1] == {"success": True}
    await graph.edits_comment(comment, "Hvor da?")
    await graph.removes_comment(comment)
    await graph.posts("Dårlig dekning", by=ase, recommends=False)
    values = [one["value"] for one in receiver.items("changes")]
    assert [(one["item"], one["verb"]) for one in values] == [
        ("status", "add"),
        ("comment", "add"),
        ("comment", "add"),
        ("comment", "hide"),
        ("comment", "edited"),
        ("comment", "remove"),
        ("comment", "remove"),
        ("rating", "add"),
    ]
    assert (values[1]["parent_id"], values[1]["from"]["id"]) == (made["id"], ase.commenter_id)
    assert (values[2]["parent_id"], values[2]["from"]["id"]) == (comment.id, graph.page.id)
    assert code((await api("GET", answer["id"]))[1]) == (100, 33)
    soon = int((NOON + timedelta(minutes=5)).timestamp())
    later = int((NOON + timedelta(hours=1)).timestamp())
    body = {"message": "Ferdig", "published": False, "scheduled_publish_time": soon}
    assert code((await api("POST", "me/feed", body))[1])[0] == 100
    _, made = await api("POST", "me/feed", body | {"scheduled_publish_time": later})
    await graph.settle()
    count = len(receiver.items("changes"))
    await graph.advance(timedelta(hours=2))
    assert receiver.items("changes")[count]["value"]["post_id"] == made["id"]


async def test_profiles_have_gaps_and_the_page_a_profile(graph: GraphDouble, api: Api):
    full, empty, closed = (graph.person(profile=one) for one in ("full", "empty", "consent"))
    assert (await api("GET", full.psid, fields="first_name"))[1] == {"id": full.psid, "first_name": "Åse"}
    assert (await api("GET", empty.psid, fields="first_name"))[1] == {"id": empty.psid}
    assert code((await api("GET", closed.psid, fields="first_name"))[1]) == (230, None)
    menu = [{"locale": "default", "call_to_actions": [{"type": "postback", "title": "Hjelp", "payload": "H"}]}]
    assert code((await api("POST", "me/messenger_profile", {"persistent_menu": menu}))[1]) == (100, None)
    both = {"persistent_menu": menu, "get_started": {"payload": "START"}}
    assert (await api("POST", "me/messenger_profile", both))[1] == {"result": "success"}
    dropped = await api("DELETE", "me/messenger_profile", {"fields": ["get_started"]})
    assert code(dropped[1]) == (100, None)
    nobody = {"greeting": [{"locale": "nb_NO", "text": "Hei"}]}
    assert code((await api("POST", "me/messenger_profile", nobody))[1]) == (100, None)


async def test_signing_in_gives_page_tokens(graph: GraphDouble, api: Api):
    page = graph.page
    query = {"client_id": graph.app.id, "redirect_uri": "https://desk.example/tilbake", "state": "xyz"}
    shown = await api.client.get("/v26.0/dialog/oauth", params=query)
    assert page.name in shown.text
    user = next(iter(graph.world.state.administrators))
    form = {**query, "user": user, "answer": "yes", "page": page.id, "scope": ""}
    back = await api.client.post("/v26.0/dialog/oauth", data=form)
    given = httpx.URL(back.headers["location"]).params
    assert given["state"] == "xyz"
    wanted = {"client_id": graph.app.id, "client_secret": graph.app.secret, "code": given["code"]}
    wanted["redirect_uri"] = query["redirect_uri"]
    token = (await api.client.get("/v26.0/oauth/access_token", params=wanted)).json()["access_token"]
    again = (await api.client.get("/v26.0/oauth/access_token", params=wanted)).json()
    assert code(again) == (100, 36009)
    mine = (await api.client.get("/v26.0/me/accounts", params={"access_token": token})).json()["data"]
    assert (mine[0]["id"], "MESSAGING" in mine[0]["tasks"]) == (page.id, True)
    seen = await api.client.get(
        "/v26.0/debug_token",
        params={"input_token": mine[0]["access_token"], "access_token": f"{graph.app.id}|{graph.app.secret}"},
    )
    assert seen.json()["data"]["profile_id"] == page.id


async def test_data_deletion_is_signed_over_the_encoded_payload(graph: GraphDouble, receiver: Receiver):
    await graph.signed_post(receiver.url, graph.person().app_user_id)
    sign, _, payload = parse_qs(receiver.got[-1][1].decode())["signed_request"][0].partition(".")
    right = hmac.new(graph.app.secret.encode(), payload.encode(), sha256).digest()
    assert urlsafe_b64decode(sign + "=" * (-len(sign) % 4)) == right


async def test_it_is_steered_over_http_and_kept_in_a_file(graph: GraphDouble, receiver: Receiver, api: Api, tmp_path):
    client = api.client
    made = (await client.post("/_control/person", json={"name": "Väinö Mäkelä"})).json()
    await client.post("/_control/writes", json={"psid": made["psid"], "text": "Hei på deg"})
    assert receiver.items()[-1]["message"]["text"] == "Hei på deg"
    assert (await client.post("/_control/nonsense")).status_code == 422
    seen = (await client.get("/_control/view", params={"psid": made["psid"]})).json()
    assert seen["thread"]["messages"][0]["text"] == "Hei på deg"
    for path in ("/", "/_page/page.js", "/_page/page.css"):
        assert (await client.get(path)).status_code == 200
    graph.world.save(tmp_path / "world.json")
    again = World(state=load(tmp_path / "world.json"))
    assert again.thread(made["psid"]).messages[0].text == "Hei på deg"
