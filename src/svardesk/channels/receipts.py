"""Receipts by e-mail of what came in by another way: a form says that one is due, a mailbox sends it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid5

from svardesk.channels.email.keeping import QUERIES
from svardesk.channels.form.receipts import ReceiptMail, for_message
from svardesk.conversations.announcing import announce
from svardesk.conversations.schemas import Correspondent, Letter
from svardesk.kit.clock import SystemClock
from svardesk.kit.db import Tx
from svardesk.kit.keyring import KeyRing
from svardesk.spine import Recorded

_clock: Final = SystemClock()
_RECEIPTS: Final = UUID("2b1b8c0a-8a39-4b1e-9a55-6d9c54f0f0a2")
MOST_A_DAY: Final = 5
"""Receipts to one address in a day: anybody can write anybody's address into a form."""


class _Known:
    keyring: KeyRing | None = None
    public_url: str = ""


def know(keyring: KeyRing, public_url: str) -> None:
    """Tell what signs confirmation links, and where they lead; said once by whoever runs reactions."""
    _Known.keyring, _Known.public_url = keyring, public_url


async def send_due(tx: Tx, batch: Sequence[Recorded]) -> None:
    """Send the receipts that were promised. Idempotent: one for each message."""
    if _Known.keyring is None:
        raise RuntimeError("receipts: nobody has told what signs their links")
    for one in batch:
        mail = await for_message(tx, _Known.keyring, _Known.public_url, one.event.message_id)
        if mail is not None:
            await _send(tx, _clock.now(), mail)


async def _send(tx: Tx, now: datetime, mail: ReceiptMail) -> None:
    address = mail.to.lower()
    counted = await tx.one(
        QUERIES.automatic_since,
        account_id=tx.account,
        address=address,
        conversation_id=mail.conversation_id,
        since=now - timedelta(days=1),
    )
    if counted["lately"] >= MOST_A_DAY:
        return
    message_id = await announce(
        tx,
        now,
        mail.conversation_id,
        mail.text,
        client_id=uuid5(_RECEIPTS, str(mail.message_id)),
        letter=Letter(subject=mail.subject, to=[Correspondent("", mail.to)], automatic="receipt"),
    )
    if message_id is not None:
        await tx.run(
            QUERIES.note_automatic,
            account_id=tx.account,
            message_id=message_id,
            conversation_id=mail.conversation_id,
            address=address,
            now=now,
        )
