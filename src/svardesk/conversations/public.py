"""Threads that everybody can read: what is known of each comment, who still waits, and what goes on in private."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from svardesk.conversations.events import (
    AnswerElsewhere,
    ConversationChanged,
    ConversationStarted,
    MessageChanged,
)
from svardesk.conversations.schemas import MessageLink
from svardesk.conversations.store import beside, sql
from svardesk.conversations.texts import preview
from svardesk.kit.db import Tx
from svardesk.kit.ids import uuid7
from svardesk.kit.jsons import encode
from svardesk.kit.sql import load
from svardesk.spine import record

_own = load(__package__ or "svardesk.conversations", "public.sql")


class Beginning(msgspec.Struct, frozen=True, kw_only=True):
    """A conversation that we begin: where, and with whom."""

    channel: str
    connection_id: UUID
    thread: str
    contact_id: UUID
    identity_id: UUID
    brand_id: UUID | None = None
    team_id: UUID | None = None
    assignee_id: UUID | None = None
    locale: str | None = None


async def know(tx: Tx, message_id: UUID, *, announce: bool = True, **facts: Any) -> None:
    """Something of a comment is known (the fields of ``PublicComment``); ``announce`` unless its message is new just now."""
    row = await tx.maybe(_own.comment_facts, account_id=tx.account, id=message_id, comment=encode(facts).decode())
    if row is not None and announce:
        await record(tx, MessageChanged(stream=row["conversation_id"], message_ids=(message_id,), what="comment"))


async def link(tx: Tx, message_id: UUID, to: MessageLink) -> None:
    """A message belongs with one of another conversation."""
    row = await tx.maybe(_own.link_message, account_id=tx.account, id=message_id, link=encode(to).decode())
    if row is not None:
        await record(tx, MessageChanged(stream=row["conversation_id"], message_ids=(message_id,), what="comment"))


async def wait_since(tx: Tx, conversation_id: UUID, since: datetime | None) -> bool:
    """Somebody in a thread of many has waited since then, or nobody waits (None). Returns whether that is news."""
    row = await tx.maybe(_own.set_waiting, account_id=tx.account, id=conversation_id, since=since)
    if row is None:
        return False
    await record(tx, ConversationChanged(stream=conversation_id, what=("status",), version=row["version"]))
    return True


async def entitle(tx: Tx, conversation_id: UUID, subject: str | None) -> None:
    """Say what a thread is about."""
    version = await tx.value(_own.entitle, account_id=tx.account, id=conversation_id, subject=subject)
    if version is not None:
        await record(tx, ConversationChanged(stream=conversation_id, what=("subject",), version=version))


async def begin(tx: Tx, now: datetime, what: Beginning) -> UUID | None:
    """Begin a conversation in which we have said the first word; None when its thread has a living one."""
    found = await tx.value(
        _own.begin,
        account_id=tx.account,
        id=uuid7(),
        now=now,
        **{name: getattr(what, name) for name in what.__struct_fields__},
    )
    if found is not None:
        await record(tx, ConversationStarted(stream=found, contact_id=what.contact_id))
    return found


async def copy_answer(
    tx: Tx, now: datetime, source_id: UUID, conversation_id: UUID, *, external_id: str | None, to: MessageLink
) -> UUID | None:
    """An answer that left by another conversation stands here as well, linked with where it left.

    None when the conversation is gone or has it already (by the provider's name of it).
    """
    held = await tx.maybe(sql.hold_unanswered, account_id=tx.account, id=conversation_id)
    if held is None:
        return None
    if external_id is not None and await tx.maybe(
        beside.by_external_id, account_id=tx.account, conversation_id=conversation_id, external_id=external_id
    ):
        return None
    message_id, seq = uuid7(), held["last_seq"] + 1
    body = await tx.value(
        _own.copy_answer,
        account_id=tx.account,
        id=message_id,
        source_id=source_id,
        conversation_id=conversation_id,
        seq=seq,
        external_id=external_id,
        link=encode(to).decode(),
        now=now,
    )
    after = await tx.one(
        beside.said_elsewhere,
        account_id=tx.account,
        id=conversation_id,
        seq=seq,
        preview=preview(body or ""),
        counts=True,
        now=now,
    )
    await record(tx, AnswerElsewhere(stream=conversation_id, message_id=message_id, seq=seq))
    if after["status"] != held["status"]:
        await record(tx, ConversationChanged(stream=conversation_id, what=("status",), version=after["version"]))
    return message_id
