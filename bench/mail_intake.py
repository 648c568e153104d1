"""Ten thousand mails wait in a mailbox; the worker is killed in the middle. How long until all of them are in the inbox?"""

import os
import signal
import tempfile
import time
from pathlib import Path
from typing import Any

import psycopg

from bench.figures import Figure, at_least, at_most, say, told
from bench.house import Desk, running
from bench.mail import mail_server, make_mailbox, write_mails

MAILS = int(os.environ.get("SVARDESK_BENCH_MAILS", "10000"))
LIMIT_SECONDS = 120.0
GIVE_UP_SECONDS = 600.0
KILL_AT = 0.4
"""Share of the mails after which the worker is killed."""


def run() -> tuple[list[Figure], list[str]]:
    """Run the benchmark; (figures, notes)."""
    with tempfile.TemporaryDirectory(prefix="svardesk-bench-mail-") as folder:
        size = write_mails(Path(folder), MAILS)
        say(f"{MAILS} mails, {size / 1e6:.0f} MB")
        with mail_server(Path(folder)) as server, running() as desk:
            web = desk.serve()
            make_mailbox(desk, web, server)
            seconds, killed_at, fetched, processor = _take_in(desk)
            found = _count(desk)
    figures = [
        at_most(f"{MAILS} mails: mailbox → inbox, worker killed at {KILL_AT:.0%}", seconds, LIMIT_SECONDS, "s"),
        at_most("mails lost", MAILS - found["distinct"], 0, ""),
        at_most("mails doubled", found["messages"] - found["distinct"], 0, ""),
        at_most("mails set aside", found["aside"], 0, ""),
        at_least("conversations", found["conversations"], MAILS, ""),
        told("all fetched and stored after", fetched, "s"),
        told("mails a second", MAILS / seconds, "/s"),
        told("worker's processor time a mail", processor / MAILS * 1e3, "ms"),
    ]
    return figures, [
        f"one worker, killed with signal 9 after {killed_at:.0f} s and started again at once; fsync on",
        "the mails are those of the corpus that people wrote, each with a sender, a date and an id of its own",
    ]


def _take_in(desk: Desk) -> tuple[float, float, float, float]:
    """Seconds until all was in the inbox, until the worker was killed, until all was stored; the workers' processor time."""
    began = time.monotonic()
    worker = desk.work()
    killed_at = fetched = processor = 0.0
    with desk.connect() as conn:
        shown = began
        while True:
            taken, waiting, stored = _progress(conn)
            now = time.monotonic()
            if not killed_at and taken >= MAILS * KILL_AT:
                killed_at = now - began
                processor = worker.cpu_seconds()
                os.kill(worker.pid, signal.SIGKILL)
                worker.process.wait()
                worker = desk.work()
                say(f"killed after {killed_at:.1f} s with {taken} mails in the inbox")
            if not fetched and stored >= MAILS:
                fetched = now - began
            if taken >= MAILS:
                return now - began, killed_at, fetched, processor + worker.cpu_seconds()
            if now - shown > 5:
                shown = now
                say(f"{taken} of {MAILS} in the inbox, {stored} stored, {waiting} known to wait in the mailbox")
            if now - began > GIVE_UP_SECONDS:
                raise RuntimeError(f"{taken} of {MAILS} mails after {GIVE_UP_SECONDS:.0f} s\n{worker.tail()}")
            time.sleep(0.2)


def _progress(conn: psycopg.Connection[Any]) -> tuple[int, int, int]:
    """How many mails are in the inbox, how many the mailbox says are waiting, how many are stored."""
    row = conn.execute(
        "SELECT (SELECT count(*) FROM mails WHERE direction = 'in'),"
        " (SELECT coalesce(sum(waiting), 0) FROM mailboxes), (SELECT coalesce(sum(taken), 0) FROM mailboxes)"
    ).fetchone()
    assert row is not None
    return int(row[0]), int(row[1]), int(row[2])


def _count(desk: Desk) -> dict[str, int]:
    desk.settle(120)
    with desk.connect() as conn:
        row = conn.execute(
            "SELECT (SELECT count(DISTINCT mail_id) FROM mails WHERE direction = 'in'),"
            " (SELECT count(*) FROM messages WHERE kind = 'inbound'), (SELECT count(*) FROM conversations),"
            " (SELECT count(*) FROM inbound_items WHERE state = 'quarantined')"
            " + (SELECT count(*) FROM envelopes WHERE state <> 'parsed')"
        ).fetchone()
    assert row is not None
    return dict(zip(("distinct", "messages", "conversations", "aside"), (int(one) for one in row), strict=True))
