"""The badge that a provider shows in public for fast answers, counted by ourselves: what it is, what would win or keep it.

No provider tells the figure; the rules are known and stand in the connection's capabilities. Counted are talks that began
in the last days; the first answer of a person decides. A talk that is not old enough to be late is still open.
"""

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from statistics import median
from typing import Final
from uuid import UUID

import msgspec

from svardesk.channels.capabilities import ResponseBadge
from svardesk.channels.connections import every
from svardesk.channels.registry import ADAPTERS
from svardesk.kit import sql
from svardesk.kit.db import Tx

QUERIES: Final = sql.load(__package__ or "svardesk.reports")


class Badge(msgspec.Struct, frozen=True, kw_only=True):
    """How one page, number or account stands.

    ``talks`` are decided ones: answered, or too old to be answered in time; ``in_time`` were answered within ``minutes``,
    ``later`` after that, ``missed`` not at all. ``open`` can still be answered in time, the first of them until
    ``answer_by``. ``share`` is ``in_time / talks`` (None without talks), ``wanted`` what the badge asks for; ``held`` whether
    it would be shown. ``needed``: so many more in time, one after the other, would win it. ``spare``: so many may be late
    before it is lost. ``median_seconds`` of the first answers.
    """

    connection_id: UUID
    name: str
    channel: str
    talks: int
    in_time: int
    later: int
    missed: int
    open: int
    answer_by: datetime | None
    share: float | None
    wanted: float
    minutes: int
    days: int
    held: bool
    needed: int
    spare: int
    median_seconds: float | None


class Badges(msgspec.Struct, frozen=True):
    """All connections whose provider has such a badge, by name."""

    items: list[Badge]


async def badges(tx: Tx, now: datetime) -> Badges:
    """Count for every connection whose channel has a badge."""
    found: list[Badge] = []
    for kind, adapter in ADAPTERS.items():
        for connection in await every(tx, kind):
            rule = adapter.capabilities(connection).badge
            if rule is None:
                continue
            rows = await tx.all(
                QUERIES.talks,
                account_id=tx.account,
                connection_id=connection.id,
                since=now - timedelta(days=rule.days),
                silence=timedelta(hours=rule.silence_hours),
                now=now,
            )
            talks = [(row["began_at"], row["answered_at"]) for row in rows]
            found.append(count(connection.id, connection.name, kind, talks, rule, now))
    return Badges(sorted(found, key=lambda one: (one.name.casefold(), one.channel)))


def count(
    connection_id: UUID,
    name: str,
    channel: str,
    talks: Sequence[tuple[datetime, datetime | None]],
    rule: ResponseBadge,
    now: datetime,
) -> Badge:
    """Count talks, each (began, first answer of a person or None). Pure."""
    limit = timedelta(minutes=rule.minutes)
    took = [answered - began for began, answered in talks if answered is not None]
    in_time = sum(1 for one in took if one <= limit)
    missed = sum(1 for began, answered in talks if answered is None and now - began > limit)
    open_since = [began for began, answered in talks if answered is None and now - began <= limit]
    decided = len(took) + missed
    share = in_time / decided if decided else None
    held = share is not None and in_time >= rule.share * decided - 1e-9
    return Badge(
        connection_id=connection_id,
        name=name,
        channel=channel,
        talks=decided,
        in_time=in_time,
        later=len(took) - in_time,
        missed=missed,
        open=len(open_since),
        answer_by=min(open_since) + limit if open_since else None,
        share=share,
        wanted=rule.share,
        minutes=rule.minutes,
        days=rule.days,
        held=held,
        # (in_time + k) / (decided + k) ≥ wanted; a badge needs one talk at least.
        needed=0 if held else max(1, math.ceil((rule.share * decided - in_time) / (1 - rule.share) - 1e-9)),
        spare=math.floor(in_time / rule.share - decided + 1e-9) if held else 0,
        median_seconds=median(one.total_seconds() for one in took) if took else None,
    )
