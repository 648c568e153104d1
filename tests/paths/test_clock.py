"""Clocks that jump, and the two nights on which an hour is missing or comes twice: no timer breaks.

Services ask an injected clock, so tests move it. What is timed inside a process (rate limits, pings, polling) goes by
the monotonic clock and is not moved by any of this.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from svardesk.accounts import auth, throttle, totp
from svardesk.accounts import presence as agents_present
from svardesk.accounts.sessions import Browser, begin
from svardesk.channels import deliveries, ingress
from svardesk.channels.contract import (
    AdapterBase,
    Capabilities,
    Connection,
    OutboundCommand,
    ReconcileResult,
    SendResult,
    Sent,
    Unknown,
)
from svardesk.conversations import presence
from svardesk.conversations.changing import change, wake_snoozed
from svardesk.conversations.schemas import ChangeConversation
from svardesk.house import House
from svardesk.kit.clock import FixedClock
from svardesk.kit.db import Database
from svardesk.kit.errors import TooMany, Unauthorised
from svardesk.kit.http import RateLimit
from svardesk.kit.ids import uuid7
from svardesk.kit.sql import load
from svardesk.realtime.hub import Socket
from svardesk.spine import Sweep
from svardesk.spine.queues import Sweeper
from tests.factories import Account, Agent, insert, make_account, make_agent, make_conversation

OSLO = ZoneInfo("Europe/Oslo")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
JUMPS = pytest.mark.parametrize("jump", [HOUR, -HOUR, DAY, -DAY], ids=["+1 h", "-1 h", "+1 d", "-1 d"])


async def snooze(db: Database, agent: Agent, clock: FixedClock, conversation: UUID, until: datetime) -> None:
    async with db.work(agent.account_id) as tx:
        await change(tx, agent.caller, clock.now(), conversation, ChangeConversation(snoozed_until=until))


async def status(db: Database, account: Account, conversation: UUID) -> str:
    async with db.work(account.id) as tx:
        return await tx.value("SELECT status FROM conversations WHERE id = %(id)s", id=conversation)


@pytest.mark.parametrize(
    ("evening", "morning", "hours"),
    [
        (datetime(2027, 3, 27, 16, 0, tzinfo=OSLO), datetime(2027, 3, 28, 8, 0, tzinfo=OSLO), 15),
        (datetime(2027, 10, 30, 16, 0, tzinfo=OSLO), datetime(2027, 10, 31, 8, 0, tzinfo=OSLO), 17),
        (datetime(2027, 10, 31, 2, 30, tzinfo=OSLO), datetime(2027, 10, 31, 2, 30, fold=1, tzinfo=OSLO), 1),
        (datetime(2027, 3, 28, 1, 30, tzinfo=OSLO), datetime(2027, 3, 28, 3, 0, tzinfo=OSLO), 0.5),
    ],
    ids=["into summer time", "out of it", "the hour that comes twice", "the hour that is missing"],
)
async def test_a_snooze_over_the_change_of_the_clocks_ends_at_its_instant(
    fresh_db: Database, evening: datetime, morning: datetime, hours: float
) -> None:
    clock = FixedClock(evening.astimezone(UTC))
    account = await make_account(fresh_db)
    agent = await make_agent(fresh_db, account)
    conversation = await make_conversation(fresh_db, account)
    await snooze(fresh_db, agent, clock, conversation, morning)
    clock.advance(hours * 3600 - 1)
    assert await wake_snoozed(fresh_db, clock) == 0
    assert await status(fresh_db, account, conversation) == "snoozed"
    clock.advance(1)
    assert clock.now().astimezone(OSLO).strftime("%H:%M") == morning.strftime("%H:%M")
    assert await wake_snoozed(fresh_db, clock) == 1
    assert await status(fresh_db, account, conversation) == "open"
    assert await wake_snoozed(fresh_db, clock) == 0


@JUMPS
async def test_a_snooze_ends_by_the_clock_on_the_wall_however_that_got_there(
    fresh_db: Database, jump: timedelta
) -> None:
    clock = FixedClock()
    account = await make_account(fresh_db)
    agent = await make_agent(fresh_db, account)
    soon, late = await make_conversation(fresh_db, account), await make_conversation(fresh_db, account)
    start = clock.now()
    await snooze(fresh_db, agent, clock, soon, start + HOUR / 2)
    await snooze(fresh_db, agent, clock, late, start + 2 * DAY)
    clock.at += jump
    assert await wake_snoozed(fresh_db, clock) == (1 if jump > HOUR / 2 else 0)
    clock.at = start + HOUR / 2
    await wake_snoozed(fresh_db, clock)
    assert await status(fresh_db, account, soon) == "open"
    assert await status(fresh_db, account, late) == "snoozed"


# ------------------------------------------------------------------ deliveries


class Provider(AdapterBase):
    """A channel that can be asked; ``during`` runs while a call is under way."""

    kind = "fake"

    def __init__(self) -> None:
        self.sent: list[UUID] = []
        self.looked: list[UUID] = []
        self.during: Callable[[], Awaitable[None]] | None = None

    def capabilities(self, connection: Connection) -> Capabilities:
        return Capabilities()

    async def send(self, command: OutboundCommand) -> SendResult:
        self.sent.append(command.message_id)
        if self.during is not None:
            await self.during()
        return Sent(external_id=str(command.message_id))

    async def reconcile(self, command: OutboundCommand) -> ReconcileResult:
        self.looked.append(command.message_id)
        return Sent() if command.message_id in self.sent else Unknown()


async def queued(db: Database, account: Account, clock: FixedClock) -> UUID:
    """An answer that waits for its delivery; returns the message's id."""
    connection = await insert(db, "connections", account.id, kind="fake", name="x")
    conversation = await make_conversation(db, account, connection_id=connection, last_seq=1, last_public_seq=1)
    message = await insert(
        db, "messages", account.id, conversation_id=conversation, seq=1, kind="answer", author_kind="agent", body="Hei",
        actor="agent:x", state="queued", created_at=clock.now(),
    )  # fmt: skip
    await insert(
        db, "deliveries", account.id, message_id=message, conversation_id=conversation, connection_id=connection, seq=1,
        due_at=clock.now(), created_at=clock.now(),
    )  # fmt: skip
    return message


