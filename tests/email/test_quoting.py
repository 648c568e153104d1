"""What is new and what is repeated: nothing of the customer is lost, what programs repeat goes."""

import pytest

from svardesk.channels.email.parsing import Address
from tests.email.mails import html, read

ANNOUNCED = [
    "Den tor. 5. nov. 2026 kl. 14:05 skrev Kari Nordmann <kari@example.no>:",
    "tor. 5. nov. 2026 kl. 14:05 skrev Kari Nordmann <\nkari@example.no>:",
    "Den tors 5 nov. 2026 kl 14:05 skrev Anna <a@b.se>:",
    "Den tor. 5. nov. 2026 kl. 14.05 skrev X Y <y@x.dk>:",
    "to 5. marrask. 2026 klo 14.05 Matti M (x@y.fi) kirjoitti:",
    "On Thu, Nov 5, 2026 at 2:05 PM X Y <y@x.com> wrote:",
    "On Thu, Nov 5, 2026 at 2:05 PM Some Very Long Name Here\n<y@x.com>\nwrote:",
    "Þann fim., 5. nóv. 2026 kl. 14:05 skrifaði Jón <j@x.is>:",
    "5. nov. 2026 kl. 14:05 skrev Kari Nordmann <k@e.no>:",
    "Matti <x@y.fi> kirjoitti 5.11.2026 kello 14.05:",
    "On 5 Nov 2026, at 14:05, Kari Nordmann <k@e.no> wrote:",
    "Den 05.11.2026 14:05, skrev Kari Nordmann:",
    "Den 2026-11-05 kl. 14:05, skrev Anna:",
    "torsdag 5. november 2026, 14:05:12 CET, Kari <k@e.no> skrev:",
    "torstai 5. marraskuuta 2026 klo 14.05.12 UTC+2 Kari <k@e.fi> kirjoitti:",
    "On Thursday, November 5th, 2026 at 2:05 PM, Kari <k@e.no> wrote:",
    "På torsdag, 5. november 2026 kl. 14:05, skrev Kari <k@e.no>:",
    "On Nov 5, 2026 at 14:05 +0100, Kari <k@e.no>, wrote:",
    "2026-11-05 14:05 GMT+01:00 Kari Nordmann <k@e.no>:",
    "________________________________\nFra: Kari <k@e.no>\nSendt: torsdag 5. november 2026 14:05\nTil: X\nEmne: SV: Sak\n",
    "-----Opprinnelig melding-----\nFra: Kari\nSendt: torsdag 5. november 2026 14:05\nTil: X\nEmne: SV: Sak\n",
    "Från: Kundtjänst\nSkickat: den 5 november 2026 14:05\nTill: Anna\nÄmne: Ärende\n",
    "Lähettäjä: Asiakaspalvelu <a@b.fi>\nLähetetty: torstai 5. marraskuuta 2026 14.05\nVastaanottaja: M\nAihe: VS: Lasku\n",
    "*Fra:* Kari <k@e.no>\n*Dato:* torsdag 5. november 2026 kl. 14:05\n*Til:* X\n*Emne:* Sak\n",
    "-------- Ursprungligt meddelande --------\nFrån: Kari <k@e.no>\nDatum: 2026-11-05 14:05 (GMT+01:00)\nTill: x\nÄmne: y\n",
    "Frá: Jón <j@x.is>\nSent: fimmtudagur 5. nóvember 2026 14:05\nTil: X\nEfni: Mál\n",
    "From: Support <s@x.com>\nSent: Thursday, November 5, 2026 2:05 PM\nTo: Me\nSubject: Re: x\n",
    "Kari skrev den 2026-11-05 14:05:\n> ",
    "Kari Nordmann kirjoitti 5.11.2026 klo 14.05:\n> ",
    "On 05.11.2026 14:05, Kari wrote:\n> ",
    "Den 05/11/2026 kl. 14.05 skrev Support:",
    "----- Original Message -----\nFrom: Kari\nTo: x\nSent: Thursday, November 05, 2026 2:05 PM\nSubject: hi\n",
    "Den 5. november 2026 kl. 14.05.33 CET skrev Kundeservice <k@e.no>:",
    "Den tor. 5. nov. 2026 14.05Kundeservice Norkraft <k@e.no> skrev:",
    "man. 3. aug. 2026, 09:12 skrev Kundeservice <kundeservice@norkraft.no>:",
    "ons 5 nov. 2026 kl. 14:05 skrev Anna Svensson via Kundtjänst <\nanna@b.se>:",
    "ke 5. marrask. 2026 klo 14.05 Asiakaspalvelu Kuusivirta Oy <\nasiakaspalvelu@kuusivirta.example.fi> kirjoitti:",
]


