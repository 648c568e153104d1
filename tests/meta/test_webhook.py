"""Meta's door: what is verified, what is refused, what is kept and with whom."""

import asyncio
import hashlib
import json

import pytest

from svardesk.channels.meta.config import verify_tokens
from svardesk.channels.meta.intake import Intake
from svardesk.channels.meta.signature import sign
from svardesk.house import House
from svardesk.kit.clock import FixedClock
from svardesk.kit.db import Database
from svardesk.kit.ids import uuid7
from tests.client import Client
from tests.meta.apps import MetaApp, envelopes, make_app, make_page, messages, written

SAID = {
    "sender": {"id": "7"},
    "recipient": {"id": "1001"},
    "timestamp": 1,
    "message": {"mid": "m", "text": "Blåbær 👋 /"},
}


def query(token: str, mode: str = "subscribe") -> dict[str, str]:
    return {"hub.mode": mode, "hub.verify_token": token, "hub.challenge": "1158201444"}


async def test_the_challenge_comes_back_as_it_is(client: Client, house: House, app: MetaApp) -> None:
    token = verify_tokens(house.keyring, app.key)[0]
    answer = await client.get(f"/hooks/meta/{app.key}", params=query(token))
    assert (answer.status_code, answer.content) == (200, b"1158201444")
    assert answer.headers["content-type"].startswith("text/plain")


async def test_verifying_asks_no_database(client: Client, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: object, **__: object) -> None:
        raise AssertionError("the database was asked")

    monkeypatch.setattr(Database, "work", none)
    monkeypatch.setattr(Database, "directory", none)
    token = verify_tokens(house.keyring, "ma_x")[0]
    assert (await client.get("/hooks/meta/ma_x", params=query(token))).status_code == 200


@pytest.mark.parametrize(("token", "mode"), [("feil", "subscribe"), ("", "subscribe"), ("å", "subscribe"), (None, "x")])
async def test_a_wrong_token_or_mode_is_refused(
    client: Client, house: House, app: MetaApp, token: str | None, mode: str
) -> None:
    good = verify_tokens(house.keyring, app.key)[0]
    answer = await client.get(f"/hooks/meta/{app.key}", params=query(good if token is None else token, mode))
    assert answer.status_code == 403
    another = await client.get("/hooks/meta/ma_other", params=query(good))
    assert another.status_code == 403


async def test_what_is_signed_is_kept_byte_for_byte(
    client: Client, house: House, db: Database, app: MetaApp, clock: FixedClock
) -> None:
    page = await make_page(db, house.keyring, app)
    body = written(messages("1001", SAID))
    assert rb"\u00e5" in body
    assert rb"\/" in body
    answer = await app.post(client, body)
    assert (answer.status_code, answer.text) == (200, "EVENT_RECEIVED")
    [row] = await envelopes(db, app.account)
    assert (row["connection_id"], bytes(row["raw"]), row["state"]) == (page["messenger"], body, "received")
    assert row["received_at"] == clock.now()
    async with db.work(app.account.id) as tx:
        health = await tx.value("SELECT health FROM connections WHERE id = %(id)s", id=page["messenger"])
    assert health["webhook_at"].startswith("2026-11-23T09:00:00")


async def test_the_older_secret_is_good_too(client: Client, db: Database, app: MetaApp) -> None:
    assert (await app.post(client, written(messages("1")), secret="gammel")).status_code == 200
    assert len(await envelopes(db, app.account)) == 1


async def test_a_wrong_signature_is_refused_counted_and_told(client: Client, db: Database, app: MetaApp) -> None:
    body = written(messages("1001", SAID))
    for secret in ("feil", "eldst"):
        answer = await app.post(client, body, secret=secret)
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "bad_signature")
    unsigned = await client.post(f"/hooks/meta/{app.key}", content=body)
    assert unsigned.status_code == 403
    sha1 = await client.post(f"/hooks/meta/{app.key}", content=body, headers={"x-hub-signature": sign("ny", body)})
    assert sha1.status_code == 403
    assert await envelopes(db, app.account) == []
    async with db.work(app.account.id) as tx:
        row = await tx.one("SELECT status, health FROM connections WHERE id = %(id)s", id=app.id)
    # One is told at once, the others with the next telling: a flood does not become a flood of writes.
    assert (row["status"], row["health"]["bad_signatures"]) == ("degraded", 1)


async def test_the_same_object_written_again_does_not_pass(client: Client, app: MetaApp) -> None:
    body = written(messages("1001", SAID))
    header = sign("ny", body)
    again = json.dumps(json.loads(body), ensure_ascii=False).encode()
    answer = await client.post(f"/hooks/meta/{app.key}", content=again, headers={"x-hub-signature-256": header})
    assert answer.status_code == 403


async def test_pages_and_channels_get_their_own_share(client: Client, house: House, db: Database, app: MetaApp) -> None:
    first = await make_page(db, house.keyring, app, "1001")
    second = await make_page(db, house.keyring, app, "1002")
    feed = {"id": "1002", "time": 1, "changes": [{"field": "feed", "value": {"item": "comment"}}]}
    answer = await app.tell(client, messages("1001", SAID), messages("1002", SAID), feed)
    assert answer.status_code == 200
    rows = await envelopes(db, app.account)
    assert [row["connection_id"] for row in rows] == [first["messenger"], second["messenger"], second["facebook"]]
    assert json.loads(rows[2]["raw"])["entry"] == [feed]


async def test_rubbish_and_unknown_pages_are_kept_with_the_app(
    client: Client, house: House, db: Database, app: MetaApp
) -> None:
    other = await make_app(db, house.keyring)
    await make_page(db, house.keyring, other, "9009")
    ours = await make_page(db, house.keyring, app, "1001")
    assert (await app.post(client, b"{not json")).status_code == 200
    # The page of another organisation is unknown here, whoever signs.
    assert (await app.tell(client, messages("9009", SAID), messages("1001", SAID))).status_code == 200
    rows = await envelopes(db, app.account)
    assert [row["connection_id"] for row in rows] == [app.id, app.id, ours["messenger"]]
    assert rows[1]["headers"] == {"svardesk-unknown-page": "9009"}
    assert await envelopes(db, other.account) == []


async def test_there_is_no_door_without_its_key(client: Client, house: House, app: MetaApp) -> None:
    answer = await client.post("/hooks/meta/ma_nobody", content=b"{}")
    assert answer.status_code == 404


async def test_many_at_once_share_a_commit_and_each_waits_for_its_own(
    db: Database, app: MetaApp, clock: FixedClock
) -> None:
    intake = Intake()

    def row(text: bytes) -> dict[str, object]:
        from psycopg.types.json import Jsonb

        return {
            "account_id": app.account.id, "id": uuid7(), "connection_id": app.id, "received_at": clock.now(),
            "sha256": hashlib.sha256(text).digest(), "raw": text, "headers": Jsonb({}),
        }  # fmt: skip

    kept = [intake.keep(db, app.account.id, [row(b"%d" % n)], clock.now()) for n in range(60)]
    await asyncio.gather(*kept)
    assert [bytes(one["raw"]) for one in await envelopes(db, app.account)] == [b"%d" % n for n in range(60)]
    with pytest.raises(Exception, match="null value"):
        await intake.keep(db, app.account.id, [{**row(b"x"), "sha256": None}], clock.now())
    await intake.keep(db, app.account.id, [row(b"og videre")], clock.now())
    assert len(await envelopes(db, app.account)) == 61
