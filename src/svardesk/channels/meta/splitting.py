"""Which page what came in belongs to. Pure.

One body can hold updates of many pages. Each page's share becomes an envelope of its own, made of the very bytes that
came: nothing is decoded and written again, because text that was escaped once reads differently the second time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import msgspec

Kind = Literal["messenger", "facebook"]
PAGE_FIELDS: Final = frozenset({"feed", "mention", "mentions", "ratings", "live_videos", "videos", "photos", "picture"})
"""Changes that belong to the page itself; all others (templates, policies) belong to its Messenger."""


class _Change(msgspec.Struct):
    field: Any = None


class _Entry(msgspec.Struct):
    id: str | int
    messaging: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    standby: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    changes: list[_Change] | msgspec.UnsetType = msgspec.UNSET


class _Body(msgspec.Struct):
    object: str
    entry: list[msgspec.Raw]


@dataclass(frozen=True, slots=True)
class Share:
    """What one page's channel gets: an envelope, byte for byte."""

    page_id: str
    kind: Kind
    body: bytes


class NotMetas(ValueError):
    """The body is nothing that Meta sends for pages."""


_body: Final = msgspec.json.Decoder(_Body)
_entry: Final = msgspec.json.Decoder(_Entry)


def split(body: bytes) -> Sequence[Share]:
    """Shares of a webhook body, in its order; raises ``NotMetas`` for what is no JSON of Meta's shape.

    A body in which everything belongs to one page and channel is its own envelope.
    """
    try:
        found = _body.decode(body)
        entries = [(bytes(raw), _entry.decode(raw)) for raw in found.entry]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise NotMetas(str(error)) from error
    if not entries:
        raise NotMetas("no entries")
    shares: dict[tuple[str, Kind], list[bytes]] = {}
    for raw, entry in entries:
        for kind in kinds_of(entry):
            shares.setdefault((str(entry.id), kind), []).append(raw)
    if len(shares) == 1:
        [(page_id, kind)] = shares
        return [Share(page_id, kind, body)]
    head = b'{"object":%s,"entry":[' % msgspec.json.encode(found.object)
    return [Share(page_id, kind, head + b",".join(raws) + b"]}") for (page_id, kind), raws in shares.items()]


def kinds_of(entry: _Entry) -> list[Kind]:
    """Which channels of a page an entry is for; both, should Meta put both into one."""
    found: list[Kind] = []
    changes = entry.changes or []
    page = [one for one in changes if isinstance(one.field, str) and one.field in PAGE_FIELDS]
    if entry.messaging is not msgspec.UNSET or entry.standby is not msgspec.UNSET or len(page) < len(changes):
        found.append("messenger")
    if page:
        found.append("facebook")
    return found or ["messenger"]
