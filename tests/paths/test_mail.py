"""A mail through the house: into the inbox, answered, and the customer's reply in the same conversation.

A real IMAP server, a real SMTP path, a real web process and worker; what the customer's mail program would do is done here
by its headers.
"""

import asyncio
import email
import email.policy
import re
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any

import pytest

from svardesk.channels.email import hook
from svardesk.config import Settings
from svardesk.demo_mail import DemoMail, Rule
from svardesk.kit.clock import SystemClock
from tests.desk import Browser, Desk, Frames, free_port
from tests.factories import Account, Agent, make_account, make_agent

US = "kundeservice@fjordnett.example"
KARI = "kari@example.no"
CUSTOMERS = "kunder@postkasse.example"


def letter(body: str, **more: str) -> bytes:
    """A customer's mail."""
    message = EmailMessage(policy=email.policy.SMTP.clone(max_line_length=900))
    headers = {
        "From": f"Kari Nordmann <{KARI}>",
        "To": US,
        "Subject": "Nettet er borte",
        "Message-ID": "<one@example.no>",
        "Date": "Wed, 25 Nov 2026 09:00:00 +0100",
        **{name.replace("_", "-"): value for name, value in more.items()},
    }
    for name, value in headers.items():
        if value:
            message[name] = value
    message.set_content(body)
    return message.as_bytes()


