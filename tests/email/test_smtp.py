"""Submitting a mail: each way in which it can end, told apart by whether the server may have it."""

import asyncio
import time
from typing import Any

import pytest

from svardesk.channels.email.errors import Insecure, LoginRefused, ServerGone, TokenExpired, Untrusted
from svardesk.channels.email.outcomes import Accepted, Deferred, Refused, Uncertain
from svardesk.channels.email.servers import AccessToken, Password
from svardesk.channels.email.smtp import SmtpSettings, is_sendable, probe, send
from svardesk.demo_mail import DROP, KEEP_AND_DROP, DemoMail, Step
from tests.email import scripted
from tests.email.certificates import Certificate
from tests.email.conftest import ACCOUNTS, ADDRESS, CUSTOMERS, PASSWORD, Relay
from tests.email.scripted import Scripted

KARI = "kari@example.no"
RAW = (
    b"From: kundeservice@fjordnett.example\r\nTo: kari@example.no\r\nSubject: Svar\r\n"
    b"Message-ID: <1@fjordnett.example>\r\n\r\nHei\r\n.\r\n..to punkter\r\nslutt\r\n"
)


def at(port: int, **more: Any) -> SmtpSettings:
    given: dict[str, Any] = {
        "host": "127.0.0.1",
        "port": port,
        "encryption": "none",
        "credentials": Password(ADDRESS, PASSWORD),
    }
    return SmtpSettings(**(given | more))


def said_at(stage: str, said: str, only: str = "") -> Any:
    """A rule that says something at one stage (to one recipient)."""

    def rule(step: Step) -> str | None:
        return said if step.stage == stage and only in step.recipient else None

    return rule


async def arrived(demo: DemoMail) -> list[bytes]:
    """The mails that came to customers, without the lines that the server put above them."""
    return [b"From: kunde" + one.split(b"\r\nFrom: kunde", 1)[1] for one in await demo.mails(CUSTOMERS)]


# ------------------------------------------------------------------------------------------------ accepted


async def test_a_mail_arrives_byte_for_byte(demo: DemoMail) -> None:
    outcome = await send(at(demo.submission_port), ADDRESS, [KARI], RAW)
    assert outcome == Accepted(said="2.0.0 Delivered")
    assert await arrived(demo) == [RAW]


async def test_bare_line_ends_become_whole_ones_and_no_dot_ends_the_mail_early(demo: DemoMail) -> None:
    smuggled = RAW + b"a\n.\nMAIL FROM:<x@y.no>\r.\r\nb"
    outcome = await send(at(demo.submission_port), ADDRESS, [KARI], smuggled)
    assert isinstance(outcome, Accepted)
    (one,) = await arrived(demo)
    assert one == RAW + b"a\r\n.\r\nMAIL FROM:<x@y.no>\r\n.\r\nb\r\n"


@pytest.mark.parametrize("encryption", ["ssl", "starttls"])
async def test_encryption(encryption: str, certificate: Certificate) -> None:
    how: dict[str, Any] = (
        {"implicit_tls": certificate.context} if encryption == "ssl" else {"starttls": certificate.context}
    )
    big = RAW + b"x" * 70 + b"\r\n" + (b"y" * 70 + b"\r\n") * 20_000
    async with DemoMail(ACCOUNTS, **how) as server:
        good = at(server.submission_port, host="localhost", encryption=encryption, ca=certificate.ca)
        assert isinstance(await send(good, ADDRESS, [KARI], big), Accepted)
        assert await arrived(server) == [big]
        unknown = at(server.submission_port, encryption=encryption)
        outcome = await send(unknown, ADDRESS, [KARI], RAW)
        assert isinstance(outcome, Deferred)
        assert (outcome.code, outcome.error_class) == ("certificate", "connection")
        with pytest.raises(Untrusted):
            await probe(unknown)
        await probe(good)
        assert len(await arrived(server)) == 1


async def test_starttls_is_never_left_out(demo: DemoMail) -> None:
    outcome = await send(at(demo.submission_port, encryption="starttls"), ADDRESS, [KARI], RAW)
    assert isinstance(outcome, Deferred)
    assert (outcome.code, outcome.error_class) == ("no_starttls", "connection")


