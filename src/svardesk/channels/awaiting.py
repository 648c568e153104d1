"""Files that a message names and that lie at the provider: noted with the message, fetched by the worker (``media``)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from svardesk.channels.connections import QUERIES
from svardesk.channels.contract import Attachment
from svardesk.conversations import outside
from svardesk.kit.db import Tx
from svardesk.kit.ids import uuid7
from svardesk.spine.wakeups import SWEEP

SWEEP_NAME: Final = "media"


async def await_files(
    tx: Tx, now: datetime, message_id: UUID, connection_id: UUID, files: Sequence[Attachment]
) -> None:
    """Let the worker fetch files of a message that was just taken."""
    for one in files:
        await tx.run(
            QUERIES.await_file,
            account_id=tx.account,
            id=uuid7(),
            message_id=message_id,
            connection_id=connection_id,
            ref=one.ref,
            name=one.name,
            media_type=one.media_type,
            expires_at=one.expires_at,
            now=now,
        )
    await outside.awaits(tx, message_id, len(files))
    tx.notify(SWEEP, SWEEP_NAME)
