"""Opening the chat: sites, anonymous and signed visitors, whose history is whose."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from svardesk.contacts import service as contacts
from svardesk.kit.clock import FixedClock
from svardesk.kit.db import Database
from tests.channels.conftest import SHOP, Browser, Widget
from tests.channels.test_identity import make as sign
from tests.client import Client
from tests.factories import insert, make_account, make_agent, make_conversation, make_widget

Browse = Callable[..., Browser]


async def test_an_anonymous_visitor_gets_a_token_and_an_empty_chat(
    browse: Browse, db: Database, widget: Widget
) -> None:
    browser = browse()
    opened = await browser.open(page={"url": "https://butikk.example/tv?x=1#kurv", "title": " TV  og lyd "})
    assert len(opened["visitor_token"]) == 43
    assert opened["identified"] is False
    assert (opened["conversation"], opened["messages"], opened["earlier"], opened["name"]) == (None, [], False, None)
    assert opened["limits"]["max_text"] == 8000
    assert opened["limits"]["max_file"] == 10_485_760
    assert ".pdf" in opened["limits"]["file_types"]
    assert ".html" not in opened["limits"]["file_types"]
    assert opened["address_known"] is False
    assert opened["resume"].count(":") == 1
    async with db.work(widget.account.id) as tx:
        row = await tx.one("SELECT * FROM webchat_sessions")
        assert await tx.value("SELECT count(*) FROM contacts") == 0
    assert (row["page_url"], row["page_title"]) == ("https://butikk.example/tv?x=1", "TV og lyd")
    assert row["ip_prefix"] == "203.0.113.0/24"
    assert opened["visitor_token"].encode() not in bytes(row["token_hash"])


async def test_the_same_browser_goes_on_with_its_token(browse: Browse) -> None:
    browser = browse()
    await browser.open()
    message = await browser.say("Hei")
    again = await browser.open()
    assert again["visitor_token"] is None
    assert again["conversation"]["status"] == "open"
    assert [one["id"] for one in again["messages"]] == [message["id"]]
    other = await browse().open()
    assert other["conversation"] is None


@pytest.mark.parametrize(
    "parent", ["https://annen.example", "https://butikk.example.evil.com", "http://butikk.example", "null", ""]
)
async def test_other_sites_are_refused(browse: Browse, parent: str) -> None:
    answer = await browse().open(expect=403, parent=parent)
    assert answer["error"]["code"] == "origin_refused"


async def test_subdomains_of_a_star_may(browse: Browse) -> None:
    await browse().open(parent="https://oslo.kjede.example")
    await browse().open(expect=403, parent="https://kjede.example")


async def test_a_page_of_another_site_cannot_call_the_desk_itself(browse: Browse) -> None:
    browser = browse()
    browser.http.headers["origin"] = SHOP
    assert (await browser.open(expect=403))["error"]["code"] == "wrong_origin"


async def test_an_unknown_widget_and_strange_bodies_are_told(browse: Browse, client: Client) -> None:
    assert (await browse().open(expect=404, widget="wk_nobody"))["error"]["code"] == "unknown_widget"
    for body in (b"", b"{", b"[]", b'{"widget":7}', b'{"widget":"x","parent":"y","surprise":1}'):
        answer = await client.post("/widget/v1/session", content=body, headers={"content-type": "application/json"})
        assert answer.status_code == 400, body
        assert answer.json()["error"]["code"] == "invalid"
    big = await client.post("/widget/v1/session", json={"widget": "x", "parent": "y", "locale": "z" * 40_000})
    assert big.status_code == 413


async def test_a_false_or_ended_visitor_token_opens_nothing(
    browse: Browse, db: Database, clock: FixedClock, widget: Widget
) -> None:
    browser = browse()
    assert (await browser.open(expect=401, visitor_token="x" * 43))["error"]["code"] == "visitor_token_invalid"
    await browser.open()
    clock.advance(days=31)
    assert (await browser.open(expect=401))["error"]["code"] == "visitor_token_invalid"
    other_id, other_key = await make_widget(db, widget.account, (SHOP,))
    stranger = browse(Widget(widget.account, other_id, other_key))
    await stranger.open()
    stranger.widget = widget
    assert (await stranger.open(expect=401))["error"]["code"] == "visitor_token_invalid"


async def test_a_signed_visitor_finds_their_conversation_in_any_browser(
    browse: Browse, signer: Callable[..., str]
) -> None:
    first, second = browse(), browse()
    opened = await first.open(user_token=signer(name="Kari Nordmann", email="kari@example.no", locale="nn"))
    assert (opened["identified"], opened["name"], opened["address_known"]) == (True, "Kari Nordmann", True)
    message = await first.say("Hvor er pakken min?")
    seen = await second.open(user_token=signer())
    assert seen["identified"] is True
    assert seen["visitor_token"] != first.token
    assert [one["body"] for one in seen["messages"]] == ["Hvor er pakken min?"]
    assert seen["conversation"]["id"] == opened_conversation(await first.open())
    reply = await second.say("Den kom!")
    assert reply["seq"] == message["seq"] + 1


def opened_conversation(answer: dict[str, Any]) -> str:
    """The id of the conversation that a session shows."""
    return answer["conversation"]["id"]


async def test_two_browsers_of_a_signed_visitor_start_one_conversation(
    browse: Browse, signer: Callable[..., str]
) -> None:
    one, two = browse(), browse()
    await one.open(user_token=signer())
    await two.open(user_token=signer())
    await one.say("fra telefonen")
    await two.say("fra maskinen")
    assert [m["body"] for m in (await two.open())["messages"]] == ["fra telefonen", "fra maskinen"]


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({"aud": "wk_other"}, "user_token_audience"),
        ({"exp": 1}, "user_token_expired"),
        ({"sub": ""}, "user_token_claims"),
        ({"header": {"alg": "none"}}, "user_token_algorithm"),
    ],
)
async def test_bad_proofs_are_401_with_a_code_and_leave_nothing(
    browse: Browse, signer: Callable[..., str], db: Database, widget: Widget, claims: dict[str, Any], code: str
) -> None:
    assert (await browse().open(expect=401, user_token=signer(**claims)))["error"]["code"] == code
    async with db.work(widget.account.id) as tx:
        assert await tx.value("SELECT count(*) FROM webchat_sessions") == 0
        assert await tx.value("SELECT count(*) FROM contacts") == 0


async def test_a_proof_of_another_widgets_secret_is_forged(
    browse: Browse, widget: Widget, clock: FixedClock, signer: Any
) -> None:
    del signer
    stamp = int(clock.now().timestamp())
    forged = sign("another secret entirely", aud=widget.key, iat=stamp, exp=stamp + 60)
    assert (await browse().open(expect=401, user_token=forged))["error"]["code"] == "user_token_signature"


async def test_without_secrets_nobody_can_be_vouched_for(browse: Browse, widget: Widget, clock: FixedClock) -> None:
    stamp = int(clock.now().timestamp())
    token = sign("x" * 43, aud=widget.key, iat=stamp, exp=stamp + 60)
    assert (await browse().open(expect=401, user_token=token))["error"]["code"] == "user_token_no_secret"


async def test_what_was_written_anonymously_in_this_session_becomes_the_persons(
    browse: Browse, signer: Callable[..., str], db: Database, widget: Widget
) -> None:
    somebody = await make_agent(db, widget.account)
    browser = browse()
    await browser.open()
    await browser.say("Hei, jeg er ikke logget inn")
    await browser.post("address", email="privat@example.no")
    before = opened_conversation(await browser.open())
    after = await browser.open(user_token=signer(name="Kari"))
    assert after["identified"] is True
    assert after["visitor_token"] is None
    assert opened_conversation(after) == before
    assert after["messages"][0]["mine"] is True
    async with db.work(widget.account.id) as tx:
        living = await tx.one("SELECT id, name FROM contacts WHERE merged_into_id IS NULL")
        line = await tx.one("SELECT contact_id, contact_name, own_contact_id FROM conversation_rows")
        said = await tx.one("SELECT author_id, author_name FROM message_rows")
        merge = await tx.one("SELECT from_id, into_id, why FROM contact_merges")
        person = await contacts.get_for(tx, somebody.caller, line["own_contact_id"])
    assert (living["name"], line["contact_name"], said["author_name"]) == ("Kari", "Kari", "Kari")
    assert living["id"] == line["contact_id"] == said["author_id"] == person.id
    assert merge == {"from_id": line["own_contact_id"], "into_id": living["id"], "why": "sign_in"}
    assert ("email", "privat@example.no", "claimed") in {(r.kind, r.address, r.trust) for r in person.identities}
    # and any other browser of the person finds it
    assert opened_conversation(await browse().open(user_token=signer())) == before


async def test_an_anonymous_chat_of_another_browser_never_becomes_the_persons(
    browse: Browse, signer: Callable[..., str]
) -> None:
    anonymous, person = browse(), browse()
    await anonymous.open()
    await anonymous.say("noe privat")
    opened = await person.open(user_token=signer())
    assert (opened["conversation"], opened["messages"]) == (None, [])
    await person.say("mitt")
    assert [one["body"] for one in (await anonymous.open())["messages"]] == ["noe privat"]


async def test_another_person_in_the_same_browser_gets_a_session_of_their_own(
    browse: Browse, signer: Callable[..., str]
) -> None:
    browser = browse()
    await browser.open(user_token=signer("kari"))
    await browser.say("Karis hemmelighet")
    old = browser.token
    ola = await browser.open(user_token=signer("ola"))
    assert ola["visitor_token"] not in {None, old}
    assert ola["messages"] == []
    await browser.say("Olas")
    assert [one["body"] for one in (await browse().open(user_token=signer("kari")))["messages"]] == [
        "Karis hemmelighet"
    ]


async def test_a_claimed_address_opens_nobodys_history(
    browse: Browse, signer: Callable[..., str], db: Database, widget: Widget
) -> None:
    person = browse()
    await person.open(user_token=signer(email="kari@example.no"))
    await person.say("Karis")
    thief = browse()
    await thief.open()
    assert (await thief.post("address", email="kari@example.no", name="Kari")).status_code == 204
    opened = await thief.open()
    assert (opened["messages"], opened["address_known"], opened["identified"]) == ([], True, False)
    async with db.work(widget.account.id) as tx:
        rows = await tx.all("SELECT contact_id, trust FROM identities WHERE address = 'kari@example.no' ORDER BY trust")
    assert [row["trust"] for row in rows] == ["claimed", "signed_token"]
    assert rows[0]["contact_id"] != rows[1]["contact_id"]


async def test_a_proof_is_good_for_a_day(browse: Browse, signer: Callable[..., str], clock: FixedClock) -> None:
    browser = browse()
    await browser.open(user_token=signer())
    clock.advance(hours=20)
    assert (await browser.open())["identified"] is True
    clock.advance(hours=5)
    await browser.open(expect=401)
    clock.advance(hours=-1)
    browser.token = None
    assert (await browser.open(user_token=signer()))["identified"] is True


async def test_log_out_ends_the_token_at_once_and_tells_the_house(browse: Browse, db: Database, widget: Widget) -> None:
    browser = browse()
    await browser.open()
    await browser.say("Hei")
    assert (await browser.post("reset")).status_code == 204
    for answer in (
        await browser.write("Er jeg her?"),
        await browser.post("receipts", read_seq=1),
        await browser.post("reset"),
    ):
        assert answer.status_code == 401
        assert answer.json()["error"]["code"] == "visitor_token_invalid"
    await browser.open(expect=401)
    async with db.system() as tx:
        told = await tx.all(
            "SELECT payload FROM event_outbox WHERE type = 'visitor_session_changed' AND account_id = %(id)s"
            " ORDER BY event_outbox.id",
            id=widget.account.id,
        )
    assert [one["payload"]["revoked"] for one in told] == [False, True]


async def test_nobody_there_is_said_honestly_in_the_visitors_language(
    browse: Browse, clock: FixedClock, db: Database, widget: Widget
) -> None:
    opened = await browse().open(locale="nb-NO")
    assert opened["agents_online"] is False
    assert opened["away_text"]
    clock.advance(hours=12)  # Monday 22:00 in Oslo
    closed = {code: (await browse().open(locale=code))["away_text"] for code in ("nb", "nn", "da", "sv", "fi", "en")}
    assert len(set(closed.values())) == 6
    assert "08:00" in closed["nb"]
    assert "i morgen" in closed["nb"].lower()
    clock.advance(hours=-12)
    agent = await make_agent(db, widget.account)
    await insert(
        db, "agent_presence", widget.account.id, id=None, agent_id=agent.id, process_id=agent.id,
        until=clock.now() + timedelta(minutes=1),
    )  # fmt: skip
    opened = await browse().open()
    assert (opened["agents_online"], opened["away_text"]) == (True, None)


async def test_the_language_of_the_page_is_kept(browse: Browse, db: Database, widget: Widget) -> None:
    for tag, kept in (("no", "nb"), ("nn-NO", "nn"), ("sv-FI", "sv"), ("de", "nb"), ("", "nb")):
        await browse().open(locale=tag)
        async with db.work(widget.account.id) as tx:
            assert await tx.value("SELECT locale FROM webchat_sessions ORDER BY id DESC LIMIT 1") == kept


async def test_a_flood_of_openings_by_one_address_is_stopped(browse: Browse) -> None:
    body = {"widget": "wk_nobody", "parent": SHOP}
    answers = [await browse().http.post("/widget/v1/session", json=body) for _ in range(70)]
    codes = [answer.status_code for answer in answers]
    assert codes[:60] == [404] * 60
    assert codes[-1] == 429
    assert int(answers[-1].headers["retry-after"]) >= 1
    assert answers[-1].json()["error"]["code"] == "rate_limited"


async def test_tenants_do_not_meet(browse: Browse, db: Database, widget: Widget) -> None:
    other = await make_account(db)
    other_id, other_key = await make_widget(db, other, (SHOP,))
    mine, theirs = browse(), browse(Widget(other, other_id, other_key))
    await mine.open()
    await mine.say("vårt")
    await theirs.open()
    await theirs.say("deres")
    theirs_seen = await theirs.open()
    assert [one["body"] for one in theirs_seen["messages"]] == ["deres"]
    async with db.work(other.id) as tx:
        for table in (
            "webchat_sessions",
            "envelopes",
            "inbound_items",
            "messages",
            "conversations",
            "contacts",
            "connections",
        ):
            assert await tx.value(f"SELECT count(*) FROM {table}") == 1, table


async def test_a_session_shows_the_last_fifty_and_says_that_there_is_more(
    browse: Browse, db: Database, widget: Widget
) -> None:
    browser = browse()
    await browser.open()
    await browser.say("første")
    async with db.work(widget.account.id) as tx:
        await tx.run(
            "INSERT INTO messages (account_id, id, conversation_id, seq, kind, author_kind, body, actor, created_at)"
            " SELECT m.account_id, gen_random_uuid(), m.conversation_id, m.seq + n,"
            " CASE WHEN n = 60 THEN 'note' ELSE 'answer' END, 'agent', 'nr ' || n, 'agent:x', m.created_at"
            " FROM messages m, generate_series(1, 60) n"
        )
    opened = await browser.open()
    assert opened["earlier"] is True
    assert [one["body"] for one in opened["messages"]] == [f"nr {number}" for number in range(10, 60)]


async def test_an_archived_conversation_is_not_shown_and_a_new_one_begins(
    browse: Browse, db: Database, widget: Widget
) -> None:
    browser = browse()
    await browser.open()
    await browser.say("gammel")
    async with db.work(widget.account.id) as tx:
        await tx.run("UPDATE conversations SET archived_at = now()")
    assert (await browser.open())["conversation"] is None
    assert (await browser.say("ny"))["seq"] == 1
    assert [one["body"] for one in (await browser.open())["messages"]] == ["ny"]
    await make_conversation(db, widget.account)


async def test_a_session_whose_conversation_was_archived_joins_the_persons_new_one(
    browse: Browse, signer: Callable[..., str], db: Database, widget: Widget
) -> None:
    one, two = browse(), browse()
    await one.open(user_token=signer())
    await two.open(user_token=signer())
    await one.say("gammel")
    await two.say("også gammel")
    async with db.work(widget.account.id) as tx:
        await tx.run("UPDATE conversations SET archived_at = now()")
    fresh = browse()
    await fresh.open(user_token=signer())
    first = await fresh.say("ny")
    # `one` still points to the archived conversation, and the thread is taken by the new one.
    second = await one.say("jeg også")
    assert (first["seq"], second["seq"]) == (1, 2)
    assert [m["body"] for m in (await fresh.open())["messages"]] == ["ny", "jeg også"]