async def test_an_access_token(demo: DemoMail) -> None:
    demo.tokens[ADDRESS] = "fersk"
    good = at(demo.submission_port, credentials=AccessToken(ADDRESS, "fersk"))
    assert isinstance(await send(good, ADDRESS, [KARI], RAW), Accepted)
    old = at(demo.submission_port, credentials=AccessToken(ADDRESS, "gammel"))
    outcome = await send(old, ADDRESS, [KARI], RAW)
    assert isinstance(outcome, Deferred)
    assert (outcome.stage, outcome.code, outcome.error_class) == ("login", "token_expired", "connection")
    with pytest.raises(TokenExpired):
        await probe(old)
    assert len(await arrived(demo)) == 1


async def test_a_relay_takes_mail_without_signing_in(demo: DemoMail) -> None:
    assert isinstance(await send(at(demo.smtp_port, credentials=None), "", [ADDRESS], RAW), Accepted)
    (one,) = await demo.mails(ADDRESS)
    assert one.startswith(b"Return-Path: <>\r\n")


# ------------------------------------------------------------------------------------------------ refused


async def test_a_wrong_password(demo: DemoMail) -> None:
    wrong = at(demo.submission_port, credentials=Password(ADDRESS, "feil"))
    outcome = await send(wrong, ADDRESS, [KARI], RAW)
    assert isinstance(outcome, Deferred)
    assert (outcome.stage, outcome.code, outcome.error_class) == ("login", "auth_refused", "connection")
    with pytest.raises(LoginRefused):
        await probe(wrong)


async def test_a_sign_in_that_fails_for_now(demo: DemoMail) -> None:
    demo.rules.append(said_at("auth", "454 4.7.0 Temporary authentication failure"))
    outcome = await send(at(demo.submission_port), ADDRESS, [KARI], RAW)
    assert isinstance(outcome, Deferred)
    assert (outcome.stage, outcome.code, outcome.error_class) == ("login", "4.7.0", "provider")
    with pytest.raises(ServerGone):
        await probe(at(demo.submission_port))


@pytest.mark.parametrize(
    ("stage", "said", "expected", "code", "error_class"),
    [
        ("rcpt", "451 4.7.1 Greylisted, come back", Deferred, "4.7.1", "policy"),
        ("rcpt", "450 mailbox busy", Deferred, "450", "address"),
        ("rcpt", "550 5.1.1 No such user", Refused, "5.1.1", "address"),
        ("rcpt", "552 5.2.2 Mailbox full", Refused, "5.2.2", "address"),
        ("rcpt", "554 5.7.1 Relay access denied", Refused, "5.7.1", "policy"),
        ("mail", "550 5.1.8 Sender unknown", Refused, "5.1.8", "connection"),
        ("mail", "452 4.3.1 Disk full", Deferred, "4.3.1", "provider"),
        ("mail", "421 4.3.2 Shutting down", Deferred, "4.3.2", "provider"),
        ("data", "451 4.3.0 Try later", Deferred, "4.3.0", "provider"),
        ("data", "554 5.7.1 No", Refused, "5.7.1", "policy"),
        ("final", "451 4.3.0 Scanner down", Deferred, "4.3.0", "provider"),
        ("final", "554 5.6.0 Malformed", Refused, "5.6.0", "content"),
        ("final", "552 5.3.4 Too big", Refused, "5.3.4", "content"),
    ],
)
async def test_what_a_server_says(
    stage: str, said: str, expected: type, code: str, error_class: str, demo: DemoMail
) -> None:
    demo.rules.append(said_at(stage, said))
    outcome = await send(at(demo.submission_port), ADDRESS, [KARI], RAW)
    assert type(outcome) is expected and isinstance(outcome, Deferred | Refused)
    assert (outcome.stage, outcome.code, outcome.error_class) == (stage, code, error_class)
    assert said.split(" ", 2)[-1] in outcome.said
    assert await demo.mails(CUSTOMERS) == []


