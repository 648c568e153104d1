"""Rows of the database as the room's structs."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

import msgspec

from svardesk.conversations.schemas import (
    Attachment,
    Author,
    ContactRef,
    ConversationRow,
    Elsewhere,
    FilledIn,
    Letter,
    Message,
    MessageLink,
    PublicComment,
    Reaction,
    Retry,
)
from svardesk.kit.db import Reader, Row, Tx
from svardesk.kit.sql import load

sql = load(__package__ or "svardesk.conversations")
"""The room's named statements."""
answers = load(__package__ or "svardesk.conversations", "answers.sql")
"""Those about what becomes of an answer."""

beside = load(__package__ or "svardesk.conversations", "outside.sql")
"""Statements about what happens at the channel beside new messages."""


def actor_of(agent_id: UUID) -> str:
    """Return what keeps one agent's client ids and uploads apart from another's."""
    return f"agent:{agent_id}"


def row_of(row: Row) -> ConversationRow:
    """Return a line of the view ``conversation_rows``, with or without ``read_seq``."""
    return ConversationRow(
        id=row["id"],
        number=row["number"],
        channel=row["channel"],
        status=row["status"],
        snoozed_until=row["snoozed_until"],
        subject=row["subject"],
        preview=row["preview"],
        preview_kind=row["preview_kind"],
        contact=ContactRef(row["contact_id"], row["contact_name"]),
        assignee_id=row["assignee_id"],
        team_id=row["team_id"],
        brand_id=row["brand_id"],
        locale=row["locale"],
        tags=row["tags"],
        last_seq=row["last_seq"],
        last_public_seq=row["last_public_seq"],
        last_customer_seq=row["last_customer_seq"],
        waiting_since=row["waiting_since"],
        last_activity_at=row["last_activity_at"],
        created_at=row["created_at"],
        closed_at=row["closed_at"],
        version=row["version"],
        window_from=row["window_from"],
        window_until=row["window_until"],
        read_seq=row.get("read_seq", msgspec.UNSET),
    )


def message_of(row: Row, actor: str | None = None) -> Message:
    """Return a line of the view ``message_rows``; ``actor`` is who asks and sees the client ids of its own messages."""
    details: dict[str, Any] = row["details"] or {}
    return Message(
        id=row["id"],
        conversation_id=row["conversation_id"],
        seq=row["seq"],
        kind=row["kind"],
        author=Author(row["author_kind"], row["author_id"], row["author_name"]),
        body=row["body"],
        attachments=[msgspec.convert(one, Attachment) for one in row["attachments"] or ()],
        state=row["state"],
        state_reason=row["state_reason"],
        client_id=row["client_id"] if actor is not None and row["actor"] == actor else None,
        mention_ids=row["mention_ids"] or [],
        details=row["details"] if "type" in details else None,
        created_at=row["created_at"],
        version=row["version"],
        silent=row["silent"],
        deleted=row["deleted"],
        automated=row["automated"],
        letter=letter_of(details),
        send_at=row["send_at"],
        fields=[msgspec.convert(one, FilledIn) for one in details.get("fields") or ()],
        edits=details.get("edits") or 0,
        edited_at=row["edited_at"],
        reactions=_reactions(details),
        reply_to=UUID(details["reply_to"]) if details.get("reply_to") else None,
        elsewhere=msgspec.convert(details["elsewhere"], Elsewhere) if details.get("elsewhere") else None,
        awaited=details.get("awaited") or 0,
        comment=msgspec.convert(details["comment"], PublicComment) if details.get("comment") else None,
        private=details.get("private") is True,
        link=msgspec.convert(details["link"], MessageLink) if details.get("link") else None,
        retry=msgspec.convert(details["retry"], Retry)
        if row["state"] == "failed_temporary" and "retry" in details
        else None,
    )


def _reactions(details: dict[str, Any]) -> list[Reaction]:
    found: dict[str, str] = details.get("reactions") or {}
    return [
        Reaction(emoji, UUID(by.removeprefix("agent:")) if by.startswith("agent:") else None)
        for by, emoji in sorted(found.items())
    ]


def letter_of(details: dict[str, Any] | None) -> Letter | None:
    """Return what an addressed message carries beside its text, from the column ``details``."""
    found = (details or {}).get("letter")
    return None if found is None else msgspec.convert(found, Letter)


async def rows(tx: Reader, ids: Iterable[UUID]) -> dict[UUID, ConversationRow]:
    """Return lines by id, for frames: the caller filters each audience by ``team_id`` and ``assignee_id``."""
    wanted = list(ids)
    found = await tx.all(sql.rows, account_id=tx.account, ids=wanted) if wanted else []
    return {row["id"]: row_of(row) for row in found if row["archived_at"] is None}


async def messages(tx: Reader, ids: Iterable[UUID], actor: str | None = None) -> dict[UUID, Message]:
    """Return messages by id, for frames: the caller has made sure who may see their conversations."""
    wanted = list(ids)
    found = await tx.all(sql.messages_by_ids, account_id=tx.account, ids=wanted) if wanted else []
    return {row["id"]: message_of(row, actor) for row in found}


async def of_contacts(tx: Tx, contact_ids: Iterable[UUID], most: int) -> list[UUID]:
    """Return the newest conversations with some contacts, ``most`` of them at the most."""
    found = await tx.all(sql.of_contacts, account_id=tx.account, contact_ids=list(contact_ids), limit=most)
    return [row["id"] for row in found]


async def opened_of_persons(tx: Tx, ids: Iterable[UUID], contact_ids: Iterable[UUID]) -> set[UUID]:
    """Return which of some conversations are with the persons behind those contacts."""
    found = await tx.all(sql.opened_of_persons, account_id=tx.account, ids=list(ids), contact_ids=list(contact_ids))
    return {row["id"] for row in found}
