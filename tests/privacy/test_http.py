"""Export and erasure over HTTP: asked by an owner, done by the worker, fetched once ready."""

import io
import zipfile

from svardesk.house import House
from svardesk.kit.db import Database
from svardesk.privacy import jobs
from tests.client import Client
from tests.factories import Account, make_account, make_agent
from tests.privacy.people import settle


async def test_an_export_from_the_question_to_the_file(client: Client, db: Database, house: House) -> None:
    person = await settle(db, house.files, house.clock.now())
    account = Account(person.account, "x")
    await client.sign_in(await make_agent(db, account, role="owner"))
    answer = await client.post("/api/v1/privacy/exports", json={"contact_id": str(person.contact)})
    assert answer.status_code == 202
    asked = answer.json()
    assert (asked["state"], asked["url"]) == ("queued", None)
    address = f"/api/v1/privacy/exports/{asked['id']}"
    early = await client.get(f"{address}/file")
    assert (early.status_code, early.json()["error"]["code"]) == (409, "export_not_ready")
    await jobs.work_requests(db, house.clock, house.files, house.keyring, limit=50)
    done = (await client.get(address)).json()
    assert (done["state"], done["expires_at"]) == ("done", "2026-11-30T09:00:00Z")
    file = await client.get(done["url"])
    assert file.headers["content-type"] == "application/zip"
    assert file.headers["content-disposition"].startswith("attachment;")
    assert file.headers["x-content-type-options"] == "nosniff"
    assert "export.json" in zipfile.ZipFile(io.BytesIO(file.content)).namelist()
    listed = (await client.get("/api/v1/privacy/exports")).json()
    assert [one["id"] for one in listed["items"]] == [asked["id"]]
    assert listed["next_cursor"] is None

    gone = await client.post("/api/v1/privacy/erasures", json={"contact_id": str(person.contact)})
    await jobs.work_requests(db, house.clock, house.files, house.keyring, limit=50)
    erased = (await client.get(f"/api/v1/privacy/erasures/{gone.json()['id']}")).json()
    assert (erased["state"], erased["result"]["conversations"]) == ("done", 1)
    assert (await client.get(done["url"])).json()["error"]["code"] == "export_expired"
    again = await client.post("/api/v1/privacy/erasures", json={"contact_id": str(person.contact)})
    assert (again.status_code, again.json()["error"]["code"]) == (409, "already_erased")


async def test_only_owners_and_only_their_own(client: Client, db: Database, house: House) -> None:
    person = await settle(db, house.files, house.clock.now())
    body = {"contact_id": str(person.contact)}
    assert (await client.post("/api/v1/privacy/erasures", json=body)).status_code == 401
    for role in ("lead", "agent", "observer"):
        browser = client.other()
        await browser.sign_in(await make_agent(db, Account(person.account, "x"), role=role))
        for address in ("exports", "erasures"):
            assert (await browser.post(f"/api/v1/privacy/{address}", json=body)).status_code == 403, role
            assert (await browser.get(f"/api/v1/privacy/{address}")).status_code == 403, role
        await browser.aclose()
    await client.sign_in(await make_agent(db, await make_account(db), role="owner"))
    answer = await client.post("/api/v1/privacy/erasures", json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "no_such_contact")
    for wrong in ({}, {"contact_id": "x"}, {"contact_id": None}, {**body, "why": "x"}):
        assert (await client.post("/api/v1/privacy/exports", json=wrong)).status_code == 400, wrong
