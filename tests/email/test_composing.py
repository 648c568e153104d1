"""What an answer looks like as a mail: read back by Python's own parser, and checked line by line where people see it."""

import re
from datetime import UTC, datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import default
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from svardesk.channels.email.composing import Outgoing, Quoted, attribution, compose
from svardesk.channels.email.mime import Address, Attached, BadMailAddress
from svardesk.channels.email.writing import flowed, flowed_quote, html

KARI = Address("kari@example.no", "Kari Nordmann")
US = Address("kundeservice@fjordnett.example", "Fjordnett, kundeservice")
AT = datetime(2026, 11, 25, 13, 5, tzinfo=UTC)
URL = "https://fjordnett.example/sporing?nummer=1234567890&språk=nb&" + "langt" * 20


def outgoing(**more: Any) -> Outgoing:
    given: dict[str, Any] = {
        "message_id": "<c.a.b.c@fjordnett.example>",
        "date": AT,
        "sender": US,
        "to": (KARI,),
        "subject": "Re: Hvor er pakken min?",
        "text": "Hei Kari!\n\nPakken er på vei.",
    }
    return Outgoing(**(given | more))


def parsed(**more: Any) -> EmailMessage:
    raw = compose(outgoing(**more)).raw
    assert all(len(line) <= 998 for line in raw.split(b"\r\n"))
    assert b"\n" not in raw.replace(b"\r\n", b"") and b"\r" not in raw.replace(b"\r\n", b"")
    message = message_from_bytes(raw, policy=default)
    assert isinstance(message, EmailMessage)
    assert not message.defects and not any(part.defects for part in message.walk())
    return message


def plain(message: EmailMessage) -> str:
    part = message.get_body(("plain",))
    assert part is not None and part.get_param("format") == "flowed"
    return part.get_content().replace("\r\n", "\n")


def unflowed(text: str) -> str:
    """What a reader of RFC 3676 shows: soft ends joined, stuffing taken away, quotes kept as ``>``."""
    out: list[str] = []
    goes_on = False
    for line in text.split("\n"):
        marks = re.match(r">*", line)
        assert marks is not None
        body = line[marks.end() :].removeprefix(" ")
        if goes_on:
            out[-1] += body
        else:
            out.append((marks[0] + " " if marks[0] else "") + body)
        goes_on = line.endswith(" ")
    return "\n".join(out)


def page(message: EmailMessage) -> str:
    part = message.get_body(("html",))
    assert part is not None
    return part.get_content().replace("\r\n", "\n")


# ------------------------------------------------------------------------------------------------ headers


def test_an_answer_read_back() -> None:
    message = parsed(
        cc=(Address("liv@example.no", "Liv Åse"),),
        bcc=(Address("leder@fjordnett.example"),),
        reply_to="kundeservice+abc@fjordnett.example",
        in_reply_to="<3@example.no>",
        references=("<1@example.no>", "<2@example.no>"),
        instance="fjordnett",
        signature="Vennlig hilsen\nAnna",
    )
    assert [(name, str(value)) for name, value in message.items()] == [
        ("Date", "Wed, 25 Nov 2026 14:05:00 +0100"),
        ("From", '"Fjordnett, kundeservice" <kundeservice@fjordnett.example>'),
        ("To", "Kari Nordmann <kari@example.no>"),
        ("Cc", "Liv Åse <liv@example.no>"),
        ("Reply-To", '"Fjordnett, kundeservice" <kundeservice+abc@fjordnett.example>'),
        ("Subject", "Re: Hvor er pakken min?"),
        ("Message-ID", "<c.a.b.c@fjordnett.example>"),
        ("In-Reply-To", "<3@example.no>"),
        ("References", "<1@example.no> <2@example.no> <3@example.no>"),
        ("X-Svardesk-Loop", "fjordnett"),
        ("Content-Language", "nb"),
        ("MIME-Version", "1.0"),
        ("Content-Type", message["Content-Type"]),
    ]
    assert [part.get_content_type() for part in message.walk()] == [
        "multipart/alternative",
        "text/plain",
        "text/html",
    ]
    assert plain(message) == "Hei Kari!\n\nPakken er på vei.\n\nVennlig hilsen\nAnna\n"
    raw = compose(outgoing(bcc=(Address("leder@fjordnett.example"),))).raw
    assert b"leder@" not in raw


