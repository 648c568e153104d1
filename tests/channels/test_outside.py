"""What happens at the channel beside new messages: edits, removals, reactions, answers elsewhere, owners, files, windows."""

# ruff: noqa: F811 - a fixture of another file

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from svardesk.channels import media, ways
from svardesk.channels.contract import Window
from svardesk.channels.ingress import LAST_ATTEMPT
from svardesk.conversations import closing, outside
from svardesk.conversations import store as conversations
from svardesk.conversations.schemas import Message
from svardesk.kit.db import Row
from tests.channels.test_deliveries import RING
from tests.channels.test_ingress import Inbox, inbox  # noqa: F401 - the fixture

ABOUT = {"external_ids": ["m1"]}


class Thread:
    """The one conversation of a test."""

    def __init__(self, inbox: Inbox) -> None:
        self.inbox = inbox

    async def tell(self, *lines: dict[str, Any]) -> None:
        await self.inbox.arrive(*lines)
        await self.inbox.sweep()

    async def messages(self) -> list[Message]:
        async with self.inbox.db.work(self.inbox.account.id) as tx:
            rows = await tx.all("SELECT id FROM messages ORDER BY seq")
            found = await conversations.messages(tx, [row["id"] for row in rows])
        return sorted(found.values(), key=lambda one: one.seq)

    async def row(self) -> Row:
        async with self.inbox.db.work(self.inbox.account.id) as tx:
            return await tx.one("SELECT * FROM conversations")

    async def edits(self, message: Message) -> list[str]:
        async with self.inbox.db.work(self.inbox.account.id) as tx:
            return [row["body"] for row in await outside.edits_of(tx, message.conversation_id, message.id)]

    async def count(self, table: str) -> int:
        async with self.inbox.db.work(self.inbox.account.id) as tx:
            return await tx.value(f"SELECT count(*) FROM {table}")

    async def facts(self) -> list[str]:
        async with self.inbox.db.system() as tx:
            rows = await tx.all("SELECT type FROM event_outbox ORDER BY id")
        return [row["type"] for row in rows]


@pytest.fixture
def thread(inbox: Inbox) -> Thread:
    return Thread(inbox)


async def test_an_edit_changes_the_message_and_keeps_what_it_read(thread: Thread) -> None:
    await thread.tell({"id": "1", "external_id": "m1", "text": "Hvor er paken?"})
    await thread.tell({"id": "e1", "type": "message_edited", "about": ABOUT, "edit": 1, "text": "Hvor er pakken?"})
    await thread.tell({"id": "e3", "type": "message_edited", "about": ABOUT, "edit": 3, "text": "Hvor er pakken min?"})
    await thread.tell({"id": "e2", "type": "message_edited", "about": ABOUT, "edit": 2, "text": "Kom for sent"})
    [message] = await thread.messages()
    assert (message.body, message.edits, message.version) == ("Hvor er pakken min?", 3, 3)
    assert message.edited_at is not None
    assert await thread.edits(message) == ["Hvor er paken?", "Hvor er pakken?", "Kom for sent"]
    assert (await thread.row())["preview"] == "Hvor er pakken min?"
    assert (await thread.facts()).count("message_changed") == 2


async def test_what_is_removed_leaves_its_place_and_nothing_else(thread: Thread) -> None:
    await thread.tell(
        {"id": "1", "external_id": "m1", "text": "Hemmelig"}, {"id": "2", "external_id": "m2", "text": "Hei"}
    )
    await thread.tell({"id": "e1", "type": "message_edited", "about": ABOUT, "edit": 1, "text": "Hemmeligere"})
    await thread.tell({"id": "d1", "type": "message_deleted", "about": ABOUT})
    first, second = await thread.messages()
    assert (first.body, first.deleted, first.edits, second.body) == ("", True, 0, "Hei")
    assert await thread.count("message_edits") == 0
    await thread.tell({"id": "e2", "type": "message_edited", "about": ABOUT, "edit": 2, "text": "Tilbake?"})
    assert (await thread.messages())[0].body == ""


async def test_a_reaction_is_put_changed_and_taken_away_and_starts_no_clock(thread: Thread) -> None:
    await thread.tell({"id": "1", "external_id": "m1", "text": "Takk!"})
    before = await thread.row()
    for number, (emoji, shown) in enumerate([("❤️", ["❤️"]), ("👍", ["👍"]), (None, [])]):
        await thread.tell({"id": f"r{number}", "type": "reaction", "about": ABOUT, "emoji": emoji})
        [message] = await thread.messages()
        assert [(one.emoji, one.agent_id) for one in message.reactions] == [(one, None) for one in shown]
    after = await thread.row()
    assert (after["waiting_since"], after["status"], after["last_seq"]) == (None, before["status"], 1)


