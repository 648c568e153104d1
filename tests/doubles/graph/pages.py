"""What an app sets up on a page: its subscription, the Messenger profile, personas."""

from typing import Any

from tests.doubles.graph.calls import Request, Table, invalid, missing
from tests.doubles.graph.model import FIELDS, MESSAGE_FIELDS, SYNONYMS, Json
from tests.doubles.graph.reading import fields_of, pick

LONGEST_GREETING = 160
PROPERTIES = {
    "get_started",
    "greeting",
    "ice_breakers",
    "persistent_menu",
    "commands",
    "whitelisted_domains",
    "account_linking_url",
}


async def about(request: Request) -> Json:
    """``GET /{page}?fields=``."""
    page = request.page()
    known: Json = {
        "id": page.id,
        "name": page.name,
        "category": page.category,
        "about": page.about,
        "username": page.username or None,
        "link": f"https://www.facebook.com/{page.username or page.id}",
        "is_published": page.published,
        "picture": {"data": {"url": f"{request.world.base_url}/_media/page/{page.id}", "is_silhouette": False}},
        "has_whatsapp_number": False,
        "access_token": request.token.token,
    }
    return pick(known, fields_of(request.text("fields") or "name,id"))


# ── the subscription ──


async def subscribe(request: Request) -> Json:
    """``POST /{page}/subscribed_apps?subscribed_fields=a,b,c``."""
    page = request.page()
    request.needs("pages_manage_metadata")
    fields = [str(one) for one in request.list("subscribed_fields")]
    if not fields:
        raise invalid("Param subscribed_fields is required")
    for number, one in enumerate(fields):
        if SYNONYMS.get(one, one) not in FIELDS:
            raise invalid(f"Param subscribed_fields[{number}] must be one of {{{', '.join(FIELDS)}}}")
    if any(SYNONYMS.get(one, one) in MESSAGE_FIELDS for one in fields):
        request.needs("pages_messaging")
    page.subscriptions[request.app.id] = fields
    request.core.changed()
    return {"success": True}


async def unsubscribe(request: Request) -> Json:
    """``DELETE /{page}/subscribed_apps``."""
    page = request.page()
    request.needs("pages_manage_metadata")
    page.subscriptions.pop(request.app.id, None)
    request.core.changed()
    return {"success": True}


async def subscriptions(request: Request) -> Json:
    """``GET /{page}/subscribed_apps``: every app that is installed on the page, with its fields."""
    page = request.page()
    request.needs("pages_manage_metadata")
    data: list[Json] = []
    for app_id, fields in page.subscriptions.items():
        app = request.world.state.apps.get(app_id)
        name = app.name if app else "App"
        link = f"https://www.facebook.com/games/?app_id={app_id}"
        data.append({"link": link, "name": name, "id": app_id, "category": "Business", "subscribed_fields": fields})
    return {"data": data}


# ── the Messenger profile ──


async def set_profile(request: Request) -> Json:
    """``POST /{page}/messenger_profile``: each property that is named is replaced."""
    page = request.page()
    request.needs("pages_messaging")
    given = {name: request.parsed(name) for name in PROPERTIES if name in request.params}
    if not given:
        raise invalid("At least one profile property must be given")
    after = page.profile | given
    for name, value in given.items():
        _CHECKS[name](value)
    if "persistent_menu" in given and "get_started" not in after:
        raise invalid("You must set a Get Started button if you also wish to use persistent menu")
    page.profile.update(given)
    request.core.changed()
    return {"result": "success"}


async def get_profile(request: Request) -> Json:
    """``GET /{page}/messenger_profile?fields=``."""
    page = request.page()
    request.needs("pages_messaging")
    names = [one.name for one in fields_of(request.needed("fields"))]
    known = page.profile | {"subject_to_new_eu_privacy_rules": page.new_privacy_rules}
    found = {name: known[name] for name in names if name in known}
    return {"data": [found] if found else []}


async def drop_profile(request: Request) -> Json:
    """``DELETE /{page}/messenger_profile`` with ``fields``."""
    page = request.page()
    request.needs("pages_messaging")
    names = {str(one) for one in request.list("fields")}
    if not names or names - PROPERTIES:
        raise invalid("Param fields must be a list of profile properties")
    if "get_started" in names and "persistent_menu" in page.profile and "persistent_menu" not in names:
        raise invalid("You must set a Get Started button if you also wish to use persistent menu")
    for name in names:
        page.profile.pop(name, None)
    request.core.changed()
    return {"result": "success"}


def _get_started(value: Any) -> None:
    if not isinstance(value, dict) or not 1 <= len(str(value.get("payload") or "")) <= 1000:
        raise invalid("Param get_started must be {payload} of 1 to 1000 characters")


