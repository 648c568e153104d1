"""Reports that a mail did not arrive, in the forms that servers give them."""

import pytest

from svardesk.channels.email.parsing import parse
from tests.email.mails import multipart, read

STATUS = """Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.no
Arrival-Date: Thu, 5 Nov 2026 14:05:09 +0100

Final-Recipient: rfc822; Kari@Example.NO
Original-Recipient: rfc822;kari@example.no
Action: {action}
Status: {status}
Diagnostic-Code: smtp; {diagnostic}

Final-Recipient: rfc822; ola@example.no
Action: delivered
Status: 2.0.0
"""
ORIGINAL = "Content-Type: message/rfc822\n\nMessage-ID: <c.1.2.3@desk>\nSubject: Sak\nTo: kari@example.no\n\nHei\n"


def report(action="failed", status="5.1.1", diagnostic="550 5.1.1 User unknown", original=ORIGINAL) -> bytes:
    return (
        multipart(
            "Content-Type: text/plain\n\nKunne ikke leveres.",
            STATUS.format(action=action, status=status, diagnostic=diagnostic),
            original,
            kind="report",
            more="; report-type=delivery-status",
        )
        .replace(b"From: Kari <kari@example.no>", b"From: MAILER-DAEMON@mx.example.no")
        .replace(b"To: hjelp@example.com", b"To: bounce+abc234def@in.example")
    )


def test_a_report_by_the_standard():
    mail = parse(report())
    assert mail.automatic == "bounce"
    assert mail.bounce.original_message_id == "c.1.2.3@desk"
    assert mail.bounce.original_recipient_token == "abc234def"
    first, second = mail.bounce.recipients
    assert (first.address, first.action, first.status) == ("Kari@example.no", "failed", "5.1.1")
    assert first.diagnostic == "550 5.1.1 User unknown"
    assert (second.address, second.action) == ("ola@example.no", "delivered")
    assert mail.visible == "Kunne ikke leveres."
    assert not mail.may_answer_automatically


def test_delays_better_codes_and_headers_only():
    delayed = parse(report("delayed", "4.4.1", "451 4.4.1 timed out")).bounce.recipients[0]
    assert (delayed.action, delayed.status) == ("delayed", "4.4.1")
    better = parse(report(status="5.0.0", diagnostic="552 5.2.2 mailbox full")).bounce.recipients[0]
    assert better.status == "5.2.2"
    headers = parse(report(original="Content-Type: text/rfc822-headers\n\nMessage-ID: <x@y>\nSubject: z\n"))
    assert headers.bounce.original_message_id == "x@y"
    unknown = parse(report(action="exploded", status="4.2.0", diagnostic="x")).bounce.recipients[0]
    assert (unknown.action, unknown.status) == ("delayed", "4.2.0")


@pytest.mark.parametrize(
    ("headers", "body", "address", "action", "status", "original"),
    [
        (
            {"from": "MAILER-DAEMON@qmail.example.no", "subject": "failure notice", "return_path": "<>"},
            (
                "Hi. This is the qmail-send program at qmail.example.no.\nI'm afraid I wasn't able to deliver your message.\n\n"
                "<kari@example.no>:\n192.0.2.1 does not like recipient.\nRemote host said: 550 5.1.1 No such user\n\n"
                "--- Below this line is a copy of the message.\n\nReturn-Path: <x@y>\nMessage-ID: <c.1@desk>\nTo: annen@example.no\n"
            ),
            "kari@example.no",
            "failed",
            "5.1.1",
            "c.1@desk",
        ),
        (
            {
                "from": "Mail Delivery System <Mailer-Daemon@exim.example.no>",
                "subject": "Mail delivery failed: returning message to sender",
                "x_failed_recipients": "kari@example.no",
            },
            (
                "A message that you sent could not be delivered.\n\n  kari@example.no\n    host mx [192.0.2.1]\n    550 Unknown user\n\n"
                "------ This is a copy of the message, including all the headers. ------\n\nMessage-ID: <c.2@desk>\n"
            ),
            "kari@example.no",
            "failed",
            None,
            "c.2@desk",
        ),
        (
            {
                "from": "Mail Delivery Subsystem <mailer-daemon@googlemail.com>",
                "subject": "Delivery Status Notification (Delay)",
                "return_path": "<>",
            },
            "There was a temporary problem while delivering your message to kari@example.no. Gmail will retry for 46 more hours.\n",
            "kari@example.no",
            "delayed",
            None,
            None,
        ),
        (
            {"from": "postmaster@outlook.example", "subject": "Olevererbart: Sak", "return_path": "<>"},
            (
                "Leveransen misslyckades till dessa mottagare:\n\nkari@example.no (kari@example.no)\nAdressen hittades inte.\n\n"
                "Diagnostikinformation:\nRemote Server returned '550 5.1.10 RESOLVER.ADR.RecipientNotFound'\n"
            ),
            "kari@example.no",
            "failed",
            "5.1.10",
            None,
        ),
    ],
)
def test_reports_in_words(headers, body, address, action, status, original):
    mail = read(body, **headers)
    assert mail.automatic == "bounce"
    one = mail.bounce.recipients[0]
    assert (one.address, one.action, one.status) == (address, action, status)
    assert mail.bounce.original_message_id == original


@pytest.mark.parametrize(
    "headers",
    [
        {"subject": "Undeliverable: faktura"},
        {"subject": "Mail delivery failed"},
        {"from": "postmaster@example.no", "subject": "Ny adresse til oss"},
        {"return_path": "<>", "subject": "Out of office"},
    ],
)
def test_what_is_no_bounce(headers):
    assert read("Hei, jeg fikk ikke mailen til kari@example.no", **headers).bounce is None
