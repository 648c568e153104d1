"""The language of a text by a vote of its small words.

Norwegian and Danish share most of theirs, so a word counts by how few share it.
"""

import re

_WORDS = re.compile(r"[a-zæøåäöéðþüíóúýá]{1,18}")
_ADDRESSES = re.compile(r"\S*[@/=]\S*")
_READ = 4000
"""Characters that the vote looks at."""

_VOCABULARY = {
    "nb": (
        "i da din ditt dine helt her der under svar hun han ut ny nytt nye fint før litt tid onsdag torsdag "
        "fredag greit gir avtale heter bestiller overtar "
        "desember januar februar mars april juni juli august venter ligger visst videre sender natt god hentet "
        "ute permisjon henvendelse nettleie øker "
        "målerstand først snakke ringe skrive leilighet bolig flytter flyttet adresse adressen konto kontoen "
        "passord innlogging logge får ikke mulig høre hører "
        "sett ser dato kl over inn opp ned hele halv mellom mens både eller noensinne ganske tror synes bare "
        "akkurat likevel egentlig kanskje gang ganger "
        "første siste neste forrige halvannen meter fakturert "
        "jeg meg deg seg er det den de og ikke har hadde på til for med som vi oss men fra hva hvor hvem "
        "hvorfor hvordan når bare eller kan kunne om av dere deres noe noen nå "
        "etter mitt min mine hei fått få skal skulle være var blir ble mye mer mest takk uke uker uken dag "
        "dager gjerne vil ville må vet kommer kom enn også så hvis siden fortsatt ennå "
        "kjøpt kjøpte bestilt bestilte sende sendt sendte mottatt regning regningen fakturaen betale betalt "
        "bytte gjelder vennlig hilsen ønsker ønske trenger fungerer virker prøvd prøvde hjelpe hjelp "
        "spørsmål beklager dessverre allerede tilbake igjen klokka mandag tirsdag lørdag søndag gjør gjøre "
        "ingen ingenting hjemme leveransen pakken levert levere åpen finner finnes får gikk går sier sa "
        "ett en et ei to tre fire nummer kundenummer ordrenummer strøm strømmen bilde bilder bildet vedlegg "
        "vedlagt legger la lagt eget egen samme sånn slik veldig hver hvert alle alt annen annet andre"
    ),
    "nn": (
        "i då din ditt dine heilt her der under svar ho han ut ny nytt nye fint før litt tid onsdag torsdag "
        "fredag greitt gjev gir avtale heiter desember "
        "januar februar mars april juni juli august ventar ligg visst vidare sender natt god henta ute "
        "permisjon førespurnad aukar først snakke ringje skrive "
        "leilegheit bustad flyttar flytta adresse adressa konto kontoen passord logge mogleg høyra sett dato "
        "kl over inn opp ned heile halv mellom medan både "
        "nokosinne ganske trur synest berre akkurat likevel eigentleg kanskje gong gonger første siste neste "
        "tek imot sjølv vanskeleg passar dårleg sjekkar "
        "arbeidet motteken tilskot søknad søknaden dykkar nett nettet breiband måndagar saman anten "
        "eg meg deg seg er det den dei og ikkje har hadde på til for med som vi oss me men frå kva kvar kven "
        "kvifor korleis når berre eller kan kunne om av de dykk dykkar noko nokon no "
        "etter mitt min mine hei fått få skal skulle vere vore var blir blei vart mykje meir mest takk veke "
        "veker veka dag dagar gjerne vil ville må veit kjem kom enn også så viss sidan framleis enno "
        "kjøpt kjøpte tinga bestilt bestilte sende sendt motteke rekning rekninga fakturaen betale betalt byte "
        "gjeld venleg helsing ønskjer ønskje treng fungerer verkar prøvd prøvde hjelpe hjelp "
        "spørsmål orsak beklagar dessverre allereie tilbake igjen klokka måndag tysdag laurdag sundag gjer "
        "gjere ingen ingenting heime pakka levert levere open finn finst får fekk gjekk går seier sa "
        "eitt ein eit ei to tre fire nummer kundenummer straum straumen bilete bilde vedlegg vedlagt legg la "
        "lagt eigen eige same slik veldig kvart alle alt annan anna andre høyrer høyre sjå ser løyse saka"
    ),
    "da": (
        "da din dit dine helt her der under svar hun han ud ny nyt nye fint før lidt tid onsdag torsdag fredag "
        "okay giver aftale hedder december januar februar "
        "marts april juni juli august venter ligger vist videre sender nat god hentet ude orlov henvendelse "
        "først snakke ringe skrive lejlighed bolig flytter "
        "flyttet adresse adressen konto kontoen kodeord logge muligt høre hører set ser dato kl over ind op "
        "ned hele halv mellem mens både nogensinde ganske "
        "tror synes bare præcis alligevel egentlig gang gange første sidste næste forrige halvanden meter lå "
        "stod gjort viser din meddelelse læst sygemeldt "
        "indtil sted blot foran mand "
        "jeg mig dig sig er det den de og ikke har havde på til for med som vi os men fra hvad hvor hvem "
        "hvorfor hvordan når bare kun eller kan kunne om af jer jeres i noget nogen nogle nu "
        "efter mit min mine hej fået få skal skulle være var bliver blev meget mere mest tak uge uger ugen dag "
        "dage gerne vil ville må ved kommer kom end også så hvis siden stadig endnu "
        "købt købte bestilt bestilte sende sendt sendte modtaget regning regningen fakturaen betale betalt "
        "bytte gælder venlig hilsen ønsker ønske mangler fungerer virker prøvet prøvede hjælpe hjælp "
        "spørgsmål beklager desværre allerede tilbage igen klokken mandag tirsdag lørdag søndag gør gøre ingen "
        "ingenting hjemme pakken leveret levere åben finder findes får fik gik går siger sagde "
        "et en to tre fire nummer kundenummer ordrenummer strøm strømmen billede billeder billedet vedhæftet "
        "vedhæfter lægger lagde lagt egen eget samme sådan hver hvert alle alt anden andet andre nej lige selv "
        "hele "
        "måske inden uden hos sagen aftale aftalen lejlighed lejligheden"
    ),
    "sv": (
        "i då din ditt dina helt här där under svar hon han ut ny nytt nya fint före lite tid onsdag torsdag "
        "fredag okej ger avtal heter december januari "
        "februari mars april juni juli augusti väntar ligger visst vidare skickar natt god hämtat ute ledig "
        "först prata ringa skriva lägenhet bostad flyttar "
        "flyttat adress adressen konto kontot lösenord logga möjligt höra hör sett ser datum kl över in upp "
        "ner hela halv mellan medan både någonsin ganska "
        "tror tycker precis ändå egentligen kanske gång gånger första sista nästa förra meter "
        "jag mig dig sig är det den de och inte har hade på till för med som vi oss men från vad var vem "
        "varför hur när bara eller kan kunde om av ni er era något någon några nu "
        "efter mitt min mina hej fått få ska skulle vara blir blev mycket mer mest tack vecka veckor veckan "
        "dag dagar gärna vill ville måste vet kommer kom än också så sedan fortfarande ännu "
        "köpt köpte beställt beställde skicka skickat skickade mottagit räkning räkningen fakturan betala "
        "betalt byta gäller vänlig vänliga hälsning hälsningar önskar önska behöver fungerar provat hjälpa "
        "hjälp "
        "fråga frågor tyvärr redan tillbaka igen klockan måndag tisdag lördag söndag gör göra ingen inget "
        "hemma paketet levererat leverera öppet hittar finns får fick gick går säger sade sa "
        "ett en två tre fyra nummer kundnummer ordernummer ström strömmen bild bilder bilden bifogar bifogat "
        "lägger lade lagt egen eget samma sådan väldigt varje alla allt annan annat andra att upp ett också "
        "eftersom"
    ),
    "fi": (
        "uusi osoite mittarin lukema vanhassa vanha asunto asunnossa avaimet palautan torstaina maanantaina "
        "perjantaina kaikki paitsi tapahtumat avataan "
        "uudelleen kello maanantai tiistai keskiviikko torstai perjantai viestiä voitu vastaanottajalle ota "
        "yhteyttä puhelin numero yhteys tili pankki sopimus "
        "muutto muutan vai eli siis täällä siellä siitä tästä noin lisäksi tilata maksaa maksu "
        "on ja ei että se en olen mutta kun ole voi oli myös niin tai minun minulle minua mitä olisi voitte "
        "voisitteko voisitko kiitos kiitoksia terveisin ystävällisin tilaus tilauksen lasku laskun lähetys "
        "lähetyksen "
        "saanut vielä milloin miten missä teidän teille teiltä kysymys mukaan hyvää päivää pitäisi eikä sitä "
        "tämä asia kuitenkin koska jos sitten hei moi nyt ovat olemme haluaisin onko ollut tuli tulee minä me "
        "te "
        "viikko viikkoa päivä päivää euroa asiakasnumero tilausnumero liitteenä kuva laite toimi toimii apua "
        "viime ennen jälkeen kanssa ilman joka jonka mikä kuin vain ihan aina taas sain saa saan"
    ),
    "en": (
        "over so under he she her him his just also only after before more most like think know need want new "
        "number first last next week day account address "
        "phone please fyi forwarded attached see until "
        "the is and not i to you of that it have has had my was were for with are this but be we your from "
        "please can could would should hello dear thanks thank what when where which there here about been "
        "they them our us will do does did don't just still yet since because received ordered order invoice "
        "working works regards best if or so on in at an a as by no yes any some all get got me"
    ),
}
_VOTES: dict[str, dict[str, float]] = {}
_WEIGHT = {1: 2.5, 2: 1.0, 3: 0.5, 4: 0.25, 5: 0.1, 6: 0.1}
"""What a word counts for each language, by how many languages share it."""
# Spellings that some have and others have not: (pattern, languages, what each find counts).
_SPELLINGS: list[tuple[re.Pattern[str], str, float]] = [
    (re.compile(r"[a-zäö]*(?:aa|ii|uu|yy|ää|öö)[a-zäö]*"), "fi", 0.7),
    (re.compile(r"[a-zäö]{3,}(?:ssa|ssä|sta|stä|lla|llä|lle|ksi|iin|ään|tko|ttä|nsa|mme|tte)\b"), "fi", 0.7),
    # No Danish word ends in a double consonant, and between vowels Danish has b, d, g where the others have p, t, k.
    (re.compile(r"[a-zæøåäö](?:bb|ff|gg|kk|ll|mm|nn|pp|rr|ss|tt)\b"), "nb nn sv", 0.5),
    (re.compile(r"[aeiouyæøåäö](?:k|p|kk|tt|pp)(?:e|a|er|en|et)\b"), "nb nn sv", 0.35),
    (re.compile(r"[aeiouyæøå](?:g|b)(?:e|er|en|et)\b|[a-zæøå](?:ede|hed|heden|dt)\b|øj|(?<!h)ej|gt\b"), "da", 0.35),
    (re.compile(r"øy|ei(?!\b)|kj|skj|gj"), "nb nn", 0.25),
    (re.compile(r"[a-zæøå](?:heten|het|ene|ingen|lig|lige)\b"), "nb", 0.3),
    (re.compile(r"[a-zæøå](?:leg|lege|ane|inga|ingane|asta|ar)\b|\bkv|kj[ea]\b|ei[lnr]|jå"), "nn", 0.5),
    (re.compile(r"ck|[a-zåäö](?:ör|het|ligt|orna|arna|erna)\b|[äö]"), "sv", 0.3),
    (re.compile(r"th|wh|[a-z]ing\b|tion|ee|oo|w"), "en", 0.15),
]


