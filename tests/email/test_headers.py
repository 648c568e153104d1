"""Header fields as real mail brings them: broken, raw, split in the middle of a character."""

from datetime import UTC, datetime

import pytest

from svardesk.channels.email.parsing import Address, parse
from svardesk.channels.email.parsing.headers import date, decode_words, message_id
from svardesk.channels.email.parsing.subjects import bare, is_forward
from tests.email.mails import raw, read


def header(name: str, value: bytes) -> bytes:
    return name.encode() + b": " + value + b"\n\nHei\n"


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("=?utf-8?Q?P=C3=A5minnelse?=", "Påminnelse"),
        ("=?utf-8?B?UMOlbWlubmVsc2U=?=", "Påminnelse"),
        # split between the two bytes of å, over a fold
        ("=?utf-8?Q?P=C3?=\n =?utf-8?Q?=A5minnelse?=", "Påminnelse"),
        ("=?utf-8?B?UMM=?= =?utf-8?B?pW1pbm5lbHNl?=", "Påminnelse"),
        ("=?iso-8859-1?Q?F=F8rste?= =?iso-8859-1?Q?_g=E5ng?=", "Første gång"),
        ("=?iso-8859-1?Q?F=F8r?= =?utf-8?Q?_g=C3=A5ng?=", "Før gång"),
        ("Re: =?utf-8*nb?Q?Str=C3=B8m?= og =?utf-8?Q?vann?=", "Re: Strøm og vann"),
        # NFD, as a Mac writes it
        ("=?utf-8?Q?A=CC=8Arsoppgj=C3=B8r?=", "Årsoppgjør"),
        ("=?utf-8?Q?med mellomrom i?=", "med mellomrom i"),
        ("=?windows-1252?Q?10_=80?=", "10 €"),
        ("=?x-ukjent?Q?Bl=E5?=", "Blå"),
        ("=?utf-8?Q?uten_slutt", "=?utf-8?Q?uten_slutt"),
        ("=?utf-8?B?!!!?=", ""),
    ],
)
def test_encoded_words(value, told):
    assert decode_words(value) == told
    assert parse(header("Subject", value.encode())).subject == told


def test_raw_eight_bit_headers_are_utf8_or_cp1252():
    assert parse(header("Subject", "Strøm på hytta".encode())).subject == "Strøm på hytta"
    assert parse(header("Subject", "Strøm – på hytta".encode("cp1252"))).subject == "Strøm – på hytta"
    assert parse(header("From", "Åse Bø <ase@example.no>".encode("cp1252"))).sender == Address(
        "Åse Bø", "ase@example.no"
    )


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("<a.b@c>", "a.b@c"),
        ("  <a@b> (added by relay@example.no)", "a@b"),
        ("<[x@y]>", "[x@y]"),
        ("<<a@b>>", "<a@b>"),
        ("a@b", "a@b"),
        ("< a\n  b @c >", "a b @c"),
        ("<", None),
        ("<>", None),
        ("", None),
    ],
)
def test_message_ids_also_malformed_ones(value, told):
    assert message_id(value) == told
    assert parse(header("Message-ID", value.encode())).message_id == told


def test_ids_of_the_thread_in_order_each_once():
    mail = read(in_reply_to="Your message of Monday <a@x>", references="<a@x>\n <b@y>junk<c@z> <a@x>")
    assert mail.in_reply_to == ("a@x",)
    assert mail.references == ("a@x", "b@y", "c@z")
    assert read(in_reply_to="a@x b@y").in_reply_to == ("a@x", "b@y")


@pytest.mark.parametrize(
    ("value", "name", "address"),
    [
        ("Kari Nordmann <kari@Example.NO>", "Kari Nordmann", "kari@example.no"),
        ('"Kari, N" kari@ex.no', "Kari, N", "kari@ex.no"),
        ('"Nordmann, Kari" <kari@ex.no>', "Nordmann, Kari", "kari@ex.no"),
        ("Nordmann, Kari <kari@ex.no>", "Nordmann, Kari", "kari@ex.no"),
        ("kari@ex.no (Kari N)", "Kari N", "kari@ex.no"),
        ("<kari@ex.no>", "", "kari@ex.no"),
        ("kari@ex.no", "", "kari@ex.no"),
        ("'kari@ex.no' <kari@ex.no>", "", "kari@ex.no"),
        ('"banken@bank.no" <tyv@ex.com>', "banken@bank.no", "tyv@ex.com"),
        ("=?utf-8?Q?Nordmann=2C_K=C3=A5re?= <k@ex.no>", "Nordmann, Kåre", "k@ex.no"),
        ("=?utf-8?Q?K=C3=A5re_=3Ck=40ex.no=3E?=", "Kåre", "k@ex.no"),
        ("Kari <mailto:kari@ex.no>", "Kari", "kari@ex.no"),
        ("Kari <kari@ex.no", "Kari", "kari@ex.no"),
        ('"Kari <kari@ex.no>', "Kari", "kari@ex.no"),
        ("Kari <kari @ex.no>", "Kari", "kari@ex.no"),
        ('"odd name"@ex.no', "", '"odd name"@ex.no'),
        ('"Per \\"Pelle\\" P" <p@ex.no>', "Per Pelle P", "p@ex.no"),
    ],
)
def test_senders(value, name, address):
    assert parse(header("From", value.encode())).sender == Address(name, address)


