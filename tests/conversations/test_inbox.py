"""Lists: what stands in which view, in which order, page by page, behind the wall; counts to 99."""

import base64
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from svardesk.conversations import inbox, receipts, store, tagging
from svardesk.conversations.cursors import Cursor, parse_cursor
from svardesk.conversations.errors import BadCursor
from svardesk.conversations.schemas import Filters, MakeTag
from tests.conversations.conftest import Desk
from tests.factories import Agent, insert, make_account, make_agent, make_contact


async def _fill(desk: Desk, count: int = 1, **values) -> list[UUID]:
    async with desk.db.work(desk.account.id) as tx:
        first = await tx.value(
            "UPDATE accounts SET next_number = next_number + %(n)s WHERE id = %(id)s RETURNING next_number - %(n)s",
            n=count, id=desk.account.id,
        )  # fmt: skip
    found = []
    for n in range(count):
        given = {name: value(n) if callable(value) else value for name, value in values.items()}
        at = desk.now - timedelta(minutes=n)
        found.append(
            await insert(
                desk.db, "conversations", desk.account.id,
                **{
                    "number": first + n, "channel": "webchat", "contact_id": desk.contact_id, "created_at": at,
                    "last_activity_at": at, **given,
                },
            )
        )  # fmt: skip
    return found


async def _ids(desk: Desk, agent: Agent, **what) -> list[UUID]:
    async with desk.db.work(desk.account.id) as tx:
        return [row.id for row in (await inbox.page(tx, agent.caller, Filters(**what))).items]


async def test_each_view_holds_its_own(desk: Desk):
    (mine,) = await _fill(desk, assignee_id=desk.kari.id)
    (free,) = await _fill(desk, team_id=desk.outer, waiting_since=desk.now)
    (closed,) = await _fill(desk, status="closed", closed_at=desk.now, assignee_id=desk.kari.id)
    (asleep,) = await _fill(desk, status="snoozed", snoozed_until=desk.now + timedelta(1), assignee_id=desk.kari.id)
    (theirs,) = await _fill(desk, status="waiting", assignee_id=desk.per.id, team_id=desk.outer)
    (gone,) = await _fill(desk, archived_at=desk.now)
    views = {view: set(await _ids(desk, desk.kari, view=view)) for view in inbox._VIEWS}
    assert views == {
        "all": {mine, free, closed, asleep, theirs}, "mine": {mine}, "unassigned": {free}, "teams": {free, theirs},
        "waiting": {free}, "snoozed": {asleep}, "closed": {closed},
    }  # fmt: skip
    assert gone not in views["all"]


async def test_orders(desk: Desk):
    ids = await _fill(
        desk, 5, waiting_since=lambda n: desk.now - timedelta(hours=n), team_id=desk.outer,
    )  # fmt: skip
    assert await _ids(desk, desk.kari, view="all") == ids
    assert await _ids(desk, desk.kari, view="teams") == ids
    assert await _ids(desk, desk.kari, view="waiting") == ids[::-1]


