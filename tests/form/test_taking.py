"""A form that is sent: what becomes of it, once, whatever its sender does."""

import asyncio
from typing import Any
from uuid import UUID

import msgspec
import pytest

from svardesk.accounts.caller import SYSTEM
from svardesk.channels import ingress
from svardesk.channels.form import forms, receipts, taking
from svardesk.channels.form.forms import FormValues
from svardesk.channels.registry import ADAPTERS
from svardesk.contacts import identities
from svardesk.house import House
from svardesk.kit.errors import Unprocessable
from tests.channels.conftest import FakeAdapter, Provider
from tests.channels.test_deliveries import RING
from tests.factories import make_agent
from tests.form.conftest import PDF, PNG, Form, Make, Page, make_mailbox, problems


def told(way: dict[str, Any]) -> dict[str, Any]:
    """Whether and where an answer goes; how it is written is the mailbox's matter."""
    return {name: way[name] for name in ("open", "via", "address", "closed_by")}


async def test_a_form_becomes_a_conversation(form: Form) -> None:
    page = await form.sent(
        name="Ola Hansen", email="Ola@Kunde.Example", f_order="fn-1234", f_where="web", f_story="Skrudd\nav og på"
    )
    (row,) = await form.rows("SELECT * FROM conversations")
    assert (row["channel"], row["status"], row["subject"], row["locale"]) == ("form", "open", "Faktura", "nb")
    assert (row["team_id"], row["connection_id"]) == (form.teams["Faktura"], form.view.id)
    assert row["waiting_since"] == row["created_at"] == form.clock.now()
    assert f"Saksnummeret ditt er {row['number']}" in page.text
    (message,) = await form.rows("SELECT * FROM messages")
    assert (message["body"], message["kind"], message["automated"]) == ("Hvor er fakturaen?", "inbound", False)
    assert [(one["name"], one["kind"], one["label"], one["value"]) for one in message["details"]["fields"]] == [
        ("topic", "topic", "", "Faktura"),
        ("order", "order", "Ordrenummer", "fn-1234"),
        ("where", "choice", "Hvor handlet du?", "På nett"),
        ("story", "long", "Hva har du prøvd?", "Skrudd\nav og på"),
        ("answer", "answer", "", "email"),
    ]
    (identity,) = await form.rows("SELECT * FROM identities")
    assert (identity["kind"], identity["scope"], identity["address"], identity["trust"]) == (
        "email", "", "ola@kunde.example", "claimed",
    )  # fmt: skip
    assert row["identity_id"] == identity["id"]
    (contact,) = await form.rows("SELECT * FROM contacts")
    assert (contact["name"], contact["locale"]) == ("Ola Hansen", "nb")
    (envelope,) = await form.rows("SELECT * FROM envelopes")
    assert (envelope["state"], envelope["connection_id"]) == ("parsed", form.view.id)
    assert msgspec.json.decode(bytes(envelope["raw"]))["values"]["order"] == "fn-1234"


async def test_an_agent_sees_the_fields_above_the_text_and_that_no_answer_can_go_out(form: Form) -> None:
    await form.sent(answer="phone", phone="+47 22 22 55 55")
    await form.http.sign_in(await make_agent(form.db, form.account, role="owner"))
    (row,) = await form.rows("SELECT id FROM conversations")
    seen = (await form.http.get(f"/api/v1/conversations/{row['id']}")).json()
    assert seen["messages"][0]["details"] is None
    assert [(one["kind"], one["value"]) for one in seen["messages"][0]["fields"]] == [
        ("topic", "Faktura"), ("phone", "+4722225555"), ("answer", "phone"),
    ]  # fmt: skip
    assert told(seen["way"]) == {
        "open": False,
        "via": "form",
        "address": "ola@kunde.example",
        "closed_by": "no_mailbox",
    }
    assert {(one["kind"], one["address"], one["trust"]) for one in seen["contact"]["identities"]} == {
        ("email", "ola@kunde.example", "claimed"), ("phone", "+4722225555", "claimed"),
    }  # fmt: skip


