"""Where mail goes: addresses to mailboxes, the lines that a server adds, and bounces for addresses that nobody has."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.parser import BytesHeaderParser
from email.policy import compat32
from email.utils import format_datetime, make_msgid, parseaddr
from typing import Final, Protocol

import msgspec

UNKNOWN: Final = ("ukjent", "unknown")
"""Mail to these local parts (at a domain that is not ours) is taken and bounces."""


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """One mailbox. ``domains``: mail to any other address there arrives here too; ``catch_all``: so does all the rest."""

    address: str
    password: str
    domains: tuple[str, ...] = ()
    catch_all: bool = False


class Shelf(Protocol):
    """Where delivered mail is put."""

    async def put(self, address: str, raw: bytes) -> int:
        """Store a mail in an account's INBOX and return its UID."""
        ...


class PostOffice:
    """Takes a mail with its envelope and puts it into the mailboxes of its recipients.

    ``vouched``: sender domains that a real server would have found genuine; their mail is stamped ``dmarc=pass``.
    """

    def __init__(self, accounts: Sequence[Account], hostname: str, vouched: Sequence[str] = ()) -> None:
        self.accounts: Final[Mapping[str, Account]] = {one.address.lower(): one for one in accounts}
        self.hostname: Final = hostname
        self.vouched: Final = {one.lower() for one in vouched}
        self.shelf: Shelf | None = None

    def account_of(self, recipient: str) -> Account | None:
        """The mailbox of an address: its own, without what follows a plus, its domain's, or the catch-all."""
        local, _, domain = recipient.lower().rpartition("@")
        for candidate in (f"{local}@{domain}", f"{local.split('+', 1)[0]}@{domain}"):
            if candidate in self.accounts:
                return self.accounts[candidate]
        for account in self.accounts.values():
            if domain in account.domains:
                return account
        return next((one for one in self.accounts.values() if one.catch_all), None)

    def signs_in(self, username: str, password: str) -> bool:
        """Whether that is an account's password."""
        account = self.accounts.get(username.lower())
        return account is not None and account.password == password

    async def deliver(self, sender: str, recipients: Sequence[str], raw: bytes) -> None:
        """Put a copy into each recipient's mailbox; addresses that bounce send a report to ``sender``."""
        if self.shelf is None:
            raise RuntimeError("the mail server has not been started")
        for recipient in recipients:
            local, _, domain = recipient.lower().rpartition("@")
            ours = any(domain in one.domains for one in self.accounts.values())
            if local in UNKNOWN and not ours:
                if sender:
                    await self.deliver("", [sender], self._report(sender, recipient, raw))
                continue
            account = self.account_of(recipient)
            if account is not None:
                await self.shelf.put(account.address, self._stamped(sender, recipient, raw))

    def _stamped(self, sender: str, recipient: str, raw: bytes) -> bytes:
        headers = BytesHeaderParser(policy=compat32).parsebytes(raw[:65536])
        domain = parseaddr(str(headers.get("From", "")))[1].rpartition("@")[2].lower()
        result = "pass" if domain in self.vouched else "none"
        lines = [
            f"Return-Path: <{sender}>",
            f"Delivered-To: {recipient}",
            f"Authentication-Results: {self.hostname}; dmarc={result} header.from={domain or 'unknown'}",
            f"Received: by {self.hostname} for <{recipient}>; {format_datetime(datetime.now(UTC))}",
        ]
        return "".join(f"{line}\r\n" for line in lines).encode("utf-8", "surrogateescape") + raw

    def _report(self, sender: str, recipient: str, raw: bytes) -> bytes:
        boundary = make_msgid(domain=self.hostname).strip("<>").split("@", 1)[0]
        head = raw.replace(b"\r\n", b"\n").split(b"\n\n", 1)[0].replace(b"\n", b"\r\n")
        text = f"""From: Mail Delivery System <MAILER-DAEMON@{self.hostname}>
To: {sender}
Subject: Undelivered Mail Returned to Sender
Date: {format_datetime(datetime.now(UTC))}
Message-ID: {make_msgid(domain=self.hostname)}
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="{boundary}"

--{boundary}
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you that your message could not be delivered.

<{recipient}>: 550 5.1.1 No such user here

--{boundary}
Content-Type: message/delivery-status

Reporting-MTA: dns; {self.hostname}

Final-Recipient: rfc822; {recipient}
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 No such user here

--{boundary}
Content-Type: text/rfc822-headers

"""
        return text.replace("\n", "\r\n").encode() + head + f"\r\n\r\n--{boundary}--\r\n".encode()
