"""What a mailbox is told: its address, how it is reached, who signs. Plain data; secrets stand beside it, sealed."""

import base64
from datetime import timedelta
from typing import Annotated, Any, Final, Literal
from uuid import UUID

import msgspec

from svardesk.channels.contract import Connection
from svardesk.channels.email.imap import ImapSettings
from svardesk.channels.email.oauth import Provider, google, microsoft
from svardesk.channels.email.servers import AccessToken, Credentials, Password
from svardesk.channels.email.smtp import SmtpSettings

KIND: Final = "email"
LONGEST_HOLD: Final = 120
Host = Annotated[str, msgspec.Meta(max_length=253, pattern=r"^[A-Za-z0-9.:_-]*$")]
Text = Annotated[str, msgspec.Meta(max_length=300)]
Signatures = dict[str, Annotated[str, msgspec.Meta(max_length=2000)]]


class Reached(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How one server is reached. ``insecure`` allows an unencrypted or unproven line outside the own machine."""

    host: Host
    port: Annotated[int, msgspec.Meta(ge=1, le=65535)]
    encryption: Literal["ssl", "starttls", "none"] = "ssl"
    verify: bool = True
    insecure: bool = False


class SenderOf(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Under which name, address and signature a team answers; left out: those of the mailbox."""

    team_id: UUID
    name: Text = ""
    address: Text = ""
    signatures: Signatures = {}


class MailboxConfig(msgspec.Struct, frozen=True, kw_only=True):
    """A mailbox. ``address`` is where customers write; ``aliases`` are further addresses that arrive in it.

    ``provider``: ``password`` signs in with user name and password, the others by OAuth. ``start``: whether what lies in
    the mailbox at its first look is taken in or left alone. ``after``: what becomes of a mail that was taken in.
    ``reply_tokens``: answers come back to ``address`` with a token behind a plus; off where the server knows no such
    addresses. ``copy``: our answers also go to the mailbox itself, which proves that they went out; providers that keep
    sent mail need no copy. ``authserv``: whose Authentication-Results are believed ("microsoft" for Microsoft 365).
    ``receipt``: whoever writes for the first time is told at once that it has arrived. ``hold_seconds``: so long an
    answer can be taken back.
    """

    address: str
    name: str = ""
    aliases: list[str] = []
    provider: Literal["password", "microsoft", "google"] = "password"
    tenant: str = "organizations"
    client_id: str = ""
    username: str = ""
    imap: Reached | None = None
    smtp: Reached | None = None
    folder: str = "INBOX"
    start: Literal["now", "all"] = "now"
    after: Literal["leave", "seen", "move"] = "leave"
    move_to: str = "Svardesk"
    sent_folder: str = ""
    reply_tokens: bool = True
    copy: bool = True
    authserv: list[str] = []
    signatures: Signatures = {}
    senders: list[SenderOf] = []
    timezone: str = "Europe/Oslo"
    hold_seconds: Annotated[int, msgspec.Meta(ge=0, le=LONGEST_HOLD)] = 10
    receipt: bool = False

    @property
    def own_addresses(self) -> tuple[str, ...]:
        """All addresses that are ours, in lower case."""
        return tuple(one.lower() for one in (self.address, *self.aliases, *(s.address for s in self.senders)) if one)

    @property
    def domain(self) -> str:
        """Of the address; our Message-IDs are drawn in it."""
        return self.address.rpartition("@")[2].lower() or "svardesk.invalid"


def read(connection: Connection) -> MailboxConfig:
    """The settings of a connection; what an older build wrote beside them is passed over."""
    return msgspec.convert(connection.config, MailboxConfig)


def key_of(connection: Connection) -> bytes:
    """The key that makes this mailbox's reply tokens and Message-IDs."""
    found = connection.secrets.get("key")
    return base64.b64decode(found) if isinstance(found, str) else b""


def keys_of(connection: Connection) -> tuple[bytes, ...]:
    """The same, for reading: none when there is no key."""
    key = key_of(connection)
    return (key,) if key else ()


def provider_of(config: MailboxConfig, endpoints: dict[str, Any] | None = None) -> Provider | None:
    """The provider that a mailbox signs in with, or None for a password. ``endpoints`` stand in for it in tests."""
    if config.provider == "password":
        return None
    found = microsoft(config.tenant) if config.provider == "microsoft" else google()
    return msgspec.structs.replace(found, **endpoints) if endpoints else found


def credentials(
    connection: Connection, config: MailboxConfig, access_token: str | None, which: str
) -> Credentials | None:
    """How to sign in to the server ``which`` (``imap`` or ``smtp``); None: without."""
    username = config.username or config.address
    if config.provider != "password":
        return AccessToken(username, access_token or "")
    password = connection.secrets.get(f"{which}_password") or connection.secrets.get("password")
    return Password(username, str(password)) if password else None


def imap_settings(connection: Connection, access_token: str | None = None) -> ImapSettings | None:
    """How the mailbox is read, or None when it is not."""
    config = read(connection)
    if config.imap is None or not config.imap.host:
        return None
    return ImapSettings(
        **msgspec.structs.asdict(config.imap),
        credentials=credentials(connection, config, access_token, "imap"),
        folder=config.folder,
        after=config.after,
        move_to=config.move_to,
    )


def smtp_settings(connection: Connection, access_token: str | None = None) -> SmtpSettings | None:
    """How mail is sent, or None when it cannot be."""
    config = read(connection)
    if config.smtp is None or not config.smtp.host:
        return None
    return SmtpSettings(
        **msgspec.structs.asdict(config.smtp),
        credentials=credentials(connection, config, access_token, "smtp"),
        hello=config.domain,
    )


RECEIPT_EVERY: Final = timedelta(hours=24)
"""An address gets at most one automatic mail in this time."""
MOST_AUTOMATIC: Final = 10
"""Automatic mails in one conversation."""
