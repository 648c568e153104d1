"""Is a page still with us? Its token, its subscription; and what waited for it goes out when it is well again."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from svardesk.channels.connections import QUERIES
from svardesk.channels.contract import Check, Connection, Health
from svardesk.channels.meta import errors
from svardesk.channels.meta.client import Answered, GraphClient, Outcome, Refused
from svardesk.channels.meta.config import FIELDS, PageConfig, page_access, read_page
from svardesk.channels.meta.statements import META
from svardesk.conversations.states import set_message_states
from svardesk.kit.db import Tx
from svardesk.spine.wakeups import SWEEP

DELIVERIES: Final = "deliveries"
"""The queue that is woken."""
SYNONYMS: Final = {
    "messaging_handover": "messaging_handovers",
    "messaging_referral": "messaging_referrals",
    "messaging_optin": "messaging_optins",
    "message_reaction": "message_reactions",
    "message_edit": "message_edits",
    "message_echo": "message_echoes",
}
"""Meta's pages spell some fields in two ways."""
HOLDING: Final = sorted(
    {"disconnected", "restricted"}
    | {str(code) for (code, _), meant in errors.TABLE.items() if meant.standing != "same"}
)
"""Codes (without their subcodes) of answers that wait for their connection."""


def missing_fields(found: Iterable[Any]) -> list[str]:
    """The fields that we want and do not hear of. Pure."""
    have = {SYNONYMS.get(str(one), str(one)) for one in found}
    return [one for one in FIELDS if one not in have]


UNREACHABLE: Final = "unreachable"
"""What a check says when Meta did not answer at all."""


async def look(connection: Connection) -> Health:
    """Ask Meta for the page and for the apps that are subscribed to it."""
    access, config = page_access(connection), read_page(connection)
    if not access.token:
        return Health(status="disconnected", checks=(Check(name="token", ok=False, detail="no_token"),))
    client = GraphClient(access, config.page_id)
    page = await client.get(config.page_id, fields="id,name")
    checks = [_check("token", page)]
    if checks[0].ok:
        apps = await client.get(f"{config.page_id}/subscribed_apps")
        checks.append(_subscription(config, apps))
    status = "ok"
    if not checks[0].ok:
        status = "disconnected" if isinstance(page, Refused) and _is_token(page) else "degraded"
    elif not all(one.ok for one in checks):
        status = "degraded"
    return Health(status=status, checks=tuple(checks))


def _is_token(refused: Refused) -> bool:
    return errors.meaning(refused.error).what == "token"


def _check(name: str, outcome: Outcome) -> Check:
    if isinstance(outcome, Answered):
        return Check(name=name, ok=True, detail=str(outcome.body.get("name") or "")[:120])
    code = outcome.error.name if isinstance(outcome, Refused) else UNREACHABLE
    return Check(name=name, ok=False, detail=code)


def _subscription(config: PageConfig, outcome: Outcome) -> Check:
    if not isinstance(outcome, Answered):
        return _check("subscription", outcome)
    fields = subscribed(config, outcome.body)
    if fields is None:
        return Check(name="subscription", ok=False, detail="not_subscribed")
    missing = missing_fields(fields)
    return Check(name="subscription", ok=not missing, detail=", ".join(missing)[:300])


def subscribed(config: PageConfig, body: dict[str, Any]) -> Sequence[str] | None:
    """The fields of our app at a page; None: it is not subscribed at all. Pure."""
    rows = body.get("data")
    for row in rows if isinstance(rows, list) else ():
        if isinstance(row, dict) and str(row.get("id")) == config.app_id:
            fields = row.get("subscribed_fields")
            return [str(one) for one in fields] if isinstance(fields, list) else []
    return None


async def subscribe(connection: Connection) -> Outcome:
    """Let the page's updates come to our app."""
    config = read_page(connection)
    client = GraphClient(page_access(connection), config.page_id)
    return await client.post(f"{config.page_id}/subscribed_apps", subscribed_fields=",".join(FIELDS))


async def unsubscribe(connection: Connection) -> Outcome:
    """No updates of the page any more."""
    config = read_page(connection)
    return await GraphClient(page_access(connection), config.page_id).delete(f"{config.page_id}/subscribed_apps")


async def send_what_waited(tx: Tx, now: datetime, connection_id: UUID) -> int:
    """The connection is well again: answers that it held back are queued; returns how many."""
    rows = await tx.all(META.blocked_by_connection, account_id=tx.account, connection_id=connection_id, codes=HOLDING)
    for row in rows:
        await tx.run(QUERIES.queue_again, account_id=tx.account, id=row["id"], now=now, state="queued")
    if rows:
        await set_message_states(tx, now, [row["message_id"] for row in rows], "queued")
        tx.notify(SWEEP, DELIVERIES)
    return len(rows)
