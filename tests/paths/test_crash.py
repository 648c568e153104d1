"""kill -9 of web process, worker and database under load, again and again: every acknowledged message is there, once.

`svardesk run` supervises everything with its own database on disk (fsync on). Visitors and agents write all the while
and, as their programs do, send again with the same client id until they hear that it is stored. Then everything is
counted.
"""

import asyncio
import os
import random
import signal
import tempfile
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest
import websockets

from svardesk.kit.db import Database
from svardesk.kit.postgres import Cluster
from svardesk.kit.postgres.postmaster import read_postmaster
from tests.desk import Browser, Frames
from tests.factories import PASSWORD, Account, Agent, make_account, make_agent, make_widget
from tests.paths.processes import KEYS, Process, Side

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

VISITORS = 6
AGENTS = 2
WRITES_BETWEEN = (12, 60)
"""Acknowledged messages that must come through between one blow and the next: everything works again by then."""
BLOWS = (
    "web", "database", "worker", "backend", "web and worker", "database", "database and web", "worker", "backend",
    "everything", "web", "supervisor",
)  # fmt: skip


@dataclass
class Said:
    """One message of a program: what it sent, and what it was told."""

    conversation: str
    author: str
    number: int
    client_id: str
    body: str
    tries: int
    seq: int


@dataclass
class Desk:
    """The supervised house, and everything that was acknowledged or went wrong on the way."""

    process: Process
    side: Side
    data: Path
    db: Database
    account: Account
    agents: list[Agent]
    widget: str
    said: list[Said] = field(default_factory=list)
    trouble: Counter[str] = field(default_factory=Counter)
    progress: asyncio.Condition = field(default_factory=asyncio.Condition)
    ending: bool = False

    def browser(self) -> Browser:
        return Browser(self.side)  # pyright: ignore[reportArgumentType]

    async def heard(self, one: Said) -> None:
        async with self.progress:
            self.said.append(one)
            self.progress.notify_all()

    async def writes(self, more: int, seconds: float = 40) -> None:
        """Wait until so many more messages were acknowledged."""
        wanted = len(self.said) + more
        async with asyncio.timeout(seconds), self.progress:
            await self.progress.wait_for(lambda: len(self.said) >= wanted)

    async def insist(self, call: Callable[[], Awaitable[httpx.Response]]) -> tuple[httpx.Response, int]:
        """Ask until there is an answer, as the widget and the agent app do; returns it and the number of tries.

        While something is down a program may hear nothing or 503, and nothing else: any other answer would make it give
        up what it should send again.
        """
        tries = 0
        while True:
            tries += 1
            try:
                answer = await call()
            except httpx.TransportError as error:
                self.trouble[type(error).__name__] += 1
            else:
                if answer.status_code != 503:
                    assert answer.status_code in {200, 201}, (answer.status_code, answer.text)
                    return answer, tries
                assert answer.json()["error"]["code"] in {"database_unavailable", "busy", "unavailable"}, answer.text
                self.trouble["503"] += 1
            await asyncio.sleep(0.1)

    # ------------------------------------------------------------------ blows

    def children(self, *commands: str) -> list[int]:
        """Process ids of the supervisor's children that run one of ``commands``."""
        listed = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        found = []
        for pid in listed:
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            if any(command.encode() in words for command in commands):
                found.append(int(pid))
        return found

    def strike(self, what: str) -> None:
        """kill -9."""
        pids: list[int] = []
        if what == "supervisor":
            pids.append(self.process.pid)
        if what in {"web", "web and worker", "database and web", "everything"}:
            pids += self.children("serve")
        if what in {"worker", "web and worker", "everything"}:
            pids += self.children("work")
        if what in {"database", "database and web", "everything"}:
            postmaster = read_postmaster(self.data / "postgres" / "pgdata")
            assert postmaster is not None
            pids.append(postmaster.pid)
        if what == "backend":
            with psycopg.connect(self.db.dsn) as conn:
                row = conn.execute(
                    "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
                    " AND application_name = 'svardesk web' ORDER BY backend_start LIMIT 1"
                ).fetchone()
            assert row is not None
            pids.append(row[0])
        assert pids, f"nothing to kill for {what}"
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        if what == "supervisor":
            self.process.process.wait(10)
            self.process = supervised(self.data, self.side)


