"""How the mailboxes of all organisations are, for ``/metrics``: what an operator is woken by."""

from datetime import datetime
from typing import Final

from prometheus_client import Gauge

from svardesk.channels.email.keeping import QUERIES
from svardesk.kit.db import Tx

_LABELS: Final = ("mailbox", "account")
FAILING: Final = Gauge(
    "svardesk_mailbox_failing", "1 while a mailbox cannot be read or mail cannot go out by it, else 0.", _LABELS
)
WAITING: Final = Gauge("svardesk_mailbox_waiting", "Mails that lie in a mailbox and are still to be taken in.", _LABELS)
LOOKED: Final = Gauge(
    "svardesk_mailbox_looked_seconds",
    "Seconds since a mailbox was last looked into; missing until the first time. Nine minutes are usual between mails.",
    _LABELS,
)


async def measure(tx: Tx, now: datetime) -> None:
    """Set the gauges. Those of mailboxes that are out of service vanish."""
    rows = await tx.all(QUERIES.figures)
    # From here on nothing is waited for: who asks at the same time sees all of it or none.
    for gauge in (FAILING, WAITING, LOOKED):
        gauge.clear()
    for row in rows:
        labels = (row["mailbox"], row["account"])
        FAILING.labels(*labels).set(row["failing"])
        WAITING.labels(*labels).set(row["waiting"])
        if row["looked_at"] is not None:
            LOOKED.labels(*labels).set(max(0.0, (now - row["looked_at"]).total_seconds()))