@pytest.mark.parametrize("view", ["all", "mine", "unassigned", "teams", "waiting", "snoozed", "closed"])
async def test_pages_follow_without_gap_or_double(desk: Desk, view: str):
    same = desk.now - timedelta(days=1)
    values = {
        "mine": {"assignee_id": desk.kari.id},
        "teams": {"team_id": lambda n: desk.outer if n % 2 else desk.inner},
        "waiting": {"waiting_since": lambda n: same if n < 5 else desk.now},
        "snoozed": {"status": "snoozed", "snoozed_until": lambda n: desk.now + timedelta(hours=n // 3 + 1)},
        "closed": {"status": "closed", "closed_at": desk.now},
    }.get(view, {})
    # Many rows of one instant: only the id can tell where a page ended.
    ids = await _fill(desk, 23, **{"last_activity_at": lambda n: same if n < 15 else desk.now, **values})
    agent = msgspec.structs.replace(desk.siv.caller, agent_id=desk.kari.id, team_ids=(desk.outer, desk.inner))
    seen: list[UUID] = []
    cursor = None
    pages = 0
    async with desk.db.work(desk.account.id) as tx:
        while True:
            page = await inbox.page(tx, agent, Filters(view=view), cursor=cursor, limit=5)  # pyright: ignore[reportArgumentType]
            seen += [row.id for row in page.items]
            pages += 1
            if page.next_cursor is None:
                break
            cursor = page.next_cursor
    assert len(seen) == len(set(seen)) == 23
    assert set(seen) == set(ids)
    assert pages == 5


async def test_a_row_that_rises_meanwhile_is_not_missed_below(desk: Desk):
    ids = await _fill(desk, 10)
    async with desk.db.work(desk.account.id) as tx:
        first = await inbox.page(tx, desk.kari.caller, Filters(), limit=4)
        await tx.run("UPDATE conversations SET last_activity_at = %(at)s WHERE id = %(id)s", at=desk.now, id=ids[7])
        second = await inbox.page(tx, desk.kari.caller, Filters(), cursor=first.next_cursor, limit=10)
    assert [row.id for row in first.items + second.items] == [one for one in ids if one != ids[7]]


async def test_a_contact_filter_shows_that_person_only_and_not_behind_the_wall(desk: Desk):
    kari_nordmann = await make_contact(desk.db, desk.account, "Kari Nordmann")
    await _fill(desk, 2)
    (open_,) = await _fill(desk, contact_id=kari_nordmann)
    (closed,) = await _fill(
        desk, contact_id=kari_nordmann, status="closed", closed_at=desk.now,
        last_activity_at=desk.now - timedelta(days=300),
    )  # fmt: skip
    (inner,) = await _fill(
        desk, contact_id=kari_nordmann, team_id=desk.inner, last_activity_at=desk.now - timedelta(days=2)
    )
    assert await _ids(desk, desk.kari, contact_id=kari_nordmann) == [open_, closed]
    assert await _ids(desk, desk.siv, contact_id=kari_nordmann) == [open_, inner, closed]
    assert await _ids(desk, desk.kari, view="closed", contact_id=kari_nordmann) == [closed]
    assert await _ids(desk, desk.kari, contact_id=uuid4()) == []


async def test_a_rare_tag_is_looked_up_behind_the_same_wall_and_with_the_same_filters(desk: Desk):
    (first,) = await _fill(desk, assignee_id=desk.per.id)
    (closed,) = await _fill(desk, status="closed", closed_at=desk.now, last_activity_at=desk.now - timedelta(days=2))
    (inner,) = await _fill(desk, team_id=desk.inner, last_activity_at=desk.now - timedelta(days=3))
    (gone,) = await _fill(desk)
    async with desk.db.work(desk.account.id) as tx:
        tag = await tagging.make(tx, desk.now, MakeTag(name="Retur"))
        for one in (first, closed, inner, gone):
            await tagging.put(tx, desk.siv.caller, desk.now, one, tag.id)
        await tx.run("UPDATE conversations SET archived_at = %(at)s WHERE id = %(id)s", at=desk.now, id=gone)
    assert await _ids(desk, desk.siv, tag_id=tag.id) == [first, closed, inner]
    assert await _ids(desk, desk.kari, tag_id=tag.id) == [first, closed]
    assert await _ids(desk, desk.kari, tag_id=tag.id, view="closed") == [closed]
    assert await _ids(desk, desk.kari, tag_id=tag.id, assignee_id=desk.per.id) == [first]
    assert await _ids(desk, desk.kari, tag_id=tag.id, channel="email") == []


async def test_filters_narrow(desk: Desk):
    (one,) = await _fill(desk, channel="email", team_id=desk.outer, assignee_id=desk.per.id)
    (two,) = await _fill(desk)
    async with desk.db.work(desk.account.id) as tx:
        tag = await tagging.make(tx, desk.now, MakeTag(name="Faktura"))
        await tagging.put(tx, desk.kari.caller, desk.now, two, tag.id)
    assert await _ids(desk, desk.kari, channel="email") == [one]
    assert await _ids(desk, desk.kari, team_id=desk.outer) == [one]
    assert await _ids(desk, desk.kari, view="teams", team_id=desk.outer) == [one]
    assert await _ids(desk, desk.kari, assignee_id=desk.per.id) == [one]
    assert await _ids(desk, desk.kari, tag_id=tag.id) == [two]
    assert await _ids(desk, desk.kari, tag_id=tag.id, channel="email") == []
    assert await _ids(desk, desk.kari, tag_id=uuid4()) == []


@pytest.mark.parametrize("view", ["all", "unassigned", "teams", "waiting", "snoozed", "closed"])
async def test_closed_team_is_a_wall_in_every_view(desk: Desk, view: str):
    values = {
        "waiting": {"waiting_since": desk.now}, "snoozed": {"status": "snoozed", "snoozed_until": desk.now},
        "closed": {"status": "closed", "closed_at": desk.now},
    }.get(view, {})  # fmt: skip
    (hidden,) = await _fill(desk, team_id=desk.inner, **values)
    wanted = {"view": view, **({"team_id": desk.inner} if view == "teams" else {})}
    assert await _ids(desk, desk.kari, **wanted) == []
    assert await _ids(desk, desk.olav, **wanted) == []
    assert await _ids(desk, desk.per, **wanted) == [hidden]
    assert await _ids(desk, desk.siv, **wanted) == [hidden]
    if view != "unassigned":
        (mine,) = await _fill(desk, team_id=desk.inner, assignee_id=desk.kari.id, **values)
        assert await _ids(desk, desk.kari, **wanted) == [mine]


async def test_other_organisation_sees_nothing(desk: Desk):
    await _fill(desk, 3)
    stranger = await make_agent(desk.db, await make_account(desk.db, "Nabo AS"), "owner")
    async with desk.db.work(stranger.account_id) as tx:
        assert (await inbox.page(tx, stranger.caller, Filters())).items == []
        forged = msgspec.structs.replace(stranger.caller, account_id=desk.account.id)
        assert (await inbox.page(tx, forged, Filters())).items == []
        assert await store.rows(tx, await _fill(desk)) == {}


async def test_rows_carry_name_tags_and_own_reading(desk: Desk):
    got = await desk.receive()
    async with desk.db.work(desk.account.id) as tx:
        tag = await tagging.make(tx, desk.now, MakeTag(name="Viktig", colour="red"))
        await tagging.put(tx, desk.kari.caller, desk.now, got.conversation_id, tag.id)
        await receipts.mark_read(tx, desk.kari.caller, desk.now, got.conversation_id, 1)
        (row,) = (await inbox.page(tx, desk.kari.caller, Filters())).items
        (other,) = (await inbox.page(tx, desk.per.caller, Filters())).items
        (frame,) = (await store.rows(tx, [got.conversation_id])).values()
    assert (row.contact.name, row.tags, row.last_customer_seq, row.read_seq) == ("Ola Hansen", [tag.id], 1, 1)
    assert other.read_seq == 0
    assert frame.read_seq is msgspec.UNSET
    assert b"read_seq" not in msgspec.json.encode(frame)
    assert b'"created_at":"2026-11-23T09:00:00Z"' in msgspec.json.encode(row)


async def test_counts_stop_at_ninety_nine(desk: Desk):
    await _fill(desk, 99, assignee_id=desk.kari.id, team_id=desk.outer, waiting_since=desk.now)
    async with desk.db.work(desk.account.id) as tx:
        counts = await inbox.counts(tx, desk.kari.caller)
    assert (counts.mine.n, counts.mine.more) == (99, False)
    await _fill(desk, 30, assignee_id=desk.kari.id, team_id=desk.outer, waiting_since=desk.now)
    await _fill(desk, 2)
    await _fill(desk, 4, team_id=desk.inner, waiting_since=desk.now)
    await _fill(desk, 3, status="snoozed", snoozed_until=desk.now)
    await _fill(desk, 5, status="closed", closed_at=desk.now, assignee_id=desk.kari.id)
    async with desk.db.work(desk.account.id) as tx:
        counts = await inbox.counts(tx, desk.kari.caller)
        per = await inbox.counts(tx, desk.per.caller)
    for count in (counts.mine, counts.teams, counts.waiting):
        assert (count.n, count.more) == (99, True)
    assert (counts.unassigned.n, counts.snoozed.n) == (2, 3)
    assert (per.mine.n, per.unassigned.n, per.teams.n) == (0, 6, 4)


@given(
    st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 1, 1)).map(lambda at: at.replace(tzinfo=UTC)),
    st.uuids(),
)
def test_cursors_come_back_as_they_went(at: datetime, row_id: UUID):
    cursor = Cursor("n", at, row_id)
    assert parse_cursor(str(cursor), "n") == cursor
    with pytest.raises(BadCursor):
        parse_cursor(str(cursor), "w")


@given(st.one_of(st.text(max_size=80), st.binary(max_size=40).map(lambda raw: base64.urlsafe_b64encode(raw).decode())))
def test_strange_cursors_are_refused(text: str):
    try:
        parsed = parse_cursor(text, "n")
    except BadCursor:
        parsed = None
    assert parsed is None or str(parsed) == text