@pytest.mark.parametrize("announced", ANNOUNCED)
def test_what_is_announced_as_earlier_is_split_off(announced):
    below = "Gammel tekst her.\n> Mer gammelt.\n" if announced.endswith("> ") else "Gammel tekst her.\nMer gammelt.\n"
    gap = "" if announced.endswith("> ") else "\n"
    mail = read(f"Hei!\nJa takk.\n\n{announced}{gap}{below}", subject="SV: Sak")
    assert mail.visible == "Hei!\nJa takk."
    assert "Gammel tekst her." in mail.quoted
    assert "Mer gammelt." in mail.quoted
    assert mail.forwarded_from is None


OWN_WORDS = [
    "Jeg skrev til kari@ex.no 5. november 2026 kl 14:05:\nHvor er pakken?\n\nIngen svar.",
    "Den 5. november 2026 kl. 14:05 skrev jeg til kari@ex.no:\nHvor er pakken?\n\nIngen svar.",
    "On 5 November 2026 at 14:05 I wrote to you <help@ex.com>:\nWhere is it?\n\nNo answer.",
    "min nabo skrev i 2023:\nat det var greit.",
    "Fra: Oslo\nTil: Bergen\nDato: 12. november\nAntall: 2\n\nKan dere endre?",
    "Fra: Oslo\nTil: Bergen\nDato: 12.11.2026\n\nKan dere endre?",
    "Fra: Oslo S\nTil: Bergen\nDato: 12.11.2026 kl. 14:05\nEmne: togbillett\nAntall: 3\n\nKan dere endre?",
    "Jeg skrev kl 14:05 den 5. november 2026 at det ikke virket:\ningen svarte.",
    "Jeg skrev til dere 5. november 2026 kl 14:05:\nHvor er pakken?\n\nIngen svar.",
    "Den 5. november 2026 kl 14:05 skrev jeg dette til dere:\nHvor er pakken?",
    "Den 5. november 2026 kl 14:05 skrev dere:\nPakken er sendt.\nMen den kom ikke.",
    "Temperaturer:\n> 30 grader\n> 25 grader\nHva er galt?",
    "Det er feil:\n> 18 år",
    "Kollegaen deres skrev 5. november at den var sendt:\nDet stemmer ikke.",
    "Den 5. november 2026 kl. 14:05 skrev en av deres ansatte:\nAlt er i orden. Men det er det ikke.",
    "Naboen min skrev den 5.11.2026 kl 14:05:\nSlutt å bråke. Hva gjør jeg?",
    "Opprinnelig melding fra dere kom aldri fram.\nKan dere sende på nytt?",
    "Hej,\nMin granne skrev i tisdags kl 14.05:\nJag kommer.\nVad gör jag?",
    "Asiakaspalvelija kirjoitti minulle 5.11.2026:\nPaketti on tulossa. Mutta ei tullut.",
    "Avtalen er slik:\n-----\nPunkt 1\n-----\nPunkt 2",
    "Ordre:\n____________________\nFra: Lager 3\nTil: Butikk 4\n\nStemmer det?",
    "From: Oslo\nTo: Bergen\nDate: 5 Nov 2026 14:05\n\nPlease change the trip.",
]


@pytest.mark.parametrize("words", OWN_WORDS)
def test_customers_write_of_people_dates_and_journeys_too(words):
    # as an answer: in a new mail nothing is taken for repeated
    mail = read(f"Hei\n\n{words}", subject="SV: Sak", in_reply_to="<a@b>")
    assert mail.visible == f"Hei\n\n{words}"
    assert mail.quoted == ""


def test_woven_and_lower_answers_stay_whole():
    attribution = "Den 5. nov. 2026 kl. 14:05 skrev Oss <hjelp@example.com>:"
    below = f"{attribution}\n> Vil du ha den?\n\nJa takk!"
    assert read(below).visible == below
    woven = f"Hei, svar under:\n\n{attribution}\n> Vil du ha den?\nJa.\n> I blått?\nNei, rødt.\n\nMvh\nKari"
    mail = read(woven)
    assert mail.visible == woven.removesuffix("\n\nMvh\nKari")
    assert (mail.quoted, mail.signature) == ("", "Mvh\nKari")
    promised = "Hei, se mine svar i rødt under.\n\nFra: Oss <hjelp@example.com>\nSendt: torsdag 5. november 2026 14:05\nTil: Kari\nEmne: x\n\nVil du? Ja."
    assert read(promised).visible == promised
    nothing_above = "Fra: Oss <hjelp@example.com>\nSendt: torsdag 5. november 2026 14:05\nTil: Kari\nEmne: x\n\nVil du?"
    assert read(nothing_above).visible == nothing_above