def supervised(data: Path, side: Side) -> Process:
    """`svardesk run` on a data folder."""
    return Process(
        "run",
        SVARDESK_DATA=str(data),
        SVARDESK_DATABASE_URL="",
        SVARDESK_PUBLIC_URL=side.url,
        SVARDESK_KEYS=KEYS,
        SVARDESK_LOG="text",
        SVARDESK_HOST="127.0.0.1",
        PORT=str(side.port),
    )


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    with tempfile.TemporaryDirectory(prefix="svardesk-crash-") as folder:
        Path(folder).chmod(0o755)
        data = Path(folder).resolve() / "data"
        side = Side()
        started = [supervised(data, side)]
        try:
            await side.answers("/readyz", 60, started[0])
            db = Database(Cluster(data / "postgres").dsn("svardesk"), pool_min=1, pool_max=4, name="looking")
            await db.open()
            account = await make_account(db)
            agents = [await make_agent(db, account, "agent", name) for name in ("Kari Nordmann", "Per Berg")]
            _, key = await make_widget(db, account)
            with psycopg.connect(db.dsn) as conn:
                assert conn.execute("SHOW fsync").fetchone() == ("on",)
                assert conn.execute("SHOW synchronous_commit").fetchone() == ("on",)
            made = Desk(started[0], side, data, db, account, agents, key)
            yield made
            started.append(made.process)
            await db.close()
            assert made.process.stop() == 0, made.process.text
        finally:
            for process in started:
                if process.lives():
                    process.kill()
            Cluster(data / "postgres").stop()


async def visit(desk: Desk, number: int) -> None:
    """A visitor writes until the end, one message after the other."""
    async with desk.browser() as browser:
        body = {"widget": desk.widget, "locale": "nb", "parent": "https://butikk.example",
                "page": {"url": "https://butikk.example/", "title": ""}}  # fmt: skip
        opened, _ = await desk.insist(lambda: browser.post("/widget/v1/session", json=body))
        browser.headers["authorization"] = f"Bearer {opened.json()['visitor_token']}"
        count = 0
        while not desk.ending:
            count += 1
            post = {"client_id": str(uuid4()), "body": f"visitor {number} message {count}", "file_ids": []}
            answer, tries = await desk.insist(lambda post=post: browser.post("/widget/v1/messages", json=post))
            message = answer.json()["message"]
            assert message["body"] == post["body"]
            await desk.heard(
                Said("", f"visitor {number}", count, post["client_id"], post["body"], tries, message["seq"])
            )


async def attend(desk: Desk, agent: Agent) -> None:
    """An agent answers in one conversation after the other, until the end."""
    async with desk.browser() as browser:
        who = {"email": agent.email, "password": PASSWORD}
        signed_in, _ = await desk.insist(lambda: browser.post("/api/v1/session", json=who))
        browser.headers["x-csrf-token"] = signed_in.json()["csrf"]
        count = 0
        while not desk.ending:
            listed, _ = await desk.insist(lambda: browser.get("/api/v1/conversations", params={"view": "all"}))
            for row in listed.json()["items"]:
                count += 1
                post: dict[str, Any] = {
                    "client_id": str(uuid4()), "kind": "answer", "body": f"{agent.name} answer {count}", "file_ids": [],
                    "mention_ids": [], "based_on_seq": row["last_seq"], "confirm": True,
                }  # fmt: skip
                to = f"/api/v1/conversations/{row['id']}/messages"
                answer, tries = await desk.insist(lambda to=to, post=post: browser.post(to, json=post))
                message = answer.json()["message"]
                await desk.heard(
                    Said(row["id"], agent.name, count, post["client_id"], post["body"], tries, message["seq"])
                )
                if desk.ending:
                    return


