"""Opening the chat: which widget, on which site, who is it, what do they see.

An anonymous visitor is one browser and never reaches anybody's history. A visitor for whom the shop's server vouches (a
signed token) finds their own conversation in any browser; the proof is good for a day, then the session is nobody's again.
What was written anonymously becomes the person's own only if it was written in this very session.
"""

from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from psycopg.types.json import Jsonb

from svardesk.accounts import presence
from svardesk.accounts.secrets import new_token
from svardesk.accounts.texts import CHANGEABLE, wordings
from svardesk.channels import origins
from svardesk.channels.connections import REMEMBERED
from svardesk.channels.contract import Connection
from svardesk.channels.events import VisitorAttributesChanged, VisitorSessionChanged
from svardesk.channels.webchat import attributes as facts
from svardesk.channels.webchat import reply_time, visitors
from svardesk.channels.webchat.adapter import MAX_FILE, MAX_FILES, MAX_TEXT, Page
from svardesk.channels.webchat.attributes import Attributes
from svardesk.channels.webchat.identity import SignedVisitor, read_user_token
from svardesk.channels.webchat.posting import KIND, clean_page
from svardesk.channels.webchat.visitors import QUERIES, NoVisitor, Visitor, VisitorConversation, VisitorMessage
from svardesk.contacts import identities, meeting, merging
from svardesk.contacts import service as contacts
from svardesk.hours.away import away_text
from svardesk.hours.service import get_calendar
from svardesk.kit.clock import Clock
from svardesk.kit.db import Database, Row, Tx, with_retry
from svardesk.kit.errors import Forbidden, NotFound
from svardesk.kit.i18n import normalise
from svardesk.kit.ids import uuid7
from svardesk.kit.keyring import KeyRing
from svardesk.kit.sniff import ALLOWED
from svardesk.spine import record

LIFE: Final = timedelta(days=30)
"""An anonymous browser is known so long after it was last seen."""
PROOF_LIFE: Final = timedelta(hours=24)
"""So long after the shop's server last vouched for a visitor the session is theirs."""


class UnknownWidget(NotFound):
    """There is no widget with this key."""

    code = "unknown_widget"


class OriginRefused(Forbidden):
    """This site may not show the chat. Add it to the widget's allowed sites."""

    code = "origin_refused"


