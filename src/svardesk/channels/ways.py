"""How an answer reaches the customer: read from what the connection can do, never from which channel it is."""

from typing import Any
from uuid import UUID

from svardesk.channels import threads
from svardesk.channels.connections import QUERIES, of_row
from svardesk.channels.contract import Capabilities
from svardesk.channels.registry import NoSuchChannel, capabilities
from svardesk.conversations.schemas import OtherWay, Way, WayWindow
from svardesk.kit.db import Row, Tx


async def of_conversation(tx: Tx, conversation_id: UUID) -> Way | None:
    """Return how an answer in a conversation would go out; None when the conversation is gone."""
    row = await tx.maybe(QUERIES.way_out, account_id=tx.account, conversation_id=conversation_id)
    if row is None:
        return None
    address = row["address"] if row["address_kind"] in {"email", "phone"} else None
    if row["id"] is None or row["archived_at"] is not None:
        return Way(open=False, via=row["kind"], address=address, closed_by="gone")
    try:
        found = capabilities(of_row(row))
    except NoSuchChannel:
        return Way(open=False, via=row["kind"], address=address, closed_by="gone")
    if found.windows or found.templates:
        return Way(
            open=True,
            via=row["kind"],
            address=address,
            addressed=found.addressed,
            hold_seconds=found.hold_seconds,
            failing=row["status"] == "disconnected",
            public=found.public,
            max_text=found.max_text.n if found.max_text is not None else None,
            **(await _bounded(tx, conversation_id, found, row) if _is_bounded(found) else {}),
        )
    closed_by = "call" if row["address_kind"] == "phone" else "no_mailbox"
    return Way(open=False, via=row["kind"], address=address, closed_by=closed_by)


def _is_bounded(found: Capabilities) -> bool:
    return all(window.hours is not None for window in found.windows)


async def _bounded(tx: Tx, conversation_id: UUID, found: Capabilities, row: Row) -> dict[str, Any]:
    """What must be known where writing is free for a time only: until when, and what remains then."""
    thread = await threads.of_conversation(tx, conversation_id)
    others = await tx.all(QUERIES.other_addresses, account_id=tx.account, conversation_id=conversation_id)
    templates: list[dict[str, Any]] = row["config"].get("templates") or []
    return {
        "windows": [WayWindow(one.name, one.hours, one.who == ("human",)) for one in found.windows],
        "templates": [one["name"] for one in templates if one.get("status") == "approved"] if found.templates else [],
        "others": [OtherWay(one["kind"], one["address"]) for one in others],
        **({} if thread is None else {key: thread[key] for key in ("owner", "standby", "first_touch", "last_touch")}),
    }