class Follower:
    """An agent's inbox as the app keeps it: snapshot, then frames; a cut line is resumed, a refetch replaces all."""

    def __init__(self, desk: Desk, browser: Browser) -> None:
        self.desk = desk
        self.browser = browser
        self.rows: dict[str, dict] = {}
        self.resume: str | None = None
        self.refetches = 0
        self.resumed = 0
        self._news = asyncio.Condition()

    async def run(self) -> None:
        while True:
            try:
                if self.resume is None:
                    await self._snapshot()
                frames = await self.browser.agent_socket(self.resume)
            except (OSError, websockets.InvalidHandshake, websockets.InvalidMessage):
                await asyncio.sleep(0.1)
                continue
            try:
                await self._follow(frames)
            finally:
                await frames.close()

    async def _snapshot(self) -> None:
        answer, _ = await self.desk.insist(
            lambda: self.browser.get("/api/v1/conversations", params={"view": "all", "limit": 100})
        )
        found = answer.json()
        self.rows = {row["id"]: row for row in found["items"]}
        self.resume = found["resume"]

    async def _follow(self, frames: Frames) -> None:
        done = 0
        while True:
            async with frames._news:
                await frames._news.wait_for(lambda done=done: len(frames.seen) > done or frames.closed is not None)
                fresh, done = frames.seen[done:], len(frames.seen)
            for one in fresh:
                await self._take(one)
            if frames.closed is not None and len(frames.seen) == done:
                return

    async def _take(self, one: dict) -> None:
        if one["t"] == "refetch":
            self.refetches += 1
            await self._snapshot()
        elif one["t"] == "caught_up":
            self.resumed += 1
        elif one["t"] == "conversation":
            held = self.rows.get(one["row"]["id"])
            if held is None or held["version"] < one["row"]["version"]:
                self.rows[one["row"]["id"]] = one["row"]
        # As the app does: the token that comes with the welcome counts only for those who had none.
        if one.get("resume") and one["t"] != "welcome":
            self.resume = one["resume"]
        async with self._news:
            self._news.notify_all()

    async def until(self, holds: Callable[[], bool], seconds: float = 20) -> None:
        async with asyncio.timeout(seconds), self._news:
            await self._news.wait_for(holds)


def versions(rows: dict[str, dict]) -> dict[str, tuple[int, str, int]]:
    return {key: (row["version"], row["preview"], row["last_seq"]) for key, row in rows.items()}


async def test_nothing_acknowledged_is_lost_or_doubled_whatever_is_killed(desk: Desk) -> None:
    tokens: list[tuple[str, dict[str, dict]]] = []
    async with desk.browser() as watching, desk.browser() as looking:
        await watching.sign_in(desk.agents[0])
        await looking.sign_in(desk.agents[1])
        follower = Follower(desk, watching)
        async with asyncio.TaskGroup() as group:
            following = group.create_task(follower.run())
            writers = [group.create_task(visit(desk, number)) for number in range(VISITORS)]
            writers += [group.create_task(attend(desk, agent)) for agent in desk.agents]
            await desk.writes(30)
            chance = random.Random(seed := random.randrange(10**6))
            print(f"seed {seed}")
            for what in BLOWS:
                found, _ = await desk.insist(lambda: looking.get("/api/v1/conversations", params={"view": "all"}))
                tokens.append((found.json()["resume"], {row["id"]: row for row in found.json()["items"]}))
                desk.strike(what)
                await desk.writes(chance.randint(*WRITES_BETWEEN))
            desk.ending = True
            await asyncio.gather(*writers)
            await settled(desk)
            fresh = {
                row["id"]: row
                for row in (await looking.get("/api/v1/conversations", params={"view": "all"})).json()["items"]
            }
            assert len(fresh) == VISITORS
            # The socket that was cut all the while shows what a fresh look shows.
            await follower.until(lambda: versions(follower.rows) == versions(fresh))
            following.cancel()
        # So does whoever comes back now with a token from before any of the blows.
        for token, stale in tokens:
            await resumed(looking, token, stale, fresh)
    await count(desk)
    print(
        f"{len(desk.said)} acknowledged through {len(BLOWS)} blows, {sum(one.tries > 1 for one in desk.said)} of them sent"
        f" more than once; heard meanwhile: {dict(desk.trouble)}; the inbox resumed {follower.resumed} times and"
        f" fetched afresh {follower.refetches} times"
    )