def test_the_envelope_names_everybody_once() -> None:
    composed = compose(
        outgoing(
            to=(KARI, Address("LIV@example.no")),
            cc=(Address("liv@example.no"), Address("ola@example.no")),
            bcc=(Address("kari@example.no"), Address("åse@blåbær.example")),
        )
    )
    assert composed.recipients == (
        "kari@example.no",
        "LIV@example.no",
        "ola@example.no",
        "åse@xn--blbr-roah.example",
    )


def test_the_same_mail_is_the_same_bytes_each_time() -> None:
    mail = outgoing(
        attachments=(Attached(name="a.pdf", media_type="application/pdf", content=b"%PDF"),),
        quoted=Quoted(author=KARI, sent_at=AT, text="Hei"),
    )
    first = compose(mail).raw
    assert first == compose(mail).raw
    other = compose(msgspec.structs.replace(mail, message_id="<c.a.b.d@fjordnett.example>")).raw
    boundaries = [set(re.findall(rb'boundary="([^"]+)"', raw)) for raw in (first, other)]
    assert len(boundaries[0]) == 2 and not boundaries[0] & boundaries[1]


@pytest.mark.parametrize("kind", ["replied", "generated"])
def test_only_automatic_mail_says_so(kind: Any) -> None:
    automatic = parsed(automatic=kind)
    assert automatic["Auto-Submitted"] == f"auto-{kind}"
    assert automatic["X-Auto-Response-Suppress"] == "OOF, AutoReply"
    by_hand = parsed()
    assert by_hand["Auto-Submitted"] is None and by_hand["X-Auto-Response-Suppress"] is None


def test_long_threads_are_capped_and_keep_their_beginning_and_their_end() -> None:
    ids = [f"<{number}.{'x' * 60}@mail.example.no>" for number in range(50)]
    raw = compose(outgoing(references=tuple(ids[:49]), in_reply_to=ids[49])).raw
    message = message_from_bytes(raw)
    assert message["References"].split() == [ids[0], *ids[31:]]
    assert len(ids[31:]) == 19
    # Not one of them is folded into encoded words, which no program looks into.
    head = raw.split(b"\r\n\r\n", 1)[0]
    assert b"=?" not in head and all(len(line) < 100 for line in head.split(b"\r\n"))


def test_junk_in_their_references_is_left_out() -> None:
    message = parsed(
        references=("<a@x> (comment) <b@x>", "junk", "<c d@x>", "<a@x>"), in_reply_to="\r\nBcc: x@y\r\n<e@x>"
    )
    assert message["References"] == "<a@x> <b@x> <e@x>"
    assert message["In-Reply-To"] == "<e@x>"
    assert message["Bcc"] is None


@given(st.text(max_size=120))
def test_any_subject_and_name_come_back_and_inject_nothing(text: str) -> None:
    raw = compose(outgoing(subject=text, sender=Address(US.email, text), to=(Address(KARI.email, text),))).raw
    head = raw.split(b"\r\n\r\n", 1)[0]
    assert head.isascii()
    assert all(len(line) <= 100 for line in head.split(b"\r\n"))
    names = [line.split(b":")[0] for line in head.split(b"\r\n") if not line.startswith(b" ")]
    assert names == [
        b"Date", b"From", b"To", b"Subject", b"Message-ID", b"Content-Language", b"MIME-Version", b"Content-Type",
    ]  # fmt: skip
    message = message_from_bytes(raw, policy=default)
    expected = re.sub(r"[\x00-\x20\x7f\x85\xa0\u2028\u2029]+", " ", text).strip()
    assert str(message["Subject"]).split() == expected.split()
    (shown,) = message["To"].addresses
    assert shown.addr_spec == KARI.email
    # The newer parser of 3.11 puts spaces between encoded words of a name that fills two lines; the older one does not.
    phrase = str(message_from_bytes(raw)["To"]).rpartition("<")[0].strip()
    name = str(make_header(decode_header(phrase))) if "=?" in phrase else shown.display_name
    assert name.split() == ("" if expected.lower() == KARI.email else expected).split()


