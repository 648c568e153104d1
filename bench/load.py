"""The load clients: ``python -m bench.load KIND`` with the plan as JSON on standard input, the result on standard output."""

import asyncio
import gc
import json
import os
import sys
from typing import Any

import msgspec
import uvloop

from bench.figures import Result


def main() -> None:
    """Run one load client."""
    kind = sys.argv[1]
    plan: dict[str, Any] = json.load(sys.stdin)
    from bench import load_durable, load_fanout, load_latency, load_lists, load_mail, load_meta

    clients = {
        **load_durable.CLIENTS,
        **load_fanout.CLIENTS,
        **load_latency.CLIENTS,
        **load_lists.CLIENTS,
        **load_mail.CLIENTS,
        **load_meta.CLIENTS,
    }
    gc.collect()
    gc.freeze()
    result: Result = uvloop.run(_limited(clients[kind], plan))
    # Not sys.stdout: with PYTHONUNBUFFERED it writes as much as the pipe takes, and no more.
    with os.fdopen(1, "wb", closefd=False) as answer:
        answer.write(msgspec.json.encode(result))


async def _limited(client: Any, plan: dict[str, Any]) -> Result:
    async with asyncio.timeout(plan.get("longest", 300)):
        return await client(plan)


if __name__ == "__main__":
    main()
