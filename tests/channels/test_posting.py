"""What visitors send: messages once and in order, receipts, addresses, pages, floods."""

import asyncio
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from svardesk.channels import deliveries
from svardesk.channels.webchat import visitors
from svardesk.kit.clock import FixedClock
from svardesk.kit.db import Database
from svardesk.kit.ids import uuid7
from tests.channels.conftest import Browser, Widget
from tests.factories import insert, make_agent

Browse = Callable[..., Browser]


async def counts(db: Database, widget: Widget) -> dict[str, int]:
    """How many rows of each kind there are."""
    async with db.work(widget.account.id) as tx:
        return {
            table: await tx.value(f"SELECT count(*) FROM {table}")
            for table in ("envelopes", "inbound_items", "messages", "conversations", "contacts")
        }


async def answer(db: Database, widget: Widget, body: str, **values: Any) -> UUID:
    """An agent's answer in the test's only conversation, with its way out planned."""
    async with db.work(widget.account.id) as tx:
        row = await tx.one(
            "UPDATE conversations SET last_seq = last_seq + 1, last_public_seq = last_seq + 1 RETURNING id, last_seq"
        )
    agent = await make_agent(db, widget.account, name="Kari Marie Nordmann")
    values = {"kind": "answer", "author_kind": "agent", "author_id": agent.id, "state": "queued", **values}
    message_id = await insert(
        db, "messages", widget.account.id, conversation_id=row["id"], seq=row["last_seq"], body=body,
        actor=f"agent:{agent.id}", created_at=FixedClock().now(), **values,
    )  # fmt: skip
    async with db.work(widget.account.id) as tx:
        await deliveries.plan(tx, FixedClock().now(), [message_id])
    return message_id


async def test_a_message_is_kept_raw_and_stored_once(browser: Browser, db: Database, widget: Widget) -> None:
    client_id = str(uuid7())
    first = await browser.write("  Hei 👋, når kommer\r\npakken?  ", client_id=client_id)
    assert first.status_code == 201
    message = first.json()["message"]
    assert message["body"] == "Hei 👋, når kommer\npakken?"
    assert (message["seq"], message["mine"], message["state"], message["client_id"]) == (1, True, "sent", client_id)
    assert message["author"] == {"kind": "contact", "name": None}
    again = await browser.write("  Hei 👋, når kommer\r\npakken?  ", client_id=client_id)
    assert again.status_code == 200
    assert again.json()["message"] == message
    assert await counts(db, widget) == {
        "envelopes": 1, "inbound_items": 1, "messages": 1, "conversations": 1, "contacts": 1,
    }  # fmt: skip
    async with db.work(widget.account.id) as tx:
        envelope = await tx.one("SELECT * FROM envelopes")
        item = await tx.one("SELECT * FROM inbound_items")
        stored = await tx.one(
            "SELECT m.*, c.contact_id FROM messages m JOIN conversations c ON c.id = m.conversation_id"
        )
    assert b"  Hei \xf0\x9f\x91\x8b" in bytes(envelope["raw"]) or b"\\ud83d\\udc4b" in bytes(envelope["raw"])
    assert (envelope["state"], envelope["contact_id"]) == ("parsed", stored["contact_id"])
    assert (item["idempotency_key"], item["envelope_id"]) == (client_id, envelope["id"])
    assert stored["actor"] == f"visitor:{envelope['headers']['svardesk-session']}"


async def test_the_same_message_ten_times_at_once_is_one(browser: Browser, db: Database, widget: Widget) -> None:
    for first in (True, False):
        client_id = str(uuid7())
        answers = await asyncio.gather(*(browser.write("Hei", client_id=client_id) for _ in range(10)))
        assert sorted(one.status_code for one in answers) == [200] * 9 + [201], [one.text for one in answers]
        assert len({one.json()["message"]["id"] for one in answers}) == 1
        assert (await counts(db, widget))["messages"] == (1 if first else 2)
    assert (await counts(db, widget))["conversations"] == 1


async def test_two_tabs_that_write_first_at_once_meet_in_one_conversation(
    browser: Browser, db: Database, widget: Widget
) -> None:
    answers = await asyncio.gather(*(browser.write(f"nr {number}") for number in range(8)))
    assert [one.status_code for one in answers] == [201] * 8
    assert sorted(one.json()["message"]["seq"] for one in answers) == list(range(1, 9))
    assert (await counts(db, widget))["contacts"] == 1
    assert (await counts(db, widget))["conversations"] == 1


