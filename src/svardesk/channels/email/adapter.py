"""E-mail as an adapter: a mail becomes an event, an answer becomes a mail that is handed over once."""

import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final
from uuid import UUID

import msgspec

from svardesk.channels.contract import (
    SEND_SECONDS,
    AdapterBase,
    Attachment,
    AttachmentLimit,
    Blocked,
    Capabilities,
    Check,
    Connection,
    Content,
    ErrorText,
    EventType,
    Health,
    InboundEvent,
    NotReached,
    NotSent,
    Ok,
    OutboundCommand,
    Permanent,
    Place,
    Raw,
    Receipts,
    ReconcileResult,
    Reject,
    Sender,
    SendResult,
    Sent,
    Taken,
    Temporary,
    Unknown,
    Watermark,
    Window,
)
from svardesk.channels.email import codes, hook, outcomes, reaching, smtp
from svardesk.channels.email.config import KIND, MailboxConfig, imap_settings, keys_of, read, smtp_settings
from svardesk.channels.email.errors import FolderMissing, MailServerError
from svardesk.channels.email.imap import Mailbox
from svardesk.channels.email.imap_session import SENT
from svardesk.channels.email.keeping import QUERIES, keep_mail, place_mail
from svardesk.channels.email.mime import BadMailAddress, ascii_address
from svardesk.channels.email.oauth import OAuthError
from svardesk.channels.email.parsing import parse
from svardesk.channels.email.parsing.parsed import Address, ParsedMail
from svardesk.channels.email.preparing import Prepared, composed, prepare_mail
from svardesk.channels.email.receipts import send_receipt
from svardesk.channels.email.tokens import read_message_id, read_reply_token
from svardesk.channels.events import ConnectionChanged
from svardesk.conversations.schemas import Correspondent, Letter
from svardesk.kit.db import Tx
from svardesk.kit.lines import one_line
from svardesk.spine import record

MAX_TEXT: Final = 60_000
"""Characters of a mail that stand in the conversation; the rest is a click away."""
ENCODED: Final = 1.4
"""So many bytes of a mail a byte of a file becomes."""
SLOWEST: Final = 60_000
"""Bytes a second that a mail server takes at least."""
LONGEST: Final = 900.0
MAX_CUT: Final = 30_000
MAX_ATTACHMENT: Final = 25 * 1024 * 1024
RETRIES_FOR: Final = timedelta(hours=48)
"""Mail servers that are down or busy come back within two days; customers of mail expect no less."""
ARRIVED_HEADER: Final = "svardesk-arrived"
"""Says when the server took the mail (INTERNALDATE), where that is known."""
PROBLEM_HEADER: Final = "svardesk-problem"
LET_IN_HEADER: Final = "svardesk-let-in"
"""A person wants a mail in that was set aside."""
NOBODY: Final = "unknown@invalid"

TokenOf = Callable[[Connection], Awaitable[str | None]]
TokenRefused = Callable[[UUID], None]


async def _no_token(connection: Connection) -> str | None:
    del connection
    return None


def _nobody_cares(connection_id: UUID) -> None:
    del connection_id


