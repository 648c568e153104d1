"""Before something is said where everybody reads it: personal data stop it, in every channel whose capabilities say ``public``."""

from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from svardesk.channels import public_text
from svardesk.channels.connections import QUERIES, of_row
from svardesk.channels.public_text import Known, Span
from svardesk.channels.registry import ADAPTERS, NoSuchChannel, adapter
from svardesk.kit.db import Tx
from svardesk.kit.errors import Unprocessable

MOST_CANDIDATES: Final = 20
LONGEST: Final = 64_000


class PersonalData(Unprocessable):
    """This is public: take the personal data out first."""

    code = "personal_data"


class PublicCheck(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A draft that is to be looked at."""

    text: str


class PublicSpans(msgspec.Struct, frozen=True):
    """What was found in it; ``start`` and ``end`` in UTF-16 units, as browsers count."""

    spans: list[Span]


async def check(tx: Tx, conversation_id: UUID, body: str) -> None:
    """Raise ``PersonalData`` (with the spans) or ``text_too_long`` when an answer may not stand in a public thread."""
    if not _may_hold(body) and len(body) < SHORT:
        return
    row = await tx.maybe(QUERIES.way_out, account_id=tx.account, conversation_id=conversation_id)
    if row is None or row["id"] is None:
        return
    try:
        found = adapter(row["kind"]).capabilities(of_row(row))
    except NoSuchChannel:
        return
    if not found.public:
        return
    if found.max_text is not None and len(body) > found.max_text.n:
        raise Unprocessable(
            "text_too_long",
            f"A public answer may be at most {found.max_text.n} characters long.",
            max=found.max_text.n,
            length=len(body),
        )
    refuse(body, await _spans(tx, conversation_id, body))


def refuse(body: str, spans: list[Span]) -> None:
    """Raise ``PersonalData`` if there is anything that must be taken out."""
    stops = public_text.stops(spans)
    if stops:
        raise PersonalData(None, None, spans=msgspec.to_builtins(public_text.utf16(body, stops)))


async def check_post(tx: Tx, text: str) -> None:
    """The same for what the page itself says to everybody."""
    refuse(text, public_text.find(text, Known(numbers=await _held(tx, text))))


async def spans_of(tx: Tx, conversation_id: UUID, text: str) -> list[Span]:
    """What a draft in a conversation holds; nothing in one that is not public."""
    row = await tx.maybe(QUERIES.way_out, account_id=tx.account, conversation_id=conversation_id)
    if row is None or row["id"] is None or not _is_public(row["kind"]):
        return []
    return public_text.utf16(text, await _spans(tx, conversation_id, text))


async def answered(
    tx: Tx, now: datetime, channel: str, conversation_id: UUID, message_id: UUID, reply_to: UUID | None
) -> bool:
    """An agent answered: the conversation's channel notes what that means to its thread."""
    try:
        found = adapter(channel)
    except NoSuchChannel:
        return False
    return await found.answered(tx, now, conversation_id, message_id, reply_to)


SHORT: Final = 500
"""No public channel takes less in one message; a shorter text without digits and addresses is looked at no further."""


def _may_hold(text: str) -> bool:
    return "@" in text or any(one.isdigit() for one in text)


def _is_public(kind: str) -> bool:
    return kind in public_kinds()


def public_kinds() -> list[str]:
    """The channels in which everybody reads what is written."""
    return [kind for kind, one in ADAPTERS.items() if one.public]


async def _spans(tx: Tx, conversation_id: UUID, text: str) -> list[Span]:
    """The text against what is known of its conversation."""
    if not _may_hold(text):
        return []
    rows = await tx.all(QUERIES.other_addresses, account_id=tx.account, conversation_id=conversation_id)
    known = Known(
        numbers=await _held(tx, text, conversation_id),
        emails=frozenset(row["address"].lower() for row in rows if row["kind"] == "email"),
        phones=frozenset(row["address"] for row in rows if row["kind"] == "phone"),
    )
    return public_text.find(text, known)


async def _held(tx: Tx, text: str, conversation_id: UUID | None = None) -> frozenset[str]:
    """Numbers of the text that private threads hold and no public one, in their normal form."""
    written = list(dict.fromkeys(one for _, _, one in public_text.candidates(text)))[:MOST_CANDIDATES]
    if not written:
        return frozenset()
    rows = await tx.all(QUERIES.numbers_held_privately, numbers=written, public=public_kinds())
    found = {public_text.normal(row["number"]) for row in rows}
    if found and conversation_id is not None:
        # What was said here a moment ago is not in the search yet.
        said = await tx.all(QUERIES.said_in_public, account_id=tx.account, conversation_id=conversation_id)
        found -= {public_text.normal(one) for row in said for _, _, one in public_text.candidates(row["body"])}
    return frozenset(found)
