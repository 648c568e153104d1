"""The inbox: lists by view, narrowed by filters, paged by the last row's key, so that row 50,000 costs as the first."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from svardesk.accounts.caller import Caller
from svardesk.conversations.cursors import FIRST_ASCENDING, FIRST_DESCENDING, Cursor, parse_cursor
from svardesk.conversations.schemas import ConversationRow, Count, Counts, Filters, Page
from svardesk.conversations.store import row_of, sql
from svardesk.kit.db import Tx

MOST: Final = 100
COUNTED: Final = 99

_VIEWS: Final[Mapping[str, tuple[bytes, str]]] = {
    "all": (sql.inbox_all, "n"),
    "mine": (sql.inbox_mine, "n"),
    "unassigned": (sql.inbox_unassigned, "n"),
    "teams": (sql.inbox_teams, "n"),
    "closed": (sql.inbox_closed, "n"),
    "waiting": (sql.inbox_waiting, "w"),
    "snoozed": (sql.inbox_snoozed, "s"),
}
"""Statement and order of each view: n newest activity first, w longest waiting first, s next to wake first."""

_NARROWER: Final = b"/* narrower */"
_FILTERS: Final[Mapping[str, bytes]] = {
    "team_id": b"AND r.team_id = %(team_id)s",
    "assignee_id": b"AND r.assignee_id = %(assignee_id)s",
    "contact_id": b"AND r.own_contact_id = ANY((SELECT person_contacts(%(account_id)s, %(contact_id)s))::uuid[])",
    "channel": b"AND r.channel = %(channel)s",
    "tag_id": (
        b"AND EXISTS (SELECT FROM conversation_tags t WHERE t.account_id = r.account_id"
        b" AND t.conversation_id = r.id AND t.tag_id = %(tag_id)s)"
    ),
}


_FROM_TAG: Final[Mapping[str, bytes]] = {"all": b"", "closed": b"AND r.status = 'closed'"}
"""The views that hold years of conversations, and what they ask of one: a tag in them is looked up from its own side."""

RARE: Final = 20_000
"""Conversations with a tag up to which they are looked up one by one (a few microseconds each) instead of walking the list
until a page of them has passed. A tag on more of them fills its page soon when the list is walked."""


def statement_for(caller: Caller, filters: Filters, *, from_tag: bool = False) -> tuple[bytes, dict[str, Any]]:
    """Return the statement of a list and its parameters, without place and limit.

    ``from_tag`` begins at the conversations of the tag instead of at the newest; only where ``_FROM_TAG`` names the view.
    """
    statement, _ = _VIEWS[filters.view]
    params: dict[str, Any] = {
        "account_id": caller.account_id,
        "agent_id": caller.agent_id,
        "hidden_team_ids": list(caller.hidden_team_ids),
    }
    narrower: list[bytes] = []
    if from_tag:
        statement = sql.inbox_tagged
        narrower.append(_FROM_TAG[filters.view])
    for name, condition in _FILTERS.items():
        value = getattr(filters, name)
        if value is None or (name == "team_id" and filters.view == "teams"):
            continue
        params[name] = value
        if not (name == "tag_id" and from_tag):
            narrower.append(condition)
    if filters.view == "teams":
        params["team_ids"] = list(caller.team_ids) if filters.team_id is None else [filters.team_id]
    return statement.replace(_NARROWER, b" ".join(narrower)), params


async def page(tx: Tx, caller: Caller, filters: Filters, *, cursor: str | None = None, limit: int = 50) -> Page:
    """Return one page of what the agent may see; raises ``BadCursor``. ``limit`` is brought into 1 to ``MOST``."""
    limit = min(max(limit, 1), MOST)
    kind = _VIEWS[filters.view][1]
    at, last_id = FIRST_DESCENDING if kind == "n" else FIRST_ASCENDING
    if cursor is not None:
        _, at, last_id = parse_cursor(cursor, kind)
    from_tag = False
    if filters.tag_id is not None and filters.view in _FROM_TAG:
        tagged = await tx.value(sql.tagged_at_most, account_id=tx.account, tag_id=filters.tag_id, limit=RARE + 1)
        from_tag = tagged <= RARE
    statement, params = statement_for(caller, filters, from_tag=from_tag)
    found = await tx.all(statement, **params, at=at, id=last_id, limit=limit + 1)
    following = None
    if len(found) > limit:
        found = found[:limit]
        following = str(Cursor(kind, found[-1]["cursor_at"], found[-1]["id"]))
    return Page(items=[row_of(row) for row in found], next_cursor=following)


async def counts(tx: Tx, caller: Caller) -> Counts:
    """Return how many stand in each view that is counted, no further than ``COUNTED``."""
    row = await tx.one(
        sql.counts,
        account_id=tx.account,
        agent_id=caller.agent_id,
        hidden_team_ids=list(caller.hidden_team_ids),
        team_ids=list(caller.team_ids),
    )
    return Counts(**{name: Count(min(n, COUNTED), n > COUNTED) for name, n in row.items()})


async def lines(tx: Tx, caller: Caller, ids: list[UUID]) -> dict[UUID, ConversationRow]:
    """Return lines by id, those that the agent may see."""
    found = await tx.all(
        sql.rows_for,
        account_id=tx.account,
        ids=ids,
        agent_id=caller.agent_id,
        hidden_team_ids=list(caller.hidden_team_ids),
    )
    return {row["id"]: row_of(row) for row in found}