async def state(db: Database, account: Account, message: UUID) -> tuple[str, str]:
    async with db.work(account.id) as tx:
        row = await tx.one(
            "SELECT m.state AS message, d.state AS delivery FROM messages m JOIN deliveries d ON d.message_id = m.id"
            " WHERE m.id = %(id)s", id=message,
        )  # fmt: skip
    return row["message"], row["delivery"]


async def sweep(db: Database, clock: FixedClock, house: House, provider: Provider) -> int:
    """One look at the deliveries, with ``provider`` behind every connection."""
    return await deliveries.sweep(db, clock, house.keyring, lambda _: provider)  # pyright: ignore[reportArgumentType]


@JUMPS
async def test_a_queued_answer_goes_out_at_once_after_a_jump(fresh_db: Database, house: House, jump: timedelta) -> None:
    clock, provider = FixedClock(), Provider()
    account = await make_account(fresh_db)
    message = await queued(fresh_db, account, clock)
    clock.at += jump
    assert await sweep(fresh_db, clock, house, provider) == 1
    assert provider.sent == [message]
    assert await state(fresh_db, account, message) == ("sent", "sent")
    assert await sweep(fresh_db, clock, house, provider) == 0


@JUMPS
async def test_a_lease_that_a_dead_worker_left_behind_ends_whatever_the_clock_does(
    fresh_db: Database, house: House, jump: timedelta
) -> None:
    clock, provider = FixedClock(), Provider()
    account = await make_account(fresh_db)
    message = await queued(fresh_db, account, clock)

    async def die() -> None:
        raise asyncio.CancelledError

    provider.during = die
    with pytest.raises(asyncio.CancelledError):
        await sweep(fresh_db, clock, house, provider)
    assert (await state(fresh_db, account, message))[1] == "sending"
    assert await sweep(fresh_db, clock, house, provider) == 0, "leased"
    clock.at += jump
    assert await sweep(fresh_db, clock, house, provider) == 1
    assert (provider.sent, provider.looked) == ([message], [message]), "asked, not sent again"
    assert await state(fresh_db, account, message) == ("sent", "sent")


