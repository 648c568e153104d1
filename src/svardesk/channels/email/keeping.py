"""Where a mail belongs, and what is kept of it.

The order is that of trust: a reply token that only we can make; Message-IDs of mails that we have; our own Message-IDs by
their proof, for mails whose rows are gone; a number in the subject, for those who take part already. A bare subject never
joins two mails: it is what strangers have in common.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any, Final
from uuid import UUID

import msgspec
from psycopg.types.json import Jsonb

from svardesk.channels.contract import Connection, Place, Taken
from svardesk.channels.email.config import keys_of, read
from svardesk.channels.email.parsing.parsed import Address, ParsedMail
from svardesk.channels.email.smtp import is_sendable
from svardesk.channels.email.tokens import read_message_id, read_reply_token
from svardesk.contacts.identities import rank
from svardesk.contacts.schemas import TRUST
from svardesk.conversations.schemas import Correspondent
from svardesk.kit import sql
from svardesk.kit.db import Row, Tx
from svardesk.kit.errors import TooMany
from svardesk.kit.lines import one_line

QUERIES: Final = sql.load(__package__ or "svardesk.channels.email")
LONGEST_ID: Final = 900
MOST_IDS: Final = 100
MOST_AN_HOUR: Final = 200
HOUR: Final = timedelta(hours=1)
_VERIFIED: Final = [one for one in TRUST if rank(one) == 2]
_NUMBER: Final = re.compile(r"\[#(\d{1,15})\]")


class TooManyMails(TooMany):
    """This address has sent more mails in an hour than a person does: the mail is set aside."""

    code = "too_many_mails"


def usable(ids: Iterable[str]) -> list[str]:
    """Message-IDs as they can be kept and compared: without brackets, not endless, each once, in their order."""
    return list(dict.fromkeys(one for one in (i.strip().strip("<>") for i in ids) if one and len(one) <= LONGEST_ID))


async def place_mail(tx: Tx, now: datetime, connection: Connection, mail: ParsedMail, *, let_in: bool = False) -> Place:
    """The conversation that a mail continues, whether its sender has a part in it, and where answers go.

    Raises ``TooManyMails`` when an address has sent more in an hour than a person does: a program in a circle. The mail is
    set aside with its bytes, where an owner sees it and can let it in (``let_in``); nothing is lost. What was written earlier and had
    to wait (an outage, a mailbox that is read for the first time) does not count.
    """
    own = usable([mail.message_id or ""])
    rows = await tx.all(
        QUERIES.known,
        account_id=tx.account,
        connection_id=connection.id,
        mail_ids=_named(mail),
        mail_id=own[0] if own else None,
        address=mail.sender.address.lower()[:320] if mail.sender else None,
        subject=_subject(mail),
        body=_body(mail),
        since=now - HOUR,
        limit=MOST_AN_HOUR,
    )
    place = await _placed(tx, now, connection, mail, rows, let_in=let_in)
    if any(row["how"] == "twin" and row["conversation_id"] == place.conversation_id for row in rows):
        # It went to two of our mailboxes, and both brought it.
        return Place(ignore=True)
    if place.ignore or mail.automatic == "bounce":
        return place
    return msgspec.structs.replace(place, reply_to=await _answers_elsewhere(tx, connection, mail, place))


async def _placed(
    tx: Tx, now: datetime, connection: Connection, mail: ParsedMail, rows: list[Row], *, let_in: bool
) -> Place:
    keys = keys_of(connection)
    if any(row["how"] == "ours" for row in rows):
        # Our own answer, copied to another of our mailboxes: it stands in its conversation already.
        return Place(ignore=True)
    lately = next(row["number"] for row in rows if row["how"] == "lately")
    if not let_in and lately >= MOST_AN_HOUR and (mail.date is None or mail.date > now - HOUR):
        raise TooManyMails
    for address in (*(one.address for one in (*mail.to, *mail.cc)), *mail.delivered_to):
        found = read_reply_token(address, *keys) if keys else None
        if found is not None and await _living(tx, found):
            # Whoever holds the token holds a mail of ours.
            return Place(conversation_id=found)
    named = await _by_ids(tx, _named(mail), rows, keys)
    for beside in (row["conversation_id"] for row in rows if row["how"] == "beside"):
        if named is None and await _takes_part(tx, beside, mail):
            named = beside
    if named is None:
        named = await _by_number(tx, mail)
    if named is None:
        return Place()
    if mail.automatic == "bounce":
        return Place(conversation_id=named)
    return Place(conversation_id=named, stranger=not await _takes_part(tx, named, mail))


def _subject(mail: ParsedMail) -> str:
    return mail.subject[:1000].replace("\x00", "")


def _body(mail: ParsedMail) -> str:
    return (mail.visible or mail.text)[:60_000].replace("\x00", "")


def _named(mail: ParsedMail) -> list[str]:
    """Message-IDs of what a mail answers, the likeliest first."""
    original = mail.bounce.original_message_id if mail.bounce else None
    return usable([*([original] if original else []), *mail.in_reply_to, *reversed(mail.references)])[:MOST_IDS]


async def _living(tx: Tx, conversation_id: UUID) -> bool:
    return await tx.maybe(QUERIES.living, account_id=tx.account, id=conversation_id) is not None


async def _by_ids(tx: Tx, wanted: list[str], rows: list[Row], keys: tuple[bytes, ...]) -> UUID | None:
    known: dict[str, UUID] = {}
    for row in sorted((one for one in rows if one["how"] == "is"), key=itemgetter("number")):
        # Anybody can write a mail that bears the id of another: the conversation that had it first has it.
        known.setdefault(row["mail_id"], row["conversation_id"])
    for one in wanted:
        if one in known:
            return known[one]
    for one in wanted:
        ours = read_message_id(one, *keys) if keys else None
        if ours is not None and await _living(tx, ours[0]):
            return ours[0]
    return next((row["conversation_id"] for row in rows if row["how"] == "names"), None)


async def _by_number(tx: Tx, mail: ParsedMail) -> UUID | None:
    """A number in the subject opens a conversation only to those who take part in it: anybody can write a number."""
    found = _NUMBER.search(mail.subject)
    if found is None:
        return None
    row = await tx.maybe(QUERIES.by_number, account_id=tx.account, number=int(found[1]))
    if row is None or not await _takes_part(tx, row["id"], mail):
        return None
    return row["id"]


async def _takes_part(tx: Tx, conversation_id: UUID, mail: ParsedMail) -> bool:
    """Whether a mail is by somebody who takes part.

    Anybody can write an address into From: where the conversation's own was proven to be the customer's, a mail that proves
    nothing is not by them.
    """
    if mail.sender is None:
        return False
    row = await tx.one(
        QUERIES.takes_part,
        account_id=tx.account,
        conversation_id=conversation_id,
        address=mail.sender.address.lower(),
        verified=_VERIFIED,
    )
    if row["proven"] and mail.trust != "domain_verified":
        return False
    return row["known"] if row["standing"] is None else row["standing"] != "stranger"


async def keep_mail(tx: Tx, now: datetime, connection: Connection, mail: ParsedMail, taken: Taken) -> None:
    """Note a mail that came in. In the transaction that took its message; harmless to repeat."""
    received = taken.received
    own = usable([mail.message_id or ""])
    names = usable([*mail.in_reply_to, *mail.references])[-MOST_IDS:]
    inline = {
        one.content_id: str(taken.files[f"part:{one.part}"])
        for one in mail.files
        if one.content_id and f"part:{one.part}" in taken.files
    }
    parts: dict[str, str] = {}
    if mail.automatic != "bounce" and mail.sender is not None:
        ours = read(connection).own_addresses
        parts[mail.sender.address.lower()] = "stranger" if taken.stranger else "customer"
        if not taken.stranger:
            # Whom the customer copied may answer too.
            for one in (*mail.to, *mail.cc)[:50]:
                address = one.address.lower()
                if address not in ours and read_reply_token(address, *keys_of(connection)) is None:
                    parts.setdefault(address, "copied")
    await keep(
        tx,
        now,
        own=own,
        names=names,
        parts=parts,
        message_id=received.message_id,
        conversation_id=received.conversation_id,
        connection_id=connection.id,
        envelope_id=taken.envelope_id,
        direction="in",
        refs=names,
        sender=mail.sender,
        reply_to=[Address(one.name, one.address) for one in taken.reply_to],
        recipients=(*mail.to, *mail.cc)[:100],
        subject=_subject(mail),
        body=_body(mail),
        html=None if mail.html is None else mail.html.replace("\x00", ""),
        inline_files=inline,
        language=mail.language,
        automatic=mail.automatic,
        written_at=mail.date,
    )


async def _answers_elsewhere(
    tx: Tx, connection: Connection, mail: ParsedMail, place: Place
) -> tuple[Correspondent, ...]:
    """Where a mail asks us to answer, when that is somewhere else than to its sender. Agents are shown it.

    Whoever begins a conversation may say so. In one that exists already, a mail that does not prove whose it is leads our
    answers only to addresses that take part: otherwise a borrowed From and a Reply-To of one's own would be enough to read
    what is meant for another.
    """
    own = read(connection).own_addresses
    wanted = [
        Correspondent(one_line(one.name)[:200], one.address[:320])
        for one in mail.reply_to[:5]
        if one.address.lower() not in own and is_sendable(one.address)
    ]
    if wanted and place.conversation_id is not None and mail.trust != "domain_verified":
        rows = await tx.all(
            QUERIES.who_takes_part,
            account_id=tx.account,
            conversation_id=place.conversation_id,
            addresses=[one.address.lower() for one in wanted],
        )
        known = {row["address"] for row in rows}
        wanted = [one for one in wanted if one.address.lower() in known]
    if mail.sender is not None and [one.address.lower() for one in wanted] == [mail.sender.address.lower()]:
        return ()
    return tuple(wanted)


async def keep(
    tx: Tx,
    now: datetime,
    *,
    own: list[str],
    names: list[str],
    parts: Mapping[str, str],
    sender: Address | None,
    reply_to: Sequence[Address],
    recipients: Sequence[Address],
    inline_files: Mapping[str, str],
    **values: Any,
) -> None:
    """Note a mail, ours or the customer's: ``values`` are columns of ``mails``.

    ``own`` and ``names``: which Message-IDs it is and names. ``parts``: addresses (lower case → standing) that have a part
    in the conversation with it.
    """
    addresses = {address: standing for address, standing in parts.items() if address and len(address) <= 320}
    await tx.run(
        QUERIES.keep,
        account_id=tx.account,
        mail_id=own[0] if own else None,
        sender=None if sender is None else Jsonb(msgspec.to_builtins(sender)),
        sender_address=None if sender is None else sender.address.lower()[:320],
        lives=sender.address.lower()[:320]
        if sender is not None and (values["direction"], values["automatic"]) == ("in", "none")
        else None,
        reply_to=Jsonb(msgspec.to_builtins(list(reply_to))),
        recipients=Jsonb(msgspec.to_builtins(list(recipients))),
        inline_files=Jsonb(dict(inline_files)),
        id_values=[*own, *names],
        id_kinds=["is"] * len(own) + ["names"] * len(names),
        addresses=list(addresses),
        standings=list(addresses.values()),
        now=now,
        **values,
    )
