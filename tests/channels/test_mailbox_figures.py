"""What `/metrics` tells of mailboxes: of every organisation's, and to this machine only."""

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import psycopg
import pytest

from svardesk.app import Web
from svardesk.channels.email import boxes
from svardesk.channels.email.boxes import MailboxValues, MailboxView
from svardesk.house import House
from svardesk.kit.clock import FixedClock
from svardesk.kit.db import Database
from tests.factories import Account, make_account, make_agent

MOVE = (
    b"INSERT INTO mailboxes (account_id, connection_id, waiting, looked_at, failing_since, send_failing_since)"
    b" VALUES (%(account_id)s, %(id)s, %(waiting)s, %(looked_at)s, %(failing_since)s, %(send_failing_since)s)"
    b" ON CONFLICT (account_id, connection_id) DO UPDATE SET waiting = excluded.waiting, looked_at = excluded.looked_at,"
    b" failing_since = excluded.failing_since, send_failing_since = excluded.send_failing_since"
)


async def make_mailbox(house: House, account: Account, address: str) -> MailboxView:
    agent = await make_agent(house.db, account, "owner")
    async with house.db.work(account.id) as tx:
        values = MailboxValues(address=address)
        return await boxes.create(tx, house.clock.now(), house.keyring, agent.caller, values)


async def is_now(db: Database, account: Account, mailbox: UUID, **state: Any) -> None:
    given = {"waiting": 0, "looked_at": None, "failing_since": None, "send_failing_since": None, **state}
    async with db.work(account.id) as tx:
        await tx.run(MOVE, account_id=account.id, id=mailbox, **given)


async def told(web: Web, account: Account) -> dict[tuple[str, str], float]:
    """(gauge without its prefix, mailbox) → figure, of one organisation's mailboxes."""
    here = httpx.ASGITransport(app=web, client=("127.0.0.1", 4711))  # pyright: ignore[reportArgumentType]
    async with httpx.AsyncClient(transport=here, base_url="http://desk.example") as local:
        text = (await local.get("/metrics")).text
    line = re.compile(rf'^svardesk_mailbox_(\w+)\{{account="{account.slug}",mailbox="([^"]+)"\}} (\S+)$', re.MULTILINE)
    return {(name, mailbox): float(figure) for name, mailbox, figure in line.findall(text)}


async def test_each_mailbox_tells_how_it_is(house: House, clock: FixedClock) -> None:
    web = Web(house)
    fjord, fjell = await make_account(house.db), await make_account(house.db)
    one = await make_mailbox(house, fjord, "Kundeservice@fjord.example")
    two = await make_mailbox(house, fjell, "post@fjell.example")
    assert await told(web, fjord) == {
        ("failing", "kundeservice@fjord.example"): 0,
        ("waiting", "kundeservice@fjord.example"): 0,
    }, "nobody has looked yet"

    ago = clock.now() - timedelta(seconds=75)
    await is_now(house.db, fjord, one.id, waiting=12, looked_at=ago, failing_since=ago)
    await is_now(house.db, fjell, two.id, looked_at=clock.now())
    assert await told(web, fjord) == {
        ("failing", "kundeservice@fjord.example"): 1,
        ("waiting", "kundeservice@fjord.example"): 12,
        ("looked_seconds", "kundeservice@fjord.example"): 75,
    }
    assert (await told(web, fjell))["failing", "post@fjell.example"] == 0

    await is_now(house.db, fjord, one.id, looked_at=clock.now(), send_failing_since=ago)
    found = await told(web, fjord)
    assert found["failing", "kundeservice@fjord.example"] == 1, "mail that cannot go out is a failure too"
    assert found["waiting", "kundeservice@fjord.example"] == 0

    async with house.db.work(fjord.id) as tx:
        await tx.run(
            b"UPDATE mailboxes SET send_failing_since = NULL WHERE account_id = %(account_id)s", account_id=fjord.id
        )
    assert (await told(web, fjord))["failing", "kundeservice@fjord.example"] == 0
    async with house.db.work(fjord.id) as tx:
        await tx.run(
            b"UPDATE connections SET status = 'disconnected' WHERE account_id = %(account_id)s", account_id=fjord.id
        )
    assert (await told(web, fjord))["failing", "kundeservice@fjord.example"] == 1, "the alarm in the app is one here"

    owner = await make_agent(house.db, fjord, "owner")
    async with house.db.work(fjord.id) as tx:
        await boxes.archive(tx, clock.now(), owner.caller, one.id)
    assert await told(web, fjord) == {}, "out of service: no figure stays behind"


async def test_no_organisation_reads_anothers_figures(house: House) -> None:
    account = await make_account(house.db)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        async with house.db.work(account.id) as tx:
            await tx.all(b"SELECT * FROM email_mailbox_figures()")


async def test_readyz_says_nothing_of_mailboxes(house: House, clock: FixedClock) -> None:
    account = await make_account(house.db)
    made = await make_mailbox(house, account, "borte@fjord.example")
    await is_now(house.db, account, made.id, failing_since=clock.now())
    here = httpx.ASGITransport(app=Web(house), client=("127.0.0.1", 4711))  # pyright: ignore[reportArgumentType]
    async with httpx.AsyncClient(transport=here, base_url="http://desk.example") as local:
        text = (await local.get("/readyz")).text
    assert "mailbox" not in text
    assert "borte" not in text
