"""A person writes on Messenger: when do agents see it? An agent answers: when does Meta have it?"""

from bench.figures import Figure, Result, at_most, percentile, told
from bench.house import free_port, load, running
from bench.seed import add_agent, organisation

COUNT = 100
RATE = 5.0


def run() -> tuple[list[Figure], list[str]]:
    """Run the benchmark; (figures, notes)."""
    with running() as desk:
        web = desk.serve()
        with desk.connect() as conn:
            org = organisation(conn, teams=1, agents=0, visitors=0)
            add_agent(conn, org.account, "Solveig Aas", "owner", "owner")  # pyright: ignore[reportArgumentType]
        worker = desk.work()
        web.wait_for("/readyz")
        plan = {
            "port": web.port,
            "graph_port": free_port(),
            "token": "owner",
            "rate": RATE,
            "count": COUNT,
            "longest": 200,
        }
        result: Result = load("messenger", plan, seconds=240)
        if result.failed:
            raise RuntimeError(f"{result.failed} messages or answers did not come through\n{worker.tail()}")
    inwards = [one * 1e3 for one in result.latencies]
    figures = [
        at_most("message on Messenger → agent's socket, p95", percentile(inwards, 0.95), 200, "ms"),
        at_most("agent's answer → stand-in Graph, p95", result.more["out_p95"] * 1e3, 300, "ms"),
        told("message → socket, p50", percentile(inwards, 0.5), "ms"),
        told("message → socket, slowest", max(inwards), "ms"),
        told("answer → Graph, p50", result.more["out_p50"] * 1e3, "ms"),
        told("answer → Graph, slowest", result.more["out_p100"] * 1e3, "ms"),
    ]
    return figures, [f"{COUNT} people at {RATE:.0f}/s, each answered once; the stand-in runs in the client's process"]
