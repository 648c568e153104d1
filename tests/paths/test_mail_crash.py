"""kill -9 of the worker at every step of sending a mail: the customer gets it once, and the desk knows.

Real worker processes, a real SMTP path, a real mailbox. Where a worker is to die is said by what it waits for: the mail
server's step, or a row that the test holds. Time is let pass by putting leases into the past; nothing else is touched.
"""

import asyncio
import email.policy
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest

from svardesk.channels.email.imap import ImapSettings, Mailbox
from svardesk.channels.email.servers import Password
from svardesk.config import Settings
from svardesk.demo_mail import DROP, DemoMail, Step
from tests.desk import Browser, Desk, free_port
from tests.factories import make_account, make_agent
from tests.paths.processes import House, Process
from tests.paths.test_mail import CUSTOMERS, KARI, US, letter
from tests.waiting import until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

SAID = "Vi sender en ny ruter i dag."


class Sending:
    """A desk with a mailbox, and one mail in it that is about to be answered."""

    def __init__(self, desk: Desk, house: House, server: DemoMail, account: UUID, browser: Browser) -> None:
        self.desk = desk
        self.house = house
        self.server = server
        self.account = account
        self.browser = browser
        self.lock: psycopg.Connection[Any] | None = None
        self.conversation = ""
        self.worker: Process

    async def begin(self, **values: Any) -> None:
        """Make the mailbox, start a worker, let a customer write, and wait until it stands in the inbox."""
        given: dict[str, Any] = {
            "address": US, "password": "fjordnett", "start": "all", "hold_seconds": 0,
            "imap": {"host": "127.0.0.1", "port": self.server.imap_port, "encryption": "none"},
            "smtp": {"host": "127.0.0.1", "port": self.server.submission_port, "encryption": "none"},
            **values,
        }  # fmt: skip
        made = await self.browser.post("/api/v1/mailboxes", json=given)
        assert made.status_code == 201, made.text
        self.worker = self.house.worker()
        await self.server.deliver(letter("Ruteren er død."))
        found = await self.until("SELECT id FROM conversations WHERE last_seq = 1")
        self.conversation = str(found["id"])

    async def answer(self) -> None:
        said = await self.browser.answer(self.conversation, SAID, based_on_seq=1)
        assert said.status_code == 201, said.text

    async def until(self, query: str, **values: Any) -> dict[str, Any]:
        """The first row of a query of the organisation's own data, once there is one."""
        try:
            async with asyncio.timeout(30):
                while True:
                    async with self.desk.db.work(self.account) as tx:
                        row = await tx.maybe(query, **values)
                    if row is not None:
                        return row
                    await asyncio.sleep(0.02)
        except TimeoutError:
            async with self.desk.db.work(self.account) as tx:
                held = await tx.all("SELECT state, fence, attempt, handed_at, lease_until, error_code FROM deliveries")
            raise AssertionError(f"never: {query}; {held}; {self.house.processes[-1].text[-3000:]}") from None

    async def state(self, state: str) -> dict[str, Any]:
        """The answer, once message and delivery are in that state."""
        return await self.until(
            "SELECT m.state_reason, d.attempt, d.fence, d.error_code FROM messages m"
            " JOIN deliveries d ON d.message_id = m.id WHERE m.state = %(state)s AND d.state = %(state)s",
            state=state,
        )

    def hold(self, statement: str) -> None:
        """Hold what the worker will want next, in a transaction of the test's own."""
        assert self.lock is None
        self.lock = psycopg.connect(self.desk.dsn)
        self.lock.execute(statement.encode())

    def let_go(self) -> None:
        if self.lock is not None:
            self.lock.close()
            self.lock = None

    async def somebody_waits(self) -> None:
        """Until a worker waits for what is held."""
        waiting = b"SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        async with asyncio.timeout(30):
            while True:
                with psycopg.connect(self.desk.dsn) as looking:
                    if looking.execute(waiting).fetchone():
                        return
                await asyncio.sleep(0.02)

    async def time_passes(self) -> None:
        """Leases end, and whatever waits for a time becomes due."""
        async with self.desk.db.work(self.account) as tx:
            await tx.run(
                "UPDATE deliveries SET lease_until = CASE WHEN lease_until IS NOT NULL THEN now() - interval '1 second' END,"
                " due_at = least(due_at, now())"
            )

    async def next_worker(self) -> None:
        assert not self.worker.lives()
        self.let_go()
        self.worker = self.house.worker()

    def at(self, stage: str, deed: Callable[[Step], str | None]) -> list[str]:
        """Do something when the mail server comes to a step for the first time; the list tells that it has."""
        done: list[str] = []

        def rule(step: Step) -> str | None:
            if step.stage != stage or done:
                return None
            done.append(step.stage)
            return deed(step)

        self.server.rules.append(rule)
        return done

    async def delivered(self) -> None:
        """Until the customer has a mail."""
        async with asyncio.timeout(20):
            while not await self.server.mails(CUSTOMERS):  # noqa: ASYNC110 - the server tells nobody
                await asyncio.sleep(0.02)

    async def check(self, mails: int = 1) -> None:
        """The customer has so many mails, our own copy became no message, and more time changes nothing."""
        for _ in range(2):
            await self.time_passes()
            assert await self._bodies(CUSTOMERS) == [SAID] * mails
            copies = [one for one in await self._bodies(US) if one == SAID]
            assert len(copies) <= mails
        async with self.desk.db.work(self.account) as tx:
            kinds = await tx.all("SELECT kind FROM messages WHERE kind <> 'system' ORDER BY seq")
            conversations = await tx.value("SELECT count(*) FROM conversations")
            addresses = await tx.all("SELECT address FROM mail_participants")
        assert [row["kind"] for row in kinds] == ["inbound", "answer"]
        assert conversations == 1
        assert KARI in {row["address"] for row in addresses}

    async def _bodies(self, address: str) -> list[str]:
        """The first line of each mail in a mailbox."""
        found = []
        for raw in await self.server.mails(address):
            message = email.message_from_bytes(raw, policy=email.policy.default)
            part = message.get_body(("plain",))
            found.append(part.get_content().splitlines()[0].strip())
        return found


