"""The spine: events recorded with the transaction, positions after commit, relay, tails, wake-ups, queues.

A room records facts (``await record(tx, Fact(...))``); ``wiring.py`` says who reacts. Nothing here knows what the facts
mean.
"""

from svardesk.spine.events import BY_NAME, Recorded, encode, event, name_of, record
from svardesk.spine.log import Token, parse_token
from svardesk.spine.queues import Sweep
from svardesk.spine.relay import Reaction, Wiring

__all__ = [
    "BY_NAME", "Reaction", "Recorded", "Sweep", "Token", "Wiring", "encode", "event", "name_of", "parse_token", "record",
]  # fmt: skip
