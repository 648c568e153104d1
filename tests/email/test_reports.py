"""What reports do to the answers that they are about, whichever mailbox they come to."""

from typing import Any
from uuid import UUID

import pytest

from svardesk.channels.email.preparing import Prepared
from svardesk.channels.events import DeliveryFailed
from svardesk.channels.reactions import bring_back
from svardesk.kit.clock import FixedClock
from svardesk.kit.db import Database
from svardesk.kit.ids import uuid7
from svardesk.spine import Recorded
from tests.email.mailbox import KARI, US, Box, letter, make_box
from tests.factories import insert

REPORT = """\
From: Mail Delivery System <MAILER-DAEMON@mx.example.no>
To: {to}
Subject: Undelivered Mail Returned to Sender
Message-ID: <report.{name}@mx.example.no>
Date: Mon, 23 Nov 2026 10:00:00 +0100
Content-Type: multipart/report; report-type=delivery-status; boundary=r

--r
Content-Type: text/plain

Se under.
--r
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.no

{said}
--r
Content-Type: text/rfc822-headers

Message-ID: {about}
Subject: Re: Nettet er borte
--r--
"""
FAILED = f"Final-Recipient: rfc822; {KARI}\nAction: failed\nStatus: 5.1.1"
LATE = f"Final-Recipient: rfc822; {KARI}\nAction: delayed\nStatus: 4.4.1"
ARRIVED = "Final-Recipient: rfc822; ola@example.no\nAction: delivered\nStatus: 2.0.0"


@pytest.fixture
async def box(fresh_db: Database, clock: FixedClock) -> Box:
    return await make_box(fresh_db, clock)


async def went_out(box: Box, prepared: Prepared) -> UUID:
    """The delivery of an answer that a mail server has taken."""
    [row] = await box.rows(
        "SELECT message_id, conversation_id FROM mails WHERE mail_id = %(id)s AND direction = 'out'",
        id=prepared.mail_id,
    )
    values: dict[str, Any] = {"seq": 2, "state": "sent", "due_at": box.clock.now(), "created_at": box.clock.now()}
    return await insert(
        box.db, "deliveries", box.account.id, id=uuid7(), connection_id=box.id, external_id=prepared.mail_id,
        **row, **values,
    )  # fmt: skip


def report(name: str, said: str, prepared: Prepared, to: str = US) -> bytes:
    text = REPORT.format(name=name, said=said, about=prepared.outgoing.message_id, to=to)
    return text.replace("\n", "\r\n").encode()


async def states(box: Box) -> list[str]:
    return [row["state"] for row in await box.rows("SELECT state FROM deliveries ORDER BY seq")]


async def test_a_report_to_another_of_our_mailboxes_is_believed_as_well(box: Box, clock: FixedClock) -> None:
    """A team that answers under an address of its own gets its reports there."""
    await box.arrive(letter("Hei"))
    prepared = await box.answer()
    await went_out(box, prepared)
    neighbour = await make_box(box.db, clock)
    await neighbour.arrive(report("nabo", FAILED, prepared))
    assert await states(box) == ["sent"], "what another organisation gets says nothing here"
    sales = await make_box(box.db, clock, box.account, address="salg@fjordnett.example")
    await sales.arrive(report("salg", FAILED, prepared, "salg@fjordnett.example"))
    assert await states(box) == ["failed_permanent"]
    assert await box.threads() == [["Hei", "Se under."]]


async def test_a_report_names_only_whom_it_did_not_reach(box: Box) -> None:
    await box.arrive(letter("Hei"))
    prepared = await box.answer()
    await went_out(box, prepared)
    await box.arrive(report("sent", f"{LATE}\n\n{ARRIVED}", prepared))
    assert await states(box) == ["sent"], "a delay is no failure"
    await box.arrive(report("feil", f"{ARRIVED}\n\n{FAILED}", prepared))
    assert await states(box) == ["failed_permanent"]
    rows = await box.rows("SELECT details->'letter'->'failed' AS told FROM messages WHERE automated ORDER BY seq")
    assert [[address for address, _ in row["told"]] for row in rows] == [[KARI], [KARI]]


@pytest.mark.parametrize(("automated", "then"), [(False, "open"), (True, "closed")])
async def test_a_receipt_that_did_not_arrive_is_nobodys_work(box: Box, *, automated: bool, then: str) -> None:
    """Machines write under addresses that take no mail; what an agent has closed stays closed."""
    await box.arrive(letter("Hei"))
    prepared = await box.answer()
    await went_out(box, prepared)
    async with box.db.work(box.account.id) as tx:
        await tx.run("UPDATE messages SET automated = %(a)s WHERE kind = 'answer'", a=automated)
        await tx.run("UPDATE conversations SET status = 'closed', closed_at = %(now)s", now=box.clock.now())
    await box.arrive(report("sent", FAILED, prepared))
    assert await states(box) == ["failed_permanent"]
    [row] = await box.rows("SELECT id, message_id, conversation_id FROM deliveries")
    failed = DeliveryFailed(
        stream=row["conversation_id"], message_id=row["message_id"], delivery_id=row["id"], state="failed_permanent"
    )
    async with box.db.work(box.account.id) as tx:
        told = Recorded(1, box.account.id, failed.stream, 0, "delivery_failed", 1, box.clock.now(), failed)
        await bring_back(tx, [told])
    assert [one["status"] for one in await box.rows("SELECT status FROM conversations")] == [then]
