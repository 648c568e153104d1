"""Taking a form: limits, files, the envelope, its conversation. What comes twice is taken once.

Everything is looked at before anything is kept. Then the files go into the store and the submission, raw, into an
envelope; it is parsed at once because its sender waits for a number, and if that should fail the worker does it.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final
from uuid import UUID

import msgspec
import structlog

from svardesk.accounts import throttle
from svardesk.channels import ingress, uploads
from svardesk.channels.connections import REMEMBERED
from svardesk.channels.contract import Connection, Raw
from svardesk.channels.form import promise, tokens
from svardesk.channels.form.adapter import REPLY_HEADER, actor
from svardesk.channels.form.config import KIND, MAX_FILE, FormConfig, read
from svardesk.channels.form.given import PREFIX, Offered, StoredFile, Submission, check
from svardesk.channels.form.promise import QUERIES
from svardesk.kit.clock import Clock
from svardesk.kit.db import Database, Tx, passes
from svardesk.kit.errors import NotFound, TooMany
from svardesk.kit.files import FileStore
from svardesk.kit.http import RateLimit, limit
from svardesk.kit.jsons import encode
from svardesk.kit.keyring import KeyRing
from svardesk.kit.sniff import HEAD, FileTypeRefused, safe_name
from svardesk.kit.sniff import check as sniffed

log = structlog.get_logger()

QUICKEST: Final = timedelta(seconds=3)
"""Nobody fills in a form faster; a robot does."""
REPLY_KINDS: Final = ("email",)
"""Kinds of connections that can carry a form's answers."""
FROM_ADDRESS: Final = RateLimit(rate=1 / 30, burst=20)
"""Submissions by one address: an office behind one address, not a flood."""
PER_EMAIL: Final = throttle.Limit("form e-mail", free=6, base_seconds=600, cap_seconds=3600, window_seconds=3600)
"""Submissions that name one e-mail address, in all processes: each is a receipt to somebody who may not have asked."""


class UnknownForm(NotFound):
    """There is no form at this address."""

    code = "unknown_form"