@JUMPS
async def test_a_worker_whose_lease_a_jump_ended_does_not_send_twice(
    fresh_db: Database, house: House, jump: timedelta
) -> None:
    clock, provider = FixedClock(), Provider()
    account = await make_account(fresh_db)
    message = await queued(fresh_db, account, clock)

    async def jump_meanwhile() -> None:
        provider.during = None
        clock.at += jump
        assert await sweep(fresh_db, clock, house, provider) == 1

    provider.during = jump_meanwhile
    await sweep(fresh_db, clock, house, provider)
    assert provider.sent == [message]
    assert await state(fresh_db, account, message) == ("sent", "sent")


@JUMPS
async def test_an_envelope_is_parsed_after_a_jump(fresh_db: Database, house: House, jump: timedelta) -> None:
    clock = FixedClock()
    account = await make_account(fresh_db)
    connection = await insert(fresh_db, "connections", account.id, kind="nobody", name="x")
    await insert(
        fresh_db, "envelopes", account.id, connection_id=connection, received_at=clock.now(), sha256=b"x", raw=b"x",
        due_at=clock.now(),
    )  # fmt: skip
    clock.at += jump
    # (That no adapter knows it, and it is tried again later, is another matter: it was looked at.)
    assert await ingress.sweep(fresh_db, clock, house.keyring) == 1
    assert await ingress.sweep(fresh_db, clock, house.keyring) == 0, "not again and again without a pause"


# ------------------------------------------------------------------ people who are there, or are not


@JUMPS
async def test_leases_of_those_who_are_gone_end(fresh_db: Database, jump: timedelta) -> None:
    clock = FixedClock()
    account = await make_account(fresh_db)
    kari = await make_agent(fresh_db, account)
    conversation = await make_conversation(fresh_db, account)
    async with fresh_db.work(account.id) as tx:
        await presence.renew(tx, conversation, kari.id, "answering", clock.now())
        await agents_present.renew(tx, [kari.id], uuid7(), clock.now() + timedelta(seconds=30))
        (there,) = (await presence.present(tx, [conversation], clock.now()))[conversation]
        assert (there.agent_id, there.kind) == (kari.id, "answering")
    clock.at += jump
    await presence.sweep(fresh_db, clock)
    await agents_present.sweep(fresh_db, clock.now())
    async with fresh_db.work(account.id) as tx:
        assert (await presence.present(tx, [conversation], clock.now()))[conversation] == []
        assert await tx.value("SELECT count(*) FROM conversation_presence") == 0
        assert await tx.value("SELECT count(*) FROM agent_presence") == 0


async def test_processes_count_as_alive_by_their_beats_only(fresh_db: Database) -> None:
    spine, clock = load("svardesk.spine"), FixedClock()

    async def alive() -> int:
        async with fresh_db.system() as tx:
            return len(await tx.all(spine.alive, now=clock.now()))

    async with fresh_db.system() as tx:
        await tx.run(spine.beat, id=uuid7(), kind="worker", build="x", now=clock.now())
    assert await alive() == 1
    for jump in (HOUR, -HOUR, DAY, -DAY):
        clock.at += jump
        assert await alive() == 0
        clock.at -= jump
    assert await alive() == 1


# ------------------------------------------------------------------ sign-in


async def test_a_session_outlives_a_clock_that_goes_back_and_is_not_prolonged_by_it(fresh_db: Database) -> None:
    clock = FixedClock()
    account = await make_account(fresh_db)
    agent = await make_agent(fresh_db, account)
    async with fresh_db.work(account.id) as tx:
        token = (await begin(tx, clock, agent.id, Browser(), how="test")).token
    ends = (await auth.resolve_session(fresh_db, clock, token)).expires_at
    assert ends is not None
    for back in (timedelta(minutes=5), HOUR, DAY):
        clock.at -= back
        caller = await auth.resolve_session(fresh_db, clock, token)
        assert caller.agent_id == agent.id
        assert caller.expires_at is not None
        assert caller.expires_at <= ends
        clock.at += back
    clock.at = ends + timedelta(seconds=1)
    with pytest.raises(Unauthorised):
        await auth.resolve_session(fresh_db, clock, token)


