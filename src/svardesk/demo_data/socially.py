"""Fjordnett's page: connected to the stand-in for Meta, and the first customers who write there.

They write through the stand-in, so what a newcomer sees has come the way on which their own will come.
"""

import asyncio
from typing import Any, Final
from uuid import UUID

import httpx
import structlog
from psycopg.types.json import Jsonb

from svardesk.accounts.caller import SYSTEM
from svardesk.channels.connections import get
from svardesk.channels.meta import apps, connecting
from svardesk.channels.meta.config import KIND
from svardesk.demo_data import network
from svardesk.house import House
from svardesk.kit.db import Tx

log = structlog.get_logger()

PATIENCE: Final = 60.0
_LOOK: Final = 0.1
_SAID: Final = (
    ("Åse Ødegård", "Hei! Jeg bestilte en Wi-Fi 7-ruter på mandag. Når kommer den? 📦"),
    ("Linnéa Sjöström", "Hej! Går det att få svar på svenska här?"),
    ("Bjørn Æsøy 🎣", "Nettet på hytta er borte igjen. Skal jeg starte ruteren på nytt, eller er det noe hos dere?"),
)
_ASKED: Final = ("Väinö Mäkelä", "Onko teillä Wi-Fi 7 -reititin varastossa? / Har dere ruteren på lager?")


async def socialise(house: House, account_id: UUID, url: str) -> None:
    """Connect the page to the stand-in at ``url``, and let customers write to it, once. ``house`` has its database open."""
    async with httpx.AsyncClient(base_url=url, timeout=10.0) as stand_in:
        if not await _answers(stand_in):
            log.warning("demo_meta_does_not_answer", url=url)
            return
        async with house.db.work(account_id) as tx:
            told = await tx.value("SELECT settings ? 'demo_meta' FROM accounts WHERE id = %(id)s", id=account_id)
            await _connected(tx, house, url)
        if not told:
            await _write(stand_in, house)
    async with house.db.work(account_id) as tx:
        await tx.run(
            "UPDATE accounts SET settings = settings || %(mark)s WHERE id = %(id)s",
            id=account_id,
            mark=Jsonb({"demo_meta": url}),
        )


async def _answers(stand_in: httpx.AsyncClient) -> bool:
    try:
        async with asyncio.timeout(PATIENCE):
            while True:
                try:
                    return (await stand_in.get("/_control/state")).is_success
                except httpx.TransportError:
                    await asyncio.sleep(_LOOK)
    except TimeoutError:
        return False


async def _connected(tx: Tx, house: House, url: str) -> None:
    """The app and the page, made where they are missing and told the address."""
    now = house.clock.now()
    held = await tx.maybe(
        "SELECT id, config FROM connections WHERE kind = %(kind)s AND public_key = %(key)s AND archived_at IS NULL",
        kind=KIND,
        key=network.KEY,
    )
    values = apps.AppValues(name="Meta (øving)", app_id=network.APP_ID, graph_url=url, dialog_url=url)
    if held is None:
        values.app_secret = network.APP_SECRET
        made = await apps.create(tx, now, house.keyring, SYSTEM, values, house.settings.public_url, key=network.KEY)
        app = await get(tx, made.id, house.keyring)
        pages = await connecting.connect(
            tx, now, house.keyring, SYSTEM, app,
            page_id=network.PAGE_ID, name=network.PAGE_NAME, token=network.PAGE_TOKEN,
        )  # fmt: skip
        team = await tx.value("SELECT id FROM teams WHERE name = 'Kundeservice'")
        for one in pages:
            wanted = connecting.PageValues(human_agent=True, team_id=team)
            await connecting.change(tx, now, house.keyring, SYSTEM, one.id, wanted)
    elif held["config"].get("graph_url") != url:
        await apps.change(tx, house.keyring, SYSTEM, held["id"], values, house.settings.public_url)


async def _write(stand_in: httpx.AsyncClient, house: House) -> None:
    """Customers write, once our web process can hear them."""
    async with httpx.AsyncClient(base_url=house.settings.local_url, timeout=5.0) as ourselves:
        for _ in range(int(PATIENCE / _LOOK)):
            try:
                if (await ourselves.get("/healthz")).is_success:
                    break
            except httpx.TransportError:
                pass
            await asyncio.sleep(_LOOK)
    state: dict[str, Any] = (await stand_in.get("/_control/state")).json()
    people = {f"{one['first_name']} {one['last_name']}": one["psid"] for one in state["people"]}
    for name, text in _SAID:
        await _ask(stand_in, "writes", psid=people[name], text=text)
    name, text = _ASKED
    posts = state["posts"]
    if posts:
        await _ask(stand_in, "comments", post=posts[-1]["id"], psid=people[name], text=text)


async def _ask(stand_in: httpx.AsyncClient, verb: str, **what: Any) -> None:
    answer = await stand_in.post(f"/_control/{verb}", json=what)
    if not answer.is_success:
        log.warning("demo_meta_refused", verb=verb, said=answer.text[:300])
