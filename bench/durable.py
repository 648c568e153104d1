"""Durable messages a second through the HTTP API, beside pgbench running the same SQL on the same database."""

import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from bench import seed
from bench.figures import Figure, Result, at_least, at_most, median, percentile, say, told
from bench.house import Client, Desk, Program, running
from bench.posts import TEXT

SECONDS = 6.0
WARM = 2.0
ROUNDS = 3
CONNECTIONS = 8
FSYNC_DELAY_MS = 10
SHIM = Path(__file__).parent / "slow_fsync.c"
# The very statement of channels/webchat/queries.sql (take), with what its caller would pass.
PGBENCH = """\\set n random(1, {visitors})
SELECT outcome, conversation_id, message_id, seq, status, version, created_at, contact_id
FROM webchat_take('{account}', now(), {connection}, ('{sessions}' || lpad(to_hex(:n::int), 12, '0'))::uuid, gen_random_uuid(),
    gen_random_uuid(), convert_to('{raw}', 'UTF8'), '{{"x-svardesk-session": "01900000-0000-7003-8000-000000000001"}}'::jsonb,
    gen_random_uuid()::text, gen_random_uuid(), gen_random_uuid(), '{body}', '{body}', false,
    ('{conversations}' || lpad(to_hex(:n::int), 12, '0'))::uuid,
    'visitor:{sessions}' || lpad(to_hex(:n::int), 12, '0'), gen_random_uuid(), ('{contacts}' || lpad(to_hex(:n::int), 12, '0'))::uuid,
    ('{identities}' || lpad(to_hex(:n::int), 12, '0'))::uuid, 'webchat', NULL, NULL, 'nb', now(), '{{}}'::uuid[]);
"""


def run() -> tuple[list[Figure], list[str]]:
    """Run the benchmark; (figures, notes)."""
    figures: list[Figure] = []
    notes: list[str] = []
    with running() as desk:
        org = _organisation(desk)
        worker = desk.work()
        web = desk.serve()
        web.wait_for("/readyz")
        desk.take_up_work(org, web)
        one, cpu = _rounds(desk, org, [web])
        beside = _pgbench(desk, org)
        desk.stop(worker)
        alone = _pgbench(desk, org)
        worker = desk.work()
        second = desk.serve()
        second.wait_for("/readyz")
        two, _ = _rounds(desk, org, [web, second])
        _nothing_lost(desk)
    figures += [
        at_least("messages/s, one web process, 8 connections", one, 1100, "/s"),
        at_least("messages/s, two web processes, 8 connections", two, 1500, "/s"),
        at_least("one process beside pgbench (same SQL, worker running too)", one / beside * 100, 20, "%"),
        told("pgbench, 8 clients, worker running too", beside, "/s"),
        told("pgbench, 8 clients, nothing else running", alone, "/s"),
        told("one process beside pgbench with nothing else running", one / alone * 100, "%"),
        # The floor of every figure here and of the closed loop of `latency`: eight clients of the bare statement, no Python.
        told("pgbench with nothing else running, time a message at 8 clients", CONNECTIONS / alone * 1e3, "ms"),
        at_most("processor time of the web process a message", cpu * 1e6, 700, "µs"),
    ]
    grouped, lone, why = _group_commit()
    if why:
        notes.append(why)
    else:
        figures += [
            at_least(f"32 connections beside one, fsync {FSYNC_DELAY_MS} ms slower", grouped / lone, 5, "times"),
            told("one connection on the slow disk", lone, "/s"),
            told("32 connections on the slow disk", grouped, "/s"),
        ]
    notes.append(
        f"medians of {ROUNDS} rounds of {SECONDS:.0f} s; fsync on; load client, web, worker and database share the machine"
    )
    notes.append("processor time is user + system of the whole web process, the sockets' share of the load included")
    return figures, notes


def _organisation(desk: Desk, visitors: int = 2000) -> seed.Organisation:
    with desk.connect() as conn:
        org = seed.organisation(conn, teams=1, agents=1, visitors=visitors)
    desk.analyse()
    return org