async def test_only_a_phone_number_says_call(form: Form) -> None:
    await form.sent(email="", answer="phone", phone="0046 70-123 45 67", topic="other")
    (row,) = await form.rows("SELECT id, team_id, subject FROM conversations")
    assert (row["team_id"], row["subject"]) == (form.teams["Skjema"], "Noe annet")
    await form.http.sign_in(await make_agent(form.db, form.account))
    way = (await form.http.get(f"/api/v1/conversations/{row['id']}")).json()["way"]
    assert told(way) == {"open": False, "via": "form", "address": "+46701234567", "closed_by": "call"}
    assert await due(form) == []


async def test_the_mailbox_carries_the_answers(make: Make, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    form = await make()
    mailbox = await make_mailbox(form.db, form.account)
    await form.sent(message="Før postkassen kom")
    async with form.db.work(form.account.id) as tx:
        await forms.change(tx, SYSTEM, form.view.id, FormValues(reply_connection_id=mailbox))
    page = await form.sent(message="Etter")
    assert "Du får også en kvittering på e-post." in page.text
    rows = await form.rows("SELECT connection_id, channel FROM conversations")
    assert [(row["connection_id"], row["channel"]) for row in rows] == [(mailbox, "form")] * 2, "the earlier one too"
    items = await form.rows("SELECT connection_id FROM inbound_items")
    assert [row["connection_id"] for row in items] == [form.view.id] * 2
    monkeypatch.setitem(ADAPTERS, "email", FakeAdapter(Provider()))
    await form.http.sign_in(await make_agent(form.db, form.account))
    (row,) = await form.rows(
        "SELECT c.id FROM conversations c JOIN messages m ON m.conversation_id = c.id AND m.body = 'Etter'"
    )
    way = (await form.http.get(f"/api/v1/conversations/{row['id']}")).json()["way"]
    assert told(way) == {"open": True, "via": "email", "address": "ola@kunde.example", "closed_by": None}


async def test_a_mailbox_that_is_gone_does_not_stop_the_form(make: Make) -> None:
    form = await make()
    mailbox = await make_mailbox(form.db, form.account)
    async with form.db.work(form.account.id) as tx:
        await forms.change(tx, SYSTEM, form.view.id, FormValues(reply_connection_id=mailbox))
        await tx.run("UPDATE connections SET archived_at = now() WHERE id = %(id)s", id=mailbox)
    page = await form.sent()
    assert "kvittering på e-post" not in page.text
    (row,) = await form.rows("SELECT connection_id FROM conversations")
    assert row["connection_id"] == form.view.id


async def test_files_come_along(form: Form, house: House) -> None:
    files = [("f_picture", ("bilde.png", PNG, "text/html")), ("f_picture", ("regning.pdf", PDF, "x/y"))]
    await form.sent(files=files)
    rows = await form.rows(
        "SELECT name, media_type, size, sha256, message_id, conversation_id FROM files ORDER BY name"
    )
    assert [(row["name"], row["media_type"], row["size"]) for row in rows] == [
        ("bilde.png", "image/png", len(PNG)), ("regning.pdf", "application/pdf", len(PDF)),
    ]  # fmt: skip
    assert all(row["message_id"] for row in rows)
    assert await house.files.read(form.account.id, rows[0]["sha256"]) == PNG
    (message,) = await form.rows("SELECT details FROM messages")
    assert {"name": "picture", "kind": "file", "label": "Bilde", "value": "bilde.png, regning.pdf"} in message[
        "details"
    ]["fields"]


async def test_one_bad_file_keeps_none(form: Form, house: House) -> None:
    files = [
        ("f_picture", ("bilde.png", PNG, "image/png")),
        ("f_picture", ("bilde.jpg", b"<script>alert(1)</script>", "image/jpeg")),
    ]
    answer = await form.post(files=files)
    assert answer.status_code == 422
    assert problems(answer)["f_picture"].startswith("Filen bilde.jpg er av et slag som vi ikke tar imot.")
    assert "Filer må legges ved på nytt." in answer.text
    assert (await form.count("files"), await form.count("envelopes")) == (0, 0)
    stored = house.settings.data / "files" / str(form.account.id)
    assert not stored.exists() or not list(stored.rglob("*.*"))


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ([("f_picture", ("tom.png", b"", "image/png"))], "Filen tom.png er tom"),
        ([("f_picture", ("stor.png", PNG + b"\0" * (10 * 1024 * 1024), "image/png"))], "Filen stor.png er større enn 10 MB"),
        ([("f_picture", (f"{n}.png", PNG, "image/png")) for n in range(6)], "Legg ved høyst 5 filer"),
    ],
)  # fmt: skip
async def test_files_that_are_refused(form: Form, files: Any, said: str) -> None:
    answer = await form.post(files=files)
    assert (answer.status_code, problems(answer)) == (422, {"f_picture": said})
    assert await form.count("files") == 0


