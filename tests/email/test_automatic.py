"""Mail of machines: recognised, and never answered by one."""

import pytest

from svardesk.channels.email.parsing import parse
from tests.email.mails import multipart, raw, read


@pytest.mark.parametrize(
    ("headers", "body", "told"),
    [
        ({}, "Hei", "none"),
        ({"auto_submitted": "no"}, "Hei", "none"),
        ({"auto_submitted": "auto-generated"}, "Din ordre er sendt", "receipt"),
        (
            {"auto_submitted": "auto-replied", "subject": "Vi har mottatt henvendelsen [#1234]"},
            "Takk for din henvendelse",
            "receipt",
        ),
        ({"auto_submitted": "auto-replied", "subject": "Fravær"}, "Jeg er på ferie til 10. august.", "out_of_office"),
        (
            {"auto_submitted": "auto-replied", "subject": "Automatisk svar: Faktura"},
            "Er tilbake mandag.",
            "out_of_office",
        ),
        ({"auto_submitted": "auto-replied (vacation)", "subject": "Re: Lasku"}, "Mökillä.", "out_of_office"),
        ({"x_autoreply": "yes"}, "Jag är på semester.", "out_of_office"),
        ({"precedence": "auto_reply"}, "Jeg er på barsel.", "out_of_office"),
        ({"subject": "Automatisk svar: Faktura"}, "Jeg er ikke til stede.", "out_of_office"),
        ({"subject": "Autosvar: Räkning"}, "Jag är ledig.", "out_of_office"),
        ({"subject": "Automaattinen vastaus: Lasku"}, "Olen lomalla.", "out_of_office"),
        ({"subject": "Out of Office: Invoice"}, "Back on Monday.", "out_of_office"),
        ({"subject": "Fraværende: Faktura"}, "Tilbake mandag", "out_of_office"),
        ({"subject": "Frånvarande: Faktura"}, "Åter på måndag", "out_of_office"),
        ({"subject": "Poissa: Lasku"}, "Palaan maanantaina", "out_of_office"),
        ({"subject": "Automatisk svar: Sak 12"}, "Takk for din henvendelse. Vi har mottatt den.", "receipt"),
        # people write of holidays too
        ({"subject": "Ferie"}, "Jeg drar på ferie og vil stoppe avisen.", "none"),
        ({"subject": "Out of office chairs"}, "Do you have any?", "none"),
        ({"subject": "SV: Automatisk svar: Faktura"}, "Jeg er tilbake nå.", "none"),
        ({"subject": "Jag är på semester"}, "Kan ni skicka paketet senare?", "none"),
        ({"list_id": "<nytt.example.no>"}, "Nyheter om ferie", "list"),
        ({"list_unsubscribe": "<mailto:av@example.no>"}, "Tilbud", "list"),
        ({"precedence": "bulk"}, "Tilbud", "list"),
        (
            {"list_unsubscribe": "<mailto:av@x.no>", "auto_submitted": "auto-generated"},
            "Ordrebekreftelse. Ferie hos oss.",
            "receipt",
        ),
        ({"return_path": "<>"}, "Hei", "receipt"),
    ],
)
def test_what_a_mail_is(headers, body, told):
    mail = read(body, **headers)
    assert mail.automatic == told
    assert bool(mail.automatic_because) == (told != "none")
    if told != "none":
        assert not mail.may_answer_automatically


@pytest.mark.parametrize(
    ("headers", "may"),
    [
        ({}, True),
        ({"return_path": "<kari@example.no>"}, True),
        ({"auto_submitted": "no"}, True),
        ({"x_auto_response_suppress": "DR, RN"}, True),
        ({"x_auto_response_suppress": "DR, OOF"}, False),
        ({"x_auto_response_suppress": "All"}, False),
        ({"x_auto_response_suppress": "AutoReply"}, False),
        ({"precedence": "junk"}, False),
        ({"list_post": "<mailto:x@y.no>"}, False),
        ({"x_loop": "a@b.no"}, False),
        ({"feedback_id": "1:2:3"}, False),
        ({"x_svardesk_loop": "another-desk"}, False),
        ({"x_autorespond": "x"}, False),
        ({"from": "MAILER-DAEMON@example.no"}, False),
        ({"from": "no-reply@example.no"}, False),
        ({"from": "noreply+12@example.no"}, False),
        ({"from": ""}, False),
        ({"from": "nora@example.no"}, True),
    ],
)
def test_whether_a_machine_may_answer(headers, may):
    assert read("Hei", **headers).may_answer_automatically is may


def test_our_own_mail_and_addresses_are_never_answered():
    ours = raw("Hei", x_svardesk_loop="desk-1")
    assert parse(ours, instance="desk-1").automatic == "receipt"
    assert parse(ours, instance="desk-2").automatic == "none"
    assert not parse(ours, instance="desk-2").may_answer_automatically
    assert not parse(raw("Hei"), own_addresses=["Kari@Example.no"]).may_answer_automatically


def test_a_read_receipt():
    mail = parse(
        multipart(
            "Content-Type: text/plain\n\nMeldingen ble lest.",
            "Content-Type: message/disposition-notification\n\nFinal-Recipient: rfc822; kari@example.no\nOriginal-Message-ID: <a@b>\nDisposition: manual-action/MDN-sent-manually; displayed\n",
            kind="report",
            more="; report-type=disposition-notification",
        )
    )
    assert (mail.automatic, mail.bounce, mail.may_answer_automatically) == ("receipt", None, False)
