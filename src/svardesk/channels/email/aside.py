"""Mails that were set aside: what they are, and what a person decides about them."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from svardesk.accounts import audit
from svardesk.accounts.caller import Actor, Caller
from svardesk.channels import ingress
from svardesk.channels.email.adapter import LET_IN_HEADER
from svardesk.channels.email.config import KIND
from svardesk.channels.email.keeping import QUERIES
from svardesk.channels.email.parsing import parse
from svardesk.kit.db import Row, Tx
from svardesk.kit.errors import NotFound
from svardesk.kit.lines import one_line

MOST: Final = 50
LOOKED_AT: Final = 256_000
"""Bytes of each that are read for the list: sender and subject stand at the beginning."""


class NoMailAside(NotFound):
    """This mail is not set aside: somebody has taken it in or put it away."""

    code = "no_such_envelope"


class AsideMail(msgspec.Struct, frozen=True, kw_only=True):
    """A mail that was set aside. ``why``: its sender wrote too many, or our code broke on it (``error``)."""

    id: UUID
    mailbox_id: UUID
    received_at: datetime
    size: int
    sender: str
    subject: str
    why: str
    error: str


async def list_aside(tx: Tx) -> list[AsideMail]:
    """The newest of them; reading them never raises."""
    rows = await tx.all(QUERIES.mails_aside, account_id=tx.account, kind=KIND, limit=MOST, bytes=LOOKED_AT)
    return [_told(row) for row in rows]


def _told(row: Row) -> AsideMail:
    mail = parse(bytes(row["raw"]))
    sender = mail.sender
    error: str = row["error"] or ""
    return AsideMail(
        id=row["id"],
        mailbox_id=row["connection_id"],
        received_at=row["received_at"],
        size=row["size"],
        sender=one_line(f"{sender.name} <{sender.address}>" if sender.name else sender.address)[:300] if sender else "",
        subject=one_line(mail.subject)[:300],
        why="too_many" if error.startswith("TooManyMails") else "broken",
        error=error[:300],
    )


async def take_in(tx: Tx, now: datetime, by: Actor | Caller, envelope_id: UUID) -> None:
    """A person wants it in all the same. Raises ``NoMailAside``."""
    await _check(tx, QUERIES.let_in, envelope_id, header=LET_IN_HEADER)
    await ingress.replay(tx, now, envelope_id)
    await audit.note(tx, by, "mail_taken_in", "envelope", envelope_id)


async def dismiss(tx: Tx, by: Actor | Caller, envelope_id: UUID) -> None:
    """Nothing is to become of it; its bytes stay until their retention ends. Raises ``NoMailAside``."""
    await _check(tx, QUERIES.dismiss_mail, envelope_id)
    await tx.run(QUERIES.dismiss_items, account_id=tx.account, id=envelope_id)
    await audit.note(tx, by, "mail_dismissed", "envelope", envelope_id)


async def _check(tx: Tx, statement: bytes, envelope_id: UUID, **values: Any) -> None:
    if await tx.maybe(statement, account_id=tx.account, id=envelope_id, kind=KIND, **values) is None:
        raise NoMailAside
