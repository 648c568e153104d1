"""What is worth nothing a second later: typing, who is looking, who is there. Never events, never stored for long.

Sent between web processes as small JSON payloads on the wake-up connection.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import psycopg
import structlog

from svardesk.accounts import auth, presence
from svardesk.channels import connections
from svardesk.channels.webchat import sessions, whereabouts
from svardesk.channels.webchat import visitors as webchat
from svardesk.conversations import presence as at_conversation
from svardesk.conversations import receipts
from svardesk.house import House
from svardesk.kit.errors import Unavailable
from svardesk.kit.jsons import encode
from svardesk.realtime import renewing
from svardesk.realtime.frames import frame
from svardesk.realtime.hub import AgentSocket, Hub, VisitorSocket
from svardesk.spine.wakeups import LIVE

log = structlog.get_logger()

LEASE_SECONDS = 30
RENEW_SECONDS = 10
RECEIPT_SECONDS = 0.5
TOGETHER_SECONDS = 0.25
RETRY_SECONDS = 0.5


class Note(msgspec.Struct, frozen=True, omit_defaults=True):
    """One short-lived fact. ``k``: typing, presence, visitor, availability. ``f`` is the process that said it."""

    k: str
    a: UUID
    f: UUID
    c: UUID | None = None
    by: str = ""
    name: str = ""
    on: bool = False
    url: str = ""
    title: str = ""


_decoder = msgspec.json.Decoder(Note)


class Live:
    """Sends and receives notes, keeps the leases of the agents that are connected here."""

    def __init__(self, house: House, hub: Hub) -> None:
        self._house = house
        self._hub = hub
        self._tasks: set[asyncio.Task[Any]] = set()
        self._stale: set[UUID] = set()
        self._telling: set[UUID] = set()
        self._reached: dict[UUID, dict[UUID, int]] = {}

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Keep leases while the block runs."""
        task = asyncio.create_task(self._leases())
        try:
            yield
        finally:
            task.cancel()
            for one in self._tasks:
                one.cancel()
            await asyncio.gather(task, *self._tasks, return_exceptions=True)

    # ---------------------------------------------------------------- sending

    def say(self, kind: str, account: UUID, conversation: UUID | None = None, **more: Any) -> None:
        """Tell all web processes, this one at once."""
        note = Note(kind, account, self._house.process_id, conversation, **more)
        self._house.notifier.send(LIVE, encode(note).decode())
        self._handle(note)

    def typing_agent(self, socket: AgentSocket, conversation: UUID, *, on: bool) -> None:
        """An agent types (or stopped)."""
        self.say("typing", socket.account_id, conversation, by="agent", name=socket.caller.name.split(" ")[0], on=on)

    def typing_visitor(self, socket: VisitorSocket, *, on: bool) -> None:
        """A visitor types (or stopped)."""
        if socket.conversation_id is not None:
            self.say("typing", socket.account_id, socket.conversation_id, by="visitor", on=on)

    def presence_moved(self, account: UUID, conversation: UUID) -> None:
        """Who is at a conversation has changed; every process reads it again for its open tabs."""
        self.say("presence", account, conversation)

    def availability_moved(self, account: UUID) -> None:
        """Somebody came or went: visitors are told whether anybody is there."""
        self.say("availability", account)

    def rights_changed(self, account: UUID) -> None:
        """Roles, teams or tokens changed: look again what each socket of the account may see; once for many changes."""
        if account not in self._stale:
            self._stale.add(account)
            self._later(self._renew_rights(account))

    def afresh(self, account: UUID) -> None:
        """Something about the account may have been missed: look again at everybody, and let them read anew."""
        auth.forget(self._house.db, account_id=account)
        webchat.forget()
        connections.REMEMBERED.forget()
        room = self._hub.room(account)
        if room is not None:
            text = frame("refetch", reason="missed")
            for socket in (*room.agents, *room.visitors):
                socket.push(text)
            self.rights_changed(account)
            self._later(self._renew_visitors(list(room.visitors)))

    # ---------------------------------------------------------------- receiving

    def heard(self, payload: str) -> None:
        """A note of some process; our own have been handled already."""
        try:
            note = _decoder.decode(payload)
        except msgspec.DecodeError:
            log.info("unknown_live_note")
            return
        if note.f != self._house.process_id:
            self._handle(note)

    def _handle(self, note: Note) -> None:
        room = self._hub.room(note.a)
        if room is None:
            return
        if note.k == "typing" and note.c is not None:
            if note.by == "visitor":
                text = frame("visitor_typing", conversation_id=note.c, typing=note.on)
                for agent in room.open.get(note.c, ()):
                    agent.push(text)
            else:
                text = frame("typing", name=note.name, on=note.on)
                for visitor in room.by_conversation.get(note.c, ()):
                    visitor.push(text)
        elif note.k == "visitor" and note.c is not None:
            text = frame("visitor", conversation_id=note.c, page_url=note.url, page_title=note.title, online=note.on)
            for agent in room.open.get(note.c, ()):
                agent.push(text)
        elif note.k == "presence" and note.c is not None and room.open.get(note.c):
            self._later(self._tell_presence(note.a, note.c))
        elif note.k == "availability" and room.visitors and note.a not in self._telling:
            self._telling.add(note.a)
            self._later(self._tell_availability(note.a))

    def _later(self, work: Any) -> None:
        task = asyncio.create_task(_quietly(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _tell_presence(self, account: UUID, conversation: UUID) -> None:
        async with self._house.db.work(account) as tx:
            there = await at_conversation.present(tx, [conversation], self._house.clock.now())
        room = self._hub.room(account)
        for socket in room.open.get(conversation, ()) if room else ():
            others = [one for one in there[conversation] if one.agent_id != socket.caller.agent_id]
            socket.push(frame("presence", conversation_id=conversation, agents=others))

    async def _tell_availability(self, account: UUID) -> None:
        # A shift begins, a cut line is back: two hundred agents come at once, and their visitors are told once.
        await asyncio.sleep(TOGETHER_SECONDS)
        self._telling.discard(account)
        room = self._hub.room(account)
        if room is None:
            return
        shown: dict[tuple[UUID, str], str] = {}
        async with self._house.db.work(account) as tx:
            for socket in list(room.visitors):
                key = (socket.visitor.connection_id, socket.locale)
                if key not in shown:
                    there, away_text = await sessions.availability(tx, self._house.clock.now(), socket.visitor)
                    shown[key] = frame("availability", agents_online=there, away_text=away_text)
                socket.push(shown[key])

    async def _renew_rights(self, account: UUID) -> None:
        while True:
            self._stale.discard(account)
            auth.forget(self._house.db, account_id=account)
            room = self._hub.room(account)
            try:
                for socket in list(room.agents) if room else []:
                    if socket.closing is None:
                        await renewing.agent(self._house, self._hub, socket)
            except (psycopg.OperationalError, Unavailable) as error:
                # Nobody may keep yesterday's rights because the database was away for a moment.
                log.warning("rights_not_renewed", error=str(error).strip())
                await asyncio.sleep(RETRY_SECONDS)
            else:
                return

    async def _renew_visitors(self, sockets: list[VisitorSocket]) -> None:
        for socket in sockets:
            if socket.closing is None:
                await renewing.visitor(self._house, self._hub, socket)

    async def end_expired(self) -> None:
        """End the sockets whose session has run out; whoever used theirs meanwhile stays."""
        now = self._house.clock.now()
        for room in list(self._hub.rooms.values()):
            for socket in list(room.agents):
                ends = socket.caller.expires_at
                if socket.closing is None and ends is not None and ends <= now:
                    await renewing.agent(self._house, self._hub, socket)
            await self._renew_visitors([one for one in room.visitors if one.visitor.expires_at <= now])

    # ---------------------------------------------------------------- leases

    async def renew_agents(self) -> None:
        """Say of every agent connected here that they are, for another half minute."""
        until = self._house.clock.now() + timedelta(seconds=LEASE_SECONDS)
        for account, agents in self._hub.agents_by_account().items():
            async with self._house.db.work(account) as tx:
                await presence.renew(tx, list(agents), self._house.process_id, until)

    async def agent_came(self, account: UUID, agent: UUID) -> None:
        """The first tab of an agent here has opened."""
        async with self._house.db.work(account) as tx:
            until = self._house.clock.now() + timedelta(seconds=LEASE_SECONDS)
            await presence.renew(tx, [agent], self._house.process_id, until)
        self.availability_moved(account)

    async def agent_left(self, account: UUID, agent: UUID) -> None:
        """The last tab of an agent here has gone."""
        async with self._house.db.work(account) as tx:
            await presence.end(tx, [agent], self._house.process_id)
        self.availability_moved(account)

    def reached_agents(self, account: UUID, arrived: dict[UUID, int]) -> None:
        """Messages of customers were put before agents here: their senders are told, a little later and together."""
        if arrived:
            self._reached.setdefault(account, {}).update(arrived)

    async def _tell_reached(self) -> None:
        reached, self._reached = self._reached, {}
        for account, seqs in reached.items():
            async with self._house.db.work(account) as tx:
                await receipts.agents_delivered(tx, seqs)

    async def renew_visitors(self) -> None:
        """Note of every visitor connected here, in a conversation, that they are still there."""
        for account, room in list(self._hub.rooms.items()):
            here = {socket.visitor.id for sockets in room.by_conversation.values() for socket in sockets}
            if here:
                async with self._house.db.work(account) as tx:
                    await whereabouts.seen(tx, here, self._house.clock.now())

    async def _leases(self) -> None:
        seen = 0.0
        rounds = 0
        while True:
            await asyncio.sleep(RECEIPT_SECONDS)
            await _quietly(self._tell_reached())
            rounds += 1
            if rounds * RECEIPT_SECONDS >= RENEW_SECONDS:
                rounds = 0
                await _quietly(self.renew_agents())
                await _quietly(self.end_expired())
                seen += RENEW_SECONDS
            if seen >= whereabouts.SEEN_EVERY_SECONDS:
                seen = 0.0
                await _quietly(self.renew_visitors())


async def _quietly(work: Any) -> None:
    try:
        await work
    except asyncio.CancelledError:
        raise
    except Exception as error:  # noqa: BLE001 - worth nothing a second later, so nothing is retried
        log.warning("live_failed", error=str(error).strip())
