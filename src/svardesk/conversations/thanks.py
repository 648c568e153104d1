"""Is this message only thanks? Then it starts no clock, reopens nothing and wakes nobody.

Pure and careful: whatever is not surely only thanks counts as a message. So "ja takk" and "nei takk" are answers to a
question, "takk?" is a question, and a thank-you with anything unknown beside it is read by a person. Letters may be
drawn out (takkkk, kiitooos), emoji and exclamation marks may follow in any number.
"""

import re
from collections.abc import Iterable
from typing import Final

LONGEST: Final = 160
"""No thanks are longer than this many characters."""

_CORE: Final = """
takk | takker | taker | tkk | tusentakk | kjempetakk | tusen takk | tusn takk | tusind tak | 1000 takk | mange takk
hjertelig takk | hjarteleg takk | hjærtelig takk | masse takk | stor takk | takk skal du ha | takk skal dere ha
takk ska du ha | takk ska dere ha | takk ska dokker ha | takk sku du ha | takk skal de ha | takk skal du ha da
takk skal du have | tak skal i have | takk så mye | takk så mykje | takk så mykje då | takksåmykje | takk så meget
takk til deg | takk te deg | takk te dæ | takk te dokker | takk til dere | takk til dykk | takk for det | takk for de
takk for hjelpen | takk for hjelpa | takk for hjælpa | takk for hjelp | takk for god hjelp | takk for all hjelp
takk for svar | takk for svaret | takk for raskt svar | takk for rask respons | takk for rask hjelp | takk for svaret ditt
takk for hurtig svar | takk for kjapt svar | takk for rask tilbakemelding | takk for tilbakemelding
takk for tilbakemeldingen | takk for tilbakemeldinga | takk for beskjed | takk for beskjeden | takk for infoen
takk for info | takk for informasjonen | takk for god service | takk for praten | takk for nå | takk for no
takk for i dag | takk for alt | takk for oppklaringen | takk for tipset | takk for tips | setter pris på det
setter pris på hjelpen | setter stor pris på det | set pris på det | set pris på hjelpa | eg takkar | takkar
jeg takker | vi takker | takk igjen | takk nok en gang | takk for tålmodigheten
tak | mange tak | tusind tak | tusen tak | 1000 tak | mange mange tak | tak for hjælpen | tak for hjælp | tak for svar
tak for svaret | tak for det | tak for dit svar | tak for jeres svar | tak for hurtigt svar | tak for det hurtige svar
tak for den hurtige hjælp | tak for god service | tak for info | tak for beskeden | tak for denne gang | selv tak
jeg takker | tak for tilbagemeldingen | tak for snakken | tak igen | hjertelig tak | tak for din hjælp
tack | tackar | tackar tackar | tack så mycket | tack så mkt | tack så jättemycket | tusen tack | stort tack | tack snälla
tack för hjälpen | tack för svar | tack för svaret | tack för snabbt svar | tack för det snabba svaret | tack för det
tack för infon | tack för informationen | tack för all hjälp | tack för din hjälp | tack för er hjälp
tack för bra service | tack för återkopplingen | tack ska du ha | tack ska ni ha | tackar så mycket | tackar för hjälpen
tackar för svaret | hjärtligt tack | varmt tack | många tack | tack igen | tacktack | jag tackar | vi tackar | tackelitack
uppskattar det | uppskattar hjälpen
kiitos | kiitti | kiits | kiitän | kiitämme | kiitokset | kiitoksia | kiitoksii | kiitoksia paljon | kiitos paljon
kiitos paljon avusta | kiitos tosi paljon | kiitos kovasti | kiitos oikein paljon | paljon kiitoksia | suuri kiitos
suuret kiitokset | suurkiitos | isot kiitokset | iso kiitos | tuhannet kiitokset | lämmin kiitos | kiitos avusta
kiitos avustasi | kiitos avustanne | kiitos vastauksesta | kiitos vastauksestasi | kiitos nopeasta vastauksesta
kiitos nopeasta avusta | kiitos tiedosta | kiitos tiedoista | kiitos hyvästä palvelusta | kiitos palvelusta | kiitos teille
kiitos sinulle | kiitos sulle | kiitti paljon | kiitti avusta | kiitos vielä | kiitosta | kiitos samoin | kiitos kaikesta
thanks | thank you | thankyou | thank u | thanx | thx | tnx | tx | ty | tysm | cheers | ta | thanks a lot | thanks a million
thanks a bunch | thanks so much | thanks very much | thank you so much | thank you very much | thank you kindly
many thanks | much appreciated | appreciated | appreciate it | i appreciate it | really appreciate it | much obliged
thanks for the help | thanks for your help | thanks for all your help | thanks for all the help | thanks for helping
thank you for the help | thank you for your help | thank you for helping | thank you for all your help
thanks for the quick reply | thanks for the quick response | thanks for your reply | thanks for the reply
thanks for your answer | thanks for the answer | thank you for your reply | thank you for your answer
thank you for the quick reply | thanks for the info | thank you for the information | thanks for letting me know
thanks again | thank you again | thanks anyway | thanks for that | thanks for everything | big thanks
"""
"""Phrases that are thanks by themselves: nb, nn and dialects, da, sv, fi, en. Repeated letters count once."""

