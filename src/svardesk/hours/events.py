"""Facts that the hours room announces."""

from uuid import UUID

import msgspec

from svardesk.spine import event


@event("calendar_changed")
class CalendarChanged(msgspec.Struct, frozen=True):
    """Opening hours were changed. ``stream`` is the calendar's id."""

    stream: UUID
