"""The shadow badge: which talks count, what is in time, what would win or keep it."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from svardesk.channels.capabilities import Capabilities, ResponseBadge
from svardesk.kit.clock import FixedClock
from svardesk.kit.db import Database
from svardesk.kit.ids import uuid7
from svardesk.reports import badges
from tests.channels.conftest import FakeAdapter, Provider
from tests.factories import insert, make_account, make_conversation

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
RULE = ResponseBadge()


def talk(ago: float, after: float | None) -> tuple[datetime, datetime | None]:
    """(began so many minutes ago, answered so many minutes later)."""
    began = NOW - timedelta(minutes=ago)
    return began, None if after is None else began + timedelta(minutes=after)


def count(*talks: tuple[datetime, datetime | None]) -> badges.Badge:
    return badges.count(uuid7(), "Fjordnett", "fake", talks, RULE, NOW)


def test_what_is_in_time_late_missed_and_still_open() -> None:
    found = count(talk(600, 2), talk(500, 15), talk(400, 15.02), talk(300, None), talk(10, None), talk(3, None))
    assert (found.talks, found.in_time, found.later, found.missed, found.open) == (4, 2, 1, 1, 2)
    assert found.share == 0.5
    assert found.answer_by == NOW + timedelta(minutes=5)
    assert not found.held
    assert found.median_seconds == 15 * 60


@pytest.mark.parametrize(
    ("in_time", "late", "held", "needed", "spare"),
    [(9, 1, True, 0, 0), (10, 1, True, 0, 0), (20, 1, True, 0, 1), (8, 2, False, 10, 0), (0, 0, False, 1, 0), (1, 0, True, 0, 0), (0, 3, False, 27, 0)],
)  # fmt: skip
def test_what_would_win_or_keep_it(in_time: int, late: int, held: bool, needed: int, spare: int) -> None:
    found = count(*[talk(600, 1)] * in_time, *[talk(600, 60)] * late)
    assert (found.held, found.needed, found.spare) == (held, needed, spare)
    if not held:
        won = count(*[talk(600, 1)] * (in_time + needed), *[talk(600, 60)] * late)
        short = count(*[talk(600, 1)] * (in_time + needed - 1), *[talk(600, 60)] * late)
        assert won.held and not short.held
    else:
        kept = count(*[talk(600, 1)] * in_time, *[talk(600, 60)] * (late + spare))
        lost = count(*[talk(600, 1)] * in_time, *[talk(600, 60)] * (late + spare + 1))
        assert kept.held and not lost.held


class Judged(FakeAdapter):
    """Its provider has a badge."""

    def capabilities(self, connection: Any) -> Capabilities:
        return Capabilities(badge=RULE)


async def test_talks_are_counted_from_what_was_said(
    fresh_db: Database, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    db, now = fresh_db, clock.now()
    account, other = await make_account(db), await make_account(db)
    connection_id = await insert(db, "connections", account.id, kind="fake", name="Fjordnett")
    monkeypatch.setattr(badges, "ADAPTERS", {"fake": Judged(Provider())})

    async def thread(*said: tuple[float, str, bool, str | None]) -> UUID:
        conversation_id = await make_conversation(
            db,
            account,
            channel="fake",
            connection_id=connection_id,
            last_activity_at=now,
            external_thread_key=str(uuid7()),
        )
        for seq, (hours_ago, kind, automated, state) in enumerate(said, start=1):
            at = now - timedelta(hours=hours_ago)
            message_id = await insert(
                db, "messages", account.id, conversation_id=conversation_id, seq=seq, kind=kind, body="x",
                author_kind="contact" if kind == "inbound" else "agent", actor="x", automated=automated, state=state,
                occurred_at=at if kind == "inbound" else None, created_at=at,
            )  # fmt: skip
            if state == "sent":
                await insert(
                    db, "deliveries", account.id, message_id=message_id, conversation_id=conversation_id,
                    connection_id=connection_id, seq=seq, state="sent", due_at=at, created_at=at,
                    sent_at=at + timedelta(minutes=2),
                )  # fmt: skip
        return conversation_id

    # In time (sent two minutes after it was written), an automatic receipt before it is no answer.
    await thread((50, "inbound", False, None), (50, "answer", True, "sent"), (49.9, "answer", False, "sent"))
    # Two talks of one thread, a day of silence between them: the first late, the second never, failed answers are none.
    await thread(
        (100, "inbound", False, None), (99.5, "inbound", False, None), (99, "answer", False, "sent"),
        (70, "inbound", False, None), (69.9, "answer", False, "failed_permanent"),
    )  # fmt: skip
    # No new talk: written within a day of our own answer. And one that began too long ago to count.
    await thread((200, "inbound", False, None), (190, "answer", False, "sent"), (170, "inbound", False, None))
    # An out-of-office is nobody's question.
    await thread((20, "inbound", True, None))
    # Still open.
    await thread((0.1, "inbound", False, None))
    async with db.work(account.id) as tx:
        [found] = (await badges.badges(tx, now)).items
    assert (found.name, found.talks, found.in_time, found.later, found.missed, found.open) == (
        "Fjordnett",
        3,
        1,
        1,
        1,
        1,
    )
    async with db.work(other.id) as tx:
        assert (await badges.badges(tx, now)).items == []
