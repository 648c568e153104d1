"""The page's posts and the comments under them, as an app reads and writes them."""

from collections.abc import Sequence
from datetime import timedelta

from tests.doubles.graph import events
from tests.doubles.graph.calls import GraphError, Request, Table, invalid
from tests.doubles.graph.core import Core
from tests.doubles.graph.model import Comment, Json, Page, Post
from tests.doubles.graph.reading import Field, fields_of, paged, pick
from tests.doubles.graph.sending import fetch
from tests.doubles.graph.wire import graph_time

EARLIEST = timedelta(minutes=10)
LATEST = timedelta(days=30)


# ── posts ──


async def publish(request: Request) -> Json:
    """``POST /{page}/feed``: now, hidden, or at ``scheduled_publish_time`` (10 minutes to 30 days ahead)."""
    page = request.page()
    request.needs("pages_manage_posts")
    text = request.text("message")
    if not text and not request.text("link"):
        raise invalid("The parameter message or link is required")
    published = request.flag("published") is not False
    due = _due(request, published=published)
    post = add_post(request.core, page, page.id, page.name, text, published=published and due is None, due=due)
    return {"id": post.id}


async def publish_photo(request: Request) -> Json:
    """``POST /{page}/photos``: a picture by ``url`` with a text."""
    page = request.page()
    request.needs("pages_manage_posts")
    media = await fetch(request, request.needed("url"), "image")
    text = request.text("message") or request.text("caption")
    published = request.flag("published") is not False
    due = _due(request, published=published)
    post = add_post(
        request.core,
        page,
        page.id,
        page.name,
        text,
        kind="photo",
        picture=request.world.media_url(media),
        published=published and due is None,
        due=due,
    )
    return {"id": media.id, "post_id": post.id}


def _due(request: Request, *, published: bool) -> int | None:
    given = request.text("scheduled_publish_time")
    if given is None:
        return None
    if published:
        raise invalid("A scheduled post must have published=false")
    if not given.isdigit():
        raise invalid("Param scheduled_publish_time must be a UNIX timestamp")
    due = int(given) * 1000
    ahead = timedelta(milliseconds=due - request.world.ms)
    if not EARLIEST - timedelta(seconds=5) <= ahead <= LATEST:
        raise GraphError(100, 1363027, "(#100) The specified scheduled publish time is invalid.")
    return due


def add_post(
    core: Core,
    page: Page,
    author_id: str,
    author_name: str,
    text: str | None,
    *,
    kind: str = "status",
    picture: str | None = None,
    published: bool = True,
    due: int | None = None,
    recommends: bool | None = None,
    ad_id: str | None = None,
    at: int | None = None,
    tell: bool = True,
) -> Post:
    """Put a post on a page and tell the apps."""
    world = core.world
    post = Post(f"{page.id}_{world.new_id('1')}", page.id, author_id, author_name, at or world.ms, text, kind, picture)
    post.published, post.due, post.recommends, post.ad_id = published, due, recommends, ad_id
    world.state.posts[post.id] = post
    if published and tell and ad_id is None:
        core.tell_feed(page.id, events.on_post(post, "add", post.at, with_from=core.options.feed_from))
    core.changed()
    return post


def change_post(core: Core, post: Post, text: str) -> None:
    """Another text."""
    post.earlier.append(post.text or "")
    post.text = text
    if post.published:
        core.tell_feed(post.page_id, events.on_post(post, "edited", core.world.ms, with_from=core.options.feed_from))


def remove_post(core: Core, post: Post) -> None:
    """Take a post away."""
    post.removed = True
    if post.published:
        core.tell_feed(post.page_id, events.on_post(post, "remove", core.world.ms, with_from=core.options.feed_from))


async def edit_post(request: Request) -> Json:
    """``POST /{post}``: another text, another time, publish now, hide."""
    post = request.world.post(request.node)
    request.own(post.page_id, post.id)
    request.needs("pages_manage_posts")
    core, text = request.core, request.text("message")
    if text is not None and post.author_id != post.page_id:
        raise GraphError(200, None, "(#200) Only the author can edit a post")
    if request.text("scheduled_publish_time") is not None:
        if post.published:
            raise invalid("A published post cannot be scheduled")
        post.due = _due(request, published=False)
    if text is not None:
        change_post(core, post, text)
    if request.flag("is_published") and not post.published:
        post.due = core.world.ms
        core.publish_due()
    hidden = request.flag("is_hidden")
    if hidden is not None and hidden != post.hidden:
        post.hidden = hidden
        core.tell_feed(post.page_id, events.on_post(post, "hide" if hidden else "unhide", core.world.ms))
    core.changed()
    return {"success": True}


async def delete_post(request: Request) -> Json:
    """``DELETE /{post}``."""
    post = request.world.post(request.node)
    request.own(post.page_id, post.id)
    request.needs("pages_manage_posts")
    remove_post(request.core, post)
    return {"success": True}