@pytest.fixture
async def sending(clone: Callable[[], str], settings: Settings, tmp_path: Path) -> AsyncIterator[Sending]:
    async with AsyncExitStack() as stack:
        desk = Desk(clone(), settings, free_port())
        await desk.db.open()
        stack.push_async_callback(desk.db.close)
        server = await stack.enter_async_context(DemoMail())
        account = await make_account(desk.db)
        owner = await make_agent(desk.db, account, "owner")
        await stack.enter_async_context(desk.serving())
        browser = await stack.enter_async_context(desk.browser())
        await browser.sign_in(owner)
        house = House(desk.dsn, tmp_path)
        # In a thread: a worker that ends says goodbye to the mail server, which lives here.
        stack.push_async_callback(asyncio.to_thread, house.__exit__, None, None, None)
        found = Sending(desk, house, server, account.id, browser)
        stack.callback(found.let_go)
        yield found


async def test_killed_after_claiming(sending: Sending) -> None:
    await sending.begin()
    sending.hold("LOCK TABLE mails IN ACCESS EXCLUSIVE MODE")  # what is read of a mail right after it was claimed
    await sending.answer()
    await sending.until("SELECT 1 FROM deliveries WHERE state = 'sending'")
    await sending.somebody_waits()
    sending.worker.kill()
    assert await sending.server.mails(CUSTOMERS) == []
    await sending.next_worker()
    await sending.until(
        "SELECT 1 FROM deliveries WHERE state = 'sending' AND handed_at IS NULL AND lease_until > now()"
    )
    await sending.time_passes()
    row = await sending.state("sent")
    assert row["attempt"] == 2
    await sending.check()


async def test_killed_before_its_text_is_sent(sending: Sending) -> None:
    await sending.begin()

    def kill(_: Step) -> None:
        sending.worker.kill()

    reached = sending.at("data", kill)
    await sending.answer()
    await sending.until("SELECT 1 FROM deliveries WHERE state = 'sending' AND handed_at IS NULL")
    await until(lambda: reached)
    assert await sending.server.mails(CUSTOMERS) == []
    await sending.next_worker()
    await sending.time_passes()
    assert (await sending.state("sent"))["attempt"] == 2
    await sending.check()


