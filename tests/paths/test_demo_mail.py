"""The demo's mailbox: filled through a real mail server and a real worker; `svardesk demo mail` is the customer."""

import asyncio
import email.policy
import os
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack
from email import message_from_bytes
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.rows import DictRow, dict_row

from svardesk import demo
from svardesk.config import Settings
from svardesk.demo_data import correspondence, letterbox
from svardesk.demo_data.mails import SIGNATURES, STORIES, VOUCHED, mail
from svardesk.demo_data.people import PASSWORD
from svardesk.demo_data.ports import CUSTOMERS, Ports, remember
from svardesk.demo_mail import DemoMail
from svardesk.kit.clock import SystemClock
from svardesk.kit.i18n import LOCALES
from tests.desk import Browser, Desk, Frames, free_port

STORY = (
    "SELECT c.id, c.subject, c.status, c.waiting_since IS NOT NULL AS waits, p.name, p.locale,"
    " (SELECT json_agg(json_build_object('kind', m.kind, 'state', m.state, 'body', m.body, 'letter', m.details->'letter',"
    " 'automated', m.automated, 'files', (SELECT json_agg(f.name) FROM files f WHERE f.message_id = m.id)) ORDER BY m.seq)"
    " FROM messages m WHERE m.conversation_id = c.id AND m.kind <> 'system') AS messages"
    " FROM conversations c JOIN contacts p ON p.id = c.contact_id WHERE c.channel = 'email' ORDER BY c.number"
)


def rows(dsn: str, statement: Any = STORY) -> list[dict[str, Any]]:
    with psycopg.Connection[DictRow].connect(dsn, row_factory=dict_row) as conn:
        return conn.execute(statement).fetchall()


class Place:
    """A data folder and a database in which the demo's mail server runs."""

    def __init__(self, dsn: str, settings: Settings, server: DemoMail) -> None:
        self.dsn = dsn
        self.settings = settings
        self.server = server
        self.desk = Desk(dsn, settings, free_port())

    def tell_ports(self) -> Ports:
        ports = Ports(self.server.smtp_port, self.server.submission_port, self.server.imap_port)
        remember(self.settings.data, ports)
        return ports


@pytest.fixture
async def place(clone: Callable[[], str], tmp_path: Path) -> AsyncIterator[Place]:
    dsn = clone()
    settings = Settings.from_environment({"SVARDESK_DATABASE_URL": dsn, "SVARDESK_DATA": str(tmp_path)})
    async with DemoMail(folder=tmp_path / "demo-mail", vouched=VOUCHED) as server:
        found = Place(dsn, settings, server)
        found.tell_ports()
        yield found


def test_every_language_has_a_mail_and_a_signature() -> None:
    assert SIGNATURES.keys() == set(LOCALES)
    now = SystemClock().now()
    for story in STORIES:
        raw = mail(story.name, now)
        assert b"{{" not in raw, story.name
        assert raw == mail(story.name, now), "the same bytes each time: taken in once"
        read = message_from_bytes(raw, policy=email.policy.default)
        assert read["Message-ID"] == f"<{story.name}.demo@postkasse.example>"
        assert not read.defects


async def test_the_first_mails_come_through_the_mail_server(place: Place) -> None:
    async with place.desk.working():
        await demo._fill(place.settings, place.dsn)
        found = {row["subject"]: row for row in rows(place.dsn)}
    assert len(found) == len(STORIES)
    assert {"nb", "nn", "da", "sv", "fi"} <= {row["locale"] for row in found.values()}

    router = found["Ruteren blinker rødt"]
    assert (router["status"], router["waits"], router["name"]) == ("open", True, "Halvorsen, Bjørg")
    assert router["messages"][0]["letter"]["html"] is True
    assert router["messages"][0]["letter"]["trust"] == "domain_verified"
    assert router["messages"][0]["files"] == ["ruter.png"]
    assert found["Trukket to ganger for samme ordre"]["messages"][0]["files"] == ["Kvittering 20771.pdf"]

    thread = found["Utsettelse på faktura?"]["messages"]
    assert [(one["kind"], one["state"]) for one in thread] == [("inbound", None), ("answer", "sent"), ("inbound", None)]
    assert thread[2]["body"].startswith("Tusen takk, det hjelper veldig!")
    assert "flyttet forfallet" not in thread[2]["body"], "what is quoted is folded away"
    assert "> Det går fint. Jeg har flyttet forfallet" in thread[2]["letter"]["quoted"]
    assert not thread[2]["letter"].get("stranger")

    absent = found["Fiber til borettslaget, 48 leiligheter"]
    assert (absent["status"], absent["waits"]) == ("waiting", False), "an absence note reopens nothing"
    assert absent["messages"][2]["letter"]["automatic"] == "out_of_office"

    bounced = found["Oppsigelse av TV-pakken"]
    assert (bounced["status"], bounced["waits"]) == ("open", True), "an answer that did not arrive is work"
    assert [one["state"] for one in bounced["messages"]] == [None, "failed_permanent", None]
    assert bounced["messages"][2]["letter"]["automatic"] == "bounce"
    assert bounced["messages"][0]["letter"]["trust"] == "unverified"

    letters = found["Ukens tilbud: 20 % på CAT6"]
    assert (letters["status"], letters["waits"]) == ("closed", False)
    assert letters["messages"][0]["letter"]["automatic"] == "list"

    [box] = rows(place.dsn, "SELECT id, config, team_id FROM connections WHERE kind = 'email'")
    assert (box["config"]["hold_seconds"], box["config"]["receipt"]) == (10, True)
    assert box["config"]["signatures"] == SIGNATURES
    assert box["config"]["imap"]["port"] == place.server.imap_port
    answers = [message_from_bytes(one, policy=email.policy.default) for one in await place.server.mails(CUSTOMERS)]
    assert [one["To"] for one in answers] == [
        "Silje Bakken <silje.bakken@fjellheim.example>",
        "Tor Arne Eriksen <tor.eriksen@postkasse.example>",
    ], "the one to Roar came back"