async def test_what_comes_before_its_message_waits_for_it(thread: Thread) -> None:
    await thread.tell({"id": "0", "text": "Hei"})
    await thread.tell(
        {"id": "e1", "type": "message_edited", "about": ABOUT, "edit": 1, "text": "Rettet"},
        {"id": "2", "external_id": "m2", "text": "En til"},
    )
    assert [one.body for one in await thread.messages()] == ["Hei", "En til"]
    await thread.tell({"id": "1", "external_id": "m1", "text": "Feil"})
    thread.inbox.clock.advance(seconds=3)
    await thread.inbox.sweep()
    assert [one.body for one in await thread.messages()] == ["Hei", "En til", "Rettet"]
    assert ("e1", "message_edited", "done") in await thread.inbox.items()


async def test_what_is_about_a_message_that_never_came_is_let_go_in_the_end(thread: Thread) -> None:
    await thread.tell({"id": "0", "text": "Hei"})
    envelope = await thread.inbox.arrive({"id": "r1", "type": "reaction", "about": ABOUT, "emoji": "❤️"})
    for _ in range(LAST_ATTEMPT):
        await thread.inbox.sweep()
        thread.inbox.clock.advance(minutes=1)
    assert ("r1", "reaction", "ignored") in await thread.inbox.items()
    assert (await thread.inbox.envelope(envelope))["state"] == "parsed"


async def test_an_answer_with_another_program_counts_and_a_machine_s_does_not(thread: Thread) -> None:
    await thread.tell({"id": "1", "text": "Er det åpent?"})
    machine = {"app": "263902037430900", "name": "Meta Business Suite", "automatic": True}
    await thread.tell(
        {"id": "a1", "type": "sent_elsewhere", "external_id": "x1", "text": "Vi svarer snart", "elsewhere": machine}
    )
    row = await thread.row()
    assert (row["status"], row["waiting_since"] is None, row["first_answered_at"]) == ("open", False, None)
    person = {**machine, "automatic": False}
    told = {"type": "sent_elsewhere", "external_id": "x2", "text": "Ja, til 20", "elsewhere": person}
    await thread.tell({"id": "a2", **told})
    await thread.tell({"id": "a2-again", **told})
    row = await thread.row()
    assert (row["status"], row["waiting_since"], row["last_answer_seq"], row["last_seq"]) == ("waiting", None, 3, 3)
    _, auto, answer = await thread.messages()
    assert (auto.author.kind, auto.automated, answer.author.kind, answer.automated) == ("bot", True, "system", False)
    assert answer.elsewhere is not None and answer.elsewhere.name == "Meta Business Suite"
    assert answer.state == "sent"
    assert await thread.count("deliveries") == 0


async def test_a_reply_names_the_message_that_it_answers(thread: Thread) -> None:
    await thread.tell({"id": "1", "external_id": "m1", "text": "Hvilken ruter?"})
    await thread.tell({"id": "2", "external_id": "m2", "text": "Den hvite", "reply_to": "m1"})
    await thread.tell({"id": "3", "external_id": "m3", "text": "Hva?", "reply_to": "m-unknown"})
    first, second, third = await thread.messages()
    assert (second.reply_to, third.reply_to) == (first.id, None)


async def test_a_thread_knows_its_owner_and_where_the_person_came_from(thread: Thread) -> None:
    await thread.tell({"id": "f1", "type": "referral", "referral": {"source": "ADS", "ref": "host26"}})
    await thread.tell({"id": "1", "text": "Hei", "referral": {"source": "SHORTLINK"}})
    await thread.tell(
        {"id": "c1", "type": "thread_control", "control": {"owner": "42", "name": "Annen app", "standby": True}}
    )
    await thread.tell(
        {"id": "c1b", "type": "thread_control", "control": {"owner": "42", "name": "Annen app", "standby": True}}
    )
    async with thread.inbox.db.work(thread.inbox.account.id) as tx:
        row = await tx.one("SELECT * FROM threads")
    assert (row["first_touch"], row["last_touch"]) == ({"source": "ADS", "ref": "host26"}, {"source": "SHORTLINK"})
    assert (row["owner"], row["standby"]) == ("42", True)
    lines: list[Any] = [one.details for one in await thread.messages() if one.details is not None]
    assert [(one["type"], one.get("name")) for one in lines] == [("owner_changed", "Annen app")]
    await thread.tell({"id": "2", "text": "Er dere der?", "standby": False})
    lines = [one.details for one in await thread.messages() if one.details is not None]
    assert [(one["type"], one.get("name")) for one in lines] == [
        ("owner_changed", "Annen app"),
        ("owner_changed", None),
    ]


