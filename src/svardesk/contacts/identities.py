"""Addresses of people: finding whose one is, believing it more, taking a claim down. Nothing is believed less again."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from svardesk.contacts.events import ContactChanged, ContactCreated, IdentityTrusted
from svardesk.contacts.schemas import TRUST
from svardesk.kit.db import Row, Tx
from svardesk.kit.ids import uuid7
from svardesk.kit.lines import one_line
from svardesk.kit.sql import load
from svardesk.spine import record

_sql = load(__package__ or "svardesk.contacts")

_RANK: Final = {"none": 0, "claimed": 1}
"""Every other level is 2: verified in one way or another."""


CLAIMED: Final = "claimed"
"""Scope of an address that somebody claims although it is proven to be somebody else's."""


SEEN_EVERY: Final = timedelta(minutes=1)
"""That a person was here is written no more often."""


class Found(msgspec.Struct, frozen=True):
    """Whose address it is; ``created``: neither was known before."""

    contact_id: UUID
    identity_id: UUID
    created: bool


def rank(trust: str) -> int:
    """Return how much a level is worth: 0 nothing, 1 somebody said so, 2 verified."""
    return _RANK.get(trust, 2)


def normal(kind: str, address: str) -> str:
    """Return the address as it is kept: e-mail in lower case, everything without blanks at its ends."""
    return address.strip().lower() if kind == "email" else address.strip()


async def find_or_create(
    tx: Tx,
    now: datetime,
    *,
    kind: str,
    address: str,
    scope: str = "",
    trust: str = "none",
    name: str | None = None,
    display: str | None = None,
    locale: str | None = None,
) -> Found:
    """Return whose address this is, making a contact for one that nobody has.

    ``scope`` is the connection's id where addresses are only unique within one. A higher ``trust`` than before is kept.
    The contact is the one who has the address, also when it is part of another person: what comes in stays with it, so that
    a merge can be undone. Two at once end at one contact. Whoever asks has just heard of the person, so they count as seen.
    """
    address = normal(kind, address)
    rows = await tx.all(_sql.identities_by_address, account_id=tx.account, kind=kind, scopes=[scope], address=address)
    if rows:
        return await met(tx, now, rows[0], trust, display)
    return await _create(tx, now, kind, address, scope, trust, name, display, locale)


async def by_addresses(tx: Tx, wanted: Iterable[tuple[str, str, str]]) -> dict[tuple[str, str, str], Row]:
    """Whose addresses these are, each (kind, scope, address as it is kept); those that nobody has are left out."""
    asked = sorted(wanted)
    if not asked:
        return {}
    rows = await tx.all(
        _sql.identities_by_addresses,
        account_id=tx.account,
        kinds=[kind for kind, _, _ in asked],
        scopes=[scope for _, scope, _ in asked],
        addresses=[address for _, _, address in asked],
    )
    return {(row["kind"], row["scope"], row["address"]): row for row in rows}


async def met(tx: Tx, now: datetime, held: Row, trust: str, display: str | None) -> Found:
    """Somebody whom we know: ``held`` is a row of ``by_addresses``."""
    if rank(trust) > rank(held["trust"]):
        await believe(tx, now, held["id"], trust, display=display)
    if held["last_seen_at"] is None or held["last_seen_at"] < now - SEEN_EVERY:
        await seen(tx, now, held["contact_id"])
    return Found(held["contact_id"], held["id"], created=False)


async def _create(
    tx: Tx,
    now: datetime,
    kind: str,
    address: str,
    scope: str,
    trust: str,
    name: str | None,
    display: str | None,
    locale: str | None,
) -> Found:
    contact_id = uuid7()
    made = await tx.maybe(
        _sql.add_person,
        account_id=tx.account,
        contact_id=contact_id,
        name=name or None,
        locale=locale,
        id=uuid7(),
        kind=kind,
        scope=scope,
        address=address,
        display=display,
        trust=trust,
        now=now,
        verified_at=now if rank(trust) == 2 else None,
    )
    if made is None:
        # Somebody was faster: theirs is the one.
        await tx.run(_sql.drop_contact, account_id=tx.account, id=contact_id)
        held = await tx.one(
            _sql.identities_by_address, account_id=tx.account, kind=kind, scopes=[scope], address=address
        )
        return await met(tx, now, held, trust, display)
    await record(tx, ContactCreated(stream=contact_id, identity_id=made["id"]))
    return Found(contact_id, made["id"], created=True)


