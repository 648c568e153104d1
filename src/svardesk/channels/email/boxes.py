"""Mailboxes of an organisation: making them, changing them, signing in, looking whether they work."""

import base64
import secrets as randomness
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from psycopg.types.json import Jsonb

from svardesk.accounts import audit
from svardesk.accounts.caller import Actor, Caller
from svardesk.channels.connections import QUERIES, REMEMBERED, NoSuchConnection, of_row, seal
from svardesk.channels.email.config import KIND, MailboxConfig, Reached, SenderOf, Signatures
from svardesk.channels.email.keeping import QUERIES as MAIL
from svardesk.channels.email.smtp import is_sendable
from svardesk.channels.events import ConnectionChanged
from svardesk.channels.references import VersionConflict, check_references
from svardesk.kit.db import Row, Tx
from svardesk.kit.errors import Unprocessable
from svardesk.kit.ids import uuid7
from svardesk.kit.keyring import KeyRing
from svardesk.spine import record
from svardesk.spine.wakeups import SWEEP

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=120)]
Short = Annotated[str, msgspec.Meta(max_length=300)]
Secret = Annotated[str, msgspec.Meta(max_length=2000)]
Set = msgspec.UnsetType
_PLAIN: Final = (
    "address", "aliases", "provider", "tenant", "client_id", "username", "imap", "smtp", "folder", "start", "after",
    "move_to", "sent_folder", "reply_tokens", "copy", "authserv", "signatures", "senders", "timezone", "hold_seconds",
    "receipt",
)  # fmt: skip
_SECRETS: Final = ("password", "imap_password", "smtp_password", "client_secret")


class BadMailbox(Unprocessable):
    """The mailbox needs an e-mail address."""

    code = "bad_mailbox"