class Post:
    """A desk with one mailbox at a mail server of its own."""

    def __init__(self, desk: Desk, server: DemoMail, account: Account, agent: Agent) -> None:
        self.desk = desk
        self.server = server
        self.account = account
        self.agent = agent
        self.browser: Browser
        self.frames: Frames

    async def make_mailbox(self, **values: Any) -> dict[str, Any]:
        """A mailbox at the test's mail server, made as an owner does."""

        def local(port: int) -> dict[str, Any]:
            return {"host": "127.0.0.1", "port": port, "encryption": "none"}

        given: dict[str, Any] = {
            "name": "E-post",
            "sender_name": "Fjordnett kundeservice",
            "address": US,
            "imap": local(self.server.imap_port),
            "smtp": local(self.server.submission_port),
            "password": "fjordnett",
            "start": "all",
            "hold_seconds": 0,
            "signatures": {"nb": "Vennlig hilsen\nFjordnett"},
            "authserv": ["mail.fjordnett.example"],
            **values,
        }
        made = await self.browser.post("/api/v1/mailboxes", json=given)
        assert made.status_code == 201, made.text
        return made.json()["mailbox"]

    async def arrived(self, **wanted: Any) -> dict[str, Any]:
        """The row of the next conversation that the agent is told of, with these values."""

        def found(seen: list[dict[str, Any]]) -> Any:
            return [
                one["row"]
                for one in seen
                if one["t"] == "conversation" and all(one["row"].get(name) == value for name, value in wanted.items())
            ]

        try:
            await self.frames.until_true(found)
        except TimeoutError:
            raise AssertionError(f"nothing with {wanted} among {self.frames.of('conversation')}") from None
        return found(self.frames.seen)[-1]

    async def opened(self, conversation_id: str) -> dict[str, Any]:
        answer = await self.browser.get(f"/api/v1/conversations/{conversation_id}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def sent(self, count: int = 1) -> list[EmailMessage]:
        """What has arrived in the customers' mailbox, once there are so many."""
        async with asyncio.timeout(20):
            while len(found := await self.server.mails(CUSTOMERS)) < count:  # noqa: ASYNC110 - the server tells nobody
                await asyncio.sleep(0.02)
        return [email.message_from_bytes(one, policy=email.policy.default) for one in found]

    async def state(self, conversation_id: str, state: str) -> dict[str, Any]:
        """Our newest answer, once it is in that state."""

        async def look() -> dict[str, Any] | None:
            messages = (await self.opened(conversation_id))["messages"]
            ours = [one for one in messages if one["kind"] == "answer"]
            return ours[-1] if ours and ours[-1]["state"] == state else None

        give_up = asyncio.get_running_loop().time() + 20
        while (found := await look()) is None:
            if asyncio.get_running_loop().time() > give_up:
                said = [
                    (one["kind"], one["state"], one["state_reason"], one["body"])
                    for one in (await self.opened(conversation_id))["messages"]
                ]
                raise AssertionError(f"no answer became {state}: {said}")
            await asyncio.sleep(0.05)
        return found


@pytest.fixture
async def post(clone: Callable[[], str], settings: Settings) -> AsyncIterator[Post]:
    async with AsyncExitStack() as stack:
        desk = Desk(clone(), settings, free_port())
        await desk.db.open()
        stack.push_async_callback(desk.db.close)
        server = await stack.enter_async_context(DemoMail(vouched=("example.no",)))
        account = await make_account(desk.db)
        agent = await make_agent(desk.db, account, "owner")
        found = Post(desk, server, account, agent)
        await stack.enter_async_context(desk.serving())
        await stack.enter_async_context(desk.working())
        found.browser = await stack.enter_async_context(desk.browser())
        await found.browser.sign_in(agent)
        found.frames = await found.browser.agent_socket()
        stack.push_async_callback(found.frames.close)
        yield found


async def test_a_mail_is_answered_and_the_reply_lands_in_the_same_conversation(post: Post) -> None:
    await post.make_mailbox()
    await post.server.deliver(letter("Hei! Nettet har vært borte siden i går kveld.\n\nMvh Kari\n"))
    row = await post.arrived(channel="email")
    assert (row["subject"], row["contact"]["name"]) == ("Nettet er borte", "Kari Nordmann")
    assert row["waiting_since"] is not None
    opened = await post.opened(row["id"])
    assert opened["way"]["addressed"] is True
    [message] = opened["messages"]
    assert message["body"] == "Hei! Nettet har vært borte siden i går kveld."
    assert message["letter"]["sender"] == {"name": "Kari Nordmann", "address": KARI}
    assert message["letter"]["signature"] == "Mvh Kari"

    answered = await post.browser.answer(row["id"], "Hei Kari! Vi ser på det nå.", based_on_seq=row["last_seq"])
    assert answered.status_code == 201, answered.text
    [mail] = await post.sent()
    await post.state(row["id"], "sent")
    assert mail["From"] == "Fjordnett kundeservice <kundeservice@fjordnett.example>"
    assert mail["To"] == "Kari Nordmann <kari@example.no>" or KARI in mail["To"]
    assert mail["Subject"] == "Re: Nettet er borte"
    assert mail["In-Reply-To"] == "<one@example.no>"
    assert mail["References"] == "<one@example.no>"
    assert mail["Auto-Submitted"] is None
    plain = mail.get_body(("plain",))
    assert plain is not None
    text = plain.get_content()
    assert text.startswith("Hei Kari! Vi ser på det nå.")
    assert "Fjordnett" in text
    assert "> Hei! Nettet har vært borte siden i går kveld." in text

    # The customer's program answers the address in Reply-To, and quotes.
    reply = letter(
        f"Takk, nå virker det. Men ruteren blinker rødt?\n\n25. nov. 2026 kl. 10:05 skrev Fjordnett <{US}>:\n> Hei Kari!\n",
        Subject="Re: Nettet er borte",
        Message_ID="<two@example.no>",
        To=str(mail["Reply-To"]),
    )
    await post.server.deliver(reply, recipient=str(mail["Reply-To"]).split("<")[-1].strip(">"))
    again = await post.arrived(id=row["id"], last_customer_seq=row["last_seq"] + 2)
    assert again["status"] == "open"
    opened = await post.opened(row["id"])
    assert [one["body"] for one in opened["messages"] if one["kind"] != "system"] == [
        "Hei! Nettet har vært borte siden i går kveld.",
        "Hei Kari! Vi ser på det nå.",
        "Takk, nå virker det. Men ruteren blinker rødt?",
    ]
    assert "> Hei Kari!" in opened["messages"][-1]["letter"]["quoted"]


async def test_whoever_only_knows_a_message_id_joins_as_a_stranger(post: Post) -> None:
    await post.make_mailbox()
    await post.server.deliver(letter("Hvor er pakken min?"))
    row = await post.arrived(channel="email")
    stranger = letter(
        "Send meg alt om denne saken.", From="Per <per@fremmed.example>", Message_ID="<x@fremmed.example>",
        In_Reply_To="<one@example.no>",
    )  # fmt: skip
    await post.server.deliver(stranger)
    await post.arrived(id=row["id"], last_customer_seq=2)
    message = (await post.opened(row["id"]))["messages"][-1]
    assert message["letter"]["stranger"] is True
    assert message["author"]["name"] == "Per"
    # The answer goes to Kari, who asked; nothing of it goes to the stranger, nor is the stranger quoted.
    answered = await post.browser.answer(row["id"], "Den er på vei.", based_on_seq=2)
    assert answered.status_code == 201, answered.text
    [mail] = await post.sent()
    assert KARI in mail["To"]
    assert b"Send meg alt" not in mail.as_bytes()
    assert mail["In-Reply-To"] == "<one@example.no>"


async def test_a_bounce_turns_the_answer_and_opens_the_conversation(post: Post) -> None:
    await post.make_mailbox()
    await post.server.deliver(letter("Hei, hva koster fiber?", From="Kari <ukjent@postkasse.example>"))
    row = await post.arrived(channel="email")
    await post.browser.answer(row["id"], "499 kroner i måneden.", based_on_seq=1, then="closed")
    failed = await post.state(row["id"], "failed_permanent")
    assert failed["body"] == "499 kroner i måneden."
    opened = await post.opened(row["id"])
    report = opened["messages"][-1]
    while report["kind"] == "system":
        opened["messages"].pop()
        report = opened["messages"][-1]
    assert (report["automated"], report["letter"]["automatic"]) == (True, "bounce")
    assert opened["conversation"]["status"] == "open", "an answer that did not arrive is work for a person"


async def test_an_absence_note_starts_no_clock_and_reopens_nothing(post: Post) -> None:
    await post.make_mailbox()
    await post.server.deliver(letter("Når åpner dere?"))
    row = await post.arrived(channel="email")
    await post.browser.answer(row["id"], "Klokken åtte.", based_on_seq=1, then="closed")
    [mail] = await post.sent()
    await post.server.deliver(
        letter(
            "Jeg er på ferie til mandag.",
            Subject="Automatisk svar: Re: Nettet er borte",
            Message_ID="<ooo@example.no>",
            In_Reply_To=str(mail["Message-ID"]),
            Auto_Submitted="auto-replied",
        )
    )
    after = await post.arrived(id=row["id"], last_customer_seq=3)
    assert (after["status"], after["waiting_since"]) == ("closed", None)
    note = (await post.opened(row["id"]))["messages"][-1]
    assert (note["automated"], note["letter"]["automatic"]) == (True, "out_of_office")


async def test_an_answer_can_be_taken_back_for_a_moment(post: Post) -> None:
    await post.make_mailbox(hold_seconds=60)
    await post.server.deliver(letter("Hei"))
    row = await post.arrived(channel="email")
    up = await post.browser.post("/api/v1/files", content=b"Tilbud", headers={"x-file-name": "tilbud.txt"})
    file_id = up.json()["id"]
    await post.browser.answer(row["id"], "Feil svar", based_on_seq=1, file_ids=[file_id])
    waiting = await post.state(row["id"], "scheduled")
    assert waiting["send_at"] is not None
    url = f"/api/v1/conversations/{row['id']}/messages/{waiting['id']}/cancel"
    assert (await post.browser.post(url)).json()["state"] == "cancelled"
    assert (await post.browser.post(url)).status_code == 200, "twice is once"
    after = (await post.opened(row["id"]))["conversation"]
    assert (after["status"], after["waiting_since"]) == ("open", row["waiting_since"]), "the customer waits as before"
    assert await post.server.mails(CUSTOMERS) == []
    again = await post.browser.answer(row["id"], "Riktig svar", based_on_seq=1, confirm=True, file_ids=[file_id])
    assert [one["id"] for one in again.json()["message"]["attachments"]] == [file_id], "it can be sent again"


async def test_what_waits_for_tomorrow_is_held_when_the_customer_writes_first(post: Post) -> None:
    await post.make_mailbox()
    await post.server.deliver(letter("Kan dere ringe i morgen?"))
    row = await post.arrived(channel="email")
    tomorrow = "2099-01-01T08:00:00Z"
    refused = await post.browser.answer(row["id"], "Ja", based_on_seq=1, send_at=tomorrow)
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "bad_send_time")
    soon = (datetime.now(UTC) + timedelta(hours=20)).isoformat()
    assert (await post.browser.answer(row["id"], "Ja", based_on_seq=1, send_at=soon)).status_code == 201
    await post.state(row["id"], "scheduled")
    await post.server.deliver(
        letter("Glem det, alt er i orden.", Message_ID="<three@example.no>", In_Reply_To="<one@example.no>")
    )
    held = await post.state(row["id"], "blocked_by_policy")
    assert held["state_reason"] == "customer_wrote"
    # Confirmed by a person: it goes out at once.
    retried = await post.browser.post(f"/api/v1/conversations/{row['id']}/messages/{held['id']}/retry")
    assert retried.status_code == 200, retried.text
    await post.state(row["id"], "sent")
    assert len(await post.sent()) == 1