class EmailAdapter(AdapterBase):
    """Mailboxes.

    ``token_of`` gives an access token where a mailbox signs in by OAuth, ``token_refused`` hears that a server did not take
    it; whoever wires the house sets both.
    """

    kind: ClassVar[str] = KIND
    version: ClassVar[int] = 1
    tells_handing_over: ClassVar[bool] = True

    def __init__(self) -> None:
        self.token_of: TokenOf = _no_token
        self.token_refused: TokenRefused = _nobody_cares

    def config_schema(self) -> dict[str, Any]:
        """JSON Schema of a mailbox's settings."""
        schema, components = msgspec.json.schema_components([MailboxConfig], ref_template="#/$defs/{name}")
        return {"type": "object", "allOf": list(schema), "$defs": components}

    def capabilities(self, connection: Connection) -> Capabilities:
        """Answers have addresses and can wait; nothing tells that they were read."""
        config = read(connection)
        return Capabilities(
            windows=(Window("always", None),) if config.smtp is not None else (),
            attachments=AttachmentLimit(types=("*/*",), max_bytes=MAX_ATTACHMENT),
            receipts=Receipts(delivered="weak", read="weak"),
            proactive="consent",
            trust_default="claimed",
            formatting="html",
            addressed=True,
            hold_seconds=config.hold_seconds,
            retries_for=RETRIES_FOR,
        )

    def authenticate(self, headers: Mapping[str, str], raw: bytes, connection: Connection) -> Ok | Reject:
        """A mail server of the organisation hands a mail over: signed with the mailbox's secret, and not long ago."""
        return hook.check(headers, raw, connection)

    def parse(self, raw: Raw, connection: Connection) -> list[InboundEvent]:
        """One mail, one event. Never raises: what cannot be understood is a message all the same."""
        config = read(connection)
        mail = parse(
            raw.body,
            trusted_authserv=config.authserv,
            own_addresses=config.own_addresses,
            instance=str(connection.account_id),
        )
        keys = keys_of(connection)
        # A program that answers under the id of what it answers is not us.
        sent_by_us = mail.sender is not None and mail.sender.address.lower() in config.own_addresses
        ours = read_message_id(mail.message_id or "", *keys) if keys and sent_by_us else None
        at = mail.date or raw.received_at
        key = _key(mail, raw.body)
        if ours is not None:
            # Our own answer has come by: the proof that it went out.
            return [
                InboundEvent(
                    type="receipt_sent",
                    idempotency_key=key,
                    external_thread_key=None,
                    sender=Sender(external_id=config.address or NOBODY, kind="page"),
                    occurred_at=at,
                    about=Watermark(message_ids=(ours[1],)),
                )
            ]
        about = _about(mail, keys)
        failed = mail.bounce is not None and any(one.action == "failed" for one in mail.bounce.recipients)
        kind: EventType = "message"
        if mail.automatic != "none":
            kind = "bounce" if failed and about is not None else "auto_reply"
        sender = mail.sender or Address("", NOBODY)
        return [
            InboundEvent(
                type=kind,
                idempotency_key=key,
                external_thread_key=f"mail:{key}",
                sender=Sender(
                    external_id=sender.address.lower()[:320],
                    kind="bot" if mail.automatic == "bounce" else "customer",
                    display=one_line(sender.name)[:200] or None,
                    trust="domain_verified" if mail.trust == "domain_verified" else "claimed",
                    address_kind="email",
                ),
                occurred_at=at,
                content=Content(text=_text(mail), attachments=_files(mail, raw)),
                about=about,
                automated=mail.automatic != "none",
                silent=True if mail.automatic != "none" else None,
                locale=mail.language,
                subject=one_line(mail.bare_subject or mail.subject)[:300] or None,
                letter=_letter(mail, keys),
                own=mail,
                longest=MAX_TEXT,
                let_in=LET_IN_HEADER in raw.headers,
                not_reached=_not_reached(mail) if kind == "bounce" else (),
            )
        ]

    async def place(self, tx: Tx, now: datetime, connection: Connection, event: InboundEvent) -> Place:
        """Reply token, Message-IDs, our own ids, a number in the subject: in this order; never by the bare subject."""
        return await place_mail(tx, now, connection, event.own, let_in=event.let_in)

    async def keep(self, tx: Tx, now: datetime, connection: Connection, event: InboundEvent, taken: Taken) -> None:
        """Note the mail's ids, its participants and its formatted form."""
        await keep_mail(tx, now, connection, event.own, taken)
        await send_receipt(tx, now, connection, event.own, taken)
        report = event.own.bounce
        late = report is not None and any(one.action == "delayed" for one in report.recipients)
        if late and event.about is not None and event.type != "bounce":
            await reaching.delayed(tx, event.about)

    async def prepare(self, tx: Tx, now: datetime, command: OutboundCommand) -> OutboundCommand:
        """The mail that the answer becomes; the same again at every attempt."""
        return msgspec.structs.replace(command, own=await prepare_mail(tx, now, command))

    async def told(self, tx: Tx, now: datetime, connection: Connection, result: SendResult | ReconcileResult) -> None:
        """Whether mail goes out by this mailbox, for the settings page; and which addresses do not exist."""
        if isinstance(result, Sent | Permanent):
            await reaching.suppress(tx, now, result.refused)
        if isinstance(result, Sent):
            news = await tx.value(QUERIES.sending_works, account_id=tx.account, connection_id=connection.id, now=now)
        elif isinstance(result, Temporary | Permanent) and result.error_class == "connection":
            error = f"{result.code}: {result.reason}"[:300]
            news = await tx.value(
                QUERIES.sending_fails, account_id=tx.account, connection_id=connection.id, now=now, error=error
            )
        else:
            return
        if news:
            # Open apps hear of it; the settings are the same, so their version is.
            version = await tx.value(QUERIES.version, account_id=tx.account, id=connection.id)
            await record(tx, ConnectionChanged(stream=connection.id, version=version or 0))

    async def lost(self, tx: Tx, now: datetime, message_id: UUID, news: Sequence[NotReached]) -> bool:
        """A mail is lost when nobody got it whom it is for; a copy that did not arrive is only told."""
        return await reaching.lost(tx, now, message_id, news)

    async def wanted(self, tx: Tx, message_id: UUID) -> None:
        """Its addresses count as existing again."""
        await reaching.unsuppress(tx, message_id)

    def send_seconds(self, command: OutboundCommand) -> float:
        """Longer for files: a mail server may sit behind a slow line."""
        return min(SEND_SECONDS + sum(one.size for one in command.files) * ENCODED / SLOWEST, LONGEST)

    async def send(self, command: OutboundCommand) -> SendResult:
        """Hand the mail over to the mailbox's server."""
        prepared: Prepared | None = command.own
        connection = command.connection
        try:
            settings = smtp_settings(connection, await self._token(connection))
        except OAuthError as error:
            return Temporary(code=error.code, error_class="connection", reason=error.said)
        if settings is None or prepared is None:
            return Permanent(code="no_smtp", error_class="connection", reason="no_smtp")
        settings = msgspec.structs.replace(settings, total_seconds=self.send_seconds(command) - 2)
        try:
            mail = await composed(prepared, command)
            main = [ascii_address(one.email).lower() for one in prepared.outgoing.to]
        except BadMailAddress as error:
            return Permanent(code="address", error_class="address", reason=str(error.fields.get("address", ""))[:200])
        if not mail.recipients:
            return Permanent(code="no_recipient", error_class="address", reason="no_recipient")
        suppressed = {one.address for one in prepared.suppressed}
        if prepared.main and prepared.main <= suppressed:
            return Blocked(by="policy", code="address_suppressed", reason=prepared.suppressed[0].said[:200])
        recipients = [one for one in mail.recipients if one.lower() not in suppressed]
        recipients += [prepared.copy_to] if prepared.copy_to else []
        try:
            outcome = await smtp.send(
                settings,
                prepared.envelope_from,
                list(dict.fromkeys(recipients)),
                mail.raw,
                envelope_id=str(command.delivery_id),
                main=prepared.main or main or mail.recipients,
                before_final=command.about_to_send,
            )
        except MailServerError as error:
            return Permanent(code=error.code, error_class="connection", reason=error.said)
        if isinstance(outcome, outcomes.Deferred) and outcome.code == "token_expired":
            self.token_refused(connection.id)
        return _result(outcome, prepared)

    async def reconcile(self, command: OutboundCommand) -> ReconcileResult:
        """Look for the mail by its Message-ID: in the mailbox itself, and among what its provider keeps as sent."""
        prepared: Prepared | None = command.own
        connection = command.connection
        if prepared is None:
            return NotSent()
        try:
            settings = imap_settings(connection, await self._token(connection))
            if settings is None:
                return Unknown(reason="no_imap")
            async with Mailbox(settings) as mailbox:
                for folder in _folders(read(connection)):
                    try:
                        if await mailbox.find(prepared.outgoing.message_id, folder):
                            return Sent(external_id=prepared.mail_id)
                    except FolderMissing:
                        continue
        except (MailServerError, OAuthError) as error:
            return Unknown(reason=error.code)
        return Unknown(reason="not_found")

    async def health(self, connection: Connection) -> Health:
        """Sign in to both servers."""
        checks: list[Check] = []
        try:
            token = await self._token(connection)
            imap = imap_settings(connection, token)
            if imap is not None:
                async with Mailbox(imap) as mailbox:
                    state = mailbox.folder
                checks.append(Check(name="imap", ok=True, detail=str(state.exists if state else 0)))
        except (MailServerError, OAuthError) as error:
            checks.append(Check(name="imap", ok=False, detail=f"{error.code}: {error.said}"[:300]))
        try:
            out = smtp_settings(connection, await self._token(connection))
            if out is not None:
                await smtp.probe(out)
                checks.append(Check(name="smtp", ok=True))
        except (MailServerError, OAuthError) as error:
            checks.append(Check(name="smtp", ok=False, detail=f"{error.code}: {error.said}"[:300]))
        bad = [one for one in checks if not one.ok]
        status = "ok" if not bad else ("disconnected" if len(bad) == len(checks) else "degraded")
        return Health(status=status, checks=tuple(checks))

    def describe_error(self, code: str) -> ErrorText:
        """What a refusal means to an agent."""
        return codes.delivery(code)

    async def _token(self, connection: Connection) -> str | None:
        return await self.token_of(connection) if read(connection).provider != "password" else None


