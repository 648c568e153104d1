"""The states of an answer and both sides' receipts: monotone in whatever order the news arrive."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from svardesk.conversations import receipts
from svardesk.conversations.errors import NoConversation
from svardesk.conversations.states import RANK, STATES, STOPPED, BadState, may_become, set_message_states, sources
from tests.conversations.conftest import Desk


class AnswerOnItsWay(RuleBasedStateMachine):
    """Whatever is reported, what the other side confirmed stays confirmed."""

    def __init__(self):
        super().__init__()
        self.state = "queued"
        self.highest = 0
        self.bounced = False

    @rule(new=st.sampled_from(STATES))
    def report(self, new: str):
        old = self.state
        if may_become(old, new):
            if old in RANK and new == "failed_permanent":
                self.bounced = True
                self.highest = 0
            self.state = new
        self.highest = max(self.highest, RANK.get(self.state, 0))

    @invariant()
    def never_lower_than_confirmed(self):
        assert RANK.get(self.state, 0) == self.highest or self.state in {"failed_permanent", "cancelled"}

    @invariant()
    def read_and_cancelled_are_the_end(self):
        if self.state in {"read", "cancelled"}:
            assert not any(may_become(self.state, one) for one in STATES)


TestAnswerOnItsWay = AnswerOnItsWay.TestCase


@given(st.permutations(["sending", "sent", "delivered", "read"]))
def test_any_order_of_news_ends_at_read(news: list[str]):
    state = "queued"
    for new in news:
        if may_become(state, new):
            state = new
    assert state == "read"


def test_late_delivered_does_not_lower_read():
    assert not may_become("read", "delivered")
    assert not may_become("delivered", "sent")


def test_bounce_turns_sent_and_delivered_over():
    assert may_become("sent", "failed_permanent")
    assert may_become("delivered", "failed_permanent")
    assert not may_become("read", "failed_permanent")
    assert not may_become("sent", "failed_temporary")


def test_only_a_person_queues_again():
    assert not any(may_become(old, "queued") for old in STOPPED)


def test_sources_fit_and_unknown_is_refused():
    assert sources("read") == [old for old in STATES if may_become(old, "read")]
    with pytest.raises(BadState):
        sources("posted")


async def test_states_move_in_the_database(desk: Desk):
    got = await desk.receive()
    posted = await desk.post(desk.kari, got.conversation_id)
    note = await desk.post(desk.kari, got.conversation_id, "notat", kind="note")
    ids = [posted.message.id, note.message.id, got.message_id]
    async with desk.db.work(desk.account.id) as tx:
        assert await set_message_states(tx, desk.now, ids, "delivered", external_id="x1") == [posted.message.id]
        assert await set_message_states(tx, desk.now, ids, "sent") == []
        assert await set_message_states(tx, desk.now, ids, "failed_permanent", reason="bounced") == [posted.message.id]
    stored = (await desk.said(got.conversation_id))[1]
    assert (stored["state"], stored["state_reason"], stored["external_id"]) == ("failed_permanent", "bounced", "x1")
    assert stored["version"] == 3
    found = [load for name, load in await desk.events(got.conversation_id) if name == "message_state_changed"]
    assert [(one["state"], one["message_ids"]) for one in found] == [
        ("delivered", [str(posted.message.id)]), ("failed_permanent", [str(posted.message.id)]),
    ]  # fmt: skip


async def test_visitor_receipts_are_watermarks(desk: Desk):
    got = await desk.receive()
    one = await desk.post(desk.kari, got.conversation_id, "Første")
    two = await desk.post(desk.kari, got.conversation_id, "Andre")
    await _receipt(desk, got.conversation_id, delivered_seq=3)
    assert await _states(desk, got.conversation_id) == ["delivered", "delivered"]
    await _receipt(desk, got.conversation_id, read_seq=2)
    assert await _states(desk, got.conversation_id) == ["read", "delivered"]
    assert not await _receipt(desk, got.conversation_id, delivered_seq=1, read_seq=1)
    assert await _receipt(desk, got.conversation_id, read_seq=99)
    assert await _states(desk, got.conversation_id) == ["read", "read"]
    row = await desk.row(got.conversation_id)
    assert (row["visitor_delivered_seq"], row["visitor_read_seq"]) == (3, 3)
    moved = [load for name, load in await desk.events(got.conversation_id) if name == "receipts_moved"]
    assert [load["visitor_read_seq"] for load in moved] == [0, 2, 3]
    assert [set(load["message_ids"]) for load in moved] == [
        {str(one.message.id), str(two.message.id)}, {str(one.message.id)}, {str(two.message.id)},
    ]  # fmt: skip
    assert row["version"] == two.conversation.version


async def test_receipt_before_the_worker_noted_the_sending(desk: Desk):
    got = await desk.receive()
    posted = await desk.post(desk.kari, got.conversation_id)
    await _receipt(desk, got.conversation_id, read_seq=2)
    async with desk.db.work(desk.account.id) as tx:
        assert await set_message_states(tx, desk.now, [posted.message.id], "sent") == []
    assert await _states(desk, got.conversation_id) == ["read"]


async def test_receipts_leave_failed_answers_alone(desk: Desk):
    got = await desk.receive()
    posted = await desk.post(desk.kari, got.conversation_id)
    async with desk.db.work(desk.account.id) as tx:
        await set_message_states(tx, desk.now, [posted.message.id], "blocked_by_policy")
    await _receipt(desk, got.conversation_id, read_seq=2)
    assert await _states(desk, got.conversation_id) == ["blocked_by_policy"]


async def test_receipts_at_once_end_at_the_highest(desk: Desk):
    got = await desk.receive()
    for n in range(8):
        await desk.post(desk.kari, got.conversation_id, f"Svar {n}")
    await asyncio.gather(*(_receipt(desk, got.conversation_id, read_seq=seq) for seq in (9, 2, 5, 7, 3, 8, 4, 6)))
    assert (await desk.row(got.conversation_id))["visitor_read_seq"] == 9
    assert await _states(desk, got.conversation_id) == ["read"] * 8


async def test_agents_receive_and_read(desk: Desk):
    got = await desk.receive()
    other = await desk.receive(thread="t2")
    await desk.receive("Hallo?")
    async with desk.db.work(desk.account.id) as tx:
        reached = {got.conversation_id: 1, other.conversation_id: 7}
        assert await receipts.agents_delivered(tx, reached) == 2
        assert await receipts.agents_delivered(tx, reached) == 0
        assert await receipts.agents_delivered(tx, {}) == 0
    row = await desk.row(got.conversation_id)
    assert (row["agents_delivered_seq"], row["agents_read_seq"]) == (1, 0)
    assert (await desk.row(other.conversation_id))["agents_delivered_seq"] == 1
    async with desk.db.work(desk.account.id) as tx:
        assert await receipts.mark_read(tx, desk.kari.caller, desk.now, got.conversation_id, 2)
        assert not await receipts.mark_read(tx, desk.kari.caller, desk.now, got.conversation_id, 1)
        assert await receipts.mark_read(tx, desk.per.caller, desk.now, got.conversation_id, 500)
    row = await desk.row(got.conversation_id)
    assert (row["agents_delivered_seq"], row["agents_read_seq"]) == (2, 2)
    found = await desk.events(got.conversation_id)
    assert [(load["agent_id"], load["seq"]) for name, load in found if name == "conversation_read"] == [
        (str(desk.kari.id), 2), (str(desk.per.id), 2),
    ]  # fmt: skip


async def test_reading_behind_the_wall(desk: Desk):
    got = await desk.receive(team_id=desk.inner)
    async with desk.db.work(desk.account.id) as tx:
        with pytest.raises(NoConversation):
            await receipts.mark_read(tx, desk.kari.caller, desk.now, got.conversation_id, 1)
    assert (await desk.row(got.conversation_id))["agents_read_seq"] == 0


async def test_reading_settles_mentions(desk: Desk):
    got = await desk.receive()
    await desk.post(desk.kari, got.conversation_id, "Se her", kind="note", mention_ids=(desk.per.id, desk.siv.id))
    async with desk.db.work(desk.account.id) as tx:
        await receipts.mark_read(tx, desk.per.caller, desk.now, got.conversation_id, 2)
        rows = await tx.all("SELECT agent_id FROM mentions WHERE read_at IS NULL")
    assert [row["agent_id"] for row in rows] == [desk.siv.id]


async def _receipt(desk: Desk, conversation_id, **seqs) -> bool:
    async with desk.db.work(desk.account.id) as tx:
        return await receipts.visitor_receipts(tx, desk.now, conversation_id, **seqs)


async def _states(desk: Desk, conversation_id) -> list[str]:
    return [one["state"] for one in await desk.said(conversation_id) if one["kind"] == "answer"]