async def test_some_recipients_are_refused(demo: DemoMail) -> None:
    demo.rules.append(said_at("rcpt", "550 5.1.1 No such user", only="ola"))
    demo.rules.append(said_at("rcpt", "451 4.7.1 Later", only="liv"))
    outcome = await send(at(demo.submission_port), ADDRESS, ["ola@example.no", KARI, "liv@example.no"], RAW)
    assert isinstance(outcome, Accepted)
    assert [(one.address, one.code, one.temporary, one.error_class) for one in outcome.refused] == [
        ("ola@example.no", 550, False, "address"),
        ("liv@example.no", 451, True, "policy"),
    ]
    assert await arrived(demo) == [RAW]


@pytest.mark.parametrize(("said", "expected"), [("451 4.7.1 Later", Deferred), ("550 5.1.1 No such user", Refused)])
async def test_copies_do_not_go_out_when_nobody_whom_it_is_for_is_taken(
    demo: DemoMail, said: str, expected: type[Deferred | Refused]
) -> None:
    demo.rules.append(said_at("rcpt", said, only="kari"))
    everybody = [KARI, "ola@example.no", ADDRESS]
    outcome = await send(at(demo.submission_port), ADDRESS, everybody, RAW, main=[KARI])
    assert type(outcome) is expected, "to be tried again, where it was for now"
    assert await demo.mails(CUSTOMERS) == []
    assert await demo.mails(ADDRESS) == [], "a copy in our own mailbox would prove that it went out"
    demo.rules.clear()
    assert isinstance(await send(at(demo.submission_port), ADDRESS, everybody, RAW, main=[KARI]), Accepted)


async def test_when_all_are_refused_one_of_them_for_now_it_is_for_now(demo: DemoMail) -> None:
    demo.rules.append(said_at("rcpt", "550 5.1.1 No such user", only="ola"))
    demo.rules.append(said_at("rcpt", "451 4.7.1 Later", only="liv"))
    outcome = await send(at(demo.submission_port), ADDRESS, ["ola@example.no", "liv@example.no"], RAW)
    assert isinstance(outcome, Deferred)
    assert outcome.code == "4.7.1"
    assert [one.address for one in outcome.refused] == ["ola@example.no", "liv@example.no"]


@pytest.mark.parametrize(
    "address",
    [
        "kari@example.no\r\nRCPT TO:<alle@example.no>",
        "kari@example.no\nDATA",
        "kari@example.no>\r\n",
        "kari@example.no> SIZE=1",
        "<kari@example.no>",
        "kari ola@example.no",
        "kari@example.no\x00",
        '"kari\\"@x"@example.no',
        "a@b@example.no",
        "kari",
        "@example.no",
        "kari@",
        "",
    ],
)
async def test_no_address_smuggles_a_command(address: str, demo: DemoMail) -> None:
    steps: list[Step] = []
    demo.rules.append(steps.append)
    assert not is_sendable(address)
    for sender, recipients in ((ADDRESS, [KARI, address]), (address or "\n", [KARI])):
        outcome = await send(at(demo.submission_port), sender, recipients, RAW)
        assert isinstance(outcome, Refused)
        assert (outcome.code, outcome.error_class) == ("address", "address")
    assert steps == []


async def test_a_mail_to_nobody(demo: DemoMail) -> None:
    outcome = await send(at(demo.submission_port), ADDRESS, [], RAW)
    assert isinstance(outcome, Refused) and outcome.code == "no_recipient"


def test_settings_that_give_secrets_away_are_refused() -> None:
    with pytest.raises(Insecure):
        asyncio.run(send(at(25, host="mail.example"), ADDRESS, [KARI], RAW))


# ------------------------------------------------------------------------------------------------ what a server can do


async def test_a_mail_that_is_too_large_is_not_begun() -> None:
    async with Scripted(b"220 hi\r\n", scripted.smtp(("SIZE 1000",))) as server:
        settings = at(server.port, credentials=None)
        outcome = await send(settings, ADDRESS, [KARI], RAW + b"x\n" * 400)
        assert isinstance(outcome, Refused)
        assert (outcome.code, outcome.error_class) == ("too_large", "content")
        assert [line.split(b" ")[0] for line in server.heard] == [b"EHLO", b"QUIT"]
        assert isinstance(await send(settings, ADDRESS, [KARI], RAW + b"x\n" * 200), Accepted)


