"""One address, two persons: proved on both sides they are one, otherwise an agent is asked.

A suggestion is not stored: it is what the addresses say at the moment of looking, so it cannot outlive an erasure, a merge or
a change of trust. What agents answer is stored (``apart``).
"""

from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from svardesk.accounts import audit
from svardesk.accounts.caller import Caller
from svardesk.contacts import apart, merging, service
from svardesk.contacts.errors import AlreadyOne, NoContact
from svardesk.contacts.events import ContactsToldApart, MergeSuggested
from svardesk.contacts.identities import rank
from svardesk.contacts.schemas import TRUST, PersonRef, Relations, Suggestion
from svardesk.kit.db import Tx
from svardesk.kit.sql import load
from svardesk.spine import record

_sql: Final = load(__package__ or "svardesk.contacts", "meeting.sql")

KINDS: Final = ("email", "phone")
"""Addresses that a person has outside of us, and can therefore have in several channels."""
JOINS: Final = frozenset({"email"})
"""Of these a proof on both sides is enough. A phone is lent, shared and handed on: there a person decides."""
SHOWN: Final = 5
MOST: Final = 20
_VERIFIED: Final = [one for one in TRUST if rank(one) == 2]


class Met(msgspec.Struct, frozen=True):
    """Whom an identity met: persons that are one with its own now, and persons that an agent is asked about."""

    joined: tuple[UUID, ...] = ()
    suggested: tuple[UUID, ...] = ()


async def same_person(tx: Tx, now: datetime, identity_id: UUID) -> Met:
    """Let an address meet others like it, in the transaction in which it was heard of; harmless to repeat.

    A channel calls it for each identity that it made or believed more, after its message was received: an address that is
    only known behind the wall of a closed team joins nobody by itself, and which team that is stands in the conversation.
    ``now`` is the time given to ``find_or_create``, ``claim`` or ``believe``. Locks the persons it joins and their
    conversations; a deadlock with somebody who does the same is retried by whoever runs the transaction.
    """
    own = await tx.maybe(_sql.identity, account_id=tx.account, id=identity_id, now=now, kinds=list(KINDS))
    if own is None:
        return Met()
    kind, address = own["kind"], own["address"]
    others = await tx.all(
        _sql.others,
        account_id=tx.account,
        contact_id=own["contact_id"],
        kind=kind,
        address=address,
        verified=_VERIFIED,
        limit=MOST,
    )
    joined: list[UUID] = []
    suggested: list[UUID] = []
    for other in others:
        proved = kind in JOINS and rank(own["trust"]) == 2 and rank(other["trust"]) == 2
        if proved and await _join(tx, now, own["contact_id"], other["person_id"], identity_id):
            joined.append(other["person_id"])
        else:
            suggested.append(other["person_id"])
    if own["fresh"]:
        for other_id in suggested[:SHOWN]:
            await record(tx, MergeSuggested(stream=own["contact_id"], other_id=other_id, identity_id=identity_id))
    return Met(tuple(joined), tuple(suggested))


async def _join(tx: Tx, now: datetime, contact_id: UUID, other_id: UUID, identity_id: UUID) -> bool:
    if await tx.value(_sql.walled, account_id=tx.account, one=contact_id, other=other_id):
        return False
    return await merging.meet_by_address(tx, now, contact_id, other_id, identity_id)


async def relations_for(tx: Tx, caller: Caller, contact_id: UUID) -> Relations:
    """Return what made a person and who else may be them; the caller has made sure that the agent may see the person."""
    rows = await tx.all(
        _sql.suggestions,
        account_id=tx.account,
        contact_id=contact_id,
        verified=_VERIFIED,
        agent_id=caller.agent_id,
        hidden_team_ids=list(caller.hidden_team_ids),
        limit=SHOWN,
    )
    suggestions = [
        Suggestion(
            contact=PersonRef(row["person_id"], row["name"]),
            kind=row["kind"],
            address=row["address"],
            own_trust=row["own_trust"],
            trust=row["trust"],
        )
        for row in rows
    ]
    return Relations(await merging.merges_of(tx, contact_id), suggestions)


async def get_relations_for(tx: Tx, caller: Caller, contact_id: UUID) -> Relations:
    """The same, asking first; raises ``NoContact``, also when the agent may not see the person."""
    person = await service.get_for(tx, caller, contact_id)
    return await relations_for(tx, caller, person.id)


async def tell_apart(
    tx: Tx, caller: Caller, now: datetime, contact_id: UUID, other_id: UUID, *, apart_now: bool = True
) -> None:
    """An agent says that two are two persons (or takes that back): no suggestion any more, and no automatic merge.

    Raises ``NoContact``, also for whom the agent may not see, and ``AlreadyOne`` for contacts of one person.
    """
    seen = await service.get_many_for(tx, caller, [contact_id, other_id])
    if not {contact_id, other_id} <= seen.keys():
        raise NoContact
    held = await merging.hold(tx, [contact_id, other_id])
    one, other = held[contact_id], held[other_id]
    if one.root == other.root:
        raise AlreadyOne
    if await apart.are(tx, one.contacts, other.contacts) == apart_now:
        return
    if apart_now:
        await apart.keep(tx, now, one.root, other.root, caller.agent_id)
    else:
        await apart.forget(tx, one.contacts, other.contacts)
    await audit.note(
        tx, caller, "contacts_told_apart" if apart_now else "contacts_not_apart", "contact", one.root,
        other_id=str(other.root),
    )  # fmt: skip
    await record(tx, ContactsToldApart(stream=one.root, other_id=other.root, apart=apart_now, agent_id=caller.agent_id))