async def test_a_file_for_a_field_that_asks_for_none_is_not_kept(form: Form) -> None:
    await form.sent(files=[("f_model", ("x.png", PNG, "image/png")), ("whatever", ("x.png", PNG, "image/png"))])
    assert await form.count("files") == 0


async def test_too_much_at_once_is_said_in_words(form: Form) -> None:
    big = [("f_picture", (f"{n}.png", PNG + bytes(6 * 1024 * 1024), "image/png")) for n in range(5)]
    answer = await form.post(files=big)
    assert answer.status_code == 413
    assert "Filene er for store til å sendes sammen." in answer.text


async def test_sent_twice_is_one_conversation_and_one_receipt(form: Form) -> None:
    stamp = await form.stamp()
    files = [("f_picture", ("bilde.png", PNG, "image/png"))]
    first, second = await form.post(stamp=stamp, files=files), await form.post(stamp=stamp, files=files)
    assert first.status_code == second.status_code == 303
    assert first.headers["location"] == second.headers["location"]
    assert [await form.count(table) for table in ("conversations", "messages", "files", "envelopes")] == [1, 1, 1, 1]


async def test_sent_twice_at_the_same_moment_is_one_conversation(form: Form) -> None:
    stamp = await form.stamp()
    answers = await asyncio.gather(*(form.post(stamp=stamp) for _ in range(6)))
    assert {answer.status_code for answer in answers} == {303}
    assert len({answer.headers["location"] for answer in answers}) == 1
    assert [await form.count(table) for table in ("conversations", "messages", "contacts")] == [1, 1, 1]
    shown = Page((await form.http.get(answers[0].headers["location"])).text)
    (row,) = await form.rows("SELECT number FROM conversations")
    assert f"Saksnummeret ditt er {row['number']}" in shown.text


async def test_going_back_and_writing_something_else_loses_nothing(form: Form) -> None:
    stamp = await form.stamp()
    await form.post(stamp=stamp, message="Først")
    await form.post(stamp=stamp, message="Og dette glemte jeg")
    assert {row["body"] for row in await form.rows("SELECT body FROM messages")} == {"Først", "Og dette glemte jeg"}


async def test_a_receipt_repeats_nothing_and_is_nobody_elses(form: Form, make: Make) -> None:
    answer = await form.post(name="Kjøp billig", message="Se https://spam.example", f_model="SPAMMODELL")
    shown = await form.http.get(answer.headers["location"])
    for word in ("billig", "spam.example", "SPAMMODELL", "ola@kunde.example"):
        assert word not in shown.text
    other = await make()
    token = answer.headers["location"].split("t=")[1].split("&")[0]
    assert (await form.http.get(f"{other.url}/receipt?t={token}")).status_code == 404
    wrong = token[:-3] + ("AAA" if token[-3:] != "AAA" else "BBB")
    for one in (wrong, "", "x", "å", token + "A" * 300):
        assert (await form.http.get(f"{form.url}/receipt", params={"t": one})).status_code == 404


