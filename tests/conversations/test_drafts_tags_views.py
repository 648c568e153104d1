"""Drafts, tags, saved views and opening a conversation."""

import asyncio
from uuid import UUID, uuid4

import msgspec
import pytest

from svardesk.conversations import drafting, presence, reading, store, tagging, views
from svardesk.conversations.errors import DraftConflict, NameTaken, NoConversation, NoTag, NoView
from svardesk.conversations.schemas import (
    ChangeTag,
    ChangeView,
    Correspondent,
    DraftAddressing,
    Filters,
    MakeTag,
    MakeView,
    StoreDraft,
    VisitorNow,
)
from svardesk.kit.errors import Forbidden, Unprocessable
from tests.conversations.conftest import Desk
from tests.factories import insert, make_account, make_agent


async def test_drafts_rise_by_version(desk: Desk):
    got = await desk.receive()
    file_id = await insert(
        desk.db, "files", desk.account.id, actor=f"agent:{desk.kari.id}", name="a.png", media_type="image/png", size=1,
        sha256="2" * 64, image=True, created_at=desk.now,
    )  # fmt: skip
    first = await _store(desk, got.conversation_id, body="Hei,", file_ids=(file_id,))
    assert (first.version, first.body, first.updated_at) == (1, "Hei,", desk.now)
    assert [one.name for one in first.files] == ["a.png"]
    second = await _store(desk, got.conversation_id, body="Hei, Ola", version=1)
    assert (second.version, second.file_ids, second.files) == (2, [], [])
    with pytest.raises(DraftConflict) as caught:
        await _store(desk, got.conversation_id, body="Fra det andre vinduet", version=1)
    # The window that was too late goes on from what it is told here.
    assert (caught.value.fields["draft"]["body"], caught.value.fields["draft"]["version"]) == ("Hei, Ola", 2)
    async with desk.db.work(desk.account.id) as tx:
        assert await drafting.get(tx, desk.per.id, got.conversation_id) is None
        await drafting.drop(tx, desk.kari.caller, got.conversation_id)
        await drafting.drop(tx, desk.kari.caller, got.conversation_id)
        assert await drafting.get(tx, desk.kari.id, got.conversation_id) is None
    found = [load["version"] for name, load in await desk.events(got.conversation_id) if name == "draft_changed"]
    assert found == [1, 2, 0]


async def test_a_draft_holds_to_whom_it_is_to_go(desk: Desk):
    got = await desk.receive()
    per = Correspondent("Per", "per@trygg.example")
    to = DraftAddressing(to=[], cc=[per], subject="Ny\x00 faktura", typed={"bcc": "kari@try"})
    await _store(desk, got.conversation_id, addressing=to)
    async with desk.db.work(desk.account.id) as tx:
        kept = await drafting.get(tx, desk.kari.id, got.conversation_id)
    assert kept is not None
    assert kept.addressing == DraftAddressing(to=[], cc=[per], subject="Ny faktura", typed={"bcc": "kari@try"})
    assert (await _store(desk, got.conversation_id, body="Hei", version=1)).addressing is None


async def test_a_draft_that_is_too_long_for_a_message_is_kept_whole(desk: Desk):
    got = await desk.receive()
    kept = await _store(desk, got.conversation_id, body="å" * 16_000)
    assert kept.body == "å" * 16_000


async def test_a_draft_shows_no_upload_of_somebody_else(desk: Desk):
    got = await desk.receive()
    for actor in (f"agent:{desk.per.id}", f"visitor:{uuid4()}"):
        file_id = await insert(
            desk.db, "files", desk.account.id, actor=actor, name="hemmelig.png", media_type="image/png", size=1,
            sha256="3" * 64, image=True, created_at=desk.now,
        )  # fmt: skip
        async with desk.db.work(desk.account.id) as tx:
            await drafting.drop(tx, desk.kari.caller, got.conversation_id)
        assert (await _store(desk, got.conversation_id, body="Hei", file_ids=(file_id,))).files == []


async def test_two_windows_store_at_once(desk: Desk):
    got = await desk.receive()
    done = await asyncio.gather(
        *(_store(desk, got.conversation_id, body=f"Vindu {n}") for n in range(2)), return_exceptions=True
    )
    assert sorted(type(one).__name__ for one in done) == ["Draft", "DraftConflict"]


async def test_drafts_behind_the_wall(desk: Desk):
    got = await desk.receive(team_id=desk.inner)
    with pytest.raises(NoConversation):
        await _store(desk, got.conversation_id, body="Hei")
    async with desk.db.work(desk.account.id) as tx:
        with pytest.raises(NoConversation):
            await drafting.drop(tx, desk.kari.caller, got.conversation_id)


