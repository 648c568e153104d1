"""What an organisation's Meta app and its pages are told. Plain data; secrets stand beside it, sealed.

A page's connections carry copies of what their adapters need of the app, so that an adapter knows everything from its own
connection; ``settings`` renews the copies whenever the app is changed.
"""

import hmac
from collections.abc import Iterable
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit
from uuid import UUID

import msgspec

from svardesk.channels.contract import Connection
from svardesk.kit.keyring import KeyRing

KIND: Final = "meta"
META: Final = "facebook.com"
VERSION: Final = "v26.0"
GRAPH_URL: Final = "https://graph.facebook.com"
DIALOG_URL: Final = "https://www.facebook.com"
PAGE_INBOX: Final = "263902037430900"
"""Meta's own inbox as an app; one of Meta's examples prints a digit fewer, so it is a setting."""
UNKNOWN_PAGE: Final = "svardesk-unknown-page"
"""Header of an envelope: its page belongs to no connection of the organisation."""
FIELDS: Final = (
    "messages",
    "messaging_postbacks",
    "message_deliveries",
    "message_reads",
    "message_reactions",
    "message_edits",
    "message_echoes",
    "messaging_referrals",
    "messaging_optins",
    "messaging_handovers",
    "standby",
    "messaging_policy_enforcement",
    "message_template_status_update",
    "feed",
)
Id = Annotated[str, msgspec.Meta(max_length=64, pattern=r"^[0-9]*$")]
Version = Annotated[str, msgspec.Meta(pattern=r"^v[0-9]{1,3}\.[0-9]{1,2}$")]
Url = Annotated[str, msgspec.Meta(max_length=300, pattern=r"^https?://[^\s?#]+$")]
PageToken = Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]
_VERIFY: Final = b"meta webhook verify token"


_further: Final[set[str]] = set()


def allow_hosts(hosts: Iterable[str]) -> None:
    """Let owners name further hosts as the Graph API; said once by the process, from its settings."""
    _further.clear()
    _further.update(hosts)


def may_be_asked(url: str) -> bool:
    """Whether an owner may let tokens be sent to, and files be fetched from, this address: Meta's hosts, or allowed ones."""
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    return host in _further or (parts.scheme == "https" and (host == META or host.endswith(f".{META}")))


class AppConfig(msgspec.Struct, frozen=True, kw_only=True):
    """The organisation's Meta app. ``version`` is never left out of an address of the Graph API."""

    app_id: Id = ""
    page_inbox_app_id: Id = PAGE_INBOX
    version: Version = VERSION
    graph_url: Url = GRAPH_URL
    dialog_url: Url = DIALOG_URL


class Template(msgspec.Struct, frozen=True, kw_only=True):
    """A utility template that Meta approved, or judges; ``parameters``: how many values its text takes."""

    name: Annotated[str, msgspec.Meta(max_length=120)]
    language: Annotated[str, msgspec.Meta(max_length=20)] = "en"
    text: Annotated[str, msgspec.Meta(max_length=2000)] = ""
    status: Annotated[str, msgspec.Meta(max_length=40)] = "approved"
    parameters: Annotated[int, msgspec.Meta(ge=0, le=20)] = 0


class PageConfig(msgspec.Struct, frozen=True, kw_only=True):
    """A page's connection. ``app`` is the connection of the organisation's app.

    ``human_agent``, ``utility``: whether Meta has granted these permissions. ``keep_media``: whether files that customers
    send are kept by us, or only their addresses (which expire at Meta).
    """

    page_id: Id = ""
    app: UUID | None = None
    app_id: Id = ""
    page_inbox_app_id: Id = PAGE_INBOX
    version: Version = VERSION
    graph_url: Url = GRAPH_URL
    human_agent: bool = False
    utility: bool = False
    keep_media: bool = True
    locale: Literal["nb", "nn", "da", "sv", "fi", "en"] = "nb"
    templates: list[Template] = []


class Access(msgspec.Struct, frozen=True, kw_only=True):
    """What a call of the Graph API needs: where, in which version, and in whose name."""

    url: str
    version: str
    token: str
    secret: str | None = None


def read_app(connection: Connection) -> AppConfig:
    """The settings of the organisation's app."""
    return msgspec.convert(connection.config, AppConfig)


def read_page(connection: Connection) -> PageConfig:
    """The settings of a page's connection; what is not of their form counts as not set."""
    try:
        return msgspec.convert(connection.config, PageConfig)
    except msgspec.ValidationError:
        known = {"page_id": str(connection.config.get("page_id", ""))}
        try:
            return msgspec.convert(known, PageConfig)
        except msgspec.ValidationError:
            return PageConfig()


def app_secrets(connection: Connection) -> tuple[str, ...]:
    """The secrets with which Meta may sign, the newest first."""
    found = connection.secrets.get("app_secrets") or ()
    return tuple(str(one) for one in found)[:2]


def page_access(connection: Connection) -> Access:
    """How the Graph API is asked in the name of a page."""
    config = read_page(connection)
    secret = connection.secrets.get("app_secret")
    return Access(
        url=config.graph_url,
        version=config.version,
        token=str(connection.secrets.get("page_token") or ""),
        secret=str(secret) if secret else None,
    )


def verify_tokens(keyring: KeyRing, key: str) -> list[str]:
    """The verify tokens of an app's webhook, the present one first: nothing is stored, and no database is asked."""
    return [mark.hex()[:40] for mark in keyring.fingerprints(key.encode(), _VERIFY)]


def is_verify_token(keyring: KeyRing, key: str, given: str) -> bool:
    """Whether somebody knows the verify token of a webhook; in constant time."""
    found = False
    for token in verify_tokens(keyring, key):
        found |= hmac.compare_digest(token.encode(), given.encode("utf-8", "surrogatepass"))
    return found


def schema_of(kind: type[msgspec.Struct]) -> dict[str, Any]:
    """JSON Schema of a connection's settings."""
    schema, components = msgspec.json.schema_components([kind], ref_template="#/$defs/{name}")
    return {"type": "object", "allOf": list(schema), "$defs": components}