def _count() -> None:
    languages: dict[str, list[str]] = {}
    for language, words in _VOCABULARY.items():
        for word in dict.fromkeys(words.split()):
            languages.setdefault(word, []).append(language)
    for word, sharing in languages.items():
        _VOTES[word] = dict.fromkeys(sharing, _WEIGHT[len(sharing)])


_count()


def told(text: str, *, least: float = 3.5, ahead: float = 1.25) -> str | None:
    """nb, nn, da, sv, fi or en.

    None when the best has fewer than ``least`` votes, or is not ``ahead`` of the next by that factor.
    """
    sample = _ADDRESSES.sub(" ", text[:_READ].lower())
    score = dict.fromkeys(_VOCABULARY, 0.0)
    for word in _WORDS.findall(sample):
        votes = _VOTES.get(word)
        if votes is not None:
            for language, vote in votes.items():
                score[language] += vote
    for spelling, languages, vote in _SPELLINGS:
        found = len(spelling.findall(sample))
        if found:
            for language in languages.split():
                score[language] += vote * found
    if "æ" in sample or "ø" in sample:
        score["sv"] *= 0.4
        score["fi"] *= 0.4
    if "ä" in sample or "ö" in sample:
        for language in ("nb", "nn", "da"):
            score[language] *= 0.4
    (best, most), (_, second) = sorted(score.items(), key=lambda pair: -pair[1])[:2]
    return best if most >= least and most >= second * ahead else None
