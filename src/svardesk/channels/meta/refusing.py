"""What a refusal of the Graph API means for an answer: the table's rows (``errors``) as results of a sending."""

from typing import Final

from svardesk.channels.contract import Blocked, OutboundCommand, Permanent, SendResult, Temporary
from svardesk.channels.meta import errors
from svardesk.channels.meta.buckets import BUCKETS
from svardesk.channels.meta.config import read_page

LAST_TRY: Final = 5
"""Tries of what Meta calls temporary."""
RATE_SECONDS: Final = 60.0


def refused(
    error: errors.GraphError, after: float | None, command: OutboundCommand, *, tagged: bool = False
) -> SendResult:
    """Decide by the table. Pure but for the page's pause. ``tagged``: it was sent with a message tag."""
    meant = errors.meaning(error, tagged=tagged)
    code, reason = error.name, error.trace[:100]
    match meant.what:
        case "temporary":
            if command.attempt >= LAST_TRY:
                return Permanent(code=code, error_class="provider", reason="gave_up")
            return Temporary(code=code, reason=reason, retry_after=after)
        case "rate":
            wait = after or RATE_SECONDS
            BUCKETS.pause(read_page(command.connection).page_id, wait)
            return Temporary(code=code, reason=reason, retry_after=wait)
        case "window":
            return Blocked(by="window", code=code, reason=reason)
        case "restricted" | "permission" | "token":
            # Nothing is wrong with the answer: it waits until the connection is right again.
            return Blocked(by="policy", code=code, reason=reason)
        case _:
            return Permanent(code=code, error_class=meant.error_class, reason=reason)
