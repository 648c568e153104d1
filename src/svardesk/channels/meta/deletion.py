"""Meta passes on that somebody wants their data deleted, or has withdrawn our app's access.

Meta names the person by a number that only its app knows, never by the one that a page knows them by: it cannot be matched
with anybody here. So the request is kept, an administrator sees it, and the status page says how to reach us directly.
"""

import html
import secrets as randomness
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from svardesk.accounts import audit
from svardesk.accounts.caller import Caller
from svardesk.channels.contract import Connection
from svardesk.channels.meta.config import app_secrets
from svardesk.channels.meta.signature import BadSignedRequest, read_signed_request
from svardesk.channels.meta.statements import META
from svardesk.kit.db import Row, Tx
from svardesk.kit.errors import Invalid, NotFound
from svardesk.kit.i18n import text
from svardesk.kit.ids import uuid7

LONGEST: Final = 200


class Forged(Invalid):
    """The request was not signed by Meta for this app."""

    code = "bad_signed_request"


class NoRequest(NotFound):
    """There is no such request."""

    code = "no_deletion_request"


def read(app: Connection, signed_request: str) -> dict[str, Any]:
    """The payload of a request; raises ``Forged``."""
    try:
        found = read_signed_request(signed_request, app_secrets(app))
    except BadSignedRequest as error:
        raise Forged from error
    if not str(found.get("user_id") or ""):
        raise Forged
    return found


async def keep(tx: Tx, now: datetime, app: Connection, payload: dict[str, Any], kind: str) -> str:
    """Keep a request; returns its confirmation code."""
    code = randomness.token_hex(10)
    await tx.run(
        META.add_deletion,
        account_id=tx.account,
        id=uuid7(),
        connection_id=app.id,
        code=code,
        app_scoped_id=str(payload["user_id"])[:LONGEST],
        kind=kind,
        now=now,
    )
    return code


async def by_code(tx: Tx, app: Connection, code: str) -> Row:
    """A request, for its status page; raises ``NoRequest``."""
    row = await tx.maybe(META.deletion_by_code, account_id=tx.account, connection_id=app.id, code=code[:LONGEST])
    if row is None:
        raise NoRequest
    return row


async def done(tx: Tx, now: datetime, caller: Caller, deletion_id: UUID) -> None:
    """An administrator has dealt with it; raises ``NoRequest``."""
    if await tx.maybe(META.deletion_done, account_id=tx.account, id=deletion_id, now=now) is None:
        raise NoRequest
    await audit.note(tx, caller, "meta_deletion.done", "meta_deletion", deletion_id)


def status_page(row: Row, locale: str, code: str) -> bytes:
    """The status page that Meta shows to the person: what was asked, and what came of it. Pure."""

    def say(key: str, **values: str) -> str:
        return html.escape(text(locale, "server", key, **values))

    state = "meta.deletion_done" if row["state"] == "done" else "meta.deletion_unmatched"
    told = say(state)
    title = say("meta.deletion_title")
    asked = say("meta.deletion_asked", date=row["requested_at"].date().isoformat())
    return (
        f'<!doctype html><html lang="{locale}"><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}</title>'
        f"<main><h1>{title}</h1><p>{asked}</p><p>{told}</p>"
        f"<p>{say('meta.deletion_code', code=code)}</p></main></html>"
    ).encode()
