"""What an answer becomes before it is sent: its pieces, and the way that Meta's rules leave open for it."""

from datetime import datetime, timedelta
from typing import Any, Final, Literal

import msgspec

from svardesk.channels import threads, windows
from svardesk.channels.contract import Blocked, Capabilities, OutboundCommand, OutboundFile
from svardesk.channels.messenger.splitting_text import split_text
from svardesk.channels.meta import standing
from svardesk.channels.meta.config import PageConfig, read_page
from svardesk.kit import sql
from svardesk.kit.db import Tx

QUERIES: Final = sql.load(__package__ or "svardesk.channels.messenger")
STANDARD: Final = "standard"
HUMAN_AGENT: Final = "human_agent"
Mode = Literal["standard", "human_agent", "utility"]
_LATELY: Final = timedelta(days=8)


class Chosen(msgspec.Struct, frozen=True, kw_only=True):
    """The template that an agent chose, with the values of its places."""

    name: str
    language: str = ""
    values: list[str] = []


class Prepared(msgspec.Struct, frozen=True, kw_only=True):
    """How an answer goes out: ``mode``, or ``blocked`` where it may not."""

    now: datetime
    mode: Mode = "standard"
    blocked: Blocked | None = None
    template: Chosen | None = None
    known: tuple[str, ...] = ()


def pieces(command: OutboundCommand) -> list[str | OutboundFile]:
    """The pieces of an answer in their order: its text, then its files."""
    prepared: Prepared | None = command.own
    if prepared is not None and prepared.template is not None:
        return [command.text]
    return [*split_text(command.text), *command.files]


async def prepare(tx: Tx, now: datetime, command: OutboundCommand, caps: Capabilities) -> Prepared:
    """Decide in which way an answer may go out now."""
    config = read_page(command.connection)
    chosen = _chosen(await tx.value(QUERIES.template_of, account_id=tx.account, message_id=command.message_id))
    known: tuple[str, ...] = ()
    if command.handed_at is not None:
        rows = await tx.all(
            QUERIES.known_names,
            account_id=tx.account,
            conversation_id=command.conversation_id,
            since=command.handed_at - _LATELY,
        )
        known = tuple(row["external_id"] for row in rows)
    held = await standing.of(tx, command.connection.id)
    thread = await threads.of_conversation(tx, command.conversation_id)
    mode, blocked = decide(now, command, config, caps, chosen)
    if held.status == "paused":
        blocked = Blocked(by="policy", code="restricted", reason="restricted")
    elif held.status == "disconnected":
        blocked = Blocked(by="policy", code="disconnected", reason="disconnected")
    elif thread is not None and thread["standby"]:
        blocked = Blocked(by="policy", code="standby", reason=str(thread["owner"] or ""))
    return Prepared(now=now, mode=mode, blocked=blocked, template=chosen, known=known)


def decide(
    now: datetime, command: OutboundCommand, config: PageConfig, caps: Capabilities, chosen: Chosen | None
) -> tuple[Mode, Blocked | None]:
    """The messaging type of an answer, or why it may not go out. Pure."""
    if chosen is not None:
        known = [one for one in config.templates if one.name == chosen.name and one.status == "approved"]
        if not config.utility or not known:
            return "utility", Blocked(by="policy", code="template", reason="template")
        return "utility", None
    author: windows.Author = "system" if command.automated else "human"
    match windows.decide(now, command.window_from, author, "reply", caps):
        case windows.Allow(mode=mode):
            return (HUMAN_AGENT if mode == HUMAN_AGENT else STANDARD), None
        case _:
            return STANDARD, Blocked(by="window", code="window", reason="window")


def _chosen(found: Any) -> Chosen | None:
    try:
        return msgspec.convert(found, Chosen) if found else None
    except msgspec.ValidationError:
        return None