@pytest.mark.parametrize("when", ["before the dot", "after the dot"])
async def test_a_line_that_breaks_sends_nothing_twice(post: Post, when: str) -> None:
    await post.make_mailbox()
    await post.server.deliver(letter("Hei"))
    row = await post.arrived(channel="email")
    broken: list[str] = []

    def once(step: Any) -> str | None:
        stage = "content" if when == "before the dot" else "final"
        if step.stage == stage and not broken:
            broken.append(step.stage)
            return "drop" if when == "before the dot" else "keep and drop"
        return None

    rule: Rule = once
    post.server.rules.append(rule)
    await post.browser.answer(row["id"], "Bare én gang.", based_on_seq=1)
    await post.state(row["id"], "sent")
    assert broken
    mails = await post.sent()
    assert len(mails) == 1


async def test_the_hook_takes_a_signed_mail_once(post: Post) -> None:
    mailbox = await post.make_mailbox(imap=None)
    secret = (await post.browser.get(f"/api/v1/mailboxes/{mailbox['id']}/hook")).json()
    raw = letter("Kom gjennom kroken")
    at = int(SystemClock().now().timestamp())
    path = secret["url"].replace("http://desk.example", "")
    headers = {"x-svardesk-timestamp": str(at), "x-svardesk-signature": hook.sign(secret["secret"], at, raw)}
    async with post.desk.browser() as server:
        assert (await server.post(path, content=raw, headers=headers)).status_code == 202
        assert (await server.post(path, content=raw, headers=headers)).status_code == 202
        assert (await server.post(path, content=raw + b"x", headers=headers)).json()["error"]["code"] == "bad_signature"
        old = {
            **headers,
            "x-svardesk-timestamp": str(at - 600),
            "x-svardesk-signature": hook.sign(secret["secret"], at - 600, raw),
        }
        assert (await server.post(path, content=raw, headers=old)).json()["error"]["code"] == "signature_too_old"
    row = await post.arrived(channel="email")
    assert row["last_seq"] == 1


