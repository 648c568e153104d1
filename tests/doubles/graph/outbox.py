"""Webhooks: who hears of what, in which bodies, signed how, and what happens when the receiver does not answer.

Each app has a line of events. Workers take from it, one event a body or up to ``batch_max``; what fails is tried again at
once, then with falling frequency for 36 hours. A page whose webhooks fail for an hour loses its subscription.
"""

import asyncio
import heapq
import itertools
import random
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.doubles.graph import wire
from tests.doubles.graph.model import SYNONYMS, App, Json, Page
from tests.doubles.graph.world import World

LARGEST = 1000
"""Updates in one body at most."""


@dataclass
class Pace:
    """How patient webhooks are, in seconds; ``faster(60)`` makes an hour a minute."""

    retries: tuple[float, ...] = (0, 15, 60, 300, 900, 1800, 3600, 7200, 14400, 28800, 43200)
    timeout: float = 20
    alert_after: float = 900
    unsubscribe_after: float = 3600
    give_up_after: float = 36 * 3600

    def faster(self, times: float) -> "Pace":
        """The same, ``times`` as fast; the time-out stays."""
        return Pace(
            tuple(one / times for one in self.retries),
            self.timeout,
            self.alert_after / times,
            self.unsubscribe_after / times,
            self.give_up_after / times,
        )


@dataclass
class Event:
    """One update for one app."""

    page_id: str
    kind: str
    item: Json
    at: int


@dataclass
class Delivery:
    """One body on its way, with everything that was tried."""

    app_id: str
    url: str
    body: bytes
    headers: dict[str, str]
    pages: tuple[str, ...]
    updates: int
    first_at: float
    attempts: int = 0
    statuses: list[int | str] = field(default_factory=list[int | str])

    @property
    def arrived(self) -> bool:
        """Whether the receiver said 200."""
        return bool(self.statuses) and self.statuses[-1] == 200


