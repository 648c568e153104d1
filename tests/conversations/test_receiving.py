"""A customer's message: once, in order, waking what it should wake and nothing else."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import msgspec
import pytest

from svardesk.conversations import changing, receiving
from svardesk.conversations.errors import ContactMissing, EmptyMessage, FilesMissing
from svardesk.conversations.events import ConversationChanged, ConversationStarted, MessageReceived
from svardesk.conversations.receiving import Inbound
from svardesk.conversations.schemas import ChangeConversation
from svardesk.kit.errors import Unprocessable
from svardesk.kit.ids import uuid7
from svardesk.spine import BY_NAME
from tests.conversations.conftest import Desk
from tests.factories import insert, make_account, make_contact


async def test_first_message_starts_a_conversation(desk: Desk):
    got = await desk.receive("Hei!\r\n\r\nNettet   er nede\x00  ")
    assert (got.outcome, got.seq, got.status, got.version) == ("started", 1, "open", 2)
    row = await desk.row(got.conversation_id)
    assert row["number"] == 1
    assert row["preview"] == "Hei! Nettet er nede"
    assert row["preview_kind"] == "inbound"
    assert (row["last_seq"], row["last_public_seq"], row["last_customer_seq"]) == (1, 1, 1)
    assert row["waiting_since"] == desk.now
    assert row["last_customer_at"] == desk.now
    (message,) = await desk.said(got.conversation_id)
    assert message["body"] == "Hei!\n\nNettet   er nede"
    assert (message["kind"], message["author_kind"], message["author_id"]) == ("inbound", "contact", desk.contact_id)
    assert not message["silent"]


async def test_events_are_what_their_classes_say(desk: Desk):
    got = await desk.receive()
    await desk.receive("Er det noen der?")
    found = await desk.events(got.conversation_id)
    assert [name for name, _ in found] == ["conversation_started", "message_received", "message_received"]
    started, first, second = (msgspec.convert(load, BY_NAME[name, 1], strict=False) for name, load in found)
    assert started == ConversationStarted(
        stream=got.conversation_id, contact_id=desk.contact_id, message_id=got.message_id
    )
    assert first == MessageReceived(stream=got.conversation_id, message_id=got.message_id, seq=1, silent=False)
    assert isinstance(second, MessageReceived)
    assert second.seq == 2


async def test_same_client_id_changes_nothing(desk: Desk):
    client_id = uuid4()
    first = await desk.receive("Hei", client_id=client_id)
    before = await desk.row(first.conversation_id)
    again = await desk.receive("Hei", client_id=client_id)
    assert again.repeated
    assert (again.message_id, again.seq) == (first.message_id, 1)
    assert await desk.row(first.conversation_id) == before
    assert len(await desk.events(first.conversation_id)) == 2


async def test_client_ids_of_two_actors_do_not_meet(desk: Desk):
    client_id = uuid4()
    first = await desk.receive("Hei", thread="a", client_id=client_id)
    other = await desk.receive("Hei", thread="b", client_id=client_id)
    assert other.outcome == "started"
    assert other.conversation_id != first.conversation_id


async def test_same_client_id_ten_times_at_once(desk: Desk):
    await desk.receive("Hei")
    client_id = uuid4()
    got = await asyncio.gather(*(desk.receive("Er dere der?", client_id=client_id) for _ in range(10)))
    assert len({one.message_id for one in got}) == 1
    assert sorted(one.outcome for one in got) == ["received"] + ["repeated"] * 9
    assert [one["seq"] for one in await desk.said(got[0].conversation_id)] == [1, 2]
    assert (await desk.row(got[0].conversation_id))["last_seq"] == 2


async def test_first_message_ten_times_at_once_is_one_conversation(desk: Desk):
    client_id = uuid4()
    got = await asyncio.gather(*(desk.receive("Hei", thread="x", client_id=client_id) for _ in range(10)))
    assert len({one.conversation_id for one in got}) == 1
    assert len({one.message_id for one in got}) == 1
    assert len(await desk.said(got[0].conversation_id)) == 1


async def test_first_message_without_thread_at_once_leaves_no_empty_conversation(desk: Desk):
    client_id = uuid4()
    got = await asyncio.gather(
        *(desk.receive("Hei", thread="x", client_id=client_id, connection_id=None, actor="api:1") for _ in range(6))
    )
    assert len({one.message_id for one in got}) == 1
    async with desk.db.work(desk.account.id) as tx:
        assert await tx.value("SELECT count(*) FROM conversations WHERE account_id = %(a)s", a=desk.account.id) == 1


async def test_thirty_messages_at_once_get_thirty_seqs(desk: Desk):
    got = await asyncio.gather(*(desk.receive(f"Melding {n}", thread="y") for n in range(30)))
    conversation_id = got[0].conversation_id
    assert {one.conversation_id for one in got} == {conversation_id}
    said = await desk.said(conversation_id)
    assert [one["seq"] for one in said] == list(range(1, 31))
    assert {one["body"] for one in said} == {f"Melding {n}" for n in range(30)}
    row = await desk.row(conversation_id)
    assert (row["last_seq"], row["version"]) == (30, 31)
    found = await desk.events(conversation_id)
    assert [load["seq"] for name, load in found if name == "message_received"] == list(range(1, 31))


@pytest.mark.parametrize("status", ["closed", "snoozed", "waiting"])
async def test_a_message_reopens(desk: Desk, status: str):
    got = await desk.receive()
    await _put(desk, got.conversation_id, status)
    desk.clock.advance(60)
    again = await desk.receive("Det virker fortsatt ikke")
    assert (again.conversation_id, again.status) == (got.conversation_id, "open")
    row = await desk.row(got.conversation_id)
    assert (row["status"], row["closed_at"], row["snoozed_until"]) == ("open", None, None)
    assert row["waiting_since"] == (desk.now if status != "snoozed" else desk.now - timedelta(seconds=60))
    name, load = (await desk.events(got.conversation_id))[-1]
    assert name == "conversation_changed"
    assert msgspec.convert(load, ConversationChanged, strict=False).what == ("status",)


@pytest.mark.parametrize("status", ["closed", "snoozed", "waiting"])
@pytest.mark.parametrize("thanks", ["Takk!", "👍", "tack så mycket", "kiitos paljon 😊"])
async def test_thanks_wake_nobody(desk: Desk, status: str, thanks: str):
    got = await desk.receive()
    await _put(desk, got.conversation_id, status)
    before = await desk.row(got.conversation_id)
    desk.clock.advance(60)
    again = await desk.receive(thanks)
    after = await desk.row(got.conversation_id)
    assert again.status == status
    for name in ("status", "snoozed_until", "closed_at", "waiting_since"):
        assert after[name] == before[name], name
    assert after["last_seq"] == before["last_seq"] + 1
    assert (await desk.said(got.conversation_id))[-1]["silent"]
    assert (await desk.events(got.conversation_id))[-1][1]["silent"] is True


async def test_thanks_alone_start_no_clock(desk: Desk):
    got = await desk.receive("Tusen takk!")
    assert (await desk.row(got.conversation_id))["waiting_since"] is None


async def test_waiting_clock_keeps_its_first_time(desk: Desk):
    got = await desk.receive()
    began = desk.now
    desk.clock.advance(300)
    await desk.receive("Hallo?")
    assert (await desk.row(got.conversation_id))["waiting_since"] == began


async def test_archived_conversation_is_not_written_to(desk: Desk):
    got = await desk.receive()
    async with desk.db.work(desk.account.id) as tx:
        await tx.run("UPDATE conversations SET archived_at = now() WHERE id = %(id)s", id=got.conversation_id)
    fresh = await desk.receive("Hei igjen", conversation_id=got.conversation_id)
    assert fresh.outcome == "started"
    assert fresh.conversation_id != got.conversation_id


async def test_gone_conversation_falls_back_to_its_thread(desk: Desk):
    living = await desk.receive("Hei")
    got = await desk.receive("Hei igjen", conversation_id=uuid7())
    assert (got.conversation_id, got.seq) == (living.conversation_id, 2)


async def test_new_conversation_needs_a_contact(desk: Desk):
    with pytest.raises(ContactMissing):
        await desk.receive(contact_id=None)
    async with desk.db.work(desk.account.id) as tx:
        assert await tx.value("SELECT next_number FROM accounts WHERE id = %(a)s", a=desk.account.id) == 1


async def test_empty_and_endless_messages_are_refused(desk: Desk):
    with pytest.raises(EmptyMessage):
        await desk.receive(" \n\x00 ")
    with pytest.raises(Unprocessable) as caught:
        await desk.receive("x" * 8001)
    assert (caught.value.code, caught.value.fields) == ("text_too_long", {"max": 8000, "length": 8001})


async def test_files_come_along(desk: Desk):
    file_id = await _upload(desk, "visitor:t1")
    got = await desk.receive("", file_ids=[file_id])
    row = await desk.row(got.conversation_id)
    assert row["preview"] == "kvittering.png"
    assert row["waiting_since"] == desk.now
    async with desk.db.work(desk.account.id) as tx:
        file = await tx.one("SELECT * FROM files WHERE id = %(id)s", id=file_id)
    assert (file["message_id"], file["conversation_id"]) == (got.message_id, got.conversation_id)


async def test_a_file_counts_once_and_only_for_its_owner(desk: Desk):
    file_id = await _upload(desk, "visitor:t1")
    with pytest.raises(FilesMissing):
        await desk.receive("Se her", thread="other", file_ids=[file_id])
    client_id = uuid4()
    first = await desk.receive("Se her", file_ids=[file_id], client_id=client_id)
    again = await desk.receive("Se her", file_ids=[file_id], client_id=client_id)
    assert again.repeated and again.message_id == first.message_id
    with pytest.raises(FilesMissing):
        await desk.receive("Og igjen", file_ids=[file_id])
    assert (await desk.row(first.conversation_id))["last_seq"] == 1


async def test_picture_of_thanks_is_no_thanks(desk: Desk):
    file_id = await _upload(desk, "visitor:t1")
    got = await desk.receive("takk", file_ids=[file_id])
    assert (await desk.row(got.conversation_id))["waiting_since"] == desk.now


async def test_other_organisation_cannot_be_written_to(desk: Desk):
    got = await desk.receive()
    stranger = await make_account(desk.db, "Nabo AS")
    contact_id = await make_contact(desk.db, stranger)
    async with desk.db.work(stranger.id) as tx:
        inbound = Inbound(
            channel="webchat", actor="visitor:t1", body="Hei", conversation_id=got.conversation_id,
            connection_id=desk.connection_id, thread="t1", contact_id=contact_id,
        )  # fmt: skip
        theirs = await receiving.receive(tx, desk.now, inbound)
    assert theirs.outcome == "started"
    assert theirs.conversation_id != got.conversation_id
    assert (await desk.row(got.conversation_id))["last_seq"] == 1


async def _put(desk: Desk, conversation_id, status: str) -> None:
    wanted = (
        ChangeConversation(snoozed_until=desk.now + timedelta(days=1))
        if status == "snoozed"
        else ChangeConversation(status=status)  # pyright: ignore[reportArgumentType]
    )
    async with desk.db.work(desk.account.id) as tx:
        await changing.change(tx, desk.kari.caller, desk.now, conversation_id, wanted)


async def _upload(desk: Desk, actor: str):
    return await insert(
        desk.db, "files", desk.account.id, actor=actor, name="kvittering.png", media_type="image/png", size=10,
        sha256="0" * 64, image=True, created_at=desk.now,
    )  # fmt: skip
