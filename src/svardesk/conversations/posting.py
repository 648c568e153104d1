"""Agents write: answers and notes, once per client id, never on a stale view, never two at once."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from svardesk.accounts.caller import Caller
from svardesk.conversations.errors import (
    AnswerLocked,
    BadSendTime,
    ClientIdTaken,
    FilesMissing,
    NewerExists,
    NoConversation,
    NoMessage,
    NotFailed,
)
from svardesk.conversations.events import AnswerRetried, ConversationChanged, MessageStateChanged
from svardesk.conversations.schemas import Author, ConversationRow, Letter, Message, Posted, PostMessage
from svardesk.conversations.seeing import check_sees, who
from svardesk.conversations.states import RETRYABLE
from svardesk.conversations.store import actor_of, answers, messages, row_of, rows, sql
from svardesk.conversations.texts import checked, preview
from svardesk.kit.db import Tx
from svardesk.kit.ids import uuid7
from svardesk.kit.jsons import encode
from svardesk.spine import record

LONGEST_WAIT: Final = timedelta(days=180)
"""So far ahead an answer may be planned; who means next year means a promise."""

Checker = Callable[[Tx, UUID, str], Awaitable[None]]
Listener = Callable[[Tx, datetime, str, UUID, UUID, UUID | None], Awaitable[bool]]
"""(transaction, now, channel, conversation, answer, the message that it answers) → whether the conversation was changed."""


async def _anything(tx: Tx, conversation_id: UUID, body: str) -> None:
    del tx, conversation_id, body


async def _nobody(
    tx: Tx, now: datetime, channel: str, conversation_id: UUID, message_id: UUID, reply_to: UUID | None
) -> bool:
    del tx, now, channel, conversation_id, message_id, reply_to
    return False


class _Channels:
    """What only the channels know of an answer: whether it may stand there, and what it means to its thread."""

    check: Checker = staticmethod(_anything)
    answered: Listener = staticmethod(_nobody)


_channels: Final = _Channels()


def know_channels(check: Checker, answered: Listener) -> None:
    """Whom to ask before an answer is stored (it raises what is wrong), and whom to tell in the same transaction."""
    _channels.check = check
    _channels.answered = answered


async def post(
    tx: Tx,
    caller: Caller,
    now: datetime,
    conversation_id: UUID,
    what: PostMessage,
    *,
    private: bool = False,
) -> tuple[Posted, bool]:
    """Store an answer or note in one statement; returns it with the conversation, and whether it is new.

    An answer is queued, stops the waiting clock (one with ``send_at`` only when it goes out), sets the status to ``then``, ends a snooze and takes an unassigned
    conversation for its author. The same client id again returns what was stored the first time. Raises
    ``EmptyMessage``, ``NoConversation``, ``FilesMissing``, ``ClientIdTaken`` (by a message in another conversation), and for
    answers without ``confirm`` ``NewerExists`` (somebody else's public message came after ``based_on_seq``) and
    ``AnswerLocked`` (a colleague holds the answer lock); ``NoMessage`` when what it answers is not there; and whatever the
    channel does not let stand where everybody reads it. ``private``: in a public thread only its receiver reads this one.
    """
    body = checked(what.body, files=bool(what.file_ids))
    if what.kind == "answer":
        await _check_answer(tx, conversation_id, body, what.reply_to, private=private)
    later = what.kind == "answer" and what.send_at is not None
    clock = await tx.maybe(answers.hold_clock, account_id=tx.account, id=conversation_id) if later else None
    message_id = uuid7()
    actor = actor_of(caller.agent_id)
    row = await tx.one(
        sql.post,
        account_id=tx.account,
        now=now,
        agent_id=caller.agent_id,
        hidden_team_ids=list(caller.hidden_team_ids),
        conversation_id=conversation_id,
        message_id=message_id,
        kind=what.kind,
        body=body,
        preview=preview(body),
        actor=actor,
        client_id=what.client_id,
        based_on_seq=what.based_on_seq,
        confirm=what.confirm,
        then=what.then,
        file_ids=list(dict.fromkeys(what.file_ids)),
        mention_ids=list(what.mention_ids),
    )
    match row["outcome"]:
        case "posted":
            tx.wake = True
        case "repeated":
            stored = (await messages(tx, [row["message_id"]], actor))[row["message_id"]]
            return Posted(message=stored, conversation=row_of(row)), False
        case "newer_exists":
            raise NewerExists(None, None, last_seq=row["seq"])
        case "answer_locked":
            raise AnswerLocked(None, None, agent_id=row["other_id"], name=row["other_name"])
        case "files_missing":
            raise FilesMissing
        case "client_id_taken":
            raise ClientIdTaken
        case _:
            raise NoConversation
    addressed = what.kind == "answer" and (what.addressing is not None or what.send_at is not None)
    if addressed:
        await _address(tx, now, message_id, what)
    conversation = row_of(row)
    if what.kind == "answer":
        changed = await _tell_answer(tx, now, conversation, message_id, what.reply_to, private=private)
        conversation, addressed = changed or conversation, addressed or changed is not None
    if clock is not None:
        await tx.run(answers.keep_clock, account_id=tx.account, id=conversation_id, **clock)
        conversation = msgspec.structs.replace(conversation, waiting_since=clock["waiting_since"])
    if what.file_ids or addressed or what.reply_to is not None:
        return Posted(message=(await messages(tx, [message_id], actor))[message_id], conversation=conversation), True
    # Everything about a message without files is known here: no second look at the database.
    message = Message(
        id=message_id,
        conversation_id=conversation_id,
        seq=row["seq"],
        kind=what.kind,
        author=Author("agent", caller.agent_id, row["other_name"]),
        body=body,
        attachments=[],
        state="queued" if what.kind == "answer" else None,
        state_reason=None,
        client_id=what.client_id,
        mention_ids=row["mentioned"] or [],
        details=None,
        created_at=now,
        version=1,
    )
    return Posted(message=message, conversation=conversation), True


async def _check_answer(tx: Tx, conversation_id: UUID, body: str, reply_to: UUID | None, *, private: bool) -> None:
    if not private:
        await _channels.check(tx, conversation_id, body)
    if reply_to is not None and not await tx.value(
        sql.may_be_answered, account_id=tx.account, conversation_id=conversation_id, id=reply_to
    ):
        raise NoMessage


async def _tell_answer(
    tx: Tx, now: datetime, conversation: ConversationRow, message_id: UUID, reply_to: UUID | None, *, private: bool
) -> ConversationRow | None:
    """Note what an answer is to and let its channel draw its conclusions; the conversation, where those changed it."""
    if reply_to is not None or private:
        more = {"reply_to": reply_to, **({"private": True} if private else {})}
        await tx.run(sql.set_details, account_id=tx.account, id=message_id, details=encode(more).decode())
    if not await _channels.answered(tx, now, conversation.channel, conversation.id, message_id, reply_to):
        return None
    return (await rows(tx, [conversation.id]))[conversation.id]


async def _address(tx: Tx, now: datetime, message_id: UUID, what: PostMessage) -> None:
    letter = None
    if what.addressing is not None:
        given = what.addressing
        letter = Letter(subject=given.subject or "", to=given.to or [], cc=given.cc, bcc=given.bcc)
    if what.send_at is not None and not now < what.send_at <= now + LONGEST_WAIT:
        raise BadSendTime
    await tx.run(
        sql.address,
        account_id=tx.account,
        id=message_id,
        letter=None if letter is None else encode(letter).decode(),
        send_at=what.send_at,
    )


async def retry(tx: Tx, caller: Caller, now: datetime, conversation_id: UUID, message_id: UUID) -> Message:
    """Queue a failed or blocked answer again; raises ``NoConversation``, ``NoMessage``, ``NotFailed`` (on its way)."""
    actor = actor_of(caller.agent_id)
    queued = await tx.maybe(
        sql.retry,
        account_id=tx.account,
        id=message_id,
        conversation_id=conversation_id,
        retryable=sorted(RETRYABLE),
        **who(caller),
    )
    if queued is None:
        await check_sees(tx, caller, conversation_id)
        found = (await messages(tx, [message_id])).get(message_id)
        if found is None or found.conversation_id != conversation_id or found.kind != "answer":
            raise NoMessage
        raise NotFailed(None, None, state=found.state)
    version = await tx.value(answers.answered_after_all, account_id=tx.account, message_id=message_id, now=now)
    if version is not None:
        await record(
            tx,
            ConversationChanged(stream=conversation_id, what=("status",), version=version, agent_id=caller.agent_id),
        )
    await record(
        tx,
        AnswerRetried(stream=conversation_id, message_id=message_id, seq=queued["seq"], agent_id=caller.agent_id),
    )
    await record(tx, MessageStateChanged(stream=conversation_id, message_ids=(message_id,), state="queued"))
    return (await messages(tx, [message_id], actor))[message_id]