async def get_post(request: Request) -> Json:
    """``GET /{post}?fields=``."""
    post = request.world.post(request.node)
    request.own(post.page_id, post.id)
    request.needs("pages_read_engagement")
    return _post(request, post, fields_of(request.text("fields") or "created_time,message,id"))


async def posts(request: Request) -> Json:
    """``GET /{page}/feed``, ``/posts`` (own ones), ``/visitor_posts``, ``/scheduled_posts``; the latest first."""
    page = request.page()
    request.needs("pages_read_engagement")
    rows = [one for one in request.world.state.posts.values() if one.page_id == page.id and not one.removed]
    if request.edge == "scheduled_posts":
        rows = [one for one in rows if one.due is not None]
    else:
        rows = [one for one in rows if one.published and one.ad_id is None]
    if request.edge in {"posts", "published_posts"}:
        rows = [one for one in rows if one.author_id == page.id]
    elif request.edge == "visitor_posts":
        request.needs("pages_read_user_content")
        rows = [one for one in rows if one.author_id != page.id]
    rows.sort(key=lambda one: one.at, reverse=True)
    wanted = fields_of(request.text("fields") or "created_time,message,id")
    return paged(request, rows, request.edge, request.params, lambda one: _post(request, one, wanted))


def _post(request: Request, post: Post, wanted: Sequence[Field]) -> Json:
    known: Json = {
        "id": post.id,
        "message": post.text,
        "created_time": graph_time(post.at),
        "updated_time": graph_time(post.at),
        "from": {"id": post.author_id, "name": post.author_name},
        "permalink_url": f"https://www.facebook.com/{post.id}",
        "is_published": post.published,
        "is_hidden": post.hidden,
        "scheduled_publish_time": post.due // 1000 if post.due else None,
        "status_type": "added_photos" if post.kind == "photo" else "mobile_status_update",
        "full_picture": post.picture,
        "promotion_status": "active" if post.ad_id else "inactive",
    }
    return _with_comments(request, known, wanted, post.id)


# ── comments ──


def add_comment(
    core: Core,
    post: Post,
    author_id: str,
    author_name: str,
    text: str | None,
    *,
    parent: Comment | None = None,
    attachment: Json | None = None,
    at: int | None = None,
    tell: bool = True,
) -> Comment:
    """Put a comment under a post and tell the apps."""
    world = core.world
    comment_id = f"{post.id.partition('_')[2]}_{world.new_id('1')}"
    comment = Comment(comment_id, post.id, post.page_id, author_id, author_name, at or world.ms, text)
    comment.attachment = attachment
    comment.parent_id = parent.id if parent else None
    world.state.comments[comment.id] = comment
    if tell:
        say(core, comment, "add", comment.at)
    core.changed()
    return comment


def say(core: Core, comment: Comment, verb: str, at: int | None = None) -> None:
    """Tell the apps about a comment."""
    post = core.world.state.posts[comment.post_id]
    change = events.on_comment(comment, post, verb, at or core.world.ms, with_from=core.options.feed_from)
    core.tell_feed(comment.page_id, change)


def change_comment(core: Core, comment: Comment, text: str) -> None:
    """Another text."""
    comment.earlier.append(comment.text or "")
    comment.text = text
    say(core, comment, "edited")


def remove_comment(core: Core, comment: Comment) -> None:
    """Take a comment away, and the answers below it."""
    for one in list(core.world.state.comments.values()):
        if one.parent_id == comment.id and not one.removed:
            remove_comment(core, one)
    comment.removed = True
    say(core, comment, "remove")


async def answer(request: Request) -> Json:
    """``POST /{post or comment}/comments``: the page answers in public."""
    core, world = request.core, request.world
    parent = world.state.comments.get(request.node)
    parent = world.comment(request.node) if parent else None
    post = world.post(parent.post_id if parent else request.node)
    page = request.own(post.page_id, request.node)
    request.needs("pages_manage_engagement")
    text = request.text("message")
    if not text and not request.text("attachment_url"):
        raise invalid("The parameter message is required")
    if len(text or "") > 8000:
        raise invalid("Length of param message must be less than or equal to 8000")
    if parent and parent.parent_id:
        parent = world.comment(parent.parent_id)
    url = request.text("attachment_url")
    attachment: Json | None = {"type": "photo", "url": url} if url else None
    return {"id": add_comment(core, post, page.id, page.name, text, parent=parent, attachment=attachment).id}


async def change(request: Request) -> Json:
    """``POST /{comment}``: hide, show, or another text of the page's own."""
    comment = request.world.comment(request.node)
    request.own(comment.page_id, comment.id)
    request.needs("pages_manage_engagement")
    hidden, text = request.flag("is_hidden"), request.text("message")
    if hidden is None and text is None:
        raise invalid("The parameter message or is_hidden is required")
    if hidden is not None:
        if comment.author_id == comment.page_id:
            raise GraphError(200, None, "(#200) A page cannot hide its own comment")
        if hidden != comment.hidden:
            comment.hidden = hidden
            say(request.core, comment, "hide" if hidden else "unhide")
    if text is not None:
        if comment.author_id != comment.page_id:
            raise GraphError(200, None, "(#200) Only the author can edit a comment")
        change_comment(request.core, comment, text)
    return {"success": True}


