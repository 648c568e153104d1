"""Posts of our own: written, planned, changed, taken away; and asking the page about those of which we know too little.

Meta plans them itself: what is handed over goes out whether or not we are running. The row is there before Meta is asked, so
that nothing is published twice: an outcome that nobody knows is looked for at the page before anybody tries again.
"""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
import structlog

from svardesk.accounts import audit
from svardesk.accounts.caller import Caller
from svardesk.channels import public as checks
from svardesk.channels.connections import NoSuchConnection, get
from svardesk.channels.contract import Connection
from svardesk.channels.facebook import keeping
from svardesk.channels.facebook.adapter import note_refusal
from svardesk.channels.facebook.config import KIND, read
from svardesk.channels.facebook.errors import BadTime, NoPage, NoPost, PostChanged, PostState, refusal
from svardesk.channels.facebook.schemas import ChangePost, MakePost, PagePost, PagePosts
from svardesk.channels.facebook.sending import created
from svardesk.channels.facebook.statements import QUERIES
from svardesk.channels.meta.client import Answered, GraphClient, Outcome, Refused
from svardesk.channels.meta.config import page_access
from svardesk.kit.clock import Clock
from svardesk.kit.db import Database, Row, Tx
from svardesk.kit.ids import uuid7
from svardesk.kit.keyring import KeyRing

EARLIEST: Final = timedelta(minutes=10)
LATEST: Final = timedelta(days=30)
LOOK_AGAIN: Final = timedelta(minutes=2)
LEASE: Final = timedelta(minutes=2)
MOST_LOOKS: Final = 6
BATCH: Final = 20
PAGE: Final = 30
FIELDS: Final = "id,message,created_time,from,permalink_url,full_picture,is_published,scheduled_publish_time"
SWEEP_NAME: Final = "facebook_posts"
log = structlog.get_logger()


async def get_post(tx: Tx, post_id: UUID) -> PagePost:
    """One post as it is shown; raises ``NoPost``."""
    row = await tx.maybe(QUERIES.page_post, account_id=tx.account, id=post_id)
    if row is None:
        raise NoPost
    return msgspec.convert(row, PagePost, from_attributes=False)


async def of_thread(tx: Tx, conversation_id: UUID) -> PagePost | None:
    """The post that a conversation stands below; None where we do not know it."""
    found = await tx.value(QUERIES.post_of_thread, account_id=tx.account, conversation_id=conversation_id)
    return None if found is None else await get_post(tx, found)


async def page(tx: Tx, connection_id: UUID | None, state: str | None, cursor: str | None) -> PagePosts:
    """Posts of our own, the newest first."""
    before_at, before_id = None, None
    if cursor:
        head, _, tail = cursor.partition("_")
        try:
            before_at, before_id = datetime.fromisoformat(head), UUID(tail)
        except ValueError:
            before_at, before_id = None, None
    rows = await tx.all(
        QUERIES.page_posts,
        account_id=tx.account,
        connection_id=connection_id,
        state=state,
        before_at=before_at,
        before_id=before_id,
        limit=PAGE + 1,
    )
    items = msgspec.convert(rows[:PAGE], list[PagePost])
    more = f"{items[-1].created_at.isoformat()}_{items[-1].id}" if len(rows) > PAGE else None
    return PagePosts(items, more)


