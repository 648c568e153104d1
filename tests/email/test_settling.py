"""Mails that were taken in are marked or moved, also when the worker died in between; never the others."""

import asyncio
from typing import Any

import pytest

from svardesk.channels.email import imap
from svardesk.channels.email.access import Access
from svardesk.channels.email.config import Reached
from svardesk.channels.email.reading import Reader
from svardesk.demo_mail import DemoMail
from svardesk.kit.clock import FixedClock
from svardesk.kit.db import Database
from tests.email.conftest import PASSWORD
from tests.email.mailbox import RING, US, Box, letter, make_box


async def make(db: Database, clock: FixedClock, demo: DemoMail, **values: Any) -> Box:
    reached = Reached(host="127.0.0.1", port=demo.imap_port, encryption="none")
    return await make_box(db, clock, imap=reached, password=PASSWORD, **values)


async def read(box: Box, demo: DemoMail, count: int, *, inbox: int | None = None) -> None:
    """Let a worker read until it has taken so many mails, and so many are left in the folder."""
    reader = Reader(
        box.db, box.clock, RING, Access(box.db, box.clock, RING, "https://desk.example"), box.account.id, box.id
    )
    task = asyncio.create_task(reader.run())
    try:
        async with asyncio.timeout(15):
            while (await taken(box)) != count or (inbox is not None and len(await demo.mails(US)) != inbox):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def taken(box: Box) -> int | None:
    rows = await box.rows("SELECT taken FROM mailboxes")
    return rows[0]["taken"] if rows else None


async def test_what_a_dead_worker_took_is_moved_by_the_next_and_not_taken_twice(
    fresh_db: Database, clock: FixedClock, demo: DemoMail, monkeypatch: pytest.MonkeyPatch
) -> None:
    await demo.deliver(letter("Fra før", Message_ID="<old@example.no>"))
    box = await make(fresh_db, clock, demo, start="now", after="move", move_to="Svardesk")
    await read(box, demo, 0)
    for number in range(2):
        await demo.deliver(letter(f"Nummer {number}", Message_ID=f"<{number}@example.no>"))

    async def dies(*_: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(imap.Mailbox, "settle", dies)
    await read(box, demo, 2)
    assert len(await demo.mails(US)) == 3
    monkeypatch.undo()
    await demo.deliver(letter("Etterpå", Message_ID="<after@example.no>"))
    await read(box, demo, 3, inbox=1)
    assert b"old@example.no" in (await demo.mails(US))[0], "what was there before is nobody's to move"
    assert len(await demo.mails(US, "Svardesk")) == 3
    await box.sweep()
    assert sorted(text for _, text, _ in await box.said()) == ["Etterpå", "Nummer 0", "Nummer 1"]
    await read(box, demo, 3, inbox=1)


async def test_what_was_to_be_left_stays_when_the_setting_changes(
    fresh_db: Database, clock: FixedClock, demo: DemoMail
) -> None:
    await demo.deliver(letter("Hei"))
    box = await make(fresh_db, clock, demo, start="all", after="leave")
    await read(box, demo, 1)
    async with box.db.work(box.account.id) as tx:
        await tx.run("""UPDATE connections SET config = config || '{"after": "move"}'""")
    await demo.deliver(letter("Hei igjen", Message_ID="<two@example.no>"))
    await read(box, demo, 2, inbox=1)
    assert len(await demo.mails(US, "Svardesk")) == 1