async def test_a_client_id_of_somebody_else_is_no_way_to_their_message(browse: Browse) -> None:
    one, other = browse(), browse()
    await one.open()
    await other.open()
    client_id = str(uuid7())
    await one.say("hemmelig", client_id=client_id)
    await other.say("mitt eget")
    answer = await other.write("x", client_id=client_id)
    assert answer.status_code == 409
    assert answer.json()["error"]["code"] == "client_id_taken"
    assert "hemmelig" not in answer.text


async def test_a_retry_after_the_visitor_was_vouched_for_is_still_one(
    browse: Browse, db: Database, widget: Widget
) -> None:
    browser = browse()
    await browser.open()
    client_id = str(uuid7())
    first = await browser.say("Hei", client_id=client_id)
    async with db.work(widget.account.id) as tx:
        # A new session of the same person (another token), whose outbox still holds the message.
        row = await tx.one("SELECT contact_id, identity_id, conversation_id FROM webchat_sessions")
    second = browse()
    await second.open()
    async with db.work(widget.account.id) as tx:
        await tx.run(
            "UPDATE webchat_sessions SET contact_id = %(contact_id)s, identity_id = %(identity_id)s,"
            " conversation_id = %(conversation_id)s WHERE token_hash = %(hash)s",
            **row, hash=visitors.digest(second.token or ""),
        )  # fmt: skip
    visitors.forget()
    again = await second.write("Hei", client_id=client_id)
    assert (again.status_code, again.json()["message"]["id"]) == (200, first["id"])
    assert (await counts(db, widget))["messages"] == 1


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "invalid"),
        (b"{", "invalid"),
        (b"[]", "invalid"),
        (b'{"body":"uten id"}', "invalid"),
        (b'{"client_id":"0193f0c0-1111-7000-8000-000000000001","body":7}', "invalid"),
        (b'{"client_id":"0193f0c0-1111-7000-8000-000000000001","body":"  "}', "empty_message"),
        (b'{"client_id":"0193f0c0-1111-7000-8000-000000000001","body":"a\\u0000b"}', "invalid"),
        (b'{"client_id":"0193f0c0-1111-7000-8000-000000000001","body":"' + b"x" * 8001 + b'"}', "invalid"),
        (b'{"client_id":"0193f0c0-1111-7000-8000-000000000001","body":"\xff"}', "invalid"),
        (b'{"client_id":"0193f0c0-1111-7000-8000-000000000001","body":"x","seq":1}', "invalid"),
    ],
)
async def test_strange_messages_are_400_and_leave_nothing(
    browser: Browser, db: Database, widget: Widget, body: bytes, code: str
) -> None:
    headers = {**browser.bearer, "content-type": "application/json"}
    answer = await browser.http.post("/widget/v1/messages", content=body, headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)
    assert sum((await counts(db, widget)).values()) == 0


async def test_a_session_that_ended_elsewhere_takes_nothing_any_more(
    browser: Browser, widget: Widget, db: Database
) -> None:
    await browser.say("Hei")
    for end in ("UPDATE webchat_sessions SET revoked_at = now()", "DELETE FROM webchat_sessions"):
        await browser.say("Er det noen der?")  # this process remembers the session
        async with db.work(widget.account.id) as tx:
            before = await tx.value("SELECT count(*) FROM messages")
            await tx.run(end)
        refused = await browser.write("Mer om saken min")
        assert (refused.status_code, refused.json()["error"]["code"]) == (401, "visitor_token_invalid")
        async with db.work(widget.account.id) as tx:
            left = [await tx.value(f"SELECT count(*) FROM {t}") for t in ("messages", "envelopes", "inbound_items")]
            assert left == [before, before, before], "nothing half done"
            await tx.run("UPDATE webchat_sessions SET revoked_at = NULL")


async def test_messages_need_a_living_token(browse: Browse, clock: FixedClock) -> None:
    browser = browse()
    answer = await browser.write()
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "visitor_token_missing")
    browser.token = "å" * 43
    browser.http.headers["authorization"] = "Basic eDp5"
    assert (
        await browser.http.post("/widget/v1/messages", json={"client_id": str(uuid7()), "body": "x"})
    ).status_code == 401
    del browser.http.headers["authorization"]
    browser.token = None
    await browser.open()
    clock.advance(days=31)
    assert (await browser.write()).status_code == 401


