"""``POST /{page}/messages``: the Send API with its windows, tags, sizes and private replies."""

import mimetypes
from datetime import timedelta
from typing import Any

import httpx

from tests.doubles.graph.calls import GraphError, Request, Table, invalid, missing
from tests.doubles.graph.core import Action, Core, Sent
from tests.doubles.graph.model import Json, Media, Message, Page, Person, Template, Thread
from tests.doubles.graph.routing import pass_to
from tests.doubles.graph.world import HUMAN_WINDOW, PRIVATE_REPLY_WINDOW, WINDOW

LONGEST_TEXT = 1999
LONGEST_METADATA = 999
LARGEST = 25 * 2**20
LARGEST_IMAGE_BY_URL = 8 * 2**20
ACTIONS = {"typing_on", "typing_off", "mark_seen", "react", "unreact"}
KINDS = {"image", "audio", "video", "file"}
TYPES = {"RESPONSE", "UPDATE", "MESSAGE_TAG", "UTILITY"}


async def send(request: Request) -> Json:
    """A message or a sender action."""
    page = request.page()
    request.needs("pages_messaging")
    recipient = request.object("recipient")
    if page.restricted:
        raise GraphError(10, 1893063)
    if "sender_action" in request.params:
        return _act(request, page, recipient)
    if not recipient:
        raise invalid("The parameter recipient is required")
    message = request.object("message")
    kind = _check(request, message)
    comment_id = recipient.get("comment_id") or recipient.get("post_id")
    if comment_id:
        person = _private_reply(request, page, recipient)
    else:
        person = _addressed(request, page, recipient)
        _check_person(request, person)
        _check_window(request, page, person, message)
    attachment = await _attachment(request, message)
    request.core.limits.send(request.world, page.id, person.psid, kind)
    sent = _deliver(request, page, person, message, attachment, comment_id)
    answer: Json = {"message_id": sent.mid}
    return answer if "user_ref" in recipient else {"recipient_id": person.psid, **answer}


def _act(request: Request, page: Page, recipient: Json) -> Json:
    name = str(request.params["sender_action"]).lower()
    if name not in ACTIONS:
        raise invalid("Param sender_action must be one of {" + ", ".join(sorted(ACTIONS)) + "}")
    if request.params.get("message"):
        raise invalid("sender_action cannot be sent together with a message")
    person = _addressed(request, page, recipient)
    _check_person(request, person)
    world, payload = request.world, request.object("payload")
    thread = world.thread(person.psid)
    if name == "mark_seen":
        thread.seen_by_page = world.ms
    elif name == "typing_on":
        thread.typing_until = world.ms + 20_000
    elif name == "typing_off":
        thread.typing_until = 0
    else:
        target = world.message(str(payload.get("message_id")))
        if name == "react":
            target.reactions["page"] = {"reaction": payload.get("reaction"), "emoji": payload.get("reaction")}
        else:
            target.reactions.pop("page", None)
    request.core.actions.append(Action(person.psid, name, world.ms, payload or None))
    request.core.changed()
    return {"recipient_id": person.psid}


# ── checking ──


def _check(request: Request, message: Json) -> str:
    """The message itself; returns what it counts as: text, or the kind of its attachment."""
    if not message:
        raise invalid("The parameter message is required")
    text, metadata = message.get("text"), message.get("metadata")
    parts = [name for name in ("text", "attachment", "attachments", "template") if message.get(name)]
    if request.files:
        parts = [one for one in parts if one != "attachment"] + ["attachment"]
    if not parts:
        raise invalid("Message cannot be empty, must provide valid attachment or text")
    if len(parts) > 1:
        raise invalid("Message cannot have both text and attachment")
    if text is not None and (not isinstance(text, str) or len(text) > LONGEST_TEXT):
        raise invalid("Length of param message[text] must be less than 2000")
    if metadata is not None and (not isinstance(metadata, str) or len(metadata) > LONGEST_METADATA):
        raise invalid("Length of param message[metadata] must be less than 1000")
    replies = message.get("quick_replies") or []
    if len(replies) > 13:
        raise invalid("Param message[quick_replies] must have at most 13 elements")
    if any(one.get("content_type", "text") == "text" and not one.get("title") for one in replies):
        raise invalid("Quick replies of type text need a title")
    if any(len(str(one.get("title", ""))) > 20 for one in replies):
        request.core.misuse.append("quick reply title longer than 20 characters")
    attachment = message.get("attachment") or {}
    if attachment.get("type") == "template":
        _check_template(attachment.get("payload") or {})
    return str(attachment.get("type") or "text")


