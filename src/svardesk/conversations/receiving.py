"""A customer's message comes in: one statement finds or starts the conversation, stores, reopens and announces."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from svardesk.conversations.errors import ContactMissing, FilesMissing
from svardesk.conversations.schemas import FilledIn, Letter
from svardesk.conversations.store import sql
from svardesk.conversations.texts import MAX_BODY, checked, preview
from svardesk.conversations.thanks import is_only_thanks
from svardesk.kit.db import Tx
from svardesk.kit.ids import uuid7
from svardesk.kit.jsons import encode


class Inbound(msgspec.Struct, frozen=True, kw_only=True):
    """A message as a channel hands it down.

    The conversation is ``conversation_id``, or the living one of (``connection_id``, ``thread``), or a new one with
    ``contact_id``. ``actor`` names who sends (``visitor:<id>``, ``connection:<id>``) and keeps client ids apart.
    ``silent`` None: told from the text. ``occurred_at`` is the provider's time, for showing only. ``letter`` is what an
    addressed message carries beside its text, ``author_id`` who wrote it when that is not the conversation's contact
    (``machine``: nobody did, it is a report), ``longest`` how many characters the channel may bring. ``fields``: what was filled
    in beside the text. ``expects_files``: files of it are still to come, so that it may have no text.
    """

    channel: str
    actor: str
    body: str
    client_id: UUID | None = None
    conversation_id: UUID | None = None
    connection_id: UUID | None = None
    thread: str | None = None
    contact_id: UUID | None = None
    identity_id: UUID | None = None
    brand_id: UUID | None = None
    team_id: UUID | None = None
    locale: str | None = None
    subject: str | None = None
    external_id: str | None = None
    occurred_at: datetime | None = None
    automated: bool = False
    silent: bool | None = None
    file_ids: Sequence[UUID] = ()
    letter: Letter | None = None
    author_id: UUID | None = None
    machine: bool = False
    longest: int = MAX_BODY
    fields: Sequence[FilledIn] = ()
    expects_files: bool = False


class Received(msgspec.Struct, frozen=True, kw_only=True):
    """What became of it. ``repeated``: it was here already and nothing changed."""

    outcome: Literal["received", "started", "repeated"]
    conversation_id: UUID
    message_id: UUID
    contact_id: UUID
    seq: int
    status: str
    version: int
    created_at: datetime

    @property
    def repeated(self) -> bool:
        """Whether this very message had been taken before."""
        return self.outcome == "repeated"


async def receive(tx: Tx, now: datetime, inbound: Inbound) -> Received:
    """Take a message, once per (actor, client_id), in the channel's transaction.

    It gets the next seq under the conversation's row lock, reopens what was closed, ends a snooze and starts the
    waiting clock, unless it is silent. Records ``message_received`` (and ``conversation_started`` or
    ``conversation_changed``). Raises ``EmptyMessage``, ``FilesMissing``, ``ContactMissing`` (make one, call again).
    """
    body = checked(inbound.body, files=bool(inbound.file_ids) or inbound.expects_files, longest=inbound.longest)
    silent = inbound.silent
    if silent is None:
        silent = not inbound.file_ids and not inbound.expects_files and is_only_thanks(body)
    row = await tx.one(
        sql.receive,
        account_id=tx.account,
        now=now,
        message_id=uuid7(),
        actor=inbound.actor,
        client_id=inbound.client_id,
        body=body,
        preview=preview(body),
        silent=silent,
        conversation_id=inbound.conversation_id,
        connection_id=inbound.connection_id,
        thread=inbound.thread,
        new_conversation_id=uuid7(),
        contact_id=inbound.contact_id,
        identity_id=inbound.identity_id,
        channel=inbound.channel,
        brand_id=inbound.brand_id,
        team_id=inbound.team_id,
        locale=inbound.locale,
        subject=inbound.subject,
        external_id=inbound.external_id,
        occurred_at=inbound.occurred_at,
        automated=inbound.automated,
        file_ids=list(inbound.file_ids),
    )
    outcome = row["outcome"]
    if outcome == "contact_missing":
        raise ContactMissing
    if outcome == "files_missing":
        raise FilesMissing
    if outcome != "repeated":
        tx.wake = True
        if inbound.letter is not None or inbound.author_id is not None or inbound.machine:
            await tx.run(
                sql.dress,
                account_id=tx.account,
                id=row["message_id"],
                letter=None if inbound.letter is None else encode(inbound.letter).decode(),
                author_id=inbound.author_id,
                machine=inbound.machine,
            )
        if inbound.author_id is not None and inbound.author_id != row["contact_id"]:
            await tx.run(
                sql.note_author, account_id=tx.account, message_id=row["message_id"], contact_id=inbound.author_id
            )
        if inbound.fields:
            # In the transaction that made the message, so nobody has seen it without them.
            details = encode({"fields": inbound.fields}).decode()
            await tx.run(sql.set_details, account_id=tx.account, id=row["message_id"], details=details)
    return Received(**row)