@pytest.mark.parametrize(
    "email", ["kari", "kari@x.no\r\nBcc: alle@x.no", "a b@x.no", "kari@x.no>", "", "@x", "kari@.."]
)
def test_what_is_no_address_is_refused(email: str) -> None:
    if email == "kari@..":
        email = "kari@å" + "." * 2
    for field in ("to", "cc", "bcc"):
        with pytest.raises(BadMailAddress):
            compose(outgoing(**{field: (Address(email),)}))
    with pytest.raises(BadMailAddress):
        compose(outgoing(reply_to=email or " "))


def test_a_local_part_beyond_ascii_stands_as_it_is() -> None:
    raw = compose(outgoing(to=(Address("åse@example.no", "Åse"),))).raw
    assert "<åse@example.no>".encode() in raw


def test_a_mail_to_hidden_recipients_only() -> None:
    assert b"\r\nTo: undisclosed-recipients:;\r\n" in compose(outgoing(to=(), bcc=(KARI,))).raw


# ------------------------------------------------------------------------------------------------ files


@pytest.mark.parametrize(
    "name",
    [
        "faktura.pdf",
        'med "anførsel" og \\.pdf',
        "Faktura for november – kundenummer 12345678 – Ærlig Ødegård og sønner AS.pdf",
        "発注書" * 30 + ".pdf",
        "x" * 200 + ".pdf",
    ],
)
def test_names_of_files_come_back(name: str) -> None:
    message = parsed(attachments=(Attached(name=name, media_type="application/pdf", content=b"\x00\xff" * 500),))
    (part,) = message.iter_attachments()
    assert part.get_filename() == name.replace("\\", "_")
    assert part.get_content_type() == "application/pdf"
    assert part.get_payload(decode=True) == b"\x00\xff" * 500


def test_files_of_odd_kinds_are_plain_bytes() -> None:
    kinds = ["message/rfc822", "multipart/mixed", "text/html\r\nX-Evil: 1", ""]
    files = tuple(Attached(name="a\r\nX-Evil: 1", media_type=kind, content=b"From: x\r\n\r\nhei") for kind in kinds)
    message = parsed(attachments=files)
    parts = list(message.iter_attachments())
    assert [part.get_content_type() for part in parts] == ["application/octet-stream"] * 4
    assert all(part["X-Evil"] is None and part.get_payload(decode=True) == b"From: x\r\n\r\nhei" for part in parts)


# ------------------------------------------------------------------------------------------------ the text


@given(
    st.text(
        alphabet=st.characters(blacklist_categories=["Cs", "Cc"], blacklist_characters="\u2028\u2029"), max_size=400
    )
)
def test_wrapping_loses_no_word(text: str) -> None:
    lines = flowed(text).split("\n")
    assert all(len(line) <= 73 or " " not in line.strip() for line in lines)
    assert unflowed(flowed(text)).split() == text.split()
    quoted = unflowed(flowed_quote(text))
    assert quoted.replace(">", "").split() == text.replace(">", "").split()


def test_long_addresses_stay_whole() -> None:
    text = f"Se pakken din her: {URL} – eller ring oss på 22 33 44 55 når du vil, så hjelper vi deg gjerne."
    shown = plain(parsed(text=text))
    assert URL in shown.split("\n")[1]
    assert unflowed(shown).strip() == text


def test_lines_that_would_be_misread_are_stuffed() -> None:
    assert flowed("From nå av\n> ikke et sitat\n  innrykk") == " From nå av\n > ikke et sitat\n   innrykk"
    assert plain(parsed(text="ett \n\n\nto\r\ntre")) == "ett\n\n\nto\ntre\n"


def test_paragraphs_lists_and_links() -> None:
    text = (
        "Hei & <velkommen>!\nAndre linje.\n\nGjør slik:\n1. Slå av ruteren\n2. Vent (se www.fjordnett.example/hjelp).\n\n"
        "- en\n- to\n\nSkriv til hjelp@fjordnett.example, eller se https://x.example/a_(b)?c=1&d=2.\n\n"
        "25. november er vi stengt.\n- Anna"
    )
    assert html(text) == (
        '<p style="margin:0 0 12px">Hei &amp; &lt;velkommen&gt;!<br>\nAndre linje.</p>\n'
        '<p style="margin:0 0 12px">Gjør slik:</p>\n'
        "<ol>\n<li>Slå av ruteren</li>\n"
        '<li>Vent (se <a href="https://www.fjordnett.example/hjelp">www.fjordnett.example/hjelp</a>).</li>\n</ol>\n'
        "<ul>\n<li>en</li>\n<li>to</li>\n</ul>\n"
        '<p style="margin:0 0 12px">Skriv til <a href="mailto:hjelp@fjordnett.example">hjelp@fjordnett.example</a>, '
        'eller se <a href="https://x.example/a_(b)?c=1&amp;d=2">https://x.example/a_(b)?c=1&amp;d=2</a>.</p>\n'
        '<p style="margin:0 0 12px">25. november er vi stengt.<br>\n- Anna</p>'
    )


