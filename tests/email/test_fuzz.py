"""No bytes make the parser raise, and the same bytes always give the same answer."""

import base64
import time

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from svardesk.channels.email.parsing import ParsedMail, parse
from tests.email import corpus_check
from tests.email.mails import raw

NAMES = st.sampled_from(
    [
        "From",
        "To",
        "Cc",
        "Reply-To",
        "Subject",
        "Date",
        "Message-ID",
        "In-Reply-To",
        "References",
        "Content-Type",
        "Content-Transfer-Encoding",
        "Content-Disposition",
        "Content-ID",
        "Authentication-Results",
        "Auto-Submitted",
        "Return-Path",
        "Delivered-To",
        "Precedence",
        "X-Svardesk-Loop",
        "List-Id",
    ]
)
PIECES = st.sampled_from(
    [
        "<",
        ">",
        "<a@b>",
        "@",
        '"',
        "\\",
        "(",
        ")",
        ";",
        ",",
        ":",
        "=",
        "=?utf-8?Q?",
        "?=",
        "=?utf-8?B?w6U=?=",
        "multipart/mixed",
        "multipart/report",
        "boundary=x",
        "text/html",
        "text/plain",
        "charset=",
        "utf-16",
        "format=flowed",
        "base64",
        "quoted-printable",
        "x-uuencode",
        "*0*=",
        "''%C3",
        "\n ",
        "\x00",
        "å",
        "\ufffd",
        "message/delivery-status",
        "application/ms-tnef",
        "text/calendar",
        "dmarc=pass",
        "header.from=b",
        "2026-11-05",
        "99:99:99",
        "+9999",
    ]
)
LINES = st.sampled_from(
    [
        b"--x",
        b"--x--",
        b"",
        b"> sitat",
        b">>> dypt",
        b"Den 5. nov. 2026 kl. 14:05 skrev Kari <k@e.no>:",
        b"Fra: a@b.no",
        b"Sendt: 14:05",
        b"Til: x",
        b"Emne: y",
        b"-----Opprinnelig melding-----",
        b"_" * 40,
        b"-- ",
        b"Mvh",
        b"Kari",
        b"PS: hei",
        b"Sendt fra min iPhone",
        b"Content-Type: text/html",
        b"Content-Type: multipart/mixed; boundary=x",
        b"<blockquote type=cite>",
        b'<div id="divRplyFwdMsg">',
        b"</div>",
        b"<p>",
        b"begin 644 a",
        b"end",
        b"BEGIN:VEVENT",
        b"DTSTART:20261105",
        b"---------- Forwarded message ---------",
        b"| hei",
        b"skrev:",
        b"\xff\xfe",
        b"Action: failed",
        b"Final-Recipient: rfc822; a@b.no",
    ]
)


def check(content: bytes) -> ParsedMail:
    mail = parse(content, trusted_authserv=["", "mx"], own_addresses=["a@b.no"], instance="x")
    assert mail == parse(content, trusted_authserv=["", "mx"], own_addresses=["a@b.no"], instance="x")
    assert not any("could not be read" in one for one in mail.problems), mail.problems
    assert bool(mail.text.strip()) <= bool(mail.visible.strip())
    # what a database and JSON take: no NUL, no lone surrogates
    encoded = msgspec.json.encode(msgspec.structs.replace(mail, files=()))
    assert b"\\u0000" not in encoded
    return mail


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=2000))
def test_random_bytes(content):
    check(content)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(NAMES, st.lists(PIECES | st.text(max_size=5), max_size=6)), max_size=8),
    st.lists(LINES, max_size=25),
)
def test_random_headers_and_lines(headers, body):
    head = "".join(f"{name}: {''.join(value)}\n" for name, value in headers).encode("utf-8", "replace")
    check(head + b"\n" + b"\n".join(body))


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_mutated_mails(data):
    mails = corpus_check.mails()
    original = data.draw(st.sampled_from(mails)).read_bytes() if mails else raw("Hei\n> a\n")
    content = bytearray(original)
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, max(0, len(content) - 1)))
        kind = data.draw(st.sampled_from(["drop", "double", "put", "cut"]))
        span = data.draw(st.integers(1, 60))
        if kind == "drop":
            del content[at : at + span]
        elif kind == "double":
            content[at:at] = content[at : at + span]
        elif kind == "put":
            content[at:at] = data.draw(st.binary(max_size=8))
        else:
            del content[at + span * 20 :]
    check(bytes(content))


@pytest.mark.slow
@pytest.mark.parametrize(
    "bomb",
    [
        raw("> 1\n" * 250_000),
        raw("--\n" * 330_000),
        raw("mvh\n" * 250_000),
        raw("a\n" * 500_000),
        raw(">" * 1_000_000),
        raw("skrev:\n" * 140_000),
        raw("_" * 12 + "\n\n" + ("_" * 12 + "\n\n") * 70_000),
        raw("Fra: a@b.no\n" * 80_000),
        raw("Den 5. nov. 2026 kl. 14:05 " * 35_000),
        raw("a@" * 500_000),
        raw(" " * 1_000_000),
        raw("x\n\n" * 300_000, content_type="text/plain; format=flowed"),
        raw("x " * 500_000 + "\n" + "y \n" * 300_000, content_type="text/plain; format=flowed"),
        raw(b"\n--x" + b"\n--xy" * 400_000, content_type="multipart/mixed; boundary=x"),
        raw("begin 644 a\n" * 80_000),
        raw(b"=" * 1_000_000, content_transfer_encoding="quoted-printable"),
        raw(base64.encodebytes(b"\xe5\x01" * 500_000), content_transfer_encoding="base64"),
        raw(b"\x81\x8d" * 400_000),
        raw(From="(" * 60_000),
        raw(From="a@b.no," * 9_000),
        raw(subject="=?utf-8?Q?" * 6_000),
        raw(subject="Re: " * 15_000),
        raw(content_type="text/plain;" + 'a="' * 15_000),
        raw(**{"authentication-results": "(" * 30_000 + ";" * 30_000}),
    ],
    ids=range(24),
)
def test_no_text_is_slow(bomb):
    began = time.process_time()
    mail = parse(bomb)
    assert time.process_time() - began < 8
    assert not any("could not be read" in one for one in mail.problems)
