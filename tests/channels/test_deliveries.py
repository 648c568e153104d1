"""The way out: one call a message, whatever breaks in between."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from svardesk.channels import deliveries
from svardesk.channels.contract import (
    Blocked,
    NotSent,
    OutboundCommand,
    Permanent,
    SendResult,
    Sent,
    Temporary,
    Unknown,
    Watermark,
)
from svardesk.channels.email.adapter import RETRIES_FOR
from svardesk.channels.registry import adapter as real_adapter
from svardesk.conversations import posting
from svardesk.conversations.changing import taken_back
from svardesk.conversations.schemas import PostMessage, Retry
from svardesk.conversations.store import messages
from svardesk.kit.clock import FixedClock
from svardesk.kit.db import Database, Row
from svardesk.kit.ids import uuid7
from svardesk.kit.keyring import KeyRing
from tests.channels.conftest import FakeAdapter, Provider
from tests.factories import NOW, Account, Agent, insert, make_account, make_agent, make_conversation, make_widget

RING = KeyRing({"k1": b"k" * 32})


@dataclass
class Outbox:
    """A conversation in a channel of the make-believe provider, and the sweep that serves it."""

    db: Database
    clock: FixedClock
    account: Account
    connection_id: UUID
    conversation_id: UUID
    provider: Provider
    seq: int = 0

    def adapters(self, kind: str) -> Any:
        return FakeAdapter(self.provider) if kind == "fake" else real_adapter(kind)

    async def answer(self, text: str = "Hei!", conversation_id: UUID | None = None, *, plan: bool = True) -> UUID:
        """An agent's answer, planned as the reaction does (unless its reaction was set aside)."""
        self.seq += 1
        message_id = await insert(
            self.db, "messages", self.account.id, conversation_id=conversation_id or self.conversation_id, seq=self.seq,
            kind="answer", author_kind="agent", author_id=uuid7(), body=text, actor="agent:test", state="queued",
            created_at=NOW,
        )  # fmt: skip
        if plan:
            await self.plan(message_id)
        return message_id

    async def plan(self, *message_ids: UUID) -> int:
        async with self.db.work(self.account.id) as tx:
            return await deliveries.plan(tx, self.clock.now(), message_ids, self.adapters)

    async def sweep(self) -> int:
        return await deliveries.sweep(self.db, self.clock, RING, self.adapters)

    async def drain(self) -> None:
        while await self.sweep():
            pass

    async def row(self, message_id: UUID) -> Row:
        async with self.db.work(self.account.id) as tx:
            return await tx.one(
                "SELECT d.*, m.state AS message_state, m.state_reason FROM deliveries d JOIN messages m"
                " ON m.account_id = d.account_id AND m.id = d.message_id WHERE d.message_id = %(id)s",
                id=message_id,
            )

    async def states(self, message_id: UUID) -> tuple[str, str]:
        row = await self.row(message_id)
        return row["state"], row["message_state"]


@pytest.fixture
async def outbox(fresh_db: Database, clock: FixedClock) -> Outbox:
    db = fresh_db
    account = await make_account(db)
    connection_id = await insert(db, "connections", account.id, kind="fake", name="Post")
    conversation_id = await make_conversation(
        db, account, channel="fake", connection_id=connection_id, external_thread_key="t1"
    )
    return Outbox(db, clock, account, connection_id, conversation_id, Provider())


async def test_an_answer_goes_out_once_and_its_state_is_told(outbox: Outbox) -> None:
    message_id = await outbox.answer("Vi ser på det.")
    assert await outbox.states(message_id) == ("queued", "queued")
    await outbox.drain()
    assert [call.text for call in outbox.provider.calls] == ["Vi ser på det."]
    assert await outbox.states(message_id) == ("sent", "sent")
    row = await outbox.row(message_id)
    assert row["external_id"] == f"x-{row['id']}"
    assert (row["attempt"], row["fence"], row["lease_until"], row["sent_at"]) == (1, 1, None, NOW)


