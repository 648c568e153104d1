"""The large organisation of ``lists`` and ``search``: made once, kept in a cache folder outside the checkout.

The folder's name holds a hash of the schema and of the code that fills it, so that a change of either makes it anew.
``SVARDESK_BENCH_CACHE`` names another place.
"""

import contextlib
import hashlib
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import msgspec

from bench import _bulk, seed
from bench.figures import say
from bench.house import ROOT, Desk, opened
from svardesk.kit.ids import uuid7

LARGE = 1_000_000
SMALL = 10_000
TEAMS = 8
AGENTS = 40


class Made(msgspec.Struct):
    """What is in the cache: the large and the small organisation, an agent of each, a lead of each."""

    large: str
    small: str
    large_agent: str
    small_agent: str
    large_lead: str
    small_lead: str


def cache_folder() -> Path:
    """The folder for this schema."""
    base = os.environ.get("SVARDESK_BENCH_CACHE")
    if base:
        root = Path(base)
    elif os.geteuid() == 0:
        # The database runs as another account, which cannot enter root's home.
        root = Path("/var/cache/svardesk-bench")
    else:
        root = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "svardesk-bench"
    mark = hashlib.sha256()
    for file in (*sorted((ROOT / "migrations").rglob("*.sql")), *sorted((ROOT / "migrations/versions").glob("*.py"))):
        mark.update(file.read_bytes())
    for file in (_bulk.__file__, __file__):
        mark.update(Path(file).read_bytes())
    return root / mark.hexdigest()[:16]


@contextmanager
def large() -> Iterator[tuple[Desk, Made]]:
    """The database with both organisations, running; made first when it is not there."""
    folder = cache_folder()
    ready = folder / "ready.json"
    if not ready.exists():
        for old in folder.parent.glob("*") if folder.parent.exists() else ():
            shutil.rmtree(old, ignore_errors=True)
        folder.mkdir(parents=True)
        folder.parent.chmod(0o711)
        folder.chmod(0o711)
        began = time.monotonic()
        say(f"making {LARGE} conversations and messages in {folder}, once")
        try:
            with opened(folder) as desk:
                made = _fill(desk)
        except BaseException:
            with contextlib.suppress(OSError):
                shutil.rmtree(folder)
            raise
        ready.write_bytes(msgspec.json.encode(made))
        say(f"made in {time.monotonic() - began:.0f} s")
    made = msgspec.json.decode(ready.read_bytes(), type=Made)
    with opened(folder) as desk:
        with desk.connect() as conn:
            now = datetime.now(UTC)
            conn.execute("DELETE FROM sessions")
            conn.execute("DELETE FROM workers")
            for account, name in ((made.large, "large"), (made.small, "small")):
                for role in ("agent", "lead"):
                    seed.agent_session(
                        conn, UUID(account), UUID(getattr(made, f"{name}_{role}")), f"{name}-{role}", now
                    )
        yield desk, made


def _fill(desk: Desk) -> Made:
    found: dict[str, str] = {}
    with desk.connect() as conn:
        for name, count in (("small", SMALL), ("large", LARGE)):
            account = uuid7()
            conn.execute("INSERT INTO accounts (id, slug, name) VALUES (%s, %s, 'Fjordnett')", (account, name))
            teams = []
            for place in range(TEAMS):
                team = uuid7()
                teams.append(team)
                # One team in four is closed, so that the wall is at work in every list.
                conn.execute(
                    "INSERT INTO teams (account_id, id, name, closed) VALUES (%s, %s, %s, %s)",
                    (account, team, f"Lag {place}", place % 4 == 3),
                )
            agents = [seed.add_agent(conn, account, f"Kari {n}", "agent", f"{name}-{n}") for n in range(AGENTS)]
            for place, agent in enumerate(agents):
                conn.execute(
                    "INSERT INTO team_members (account_id, team_id, agent_id) VALUES (%s, %s, %s)",
                    (account, teams[place % TEAMS], agent),
                )
            lead = seed.add_agent(conn, account, "Ola", "lead", f"{name}-lead-first")
            _bulk.fill(conn, account, count, count, agent_ids=agents, team_ids=teams)
            found |= {name: str(account), f"{name}_agent": str(agents[0]), f"{name}_lead": str(lead)}
        conn.execute("VACUUM (ANALYZE)")
        conn.execute("CHECKPOINT")
    return Made(**found)
