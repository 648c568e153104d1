"""What a mail leaves behind: in an export all of it, after an erasure nothing, also of its Message-IDs and addresses."""

import io
import json
import zipfile
from pathlib import Path

import pytest

from svardesk.accounts.caller import Actor
from svardesk.kit.clock import FixedClock
from svardesk.kit.db import Database
from svardesk.kit.files import FileStore
from svardesk.kit.ids import uuid7
from svardesk.privacy import jobs, service
from tests.email.mailbox import RING, Box, letter, make_box
from tests.privacy.people import traces

MARKS = ("ragnhild", "Ragnhild", "fjellstad", "blinker", "naboen@")


@pytest.fixture
async def box(fresh_db: Database, clock: FixedClock, tmp_path: Path) -> Box:
    made = await make_box(fresh_db, clock)
    made.files = FileStore(tmp_path / "files")
    first = letter(
        "Ruteren blinker oransje",
        From="Ragnhild Fjellstad <ragnhild@fjellstad.example>",
        Cc="naboen@fjellstad.example",
        Subject="Ragnhilds ruter",
        Message_ID="<1.ragnhild@fjellstad.example>",
        References="<0.ragnhild@fjellstad.example>",
    )
    await made.arrive(first, letter("En annen sak", From="ola@example.no", Message_ID="<ola@example.no>"))
    await made.answer(1, "Hei, slå den av og på.")
    return made


async def contact(box: Box) -> str:
    [row] = await box.rows("SELECT contact_id FROM conversations WHERE number = 1")
    return row["contact_id"]


async def work(box: Box) -> None:
    assert box.files is not None
    assert await jobs.work_requests(box.db, box.clock, box.files, RING) == 1


async def test_an_export_holds_the_mails_their_ids_and_who_took_part(box: Box) -> None:
    async with box.db.work(box.account.id) as tx:
        asked = await service.ask(tx, Actor("agent", uuid7()), box.clock.now(), "export", await contact(box))  # pyright: ignore[reportArgumentType]
    await work(box)
    async with box.db.work(box.account.id) as tx:
        request = await service.get_request(tx, "export", asked["id"])
    assert box.files is not None
    archive = zipfile.ZipFile(io.BytesIO(await box.files.read(box.account.id, request["file_sha256"])))
    tables = json.loads(archive.read("export.json"))["tables"]
    assert sorted(row["direction"] for row in tables["mails"]) == ["in", "out"]
    [incoming] = [row for row in tables["mails"] if row["direction"] == "in"]
    assert incoming["subject"] == "Ragnhilds ruter"
    assert incoming["sender"] == {"name": "Ragnhild Fjellstad", "address": "ragnhild@fjellstad.example"}
    ids = {(row["mail_id"].split("@")[0][:10], row["kind"]) for row in tables["mail_ids"]}
    assert {("1.ragnhild", "is"), ("0.ragnhild", "names")} <= ids
    assert {(row["address"], row["standing"]) for row in tables["mail_participants"]} == {
        ("ragnhild@fjellstad.example", "customer"),
        ("naboen@fjellstad.example", "copied"),
    }
    assert "ola@example.no" not in archive.read("export.json").decode()


async def test_an_erasure_leaves_nothing_of_a_mail(box: Box) -> None:
    before = {line.split(".")[0] for line in traces(box.db.dsn, MARKS)}
    assert {"mails", "mail_ids", "mail_participants", "messages", "envelopes", "identities", "contacts"} <= before
    async with box.db.work(box.account.id) as tx:
        await service.ask(tx, Actor("agent", uuid7()), box.clock.now(), "erase", await contact(box))  # pyright: ignore[reportArgumentType]
    await work(box)
    assert traces(box.db.dsn, MARKS) == []
    assert [body for _, body, _ in await box.said()] == ["", "En annen sak"], "the neighbour's is untouched"
    # A reply to what was erased finds nothing to join, and is a new conversation.
    await box.arrive(letter("Svar", Message_ID="<2@x.example>", In_Reply_To="<1.ragnhild@fjellstad.example>"))
    assert (await box.said())[-1][:2] == (3, "Svar")