async def test_planning_twice_is_planning_once(outbox: Outbox) -> None:
    message_id = await outbox.answer()
    async with outbox.db.work(outbox.account.id) as tx:
        assert await deliveries.plan(tx, NOW, [message_id], outbox.adapters) == 0
    await outbox.drain()
    async with outbox.db.work(outbox.account.id) as tx:
        assert await deliveries.plan(tx, NOW, [message_id], outbox.adapters) == 0
    await outbox.drain()
    assert outbox.provider.sent() == 1


async def test_an_answer_brings_along_those_whose_planning_was_set_aside(outbox: Outbox) -> None:
    first = await outbox.answer("1", plan=False)
    other = await make_conversation(outbox.db, outbox.account, channel="fake", connection_id=outbox.connection_id)
    elsewhere = await outbox.answer("elsewhere", other, plan=False)
    second = await outbox.answer("2")
    later = await outbox.answer("3", plan=False)
    await outbox.drain()
    assert [call.text for call in outbox.provider.calls] == ["1", "2"]
    assert await outbox.plan(first) == 0, "the one set aside is tried again a little later and finds its row"
    assert await outbox.plan(later, elsewhere) == 2
    await outbox.drain()
    assert {call.text for call in outbox.provider.calls} == {"1", "2", "3", "elsewhere"}
    assert [(await outbox.row(one))["attempt"] for one in (first, second, later, elsewhere)] == [1, 1, 1, 1]


async def test_messages_of_one_conversation_go_out_in_order_and_others_do_not_wait(outbox: Outbox) -> None:
    other = await make_conversation(outbox.db, outbox.account, channel="fake", connection_id=outbox.connection_id)
    outbox.provider.answers = [Temporary(code="busy")]
    first, second = await outbox.answer("1"), await outbox.answer("2")
    await outbox.sweep()
    third = await outbox.answer("3", other)
    await outbox.drain()
    assert [call.text for call in outbox.provider.calls] == ["1", "3"]
    assert await outbox.states(second) == ("queued", "queued")
    assert (await outbox.states(first))[0] == "failed_temporary"
    assert (await outbox.states(third))[0] == "sent"
    outbox.clock.advance(5)
    await outbox.drain()
    assert [call.text for call in outbox.provider.calls] == ["1", "3", "1", "2"]


async def test_many_workers_at_once_send_each_message_once_and_in_order(outbox: Outbox) -> None:
    conversations = [outbox.conversation_id] + [
        await make_conversation(outbox.db, outbox.account, channel="fake", connection_id=outbox.connection_id)
        for _ in range(3)
    ]
    for number in range(20):
        await outbox.answer(f"{number % 4}:{number // 4}", conversations[number % 4])

    async def worker() -> None:
        idle = 0
        while idle < 3:
            idle = 0 if await outbox.sweep() else idle + 1

    await asyncio.gather(*(worker() for _ in range(5)))
    await outbox.drain()
    texts = [call.text for call in outbox.provider.calls]
    assert len(texts) == len(set(texts)) == 20
    for conversation in range(4):
        assert [text for text in texts if text.startswith(f"{conversation}:")] == [
            f"{conversation}:{number}" for number in range(5)
        ]


