"""Fjordnett's mailbox, and the first mails in it: written to the demo's mail server, read and answered as any others.

The mails go over the line, so what a newcomer sees has come the way on which their own will come. A start that was broken
off is gone on with by the next one: the same mails have the same bytes, and the same bytes are taken in once.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, Final, TypeVar
from uuid import UUID, uuid5

import structlog
from psycopg.types.json import Jsonb

from svardesk.accounts import permissions
from svardesk.accounts.caller import Caller
from svardesk.channels.email import boxes
from svardesk.channels.email.boxes import MailboxValues
from svardesk.channels.email.config import Reached
from svardesk.conversations import posting
from svardesk.conversations.schemas import PostMessage
from svardesk.demo_data import letterbox
from svardesk.demo_data.mails import SIGNATURES, STORIES, Answered, Story, identifier, mail
from svardesk.demo_data.ports import HOST, ORGANISATION, PASSWORD, Ports
from svardesk.house import House
from svardesk.kit.db import Row, Tx

log = structlog.get_logger()

KEY: Final = "mb_fjordnett"
HOLD_SECONDS: Final = 10
AUTHSERV: Final = "mail.fjordnett.example"
_PATIENCE_SECONDS: Final = 30.0
_LOOK_SECONDS: Final = 0.05
_NEVER_LEFT: Final = {"failed_permanent", "blocked_by_policy", "blocked_by_window"}
_T = TypeVar("_T")


async def correspond(house: House, account_id: UUID, ports: Ports) -> bool:
    """Connect the mailbox to the server at ``ports``, and let customers write to it, once.

    Returns False when a worker was not there to take the mails in; they are, as soon as one comes, and the rest of the
    story is told at the next start. ``house`` has its database open.
    """
    # Without wake-ups everything would come too, seconds later.
    house.db.on_wake, house.db.on_notify = house.wake_sequencer, house.notifier.send
    notifier = asyncio.create_task(house.notifier.run(), name="notifier")
    try:
        async with house.db.work(account_id) as tx:
            mailbox, told = await _mailbox(tx, house, ports)
        if not told:
            try:
                async with asyncio.timeout(_PATIENCE_SECONDS):
                    await _Told(house, account_id, ports, mailbox).all()
            except TimeoutError:
                log.warning("demo_mails_wait_for_a_worker")
                return False
        async with house.db.work(account_id) as tx:
            await _settle(tx, house, mailbox, ports)
    finally:
        notifier.cancel()
        await asyncio.gather(notifier, return_exceptions=True)
    return True


async def _mailbox(tx: Tx, house: House, ports: Ports) -> tuple[Row, bool]:
    """The mailbox (id, created_at), made where it is missing and told the ports; and whether its story is told."""
    told = await tx.value("SELECT settings ? 'demo_mail' FROM accounts WHERE id = %(id)s", id=tx.account)
    row = await _find(tx)
    owner = (await _people(tx))["Ingrid"]
    imap = Reached(host=HOST, port=ports.imap, encryption="none")
    smtp = Reached(host=HOST, port=ports.submission, encryption="none")
    if row is not None:
        if not row["archived"]:
            await boxes.change(tx, house.keyring, owner, row["id"], MailboxValues(imap=imap, smtp=smtp))
        return row, bool(told)
    team = await tx.value("SELECT id FROM teams WHERE name = 'Kundeservice'")
    values = MailboxValues(
        name="E-post",
        sender_name="Fjordnett kundeservice",
        address=ORGANISATION,
        aliases=["post@fjordnett.example", "ordre@fjordnett.example"],
        password=PASSWORD,
        start="all",
        authserv=[AUTHSERV],
        signatures=SIGNATURES,
        team_id=team,
        # The stories below are told without waiting and without receipts; `_settle` turns both on.
        hold_seconds=0,
        receipt=False,
        imap=imap,
        smtp=smtp,
    )
    await boxes.create(tx, house.clock.now(), house.keyring, owner, values, key=KEY)
    made = await _find(tx)
    if made is None:
        raise RuntimeError("the mailbox that was just made is not there")
    return made, False


async def _find(tx: Tx) -> Row | None:
    return await tx.maybe(
        "SELECT id, created_at, archived_at IS NOT NULL AS archived FROM connections WHERE public_key = %(key)s",
        key=KEY,
    )


async def _settle(tx: Tx, house: House, mailbox: Row, ports: Ports) -> None:
    """The stories are told: from now on the mailbox is as its owner wants it."""
    told = await tx.value("SELECT settings ? 'demo_mail' FROM accounts WHERE id = %(id)s", id=tx.account)
    if not told:
        owner = (await _people(tx))["Ingrid"]
        await boxes.change(
            tx, house.keyring, owner, mailbox["id"], MailboxValues(hold_seconds=HOLD_SECONDS, receipt=True)
        )
    await tx.run(
        "UPDATE accounts SET settings = settings || %(mark)s WHERE id = %(id)s",
        id=tx.account,
        mark=Jsonb({"demo_mail": str(ports)}),
    )


async def _people(tx: Tx) -> dict[str, Caller]:
    """Everybody of the demo by first name, as callers."""
    rows = await tx.all(
        "SELECT a.id, a.name, a.role, array(SELECT m.team_id FROM team_members m WHERE m.agent_id = a.id) AS teams"
        " FROM agents a ORDER BY a.created_at DESC"
    )
    return {
        row["name"].split()[0]: Caller(
            account_id=tx.account,
            agent_id=row["id"],
            name=row["name"],
            role=row["role"],
            permissions=permissions.of_role(row["role"]),
            team_ids=tuple(row["teams"]),
        )
        for row in rows
    }


class _Told:
    """The stories of one mailbox, told from the instant at which it was made."""

    def __init__(self, house: House, account_id: UUID, ports: Ports, mailbox: Row) -> None:
        self._house = house
        self._account_id = account_id
        self._ports = ports
        self._mailbox = mailbox

    async def all(self) -> None:
        """Customers write; who was answered is answered; what comes of that comes."""
        began: datetime = self._mailbox["created_at"]
        for story in STORIES:
            await self._post(mail(story.name, began - story.ago), story.name)
        for story in STORIES:
            await self._until(lambda story=story: self._taken(story.name))
        for story in STORIES:
            if story.answered is not None:
                await self._answer(story, story.answered)

    async def _answer(self, story: Story, answered: Answered) -> None:
        row = await self._until(lambda: self._taken(story.name))
        async with self._house.db.work(self._account_id) as tx:
            what = PostMessage(
                client_id=uuid5(self._mailbox["id"], story.name),
                kind="answer",
                body=answered.body,
                based_on_seq=row["last_seq"],
                confirm=True,
                then=answered.then,
            )
            by = (await _people(tx))[answered.agent]
            posted, _ = await posting.post(tx, by, self._house.clock.now(), row["conversation_id"], what)
        state = await self._until(lambda: self._left(posted.message.id))
        if answered.reply is not None and state not in _NEVER_LEFT:
            ours = await self._until(lambda: self._received(identifier(story.name)))
            await self._post(mail(answered.reply, ours["Date"].datetime, ours), answered.reply)
            await self._until(lambda: self._taken(str(answered.reply)))

    async def _post(self, raw: bytes, name: str) -> None:
        if await self._taken(name) is None:
            await asyncio.to_thread(letterbox.post, self._ports, raw, [] if name.endswith("-svar") else [ORGANISATION])

    async def _until(self, look: Callable[[], Awaitable[_T | None]]) -> _T:
        """What ``look`` finds, once it finds something: a mail server tells nobody."""
        while (found := await look()) is None:  # noqa: ASYNC110
            await asyncio.sleep(_LOOK_SECONDS)
        return found

    async def _taken(self, name: str) -> Row | None:
        async with self._house.db.work(self._account_id) as tx:
            return await tx.maybe(
                "SELECT i.conversation_id, c.last_seq FROM mail_ids i"
                " JOIN conversations c ON c.account_id = i.account_id AND c.id = i.conversation_id"
                " WHERE i.kind = 'is' AND i.mail_id = %(mail_id)s",
                mail_id=identifier(name),
            )

    async def _left(self, message_id: UUID) -> str | None:
        async with self._house.db.work(self._account_id) as tx:
            state: str = await tx.value("SELECT state FROM messages WHERE id = %(id)s", id=message_id)
        return state if state in {"sent", "delivered", "read", *_NEVER_LEFT} else None

    async def _received(self, about: str) -> Any | None:
        """Our answer to a mail, as the customer has received it."""
        for one in await asyncio.to_thread(letterbox.received, self._ports):
            if about in str(one["In-Reply-To"] or ""):
                return one
        return None
