"""`svardesk demo meta-server`: a stand-in for Meta beside the demo, with a page on which a person plays the customer."""

from __future__ import annotations

import runpy
import sys

from svardesk.commands.failure import CommandError
from svardesk.commands.readiness import wait_for_port
from svardesk.config import Settings
from svardesk.demo_data import network

BESIDE = 3
"""So far from our own port it listens, where that is free."""
_TRIES = 40
_HIGHEST = 65535


def choose(settings: Settings, patience: float) -> int | None:
    """The port for the stand-in, remembered for the next start; None where it is not installed or no port is free."""
    if network.checkout() is None:
        return None
    before = network.remembered(settings.data)
    wanted = [*([before] if before else []), *(settings.port + BESIDE + one for one in range(_TRIES))]
    for place, port in enumerate(wanted):
        if port <= _HIGHEST and wait_for_port(network.HOST, port, patience if place == 0 else 0.0) is None:
            network.remember(settings.data, port)
            return port
    return None


def serve(settings: Settings, port: int) -> int:
    """Run the stand-in until SIGTERM."""
    root = network.checkout()
    if root is None:
        raise CommandError("The stand-in for Meta comes with a checkout of Svardesk only; this is none.")
    sys.path.insert(0, str(root))
    sys.argv = [
        network.PROGRAM, "--port", str(port), "--demo", "--state", str(network.folder(settings.data) / "world.json"),
        "--app-id", network.APP_ID, "--app-secret", network.APP_SECRET, "--page-id", network.PAGE_ID,
        "--page-token", network.PAGE_TOKEN, "--webhook", f"{settings.local_url}/hooks/meta/{network.KEY}",
    ]  # fmt: skip
    _ = runpy.run_module(network.PROGRAM, run_name="__main__")
    return 0
