"""The demo organisation Fjordnett AS: made once, through the same services as everything else, told as of now.

What customers wrote lies in ``demo_data``; here it is lived through in order, each step at its own time, so that clocks,
states and events are those of a real day. Everything after the bare organisation is one transaction: a start that was
broken off leaves nothing half done, and the next one goes on.
"""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec
from psycopg.types.json import Jsonb

from svardesk.accounts import permissions, setup
from svardesk.accounts.caller import Caller
from svardesk.accounts.secrets import digest, new_token
from svardesk.channels import deliveries
from svardesk.channels.form import forms
from svardesk.channels.webchat import widgets
from svardesk.channels.webchat.adapter import thread_key
from svardesk.channels.webchat.posting import KIND
from svardesk.channels.webchat.visitors import QUERIES as WEBCHAT
from svardesk.config import Settings
from svardesk.contacts import identities
from svardesk.conversations import changing, posting, receipts, tagging
from svardesk.conversations.receiving import Inbound, receive
from svardesk.conversations.schemas import ChangeConversation, MakeTag, PostMessage
from svardesk.demo_data import letterbox, network, ports
from svardesk.demo_data.contact import FORM
from svardesk.demo_data.correspondence import correspond
from svardesk.demo_data.people import AGENTS, MAIL, ORGANISATION, OWNER, PASSWORD, TAGS, TEAMS, WEEKLY
from svardesk.demo_data.script import Line, Told, read
from svardesk.demo_data.socially import socialise
from svardesk.demo_shop import FORM_KEY, WIDGET_KEY
from svardesk.hours import service as hours
from svardesk.house import furnish
from svardesk.kit.clock import Clock, SystemClock
from svardesk.kit.db import Database, Tx
from svardesk.kit.ids import uuid7
from svardesk.kit.keyring import KeyRing
from svardesk.kit.postgres import database_dsn, query
from svardesk.kit.sql import load

_accounts = load("svardesk.accounts")
ORIGINS: Final = ("http://localhost:*", "http://127.0.0.1:*")
ZONE: Final = "Europe/Oslo"
_SESSION_LIFE: Final = timedelta(days=30)
_UNREAD_FOR: Final = timedelta(hours=3)


@dataclass(slots=True)
class Cast:
    """Who and what the conversations are about: callers by first name, ids of teams and tags by name, the widget."""

    people: dict[str, Caller]
    teams: dict[str, UUID]
    widget: widgets.WidgetView
    tags: dict[str, UUID] = field(default_factory=dict[str, UUID])


def fill(settings: Settings) -> str:
    """Make the demo unless it is there; returns what to print, with ``{url}`` where the address belongs."""
    dsn = database_dsn(settings)
    asyncio.run(_fill(settings, dsn))
    address = f"{OWNER[1]}@{MAIL}"
    others = ", ".join(f"{agent[1]}@{MAIL} ({agent[2]})" for agent in AGENTS[:3])
    return "\n".join(
        (
            f"Demo organisation: {ORGANISATION[0]}",
            "  Shop with the chat  {url}/demo/shop",
            "  Its contact form    {url}/demo/shop/kundeservice",
            "  Agent app           {url}/app/",
            f"  Sign in as          {address} (owner), {others}",
            f"  Password            {PASSWORD}",
            *_by_mail(ports.remembered(settings.data)),
            *_by_meta(network.remembered(settings.data)),
        )
    )


def _by_mail(where: ports.Ports | None) -> tuple[str, ...]:
    """How to be a customer who writes mails."""
    if where is None:
        return ()
    return (
        f"Mail to {ports.ORGANISATION}, in another terminal:",
        '  .venv/bin/svardesk demo mail --from "Kari Nordmann <kari@example.no>" --subject "Hei" --text "Når kommer pakken?"',
        "  .venv/bin/svardesk demo mail --inbox    what customers received; --reply answers it",
        f"  Any mail program    SMTP {ports.HOST}:{where.smtp}; IMAP port {where.imap}, {ports.CUSTOMERS}, {ports.PASSWORD}",
    )


def _by_meta(port: int | None) -> tuple[str, ...]:
    """How to be a customer on Messenger and on the page."""
    if port is None:
        return ()
    return (f"Messenger and the Facebook page, as a customer: {network.address(port)}/",)