class Upload(msgspec.Struct, frozen=True, kw_only=True):
    """A file as it came: its field, its name, and how to read it from the beginning."""

    field: str
    name: str
    chunks: Callable[[], AsyncIterator[bytes]]


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a form. ``problems`` not empty: nothing was kept. ``retry_after``: too many, in seconds.

    ``receipt`` is the token of its receipt. ``new`` False: this very form was here already.
    """

    problems: dict[str, str] = {}
    notice: str | None = None
    retry_after: int | None = None
    receipt: str | None = None
    submission_id: UUID | None = None
    new: bool = False


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """What a receipt says: the conversation's number (None while it is not known yet) and when we answer.

    ``by_mail``: a receipt goes out by e-mail too.
    """

    number: int | None
    promised: str | None
    by_mail: bool = False


async def form_of(db: Database, keyring: KeyRing, key: str) -> Connection:
    """The form with a public key; raises ``UnknownForm``."""
    try:
        return await REMEMBERED.by_key(db, keyring, key[:80], KIND)
    except NotFound:
        raise UnknownForm from None


class Desk(msgspec.Struct, frozen=True, kw_only=True):
    """What taking a form works with."""

    db: Database
    clock: Clock
    keyring: KeyRing
    files: FileStore


async def take(
    desk: Desk,
    form: Connection,
    given: Mapping[str, str],
    uploaded: Sequence[Upload],
    *,
    stamp: str,
    locale: str,
    ip: str | None,
) -> Taken:
    """Take a form that was sent. Nothing is kept of one with problems, least of all its files."""
    config, now = read(form), desk.clock.now()
    try:
        held = tokens.redeem(desk.keyring, form.account_id, form.id, stamp)
    except tokens.BadToken:
        return Taken(notice="form.error.old_page")
    offered = [await _look(one) for one in uploaded]
    checked = check(config, given, offered, nonce=held.nonce, locale=locale)
    sent = checked.submission
    receipt = tokens.sign_receipt(desk.keyring, form.account_id, form.id, sent.id)
    if sent.trapped:
        await _trap(desk, form, sent, now, ip)
        return Taken(receipt=receipt, submission_id=sent.id, new=True)
    if checked.problems:
        return Taken(problems=checked.problems)
    if await _known(desk.db, form, sent):
        return Taken(receipt=receipt, submission_id=sent.id)
    if not timedelta() <= now - held.issued_at <= tokens.LIFE:
        return Taken(notice="form.error.old_page")
    if now - held.issued_at < QUICKEST:
        return Taken(notice="form.error.too_quick")
    try:
        limit(FROM_ADDRESS, ip, ip or "")
        if sent.email:
            await throttle.check(desk.db, desk.clock, PER_EMAIL, f"{form.account_id} {sent.email}")
    except TooMany as error:
        return Taken(notice="form.error.too_many", retry_after=error.retry_after)
    fields = {one.key: one for one in config.fields if one.type == "file"}
    wanted = [one for one in uploaded if one.field.removeprefix(PREFIX) in fields and one.field.startswith(PREFIX)]
    stored = [await _put(desk, form, sent, one, now) for one in wanted]
    sent = msgspec.structs.replace(sent, files=stored)
    await _keep(desk, form, config, sent, now)
    return Taken(receipt=receipt, submission_id=sent.id, new=True)


async def _look(one: Upload) -> Offered:
    """Size, hash and kind of a file, before any of it is kept."""
    size, digest, head, name = 0, sha256(), b"", safe_name(one.name)
    async for chunk in one.chunks():
        size += len(chunk)
        digest.update(chunk)
        if len(head) < HEAD:
            head += chunk[: HEAD - len(head)]
    refused = None
    if not size:
        refused = "form.error.file_empty"
    elif size > MAX_FILE:
        refused = "form.error.file_large"
    else:
        try:
            sniffed(head, one.name)
        except FileTypeRefused:
            refused = "form.error.file_type"
    return Offered(field=one.field, name=name, size=size, digest=digest.digest(), refused=refused)


async def _known(db: Database, form: Connection, sent: Submission) -> bool:
    async with db.work(form.account_id) as tx:
        return await tx.maybe(QUERIES.item_known, **_item(tx, form, sent)) is not None


def _item(tx: Tx, form: Connection, sent: Submission) -> dict[str, object]:
    return {"account_id": tx.account, "connection_id": form.id, "key": str(sent.id)}


async def _trap(desk: Desk, form: Connection, sent: Submission, now: datetime, ip: str | None) -> None:
    """A robot's form: an envelope to look at, no file, no conversation. Of a flood only the first are kept."""
    try:
        limit(FROM_ADDRESS, ip, ip or "")
    except TooMany:
        return
    # What cannot be an address was never checked; the envelope needs one to be read.
    sent = msgspec.structs.replace(sent, files=[], email=sent.email or "unknown", message=sent.message[:2000])
    async with desk.db.work(form.account_id) as tx:
        if await tx.maybe(QUERIES.item_known, **_item(tx, form, sent)) is not None:
            return
        await ingress.store(tx, form, Raw(body=encode(sent), received_at=now))


async def _put(desk: Desk, form: Connection, sent: Submission, one: Upload, now: datetime) -> StoredFile:
    kept = await uploads.put(
        desk.db,
        desk.files,
        now,
        account_id=form.account_id,
        actor=actor(sent),
        name=one.name,
        chunks=one.chunks(),
        max_bytes=MAX_FILE,
    )
    return StoredFile(field=one.field.removeprefix(PREFIX), id=kept.id, name=kept.name)


async def _keep(desk: Desk, form: Connection, config: FormConfig, sent: Submission, now: datetime) -> None:
    """Store the submission; from here on it cannot be lost. Then make its conversation, unless the worker was faster."""
    async with desk.db.work(form.account_id) as tx:
        there = config.reply_connection_id is not None and await tx.value(
            QUERIES.mailbox_there, account_id=tx.account, id=config.reply_connection_id, kinds=list(REPLY_KINDS)
        )
        headers = {REPLY_HEADER: "yes" if there else "no"}
        envelope_id = await ingress.store(tx, form, Raw(body=encode(sent), received_at=now, headers=headers))
    try:
        await ingress.parse_envelope(desk.db, desk.clock, desk.keyring, form.account_id, envelope_id)
    except Exception as error:  # stored is stored: the sweep takes it, and the receipt says so without a number
        if not passes(error):
            log.exception("form_not_parsed_at_once", envelope=str(envelope_id))


async def receipt(tx: Tx, form: Connection, submission_id: UUID, now: datetime, locale: str) -> Receipt:
    """What the receipt of a submission says, whatever became of it: a robot's looks like everybody's."""
    row = await tx.maybe(
        QUERIES.conversation_of_submission, account_id=tx.account, actor=f"form:{submission_id}", id=submission_id
    )
    at = row["created_at"] if row else now
    promised = await promise.told(tx, at, form, locale)
    if row is None:
        return Receipt(number=None, promised=promised)
    return Receipt(number=row["number"], promised=promised, by_mail=row["connection_id"] != form.id)