async def test_what_is_remembered_of_a_session_is_not_believed_after_a_jump(fresh_db: Database) -> None:
    clock = FixedClock()
    account = await make_account(fresh_db)
    agent = await make_agent(fresh_db, account)
    async with fresh_db.work(account.id) as tx:
        token = (await begin(tx, clock, agent.id, Browser(), how="test")).token
    await auth.resolve_session(fresh_db, clock, token)
    async with fresh_db.work(account.id) as tx:  # as another process would, unheard of here
        await tx.run("UPDATE sessions SET revoked_at = %(now)s", now=clock.now())
    clock.at -= HOUR
    with pytest.raises(Unauthorised):
        await auth.resolve_session(fresh_db, clock, token)


async def test_a_code_is_good_once_also_when_the_clock_goes_back(fresh_db: Database) -> None:
    clock, secret = FixedClock(), totp.new_secret()
    accounts = load("svardesk.accounts")
    account = await make_account(fresh_db)
    agent = await make_agent(fresh_db, account, totp_secret=b"sealed", totp_confirmed_at=clock.now())
    from pyotp.totp import TOTP

    async def use(code: str) -> bool:
        step = totp.matching_step(secret, code, clock.now())
        if step is None:
            return False
        async with fresh_db.work(account.id) as tx:
            return bool(await tx.run(accounts.use_totp_step, account_id=account.id, agent_id=agent.id, step=step))

    step = int(clock.now().timestamp()) // totp.STEP_SECONDS
    code = TOTP(secret).generate_otp(step)
    assert await use(code)
    for back in (0, 30, 45):
        clock.at -= timedelta(seconds=back)
        assert not await use(code), "a second time"
        assert not await use(TOTP(secret).generate_otp(step - 1)), "nor an older one that somebody saw"
    clock.advance(150)
    assert await use(TOTP(secret).generate_otp(step + 2)), "and the present one works again"


@pytest.mark.parametrize("back", [HOUR, DAY], ids=["-1 h", "-1 d"])
async def test_a_lockout_does_not_grow_by_a_clock_that_goes_back(fresh_db: Database, back: timedelta) -> None:
    clock = FixedClock()
    subject = f"kari-{uuid7()}@fjordnett.example"
    waits = [await throttle.take(fresh_db, clock, throttle.EMAIL, subject) for _ in range(20)]
    assert 0 < waits[-1] <= throttle.EMAIL.cap_seconds
    clock.at -= back
    assert await throttle.take(fresh_db, clock, throttle.EMAIL, subject) <= throttle.EMAIL.cap_seconds


# ------------------------------------------------------------------ inside a process


class Leaping(FixedClock):
    """A clock that stands somewhere else each time it is asked."""

    def now(self) -> datetime:
        self.at += DAY if self.at.day % 2 else -DAY * 3
        return self.at


async def test_what_is_timed_inside_a_process_does_not_ask_the_clock_on_the_wall(
    fresh_db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    import time

    rounds = asyncio.Semaphore(0)

    async def look(_: Database, clock: FixedClock) -> int:
        clock.now()
        rounds.release()
        return 0

    sweeper = Sweeper(fresh_db, Leaping(), (Sweep("leaping", look, every=0.01),))  # pyright: ignore[reportArgumentType]
    task = asyncio.create_task(sweeper.run())
    async with asyncio.timeout(20):
        for _ in range(20):
            await rounds.acquire()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    monkeypatch.setattr(time, "time", lambda: 0.0)
    bucket = RateLimit(rate=0.001, burst=2)
    bucket.take("a")
    bucket.take("a")
    monkeypatch.setattr(time, "time", lambda: 1e12)
    with pytest.raises(TooMany) as refused:
        bucket.take("a")
    assert refused.value.retry_after >= 900

    socket, said = Socket(uuid7(), None), list[dict]()

    async def send(message: dict) -> None:
        said.append(message)

    writer = asyncio.create_task(socket.write(send))
    socket.push("1")
    await asyncio.sleep(0)
    socket.close(1000, "done")
    await writer
    assert [one["type"] for one in said] == ["websocket.send", "websocket.close"]
    assert said[-1]["code"] == 1000
