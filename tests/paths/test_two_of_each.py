"""Two web processes and two workers on one database, as separate programs: what happens on one side shows on the other."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable

import psycopg
import pytest

from svardesk.kit.db import Database
from svardesk.spine.relay import LANES, LOCK_SPACE
from svardesk.spine.sequencer import LOCK_KEY
from tests.desk import Browser, Frames
from tests.factories import Account, make_account, make_agent, make_widget
from tests.paths.processes import House, Side
from tests.waiting import until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

CONVERSATIONS = 24
"""Enough that they lie in most of the sixteen lanes, so that a lane nobody works through would show."""


class Two:
    """The house under test: web processes ``a`` and ``b``, two workers."""

    def __init__(self, house: House, dsn: str, db: Database) -> None:
        self.house = house
        self.dsn = dsn
        self.db = db
        (self.web_a, self.a), (self.web_b, self.b) = house.web(), house.web()
        self.workers = [house.worker(), house.worker()]

    def browser(self, side: Side) -> Browser:
        return Browser(side)  # pyright: ignore[reportArgumentType]

    def lanes(self) -> list[int]:
        """How many lanes of the relay each worker holds, fewest first."""
        found = Counter(
            row[0]
            for row in self._locks(
                "l.classid = %s AND l.objid < %s AND l.objsubid = 2 AND l.mode = 'ExclusiveLock'", LOCK_SPACE, LANES
            )
        )
        return sorted(found.values())

    def leader(self) -> int:
        """The database process of the connection that leads the sequencer, 0 if none does."""
        found = self._locks("l.classid = 0 AND l.objid = %s AND l.objsubid = 1", LOCK_KEY)
        return found[0][0] if found else 0

    def _locks(self, which: str, *values: object) -> list[tuple]:
        statement = (
            "SELECT l.pid FROM pg_locks l JOIN pg_database d ON d.oid = l.database AND d.datname = current_database()"
            f" WHERE l.locktype = 'advisory' AND l.granted AND {which}"
        )
        with psycopg.connect(self.dsn) as conn:
            return conn.execute(statement.encode(), values).fetchall()

    async def states(self, account: Account) -> Counter[str]:
        """How many answers are in which state."""
        async with self.db.work(account.id) as tx:
            rows = await tx.all("SELECT state, count(*) AS n FROM messages WHERE kind = 'answer' GROUP BY state")
        return Counter({row["state"]: row["n"] for row in rows})


@pytest.fixture(scope="module")
async def two(clone: Callable[[], str], tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Two]:
    """One house for both tests: the first one leaves it whole, the second one kills in it."""
    dsn = clone()
    db = Database(dsn, pool_min=1, pool_max=4, name="looking")
    await db.open()
    with House(dsn, tmp_path_factory.mktemp("two")) as house:
        made = Two(house, dsn, db)
        await made.a.answers("/readyz", process=made.web_a)
        await made.b.answers("/readyz", process=made.web_b)
        yield made
    await db.close()


def answered(frames: Frames, body: str) -> Callable[[list[dict]], bool]:
    del frames
    return lambda seen: any(one["t"] == "message" and one["message"]["body"] == body for one in seen)


async def test_what_happens_on_one_web_process_shows_on_the_other(two: Two) -> None:
    account = await make_account(two.db)
    kari = await make_agent(two.db, account, "agent", "Kari Nordmann")
    per = await make_agent(two.db, account, "agent", "Per Berg")
    _, key = await make_widget(two.db, account)
    async with (
        two.browser(two.a) as agent,
        two.browser(two.b) as colleague,
        two.browser(two.b) as visitor,
        two.browser(two.b) as second_tab,
    ):
        await agent.sign_in(kari)
        await colleague.sign_in(per)
        inbox, elsewhere = await agent.agent_socket(), await colleague.agent_socket()
        await inbox.until("welcome")
        await elsewhere.until("welcome")
        await visitor.visit(key)
        chat = await visitor.visitor_socket()
        await chat.until("welcome")

        # A message: in at B, shown at A and B.
        await visitor.write("Hei, ruteren blinker rødt")
        row = (await inbox.until("conversation"))["row"]
        assert (row["preview"], row["status"]) == ("Hei, ruteren blinker rødt", "open")
        assert (await elsewhere.until("conversation"))["row"]["id"] == row["id"]
        assert (await chat.until("message"))["message"]["seq"] == 1
        conversation = row["id"]

        # Who is there and who types: leases in the database, words on the wake-up connection.
        await inbox.say("open", conversation_id=conversation)
        await inbox.until("presence", conversation_id=conversation)
        await elsewhere.say("open", conversation_id=conversation)
        seen = await elsewhere.until("presence", conversation_id=conversation)
        assert [(one["name"], one["kind"]) for one in seen["agents"]] == [("Kari Nordmann", "looking")]
        await inbox.say("typing", conversation_id=conversation)
        assert (await chat.until("typing"))["name"] == "Kari"
        await elsewhere.until_true(
            lambda frames: any(
                one["t"] == "presence"
                and [(a["name"], a["kind"]) for a in one["agents"]] == [("Kari Nordmann", "typing")]
                for one in frames
            )
        )
        await chat.say("typing", on=True)
        assert (await inbox.until("visitor_typing"))["typing"] is True

        # The lock against double answers holds across processes.
        await inbox.say("lock", conversation_id=conversation)
        await elsewhere.until_true(
            lambda frames: any(
                one["t"] == "presence" and any(a["kind"] == "answering" for a in one["agents"]) for one in frames
            )
        )
        refused = await colleague.answer(conversation, "Hei fra Per")
        assert (refused.status_code, refused.json()["error"]["code"]) == (409, "answer_locked")

        # An answer: in at A, read at B; its states come back to A.
        posted = await agent.answer(conversation, "Hei! Har du prøvd å dra ut strømmen?", based_on_seq=1)
        assert posted.status_code == 201, posted.text
        await chat.until_true(answered(chat, "Hei! Har du prøvd å dra ut strømmen?"))
        await inbox.until_true(
            lambda frames: any(f["t"] == "message" and f["message"]["state"] == "sent" for f in frames)
        )
        await chat.say("read", seq=2)
        await inbox.until_true(
            lambda frames: any(f["t"] == "message" and f["message"]["state"] == "read" for f in frames)
        )
        assert (await agent.put(f"/api/v1/conversations/{conversation}/read", json={"seq": 1})).status_code == 204
        await chat.until_true(lambda frames: any(f["t"] == "receipts" and f["read_seq"] == 1 for f in frames))

        # A snapshot from A is followed at B without a gap: its token is good there too, even if B lags a moment.
        second_tab.cookies, second_tab.headers["x-csrf-token"] = agent.cookies, agent.headers["x-csrf-token"]
        await visitor.write("Er du der?")
        await inbox.until_true(
            lambda frames: any(f["t"] == "conversation" and f["row"]["preview"] == "Er du der?" for f in frames)
        )
        token = (await agent.get("/api/v1/conversations", params={"view": "all"})).json()["resume"]
        following = await second_tab.agent_socket(token)
        await following.until("caught_up")
        assert following.of("refetch") == []

        # Signing out everywhere at A closes the tab at B at once, and its cookie is worth nothing there.
        assert (await second_tab.get("/api/v1/session")).status_code == 200
        assert (await agent.delete("/api/v1/sessions")).status_code in {200, 204}
        await following.until("signed_out")
        assert (await following.until_closed())[0] == 4401
        assert (await inbox.until_closed())[0] == 4401
        assert (await second_tab.get("/api/v1/session")).status_code == 401
        assert elsewhere.closed is None
        for frames in (elsewhere, chat):
            await frames.close()


async def test_workers_share_the_work_and_take_over_from_one_that_is_killed(two: Two) -> None:
    account = await make_account(two.db)
    kari = await make_agent(two.db, account, "agent", "Kari Nordmann")
    _, key = await make_widget(two.db, account)
    half = LANES // 2
    await until(lambda: two.lanes() == [half, half])
    async with two.browser(two.a) as agent:
        await agent.sign_in(kari)
        conversations: list[str] = []
        for number in range(CONVERSATIONS):
            async with two.browser(two.b) as visitor:
                await visitor.visit(key)
                await visitor.write(f"spørsmål {number}")
        listed = (await agent.get("/api/v1/conversations", params={"view": "all", "limit": 100})).json()["items"]
        conversations = [one["id"] for one in listed]
        assert len(conversations) == CONVERSATIONS

        async def answer_all(round_: int) -> None:
            for conversation in conversations:
                posted = await agent.answer(conversation, f"svar {round_}")
                assert posted.status_code == 201, posted.text

        async def all_sent(count: int) -> None:
            async with two.db.work(account.id) as tx:
                assert await tx.value("SELECT count(*) FROM messages WHERE kind = 'answer'") == count
            async with asyncio.timeout(20):
                while (await two.states(account))["sent"] < count:  # noqa: ASYNC110 - told to sockets, not to tests
                    await asyncio.sleep(0.05)
            assert await two.states(account) == {"sent": count}

        await answer_all(1)
        await all_sent(CONVERSATIONS)

        # Killed in the middle of work: the other one takes its lanes (and the sequencer, should it have led it).
        first, second = two.workers
        leaders = [two.leader()]
        await answer_all(2)
        first.kill()
        await answer_all(3)
        await all_sent(3 * CONVERSATIONS)
        await until(lambda: two.lanes() == [LANES], 8)
        await until(two.leader)
        leaders.append(two.leader())

        # A new one gets its share again; and when the last of the first two goes, the sequencer has moved for certain.
        two.house.worker()
        await until(lambda: two.lanes() == [half, half])
        second.kill()
        await answer_all(4)
        await all_sent(4 * CONVERSATIONS)
        await until(lambda: two.lanes() == [LANES], 8)
        await until(two.leader)
        leaders.append(two.leader())
        assert len(set(leaders)) > 1

        async with two.db.system() as tx:
            assert await tx.value("SELECT count(*) FROM set_aside_events") == 0
            log = await tx.one("SELECT count(*) AS n, min(position) AS low, max(position) AS high FROM events")
        assert (log["low"], log["high"]) == (1, log["n"])
        async with two.db.work(account.id) as tx:
            indexed = await tx.value("SELECT count(*) FROM message_search")
            said = await tx.value("SELECT count(*) FROM messages WHERE kind IN ('inbound', 'answer', 'note')")
            deliveries = await tx.value("SELECT count(*) FROM deliveries WHERE state = 'sent'")
        assert (said, deliveries) == (5 * CONVERSATIONS, 4 * CONVERSATIONS)
        assert indexed == said
