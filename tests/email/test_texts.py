"""Bytes to text: charsets, transfer encodings, flowed lines, limits."""

import base64
import quopri

import pytest

from svardesk.channels.email.parsing import parse
from svardesk.channels.email.parsing.charsets import decode
from svardesk.channels.email.parsing.flowed import unflowed
from tests.email.mails import html, multipart, raw, read


@pytest.mark.parametrize(
    ("content", "declared", "told"),
    [
        ("blåbær", "utf-8", "utf-8"),
        ("blåbær – “hei” €", "iso-8859-1", "cp1252"),
        ("blåbær", "us-ascii", "cp1252"),
        ("blåbær", "us-ascii", "utf-8"),
        ("blåbær", "iso-8859-1", "utf-8"),
        ("blåbær – 10 €", "", "cp1252"),
        ("blåbær", "x-unknown", "cp1252"),
        ("blåbær", 'utf-8 "', "utf-8"),
        ("blåbær", "utf-8", "cp1252"),
        ("blåbær", "hex", "utf-8"),
        ("blåbær", "unicode_escape", "utf-8"),
        ("blåbær €", "iso-8859-15", "iso-8859-15"),
        ("Привет, как дела? Меня зовут Анна", "koi8-r", "koi8-r"),
        ("blåbær", "utf-16", "utf-16"),
        ("žluťoučký kůň", "windows-1250", "cp1250"),
    ],
)
def test_charsets(content, declared, told):
    assert decode(content.encode(told), declared)[0] == content


def test_what_was_wrong_with_a_charset_is_told():
    assert decode("å".encode(), "iso-8859-1")[1] == "declared 'iso-8859-1' but is utf-8"
    assert "cp1252" in decode("å".encode("cp1252"), "us-ascii")[1]
    assert "unknown charset 'klingon'" in decode(b"abc", "klingon")[1]
    assert decode(b"abc", "utf-8")[1] == ""


def test_controls_and_surrogates_never_reach_a_database():
    mail = read("a\x00b\x08c\ufeffd\u2028e\r\nf".encode())
    assert mail.text == "abcd\ne\nf"
    mail = parse(raw(b"+2AA-", content_type="text/plain; charset=utf-7"))
    assert mail.text.encode("utf-8")
    assert html("a&#xD800;b&#0;c").text.encode("utf-8")


def test_nfd_text_becomes_nfc():
    assert read("Bla\u030aba\u0308r").text == "Blåbär"


def test_html_without_a_declared_charset_says_it_in_a_meta_tag():
    body = '<meta http-equiv="Content-Type" content="text/html; charset=koi8-r"><p>Привет'.encode("koi8-r")
    assert parse(raw(body, content_type="text/html")).text == "Привет"


def test_flowed_lines():
    assert unflowed("a \nb\nc", delsp=False) == "a b\nc"
    assert unflowed("lang \nord", delsp=True) == "langord"
    assert unflowed("> a \n> b\n>> c \nd", delsp=False) == "> a b\n>> c \nd"
    assert unflowed("hei \n-- \nKari \nN", delsp=False) == "hei \n-- \nKari N"
    assert unflowed(" From x\n >y", delsp=False) == "From x\n>y"
    mail = read("Dette er en \nlang linje.\n", content_type="text/plain; charset=utf-8; format=flowed")
    assert mail.text == "Dette er en lang linje."
    mail = read("Dette er del \nt.\n", content_type="text/plain; charset=utf-8; format=flowed; delsp=yes")
    assert mail.text == "Dette er delt."