def _result(outcome: outcomes.Outcome, prepared: Prepared) -> SendResult:
    match outcome:
        case outcomes.Accepted(refused=refused):
            return Sent(
                external_id=prepared.mail_id,
                refused=(*_refused(refused, prepared), *prepared.suppressed),
            )
        case outcomes.Deferred(code=code, said=said, error_class=error_class):
            return Temporary(code=code, error_class=error_class, reason=said[:200])
        case outcomes.Refused(code=code, said=said, error_class=error_class, refused=refused):
            lost = _refused(refused, prepared)
            return Permanent(code=code, error_class=error_class, reason=said[:200], refused=lost)
        case outcomes.Uncertain(said=said):
            return Unknown(reason=said[:200] or "no_answer")


def _refused(refused: Sequence[outcomes.RecipientRefused], prepared: Prepared) -> tuple[NotReached, ...]:
    return tuple(
        NotReached(address=one.address, code=outcomes.code_of(one.code, one.said), said=one.said.strip()[:200])
        for one in refused
        if one.address != prepared.copy_to
    )


def _key(mail: ParsedMail, raw: bytes) -> str:
    """The same mail delivered twice has the same key, whatever way it took; a copy of its id alone does not.

    So a second delivery with other Received headers is recognised, and a mail that carries a strange mail's Message-ID is
    not lost.
    """
    head, separator, body = raw.partition(b"\r\n\r\n")
    if not separator:
        head, separator, body = raw.partition(b"\n\n")
    if mail.message_id is None:
        return hashlib.sha256(raw).hexdigest()
    sender = mail.sender.address if mail.sender else ""
    said = "\0".join([mail.message_id, sender, mail.subject, mail.date.isoformat() if mail.date else ""])
    # Line ends differ between ways of delivery.
    content = (body if separator else head).replace(b"\r\n", b"\n").strip()
    return hashlib.sha256(said.encode("utf-8", "replace") + b"\0" + content).hexdigest()


