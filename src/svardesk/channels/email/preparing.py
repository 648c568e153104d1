"""The mail that an answer becomes: who writes to whom, under which subject, in which thread. Read once, then the same.

What was decided at the first attempt is kept (``mails``), so that a later one sends the same mail: the same Message-ID, the
same date, the same thread, even when the customer has written again meanwhile.
"""

from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from svardesk.channels.contract import Connection, NotReached, OutboundCommand
from svardesk.channels.email.composing import Composed, Outgoing, Quoted, compose
from svardesk.channels.email.config import MailboxConfig, key_of, read
from svardesk.channels.email.keeping import QUERIES, keep, usable
from svardesk.channels.email.mime import Address, Attached
from svardesk.channels.email.parsing.parsed import Address as Named
from svardesk.channels.email.reaching import suppressed, whom
from svardesk.channels.email.tokens import message_id, reply_address
from svardesk.conversations.letters import write_letter
from svardesk.conversations.schemas import Correspondent, Letter
from svardesk.kit.db import Row, Tx
from svardesk.kit.i18n import normalise, text

MOST_QUOTED: Final = 20_000


class Prepared(msgspec.Struct, frozen=True, kw_only=True):
    """A mail without its files. ``main``: the addresses that the answer is really for, in lower case (``whom``).

    ``suppressed``: recipients that nothing is sent to.
    """

    outgoing: Outgoing
    mail_id: str
    envelope_from: str
    copy_to: str | None
    main: frozenset[str]
    suppressed: tuple[NotReached, ...] = ()


async def prepare_mail(tx: Tx, now: datetime, command: OutboundCommand) -> Prepared:
    """Read what the mail is made of, and keep what was decided."""
    connection = command.connection
    config = read(connection)
    row = await tx.one(QUERIES.outgoing, account_id=tx.account, message_id=command.message_id)
    kept = await tx.maybe(QUERIES.mail, account_id=tx.account, message_id=command.message_id)
    answered = await tx.maybe(
        QUERIES.answered, account_id=tx.account, conversation_id=command.conversation_id, before_seq=row["seq"]
    )
    sender, signature = _sender(config, connection, row)
    language = normalise(
        row["contact_locale"] or (answered or {}).get("language") or row["locale"] or command.locale or "nb"
    )
    to, cc, bcc = _recipients(command, answered, config)
    subject = _subject(command.letter, answered, row)
    identifier = message_id(command.conversation_id, command.message_id, key_of(connection), config.domain)
    references = usable([*answered["refs"], answered["mail_id"] or ""]) if answered else []
    if kept is not None:
        references = list(kept["refs"])
    in_reply_to = references[-1] if references else None
    outgoing = Outgoing(
        message_id=identifier,
        date=row["created_at"].astimezone(UTC).replace(microsecond=0),
        sender=sender,
        to=to,
        cc=cc,
        bcc=bcc,
        subject=subject,
        text=command.text,
        language=language,
        timezone=config.timezone,
        reply_to=_reply_to(command, connection, config),
        signature=signature.get(language) or signature.get("nb") or next(iter(signature.values()), ""),
        quoted=_quoted(answered, in_reply_to) if not command.automated else None,
        in_reply_to=f"<{in_reply_to}>" if in_reply_to else None,
        references=tuple(f"<{one}>" for one in references[:-1]),
        automatic="replied" if command.automated else None,
        instance=str(tx.account),
    )
    if kept is None:
        await _keep(tx, now, command, outgoing, references)
        await _tell_whom(tx, command, outgoing)
    return Prepared(
        outgoing=outgoing,
        mail_id=identifier.strip("<>"),
        envelope_from=sender.email if not command.automated else config.address,
        copy_to=config.address if config.copy and config.imap is not None and not command.automated else None,
        main=await whom(tx, command.conversation_id, [one.email for one in to]),
        suppressed=await suppressed(tx, [one.email for one in (*to, *cc, *bcc)]),
    )


