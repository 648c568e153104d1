"""What happens to a conversation at its channel beside new messages: edits, removals, reactions, answers given elsewhere.

Everything is named by the provider's ids and told once by whoever calls (``channels`` keeps the idempotency keys). What
names a message that we do not have changes nothing.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from svardesk.conversations.events import AnswerElsewhere, ConversationChanged, MessageChanged
from svardesk.conversations.schemas import Elsewhere
from svardesk.conversations.store import beside, sql
from svardesk.conversations.texts import MAX_BODY, clean, preview
from svardesk.kit.db import Row, Tx
from svardesk.kit.ids import uuid7
from svardesk.kit.jsons import encode
from svardesk.spine import record

NOBODY_TYPES: Final = timedelta(seconds=2)
"""An answer that stands there so soon after the customer's words was written by a machine."""


async def find(tx: Tx, conversation_id: UUID, external_id: str) -> Row | None:
    """The message of a conversation that the provider calls so: id, kind, seq."""
    return await tx.maybe(
        beside.by_external_id, account_id=tx.account, conversation_id=conversation_id, external_id=external_id
    )


async def edited(
    tx: Tx, now: datetime, message_id: UUID, body: str, *, at: datetime, edit: int, longest: int = MAX_BODY
) -> bool:
    """A message reads otherwise now; what it read before is kept. ``edit`` counts from 1; an older one changes nothing.

    ``edit`` 0: the channel does not count, so that the time tells which is newer (of one second: what was told last).
    The clock does not start again: whoever edits has written before. Returns whether it changed anything.
    """
    held = await tx.maybe(beside.hold_message, account_id=tx.account, id=message_id)
    if held is None or held["deleted_at"] is not None:
        return False
    text = clean(body)[:longest]
    if not edit:
        if text == held["body"] or (held["edited_at"] or at) > at:
            return False
        edit = held["edits"] + 1
    if text == held["body"] and edit <= held["edits"]:
        return False
    if edit <= held["edits"]:
        # An older edit that came late: kept where the history is read, not shown.
        await tx.run(beside.keep_edit, account_id=tx.account, message_id=message_id, edit=edit, body=text, at=at)
        return False
    await tx.run(
        beside.keep_edit,
        account_id=tx.account,
        message_id=message_id,
        edit=held["edits"],
        body=held["body"],
        at=held["edited_at"] or held["occurred_at"] or held["created_at"],
    )
    await tx.run(beside.edit_message, account_id=tx.account, id=message_id, body=text, at=at, edits=str(edit), now=now)
    if held["seq"] == held["newest_public_seq"]:
        await tx.run(beside.set_preview, account_id=tx.account, id=held["conversation_id"], preview=preview(text))
    await record(tx, MessageChanged(stream=held["conversation_id"], message_ids=(message_id,), what="edited"))
    return True


async def removed(tx: Tx, now: datetime, message_ids: Sequence[UUID]) -> int:
    """Their author took messages back: text, history and files are gone, the place in the thread stays. Returns how many."""
    rows = await tx.all(beside.remove_messages, account_id=tx.account, ids=list(message_ids), now=now)
    for row in rows:
        await tx.run(beside.forget_message, account_id=tx.account, id=row["id"])
        if row["newest"]:
            await tx.run(beside.set_preview, account_id=tx.account, id=row["conversation_id"], preview="")
        await record(tx, MessageChanged(stream=row["conversation_id"], message_ids=(row["id"],), what="removed"))
    return len(rows)


async def reacted(tx: Tx, message_id: UUID, by: str, emoji: str | None) -> bool:
    """Somebody (``contact`` or ``agent:<id>``) put a reaction on a message, another one, or took it away (None)."""
    row = await tx.maybe(
        beside.set_reaction, account_id=tx.account, id=message_id, by=by, emoji=(emoji or "")[:16] or None
    )
    if row is None:
        return False
    await record(tx, MessageChanged(stream=row["conversation_id"], message_ids=(message_id,), what="reaction"))
    return True


