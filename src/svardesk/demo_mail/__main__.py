"""``python -m svardesk.demo_mail``: run the demo's mail server until it is told to stop.

Prints one line of JSON with its ports and mailboxes when it listens.
"""

import argparse
import asyncio
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from svardesk.demo_mail.server import HOST, DemoMail
from svardesk.kit.jsons import encode


async def until_told(server: DemoMail, ready: Callable[[], None]) -> None:
    """Say that a started server is ready, and stop it at SIGTERM or SIGINT."""
    done = asyncio.Event()
    loop = asyncio.get_running_loop()
    for one in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(one, done.set)
    try:
        ready()
        await done.wait()
    finally:
        await server.stop()


async def run(arguments: argparse.Namespace) -> None:
    """Listen until SIGTERM or SIGINT."""
    server = DemoMail(folder=arguments.folder, vouched=arguments.vouched.split(","))
    await server.start(smtp_port=arguments.smtp, submission_port=arguments.submission, imap_port=arguments.imap)
    told = {
        "host": HOST,
        "smtp": server.smtp_port,
        "submission": server.submission_port,
        "imap": server.imap_port,
        "mailboxes": sorted(server.office.accounts),
    }

    def say() -> None:
        sys.stdout.buffer.write(encode(told) + b"\n")
        sys.stdout.flush()

    await until_told(server, say)


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(prog="python -m svardesk.demo_mail", description=__doc__)
    parser.add_argument("--smtp", type=int, default=0, metavar="PORT", help="mail from outside, without signing in")
    parser.add_argument("--submission", type=int, default=0, metavar="PORT", help="mail from those who sign in")
    parser.add_argument("--imap", type=int, default=0, metavar="PORT")
    parser.add_argument("--folder", type=Path, default=None, help="keep mail here over a restart")
    parser.add_argument(
        "--vouched", default="", metavar="DOMAIN,…", help="sender domains whose mail is stamped as genuine"
    )
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
