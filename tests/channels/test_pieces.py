"""Answers in several pieces: in order, each once, and found again by what comes back."""

# ruff: noqa: F811 - a fixture of another file

from svardesk.channels import deliveries, echoes, pieces
from svardesk.channels.contract import NotSent, OutboundCommand, Permanent, SendResult, Sent, Temporary, Unknown
from tests.channels.test_deliveries import RING, Outbox, outbox  # noqa: F401 - the fixture


async def parts_of(outbox: Outbox) -> list[tuple[int, str | None]]:
    async with outbox.db.work(outbox.account.id) as tx:
        rows = await tx.all("SELECT part, external_id FROM delivery_parts ORDER BY part")
    return [(row["part"], row["external_id"]) for row in rows]


async def test_pieces_go_out_one_after_the_other_and_nothing_comes_in_between(outbox: Outbox) -> None:
    outbox.provider.pieces = 3
    first = await outbox.answer("En lang historie")
    second = await outbox.answer("Og en til")
    await outbox.drain()
    assert [(one.text, one.part) for one in outbox.provider.calls] == [
        (text, part) for text in ("En lang historie", "Og en til") for part in range(3)
    ]
    assert await outbox.states(first) == await outbox.states(second) == ("sent", "sent")
    assert len(await parts_of(outbox)) == 6


async def test_a_piece_that_is_refused_is_tried_again_and_the_earlier_ones_are_not(outbox: Outbox) -> None:
    outbox.provider.pieces = 3
    outbox.provider.answers = [
        Sent(external_id="a"),
        Temporary(code="busy"),
        Sent(external_id="b"),
        Permanent(code="gone"),
    ]
    message_id = await outbox.answer()
    await outbox.drain()
    assert await outbox.states(message_id) == ("failed_temporary", "failed_temporary")
    outbox.clock.advance(minutes=1)
    await outbox.drain()
    assert await outbox.states(message_id) == ("failed_permanent", "failed_permanent")
    assert [one.part for one in outbox.provider.calls] == [0, 1, 1, 2]
    async with outbox.db.work(outbox.account.id) as tx:
        await deliveries.again(tx, outbox.clock.now(), message_id, outbox.adapters)
    await outbox.drain()
    assert [one.part for one in outbox.provider.calls] == [0, 1, 1, 2, 2]
    assert [part for part, _ in await parts_of(outbox)] == [0, 1, 2]


async def test_a_piece_nobody_knows_of_is_settled_by_what_comes_back(outbox: Outbox) -> None:
    outbox.provider.pieces = 2
    outbox.provider.answers = [TimeoutError()]
    outbox.provider.looks = [Unknown(), Unknown()]
    message_id = await outbox.answer()
    await outbox.drain()
    row = await outbox.row(message_id)
    assert row["state"] == "unknown"
    async with outbox.db.work(outbox.account.id) as tx:
        assert await echoes.came_back(tx, outbox.clock.now(), row["connection_id"], row["id"], 0, "mid.1")
        assert await echoes.came_back(tx, outbox.clock.now(), row["connection_id"], row["id"], 0, "mid.1")
    await outbox.drain()
    assert await outbox.states(message_id) == ("sent", "sent")
    assert [one.part for one in outbox.provider.calls if one.verb == "send"] == [0, 1]
    assert (await parts_of(outbox))[0] == (0, "mid.1")
    async with outbox.db.work(outbox.account.id) as tx:
        found = await pieces.target(tx, row["connection_id"], row["conversation_id"], "mid.1")
    assert found == message_id


async def test_an_answer_of_one_piece_is_settled_by_its_echo_whatever_its_sender_heard(outbox: Outbox) -> None:
    outbox.provider.answers = [TimeoutError()]
    outbox.provider.looks = [NotSent()]
    message_id = await outbox.answer()
    await outbox.sweep()
    row = await outbox.row(message_id)
    async with outbox.db.work(outbox.account.id) as tx:
        assert await echoes.came_back(tx, outbox.clock.now(), row["connection_id"], row["id"], 0, "mid.9")
    assert await outbox.states(message_id) == ("sent", "sent")
    outbox.clock.advance(hours=1)
    await outbox.drain()
    assert outbox.provider.sent() == 1
    assert (await outbox.row(message_id))["external_id"] == "mid.9"


async def test_what_the_customer_has_a_piece_of_cannot_be_taken_back(outbox: Outbox) -> None:
    outbox.provider.pieces = 2
    outbox.provider.answers = [Sent(external_id="a"), Temporary(code="busy")]
    message_id = await outbox.answer()
    await outbox.drain()
    async with outbox.db.work(outbox.account.id) as tx:
        assert not await deliveries.cancel(tx, outbox.clock.now(), message_id)


async def test_an_earlier_piece_that_comes_back_late_leaves_the_doubt_about_the_next(outbox: Outbox) -> None:
    outbox.provider.pieces = 2
    outbox.provider.answers = [Sent(external_id="mid.1"), TimeoutError()]
    outbox.provider.looks = [Unknown()]
    message_id = await outbox.answer()
    await outbox.drain()
    row = await outbox.row(message_id)
    assert (row["state"], row["part"]) == ("unknown", 1)
    async with outbox.db.work(outbox.account.id) as tx:
        await echoes.came_back(tx, outbox.clock.now(), row["connection_id"], row["id"], 0, "mid.1")
    assert (await outbox.row(message_id))["state"] == "unknown"
    await outbox.drain()
    assert [one.part for one in outbox.provider.calls if one.verb == "send"] == [0, 1]
    async with outbox.db.work(outbox.account.id) as tx:
        await echoes.came_back(tx, outbox.clock.now(), row["connection_id"], row["id"], 1, "mid.2")
    assert await outbox.states(message_id) == ("sent", "sent")


async def test_a_piece_that_came_back_before_its_sender_gave_up_is_out(outbox: Outbox) -> None:
    outbox.provider.pieces = 2
    message_id = await outbox.answer()
    row = await outbox.row(message_id)

    class CameBack(TimeoutError):
        """Raised after the echo has been taken."""

    adapter = outbox.adapters("fake")
    plain = adapter.send

    async def send(command: OutboundCommand) -> SendResult:
        result = await plain(command)
        if command.part == 0:
            async with outbox.db.work(outbox.account.id) as tx:
                await echoes.came_back(tx, outbox.clock.now(), row["connection_id"], row["id"], 0, "mid.1")
            raise CameBack
        return result

    adapter.send = send
    while await deliveries.sweep(outbox.db, outbox.clock, RING, lambda _: adapter):
        pass
    assert await outbox.states(message_id) == ("sent", "sent")
    assert [one.part for one in outbox.provider.calls] == [0, 1]
