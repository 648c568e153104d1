"""Health of the house: is it alive, can it work, and its figures for Prometheus."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, Final

import msgspec
from litestar import Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, Gauge, generate_latest
from psycopg import Error as DatabaseError

import svardesk
from svardesk.kit.clock import Clock
from svardesk.kit.db import Database, Tx
from svardesk.kit.errors import NotFound, Unavailable
from svardesk.kit.http import Route, is_local, route
from svardesk.kit.proxies import unnamed
from svardesk.kit.sql import load

_sql = load(__package__ or "svardesk.spine")

RELAY_LAG = Gauge(
    "svardesk_relay_lag_positions", "Events that the slowest lane of the relay has still to work through."
)
OUTBOX_SECONDS = Gauge("svardesk_outbox_oldest_seconds", "Age of the oldest committed event without a position.")
SET_ASIDE = Gauge("svardesk_set_aside_events", "Reactions that kept failing and wait for an operator.")
Measure = Callable[[Tx, datetime], Awaitable[None]]
"""Sets a room's gauges, at an instant, in a transaction of the system role."""
_MEASURES: Final[dict[str, Measure]] = {}
MOST_LAG_POSITIONS = 10_000
MOST_OUTBOX_SECONDS = 10.0


def know_figures(name: str, measure: Measure) -> None:
    """Let a higher room add its gauges to what ``/metrics`` tells; told twice is told once."""
    _MEASURES[name] = measure


class Alive(msgspec.Struct):
    """This process answers."""

    status: str
    build: str


class Ready(msgspec.Struct):
    """``status`` is ok, degraded or down. ``relay_lag`` is in positions, ``outbox_seconds`` the age of the oldest event waiting.

    ``reasons`` may stand beside ok as well: what an operator should mend although everything works.
    """

    status: str
    database: str
    workers: int
    relay_lag: int
    outbox_seconds: float
    set_aside: int
    reasons: list[str]


async def healthz() -> Alive:
    """Tell that this process is alive."""
    return Alive("ok", svardesk.BUILD)


async def readyz(db: Database, clock: Clock) -> Response[Ready]:
    """Tell whether the whole house can do its work: database, worker, relay. 503 when it cannot."""
    try:
        async with db.system() as tx:
            lag = await tx.one(_sql.lag)
            alive = await tx.all(_sql.alive, now=clock.now())
            aside = await tx.value("SELECT count(*) FROM set_aside_events WHERE solved_at IS NULL")
    except (DatabaseError, Unavailable):
        return Response(Ready("down", "down", 0, 0, 0.0, 0, ["The database does not answer."]), status_code=503)
    workers = sum(1 for row in alive if row["kind"] == "worker")
    reasons = []
    if not workers:
        reasons.append("No worker has been heard of for 15 seconds.")
    if lag["relay"] > MOST_LAG_POSITIONS:
        reasons.append(f"The relay is {lag['relay']} events behind.")
    if lag["outbox_seconds"] > MOST_OUTBOX_SECONDS:
        reasons.append(f"Events have been waiting for a position for {lag['outbox_seconds']:.0f} s.")
    degraded = bool(reasons)
    # Any stranger can send the header, so it must not take this process out of service.
    reasons += unnamed.reasons()
    ready = Ready(
        "degraded" if degraded else "ok", "ok", workers, lag["relay"], round(lag["outbox_seconds"], 3), aside, reasons
    )
    return Response(ready, status_code=503 if degraded else 200)


async def metrics(
    request: Request[Any, Any, Any], db: Database, clock: Clock, client_ip: str | None
) -> Response[bytes]:
    """Figures for Prometheus, to this machine only: a collector elsewhere asks through a tunnel or an exporter here."""
    # Behind a proxy on this machine the whole world seems to come from it.
    forwarded = "x-forwarded-for" in request.headers or "forwarded" in request.headers
    if forwarded or not (client_ip is None or is_local(client_ip)):
        raise NotFound("not_found", "There is no such address.")
    async with db.system() as tx:
        lag = await tx.one(_sql.lag)
        RELAY_LAG.set(lag["relay"])
        OUTBOX_SECONDS.set(lag["outbox_seconds"])
        SET_ASIDE.set(await tx.value("SELECT count(*) FROM set_aside_events WHERE solved_at IS NULL"))
        for measure in _MEASURES.values():
            await measure(tx, clock.now())
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


ROUTES: tuple[Route, ...] = (
    route("GET", "/healthz", healthz, public=True),
    route("GET", "/readyz", readyz, public=True),
    route("GET", "/metrics", metrics, public=True, schema=False),
)