async def test_the_next_start_repeats_nothing_and_follows_the_ports(place: Place) -> None:
    async with place.desk.working():
        await demo._fill(place.settings, place.dsn)
        before = await place.server.mails(CUSTOMERS), rows(place.dsn)
        await demo._fill(place.settings, place.dsn)
        assert (await place.server.mails(CUSTOMERS), rows(place.dsn)) == before
        async with DemoMail() as other:
            remember(place.settings.data, Ports(other.smtp_port, other.submission_port, other.imap_port))
            await demo._fill(place.settings, place.dsn)
            [box] = rows(place.dsn, "SELECT config FROM connections WHERE kind = 'email'")
            assert box["config"]["imap"]["port"] == other.imap_port
            assert box["config"]["smtp"]["port"] == other.submission_port
            assert box["config"]["hold_seconds"] == 10, "everything else stays as it is"
            assert await other.mails() == []
    assert len(rows(place.dsn)) == len(STORIES)


async def test_a_start_that_was_broken_off_is_gone_on_with(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(correspondence, "_PATIENCE_SECONDS", 0.5)
    await demo._fill(place.settings, place.dsn)  # no worker: nobody takes the mails in
    assert rows(place.dsn) == []
    [account] = rows(place.dsn, "SELECT settings FROM accounts")
    assert account["settings"]["demo"] is True
    assert "demo_mail" not in account["settings"]
    monkeypatch.setattr(correspondence, "_PATIENCE_SECONDS", 60)
    async with place.desk.working():
        await demo._fill(place.settings, place.dsn)
    found = rows(place.dsn)
    assert len(found) == len(STORIES), "what was written twice is there once"
    assert sum(len(one["messages"]) for one in found) == len(STORIES) + 6


async def test_without_a_mail_server_there_is_no_mailbox(clone: Callable[[], str], tmp_path: Path) -> None:
    dsn = clone()
    settings = Settings.from_environment({"SVARDESK_DATABASE_URL": dsn, "SVARDESK_DATA": str(tmp_path)})
    gone = free_port()
    remember(settings.data, Ports(gone, gone, gone))
    await demo._fill(settings, dsn)
    assert "email" not in {row["kind"] for row in rows(dsn, "SELECT kind FROM connections")}


class Customer:
    """`svardesk demo mail`, and an agent's browser beside it."""

    def __init__(self, place: Place, browser: Browser, frames: Frames) -> None:
        self.place = place
        self.browser = browser
        self.frames = frames

    async def run(self, *arguments: str) -> tuple[int | None, str, str]:
        """Exit code, output and errors of the command."""
        settings = {"SVARDESK_DATA": str(self.place.settings.data), "SVARDESK_DATABASE_URL": self.place.dsn}
        command = [sys.executable, "-m", "svardesk.cli", "demo", "mail", *arguments]
        process = await asyncio.create_subprocess_exec(
            *command, env=os.environ | settings, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        said, errors = await process.communicate()
        return process.returncode, said.decode(), errors.decode()

    async def arrived(self, **wanted: Any) -> dict[str, Any]:
        def found(seen: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
            return [
                one["row"]
                for one in seen
                if one["t"] == "conversation" and all(one["row"].get(name) == value for name, value in wanted.items())
            ]

        await self.frames.until_true(found)
        return found(self.frames.seen)[-1]

    async def received(self, count: int) -> list[EmailMessage]:
        async with asyncio.timeout(20):
            ports = self.place.tell_ports()
            while len(found := await asyncio.to_thread(letterbox.received, ports)) < count:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        return found


@pytest.fixture
async def customer(place: Place, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Customer]:
    monkeypatch.setattr(correspondence, "STORIES", STORIES[-1:])
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(place.desk.serving())
        await stack.enter_async_context(place.desk.working())
        await demo._fill(place.settings, place.dsn)
        browser = await stack.enter_async_context(place.desk.browser())
        signed = await browser.post("/api/v1/session", json={"email": "ingrid@fjordnett.example", "password": PASSWORD})
        assert signed.status_code == 200, signed.text
        browser.headers["x-csrf-token"] = signed.json()["csrf"]
        frames = await browser.agent_socket()
        stack.push_async_callback(frames.close)
        # As if its ten seconds for taking an answer back were over at once.
        [box] = rows(place.dsn, "SELECT id FROM connections WHERE kind = 'email'")
        changed = await browser.patch(f"/api/v1/mailboxes/{box['id']}", json={"hold_seconds": 0, "receipt": False})
        assert changed.status_code == 200, changed.text
        yield Customer(place, browser, frames)


async def test_a_mail_by_the_command_arrives_is_answered_and_answered_again(customer: Customer) -> None:
    code, said, _ = await customer.run("--inbox")
    assert (code, said) == (0, "Customers have received nothing yet.\n")
    code, said, _ = await customer.run(
        "--from", "Åse Nilsen <ase@example.no>", "--subject", "Når kommer pakken?", "--text", "Hei!\\nDen er sen."
    )
    assert (code, said) == (0, "Sent to kundeservice@fjordnett.example.\n")
    row = await customer.arrived(subject="Når kommer pakken?")
    assert (row["contact"]["name"], row["channel"], row["last_seq"]) == ("Åse Nilsen", "email", 1)
    opened = (await customer.browser.get(f"/api/v1/conversations/{row['id']}")).json()
    assert opened["messages"][0]["body"] == "Hei!\nDen er sen."
    assert opened["messages"][0]["letter"]["trust"] == "domain_verified"

    answered = await customer.browser.answer(row["id"], "Den kommer i morgen, Åse.", based_on_seq=1)
    assert answered.status_code == 201, answered.text
    await customer.received(1)
    code, said, _ = await customer.run("--inbox")
    assert code == 0
    assert "── 1 ── " in said
    assert "Re: Når kommer pakken?" in said
    assert "   Den kommer i morgen, Åse." in said
    assert "   > Hei!\n   > Den er sen." in said

    code, said, _ = await customer.run("--reply", "--text", "Supert!")
    assert code == 0
    assert said.startswith("Sent to kundeservice+")
    await customer.arrived(id=row["id"], last_customer_seq=3)
    opened = (await customer.browser.get(f"/api/v1/conversations/{row['id']}")).json()
    assert [one["body"] for one in opened["messages"] if one["kind"] != "system"] == [
        "Hei!\nDen er sen.",
        "Den kommer i morgen, Åse.",
        "Supert!",
    ]


async def test_a_file_is_sent_as_it_is(customer: Customer, tmp_path: Path) -> None:
    file = tmp_path / "x.eml"
    file.write_bytes(b"From: fra@example.no\r\nSubject: Fra en fil\r\n\r\nUten mottaker i hodet.\r\n")
    code, said, _ = await customer.run("--file", str(file))
    assert (code, said) == (0, "Sent to kundeservice@fjordnett.example.\n")
    row = await customer.arrived(subject="Fra en fil")
    opened = (await customer.browser.get(f"/api/v1/conversations/{row['id']}")).json()
    assert opened["messages"][0]["body"] == "Uten mottaker i hodet."


async def test_what_the_command_cannot_do_it_says(customer: Customer) -> None:
    assert await customer.run() == (
        1,
        "",
        "svardesk: Say what the mail says with --text (or --file MAIL.eml, or --inbox to read).\n",
    )
    assert (await customer.run("--text", "x", "--from", "Kari"))[::2] == (
        1,
        'svardesk: Write the sender as "Kari Nordmann <kari@example.no>".\n',
    )
    assert (await customer.run("--reply", "3", "--text", "x"))[::2] == (
        1,
        "svardesk: There is no mail 3 in the customers' inbox; it holds 0.\n",
    )
    assert (await customer.run("--file", "/nowhere/x.eml"))[::2] == (1, "svardesk: There is no file /nowhere/x.eml.\n")
    await customer.place.server.stop()
    code, _, said = await customer.run("--text", "x")
    assert code == 1
    assert said.startswith("svardesk: The demo's mail server does not take part")
    assert said.endswith("`make run` starts it.\n")
