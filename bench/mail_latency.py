"""How long after a mail lies on the IMAP server do agents have it on their sockets?"""

from bench.figures import Figure, Result, at_most, percentile, say, told
from bench.house import load, running
from bench.mail import mail_server, make_mailbox

MAILS = 120
RATE = 2.0
"""Mails a second, so that nearly each of them comes while the mailbox is quiet and the server has to tell of it."""


def run() -> tuple[list[Figure], list[str]]:
    """Run the benchmark; (figures, notes)."""
    with mail_server() as server, running() as desk:
        web = desk.serve()
        token = make_mailbox(desk, web, server)
        worker = desk.work()
        web.wait_for("/readyz")
        plan = {"port": web.port, "smtp": server.smtp, "token": token, "rate": RATE, "longest": 300}
        # What is slow the first time, and the mailbox being found at all, is not what is measured.
        load("mail", {**plan, "mails": 10}, seconds=120)
        result: Result = load("mail", {**plan, "mails": MAILS}, seconds=300)
        if result.failed:
            raise RuntimeError(f"{result.failed} mails never came to the agent's socket\n{worker.tail()}")
    p50, p95 = (percentile(result.latencies, share) * 1e3 for share in (0.5, 0.95))
    say(f"p50 {p50:.0f} ms, p95 {p95:.0f} ms, worst {max(result.latencies) * 1e3:.0f} ms")
    figures = [
        at_most("mail on the IMAP server → agent's socket, p95", p95, 1500, "ms"),
        told("the same, p50", p50, "ms"),
        told("the slowest", max(result.latencies) * 1e3, "ms"),
    ]
    return figures, [
        f"{MAILS} mails at {RATE:.0f}/s, delivered by SMTP; timed from before the first command of each, with IDLE"
    ]