def _default(name: str, value: Any) -> list[Json]:
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise invalid(f"Param {name} must be an array of objects")
    locales = [one.get("locale", "default") for one in value]
    if "default" not in locales:
        raise invalid(f"Param {name} must have an entry with locale default")
    if len(set(locales)) != len(locales):
        raise invalid(f"Param {name} has two entries with the same locale")
    return value


def _greeting(value: Any) -> None:
    for one in _default("greeting", value):
        if not 1 <= len(str(one.get("text") or "")) <= LONGEST_GREETING:
            raise invalid(f"Param greeting[text] must be 1 to {LONGEST_GREETING} characters")


def _ice_breakers(value: Any) -> None:
    if isinstance(value, list) and value and all("question" in one for one in value if isinstance(one, dict)):
        value = [{"call_to_actions": value, "locale": "default"}]
    for one in _default("ice_breakers", value):
        questions = one.get("call_to_actions") or []
        if not 1 <= len(questions) <= 4:
            raise invalid("Param ice_breakers must have between 1 and 4 questions")
        if any(not q.get("question") or len(q["question"]) > 80 or not q.get("payload") for q in questions):
            raise invalid("An ice breaker needs a question of at most 80 characters and a payload")


def _menu(value: Any) -> None:
    for one in _default("persistent_menu", value):
        actions = one.get("call_to_actions") or []
        if len(actions) > 20 or (not actions and not one.get("composer_input_disabled")):
            raise invalid("Param persistent_menu[call_to_actions] must have between 1 and 20 elements")
        for action in actions:
            if not action.get("title") or len(action["title"]) > 30:
                raise invalid("Param persistent_menu title must be 1 to 30 characters")
            wanted = {"postback": "payload", "web_url": "url"}.get(action.get("type"))
            if wanted is None or not action.get(wanted):
                raise invalid("A menu item is a postback with payload or a web_url with url")


def _commands(value: Any) -> None:
    for one in _default("commands", value):
        if any(not c.get("name") or not c.get("description") for c in one.get("commands") or []):
            raise invalid("A command needs a name and a description")


def _domains(value: Any) -> None:
    if not isinstance(value, list) or len(value) > 50 or any(not str(one).startswith("https://") for one in value):
        raise invalid("Param whitelisted_domains must be at most 50 https addresses")


def _linking(value: Any) -> None:
    if not str(value).startswith("https://"):
        raise invalid("Param account_linking_url must be an https address")


_CHECKS = {
    "get_started": _get_started,
    "greeting": _greeting,
    "ice_breakers": _ice_breakers,
    "persistent_menu": _menu,
    "commands": _commands,
    "whitelisted_domains": _domains,
    "account_linking_url": _linking,
}


# ── personas ──


async def add_persona(request: Request) -> Json:
    """``POST /{page}/personas``."""
    page = request.page()
    request.needs("pages_messaging")
    name = request.needed("name")
    if len(name) > 50:
        raise invalid("Param name must be at most 50 characters")
    made = {"id": request.world.new_id("7"), "name": name, "page_id": page.id}
    made["profile_picture_url"] = request.needed("profile_picture_url")
    request.world.state.personas[made["id"]] = made
    return {"id": made["id"]}


def _persona(one: Json) -> Json:
    return {name: value for name, value in one.items() if name != "page_id"}


async def list_personas(request: Request) -> Json:
    """``GET /{page}/personas``."""
    page = request.page()
    found = [one for one in request.world.state.personas.values() if one["page_id"] == page.id]
    return {"data": [_persona(one) for one in found]}


async def get_persona(request: Request) -> Json:
    """``GET /{persona}``."""
    one = request.world.state.personas[request.node]
    request.own(one["page_id"], request.node)
    return _persona(one)


async def drop_persona(request: Request) -> Json:
    """``DELETE /{persona}``."""
    one = request.world.state.personas.get(request.node)
    if one is None:
        raise missing(request.node, "delete")
    request.own(one["page_id"], request.node)
    del request.world.state.personas[request.node]
    return {"success": True}


TABLE: Table = {
    ("GET", "page", ""): about,
    ("POST", "page", "subscribed_apps"): subscribe,
    ("GET", "page", "subscribed_apps"): subscriptions,
    ("DELETE", "page", "subscribed_apps"): unsubscribe,
    ("POST", "page", "messenger_profile"): set_profile,
    ("GET", "page", "messenger_profile"): get_profile,
    ("DELETE", "page", "messenger_profile"): drop_profile,
    ("POST", "page", "personas"): add_persona,
    ("GET", "page", "personas"): list_personas,
    ("GET", "persona", ""): get_persona,
    ("DELETE", "persona", ""): drop_persona,
}