async def test_the_receipt_says_when_we_answer(form: Form) -> None:
    # Monday 09:00 UTC is 10:00 in Oslo: open, and nothing has been measured.
    assert "kl." not in (await form.sent()).text
    form.clock.advance(9 * 3600)
    shown = await form.sent(message="Om kvelden")
    assert "Vi har stengt nå, men har fått meldingen din. Vi er tilbake i morgen kl. 08:00." in shown.text
    assert "Vi er tilbake i morgon" not in shown.text


async def test_the_measured_time_is_told(form: Form) -> None:
    for n in range(10):
        await form.sent(message=f"Spørsmål {n}", email=f"k{n}@kunde.example")
    async with form.db.work(form.account.id) as tx:
        await tx.run("UPDATE conversations SET first_answered_at = created_at + interval '14 minutes'")
    taking.promise.forget()
    assert "Vi svarer vanligvis innen 15 minutter." in (await form.sent(message="Og jeg?")).text


async def test_a_robot_sees_success_and_nobody_sees_the_robot(form: Form) -> None:
    answer = await form.post(
        subject_line="Hello dear", message="Buy pills", files=[("f_picture", ("x.png", PNG, "x/y"))]
    )
    assert answer.status_code == 303
    shown = await form.http.get(answer.headers["location"])
    assert "Takk, vi har fått meldingen din" in shown.text
    (envelope,) = await form.rows("SELECT id FROM envelopes")
    await ingress.parse_envelope(form.db, form.clock, RING, form.account.id, envelope["id"])
    items = await form.rows("SELECT type, state FROM inbound_items")
    assert [(row["type"], row["state"]) for row in items] == [("spam", "ignored")]
    assert [await form.count(table) for table in ("conversations", "contacts", "identities", "files")] == [0, 0, 0, 0]
    async with form.db.work(form.account.id) as tx:
        assert await ingress.quarantined(tx) == []


async def test_a_robot_without_an_address_looks_the_same(form: Form) -> None:
    answer = await form.post(subject_line="x", email="", message="", topic="")
    assert answer.status_code == 303
    (envelope,) = await form.rows("SELECT state FROM envelopes")
    assert envelope["state"] == "received"


async def test_nobody_fills_in_a_form_in_two_seconds(form: Form) -> None:
    stamp = await form.stamp(seconds=2)
    answer = await form.post(stamp=stamp, message="Så fort")
    assert answer.status_code == 422
    page = Page(answer.text)
    assert "Det gikk veldig fort." in page.text
    assert (page.values["message"], page.values["stamp"]) == ("Så fort", stamp)
    assert await form.count("envelopes") == 0
    form.clock.advance(1)
    assert (await form.post(stamp=stamp, message="Så fort")).status_code == 303


@pytest.mark.parametrize("stamp", ["", "x", "A" * 51, "å" * 51, "A" * 500])
async def test_a_form_without_our_stamp_is_shown_again(form: Form, stamp: str) -> None:
    answer = await form.post(stamp=stamp)
    assert answer.status_code == 422
    page = Page(answer.text)
    assert "Siden hadde vært åpen for lenge." in page.text
    assert (await form.post(stamp=page.values["stamp"])).status_code == 303, "at once"


async def test_a_stamp_of_another_form_or_of_last_week_is_none(form: Form, make: Make) -> None:
    other = await make()
    assert (await form.post(stamp=await other.stamp())).status_code == 422
    old = await form.stamp(seconds=49 * 3600)
    answer = await form.post(stamp=old)
    assert (answer.status_code, Page(answer.text).values["stamp"] != old) == (422, True)
    assert await form.count("envelopes") == 0


async def test_floods_by_one_address_end(form: Form) -> None:
    for n in range(20):
        assert (await form.post(message=f"nr. {n}", email=f"k{n}@kunde.example")).status_code == 303
    answer = await form.post(message="nr. 21", email="k21@kunde.example")
    assert answer.status_code == 429
    assert 0 < int(answer.headers["retry-after"]) <= 60
    page = Page(answer.text)
    assert "Det er kommet mange meldinger fra deg på kort tid. Vent 1 min" in page.text
    assert page.values["message"] == "nr. 21"
    assert await form.count("conversations") == 20


