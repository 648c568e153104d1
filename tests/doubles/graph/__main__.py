"""``python -m tests.doubles.graph``: run the double until it is told to stop.

Prints one line of JSON with its address, app and page when it listens.
"""

import argparse
import asyncio
import json
import signal
from pathlib import Path

from tests.doubles.graph.demo import seed
from tests.doubles.graph.outbox import Pace
from tests.doubles.graph.server import HOST, GraphDouble
from tests.doubles.graph.world import World, load

EVERY = 2.0
"""Seconds between looks whether the state file must be written again."""


async def run(arguments: argparse.Namespace) -> None:
    """Listen until SIGTERM or SIGINT."""
    path: Path | None = arguments.state
    state = load(path) if path else None
    double = GraphDouble(state=state, pace=Pace().faster(arguments.faster), port=arguments.port, host=arguments.host)
    known = double.world
    if state is None:
        app = known.add_app("Kundeservice", app_id=arguments.app_id, secret=arguments.app_secret)
        page = known.add_page("Fjordnett AS", page_id=arguments.page_id)
        known.add_token(app, page, token=arguments.page_token)
    done = asyncio.Event()
    for one in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(one, done.set)
    await double.start()
    try:
        if arguments.demo and state is None:
            await seed(double)
        if arguments.webhook:
            double.connect(arguments.webhook)
        print(json.dumps(told(double)), flush=True)
        await _keep(double, known, path, done)
    finally:
        await double.stop()
        if path:
            known.save(path)


def told(double: GraphDouble) -> dict[str, object]:
    """What whoever started this must know."""
    return {
        "url": double.url,
        "app_id": double.app.id,
        "app_secret": double.app.secret,
        "page_id": double.page.id,
        "page_name": double.page.name,
        "page_token": double.token.token,
        "people": {one.name: one.psid for one in double.world.state.people.values()},
    }


async def _keep(double: GraphDouble, world: World, path: Path | None, done: asyncio.Event) -> None:
    written = -1
    while not done.is_set():
        try:
            async with asyncio.timeout(EVERY):
                await done.wait()
        except TimeoutError:
            double.core.publish_due()
            if path and double.core.version != written:
                written = double.core.version
                world.save(path)


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(prog="python -m tests.doubles.graph", description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--host", default=HOST)
    parser.add_argument("--state", type=Path, default=None, metavar="FILE", help="keep the world here over a restart")
    parser.add_argument("--demo", action="store_true", help="with people, posts and comments to begin with")
    parser.add_argument("--webhook", default=None, metavar="URL", help="subscribe the page to this address at once")
    parser.add_argument(
        "--faster", type=float, default=1, metavar="N", help="retries and unsubscribing N times as fast"
    )
    parser.add_argument("--app-id", default=None)
    parser.add_argument("--app-secret", default=None)
    parser.add_argument("--page-id", default=None)
    parser.add_argument("--page-token", default=None)
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
