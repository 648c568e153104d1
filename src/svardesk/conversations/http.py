"""Conversations over HTTP: lists, one conversation, answers and notes, decisions, tags, drafts, views, search."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response
from litestar.params import QueryParameter

from svardesk.accounts.caller import Caller
from svardesk.conversations import (
    changing,
    drafting,
    inbox,
    outside,
    posting,
    reading,
    receipts,
    search,
    seeing,
    tagging,
    views,
)
from svardesk.conversations import schemas as s
from svardesk.conversations.errors import NoMessage
from svardesk.conversations.store import messages
from svardesk.kit.clock import Clock
from svardesk.kit.db import Database, with_retry
from svardesk.kit.http import Route, route

Limit = Annotated[int, QueryParameter(ge=1, le=inbox.MOST)]
CursorText = Annotated[str | None, QueryParameter(max_length=100)]
ChannelName = Annotated[str | None, QueryParameter(max_length=40)]
Typed = Annotated[str, QueryParameter(max_length=400)]
BeforeSeq = Annotated[int | None, QueryParameter(ge=0, le=2**31 - 1)]


async def list_conversations(
    caller: Caller,
    db: Database,
    resume: str,
    view: s.ViewName | None = None,
    view_id: UUID | None = None,
    team_id: UUID | None = None,
    assignee_id: UUID | None = None,
    tag_id: UUID | None = None,
    contact_id: UUID | None = None,
    channel: ChannelName = None,
    cursor: CursorText = None,
    limit: Limit = 50,
) -> s.Page:
    """One page of the inbox. ``view_id`` uses a saved view, narrowed further by what else is given.

    400 ``bad_cursor``, 404 ``view_not_found``.
    """
    given = {
        "view": view,
        "team_id": team_id,
        "assignee_id": assignee_id,
        "tag_id": tag_id,
        "contact_id": contact_id,
        "channel": channel,
    }
    narrower = {name: value for name, value in given.items() if value is not None}
    async with db.work(caller.account_id) as tx:
        filters = s.Filters() if view_id is None else (await views.get(tx, caller, view_id)).filters
        filters = msgspec.structs.replace(filters, **narrower)
        page = await inbox.page(tx, caller, filters, cursor=cursor, limit=limit)
    return msgspec.structs.replace(page, resume=resume)


async def get_counts(caller: Caller, db: Database) -> s.Counts:
    """How many conversations stand in each view; counted to 99."""
    async with db.work(caller.account_id) as tx:
        return await inbox.counts(tx, caller)


async def get_conversation(conversation_id: UUID, caller: Caller, db: Database, clock: Clock, resume: str) -> s.Opened:
    """One conversation with its latest messages and all that stands around it."""
    async with db.work(caller.account_id) as tx:
        opened = await reading.open_conversation(tx, caller, clock.now(), conversation_id)
    return msgspec.structs.replace(opened, resume=resume)


async def get_messages(
    conversation_id: UUID,
    caller: Caller,
    db: Database,
    before_seq: BeforeSeq = None,
    limit: Limit = reading.PAGE,
) -> s.Messages:
    """Older messages of a conversation, oldest first."""
    async with db.work(caller.account_id) as tx:
        return await reading.messages_before(tx, caller, conversation_id, before_seq=before_seq, limit=limit)


async def get_edits(conversation_id: UUID, message_id: UUID, caller: Caller, db: Database) -> s.Edits:
    """How a message read before it was edited, oldest first; empty when it never was. 404 ``no_message``."""
    async with db.work(caller.account_id) as tx:
        await seeing.check_sees(tx, caller, conversation_id)
        found = (await messages(tx, [message_id])).get(message_id)
        if found is None or found.conversation_id != conversation_id:
            raise NoMessage
        rows = await outside.edits_of(tx, conversation_id, message_id)
    return s.Edits([s.Edit(row["body"], row["written_at"]) for row in rows])


async def get_way(conversation_id: UUID, caller: Caller, db: Database) -> s.Way | None:
    """How an answer in a conversation reaches the customer just now."""
    async with db.work(caller.account_id) as tx:
        await seeing.check_sees(tx, caller, conversation_id)
        return await reading.way_of(tx, conversation_id)


async def post_message(
    conversation_id: UUID, data: s.PostMessage, caller: Caller, db: Database, clock: Clock
) -> Response[s.Posted]:
    """Send an answer or add a note; 200 with the stored one when the client id was used before.

    409 ``newer_exists`` (fields.last_seq), ``answer_locked`` (fields.agent_id, fields.name), ``client_id_taken``; 422 ``empty_message``,
    ``text_too_long``, ``files_missing``.
    """

    async def once() -> tuple[s.Posted, bool]:
        async with db.work(caller.account_id) as tx:
            return await posting.post(tx, caller, clock.now(), conversation_id, data)

    posted, new = await with_retry(once)
    return Response(posted, status_code=201 if new else 200)


async def retry_message(
    conversation_id: UUID, message_id: UUID, caller: Caller, db: Database, clock: Clock
) -> s.Message:
    """Send a failed answer again. 409 ``not_failed``."""
    async with db.work(caller.account_id) as tx:
        return await posting.retry(tx, caller, clock.now(), conversation_id, message_id)


async def patch_conversation(
    conversation_id: UUID, data: s.ChangeConversation, caller: Caller, db: Database, clock: Clock
) -> s.ConversationRow:
    """Assign, snooze, close, reopen. 409 ``version_conflict``, 422 ``unknown_assignee``, ``bad_snooze``."""
    if data.assignee_id is not msgspec.UNSET or data.team_id is not msgspec.UNSET:
        caller.check("conversations.assign")
    async with db.work(caller.account_id) as tx:
        return await changing.change(tx, caller, clock.now(), conversation_id, data)


async def put_tag(conversation_id: UUID, tag_id: UUID, caller: Caller, db: Database, clock: Clock) -> s.ConversationRow:
    """Put a tag on a conversation."""
    async with db.work(caller.account_id) as tx:
        return await tagging.put(tx, caller, clock.now(), conversation_id, tag_id)


async def delete_tag(conversation_id: UUID, tag_id: UUID, caller: Caller, db: Database) -> s.ConversationRow:
    """Take a tag off a conversation."""
    async with db.work(caller.account_id) as tx:
        return await tagging.take(tx, caller, conversation_id, tag_id)


async def list_tags(caller: Caller, db: Database) -> s.Tags:
    """All tags, archived ones too."""
    async with db.work(caller.account_id) as tx:
        return s.Tags(await tagging.all_tags(tx))


async def make_tag(data: s.MakeTag, caller: Caller, db: Database, clock: Clock) -> s.Tag:
    """Make a tag. 409 ``name_taken``."""
    async with db.work(caller.account_id) as tx:
        return await tagging.make(tx, clock.now(), data)


async def patch_tag(tag_id: UUID, data: s.ChangeTag, caller: Caller, db: Database, clock: Clock) -> s.Tag:
    """Rename, recolour or archive a tag. 409 ``name_taken``."""
    async with db.work(caller.account_id) as tx:
        return await tagging.change(tx, clock.now(), tag_id, data)


async def put_draft(conversation_id: UUID, data: s.StoreDraft, caller: Caller, db: Database, clock: Clock) -> s.Draft:
    """Keep the draft. 409 ``draft_conflict`` when another window stored a newer one (fields.draft)."""
    async with db.work(caller.account_id) as tx:
        return await drafting.store(tx, caller, clock.now(), conversation_id, data)


async def delete_draft(conversation_id: UUID, caller: Caller, db: Database) -> None:
    """Throw the draft away."""
    async with db.work(caller.account_id) as tx:
        await drafting.drop(tx, caller, conversation_id)


async def put_read(conversation_id: UUID, data: s.ReadUpTo, caller: Caller, db: Database, clock: Clock) -> None:
    """Note how far the agent has read."""
    async with db.work(caller.account_id) as tx:
        await receipts.mark_read(tx, caller, clock.now(), conversation_id, data.seq)


async def get_search(
    caller: Caller, db: Database, q: Typed, kind: search.Kind = "all", cursor: CursorText = None
) -> s.Found:
    """Search messages (newest first) and contacts (best first). 400 ``bad_cursor``."""
    async with db.work(caller.account_id) as tx:
        return await search.search(tx, caller, q, kind=kind, cursor=cursor)


async def list_views(caller: Caller, db: Database) -> s.SavedViews:
    """One's own views and the shared ones."""
    async with db.work(caller.account_id) as tx:
        return s.SavedViews(await views.all_views(tx, caller))