async def composed(prepared: Prepared, command: OutboundCommand) -> Composed:
    """The bytes of the mail, with its files. Raises ``BadMailAddress``."""
    files = [Attached(name=one.name, media_type=one.media_type, content=await one.read()) for one in command.files]
    return compose(msgspec.structs.replace(prepared.outgoing, attachments=tuple(files)))


async def _keep(tx: Tx, now: datetime, command: OutboundCommand, mail: Outgoing, references: list[str]) -> None:
    own = mail.message_id.strip("<>")
    everybody = [*mail.to, *mail.cc, *mail.bcc]
    await keep(
        tx,
        now,
        own=[own],
        names=[],
        parts={one.email.lower(): "customer" if one in mail.to else "copied" for one in everybody},
        message_id=command.message_id,
        conversation_id=command.conversation_id,
        connection_id=command.connection.id,
        envelope_id=None,
        direction="out",
        refs=references,
        sender=Named(mail.sender.name, mail.sender.email),
        reply_to=(),
        recipients=[Named(one.name, one.email) for one in everybody],
        subject=mail.subject,
        body="",
        html=None,
        inline_files={},
        language=mail.language,
        automatic="receipt" if mail.automatic else "none",
        written_at=mail.date,
    )


async def _tell_whom(tx: Tx, command: OutboundCommand, mail: Outgoing) -> None:
    """Who chose no recipients sees in the thread to whom the answer went."""
    letter = command.letter or Letter()
    if not letter.to:
        to = [Correspondent(one.name, one.email) for one in mail.to]
        await write_letter(tx, command.message_id, msgspec.structs.replace(letter, to=to))


def _sender(config: MailboxConfig, connection: Connection, row: Row) -> tuple[Address, dict[str, str]]:
    team: UUID | None = row["team_id"]
    own = next((one for one in config.senders if one.team_id == team), None)
    name = (own.name if own else "") or config.name or connection.name
    address = (own.address if own else "") or config.address
    return Address(address, name), dict(own.signatures if own and own.signatures else config.signatures)


def _recipients(
    command: OutboundCommand, answered: Row | None, config: MailboxConfig
) -> tuple[tuple[Address, ...], tuple[Address, ...], tuple[Address, ...]]:
    letter = command.letter
    chosen = _addresses(letter.to) if letter else ()
    if not chosen and answered is not None:
        # Who asked for answers elsewhere gets them there.
        wanted = answered["reply_to"] or ([answered["sender"]] if answered["sender"] else [])
        chosen = tuple(Address(one["address"], one["name"]) for one in wanted[:5])
        chosen = tuple(one for one in chosen if one.email.lower() not in config.own_addresses)
    if not chosen and command.recipient:
        chosen = (Address(command.recipient, ""),)
    return chosen, _addresses(letter.cc) if letter else (), _addresses(letter.bcc) if letter else ()


def _addresses(given: list[Correspondent]) -> tuple[Address, ...]:
    return tuple(Address(one.address, one.name) for one in given)


def _subject(letter: Letter | None, answered: Row | None, row: Row) -> str:
    if letter is not None and letter.subject:
        return letter.subject
    subject: str = (answered["subject"] if answered else None) or row["subject"] or ""
    if not subject:
        return text(row["locale"] or "nb", "server", "mail.no_subject", number=row["number"])
    return subject if _is_answer(subject) else f"Re: {subject}"


def _is_answer(subject: str) -> bool:
    return subject.lower().startswith(("re:", "sv:", "vs:"))


def _reply_to(command: OutboundCommand, connection: Connection, config: MailboxConfig) -> str | None:
    key = key_of(connection)
    if not config.reply_tokens or not key:
        return None
    return reply_address(command.conversation_id, key, config.address)


def _quoted(answered: Row | None, in_reply_to: str | None) -> Quoted | None:
    """What is answered, below the answer; not when another mail has come in since the first attempt."""
    if answered is None or not answered["body"].strip() or answered["mail_id"] != in_reply_to:
        return None
    sender: dict[str, Any] = answered["sender"] or {"name": "", "address": ""}
    return Quoted(
        author=Address(sender["address"], sender["name"]),
        sent_at=answered["written_at"] or answered["created_at"],
        text=answered["body"][:MOST_QUOTED],
    )