async def test_parameters_are_named_where_they_are_offered() -> None:
    extensions = ("SIZE 1000000", "8BITMIME", "DSN", "SMTPUTF8")
    async with Scripted(b"220 hi\r\n", scripted.smtp(extensions)) as server:
        raw = RAW + "Blåbær\r\n".encode()
        settings = at(server.port, credentials=None)
        outcome = await send(settings, ADDRESS, [KARI], raw, envelope_id="id+1=å")
        assert isinstance(outcome, Accepted)
        assert server.heard[1:3] == [
            f"MAIL FROM:<{ADDRESS}> SIZE={len(raw)} BODY=8BITMIME RET=HDRS ENVID=id+2B1+3D+C3+A5".encode(),
            b"RCPT TO:<kari@example.no> NOTIFY=FAILURE,DELAY",
        ]
        server.heard.clear()
        await send(settings, ADDRESS, ["kåre@example.no"], RAW)
        assert server.heard[1].split(b" ")[2:] == [f"SIZE={len(RAW)}".encode(), b"SMTPUTF8", b"RET=HDRS"]
        assert server.heard[2].startswith("RCPT TO:<kåre@example.no>".encode())


async def test_no_parameters_where_none_are_offered() -> None:
    async with Scripted(b"220 hi\r\n", scripted.smtp()) as server:
        settings = at(server.port, credentials=None)
        assert isinstance(await send(settings, ADDRESS, [KARI], RAW, envelope_id="1"), Accepted)
        assert server.heard[1:3] == [f"MAIL FROM:<{ADDRESS}>".encode(), b"RCPT TO:<kari@example.no>"]
        server.heard.clear()
        outcome = await send(settings, ADDRESS, ["kåre@example.no"], RAW)
        assert isinstance(outcome, Refused) and (outcome.code, outcome.error_class) == ("smtputf8", "address")
        outcome = await send(settings, ADDRESS, [KARI], RAW + "å\r\n".encode())
        assert isinstance(outcome, Refused) and (outcome.code, outcome.error_class) == ("eight_bit", "content")
        assert not any(line.startswith(b"MAIL") for line in server.heard)


# ------------------------------------------------------------------------------------------------ cut off


async def test_nobody_listens(demo: DemoMail) -> None:
    port = demo.submission_port
    await demo.stop()
    outcome = await send(at(port), ADDRESS, [KARI], RAW)
    assert isinstance(outcome, Deferred)
    assert (outcome.stage, outcome.code, outcome.error_class) == ("connect", "unreachable", "provider")
    with pytest.raises(ServerGone):
        await probe(at(port))


async def test_hung_up_at_once(demo: DemoMail) -> None:
    demo.rules.append(said_at("connect", DROP))
    outcome = await send(at(demo.submission_port), ADDRESS, [KARI], RAW)
    assert isinstance(outcome, Deferred)
    assert (outcome.stage, outcome.code) == ("connect", "unreachable")


@pytest.mark.parametrize("greeting", [b"421 4.3.2 busy\r\n", b"554 no\r\n"])
async def test_an_unfriendly_greeting(greeting: bytes) -> None:
    async with Scripted(greeting, scripted.smtp()) as server:
        outcome = await send(at(server.port, credentials=None), ADDRESS, [KARI], RAW)
        assert isinstance(outcome, Deferred)
        assert (outcome.stage, outcome.code) == ("connect", "greeting")


@pytest.mark.parametrize("stage", ["mail", "rcpt", "data"])
async def test_hung_up_before_the_content(stage: str, demo: DemoMail) -> None:
    demo.rules.append(said_at(stage, DROP))
    outcome = await send(at(demo.submission_port), ADDRESS, [KARI], RAW)
    assert isinstance(outcome, Deferred)
    assert (outcome.stage, outcome.code) == (stage, "lost")


