"""Several contacts, one person: merging and undoing, for agents, for addresses that meet and for visitors who sign in.

A merge is a pointer and a row that says why (docs/decisions/0020). What each contact knows and what comes in for it stays
with it, so an undo has nothing to restore. Merges form trees: each one points from what was a person then to another one,
and every contact of a tree points to its root, which is what the person is known as.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

import msgspec

from svardesk.accounts import audit
from svardesk.accounts.caller import SYSTEM, Caller
from svardesk.contacts import apart, service
from svardesk.contacts.errors import AlreadyOne, MergeFinal, NoContact, NoMerge
from svardesk.contacts.events import ContactsMerged, ContactsParted
from svardesk.contacts.schemas import Contact, Merge, PersonRef
from svardesk.kit.db import Row, Tx
from svardesk.kit.ids import uuid7
from svardesk.kit.sql import load
from svardesk.spine import record

_sql: Final = load(__package__ or "svardesk.contacts", "merging.sql")

SHOWN: Final = 20


class Group(msgspec.Struct, frozen=True):
    """One person, locked: what they are known as, and all their contacts by id."""

    root: UUID
    contacts: dict[UUID, Row]

    @property
    def nameless(self) -> bool:
        """Whether the person is shown by the name of whichever contact has one."""
        return self.contacts[self.root]["name"] is None


async def hold(tx: Tx, ids: Iterable[UUID]) -> dict[UUID, Group]:
    """Lock the persons behind some contacts until the transaction ends; returns each contact's person.

    Nobody else regroups people of the organisation meanwhile. Raises ``NoContact`` when one of the contacts does not exist
    or is erased.
    """
    ids = list(ids)
    await tx.run(_sql.one_at_a_time, account_id=tx.account)
    held = {row["id"] for row in await tx.all(_sql.persons, account_id=tx.account, ids=ids)}
    rows = await tx.all(_sql.lock, account_id=tx.account, ids=list(held))
    if not set(ids) <= held or any(row["erased_at"] is not None for row in rows):
        raise NoContact
    roots = {row["person_id"] for row in rows}
    groups = {root: Group(root, {row["id"]: row for row in rows if row["person_id"] == root}) for root in roots}
    return {row["id"]: groups[row["person_id"]] for row in rows}


async def join(
    tx: Tx,
    now: datetime,
    source: Group,
    target: Group,
    why: Literal["agent", "address", "sign_in"],
    *,
    agent_id: UUID | None = None,
    identity_id: UUID | None = None,
) -> UUID:
    """Make one held person part of another; returns the merge's id. Whether that is right is the caller's business."""
    merge_id = uuid7()
    await tx.run(_sql.point, account_id=tx.account, ids=list(source.contacts), into_id=target.root)
    await tx.run(_sql.bump, account_id=tx.account, id=target.root)
    await tx.run(
        _sql.add_merge,
        account_id=tx.account,
        id=merge_id,
        from_id=source.root,
        into_id=target.root,
        why=why,
        identity_id=identity_id,
        agent_id=agent_id,
        now=now,
    )
    await tx.run(
        _sql.touch, account_id=tx.account, ids=[*source.contacts, *(target.contacts if target.nameless else ())]
    )
    await record(
        tx,
        ContactsMerged(
            stream=target.root,
            merge_id=merge_id,
            from_id=source.root,
            contact_ids=tuple(source.contacts),
            why=why,
            agent_id=agent_id,
        ),
    )
    return merge_id


async def merge(tx: Tx, caller: Caller, now: datetime, contact_id: UUID, other_id: UUID) -> Contact:
    """An agent says that ``other_id`` is the same person as ``contact_id``, who they are known as from now on.

    That two were told apart before counts no longer. Raises ``NoContact``, also for whom the agent may not see, and
    ``AlreadyOne``.
    """
    seen = await service.get_many_for(tx, caller, [contact_id, other_id])
    if not {contact_id, other_id} <= seen.keys():
        raise NoContact
    held = await hold(tx, [contact_id, other_id])
    target, source = held[contact_id], held[other_id]
    if source.root == target.root:
        raise AlreadyOne
    await apart.forget(tx, source.contacts, target.contacts)
    merge_id = await join(tx, now, source, target, "agent", agent_id=caller.agent_id)
    await audit.note(
        tx, caller, "contacts_merged", "contact", target.root, from_id=str(source.root), merge_id=str(merge_id)
    )
    return await service.get_for(tx, caller, target.root)


async def undo(tx: Tx, caller: Caller, now: datetime, contact_id: UUID, merge_id: UUID) -> Contact:
    """Take one of the merges of a person back; returns who ``contact_id`` is now, or whom of the two the agent may see.

    Whoever became part of the parted contact before goes with it; merges made since stay. The two count as told apart: no
    address brings them together again. Raises ``NoContact``, ``NoMerge``, ``MergeFinal``.
    """
    await service.get_for(tx, caller, contact_id)
    found = await tx.maybe(_sql.living_merge, account_id=tx.account, id=merge_id)
    if found is None:
        raise NoMerge
    held = await hold(tx, [found["from_id"]])
    # Looked at again under the locks: a colleague may have undone it, or moved the contact elsewhere.
    if contact_id not in held or await tx.maybe(_sql.living_merge, account_id=tx.account, id=merge_id) is None:
        raise NoMerge
    if found["why"] == "moved":
        raise MergeFinal
    person = held[contact_id]
    branch = [row["id"] for row in await tx.all(_sql.branch, account_id=tx.account, id=found["from_id"])]
    await tx.run(_sql.unpoint, account_id=tx.account, ids=branch, into_id=found["from_id"])
    await tx.run(_sql.bump, account_id=tx.account, id=person.root)
    await tx.run(_sql.undo_merge, account_id=tx.account, id=merge_id, agent_id=caller.agent_id, now=now)
    await apart.keep(tx, now, found["from_id"], found["into_id"], caller.agent_id)
    await tx.run(_sql.touch, account_id=tx.account, ids=list(person.contacts) if person.nameless else branch)
    await record(
        tx,
        ContactsParted(
            stream=person.root,
            merge_id=merge_id,
            from_id=found["from_id"],
            contact_ids=tuple(branch),
            agent_id=caller.agent_id,
        ),
    )
    await audit.note(
        tx, caller, "merge_undone", "contact", person.root, from_id=str(found["from_id"]), merge_id=str(merge_id)
    )
    both = await service.get_many_for(tx, caller, [contact_id, person.root, found["from_id"]])
    return next(iter(both[one] for one in (contact_id, person.root, found["from_id"]) if one in both))


async def meet_by_address(tx: Tx, now: datetime, first: UUID, second: UUID, identity_id: UUID) -> bool:
    """Make two contacts that proved the same address one person, known as the older one.

    Returns False, and does nothing, when one of them was erased meanwhile or an agent has told them apart.
    """
    try:
        held = await hold(tx, [first, second])
    except NoContact:
        return False
    one, two = held[first], held[second]
    if one.root == two.root:
        return True
    if await apart.are(tx, one.contacts, two.contacts):
        return False
    older, younger = sorted((one, two), key=lambda group: (group.contacts[group.root]["created_at"], group.root))
    merge_id = await join(tx, now, younger, older, "address", identity_id=identity_id)
    await audit.note(
        tx, SYSTEM, "contacts_merged", "contact", older.root, from_id=str(younger.root), merge_id=str(merge_id)
    )
    return True


async def signed_in(tx: Tx, now: datetime, *, anonymous_id: UUID, contact_id: UUID, identity_id: UUID) -> bool:
    """An anonymous visitor proved to be the one with this identity: they are part of that person.

    Returns False, and changes nothing, when an agent said otherwise: made the visitor part of somebody else, or told the
    two apart; also when one of them was erased.
    """
    try:
        held = await hold(tx, [anonymous_id, contact_id])
    except NoContact:
        return False
    source, target = held[anonymous_id], held[contact_id]
    if source.root == target.root:
        return True
    if source.root != anonymous_id or await apart.are(tx, source.contacts, target.contacts):
        return False
    await join(tx, now, source, target, "sign_in", identity_id=identity_id)
    return True


async def signed_in_as(tx: Tx, identity_id: UUID) -> list[UUID]:
    """Return the contacts of anonymous visitors who proved to be the one with this identity."""
    return [row["from_id"] for row in await tx.all(_sql.signed_in_as, account_id=tx.account, identity_id=identity_id)]


async def merges_of(tx: Tx, contact_id: UUID) -> list[Merge]:
    """Return the newest merges that made the person behind a contact; the caller has made sure that the agent may see them."""
    rows = await tx.all(_sql.merges_of, account_id=tx.account, id=contact_id, limit=SHOWN)
    return [
        Merge(
            id=row["id"],
            contact=PersonRef(row["from_id"], row["from_name"]),
            into_id=row["into_id"],
            why=row["why"],
            agent_id=row["agent_id"],
            agent_name=row["agent_name"],
            made_at=row["made_at"],
            undoable=row["undoable"],
        )
        for row in rows
    ]
