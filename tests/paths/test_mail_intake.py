"""Mails that wait in a mailbox come in once each, whoever is killed while they do, and whatever the server renumbers."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import psycopg
import pytest

from svardesk.config import Settings
from svardesk.demo_mail import DemoMail
from tests.desk import Desk, free_port
from tests.factories import Account, make_account, make_agent
from tests.paths.processes import House, Process
from tests.paths.test_mail import US, letter

MAILS = 2000


class Intake:
    """A desk with a mailbox at a mail server in this process; workers are up to the test."""

    def __init__(self, desk: Desk, house: House, server: DemoMail, account: Account) -> None:
        self.desk = desk
        self.house = house
        self.server = server
        self.account = account

    async def deliver(self, first: int, last: int) -> None:
        """Put numbered mails into the mailbox, each from a person of its own, some of them answering the one before."""
        for number in range(first, last + 1):
            answers = number % 5 == 0
            raw = letter(
                f"Mail nummer {number}\n\nMvh Kari\n",
                From=f"Kari <kari.{number - answers}@example.no>",
                Message_ID=f"<mail.{number}@example.no>",
                Subject=f"Sak {number}",
                In_Reply_To=f"<mail.{number - 1}@example.no>" if answers else "",
            )
            await self.server.boxes.put(US, raw)

    async def counts(self) -> dict[str, int]:
        async with self.desk.db.work(self.account.id) as tx:
            row = await tx.one(
                "SELECT (SELECT coalesce(sum(taken), 0)::int FROM mailboxes) AS taken,"
                " (SELECT count(*) FROM envelopes WHERE state <> 'parsed') AS waiting,"
                " (SELECT count(*) FROM mails WHERE direction = 'in') AS mails"
            )
        return dict(row)

    async def until(self, holds: Callable[[dict[str, int]], bool], *workers: Process, seconds: float = 150) -> None:
        """Wait until the counts are such; ``workers`` must live meanwhile."""
        counts: dict[str, int] = {}
        try:
            async with asyncio.timeout(seconds):
                while not holds(counts := await self.counts()):
                    for worker in workers:
                        assert worker.lives(), worker.text
                    await asyncio.sleep(0.05)
        except TimeoutError:
            said = self.house.processes[-1].text[-3000:] if self.house.processes else ""
            raise AssertionError(f"{counts}; {said}") from None

    async def leases_end(self) -> None:
        """Let the time pass that a dead worker's claims last."""
        async with self.desk.db.work(self.account.id) as tx:
            await tx.run("UPDATE envelopes SET due_at = now() WHERE state = 'received' AND due_at > now()")

    def readers(self) -> int:
        """How many workers compete for mailboxes."""
        with psycopg.connect(self.desk.dsn) as conn:
            row = conn.execute(
                b"SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                b" AND application_name = 'svardesk mailboxes'"
            ).fetchone()
        return int(row[0]) if row else 0

    async def check(self, mails: int) -> None:
        """Every mail is there once, whole, in one conversation with what it answers."""
        async with self.desk.db.work(self.account.id) as tx:
            rows: list[Any] = await tx.all(
                "SELECT x.body, m.mail_id, c.number FROM messages x JOIN mails m ON m.message_id = x.id"
                " JOIN conversations c ON c.id = x.conversation_id WHERE x.kind = 'inbound'"
            )
            aside = await tx.value("SELECT count(*) FROM inbound_items WHERE state = 'quarantined'")
            states = await tx.all("SELECT DISTINCT state FROM envelopes")
        assert aside == 0
        assert [row["state"] for row in states] == ["parsed"]
        assert Counter(row["mail_id"] for row in rows) == Counter(
            f"mail.{number}@example.no" for number in range(1, mails + 1)
        )
        assert {row["body"] for row in rows} == {f"Mail nummer {number}" for number in range(1, mails + 1)}
        place = {int(row["mail_id"].split(".")[1].split("@")[0]): row["number"] for row in rows}
        assert all(place[number] == place[number - 1] for number in range(5, mails + 1, 5))
        assert len(set(place.values())) == mails - mails // 5


@pytest.fixture
async def intake(clone: Callable[[], str], settings: Settings, tmp_path: Path) -> AsyncIterator[Intake]:
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
        given = {
            "address": US, "password": "fjordnett", "start": "all",
            "imap": {"host": "127.0.0.1", "port": server.imap_port, "encryption": "none"},
        }  # fmt: skip
        made = await browser.post("/api/v1/mailboxes", json=given)
        assert made.status_code == 201, made.text
        house = House(desk.dsn, tmp_path)
        stack.push_async_callback(asyncio.to_thread, house.__exit__, None, None, None)
        yield Intake(desk, house, server, account)


@pytest.mark.slow
@pytest.mark.timeout(400)
async def test_whoever_is_killed_no_mail_is_lost_or_doubled(intake: Intake) -> None:
    await intake.deliver(1, MAILS)
    first = intake.house.worker()
    await intake.until(lambda now: now["taken"] >= 200, first)
    first.kill()
    assert (await intake.counts())["taken"] < MAILS, "in the middle of fetching"
    # Two compete for the mailbox: one of them reads it.
    second, third = intake.house.worker(), intake.house.worker()
    await intake.until(lambda _: intake.readers() == 2, second, third)
    await intake.leases_end()
    await intake.until(lambda now: now["taken"] == MAILS, second, third)
    assert intake.server.sessions == 1
    # One of these two is the one that reads; they are killed one after the other, and somebody is always left.
    second.kill()
    fourth = intake.house.worker()
    await intake.deliver(MAILS + 1, MAILS + 5)
    await intake.until(lambda now: now["taken"] == MAILS + 5, third, fourth)
    await intake.leases_end()
    await intake.until(lambda now: now["mails"] >= MAILS // 2, third, fourth)
    assert (await intake.counts())["waiting"] > 0, "in the middle of taking in"
    third.kill()
    await intake.deliver(MAILS + 6, MAILS + 10)
    await intake.until(lambda now: now["taken"] == MAILS + 10, fourth)
    await intake.leases_end()
    await intake.until(lambda now: (now["mails"], now["waiting"]) == (MAILS + 10, 0), fourth)
    assert intake.server.sessions == 1
    await intake.check(MAILS + 10)


async def test_another_numbering_brings_nothing_twice(intake: Intake) -> None:
    await intake.deliver(1, 30)
    async with intake.desk.working():
        await intake.until(lambda now: (now["mails"], now["waiting"]) == (30, 0))
        (await intake.server.folder()).renumber()
        await intake.deliver(31, 35)
        intake.server.hang_up()
        # All of it is looked at again, and what is known is recognised.
        await intake.until(lambda now: (now["taken"], now["waiting"]) == (65, 0))
        await intake.deliver(36, 40)
        await intake.until(lambda now: (now["mails"], now["waiting"]) == (40, 0))
    await intake.check(40)


async def test_another_numbering_while_nobody_read_brings_nothing_twice(intake: Intake) -> None:
    await intake.deliver(1, 10)
    async with intake.desk.working():
        await intake.until(lambda now: (now["mails"], now["waiting"]) == (10, 0))
    (await intake.server.folder()).renumber()
    await intake.deliver(11, 15)
    async with intake.desk.working():
        await intake.until(lambda now: (now["taken"], now["waiting"]) == (25, 0))
    await intake.check(15)
