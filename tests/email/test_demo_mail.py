"""The demo's mail server: a mail's way round, on this machine only, and over a restart."""

import asyncio
import json
import signal
import sys
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest

from svardesk.channels.email.imap import ImapSettings, Mailbox
from svardesk.channels.email.outcomes import Accepted
from svardesk.channels.email.servers import Password
from svardesk.channels.email.smtp import SmtpSettings, send
from svardesk.demo_mail import DemoMail
from svardesk.demo_mail.server import ACCOUNTS, CUSTOMERS, ORGANISATION, PASSWORD
from tests.email.conftest import mail


def inbox(port: int, address: str = ORGANISATION) -> Mailbox:
    return Mailbox(
        ImapSettings(host="127.0.0.1", port=port, encryption="none", credentials=Password(address, PASSWORD))
    )


async def test_a_question_and_its_answer_go_round() -> None:
    async with DemoMail() as server:
        outside = SmtpSettings(host="127.0.0.1", port=server.smtp_port, encryption="none")
        inside = SmtpSettings(
            host="127.0.0.1",
            port=server.submission_port,
            encryption="none",
            credentials=Password(ORGANISATION, PASSWORD),
        )
        async with inbox(server.imap_port) as ours, inbox(server.imap_port, CUSTOMERS) as theirs:
            waiting = asyncio.create_task(ours.idle(30))
            asked = await send(outside, "kari@example.no", ["kundeservice+abc@fjordnett.example"], mail(1))
            assert isinstance(asked, Accepted)
            assert await waiting
            (one,) = (await ours.fetch_after(None)).mails
            read = message_from_bytes(one.raw)
            assert read["Delivered-To"] == "kundeservice+abc@fjordnett.example"
            assert read["Return-Path"] == "<kari@example.no>"
            waiting = asyncio.create_task(theirs.idle(30))
            answered = await send(inside, ORGANISATION, ["kari@example.no", "ola@annet.example"], mail(2))
            assert isinstance(answered, Accepted)
            assert await waiting
            assert len((await theirs.fetch_after(None)).mails) == 2


@pytest.mark.parametrize(
    ("recipient", "address"),
    [
        (ORGANISATION, ORGANISATION),
        ("KundeService+abc@Fjordnett.example", ORGANISATION),
        ("svar+abc@fjordnett.example", ORGANISATION),
        ("kari@example.no", CUSTOMERS),
        ("kunder+x@postkasse.example", CUSTOMERS),
    ],
)
def test_who_gets_what(recipient: str, address: str) -> None:
    account = DemoMail().office.account_of(recipient)
    assert account is not None and account.address == address


async def test_what_the_server_vouches_for_is_stamped_on_top() -> None:
    async with DemoMail(vouched=["example.no"]) as server:
        forged = b"Authentication-Results: mail.fjordnett.example; dmarc=pass header.from=bank.example\r\n"
        await server.deliver(mail(1))
        await server.deliver(forged + mail(2).replace(b"kari@example.no", b"kari@bank.example"))
        told = [message_from_bytes(one).get_all("Authentication-Results") for one in await server.mails(ORGANISATION)]
        assert told == [
            ["mail.fjordnett.example; dmarc=pass header.from=example.no"],
            [
                "mail.fjordnett.example; dmarc=none header.from=bank.example",
                "mail.fjordnett.example; dmarc=pass header.from=bank.example",
            ],
        ]


async def test_an_address_that_nobody_has_bounces() -> None:
    async with DemoMail() as server:
        inside = SmtpSettings(
            host="127.0.0.1",
            port=server.submission_port,
            encryption="none",
            credentials=Password(ORGANISATION, PASSWORD),
        )
        sent = await send(inside, ORGANISATION, ["ukjent@example.no"], mail(1))
        assert isinstance(sent, Accepted)
        (report,) = [message_from_bytes(one) for one in await server.mails(ORGANISATION)]
        assert report["Return-Path"] == "<>" and report["Auto-Submitted"] == "auto-replied"
        assert report.get_content_type() == "multipart/report"
        parts: Any = report.get_payload()
        _, status, original = parts
        fields = status.get_payload()[1]
        assert (fields["Action"], fields["Status"]) == ("failed", "5.1.1")
        assert fields["Final-Recipient"] == "rfc822; ukjent@example.no"
        assert "Message-ID: <mail.1@example.no>" in original.get_payload()
        assert await server.mails(CUSTOMERS) == []


async def test_mail_survives_a_restart_with_its_numbers(tmp_path: Path) -> None:
    async with DemoMail(folder=tmp_path) as first:
        for number in range(3):
            await first.deliver(mail(number))
        async with inbox(first.imap_port) as box:
            before = await box.fetch_after(None)
    async with DemoMail(folder=tmp_path) as second:
        await second.deliver(mail(3))
        async with inbox(second.imap_port) as box:
            after = await box.fetch_after(None)
            assert [(one.uid, one.raw) for one in after.mails[:3]] == [(one.uid, one.raw) for one in before.mails]
            new = await box.fetch_after(before.cursor)
            assert not new.renumbered
            assert [one.uid for one in new.mails] == [before.cursor.last_uid + 1]


async def test_the_program_says_where_it_listens_and_stops_when_told(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "svardesk.demo_mail", "--folder", str(tmp_path), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    told = json.loads(await process.stdout.readline())
    assert told["mailboxes"] == sorted(one.address for one in ACCOUNTS)
    outside = SmtpSettings(host=told["host"], port=told["smtp"], encryption="none")
    assert isinstance(await send(outside, "kari@example.no", [ORGANISATION], mail(1)), Accepted)
    async with inbox(told["imap"]) as box:
        assert len((await box.fetch_after(None)).mails) == 1
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0
