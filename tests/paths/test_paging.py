"""Paging through the inbox while it moves: no line that stays is lost, none is shown twice on the way."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import timedelta
from uuid import UUID

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from svardesk.conversations import inbox
from svardesk.conversations.schemas import Filters
from svardesk.kit.db import Database
from svardesk.kit.ids import uuid7
from tests.factories import NOW, make_account, make_agent, make_contact, make_conversation

VIEWS = {"all": "last_activity_at", "mine": "last_activity_at", "unassigned": "last_activity_at", "waiting": "waiting_since",
    "snoozed": "snoozed_until", "closed": "last_activity_at"}  # fmt: skip


class Runner:
    """A database and an event loop of this test alone: hypothesis calls plain functions, many times."""

    def __init__(self, dsn: str) -> None:
        self.loop = asyncio.Runner()
        self.db = Database(dsn, pool_min=1, pool_max=3, name="paging")
        self.loop.run(self.db.open())

    def close(self) -> None:
        self.loop.run(self.db.close())
        self.loop.close()


@pytest.fixture(scope="module")
def runner(clone: Callable[[], str]) -> Iterator[Runner]:
    made = Runner(clone())
    yield made
    made.close()


# Few different instants, so that many rows have the same one and the id must decide.
MINUTES = st.integers(min_value=0, max_value=4)
MOVES = st.lists(
    st.tuples(
        st.integers(min_value=0, max_value=40),
        st.sampled_from(["comes up", "goes down", "leaves", "changes its text", "another one comes", "is seen"]),
    ),
    max_size=12,
)


@given(
    view=st.sampled_from(sorted(VIEWS)), minutes=st.lists(MINUTES, min_size=1, max_size=25),
    sizes=st.lists(st.integers(min_value=1, max_value=7), min_size=1, max_size=4), moves=MOVES,
)  # fmt: skip
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)  # pyright: ignore[reportArgumentType]
def test_walking_through_a_list_that_moves(
    runner: Runner, view: str, minutes: list[int], sizes: list[int], moves: list[tuple[int, str]]
) -> None:
    runner.loop.run(walk(runner.db, view, minutes, sizes, moves))


async def walk(db: Database, view: str, minutes: list[int], sizes: list[int], moves: list[tuple[int, str]]) -> None:
    account = await make_account(db)
    agent = await make_agent(db, account)
    contact = await make_contact(db, account)
    column = VIEWS[view]
    wanted = msgspec.convert({"view": view}, Filters)
    ascending = view in {"waiting", "snoozed"}

    async def add(minute: float) -> UUID:
        at = NOW + timedelta(minutes=minute)
        values = {"last_activity_at": NOW, "status": "open", column: at}
        if view == "snoozed":
            values["status"] = "snoozed"
        if view == "closed":
            values |= {"status": "closed", "closed_at": NOW}
        if view == "mine":
            values["assignee_id"] = agent.id
        return await make_conversation(db, account, contact, **values)

    rows = [await add(minute) for minute in minutes]
    stays = set(rows)
    seen: list[UUID] = []
    cursor: str | None = None
    pending = list(moves)
    for number in range(200):
        async with db.work(account.id) as tx:
            page = await inbox.page(
                tx,
                agent.caller,
                wanted,
                cursor=cursor,
                limit=sizes[number % len(sizes)],
            )
        seen += [row.id for row in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
        for which, what in pending[:2]:
            row = rows[which % len(rows)]
            async with db.work(account.id) as tx:
                if what == "another one comes":
                    pass
                elif what in {"comes up", "goes down"}:
                    shift = timedelta(hours=1 if (what == "comes up") != ascending else -1)
                    await tx.run(
                        f"UPDATE conversations SET {column} = {column} + %(by)s WHERE id = %(id)s", by=shift, id=row
                    )
                    stays.discard(row)
                elif what == "leaves":
                    await tx.run("UPDATE conversations SET archived_at = %(now)s WHERE id = %(id)s", now=NOW, id=row)
                    stays.discard(row)
                elif what == "changes its text":
                    await tx.run("UPDATE conversations SET preview = %(p)s, version = version + 1 WHERE id = %(id)s",
                        p=str(uuid7()), id=row)  # fmt: skip
            if what == "another one comes":
                rows.append(await add(which / 10))
        pending = pending[2:]
    else:
        raise AssertionError("the list has no end")
    assert stays <= set(seen), "a line that never moved was passed over"
    assert len([one for one in seen if one in stays]) == len(stays), "a line that never moved was shown twice"
    # Where nothing moves any more the pages, put together, are the list.
    async with db.work(account.id) as tx:
        whole = [row.id for row in (await inbox.page(tx, agent.caller, wanted, limit=100)).items]
        together: list[UUID] = []
        cursor = None
        while True:
            page = await inbox.page(tx, agent.caller, wanted, cursor=cursor, limit=sizes[0])
            together += [row.id for row in page.items]
            cursor = page.next_cursor
            if cursor is None:
                break
    assert together == whole
    assert len(set(whole)) == len(whole)