async def test_one_mail_address_gets_few_receipts(form: Form) -> None:
    statuses = [(await form.post(message=f"nr. {n}")).status_code for n in range(8)]
    assert statuses[:5] == [303] * 5
    assert statuses[-1] == 429
    assert (await form.post(message="nabo", email="kari@kunde.example")).status_code == 303


async def test_what_cannot_be_parsed_at_once_is_not_lost(form: Form, monkeypatch: pytest.MonkeyPatch) -> None:
    async def breaks(*_: Any, **__: Any) -> int:
        raise RuntimeError("no")

    monkeypatch.setattr(ingress, "parse_envelope", breaks)
    answer = await form.post()
    shown = await form.http.get(answer.headers["location"])
    assert "Takk, vi har fått meldingen din" in shown.text
    assert "Saksnummeret" not in shown.text
    monkeypatch.undo()
    (envelope,) = await form.rows("SELECT id FROM envelopes WHERE state = 'received'")
    await ingress.parse_envelope(form.db, form.clock, RING, form.account.id, envelope["id"])
    assert "Saksnummeret" in (await form.http.get(answer.headers["location"])).text


async def test_a_claim_never_joins_somebody_whose_address_it_is_proven_to_be(form: Form) -> None:
    async with form.db.work(form.account.id) as tx:
        proven = await identities.find_or_create(
            tx, form.clock.now(), kind="email", address="ola@kunde.example", trust="domain_verified", name="Ola"
        )
    await form.sent(name="Ikke Ola", message="Jeg er Ola")
    await form.sent(message="Jeg er også Ola")
    rows = await form.rows("SELECT contact_id FROM conversations")
    assert len({row["contact_id"] for row in rows}) == 1
    assert rows[0]["contact_id"] != proven.contact_id
    trusts = await form.rows("SELECT scope, trust FROM identities ORDER BY scope")
    assert [(row["scope"], row["trust"]) for row in trusts] == [("", "domain_verified"), ("claimed", "claimed")]


async def test_two_claims_of_one_address_meet(form: Form) -> None:
    await form.sent(message="Først")
    await form.sent(message="Så", name="Ola")
    (contact,) = await form.rows("SELECT id, name FROM contacts")
    assert contact["name"] == "Ola"
    assert await form.count("conversations") == 2


async def test_the_receipt_by_mail(make: Make, house: House) -> None:
    form = await make()
    mailbox = await make_mailbox(form.db, form.account)
    async with form.db.work(form.account.id) as tx:
        await forms.change(tx, SYSTEM, form.view.id, FormValues(reply_connection_id=mailbox))
    form.clock.advance(9 * 3600)
    await form.sent(name="BILLIG", message="Se https://spam.example", f_model="SPAMMODELL", query="?lang=sv")
    (message,) = await form.rows("SELECT id FROM messages")
    (row,) = await form.rows("SELECT id, number FROM conversations")
    assert await due(form) == [{"stream": str(row["id"]), "message_id": str(message["id"])}]
    async with form.db.work(form.account.id) as tx:
        mail = await receipts.for_message(tx, house.keyring, "https://desk.example", message["id"])
    assert mail is not None
    assert (mail.connection_id, mail.conversation_id, mail.to, mail.locale) == (
        mailbox,
        row["id"],
        "ola@kunde.example",
        "sv",
    )
    assert mail.headers["Auto-Submitted"] == "auto-replied"
    assert mail.subject == f"Vi har fått ditt meddelande (nr {row['number']})"
    assert f"Ärendenumret är {row['number']}." in mail.text
    assert "i morgon kl. 8.00" in mail.text
    for word in ("BILLIG", "spam.example", "SPAMMODELL"):
        assert word not in mail.text + mail.subject
    link = next(line for line in mail.text.splitlines() if line.startswith("https://"))
    await confirm(form, link.removeprefix("https://desk.example"), row["number"])
    async with form.db.work(form.account.id) as tx:
        again = await receipts.for_message(tx, house.keyring, "https://desk.example", message["id"])
    assert again is not None
    assert "https://" not in again.text, "nothing to confirm any more"