async def test_a_flood_of_one_visitor_is_stopped_and_others_go_on(browse: Browse, db: Database, widget: Widget) -> None:
    flooder, quiet = browse(), browse()
    await flooder.open()
    await quiet.open()
    codes = [(await flooder.write(f"{number}")).status_code for number in range(40)]
    assert codes[:30] == [201] * 30
    assert codes[-1] == 429
    assert (await quiet.write("Hei")).status_code == 201
    assert (await counts(db, widget))["messages"] == codes.count(201) + 1


async def test_only_thanks_wakes_nobody(browser: Browser, db: Database, widget: Widget) -> None:
    await browser.say("Hei")
    async with db.work(widget.account.id) as tx:
        await tx.run("UPDATE conversations SET status = 'closed', closed_at = now(), waiting_since = NULL")
    await browser.say("Tusen takk! 😊")
    async with db.work(widget.account.id) as tx:
        row = await tx.one("SELECT status, waiting_since, last_seq FROM conversations")
    assert (row["status"], row["waiting_since"], row["last_seq"]) == ("closed", None, 2)
    await browser.say("Men en ting til?")
    async with db.work(widget.account.id) as tx:
        assert await tx.value("SELECT status FROM conversations") == "open"


async def test_the_visitor_sees_answers_with_a_first_name_and_never_notes(
    browser: Browser, db: Database, widget: Widget
) -> None:
    await browser.say("Hei")
    await answer(db, widget, "internt", kind="note", state=None)
    await answer(db, widget, "Hei, hva kan jeg hjelpe deg med?")
    await answer(db, widget, "avbrutt", state="cancelled")
    seen = (await browser.open())["messages"]
    assert [(one["body"], one["mine"], one["author"], one["state"]) for one in seen] == [
        ("Hei", True, {"kind": "contact", "name": None}, "sent"),
        ("Hei, hva kan jeg hjelpe deg med?", False, {"kind": "agent", "name": "Kari"}, None),
    ]
    assert seen[1]["client_id"] is None
    assert "internt" not in str(seen)


async def test_receipts_move_answers_and_deliveries_forward_only(
    browser: Browser, db: Database, widget: Widget
) -> None:
    await browser.say("Hei")
    ids = [await answer(db, widget, text) for text in ("en", "to")]

    async def states() -> list[tuple[str, str]]:
        async with db.work(widget.account.id) as tx:
            rows = await tx.all(
                "SELECT d.state AS d, m.state AS m FROM messages m JOIN deliveries d ON d.message_id = m.id ORDER BY m.seq"
            )
        return [(row["d"], row["m"]) for row in rows]

    assert len(ids) == 2
    assert await states() == [("sent", "sent"), ("sent", "sent")]
    assert (await browser.post("receipts", delivered_seq=3)).status_code == 204
    assert await states() == [("delivered", "delivered"), ("delivered", "delivered")]
    await browser.post("receipts", read_seq=2)
    await browser.post("receipts", delivered_seq=3)
    assert await states() == [("read", "read"), ("delivered", "delivered")]
    await browser.post("receipts", read_seq=2_000_000)
    assert await states() == [("read", "read"), ("read", "read")]
    assert (await browser.open())["read_seq"] == 3
    for wrong in ({"read_seq": -1}, {"read_seq": "tre"}, {"seen": 1}):
        assert (await browser.post("receipts", **wrong)).status_code == 400


async def test_receipts_of_a_silent_visitor_are_nothing(browser: Browser) -> None:
    assert (await browser.post("receipts", read_seq=5)).status_code == 204


async def test_the_page_of_the_visitor_is_kept_and_told(browser: Browser, db: Database, widget: Widget) -> None:
    await browser.say("Hei", page={"url": "https://butikk.example/a", "title": "A"})
    await browser.say("Der", page={"url": "https://butikk.example/a", "title": "A"})
    await browser.say("Da", page={"url": "javascript:alert(1)", "title": "\u0000 B "})
    await browser.say("Nå", page={"url": "https://butikk.example/\u0000\u0007", "title": "B"})
    async with db.work(widget.account.id) as tx:
        row = await tx.one("SELECT page_url, page_title FROM webchat_sessions")
    assert (row["page_url"], row["page_title"]) == (None, "B")
    async with db.system() as tx:
        told = await tx.value(
            "SELECT count(*) FROM event_outbox WHERE type = 'visitor_page_changed' AND account_id = %(id)s",
            id=widget.account.id,
        )
    assert told == 2


