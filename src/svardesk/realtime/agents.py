"""The agents' door: one socket of an agent's tab, from hello to good-bye."""

import asyncio
import contextlib
from typing import Any
from uuid import UUID

import svardesk
from svardesk.accounts.caller import Caller
from svardesk.channels.signals import Signals
from svardesk.conversations import presence, reading, seeing
from svardesk.conversations.errors import NoConversation
from svardesk.house import House
from svardesk.realtime import renewing
from svardesk.realtime.commands import Command, hello, serve
from svardesk.realtime.frames import frame
from svardesk.realtime.hub import AgentSocket, Hub
from svardesk.realtime.live import Live
from svardesk.realtime.tail import Tail
from svardesk.spine import parse_token

KINDS = {"looking": "looking", "idle": "looking", "typing": "typing", "lock": "answering"}
MOST_OPEN = 20
SAID_SECONDS = 3.0
"""A lease that was renewed so lately need not be: the shortest, of those who type, lasts eight seconds."""
WORTH = {"looking": 0, "typing": 1, "lock": 2}
"""Who types looks, who holds the lock types. Idle takes back what was said before, so it is always passed on."""


class AgentDoor:
    """Lets agents' tabs in and does what they say."""

    def __init__(self, house: House, hub: Hub, tail: Tail, live: Live, signals: Signals) -> None:
        self._house = house
        self._hub = hub
        self._tail = tail
        self._live = live
        self._signals = signals

    async def enter(self, caller: Caller, receive: Any, send: Any) -> None:
        """Serve one socket until it closes."""
        await send({"type": "websocket.accept"})
        first = await hello(receive)
        if first is None:
            await send({"type": "websocket.close", "code": 4400, "reason": "hello_expected"})
            return
        socket = AgentSocket(caller)
        came = not self._is_here(caller)
        self._hub.enter_agent(socket)
        token = parse_token(first.resume)
        socket.push(frame("welcome", build=svardesk.BUILD, resume=str(self._tail.token), agent_id=caller.agent_id))
        writer = asyncio.create_task(socket.write(send))
        try:
            # The hello may have come long after the handshake: what was revoked meanwhile has passed this socket by.
            if await renewing.agent(self._house, self._hub, socket):
                await self._tail.resume(socket, token)
            if came:
                await self._live.agent_came(caller.account_id, caller.agent_id)
            await serve(receive, socket, writer, lambda command: self._do(socket, command))
        finally:
            await self._leave(socket, writer)

    def _is_here(self, caller: Caller) -> bool:
        room = self._hub.room(caller.account_id)
        return room is not None and any(one.caller.agent_id == caller.agent_id for one in room.agents)

    async def _do(self, socket: AgentSocket, command: Command) -> None:
        conversation = command.conversation_id
        if conversation is None:
            return
        if command.t == "open":
            await self._open(socket, conversation)
        elif command.t == "close_conversation":
            self._hub.shut(socket, conversation)
            await self._gone(socket, [conversation])
        elif command.t in KINDS and conversation in socket.open:
            await self._present(socket, conversation, command.t)

    async def _open(self, socket: AgentSocket, conversation: UUID) -> None:
        try:
            async with self._house.db.work(socket.account_id) as tx:
                await seeing.check_sees(tx, socket.caller, conversation)
        except NoConversation:
            socket.push(frame("conversation_gone", id=conversation))
            return
        while len(socket.open) >= MOST_OPEN:
            self._hub.shut(socket, next(iter(socket.open)))
        self._hub.open(socket, conversation)
        await self._present(socket, conversation, "looking")
        # A message between the page's snapshot and this moment was told to nobody here: the row's last_seq tells of it.
        async with self._house.db.work(socket.account_id) as tx:
            row = await reading.row_for(tx, socket.caller, conversation)
        socket.push(frame("conversation", row=row))

    async def _present(self, socket: AgentSocket, conversation: UUID, said: str) -> None:
        if said in {"typing", "idle"}:
            self._live.typing_agent(socket, conversation, on=said == "typing")
        if said == "typing":
            self._signals.tell(socket.account_id, conversation, "typing")
        if said in {"looking", "typing"} and self._known(socket, conversation, said):
            return
        socket.said[conversation] = (said, asyncio.get_running_loop().time())
        async with self._house.db.work(socket.account_id) as tx:
            await presence.renew(
                tx,
                conversation,
                socket.caller.agent_id,
                KINDS[said],
                self._house.clock.now(),
                hidden_team_ids=socket.caller.hidden_team_ids,
                release=said == "idle",
            )
        self._live.presence_moved(socket.account_id, conversation)

    def _known(self, socket: AgentSocket, conversation: UUID, said: str) -> bool:
        """Whether this tab said as much a moment ago: then nobody learns anything new, and no row is written."""
        before, at = socket.said.get(conversation, ("", 0.0))
        return WORTH.get(before, -1) >= WORTH[said] and asyncio.get_running_loop().time() - at < SAID_SECONDS

    async def _gone(self, socket: AgentSocket, conversations: list[UUID]) -> None:
        if not conversations:
            return
        room = self._hub.room(socket.account_id)
        elsewhere = {
            conversation
            for conversation in conversations
            for other in (room.open.get(conversation, ()) if room else ())
            if other is not socket and other.caller.agent_id == socket.caller.agent_id
        }
        left = [conversation for conversation in conversations if conversation not in elsewhere]
        if left:
            async with self._house.db.work(socket.account_id) as tx:
                await presence.leave(tx, socket.caller.agent_id, left)
        for conversation in left:
            self._live.presence_moved(socket.account_id, conversation)

    async def _leave(self, socket: AgentSocket, writer: asyncio.Task[None]) -> None:
        opened = list(socket.open)
        self._hub.leave(socket)
        if not writer.done():
            writer.cancel()
        with contextlib.suppress(asyncio.CancelledError, Exception):
            await writer
        with contextlib.suppress(Exception):  # leases run out by themselves when the database is away
            await self._gone(socket, opened)
            if not self._is_here(socket.caller):
                await self._live.agent_left(socket.account_id, socket.caller.agent_id)