async def due(form: Form) -> list[dict[str, str]]:
    """The receipts that were asked for."""
    statement = "SELECT payload FROM event_outbox WHERE account_id = %(id)s AND type = 'receipt_due'"
    async with form.db.system() as tx:
        return [row["payload"] for row in await tx.all(statement, id=form.account.id)]


async def confirm(form: Form, path: str, number: int) -> None:
    """Open the link as a program that checks mail does, then as a person, and press the button."""
    for _ in range(2):
        opened = await form.http.get(path)
        assert opened.status_code == 200
        assert f"nummer {number}" in opened.text or f"nummer {number})" in opened.text
        assert (await form.rows("SELECT trust FROM identities"))[0]["trust"] == "claimed"
    pressed = await form.http.post(path)
    assert pressed.status_code == 200
    assert "Tack, adressen är bekräftad" in pressed.text
    (identity,) = await form.rows("SELECT trust, verified_at FROM identities")
    assert (identity["trust"], identity["verified_at"]) == ("domain_verified", form.clock.now())
    assert (await form.http.post(path)).status_code == 200
    changed = path[:-2] + ("AA" if not path.endswith("AA") else "BB")
    assert (await form.http.post(changed)).status_code == 404
    form.clock.advance(31 * 86400)
    assert (await form.http.get(path)).status_code == 404


@pytest.mark.parametrize("token", ["x", "A" * 72, "å", "A" * 500, "AAAAAAAAAAAAAAAAAAAAAAAA"])
async def test_a_confirmation_that_is_none(form: Form, token: str) -> None:
    for call in (form.http.get, form.http.post):
        answer = await call(f"/form/confirm/{token}")
        assert answer.status_code == 404
        assert "Lenken gjelder ikke lenger" in answer.text


async def test_no_receipt_where_no_mailbox_carries_it(form: Form, house: House) -> None:
    await form.sent()
    (message,) = await form.rows("SELECT id FROM messages")
    async with form.db.work(form.account.id) as tx:
        assert await receipts.for_message(tx, house.keyring, "https://desk.example", message["id"]) is None
        assert await receipts.for_message(tx, house.keyring, "https://desk.example", UUID(int=1)) is None


async def test_neighbours_see_nothing(form: Form, make: Make) -> None:
    other = await make()
    await form.sent(message="Bare for oss")
    assert await other.count("conversations") == await other.count("envelopes") == await other.count("contacts") == 0
    await other.http.sign_in(await make_agent(other.db, other.account, role="owner"))
    listed = (await other.http.get("/api/v1/forms")).json()["items"]
    assert [one["form"]["id"] for one in listed] == [str(other.view.id)]
    for call in (other.http.patch, other.http.delete):
        more = {"json": {"name": "Stjålet"}} if call == other.http.patch else {}
        assert (await call(f"/api/v1/forms/{form.view.id}", **more)).status_code == 404
    stolen = {"topics": [{"key": "x", "labels": {"nb": "x"}, "team_id": str(form.teams["Faktura"])}]}
    answer = await other.http.patch(f"/api/v1/forms/{other.view.id}", json=stolen)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "unknown_reference")
    mailbox = await make_mailbox(form.db, form.account)
    answer = await other.http.patch(f"/api/v1/forms/{other.view.id}", json={"reply_connection_id": str(mailbox)})
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "unknown_reference")


async def test_a_widget_cannot_carry_answers(form: Form) -> None:
    async with form.db.work(form.account.id) as tx:
        with pytest.raises(Unprocessable):
            await forms.change(tx, SYSTEM, form.view.id, FormValues(reply_connection_id=form.view.id))
