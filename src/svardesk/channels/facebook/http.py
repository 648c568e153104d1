"""The Facebook page over HTTP: what agents do about comments, and posts of our own."""

from typing import Annotated, Final
from uuid import UUID

from litestar import Response
from litestar.params import QueryParameter

from svardesk.accounts.caller import Caller
from svardesk.channels.facebook import acting, posts, private
from svardesk.channels.facebook.schemas import (
    ChangeComment,
    ChangePost,
    MakePost,
    PagePost,
    PagePosts,
    PostState,
    PrivateReply,
    ThreadPost,
)
from svardesk.conversations.schemas import Message, Posted
from svardesk.conversations.seeing import check_sees
from svardesk.kit.clock import Clock
from svardesk.kit.db import Database, with_retry
from svardesk.kit.http import Route, route
from svardesk.kit.keyring import KeyRing

CursorText = Annotated[str | None, QueryParameter(max_length=100)]


async def change_comment(
    message_id: UUID, data: ChangeComment, caller: Caller, db: Database, clock: Clock, keyring: KeyRing
) -> Message:
    """Hide or show a comment, like it, say that it needs no answer. 409 ``comment_gone``, ``our_own_comment``, ``meta_…``."""
    return await acting.change(db, clock, keyring, caller, message_id, data)


async def delete_comment(message_id: UUID, caller: Caller, db: Database, clock: Clock, keyring: KeyRing) -> Message:
    """Take a comment off the page, for everybody. 409 ``comment_gone``, ``meta_…``."""
    return await acting.remove(db, clock, keyring, caller, message_id)


async def post_private_reply(
    message_id: UUID, data: PrivateReply, caller: Caller, db: Database, clock: Clock
) -> Response[Posted]:
    """Write to the author of a comment in private: once, within seven days; 200 with the stored one for a known client id.

    409 ``private_reply_used``, ``private_reply_late``, ``private_reply_impossible``, ``comment_gone``.
    """

    async def once() -> tuple[Posted, bool]:
        async with db.work(caller.account_id) as tx:
            return await private.reply(tx, clock, caller, message_id, data)

    posted, new = await with_retry(once)
    return Response(posted, status_code=201 if new else 200)


async def get_thread_post(conversation_id: UUID, caller: Caller, db: Database) -> ThreadPost:
    """The post that a conversation stands below."""
    async with db.work(caller.account_id) as tx:
        await check_sees(tx, caller, conversation_id)
        return ThreadPost(await posts.of_thread(tx, conversation_id))


async def list_page_posts(
    caller: Caller,
    db: Database,
    connection_id: UUID | None = None,
    post_state: Annotated[PostState | None, QueryParameter(name="state")] = None,
    cursor: CursorText = None,
) -> PagePosts:
    """Posts of our own, the newest first."""
    async with db.work(caller.account_id) as tx:
        return await posts.page(tx, connection_id, post_state, cursor)


async def make_page_post(data: MakePost, caller: Caller, db: Database, clock: Clock, keyring: KeyRing) -> PagePost:
    """Publish a post now or plan it. 422 ``personal_data``, ``bad_publish_time``, ``no_page``; 409 ``meta_…``."""
    return await posts.make(db, clock, keyring, caller, data)


async def change_page_post(
    post_id: UUID, data: ChangePost, caller: Caller, db: Database, clock: Clock, keyring: KeyRing
) -> PagePost:
    """Change a post of ours. 409 ``version_conflict``, ``post_state``, ``meta_…``; 422 ``personal_data``, ``bad_publish_time``."""
    return await posts.change(db, clock, keyring, caller, post_id, data)


async def delete_page_post(post_id: UUID, caller: Caller, db: Database, clock: Clock, keyring: KeyRing) -> PagePost:
    """Take a post of ours off the page, with everything below it. 409 ``post_state``, ``meta_…``."""
    return await posts.remove(db, clock, keyring, caller, post_id)


WRITE: Final = "conversations.write"
COMMENT: Final = "/api/v1/comments/{message_id:uuid}"
POST: Final = "/api/v1/page-posts/{post_id:uuid}"
ROUTES: tuple[Route, ...] = (
    route("PATCH", COMMENT, change_comment, permission=WRITE),
    route("DELETE", COMMENT, delete_comment, permission=WRITE, status=200),
    route("POST", f"{COMMENT}/private-reply", post_private_reply, permission=WRITE, status=201),
    route("GET", "/api/v1/conversations/{conversation_id:uuid}/post", get_thread_post, permission="conversations.read"),
    route("GET", "/api/v1/page-posts", list_page_posts, permission="conversations.read"),
    route("POST", "/api/v1/page-posts", make_page_post, permission="posts.write", status=201),
    route("PATCH", POST, change_page_post, permission="posts.write"),
    route("DELETE", POST, delete_page_post, permission="posts.write", status=200),
)