async def test_files_at_the_provider_are_fetched_after_the_message_stands_there(thread: Thread) -> None:
    inbox = thread.inbox
    store = Files()
    png = b"\x89PNG\r\n\x1a\n" + b"\0" * 64
    inbox.adapter.provider.files = {"https://cdn/a": png, "https://cdn/b": ConnectionResetError()}
    await thread.tell({"id": "1", "external_id": "m1", "media": ["https://cdn/a", "https://cdn/b"]})
    [message] = await thread.messages()
    assert (message.body, message.awaited, message.attachments) == ("", 2, [])

    async def fetch() -> None:
        await media.sweep(inbox.db, inbox.clock, RING, store, inbox.adapters)  # pyright: ignore[reportArgumentType]

    await fetch()
    [message] = await thread.messages()
    assert (message.awaited, [(one.media_type, one.image) for one in message.attachments]) == (1, [("image/png", True)])
    for _ in range(media.LAST_ATTEMPT):
        inbox.clock.advance(hours=3)
        await fetch()
    [message] = await thread.messages()
    assert (message.awaited, len(message.attachments)) == (0, 1)
    async with inbox.db.work(inbox.account.id) as tx:
        rows = await tx.all("SELECT state, error FROM media ORDER BY ref")
    assert [(row["state"], row["error"]) for row in rows] == [("kept", None), ("gone", "ConnectionResetError")]


class Files:
    """Keeps nothing but the hash."""

    async def put(self, account_id: UUID, chunks: Any, *, max_bytes: int, check: Any = None) -> Any:
        from svardesk.kit.files import Stored

        content = b"".join([chunk async for chunk in chunks])
        return Stored(sha256="0" * 64, size=len(content))


async def test_the_time_to_answer_runs_from_the_person_and_its_end_raises_an_alarm(thread: Thread) -> None:
    inbox = thread.inbox
    inbox.adapter.provider.windows = (Window("standard", 24), Window("human_agent", 168, ("human",)))
    began = inbox.clock.now()
    await thread.tell({"id": "1", "text": "Hei", "at": began.isoformat()})
    # Told late, and an older one still: the newest opening counts.
    await thread.tell({"id": "0", "text": "Tidligere", "at": (began - timedelta(hours=5)).isoformat()})
    row = await thread.row()
    assert (row["window_from"], row["window_until"]) == (began, began + timedelta(hours=24))
    assert await closing.raise_alarms(inbox.db, inbox.clock) == 0
    inbox.clock.advance(hours=21, minutes=1)
    assert await closing.raise_alarms(inbox.db, inbox.clock) == 1
    assert await closing.raise_alarms(inbox.db, inbox.clock) == 0
    lines: list[Any] = [one.details for one in await thread.messages() if one.details is not None]
    assert [(one["type"], datetime.fromisoformat(one["until"])) for one in lines] == [
        ("window_closing", began + timedelta(hours=24))
    ]
    assert (await thread.facts()).count("window_closing") == 1
    await thread.tell({"id": "2", "text": "Hallo?", "at": inbox.clock.now().isoformat()})
    inbox.clock.advance(hours=22)
    assert await closing.raise_alarms(inbox.db, inbox.clock) == 1


async def test_nobody_is_alarmed_where_nobody_waits(thread: Thread) -> None:
    inbox = thread.inbox
    inbox.adapter.provider.windows = (Window("standard", 24),)
    await thread.tell({"id": "1", "text": "Takk! 😊"})
    inbox.clock.advance(hours=23)
    assert await closing.raise_alarms(inbox.db, inbox.clock) == 0


async def test_the_way_out_says_what_the_composer_must_know(thread: Thread, monkeypatch: pytest.MonkeyPatch) -> None:
    inbox = thread.inbox
    inbox.adapter.provider.windows = (Window("standard", 24), Window("human_agent", 168, ("human",)))
    monkeypatch.setattr(ways, "capabilities", inbox.adapter.capabilities)
    await thread.tell({"id": "1", "text": "Hei", "referral": {"source": "ADS"}, "standby": True})
    async with inbox.db.work(inbox.account.id) as tx:
        way = await ways.of_conversation(tx, (await thread.row())["id"])
    assert way is not None and way.open and way.standby
    assert [(one.name, one.hours, one.people_only) for one in way.windows] == [
        ("standard", 24, False),
        ("human_agent", 168, True),
    ]
    assert way.first_touch == {"source": "ADS"}