async def test_tags_on_and_off(desk: Desk):
    got = await desk.receive()
    async with desk.db.work(desk.account.id) as tx:
        tag = await tagging.make(tx, desk.now, MakeTag(name="  Faktura   hjelp ", colour="blue"))
        assert tag.name == "Faktura hjelp"
        row = await tagging.put(tx, desk.kari.caller, desk.now, got.conversation_id, tag.id)
        assert (row.tags, row.version) == ([tag.id], 3)
        again = await tagging.put(tx, desk.kari.caller, desk.now, got.conversation_id, tag.id)
        assert again.version == 3
        off = await tagging.take(tx, desk.kari.caller, got.conversation_id, tag.id)
        assert (off.tags, off.version) == ([], 4)
        assert (await tagging.take(tx, desk.kari.caller, got.conversation_id, tag.id)).version == 4
        with pytest.raises(NoTag):
            await tagging.put(tx, desk.kari.caller, desk.now, got.conversation_id, uuid4())
    found = [load["what"] for name, load in await desk.events(got.conversation_id) if name == "conversation_changed"]
    assert found == [["tags"], ["tags"]]


async def test_tags_are_named_once_and_archived(desk: Desk):
    got = await desk.receive()
    async with desk.db.work(desk.account.id) as tx:
        one = await tagging.make(tx, desk.now, MakeTag(name="Faktura"))
        two = await tagging.make(tx, desk.now, MakeTag(name="Levering"))
        with pytest.raises(NameTaken):
            await tagging.make(tx, desk.now, MakeTag(name="Faktura"))
        with pytest.raises(NameTaken):
            await tagging.change(tx, desk.now, two.id, ChangeTag(name="Faktura"))
        with pytest.raises(Unprocessable):
            await tagging.make(tx, desk.now, MakeTag(name="   "))
        gone = await tagging.change(tx, desk.now, one.id, ChangeTag(archived=True, colour="red"))
        assert (gone.archived, gone.colour, gone.name) == (True, "red", "Faktura")
        row = await tagging.put(tx, desk.kari.caller, desk.now, got.conversation_id, one.id)
        assert row.tags == []
        assert [(tag.name, tag.archived) for tag in await tagging.all_tags(tx)] == [
            ("Faktura", True),
            ("Levering", False),
        ]


async def test_tags_behind_the_walls(desk: Desk):
    got = await desk.receive(team_id=desk.inner)
    stranger = await make_account(desk.db, "Nabo AS")
    async with desk.db.work(stranger.id) as tx:
        theirs = await tagging.make(tx, desk.now, MakeTag(name="Faktura"))
    async with desk.db.work(desk.account.id) as tx:
        assert await tagging.all_tags(tx) == []
        with pytest.raises(NoTag):
            await tagging.put(tx, desk.per.caller, desk.now, got.conversation_id, theirs.id)
        with pytest.raises(NoTag):
            await tagging.change(tx, desk.now, theirs.id, ChangeTag(name="Vår"))
        with pytest.raises(NoConversation):
            await tagging.take(tx, desk.kari.caller, got.conversation_id, theirs.id)


async def test_views_own_and_shared(desk: Desk):
    filters = Filters(view="waiting", channel="webchat")
    async with desk.db.work(desk.account.id) as tx:
        own = await views.make(tx, desk.kari.caller, desk.now, MakeView(name="Mine ventende", filters=filters))
        assert (own.filters, own.mine, own.shared) == (filters, True, False)
        with pytest.raises(NameTaken):
            await views.make(tx, desk.kari.caller, desk.now, MakeView(name="Mine ventende", filters=filters))
        with pytest.raises(Forbidden):
            await views.make(tx, desk.kari.caller, desk.now, MakeView(name="Alles", filters=filters, shared=True))
        with pytest.raises(Forbidden):
            await views.change(tx, desk.kari.caller, own.id, ChangeView(shared=True))
        shared = await views.make(tx, desk.siv.caller, desk.now, MakeView(name="Alles", filters=filters, shared=True))
        assert [(one.name, one.mine) for one in await views.all_views(tx, desk.kari.caller)] == [
            ("Alles", False), ("Mine ventende", True),
        ]  # fmt: skip
        assert [one.name for one in await views.all_views(tx, desk.per.caller)] == ["Alles"]
        for verb in (views.change(tx, desk.kari.caller, shared.id, ChangeView(name="Min")), views.drop(tx, desk.kari.caller, shared.id), views.get(tx, desk.per.caller, own.id)):  # fmt: skip
            with pytest.raises(NoView):
                await verb
        changed = await views.change(
            tx, desk.siv.caller, shared.id, ChangeView(name="Alle ventende", filters=Filters(), shared=False)
        )
        assert (changed.name, changed.filters.view, changed.shared) == ("Alle ventende", "all", False)
        await views.drop(tx, desk.siv.caller, shared.id)
        with pytest.raises(NoView):
            await views.get(tx, desk.siv.caller, shared.id)


