"""Whom an answer reached: copies that bounce are told, and only the customer's own bounce makes it a failed answer."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from svardesk.channels import deliveries
from svardesk.channels.email.config import Reached, key_of
from svardesk.channels.email.tokens import message_id as mail_id
from svardesk.conversations.schemas import Correspondent, Letter
from svardesk.conversations.store import messages
from svardesk.demo_mail import DemoMail, Step
from svardesk.kit.clock import FixedClock
from svardesk.kit.db import Database
from svardesk.kit.ids import uuid7
from svardesk.kit.jsons import encode
from tests.email.conftest import PASSWORD
from tests.email.mailbox import KARI, RING, US, Box, letter, make_box
from tests.email.test_bounces import report
from tests.factories import insert

OLA, LIV = "ola@example.no", "liv@firma.example"
COPIED = Letter(to=[Correspondent("", KARI), Correspondent("", OLA)], cc=[Correspondent("", LIV)])


@pytest.fixture
async def box(fresh_db: Database, clock: FixedClock, demo: DemoMail) -> Box:
    """A mailbox that sends by our own server, with one mail in it."""
    smtp = Reached(host="127.0.0.1", port=demo.submission_port, encryption="none")
    box = await make_box(fresh_db, clock, smtp=smtp, password=PASSWORD, hold_seconds=0)
    await box.arrive(letter("Hei"))
    return box


async def send(box: Box, to: Letter | None = None) -> UUID:
    """An agent answers, and the answer goes out as far as it does."""
    conversation_id = await box.conversation()
    async with box.db.work(box.account.id) as tx:
        seq = await tx.value(
            "UPDATE conversations SET last_seq = last_seq + 1, last_public_seq = last_seq + 1 WHERE id = %(id)s"
            " RETURNING last_seq",
            id=conversation_id,
        )
    details = None if to is None else encode({"letter": to}).decode()
    message_id = await insert(
        box.db, "messages", box.account.id, conversation_id=conversation_id, seq=seq, kind="answer", author_kind="agent",
        author_id=uuid7(), body="Vi ser på det.", actor="agent:x", state="queued", created_at=box.clock.now(),
    )  # fmt: skip
    async with box.db.work(box.account.id) as tx:
        await tx.run(
            "UPDATE messages SET details = %(details)s::jsonb WHERE id = %(id)s", details=details, id=message_id
        )
        await deliveries.plan(tx, box.clock.now(), [message_id])
    while await deliveries.sweep(box.db, box.clock, RING):
        pass
    return message_id


async def seen(box: Box, message_id: UUID) -> tuple[str | None, dict[str, str]]:
    """What an agent sees of an answer: its state, and whom it did not reach."""
    async with box.db.work(box.account.id) as tx:
        found = (await messages(tx, [message_id]))[message_id]
    return found.state, dict(found.letter.failed) if found.letter else {}


async def bounce(box: Box, message_id: UUID, address: str, **more: Any) -> None:
    ours = mail_id(await box.conversation(), message_id, key_of(await box.connection()), US.rpartition("@")[2])
    raw = report(**more).replace(b"ola@example.no", b"somebody@else.example")
    raw = raw.replace(b"<c.1.2.3@desk>", ours.encode()).replace(b"Kari@Example.NO", address.encode())
    await box.arrive(b"Message-ID: <%s@mx.example.no>\n" % str(uuid7()).encode() + raw)


def refusing(**said: str) -> Callable[[Step], str | None]:
    """A server that refuses some recipients, by what stands before their @."""
    return lambda step: said.get(step.recipient.partition("@")[0]) if step.stage == "rcpt" else None


async def test_an_answer_shows_to_whom_it_went_though_nobody_chose(box: Box) -> None:
    message_id = await send(box)
    async with box.db.work(box.account.id) as tx:
        found = (await messages(tx, [message_id]))[message_id]
    assert found.letter is not None
    assert [one.address for one in found.letter.to] == [KARI]


@pytest.mark.parametrize("address", [LIV, OLA])
async def test_a_copy_that_bounces_is_told_and_the_answer_stays_sent(box: Box, address: str) -> None:
    message_id = await send(box, COPIED)
    await bounce(box, message_id, address)
    await bounce(box, message_id, address)
    state, failed = await seen(box, message_id)
    assert state == "sent"
    assert failed == {address: "550 5.1.1 User unknown"}
    async with box.db.system() as tx:
        assert await tx.all("SELECT payload FROM event_outbox WHERE type = 'delivery_failed'") == []


async def test_when_the_customer_bounces_the_answer_has_failed(box: Box) -> None:
    message_id = await send(box, COPIED)
    await bounce(box, message_id, LIV)
    await bounce(box, message_id, KARI)
    assert await seen(box, message_id) == (
        "failed_permanent", {LIV: "550 5.1.1 User unknown", KARI: "550 5.1.1 User unknown"},
    )  # fmt: skip


async def test_strangers_in_to_fail_it_when_the_last_of_them_has_bounced(box: Box) -> None:
    message_id = await send(box, Letter(to=[Correspondent("", OLA), Correspondent("", LIV)]))
    await bounce(box, message_id, OLA)
    assert (await seen(box, message_id))[0] == "sent"
    await bounce(box, message_id, LIV)
    assert (await seen(box, message_id))[0] == "failed_permanent"


async def test_a_report_that_names_nobody_of_ours_is_taken_for_the_worst(box: Box) -> None:
    message_id = await send(box, COPIED)
    await bounce(box, message_id, "kari.nordmann@jobb.example")
    assert (await seen(box, message_id))[0] == "failed_permanent"


async def test_copies_that_a_server_refuses_are_told_and_the_rest_goes_out(box: Box, demo: DemoMail) -> None:
    demo.rules.append(refusing(liv="550 5.1.1 No such user", ola="451 4.7.1 Later"))
    message_id = await send(box, COPIED)
    assert await seen(box, message_id) == ("sent", {OLA: "4.7.1 Later", LIV: "5.1.1 No such user"})
    assert len(await demo.mails("kunder@postkasse.example")) == 1


async def test_while_the_customers_address_is_put_off_no_copy_goes_out_and_then_each_once(
    box: Box, demo: DemoMail
) -> None:
    demo.rules.append(refusing(kari="451 4.7.1 Later"))
    message_id = await send(box, COPIED)
    assert await seen(box, message_id) == ("failed_temporary", {})
    assert await demo.mails("kunder@postkasse.example") == []
    demo.rules.clear()
    box.clock.advance(10)
    await deliveries.sweep(box.db, box.clock, RING)
    assert await seen(box, message_id) == ("sent", {})
    assert len(await demo.mails("kunder@postkasse.example")) == 3


# ------------------------------------------------------------------------------------------------ suppressed


async def test_to_an_address_that_does_not_exist_nothing_is_sent_until_a_person_wants_it(
    box: Box, demo: DemoMail
) -> None:
    await bounce(box, await send(box), KARI)
    message_id = await send(box)
    assert (await seen(box, message_id))[0] == "blocked_by_policy"
    [row] = await box.rows(
        "SELECT state_reason, reason FROM messages m JOIN deliveries d ON d.message_id = m.id WHERE m.id = %(id)s",
        id=message_id,
    )
    assert (row["state_reason"], row["reason"]) == ("address_suppressed", "550 5.1.1 User unknown")
    assert len(await demo.mails("kunder@postkasse.example")) == 1
    async with box.db.work(box.account.id) as tx:
        await tx.run("UPDATE messages SET state = 'queued' WHERE id = %(id)s", id=message_id)
        assert await deliveries.again(tx, box.clock.now(), message_id)
    await deliveries.sweep(box.db, box.clock, RING)
    assert (await seen(box, message_id))[0] == "sent"
    assert await box.rows("SELECT address FROM mail_suppressions") == []


async def test_whoever_writes_from_it_exists_and_a_machine_there_does_not(box: Box) -> None:
    await bounce(box, await send(box), KARI)
    absent = {"Message_ID": "<away@example.no>", "Auto_Submitted": "auto-replied"}
    await box.arrive(letter("Jeg er borte", **absent))
    assert len(await box.rows("SELECT address FROM mail_suppressions")) == 1
    await box.arrive(letter("Nå virker den igjen", Message_ID="<back@example.no>"))
    assert await box.rows("SELECT address FROM mail_suppressions") == []


async def test_a_suppressed_copy_is_left_out_and_told(box: Box, demo: DemoMail) -> None:
    demo.rules.append(refusing(liv="550 5.1.1 No such user", ola="550 5.7.1 Not from you"))
    await send(box, COPIED)
    demo.rules.clear()
    message_id = await send(box, COPIED)
    assert await seen(box, message_id) == ("sent", {LIV: "5.1.1 No such user"})
    assert len(await demo.mails("kunder@postkasse.example")) == 1 + 2


async def test_a_refusal_that_is_not_for_good_or_not_of_the_address_suppresses_nobody(box: Box, demo: DemoMail) -> None:
    message_id = await send(box)
    await bounce(box, message_id, KARI, status="5.2.2", diagnostic="552 5.2.2 mailbox full")
    demo.rules.append(refusing(kari="550 5.1.8 Bad sender"))
    await send(box)
    assert await box.rows("SELECT address FROM mail_suppressions") == []


async def test_one_organisations_dead_addresses_are_not_anothers(box: Box, clock: FixedClock) -> None:
    await bounce(box, await send(box), KARI)
    other = await make_box(box.db, clock)
    assert len(await box.rows("SELECT address FROM mail_suppressions")) == 1
    assert await other.rows("SELECT address FROM mail_suppressions") == []


# ------------------------------------------------------------------------------------------------ alarms


async def changes(box: Box) -> int:
    async with box.db.system() as tx:
        return await tx.value("SELECT count(*) FROM event_outbox WHERE type = 'connection_changed'")


async def test_apps_hear_once_that_nothing_goes_out_and_once_that_it_does_again(box: Box, demo: DemoMail) -> None:
    await send(box)
    before = await changes(box)
    demo.rules.append(lambda step: "535 5.7.8 Bad password" if step.stage == "auth" else None)
    await send(box)
    box.clock.advance(10)
    await deliveries.sweep(box.db, box.clock, RING)
    assert await changes(box) == before + 1
    demo.rules.clear()
    box.clock.advance(hours=1)
    await deliveries.sweep(box.db, box.clock, RING)
    assert await changes(box) == before + 2
    await send(box)
    assert await changes(box) == before + 2


async def test_a_delay_stands_at_the_answer_until_it_has_arrived_or_failed(box: Box) -> None:
    message_id = await send(box)
    late: dict[str, Any] = {"action": "delayed", "status": "4.4.1", "diagnostic": "451 4.4.1 timed out"}
    await bounce(box, message_id, KARI, **late)
    async with box.db.work(box.account.id) as tx:
        found = (await messages(tx, [message_id]))[message_id]
        waiting = await tx.value("SELECT waiting_since FROM conversations")
    assert (found.state, found.state_reason) == ("sent", "delayed")
    assert waiting is None, "a machine's report starts no clock"
    await bounce(box, message_id, KARI, **late)
    async with box.db.work(box.account.id) as tx:
        assert (await messages(tx, [message_id]))[message_id].version == found.version
    await bounce(box, message_id, KARI)
    async with box.db.work(box.account.id) as tx:
        found = (await messages(tx, [message_id]))[message_id]
    assert (found.state, found.state_reason) != ("sent", "delayed")
    assert found.state == "failed_permanent"
    await bounce(box, message_id, KARI, **late)
    assert (await seen(box, message_id))[0] == "failed_permanent"
