"""The wall for single conversations: what is asked before anything is read from one or changed in it."""

from typing import Any
from uuid import UUID

from svardesk.accounts.caller import Caller
from svardesk.conversations.errors import NoConversation
from svardesk.conversations.store import sql
from svardesk.kit.db import Row, Tx


def who(caller: Caller) -> dict[str, Any]:
    """Return what every statement with the wall in it asks of an agent: ``agent_id``, ``hidden_team_ids``."""
    return {"agent_id": caller.agent_id, "hidden_team_ids": list(caller.hidden_team_ids)}


async def check_sees(tx: Tx, caller: Caller, conversation_id: UUID) -> None:
    """Raise ``NoConversation`` unless the agent may see it."""
    if await tx.maybe(sql.may_see, account_id=tx.account, id=conversation_id, **who(caller)) is None:
        raise NoConversation


async def hold_for(tx: Tx, caller: Caller, conversation_id: UUID) -> Row:
    """Return the conversation, locked until the transaction ends; raises ``NoConversation`` if the agent may not see it."""
    held = await tx.maybe(sql.hold, account_id=tx.account, id=conversation_id, **who(caller))
    if held is None:
        raise NoConversation
    return held
