"""The tail: every web process follows all positions, read-only, for its own sockets.

Woken by a notification, it reads the new events, finds out which sockets here care, reads the current rows once per
account and queues the frames. Resuming works by the same code: the missed events of one account, for one socket.
"""

import asyncio
from collections import defaultdict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import msgspec
import psycopg
import structlog

from svardesk.accounts import auth
from svardesk.accounts import events as accounts_facts
from svardesk.channels import connections
from svardesk.channels.signals import Signals
from svardesk.channels.webchat import visitors as webchat
from svardesk.channels.webchat import whereabouts
from svardesk.conversations import store
from svardesk.house import House
from svardesk.kit.errors import Unavailable
from svardesk.realtime import renewing
from svardesk.realtime.frames import Hydrated, Wanted, frame, hydrate
from svardesk.realtime.hub import SIGNED_OUT, AgentSocket, Hub, Room, Socket, VisitorSocket
from svardesk.realtime.live import Live
from svardesk.spine import Recorded, Token
from svardesk.spine import log as event_log
from svardesk.spine.wakeups import LIVE, LOG, Listener, Signal

log = structlog.get_logger()

WINDOW = 20_000
"""Positions that a resume token may lie behind the log before a fresh snapshot is cheaper."""
MOST_MISSED = 1_000
"""Events that one socket is told again, at most one frame each: well below what its queue holds."""
MOST_TRIES = 20
"""After five seconds of failing with a database that answers, the batch itself must be what fails."""
_RIGHTS = (
    accounts_facts.AgentChanged, accounts_facts.AgentArchived, accounts_facts.ApiTokenRevoked, accounts_facts.TeamChanged,
)  # fmt: skip
"""What can change what an open socket may see. A sign-in cannot: there is one for every agent every morning."""
MOST_REGROUPED = 200
"""Lines that are told anew when people are merged; with more of them a fresh snapshot is cheaper."""
BATCH = 1000
IDLE_SECONDS = 1.0