def _check_template(payload: Json) -> None:
    kind = payload.get("template_type")
    if kind == "button":
        if not payload.get("text") or len(payload["text"]) > 640:
            raise invalid("Param text must be between 1 and 640 characters")
        if not 1 <= len(payload.get("buttons") or []) <= 3:
            raise invalid("Param buttons must have between 1 and 3 elements")
    elif kind == "generic":
        if not 1 <= len(payload.get("elements") or []) <= 10:
            raise invalid("Param elements must have between 1 and 10 elements")
    elif kind == "image_grid":
        if not 2 <= len(payload.get("elements") or []) <= 6:
            raise invalid("Param elements must have between 2 and 6 elements")
    elif kind not in {"media", "receipt", "coupon", "customer_feedback"}:
        raise invalid("Param template_type is not known")


def _addressed(request: Request, page: Page, recipient: Json) -> Person:
    reference = recipient.get("user_ref")
    psid = str(recipient.get("id") or "")
    if reference:
        psid = request.world.state.user_refs.get(str(reference), "none")
    if not psid:
        raise invalid("Param recipient must name an id, user_ref, comment_id or post_id")
    person = request.world.person(psid)
    if person.page_id != page.id:
        raise GraphError(100, 2018001)
    return person


def _check_person(request: Request, person: Person) -> None:
    if not request.app.live:
        raise GraphError(200, 2018028)
    if not person.reachable:
        raise GraphError(551, 1545041)
    thread, page = request.world.thread(person.psid), request.world.page(person.page_id)
    owner = request.world.owner(thread)
    if owner not in {None, request.app.id} and page.refuses_standby:
        raise GraphError(10, 2018300)


def _check_window(request: Request, page: Page, person: Person, message: Json) -> None:
    kind, tag = request.text("messaging_type"), request.text("tag")
    if kind not in TYPES:
        raise invalid("Param messaging_type must be one of {" + ", ".join(sorted(TYPES)) + "}")
    opened = request.world.thread(person.psid).opened_at
    age = timedelta.max if opened is None else timedelta(milliseconds=request.world.ms - opened)
    if (kind == "UTILITY") != bool(message.get("template")):
        raise invalid("Utility messages carry a template, and only they")
    if tag and kind != "MESSAGE_TAG":
        raise invalid("A tag goes with messaging_type MESSAGE_TAG only")
    if kind == "UTILITY":
        _check_utility(request, page, message["template"])
    elif kind == "MESSAGE_TAG":
        if tag != "HUMAN_AGENT":
            raise GraphError(100)
        if "human_agent" not in page.features:
            raise GraphError(
                10,
                None,
                "(#10) To use 'Human Agent', your use of this endpoint must be reviewed and approved by Facebook.",
            )
        if age <= WINDOW:
            request.core.misuse.append(f"HUMAN_AGENT inside 24 hours, to {person.psid}")
        if age > HUMAN_WINDOW:
            raise GraphError(10, 2018065)
    elif age > WINDOW:
        raise GraphError(10, 2018278)


def _check_utility(request: Request, page: Page, template: Json) -> None:
    if "page_utility_messaging" not in page.features:
        raise GraphError(10)
    request.needs("page_utility_messaging")
    name, language = template.get("name"), (template.get("language") or {}).get("code")
    for one in request.world.state.templates.values():
        if (one.page_id, one.name, one.language) == (page.id, name, language):
            if one.status != "APPROVED":
                raise invalid(f"Template {name} is not approved")
            return
    raise invalid(f"Template {name} does not exist in {language}")