async def answered_elsewhere(
    tx: Tx,
    now: datetime,
    conversation_id: UUID,
    body: str,
    *,
    external_id: str,
    at: datetime,
    by: Elsewhere,
    file_ids: Sequence[UUID] = (),
    awaited: int = 0,
) -> UUID | None:
    """Somebody answered with another program, or a machine did: it stands in the thread as *sent elsewhere*.

    A person's answer counts as one: nobody waits any more. An automatic one changes no clock and no status. Returns the
    message's id, None when the conversation is gone or the message is here already.
    """
    held = await tx.maybe(sql.hold_unanswered, account_id=tx.account, id=conversation_id)
    if held is None or await find(tx, conversation_id, external_id) is not None:
        return None
    opened = held["window_from"]
    if opened is not None and timedelta(0) <= at - opened <= NOBODY_TYPES:
        by = msgspec.structs.replace(by, automatic=True)
    message_id, seq = uuid7(), held["last_seq"] + 1
    text = clean(body)[:MAX_BODY]
    await tx.run(
        beside.add_elsewhere,
        account_id=tx.account,
        id=message_id,
        conversation_id=conversation_id,
        seq=seq,
        body=text,
        actor=f"elsewhere:{by.app or ''}",
        external_id=external_id,
        automated=by.automatic,
        details=encode({"elsewhere": by, **({"awaited": awaited} if awaited else {})}).decode(),
        at=at,
        now=now,
    )
    if file_ids:
        await tx.run(
            beside.attach_files,
            account_id=tx.account,
            ids=list(file_ids),
            message_id=message_id,
            conversation_id=conversation_id,
        )
    before = await tx.one(
        beside.said_elsewhere,
        account_id=tx.account,
        id=conversation_id,
        seq=seq,
        preview=preview(text),
        # What was said before the customer's newest words, and is told late, answers none of them.
        counts=not by.automatic and (opened is None or at >= opened),
        now=now,
    )
    await record(
        tx,
        AnswerElsewhere(stream=conversation_id, message_id=message_id, seq=seq, automatic=by.automatic),
    )
    if before["status"] != held["status"]:
        await record(tx, ConversationChanged(stream=conversation_id, what=("status",), version=before["version"]))
    return message_id


async def replied_to(tx: Tx, message_id: UUID, target_id: UUID) -> None:
    """A message answers another one of the thread."""
    details = encode({"reply_to": target_id}).decode()
    await tx.run(sql.set_details, account_id=tx.account, id=message_id, details=details)


async def awaits(tx: Tx, message_id: UUID, count: int) -> None:
    """So many files of a message still lie at the provider."""
    details = encode({"awaited": count}).decode()
    await tx.run(sql.set_details, account_id=tx.account, id=message_id, details=details)


async def open_window(tx: Tx, conversation_id: UUID, since: datetime, until: datetime) -> None:
    """The person opened the time in which we may write freely; only ever forward, however late it is told."""
    await tx.run(beside.open_window, account_id=tx.account, id=conversation_id, since=since, until=until)


async def open_windows(tx: Tx, windows: Mapping[UUID, tuple[datetime, datetime]]) -> None:
    """The same for several conversations, each with since and until when."""
    await tx.run(
        beside.open_windows,
        account_id=tx.account,
        ids=list(windows),
        sinces=[since for since, _ in windows.values()],
        untils=[until for _, until in windows.values()],
    )


async def files_came(tx: Tx, message_id: UUID, file_ids: Sequence[UUID], *, missing: int) -> None:
    """Files of a message that lay at the provider are here now; ``missing`` are still awaited."""
    row = await tx.maybe(beside.files_came, account_id=tx.account, id=message_id, missing=missing, ids=list(file_ids))
    if row is not None:
        await record(tx, MessageChanged(stream=row["conversation_id"], message_ids=(message_id,), what="files"))


async def edits_of(tx: Tx, conversation_id: UUID, message_id: UUID) -> list[Row]:
    """How a message of a conversation read before, oldest first: body and when it was written."""
    return await tx.all(beside.edits, account_id=tx.account, conversation_id=conversation_id, message_id=message_id)
