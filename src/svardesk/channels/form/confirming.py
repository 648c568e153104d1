"""Was it really you who wrote? A signed link in the receipt, and a button, because programs that check mail open links."""

from datetime import datetime
from uuid import UUID

import msgspec

from svardesk.channels.form import tokens
from svardesk.channels.form.config import KIND
from svardesk.channels.form.promise import QUERIES
from svardesk.contacts import identities
from svardesk.kit.clock import Clock
from svardesk.kit.db import Database, Row, Tx
from svardesk.kit.keyring import KeyRing


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What the page asks: about which conversation, whose address, in which language, in whose name."""

    number: int
    address: str
    locale: str
    name: str


def link(keyring: KeyRing, public_url: str, account_id: UUID, conversation_id: UUID, at: datetime) -> str:
    """The address to put into a receipt that goes out at ``at``."""
    token = tokens.sign_confirmation(keyring, account_id, conversation_id, at + tokens.CONFIRM_LIFE)
    return f"{public_url}/form/confirm/{token}"


async def ask(db: Database, clock: Clock, keyring: KeyRing, token: str) -> Question:
    """What a link asks; changes nothing. Raises ``BadToken``, also when the conversation or its address was erased."""
    account_id, conversation_id = tokens.read_confirmation(keyring, token, clock.now())
    async with db.work(account_id) as tx:
        return await _question(tx, await _row(tx, conversation_id))


async def confirm(db: Database, clock: Clock, keyring: KeyRing, token: str) -> Question:
    """The button was pressed: whoever reads that mailbox wrote, so the address is theirs. Harmless to repeat.

    Raises ``BadToken``. The level is that of a mail whose domain proves itself (docs/decisions/0021).
    """
    now = clock.now()
    account_id, conversation_id = tokens.read_confirmation(keyring, token, now)
    async with db.work(account_id) as tx:
        row = await _row(tx, conversation_id)
        await identities.believe(tx, now, row["identity_id"], "domain_verified")
        return await _question(tx, row)


async def _row(tx: Tx, conversation_id: UUID) -> Row:
    row = await tx.maybe(QUERIES.confirmable, account_id=tx.account, conversation_id=conversation_id, channel=KIND)
    if row is None:
        raise tokens.BadToken
    return row


async def _question(tx: Tx, row: Row) -> Question:
    name = await tx.value(QUERIES.shown_name, account_id=tx.account, brand_id=row["brand_id"])
    return Question(number=row["number"], address=row["address"], locale=row["locale"] or "nb", name=name)
