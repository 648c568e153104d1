"""What is not the text: attachments, pictures in the text, invitations, winmail.dat, forwarded messages."""

import base64
import struct

import pytest

from svardesk.channels.email.parsing import Address, parse, tnef
from svardesk.channels.email.parsing.calendars import line
from tests.email.mails import multipart, raw, read

TEXT = "Content-Type: text/plain; charset=utf-8\n\nSe vedlegg"


def file(headers: str, content: bytes = b"%PDF-1.4") -> bytes:
    return headers.encode() + b"\nContent-Transfer-Encoding: base64\n\n" + base64.encodebytes(content)


@pytest.mark.parametrize(
    ("headers", "name"),
    [
        ('Content-Type: application/pdf; name="faktura.pdf"', "faktura.pdf"),
        ('Content-Type: application/pdf\nContent-Disposition: attachment; filename="faktura.pdf"', "faktura.pdf"),
        ("Content-Type: application/pdf\nContent-Disposition: attachment; filename=to ord.pdf", "to ord.pdf"),
        ("Content-Type: application/pdf\nContent-Disposition: attachment; filename*=utf-8''bl%C3%A5.pdf", "blå.pdf"),
        (
            "Content-Type: application/pdf\nContent-Disposition: attachment;\n filename*0*=iso-8859-1'nb'bl%E5;\n filename*1=b%C3;\n filename*2*=r.pdf",
            "blåb%C3r.pdf",
        ),
        (
            "Content-Type: application/pdf\nContent-Disposition: attachment;\n filename*0*=utf-8''bl%C3;\n filename*1*=%A5.pdf",
            "blå.pdf",
        ),
        (
            "Content-Type: application/pdf; name*=utf-8''x\nContent-Disposition: attachment; filename=y; filename*=utf-8''z",
            "z",
        ),
        ('Content-Type: application/pdf; name="=?utf-8?Q?bl=C3=A5.pdf?="', "blå.pdf"),
        ('Content-Type: application/pdf; name="=?utf-8?Q?bl=C3?= =?utf-8?Q?=A5.pdf?="', "blå.pdf"),
        ('Content-Type: application/pdf; name="blå.pdf"', "blå.pdf"),
        ('Content-Type: application/pdf; name="../../etc/passwd"', "passwd"),
        ('Content-Type: application/pdf; name="C:\\\\Users\\\\kari\\\\f.pdf"', "f.pdf"),
        ('Content-Type: application/pdf; name=".."', ""),
        ("Content-Type: application/pdf", ""),
        ('Content-Type: application/pdf; name="' + "a" * 300 + '.pdf"', "a" * 196 + ".pdf"),
    ],
)
def test_names(headers, name):
    mail = parse(multipart(TEXT, file(headers)))
    assert [(one.name, one.media_type, one.content) for one in mail.files] == [(name, "application/pdf", b"%PDF-1.4")]
    assert mail.text == "Se vedlegg"


def test_places_and_pictures_in_the_text():
    related = multipart(
        'Content-Type: text/html; charset=utf-8\n\n<p>Se <img src="cid:a%40b"></p>',
        file("Content-Type: image/png; name=a.png\nContent-ID: <a@b>\nContent-Disposition: attachment"),
        file("Content-Type: image/png; name=c.png\nContent-Disposition: inline"),
        file("Content-Type: image/png; name=d.png\nContent-ID: <d@d>"),
        kind="related",
    )
    mail = parse(related)
    assert [(one.part, one.name, one.content_id, one.inline) for one in mail.files] == [
        ("2", "a.png", "a@b", True),
        ("3", "c.png", None, True),
        ("4", "d.png", "d@d", False),
    ]
    assert mail.html is not None
    assert "cid:" in mail.html
    alone = parse(raw(base64.encodebytes(b"x"), content_type="image/png", content_transfer_encoding="base64"))
    assert [(one.part, one.content) for one in alone.files] == [("1", b"x")]


def test_texts_that_are_files_and_texts_that_are_not():
    mail = parse(
        multipart(
            TEXT,
            "Content-Type: text/plain; name=logg.txt\n\nlogg",
            "Content-Type: text/plain\nContent-Disposition: attachment\n\nnotat",
            "Content-Type: text/csv\n\na;b",
            "Content-Type: text/plain; charset=utf-8\n\nmer tekst",
        )
    )
    assert mail.text == "Se vedlegg\n\nmer tekst"
    assert [one.part for one in mail.files] == ["2", "3", "4"]


def test_archives_are_never_unpacked():
    content = b"PK\x03\x04" + b"\x00" * 100
    mail = parse(multipart(TEXT, file("Content-Type: application/zip; name=bombe.zip", content)))
    assert [(one.name, one.content) for one in mail.files] == [("bombe.zip", content)]


def test_a_forwarded_message_is_a_file_with_its_sender():
    inner = "From: Butikken <post@butikk.no>\nSubject: =?utf-8?Q?Tilbud_p=C3=A5_br=C3=B8d?=\n\nKjøp"
    mail = parse(multipart(TEXT, f"Content-Type: message/rfc822\n\n{inner}"))
    assert mail.forwarded_from == Address("Butikken", "post@butikk.no")
    assert [(one.name, one.media_type) for one in mail.files] == [("Tilbud på brød.eml", "message/rfc822")]
    assert mail.files[0].content.decode() == inner
    assert mail.text == "Se vedlegg"


