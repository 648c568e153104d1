"""Decisions of agents, their lines in the thread, and waking up."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from svardesk.conversations import changing
from svardesk.conversations.errors import BadSnooze, NoConversation, UnknownAssignee, VersionConflict
from svardesk.conversations.schemas import ChangeConversation, ConversationRow, SystemDetails
from svardesk.kit.db import Database
from tests.conversations.conftest import Desk
from tests.factories import make_account, make_agent, make_team


async def _change(desk: Desk, conversation_id: UUID, agent=None, **what) -> ConversationRow:
    async with desk.db.work(desk.account.id) as tx:
        return await changing.change(
            tx, (agent or desk.kari).caller, desk.now, conversation_id, ChangeConversation(**what)
        )


async def _lines(desk: Desk, conversation_id: UUID) -> list[SystemDetails]:
    said = await desk.said(conversation_id)
    return [msgspec.convert(one["details"], SystemDetails) for one in said if one["kind"] == "system"]


async def test_assign_and_give_back(desk: Desk):
    got = await desk.receive()
    row = await _change(desk, got.conversation_id, assignee_id=desk.per.id, version=2)
    assert (row.assignee_id, row.version, row.last_seq, row.last_public_seq) == (desk.per.id, 3, 2, 1)
    row = await _change(desk, got.conversation_id, assignee_id=None, version=3)
    assert row.assignee_id is None
    assert await _lines(desk, got.conversation_id) == [
        SystemDetails(type="assigned", by=desk.kari.id, agent_id=desk.per.id),
        SystemDetails(type="unassigned", by=desk.kari.id, agent_id=desk.per.id),
    ]
    found = [load for name, load in await desk.events(got.conversation_id) if name == "conversation_changed"]
    assert [(load["what"], load["version"], load["agent_id"]) for load in found] == [
        (["assignee"], 3, str(desk.kari.id)), (["assignee"], 4, str(desk.kari.id)),
    ]  # fmt: skip
    assert found[0]["message_id"] == str((await desk.said(got.conversation_id))[1]["id"])


async def test_several_things_at_once_are_several_lines(desk: Desk):
    got = await desk.receive()
    row = await _change(
        desk, got.conversation_id, assignee_id=desk.per.id, team_id=desk.outer, status="closed", version=2
    )
    assert (row.status, row.team_id, row.closed_at, row.waiting_since) == ("closed", desk.outer, desk.now, None)
    assert [one.type for one in await _lines(desk, got.conversation_id)] == ["assigned", "team_assigned", "closed"]
    assert [one["seq"] for one in await desk.said(got.conversation_id)] == [1, 2, 3, 4]


async def test_what_already_is_leaves_no_trace(desk: Desk):
    got = await desk.receive()
    row = await _change(desk, got.conversation_id, assignee_id=None, team_id=None, status="open")
    assert (row.version, row.last_seq) == (2, 1)
    assert len(await desk.events(got.conversation_id)) == 2


async def test_version_is_compared(desk: Desk):
    got = await desk.receive()
    await desk.receive("Hallo?")
    with pytest.raises(VersionConflict) as caught:
        await _change(desk, got.conversation_id, status="closed", version=2)
    assert caught.value.fields == {"version": 3}
    assert (await desk.row(got.conversation_id))["status"] == "open"


async def test_two_take_it_at_once_and_one_is_told(desk: Desk):
    got = await desk.receive()
    done = await asyncio.gather(
        _change(desk, got.conversation_id, desk.kari, assignee_id=desk.kari.id, version=2),
        _change(desk, got.conversation_id, desk.per, assignee_id=desk.per.id, version=2),
        return_exceptions=True,
    )
    assert sorted(type(one).__name__ for one in done) == ["ConversationRow", "VersionConflict"]


async def test_only_people_who_answer_get_conversations(desk: Desk):
    got = await desk.receive()
    stranger = await make_account(desk.db, "Nabo AS")
    outside = await make_agent(desk.db, stranger)
    gone = await make_agent(desk.db, desk.account, archived_at=desk.now)
    for agent_id in (desk.olav.id, outside.id, gone.id, uuid4()):
        with pytest.raises(UnknownAssignee):
            await _change(desk, got.conversation_id, assignee_id=agent_id)
    for team_id in (uuid4(), await make_team(desk.db, stranger)):
        with pytest.raises(UnknownAssignee):
            await _change(desk, got.conversation_id, team_id=team_id)


async def test_snooze_and_wake(desk: Desk):
    got = await desk.receive()
    until = desk.now + timedelta(hours=2)
    row = await _change(desk, got.conversation_id, snoozed_until=until)
    assert (row.status, row.snoozed_until, row.waiting_since) == ("snoozed", until, desk.now)
    desk.clock.advance(2 * 3600 - 1)
    await changing.wake_snoozed(desk.db, desk.clock)
    assert (await desk.row(got.conversation_id))["status"] == "snoozed"
    desk.clock.advance(1)
    assert await changing.wake_snoozed(desk.db, desk.clock) >= 1
    after = await desk.row(got.conversation_id)
    assert (after["status"], after["snoozed_until"], after["last_activity_at"]) == ("open", None, desk.now)
    assert [one.type for one in await _lines(desk, got.conversation_id)] == ["snoozed", "woken"]
    assert (await _lines(desk, got.conversation_id))[0].until == until
    await changing.wake_snoozed(desk.db, desk.clock)
    assert (await desk.row(got.conversation_id))["version"] == after["version"]


async def test_two_workers_wake_each_once(fresh_db: Database, clock):
    account = await make_account(fresh_db)
    kari = await make_agent(fresh_db, account)
    desk = Desk(fresh_db, clock, account, kari, kari, kari, kari, uuid4(), uuid4(), await _contact(fresh_db, account))
    ids = [(await desk.receive(thread=f"s{n}")).conversation_id for n in range(20)]
    for one in ids:
        await _change(desk, one, snoozed_until=desk.now + timedelta(minutes=1))
    clock.advance(60)
    woken = await asyncio.gather(*(changing.wake_snoozed(fresh_db, clock) for _ in range(3)))
    assert sum(woken) == 20
    for one in ids:
        assert [line.type for line in await _lines(desk, one)] == ["snoozed", "woken"]


async def test_ending_a_snooze_by_hand(desk: Desk):
    got = await desk.receive()
    await _change(desk, got.conversation_id, snoozed_until=desk.now + timedelta(hours=1))
    row = await _change(desk, got.conversation_id, snoozed_until=None)
    assert (row.status, row.snoozed_until) == ("open", None)
    assert [one.type for one in await _lines(desk, got.conversation_id)] == ["snoozed", "opened"]


async def test_snoozes_into_the_past_or_for_ever_are_refused(desk: Desk):
    got = await desk.receive()
    for until in (
        desk.now, desk.now - timedelta(days=1), desk.now + timedelta(days=400), desk.now.replace(tzinfo=None) + timedelta(1)
    ):  # fmt: skip
        with pytest.raises(BadSnooze):
            await _change(desk, got.conversation_id, snoozed_until=until)


async def test_reopening_by_hand(desk: Desk):
    got = await desk.receive()
    await _change(desk, got.conversation_id, status="closed")
    row = await _change(desk, got.conversation_id, status="open")
    assert (row.status, row.closed_at) == ("open", None)
    assert [one.type for one in await _lines(desk, got.conversation_id)] == ["closed", "reopened"]


async def test_moving_to_a_closed_team_hides_it(desk: Desk):
    got = await desk.receive()
    row = await _change(desk, got.conversation_id, team_id=desk.inner)
    assert row.team_id == desk.inner
    with pytest.raises(NoConversation):
        await _change(desk, got.conversation_id, status="closed")
    await _change(desk, got.conversation_id, desk.per, assignee_id=desk.kari.id)
    await _change(desk, got.conversation_id, desk.kari, status="closed")


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    before=st.sampled_from(["open", "waiting", "snoozed", "closed"]),
    wanted=st.sampled_from(["open", "waiting", "closed", None]),
    snooze=st.sampled_from([None, 3600, "unset"]),
    waits=st.booleans(),
)
def test_every_decision_leaves_a_state_that_holds(before, wanted, snooze, waits):
    now = datetime(2026, 11, 23, 9, tzinfo=UTC)
    state = {
        "status": before, "snoozed_until": now + timedelta(days=1) if before == "snoozed" else None,
        "closed_at": now if before == "closed" else None, "waiting_since": now if waits else None,
        "assignee_id": None, "team_id": None,
    }  # fmt: skip
    was = dict(state)
    what = ChangeConversation(
        status=msgspec.UNSET if wanted is None else wanted,
        snoozed_until=msgspec.UNSET
        if snooze == "unset"
        else None
        if snooze is None
        else now + timedelta(seconds=snooze),
    )
    line = changing._decide_status(state, what, now, None)
    assert (state["status"] == "snoozed") == (state["snoozed_until"] is not None)
    assert (state["status"] == "closed") == (state["closed_at"] is not None)
    assert not (state["status"] in {"waiting", "closed"} and line is not None and state["waiting_since"])
    assert (line is None) == (state == was)
    if isinstance(snooze, int):
        assert state["status"] == "snoozed"
    elif wanted is not None:
        assert state["status"] == wanted


async def _contact(db: Database, account):
    from tests.factories import make_contact

    return await make_contact(db, account)
