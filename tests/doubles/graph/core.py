"""What all calls work on: the world, the line of webhooks, limits, faults, and the record of what apps did."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.doubles.graph import events
from tests.doubles.graph.faults import Faults
from tests.doubles.graph.limits import Limits
from tests.doubles.graph.model import Json, Message, Page, Post, Thread
from tests.doubles.graph.outbox import Outbox, Pace
from tests.doubles.graph.world import World


@dataclass
class Sent:
    """One message that an app sent and that was taken."""

    mid: str
    psid: str
    page_id: str
    app_id: str
    at: int
    messaging_type: str | None
    tag: str | None
    text: str | None
    metadata: str | None
    attachment: Json | None
    quick_replies: list[Json]
    template: Json | None
    persona: str | None
    reply_to: str | None
    comment_id: str | None
    body: Json
    answered: bool = True
    """False when the app got no answer to this call."""


@dataclass
class Action:
    """A sender action: typing_on, typing_off, mark_seen, react, unreact."""

    psid: str
    name: str
    at: int
    payload: Json | None = None


@dataclass
class Call:
    """One call of the Graph, as it was answered."""

    method: str
    path: str
    params: Json
    status: int = 0
    answer: Any = None


@dataclass
class Options:
    """What happens by itself. ``hang`` is how many seconds a call is left without an answer."""

    echoes: bool = True
    deliveries: bool = True
    delivery_mids: bool = True
    feed_from: bool = True
    hang: float = 60
    templates_approved: bool = True


@dataclass
class Core:
    """Everything that one double consists of."""

    world: World
    outbox: Outbox
    limits: Limits = field(default_factory=Limits)
    faults: Faults = field(default_factory=Faults)
    options: Options = field(default_factory=Options)
    sent: list[Sent] = field(default_factory=list[Sent])
    actions: list[Action] = field(default_factory=list[Action])
    refused: list[Call] = field(default_factory=list[Call])
    misuse: list[str] = field(default_factory=list[str])
    calls: deque[Call] = field(default_factory=lambda: deque[Call](maxlen=20_000))
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    version: int = 0
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    @classmethod
    def build(cls, world: World, pace: Pace | None = None) -> "Core":
        """A double's core for a world."""
        return cls(world, Outbox(world, pace))

    def changed(self) -> None:
        """Something happened: wake those who wait for it."""
        self.version += 1
        self._news.set()
        self._news = asyncio.Event()

    async def until(self, holds: Callable[[], Any], seconds: float = 15) -> Any:
        """Wait until ``holds()`` gives something, and return that."""
        async with asyncio.timeout(seconds):
            while not (found := holds()):
                await self._news.wait()
        return found

    async def hang(self) -> None:
        """Leave a call without answer."""
        try:
            async with asyncio.timeout(self.options.hang):
                await self.stopping.wait()
        except TimeoutError:
            return

    # ── telling apps ──

    def tell(self, thread: Thread, name: str, item: Json, standby: Json | None = None) -> None:
        """An item about a thread: in ``messaging`` for the app that holds it (or all, when idle), else in ``standby``."""
        page = self.world.page(thread.page_id)
        owner = self.world.owner(thread)
        for app_id in list(page.subscriptions):
            if owner in {None, app_id}:
                self.outbox.emit(page, name, "messaging", item, only=app_id)
            else:
                self.outbox.emit(page, "standby", "standby", standby or item, only=app_id)
        self.changed()

    def tell_feed(self, page_id: str, change: Json) -> None:
        """A change of the page's feed."""
        self.outbox.emit(self.world.page(page_id), "feed", "changes", change)
        self.changed()

    def echo(self, message: Message) -> None:
        """Apps hear what the page wrote, and that it arrived."""
        world = self.world
        thread, person = world.thread(message.psid), world.person(message.psid)
        if self.options.echoes:
            self.tell(thread, "message_echoes", events.echo(message))
        if self.options.deliveries and person.reachable:
            thread.delivered = message.at
            mids = [message.mid] if self.options.delivery_mids else None
            self.tell(
                thread, "message_deliveries", events.delivery(person, message.at, mids, max(message.at, world.ms))
            )

    def policy(self, page: Page, action: str, reason: str = "") -> None:
        """The page was warned, blocked or let go."""
        item = events.enforcement(page.id, self.world.ms, action, reason)
        self.outbox.emit(page, "messaging_policy_enforcement", "messaging", item)
        self.changed()

    def publish_due(self) -> list[Post]:
        """Publish what was scheduled and is due."""
        done: list[Post] = []
        for post in self.world.state.posts.values():
            if post.due is not None and post.due <= self.world.ms and not post.removed:
                post.published, post.at, post.due = True, max(post.due, post.at), None
                self.tell_feed(post.page_id, events.on_post(post, "add", post.at, with_from=self.options.feed_from))
                done.append(post)
        return done