@pytest.mark.parametrize(
    "value", ["", "<", ">", "@", "Kari", "<>", "undisclosed-recipients:;", "[", '"', "=?utf-8?Q?=", "a@", "@b.no"]
)
def test_no_sender_can_be_read(value):
    assert parse(header("From", value.encode())).sender is None


def test_several_people_and_groups():
    mail = parse(header("To", b'A <a@x.no>, "B, C" <b@x.no>; d@x.no, Gruppe: e@x.no, f@x.no;'))
    assert [one.address for one in mail.to] == ["a@x.no", "b@x.no", "d@x.no", "e@x.no", "f@x.no"]


def test_where_it_was_delivered_and_who_gets_bounces():
    mail = parse(
        b"Return-Path: <>\nDelivered-To: svar+abc@in.example\nX-Original-To: <Hjelp@In.Example>\nEnvelope-To: svar+abc@in.example\n\nx"
    )
    assert mail.delivered_to == ("svar+abc@in.example", "Hjelp@in.example")
    assert mail.return_path == ""
    assert read().return_path is None
    assert read(return_path="<kari@example.no>").return_path == "kari@example.no"


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("Thu, 5 Nov 2026 14:05:09 +0100", datetime(2026, 11, 5, 13, 5, 9, tzinfo=UTC)),
        ("5 Nov 2026 14:05 CET (foo)", datetime(2026, 11, 5, 13, 5, tzinfo=UTC)),
        ("Thu, 5 Nov 26 14:05:60 -0000", datetime(2026, 11, 5, 14, 5, 59, tzinfo=UTC)),
        ("2026-11-05T14:05:00+02:00", datetime(2026, 11, 5, 12, 5, tzinfo=UTC)),
        ("tor, 5 okt 2026 14:05:00 +0200", datetime(2026, 10, 5, 12, 5, tzinfo=UTC)),
        ("5 Nov 2026 14:05:00 +9999", None),
        ("35 Nov 2026 14:05:00 +0000", None),
        ("5 Nov 0001 00:00:00 +0000", None),
        ("i går", None),
        ("", None),
    ],
)
def test_dates(value, told):
    assert date(value) == told


@pytest.mark.parametrize(
    ("subject", "told"),
    [
        ("SV: Re: Faktura", "Faktura"),
        ("Re[2]: RE(3): re^4: Faktura", "Faktura"),
        ("VS: VL: Lasku", "Lasku"),
        ("Ang: Antw: AW: x", "x"),
        ("VB:Räkning", "Räkning"),
        ("Fwd: FW: x", "x"),
        ("Referanse 12: status", "Referanse 12: status"),
        ("Respons: takk", "Respons: takk"),
        ("SVENSK: sak", "SVENSK: sak"),
        ("Re:", ""),
        ("", ""),
    ],
)
def test_bare_subjects(subject, told):
    assert bare(subject) == told


def test_vs_is_an_answer_in_finnish_and_passed_on_elsewhere():
    assert is_forward("VS: Faktura", finnish=False)
    assert not is_forward("VS: Lasku", finnish=True)
    assert is_forward("VL: Lasku", finnish=True)
    assert not is_forward("SV: VS: Faktura", finnish=False)


def test_headers_that_are_none():
    assert parse(b"bare tekst uten hode\nlinje to\n").text == "bare tekst uten hode\nlinje to"
    assert parse(b"").text == ""
    assert parse(b"\n\nFrom: a@b.no\nSubject: x\n\nhei").subject == "x"
    assert parse(b"From kari@x Thu Nov  5 14:05:00 2026\nSubject: x\n\nhei").subject == "x"
    mail = parse(b"Subject: x\nbroken line\nFrom: a@b.no\n\nhei")
    assert (mail.subject, mail.sender, mail.text) == ("x", Address("", "a@b.no"), "hei")
    assert any("no header field" in one for one in mail.problems)
    mail = parse(b"Subject: x\nFrom: a@b.no\nTeksten begynner uten tom linje")
    assert mail.text == "Teksten begynner uten tom linje"
    assert parse(b"Subject: x\rFrom: a@b.no\r\rhei\r").text == "hei"


def test_header_bombs_end():
    mail = parse(b"X-A: 1\n" * 200_000 + b"\nhei")
    assert any("header" in one for one in mail.problems)
    mail = parse(b"Subject: x\n" + b" y\n" * 500_000 + b"\nhei")
    assert len(mail.subject) <= 64 << 10
    mail = parse(raw(references="<a@b> " * 100_000))
    assert mail.references == ("a@b",)