async def delete(request: Request) -> Json:
    """``DELETE /{comment}``."""
    comment = request.world.comment(request.node)
    request.own(comment.page_id, comment.id)
    request.needs("pages_manage_engagement")
    remove_comment(request.core, comment)
    return {"success": True}


async def like(request: Request) -> Json:
    """``POST`` and ``DELETE /{comment or post}/likes``."""
    world = request.world
    found = world.state.comments.get(request.node)
    target = world.comment(request.node) if found else world.post(request.node)
    request.own(target.page_id, request.node)
    request.needs("pages_manage_engagement")
    if isinstance(target, Comment):
        (target.likes.add if request.method == "POST" else target.likes.discard)(target.page_id)
    elif request.method == "POST":
        target.reactions[target.page_id] = "like"
    else:
        target.reactions.pop(target.page_id, None)
    request.core.changed()
    return {"success": True}


async def get_comment(request: Request) -> Json:
    """``GET /{comment}?fields=``."""
    comment = request.world.comment(request.node)
    request.own(comment.page_id, comment.id)
    request.needs("pages_read_engagement")
    return _comment(request, comment, fields_of(request.text("fields") or "created_time,from,message,id"))


async def comments(request: Request) -> Json:
    """``GET /{post or comment}/comments``; ``filter=stream`` gives answers too, ``order=reverse_chronological``."""
    world = request.world
    node = world.state.comments.get(request.node) or world.post(request.node)
    request.own(node.page_id, request.node)
    request.needs("pages_read_engagement")
    wanted = fields_of(request.text("fields") or "created_time,from,message,id")
    return _below(request, request.node, request.params, wanted)


def _below(request: Request, node: str, modifiers: Json, wanted: Sequence[Field]) -> Json:
    every = [one for one in request.world.state.comments.values() if not one.removed]
    if node in request.world.state.comments:
        rows = [one for one in every if one.parent_id == node]
    elif modifiers.get("filter") == "stream":
        rows = [one for one in every if one.post_id == node]
    else:
        rows = [one for one in every if one.post_id == node and one.parent_id is None]
    rows.sort(key=lambda one: one.at, reverse=modifiers.get("order") == "reverse_chronological")
    return paged(request, rows, "comments", modifiers, lambda one: _comment(request, one, wanted), node)


def _comment(request: Request, comment: Comment, wanted: Sequence[Field]) -> Json:
    known: Json = {
        "id": comment.id,
        "message": comment.text or "",
        "created_time": graph_time(comment.at),
        "from": {"id": comment.author_id, "name": comment.author_name}
        if request.core.options.feed_from and "pages_read_user_content" in request.token.scopes
        else None,
        "parent": {"id": comment.parent_id} if comment.parent_id else None,
        "is_hidden": comment.hidden,
        "like_count": len(comment.likes),
        "user_likes": comment.page_id in comment.likes,
        "can_reply_privately": comment.private_reply is None and comment.author_id in request.world.commenters,
        "can_hide": comment.author_id != comment.page_id,
        "can_remove": True,
        "attachment": {"type": comment.attachment["type"], "media": {"image": {"src": comment.attachment["url"]}}}
        if comment.attachment
        else None,
        "permalink_url": f"https://www.facebook.com/{comment.post_id}?comment_id={comment.id.partition('_')[2]}",
        "comment_count": sum(one.parent_id == comment.id for one in request.world.comments_of(comment.post_id)),
        "object": {"id": comment.post_id},
    }
    return _with_comments(request, known, wanted, comment.id)


def _with_comments(request: Request, known: Json, wanted: Sequence[Field], node: str) -> Json:
    plain = [one for one in wanted if one.name != "comments"]
    found = pick(known, plain) if plain else {"id": known["id"]}
    for one in wanted:
        if one.name == "comments":
            found["comments"] = _below(
                request, node, one.modifiers, one.below or fields_of("created_time,from,message")
            )
    return found


TABLE: Table = {
    ("POST", "page", "feed"): publish,
    ("POST", "page", "photos"): publish_photo,
    ("GET", "page", "feed"): posts,
    ("GET", "page", "posts"): posts,
    ("GET", "page", "published_posts"): posts,
    ("GET", "page", "visitor_posts"): posts,
    ("GET", "page", "scheduled_posts"): posts,
    ("GET", "post", ""): get_post,
    ("POST", "post", ""): edit_post,
    ("DELETE", "post", ""): delete_post,
    ("GET", "post", "comments"): comments,
    ("POST", "post", "comments"): answer,
    ("POST", "post", "likes"): like,
    ("DELETE", "post", "likes"): like,
    ("GET", "comment", ""): get_comment,
    ("POST", "comment", ""): change,
    ("DELETE", "comment", ""): delete,
    ("GET", "comment", "comments"): comments,
    ("POST", "comment", "comments"): answer,
    ("POST", "comment", "likes"): like,
    ("DELETE", "comment", "likes"): like,
}