async def test_killed_before_the_final_dot(sending: Sending) -> None:
    """All of the text is at the server; that it is about to be handed over is not noted yet."""
    await sending.begin()
    reached = sending.at("data", lambda _: sending.hold("SELECT 1 FROM deliveries FOR UPDATE"))
    await sending.answer()
    await sending.somebody_waits()
    assert reached
    sending.worker.kill()
    await sending.next_worker()
    await sending.time_passes()
    assert (await sending.state("sent"))["attempt"] == 2
    await sending.check()


async def test_killed_when_the_server_has_it_and_has_not_said_so(sending: Sending) -> None:
    """The copy in our own mailbox proves that it went out: no waiting for a lease, nothing is sent again."""
    await sending.begin()

    def kill(_: Step) -> None:
        sending.worker.kill()

    reached = sending.at("final", kill)
    await sending.answer()
    await sending.until("SELECT 1 FROM deliveries WHERE state = 'sending' AND handed_at IS NOT NULL")
    await sending.delivered()
    assert reached
    await sending.next_worker()
    row = await sending.state("sent")
    assert (row["attempt"], row["fence"]) == (1, 1), "nobody claimed it again"
    await sending.check()


async def test_killed_between_the_servers_answer_and_our_commit(sending: Sending) -> None:
    await sending.begin()
    reached = sending.at("final", lambda _: sending.hold("SELECT 1 FROM deliveries FOR UPDATE"))
    await sending.answer()
    await sending.delivered()
    await sending.somebody_waits()
    assert reached
    sending.worker.kill()
    await sending.until("SELECT 1 FROM deliveries WHERE state = 'sending' AND handed_at IS NOT NULL")
    await sending.next_worker()
    await sending.state("sent")
    await sending.check()


async def test_without_a_copy_the_folder_of_sent_mail_proves_it(sending: Sending) -> None:
    """Providers keep what they were given; it is looked for there by its Message-ID before anything is sent again."""
    await sending.begin(copy=False)
    kept: list[bytes] = []

    def kill(step: Step) -> None:
        sending.worker.kill()
        kept.append(step.content)

    sending.at("final", kill)
    await sending.answer()
    await until(lambda: kept)
    settings = ImapSettings(
        host="127.0.0.1", port=sending.server.imap_port, encryption="none", credentials=Password(US, "fjordnett")
    )
    async with Mailbox(settings) as mailbox:
        await mailbox.append("Sendt", kept[0])
    await sending.next_worker()
    await sending.time_passes()
    row = await sending.state("sent")
    assert (row["attempt"], row["fence"]) == (1, 2), "looked for once, sent once"
    await sending.check()


async def test_killed_after_the_commit(sending: Sending) -> None:
    await sending.begin()
    await sending.answer()
    await sending.state("sent")
    sending.worker.kill()
    await sending.next_worker()
    await sending.time_passes()
    # The next worker has read the copy too: it has been through everything that there was to do.
    await sending.until("SELECT 1 FROM inbound_items WHERE type = 'receipt_sent'")
    await sending.state("sent")
    await sending.check()


async def test_what_nobody_can_find_out_is_never_sent_twice_and_ends_with_a_person(sending: Sending) -> None:
    """The dot was sent, the worker died, and the server lost the mail: no proof anywhere."""
    await sending.begin()

    def kill(_: Step) -> str:
        sending.worker.kill()
        return DROP

    reached = sending.at("final", kill)
    await sending.answer()
    await sending.until("SELECT 1 FROM deliveries WHERE state = 'sending' AND handed_at IS NOT NULL")
    await until(lambda: reached)
    await sending.next_worker()
    failed = asyncio.create_task(sending.state("failed_permanent"))
    while not failed.done():
        await sending.time_passes()
        await asyncio.wait({failed}, timeout=0.2)
    row = await failed
    assert row["error_code"] == "outcome_unknown"
    await sending.check(mails=0)