EVENT = """BEGIN:VCALENDAR
METHOD:{method}
BEGIN:VTIMEZONE
BEGIN:STANDARD
DTSTART:16010101T030000
SUMMARY:not this
END:STANDARD
END:VTIMEZONE
BEGIN:VEVENT
SUMMARY:Befaring\\, taket
  på hytta
{when}
LOCATION:Storgata 1
ORGANIZER;CN="Kari Nordmann":mailto:kari@example.no
ATTENDEE;PARTSTAT=DECLINED;CN=Ola:mailto:ola@example.no
BEGIN:VALARM
SUMMARY:nor this
END:VALARM
END:VEVENT
END:VCALENDAR
"""


@pytest.mark.parametrize(
    ("method", "when", "told"),
    [
        (
            "REQUEST",
            "DTSTART;TZID=Europe/Oslo:20261105T140500\nDTEND;TZID=Europe/Oslo:20261105T150000",
            "📅 Befaring, taket på hytta · 2026-11-05 14:05–15:00 Europe/Oslo · Storgata 1 · Kari Nordmann <kari@example.no>",
        ),
        ("REQUEST", "DTSTART:20261105T130500Z\nDURATION:PT30M", "2026-11-05 13:05–13:35 UTC"),
        ("REQUEST", "DTSTART;VALUE=DATE:20261105\nDTEND;VALUE=DATE:20261106", "· 2026-11-05 ·"),
        ("REQUEST", "DTSTART;VALUE=DATE:20261105\nDTEND;VALUE=DATE:20261108", "2026-11-05–2026-11-07"),
        ("REQUEST", "DTSTART:20261399T990000", "📅 Befaring, taket på hytta · Storgata 1"),
        ("CANCEL", "DTSTART:20261105T130500Z", "📅 ✘ Befaring"),
        (
            "REPLY",
            "DTSTART:20261105T130500Z",
            "📅 ✘ Befaring, taket på hytta · 2026-11-05 13:05 UTC · Storgata 1 · Ola <ola@example.no>",
        ),
    ],
)
def test_invitations_are_a_line(method, when, told):
    assert told in line(EVENT.format(method=method, when=when))


def test_an_invitation_is_shown_and_kept():
    event = EVENT.format(method="REQUEST", when="DTSTART:20261105T130500Z")
    mail = parse(
        multipart(TEXT, f"Content-Type: text/calendar; method=REQUEST; charset=utf-8\n\n{event}", kind="alternative")
    )
    assert mail.visible.startswith("📅 Befaring")
    assert mail.visible.endswith("Se vedlegg")
    assert [(one.name, one.media_type) for one in mail.files] == [("invite.ics", "text/calendar")]
    assert read(event, content_type="text/calendar").visible.startswith("📅 Befaring")
    assert line("BEGIN:VCALENDAR\nEND:VCALENDAR") == ""


def attribute(level: int, tag: int, data: bytes) -> bytes:
    return struct.pack("<BII", level, tag, len(data)) + data + struct.pack("<H", sum(data) & 0xFFFF)


def properties(*given: tuple[int, int, bytes]) -> bytes:
    out = struct.pack("<I", len(given))
    for kind, name, value in given:
        out += struct.pack("<HH", kind, name)
        if kind in {0x1E, 0x1F, 0x102}:
            out += struct.pack("<II", 1, len(value)) + value + b"\x00" * (-len(value) % 4)
        else:
            out += value
    return out


def winmail() -> bytes:
    return (
        tnef.SIGNATURE
        + b"\x01\x00"
        + attribute(1, 0x00069007, struct.pack("<II", 1252, 0))
        + attribute(1, 0x0002800C, "Blåbær i teksten\x00".encode("cp1252"))
        + attribute(2, 0x00069002, b"\x00" * 14)
        + attribute(2, 0x00018010, b"FAKTUR~1.PDF\x00")
        + attribute(2, 0x0006800F, b"%PDF-1.4")
        + attribute(
            2,
            0x00069005,
            properties(
                (0x03, 0x3705, b"\x01\x00\x00\x00"),
                (0x1F, 0x3707, "Fakturå desember.pdf\x00".encode("utf-16-le")),
                (0x1E, 0x370E, b"application/pdf\x00"),
                (0x1E, 0x3712, b"<id@x>\x00"),
            ),
        )
        + attribute(2, 0x00069002, b"\x00" * 14)
        + attribute(2, 0x00018010, b"notat.txt\x00")
        + attribute(2, 0x0006800F, b"hei")
    )


def test_winmail_dat_is_opened():
    part = file('Content-Type: application/ms-tnef; name="winmail.dat"', winmail())
    mail = parse(multipart(TEXT, part))
    assert [(one.part, one.name, one.media_type, one.content, one.content_id) for one in mail.files] == [
        ("2.t1", "Fakturå desember.pdf", "application/pdf", b"%PDF-1.4", "id@x"),
        ("2.t2", "notat.txt", "text/plain", b"hei", None),
    ]
    assert mail.text == "Se vedlegg"
    assert parse(multipart(part)).text == "Blåbær i teksten"


def test_winmail_dat_that_is_broken_or_none():
    whole = winmail()
    for cut in range(0, len(whole), 7):
        found = tnef.read(whole[:cut])
        assert (found is None) == (cut < 4)
    mail = parse(multipart(TEXT, file('Content-Type: application/ms-tnef; name="winmail.dat"', b"noe annet")))
    assert [(one.name, one.content) for one in mail.files] == [("winmail.dat", b"noe annet")]
    assert "a winmail.dat that is none" in mail.problems


def test_signatures_of_pgp_are_no_files():
    mail = parse(
        multipart(TEXT, "Content-Type: application/pgp-signature; name=signature.asc\n\n-----BEGIN", kind="signed")
    )
    assert (mail.text, mail.files) == ("Se vedlegg", ())
