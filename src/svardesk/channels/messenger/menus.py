"""What people see in Messenger before they write: greeting, get started, ice breakers, the menu. Read from Meta and written there."""

from typing import Annotated, Any, Final, Literal

import msgspec

from svardesk.channels.contract import Connection
from svardesk.channels.meta.client import Answered, GraphClient, GraphFailed, Outcome, needed
from svardesk.channels.meta.config import page_access, read_page
from svardesk.kit.errors import Unprocessable

FIELDS: Final = ("get_started", "greeting", "ice_breakers", "persistent_menu", "subject_to_new_eu_privacy_rules")
NAME: Final = "{{user_first_name}}"
"""Stands for the customer's first name in a greeting."""
GET_STARTED: Final = "GET_STARTED"
Locale = Annotated[str, msgspec.Meta(pattern=r"^(default|[a-z]{2,3}_[A-Z]{2})$")]


class BadMenus(Unprocessable):
    """Meta does not take this as it is; look at the lengths, and that there is a text for ``default``."""

    code = "bad_messenger_profile"


class Greeting(msgspec.Struct, frozen=True, kw_only=True):
    """What stands there before the first message; ``{{user_first_name}}`` is the customer's name."""

    locale: Locale = "default"
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=160)]


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """A question that can be tapped."""

    question: Annotated[str, msgspec.Meta(min_length=1, max_length=80)]
    payload: Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]


class IceBreakers(msgspec.Struct, frozen=True, kw_only=True):
    """The questions in one language."""

    locale: Locale = "default"
    call_to_actions: Annotated[list[Question], msgspec.Meta(min_length=1, max_length=4)]


class MenuItem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A line of the menu: it says something to us (``postback``) or opens a page (``web_url``)."""

    type: Literal["postback", "web_url"]
    title: Annotated[str, msgspec.Meta(min_length=1, max_length=30)]
    payload: Annotated[str, msgspec.Meta(max_length=1000)] | None = None
    url: Annotated[str, msgspec.Meta(max_length=1000, pattern=r"^https://")] | None = None

    def __post_init__(self) -> None:
        """A tap must lead somewhere."""
        if (self.payload if self.type == "postback" else self.url) is None:
            raise ValueError("a postback needs a payload, a web_url needs a url")


class Menu(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The menu in one language."""

    locale: Locale = "default"
    composer_input_disabled: bool = False
    call_to_actions: Annotated[list[MenuItem], msgspec.Meta(max_length=20)]


class Menus(msgspec.Struct, frozen=True, kw_only=True):
    """The whole of it; what is empty is taken away at Meta. A menu needs ``get_started``."""

    get_started: Annotated[str, msgspec.Meta(max_length=1000)] | None = None
    greeting: Annotated[list[Greeting], msgspec.Meta(max_length=20)] = []
    ice_breakers: Annotated[list[IceBreakers], msgspec.Meta(max_length=20)] = []
    persistent_menu: Annotated[list[Menu], msgspec.Meta(max_length=20)] = []


class MenusAtMeta(msgspec.Struct, frozen=True, kw_only=True):
    """What stands at Meta now. ``new_privacy_rules``: Meta counts the page among those of the EU (null: it does not say)."""

    menus: Menus
    new_privacy_rules: bool | None = None


async def read_menus(connection: Connection) -> MenusAtMeta:
    """Ask Meta. Raises ``GraphFailed``."""
    config = read_page(connection)
    body = await GraphClient(page_access(connection), config.page_id).need(
        f"{config.page_id}/messenger_profile", fields=",".join(FIELDS)
    )
    rows = body.get("data")
    found: dict[str, Any] = rows[0] if isinstance(rows, list) and rows and isinstance(rows[0], dict) else {}
    started = found.get("get_started")
    rules = found.get("subject_to_new_eu_privacy_rules")
    return MenusAtMeta(
        menus=Menus(
            get_started=str(started["payload"]) if isinstance(started, dict) and started.get("payload") else None,
            greeting=_read(found.get("greeting"), list[Greeting]),
            ice_breakers=_read(_with_locale(found.get("ice_breakers")), list[IceBreakers]),
            persistent_menu=_read(found.get("persistent_menu"), list[Menu]),
        ),
        new_privacy_rules=rules if isinstance(rules, bool) else None,
    )


def _with_locale(found: Any) -> Any:
    """Ice breakers of the older form have no languages."""
    if isinstance(found, list) and found and isinstance(found[0], dict) and "question" in found[0]:
        return [{"locale": "default", "call_to_actions": found}]
    return found


def _read(found: Any, kind: Any) -> Any:
    try:
        return msgspec.convert(found or [], kind)
    except msgspec.ValidationError:
        return []


def check(menus: Menus) -> None:
    """Every list needs a text for ``default`` and each language once; a menu needs get started. Raises ``BadMenus``."""
    for name in ("greeting", "ice_breakers", "persistent_menu"):
        rows = getattr(menus, name)
        locales = [one.locale for one in rows]
        if rows and ("default" not in locales or len(set(locales)) != len(locales)):
            raise BadMenus(None, "There must be a text for default, and each language only once.", field=name)
    if menus.persistent_menu and not menus.get_started:
        raise BadMenus(None, "A menu needs the button Get started.", field="get_started")


async def write_menus(connection: Connection, menus: Menus) -> MenusAtMeta:
    """Write it at Meta: what is there is set, what is empty is taken away. Raises ``BadMenus``, ``GraphFailed``."""
    check(menus)
    config = read_page(connection)
    client, path = GraphClient(page_access(connection), config.page_id), f"{config.page_id}/messenger_profile"
    wanted: dict[str, Any] = {
        name: msgspec.to_builtins(getattr(menus, name))
        for name in ("greeting", "ice_breakers", "persistent_menu")
        if getattr(menus, name)
    }
    if menus.get_started:
        wanted["get_started"] = {"payload": menus.get_started}
    gone = [name for name in FIELDS[:4] if name not in wanted]
    if gone:
        _taken(await client.delete(path, {"fields": gone}))
    if wanted:
        _taken(await client.post(path, wanted))
    return await read_menus(connection)


def _taken(outcome: Outcome) -> None:
    try:
        _ = needed(outcome)
    except GraphFailed as failed:
        if not isinstance(outcome, Answered) and failed.code.startswith("100"):
            said = getattr(outcome, "error", None)
            raise BadMenus(None, said.message if said else None) from failed
        raise