async def test_a_first_mail_gets_a_receipt_that_repeats_nothing(post: Post) -> None:
    await post.make_mailbox(receipt=True)
    await post.server.deliver(letter("Kjøp billige ruter på nettstedet mitt!", Subject="BILLIG BILLIG"))
    row = await post.arrived(channel="email")
    [mail] = await post.sent()
    assert mail["Subject"] == f"Vi har fått e-posten din (nr. {row['number']})"
    assert mail["Auto-Submitted"] == "auto-replied"
    assert mail["X-Auto-Response-Suppress"] == "OOF, AutoReply"
    assert b"BILLIG" not in mail.as_bytes()
    plain = mail.get_body(("plain",))
    assert plain is not None
    assert "billige" not in plain.get_content()
    await post.state(row["id"], "sent")
    opened = await post.opened(row["id"])
    assert opened["conversation"]["waiting_since"] is not None, "a receipt is no answer"
    assert (opened["messages"][-1]["automated"], opened["messages"][-1]["author"]["kind"]) == (True, "system")
    # A second first mail within a day gets none; an agent's answer does not collide with a receipt.
    await post.server.deliver(letter("Og en ting til", Subject="Annet", Message_ID="<four@example.no>"))
    second = await post.arrived(subject="Annet")
    assert (await post.browser.answer(second["id"], "Takk!", based_on_seq=1)).status_code == 201
    assert (await post.browser.answer(row["id"], "Hei!", based_on_seq=1)).status_code == 201
    subjects = [str(one["Subject"]) for one in await post.sent(3)]
    assert sorted(subjects[1:]) == ["Re: Annet", "Re: BILLIG BILLIG"]


async def test_a_mail_is_found_by_its_subject_and_its_signature(post: Post) -> None:
    await post.make_mailbox()
    await post.server.deliver(
        letter(
            "Hei, det virker fortsatt ikke.\n\nMed vennlig hilsen\nKari Nordmann\nKundenr. 884213\n",
            Subject="Parabolen",
        )
    )
    row = await post.arrived(channel="email")

    async def hits(query: str) -> list[str]:
        found = (await post.browser.get("/api/v1/search", params={"q": query, "kind": "messages"})).json()
        return [one["conversation"]["id"] for one in found["messages"]]

    async with asyncio.timeout(10):
        while await hits("884213") != [row["id"]]:  # noqa: ASYNC110 - a reaction takes it into the search
            await asyncio.sleep(0.05)
    assert await hits("parabol") == [row["id"]]