async def _fill(settings: Settings, dsn: str) -> None:
    said = "coalesce(settings ->> 'demo', ''), coalesce(settings ->> 'demo_mail', ''), coalesce(settings ->> 'demo_meta', '')"
    found = query(dsn, f"SELECT id, {said} FROM accounts WHERE slug = '{ORGANISATION[1]}'")
    where = ports.remembered(settings.data)
    if where is not None and not await asyncio.to_thread(letterbox.answers, where):
        # Its mail server runs with `svardesk run --demo` only; without it there is no mailbox, or it stays as it is.
        where = None
    filled = bool(found and found[0][1])
    port = network.remembered(settings.data) if network.checkout() is not None else None
    meta = None if port is None else network.address(port)
    if filled and (where is None or found[0][2] == str(where)) and (meta is None or found[0][3] == meta):
        return
    house = furnish(settings, dsn, pool=4, name="svardesk demo")
    await house.db.open()
    try:
        account_id = UUID(found[0][0]) if found else await _organisation(house.db, house.clock)
        if not filled:
            async with house.db.work(account_id) as tx:
                await furnish_demo(tx, house.clock, house.keyring, settings.public_url)
        if where is not None:
            await correspond(house, account_id, where)
        if meta is not None:
            await socialise(house, account_id, meta)
    finally:
        await house.db.close()


async def _organisation(db: Database, clock: Clock) -> UUID:
    name, slug = ORGANISATION
    owner, mail = OWNER
    made = await setup.create_organisation(db, name, slug, "nb", ZONE, f"{mail}@{MAIL}", owner, PASSWORD, clock=clock)
    return made.account_id


async def furnish_demo(tx: Tx, clock: Clock | None, keyring: KeyRing, public_url: str) -> None:
    """Everything in the bare organisation: colleagues, hours, widget, tags, and the last days' conversations."""
    now = (clock or SystemClock()).now()
    cast = await _cast(tx, now, keyring, public_url)
    for name, colour in TAGS:
        cast.tags[name] = (await tagging.make(tx, now, MakeTag(name=name, colour=colour))).id
    for told in read():
        await _live_through(tx, now, cast, told)
    await tx.run(
        "UPDATE accounts SET settings = settings || %(mark)s WHERE id = %(id)s",
        id=tx.account,
        mark=Jsonb({"demo": True}),
    )


async def _cast(tx: Tx, now: datetime, keyring: KeyRing, public_url: str) -> Cast:
    owner = await tx.one("SELECT id, name, password_hash FROM agents WHERE role = 'owner' ORDER BY created_at LIMIT 1")
    teams: dict[str, UUID] = {row["name"]: row["id"] for row in await tx.all("SELECT id, name FROM teams")}
    common = {"account_id": tx.account, "now": now}
    for name in TEAMS:
        if name not in teams:
            teams[name] = uuid7()
            await tx.run(
                _accounts.add_team, **common, id=teams[name], name=name, timezone=ZONE, closed=False, brand_id=None
            )
    people = {OWNER[0].split()[0]: _caller(tx.account, owner["id"], owner["name"], "owner", ())}
    for name, mail, role, locale, member_of in AGENTS:
        agent_id = uuid7()
        # Nine slow hashes of one and the same password would be nine times the wait for nothing.
        await tx.run(
            _accounts.add_agent, **common, id=agent_id, email=f"{mail}@{MAIL}", name=name, role=role, locale=locale,
            timezone=ZONE, password_hash=owner["password_hash"],
        )  # fmt: skip
        for team in member_of:
            await tx.run(_accounts.add_member, **common, team_id=teams[team], agent_id=agent_id)
        people[name.split()[0]] = _caller(tx.account, agent_id, name, role, tuple(teams[one] for one in member_of))
    (calendar, *_) = await hours.list_calendars(tx)
    await hours.change_calendar(tx, calendar["id"], {"weekly": WEEKLY, "country": "NO", "timezone": ZONE})
    listed = [*ORIGINS, *([public_url] if public_url.startswith("https://") else [])]
    values = widgets.WidgetValues(name="Nettbutikken", origins=listed, title="Fjordnett", accent="#0b6a5d")
    owner_of_all = people[OWNER[0].split()[0]]
    widget = await widgets.create(tx, now, keyring, owner_of_all, values, key=WIDGET_KEY)
    asked = {**FORM, "topics": [{**one, "team_id": teams[one["team_id"]]} for one in FORM["topics"]]}
    form = msgspec.convert({**asked, "origins": listed, "team_id": teams[TEAMS[0]]}, forms.FormValues)
    await forms.create(tx, now, owner_of_all, form, key=FORM_KEY)
    return Cast(people, teams, widget)


def _caller(account_id: UUID, agent_id: UUID, name: str, role: str, team_ids: tuple[UUID, ...]) -> Caller:
    return Caller(
        account_id=account_id, agent_id=agent_id, name=name, role=role, permissions=permissions.of_role(role),
        team_ids=team_ids,
    )  # fmt: skip


