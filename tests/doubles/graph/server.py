"""The double as one object: for tests ``async with GraphDouble() as graph``, and for its own program."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Self

import httpx
import uvicorn

from tests.doubles.graph import events, feed, wire
from tests.doubles.graph.core import Action, Call, Core, Sent
from tests.doubles.graph.customers import Attachment, Customers
from tests.doubles.graph.faults import Fault
from tests.doubles.graph.http import build
from tests.doubles.graph.model import FIELDS, PAGE_INBOX, App, Comment, Json, Message, Page, Person, Post, State, Token
from tests.doubles.graph.outbox import Delivery, Pace
from tests.doubles.graph.routing import ask_for, pass_to, take_from
from tests.doubles.graph.sending import judge
from tests.doubles.graph.world import World

HOST = "127.0.0.1"


@dataclass
class Batch:
    """How updates that were held back are sent: see ``GraphDouble.batch``. ``sent`` is how many went."""

    extra: list[Json] = field(default_factory=list[Json])
    sent: int = 0


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Any:
        yield


class GraphDouble:
    """Meta on a port of its own: one app, one page, their token, and everything else on demand.

    Everything that people do is awaited until the webhooks had their first try. ``url`` is what stands for
    ``https://graph.facebook.com``; ``parallel`` is how many webhooks go to an app at once (1 keeps them in order).
    """

    def __init__(
        self,
        *,
        clock: Callable[[], datetime] | None = None,
        state: State | None = None,
        pace: Pace | None = None,
        page: str = "Fjordnett AS",
        port: int = 0,
        host: str = HOST,
        parallel: int = 1,
    ) -> None:
        self.world = World(clock, state)
        self._pace, self._port, self._host, self._name = pace, port, host, page
        self._parallel = parallel
        self.url = ""
        self.core: Core
        self.people: Customers
        self.app: App
        self.page: Page
        self.token: Token

    # ── living ──

    async def start(self) -> Self:
        """Listen."""
        self.core = Core.build(self.world, self._pace)
        self.core.outbox.parallel = self._parallel
        self.people = Customers(self.core)
        state = self.world.state
        self.app = next(iter(state.apps.values()), None) or self.world.add_app("Kundeservice")
        self.page = next(iter(state.pages.values()), None) or self.world.add_page(self._name)
        self.token = next(
            (one for one in state.tokens.values() if one.page_id == self.page.id), None
        ) or self.world.add_token(self.app, self.page)
        if not state.administrators:
            self.world.add_administrator("Ingrid Haugen", [self.page])
        # Named as TCP, else the loop leaves Nagle on and every answer takes 40 ms.
        listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((self._host, self._port))
        self.port: int = listening.getsockname()[1]
        self.url = self.world.base_url = f"http://{self._host}:{self.port}"
        config = uvicorn.Config(
            build(self),
            log_level="critical",
            lifespan="off",
            ws="none",
            timeout_graceful_shutdown=1,
            timeout_keep_alive=60,
        )
        self._server = _Server(config)
        self._task = asyncio.create_task(self._server.serve(sockets=[listening]))
        while not self._server.started:
            if self._task.done():
                await self._task
            await asyncio.sleep(0.005)
        self.core.outbox.start()
        return self

    async def stop(self) -> None:
        """Stop listening; what is on its way is dropped."""
        self.core.stopping.set()
        await self.core.outbox.stop()
        self._server.should_exit = True
        await self._task

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    # ── setting up ──

    def connect(
        self, webhook_url: str, *, fields: Sequence[str] = FIELDS, app: App | None = None, page: Page | None = None
    ) -> None:
        """Give an app a webhook address and subscribe a page to it, without asking anybody."""
        app, page = app or self.app, page or self.page
        app.webhook_url = webhook_url
        page.subscriptions[app.id] = list(fields)

    async def verify(self, webhook_url: str, verify_token: str, *, app: App | None = None) -> bool:
        """The verification GET; True when the challenge came back bare. Then the address is in use."""
        app = app or self.app
        well, _ = await self.core.outbox.challenge(webhook_url, verify_token)
        if well:
            app.webhook_url, app.verify_token = webhook_url, verify_token
        return well

    def person(
        self,
        page: Page | None = None,
        name: str = "Åse Ødegård",
        *,
        psid: str | None = None,
        ends: str | None = None,
        profile: str = "full",
        locale: str = "nb_NO",
    ) -> Person:
        """Somebody new; ``ends`` gives the PSID the digits that ask for an error (see ``faults.SUFFIXES``)."""
        psid = psid or (self.world.new_psid()[: -len(ends)] + ends if ends else None)
        return self.world.add_person(page or self.page, name, psid=psid, profile=profile, locale=locale)

    def pages(self, name: str, *, app: App | None = None) -> tuple[Page, Token]:
        """Another page with a token."""
        page = self.world.add_page(name)
        return page, self.world.add_token(app or self.app, page)

    async def advance(self, by: timedelta | float) -> None:
        """Let time pass: retries and scheduled posts that fall due on the way happen at their time."""
        target = self.world.now + (by if isinstance(by, timedelta) else timedelta(seconds=by))
        await self.settle()
        while True:
            due = self._next_due()
            if due is None or due > target.timestamp():
                break
            self.world.ahead += timedelta(seconds=max(0.0, due - self.world.now.timestamp() + 0.001))
            self.core.publish_due()
            await self.core.outbox.retry_due()
            await self.settle()
        self.world.ahead += max(timedelta(), target - self.world.now)
        self.core.changed()

    def _next_due(self) -> float | None:
        scheduled = [one.due / 1000 for one in self.world.state.posts.values() if one.due and not one.removed]
        retry = self.core.outbox.next_due()
        return min([*scheduled, *([] if retry is None else [retry])], default=None)

    async def settle(self) -> None:
        """Until every update had its first try; at once while updates are held back."""
        await self.core.outbox.settle()

    # ── what people do ──

    async def writes(self, psid: str, text: str | None = None, **more: Any) -> Message:
        """A person writes: ``attachments``, ``quick_reply``, ``reply_to``, ``referral``, ``mid``, ``at``, ``tell``."""
        return await self._told(self.people.writes(psid, text, **more))

    async def taps(self, psid: str, payload: str, title: str = "", **more: Any) -> Message:
        """A person taps a button (postback)."""
        return await self._told(self.people.taps(psid, payload, title, **more))

    async def reacts(self, psid: str, mid: str, emoji: str = "❤️", **more: Any) -> None:
        """A person reacts to a message."""
        await self._told(self.people.reacts(psid, mid, emoji, **more))

    async def unreacts(self, psid: str, mid: str, **more: Any) -> None:
        """A person takes the reaction back."""
        await self._told(self.people.unreacts(psid, mid, **more))

    async def edits(self, mid: str, text: str) -> Message:
        """A person changes a message."""
        return await self._told(self.people.edits(mid, text))

    async def unsends(self, mid: str) -> Message:
        """A person takes a message back."""
        return await self._told(self.people.unsends(mid))

    async def reads(self, psid: str, watermark: int | None = None) -> int:
        """A person reads everything, or up to a watermark."""
        return await self._told(self.people.reads(psid, watermark))

    async def receives(self, psid: str, watermark: int | None = None, *, mids: list[str] | None = None) -> None:
        """Delivered up to a watermark; without ``mids`` unless they are given."""
        await self._told(self.people.receives(psid, watermark, mids=mids))

    async def comes_from(self, psid: str, **more: Any) -> Json:
        """A person opens the thread from a link, an advertisement or a post; ``tell=False`` only makes the referral."""
        return await self._told(self.people.comes_from(psid, **more))

    async def opts_in(self, psid: str, body: Json) -> None:
        """An opt-in."""
        await self._told(self.people.opts_in(psid, body))

    async def answered_elsewhere(
        self,
        psid: str,
        text: str,
        *,
        app_id: str | None = PAGE_INBOX,
        attachments: list[Attachment] | None = None,
        **more: Any,
    ) -> Message:
        """Somebody answers in the Page inbox, another app, or (None) with no app named."""
        return await self._told(
            self.people.answered_elsewhere(psid, text, app_id=app_id, attachments=attachments, **more)
        )

    async def _told(self, result: Any) -> Any:
        if self.core.outbox.held is None:
            await self.settle()
        return result

    # ── the page's feed ──

    async def posts(self, text: str | None, *, by: Person | None = None, page: Page | None = None, **more: Any) -> Post:
        """The page posts, or a visitor does (``by``); ``kind``, ``picture``, ``recommends``, ``ad_id``, ``at``."""
        page = page or self.page
        if by is not None:
            more = {"kind": "rating" if "recommends" in more else "post", **more}
        author = (by.commenter_id, by.name) if by else (page.id, page.name)
        return await self._told(feed.add_post(self.core, page, *author, text, **more))

    async def comments(
        self,
        post: Post | str,
        person: Person | None,
        text: str | None,
        *,
        parent: Comment | None = None,
        attachment: Json | None = None,
        **more: Any,
    ) -> Comment:
        """A person comments, or the page does from elsewhere (None)."""
        post = self.world.post(post) if isinstance(post, str) else post
        page = self.world.page(post.page_id)
        author = (person.commenter_id, person.name) if person else (page.id, page.name)
        made = feed.add_comment(self.core, post, *author, text, parent=parent, attachment=attachment, **more)
        return await self._told(made)

    async def edits_comment(self, comment: Comment, text: str) -> None:
        """A comment gets another text."""
        await self._told(feed.change_comment(self.core, comment, text))

    async def removes_comment(self, comment: Comment) -> None:
        """A comment is taken away."""
        await self._told(feed.remove_comment(self.core, comment))

    async def hides_comment(self, comment: Comment, *, hidden: bool = True) -> None:
        """Somebody hides a comment elsewhere, or shows it again."""
        comment.hidden = hidden
        await self._told(feed.say(self.core, comment, "hide" if hidden else "unhide"))

    async def reacts_to_post(
        self, post: Post, person: Person, name: str = "like", *, comment: Comment | None = None, verb: str = "add"
    ) -> None:
        """A reaction on a post or comment; ``verb`` add, edit or remove."""
        if comment is not None:
            (comment.likes.discard if verb == "remove" else comment.likes.add)(person.commenter_id)
        elif verb == "remove":
            post.reactions.pop(person.commenter_id, None)
        else:
            post.reactions[person.commenter_id] = name
        change = events.on_reaction(person, post.id, comment.id if comment else None, verb, name, self.world.ms)
        await self._told(self.core.tell_feed(post.page_id, change))

    async def edits_post(self, post: Post, text: str) -> None:
        """A post gets another text."""
        await self._told(feed.change_post(self.core, post, text))

    async def removes_post(self, post: Post) -> None:
        """A post is taken away."""
        await self._told(feed.remove_post(self.core, post))

    # ── what apps did ──

    @property
    def sent(self) -> list[Sent]:
        """Every message that an app sent, oldest first."""
        return self.core.sent

    @property
    def actions(self) -> list[Action]:
        """Every sender action."""
        return self.core.actions

    @property
    def calls(self) -> list[Call]:
        """Every call of the Graph, with its answer."""
        return list(self.core.calls)

    @property
    def misuse(self) -> list[str]:
        """What Meta accepts and forbids all the same: HUMAN_AGENT inside the window, over-long titles."""
        return self.core.misuse

    @property
    def deliveries(self) -> list[Delivery]:
        """Every webhook body, with what the receiver answered."""
        return self.core.outbox.deliveries

    async def sent_by(self, holds: Callable[[Sent], Any], seconds: float = 15) -> Sent:
        """Wait for a message of which ``holds`` is true."""
        return await self.until(lambda: next((one for one in self.core.sent if holds(one)), None), seconds)

    async def sent_to(self, psid: str, number: int = 1, seconds: float = 15) -> list[Sent]:
        """Wait until so many messages went to a person."""

        def found() -> list[Sent] | None:
            those = [one for one in self.core.sent if one.psid == psid]
            return those if len(those) >= number else None

        return await self.until(found, seconds)

    async def until(self, holds: Callable[[], Any], seconds: float = 15) -> Any:
        """Wait until something of this double is true."""
        return await self.core.until(holds, seconds)

    # ── webhooks by hand ──

    async def deliver(
        self, *items: Json, kind: str = "messaging", page: Page | None = None, app: App | None = None
    ) -> Delivery:
        """One body with raw items in one array."""
        page_id = (page or self.page).id
        entry = {"id": page_id, "time": self.world.ms, kind: list(items)}
        return await self.deliver_body({"object": "page", "entry": [entry]}, app=app, pages=(page_id,))

    async def deliver_body(
        self, body: bytes | Json, *, signed: str = "right", app: App | None = None, pages: tuple[str, ...] = ()
    ) -> Delivery:
        """Any body at all. ``signed``: right, wrong, none, sha1."""
        made = self.core.outbox.raw(app or self.app, body, signed=signed, pages=pages)
        await self.settle()
        return made

    @asynccontextmanager
    async def batch(
        self, *, shuffle: bool = False, duplicates: int = 0, split: int = 1000, seed: int = 1
    ) -> AsyncIterator[Batch]:
        """Hold updates back, and send them at the end in bodies of up to ``split``, with duplicates and disorder."""
        self.core.outbox.hold()
        batch = Batch()
        yield batch
        batch.sent = self.core.outbox.release(
            shuffle=shuffle, duplicates=duplicates, split=split, seed=seed, extra=batch.extra
        )
        await self.settle()

    # ── trouble ──

    def fail(self, code: int = 2, subcode: int | None = None, **more: Any) -> Fault:
        """The next ``times`` calls (of ``psid``, of ``call``) meet this error."""
        return self.core.faults.add(Fault("error", code, subcode, **more))

    def hang(self, *, deliver: bool, **more: Any) -> Fault:
        """The next call gets no answer; with ``deliver`` it is carried out all the same."""
        return self.core.faults.add(Fault("hang", deliver=deliver, **more))

    def drop(self, *, deliver: bool = False, **more: Any) -> Fault:
        """The next call's connection breaks."""
        return self.core.faults.add(Fault("drop", deliver=deliver, **more))

    def revoke(self, token: Token | None = None, state: str = "revoked") -> None:
        """End a token; ``state`` revoked or expired, or valid again."""
        (token or self.token).state = state

    def unsubscribe(self, page: Page | None = None, app: App | None = None) -> None:
        """Take an app off a page without telling it, as after an hour of failures."""
        (page or self.page).subscriptions.pop((app or self.app).id, None)
        self.core.changed()

    async def restrict(
        self, page: Page | None = None, *, on: bool = True, reason: str = "The Page broke the rules."
    ) -> None:
        """Forbid a page to send, or let it; the apps hear of it."""
        page = page or self.page
        page.restricted = on
        await self._told(self.core.policy(page, "block" if on else "unblock", reason if on else ""))

    async def owner(
        self, psid: str, app_id: str | None, *, how: str | None = "pass", metadata: str = "", silent: bool = False
    ) -> None:
        """Give a thread to an app (None: idle). ``how`` pass or take; ``silent`` without telling anybody."""
        thread = self.world.thread(psid)
        old = self.world.owner(thread)
        if silent:
            thread.owner = app_id
        elif how == "take" and app_id:
            take_from(self.core, thread, old, app_id, metadata)
        else:
            pass_to(self.core, thread, old, app_id, metadata)
        await self.settle()

    async def asks_for(self, psid: str, app_id: str = PAGE_INBOX, metadata: str = "") -> None:
        """Another app asks for a thread."""
        await self._told(ask_for(self.core, self.world.thread(psid), app_id, metadata))

    async def roles(self, app_roles: dict[str, list[str]], page: Page | None = None) -> None:
        """The apps of a page get other roles."""
        page = page or self.page
        self.core.outbox.emit(page, "messaging_handovers", "messaging", events.roles(page.id, self.world.ms, app_roles))
        await self.settle()

    async def judges(self, template_id: str, status: str, reason: str = "NONE") -> None:
        """A utility template is APPROVED, REJECTED, PAUSED or DISABLED."""
        await self._told(judge(self.core, template_id, status, reason))

    # ── privacy ──

    async def signed_post(self, url: str, user_id: str, *, secret: str | None = None) -> httpx.Response:
        """Data deletion or deauthorisation: a form with a ``signed_request``; another ``secret`` forges it."""
        payload: Json = {"user_id": user_id, "issued_at": self.world.ms // 1000, "expires": 0}
        return await self.core.outbox.post_form(
            url, {"signed_request": wire.signed_request(secret or self.app.secret, payload)}
        )
