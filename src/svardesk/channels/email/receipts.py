"""The receipt: whoever writes for the first time is told at once that it has arrived, where a mailbox is set to do that.

It repeats nothing of what was written, not even the subject or the name: anybody can send a mail in anybody's name, and
what they wrote would reach that person under ours. It never answers a machine, goes to an address at most once a day, and a
conversation holds at most ten of its kind: so two houses that write to each other stop.
"""

from datetime import datetime
from uuid import UUID, uuid5

from svardesk.channels.contract import Connection, Taken
from svardesk.channels.email.config import MOST_AUTOMATIC, RECEIPT_EVERY, read
from svardesk.channels.email.keeping import QUERIES
from svardesk.channels.email.parsing.parsed import ParsedMail
from svardesk.conversations.announcing import announce
from svardesk.conversations.schemas import Correspondent, Letter
from svardesk.hours.away import away_text
from svardesk.hours.service import get_calendar
from svardesk.kit.db import Tx
from svardesk.kit.i18n import normalise, text

_RECEIPTS = UUID("6f0b7f0e-3c57-4b0a-9d0a-2f6f0c1f7a11")


async def send_receipt(tx: Tx, now: datetime, connection: Connection, mail: ParsedMail, taken: Taken) -> UUID | None:
    """Send a receipt for a mail that began a conversation, unless something speaks against it; the message's id."""
    config = read(connection)
    received = taken.received
    if not config.receipt or received.outcome != "started" or taken.stranger or mail.sender is None:
        return None
    if mail.automatic != "none" or not mail.may_answer_automatically:
        return None
    address = mail.sender.address.lower()
    if address in config.own_addresses:
        return None
    counted = await tx.one(
        QUERIES.automatic_since,
        account_id=tx.account,
        address=address,
        conversation_id=received.conversation_id,
        since=now - RECEIPT_EVERY,
    )
    if counted["lately"] or counted["here"] >= MOST_AUTOMATIC:
        return None
    number = await tx.value(QUERIES.number_of, account_id=tx.account, id=received.conversation_id)
    locale = normalise(mail.language or "nb")
    calendar = await get_calendar(tx, connection.calendar_id)
    # Whether somebody has a window open says nothing to a person who is answered by mail: only the hours count.
    closed = away_text(calendar, now, locale, written=True, agents_online=True)
    parts = [text(locale, "server", "mail.receipt.text", number=number)]
    if closed is not None:
        parts.append(closed)
    parts.append(text(locale, "server", "mail.receipt.more"))
    message_id = await announce(
        tx,
        now,
        received.conversation_id,
        "\n\n".join(parts),
        client_id=uuid5(_RECEIPTS, str(received.message_id)),
        letter=Letter(
            subject=text(locale, "server", "mail.receipt.subject", number=number),
            to=[Correspondent("", address)],
            automatic="receipt",
        ),
    )
    if message_id is not None:
        await tx.run(
            QUERIES.note_automatic,
            account_id=tx.account,
            message_id=message_id,
            conversation_id=received.conversation_id,
            address=address,
            now=now,
        )
    return message_id
