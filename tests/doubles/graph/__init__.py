"""A stand-in for Meta: the Graph API of pages and Messenger, its webhooks, and a page on which to play the customer.

``async with GraphDouble() as graph:`` in tests, ``python -m tests.doubles.graph`` as a program; see ``README.md``.
"""

from tests.doubles.graph.faults import SUFFIXES, Fault
from tests.doubles.graph.model import FIELDS, PAGE_INBOX
from tests.doubles.graph.outbox import Pace
from tests.doubles.graph.server import GraphDouble
from tests.doubles.graph.world import World

__all__ = ["FIELDS", "PAGE_INBOX", "SUFFIXES", "Fault", "GraphDouble", "Pace", "World"]
