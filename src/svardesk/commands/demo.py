"""`svardesk demo`: fill the demo organisation, once."""

from __future__ import annotations

import os
from pathlib import Path

from svardesk.commands.database import reachable
from svardesk.config import Settings
from svardesk.demo import fill
from svardesk.kit.migrate import migrate


def demo(settings: Settings, *, report: Path | None) -> int:
    """Fill the demo (nothing happens when it is there) and tell its sign-in, on stdout or in the file `report`."""
    with reachable(settings, "demo") as dsn:
        _ = migrate(dsn)
        text = fill(settings)
    if report is None:
        print(text)
        return 0
    fresh = report.with_name(report.name + ".new")
    with fresh.open("w", encoding="utf-8") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write(text)
    fresh.replace(report)
    return 0
