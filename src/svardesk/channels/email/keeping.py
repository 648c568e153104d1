"""Where a mail belongs, and what is kept of it.

The order is that of trust: a reply token that only we can make; Message-IDs of mails that we have; our own Message-IDs by
their proof, for mails whose rows are gone; a number in the subject, for those who take part already. A bare subject never
joins two mails: it is what strangers have in common.
"""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec
from psycopg.types.json import Jsonb

from svardesk.channels.contract import Connection, Place, Taken
from svardesk.channels.email.config import keys_of, read
from svardesk.channels.email.parsing.parsed import Address, ParsedMail
from svardesk.channels.email.tokens import read_message_id, read_reply_token
from svardesk.kit import sql
from svardesk.kit.db import Tx
from svardesk.kit.errors import TooMany

QUERIES: Final = sql.load(__package__ or "svardesk.channels.email")
LONGEST_ID: Final = 900
MOST_IDS: Final = 100
MOST_AN_HOUR: Final = 200
HOUR: Final = timedelta(hours=1)
_NUMBER: Final = re.compile(r"\[#(\d{1,15})\]")


class TooManyMails(TooMany):
    """This address has sent more mails in an hour than a person does: the mail is set aside."""

    code = "too_many_mails"


def usable(ids: Iterable[str]) -> list[str]:
    """Message-IDs as they can be kept and compared: without brackets, not endless, each once, in their order."""
    return list(dict.fromkeys(one for one in (i.strip().strip("<>") for i in ids) if one and len(one) <= LONGEST_ID))


async def take_turn(tx: Tx, now: datetime, mail: ParsedMail) -> None:
    """Wait until no other mail of the organisation is being placed, and look whether its sender floods us.

    Raises ``TooManyMails`` when an address has sent more in an hour than a person does: a program in a circle. The mail is
    set aside with its bytes, where an owner sees it and can let it in; nothing is lost. What was written earlier and had
    to wait (an outage, a mailbox that is read for the first time) does not count.
    """
    address = mail.sender.address.lower()[:320] if mail.sender else ""
    since = now - HOUR
    found = await tx.one(QUERIES.lately_from, account_id=tx.account, address=address, since=since, limit=MOST_AN_HOUR)
    if found["lately"] >= MOST_AN_HOUR and (mail.date is None or mail.date > since):
        raise TooManyMails


async def place_mail(tx: Tx, connection: Connection, mail: ParsedMail) -> Place:
    """The conversation that a mail continues, and whether its sender has a part in it."""
    keys = keys_of(connection)
    for address in (*(one.address for one in (*mail.to, *mail.cc)), *mail.delivered_to):
        found = read_reply_token(address, *keys) if keys else None
        if found is not None and await _living(tx, found):
            # Whoever holds the token holds a mail of ours.
            return Place(conversation_id=found)
    named = await _by_ids(tx, mail, keys)
    if named is None:
        named = await _by_number(tx, mail)
    if named is None:
        return Place()
    if mail.automatic == "bounce":
        return Place(conversation_id=named)
    return Place(conversation_id=named, stranger=not await _takes_part(tx, named, mail.sender))


async def _living(tx: Tx, conversation_id: UUID) -> bool:
    return await tx.maybe(QUERIES.living, account_id=tx.account, id=conversation_id) is not None


async def _by_ids(tx: Tx, mail: ParsedMail, keys: tuple[bytes, ...]) -> UUID | None:
    original = mail.bounce.original_message_id if mail.bounce else None
    wanted = usable([*([original] if original else []), *mail.in_reply_to, *reversed(mail.references)])[:MOST_IDS]
    if wanted:
        rows = await tx.all(QUERIES.by_ids, account_id=tx.account, mail_ids=wanted)
        known = {row["mail_id"]: row["conversation_id"] for row in rows}
        for one in wanted:
            if one in known:
                return known[one]
        for one in wanted:
            ours = read_message_id(one, *keys) if keys else None
            if ours is not None and await _living(tx, ours[0]):
                return ours[0]
    own = usable([mail.message_id or ""])
    if own:
        row = await tx.maybe(QUERIES.named_by, account_id=tx.account, mail_id=own[0])
        if row is not None:
            return row["conversation_id"]
    return None


