"""How an answer reaches the customer: read from what the connection can do, never from which channel it is."""

from uuid import UUID

from svardesk.channels.connections import QUERIES, of_row
from svardesk.channels.registry import NoSuchChannel, capabilities
from svardesk.conversations.schemas import Way
from svardesk.kit.db import Tx


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
        return Way(open=True, via=row["kind"], address=address)
    closed_by = "call" if row["address_kind"] == "phone" else "no_mailbox"
    return Way(open=False, via=row["kind"], address=address, closed_by=closed_by)
