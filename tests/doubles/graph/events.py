"""The shapes of webhook items, as pure functions of what happened."""

from tests.doubles.graph.model import Comment, Json, Message, Person, Post
from tests.doubles.graph.wire import graph_time


def from_person(message: Message, referral: Json | None = None) -> Json:
    """A message of a person."""
    body: Json = {"mid": message.mid}
    if message.text is not None:
        body["text"] = message.text
    if message.quick_reply is not None:
        body["quick_reply"] = {"payload": message.quick_reply}
    if message.reply_to:
        body["reply_to"] = {"mid": message.reply_to}
    if message.attachments:
        body["attachments"] = message.attachments
    if referral:
        body["referral"] = referral
    return _item(message.psid, message.page_id, message.at, message=body)


def echo(message: Message) -> Json:
    """A message of the page, as its apps hear of it."""
    body: Json = {"mid": message.mid, "is_echo": True}
    if message.text is not None:
        body["text"] = message.text
    if message.attachments:
        body["attachments"] = message.attachments
    if message.app_id is not None:
        body["app_id"] = int(message.app_id)
    if message.metadata is not None:
        body["metadata"] = message.metadata
    if message.reply_to:
        body["reply_to"] = {"mid": message.reply_to}
    return _item(message.page_id, message.psid, message.at, message=body)


def postback(message: Message, referral: Json | None = None, *, standby: bool = False) -> Json:
    """A tapped button; in standby without its payload."""
    body: Json = {"mid": message.mid, **(message.postback or {})}
    if standby:
        body.pop("payload", None)
    if referral:
        body["referral"] = referral
    return _item(message.psid, message.page_id, message.at, postback=body)


def delivery(person: Person, watermark: int, mids: list[str] | None, at: int) -> Json:
    """Everything up to ``watermark`` has arrived."""
    body: Json = {"watermark": watermark}
    if mids is not None:
        body["mids"] = mids
    return _item(person.psid, person.page_id, at, delivery=body)


def read(person: Person, watermark: int, at: int) -> Json:
    """Everything up to ``watermark`` was read."""
    return _item(person.psid, person.page_id, at, read={"watermark": watermark})


def reaction(person: Person, mid: str, at: int, action: str, name: str | None, emoji: str | None) -> Json:
    """A reaction put on a message or taken back."""
    body: Json = {"mid": mid, "action": action}
    if name:
        body["reaction"] = name
    if emoji:
        body["emoji"] = emoji
    return _item(person.psid, person.page_id, at, reaction=body)


def edit(message: Message, at: int) -> Json:
    """A message got another text."""
    body = {"mid": message.mid, "text": message.text, "num_edit": len(message.earlier)}
    return _item(message.psid, message.page_id, at, message_edit=body)


def unsend(message: Message, at: int) -> Json:
    """A message was taken back: the same mid, and nothing else."""
    return _item(message.psid, message.page_id, at, message={"mid": message.mid, "is_deleted": True})


def referral(person: Person, at: int, body: Json) -> Json:
    """A person came to an existing thread from somewhere."""
    return _item(person.psid, person.page_id, at, referral=body)


def optin(person: Person, at: int, body: Json) -> Json:
    """A person agreed to hear from the page; with ``user_ref`` the sender has no id."""
    item = _item(person.psid, person.page_id, at, optin=body)
    if "user_ref" in body:
        item["sender"] = {"user_ref": body["user_ref"]}
    return item


def control(person: Person, at: int, key: str, body: Json) -> Json:
    """``pass_thread_control``, ``take_thread_control``, ``request_thread_control`` or ``app_roles``."""
    return _item(person.psid, person.page_id, at, **{key: body})


def roles(page_id: str, at: int, app_roles: dict[str, list[str]]) -> Json:
    """Which app is what on a page."""
    return {"recipient": {"id": page_id}, "timestamp": at, "app_roles": app_roles}


def enforcement(page_id: str, at: int, action: str, reason: str) -> Json:
    """The page was warned, blocked or let go."""
    return {
        "recipient": {"id": page_id},
        "timestamp": at,
        "policy_enforcement": {"action": action, **({"reason": reason} if reason else {})},
    }


def _item(sender: str, recipient: str, at: int, **body: object) -> Json:
    return {"sender": {"id": sender}, "recipient": {"id": recipient}, "timestamp": at, **body}


def on_comment(comment: Comment, post: Post, verb: str, at: int, *, with_from: bool = True) -> Json:
    """``feed``: a comment was added, edited, removed, hidden or shown again."""
    value: Json = {}
    if with_from:
        value["from"] = {"id": comment.author_id, "name": comment.author_name}
    value |= {
        "item": "comment",
        "verb": verb,
        "post_id": post.id,
        "comment_id": comment.id,
        "parent_id": comment.parent_id or post.id,
        "created_time": at // 1000,
    }
    if verb != "remove":
        value["post"] = {
            "status_type": "added_photos" if post.kind == "photo" else "mobile_status_update",
            "is_published": post.published,
            "updated_time": graph_time(at),
            "permalink_url": f"https://www.facebook.com/{post.id}",
            "promotion_status": "active" if post.ad_id else "inactive",
            "id": post.id,
        }
        if comment.text is not None:
            value["message"] = comment.text
        if comment.attachment:
            value[comment.attachment["type"]] = comment.attachment["url"]
    return {"field": "feed", "value": value}


def on_post(post: Post, verb: str, at: int, *, with_from: bool = True) -> Json:
    """``feed``: a post of the page or of a visitor, or a recommendation, was added, edited, removed or hidden."""
    value: Json = {}
    if with_from:
        value["from"] = {"id": post.author_id, "name": post.author_name}
    value |= {"item": post.kind, "verb": verb, "post_id": post.id, "created_time": at // 1000}
    if verb == "remove":
        return {"field": "feed", "value": value}
    if post.recommends is not None:
        value |= {
            "open_graph_story_id": post.id.partition("_")[2],
            "reviewer_id": post.author_id,
            "reviewer_name": post.author_name,
            "recommendation_type": "POSITIVE" if post.recommends else "NEGATIVE",
            "review_text": post.text or "",
        }
        return {"field": "feed", "value": value}
    value["published"] = 1 if post.published else 0
    if post.text is not None:
        value["message"] = post.text
    if post.picture:
        value["link"] = post.picture
        value["photo_id" if post.kind == "photo" else "video_id"] = post.id.partition("_")[2]
    return {"field": "feed", "value": value}


def on_reaction(person: Person, post_id: str, comment_id: str | None, verb: str, name: str, at: int) -> Json:
    """``feed``: a reaction on a post or a comment."""
    value: Json = {
        "from": {"id": person.commenter_id, "name": person.name},
        "item": "reaction",
        "verb": verb,
        "post_id": post_id,
        "parent_id": comment_id or post_id,
        "reaction_type": name,
        "created_time": at // 1000,
    }
    if comment_id:
        value["comment_id"] = comment_id
    return {"field": "feed", "value": value}