async def make(db: Database, clock: Clock, keyring: KeyRing, caller: Caller, what: MakePost) -> PagePost:
    """Publish a post now, or plan it. The same client id again returns what was made the first time.

    Raises ``PersonalData``, ``BadTime``, ``NoPage`` and what Meta refuses (the post then stands there as ``failed``).
    """
    now = clock.now()
    if what.publish_at is not None:
        check_time(now, what.publish_at)
    async with db.work(caller.account_id) as tx:
        await checks.check_post(tx, what.text)
        connection = await _page(tx, keyring, what.connection_id)
        post_id = await tx.value(
            QUERIES.add_post,
            account_id=tx.account,
            id=uuid7(),
            connection_id=connection.id,
            body=what.text,
            link=what.link,
            scheduled_at=what.publish_at,
            agent_id=caller.agent_id,
            client_id=what.client_id,
            due_at=now + LOOK_AGAIN,
            now=now,
        )
        if post_id is None:
            found = await tx.value(
                QUERIES.post_by_client, account_id=tx.account, agent_id=caller.agent_id, client_id=what.client_id
            )
            return await get_post(tx, found)
        await audit.note(tx, caller, "post_made", "facebook_post", post_id, clock=clock)
    body: dict[str, Any] = {"message": what.text, **({"link": what.link} if what.link else {})}
    if what.publish_at is not None:
        body |= {"published": False, "scheduled_publish_time": int(what.publish_at.timestamp())}
    config = read(connection)
    outcome = await GraphClient(page_access(connection), config.page_id).post(f"{config.page_id}/feed", body)
    async with db.work(caller.account_id) as tx:
        await _made(tx, clock.now(), connection, post_id, what.publish_at, outcome)
        made = await get_post(tx, post_id)
    if isinstance(outcome, Refused):
        raise refusal(outcome)
    return made


async def _made(
    tx: Tx, now: datetime, connection: Connection, post_id: UUID, planned: datetime | None, outcome: Outcome
) -> None:
    values: dict[str, Any] = {"scheduled_at": planned, "error": None, "due_at": None, "looks": 0}
    if isinstance(outcome, Answered) and outcome.body.get("id"):
        await _named(tx, now, connection, post_id, str(outcome.body["id"]), planned)
        return
    if isinstance(outcome, Refused):
        await note_refusal(tx, now, connection.id, outcome.error.name)
        values |= {"state": "failed", "error": refusal(outcome).code}
    elif isinstance(outcome, Answered):
        values |= {"state": "failed", "error": "meta_refused"}
    elif refusal(outcome).code == "meta_unreachable":
        values |= {"state": "failed", "error": "meta_unreachable"}
    else:
        values |= {"state": "unknown", "due_at": now + LOOK_AGAIN}
    await _write(tx, post_id, **values)


async def _named(
    tx: Tx, now: datetime, connection: Connection, post_id: UUID, name: str, planned: datetime | None
) -> None:
    """Meta has it, and says how it calls it. Its webhook may have been faster: then its row becomes ours."""
    twin = await tx.maybe(
        QUERIES.drop_twin, account_id=tx.account, connection_id=connection.id, post_id=name, id=post_id
    )
    out = planned is None or now >= planned or twin is not None
    await _write(
        tx,
        post_id,
        state="published" if out else "scheduled",
        post_id=name,
        scheduled_at=planned,
        published_at=(twin["published_at"] if twin else None) or (now if planned is None else None) if out else None,
        permalink=(twin["permalink"] if twin else None) or f"https://www.facebook.com/{name}",
        # When it was to go out we look whether it did: a webhook may get lost.
        due_at=None if out or planned is None else planned + LOOK_AGAIN,
    )


async def _write(tx: Tx, row_id: UUID, **values: Any) -> None:
    given = {
        "post_id": None,
        "body": None,
        "scheduled_at": None,
        "published_at": None,
        "permalink": None,
        "error": None,
        "due_at": None,
        "looks": 0,
    }
    await tx.run(QUERIES.settle_post, account_id=tx.account, id=row_id, **(given | values))