_FILLER: Final = """
ok | okei | okay | okey | oki | okidoki | k | greit | den er grei | den er god | skjønner | jeg skjønner | forstår
flott | supert | super | suprt | kjempefint | kjempebra | kjempeflott | topp | tipp topp | fint | fine greier | bra
veldig bra | så bra | så flott | så fint | så kjekt | så hyggelig | perfekt | strålende | herlig | nydelig | glimrende
fantastisk | utmerket | konge | nice | notert | mottatt | da er det i orden | då er det i orden | den tar vi | ja så bra
tusen | tusn | tussen | tusind | 1000 | mange | hjertelig | hjarteleg | masse | stor | stort | så | mye | mykje | meget | all
hei | hei hei | heisann | hallo | så mye | så mykje | da | då | igjen | for det | og | til dere | til deg | til alle
ha en fin dag | ha en god dag | ha en fin kveld | ha en god kveld | ha en fin dag videre | ha en fortsatt fin dag
ha en flott dag | ha en fin helg | ha en god helg | ha ein fin dag | ha ein god dag | ha ein fin kveld | ha ei fin helg
ha ei god helg | god helg | god kveld | god jul | godt nytt år | i like måte | like måte | hilsen | mvh | vennlig hilsen
beste hilsen | ha det | ha det bra | ha det fint | hade | snakkes
fedt | skønt | dejligt | lækkert | modtaget | det er fint | det er helt fint | det var fint | det var godt | så godt
hav en god dag | hav en dejlig dag | hav en god aften | hav en fortsat god dag | ha en god dag | god weekend | god dag
ligeså | i lige måde | med venlig hilsen | venlig hilsen | hej | hej hej | fortsat god dag | rigtig god dag
mycket | mkt | jättemycket | stort | varmt | snälla | jättebra | jättefint | toppen | kanon | kanonbra | va bra | vad bra | vad snällt | snällt | grymt | underbart | härligt
utmärkt | uppfattat | mottaget | det är bra | det var snällt | ha en bra dag | ha en fin dag | ha en trevlig dag
ha en fortsatt trevlig dag | ha en trevlig kväll | ha en fin kväll | ha en trevlig helg | trevlig helg | detsamma | hälsningar
mvh | med vänlig hälsning | vänliga hälsningar | hejdå | hej då
avusta | nopeasta avusta | vastauksesta | nopeasta vastauksesta | for hjelpen | for hjelpa | for svaret | for svar
for hjælpen | for det raske svaret | for rask hjelp | för hjälpen | för svaret | för all hjälp | for the help | for your help
paljon | kovasti | tosi | todella | suuri | iso | vielä | selvä | selvä juttu | selkis | hyvä | hyvä homma | hienoa | mahtavaa | loistavaa | mainiota | erinomaista | upeaa | kiva
ihanaa | hyvää päivänjatkoa | mukavaa päivänjatkoa | hyvää päivää | mukavaa päivää | hyvää illanjatkoa | hyvää iltaa
hyvää viikonloppua | mukavaa viikonloppua | samoin | terveisin | moi | moikka | hei | heippa | sitä samaa | oikein
great | perfect | awesome | brilliant | lovely | excellent | wonderful | cool | fine | good | very good | all good | got it
understood | noted | amazing | that is great | that s great | that is perfect | so | very | much | again | and | hi | hello
hey | bye | goodbye | have a nice day | have a good day | have a great day | have a lovely day | have a nice evening
have a good evening | have a nice weekend | have a great weekend | have a good one | you too | regards | best regards
kind regards | take care | a lot | guys | folks
"""
"""Phrases that may stand beside thanks; alone they say too little or too much (ok may be the answer to a question)."""

