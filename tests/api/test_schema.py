"""Schemathesis over the OpenAPI document, against a web process of its own: what is documented is what is answered.

Every operation, as the owner and without sign-in, with values that fit the document and values that do not.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from svardesk.accounts.permissions import ALL
from svardesk.accounts.secrets import digest
from svardesk.kit.clock import SystemClock
from svardesk.kit.db import Database
from svardesk.openapi import document
from tests.api.world import make_world
from tests.factories import insert
from tests.paths.processes import House, Process, Side

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

EXAMPLES = {"owner": 10, "nobody": 3}
CHECKS = [
    not_a_server_error, status_code_conformance, content_type_conformance, response_headers_conformance,
    response_schema_conformance,
]  # fmt: skip


@dataclass
class Running:
    process: Process
    side: Side
    token: str


@pytest.fixture(scope="module")
async def running(clone: Callable[[], str], tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    """A web process on a database in which there is one of everything, and an API token that may do all."""
    dsn = clone()
    db = Database(dsn, pool_min=1, pool_max=2, name="looking")
    await db.open()
    world = await make_world(db, "Vårt")
    token, now = f"svd_{uuid4().hex}{uuid4().hex}", SystemClock().now()
    await insert(
        db, "api_tokens", world.account.id, name="alt", token_hash=digest(token), prefix=token[:8], scopes=list(ALL),
        agent_id=world.owner.id, created_at=now, expires_at=now + timedelta(days=1),
    )  # fmt: skip
    await db.close()
    with House(dsn, tmp_path_factory.mktemp("schema")) as house:
        process, side = house.web()
        house.worker()
        await side.answers("/readyz", process=process)
        yield Running(process, side, token)


def walk(
    running: Running, headers: dict[str, str], examples: int, mode: GenerationMode
) -> tuple[Counter[int], list[str]]:
    """Ask every operation; returns how often each status came, and what was not as documented."""
    schema = schemathesis.openapi.from_dict(document())
    statuses: Counter[int] = Counter()
    failures: list[str] = []
    for found in schema.get_all_operations():
        operation = found.ok()  # pyright: ignore[reportAttributeAccessIssue]

        @given(case=operation.as_strategy(generation_mode=mode))
        @settings(
            max_examples=examples,
            derandomize=True,
            deadline=None,
            database=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=[*HealthCheck],  # pyright: ignore[reportArgumentType]
        )
        def ask(case: Any) -> None:
            answer = case.call(base_url=running.side.url, headers=headers, timeout=20)
            statuses[answer.status_code] += 1
            case.validate_response(answer, checks=CHECKS)

        try:
            ask()
        except Unsatisfiable:
            continue  # takes nothing that could be wrong
        except (Exception, BaseExceptionGroup) as error:  # noqa: BLE001 - all are asked, then all that failed are shown
            failures.append(f"{operation.label}: {type(error).__name__}: {error}")
    return statuses, failures


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=lambda mode: mode.value)
@pytest.mark.parametrize("who", ["owner", "nobody"])
async def test_every_operation_answers_as_documented(running: Running, who: str, mode: GenerationMode) -> None:
    headers = {"authorization": f"Bearer {running.token}"} if who == "owner" else {}
    statuses, failures = await asyncio.to_thread(walk, running, headers, EXAMPLES[who], mode)
    assert not failures, "\n\n".join(failures)
    assert running.process.lives()
    assert "unexpected_error" not in running.process.text
    assert "Traceback" not in running.process.text
    assert sum(statuses.values()) > 200
    if who == "owner":
        assert statuses[401] < sum(statuses.values()) / 3
        if mode is GenerationMode.POSITIVE:
            assert sum(count for status, count in statuses.items() if status < 300) > 40, statuses
    else:
        assert statuses[401] > sum(statuses.values()) / 2
    print(dict(statuses))
