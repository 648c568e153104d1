"""Drafts on the server: what an agent began here is there in every other window."""

from datetime import datetime
from uuid import UUID

import msgspec

from svardesk.accounts.caller import Caller
from svardesk.conversations.errors import DraftConflict
from svardesk.conversations.events import DraftChanged
from svardesk.conversations.schemas import Draft, StoreDraft
from svardesk.conversations.seeing import check_sees
from svardesk.conversations.store import sql
from svardesk.kit.db import Tx
from svardesk.kit.jsons import encode
from svardesk.spine import record


async def get(tx: Tx, agent_id: UUID, conversation_id: UUID) -> Draft | None:
    """Return the agent's draft in a conversation, if there is one."""
    row = await tx.maybe(sql.draft, account_id=tx.account, conversation_id=conversation_id, agent_id=agent_id)
    return None if row is None else msgspec.convert(row, Draft)


async def store(tx: Tx, caller: Caller, now: datetime, conversation_id: UUID, what: StoreDraft) -> Draft:
    """Keep a draft that goes on from ``what.version``; raises ``NoConversation``, ``DraftConflict`` (fields: draft)."""
    await check_sees(tx, caller, conversation_id)
    version = await tx.value(
        sql.store_draft,
        account_id=tx.account,
        conversation_id=conversation_id,
        agent_id=caller.agent_id,
        kind=what.kind,
        body=what.body.replace("\x00", ""),
        file_ids=list(what.file_ids),
        # As in texts, NUL is left out: the database takes none.
        addressing=None if what.addressing is None else encode(what.addressing).decode().replace("\\u0000", ""),
        version=what.version,
        now=now,
    )
    held = await get(tx, caller.agent_id, conversation_id)
    if version is None or held is None:
        raise DraftConflict(None, None, draft=msgspec.to_builtins(held))
    await record(tx, DraftChanged(stream=conversation_id, agent_id=caller.agent_id, version=version))
    return held


async def drop(tx: Tx, caller: Caller, conversation_id: UUID) -> None:
    """Throw the draft away; nothing happens without one. Raises ``NoConversation``."""
    await check_sees(tx, caller, conversation_id)
    dropped = await tx.value(
        sql.drop_draft, account_id=tx.account, conversation_id=conversation_id, agent_id=caller.agent_id
    )
    if dropped is not None:
        await record(tx, DraftChanged(stream=conversation_id, agent_id=caller.agent_id, version=0))
