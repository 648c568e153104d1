"""How many envelopes of Messenger does one worker parse and take a second?"""

import time
from datetime import UTC, datetime

from bench.figures import Figure, at_least, at_most, told
from bench.house import load, running
from bench.meta import PAGE_ID, body, make_page
from svardesk.channels.contract import Raw
from svardesk.channels.messenger.parsing import parse
from svardesk.channels.meta.config import PageConfig

EVENTS = 6000
LIMIT = 500
ROUNDS = 20_000


def run() -> tuple[list[Figure], list[str]]:
    """Run the benchmark; (figures, notes)."""
    now = datetime.now(UTC)
    raws = [Raw(body=body(n, 1_795_424_400_000 + n), received_at=now) for n in range(500)]
    config = PageConfig(page_id=PAGE_ID, app_id="1")
    began = time.process_time()
    for n in range(ROUNDS):
        _ = parse(raws[n % len(raws)], config)
    alone = ROUNDS / (time.process_time() - began)
    with running() as desk:
        web = desk.serve()
        page = make_page(desk, "http://127.0.0.1:9")
        plan = {"port": web.port, "key": page.key, "rate": 400, "first": 0, "seconds": EVENTS / 400, "longest": 120}
        load("meta_webhook", plan, seconds=120)
        desk.analyse()
        with desk.connect() as conn:
            began = time.monotonic()
            worker = desk.work()
            while True:
                row = conn.execute("SELECT count(*) FROM envelopes WHERE state = 'received'").fetchone()
                assert row is not None
                if not row[0]:
                    break
                if time.monotonic() - began > 180:
                    raise RuntimeError(f"{row[0]} envelopes are left\n{worker.tail()}")
                time.sleep(0.05)
            took = time.monotonic() - began
            counted = conn.execute(
                "SELECT (SELECT count(*) FROM messages WHERE kind = 'inbound'), (SELECT count(*) FROM conversations)"
            ).fetchone()
    assert counted is not None
    figures = [
        at_least("envelopes parsed a second of processor time", alone, LIMIT, "/s"),
        at_most("messages lost", EVENTS - counted[0], 0, ""),
        told("parsed and taken into conversations by one worker", EVENTS / took, "/s"),
        told("conversations", counted[1], ""),
    ]
    return figures, [f"{EVENTS} envelopes of one message each, 200 people; the worker's start is counted"]
