"""Mails that were set aside: an owner sees what they are, takes them in all the same, or puts them away."""

import pytest

from svardesk.accounts.caller import SYSTEM
from svardesk.channels.email import aside, keeping
from svardesk.kit.clock import FixedClock
from svardesk.kit.db import Database
from svardesk.kit.ids import uuid7
from tests.email.mailbox import Box, at, letter, make_box


@pytest.fixture
async def box(fresh_db: Database, clock: FixedClock, monkeypatch: pytest.MonkeyPatch) -> Box:
    """Two mails of one address are in; two more in the same hour were set aside."""
    monkeypatch.setattr(keeping, "MOST_AN_HOUR", 2)
    box = await make_box(fresh_db, clock)
    for number in range(4):
        await box.arrive(
            letter(f"Nummer {number}", Message_ID=f"<{number}@x.example>", Subject=f"Sak {number}", Date=at(8, 59))
        )
    assert len(await box.aside()) == 2
    return box


async def listed(box: Box) -> list[aside.AsideMail]:
    async with box.db.work(box.account.id) as tx:
        return await aside.list_aside(tx)


async def test_the_list_says_what_they_are(box: Box, clock: FixedClock) -> None:
    found = await listed(box)
    assert {(one.subject, one.sender, one.why, one.mailbox_id) for one in found} == {
        (f"Sak {number}", "Kari Nordmann <kari@example.no>", "too_many", box.id) for number in (2, 3)
    }
    assert await listed(await make_box(box.db, clock)) == [], "another organisation's are its own"


async def test_what_a_person_wants_in_comes_in_within_the_hour_too_and_once(box: Box) -> None:
    wanted = next(one for one in await listed(box) if one.subject == "Sak 3")
    async with box.db.work(box.account.id) as tx:
        await aside.take_in(tx, box.clock.now(), SYSTEM, wanted.id)
    await box.sweep()
    assert sorted(text for _, text, _ in await box.said()) == ["Nummer 0", "Nummer 1", "Nummer 3"]
    assert [one.subject for one in await listed(box)] == ["Sak 2"]
    async with box.db.work(box.account.id) as tx:
        with pytest.raises(aside.NoMailAside):
            await aside.take_in(tx, box.clock.now(), SYSTEM, wanted.id)
    assert [row["action"] for row in await box.rows("SELECT action FROM audit_log WHERE action LIKE 'mail\\_%%'")] == [
        "mail_taken_in"
    ]


async def test_what_is_put_away_is_gone_from_the_list_and_never_comes(box: Box) -> None:
    for one in await listed(box):
        async with box.db.work(box.account.id) as tx:
            await aside.dismiss(tx, SYSTEM, one.id)
    await box.sweep()
    assert (await listed(box), len(await box.said())) == ([], 2)
    async with box.db.work(box.account.id) as tx:
        with pytest.raises(aside.NoMailAside):
            await aside.dismiss(tx, SYSTEM, uuid7())
    assert len(await box.rows("SELECT 1 AS x FROM audit_log WHERE action = 'mail_dismissed'")) == 2