async def make_view(data: s.MakeView, caller: Caller, db: Database, clock: Clock) -> s.SavedView:
    """Save a view. 409 ``name_taken``; sharing needs ``views.share``."""
    async with db.work(caller.account_id) as tx:
        return await views.make(tx, caller, clock.now(), data)


async def patch_view(view_id: UUID, data: s.ChangeView, caller: Caller, db: Database) -> s.SavedView:
    """Change one's own view."""
    async with db.work(caller.account_id) as tx:
        return await views.change(tx, caller, view_id, data)


async def delete_view(view_id: UUID, caller: Caller, db: Database) -> None:
    """Delete one's own view."""
    async with db.work(caller.account_id) as tx:
        await views.drop(tx, caller, view_id)


READ = "conversations.read"
WRITE = "conversations.write"
_ALL = "/api/v1/conversations"
_ONE = f"{_ALL}/{{conversation_id:uuid}}"

ROUTES: tuple[Route, ...] = (
    route("GET", _ALL, list_conversations, permission=READ),
    route("GET", f"{_ALL}/counts", get_counts, permission=READ),
    route("GET", _ONE, get_conversation, permission=READ),
    route("GET", f"{_ONE}/messages", get_messages, permission=READ),
    route("POST", f"{_ONE}/messages", post_message, permission=WRITE, status=201),
    route("GET", f"{_ONE}/messages/{{message_id:uuid}}/edits", get_edits, permission=READ),
    route("GET", f"{_ONE}/way", get_way, permission=READ),
    route("POST", f"{_ONE}/messages/{{message_id:uuid}}/retry", retry_message, permission=WRITE, status=200),
    route("PATCH", _ONE, patch_conversation, permission=WRITE),
    route("PUT", f"{_ONE}/tags/{{tag_id:uuid}}", put_tag, permission=WRITE),
    route("DELETE", f"{_ONE}/tags/{{tag_id:uuid}}", delete_tag, permission=WRITE, status=200),
    route("PUT", f"{_ONE}/draft", put_draft, permission=WRITE),
    route("DELETE", f"{_ONE}/draft", delete_draft, permission=WRITE, status=204),
    route("PUT", f"{_ONE}/read", put_read, permission=READ, status=204),
    route("GET", "/api/v1/tags", list_tags, permission=READ),
    route("POST", "/api/v1/tags", make_tag, permission=WRITE, status=201),
    route("PATCH", "/api/v1/tags/{tag_id:uuid}", patch_tag, permission=WRITE),
    route("GET", "/api/v1/search", get_search, permission=READ),
    route("GET", "/api/v1/views", list_views, permission=READ),
    route("POST", "/api/v1/views", make_view, permission=READ, status=201),
    route("PATCH", "/api/v1/views/{view_id:uuid}", patch_view, permission=READ),
    route("DELETE", "/api/v1/views/{view_id:uuid}", delete_view, permission=READ, status=204),
)