async def test_an_address_can_be_left_before_and_after_writing(browser: Browser, db: Database, widget: Widget) -> None:
    assert (await browser.post("address", email=" Ola@Example.no ", name="Ola")).status_code == 204
    assert (await browser.post("address", phone="+47 22 22 55 55")).status_code == 204
    await browser.say("Ring meg")
    opened = await browser.open()
    assert (opened["address_known"], opened["name"], opened["identified"]) == (True, "Ola", False)
    async with db.work(widget.account.id) as tx:
        rows = await tx.all("SELECT kind, address, trust FROM identities ORDER BY kind")
        assert await tx.value("SELECT count(*) FROM contacts") == 1
    assert [(row["kind"], row["address"], row["trust"]) for row in rows][:2] == [
        ("email", "ola@example.no", "claimed"), ("phone", "+4722225555", "claimed"),
    ]  # fmt: skip
    for body in ({}, {"email": "ola"}, {"phone": "ring"}):
        refused = await browser.post("address", **body)
        assert (refused.status_code, refused.json()["error"]["code"]) == (422, "bad_address")


async def test_a_revoked_session_is_not_remembered_anywhere(browser: Browser, db: Database, widget: Widget) -> None:
    await browser.say("Hei")
    async with db.work(widget.account.id) as tx:
        session_id = await tx.value("SELECT id FROM webchat_sessions")
        await tx.run("UPDATE webchat_sessions SET revoked_at = now()")
    # This process still remembers it for some seconds; the tail's word ends that.
    visitors.forget(session_id)
    assert (await browser.write("Er jeg her?")).status_code == 401


async def test_what_was_said_earlier_is_fetched_page_by_page(browser: Browser, db: Database, widget: Widget) -> None:
    await browser.say("nummer 1")
    async with db.work(widget.account.id) as tx:
        await tx.run(
            """
            INSERT INTO messages (account_id, id, conversation_id, seq, kind, author_kind, body, actor, created_at)
            SELECT account_id, gen_random_uuid(), id, n, CASE WHEN n %% 10 = 0 THEN 'note' ELSE 'answer' END, 'agent',
                'nummer ' || n, 'agent:test', created_at + n * interval '1 second'
            FROM conversations, generate_series(2, 125) AS n
            """
        )
        await tx.run("UPDATE conversations SET last_seq = 125, last_public_seq = 125")
    shown = [n for n in range(1, 126) if n % 10 or n == 1]
    opened = await browser.open()
    assert [one["seq"] for one in opened["messages"]] == shown[-50:]
    assert opened["earlier"] is True
    pages = []
    before = opened["messages"][0]["seq"]
    for _ in range(2):
        answer = await browser.http.get("/widget/v1/messages", params={"before_seq": before}, headers=browser.bearer)
        assert answer.status_code == 200
        pages.append(answer.json())
        before = pages[-1]["messages"][0]["seq"]
    assert [one["body"] for one in pages[0]["messages"]] == [f"nummer {n}" for n in shown[-100:-50]]
    assert [one["seq"] for one in pages[1]["messages"]] == shown[:-100]
    assert [page["earlier"] for page in pages] == [True, False]


async def test_earlier_messages_are_the_visitors_own_or_nobodys(browse: Browse, db: Database, widget: Widget) -> None:
    first, second, stranger = browse(), browse(), browse()
    for one, text in ((first, "Min hemmelighet"), (second, "Noe annet")):
        await one.open()
        await one.say(text)
    await stranger.open()
    seen = {}
    for name, one in (("first", first), ("second", second), ("stranger", stranger)):
        answer = await one.http.get("/widget/v1/messages", headers=one.bearer)
        assert answer.status_code == 200
        seen[name] = [message["body"] for message in answer.json()["messages"]]
    assert seen == {"first": ["Min hemmelighet"], "second": ["Noe annet"], "stranger": []}
    assert (await first.http.get("/widget/v1/messages")).status_code == 401
    assert (await first.http.get("/widget/v1/messages", headers={"authorization": "Bearer no"})).status_code == 401
    for bad in ("-1", "x", str(2**31)):
        answer = await first.http.get("/widget/v1/messages", params={"before_seq": bad}, headers=first.bearer)
        assert answer.status_code == 400, bad
    await first.post("reset")
    assert (await first.http.get("/widget/v1/messages", headers=first.bearer)).status_code == 401
