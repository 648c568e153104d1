"""Agents write: once, on a fresh view, one at a time, within what they may see."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import msgspec
import pytest

from svardesk.conversations import posting, presence
from svardesk.conversations.errors import (
    AnswerLocked,
    ClientIdTaken,
    EmptyMessage,
    FilesMissing,
    NewerExists,
    NoConversation,
    NoMessage,
    NotFailed,
)
from svardesk.conversations.events import AgentMentioned, AnswerPosted, ConversationChanged, NoteAdded
from svardesk.conversations.states import set_message_states
from svardesk.spine import BY_NAME
from tests.conversations.conftest import Desk
from tests.factories import insert, make_account, make_agent


async def test_an_answer_stops_the_clock_and_takes_the_conversation(desk: Desk):
    got = await desk.receive()
    desk.clock.advance(120)
    posted = await desk.post(desk.kari, got.conversation_id, "Vi ser på det nå.\r\n", client_id=(key := uuid4()))
    message, line = posted.message, posted.conversation
    assert (message.seq, message.kind, message.state, message.body) == (2, "answer", "queued", "Vi ser på det nå.")
    assert (message.author.kind, message.author.id, message.author.name) == ("agent", desk.kari.id, "Kari Nordmann")
    assert message.client_id == key
    assert (line.status, line.assignee_id, line.waiting_since) == ("waiting", desk.kari.id, None)
    assert (line.preview, line.preview_kind, line.last_public_seq) == ("Vi ser på det nå.", "answer", 2)
    assert (line.contact.name, line.number, line.version) == ("Ola Hansen", 1, 3)
    row = await desk.row(got.conversation_id)
    assert row["first_answered_at"] == desk.now
    assert row["last_answer_seq"] == 2


async def test_what_is_answered_is_what_is_stored(desk: Desk):
    """The answer is made without a second look at the database: it must be what a second look would show."""
    got = await desk.receive()
    posted = await desk.post(desk.kari, got.conversation_id, mention_ids=(desk.per.id, uuid4()))
    async with desk.db.work(desk.account.id) as tx:
        from svardesk.conversations import store

        stored = (await store.messages(tx, [posted.message.id], store.actor_of(desk.kari.id)))[posted.message.id]
        line = (await store.rows(tx, [got.conversation_id]))[got.conversation_id]
    assert stored == posted.message
    assert line == posted.conversation


async def test_a_client_id_of_another_conversation_is_refused(desk: Desk):
    one, two = await desk.receive(), await desk.receive(thread="t2")
    key = uuid4()
    await desk.post(desk.kari, one.conversation_id, "Den første", client_id=key)
    with pytest.raises(ClientIdTaken):
        await desk.post(desk.kari, two.conversation_id, "Den andre", client_id=key)
    async with desk.db.work(desk.account.id) as tx:
        await tx.run(
            "UPDATE conversations SET team_id = %(team)s, assignee_id = NULL WHERE id = %(id)s",
            team=desk.inner, id=one.conversation_id,
        )  # fmt: skip
    with pytest.raises(ClientIdTaken):
        await desk.post(desk.kari, two.conversation_id, "Den andre", client_id=key)
    assert [row["body"] for row in await desk.said(two.conversation_id)] == ["Hei, nettet er nede"]


async def test_events_of_an_answer(desk: Desk):
    got = await desk.receive()
    posted = await desk.post(desk.kari, got.conversation_id)
    await desk.post(desk.kari, got.conversation_id, "Nå virker det igjen.")
    found = [
        msgspec.convert(load, BY_NAME[name, 1], strict=False) for name, load in await desk.events(got.conversation_id)
    ]
    first, changed, second = found[2:]
    assert first == AnswerPosted(
        stream=got.conversation_id, message_id=posted.message.id, seq=2, agent_id=desk.kari.id, first=True
    )
    assert isinstance(changed, ConversationChanged)
    assert changed.what == ("status", "assignee")
    assert changed.version == posted.conversation.version
    assert isinstance(second, AnswerPosted) and not second.first


@pytest.mark.parametrize("then", ["waiting", "open", "closed"])
async def test_then_says_what_comes_after(desk: Desk, then: str):
    got = await desk.receive()
    posted = await desk.post(desk.kari, got.conversation_id, then=then)
    assert posted.conversation.status == then
    assert posted.conversation.closed_at == (desk.now if then == "closed" else None)


async def test_an_assigned_conversation_stays_with_its_agent(desk: Desk):
    got = await desk.receive()
    await desk.post(desk.kari, got.conversation_id)
    posted = await desk.post(desk.per, got.conversation_id, confirm=True)
    assert posted.conversation.assignee_id == desk.kari.id


async def test_a_note_is_inside_only(desk: Desk):
    got = await desk.receive()
    posted = await desk.post(
        desk.kari, got.conversation_id, "Ringte teknikeren", kind="note", mention_ids=(desk.per.id,)
    )
    line = posted.conversation
    assert (line.last_seq, line.last_public_seq, line.status, line.assignee_id) == (2, 1, "open", None)
    assert line.waiting_since == desk.now
    assert posted.message.state is None
    assert posted.message.mention_ids == [desk.per.id]
    found = [
        msgspec.convert(load, BY_NAME[name, 1], strict=False) for name, load in await desk.events(got.conversation_id)
    ]
    assert isinstance(found[-2], NoteAdded)
    assert found[-1] == AgentMentioned(stream=got.conversation_id, message_id=posted.message.id, agent_id=desk.per.id)
    async with desk.db.work(desk.account.id) as tx:
        mention = await tx.one("SELECT * FROM mentions WHERE message_id = %(id)s", id=posted.message.id)
    assert (mention["agent_id"], mention["read_at"]) == (desk.per.id, None)


async def test_a_mention_tells_only_those_who_may_see_the_conversation(desk: Desk):
    got = await desk.receive(team_id=desk.inner)
    everybody = (desk.kari.id, desk.siv.id, desk.olav.id, desk.per.id)
    posted = await desk.post(desk.per, got.conversation_id, "Se på denne", kind="note", mention_ids=everybody)
    assert set(posted.message.mention_ids) == {desk.siv.id, desk.per.id}, "a lead and a member"
    told = [load["agent_id"] for name, load in await desk.events(got.conversation_id) if name == "agent_mentioned"]
    assert set(told) == {str(desk.siv.id), str(desk.per.id)}
    async with desk.db.work(desk.account.id) as tx:
        await tx.run(
            "UPDATE conversations SET assignee_id = %(kari)s WHERE id = %(id)s",
            kari=desk.kari.id,
            id=got.conversation_id,
        )
    again = await desk.post(desk.per, got.conversation_id, "Og du", kind="note", mention_ids=everybody)
    assert desk.kari.id in again.message.mention_ids, "whoever takes care of it sees it"


async def test_a_retry_is_answered_with_the_first_copy(desk: Desk):
    got = await desk.receive()
    key = uuid4()
    first, new = await desk.post_new(desk.kari, got.conversation_id, client_id=key)
    again, repeated = await desk.post_new(desk.kari, got.conversation_id, "Noe annet", client_id=key)
    assert (new, repeated) == (True, False)
    assert again.message == first.message
    assert (await desk.row(got.conversation_id))["last_seq"] == 2


async def test_a_retry_is_no_stale_answer(desk: Desk):
    """The first copy was stored, its reply was lost, the customer wrote: the retry must not be told of newer things."""
    got = await desk.receive()
    key = uuid4()
    first = await desk.post(desk.kari, got.conversation_id, client_id=key, based_on_seq=1)
    await desk.receive("Hallo?")
    again, new = await desk.post_new(desk.kari, got.conversation_id, client_id=key, based_on_seq=1)
    assert (again.message.id, new) == (first.message.id, False)


async def test_same_client_id_ten_times_at_once(desk: Desk):
    got = await desk.receive()
    key = uuid4()
    done = await asyncio.gather(*(desk.post_new(desk.kari, got.conversation_id, client_id=key) for _ in range(10)))
    assert len({posted.message.id for posted, _ in done}) == 1
    assert sorted(new for _, new in done) == [False] * 9 + [True]
    assert [one["seq"] for one in await desk.said(got.conversation_id)] == [1, 2]


async def test_two_agents_answer_at_once_and_one_is_told(desk: Desk):
    got = await desk.receive()
    done = await asyncio.gather(
        desk.post(desk.kari, got.conversation_id, "Fra Kari", based_on_seq=1),
        desk.post(desk.per, got.conversation_id, "Fra Per", based_on_seq=1),
        return_exceptions=True,
    )
    refused = [one for one in done if isinstance(one, NewerExists)]
    assert len(refused) == 1
    assert refused[0].fields == {"last_seq": 2}
    assert len([one for one in await desk.said(got.conversation_id) if one["kind"] == "answer"]) == 1


async def test_newer_message_of_the_customer_is_told(desk: Desk):
    got = await desk.receive()
    await desk.receive("Glem det, det virker nå")
    with pytest.raises(NewerExists) as caught:
        await desk.post(desk.kari, got.conversation_id, based_on_seq=1)
    assert caught.value.fields == {"last_seq": 2}
    posted = await desk.post(desk.kari, got.conversation_id, based_on_seq=1, confirm=True)
    assert posted.message.seq == 3


async def test_own_answers_and_notes_are_no_news(desk: Desk):
    got = await desk.receive()
    await desk.post(desk.kari, got.conversation_id, "Hei!", based_on_seq=1)
    await desk.post(desk.per, got.conversation_id, "Jeg tar den neste", kind="note", based_on_seq=0)
    posted = await desk.post(desk.kari, got.conversation_id, "Vi ser på det.", based_on_seq=1)
    assert posted.message.seq == 4


async def test_a_colleague_who_answers_locks(desk: Desk):
    got = await desk.receive()
    async with desk.db.work(desk.account.id) as tx:
        await presence.renew(tx, got.conversation_id, desk.per.id, "answering", desk.now)
    with pytest.raises(AnswerLocked) as caught:
        await desk.post(desk.kari, got.conversation_id)
    assert caught.value.fields == {"agent_id": desk.per.id, "name": "Per Berg"}
    await desk.post(desk.kari, got.conversation_id, "Bare et notat", kind="note")
    await desk.post(desk.per, got.conversation_id)
    desk.clock.advance(presence.ANSWERING_SECONDS)
    posted = await desk.post(desk.kari, got.conversation_id)
    assert posted.message.kind == "answer"


async def test_looking_and_typing_lock_nothing(desk: Desk):
    got = await desk.receive()
    async with desk.db.work(desk.account.id) as tx:
        await presence.renew(tx, got.conversation_id, desk.per.id, "typing", desk.now)
    assert (await desk.post(desk.kari, got.conversation_id)).message.seq == 2


async def test_files_of_others_are_not_sent(desk: Desk):
    got = await desk.receive()
    mine = await _upload(desk, f"agent:{desk.kari.id}")
    theirs = await _upload(desk, f"agent:{desk.per.id}")
    for files in ((theirs,), (mine, theirs), (mine, uuid4())):
        with pytest.raises(FilesMissing):
            await desk.post(desk.kari, got.conversation_id, "", file_ids=files)
    posted = await desk.post(desk.kari, got.conversation_id, "", file_ids=(mine, mine))
    (attachment,) = posted.message.attachments
    assert (attachment.name, attachment.size, attachment.image) == ("skjema.pdf", 12, False)
    assert attachment.url == f"/files/{mine}"
    assert posted.conversation.preview == "skjema.pdf"
    with pytest.raises(FilesMissing):
        await desk.post(desk.kari, got.conversation_id, "igjen", file_ids=(mine,))
    assert (await desk.row(got.conversation_id))["last_seq"] == 2


async def test_nothing_to_say_is_refused(desk: Desk):
    got = await desk.receive()
    with pytest.raises(EmptyMessage):
        await desk.post(desk.kari, got.conversation_id, "  \n ")


async def test_closed_team_is_a_wall(desk: Desk):
    got = await desk.receive(team_id=desk.inner)
    for agent in (desk.kari, desk.olav):
        with pytest.raises(NoConversation):
            await desk.post(agent, got.conversation_id)
    assert len(await desk.said(got.conversation_id)) == 1
    await desk.post(desk.per, got.conversation_id, then="open")
    await desk.post(desk.siv, got.conversation_id, "Jeg følger med", kind="note")


async def test_other_organisation_is_a_wall(desk: Desk):
    got = await desk.receive()
    stranger = await make_account(desk.db, "Nabo AS")
    nosy = await make_agent(desk.db, stranger, "owner")
    async with desk.db.work(stranger.id) as tx:
        from svardesk.conversations.schemas import PostMessage

        what = PostMessage(client_id=uuid4(), kind="answer", body="Hei", confirm=True)
        with pytest.raises(NoConversation):
            await posting.post(tx, nosy.caller, desk.now, got.conversation_id, what)
    assert len(await desk.said(got.conversation_id)) == 1


async def test_retry_queues_what_failed(desk: Desk):
    got = await desk.receive()
    posted = await desk.post(desk.kari, got.conversation_id)
    where = (got.conversation_id, posted.message.id)
    async with desk.db.work(desk.account.id) as tx:
        with pytest.raises(NotFailed):
            await posting.retry(tx, desk.kari.caller, desk.now, *where)
        await set_message_states(tx, desk.now, [posted.message.id], "failed_permanent", reason="address_gone")
        message = await posting.retry(tx, desk.kari.caller, desk.now, *where)
        assert (message.state, message.state_reason, message.version) == ("queued", None, 3)
        with pytest.raises(NotFailed):
            await posting.retry(tx, desk.kari.caller, desk.now, *where)
        with pytest.raises(NoMessage):
            await posting.retry(tx, desk.kari.caller, desk.now, got.conversation_id, got.message_id)
    names = [name for name, _ in await desk.events(got.conversation_id)]
    assert names[-3:] == ["message_state_changed", "answer_retried", "message_state_changed"]


async def test_retry_behind_the_wall(desk: Desk):
    got = await desk.receive(team_id=desk.inner)
    posted = await desk.post(desk.siv, got.conversation_id)
    async with desk.db.work(desk.account.id) as tx:
        await set_message_states(tx, desk.now, [posted.message.id], "failed_permanent")
        with pytest.raises(NoConversation):
            await posting.retry(tx, desk.kari.caller, desk.now, got.conversation_id, posted.message.id)


async def test_an_expired_lease_is_no_lock(desk: Desk):
    got = await desk.receive()
    async with desk.db.work(desk.account.id) as tx:
        await presence.renew(tx, got.conversation_id, desk.per.id, "answering", desk.now - timedelta(minutes=1))
    await desk.post(desk.kari, got.conversation_id)


async def _upload(desk: Desk, actor: str):
    return await insert(
        desk.db, "files", desk.account.id, actor=actor, name="skjema.pdf", media_type="application/pdf", size=12,
        sha256="1" * 64, created_at=desk.now,
    )  # fmt: skip