class MailboxValues(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What can be set; left out stays as it is. Secrets are taken and never shown; an empty one is forgotten."""

    name: Name | Set = msgspec.UNSET
    sender_name: Short | Set = msgspec.UNSET
    address: Short | Set = msgspec.UNSET
    aliases: Annotated[list[Short], msgspec.Meta(max_length=30)] | Set = msgspec.UNSET
    provider: Literal["password", "microsoft", "google"] | Set = msgspec.UNSET
    tenant: Short | Set = msgspec.UNSET
    client_id: Short | Set = msgspec.UNSET
    username: Short | Set = msgspec.UNSET
    imap: Reached | Set | None = msgspec.UNSET
    smtp: Reached | Set | None = msgspec.UNSET
    folder: Short | Set = msgspec.UNSET
    start: Literal["now", "all"] | Set = msgspec.UNSET
    after: Literal["leave", "seen", "move"] | Set = msgspec.UNSET
    move_to: Short | Set = msgspec.UNSET
    sent_folder: Short | Set = msgspec.UNSET
    reply_tokens: bool | Set = msgspec.UNSET
    copy: bool | Set = msgspec.UNSET
    authserv: Annotated[list[Short], msgspec.Meta(max_length=10)] | Set = msgspec.UNSET
    signatures: Signatures | Set = msgspec.UNSET
    senders: Annotated[list[SenderOf], msgspec.Meta(max_length=50)] | Set = msgspec.UNSET
    timezone: Annotated[str, msgspec.Meta(max_length=60)] | Set = msgspec.UNSET
    hold_seconds: Annotated[int, msgspec.Meta(ge=0, le=120)] | Set = msgspec.UNSET
    receipt: bool | Set = msgspec.UNSET
    brand_id: UUID | Set | None = msgspec.UNSET
    team_id: UUID | Set | None = msgspec.UNSET
    calendar_id: UUID | Set | None = msgspec.UNSET
    password: Secret | Set = msgspec.UNSET
    imap_password: Secret | Set = msgspec.UNSET
    smtp_password: Secret | Set = msgspec.UNSET
    client_secret: Secret | Set = msgspec.UNSET
    version: int | Set = msgspec.UNSET


class MailboxState(msgspec.Struct, frozen=True, kw_only=True):
    """How a mailbox is. ``waiting``: mails that lie there and are still to be taken in."""

    status: str
    waiting: int = 0
    taken: int = 0
    looked_at: datetime | None = None
    arrived_at: datetime | None = None
    failing_since: datetime | None = None
    error: str | None = None
    error_code: str | None = None
    sent_at: datetime | None = None
    send_failing_since: datetime | None = None
    send_error: str | None = None


class MailboxView(msgspec.Struct, frozen=True, kw_only=True):
    """A mailbox without its secrets; ``has`` names those that are there (``tokens``: somebody has signed in)."""

    id: UUID
    name: str
    key: str
    sender_name: str
    config: MailboxConfig
    brand_id: UUID | None
    team_id: UUID | None
    calendar_id: UUID | None
    has: list[str]
    state: MailboxState
    version: int


def new_key() -> str:
    """A mailbox's public key: stands in the address of its hook, opens nothing."""
    return "mb_" + randomness.token_urlsafe(15).replace("-", "x").replace("_", "y")


def new_secrets() -> dict[str, Any]:
    """What every mailbox has: the key of its reply tokens and Message-IDs, the secret of its hook."""
    return {"key": base64.b64encode(randomness.token_bytes(32)).decode(), "hook": randomness.token_urlsafe(32)}


async def create(
    tx: Tx, now: datetime, keyring: KeyRing, by: Caller | Actor, values: MailboxValues, *, key: str | None = None
) -> MailboxView:
    """Make a mailbox. Raises ``BadMailbox``, ``UnknownReference``."""
    row: Row = {
        "id": uuid7(), "name": "", "config": {}, "brand_id": None, "team_id": None, "calendar_id": None,
    }  # fmt: skip
    _apply(row, values)
    await check_references(tx, row)
    secrets = _merged(new_secrets(), values)
    await tx.run(
        QUERIES.add_connection,
        account_id=tx.account,
        id=row["id"],
        kind=KIND,
        name=row["name"],
        public_key=key or new_key(),
        brand_id=row["brand_id"],
        team_id=row["team_id"],
        calendar_id=row["calendar_id"],
        config=Jsonb(row["config"]),
        secrets=seal(keyring, tx.account, secrets),
        now=now,
    )
    await audit.note(tx, by, "mailbox.created", "connection", row["id"])
    await record(tx, ConnectionChanged(stream=row["id"], version=1))
    tx.notify(SWEEP, "mailboxes")
    return view(await _one(tx, row["id"]), keyring, None)


async def list_all(tx: Tx, keyring: KeyRing) -> list[MailboxView]:
    """All mailboxes, oldest first, each with how it is."""
    rows = await tx.all(QUERIES.connections, account_id=tx.account, kind=KIND)
    states = {row["connection_id"]: row for row in await tx.all(MAIL.states, account_id=tx.account)}
    return [view(row, keyring, states.get(row["id"])) for row in rows]


async def get_one(tx: Tx, keyring: KeyRing, mailbox_id: UUID) -> MailboxView:
    """One mailbox; raises ``NoSuchConnection``."""
    found = next((one for one in await list_all(tx, keyring) if one.id == mailbox_id), None)
    if found is None:
        raise NoSuchConnection
    return found


async def change(tx: Tx, keyring: KeyRing, by: Caller | Actor, mailbox_id: UUID, values: MailboxValues) -> MailboxView:
    """Change a mailbox. Raises ``NoSuchConnection``, ``VersionConflict``, ``BadMailbox``, ``UnknownReference``."""
    row = await _one(tx, mailbox_id)
    if values.version is not msgspec.UNSET and values.version != row["version"]:
        raise VersionConflict(version=row["version"])
    _apply(row, values)
    await check_references(tx, row)
    await tx.run(
        QUERIES.change_connection,
        account_id=tx.account,
        id=mailbox_id,
        name=row["name"],
        brand_id=row["brand_id"],
        team_id=row["team_id"],
        calendar_id=row["calendar_id"],
        config=Jsonb(row["config"]),
    )
    held = dict(of_row(row, keyring).secrets)
    fresh = _merged(held, values)
    if fresh != held:
        sealed = seal(keyring, tx.account, fresh)
        await tx.run(QUERIES.set_secrets, account_id=tx.account, id=mailbox_id, secrets=sealed)
    changed = [name for name in values.__struct_fields__ if getattr(values, name) is not msgspec.UNSET]
    await audit.note(tx, by, "mailbox.changed", "connection", mailbox_id, fields=sorted(set(changed) - {"version"}))
    after = await _one(tx, mailbox_id)
    await record(tx, ConnectionChanged(stream=mailbox_id, version=after["version"]))
    tx.after_commit(REMEMBERED.forget)
    return await get_one(tx, keyring, mailbox_id)


async def archive(tx: Tx, now: datetime, by: Caller | Actor, mailbox_id: UUID) -> None:
    """Take a mailbox out of service; its conversations stay."""
    row = await _one(tx, mailbox_id)
    await tx.run(QUERIES.archive_connection, account_id=tx.account, id=mailbox_id, now=now)
    await audit.note(tx, by, "mailbox.archived", "connection", mailbox_id)
    await record(tx, ConnectionChanged(stream=mailbox_id, version=row["version"] + 1))
    tx.after_commit(REMEMBERED.forget)


def view(row: Row, keyring: KeyRing, state: Row | None) -> MailboxView:
    """A row as the settings page shows it."""
    config = msgspec.convert(row["config"], MailboxConfig)
    told = {name: state[name] for name in MailboxState.__struct_fields__ if name != "status"} if state else {}
    return MailboxView(
        id=row["id"],
        name=row["name"],
        key=row["public_key"],
        sender_name=config.name,
        config=config,
        brand_id=row["brand_id"],
        team_id=row["team_id"],
        calendar_id=row["calendar_id"],
        has=sorted(set(of_row(row, keyring).secrets) - {"key"}),
        state=MailboxState(status=row["status"], **told),
        version=row["version"],
    )


async def _one(tx: Tx, mailbox_id: UUID) -> Row:
    row = await tx.maybe(QUERIES.lock_connection, account_id=tx.account, id=mailbox_id)
    if row is None or row["kind"] != KIND:
        raise NoSuchConnection
    return row


def _merged(held: dict[str, Any], values: MailboxValues) -> dict[str, Any]:
    fresh = dict(held)
    for name in _SECRETS:
        value = getattr(values, name)
        if value is not msgspec.UNSET:
            fresh.pop(name, None)
            if value:
                fresh[name] = value
    return fresh


def _apply(row: Row, values: MailboxValues) -> None:
    for name in ("name", "brand_id", "team_id", "calendar_id"):
        value = getattr(values, name)
        if value is not msgspec.UNSET:
            row[name] = value
    config = dict(row["config"])
    if values.sender_name is not msgspec.UNSET:
        config["name"] = values.sender_name
    for name in _PLAIN:
        value = getattr(values, name)
        if value is not msgspec.UNSET:
            config[name] = msgspec.to_builtins(value)
    config["address"] = str(config.get("address", "")).strip()
    for field, address in _addresses(config):
        if not is_sendable(address):
            raise BadMailbox(None, "Write the address as name@example.com.", field=field, address=address[:100])
    _check_choices(config)
    row["name"] = " ".join(str(row["name"] or config["address"]).replace("\x00", "").split())
    try:
        msgspec.convert(config, MailboxConfig)
    except msgspec.ValidationError as error:
        raise BadMailbox(None, f"A value has the wrong form: {error}") from None
    row["config"] = config


def _check_choices(config: dict[str, Any]) -> None:
    """Refuse what would stop every answer, or move each mail round and round in its own folder."""
    try:
        ZoneInfo(config.get("timezone", "Europe/Oslo"))
    except (KeyError, ValueError, OSError):
        raise BadMailbox("mailbox_time_zone", "Write a time zone such as Europe/Oslo.", field="timezone") from None
    if config.get("after") == "move":
        folder = str(config.get("folder", "INBOX")).strip()
        target = str(config.get("move_to", "Svardesk")).strip()
        if not target or target.casefold() == folder.casefold():
            raise BadMailbox("mailbox_same_folder", "Mails can only be moved to another folder.", field="move_to")


def _addresses(config: dict[str, Any]) -> Sequence[tuple[str, str]]:
    own = [("address", config["address"])]
    own += [("aliases", one) for one in config.get("aliases", [])]
    return own + [("senders", one["address"]) for one in config.get("senders", []) if one.get("address")]
