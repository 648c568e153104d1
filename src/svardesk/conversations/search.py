"""Search over messages and contacts. What is found and who may see it is decided in migrations/sql/search.sql."""

import html
import re
from collections.abc import Sequence
from typing import Final, Literal

from svardesk.accounts.caller import Caller
from svardesk.contacts import service as contacts
from svardesk.conversations.cursors import FIRST_DESCENDING, Cursor, parse_cursor
from svardesk.conversations.inbox import lines
from svardesk.conversations.schemas import Found, FoundMessage
from svardesk.conversations.store import actor_of, messages, sql
from svardesk.kit.db import Tx

PAGE: Final = 20
CONTACTS: Final = 10
BEFORE: Final = 60
"""Characters shown before the first hit of a snippet."""
LENGTH: Final = 200

Kind = Literal["all", "messages", "contacts"]


async def search(tx: Tx, caller: Caller, typed: str, *, kind: Kind = "all", cursor: str | None = None) -> Found:
    """Return what answers ``typed``: messages newest first, ``PAGE`` at a time; contacts on the first page only.

    Nothing typed finds nothing. Raises ``BadCursor``.
    """
    at, last_id = FIRST_DESCENDING
    if cursor is not None:
        _, at, last_id = parse_cursor(cursor, "m")
    typed = typed.replace("\x00", "").strip()[:400]
    if not typed:
        return Found(messages=[], contacts=[], next_cursor=None)
    hits: list[FoundMessage] = []
    following = None
    if kind != "contacts":
        hits, following = await _messages(tx, caller, typed, Cursor("m", at, last_id))
    people = []
    if kind != "messages" and cursor is None and caller.may("contacts.read"):
        ranked = await tx.all(sql.search_contacts, agent_id=caller.agent_id, q=typed, limit=CONTACTS)
        found = await contacts.get_many_for(tx, caller, [row["contact_id"] for row in ranked])
        people = [found[row["contact_id"]] for row in ranked if row["contact_id"] in found]
    return Found(messages=hits, contacts=people, next_cursor=following)


async def _messages(tx: Tx, caller: Caller, typed: str, after: Cursor) -> tuple[list[FoundMessage], str | None]:
    rows = await tx.all(
        sql.search_messages, agent_id=caller.agent_id, q=typed, at=after.at, id=after.id, limit=PAGE + 1
    )
    following = None
    if len(rows) > PAGE:
        rows = rows[:PAGE]
        following = str(Cursor("m", rows[-1]["created_at"], rows[-1]["message_id"]))
    if not rows:
        return [], None
    said = await messages(tx, [row["message_id"] for row in rows], actor_of(caller.agent_id))
    seen = await lines(tx, caller, list({row["conversation_id"] for row in rows}))
    words = await tx.value(sql.search_hits, bodies=[one.body for one in said.values()], q=typed)
    hits = [
        FoundMessage(
            message=said[row["message_id"]],
            conversation=seen[row["conversation_id"]],
            snippet_html=snippet(said[row["message_id"]].body, words),
        )
        for row in rows
        if row["message_id"] in said and row["conversation_id"] in seen and not said[row["message_id"]].deleted
    ]
    return hits, following


def snippet(body: str, words: Sequence[str]) -> str:
    """Return the part of ``body`` around its first hit as HTML: escaped text, hits in ``<mark>``, nothing else.

    ``words`` are whole words in lower case; at most about ``LENGTH`` characters are shown, cut between words.
    """
    pattern = None
    if words:
        longest_first = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
        pattern = re.compile(rf"(?<!\w)(?:{longest_first})(?!\w)", re.IGNORECASE)
    first = pattern.search(body) if pattern else None
    start = max(0, first.start() - BEFORE) if first else 0
    end = min(len(body), start + LENGTH)
    if start and first and (blank := body.find(" ", start, first.start())) >= 0:
        start = blank + 1
    if (
        end < len(body)
        and (blank := body.rfind(" ", start + LENGTH // 2, end)) >= 0
        and (not first or blank >= first.end())
    ):
        end = blank
    shown: list[str] = ["…"] if start else []
    place = start
    for hit in pattern.finditer(body, start, end) if pattern else ():
        shown += [html.escape(body[place : hit.start()]), "<mark>", html.escape(hit[0]), "</mark>"]
        place = hit.end()
    shown.append(html.escape(body[place:end]))
    if end < len(body):
        shown.append("…")
    return " ".join("".join(shown).split())