def _private_reply(request: Request, page: Page, recipient: Json) -> Person:
    """Once, within seven days, to a visitor."""
    world = request.world
    comment_id = recipient.get("comment_id")
    target = world.comment(comment_id) if comment_id else world.post(str(recipient["post_id"]))
    if target.page_id != page.id:
        raise missing(target.id, "post")
    if page.messages_off:
        raise GraphError(10904)
    if target.private_reply:
        raise GraphError(10900)
    if target.author_id not in world.commenters:
        raise GraphError(10903)
    if world.ms - target.at > PRIVATE_REPLY_WINDOW / timedelta(milliseconds=1):
        raise GraphError(10903)
    person = world.commenters[target.author_id]
    if not person.reachable:
        raise GraphError(10903)
    request.core.limits.count(world, "private", page.id, 3600, request.core.limits.private_replies_per_hour, 613)
    return person


# ── attachments ──


async def _attachment(request: Request, message: Json) -> Json | None:
    """What the message carries, as the echo and the person see it."""
    attachment = message.get("attachment")
    if request.files:
        media = request.files.get("filedata") or next(iter(request.files.values()))
        kind = str((attachment or {}).get("type") or _kind(media.content_type))
        return _carried(request, _sized(media, kind, LARGEST), kind)
    if not attachment:
        several = message.get("attachments") or []
        return several[0] if several else None
    kind, payload = attachment.get("type"), attachment.get("payload") or {}
    if kind == "template":
        return {"type": "template", "payload": payload}
    if kind not in KINDS:
        raise invalid("Param message[attachment][type] must be one of {AUDIO, FILE, IMAGE, TEMPLATE, VIDEO}")
    if payload.get("attachment_id"):
        media = request.world.state.media.get(str(payload["attachment_id"]))
        if media is None or media.gone or (media.expires is not None and media.expires < request.world.ms):
            raise GraphError(100, 2018074, "(#100) Invalid attachment ID")
        return _carried(request, media, kind)
    if not payload.get("url"):
        raise invalid("Attachment needs a url, an attachment_id or filedata")
    media = await fetch(request, str(payload["url"]), kind)
    return _carried(request, media, kind)


async def fetch(request: Request, url: str, kind: str, *, kept: bool = False) -> Media:
    """Get what an app named by address, within Meta's limits."""
    try:
        answer = await request.core.outbox.fetch(url, 75 if kind == "video" else 20)
    except (httpx.HTTPError, httpx.InvalidURL):
        raise GraphError(100, 2018008) from None
    if answer.status_code != 200:
        raise GraphError(100, 2018008)
    content_type = answer.headers.get("content-type", "application/octet-stream").partition(";")[0]
    name = url.partition("?")[0].rpartition("/")[2][:100]
    media = Media("", kind, content_type, answer.content, name)
    _sized(media, kind, LARGEST_IMAGE_BY_URL if kind == "image" else LARGEST)
    return request.world.add_media(kind, content_type, answer.content, name, kept=kept)


def _sized(media: Media, kind: str, largest: int) -> Media:
    if len(media.body) > largest:
        raise GraphError(100, 2018109)
    if kind in {"image", "audio", "video"} and not media.content_type.startswith(kind + "/"):
        raise GraphError(100, 2018047)
    return media


def _kind(content_type: str) -> str:
    lead = content_type.partition("/")[0]
    return lead if lead in KINDS else "file"


def _carried(request: Request, media: Media, kind: str) -> Json:
    if not media.id:
        name = media.name or "file" + (mimetypes.guess_extension(media.content_type) or "")
        media = request.world.add_media(kind, media.content_type, media.body, name)
    return {"type": kind, "payload": {"url": request.world.media_url(media)}}


async def upload(request: Request) -> Json:
    """``POST /{page}/message_attachments``: keep a file for later messages."""
    request.page()
    request.needs("pages_messaging")
    attachment = request.object("message").get("attachment") or {}
    kind = str(attachment.get("type") or "file")
    if request.files:
        media = _sized(request.files.get("filedata") or next(iter(request.files.values())), kind, LARGEST)
        media = request.world.add_media(kind, media.content_type, media.body, media.name, kept=True)
    else:
        url = (attachment.get("payload") or {}).get("url")
        if not url:
            raise invalid("Attachment needs a url or filedata")
        media = await fetch(request, str(url), kind, kept=True)
    return {"attachment_id": media.id}


# ── delivering ──