class SessionIn(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Body of ``POST /widget/v1/session``. ``parent`` is the origin of the page that holds the frame.

    ``attributes``: what the page says of the visitor, replacing what it said before; left out, that stays. A claim only.
    """

    widget: Annotated[str, msgspec.Meta(min_length=1, max_length=80)]
    parent: Annotated[str, msgspec.Meta(max_length=300)]
    visitor_token: Annotated[str, msgspec.Meta(max_length=128)] | None = None
    user_token: Annotated[str, msgspec.Meta(max_length=8192)] | None = None
    locale: Annotated[str, msgspec.Meta(max_length=35)] = ""
    page: Page | None = None
    attributes: Attributes | None = None


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What the widget may send."""

    max_text: int = MAX_TEXT
    max_file: int = MAX_FILE
    max_files: int = MAX_FILES
    file_types: tuple[str, ...] = tuple(sorted({ending for endings in ALLOWED.values() for ending in endings}))


class SessionOut(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the widget shows first. ``visitor_token`` only when it is a new one."""

    visitor_token: str | None
    identified: bool
    name: str | None
    conversation: VisitorConversation | None
    messages: list[VisitorMessage]
    earlier: bool
    read_seq: int
    delivered_seq: int
    agents_delivered_seq: int
    agents_read_seq: int
    agents_online: bool
    reply_time_text: str | None
    away_text: str | None
    limits: Limits
    address_known: bool
    resume: str


async def widget(db: Database, keyring: KeyRing, key: str) -> Connection:
    """The widget with a public key; raises ``UnknownWidget``."""
    try:
        return await REMEMBERED.by_key(db, keyring, key, KIND)
    except NotFound:
        raise UnknownWidget from None


def check_origin(found: Connection, origin: str | None) -> None:
    """Raise ``OriginRefused`` unless the page at ``origin`` may show this widget."""
    if not origins.allowed(origin, found.config.get("origins") or ()):
        raise OriginRefused(origin=(origin or "")[:200])


async def check_parent(db: Database, keyring: KeyRing, visitor: Visitor, parent: str | None) -> None:
    """The allow-list once more, for the visitor's socket; raises ``OriginRefused``."""
    check_origin(await REMEMBERED.by_id(db, keyring, visitor.account_id, visitor.connection_id), parent)


async def open_session(
    db: Database, clock: Clock, keyring: KeyRing, data: SessionIn, ip: str | None, resume: str
) -> SessionOut:
    """Open or renew a visitor's session and return what the widget shows.

    ``resume`` is the place in the log, taken before this is called: what happens between the two comes again and is known
    by its version; the other way round it would be lost.

    Raises ``UnknownWidget`` 404, ``OriginRefused`` 403, ``UserTokenError`` 401, ``NoVisitor`` 401.
    """
    found = await widget(db, keyring, data.widget)
    check_origin(found, data.parent)
    now = clock.now()
    signed = None
    if data.user_token:
        secrets = [one["secret"] for one in found.secrets.get("jwt", ())]
        signed = read_user_token(data.user_token, secrets, data.widget, now)
    old = None
    if data.visitor_token:
        old = await visitors.resolve_visitor(db, data.visitor_token, clock, fresh=True)
        if old.connection_id != found.id:
            raise NoVisitor

    async def once() -> tuple[Visitor, SessionOut]:
        async with db.work(found.account_id) as tx:
            visitor, token = await _session(tx, now, found, data, old, signed, ip)
            return visitor, await _shown(tx, now, visitor, token, resume)

    # Whoever signs in may meet themselves in another channel at this moment, and each locks what the other has.
    visitor, shown = await with_retry(once)
    visitors.remember(visitor)
    return shown


async def _shown(tx: Tx, now: datetime, visitor: Visitor, token: str | None, resume: str) -> SessionOut:
    seen = await visitors.snapshot(tx, visitor, now)
    online, away = await availability(tx, now, visitor, written=seen.conversation is not None)
    usual = await reply_time.told(tx, now, visitor) if away is None else None
    # Only what this visitor said themselves: with whom they were merged is the agents' opinion, not theirs to hear.
    person = await contacts.itself(tx, visitor.contact_id) if visitor.contact_id is not None else None
    return SessionOut(
        visitor_token=token,
        identified=visitor.signed,
        name=person.name if person is not None else None,
        conversation=seen.conversation,
        messages=seen.messages,
        earlier=seen.earlier,
        read_seq=seen.read_seq,
        delivered_seq=seen.delivered_seq,
        agents_delivered_seq=seen.agents_delivered_seq,
        agents_read_seq=seen.agents_read_seq,
        agents_online=online,
        reply_time_text=usual,
        away_text=away,
        limits=Limits(),
        address_known=person is not None and person.reachable,
        resume=resume,
    )


async def availability(tx: Tx, now: datetime, visitor: Visitor, *, written: bool = False) -> tuple[bool, str | None]:
    """(whether an agent is there, what to tell the visitor when nobody is): honest, in the visitor's language."""
    online = await presence.any_agent_online(tx, visitor.team_id, now)
    calendar = await get_calendar(tx, visitor.calendar_id)
    wording = await wordings(tx, CHANGEABLE, visitor.locale, visitor.brand_id)
    away = away_text(calendar, now, visitor.locale, written=written, agents_online=online, wording=wording)
    return online, away


async def _session(
    tx: Tx,
    now: datetime,
    found: Connection,
    data: SessionIn,
    old: Visitor | None,
    signed: SignedVisitor | None,
    ip: str | None,
) -> tuple[Visitor, str | None]:
    """The session to go on with, and its token when it is a new one."""
    person, addresses = await _person(tx, now, found, signed) if signed is not None else (None, ())
    visitor, token = await _go_on_or_begin(tx, now, found, data, old, signed, person, ip)
    for identity_id in addresses:
        await meeting.same_person(tx, now, identity_id)
    return visitor, token


async def _go_on_or_begin(
    tx: Tx,
    now: datetime,
    found: Connection,
    data: SessionIn,
    old: Visitor | None,
    signed: SignedVisitor | None,
    person: identities.Found | None,
    ip: str | None,
) -> tuple[Visitor, str | None]:
    held = await tx.maybe(QUERIES.hold_session, account_id=tx.account, id=old.id) if old is not None else None
    locale = normalise((signed.locale if signed else None) or data.locale)
    url, title = clean_page(data.page)
    claimed = None if data.attributes is None else facts.clean(data.attributes)
    if old is not None and held is not None and held["revoked_at"] is None and _goes_on(held, person):
        contact_id, identity_id, conversation_id = held["contact_id"], held["identity_id"], held["conversation_id"]
        if person is not None and not held["signed"]:
            conversation_id = await _claim(tx, now, found, held, person)
            contact_id, identity_id = person.contact_id, person.identity_id
            await record(tx, VisitorSessionChanged(stream=old.id, revoked=False))
        elif person is not None and conversation_id is None:
            conversation_id = await _last_conversation(tx, found, person)
        elif person is None and contact_id is not None:
            await identities.seen(tx, now, contact_id)
        is_signed = person is not None or bool(held["signed"])
        visitor = msgspec.structs.replace(
            old,
            contact_id=contact_id,
            identity_id=identity_id,
            conversation_id=conversation_id,
            signed=is_signed,
            locale=locale,
            page_url=url or old.page_url,
            page_title=title or old.page_title,
            last_seen_at=now,
            # Without a new proof a signed session does not get older than the last one allows.
            expires_at=now + PROOF_LIFE if person is not None else old.expires_at if is_signed else now + LIFE,
        )
        said = held["attributes"] if claimed is None else claimed
        vouched = held["signed_attributes"] if signed is None else dict(signed.attributes)
        await tx.run(
            QUERIES.renew_session,
            account_id=tx.account,
            id=old.id,
            contact_id=contact_id,
            identity_id=identity_id,
            conversation_id=conversation_id,
            locale=locale,
            page_url=visitor.page_url,
            page_title=visitor.page_title,
            now=now,
            expires_at=visitor.expires_at,
            attributes=Jsonb(said),
            signed_attributes=Jsonb(vouched),
        )
        if conversation_id is not None and (said, vouched) != (held["attributes"], held["signed_attributes"]):
            await record(tx, VisitorAttributesChanged(stream=conversation_id, session_id=old.id))
        return visitor, None
    token = new_token()
    visitor = Visitor(
        account_id=found.account_id,
        id=uuid7(),
        connection_id=found.id,
        contact_id=person.contact_id if person else None,
        identity_id=person.identity_id if person else None,
        conversation_id=await _last_conversation(tx, found, person) if person else None,
        signed=person is not None,
        locale=locale,
        page_url=url,
        page_title=title,
        brand_id=found.brand_id,
        team_id=found.team_id,
        calendar_id=found.calendar_id,
        expires_at=now + (PROOF_LIFE if person else LIFE),
        last_seen_at=now,
        token_hash=visitors.digest(token),
    )
    await tx.run(
        QUERIES.add_session,
        account_id=tx.account,
        id=visitor.id,
        connection_id=found.id,
        contact_id=visitor.contact_id,
        identity_id=visitor.identity_id,
        conversation_id=visitor.conversation_id,
        token_hash=visitor.token_hash,
        locale=locale,
        page_url=url,
        page_title=title,
        ip_prefix=ip_prefix(ip),
        attributes=Jsonb(claimed or {}),
        signed_attributes=Jsonb(dict(signed.attributes) if signed is not None else {}),
        now=now,
        expires_at=visitor.expires_at,
    )
    return visitor, token


def _goes_on(held: Row, person: identities.Found | None) -> bool:
    """Whether the old session may be gone on with: never from one person to another."""
    return person is None or not held["signed"] or held["identity_id"] == person.identity_id


async def _person(
    tx: Tx, now: datetime, found: Connection, signed: SignedVisitor
) -> tuple[identities.Found, list[UUID]]:
    """Whom the shop vouches for, and the identities of the addresses that it names."""
    addresses: list[UUID] = []
    person = await identities.find_or_create(
        tx,
        now,
        kind=KIND,
        scope=str(found.id),
        address=f"sub:{signed.subject}",
        trust="signed_token",
        name=signed.name,
        locale=normalise(signed.locale) if signed.locale else None,
    )
    for kind, address in (("email", signed.email), ("phone", signed.phone)):
        if address:
            identity_id = await identities.claim(
                tx, now, contact_id=person.contact_id, kind=kind, address=address, name=signed.name
            )
            if kind != "email" or signed.email_verified:
                await identities.believe(tx, now, identity_id, "signed_token")
            addresses.append(identity_id)
    return person, addresses


async def _claim(tx: Tx, now: datetime, found: Connection, held: Row, person: identities.Found) -> UUID | None:
    """What was written in this anonymous session becomes the person's; else their last conversation is shown."""
    own: UUID | None = held["conversation_id"]
    if own is not None and held["contact_id"] is not None:
        theirs = await merging.signed_in(
            tx, now, anonymous_id=held["contact_id"], contact_id=person.contact_id, identity_id=person.identity_id
        )
        if theirs:
            return own
        # An agent has already said whose it is: that stays, and the session shows the person's own.
    return await _last_conversation(tx, found, person)


async def _last_conversation(tx: Tx, found: Connection, person: identities.Found) -> UUID | None:
    return await tx.value(
        QUERIES.conversation_of_identity,
        account_id=tx.account,
        contact_id=person.contact_id,
        identity_id=person.identity_id,
        before_sign_in=await merging.signed_in_as(tx, person.identity_id),
        connection_id=found.id,
    )


def ip_prefix(ip: str | None) -> str | None:
    """The network of an address (/24, /48): enough against abuse, too little to name a person."""
    if not ip:
        return None
    try:
        address: Any = ip_address(ip)
    except ValueError:
        return None
    return str(ip_network((address, 24 if address.version == 4 else 48), strict=False))
