"""Cursors of lists: where a page ended, opaque to clients. They hold a time and an id and grant nothing."""

import base64
import binascii
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

from svardesk.conversations.errors import BadCursor

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_SIZE: Final = 1 + 8 + 16

FIRST_DESCENDING: Final = (datetime(9999, 1, 1, tzinfo=UTC), UUID(int=2**128 - 1))
"""Before the first row of a list that begins with the newest."""

FIRST_ASCENDING: Final = (datetime(1, 1, 2, tzinfo=UTC), UUID(int=0))
"""Before the first row of a list that begins with the oldest."""


class Cursor(NamedTuple):
    """A place in a list: after the row with this time and id. ``kind`` is one letter for the list's order."""

    kind: str
    at: datetime
    id: UUID

    def __str__(self) -> str:
        micros = (self.at - _EPOCH) // _MICROSECOND
        packed = self.kind.encode() + micros.to_bytes(8, "big", signed=True) + self.id.bytes
        return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def parse_cursor(text: str, kind: str) -> Cursor:
    """Return the cursor of a client's text; raises ``BadCursor`` for anything that this kind of list gave not out."""
    try:
        packed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        if len(packed) != _SIZE or packed[:1] != kind.encode():
            raise BadCursor
        at = _EPOCH + int.from_bytes(packed[1:9], "big", signed=True) * _MICROSECOND
        return Cursor(kind, at, UUID(bytes=packed[9:]))
    except (binascii.Error, ValueError, OverflowError) as error:
        raise BadCursor from error
