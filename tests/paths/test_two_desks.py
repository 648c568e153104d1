"""Two installations of Svardesk with receipts on write to each other, and stop.

Two databases, two web processes, two workers, and a real SMTP path between their mailboxes. With the headers that say what
a machine wrote, and with a relay on the way that takes every one of them away.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import pytest

from svardesk.config import Settings
from svardesk.demo_mail import Account, DemoMail
from tests.desk import Desk, free_port
from tests.factories import Account as Organisation
from tests.factories import make_account, make_agent
from tests.paths.test_mail import letter

pytestmark = pytest.mark.timeout(120)

NORTH, SOUTH = "post@nord.example", "hjelp@sor.example"
KARI = "kari@example.no"
SAYS_MACHINE = ("auto-submitted", "x-auto-response-suppress", "x-svardesk-loop", "precedence", "list-id")
THREADS = ("in-reply-to", "references", "reply-to", "message-id")


@dataclass
class House:
    """One installation: its desk, its organisation, its mailbox."""

    desk: Desk
    organisation: Organisation
    address: str

    async def rests(self, server: DemoMail) -> bool:
        """Whether everything in its mailbox has been taken in, and nothing is on its way out."""
        lies = len(await server.mails(self.address))
        async with self.desk.db.work(self.organisation.id) as tx:
            row = await tx.one(
                "SELECT (SELECT coalesce(sum(taken), 0) FROM mailboxes) AS taken,"
                " (SELECT count(*) FROM envelopes WHERE state = 'received') AS waiting,"
                " (SELECT count(*) FROM messages WHERE state IN ('queued', 'sending', 'unknown', 'failed_temporary')) AS out"
            )
        async with self.desk.db.system() as tx:
            lag = await tx.value(
                "SELECT (SELECT count(*) FROM event_outbox) + (SELECT last_position FROM spine_state)"
                " - (SELECT min(position) FROM reaction_cursors)"
            )
        return (int(row["taken"]), row["waiting"], row["out"], lag) == (lies, 0, 0, 0)

    async def rows(self, query: str) -> list[Any]:
        async with self.desk.db.work(self.organisation.id) as tx:
            return [tuple(row.values()) for row in await tx.all(query)]


@dataclass
class Both:
    """Two houses, and the mail server between them."""

    server: DemoMail
    north: House
    south: House

    async def come_to_rest(self) -> None:
        """Until neither has anything to do, and that twice in a row."""
        quiet = 0
        async with asyncio.timeout(60):
            while quiet < 3:
                rests = [await one.rests(self.server) for one in (self.north, self.south)]
                quiet = quiet + 1 if all(rests) else 0
                await asyncio.sleep(0.1)

    def take_away(self, names: Sequence[str]) -> None:
        """A relay on the way that loses these headers of every mail."""
        deliver = self.server.office.deliver
        lost = re.compile(rb"(?im)^(?:" + "|".join(names).encode() + rb"):[^\r\n]*\r?\n(?:[ \t][^\r\n]*\r?\n)*")

        async def without(sender: str, recipients: Sequence[str], raw: bytes) -> None:
            head, separator, body = raw.partition(b"\r\n\r\n")
            await deliver(sender, recipients, lost.sub(b"", head + b"\r\n").rstrip(b"\r\n") + separator + body)

        self.server.office.deliver = without

    async def mails(self, address: str) -> int:
        return len(await self.server.mails(address))


@pytest.fixture
async def both(clone: Callable[[], str], settings: Settings) -> AsyncIterator[Both]:
    accounts = (
        Account(address=NORTH, password="nord", domains=("nord.example",)),
        Account(address=SOUTH, password="sor", domains=("sor.example",)),
        Account(address="alle@postkasse.example", password="x", catch_all=True),
    )
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(DemoMail(accounts))
        houses = []
        for address, password in ((NORTH, "nord"), (SOUTH, "sor")):
            desk = Desk(clone(), settings, free_port())
            await desk.db.open()
            stack.push_async_callback(desk.db.close)
            organisation = await make_account(desk.db)
            owner = await make_agent(desk.db, organisation, "owner")
            await stack.enter_async_context(desk.serving())
            browser = await stack.enter_async_context(desk.browser())
            await browser.sign_in(owner)
            given = {
                "address": address, "password": password, "start": "all", "hold_seconds": 0, "receipt": True, "copy": False,
                "imap": {"host": "127.0.0.1", "port": server.imap_port, "encryption": "none"},
                "smtp": {"host": "127.0.0.1", "port": server.submission_port, "encryption": "none"},
            }  # fmt: skip
            made = await browser.post("/api/v1/mailboxes", json=given)
            assert made.status_code == 201, made.text
            houses.append(House(desk, organisation, address))
        for house in houses:
            await stack.enter_async_context(house.desk.working())
        yield Both(server, *houses)


def from_south(number: int = 1) -> bytes:
    """A mail that a person sends from the southern mailbox to the northern one."""
    return letter(
        "Hei, kan dere ringe oss?", From=f"Sør <{SOUTH}>", To=NORTH, Message_ID=f"<hei.{number}@sor.example>",
        Subject=f"Samarbeid {number}", Date="",
    )  # fmt: skip


async def test_they_stop_by_what_the_mails_say(both: Both) -> None:
    await both.server.office.deliver(SOUTH, [NORTH], from_south())
    await both.come_to_rest()
    assert (await both.mails(NORTH), await both.mails(SOUTH)) == (1, 1), "one receipt, and none for the receipt"
    kinds = "SELECT kind, automated FROM messages WHERE kind <> 'system' ORDER BY created_at"
    assert await both.north.rows(kinds) == [("inbound", False), ("answer", True)]
    assert await both.south.rows(kinds) == [("inbound", True)], "it is kept, and shown as what it is"
    assert await both.south.rows("SELECT waiting_since FROM conversations") == [(None,)], "it starts no clock"


async def test_they_stop_when_nothing_tells_that_a_machine_wrote(both: Both) -> None:
    both.take_away(SAYS_MACHINE)
    await both.server.office.deliver(SOUTH, [NORTH], from_south())
    await both.come_to_rest()
    assert (await both.mails(NORTH), await both.mails(SOUTH)) == (2, 1), "a receipt each"


async def test_they_stop_when_nothing_tells_what_a_mail_answers_either(both: Both) -> None:
    """Every mail begins a conversation then. An address gets one automatic mail a day."""
    both.take_away((*SAYS_MACHINE, *THREADS))
    for number in range(4):
        await both.server.office.deliver(SOUTH, [NORTH], from_south(number))
    await both.come_to_rest()
    assert (await both.mails(NORTH), await both.mails(SOUTH)) == (5, 1)
    # A person is not kept from getting theirs.
    await both.server.office.deliver(KARI, [NORTH], letter("Hei", To=NORTH, Message_ID="<k@example.no>", Date=""))
    await both.come_to_rest()
    assert (await both.mails(NORTH), await both.mails(SOUTH)) == (6, 1)
    assert await both.mails("alle@postkasse.example") == 1