async def test_hung_up_in_the_middle_of_the_content(demo: DemoMail) -> None:
    demo.rules.append(said_at("content", DROP))
    outcome = await send(at(demo.submission_port), ADDRESS, [KARI], RAW + (b"x" * 70 + b"\r\n") * 60_000)
    assert isinstance(outcome, Deferred)
    assert (outcome.stage, outcome.code) == ("content", "lost")
    assert await demo.mails(CUSTOMERS) == []


@pytest.mark.parametrize(("verdict", "copies"), [(DROP, 0), (KEEP_AND_DROP, 1)])
async def test_hung_up_after_the_final_dot_nobody_knows(verdict: str, copies: int, demo: DemoMail) -> None:
    demo.rules.append(said_at("final", verdict))
    outcome = await send(at(demo.submission_port), ADDRESS, [KARI], RAW)
    assert isinstance(outcome, Uncertain)
    assert len(await demo.mails(CUSTOMERS)) == copies


async def test_silence_after_the_final_dot_nobody_knows() -> None:
    async with Scripted(b"220 hi\r\n", scripted.smtp(DOT=scripted.HANG)) as server:
        started = time.monotonic()
        outcome = await send(at(server.port, credentials=None, total_seconds=0.3), ADDRESS, [KARI], RAW)
        assert isinstance(outcome, Uncertain)
        assert time.monotonic() - started < 5
        outcome = await send(at(server.port, credentials=None, command_seconds=0.3), ADDRESS, [KARI], RAW)
        assert isinstance(outcome, Uncertain)


@pytest.mark.parametrize("command", ["EHLO", "MAIL", "RCPT", "DATA"])
async def test_silence_before_the_final_dot_is_for_now(command: str) -> None:
    async with Scripted(b"220 hi\r\n", scripted.smtp((), **{command: scripted.HANG})) as server:
        outcome = await send(at(server.port, credentials=None, total_seconds=0.3), ADDRESS, [KARI], RAW)
        assert isinstance(outcome, Deferred)
        assert outcome.code == ("unreachable" if command == "EHLO" else "timeout")


async def test_silence_instead_of_a_greeting() -> None:
    async with Scripted(scripted.HANG, scripted.smtp()) as server:
        outcome = await send(at(server.port, credentials=None, connect_seconds=0.3), ADDRESS, [KARI], RAW)
        assert isinstance(outcome, Deferred)
        assert (outcome.stage, outcome.code) == ("connect", "unreachable")


async def test_an_answer_that_is_no_smtp() -> None:
    async with Scripted(b"220 hi\r\n", scripted.smtp(RCPT=b"hello there\r\n")) as server:
        outcome = await send(at(server.port, credentials=None), ADDRESS, [KARI], RAW)
        assert isinstance(outcome, Deferred)
        assert outcome.stage == "rcpt"


def test_secrets_do_not_show() -> None:
    assert PASSWORD not in repr(at(25))


# ------------------------------------------------------------------------------------------------ a real one


async def test_a_relay_that_does_not_take_everything(relay: Relay) -> None:
    settings = at(relay.port, credentials=None)
    taken = await send(settings, ADDRESS, ["ukjent@fjordnett.example", ADDRESS], RAW, envelope_id="id1")
    assert isinstance(taken, Accepted) and taken.said.startswith("2.0.0")
    assert [(one.address, one.code, one.temporary, one.error_class) for one in taken.refused] == [
        ("ukjent@fjordnett.example", 550, False, "address")
    ]
    busy = await send(settings, ADDRESS, ["travel@fjordnett.example"], RAW)
    assert isinstance(busy, Deferred) and (busy.stage, busy.code) == ("rcpt", "4.2.1")
    away = await send(settings, ADDRESS, [KARI], RAW)
    assert isinstance(away, Refused) and (away.code, away.error_class) == ("5.7.1", "policy")
    (one,) = await relay.arrived()
    assert one.replace(b"\r\n", b"\n").endswith(RAW.split(b"\r\n\r\n", 1)[1].replace(b"\r\n", b"\n"))
