"""Noting whose name is to be asked for, with the message that they wrote."""

from datetime import datetime
from typing import Final
from uuid import UUID

from svardesk.channels.meta.statements import META
from svardesk.kit.db import Tx
from svardesk.spine.wakeups import SWEEP

SWEEP_NAME: Final = "meta_profiles"


async def ask_for(tx: Tx, now: datetime, connection_id: UUID, person: str, contact_id: UUID) -> None:
    """Let the worker ask Meta for a name, once, where we have none."""
    row = await tx.maybe(
        META.ask_for_profile,
        account_id=tx.account,
        connection_id=connection_id,
        person=person,
        contact_id=contact_id,
        now=now,
    )
    if row is not None:
        tx.notify(SWEEP, SWEEP_NAME)