def test_a_signature_below_the_quotation_is_no_answer():
    mail = read("Ja.\n\nDen 5. nov. 2026 kl. 14:05 skrev Oss <o@example.com>:\n> Vil du?\n\n-- \nKari N\n99 99 99 99\n")
    assert (mail.visible, mail.signature) == ("Ja.", "--\nKari N\n99 99 99 99")
    assert "Vil du?" in mail.quoted


def test_a_mailing_lists_footer_below_the_quotation_is_no_answer():
    mail = read(
        "Ja.\n\nOn 5 Nov 2026, at 14:05, A <a@b.no> wrote:\n> x\n> y\n\n_______________\nliste mailing list\nliste@b.no\n"
    )
    assert mail.visible == "Ja."


def test_what_is_passed_on_stays_visible():
    block = "Fra: Butikken <post@butikk.no>\nSendt: torsdag 5. november 2026 14:05\nTil: Kari\nEmne: Tilbud\n\nKjøp nå!"
    mail = read(f"Er dette ekte?\n\nMvh Kari\n\n{block}", subject="VS: Tilbud")
    assert mail.visible == f"Er dette ekte?\n\n{block}"
    assert (mail.signature, mail.quoted) == ("Mvh Kari", "")
    assert mail.forwarded_from == Address("Butikken", "post@butikk.no")
    answer = read(f"Er dette ekte?\n\n{block}", subject="SV: VS: Tilbud")
    assert answer.visible == "Er dette ekte?"
    gmail = read(
        "Se her\n\n---------- Forwarded message ---------\nFrom: A <a@b.no>\nDate: tor. 5. nov. 2026 kl. 14:05\nSubject: x\nTo: <c@d.no>\n\nKjøp nå!"
    )
    assert "Kjøp nå!" in gmail.visible
    assert gmail.forwarded_from == Address("A", "a@b.no")
    apple = read(
        "Se\n\n> Start på videresendt besked:\n> \n> Fra: A <a@b.no>\n> Emne: x\n> Dato: 5. nov. 2026 kl. 14.05\n> Til: c@d.no\n> \n> Kjøp nå!"
    )
    assert "Kjøp nå!" in apple.visible
    assert apple.forwarded_from == Address("A", "a@b.no")


def test_what_is_pasted_into_a_new_mail_stays_with_the_words_below_it():
    block = "Fra: Lotto <vinn@lotto.example>\nSendt: torsdag 5. november 2026 14:05\nTil: Kari\nEmne: Vinn\n\nKlikk her"
    pasted = f"Jeg fikk denne:\n\n{block}\n\nEr den ekte?"
    mail = read(pasted, subject="Svindel?")
    assert (mail.visible, mail.quoted) == (pasted, "")
    assert mail.forwarded_from == Address("Lotto", "vinn@lotto.example")
    told = "Dette fikk jeg:\n\nDen 5. nov. 2026 kl. 14:05 skrev Lotto <v@lotto.example>:\nKlikk her\n\nEr den ekte?"
    assert read(told, subject="Svindel?").visible == told
    # the same below an answer is what programs repeat
    assert read(pasted, subject="Svindel?", in_reply_to="<a@b>").visible == "Jeg fikk denne:"


def test_vs_of_a_finn_is_an_answer():
    block = "Lähettäjä: Asiakaspalvelu <a@kauppa.fi>\nLähetetty: torstai 5. marraskuuta 2026 14.05\nVastaanottaja: Matti\nAihe: VS: Lasku\n\nVanha teksti"
    mail = read(f"Kiitos, sain laskun.\n\n{block}", subject="VS: Lasku")
    assert mail.visible == "Kiitos, sain laskun."
    assert "Vanha teksti" in mail.quoted


def test_html_marks_come_before_the_words():
    mail = html(
        '<div dir="ltr">Ja takk!</div><br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">på et språk som ingen kan:<br></div>'
        '<blockquote class="gmail_quote"><div>Vil du?</div></blockquote></div>'
    )
    assert mail.visible == "Ja takk!"
    assert "Vil du?" in mail.quoted
    assert "språk" in mail.quoted
    woven = html(
        '<div class="gmail_quote"><div class="gmail_attr">skrev:</div><blockquote class="gmail_quote">Vil du?</blockquote></div>'
        '<div>Ja.</div><blockquote class="gmail_quote">Når?</blockquote><div>Nå.</div>'
    )
    assert "Ja." in woven.visible
    assert "Nå." in woven.visible
    assert woven.quoted == ""


def test_never_cut_to_nothing():
    for text in ("> alt er sitert", "Mvh Kari", "Sendt fra min iPhone", "-- \nKari"):
        assert read(text).visible == "\n".join(line.rstrip() for line in text.split("\n"))
