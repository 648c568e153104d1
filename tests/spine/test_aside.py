"""What lies aside is seen and tried again by one command."""

from collections.abc import Callable, Sequence
from pathlib import Path
from uuid import UUID

import psycopg
import pytest

from svardesk.cli import main
from svardesk.kit.clock import FixedClock
from svardesk.kit.db import Database, Tx
from svardesk.spine import Reaction, Recorded, aside
from svardesk.spine.relay import LAST_ATTEMPT
from tests.factories import make_account
from tests.spine.test_poison import relay_of, write_log


async def test_what_gave_up_is_listed_and_done_after_a_replay(fresh_db: Database) -> None:
    account = (await make_account(fresh_db)).id
    broken, seen = [True], []

    async def react(tx: Tx, batch: Sequence[Recorded]) -> None:
        if broken[0]:
            raise ValueError("what a person wrote")
        seen.extend(one.event.number for one in batch)

    await write_log(fresh_db, account, [(1, f'{{"stream": "{account}", "number": {n}}}') for n in (1, 2)])
    clock = FixedClock()
    relay = await relay_of(fresh_db, Reaction("react", react), clock)
    while await relay.batch():
        pass
    for _ in range(LAST_ATTEMPT):
        clock.advance(100_000)
        assert await relay.retry_set_aside() == 0
    async with fresh_db.system() as tx:
        one, two = await aside.open_ones(tx)
    assert [(row.reaction, row.type, row.retry_at) for row in (one, two)] == [("react", "test_poisoned", None)] * 2
    assert one.account_id == account and one.error.startswith("ValueError at ") and "person" not in one.error

    broken[0] = False
    clock.advance(100_000)
    assert await relay.retry_set_aside() == 0, "nobody tries again by himself"
    async with fresh_db.system() as tx:
        assert await aside.replay(tx, clock.now(), two.id) == 1
    assert (await relay.retry_set_aside(), seen) == (1, [2])
    async with fresh_db.system() as tx:
        assert await aside.replay(tx, clock.now(), two.id) == 0, "what is done is done"
        assert await aside.replay(tx, clock.now()) == 1
    assert (await relay.retry_set_aside(), seen) == (1, [2, 1])
    async with fresh_db.system() as tx:
        assert await aside.open_ones(tx) == []


def test_the_command(
    clone: Callable[[], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    dsn = clone()
    monkeypatch.setenv("SVARDESK_DATABASE_URL", dsn)
    monkeypatch.setenv("SVARDESK_DATA", str(tmp_path))
    assert main(["aside"]) == 0
    assert capsys.readouterr().out == "Nothing lies aside.\n"
    with psycopg.connect(dsn, autocommit=True) as conn:
        row = conn.execute(
            "INSERT INTO set_aside_events (id, position, account_id, stream, reaction, type, version, payload, error)"
            " VALUES (gen_random_uuid(), 7, gen_random_uuid(), gen_random_uuid(), 'deliver_answer', 'answer_posted', 1, '{}',"
            " 'KeyError at channels/deliveries.py:80') RETURNING id"
        ).fetchone()
        assert row is not None
        found: UUID = row[0]
        assert main(["aside"]) == 0
        said = capsys.readouterr().out
        assert f"{found}  deliver_answer  answer_posted at position 7" in said
        assert "KeyError at channels/deliveries.py:80; 1 tries since" in said and "waits for --replay" in said
        assert main(["aside", "--replay", str(found)]) == 0
        assert conn.execute("SELECT retry_at <= now() FROM set_aside_events").fetchone() == (True,)
        assert main(["aside", "--replay"]) == 0
        assert capsys.readouterr().out.count("1 will be tried again") == 2
        assert main(["aside", "--replay", "01900000-0000-7000-8000-000000000000"]) == 1
        assert main(["aside", "--replay", "tull"]) == 2