def test_transfer_encodings_also_wrong_ones():
    text = "Blåbærsyltetøy koster 79 kroner på butikken, men dere tok 97. Hvorfor det?"
    encoded = base64.encodebytes(text.encode())
    for name in ("base64", "BASE64", '"base64"'):
        assert read(encoded, content_transfer_encoding=name).text == text
    assert read(encoded.rstrip(b"=\n"), content_transfer_encoding="base64").text == text
    assert read(encoded + b"\n-- \nen fotnote fra listen\n", content_transfer_encoding="base64").text == text
    long = base64.encodebytes(text.encode() * 20)
    broken = read(long[:241] + long[242:], content_transfer_encoding="base64")
    assert broken.text.startswith(text)
    assert broken.text.endswith(text)
    assert "broken base64" in broken.problems
    plain = read(text, content_transfer_encoding="base64")
    assert plain.text == text
    assert "declared base64 but is plain text" in plain.problems
    assert read(quopri.encodestring(text.encode()), content_transfer_encoding="quoted-printable").text == text
    assert read("100 % = alt", content_transfer_encoding="quoted-printable").text.startswith("100 % = alt")
    unknown = read(text, content_transfer_encoding="rot13")
    assert unknown.text == text
    assert "unknown transfer encoding 'rot13', taken as it is" in unknown.problems


def test_uuencoded_files_stand_in_the_text_no_more():
    body = "Se vedlegg\n\nbegin 644 notat.txt\n#0V%T\n`\nend\n\nHilsen\n"
    mail = read(body)
    assert [(one.name, one.content) for one in mail.files] == [("notat.txt", b"Cat")]
    assert "#0V%T" not in mail.text
    assert "Se vedlegg" in mail.visible
    assert read("begin 644 notat.txt\nikke kodet\n").text == "begin 644 notat.txt\nikke kodet"


def test_text_longer_than_the_limit_is_cut():
    mail = read("å" * 1_500_000)
    assert len(mail.text) == 1_000_000
    assert "a text longer than 1 MB was cut" in mail.problems


def test_over_35_mb_only_the_header_is_read():
    mail = parse(raw(b"x" * (36 << 20), message_id="<stor@x>"))
    assert (mail.message_id, mail.subject, mail.text, mail.files) == ("stor@x", "Sak", "", ())
    assert "larger than 35 MB, only the header was read" in mail.problems


def test_depth_and_number_of_parts_are_limited():
    body = b""
    for level in range(100):
        body += f"Content-Type: multipart/mixed; boundary=b{level}\n\n--b{level}\n".encode()
    mail = parse(b"Subject: dyp\n" + body + b"Content-Type: text/plain\n\nhei\n")
    assert mail.subject == "dyp"
    assert any("deep" in one for one in mail.problems)
    mail = parse(multipart(*["Content-Type: text/x-a\n\nhei"] * 5000))
    assert len(mail.files) == 199
    assert any("more than 200 parts" in one for one in mail.problems)


def test_boundaries_that_are_wrong_or_missing():
    body = "--abc\nContent-Type: text/plain\n\nhei\n--abc--\n"
    for declared in ("multipart/mixed", "multipart/mixed; boundary=annen", 'multipart/mixed; boundary=""'):
        mail = read(body, content_type=declared)
        assert mail.text == "hei"
        assert any("boundary" in one for one in mail.problems)
    assert read("bare tekst", content_type="multipart/mixed; boundary=x").text == "bare tekst"
    unclosed = read("--x\nContent-Type: text/plain\n\nhei", content_type="multipart/mixed; boundary=x")
    assert unclosed.text == "hei"
    # a boundary that begins like another
    nested = "--x\nContent-Type: multipart/alternative; boundary=xy\n\n--xy\n\nhei\n--xy--\n--x--\n"
    assert read(nested, content_type="multipart/mixed; boundary=x").text == "hei"


def test_plain_is_the_text_unless_it_says_nothing():
    def both(plain: str) -> str:
        return parse(
            multipart(
                f"Content-Type: text/plain; charset=utf-8\n\n{plain}",
                "Content-Type: text/html; charset=utf-8\n\n<p>Hva koster <b>strøm</b> nå?</p>",
                kind="alternative",
            )
        ).text

    assert both("Hva koster strøm nå? Mvh") == "Hva koster strøm nå? Mvh"
    for empty in (
        "",
        "  \n\n",
        "Denne meldingen må leses i HTML. Åpne den i et e-postprogram som støtter HTML.",
        "View this email in your browser: https://ex.no/x",
        "Visa mejlet i webbläsaren",
        "<html><p>Hva</p></html>",
    ):
        assert both(empty) == "Hva koster strøm nå?", empty