async def believe(tx: Tx, now: datetime, identity_id: UUID, trust: str, *, display: str | None = None) -> bool:
    """Raise an identity's trust; returns False, and changes nothing, if it is believed as much already."""
    lower = [one for one in TRUST if rank(one) < rank(trust)]
    moved = await tx.maybe(
        _sql.raise_trust,
        account_id=tx.account,
        id=identity_id,
        trust=trust,
        verified_at=now if rank(trust) == 2 else None,
        display=display,
        lower=lower,
    )
    if moved is None:
        return False
    await record(tx, IdentityTrusted(stream=moved["contact_id"], identity_id=identity_id, trust=trust))
    return True


async def claim(tx: Tx, now: datetime, *, contact_id: UUID, kind: str, address: str, name: str | None = None) -> UUID:
    """Note that a person says this address is theirs; returns the identity's id.

    The claim is scoped to the person: it opens nobody's history, and it does not stand in the way of the one whose
    address it really is. A name is taken on where we have none.
    """
    address = normal(kind, address)
    known = await tx.maybe(_sql.same_address, account_id=tx.account, contact_id=contact_id, kind=kind, address=address)
    if known is not None:
        identity_id: UUID = known["id"]
    else:
        made = await tx.one(
            _sql.add_identity,
            account_id=tx.account,
            id=uuid7(),
            contact_id=contact_id,
            kind=kind,
            scope=f"claimed:{contact_id}",
            address=address,
            display=None,
            trust="claimed",
            now=now,
            verified_at=None,
        )
        identity_id = made["id"]
    version = None
    if name and (line := one_line(name)):
        version = await tx.value(_sql.name_if_none, account_id=tx.account, id=contact_id, name=line[:200])
    if version is None and known is None:
        version = await tx.value(_sql.bump, account_id=tx.account, id=contact_id)
    if version is not None:
        await record(tx, ContactChanged(stream=contact_id, version=version))
    return identity_id


async def find_claimed(
    tx: Tx, now: datetime, *, kind: str, address: str, name: str | None = None, locale: str | None = None
) -> Found:
    """Return whose message it is when somebody only *says* that an address is theirs; nothing proves it.

    Whoever says so joins others who only said so: their answers all go to that address, and nothing is opened to them.
    They never join somebody whose address it is proven to be: that is a second contact, and for an agent to put together.
    """
    address = normal(kind, address)
    rows = await tx.all(
        _sql.identities_by_address, account_id=tx.account, kind=kind, scopes=["", CLAIMED], address=address
    )
    known = {row["scope"]: row for row in rows}
    for scope in ("", CLAIMED):
        held = known.get(scope)
        if held is None or rank(held["trust"]) < 2:
            break
    else:
        # Both are proven by now, so this is a claim of its own.
        scope, held = f"{CLAIMED}:{uuid7()}", None
    if held is None:
        found = await _create(tx, now, kind, address, scope, "claimed", name, None, locale)
    else:
        found = await met(tx, now, held, "claimed", None)
    if not found.created and name and (held is None or not held["named"]):
        await name_if_none(tx, found.contact_id, name)
    return found


async def seen(tx: Tx, now: datetime, contact_id: UUID) -> None:
    """Note that a person was here."""
    await tx.run(_sql.seen, account_id=tx.account, id=contact_id, now=now)


async def name_if_none(tx: Tx, contact_id: UUID, name: str) -> None:
    """Take a name on where we have none: from a signed token, from a display name."""
    version = await tx.value(_sql.name_if_none, account_id=tx.account, id=contact_id, name=one_line(name)[:200])
    if version is not None:
        await record(tx, ContactChanged(stream=contact_id, version=version))
