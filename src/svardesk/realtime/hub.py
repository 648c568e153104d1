"""The hub: all sockets of this process, each with a bounded queue, so that one slow reader delays nobody.

A frame is encoded once and the same bytes are queued for everybody who may see it. A socket whose queue is full is closed
with 4008; the client comes back with its resume token and gets what it missed.
"""

import asyncio
from collections import defaultdict, deque
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from svardesk.accounts.caller import Caller
from svardesk.channels.webchat.visitors import Visitor

MOST_FRAMES = 2000
MOST_BYTES = 1024 * 1024
LAGGING = 4008
SIGNED_OUT = 4401
PING = '{"t":"ping"}'
PING_SECONDS = 25.0
SILENCE_SECONDS = 60.0
FAREWELL_SECONDS = 10.0
"""So long a client may take to take what is left; then its connection is let go without a word."""


class Socket:
    """One connected browser. ``push`` never waits; ``write`` is the task that sends."""

    __slots__ = (
        "_bytes",
        "_frames",
        "_sent",
        "_timer",
        "_waiter",
        "_writer",
        "account_id",
        "closing",
        "heard",
        "session_id",
    )

    def __init__(self, account_id: UUID, session_id: UUID | None) -> None:
        self.account_id = account_id
        self.session_id = session_id
        self.closing: tuple[int, str] | None = None
        self.heard = 0.0
        self._frames: deque[str] = deque()
        self._bytes = 0
        self._sent = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._writer: asyncio.Task[Any] | None = None

    def push(self, frame: str) -> None:
        """Queue a frame (JSON text); closes the socket as lagging when its queue is full."""
        if self.closing is not None:
            return
        self._frames.append(frame)
        self._bytes += len(frame)
        if len(self._frames) > MOST_FRAMES or self._bytes > MOST_BYTES:
            self.close(LAGGING, "lagging")
        self._wake()

    def _wake(self) -> None:
        # A bare future: a hundred thousand deliveries a second go through here, and an event with a time limit costs
        # as much as the sending.
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def close(self, code: int, reason: str) -> None:
        """Close after what is queued for a reason that the client should hear, at once for a laggard."""
        if self.closing is None:
            self.closing = (code, reason)
            if code == LAGGING:
                self._frames.clear()
            self._wake()
            if self._writer is not None:
                # Whoever takes nothing takes no farewell either: the writer would wait in it for a quarter of an hour,
                # and the agent would be shown as there.
                asyncio.get_running_loop().call_later(FAREWELL_SECONDS, self._writer.cancel)

    async def write(self, send: Any) -> None:
        """Send queued frames until the socket closes; pings a silent client and closes a dead one."""
        loop = asyncio.get_running_loop()
        self.heard = self._sent = loop.time()
        self._writer = asyncio.current_task()
        self._look_after(loop)
        try:
            await self._write(send, loop)
        finally:
            if self._timer is not None:
                self._timer.cancel()

    def _look_after(self, loop: asyncio.AbstractEventLoop) -> None:
        """Ping when nothing was sent for a while, close when nothing was heard for long."""
        now = loop.time()
        if now - self.heard > SILENCE_SECONDS:
            self.close(LAGGING, "silent")
            return
        if now - self._sent >= PING_SECONDS:
            self.push(PING)
            self._sent = now
        self._timer = loop.call_later(max(0.1, self._sent + PING_SECONDS - now), self._look_after, loop)

    async def _write(self, send: Any, loop: asyncio.AbstractEventLoop) -> None:
        while True:
            while self._frames:
                frame = self._frames.popleft()
                self._bytes -= len(frame)
                await send({"type": "websocket.send", "text": frame})
            if self.closing is not None:
                code, reason = self.closing
                await send({"type": "websocket.close", "code": code, "reason": reason})
                return
            self._sent = loop.time()
            self._waiter = loop.create_future()
            await self._waiter


class AgentSocket(Socket):
    """An agent's tab: what it may see, which conversations it has open, and what it said last in each, and when."""

    __slots__ = ("caller", "hidden", "open", "said")

    def __init__(self, caller: Caller) -> None:
        super().__init__(caller.account_id, caller.session_id)
        self.caller = caller
        self.hidden = frozenset(caller.hidden_team_ids)
        self.open: set[UUID] = set()
        self.said: dict[UUID, tuple[str, float]] = {}

    def become(self, caller: Caller) -> None:
        """Take over changed rights."""
        self.caller = caller
        self.hidden = frozenset(caller.hidden_team_ids)

    def sees(self, team_id: UUID | None, assignee_id: UUID | None) -> bool:
        """Whether a conversation of this team and assignee may be shown (the rule of every query)."""
        return team_id is None or team_id not in self.hidden or assignee_id == self.caller.agent_id


