"""Whom a mail of ours is for, and whom it did not reach.

A mail may have many recipients. It is for the customer: what a copy does not get is told, but is no failed answer.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from svardesk.channels.contract import NotReached, Watermark
from svardesk.channels.email.keeping import QUERIES
from svardesk.conversations.schemas import Letter
from svardesk.conversations.states import tell_delay
from svardesk.conversations.store import letter_of
from svardesk.kit.db import Tx

_GONE: Final = re.compile(r"5\.1\.(?![78]$)\d{1,3}$")
"""The address is wrong for good (RFC 3463); 5.1.7 and 5.1.8 are about the sender's own."""


async def whom(tx: Tx, conversation_id: UUID, to: Iterable[str]) -> frozenset[str]:
    """Those of the addresses in To that are the customer's, in lower case; all of them, where none is."""
    wanted = frozenset(one.lower() for one in to)
    row = await tx.one(QUERIES.own_addresses, account_id=tx.account, conversation_id=conversation_id)
    return wanted & frozenset(row["addresses"]) or wanted


async def lost(tx: Tx, now: datetime, message_id: UUID, news: Sequence[NotReached]) -> bool:
    """Whether a mail reached nobody of those whom it is for. What a report means that names none of ours is unclear: yes.

    Addresses that do not exist are suppressed from then on.
    """
    row = await tx.maybe(QUERIES.reached, account_id=tx.account, message_id=message_id)
    letter = letter_of(row["details"]) if row else None
    if row is None or letter is None or not letter.to:
        return True
    everybody = _everybody(letter)
    await suppress(tx, now, [one for one in news if one.address.lower() in everybody])
    if not all(one.address.lower() in everybody for one in news):
        return True
    failed = {address.lower() for address, _ in letter.failed}
    return await whom(tx, row["conversation_id"], [one.address for one in letter.to]) <= failed


async def delayed(tx: Tx, about: Watermark) -> None:
    """A report says that a mail of ours is held up on its way; the server that has it goes on trying."""
    named = [*about.message_ids]
    if about.external_ids:
        rows = await tx.all(QUERIES.sent_as, account_id=tx.account, mail_ids=list(about.external_ids))
        named += [row["message_id"] for row in rows]
    await tell_delay(tx, named)


async def suppress(tx: Tx, now: datetime, news: Sequence[NotReached]) -> None:
    """Note which of these addresses do not exist (5.1.x): writing there again harms the sender's name and reaches nobody."""
    found = {one.address.lower()[:320]: one for one in news if one.address and _GONE.match(one.code)}
    if found:
        await tx.run(
            QUERIES.suppress,
            account_id=tx.account,
            addresses=list(found),
            codes=[one.code for one in found.values()],
            said=[one.said[:300] for one in found.values()],
            now=now,
        )


async def suppressed(tx: Tx, addresses: Iterable[str]) -> tuple[NotReached, ...]:
    """Which of these addresses nothing is sent to, in lower case, each with what a server said."""
    rows = await tx.all(QUERIES.suppressed, account_id=tx.account, addresses=[one.lower() for one in addresses])
    return tuple(NotReached(**row) for row in rows)


async def unsuppress(tx: Tx, message_id: UUID) -> None:
    """A person wants a mail sent: its addresses count as existing again."""
    row = await tx.maybe(QUERIES.reached, account_id=tx.account, message_id=message_id)
    letter = letter_of(row["details"]) if row else None
    if letter is not None:
        await tx.run(QUERIES.unsuppress, account_id=tx.account, addresses=sorted(_everybody(letter)))


def _everybody(letter: Letter) -> set[str]:
    return {one.address.lower() for one in (*letter.to, *letter.cc, *letter.bcc)}
