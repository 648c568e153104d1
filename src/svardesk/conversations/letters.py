"""What an addressed answer carries beside its text, as it becomes known: to whom it went, whom it did not reach."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from svardesk.conversations.events import MessageStateChanged
from svardesk.conversations.schemas import Letter
from svardesk.conversations.store import answers, letter_of
from svardesk.kit.db import Tx
from svardesk.kit.jsons import encode
from svardesk.spine import record


async def write_letter(tx: Tx, message_id: UUID, letter: Letter) -> None:
    """Keep to whom an answer goes. Apps hear of it with the next news of the message."""
    await tx.run(answers.write_letter, account_id=tx.account, id=message_id, letter=encode(letter).decode())


async def note_not_reached(tx: Tx, message_id: UUID, lost: Sequence[tuple[str, str]]) -> None:
    """Note addresses that an answer did not reach, each with the reason. Idempotent; an address is noted once."""
    row = await tx.maybe(answers.hold_letter, account_id=tx.account, id=message_id)
    if row is None:
        return
    letter = letter_of(row["details"]) or Letter()
    known = dict(letter.failed)
    new = {address[:320]: reason[:300] for address, reason in lost if address and address not in known}
    if not new:
        return
    letter = msgspec.structs.replace(letter, failed=list((known | new).items())[:50])
    await tx.run(answers.letter_changed, account_id=tx.account, id=message_id, letter=encode(letter).decode())
    await record(
        tx, MessageStateChanged(stream=row["conversation_id"], message_ids=(message_id,), state=row["state"] or "sent")
    )
