"""The visitors' door: one socket of the widget, from hello to good-bye."""

import asyncio
import contextlib
from typing import Any

import svardesk
from svardesk.channels.webchat import posting, sessions
from svardesk.channels.webchat import visitors as webchat
from svardesk.channels.webchat.adapter import Page
from svardesk.house import House
from svardesk.kit.errors import SvardeskError, Unauthorised
from svardesk.kit.http import RateLimit, limit
from svardesk.realtime.commands import Command, hello, serve
from svardesk.realtime.frames import frame
from svardesk.realtime.hub import Hub, VisitorSocket
from svardesk.realtime.live import Live
from svardesk.realtime.tail import Tail
from svardesk.spine import parse_token


class VisitorDoor:
    """Lets visitors' tabs in and does what they say."""

    def __init__(self, house: House, hub: Hub, tail: Tail, live: Live) -> None:
        self._house = house
        self._hub = hub
        self._tail = tail
        self._live = live
        self._limit = RateLimit(rate=5, burst=200)

    async def enter(self, ip: str | None, receive: Any, send: Any) -> None:
        """Serve one socket until it closes. Raises the error that refuses it before it is accepted."""
        limit(self._limit, ip, ip or "")
        await send({"type": "websocket.accept"})
        first = await hello(receive)
        if first is None:
            await send({"type": "websocket.close", "code": 4400, "reason": "hello_expected"})
            return
        try:
            visitor = await webchat.resolve_visitor(self._house.db, first.token, self._house.clock)
            await sessions.check_parent(self._house.db, self._house.keyring, visitor, first.parent)
        except SvardeskError as error:
            code = 4401 if isinstance(error, Unauthorised) else 4403
            await send({"type": "websocket.close", "code": code, "reason": error.code})
            return
        socket = VisitorSocket(visitor)
        self._hub.enter_visitor(socket)
        socket.push(frame("welcome", build=svardesk.BUILD, resume=str(self._tail.token)))
        writer = asyncio.create_task(socket.write(send))
        try:
            await self._tail.resume(socket, parse_token(first.resume))
            self._say_where(socket, on=True)
            await serve(receive, socket, writer, lambda command: self._do(socket, command))
        finally:
            self._hub.leave(socket)
            self._say_where(socket, on=self._is_here(socket))
            if not writer.done():
                writer.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await writer

    async def _do(self, socket: VisitorSocket, command: Command) -> None:
        visitor = socket.visitor
        if command.t == "typing":
            self._live.typing_visitor(socket, on=command.on)
        elif command.t in {"read", "delivered"} and socket.conversation_id is not None and command.seq > 0:
            await posting.receipts(
                self._house.db,
                self._house.clock,
                visitor,
                delivered_seq=command.seq,
                read_seq=command.seq if command.t == "read" else None,
            )
        elif command.t == "page":
            await posting.set_page(self._house.db, self._house.clock, visitor, Page(command.url, command.title))
            self._say_where(socket, on=True)

    def _is_here(self, socket: VisitorSocket) -> bool:
        room = self._hub.room(socket.account_id)
        return room is not None and bool(room.by_conversation.get(socket.conversation_id))  # pyright: ignore[reportArgumentType]

    def _say_where(self, socket: VisitorSocket, *, on: bool) -> None:
        if socket.conversation_id is not None:
            self._live.say(
                "visitor",
                socket.account_id,
                socket.conversation_id,
                on=on,
                url=(socket.visitor.page_url or "")[:500],
                title=(socket.visitor.page_title or "")[:200],
            )
