"""Reports over HTTP, for leads and owners."""

from svardesk.accounts.caller import Caller
from svardesk.kit.clock import Clock
from svardesk.kit.db import Database
from svardesk.kit.http import Route, route
from svardesk.reports import badges
from svardesk.reports.badges import Badges


async def get_badges(caller: Caller, db: Database, clock: Clock) -> Badges:
    """How each page stands by its provider's badge for fast answers, as we count it."""
    async with db.work(caller.account_id) as tx:
        return await badges.badges(tx, clock.now())


ROUTES: tuple[Route, ...] = (route("GET", "/api/v1/reports/badges", get_badges, permission="reports.read"),)
