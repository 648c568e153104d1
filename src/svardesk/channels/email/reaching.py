"""Whom a mail of ours is for, and whom it did not reach.

A mail may have many recipients. It is for the customer: what a copy does not get is told, but is no failed answer.
"""

from collections.abc import Iterable, Sequence
from uuid import UUID

from svardesk.channels.contract import NotReached
from svardesk.channels.email.keeping import QUERIES
from svardesk.conversations.store import letter_of
from svardesk.kit.db import Tx


async def whom(tx: Tx, conversation_id: UUID, to: Iterable[str]) -> frozenset[str]:
    """Those of the addresses in To that are the customer's, in lower case; all of them, where none is."""
    wanted = frozenset(one.lower() for one in to)
    row = await tx.one(QUERIES.own_addresses, account_id=tx.account, conversation_id=conversation_id)
    return wanted & frozenset(row["addresses"]) or wanted


async def lost(tx: Tx, message_id: UUID, news: Sequence[NotReached]) -> bool:
    """Whether a mail reached nobody of those whom it is for. What a report means that names none of ours is unclear: yes."""
    row = await tx.maybe(QUERIES.reached, account_id=tx.account, message_id=message_id)
    letter = letter_of(row["details"]) if row else None
    if row is None or letter is None or not letter.to:
        return True
    everybody = {one.address.lower() for one in (*letter.to, *letter.cc, *letter.bcc)}
    if not all(one.address.lower() in everybody for one in news):
        return True
    failed = {address.lower() for address, _ in letter.failed}
    return await whom(tx, row["conversation_id"], [one.address for one in letter.to]) <= failed
