"""The receipt by e-mail: what it says, and everything that whoever sends it must know.

It carries the conversation's number and the promised time, and repeats nothing that was filled in: anybody can write
anybody's address into a form, and what they wrote beside it would reach that person under our name.
"""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

import msgspec

from svardesk.channels.connections import NoSuchConnection, get
from svardesk.channels.form import confirming, promise
from svardesk.channels.form.config import KIND
from svardesk.channels.form.promise import QUERIES
from svardesk.contacts.identities import rank
from svardesk.kit.db import Tx
from svardesk.kit.i18n import normalise, text
from svardesk.kit.keyring import KeyRing

AUTOMATIC: Final[Mapping[str, str]] = {"Auto-Submitted": "auto-replied", "X-Auto-Response-Suppress": "All"}
"""Headers of every receipt: no program answers it."""


class ReceiptText(msgspec.Struct, frozen=True, kw_only=True):
    """Subject and plain text of a receipt."""

    subject: str
    text: str


class ReceiptMail(msgspec.Struct, frozen=True, kw_only=True):
    """A receipt to send: by which mailbox, in which conversation, to whom; ``headers`` mark it as automatic."""

    connection_id: UUID
    conversation_id: UUID
    message_id: UUID
    to: str
    locale: str
    subject: str
    text: str
    headers: Mapping[str, str]


def compose(locale: str, organisation: str, number: int, promised: str | None, confirm_url: str | None) -> ReceiptText:
    """A receipt in somebody's language. Pure; nothing in it was written by a customer."""

    def say(key: str) -> str:
        return text(locale, "server", key, organisation=organisation, number=number, link=confirm_url or "")

    parts = [say("form.mail.taken"), *([promised] if promised else []), say("form.mail.reply")]
    if confirm_url:
        parts.append(f"{say('form.mail.confirm')}\n{confirm_url}")
    parts.append(say("form.mail.not_you"))
    parts.append(organisation)
    return ReceiptText(subject=say("form.mail.subject"), text="\n\n".join(parts) + "\n")


async def for_message(tx: Tx, keyring: KeyRing, public_url: str, message_id: UUID) -> ReceiptMail | None:
    """The receipt of a message that a form brought (event ``receipt_due``).

    None when there is none to send: another channel, erased, no e-mail address, or no mailbox carries the answers.
    """
    row = await tx.maybe(QUERIES.receipt_of_message, account_id=tx.account, message_id=message_id, channel=KIND)
    if row is None or row["address_kind"] != "email" or row["connection_id"] in {None, row["form_id"]}:
        return None
    try:
        form = await get(tx, row["form_id"])
    except NoSuchConnection:
        return None  # the form was taken out of service in between
    locale, at = normalise(row["locale"]), row["created_at"]
    name = await tx.value(QUERIES.shown_name, account_id=tx.account, brand_id=row["brand_id"])
    confirm_url = None
    if rank(row["trust"]) < 2:
        confirm_url = confirming.link(keyring, public_url, tx.account, row["conversation_id"], at)
    made = compose(locale, name, row["number"], await promise.told(tx, at, form, locale), confirm_url)
    return ReceiptMail(
        connection_id=row["connection_id"],
        conversation_id=row["conversation_id"],
        message_id=message_id,
        to=row["address"],
        locale=locale,
        subject=made.subject,
        text=made.text,
        headers=AUTOMATIC,
    )