async def _live_through(tx: Tx, now: datetime, cast: Cast, told: Told) -> None:
    """One conversation from its first message to the state in which it is now."""
    session_id = uuid7()
    at = now - told.ago
    who = await identities.find_or_create(
        tx, at, kind=KIND, address=str(session_id), scope=str(cast.widget.id), name=told.name, locale=told.locale
    )
    if told.email:
        await identities.claim(tx, at, contact_id=who.contact_id, kind="email", address=told.email)
    conversation_id: UUID | None = None
    seq = 0
    for place, line in enumerate(told.lines):
        at = at + line.after if place else at
        if line.agent is None:
            received = await receive(tx, at, _inbound(cast, told, who, session_id, line))
            conversation_id, seq = received.conversation_id, received.seq
            if place == 0:
                await _session(tx, now, cast, told, who, session_id, conversation_id, at)
                await _dress(tx, at, cast, told, conversation_id)
        elif conversation_id is not None:
            seq = await _agent_writes(tx, at, cast, conversation_id, line, seq)
    if conversation_id is not None:
        await identities.seen(tx, at, who.contact_id)
        await _end(tx, now, at, cast, told, conversation_id, seq)


def _inbound(cast: Cast, told: Told, who: identities.Found, session_id: UUID, line: Line) -> Inbound:
    return Inbound(
        channel=KIND,
        actor=f"visitor:{session_id}",
        body=line.body,
        client_id=uuid7(),
        connection_id=cast.widget.id,
        thread=thread_key(session_id),
        contact_id=who.contact_id,
        identity_id=who.identity_id,
        team_id=cast.teams[told.team] if told.team else None,
        locale=told.locale,
    )


async def _session(
    tx: Tx,
    now: datetime,
    cast: Cast,
    told: Told,
    who: identities.Found,
    session_id: UUID,
    conversation_id: UUID,
    at: datetime,
) -> None:
    """The visitor's browser, long closed: its token is known to nobody."""
    await tx.run(
        WEBCHAT.add_session,
        account_id=tx.account,
        id=session_id,
        connection_id=cast.widget.id,
        contact_id=who.contact_id,
        identity_id=who.identity_id,
        conversation_id=conversation_id,
        token_hash=digest(new_token()),
        locale=told.locale,
        page_url=f"https://fjordnett.example{told.page or '/demo/shop'}",
        page_title="Fjordnett",
        ip_prefix=None,
        attributes=Jsonb({}),
        signed_attributes=Jsonb({}),
        now=at,
        expires_at=now + _SESSION_LIFE,
    )


async def _dress(tx: Tx, at: datetime, cast: Cast, told: Told, conversation_id: UUID) -> None:
    """Tags, and who takes care of it from the start."""
    somebody = cast.people[told.assignee or OWNER[0].split()[0]]
    for tag in told.tags:
        await tagging.put(tx, somebody, at, conversation_id, cast.tags[tag])
    if told.assignee:
        what = ChangeConversation(assignee_id=somebody.agent_id)
        await changing.change(tx, somebody, at, conversation_id, what)


async def _agent_writes(tx: Tx, at: datetime, cast: Cast, conversation_id: UUID, line: Line, seq: int) -> int:
    caller = cast.people[str(line.agent)]
    named = tuple(one.agent_id for name, one in cast.people.items() if f"@{name}" in line.body)
    kind = "note" if line.kind == "note" else "answer"
    what = PostMessage(client_id=uuid7(), kind=kind, body=line.body, mention_ids=named, based_on_seq=seq, confirm=True)
    posted, _ = await posting.post(tx, caller, at, conversation_id, what)
    if kind == "answer":
        await deliveries.plan(tx, at, [posted.message.id])
        await receipts.visitor_receipts(tx, at, conversation_id, read_seq=posted.message.seq)
    return posted.message.seq


async def _end(tx: Tx, now: datetime, at: datetime, cast: Cast, told: Told, conversation_id: UUID, seq: int) -> None:
    """The state in which it is now, and who has read it."""
    last = next((line.agent for line in reversed(told.lines) if line.agent), None)
    caller = cast.people[told.assignee or last or OWNER[0].split()[0]]
    status, _, snoozed_hours = told.status.partition("+")
    if status == "closed":
        await changing.change(
            tx, caller, at + timedelta(minutes=1), conversation_id, ChangeConversation(status="closed")
        )
    elif status == "snoozed":
        until = now + timedelta(hours=int(snoozed_hours))
        await changing.change(
            tx, caller, at + timedelta(minutes=1), conversation_id, ChangeConversation(snoozed_until=until)
        )
    elif status == "waiting":
        await changing.change(tx, caller, at, conversation_id, ChangeConversation(status="waiting"))
    quiet = now - at > _UNREAD_FOR or told.lines[-1].agent is not None
    for one in cast.people.values():
        if quiet or (one.agent_id == caller.agent_id and last):
            await receipts.mark_read(tx, one, at, conversation_id, seq)