class Outbox:
    """The line of webhooks. ``style`` is how JSON is written; ``parallel`` how many bodies go at once to an app."""

    def __init__(self, world: World, pace: Pace | None = None, *, parallel: int = 1) -> None:
        self.world = world
        self.pace = pace or Pace()
        self.style: wire.Style = "meta"
        self.batch_max = 1
        self.parallel = parallel
        self.held: list[tuple[App, Event]] | None = None
        self.deliveries: list[Delivery] = []
        self.emitted = 0
        self._lines: dict[str, asyncio.Queue[Event | Delivery]] = {}
        self._workers: list[asyncio.Task[None]] = []
        self._retries: list[tuple[float, int, Delivery]] = []
        self._failing: dict[tuple[str, str], float] = {}
        self._alerted: set[tuple[str, str]] = set()
        self._order = itertools.count()
        self._wake = asyncio.Event()
        self._client = httpx.AsyncClient(timeout=None, limits=httpx.Limits(max_connections=64))
        self._timer: asyncio.Task[None] | None = None

    # ── giving out ──

    def emit(self, page: Page, name: str, kind: str, item: Json, *, only: str | None = None) -> None:
        """An update of field ``name`` for every app that the page is subscribed to with it.

        ``kind`` is the array it stands in: ``messaging``, ``standby`` or ``changes``.
        """
        for app_id, fields in list(page.subscriptions.items()):
            app = self.world.state.apps.get(app_id)
            if app is None or app.webhook_url is None or (only is not None and only != app_id):
                continue
            if name not in {SYNONYMS.get(one, one) for one in fields}:
                continue
            self._put(app, Event(page.id, kind, item, self.world.ms))

    def _put(self, app: App, event: Event) -> None:
        self.emitted += 1
        if self.held is not None:
            self.held.append((app, event))
        else:
            self._line(app.id).put_nowait(event)

    def _line(self, app_id: str) -> "asyncio.Queue[Event | Delivery]":
        line = self._lines.get(app_id)
        if line is None:
            line = self._lines[app_id] = asyncio.Queue()
            self._workers += [asyncio.create_task(self._work(app_id, line)) for _ in range(self.parallel)]
        return line

    def hold(self) -> None:
        """Keep updates back until ``release``."""
        self.held = self.held or []

    def release(
        self,
        *,
        shuffle: bool = False,
        duplicates: int = 0,
        split: int = LARGEST,
        seed: int = 1,
        extra: Iterable[Json] = (),
    ) -> int:
        """Send what was held, in bodies of up to ``split`` updates; returns how many updates went.

        ``duplicates`` so many of them a second time, ``shuffle`` in any order, ``extra`` raw items among them (for the
        first page held).
        """
        held, self.held = self.held or [], None
        by_app: dict[str, list[Event]] = {}
        for app, event in held:
            by_app.setdefault(app.id, []).append(event)
        dice = random.Random(seed)
        sent = 0
        for app_id, events in by_app.items():
            line = list(events) + [Event(events[0].page_id, "messaging", item, events[0].at) for item in extra]
            for event in dice.choices(events, k=duplicates):
                line.insert(dice.randrange(len(line) + 1), event)
            if shuffle:
                dice.shuffle(line)
            for start in range(0, len(line), split):
                part = line[start : start + split]
                self._line(app_id).put_nowait(self._pack(self.world.app(app_id), part))
                sent += len(part)
        return sent

    def raw(
        self,
        app: App,
        body: bytes | Json,
        *,
        signed: str | None = "right",
        pages: tuple[str, ...] = (),
        updates: int = 1,
    ) -> Delivery:
        """Send a body as it is. ``signed``: right, wrong, none, sha1 (only the old header)."""
        content = body if isinstance(body, bytes) else wire.encode(body, self.style)
        delivery = self._delivery(app, content, pages, updates)
        if signed != "right":
            del delivery.headers["x-hub-signature-256"]
        if signed == "wrong":
            delivery.headers["x-hub-signature-256"] = wire.signature("not " + app.secret, content)
        if signed in {"none", None}:
            del delivery.headers["x-hub-signature"]
        self._line(app.id).put_nowait(delivery)
        return delivery

    def _pack(self, app: App, events: list[Event]) -> Delivery:
        entries: list[Json] = []
        for event in events:
            last = entries[-1] if entries else None
            if last is None or last["id"] != event.page_id or event.kind not in last:
                entries.append({"id": event.page_id, "time": event.at, event.kind: [event.item]})
            else:
                last[event.kind].append(event.item)
        body = wire.encode({"object": "page", "entry": entries}, self.style)
        return self._delivery(app, body, tuple(sorted({event.page_id for event in events})), len(events))

    def _delivery(self, app: App, body: bytes, pages: tuple[str, ...], updates: int) -> Delivery:
        headers = {
            "content-type": "application/json",
            "user-agent": "facebookexternalua",
            "accept": "*/*",
            "x-hub-signature": wire.old_signature(app.secret, body),
            "x-hub-signature-256": wire.signature(app.secret, body),
        }
        return Delivery(app.id, app.webhook_url or "", body, headers, pages, updates, self.world.now.timestamp())

    # ── carrying ──

    async def _work(self, app_id: str, line: "asyncio.Queue[Event | Delivery]") -> None:
        while True:
            taken = [await line.get()]
            while isinstance(taken[-1], Event) and len(taken) < min(self.batch_max, LARGEST) and not line.empty():
                taken.append(line.get_nowait())
            try:
                events = [one for one in taken if isinstance(one, Event)]
                ready = [one for one in taken if isinstance(one, Delivery)]
                if events:
                    ready.insert(0, self._pack(self.world.app(app_id), events))
                for one in ready:
                    self.deliveries.append(one)
                    await self._attempt(one)
                    if not one.arrived and self.pace.retries[:1] == (0,):
                        await self._attempt(one)
            finally:
                for _ in taken:
                    line.task_done()

    async def _attempt(self, delivery: Delivery) -> None:
        if delivery.pages and not any(self._subscribed(delivery.app_id, page) for page in delivery.pages):
            return
        delivery.attempts += 1
        try:
            async with asyncio.timeout(self.pace.timeout):
                url = self.world.app(delivery.app_id).webhook_url or delivery.url
                answer = await self._client.post(url, content=delivery.body, headers=delivery.headers)
            delivery.statuses.append(answer.status_code)
            well = answer.status_code == 200
        except TimeoutError:
            delivery.statuses.append("timeout")
            well = False
        except httpx.HTTPError as error:
            delivery.statuses.append(type(error).__name__)
            well = False
        now = self.world.now.timestamp()
        for page_id in delivery.pages:
            self._judge(delivery.app_id, page_id, now, well=well)
        if not well:
            self._again(delivery, now)

    def _again(self, delivery: Delivery, now: float) -> None:
        number = delivery.attempts - 1
        if number == 0 and self.pace.retries[:1] == (0,):
            return
        if number < len(self.pace.retries) and now - delivery.first_at < self.pace.give_up_after:
            heapq.heappush(self._retries, (now + self.pace.retries[number], next(self._order), delivery))
            self._wake.set()

    def _subscribed(self, app_id: str, page_id: str) -> bool:
        page = self.world.state.pages.get(page_id)
        return page is not None and app_id in page.subscriptions

    def _judge(self, app_id: str, page_id: str, now: float, *, well: bool) -> None:
        key = (app_id, page_id)
        if well:
            self._failing.pop(key, None)
            self._alerted.discard(key)
            return
        since = now - self._failing.setdefault(key, now)
        alerts = self.world.app(app_id).alerts
        if since >= self.pace.alert_after and key not in self._alerted:
            self._alerted.add(key)
            alerts.append({"kind": "webhooks_failing", "page_id": page_id, "at": now})
        if since >= self.pace.unsubscribe_after:
            self.world.page(page_id).subscriptions.pop(app_id, None)
            self._failing.pop(key, None)
            alerts.append({"kind": "webhooks_disabled", "page_id": page_id, "at": now})

    # ── time ──

    def start(self) -> None:
        """Begin to watch what has to be tried again."""
        self._timer = asyncio.create_task(self._watch())

    async def _watch(self) -> None:
        while True:
            self._wake.clear()
            due = self.next_due()
            wait = None if due is None else max(0.01, min(1.0, due - self.world.now.timestamp()))
            try:
                async with asyncio.timeout(wait):
                    await self._wake.wait()
            except TimeoutError:
                await self.retry_due()

    def next_due(self) -> float | None:
        """When the next try is due, in seconds of the world's clock."""
        return self._retries[0][0] if self._retries else None

    async def retry_due(self) -> None:
        """Try everything again that is due by now."""
        now = self.world.now.timestamp()
        ready: list[Delivery] = []
        while self._retries and self._retries[0][0] <= now:
            ready.append(heapq.heappop(self._retries)[2])
        for delivery in ready:
            await self._attempt(delivery)

    async def settle(self) -> None:
        """Return when every update had its first try."""
        for line in list(self._lines.values()):
            await line.join()

    async def challenge(self, url: str, verify_token: str) -> tuple[bool, str]:
        """Verify a webhook address as Meta does: whether it answered the bare challenge, and what it said."""
        number = str(secrets.randbelow(10**9))
        query: dict[str, Any] = {"hub.mode": "subscribe", "hub.challenge": number, "hub.verify_token": verify_token}
        try:
            answer = await self._client.get(url, params=query, timeout=self.pace.timeout)
        except httpx.HTTPError as error:
            return False, f"HTTP Message = {type(error).__name__}"
        if answer.status_code != 200:
            return False, f"HTTP Status Code = {answer.status_code}; HTTP Message = {answer.reason_phrase}"
        return answer.content == number.encode(), "The challenge did not come back as it was"

    async def post_form(self, url: str, form: dict[str, str]) -> httpx.Response:
        """Post a form: data deletion and deauthorisation."""
        return await self._client.post(url, data=form, timeout=self.pace.timeout)

    async def fetch(self, url: str, seconds: float) -> httpx.Response:
        """Get a file that an app named."""
        return await self._client.get(url, timeout=seconds, follow_redirects=True)

    async def stop(self) -> None:
        """Drop what is on its way."""
        for task in (*self._workers, *([self._timer] if self._timer else [])):
            task.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)
        await self._client.aclose()
