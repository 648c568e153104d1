"""Only thanks, in six languages; and what looks like thanks and is none."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from svardesk.conversations.thanks import LONGEST, is_only_thanks

THANKS = """
takk|Takk!|tusen takk!|Tusen takk for hjelpen :)|mange takk|takk skal du ha|takk ska du ha|takk for raskt svar!|ok takk
Ok, supert, takk!|takk, ha en fin dag|Hjertelig takk!!!|takkkkk|tusen takk for hjelpen, ha en fin dag! 😊|takk for det 👍
takk skal dere ha, god helg|hei og takk|takk igjen|kjempetakk|takk så mye|flott, takk|den er grei, takk
takk så mykje|hjarteleg takk|takk for hjelpa|eg takkar|ha ein fin dag, takk|tusen takk for hjelpa|takk for hjælpa
tak|mange tak|tusind tak|1000 tak|tak skal du have|tak for hjælpen|tak for svaret, god weekend|super, tak|fedt tak
hav en god dag og tak|tak for det|tak, i lige måde
tack|tack så mycket|tusen tack|tackar|tackar tackar|tack för hjälpen!|stort tack|tack tack|tack ska du ha|jättebra tack
tack, ha en trevlig helg|tack snälla|toppen, tack så mycket 🙏
kiitos|kiitos paljon|Kiitos!|paljon kiitoksia|kiitti|suuri kiitos|kiitos avusta|kiitooos|kiitos, mukavaa viikonloppua
selvä kiitos|ok kiitos|tuhannet kiitokset|kiitos nopeasta vastauksesta|kiitos paljon avusta|hienoa, kiitos
thanks|thank you|Thanks a lot|thx|ty|many thanks|thank you so much!|thanks for your help|great, thanks|perfect, thank you
much appreciated|cheers|thanks again, have a nice day|ok thanks|thank you very much for your help|Thanks 🙂
👍|❤️|😊😊😊|👍🏽|🙏 🙏|🎉!|<3|:)|:-)|:D|;-)|👨‍👩‍👧|🇳🇴|xD|👍👍 :)
"""

NO_THANKS = """
takk, men det virker ikke|nei takk, jeg vil klage|kiitos ei|nei takk|ja takk|ja takk, gjerne|takk?|takk for ingenting
takk Kari|ok|okei|hei|bra|perfekt|på forhånd takk|takk på forhånd for svar innen fredag|takk, når kommer pakken
tusen takk for hjelpen, men jeg har et spørsmål til|takk for hjelpen, det virker ikke|takker nei|takk :(|nei
tak men det virker ikke|ja tak|nej tak|tak for ingenting|på forhånd tak|tag|hvornår kommer den
nej tack|ja tack|tack men nej tack|tack, men den är trasig|tack på förhand|ingen orsak|varför
ei kiitos|kyllä kiitos|joo kiitos|kiitos mutta ei toimi|kiitos etukäteen|missä paketti on|kiitos ei auttanut
no thanks|yes thanks|yes please|thanks for nothing|thanks but no|thanks in advance|thank you, but it is still broken
?|!|!!!|...|1|2|1️⃣|❓|⁉️|👍?|12:30|-|:(|<|http://takk.no|takk.no|4 takk|kjøtt og takk|:-/
"""


def _lines(table: str) -> list[str]:
    return [one for line in table.strip().splitlines() for one in line.split("|")]


@pytest.mark.parametrize("text", _lines(THANKS))
def test_only_thanks(text: str):
    assert is_only_thanks(text)
    assert is_only_thanks(f"  {text.upper()} \n")
    assert is_only_thanks(f"{text} 🙏🏼!!")


@pytest.mark.parametrize("text", _lines(NO_THANKS))
def test_more_than_thanks(text: str):
    assert not is_only_thanks(text)


@pytest.mark.parametrize("text", ["", " ", "\n\t", "\u200b"])
def test_nothing_is_no_thanks(text: str):
    assert not is_only_thanks(text)


@given(st.text())
def test_anything_can_be_asked(text: str):
    """Never raises; and a question mark is always a question."""
    is_only_thanks(text)
    assert not is_only_thanks(text + "?")


@given(
    st.sampled_from(_lines(THANKS)), st.sampled_from(["men", "but", "mutta", "ikke", "inte", "ei", "faktura", "når"])
)
def test_one_word_more_makes_it_a_message(thanks: str, word: str):
    assert not is_only_thanks(f"{thanks} {word}")
    assert not is_only_thanks(f"{word} {thanks}")


@given(
    st.sampled_from(["takk", "tack", "kiitos", "thanks", "tak"]), st.integers(1, 30), st.text("!. 😊👍", max_size=20)
)
def test_letters_may_be_drawn_out(word: str, times: int, tail: str):
    assert is_only_thanks(word + word[-1] * times + tail)


def test_long_texts_are_messages():
    assert not is_only_thanks("takk " * LONGEST)


def test_it_is_quick_enough_for_every_message():
    body = "Hei, jeg har fått en faktura på 349 kroner for bredbånd som jeg sa opp i mars. Kan dere se på det?"
    began = time.process_time()
    for _ in range(2000):
        is_only_thanks(body)
    assert (time.process_time() - began) / 2000 < 0.000_05


def test_worst_case_is_quick():
    began = time.process_time()
    is_only_thanks("så mye takk " * 13)
    assert time.process_time() - began < 0.01
