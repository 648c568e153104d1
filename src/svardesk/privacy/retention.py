"""Retention: what has been kept long enough goes by itself, table by table, in batches, organisation by organisation.

The rooms declare how long (``kit/personal.py``); an organisation sets its own number of days per table in its settings
(``{"retention_days": {"envelopes": 14, "messages": 730, "contacts": 1095}}``). Contacts end through an erasure request,
so that it is seen and leaves a tombstone; lines of the audit log through the one function that may delete them.
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from svardesk.accounts import audit
from svardesk.accounts.caller import SYSTEM
from svardesk.kit.db import Database, Tx
from svardesk.kit.files import FileStore
from svardesk.kit.personal import PersonalTable, declared
from svardesk.privacy.erasing import drop_contents
from svardesk.privacy.service import ask, sql

BATCH = 1000
LONGEST_DAYS = 36_500
"""A hundred years: what an organisation keeps longer, it keeps for good."""
_SHORTEST_AUDIT = 366


def days_of(one: PersonalTable, own: dict[str, Any]) -> int | None:
    """After how many days rows of a table end for an organisation with limits ``own``; None = never by themselves.

    A value that is no whole number above zero is ignored: nothing is deleted by mistake.
    """
    for name in (one.table, one.retention_like):
        value = own.get(name) if name else None
        if isinstance(value, int | float) and not isinstance(value, bool) and value > LONGEST_DAYS:
            return None
        if isinstance(value, int) and not isinstance(value, bool) and value >= 1:
            return value
    return one.retention_days


def statement_of(one: PersonalTable) -> str:
    """The statement that ends one batch of a table; rows that somebody holds wait for the next round."""
    chosen = (
        f"SELECT t.ctid FROM {one.table} t WHERE t.account_id = %(account_id)s"
        f" AND {one.retention_from} < %(before)s AND {one.retention_where} LIMIT %(batch)s FOR UPDATE SKIP LOCKED"
    )
    returning = " RETURNING t.sha256" if one.table == "files" else ""
    where = f"WHERE t.account_id = %(account_id)s AND t.ctid = ANY(ARRAY({chosen}))"
    if one.erase == "blank":
        columns = ", ".join(f"{name} = {value.replace('{now}', '%(now)s')}" for name, value in one.blank.items())
        return f"UPDATE {one.table} t SET {columns} {where}{returning}"
    return f"DELETE FROM {one.table} t {where}{returning}"


async def sweep_account(db: Database, files: FileStore, account_id: UUID, own: dict[str, Any], now: datetime) -> int:
    """End one batch of every table of one organisation; returns how many rows that were."""
    handled = 0
    for one in declared().personal.values():
        days = days_of(one, own)
        if days is None:
            continue
        before = now - timedelta(days=days)
        contents: list[str] = []
        async with db.work(account_id) as tx:
            if one.table == "contacts":
                handled += await _ask_for_erasures(tx, before, now)
            elif one.table == "audit_log":
                handled += await audit.forget(tx, min(before, now - timedelta(days=_SHORTEST_AUDIT)))
            elif one.erase != "keep":
                values = {"account_id": account_id, "before": before, "now": now, "batch": BATCH}
                if one.table == "files":
                    contents = [row["sha256"] for row in await tx.all(statement_of(one), **values)]
                    handled += len(contents)
                else:
                    handled += await tx.run(statement_of(one), **values)
        await drop_contents(db, files, account_id, sorted(set(contents)))
    return handled


async def _ask_for_erasures(tx: Tx, before: datetime, now: datetime) -> int:
    rows = await tx.all(sql.contacts_at_their_end, account_id=tx.account, before=before, limit=100)
    for row in rows:
        await ask(tx, SYSTEM, now, "erase", row["id"])
    return len(rows)