def _rounds(desk: Desk, org: seed.Organisation, webs: Sequence[Program]) -> tuple[float, float]:
    """(messages a second, web processor seconds a message), medians."""
    speeds, costs = [], []
    for turn in range(ROUNDS):
        cpu = [web.cpu_seconds() for web in webs]
        began = time.monotonic()
        before = _messages(desk)
        result = flood(org, [web.port for web in webs], CONNECTIONS, SECONDS)
        spent = sum(web.cpu_seconds() - old for web, old in zip(webs, cpu, strict=True))
        stored = _messages(desk) - before
        speeds.append(result.done / result.seconds)
        costs.append(spent / stored)
        if result.failed:
            raise RuntimeError(f"{result.failed} requests were refused")
        say(
            f"durable round {turn + 1}, {len(webs)} web: {speeds[-1]:.0f}/s, p50 {percentile(result.latencies, 0.5) * 1e3:.1f} ms,"
            f" web {costs[-1] * 1e6:.0f} µs a message, client {result.more['client_cpu'] / result.seconds * 100:.0f} % of a core,"
            f" {time.monotonic() - began:.0f} s"
        )
    return median(speeds), median(costs)


def flood(
    org: seed.Organisation, ports: list[int], connections: int, seconds: float, most_a_second: int = 4000
) -> Result:
    """Let the load client post without pause on so many connections."""
    plan = {
        "ports": ports,
        "visitors": msgspec.to_builtins(org.visitors),
        "connections": connections,
        "seconds": seconds,
        "warm": WARM,
        "most_a_second": most_a_second,
        "longest": seconds + 60,
    }
    with Client("durable", plan) as client:
        return client.result(seconds + 90)


def _messages(desk: Desk) -> int:
    with desk.connect() as conn:
        row = conn.execute("SELECT count(*) FROM messages").fetchone()
        return int(row[0]) if row else 0


def _nothing_lost(desk: Desk) -> None:
    """Every stored message has its event in the log (after a moment), each conversation's seqs are dense."""
    desk.settle()
    with desk.connect() as conn:
        row = conn.execute(
            "SELECT (SELECT count(*) FROM messages), (SELECT count(*) FROM events WHERE type = 'message_received'),"
            " (SELECT count(*) FROM (SELECT 1 FROM messages GROUP BY conversation_id HAVING max(seq) <> count(*)) gaps)"
        ).fetchone()
    if row is None or row[0] != row[1] or row[2]:
        raise RuntimeError(f"messages, events and seqs do not agree: {row}")


def _pgbench(desk: Desk, org: seed.Organisation) -> float:
    script = PGBENCH.format(
        visitors=len(org.visitors), account=org.account, connection=f"'{org.widgets[0]}'", raw="{" + TEXT + "}", body=TEXT,
        sessions=seed.SESSIONS, conversations=seed.CONVERSATIONS, contacts=seed.CONTACTS, identities=seed.IDENTITIES,
    )  # fmt: skip
    speed = median([desk.pgbench(script, clients=CONNECTIONS, seconds=int(SECONDS)) for _ in range(ROUNDS)])
    say(f"pgbench: {speed:.0f}/s")
    return speed


def _group_commit() -> tuple[float, float, str]:
    """(messages/s with 32 connections, with one, why it could not be measured)."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        return 0.0, 0.0, "group commit was not measured: there is no C compiler for the slow fsync"
    folder = Path(tempfile.mkdtemp(prefix="svardesk-bench-c-"))
    folder.chmod(0o755)
    library = folder / "slow_fsync.so"
    try:
        subprocess.run([compiler, "-shared", "-fPIC", "-O2", "-o", str(library), str(SHIM), "-ldl"], check=True)
        library.chmod(0o755)
        with running(preload=library) as desk:
            org = _organisation(desk)
            desk.work()
            web = desk.serve(SVARDESK_WEB_POOL="32")
            web.wait_for("/readyz")
            desk.take_up_work(org, web)
            lone = flood(org, [web.port], 1, SECONDS)
            grouped = flood(org, [web.port], 32, SECONDS)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return grouped.done / grouped.seconds, lone.done / lone.seconds, ""
