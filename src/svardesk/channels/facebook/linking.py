"""A private reply went out: the comment and the Messenger thread that grows from it know each other from now on.

That both are the same person is Meta's word and nobody else's: it answers a private reply with the person's number in
Messenger. Nothing is ever matched by name.
"""

from datetime import datetime
from uuid import UUID

from svardesk.channels import threads
from svardesk.channels.contract import Connection
from svardesk.channels.facebook.statements import QUERIES
from svardesk.contacts import identities
from svardesk.conversations import public
from svardesk.conversations.public import Beginning
from svardesk.conversations.schemas import MessageLink
from svardesk.kit.db import Tx


async def link(
    tx: Tx, now: datetime, connection: Connection, message_id: UUID, recipient: str, external_id: str | None
) -> UUID | None:
    """Put a private reply into the thread with its receiver as well; returns that conversation. Told twice it stays one."""
    row = await tx.maybe(QUERIES.private_of, account_id=tx.account, message_id=message_id)
    other = await tx.maybe(QUERIES.sibling, account_id=tx.account, id=connection.id)
    if row is None or other is None or row["link"] is not None:
        return None
    found = await identities.find_or_create(
        tx,
        now,
        kind=other["kind"],
        scope=str(other["id"]),
        address=recipient,
        trust="platform_account",
        name=row["name"],
        locale=row["contact_locale"],
    )
    await threads.came_from(
        tx,
        now,
        other["id"],
        recipient,
        {"source": "COMMENT", "post_id": row["post_id"], "comment_id": row["comment_id"], "type": "PRIVATE_REPLY"},
    )
    conversation_id = await threads.conversation(tx, other["id"], recipient)
    if conversation_id is None:
        conversation_id = await public.begin(
            tx,
            now,
            Beginning(
                channel=other["kind"],
                connection_id=other["id"],
                thread=recipient,
                contact_id=found.contact_id,
                identity_id=found.identity_id,
                brand_id=other["brand_id"],
                team_id=other["team_id"],
                assignee_id=row["agent_id"],
                locale=row["locale"],
            ),
        ) or await threads.conversation(tx, other["id"], recipient)
    if conversation_id is None:
        return None
    here = MessageLink(what="comment", conversation_id=row["conversation_id"], message_id=row["comment_message_id"])
    copy_id = await public.copy_answer(tx, now, message_id, conversation_id, external_id=external_id, to=here)
    if copy_id is not None:
        there = MessageLink(what="private_thread", conversation_id=conversation_id, message_id=copy_id)
        await public.link(tx, message_id, there)
        await public.link(tx, row["comment_message_id"], there)
    return conversation_id
