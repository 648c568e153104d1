"""Who owns a thread: taking it over from another program, passing it on, asking for it, letting it go.

Meta tells everybody what came of it by webhook; what we know of the owner follows from the answer at once, and from the
webhook for whatever others do.
"""

from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

from svardesk.channels import threads
from svardesk.channels.connections import get
from svardesk.channels.contract import Connection, Control
from svardesk.channels.messenger.parsing import BUSINESS_SUITE
from svardesk.channels.meta import errors
from svardesk.channels.meta.client import Answered, GraphClient, Outcome, Refused
from svardesk.channels.meta.config import page_access, read_page
from svardesk.kit.db import Database
from svardesk.kit.errors import Conflict, NotFound
from svardesk.kit.keyring import KeyRing

OURS: Final = "messenger"
"""The only kind of connection whose threads have owners."""

Act = Literal["take", "pass", "release", "request", "extend"]
_PATHS: Final = {
    "take": "take_thread_control",
    "pass": "pass_thread_control",
    "release": "release_thread_control",
    "request": "request_thread_control",
    "extend": "extend_thread_control",
}


class NoThread(NotFound):
    """This conversation has no thread at Messenger."""

    code = "no_thread"


class NotYours(Conflict):
    """Another program controls this conversation and does not give it away; ask for it, or answer there."""

    code = "thread_not_yours"


async def call(connection: Connection, thread: str, act: Act, target: str | None = None) -> Outcome:
    """One call of the routing API."""
    config = read_page(connection)
    body: dict[str, Any] = {"recipient": {"id": thread}, "metadata": "svardesk"}
    if act == "pass":
        body["target_app_id"] = target or config.page_inbox_app_id
    return await GraphClient(page_access(connection), config.page_id).post(f"{config.page_id}/{_PATHS[act]}", body)


async def owner(connection: Connection, thread: str) -> str | None:
    """The app that owns a thread now, asked from Meta; None: idle. Raises ``GraphFailed``."""
    config = read_page(connection)
    found = await GraphClient(page_access(connection), config.page_id).need(
        f"{config.page_id}/thread_owner", recipient=thread
    )
    rows = found.get("data")
    row = rows[0].get("thread_owner") if isinstance(rows, list) and rows and isinstance(rows[0], dict) else None
    return str(row["app_id"]) if isinstance(row, dict) and row.get("app_id") else None


async def change(
    db: Database, keyring: KeyRing, now: datetime, account_id: UUID, conversation_id: UUID, act: Act, target: str | None
) -> Control | None:
    """Do it for a conversation, and note who owns it now. Raises ``NoThread``, ``NotYours``. None: nothing changed yet."""
    async with db.work(account_id) as tx:
        row = await tx.maybe(
            b"SELECT connection_id, external_thread_key AS thread FROM conversations"
            b" WHERE account_id = %(account_id)s AND id = %(id)s AND connection_id IS NOT NULL",
            account_id=account_id,
            id=conversation_id,
        )
        if row is None or not row["thread"]:
            raise NoThread
        connection = await get(tx, row["connection_id"], keyring)
    if connection.kind != OURS:
        raise NoThread
    outcome = await call(connection, row["thread"], act, target)
    if not isinstance(outcome, Answered):
        raise refused(outcome)
    config = read_page(connection)
    control: Control | None = None
    if act in {"take", "release", "extend"}:
        control = Control()
    elif act == "pass":
        app = target or config.page_inbox_app_id
        control = Control(owner=app, name=BUSINESS_SUITE if app == config.page_inbox_app_id else None, standby=True)
    if control is not None:
        async with db.work(account_id) as tx:
            _ = await threads.control(tx, now, connection.id, row["thread"], control)
    return control


def refused(outcome: Outcome) -> NotYours:
    """A refusal as an error that a person can act on."""
    code = outcome.error.name if isinstance(outcome, Refused) else "unreachable"
    if code == "200":
        return NotYours(provider_code=code)
    text_key = errors.describe(code).text_key
    return NotYours("thread_refused", "Meta did not change who controls this conversation.", text_key=text_key)