async def test_a_form_is_answered_by_mail_and_the_reply_comes_back(post: Post) -> None:
    mailbox = await post.make_mailbox()
    made = await post.browser.post(
        "/api/v1/forms", json={"name": "Kontakt oss", "reply_connection_id": mailbox["id"], "origins": []}
    )
    assert made.status_code == 201, made.text
    key = made.json()["form"]["key"]
    async with post.desk.browser() as customer:
        page = (await customer.get(f"/form/{key}?lang=nb")).text
        fields = dict(re.findall(r'<input[^>]*type="hidden"[^>]*name="([^"]+)"[^>]*value="([^"]*)"', page))
        assert fields, page[:2000]
        del customer.headers["origin"]
        # A person needs longer than a robot; the form knows when it was handed out.
        await asyncio.sleep(3.1)
        sent = await customer.post(
            f"/form/{key}",
            data={
                **fields,
                "name": "Kari",
                "email": KARI,
                "message": "Hvor mye koster fiber på hytta?",
                "answer": "email",
            },
        )
        assert sent.status_code == 303, sent.text[:1500]
    row = await post.arrived(channel="form")
    [receipt] = await post.sent()
    assert receipt["Auto-Submitted"] == "auto-replied"
    assert str(row["number"]) in str(receipt["Subject"])
    assert b"hytta" not in receipt.as_bytes()
    opened = await post.opened(row["id"])
    assert opened["conversation"]["waiting_since"] is not None
    assert (opened["way"]["via"], opened["way"]["addressed"], opened["way"]["address"]) == ("email", True, KARI)
    answered = await post.browser.answer(row["id"], "499 kroner i måneden.", based_on_seq=1)
    assert answered.status_code == 201, answered.text
    mail = (await post.sent(2))[-1]
    assert KARI in mail["To"]
    reply = letter(
        "Takk, det bestiller jeg!",
        Subject=f"Re: {mail['Subject']}",
        Message_ID="<form.reply@example.no>",
        In_Reply_To=str(mail["Message-ID"]),
        To=str(mail["Reply-To"]),
    )
    await post.server.deliver(reply, recipient=str(mail["Reply-To"]).split("<")[-1].strip(">"))
    again = await post.arrived(id=row["id"], preview="Takk, det bestiller jeg!")
    assert again["channel"] == "form"
    bodies = [one["body"] for one in (await post.opened(row["id"]))["messages"] if not one["automated"]]
    assert bodies == ["Hvor mye koster fiber på hytta?", "499 kroner i måneden.", "Takk, det bestiller jeg!"]


async def test_leads_see_at_once_that_a_mailbox_fails_and_that_it_works_again(post: Post) -> None:
    mailbox = await post.make_mailbox()
    await post.server.deliver(letter("Hei"))
    row = await post.arrived(channel="email")
    lead, agent = [await make_agent(post.desk.db, post.account, role) for role in ("lead", "agent")]
    async with post.desk.browser() as browser, post.desk.browser() as other:
        await browser.sign_in(lead)
        await other.sign_in(agent)
        assert (await other.get("/api/v1/mailboxes/alarms")).status_code == 403
        assert (await browser.get("/api/v1/mailboxes/alarms")).json() == {"items": []}
        frames = await browser.agent_socket()
        post.server.rules.append(lambda step: "535 5.7.8 Nei" if step.stage == "auth" else None)
        await post.browser.answer(row["id"], "Hei!", based_on_seq=1)
        await frames.until_true(lambda seen: [one for one in seen if one["t"] == "connections_changed"])
        [alarm] = (await browser.get("/api/v1/mailboxes/alarms")).json()["items"]
        assert (alarm["id"], alarm["receives"], alarm["since"] is not None) == (mailbox["id"], True, True)
        post.server.rules.clear()
        told = len(frames.of("connections_changed"))
        message = (await post.state(row["id"], "failed_temporary"))["id"]
        await post.browser.post(f"/api/v1/conversations/{row['id']}/messages/{message}/retry")
        await frames.until_true(lambda seen: len([one for one in seen if one["t"] == "connections_changed"]) > told)
        assert (await browser.get("/api/v1/mailboxes/alarms")).json() == {"items": []}
        await frames.close()
