"""The delivery state machine: pure, monotone.

What the outside tells us arrives late, twice and in any order. ``advance`` therefore never goes back: a late
``delivered`` does not lower ``read``. The two exceptions are told apart by who moves: a bounce may turn ``sent`` and
``delivered`` into ``failed_permanent``, and a person may queue again what failed or was blocked.
"""

from svardesk.kit.errors import Conflict

RANK = {
    "queued": 0,
    "scheduled": 0,
    "sending": 1,
    "blocked_by_window": 2,
    "blocked_by_policy": 2,
    "failed_temporary": 2,
    "unknown": 2,
    "sent": 3,
    "delivered": 4,
    "read": 5,
    "failed_permanent": 6,
    "cancelled": 6,
}
"""How far a message is. States of one rank are different answers to the same question."""

ON_ITS_WAY = frozenset({"queued", "scheduled", "sending", "unknown", "failed_temporary"})
"""States that the sweep still works on; a later message of the same conversation waits behind them."""

ARRIVED = frozenset({"sent", "delivered", "read"})
"""States that count as answered."""

NEEDS_PERSON = frozenset({"failed_permanent", "blocked_by_window", "blocked_by_policy"})
"""States that are visible work: the customer has no answer, and no retry will change that by itself."""

RETRYABLE = frozenset({"failed_temporary", "failed_permanent", "blocked_by_window", "blocked_by_policy", "unknown"})
"""States from which a person may queue the message again."""

CANCELLABLE = frozenset({"queued", "scheduled", "failed_temporary", "blocked_by_window", "blocked_by_policy"})
"""States in which an answer has surely not gone out and can be taken back."""

_OUTCOMES = {
    "sent",
    "delivered",
    "read",
    "unknown",
    "failed_temporary",
    "failed_permanent",
    "blocked_by_window",
    "blocked_by_policy",
}

TRANSITIONS: dict[str, frozenset[str]] = {
    "queued": frozenset({"sending", "scheduled", "cancelled", *_OUTCOMES}),
    "scheduled": frozenset({"queued", "sending", "cancelled", *_OUTCOMES}),
    # back to queued: the worker knows that it never called the provider
    "sending": frozenset({"queued", *_OUTCOMES}),
    # back to queued: reconciled, the provider does not have it
    "unknown": frozenset({"queued", "sent", "delivered", "read", "failed_temporary", "failed_permanent"}),
    "failed_temporary": frozenset({"queued", "sending", "cancelled", "failed_permanent", "sent", "delivered", "read"}),
    "blocked_by_window": frozenset({"queued", "cancelled", "failed_permanent"}),
    "blocked_by_policy": frozenset({"queued", "cancelled", "failed_permanent"}),
    "sent": frozenset({"delivered", "read", "failed_permanent"}),
    "delivered": frozenset({"read", "failed_permanent"}),
    "read": frozenset(),
    "failed_permanent": frozenset({"queued"}),
    "cancelled": frozenset(),
}


class NotThatWay(Conflict):
    """The message is no longer in a state from which that is possible."""

    code = "state_conflict"


def may(current: str, wanted: str) -> bool:
    """Whether a delivery may go from ``current`` to ``wanted``."""
    return wanted in TRANSITIONS[current]


def check(current: str, wanted: str) -> None:
    """Raise ``NotThatWay`` unless a delivery may go from ``current`` to ``wanted``."""
    if not may(current, wanted):
        raise NotThatWay(None, f"A message that is {current} cannot become {wanted}.", current=current, wanted=wanted)


def advance(current: str, told: str) -> str:
    """The state after the outside told us ``told``: never back, and nothing undoes an end.

    A person's retry and the sweep's own moves are no news from outside; they use ``check``.
    """
    if RANK[told] <= RANK[current] or not may(current, told):
        return current
    return told


def retry(current: str) -> str:
    """The state after a person asked to send it again; raises ``NotThatWay`` when it is not a failed one."""
    if current not in RETRYABLE:
        raise NotThatWay(None, f"A message that is {current} is not sent again.", current=current, wanted="queued")
    return "queued"


def backoff(attempt: int, retry_after: float | None = None) -> float:
    """Seconds until the next attempt after the ``attempt``-th (1 …) failed: 5, 20, 80, 320 s …, at most an hour."""
    wait = min(3600.0, 5.0 * 4 ** (max(attempt, 1) - 1))
    return max(wait, retry_after or 0.0)