@pytest.mark.parametrize("step", ["claimed", "sent", "settling"])
async def test_a_worker_that_vanishes_at_any_step_never_makes_it_two(
    outbox: Outbox, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    message_id = await outbox.answer()

    async def vanish(*_: Any, **__: Any) -> Any:
        raise RuntimeError("the worker is gone")

    if step == "claimed":
        monkeypatch.setattr(deliveries, "_call", vanish)
    elif step == "sent":
        monkeypatch.setattr(deliveries, "settle", vanish)
    else:
        monkeypatch.setattr(deliveries, "_tell", vanish)  # rolls the settling transaction back
    await outbox.sweep()
    monkeypatch.undo()
    went_out = 0 if step == "claimed" else 1
    assert outbox.provider.sent() == went_out
    assert (await outbox.row(message_id))["state"] == "sending"
    # Nobody touches it while the lease runs.
    assert await outbox.sweep() == 0
    outbox.clock.advance(deliveries.LEASE.total_seconds())
    outbox.provider.looks = [Sent(external_id="found") if went_out else NotSent()]
    await outbox.drain()
    assert outbox.provider.sent() == 1
    assert [call.verb for call in outbox.provider.calls].count("reconcile") == 1
    assert await outbox.states(message_id) == ("sent", "sent")


async def test_a_worker_that_wakes_up_too_late_is_shut_out_by_the_fence(outbox: Outbox) -> None:
    message_id = await outbox.answer()
    row = await outbox.row(message_id)
    async with outbox.db.system() as tx:
        await tx.all(deliveries.QUERIES.claim_deliveries, now=outbox.clock.now(), lease=deliveries.LEASE, limit=9)
    outbox.clock.advance(deliveries.LEASE.total_seconds() + 1)
    outbox.provider.looks = [NotSent()]
    await outbox.drain()
    assert outbox.provider.sent() == 1
    async with outbox.db.work(outbox.account.id) as tx:
        late = await deliveries.settle(tx, NOW, row["id"], 1, Permanent(code="late"))
    assert late is None
    assert await outbox.states(message_id) == ("sent", "sent")


async def test_a_timeout_is_unknown_and_asked_about_before_anything_is_sent_again(outbox: Outbox) -> None:
    outbox.provider.answers = [TimeoutError()]
    outbox.provider.looks = [Unknown(reason="still busy"), Sent(external_id="it was there")]
    message_id = await outbox.answer()
    await outbox.drain()
    assert await outbox.states(message_id) == ("unknown", "unknown")
    outbox.clock.advance(5)
    await outbox.drain()
    assert (await outbox.states(message_id))[0] == "unknown"
    outbox.clock.advance(100)
    await outbox.drain()
    assert await outbox.states(message_id) == ("sent", "sent")
    assert [call.verb for call in outbox.provider.calls] == ["send", "reconcile", "reconcile"]


async def test_an_adapter_that_breaks_has_told_nothing(outbox: Outbox) -> None:
    outbox.provider.answers = [KeyError("a bug of ours")]
    message_id = await outbox.answer()
    await outbox.sweep()
    assert (await outbox.states(message_id))[0] == "unknown"


async def test_what_cannot_be_found_out_becomes_work_for_a_person(outbox: Outbox) -> None:
    outbox.provider.answers = [TimeoutError()]
    outbox.provider.looks = [Unknown()] * 20
    message_id = await outbox.answer()
    for _ in range(12):
        await outbox.drain()
        outbox.clock.advance(hours=1)
    row = await outbox.row(message_id)
    assert (row["state"], row["error_code"], row["message_state"]) == (
        "failed_permanent", "outcome_unknown", "failed_permanent",
    )  # fmt: skip
    assert outbox.provider.sent() == 1


async def test_refusals_are_tried_again_more_and_more_slowly_and_end_with_a_person(outbox: Outbox) -> None:
    outbox.provider.answers = [Temporary(code="busy", retry_after=30), *[Temporary(code="busy")] * 20]
    message_id = await outbox.answer()
    waits = []
    for _ in range(deliveries.LAST_ATTEMPT):
        await outbox.sweep()
        row = await outbox.row(message_id)
        if row["state"] == "failed_temporary":
            waits.append((row["due_at"] - outbox.clock.now()).total_seconds())
            outbox.clock.at = row["due_at"]
    assert waits == [30, 20, 80, 320, 1280, 3600, 3600]
    assert await outbox.states(message_id) == ("failed_permanent", "failed_permanent")
    assert (await outbox.row(message_id))["state_reason"] == "busy"
    await outbox.drain()
    assert outbox.provider.sent() == deliveries.LAST_ATTEMPT


async def test_where_the_channel_says_for_how_long_refusals_are_tried_again_until_then(outbox: Outbox) -> None:
    outbox.provider.retries_for = RETRIES_FOR
    outbox.provider.answers = [Temporary(code="4.3.2")] * 200
    message_id = await outbox.answer()
    waits: list[float] = []
    await outbox.sweep()
    while (row := await outbox.row(message_id))["state"] == "failed_temporary":
        async with outbox.db.work(outbox.account.id) as tx:
            told = (await messages(tx, [message_id]))[message_id].retry
        assert told == Retry(at=row["due_at"], until=NOW + timedelta(hours=48))
        waits.append((row["due_at"] - outbox.clock.now()).total_seconds())
        outbox.clock.at = row["due_at"]
        await outbox.sweep()
    assert waits[:7] == [5, 20, 80, 320, 1280, 3600, 3600]
    assert set(waits[7:-1]) == {3600}
    assert outbox.clock.now() == NOW + timedelta(hours=48), "the last try is two days after the first"
    assert await outbox.states(message_id) == ("failed_permanent", "failed_permanent")
    assert (await outbox.row(message_id))["state_reason"] == "4.3.2"
    async with outbox.db.work(outbox.account.id) as tx:
        assert (await messages(tx, [message_id]))[message_id].retry is None
        assert await deliveries.again(tx, outbox.clock.now(), message_id, outbox.adapters)
    await outbox.sweep()
    assert (await outbox.states(message_id))[0] == "failed_temporary", "a person's retry has two days of its own"


async def test_after_many_refusals_an_unknown_outcome_is_still_looked_for(outbox: Outbox) -> None:
    outbox.provider.retries_for = RETRIES_FOR
    outbox.provider.answers = [*[Temporary(code="busy")] * 12, TimeoutError()]
    outbox.provider.looks = [Sent(external_id="it was there")]
    message_id = await outbox.answer()
    for _ in range(13):
        await outbox.sweep()
        outbox.clock.advance(hours=1)
    assert (await outbox.states(message_id))[0] == "unknown"
    await outbox.drain()
    assert await outbox.states(message_id) == ("sent", "sent")


async def test_long_retries_do_not_let_our_own_code_break_for_ever(
    outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    outbox.provider.retries_for = RETRIES_FOR
    outbox.provider.answers = [Temporary(code="busy")] * 10
    message_id = await outbox.answer()
    for _ in range(10):
        await outbox.sweep()
        outbox.clock.advance(hours=1)

    async def unreadable(*_: object) -> None:
        raise ValueError("its secrets cannot be opened")

    monkeypatch.setattr(deliveries, "get", unreadable)
    for _ in range(deliveries.LAST_ATTEMPT):
        assert (await outbox.states(message_id))[0] == "failed_temporary"
        await outbox.sweep()
        outbox.clock.advance(hours=1)
    assert await outbox.states(message_id) == ("failed_permanent", "failed_permanent")
    assert (await outbox.row(message_id))["error_code"] == "broke_off"


@pytest.mark.parametrize(
    ("result", "state"),
    [
        (Permanent(code="no_such_address"), "failed_permanent"),
        (Blocked(by="window", code="outside_24h"), "blocked_by_window"),
        (Blocked(by="policy", code="restricted"), "blocked_by_policy"),
    ],
)
async def test_what_will_not_go_is_work_for_a_person_who_can_send_it_again(
    outbox: Outbox, result: Any, state: str
) -> None:
    outbox.provider.answers = [result]
    message_id = await outbox.answer("1")
    later = await outbox.answer("2")
    await outbox.drain()
    assert await outbox.states(message_id) == (state, state)
    assert (await outbox.row(message_id))["state_reason"] == result.code
    assert (await outbox.states(later))[0] == "sent"
    async with outbox.db.system() as tx:
        told = await tx.all("SELECT type, payload FROM event_outbox WHERE type = 'delivery_failed'")
    assert [one["payload"]["state"] for one in told] == [state]
    async with outbox.db.work(outbox.account.id) as tx:
        assert await deliveries.again(tx, outbox.clock.now(), message_id, outbox.adapters)
        assert not await deliveries.again(tx, outbox.clock.now(), message_id, outbox.adapters)
        assert not await deliveries.again(tx, outbox.clock.now(), later, outbox.adapters)
    await outbox.drain()
    assert (await outbox.row(message_id))["state"] == "sent"
    assert outbox.provider.sent() == 3


async def test_a_taken_back_answer_does_not_go_out(outbox: Outbox) -> None:
    message_id = await outbox.answer()
    async with outbox.db.work(outbox.account.id) as tx:
        await tx.run("UPDATE messages SET deleted_at = %(now)s WHERE id = %(id)s", now=NOW, id=message_id)
    await outbox.drain()
    assert outbox.provider.calls == []
    assert (await outbox.row(message_id))["error_code"] == "message_deleted"


async def test_a_receipt_that_is_faster_than_the_providers_answer_stays(outbox: Outbox) -> None:
    message_id = await outbox.answer()
    async with outbox.db.system() as tx:
        await tx.all(deliveries.QUERIES.claim_deliveries, now=outbox.clock.now(), lease=deliveries.LEASE, limit=9)
    row = await outbox.row(message_id)
    async with outbox.db.work(outbox.account.id) as tx:
        assert await deliveries.note_receipt(tx, NOW, outbox.conversation_id, "read", row["seq"]) == 1
        assert await deliveries.settle(tx, NOW, row["id"], row["fence"], Sent(external_id="e")) == "read"
    row = await outbox.row(message_id)
    assert (row["state"], row["external_id"], row["read_at"]) == ("read", "e", NOW)


async def test_receipts_in_any_words_move_only_forward(outbox: Outbox) -> None:
    ids = [await outbox.answer(str(number)) for number in range(3)]
    await outbox.drain()
    named = [(await outbox.row(one))["external_id"] for one in ids]
    later = outbox.clock.now() + timedelta(minutes=1)
    connection = outbox.connection_id
    async with outbox.db.work(outbox.account.id) as tx:
        news = deliveries.outside_news
        assert await news(tx, NOW, connection, "t1", "read", Watermark(external_ids=(named[1],))) == 1
        assert await news(tx, NOW, connection, "t1", "delivered", Watermark(up_to=later)) == 2
        assert await news(tx, NOW, connection, "t1", "delivered", Watermark(up_to=later)) == 0
        assert await news(tx, NOW, connection, "t2", "read", Watermark(up_to=later)) == 0
        assert await news(tx, NOW, connection, "t1", "failed_permanent", Watermark(external_ids=tuple(named))) == 2
    assert [await outbox.states(one) for one in ids] == [
        ("failed_permanent", "failed_permanent"), ("read", "read"), ("failed_permanent", "failed_permanent"),
    ]  # fmt: skip


async def test_local_channels_are_out_with_the_plan_and_without_a_call(outbox: Outbox) -> None:
    widget_id, _ = await make_widget(outbox.db, outbox.account)
    chat = await make_conversation(outbox.db, outbox.account, connection_id=widget_id, external_thread_key="visitor:x")
    message_id = await outbox.answer("Hei!", chat)
    assert await outbox.states(message_id) == ("sent", "sent")
    assert await outbox.sweep() == 0


async def test_an_answer_that_no_connection_carries_says_so(outbox: Outbox) -> None:
    lost = await make_conversation(outbox.db, outbox.account, channel="fake", connection_id=None)
    message_id = await outbox.answer("Hei!", lost)
    async with outbox.db.work(outbox.account.id) as tx:
        row = await tx.one("SELECT state, state_reason FROM messages WHERE id = %(id)s", id=message_id)
    assert (row["state"], row["state_reason"]) == ("failed_permanent", "no_connection")


async def test_an_answer_through_a_connection_out_of_service_is_work_for_a_person(outbox: Outbox) -> None:
    before = await outbox.answer("Planlagt før")
    async with outbox.db.work(outbox.account.id) as tx:
        await tx.run("UPDATE connections SET archived_at = %(now)s", now=NOW)
    after = await outbox.answer("Planlagt etter")
    await outbox.drain()
    for message_id in (before, after):
        assert await outbox.states(message_id) == ("failed_permanent", "failed_permanent")
        assert (await outbox.row(message_id))["state_reason"] == "no_connection"
    assert outbox.provider.sent() == 0


async def test_what_breaks_before_the_call_every_time_ends_with_a_person(
    outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    message_id = await outbox.answer()

    async def unreadable(*_: object) -> None:
        raise ValueError("its secrets cannot be opened")

    monkeypatch.setattr(deliveries, "get", unreadable)
    for attempt in range(1, deliveries.LAST_ATTEMPT + 1):
        # Nothing was handed over: tried again a little later, not looked for at the provider.
        await outbox.drain()
        assert (await outbox.row(message_id))["attempt"] == attempt
        outbox.clock.advance(hours=2)
    assert await outbox.states(message_id) == ("failed_permanent", "failed_permanent")
    assert (await outbox.row(message_id))["error_code"] == "broke_off"
    assert outbox.provider.calls == []


async def test_what_kills_worker_after_worker_ends_with_a_person(outbox: Outbox) -> None:
    message_id = await outbox.answer()
    for _ in range(deliveries.LAST_ATTEMPT):
        async with outbox.db.system() as tx:
            claimed = await tx.all(
                deliveries.QUERIES.claim_deliveries, now=outbox.clock.now(), lease=deliveries.LEASE, limit=9
            )
        assert [row["state"] for row in claimed] == ["sending"]
        outbox.clock.advance(deliveries.LEASE.total_seconds())
    await outbox.drain()
    assert await outbox.states(message_id) == ("failed_permanent", "failed_permanent")
    assert outbox.provider.calls == []


async def test_what_breaks_before_it_is_handed_over_is_sent_again_without_a_look(outbox: Outbox) -> None:
    class Careful(FakeAdapter):
        tells_handing_over = True
        hands_over = False

        async def send(self, command: OutboundCommand) -> SendResult:
            if self.hands_over and command.about_to_send is not None:
                await command.about_to_send()
            return await super().send(command)

    adapter = Careful(outbox.provider)
    outbox.adapters = lambda _: adapter  # type: ignore[method-assign]
    outbox.provider.answers = [ConnectionRefusedError(), Unknown(reason="timeout"), TimeoutError()]
    message_id = await outbox.answer()
    for _ in range(2):
        await outbox.drain()
        assert (await outbox.states(message_id))[0] == "failed_temporary"
        outbox.clock.advance(hours=2)
    adapter.hands_over = True
    await outbox.drain()
    assert (await outbox.states(message_id))[0] == "unknown", "perhaps the provider has it"
    outbox.clock.advance(hours=2)
    await outbox.drain()
    assert await outbox.states(message_id) == ("sent", "sent")
    assert [call.verb for call in outbox.provider.calls][-1] == "reconcile"


async def test_a_claim_sees_all_organisations_and_settles_inside_each(outbox: Outbox) -> None:
    mine = await outbox.answer()
    other_account = await make_account(outbox.db)
    connection_id = await insert(outbox.db, "connections", other_account.id, kind="fake", name="Post")
    conversation_id = await make_conversation(outbox.db, other_account, channel="fake", connection_id=connection_id)
    other = Outbox(outbox.db, outbox.clock, other_account, connection_id, conversation_id, outbox.provider)
    theirs = await other.answer()
    await outbox.drain()
    assert (await outbox.states(mine), await other.states(theirs)) == (("sent", "sent"), ("sent", "sent"))
    async with outbox.db.work(outbox.account.id) as tx:
        assert await tx.value("SELECT count(*) FROM deliveries") == 1


async def test_an_answer_that_is_taken_back_gives_its_files_to_whoever_took_it(outbox: Outbox) -> None:
    desk = await make_agent(outbox.db, outbox.account)
    message_id = await outbox.answer(plan=False)
    file_id = await insert(
        outbox.db, "files", outbox.account.id, actor="agent:somebody", name="a.pdf", media_type="application/pdf", size=1,
        sha256="1" * 64, created_at=NOW - timedelta(days=3), conversation_id=outbox.conversation_id, message_id=message_id,
    )  # fmt: skip
    outbox.clock.advance(60)
    async with outbox.db.work(outbox.account.id) as tx:
        assert await deliveries.cancel(tx, outbox.clock.now(), message_id)
        await taken_back(tx, outbox.clock.now(), outbox.conversation_id, message_id, desk.id)
        row = await tx.one(
            "SELECT message_id, conversation_id, actor, created_at FROM files WHERE id = %(i)s", i=file_id
        )
        assert (await messages(tx, [message_id]))[message_id].attachments == []
    assert row == {
        "message_id": None, "conversation_id": None, "actor": f"agent:{desk.id}", "created_at": outbox.clock.now(),
    }  # fmt: skip


async def waiting(outbox: Outbox) -> tuple[Any, Any, str]:
    async with outbox.db.work(outbox.account.id) as tx:
        row = await tx.one(
            "SELECT waiting_since, first_answered_at, status FROM conversations WHERE id = %(id)s",
            id=outbox.conversation_id,
        )
    return row["waiting_since"], row["first_answered_at"], row["status"]


@pytest.fixture
async def asked(outbox: Outbox) -> Agent:
    """A customer has waited for an hour, and an agent plans an answer for tomorrow."""
    agent = await make_agent(outbox.db, outbox.account)
    async with outbox.db.work(outbox.account.id) as tx:
        await tx.run(
            "UPDATE conversations SET waiting_since = %(at)s, last_customer_at = %(at)s, last_customer_seq = 1, last_seq = 1,"
            " last_public_seq = 1 WHERE id = %(id)s",
            at=NOW - timedelta(hours=1),
            id=outbox.conversation_id,
        )
    return agent


async def planned(outbox: Outbox, agent: Agent) -> UUID:
    what = PostMessage(client_id=uuid7(), kind="answer", body="Ja", based_on_seq=1, send_at=NOW + timedelta(days=1))
    async with outbox.db.work(outbox.account.id) as tx:
        posted, _ = await posting.post(tx, agent.caller, NOW, outbox.conversation_id, what)
    assert posted.conversation.waiting_since == NOW - timedelta(hours=1)
    await outbox.plan(posted.message.id)
    await outbox.drain()
    return posted.message.id


async def test_a_customer_waits_until_the_planned_answer_goes_out(outbox: Outbox, asked: Agent) -> None:
    await planned(outbox, asked)
    assert await waiting(outbox) == (NOW - timedelta(hours=1), None, "waiting")
    outbox.clock.advance(days=1)
    await outbox.drain()
    assert await waiting(outbox) == (None, outbox.clock.now(), "waiting")


async def test_a_planned_answer_that_is_taken_back_changed_nothing(outbox: Outbox, asked: Agent) -> None:
    message_id = await planned(outbox, asked)
    async with outbox.db.work(outbox.account.id) as tx:
        assert await deliveries.cancel(tx, NOW, message_id)
        await taken_back(tx, NOW, outbox.conversation_id, message_id, asked.id)
    assert await waiting(outbox) == (NOW - timedelta(hours=1), None, "open")


async def test_a_planned_answer_that_is_held_lets_the_customer_wait_until_somebody_sends_it(
    outbox: Outbox, asked: Agent
) -> None:
    message_id = await planned(outbox, asked)
    async with outbox.db.work(outbox.account.id) as tx:
        assert await deliveries.customer_wrote(tx, NOW, [outbox.conversation_id]) == 1
        await tx.run(
            "UPDATE conversations SET last_customer_seq = 3, last_seq = 3 WHERE id = %(i)s", i=outbox.conversation_id
        )
    assert (await waiting(outbox))[:2] == (NOW - timedelta(hours=1), None)
    async with outbox.db.work(outbox.account.id) as tx:
        await posting.retry(tx, asked.caller, NOW, outbox.conversation_id, message_id)
        await deliveries.again(tx, NOW, message_id, outbox.adapters)
    await outbox.drain()
    assert (await waiting(outbox))[:2] == (None, NOW)