async def change(
    db: Database, clock: Clock, keyring: KeyRing, caller: Caller, post_id: UUID, what: ChangePost
) -> PagePost:
    """Other words, another time, or now. Raises ``NoPost``, ``PostChanged``, ``PostState``, ``BadTime``, what Meta refuses."""
    now = clock.now()
    async with db.work(caller.account_id) as tx:
        held = await _held(tx, post_id)
        if what.version is not None and what.version != held["version"]:
            raise PostChanged(None, None, version=held["version"])
        connection = await _page(tx, keyring, held["connection_id"])
        body: dict[str, Any] = {}
        if what.text is not msgspec.UNSET and what.text != held["body"]:
            await checks.check_post(tx, what.text)
            body["message"] = what.text
        planned = held["scheduled_at"]
        if what.publish_at is not msgspec.UNSET:
            if held["state"] != "scheduled":
                raise PostState(None, None, state=held["state"])
            if what.publish_at is None:
                body["is_published"] = True
            else:
                check_time(now, what.publish_at)
                body["scheduled_publish_time"] = int(what.publish_at.timestamp())
            planned = what.publish_at or now
        if not body:
            return await get_post(tx, post_id)
    outcome = await GraphClient(page_access(connection), read(connection).page_id).post(held["post_id"], body)
    async with db.work(caller.account_id) as tx:
        held = await _refused(tx, now, connection, post_id, outcome)
        if held is not None:
            out = "is_published" in body or held["state"] == "published"
            await _write(
                tx,
                post_id,
                state="published" if out else "scheduled",
                body=body.get("message"),
                scheduled_at=planned,
                published_at=now if "is_published" in body else None,
                due_at=None if out or planned is None else planned + LOOK_AGAIN,
            )
            await audit.note(tx, caller, "post_changed", "facebook_post", post_id, clock=clock, fields=sorted(body))
            return await get_post(tx, post_id)
    raise refusal(outcome)


async def remove(db: Database, clock: Clock, keyring: KeyRing, caller: Caller, post_id: UUID) -> PagePost:
    """Take a post of ours off the page, with everything below it. Raises as ``change`` does."""
    async with db.work(caller.account_id) as tx:
        row = await tx.maybe(QUERIES.hold_post, account_id=tx.account, id=post_id)
        if row is not None and row["own"] and row["state"] in {"failed", "removed"}:
            await _write(tx, post_id, state="removed", scheduled_at=row["scheduled_at"])
            return await get_post(tx, post_id)
        held = await _held(tx, post_id)
        connection = await _page(tx, keyring, held["connection_id"])
    outcome = await GraphClient(page_access(connection), read(connection).page_id).delete(held["post_id"])
    async with db.work(caller.account_id) as tx:
        if await _refused(tx, clock.now(), connection, post_id, outcome) is not None:
            await keeping.post_removed(tx, clock.now(), connection, held["post_id"], clock.now())
            await audit.note(tx, caller, "post_removed", "facebook_post", post_id, clock=clock)
            return await get_post(tx, post_id)
    raise refusal(outcome)


async def _held(tx: Tx, post_id: UUID) -> Row:
    held = await tx.maybe(QUERIES.hold_post, account_id=tx.account, id=post_id)
    if held is None or not held["own"]:
        raise NoPost
    if held["state"] not in {"published", "scheduled"} or held["post_id"] is None:
        raise PostState(None, None, state=held["state"])
    return held


async def _refused(tx: Tx, now: datetime, connection: Connection, post_id: UUID, outcome: Outcome) -> Row | None:
    """The post, locked, where Meta did what was asked; None where it did not, and what that says of the page is noted."""
    if isinstance(outcome, Answered):
        return await tx.maybe(QUERIES.hold_post, account_id=tx.account, id=post_id)
    if isinstance(outcome, Refused):
        await note_refusal(tx, now, connection.id, outcome.error.name)
    return None


def check_time(now: datetime, at: datetime) -> None:
    """Raise ``BadTime`` for a time at which Meta plans no post."""
    if at.tzinfo is None or not now + EARLIEST <= at <= now + LATEST:
        raise BadTime(None, None, earliest=now + EARLIEST, latest=now + LATEST)


async def _page(tx: Tx, keyring: KeyRing, connection_id: UUID) -> Connection:
    try:
        found = await get(tx, connection_id, keyring)
    except NoSuchConnection:
        raise NoPage from None
    if found.kind != KIND or not page_access(found).token:
        raise NoPage
    return found


# ------------------------------------------------------------------------------------------------ asking the page


async def sweep(db: Database, clock: Clock, keyring: KeyRing) -> int:
    """Ask pages about posts: of which we know no text, that should be out by now, whose outcome nobody knows."""
    async with db.system() as tx:
        rows = await tx.all(QUERIES.claim_posts, now=clock.now(), lease=LEASE, limit=BATCH)
    for row in rows:
        await _look(db, clock, keyring, row["account_id"], row["id"])
    return len(rows)