async def settled(desk: Desk) -> None:
    """Wait until the log is complete, every reaction has run and every answer has gone out."""
    async with asyncio.timeout(30):
        while True:
            async with desk.db.system() as tx:
                row = await tx.one(
                    "SELECT (SELECT count(*) FROM event_outbox) AS outbox,"
                    " (SELECT last_position FROM spine_state) - (SELECT min(position) FROM reaction_cursors) AS lag"
                )
            async with desk.db.work(desk.account.id) as tx:
                queued = await tx.value("SELECT count(*) FROM messages WHERE state IN ('queued', 'sending', 'unknown')")
            if row == {"outbox": 0, "lag": 0} and queued == 0:
                return
            await asyncio.sleep(0.1)


async def resumed(browser: Browser, token: str, stale: dict[str, dict], fresh: dict[str, dict]) -> None:
    """Stale state and frames make fresh state, or the client is told to fetch it."""
    frames = await browser.agent_socket(token)
    await frames.until_true(lambda seen: any(one["t"] in {"caught_up", "refetch"} for one in seen))
    if not frames.of("refetch"):
        state = dict(stale)
        for one in frames.of("conversation"):
            held = state.get(one["row"]["id"])
            if held is None or held["version"] < one["row"]["version"]:
                state[one["row"]["id"]] = one["row"]
        assert versions(state) == versions(fresh), token
    await frames.close()


async def count(desk: Desk) -> None:
    """Count what is stored against what was acknowledged."""
    async with desk.db.work(desk.account.id) as tx:
        stored = await tx.all(
            "SELECT id, conversation_id, seq, kind, actor, client_id, body, state FROM messages ORDER BY conversation_id, seq"
        )
        conversations = await tx.all("SELECT id, last_seq FROM conversations")
        deliveries = await tx.all("SELECT message_id, state FROM deliveries")
        indexed = {row["message_id"] for row in await tx.all("SELECT message_id FROM message_search")}
        envelopes = await tx.value("SELECT count(*) FROM inbound_items")
    async with desk.db.system() as tx:
        log = await tx.all("SELECT position, type, payload FROM events ORDER BY position")
        aside = await tx.all("SELECT reaction, type, error FROM set_aside_events WHERE solved_at IS NULL")
        epochs = await tx.value("SELECT count(*) FROM spine_epochs")

    # Every acknowledged message is there once, as it was sent and where it was said to be; and nothing else is.
    written = {str(row["client_id"]): row for row in stored if row["client_id"] is not None}
    assert len(written) == sum(row["client_id"] is not None for row in stored), "a client id is there twice"
    assert set(written) == {one.client_id for one in desk.said}
    for one in desk.said:
        assert (written[one.client_id]["body"], written[one.client_id]["seq"]) == (one.body, one.seq)
    inbound = [row for row in stored if row["kind"] == "inbound"]
    answers = [row for row in stored if row["kind"] == "answer"]
    assert len(inbound) == sum(one.author.startswith("visitor") for one in desk.said) == envelopes
    assert len(answers) == len(desk.said) - len(inbound)

    # In order: places are 1, 2, 3 … in each conversation, and each author's messages stand as they were written.
    assert len(conversations) == VISITORS
    places: dict[UUID, list[int]] = defaultdict(list)
    for row in stored:
        places[row["conversation_id"]].append(row["seq"])
    for row in conversations:
        assert places[row["id"]] == list(range(1, row["last_seq"] + 1))
    numbers: dict[tuple[UUID, str], list[int]] = defaultdict(list)
    for row in inbound + answers:
        numbers[row["conversation_id"], row["actor"]].append(int(row["body"].rsplit(" ", 1)[1]))
    for found in numbers.values():
        assert found == sorted(found)

    # Every answer went out once and is settled.
    assert Counter(row["message_id"] for row in deliveries) == Counter(row["id"] for row in answers)
    assert {row["state"] for row in deliveries} <= {"sent", "delivered", "read"}
    assert {row["state"] for row in answers} <= {"sent", "delivered", "read"}

    # The log is dense, tells of every message once, and every reaction ran.
    assert [row["position"] for row in log] == list(range(1, len(log) + 1))
    told = Counter(row["payload"]["message_id"] for row in log if row["type"] in {"message_received", "answer_posted"})
    assert told == Counter(str(row["id"]) for row in inbound + answers)
    assert aside == []
    assert indexed == {row["id"] for row in inbound + answers}
    assert epochs >= 4, "each new leader of the sequencer begins an epoch"
