"""Signatures go where they can be found and are not in the way; sentences never go with them."""

import pytest

from svardesk.channels.email.parsing import parse
from tests.email.mails import html, multipart, read

SIGNED = [
    ("Hei\n\nMvh Kari", "Hei", "Mvh Kari"),
    ("Hei du\n\nMed vennlig hilsen\nKari Nordmann\nDaglig leder\n+47 99 99 99 99\nwww.ex.no", "Hei du", None),
    ("Hei du\n\nMvh Kari\n\nPS: Ring meg på 99999999", "Hei du\n\nPS: Ring meg på 99999999", "Mvh Kari"),
    (
        "Hei du\n\nMvh Kari\n\nForresten, telefonen min er 99 99 99 99.",
        "Hei du\n\nForresten, telefonen min er 99 99 99 99.",
        "Mvh Kari",
    ),
    ("Hei du\n\nMvh\nKari\nKan dere ringe meg i morgen?", "Hei du\n\nKan dere ringe meg i morgen?", None),
    (
        "Hilsen fra kundesenteret kom frem i dag, men pakken mangler.",
        "Hilsen fra kundesenteret kom frem i dag, men pakken mangler.",
        "",
    ),
    (
        "Sendt fra lageret deres 3. november, men ikke kommet.",
        "Sendt fra lageret deres 3. november, men ikke kommet.",
        "",
    ),
    ("Takk for hjelpen!\n\nSendt fra min iPhone", "Takk for hjelpen!", "Sendt fra min iPhone"),
    ("Tack!\n\nSkickat från min iPad", "Tack!", "Skickat från min iPad"),
    ("Kiitos!\n\nLähetetty iPhonesta", "Kiitos!", "Lähetetty iPhonesta"),
    ("Kiitos!\n\nTerveisin\nMatti Meikäläinen\n040 123 4567", "Kiitos!", "Terveisin\nMatti Meikäläinen\n040 123 4567"),
    ("Hei\n\nHent Outlook for iOS<https://aka.ms/o0ukef>", "Hei", "Hent Outlook for iOS<https://aka.ms/o0ukef>"),
    (
        "Skaffa Outlook för Android ser inte ut att fungera hos mig.",
        "Skaffa Outlook för Android ser inte ut att fungera hos mig.",
        "",
    ),
    ("Hei\n-- \nKari\nTlf 1234", "Hei", "-- \nKari\nTlf 1234"),
    (
        "Hej\n\nMed vänliga hälsningar\n\nAnna Svensson\nKundnr 12345",
        "Hej",
        "Med vänliga hälsningar\n\nAnna Svensson\nKundnr 12345",
    ),
    ("Hej\n\nVenlig hilsen\nBo", "Hej", "Venlig hilsen\nBo"),
    ("Med vennlig hilsen\nKari", "Med vennlig hilsen\nKari", ""),
    (
        "Hei\n\nVh\nKari\n\nDenne e-posten er konfidensiell og kun ment for mottakeren. Har du fått den ved en feil, vær vennlig å slette den.",
        "Hei",
        None,
    ),
    (
        "Jeg lurer på to ting:\n--\nFørst: når kommer dere?\n--\nSå: hva koster det?",
        "Jeg lurer på to ting:\n--\nFørst: når kommer dere?\n--\nSå: hva koster det?",
        "",
    ),
    ("Best\nbefore date is wrong on the package I got.", "Best\nbefore date is wrong on the package I got.", ""),
    ("Kan dere sjekke?\n\nSendt fra Outlook for Android", "Kan dere sjekke?", "Sendt fra Outlook for Android"),
    ("Hei\n\nHilsen Kari\nSendt fra min iPhone", "Hei", "Hilsen Kari\nSendt fra min iPhone"),
]


@pytest.mark.parametrize(("text", "visible", "signature"), SIGNED)
def test_signatures(text, visible, signature):
    mail = read(text)
    assert mail.visible == visible
    if signature is not None:
        assert mail.signature == signature.replace("-- \n", "--\n")
    for word in text.split():
        assert word in f"{mail.visible} {mail.signature}".split()


@pytest.mark.parametrize(
    "closing",
    [
        "Mvh",
        "Med vennlig hilsen",
        "Vennlig hilsen,",
        "Hilsen",
        "Vh",
        "Med venleg helsing",
        "Beste helsing",
        "Venlig hilsen",
        "Med venlig hilsen",
        "De bedste hilsner",
        "Kh",
        "Med vänlig hälsning",
        "Vänliga hälsningar",
        "Hälsningar",
        "Vänligen",
        "Bästa hälsningar",
        "Ystävällisin terveisin",
        "Terveisin",
        "Terv.",
        "Yst. terv.",
        "Parhain terveisin",
        "Best regards",
        "Kind regards,",
        "Regards",
        "Yours sincerely",
        "Bestu kveðjur",
        "Með kveðju",
        "MVH",
        "m.v.h",
    ],
)
def test_closings_in_all_languages(closing):
    mail = read(f"Det virker ikke.\n\n{closing}\nKim Berg\nTlf. 99 99 99 99")
    assert mail.visible == "Det virker ikke."
    assert mail.signature == f"{closing}\nKim Berg\nTlf. 99 99 99 99"


@pytest.mark.parametrize(
    "line",
    [
        "Sendt fra min iPhone",
        "Sendt fra Outlook for iOS",
        "Sendt frå min iPhone",
        "Sendt fra min Samsung Galaxy-smarttelefon.",
        "Sendt fra Yahoo Mail på Android",
        "Skickat från min iPhone",
        "Skickat från Outlook för Android",
        "Lähetetty iPhonesta",
        "Lähetetty Outlookista",
        "Lähetetty Samsung Galaxy -älypuhelimestani.",
        "Sent from my iPhone",
        "Get Outlook for Android<https://aka.ms/AAb9ysg>",
        "Hent Outlook til iOS",
        "Hämta Outlook för iOS",
        "Hanki Outlook for iOS",
        "Sent from Proton Mail for iOS",
        "Sendt via min mobil",
    ],
)
def test_what_devices_add(line):
    mail = read(f"Det virker ikke.\n\n{line}")
    assert (mail.visible, mail.signature) == ("Det virker ikke.", line)


def test_html_marks_a_signature_without_a_closing():
    mail = html('<div>Det virker ikke.</div><div class="gmail_signature">Kim Berg<br>Kundenr. 1234</div>')
    assert (mail.visible, mail.signature) == ("Det virker ikke.", "Kim Berg\nKundenr. 1234")
    both = parse(
        multipart(
            "Content-Type: text/plain; charset=utf-8\n\nDet virker ikke.\n\nKim Berg\nKundenr. 1234\n",
            'Content-Type: text/html; charset=utf-8\n\n<div>Det virker ikke.</div><div class="gmail_signature">Kim Berg<br>Kundenr. 1234</div>',
            kind="alternative",
        )
    )
    assert (both.visible, both.signature) == ("Det virker ikke.", "Kim Berg\nKundenr. 1234")


def test_a_long_text_below_a_closing_is_no_signature():
    text = "Mvh Kari\n" + "\n".join(f"Punkt {number}: dette er en setning om saken" for number in range(60))
    assert read(f"Hei\n\n{text}").visible.endswith("Punkt 59: dette er en setning om saken")