async def _look(db: Database, clock: Clock, keyring: KeyRing, account_id: UUID, row_id: UUID) -> None:
    async with db.work(account_id) as tx:
        held = await tx.maybe(QUERIES.hold_post, account_id=tx.account, id=row_id)
        try:
            connection = await get(tx, held["connection_id"], keyring) if held is not None else None
        except NoSuchConnection:
            connection = None
        if held is None:
            return
        if connection is None or not page_access(connection).token:
            await tx.run(QUERIES.look_later, account_id=tx.account, id=row_id, due_at=None)
            return
    client = GraphClient(page_access(connection), read(connection).page_id)
    if held["post_id"] is None:
        await _find(db, clock, connection, client, held)
        return
    outcome = await client.get(held["post_id"], fields=FIELDS)
    async with db.work(account_id) as tx:
        if isinstance(outcome, Answered):
            await _seen(tx, connection, held, outcome.body)
        elif isinstance(outcome, Refused) and held["state"] == "scheduled" and outcome.error.code == 100:
            await tx.run(QUERIES.post_gone, account_id=tx.account, connection_id=connection.id, post_id=held["post_id"])
        else:
            await tx.run(QUERIES.look_later, account_id=tx.account, id=row_id, due_at=_later(clock.now(), held))


async def _seen(tx: Tx, connection: Connection, held: Row, body: dict[str, Any]) -> None:
    """What the page tells of a post."""
    author = body.get("from")
    ours = str(author.get("id")) == read(connection).page_id if isinstance(author, dict) else None
    text = body.get("message")
    known = {
        "body": text if isinstance(text, str) else None,
        "permalink": _link(body.get("permalink_url")),
        "picture": _link(body.get("full_picture")),
    }
    await tx.run(QUERIES.looked_at, account_id=tx.account, id=held["id"], own=ours, **known)
    if held["state"] == "scheduled" and body.get("is_published") is True:
        await _write(
            tx,
            held["id"],
            state="published",
            scheduled_at=held["scheduled_at"],
            published_at=created(body.get("created_time")) or held["scheduled_at"],
        )
    thread = await tx.value(
        QUERIES.thread_of_post, account_id=tx.account, connection_id=connection.id, post_id=held["post_id"]
    )
    if thread is not None and known["body"]:
        await keeping.entitle(tx, thread, known["body"])


async def _find(db: Database, clock: Clock, connection: Connection, client: GraphClient, held: Row) -> None:
    """Did a post come through whose outcome nobody knows? It is looked for by its words among the page's newest."""
    edge = "scheduled_posts" if held["scheduled_at"] is not None else "posts"
    page_id = read(connection).page_id
    outcome = await client.get(f"{page_id}/{edge}", fields="id,message,created_time", limit="25")
    async with db.work(connection.account_id) as tx:
        if not isinstance(outcome, Answered):
            due = _later(clock.now(), held)
            if due is None:
                await _write(tx, held["id"], state="failed", scheduled_at=held["scheduled_at"], error="meta_uncertain")
            else:
                await tx.run(QUERIES.look_later, account_id=tx.account, id=held["id"], due_at=due)
            return
        found = [
            str(one.get("id"))
            for one in outcome.body.get("data") or ()
            if isinstance(one, dict)
            and " ".join(str(one.get("message") or "").split()) == " ".join(held["body"].split())
            and (created(one.get("created_time")) or clock.now()) >= held["created_at"] - timedelta(minutes=1)
        ]
        taken = await tx.all(
            QUERIES.known_post_ids, account_id=tx.account, connection_id=connection.id, post_ids=found, ours=held["id"]
        )
        names = [one for one in found if one not in {row["post_id"] for row in taken}]
        if names:
            await _named(tx, clock.now(), connection, held["id"], names[0], held["scheduled_at"])
        else:
            await _write(tx, held["id"], state="failed", scheduled_at=held["scheduled_at"], error="meta_not_published")


def _later(now: datetime, held: Row) -> datetime | None:
    return now + LOOK_AGAIN * 2 ** held["looks"] if held["looks"] < MOST_LOOKS else None


def _link(value: object) -> str | None:
    return value if isinstance(value, str) and value.startswith("https://") and len(value) <= 2000 else None
