"""The language of short mails, by their small words."""

import pytest

from svardesk.channels.email.parsing.language import told

SENTENCES = {
    "nb": "Jeg har ikke fått pakken min ennå. Hvor er den, og når kommer den? Kan dere ringe meg?",
    "nn": "Eg har ikkje fått pakka mi enno. Kvar er ho, og når kjem ho? Kan de ringje meg?",
    "da": "Jeg har ikke fået min pakke endnu. Hvor er den, og hvornår kommer den? Kan I ringe til mig?",
    "sv": "Jag har inte fått mitt paket än. Var är det, och när kommer det? Kan ni ringa mig?",
    "fi": "En ole vielä saanut pakettiani. Missä se on ja milloin se tulee? Voitteko soittaa minulle?",
    "en": "I have not received my parcel yet. Where is it, and when will it come? Can you call me?",
}


@pytest.mark.parametrize("language", SENTENCES)
def test_six_languages(language):
    assert told(SENTENCES[language]) == language
    assert told(SENTENCES[language].upper()) == language


@pytest.mark.parametrize("text", ["", "Ok", "12345", "Hei!", "kari@example.no", "Das ist ein Brief auf Deutsch"])
def test_no_language_is_told_without_words_for_it(text):
    assert told(text) is None
