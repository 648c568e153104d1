"""Guessing: every attempt is counted before it is judged, per e-mail and per address, and each further one waits longer.

The rows live in ``throttles`` (keys are hashes), so that all web processes count together and a restart forgets
nothing. An answer never tells whether the e-mail exists: unknown ones are counted alike.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv6Address, ip_address
from typing import Final

from svardesk.kit.clock import Clock
from svardesk.kit.db import Database
from svardesk.kit.errors import TooMany
from svardesk.kit.sql import load

_sql = load(__package__ or "svardesk.accounts")


@dataclass(frozen=True, slots=True)
class Limit:
    """``free`` attempts within ``window_seconds``; that one and each later one lock for base, 2 base, 4 base … seconds."""

    name: str
    free: int
    base_seconds: int
    cap_seconds: int
    window_seconds: int


EMAIL: Final = Limit("email", free=5, base_seconds=30, cap_seconds=900, window_seconds=86_400)
"""The cap is a quarter of an hour: a stranger who guesses must not keep an agent out for the day."""
ADDRESS: Final = Limit("address", free=30, base_seconds=60, cap_seconds=3600, window_seconds=3600)
"""Many agents can sit behind one address; right passwords give their attempt back."""
SECOND_STEP: Final = Limit("second step", free=5, base_seconds=30, cap_seconds=3600, window_seconds=86_400)
PASSWORD_CHECK: Final = Limit("password check", free=5, base_seconds=30, cap_seconds=900, window_seconds=86_400)
"""Asking for the password again of somebody who is signed in already."""
RESET: Final = Limit("reset", free=3, base_seconds=300, cap_seconds=3600, window_seconds=86_400)
RESET_ADDRESS: Final = Limit("reset address", free=20, base_seconds=60, cap_seconds=3600, window_seconds=3600)


async def take(db: Database, clock: Clock, limit: Limit, subject: str) -> int:
    """Count an attempt of ``subject`` at once; return 0 (go on) or the seconds to wait."""
    async with db.directory() as tx:
        return int(
            await tx.value(
                _sql.throttle_take,
                key=_key(limit, subject),
                now=clock.now(),
                free=limit.free,
                base_seconds=limit.base_seconds,
                cap_seconds=limit.cap_seconds,
                window_seconds=limit.window_seconds,
            )
        )


async def check(db: Database, clock: Clock, limit: Limit, subject: str) -> None:
    """Count an attempt of ``subject``; raise ``TooMany`` (``too_many_attempts``, with ``retry_after``) when it must wait."""
    wait = await take(db, clock, limit, subject)
    if wait:
        raise TooMany(
            "too_many_attempts",
            f"Too many attempts. Wait {_spoken(wait)} and try again; nobody has to unlock anything for you.",
            retry_after=wait,
        )


async def refund(db: Database, limit: Limit, subject: str) -> None:
    """Give one attempt back: it was right."""
    async with db.directory() as tx:
        await tx.run(_sql.throttle_refund, key=_key(limit, subject), free=limit.free)


async def clear(db: Database, limit: Limit, subject: str) -> None:
    """Forget the attempts of ``subject``: it has proved who it is."""
    async with db.directory() as tx:
        await tx.run(_sql.throttle_clear, key=_key(limit, subject))


async def sweep(db: Database, now: datetime) -> int:
    """Delete rows that have locked nothing for two days; return how many."""
    async with db.directory() as tx:
        return int(await tx.value(_sql.throttle_sweep, now=now))


def network(ip: str | None) -> str:
    """Return what of an address counts as one sender: an IPv4 address, or an IPv6 network of 64 bits."""
    if ip is None:
        return "unknown"
    try:
        address = ip_address(ip)
    except ValueError:
        return ip[:64]
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return address.exploded[:19]
    return str(address)


def _key(limit: Limit, subject: str) -> str:
    return hashlib.sha256(f"{limit.name}\n{subject}".encode("utf-8", "surrogatepass")).hexdigest()


def _spoken(seconds: int) -> str:
    if seconds <= 90:
        return f"{seconds} seconds"
    return f"{-(-seconds // 60)} minutes"
