"""The worker's way out: what is slow goes on beside what is quick."""

# ruff: noqa: F811 - a fixture of another file

import asyncio

import pytest

from svardesk.channels import deliveries, outgoing
from svardesk.channels.contract import OutboundCommand, SendResult
from tests.channels.conftest import FakeAdapter
from tests.channels.test_deliveries import RING, Outbox, outbox  # noqa: F401 - the fixture
from tests.factories import make_conversation


async def test_a_slow_provider_holds_up_nobody_else_and_keeps_its_lease(
    outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    began, go_on = asyncio.Event(), asyncio.Event()

    class Slow(FakeAdapter):
        def send_seconds(self, command: OutboundCommand) -> float:
            return 600.0

        async def send(self, command: OutboundCommand) -> SendResult:
            if command.text == "Stor fil":
                began.set()
                await go_on.wait()
            return await super().send(command)

    monkeypatch.setattr(deliveries, "LEASE_ENOUGH", 0.01)
    monkeypatch.setattr(outgoing, "QUICK", 0.05)
    way = outgoing.Outgoing(RING, None, lambda _: Slow(outbox.provider))
    other = await make_conversation(
        outbox.db, outbox.account, channel="fake", connection_id=outbox.connection_id, external_thread_key="t2"
    )
    slow = await outbox.answer("Stor fil")
    await way.sweep(outbox.db, outbox.clock)
    await began.wait()
    quick = await outbox.answer("Kort svar", other)
    await way.sweep(outbox.db, outbox.clock)
    assert await outbox.states(quick) == ("sent", "sent")
    # Long after the first lease another worker still finds nothing to do.
    outbox.clock.advance(seconds=60)

    for _ in range(2):
        async with asyncio.timeout(15):
            while (await outbox.row(slow))["lease_until"] != outbox.clock.now() + deliveries.LEASE:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        outbox.clock.advance(seconds=60)
    assert await deliveries.claim(outbox.db, outbox.clock, 10) == []
    go_on.set()
    await way.settled()
    assert await outbox.states(slow) == ("sent", "sent")
    assert outbox.provider.sent() == 2