class VisitorSocket(Socket):
    """A visitor's tab."""

    __slots__ = ("conversation_id", "locale", "visitor")

    def __init__(self, visitor: Visitor) -> None:
        super().__init__(visitor.account_id, visitor.id)
        self.visitor = visitor
        self.conversation_id = visitor.conversation_id
        self.locale = visitor.locale


class Room:
    """The sockets of one account in this process."""

    __slots__ = ("agents", "by_conversation", "open", "visitors")

    def __init__(self) -> None:
        self.agents: set[AgentSocket] = set()
        self.visitors: set[VisitorSocket] = set()
        self.open: defaultdict[UUID, set[AgentSocket]] = defaultdict(set)
        self.by_conversation: defaultdict[UUID, set[VisitorSocket]] = defaultdict(set)

    @property
    def empty(self) -> bool:
        """Whether nobody of this account is connected here."""
        return not self.agents and not self.visitors


class Hub:
    """All rooms of this process."""

    def __init__(self) -> None:
        self.rooms: dict[UUID, Room] = {}

    def room(self, account_id: UUID) -> Room | None:
        """Return the account's sockets, or None if nobody of it is connected here."""
        return self.rooms.get(account_id)

    def enter_agent(self, socket: AgentSocket) -> None:
        """Connect an agent's tab."""
        self.rooms.setdefault(socket.account_id, Room()).agents.add(socket)

    def enter_visitor(self, socket: VisitorSocket) -> None:
        """Connect a visitor's tab."""
        room = self.rooms.setdefault(socket.account_id, Room())
        room.visitors.add(socket)
        if socket.conversation_id is not None:
            room.by_conversation[socket.conversation_id].add(socket)

    def bind(self, socket: VisitorSocket, visitor: Visitor) -> None:
        """The visitor's conversation has begun, or is another one now."""
        room = self.rooms.get(socket.account_id)
        before = socket.conversation_id
        socket.visitor = visitor
        if room is None or before == visitor.conversation_id:
            return
        if before is not None:
            room.by_conversation[before].discard(socket)
        socket.conversation_id = visitor.conversation_id
        if visitor.conversation_id is not None:
            room.by_conversation[visitor.conversation_id].add(socket)

    def open(self, socket: AgentSocket, conversation_id: UUID) -> None:
        """The tab shows a conversation: it gets its messages."""
        socket.open.add(conversation_id)
        self.rooms[socket.account_id].open[conversation_id].add(socket)

    def shut(self, socket: AgentSocket, conversation_id: UUID) -> None:
        """The tab shows it no longer."""
        socket.open.discard(conversation_id)
        socket.said.pop(conversation_id, None)
        room = self.rooms.get(socket.account_id)
        if room is not None and conversation_id in room.open:
            room.open[conversation_id].discard(socket)
            if not room.open[conversation_id]:
                del room.open[conversation_id]

    def leave(self, socket: Socket) -> None:
        """Disconnect a tab."""
        room = self.rooms.get(socket.account_id)
        if room is None:
            return
        if isinstance(socket, AgentSocket):
            for conversation in list(socket.open):
                self.shut(socket, conversation)
            room.agents.discard(socket)
        elif isinstance(socket, VisitorSocket):
            room.visitors.discard(socket)
            held = room.by_conversation.get(socket.conversation_id) if socket.conversation_id else None
            if held is not None:
                held.discard(socket)
                if not held:
                    del room.by_conversation[socket.conversation_id]  # pyright: ignore[reportArgumentType]
        if room.empty:
            self.rooms.pop(socket.account_id, None)

    def all(self) -> Iterable[Socket]:
        """Every socket of this process."""
        for room in list(self.rooms.values()):
            yield from list(room.agents)
            yield from list(room.visitors)

    def agents_by_account(self) -> dict[UUID, set[UUID]]:
        """Which agents of which accounts are connected here."""
        return {
            account: {socket.caller.agent_id for socket in room.agents}
            for account, room in self.rooms.items()
            if room.agents
        }