def test_a_list_that_goes_on_keeps_its_numbers() -> None:
    assert html("3. tre\n4. fire") == '<ol start="3">\n<li>tre</li>\n<li>fire</li>\n</ol>'


@given(st.text(max_size=300))
def test_no_text_becomes_markup(text: str) -> None:
    made = html(text + "\n<script>alert(1)</script>\nhttps://x.example/\"onclick='x")
    assert set(re.findall(r"<(/?[a-z]+)", made)) <= {"p", "/p", "br", "ul", "/ul", "ol", "/ol", "li", "/li", "a", "/a"}
    for attributes in re.findall(r"<a ([^>]*)>", made):
        assert re.fullmatch(r'href="[^"<>\']*"', attributes)


def test_the_page_suits_dark_and_light() -> None:
    shown = page(parsed(language="nn", text="Hei"))
    assert '<html lang="nn">' in shown
    assert '<meta name="color-scheme" content="light dark">' in shown
    assert not re.search(r"(?<!-)color:|background", shown)


# ------------------------------------------------------------------------------------------------ the quotation

WROTE = {
    "nb": "Den 25. november 2026 kl. 14:05 skrev Kari Nordmann <kari@example.no>:",
    "nn": "Den 25. november 2026 kl. 14:05 skreiv Kari Nordmann <kari@example.no>:",
    "da": "Den 25. november 2026 kl. 14.05 skrev Kari Nordmann <kari@example.no>:",
    "sv": "Den 25 november 2026 kl. 14.05 skrev Kari Nordmann <kari@example.no>:",
    "fi": "Kari Nordmann <kari@example.no> kirjoitti 25. marraskuuta 2026 klo 14.05:",
    "en": "On 25 November 2026 at 14:05, Kari Nordmann <kari@example.no> wrote:",
}


@pytest.mark.parametrize("language", WROTE)
def test_the_customers_message_below_the_answer(language: str) -> None:
    asked = "Hei,\n\nhvor er pakken min? " + "ord " * 30 + "\n> sitert før\n\nHilsen Kari"
    message = parsed(language=language, text="Svar.", quoted=Quoted(author=KARI, sent_at=AT, text=asked))
    shown = plain(message)
    assert unflowed(shown).split("\n") == [
        "Svar.",
        "",
        WROTE[language],
        "> Hei,",
        "> ",
        "> hvor er pakken min? " + ("ord " * 30).strip(),
        ">> sitert før",
        "> ",
        "> Hilsen Kari",
        "",
    ]
    assert max(len(line) for line in shown.split("\n")) <= 78
    quoted = page(message)
    above = WROTE[language].replace("<kari@example.no>", '&lt;<a href="mailto:kari@example.no">kari@example.no</a>&gt;')
    assert f'<p style="margin:24px 0 8px">{above}</p>\n<blockquote type="cite"' in quoted
    assert (
        quoted.index("Svar.")
        < quoted.index("<blockquote")
        < quoted.index("Hilsen Kari")
        < quoted.index("</blockquote>")
    )
    assert message["Content-Language"] == language


def test_the_hour_is_that_of_the_customers_place_and_summer() -> None:
    summer = Quoted(author=Address("kari@example.no"), sent_at=datetime(2026, 7, 1, 5, 9, tzinfo=UTC), text="")
    assert attribution(summer, "nb", "Europe/Oslo") == "Den 1. juli 2026 kl. 07:09 skrev kari@example.no:"
    assert attribution(summer, "fi", "Europe/Helsinki") == "kari@example.no kirjoitti 1. heinäkuuta 2026 klo 8.09:"
    assert attribution(summer, "da", "Europe/Copenhagen") == "Den 1. juli 2026 kl. 7.09 skrev kari@example.no:"
    assert parsed(timezone="Europe/Helsinki", date=summer.sent_at)["Date"] == "Wed, 01 Jul 2026 08:09:00 +0300"