class Tail:
    """Follows the log and feeds the hub. ``token`` is what snapshots hand out: read it before the rows."""

    def __init__(self, house: House, hub: Hub, live: Live, signals: Signals) -> None:
        self._house = house
        self._hub = hub
        self._live = live
        self._signals = signals
        self._signal = Signal()
        self._listener = Listener(
            house.db.dsn,
            {LOG: lambda _: self._signal.set(), LIVE: live.heard},
            self._reconnected,
            "svardesk web listen",
        )
        self.token = Token(UUID(int=0), 0)
        self._epochs: list[tuple[UUID, int]] = []
        self._left: deque[tuple[UUID, list[Recorded], Token]] = deque()
        self._tries = 0
        self.delivered = 0

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Follow the log while the block runs."""
        await self._load()
        tasks = [asyncio.create_task(self._listener.run()), asyncio.create_task(self._follow())]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _load(self) -> None:
        async with self._house.db.system() as tx:
            self.token = await event_log.head(tx)
            self._epochs = await event_log.epochs(tx)

    async def _reconnected(self) -> None:
        self._signal.set()

    async def _follow(self) -> None:
        while True:
            self._signal.clear()
            try:
                more = await self.step()
            except (psycopg.OperationalError, Unavailable) as error:
                log.warning("tail_without_database", error=str(error).strip())
                await asyncio.sleep(0.25)
                continue
            except Exception:
                # The batch is passed over: browsers fetch afresh, and what it said about rights is looked up.
                log.exception("tail_failed")
                self.everybody_refetch("tail_failed")
                for account in list(self._hub.rooms):
                    self._live.rights_changed(account)
                await asyncio.sleep(0.25)
                continue
            if not more:
                await self._signal.wait(IDLE_SECONDS)

    async def step(self) -> bool:
        """Read and pass on one batch; returns whether there may be more."""
        full = False
        if not self._left:
            full = await self._read()
        while self._left:
            account, batch, token = self._left[0]
            try:
                await self._pass_on(account, batch, token, self._hub.room(account))
            except (psycopg.OperationalError, psycopg.InterfaceError, Unavailable):
                self._tries += 1
                if self._tries < MOST_TRIES:
                    raise  # the database is away: what is left is passed on when it is back, revocations and all
                log.exception("tail_gave_up", account=str(account))
                self._live.afresh(account)
            except Exception:
                log.exception("tail_failed", account=str(account))
                self._live.afresh(account)
            self._left.popleft()
            self._tries = 0
        return full

    async def _read(self) -> bool:
        now, events = await event_log.follow(self._house.db, self.token.position, BATCH)
        if now.epoch != self.token.epoch:
            async with self._house.db.system() as tx:
                await self._new_epoch(await event_log.epochs(tx))
            return True
        if not events:
            return False
        by_account: defaultdict[UUID, list[Recorded]] = defaultdict(list)
        for one in events:
            by_account[one.account_id].append(one)
        # First the token, then the frames: a socket that enters meanwhile is brought up to this token by its own resume.
        self.token = token = Token(self.token.epoch, events[-1].position)
        self._left.extend((account, batch, token) for account, batch in by_account.items())
        return len(events) == BATCH

    async def _new_epoch(self, epochs: list[tuple[UUID, int]]) -> None:
        # Positions from the newest epoch's first one on may have been given before, to other events: who stands beyond
        # it starts afresh.
        newest, first = epochs[-1]
        passed = self.token.position >= first
        self._epochs = epochs
        self.token = Token(newest, min(self.token.position, first - 1))
        if passed:
            self.everybody_refetch("epoch")

    def everybody_refetch(self, reason: str) -> None:
        """Tell every socket here to fetch a fresh snapshot."""
        text = frame("refetch", reason=reason)
        for socket in self._hub.all():
            socket.push(text)

    def valid(self, token: Token | None) -> bool:
        """Whether a resume token names a place in the log that we can go on from."""
        if token is None:
            return False
        known = [index for index, (epoch, _) in enumerate(self._epochs) if epoch == token.epoch]
        if not known or token.position < self.token.position - WINDOW:
            return False
        following = self._epochs[known[0] + 1 :]
        return token.position < following[0][1] if following else token.position <= self.token.position

    async def _is_ahead(self, token: Token) -> bool:
        """Whether a token names a place that the log has reached already, though this process has not."""
        if token.epoch != self.token.epoch or token.position <= self.token.position:
            return False
        async with self._house.db.system() as tx:
            head = await event_log.head(tx)
        return head.epoch == token.epoch and token.position <= head.position

    async def resume(self, socket: Socket, token: Token | None) -> None:
        """Bring a socket that has just entered up to date: its missed frames, or the word to refetch."""
        reached = self.token
        if token is None:
            return
        if await self._is_ahead(token):
            # Handed out by another web process that was quicker: everything from here on is still to come.
            socket.push(frame("caught_up", missed=0, resume=str(token)))
            return
        if not self.valid(token):
            socket.push(frame("refetch", reason="token"))
            return
        events: list[Recorded] = []
        if token.position < reached.position:
            async with self._house.db.system() as tx:
                events = await event_log.of_account(
                    tx, socket.account_id, token.position, reached.position, MOST_MISSED + 1
                )
        if len(events) > MOST_MISSED:
            socket.push(frame("refetch", reason="too_much"))
            return
        room = Room()
        if isinstance(socket, AgentSocket):
            room.agents.add(socket)
            for conversation in socket.open:
                room.open[conversation].add(socket)
        elif isinstance(socket, VisitorSocket):
            room.visitors.add(socket)
            if socket.conversation_id:
                room.by_conversation[socket.conversation_id].add(socket)
        if events:
            await self._pass_on(socket.account_id, events, reached, room, replay=True)
        socket.push(frame("caught_up", missed=len(events), resume=str(reached)))

    async def _pass_on(
        self, account: UUID, batch: list[Recorded], token: Token, room: Room | None, *, replay: bool = False
    ) -> None:
        wanted = Wanted()
        for one in batch:
            wanted.add(one)
        if wanted.connections and not replay:
            connections.REMEMBERED.forget()
        for session in () if replay else wanted.sessions:
            webchat.forget(session)
        if wanted.people and not replay:
            await self._people(account, wanted.people, room)
        if room is None or room.empty:
            return
        if room.visitors and (wanted.sessions or wanted.started):
            await self._sessions(account, wanted, room)
        if room.agents and (wanted.known or wanted.regrouped):
            await self._persons(account, wanted, room)
        opened, watched = set(room.open), set(room.by_conversation)
        if not room.agents and not watched & (wanted.rows.keys() | wanted.receipts.keys()):
            return
        now = await hydrate(self._house.db.hot.reading(account), wanted, opened, watched, agents=bool(room.agents))
        resume = str(token)
        if room.agents:
            self._to_agents(room, wanted, now, resume, replay=replay)
            for conversation in wanted.visits & opened:
                await self._visit(account, conversation, room)
        if watched:
            self._to_visitors(room, wanted, now.for_visitors, resume)
        if room.agents and not replay:
            self._live.reached_agents(account, wanted.arrived)

    async def _persons(self, account: UUID, wanted: Wanted, room: Room) -> None:
        """People were merged, parted, or are better known: new lines in the inbox, a new look for whoever has one open."""
        async with self._house.db.work(account) as tx:
            lines = await store.of_contacts(tx, wanted.regrouped, MOST_REGROUPED + 1) if wanted.regrouped else []
            opened = await store.opened_of_persons(tx, room.open, wanted.known | wanted.regrouped)
        if len(lines) > MOST_REGROUPED:
            text = frame("refetch", reason="merged")
            for socket in room.agents:
                socket.push(text)
            return
        wanted.rows.update(dict.fromkeys(lines))
        for conversation in opened:
            text = frame("contact", conversation_id=conversation)
            for socket in room.open.get(conversation, ()):
                socket.push(text)

    async def _visit(self, account: UUID, conversation: UUID, room: Room) -> None:
        async with self._house.db.work(account) as tx:
            visitor = await whereabouts.of_conversation(tx, conversation)
        if visitor is not None:
            text = frame("visitor", conversation_id=conversation, **msgspec.structs.asdict(visitor))
            for socket in room.open.get(conversation, ()):
                socket.push(text)

    async def _sessions(self, account: UUID, wanted: Wanted, room: Room) -> None:
        """Visitors whose conversation has begun, or whose session is over or belongs to somebody else now."""
        begun: set[UUID] = set()
        if wanted.started and any(socket.conversation_id is None for socket in room.visitors):
            async with self._house.db.work(account) as tx:
                begun = await webchat.sessions_of(tx, list(wanted.started))
        for socket in list(room.visitors):
            if socket.visitor.id not in wanted.sessions and (
                socket.conversation_id is not None or socket.visitor.id not in begun
            ):
                continue
            if await renewing.visitor(self._house, self._hub, socket) and socket.conversation_id is not None:
                # The room of a replay is not the hub's.
                room.by_conversation[socket.conversation_id].add(socket)

    def _to_agents(self, room: Room, wanted: Wanted, now: Hydrated, resume: str, *, replay: bool) -> None:
        rows, messages = now.rows, now.messages
        found = set()
        for row in rows:
            found.add(row.id)
            text = frame("conversation", row=row, resume=resume)
            gone = frame("conversation_gone", id=row.id) if row.id in wanted.moved else None
            for socket in room.agents:
                if socket.sees(row.team_id, row.assignee_id):
                    socket.push(text)
                elif gone is not None:
                    socket.push(gone)
                    self._hub.shut(socket, row.id)
        for missing in wanted.rows.keys() - found:
            text = frame("conversation_gone", id=missing)
            for socket in room.agents:
                socket.push(text)
        seen_by = {row.id: (row.team_id, row.assignee_id) for row in rows}
        for message in messages:
            text = frame("message", message=message, resume=resume)
            for socket in room.open.get(message.conversation_id, ()):
                if socket.sees(*seen_by.get(message.conversation_id, (None, None))):
                    socket.push(text)
        for erased in wanted.erased:
            for socket in room.open.get(erased, ()):
                socket.push(frame("refetch", reason="erased"))
        self._personal(room, wanted, replay=replay)
        self.delivered += len(room.agents) * len(rows)

    def _personal(self, room: Room, wanted: Wanted, *, replay: bool) -> None:
        if wanted.connections:
            text = frame("connections_changed")
            for socket in room.agents:
                socket.push(text)
        for read in wanted.reads:
            text = frame("read", conversation_id=read.stream, seq=read.seq)
            for socket in room.agents:
                if socket.caller.agent_id == read.agent_id:
                    socket.push(text)
                    if not replay:
                        # A person has looked: whose tab is here tells the customer, where the channel can.
                        self._signals.tell(socket.account_id, read.stream, "seen")
        for draft in wanted.drafts:
            text = frame("draft_changed", conversation_id=draft.stream, version=draft.version)
            for socket in room.agents:
                if socket.caller.agent_id == draft.agent_id:
                    socket.push(text)
        for mention in wanted.mentions:
            text = frame("mention", conversation_id=mention.stream, message_id=mention.message_id)
            for socket in room.agents:
                if socket.caller.agent_id == mention.agent_id:
                    socket.push(text)

    def _to_visitors(self, room: Room, wanted: Wanted, messages: list, resume: str) -> None:  # pyright: ignore[reportMissingTypeArgument]
        now = self._house.clock.now()
        for row in messages:
            for socket in room.by_conversation.get(row["conversation_id"], ()):
                # Each visitor's links to files are good for that session only.
                socket.push(frame("message", message=webchat.visitor_message(row, socket.visitor, now), resume=resume))
        for conversation, fact in wanted.receipts.items():
            text = frame(
                "receipts", delivered_seq=fact.agents_delivered_seq, read_seq=fact.agents_read_seq, resume=resume
            )
            for socket in room.by_conversation.get(conversation, ()):
                socket.push(text)
        for conversation in wanted.statuses:
            text = frame("conversation", id=conversation, changed=True)
            for socket in room.by_conversation.get(conversation, ()):
                socket.push(text)

    async def _people(self, account: UUID, changes: list, room: Room | None) -> None:  # pyright: ignore[reportMissingTypeArgument]
        """What happened to agents: forget what the cache knew, close revoked sessions, renew rights."""
        for fact in changes:
            auth.forget(self._house.db, account_id=account)
            if room is None:
                continue
            if isinstance(fact, accounts_facts.SessionRevoked):
                for socket in list(room.agents):
                    if socket.session_id in fact.session_ids:
                        socket.push(frame("signed_out"))
                        socket.close(SIGNED_OUT, "signed_out")
            elif isinstance(fact, accounts_facts.AvailabilityChanged):
                text = frame("agent", id=fact.stream, availability=fact.availability)
                for socket in room.agents:
                    socket.push(text)
                self._live.availability_moved(account)
            elif isinstance(fact, _RIGHTS):
                self._live.rights_changed(account)
