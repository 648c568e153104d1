"""One person known twice: an anonymous visitor who then said, with proof, who they are."""

from datetime import datetime
from typing import Final
from uuid import UUID

from svardesk.contacts.errors import NoContact
from svardesk.contacts.events import ContactChanged
from svardesk.kit.db import Tx
from svardesk.kit.sql import load
from svardesk.spine import record

_sql: Final = load(__package__ or "svardesk.contacts", "merging.sql")


async def absorb(tx: Tx, now: datetime, *, from_id: UUID, into_id: UUID) -> None:
    """Make ``from_id`` part of ``into_id``: its identities move, and it points to the other from now on.

    Conversations are moved by whoever calls (they are another room's). Raises ``NoContact`` when one of the two is
    erased or was merged already; nothing happens when both are the same.
    """
    if from_id == into_id:
        return
    held = await tx.all(_sql.lock_both, account_id=tx.account, ids=[from_id, into_id])
    if len(held) != 2:
        raise NoContact
    await tx.run(_sql.move_identities, account_id=tx.account, from_id=from_id, into_id=into_id)
    row = await tx.one(_sql.point, account_id=tx.account, from_id=from_id, into_id=into_id, now=now)
    await record(tx, ContactChanged(stream=from_id, version=row["gone_version"]))
    await record(tx, ContactChanged(stream=into_id, version=row["version"]))
