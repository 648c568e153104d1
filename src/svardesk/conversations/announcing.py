"""What the house itself says to a customer: a receipt, later an update. It is no answer: no clock stops, nothing reopens."""

from datetime import datetime
from typing import Final
from uuid import UUID

from svardesk.conversations.events import AnswerPosted
from svardesk.conversations.schemas import Letter
from svardesk.conversations.store import sql
from svardesk.conversations.texts import checked
from svardesk.kit.db import Tx
from svardesk.kit.ids import uuid7
from svardesk.kit.jsons import encode
from svardesk.spine import record

ACTOR: Final = "house"


async def announce(
    tx: Tx, now: datetime, conversation_id: UUID, body: str, *, client_id: UUID, letter: Letter | None = None
) -> UUID | None:
    """Say something automatic in a conversation; returns the message's id, or None when it was said before.

    ``client_id`` makes it happen once: derive it from what it is about. The caller's transaction sends it on its way.
    """
    held = await tx.maybe(sql.hold_unanswered, account_id=tx.account, id=conversation_id)
    if held is None:
        return None
    message_id = uuid7()
    added = await tx.maybe(
        sql.add_automatic,
        account_id=tx.account,
        id=message_id,
        conversation_id=conversation_id,
        seq=held["last_seq"] + 1,
        body=checked(body, files=False),
        actor=ACTOR,
        client_id=client_id,
        details=None if letter is None else encode({"letter": letter}).decode(),
        now=now,
    )
    if added is None:
        return None
    await tx.run(sql.said_automatically, account_id=tx.account, id=conversation_id)
    await record(tx, AnswerPosted(stream=conversation_id, message_id=message_id, seq=held["last_seq"] + 1))
    return message_id
