"""The world: the data, its clock, its numbers, and finding things in it."""

import secrets
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from tests.doubles.graph.errors import GraphError, missing
from tests.doubles.graph.model import (
    SCOPES,
    Administrator,
    App,
    Comment,
    Media,
    Message,
    Page,
    Person,
    Post,
    State,
    Thread,
    Token,
)

WINDOW = timedelta(hours=24)
HUMAN_WINDOW = timedelta(days=7)
PRIVATE_REPLY_WINDOW = timedelta(days=7)
DAY = 86_400_000


class World:
    """All data of one double. ``clock`` gives the present; ``ahead`` is how far ``advance`` has moved it."""

    def __init__(self, clock: Callable[[], datetime] | None = None, state: State | None = None) -> None:
        self.clock = clock or (lambda: datetime.now(UTC))
        self.ahead = timedelta()
        self.state = state or State()
        self.base_url = ""
        self.messages: dict[str, Message] = {}
        self.threads: dict[str, Thread] = {}
        self.commenters: dict[str, Person] = {}
        for thread in self.state.threads.values():
            self.threads[thread.id] = thread
            self.messages.update({one.mid: one for one in thread.messages})
        for person in self.state.people.values():
            self.commenters[person.commenter_id] = person

    # ── time and numbers ──

    @property
    def now(self) -> datetime:
        """The present of this world."""
        return self.clock() + self.ahead

    @property
    def ms(self) -> int:
        """The present in milliseconds, as webhooks count."""
        return round(self.now.timestamp() * 1000)

    @property
    def ticks(self) -> float:
        """Seconds for rate limits: they run on even when the clock is held, and jump with ``advance``."""
        return time.monotonic() + self.ahead.total_seconds()

    def number(self) -> int:
        """The next of a row of numbers."""
        self.state.number += 1
        return self.state.number

    def new_id(self, lead: str = "1") -> str:
        """An id of 15 to 17 digits."""
        return f"{lead}{self.number():06d}{secrets.randbelow(10**8):08d}"

    def new_psid(self) -> str:
        """A page-scoped id whose last digits ask for no error (see ``faults``)."""
        return f"{secrets.randbelow(9 * 10**7) + 10**7}{self.number():05d}7{secrets.randbelow(1000):03d}"

    def new_mid(self) -> str:
        """A message id."""
        return "m_" + secrets.token_urlsafe(48)

    # ── making ──

    def add_app(self, name: str = "Desk", *, app_id: str | None = None, secret: str | None = None) -> App:
        """Register an app."""
        app = App(app_id or self.new_id("8"), secret or secrets.token_hex(16), name)
        self.state.apps[app.id] = app
        return app

    def add_page(self, name: str, *, page_id: str | None = None) -> Page:
        """Make a page."""
        page = Page(page_id or self.new_id("2"), name)
        self.state.pages[page.id] = page
        return page

    def add_administrator(self, name: str, pages: Sequence[Page], tasks: Sequence[str] = ()) -> Administrator:
        """Somebody who may connect pages."""
        every = ("CREATE_CONTENT", "MANAGE", "MODERATE", "MESSAGING", "ADVERTISE", "ANALYZE")
        person = Administrator(self.new_id("5"), name, {page.id: list(tasks or every) for page in pages})
        self.state.administrators[person.id] = person
        return person

    def add_token(
        self,
        app: App,
        page: Page | None = None,
        *,
        user: Administrator | None = None,
        scopes: Sequence[str] = SCOPES,
        token: str | None = None,
        lives: timedelta | None = None,
    ) -> Token:
        """Give out a token of a page, or of a user when no page is named. ``lives`` None is for ever."""
        made = Token(
            token or "EAAG" + secrets.token_hex(48),
            "page" if page else "user",
            app.id,
            page.id if page else None,
            user.id if user else None,
            list(scopes),
            self.ms // 1000,
            0 if lives is None else int((self.now + lives).timestamp()),
        )
        self.state.tokens[made.token] = made
        return made

    def add_person(
        self, page: Page, name: str, *, psid: str | None = None, locale: str = "nb_NO", profile: str = "full"
    ) -> Person:
        """Somebody who can write to a page and comment there."""
        first, _, last = name.partition(" ")
        person = Person(
            psid or self.new_psid(), page.id, self.new_id("6"), self.new_id("3"), first, last, "", locale, 1, profile
        )
        self.state.people[person.psid] = person
        self.commenters[person.commenter_id] = person
        return person

    def add_media(self, kind: str, content_type: str, body: bytes, name: str = "", *, kept: bool = False) -> Media:
        """Keep a file; ``kept`` makes it an attachment id that lives 90 days."""
        made = Media(self.new_id("9"), kind, content_type, body, name, self.ms + 90 * DAY if kept else None)
        self.state.media[made.id] = made
        return made

    # ── finding ──

    def app(self, app_id: str) -> App:
        """An app by id."""
        found = self.state.apps.get(app_id)
        if found is None:
            raise missing(app_id)
        return found

    def page(self, page_id: str) -> Page:
        """A page by id."""
        found = self.state.pages.get(page_id)
        if found is None:
            raise missing(page_id)
        return found

    def person(self, psid: str) -> Person:
        """A person by page-scoped id."""
        found = self.state.people.get(psid)
        if found is None:
            raise GraphError(100, 2018001)
        return found

    def commenter(self, who: str) -> Person:
        """A person by either of their ids."""
        return self.state.people.get(who) or self.commenters[who]

    def thread(self, psid: str) -> Thread:
        """A person's thread with their page; begins when first asked for."""
        found = self.state.threads.get(psid)
        if found is None:
            person = self.person(psid)
            found = Thread("t_" + self.new_id("1"), person.page_id, psid)
            self.state.threads[psid] = self.threads[found.id] = found
        return found

    def message(self, mid: str) -> Message:
        """A message by id."""
        found = self.messages.get(mid)
        if found is None:
            raise missing(mid)
        return found

    def post(self, post_id: str) -> Post:
        """A post that was not removed."""
        found = self.state.posts.get(post_id)
        if found is None or found.removed:
            raise missing(post_id)
        return found

    def comment(self, comment_id: str) -> Comment:
        """A comment that was not removed."""
        found = self.state.comments.get(comment_id)
        if found is None or found.removed:
            raise missing(comment_id)
        return found

    def comments_of(self, post_id: str) -> list[Comment]:
        """What stands under a post, oldest first."""
        return [one for one in self.state.comments.values() if one.post_id == post_id and not one.removed]

    def keep(self, message: Message) -> Message:
        """Put a message at the end of its thread, never at the same millisecond as the one before."""
        thread = self.thread(message.psid)
        if thread.messages and message.at <= thread.messages[-1].at:
            message.at = thread.messages[-1].at + 1
        thread.messages.append(message)
        self.messages[message.mid] = message
        return message

    def owner(self, thread: Thread) -> str | None:
        """The app that holds a thread; None when it is idle."""
        if thread.owner_until is not None and thread.owner_until <= self.ms:
            thread.owner = thread.owner_until = None
        return thread.owner

    def media_url(self, media: Media) -> str:
        """Where a kept file can be fetched."""
        return f"{self.base_url}/_media/{media.id}/{media.name or media.kind}"

    def save(self, path: Path) -> None:
        """Write everything to a file, at once or not at all."""
        part = path.with_name(path.name + ".part")
        part.write_bytes(msgspec.json.encode(self.state))
        part.replace(path)


def load(path: Path) -> State | None:
    """What ``save`` wrote; None when there is nothing."""
    return msgspec.json.decode(path.read_bytes(), type=State) if path.exists() else None
