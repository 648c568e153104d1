"""Reading a mailbox: nothing lost, nothing twice, and every refusal told apart."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest

from svardesk.channels.email import imap as imap_module
from svardesk.channels.email.errors import (
    FolderMissing,
    Insecure,
    LoginRefused,
    MailServerError,
    ServerGone,
    ServerRefused,
    TokenExpired,
    Untrusted,
)
from svardesk.channels.email.imap import Cursor, ImapSettings, Mail, Mailbox
from svardesk.channels.email.servers import AccessToken, Password
from svardesk.demo_mail import DemoMail
from tests.email import scripted
from tests.email.certificates import Certificate
from tests.email.conftest import ACCOUNTS, ADDRESS, PASSWORD, Post, mail
from tests.email.scripted import Scripted

Open = Callable[[ImapSettings], Any]


def at(port: int, **more: Any) -> ImapSettings:
    given: dict[str, Any] = {
        "host": "127.0.0.1",
        "port": port,
        "encryption": "none",
        "credentials": Password(ADDRESS, PASSWORD),
        "connect_seconds": 5.0,
        "read_seconds": 5.0,
    }
    return ImapSettings(**(given | more))


def scripted_at(port: int, **more: Any) -> ImapSettings:
    return at(port, **({"credentials": Password("kari", "x")} | more))


async def everything(box: Mailbox, cursor: Cursor | None, limit: int = 200) -> tuple[list[Mail], Cursor]:
    mails: list[Mail] = []
    while True:
        batch = await box.fetch_after(cursor, limit)
        mails += batch.mails
        cursor = batch.cursor
        if not batch.more:
            return mails, cursor


# ------------------------------------------------------------------------------------------------ fetching


async def test_a_thousand_mails_come_once_each_and_byte_for_byte(post: Post, opened: Open) -> None:
    sent = [mail(number, f"Linje én av {number}\r\n.\r\nslutt\r\n".encode() * 20) for number in range(1000)]
    for raw in sent:
        await post.deliver(raw)
    box = await opened(post.settings())
    started = time.perf_counter()
    mails, cursor = await everything(box, None)
    rate = len(mails) / (time.perf_counter() - started)
    print(f"{rate:,.0f} mails/s from {type(post.server).__name__}")
    # A maildir has no order within a second; our own server has.
    assert sorted(one.raw for one in mails) == sorted(sent)
    assert [one.uid for one in mails] == sorted({one.uid for one in mails})
    assert all(one.problem is None and one.received_at.tzinfo is not None for one in mails)
    assert all(one.size == len(one.raw) for one in mails)
    again, same = await everything(box, cursor)
    assert again == [] and same == cursor
    await post.deliver(mail(1000))
    new, _ = await everything(box, cursor)
    assert [one.raw for one in new] == [mail(1000)]


async def test_mails_are_not_marked_as_seen(post: Post, opened: Open) -> None:
    await post.deliver(mail(1))
    box = await opened(post.settings())
    await box.fetch_after(None)
    (one,) = (await box.fetch_after(None)).mails
    assert "\\Seen" not in one.flags


async def test_a_batch_is_bounded_by_its_bytes(demo: DemoMail, opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imap_module, "BATCH_BYTES", 25_000)
    for number in range(5):
        await demo.boxes.put(ADDRESS, mail(number, b"x" * 10_000 + b"\r\n"))
    box = await opened(at(demo.imap_port))
    batch = await box.fetch_after(None, 200)
    assert len(batch.mails) == 2 and batch.waiting == 3
    sizes: list[int] = []
    cursor: Cursor | None = None
    while True:
        batch = await box.fetch_after(cursor)
        sizes.append(len(batch.mails))
        cursor = batch.cursor
        if not batch.more:
            break
    assert sizes == [2, 2, 1]


async def test_of_a_mail_that_is_too_large_only_the_headers_come(
    post: Post, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imap_module, "LARGEST", 50_000)
    await post.deliver(mail(1, b"stor\r\n" * 10_000))
    await post.deliver(mail(2))
    box = await opened(post.settings())
    mails, _ = await everything(box, None)
    by_subject = {one.problem: one for one in mails}
    large = by_subject["too_large"]
    assert large.size > 50_000
    assert large.raw.startswith(b"From: Kari") and b"Subject: Mail 1" in large.raw and b"stor" not in large.raw
    assert by_subject[None].raw == mail(2)


async def test_a_mail_that_vanishes_meanwhile_is_left_out(post: Post, opened: Open) -> None:
    for number in range(4):
        await post.deliver(mail(number))
    box = await opened(post.settings())
    first = await box.fetch_after(None, 1)
    other = await opened(post.settings(after="move", move_to="Annet"))
    second_uid = (await other.fetch_after(first.cursor, 1)).mails[0].uid
    await other.settle([second_uid])
    rest, cursor = await everything(box, first.cursor)
    # A server may go on handing it out to whoever has not been told yet; the others come either way.
    assert len({one.uid for one in rest} - {second_uid}) == 2
    assert cursor.last_uid == max(one.uid for one in rest)


async def test_another_numbering_is_told_and_read_from_its_beginning(post: Post, opened: Open) -> None:
    for number in range(3):
        await post.deliver(mail(number))
    box = await opened(post.settings())
    _, cursor = await everything(box, None)
    await box.close()
    await post.renumber()
    folder = await box.connect()
    assert folder.uidvalidity != cursor.uidvalidity
    batch = await box.fetch_after(cursor)
    assert batch.renumbered
    assert len(batch.mails) == 3
    assert batch.cursor.uidvalidity == folder.uidvalidity
    assert not (await box.fetch_after(batch.cursor)).renumbered


async def test_a_first_look_may_leave_out_what_lies_there(post: Post, opened: Open) -> None:
    await post.deliver(mail(1))
    box = await opened(post.settings())
    cursor = box.folder.now()
    await post.deliver(mail(2))
    mails, _ = await everything(box, cursor)
    assert [one.raw for one in mails] == [mail(2)]


async def test_uids_are_asked_for_in_windows(demo: DemoMail, opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("svardesk.channels.email.imap_session.WINDOW", 40)
    for number in range(10):
        await demo.boxes.put(ADDRESS, mail(number))
    box = await opened(at(demo.imap_port))
    mails, _ = await everything(box, None, limit=4)
    assert [one.raw for one in mails] == [mail(number) for number in range(10)]


async def test_one_mail_that_the_server_does_not_hand_out_stops_nothing(opened: Open) -> None:
    usual = scripted.imap(
        UID_FETCH_1_=b"* 1 FETCH (UID 1 BODY[] {3}\r\nen\n FLAGS ())\r\n{tag} OK done\r\n",
        UID_FETCH_3_=b"* 3 FETCH (UID 3 BODY[] {3}\r\ntre FLAGS ())\r\n{tag} OK done\r\n",
    )

    def answer(line: bytes) -> scripted.Answer:
        tag, _, command = line.partition(b" ")
        if b"RFC822.SIZE" in command:
            return (
                b"".join(b"* %d FETCH (UID %d RFC822.SIZE 3)\r\n" % (n, n) for n in (1, 2, 3)) + tag + b" OK done\r\n"
            )
        if command.startswith((b"UID FETCH 1,2,3", b"UID FETCH 2 ")):
            return tag + b" NO [SERVERBUG2] cannot read the mail\r\n"
        return usual(line)

    async with Scripted(b"* OK hi\r\n", answer) as server:
        box = await opened(scripted_at(server.port))
        batch = await box.fetch_after(None)
        assert [(one.uid, one.raw, one.problem) for one in batch.mails] == [
            (1, b"en\n", None),
            (2, b"", "unreadable"),
            (3, b"tre", None),
        ]
        await box.close()


# ------------------------------------------------------------------------------------------------ signing in


async def test_a_wrong_password_is_a_refused_login(post: Post) -> None:
    box = Mailbox(post.settings(credentials=Password(post.address, "feil")))
    with pytest.raises(LoginRefused) as refused:
        await box.connect()
    assert not refused.value.retryable
    assert refused.value.said


async def test_an_access_token_signs_in_and_an_old_one_is_told_apart(demo: DemoMail, opened: Open) -> None:
    demo.tokens[ADDRESS] = "fersk"
    box = Mailbox(at(demo.imap_port, credentials=AccessToken(ADDRESS, "gammel")))
    with pytest.raises(TokenExpired) as refused:
        await box.connect()
    assert '"status":"400"' in refused.value.said
    await demo.boxes.put(ADDRESS, mail(1))
    fresh = await opened(at(demo.imap_port, credentials=AccessToken(ADDRESS, "fersk")))
    assert [one.raw for one in (await fresh.fetch_after(None)).mails] == [mail(1)]


@pytest.mark.parametrize(
    ("said", "expected", "code"),
    [
        (b"{tag} NO [AUTHENTICATIONFAILED] Invalid credentials\r\n", LoginRefused, "mail_login_refused"),
        (b"{tag} NO [UNAVAILABLE] Temporary authentication failure\r\n", ServerGone, "mail_server_gone"),
        (b"{tag} NO [ALERT] Too many simultaneous connections\r\n", ServerGone, "mail_server_gone"),
        (b"* BYE overloaded\r\n", ServerGone, "mail_server_gone"),
        (scripted.DROP, ServerGone, "mail_server_gone"),
    ],
)
async def test_refusals_at_sign_in(said: bytes | str, expected: type[MailServerError], code: str) -> None:
    async with Scripted(b"* OK hi\r\n", scripted.imap(LOGIN=said)) as server:
        with pytest.raises(expected) as refused:
            await Mailbox(scripted_at(server.port, read_seconds=0.5)).connect()
        assert refused.value.code == code


async def test_a_mailbox_whose_imap_is_switched_off_needs_a_person() -> None:
    usual = scripted.imap(CAPABILITY=b"* CAPABILITY IMAP4rev1 AUTH=XOAUTH2\r\n{tag} OK done\r\n")
    tags: list[bytes] = []

    def answer(line: bytes) -> scripted.Answer:
        if b"AUTHENTICATE" in line:
            tags.append(line.split(b" ")[0])
            return b"+ \r\n"
        if tags:
            return tags[0] + b" NO User is authenticated but not connected.\r\n"
        return usual(line)

    async with Scripted(b"* OK hi\r\n", answer) as server:
        with pytest.raises(LoginRefused) as refused:
            await Mailbox(scripted_at(server.port, credentials=AccessToken("kari", "x"))).connect()
        assert refused.value.code == "mail_imap_off"


async def test_a_missing_folder_is_told(post: Post) -> None:
    with pytest.raises(FolderMissing):
        await Mailbox(post.settings(folder="Finnes ikke")).connect()


async def test_a_refused_command_is_not_a_missing_folder() -> None:
    async with Scripted(b"* OK hi\r\n", scripted.imap(SELECT=b"{tag} NO not today\r\n")) as server:
        with pytest.raises(ServerRefused, match="not today"):
            await Mailbox(scripted_at(server.port)).connect()


async def test_a_folder_without_numbering_is_refused() -> None:
    async with Scripted(b"* OK hi\r\n", scripted.imap(SELECT=b"* 3 EXISTS\r\n{tag} OK done\r\n")) as server:
        with pytest.raises(ServerRefused) as refused:
            await Mailbox(scripted_at(server.port)).connect()
        assert refused.value.code == "mail_no_uids"


async def test_nobody_listens(demo: DemoMail) -> None:
    port = demo.imap_port
    await demo.stop()
    with pytest.raises(ServerGone) as gone:
        await Mailbox(at(port)).connect()
    assert gone.value.retryable


async def test_a_server_that_says_nothing_is_given_up() -> None:
    async with Scripted(scripted.HANG, scripted.imap()) as server:
        started = time.monotonic()
        with pytest.raises(ServerGone):
            await Mailbox(scripted_at(server.port, connect_seconds=0.3, read_seconds=0.3)).connect()
        assert time.monotonic() - started < 5


async def test_a_command_that_takes_too_long_is_given_up() -> None:
    async with Scripted(b"* OK hi\r\n", scripted.imap(NOOP=scripted.HANG)) as server:
        box = Mailbox(scripted_at(server.port, command_seconds=0.3, read_seconds=30.0))
        await box.connect()
        with pytest.raises(ServerGone, match="too long"):
            await box.fetch_after(None)
        await box.close()


async def test_a_server_that_vanishes_is_gone_and_comes_back(demo: DemoMail, opened: Open) -> None:
    await demo.boxes.put(ADDRESS, mail(1))
    box = await opened(at(demo.imap_port))
    first = await box.fetch_after(None)
    demo.hang_up()
    with pytest.raises(ServerGone):
        await box.fetch_after(first.cursor)
    await demo.boxes.put(ADDRESS, mail(2))
    await box.connect()
    assert [one.raw for one in (await box.fetch_after(first.cursor)).mails] == [mail(2)]


# ------------------------------------------------------------------------------------------------ encryption


@pytest.mark.parametrize("encryption", ["ssl", "starttls"])
async def test_encryption_with_a_certificate_that_is_trusted(
    encryption: str, certificate: Certificate, opened: Open
) -> None:
    how: dict[str, Any] = (
        {"implicit_tls": certificate.context} if encryption == "ssl" else {"starttls": certificate.context}
    )
    async with DemoMail(ACCOUNTS, **how) as server:
        await server.boxes.put(ADDRESS, mail(1))
        box = await opened(at(server.imap_port, host="localhost", encryption=encryption, ca=certificate.ca))
        assert [one.raw for one in (await box.fetch_after(None)).mails] == [mail(1)]
        waiting = asyncio.create_task(box.idle(20))
        await server.boxes.put(ADDRESS, mail(2))
        assert await waiting is True
        with pytest.raises(Untrusted):
            await Mailbox(at(server.imap_port, encryption=encryption)).connect()
        careless = await opened(at(server.imap_port, encryption=encryption, verify=False))
        assert careless.folder.exists == 2
        await box.close()
        await careless.close()


async def test_starttls_is_never_left_out(demo: DemoMail) -> None:
    with pytest.raises(ServerRefused) as refused:
        await Mailbox(at(demo.imap_port, encryption="starttls")).connect()
    assert refused.value.code == "mail_no_starttls"


def test_secrets_are_not_sent_in_the_clear_to_others() -> None:
    with pytest.raises(Insecure):
        Mailbox(at(143, host="mail.example"))
    with pytest.raises(Insecure) as refused:
        Mailbox(at(993, host="mail.example", encryption="ssl", verify=False))
    assert refused.value.code == "mail_unverified"
    Mailbox(at(143, host="mail.example", insecure=True))
    Mailbox(at(143, host="::1"))


def test_secrets_do_not_show() -> None:
    assert PASSWORD not in repr(at(143))
    assert "hemmelig" not in repr(at(143, credentials=AccessToken("kari", "hemmelig")))


# ------------------------------------------------------------------------------------------------ waiting


async def test_arrival_ends_the_waiting(post: Post, opened: Open) -> None:
    box = await opened(post.settings())
    cursor = box.folder.now()
    waiting = asyncio.create_task(box.idle(50))
    await post.deliver(mail(1))
    async with asyncio.timeout(20):
        assert await waiting is True
    assert [one.raw for one in (await box.fetch_after(cursor)).mails] == [mail(1)]


async def test_what_came_before_the_waiting_ends_it_too(demo: DemoMail, opened: Open) -> None:
    box = await opened(at(demo.imap_port))
    await demo.boxes.put(ADDRESS, mail(1))
    async with asyncio.timeout(20):
        assert await box.idle(50) is True


async def test_arrival_while_the_server_idles() -> None:
    async with Scripted(b"* OK hi\r\n", scripted.imap()) as server:
        box = Mailbox(scripted_at(server.port))
        await box.connect()
        waiting = asyncio.create_task(box.idle(50))
        await server.reached(b"IDLE")
        server.say(b"* OK Still here\r\n")
        await server.reached(b"DONE")
        assert not waiting.done()
        server.heard.clear()
        await server.reached(b"IDLE")
        server.say(b"* 4 EX")
        server.say(b"ISTS\r\n")
        assert await waiting is True
        await box.close()


async def test_a_hint_that_comes_before_the_servers_plus_is_heard() -> None:
    async with Scripted(b"* OK hi\r\n", scripted.imap(IDLE=b"* 4 EXISTS\r\n+ idling\r\n")) as server:
        box = Mailbox(scripted_at(server.port))
        await box.connect()
        async with asyncio.timeout(20):
            assert await box.idle(50) is True
        await box.close()


async def test_a_hint_that_comes_with_the_servers_plus_is_heard() -> None:
    async with Scripted(b"* OK hi\r\n", scripted.imap(IDLE=b"+ idling\r\n* 4 EXISTS\r\n")) as server:
        box = Mailbox(scripted_at(server.port))
        await box.connect()
        async with asyncio.timeout(20):
            assert await box.idle(50) is True
        await box.close()


async def test_what_is_told_of_beside_a_search_that_does_not_find_it_is_looked_for() -> None:
    # The server will not tell of it again: whoever began to wait now would wait until the next mail.
    usual = scripted.imap()
    searches: list[bytes] = []

    def answer(line: bytes) -> bytes | str | None:
        tag, _, command = line.partition(b" ")
        if command.startswith(b"UID SEARCH"):
            searches.append(line)
            told = b"* SEARCH 3\r\n* 4 EXISTS\r\n" if len(searches) == 1 else b"* SEARCH 4\r\n"
            return told + tag + b" OK done\r\n"
        if command.startswith(b"UID FETCH"):
            what = b"RFC822.SIZE 3" if b"SIZE" in command else b"FLAGS () BODY[] {3}\r\nhei"
            return b"* 4 FETCH (UID 4 " + what + b")\r\n" + tag + b" OK done\r\n"
        return usual(line)

    async with Scripted(b"* OK hi\r\n", answer) as server:
        box = Mailbox(scripted_at(server.port))
        await box.connect()
        batch = await box.fetch_after(Cursor(uidvalidity=7, last_uid=3))
        assert [(one.uid, one.raw) for one in batch.mails] == [(4, b"hei")]
        assert len(searches) == 2
        assert (await box.fetch_after(batch.cursor)).mails == ()
        assert len(searches) == 3, "nothing was told of: one look is enough"
        await box.close()


async def test_nothing_arrives(post: Post, opened: Open) -> None:
    box = await opened(post.settings())
    assert await box.idle(0.2) is False
    await post.deliver(mail(1))
    assert len((await box.fetch_after(None)).mails) == 1


async def test_waiting_may_be_cancelled_and_the_connection_stays_good(post: Post, opened: Open) -> None:
    await post.deliver(mail(1))
    box = await opened(post.settings())
    waiting = asyncio.create_task(box.idle(50))
    done, _ = await asyncio.wait({waiting}, timeout=0.1)
    assert not done
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert len((await box.fetch_after(None)).mails) == 1


async def test_a_server_that_vanishes_ends_the_waiting(demo: DemoMail, opened: Open) -> None:
    box = await opened(at(demo.imap_port))
    waiting = asyncio.create_task(box.idle(50))
    done, _ = await asyncio.wait({waiting}, timeout=0.1)
    assert not done
    demo.hang_up()
    with pytest.raises(ServerGone):
        await waiting


async def test_without_idle_it_polls(opened: Open) -> None:
    async with DemoMail(ACCOUNTS, without=["IDLE"]) as server:
        box = await opened(at(server.imap_port, poll_seconds=0.05))
        cursor = box.folder.now()
        await server.boxes.put(ADDRESS, mail(1))
        assert await box.idle(50) is False
        assert [one.raw for one in (await box.fetch_after(cursor)).mails] == [mail(1)]
        await box.close()


# ------------------------------------------------------------------------------------------------ afterwards


async def test_leaving(post: Post, opened: Open) -> None:
    await post.deliver(mail(1))
    box = await opened(post.settings(after="leave"))
    (one,) = (await box.fetch_after(None)).mails
    await box.settle([one.uid])
    (same,) = (await box.fetch_after(None)).mails
    assert same.uid == one.uid and "\\Seen" not in same.flags


async def test_marking_as_seen(post: Post, opened: Open) -> None:
    await post.deliver(mail(1))
    box = await opened(post.settings(after="seen"))
    (one,) = (await box.fetch_after(None)).mails
    await box.settle([one.uid])
    (same,) = (await box.fetch_after(None)).mails
    assert "\\Seen" in same.flags


@pytest.mark.parametrize("folder", ["Svardesk", "Arkiv/Svardesk/Blåbær"])
async def test_moving_creates_the_folder_and_may_be_said_twice(folder: str, post: Post, opened: Open) -> None:
    for number in range(3):
        await post.deliver(mail(number))
    box = await opened(post.settings(after="move", move_to=folder))
    mails, cursor = await everything(box, None)
    uids = [one.uid for one in mails]
    await box.settle(uids[:2])
    await box.settle(uids[:2])
    await box.settle([])
    assert [one.uid for one in (await everything(box, None))[0]] == uids[2:]
    other = await opened(post.settings(folder=folder))
    moved, _ = await everything(other, None)
    assert sorted(one.raw for one in moved) == sorted(one.raw for one in mails[:2])
    assert (await everything(box, cursor))[0] == []


async def test_nothing_is_moved_into_the_folder_where_it_lies(post: Post, opened: Open) -> None:
    """It would come back under a new number each time, and be fetched and moved again, for ever."""
    await post.deliver(mail(1))
    box = await opened(post.settings(after="move", move_to="Inbox"))
    mails, cursor = await everything(box, None)
    await box.settle([one.uid for one in mails])
    assert [one.uid for one in (await everything(box, None))[0]] == [one.uid for one in mails]
    assert (await everything(box, cursor))[0] == []


@pytest.mark.parametrize("without", [["MOVE"], ["MOVE", "UIDPLUS"]])
async def test_moving_without_move(without: list[str], opened: Open) -> None:
    async with DemoMail(ACCOUNTS, without=without) as server:
        await server.boxes.put(ADDRESS, mail(1))
        await server.boxes.put(ADDRESS, mail(2))
        box = await opened(at(server.imap_port, after="move"))
        mails, _ = await everything(box, None)
        await box.settle([mails[0].uid])
        assert await server.mails(ADDRESS, "Svardesk") == [mail(1)]
        left = (await everything(box, None))[0]
        if "UIDPLUS" in without:
            # A plain EXPUNGE would take what others have marked, so it stays, marked.
            assert ["\\Deleted" in one.flags for one in left] == [True, False]
        else:
            assert [one.raw for one in left] == [mail(2)]
        await box.close()


async def test_what_was_sent_is_found_by_its_message_id(post: Post, opened: Open) -> None:
    await post.deliver(mail(1))
    box = await opened(post.settings())
    await box.append("Sendt", mail(7))
    assert await box.find("<mail.7@example.no>", "Sendt") is True
    assert await box.find("<mail.8@example.no>", "Sendt") is False
    assert await box.find("<mail.7@example.no>", "\\Sent") is True, "by its usual name, where nothing marks it"
    with pytest.raises(FolderMissing):
        await box.find("<mail.7@example.no>", "\\Archive")
    assert [one.raw for one in (await box.fetch_after(None)).mails] == [mail(1)]
    with pytest.raises(FolderMissing):
        await box.find("<mail.7@example.no>", "Finnes ikke")
    assert [one.raw for one in (await box.fetch_after(None)).mails] == [mail(1)]
