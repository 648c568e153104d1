"""Conversation routing: which app holds a thread, and how it changes hands."""

from tests.doubles.graph import events
from tests.doubles.graph.calls import GraphError, Request, Table, invalid
from tests.doubles.graph.core import Core
from tests.doubles.graph.model import PAGE_INBOX, Json, Thread
from tests.doubles.graph.world import DAY


def pass_to(core: Core, thread: Thread, old: str | None, new: str | None, metadata: str) -> None:
    """Give a thread to an app; all apps hear of it. ``new`` None leaves it idle."""
    thread.owner = new
    thread.owner_until = core.world.ms + DAY if new else None
    body: Json = {"previous_owner_app_id": _number(old), "new_owner_app_id": _number(new), "metadata": metadata}
    _say(core, thread, "pass_thread_control", body)


def take_from(core: Core, thread: Thread, old: str | None, new: str, metadata: str) -> None:
    """An app takes a thread; all apps hear of it."""
    thread.owner, thread.owner_until = new, core.world.ms + DAY
    body: Json = {"previous_owner_app_id": _number(old), "new_owner_app_id": _number(new), "metadata": metadata}
    _say(core, thread, "take_thread_control", body)


def ask_for(core: Core, thread: Thread, asker: str, metadata: str) -> None:
    """An app asks for a thread; the one that holds it hears of it."""
    body: Json = {"requested_owner_app_id": _number(asker), "metadata": metadata}
    page = core.world.page(thread.page_id)
    _say(core, thread, "request_thread_control", body, {core.world.owner(thread) or page.default_app})


def _say(core: Core, thread: Thread, key: str, body: Json, apps: set[str | None] | None = None) -> None:
    page, person = core.world.page(thread.page_id), core.world.person(thread.psid)
    item = events.control(person, core.world.ms, key, body)
    for app_id in list(page.subscriptions) if apps is None else apps & set(page.subscriptions):
        core.outbox.emit(page, "messaging_handovers", "messaging", item, only=app_id)
    core.changed()


def _number(app_id: str | None) -> int | None:
    return int(app_id) if app_id else None


def _thread(request: Request, recipient: Json) -> Thread:
    page = request.page()
    request.needs("pages_messaging")
    psid = str(recipient.get("id") or "")
    person = request.world.state.people.get(psid)
    if person is None or person.page_id != page.id:
        raise GraphError(100, 2018001)
    if not person.reachable:
        raise GraphError(551, 1545041)
    return request.world.thread(psid)


async def pass_control(request: Request) -> Json:
    """``POST /{page}/pass_thread_control``; without ``target_app_id`` it goes to the default app."""
    thread = _thread(request, request.object("recipient"))
    page, owner = request.page(), request.world.owner(thread)
    target = request.text("target_app_id") or page.default_app
    if target is None or (target not in request.world.state.apps and target != PAGE_INBOX):
        raise invalid("Param target_app_id must be an app that is connected to the page")
    if owner not in {None, request.app.id} and page.default_app != request.app.id:
        raise GraphError(200, None, "(#200) Only the app that controls the thread can pass it")
    pass_to(request.core, thread, owner, target, request.text("metadata") or "")
    return {"success": True}


async def take_control(request: Request) -> Json:
    """``POST /{page}/take_thread_control``: when the thread is idle, or for the page's default app."""
    thread = _thread(request, request.object("recipient"))
    page, owner = request.page(), request.world.owner(thread)
    if owner not in {None, request.app.id} and page.default_app != request.app.id:
        raise GraphError(200, None, "(#200) Only the default app can take a thread that another app controls")
    take_from(request.core, thread, owner, request.app.id, request.text("metadata") or "")
    until = (thread.owner_until or 0) // 1000
    return {"success": True, "thread_owner": {"app_id": request.app.id, "expiration": until}}


async def request_control(request: Request) -> Json:
    """``POST /{page}/request_thread_control``."""
    thread = _thread(request, request.object("recipient"))
    ask_for(request.core, thread, request.app.id, request.text("metadata") or "")
    return {"success": True}


async def release_control(request: Request) -> Json:
    """``POST /{page}/release_thread_control``: leave it idle."""
    thread = _thread(request, request.object("recipient"))
    if request.world.owner(thread) != request.app.id:
        raise GraphError(200, None, "(#200) Only the app that controls the thread can release it")
    pass_to(request.core, thread, request.app.id, None, request.text("metadata") or "")
    return {"success": True}


async def extend_control(request: Request) -> Json:
    """``POST /{page}/extend_thread_control``: hold it for ``duration`` seconds more, a week at most."""
    thread = _thread(request, request.object("recipient"))
    if request.world.owner(thread) != request.app.id:
        raise GraphError(200, None, "(#200) Only the app that controls the thread can extend it")
    seconds = int(request.text("duration") or 86_400)
    if not 0 < seconds <= 7 * 86_400:
        raise invalid("Param duration must be between 1 and 604800")
    thread.owner_until = request.world.ms + seconds * 1000
    return {"success": True}


async def owner_of(request: Request) -> Json:
    """``GET /{page}/thread_owner?recipient=PSID``."""
    recipient = request.parsed("recipient")
    thread = _thread(request, recipient if isinstance(recipient, dict) else {"id": recipient})
    owner = request.world.owner(thread)
    if owner is None:
        return {"data": []}
    held: Json = {"app_id": owner}
    if thread.owner_until is not None:
        held["expiration"] = thread.owner_until // 1000
    return {"data": [{"thread_owner": held}]}


TABLE: Table = {
    ("POST", "page", "pass_thread_control"): pass_control,
    ("POST", "page", "take_thread_control"): take_control,
    ("POST", "page", "request_thread_control"): request_control,
    ("POST", "page", "release_thread_control"): release_control,
    ("POST", "page", "extend_thread_control"): extend_control,
    ("GET", "page", "thread_owner"): owner_of,
}
