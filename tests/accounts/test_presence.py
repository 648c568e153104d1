"""Who is there: leases per process, away, roles and teams."""

from datetime import timedelta
from uuid import uuid4

from svardesk.accounts import agents, jobs, presence
from svardesk.kit.clock import FixedClock
from svardesk.kit.db import Database
from svardesk.kit.postgres import query
from tests.accounts.conftest import Company, Founder

HALF_A_MINUTE = timedelta(seconds=30)


async def test_a_lease_makes_online_and_runs_out(company: Company, db: Database, clock: FixedClock) -> None:
    process = uuid4()
    async with db.work(company.account_id) as tx:
        assert not await presence.any_agent_online(tx, None, clock.now())
        await presence.renew(tx, [company.owner_id], process, clock.now() + HALF_A_MINUTE)
        assert await presence.any_agent_online(tx, None, clock.now())
        assert not await presence.any_agent_online(tx, None, clock.now() + HALF_A_MINUTE)
        await presence.renew(tx, [company.owner_id], process, clock.now() + 2 * HALF_A_MINUTE)
        assert await presence.any_agent_online(tx, None, clock.now() + HALF_A_MINUTE)


async def test_two_processes_hold_two_leases(company: Company, db: Database, clock: FixedClock) -> None:
    one, other = uuid4(), uuid4()
    async with db.work(company.account_id) as tx:
        for process in (one, other):
            await presence.renew(tx, [company.owner_id], process, clock.now() + HALF_A_MINUTE)
        await presence.end(tx, [company.owner_id], one)
        assert await presence.any_agent_online(tx, None, clock.now())
        await presence.end(tx, [company.owner_id], other)
        assert not await presence.any_agent_online(tx, None, clock.now())


async def test_away_observers_and_those_who_left_are_not_online(
    company: Company, db: Database, clock: FixedClock
) -> None:
    observer, agent = await company.add("observer"), await company.add("agent")
    owner, caller = await company.caller(), await company.caller("agent")
    until = clock.now() + HALF_A_MINUTE
    async with db.work(company.account_id) as tx:
        await presence.renew(tx, [observer], uuid4(), until)
        assert not await presence.any_agent_online(tx, None, clock.now())
        await presence.renew(tx, [agent, agent], uuid4(), until)
        assert [one.name for one in await presence.online(tx, None, clock.now())] == ["Agent"]
        await agents.change_own(tx, clock, caller, availability="away")
        assert not await presence.any_agent_online(tx, None, clock.now())
        await agents.change_own(tx, clock, caller, availability="online")
        await agents.change(tx, clock, owner, agent, archived=True)
        assert not await presence.any_agent_online(tx, None, clock.now())
        await presence.renew(tx, [], uuid4(), until)


async def test_of_one_team(company: Company, db: Database, clock: FixedClock) -> None:
    agent = await company.add("agent")
    async with db.work(company.account_id) as tx:
        await presence.renew(tx, [agent], uuid4(), clock.now() + HALF_A_MINUTE)
        assert await presence.any_agent_online(tx, None, clock.now())
        assert not await presence.any_agent_online(tx, company.team_id, clock.now())
        await presence.renew(tx, [company.owner_id], uuid4(), clock.now() + HALF_A_MINUTE)
        assert await presence.any_agent_online(tx, company.team_id, clock.now())


async def test_leases_are_not_logged(db: Database) -> None:
    assert query(db.dsn, "SELECT relpersistence FROM pg_class WHERE oid = 'agent_presence'::regclass") == [["u"]]


async def test_leases_of_processes_that_are_gone_are_swept(clock: FixedClock, found: Founder) -> None:
    company = await found()
    async with company.db.work(company.account_id) as tx:
        await presence.renew(tx, [company.owner_id], uuid4(), clock.now() + HALF_A_MINUTE)

    async def left() -> int:
        async with company.db.work(company.account_id) as tx:
            return await tx.value("SELECT count(*) FROM agent_presence")

    (sweep,) = jobs.sweeps(None)
    clock.advance(80)
    await sweep.run(company.db, clock)
    assert await left() == 1
    clock.advance(20)
    await sweep.run(company.db, clock)
    assert await left() == 0
