"""Tags: the organisation's labels, and which conversation wears which."""

from datetime import datetime
from uuid import UUID

import msgspec

from svardesk.accounts.caller import Caller
from svardesk.conversations.errors import NameTaken, NoTag
from svardesk.conversations.events import ConversationChanged
from svardesk.conversations.schemas import ChangeTag, ConversationRow, MakeTag, Tag
from svardesk.conversations.seeing import hold_for, who
from svardesk.conversations.store import row_of, sql
from svardesk.kit.db import Tx
from svardesk.kit.errors import Unprocessable
from svardesk.kit.ids import uuid7
from svardesk.spine import record


async def all_tags(tx: Tx) -> list[Tag]:
    """Return all tags by name, archived ones too: old conversations wear them."""
    return [msgspec.convert(row, Tag) for row in await tx.all(sql.tags, account_id=tx.account)]


async def make(tx: Tx, now: datetime, what: MakeTag) -> Tag:
    """Make a tag; raises ``NameTaken``."""
    name = _name(what.name)
    tag_id = uuid7()
    made = await tx.value(sql.add_tag, account_id=tx.account, id=tag_id, name=name, colour=what.colour, now=now)
    if made is None:
        raise NameTaken(None, None, name=name)
    return Tag(id=tag_id, name=name, colour=what.colour)


async def change(tx: Tx, now: datetime, tag_id: UUID, what: ChangeTag) -> Tag:
    """Rename, recolour, archive or bring back; raises ``NoTag``, ``NameTaken``."""
    row = await tx.maybe(sql.tag, account_id=tx.account, id=tag_id)
    if row is None:
        raise NoTag
    tag = Tag(
        id=tag_id,
        name=row["name"] if what.name is msgspec.UNSET else _name(what.name),
        colour=row["colour"] if what.colour is msgspec.UNSET else what.colour,
        archived=row["archived"] if what.archived is msgspec.UNSET else what.archived,
    )
    changed = await tx.value(
        sql.change_tag,
        account_id=tx.account,
        id=tag_id,
        name=tag.name,
        colour=tag.colour,
        archived=tag.archived,
        now=now,
    )
    if changed is None:
        raise NameTaken(None, None, name=tag.name)
    return tag


async def put(tx: Tx, caller: Caller, now: datetime, conversation_id: UUID, tag_id: UUID) -> ConversationRow:
    """Put a tag on; nothing happens when it is there. Raises ``NoConversation``, ``NoTag``."""
    await hold_for(tx, caller, conversation_id)
    put_on = await tx.value(sql.put_tag, account_id=tx.account, conversation_id=conversation_id, tag_id=tag_id, now=now)
    if put_on is None and await tx.maybe(sql.tag, account_id=tx.account, id=tag_id) is None:
        raise NoTag
    return await _after(tx, caller, conversation_id, changed=put_on is not None)


async def take(tx: Tx, caller: Caller, conversation_id: UUID, tag_id: UUID) -> ConversationRow:
    """Take a tag off; nothing happens when it is not there. Raises ``NoConversation``."""
    await hold_for(tx, caller, conversation_id)
    taken = await tx.value(sql.take_tag, account_id=tx.account, conversation_id=conversation_id, tag_id=tag_id)
    return await _after(tx, caller, conversation_id, changed=taken is not None)


def _name(name: str) -> str:
    cleaned = " ".join(name.replace("\x00", "").split())
    if not cleaned:
        raise Unprocessable("empty_name", "Give it a name.")
    return cleaned


async def _after(tx: Tx, caller: Caller, conversation_id: UUID, *, changed: bool) -> ConversationRow:
    if changed:
        version = await tx.value(sql.bump, account_id=tx.account, id=conversation_id)
        await record(
            tx, ConversationChanged(stream=conversation_id, what=("tags",), version=version, agent_id=caller.agent_id)
        )
    return row_of(await tx.one(sql.row_for, account_id=tx.account, id=conversation_id, **who(caller)))