def test_filters_are_checked_when_saved():
    for strange in (b'{"view":"deleted"}', b'{"status":"open"}', b'{"team_id":"x"}', b'{"channel":7}'):
        with pytest.raises(msgspec.ValidationError):
            msgspec.json.decode(strange, type=Filters)


async def test_opening_shows_what_stands_around(desk: Desk):
    earlier = await desk.receive("Hei", thread="old")
    hidden = await desk.receive("Klage", thread="hidden", team_id=desk.inner)
    desk.clock.advance(60)
    got = await desk.receive("Hei igjen", client_id=(key := uuid4()))
    answer = await desk.post(desk.per, got.conversation_id, "Hei!", client_id=(mine := uuid4()))
    await _store(desk, got.conversation_id, body="Utkast")
    async with desk.db.work(desk.account.id) as tx:
        await presence.renew(tx, got.conversation_id, desk.per.id, "looking", desk.now)
        opened = await reading.open_conversation(tx, desk.kari.caller, desk.now, got.conversation_id)
        pers = await reading.open_conversation(tx, desk.per.caller, desk.now, got.conversation_id)
    assert [one.body for one in opened.messages] == ["Hei igjen", "Hei!"]
    assert [one.client_id for one in opened.messages] == [None, None]
    assert [one.client_id for one in pers.messages] == [None, mine]
    assert key not in {one.client_id for one in pers.messages}
    assert opened.messages[1].author.name == "Per Berg"
    assert not opened.earlier
    assert [one.id for one in opened.previous_conversations] == [earlier.conversation_id]
    assert {one.id for one in pers.previous_conversations} == {earlier.conversation_id, hidden.conversation_id}
    assert opened.draft is not None and opened.draft.body == "Utkast"
    assert pers.draft is None
    assert [(one.name, one.kind) for one in opened.presence] == [("Per Berg", "looking")]
    assert opened.contact.name == "Ola Hansen"
    assert opened.conversation.assignee_id == desk.per.id
    assert answer.message.id == opened.messages[1].id


async def test_older_messages_page_by_seq(desk: Desk):
    got = await desk.receive("Melding 1")
    for n in range(2, 121):
        await desk.receive(f"Melding {n}")
    seen: list[int] = []
    before = None
    async with desk.db.work(desk.account.id) as tx:
        while True:
            page = await reading.messages_before(tx, desk.kari.caller, got.conversation_id, before_seq=before)
            seen = [one.seq for one in page.messages] + seen
            if not page.earlier:
                break
            before = page.messages[0].seq
        assert (await reading.messages_before(tx, desk.kari.caller, got.conversation_id, before_seq=1)).messages == []
    assert seen == list(range(1, 121))


async def test_opening_behind_the_walls(desk: Desk):
    got = await desk.receive(team_id=desk.inner)
    stranger = await make_agent(desk.db, await make_account(desk.db, "Nabo AS"), "owner")
    async with desk.db.work(desk.account.id) as tx:
        for verb in (reading.open_conversation(tx, desk.kari.caller, desk.now, got.conversation_id),
                     reading.messages_before(tx, desk.kari.caller, got.conversation_id),
                     reading.row_for(tx, desk.olav.caller, got.conversation_id),
                     reading.row_for(tx, desk.siv.caller, uuid4())):  # fmt: skip
            with pytest.raises(NoConversation):
                await verb
    async with desk.db.work(stranger.account_id) as tx:
        with pytest.raises(NoConversation):
            await reading.row_for(tx, stranger.caller, got.conversation_id)
        assert await store.messages(tx, [got.message_id]) == {}


async def test_a_channel_tells_where_the_visitor_is(desk: Desk, monkeypatch: pytest.MonkeyPatch):
    got = await desk.receive()
    there = VisitorNow("https://butikk.example/ruter", "Rutere", True, "nb", {"Varer i kurven": 2}, {})

    async def look(_tx, conversation_id: UUID):
        return there if conversation_id == got.conversation_id else None

    monkeypatch.setattr(reading, "_visitor_of", {})
    reading.know_visitors("webchat", look)
    async with desk.db.work(desk.account.id) as tx:
        assert (await reading.open_conversation(tx, desk.kari.caller, desk.now, got.conversation_id)).visitor == there


async def _store(desk: Desk, conversation_id: UUID, **what):
    async with desk.db.work(desk.account.id) as tx:
        return await drafting.store(tx, desk.kari.caller, desk.now, conversation_id, StoreDraft(**what))
