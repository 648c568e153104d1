"""What the customer's page shows, as one JSON answer."""

from typing import TYPE_CHECKING, Any

from tests.doubles.graph.model import Comment, Json, Message, Person, Post, Thread

if TYPE_CHECKING:
    from tests.doubles.graph.server import GraphDouble

WORDS = {"{{user_first_name}}": "first_name", "{{user_last_name}}": "last_name", "{{user_full_name}}": "name"}


def view(double: "GraphDouble", query: dict[str, str]) -> Json:
    """People, the thread of one of them, and the page; ``{"version"}`` alone when nothing changed since ``version``."""
    core, world = double.core, double.world
    core.publish_due()
    page = world.state.pages.get(query.get("page", "")) or double.page
    typing = any(one.typing_until > world.ms for one in world.state.threads.values())
    version = f"{core.version}{'t' if typing else ''}"
    if query.get("version") == version:
        return {"version": version}
    people = [one for one in world.state.people.values() if one.page_id == page.id]
    chosen = world.state.people.get(query.get("psid", "")) or (people[0] if people else None)
    posts = [one for one in world.state.posts.values() if one.page_id == page.id and one.published and not one.removed]
    return {
        "version": version,
        "now": world.ms,
        "page": {"id": page.id, "name": page.name, "about": page.about, "category": page.category},
        "connected": bool(page.subscriptions),
        "people": [_person(double, one) for one in people],
        "psid": chosen.psid if chosen else None,
        "thread": _thread(double, chosen) if chosen else None,
        "welcome": _welcome(page.profile, chosen) if chosen else {},
        "posts": [_post(double, one) for one in sorted(posts, key=lambda one: one.at, reverse=True)],
    }


def _person(double: "GraphDouble", person: Person) -> Json:
    thread = double.world.state.threads.get(person.psid)
    unread = sum(one.by == "page" and one.at > thread.read for one in thread.messages) if thread else 0
    return {
        "psid": person.psid,
        "commenter": person.commenter_id,
        "name": person.name,
        "picture": double.people.picture_of(person),
        "unread": unread,
    }


def _thread(double: "GraphDouble", person: Person) -> Json:
    thread = double.world.state.threads.get(person.psid) or Thread("", person.page_id, person.psid)
    return {
        "messages": [_message(double, one) for one in thread.messages],
        "seen": thread.seen_by_page,
        "read": thread.read,
        "typing": thread.typing_until > double.world.ms,
    }


def _message(double: "GraphDouble", one: Message) -> Json:
    persona = double.world.state.personas.get(one.persona or "")
    quoted = double.world.messages.get(one.reply_to or "")
    return {
        "mid": one.mid,
        "mine": one.by == "person",
        "at": one.at,
        "text": one.text,
        "attachments": one.attachments,
        "quick_replies": one.quick_replies,
        "reactions": [reaction.get("emoji") or "♥" for reaction in one.reactions.values()],
        "reacted": one.psid in one.reactions,
        "edited": bool(one.earlier),
        "postback": one.postback is not None,
        "deleted": one.deleted,
        "tag": one.tag,
        "persona": persona["name"] if persona else None,
        "private_reply": one.private_reply_to,
        "quoted": (quoted.text or "…")[:80] if quoted else None,
    }


def _welcome(profile: Json, person: Person) -> Json:
    def local(name: str) -> Any:
        every = profile.get(name) or []
        by_locale = {one.get("locale", "default"): one for one in every if isinstance(one, dict)}
        return by_locale.get(person.locale) or by_locale.get("default") or {}

    greeting = str(local("greeting").get("text", ""))
    for word, attribute in WORDS.items():
        greeting = greeting.replace(word, getattr(person, attribute))
    breakers = profile.get("ice_breakers") or []
    if not (breakers and "question" in breakers[0]):
        breakers = local("ice_breakers").get("call_to_actions") or []
    return {
        "greeting": greeting,
        "get_started": (profile.get("get_started") or {}).get("payload"),
        "ice_breakers": breakers,
        "menu": local("persistent_menu").get("call_to_actions") or [],
    }


def _post(double: "GraphDouble", post: Post) -> Json:
    comments = double.world.comments_of(post.id)
    return {
        "id": post.id,
        "author": post.author_name,
        "own": post.author_id == post.page_id,
        "author_id": post.author_id,
        "at": post.at,
        "text": post.text,
        "kind": post.kind,
        "picture": post.picture,
        "ad": bool(post.ad_id),
        "recommends": post.recommends,
        "hidden": post.hidden,
        "edited": bool(post.earlier),
        "reactions": list(post.reactions),
        "comments": [_comment(one, comments) for one in comments if one.parent_id is None],
    }


def _comment(one: Comment, every: list[Comment]) -> Json:
    return {
        "id": one.id,
        "author": one.author_name,
        "author_id": one.author_id,
        "own": one.author_id == one.page_id,
        "at": one.at,
        "text": one.text,
        "hidden": one.hidden,
        "edited": bool(one.earlier),
        "likes": list(one.likes),
        "attachment": one.attachment,
        "private_reply": bool(one.private_reply),
        "comments": [_comment(below, every) for below in every if below.parent_id == one.id],
    }
