"""What the world consists of: apps, pages, people, threads, posts. Plain data that can be written to a file."""

from dataclasses import dataclass, field
from typing import Any, Literal

Json = dict[str, Any]
PAGE_INBOX = "263902037430900"
"""The app that the Page inbox and Business Suite answer as."""
MESSAGE_FIELDS = (
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
)
FIELDS = (*MESSAGE_FIELDS, "feed", "messaging_account_linking", "response_feedback", "business_integrity", "ratings")
"""What a page can be subscribed to; ``messaging_handover`` and ``messaging_referral`` are other names of two of them."""
SYNONYMS = {"messaging_handover": "messaging_handovers", "messaging_referral": "messaging_referrals"}
SCOPES = (
    "pages_show_list",
    "pages_messaging",
    "pages_manage_metadata",
    "pages_read_engagement",
    "pages_read_user_content",
    "pages_manage_engagement",
    "pages_manage_posts",
    "page_utility_messaging",
)


@dataclass
class App:
    """A program registered at Meta. ``live`` is False while only its testers may be written to."""

    id: str
    secret: str
    name: str
    webhook_url: str | None = None
    verify_token: str = ""
    live: bool = True
    requires_proof: bool = False
    data_deletion_url: str | None = None
    deauthorise_url: str | None = None
    alerts: list[Json] = field(default_factory=list[Json])


@dataclass
class Page:
    """A Facebook page. ``features`` are what app review granted; ``subscriptions`` maps an app to its fields."""

    id: str
    name: str
    category: str = "Internet Service Provider"
    about: str = ""
    username: str = ""
    published: bool = True
    features: set[str] = field(default_factory=lambda: {"human_agent", "business_asset_user_profile_access"})
    subscriptions: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    restricted: bool = False
    messages_off: bool = False
    default_app: str | None = None
    refuses_standby: bool = True
    automatic_reply: str | None = None
    profile: Json = field(default_factory=dict[str, Any])
    new_privacy_rules: bool = False


@dataclass
class Token:
    """An access token of a page, a user or an app; ``state`` is valid, revoked or expired."""

    token: str
    kind: Literal["page", "user", "app"]
    app_id: str
    page_id: str | None = None
    user_id: str | None = None
    scopes: list[str] = field(default_factory=list[str])
    issued_at: int = 0
    expires_at: int = 0
    state: str = "valid"


@dataclass
class Administrator:
    """Somebody who signs in at Facebook and has tasks on pages (page id → tasks)."""

    id: str
    name: str
    pages: dict[str, list[str]] = field(default_factory=dict[str, list[str]])


@dataclass
class Person:
    """A person as one page sees them.

    ``psid`` in Messenger, ``commenter_id`` under posts (never the same number), ``app_user_id`` in data-deletion requests.
    ``profile``: full, empty (nothing but the id) or consent (error 230). ``reachable`` is False when they block the page.
    """

    psid: str
    page_id: str
    commenter_id: str
    app_user_id: str
    first_name: str
    last_name: str
    picture: str = ""
    locale: str = "nb_NO"
    timezone: float = 1
    profile: str = "full"
    reachable: bool = True

    @property
    def name(self) -> str:
        """First and last name."""
        return f"{self.first_name} {self.last_name}".strip()


@dataclass
class Message:
    """One message of a thread, written by the person or by the page (``app_id`` says with which app)."""

    mid: str
    psid: str
    page_id: str
    by: Literal["person", "page"]
    at: int
    text: str | None = None
    attachments: list[Json] = field(default_factory=list[Json])
    app_id: str | None = None
    metadata: str | None = None
    quick_replies: list[Json] = field(default_factory=list[Json])
    quick_reply: str | None = None
    template: Json | None = None
    reply_to: str | None = None
    reactions: dict[str, Json] = field(default_factory=dict[str, Json])
    earlier: list[str] = field(default_factory=list[str])
    deleted: bool = False
    messaging_type: str | None = None
    tag: str | None = None
    persona: str | None = None
    private_reply_to: str | None = None
    postback: Json | None = None


@dataclass
class Thread:
    """The one thread between a page and a person. Times are milliseconds; ``opened_at`` is when the window began."""

    id: str
    page_id: str
    psid: str
    messages: list[Message] = field(default_factory=list[Message])
    opened_at: int | None = None
    owner: str | None = None
    owner_until: int | None = None
    delivered: int = 0
    read: int = 0
    seen_by_page: int = 0
    typing_until: int = 0


@dataclass
class Comment:
    """A comment on a post, or an answer to one (``parent_id``). ``author_id`` is the page's id for its own."""

    id: str
    post_id: str
    page_id: str
    author_id: str
    author_name: str
    at: int
    text: str | None = None
    parent_id: str | None = None
    attachment: Json | None = None
    hidden: bool = False
    removed: bool = False
    likes: set[str] = field(default_factory=set[str])
    private_reply: str | None = None
    earlier: list[str] = field(default_factory=list[str])


@dataclass
class Post:
    """Something on a page: its own post, a visitor's, a recommendation, or an advertisement. ``due`` when scheduled."""

    id: str
    page_id: str
    author_id: str
    author_name: str
    at: int
    text: str | None = None
    kind: str = "status"
    picture: str | None = None
    published: bool = True
    due: int | None = None
    removed: bool = False
    hidden: bool = False
    recommends: bool | None = None
    ad_id: str | None = None
    reactions: dict[str, str] = field(default_factory=dict[str, str])
    private_reply: str | None = None
    earlier: list[str] = field(default_factory=list[str])


@dataclass
class Template:
    """A utility template of a page."""

    id: str
    page_id: str
    name: str
    language: str
    components: list[Json]
    category: str = "UTILITY"
    status: str = "PENDING"


@dataclass
class Media:
    """A file that was sent or uploaded. ``expires`` is when an attachment id dies."""

    id: str
    kind: str
    content_type: str
    body: bytes
    name: str = ""
    expires: int | None = None
    gone: bool = False


@dataclass
class Code:
    """An authorisation code, good once and for ten minutes."""

    app_id: str
    user_id: str
    redirect_uri: str
    scopes: list[str]
    pages: list[str]
    until: int
    used: bool = False


@dataclass
class State:
    """Everything that outlives a restart."""

    apps: dict[str, App] = field(default_factory=dict[str, App])
    pages: dict[str, Page] = field(default_factory=dict[str, Page])
    tokens: dict[str, Token] = field(default_factory=dict[str, Token])
    administrators: dict[str, Administrator] = field(default_factory=dict[str, Administrator])
    people: dict[str, Person] = field(default_factory=dict[str, Person])
    threads: dict[str, Thread] = field(default_factory=dict[str, Thread])
    posts: dict[str, Post] = field(default_factory=dict[str, Post])
    comments: dict[str, Comment] = field(default_factory=dict[str, Comment])
    templates: dict[str, Template] = field(default_factory=dict[str, Template])
    media: dict[str, Media] = field(default_factory=dict[str, Media])
    personas: dict[str, Json] = field(default_factory=dict[str, Json])
    codes: dict[str, Code] = field(default_factory=dict[str, Code])
    user_refs: dict[str, str] = field(default_factory=dict[str, str])
    number: int = 0