def _about(mail: ParsedMail, keys: tuple[bytes, ...]) -> Watermark | None:
    if mail.bounce is None or not mail.bounce.original_message_id:
        return None
    found = read_message_id(mail.bounce.original_message_id, *keys) if keys else None
    if found is not None:
        return Watermark(message_ids=(found[1],))
    # Reports go to the address in From, which may be a team's own, in another of our mailboxes.
    return Watermark(external_ids=(mail.bounce.original_message_id,), elsewhere=True)


def _not_reached(mail: ParsedMail) -> tuple[NotReached, ...]:
    failed = [one for one in (mail.bounce.recipients if mail.bounce else ()) if one.action == "failed"]
    return tuple(
        NotReached(address=(one.address or "")[:320], code=one.status or "", said=one.diagnostic[:300])
        for one in failed[:50]
    )


def _text(mail: ParsedMail) -> str:
    return (mail.visible or mail.text)[:MAX_TEXT]


def _files(mail: ParsedMail, raw: Raw) -> tuple[Attachment, ...]:
    files = [
        Attachment(
            ref=f"part:{one.part}",
            content=one.content,
            media_type=one.media_type,
            size=len(one.content),
            name=one.name,
        )
        for one in mail.files
        if one.content
    ]
    if not mail.text.strip() and not files:
        # Nothing could be read in it: the mail itself is what an agent can look at.
        files.append(Attachment(ref="raw", content=raw.body or b"\n", media_type="message/rfc822", name="mail.eml"))
    return tuple(files)


def _person(one: Address) -> Correspondent:
    return Correspondent(one_line(one.name)[:200], one.address[:320])


def _without_token(one: Address, keys: tuple[bytes, ...]) -> Correspondent:
    """Somebody to whom a mail went, our reply address as people know it: the token behind its plus is for machines."""
    if keys and read_reply_token(one.address, *keys) is not None:
        local, _, domain = one.address.rpartition("@")
        return _person(Address(one.name, f"{local.rpartition('+')[0]}@{domain}"))
    return _person(one)


def _letter(mail: ParsedMail, keys: tuple[bytes, ...]) -> Letter:
    failed = [
        (one.address or "", f"{one.status or ''} {one.diagnostic}".strip()[:300])
        for one in (mail.bounce.recipients if mail.bounce else ())
        if one.action in {"failed", "delayed"}
    ]
    return Letter(
        subject=one_line(mail.subject)[:300],
        sender=_person(mail.sender) if mail.sender else None,
        to=[_without_token(one, keys) for one in mail.to[:50]],
        cc=[_without_token(one, keys) for one in mail.cc[:50]],
        automatic=mail.automatic,
        trust=mail.trust,
        quoted=mail.quoted[:MAX_CUT],
        signature=mail.signature[:4000],
        html=mail.html is not None,
        cut=len(mail.visible or mail.text) > MAX_TEXT,
        forwarded_from=_person(mail.forwarded_from) if mail.forwarded_from else None,
        failed=failed[:20],
    )


def _folders(config: MailboxConfig) -> list[str]:
    wanted = [config.folder, config.move_to if config.after == "move" else "", config.sent_folder or SENT]
    return list(dict.fromkeys(one for one in wanted if one))