def _deliver(
    request: Request, page: Page, person: Person, body: Json, attachment: Json | None, comment_id: Any
) -> Sent:
    world, core = request.world, request.core
    thread = world.thread(person.psid)
    template = body.get("template")
    message = Message(world.new_mid(), person.psid, page.id, "page", world.ms, body.get("text"), app_id=request.app.id)
    message.attachments = [attachment] if attachment else []
    message.metadata, message.quick_replies = body.get("metadata"), body.get("quick_replies") or []
    message.template = template
    message.reply_to = (request.object("reply_to") or body.get("reply_to") or {}).get("mid")
    message.messaging_type, message.tag = request.text("messaging_type"), request.text("tag")
    message.persona = request.text("persona_id")
    if template:
        message.text = _filled(request, page, template)
    if comment_id:
        target = world.state.comments.get(str(comment_id)) or world.post(str(comment_id))
        if target.private_reply:
            raise GraphError(10900)
        target.private_reply = message.mid
        message.private_reply_to = target.id
    world.keep(message)
    thread.typing_until = 0
    _own(request, page, thread)
    sent = Sent(
        message.mid,
        person.psid,
        page.id,
        request.app.id,
        message.at,
        message.messaging_type,
        message.tag,
        body.get("text"),
        message.metadata,
        attachment,
        message.quick_replies,
        template,
        message.persona,
        message.reply_to,
        str(comment_id) if comment_id else None,
        dict(request.params),
        answered=request.fault is None,
    )
    core.sent.append(sent)
    core.changed()
    core.echo(message)
    control = request.object("thread_control")
    if control.get("control_type") == "pass":
        pass_to(core, thread, request.app.id, str(control.get("app_id") or page.default_app or "") or None, "")
    return sent


def _own(request: Request, page: Page, thread: Thread) -> None:
    if page.default_app and request.world.owner(thread) is None:
        thread.owner = request.app.id


def _filled(request: Request, page: Page, template: Json) -> str:
    values = [
        str(one.get("text", "")) for part in template.get("components") or [] for one in part.get("parameters") or []
    ]
    for one in request.world.state.templates.values():
        if one.page_id == page.id and one.name == template.get("name"):
            text = next((part.get("text", "") for part in one.components if part.get("type", "").upper() == "BODY"), "")
            for number, value in enumerate(values, 1):
                text = text.replace("{{" + str(number) + "}}", value)
            return text
    return ""


# ── utility templates ──


async def add_template(request: Request) -> Json:
    """``POST /{page}/message_templates``: propose a template; it is judged at once."""
    page = request.page()
    request.needs("page_utility_messaging")
    world = request.world
    made = Template(
        world.new_id("4"), page.id, request.needed("name"), request.needed("language"), request.list("components")
    )
    if any(
        (one.name, one.language, one.page_id) == (made.name, made.language, page.id)
        for one in world.state.templates.values()
    ):
        raise invalid("There is already a template of this name in this language")
    world.state.templates[made.id] = made
    if request.core.options.templates_approved:
        judge(request.core, made.id, "APPROVED")
    return {"id": made.id, "status": made.status, "category": made.category}


def judge(core: Core, template_id: str, status: str, reason: str = "NONE") -> None:
    """A template is approved, rejected, paused or disabled."""
    template = core.world.state.templates[template_id]
    template.status = status
    value = {
        "event": status,
        "message_template_id": int(template.id),
        "message_template_name": template.name,
        "message_template_language": template.language,
        "reason": reason,
    }
    page = core.world.page(template.page_id)
    core.outbox.emit(
        page, "message_template_status_update", "changes", {"field": "message_template_status_update", "value": value}
    )
    core.changed()


async def list_templates(request: Request) -> Json:
    """``GET /{page}/message_templates``."""
    page = request.page()
    request.needs("page_utility_messaging")
    found = [one for one in request.world.state.templates.values() if one.page_id == page.id]
    return {
        "data": [
            {
                "id": one.id,
                "name": one.name,
                "language": one.language,
                "status": one.status,
                "category": one.category,
                "components": one.components,
            }
            for one in found
        ]
    }


TABLE: Table = {
    ("POST", "page", "messages"): send,
    ("POST", "page", "message_attachments"): upload,
    ("POST", "page", "message_templates"): add_template,
    ("GET", "page", "message_templates"): list_templates,
}