_DOUBLED: Final = re.compile(r"(.)\1+")
_WORDS: Final = re.compile(r"[^\W_]+")
_FACES: Final = re.compile(r"(?<!\w)(?:[:;=8]['-]?[)\]dp*3]+|x+d+|\^_*\^|<3+|\(y\))(?!\w)", re.IGNORECASE)
_UNHAPPY: Final = re.compile(r"[:;=]['-]?[(\[/\\|]")
_PICTURES: Final = "\U0001f000-\U0001faff\u2600-\u27bf\u2190-\u21ff\u2b00-\u2bff\u231a-\u23ff\u25aa-\u25fe\u2934\u2935\u00a9\u00ae\u2122"
_EMOJI: Final = re.compile(f"[{_PICTURES}]")
_BESIDE_EMOJI: Final = re.compile(f"[{_PICTURES}\\s\ufe0f\ufe0e\u200d\U000e0020-\U000e007f.!,~*…–-]+")
_ASKING: Final = frozenset("?❓❔⁉🆘⚠")


def _collapsed(word: str) -> str:
    return _DOUBLED.sub(r"\1", word)


def _phrases(table: str) -> Iterable[tuple[str, ...]]:
    for phrase in re.split(r"[|\n]", table):
        if words := tuple(_collapsed(word) for word in phrase.split()):
            yield words


_KNOWN: Final[dict[tuple[str, ...], bool]] = dict.fromkeys(_phrases(_FILLER), False) | dict.fromkeys(
    _phrases(_CORE), True
)
_VOCABULARY: Final = frozenset(word for phrase in _KNOWN for word in phrase)
_LONGEST_PHRASE: Final = max(len(phrase) for phrase in _KNOWN)


def is_only_thanks(text: str) -> bool:
    """Tell whether ``text`` is nothing but thanks, or nothing but emoji.

    Works in nb, nn, da, sv, fi and en at once: people thank in whatever language they like.
    """
    if len(text) > LONGEST or not _ASKING.isdisjoint(text):
        return False
    lowered = text.casefold()
    for word in _WORDS.finditer(lowered):
        # The cheap way out for nearly every real message; letters of :D, :p and xD are no words.
        if _collapsed(word[0]) not in _VOCABULARY and word[0].strip("xdp3y"):
            return False
    if _UNHAPPY.search(lowered):
        return False
    without_faces, faces = _FACES.subn(" ", lowered)
    words = [_collapsed(word) for word in _WORDS.findall(without_faces)]
    if words:
        return _parses(words)
    rest = without_faces.strip()
    if not rest:
        return faces > 0
    return (faces > 0 or _EMOJI.search(rest) is not None) and _BESIDE_EMOJI.fullmatch(rest) is not None


def _parses(words: list[str]) -> bool:
    """Tell whether the words are a row of known phrases, at least one of them thanks."""
    # reachable[i]: None = the first i words are no row of phrases; else whether thanks can be among them.
    reachable: list[bool | None] = [False] + [None] * len(words)
    for end in range(1, len(words) + 1):
        for start in range(max(0, end - _LONGEST_PHRASE), end):
            before = reachable[start]
            thanks = _KNOWN.get(tuple(words[start:end]))
            if before is not None and thanks is not None:
                reachable[end] = bool(reachable[end]) or before or thanks
    return bool(reachable[-1])
