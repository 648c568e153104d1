"""Names of people who wrote: asked from Meta once, after their message stands in the inbox."""

import asyncio
from datetime import timedelta
from typing import Final

import structlog

from svardesk.channels.connections import NoSuchConnection, get
from svardesk.channels.contract import NotOffered
from svardesk.channels.messenger.adapter import MessengerAdapter
from svardesk.channels.meta.config import read_page
from svardesk.channels.meta.statements import META
from svardesk.contacts.identities import name_if_none
from svardesk.kit.clock import Clock
from svardesk.kit.db import Database, Row, passes
from svardesk.kit.i18n import text
from svardesk.kit.keyring import KeyRing

log = structlog.get_logger()

LEASE: Final = timedelta(minutes=1)
BATCH: Final = 20
LAST_ATTEMPT: Final = 6


async def sweep(db: Database, clock: Clock, keyring: KeyRing) -> int:
    """Ask for a batch of names; returns how many were claimed."""
    async with db.system() as tx:
        claimed = await tx.all(META.claim_profiles, now=clock.now(), lease=LEASE, limit=BATCH)
    await asyncio.gather(*(_one(db, clock, keyring, row) for row in claimed))
    return len(claimed)


async def _one(db: Database, clock: Clock, keyring: KeyRing, row: Row) -> None:
    key = {"account_id": row["account_id"], "connection_id": row["connection_id"], "person": row["person"]}
    adapter = MessengerAdapter()
    async with db.work(row["account_id"]) as tx:
        try:
            connection = await get(tx, row["connection_id"], keyring)
        except NoSuchConnection:
            await tx.run(META.profile_told, **key, state="nameless", now=clock.now(), picture_file_id=None)
            return
    nobody = text(read_page(connection).locale, "server", "messenger.somebody")
    try:
        display = (await adapter.fetch_profile(connection, row["person"])).display or nobody
    except NotOffered:
        display = nobody
        if row["attempt"] < LAST_ATTEMPT:
            due = clock.now() + timedelta(seconds=min(30 * 4 ** row["attempt"], 21_600))
            async with db.work(row["account_id"]) as tx:
                await tx.run(META.ask_later, **key, due_at=due)
            return
    except Exception as error:
        if passes(error):
            raise
        log.warning("profile_not_asked", connection=str(connection.id), exc_info=error)
        return
    async with db.work(row["account_id"]) as tx:
        state = "nameless" if display == nobody else "known"
        await tx.run(META.profile_told, **key, state=state, now=clock.now(), picture_file_id=None)
        await name_if_none(tx, row["contact_id"], display)