async def _by_number(tx: Tx, mail: ParsedMail) -> UUID | None:
    """A number in the subject opens a conversation only to those who take part in it: anybody can write a number."""
    found = _NUMBER.search(mail.subject)
    if found is None:
        return None
    row = await tx.maybe(QUERIES.by_number, account_id=tx.account, number=int(found[1]))
    if row is None or not await _takes_part(tx, row["id"], mail.sender):
        return None
    return row["id"]


async def _takes_part(tx: Tx, conversation_id: UUID, sender: Address | None) -> bool:
    if sender is None:
        return False
    address = sender.address.lower()
    row = await tx.maybe(QUERIES.takes_part, account_id=tx.account, conversation_id=conversation_id, address=address)
    if row is not None:
        return row["standing"] != "stranger"
    known = await tx.maybe(QUERIES.is_known_as, account_id=tx.account, conversation_id=conversation_id, address=address)
    return known is not None


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
    await tx.run(
        QUERIES.add_mail,
        account_id=tx.account,
        message_id=received.message_id,
        conversation_id=received.conversation_id,
        connection_id=connection.id,
        envelope_id=taken.envelope_id,
        direction="in",
        mail_id=own[0] if own else None,
        refs=names,
        sender=_json(mail.sender),
        sender_address=mail.sender.address.lower()[:320] if mail.sender else None,
        reply_to=Jsonb([msgspec.to_builtins(one) for one in mail.reply_to[:5]]),
        recipients=Jsonb([msgspec.to_builtins(one) for one in (*mail.to, *mail.cc)[:100]]),
        subject=mail.subject[:1000].replace("\x00", ""),
        body=(mail.visible or mail.text)[:60_000].replace("\x00", ""),
        html=None if mail.html is None else mail.html.replace("\x00", ""),
        inline_files=Jsonb(inline),
        language=mail.language,
        automatic=mail.automatic,
        written_at=mail.date,
        now=now,
    )
    await add_ids(tx, received.message_id, received.conversation_id, own, names)
    if mail.automatic != "bounce" and mail.sender is not None:
        ours = read(connection).own_addresses
        standing = "stranger" if taken.stranger else "customer"
        parts = {mail.sender.address.lower(): standing}
        if not taken.stranger:
            # Whom the customer copied may answer too.
            for one in (*mail.to, *mail.cc)[:50]:
                address = one.address.lower()
                if address not in ours and read_reply_token(address, *keys_of(connection)) is None:
                    parts.setdefault(address, "copied")
        await take_part(tx, now, received.conversation_id, parts)


async def take_part(tx: Tx, now: datetime, conversation_id: UUID, parts: dict[str, str]) -> None:
    """Let addresses (lower case → standing) have a part in a conversation."""
    kept = {address: standing for address, standing in parts.items() if address and len(address) <= 320}
    await tx.run(
        QUERIES.take_part,
        account_id=tx.account,
        conversation_id=conversation_id,
        addresses=list(kept),
        standings=list(kept.values()),
        now=now,
    )


async def add_ids(tx: Tx, message_id: UUID, conversation_id: UUID, own: list[str], names: list[str]) -> None:
    """Note which Message-IDs a message is and names."""
    await tx.run(
        QUERIES.add_ids,
        account_id=tx.account,
        message_id=message_id,
        conversation_id=conversation_id,
        mail_ids=[*own, *names],
        kinds=["is"] * len(own) + ["names"] * len(names),
    )


def _json(address: Address | None) -> Jsonb | None:
    return None if address is None else Jsonb(msgspec.to_builtins(address))
