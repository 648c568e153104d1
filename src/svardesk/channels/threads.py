"""What a channel says of a thread beside its messages: which program owns it, what the person came from."""

from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from svardesk.channels.connections import QUERIES
from svardesk.channels.contract import Control
from svardesk.conversations.changing import owner_changed
from svardesk.kit.db import Row, Tx


async def conversation(tx: Tx, connection_id: UUID, thread: str) -> UUID | None:
    """The living conversation of a thread."""
    return await tx.value(
        QUERIES.conversation_of_thread, account_id=tx.account, connection_id=connection_id, thread=thread
    )


async def of_conversation(tx: Tx, conversation_id: UUID) -> Row | None:
    """Owner, standby, first and last touch of a conversation's thread; None when its channel says nothing of it."""
    return await tx.maybe(QUERIES.thread_of_conversation, account_id=tx.account, conversation_id=conversation_id)


async def came_from(tx: Tx, now: datetime, connection_id: UUID, thread: str, touch: dict[str, Any]) -> None:
    """The person came from an ad, a link or a post: the first is kept, the last is replaced."""
    await tx.run(
        QUERIES.touch_thread,
        account_id=tx.account,
        connection_id=connection_id,
        thread=thread,
        touch=Jsonb({key: value for key, value in touch.items() if value is not None}),
        now=now,
    )


async def control(tx: Tx, now: datetime, connection_id: UUID, thread: str, told: Control) -> bool:
    """Another program owns the thread now, or we do; a line in the conversation says so. Returns whether it is news."""
    row = await tx.maybe(
        QUERIES.own_thread,
        account_id=tx.account,
        connection_id=connection_id,
        thread=thread,
        owner=told.owner,
        standby=told.standby,
        now=now,
    )
    if row is None:
        return False
    conversation_id = await conversation(tx, connection_id, thread)
    if conversation_id is not None:
        await owner_changed(tx, now, conversation_id, told.name or told.owner)
    return True


async def heard(tx: Tx, now: datetime, connection_id: UUID, thread: str, *, standby: bool) -> None:
    """A message came while another program owned the thread, or while we did: what we know of the owner follows."""
    held = await tx.maybe(QUERIES.thread, account_id=tx.account, connection_id=connection_id, thread=thread)
    if (held is not None and held["standby"]) != standby:
        await control(
            tx, now, connection_id, thread, Control(owner=held["owner"] if held and standby else None, standby=standby)
        )
