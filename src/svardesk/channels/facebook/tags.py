"""Does a comment only tag friends? Pure, and only ever a proposal: an agent says that it needs no answer."""

import re
from typing import Any, Final

MOST_WORDS: Final = 12
_WORD: Final = re.compile(r"[^\W\d_]+(?:['’.\-][^\W\d_]+)*\.?")
_AND: Final = frozenset({"og", "and", "och", "ja", "&"})
_NO_NAMES: Final = frozenset(
    [
        "hei",
        "hey",
        "hi",
        "hello",
        "hallo",
        "hej",
        "heisann",
        "moi",
        "terve",
        "god",
        "morgen",
        "dag",
        "kveld",
        "takk",
        "tack",
        "tak",
        "kiitos",
        "thanks",
        "thank",
        "hva",
        "hvor",
        "når",
        "hvem",
        "hvorfor",
        "hvordan",
        "hvilken",
        "kan",
        "kunne",
        "skal",
        "vil",
        "har",
        "er",
        "var",
        "det",
        "den",
        "dette",
        "denne",
        "dere",
        "du",
        "jeg",
        "vi",
        "de",
        "ikke",
        "nei",
        "ja",
        "nå",
        "så",
        "bra",
        "dårlig",
        "flott",
        "fint",
        "fin",
        "vad",
        "var",
        "när",
        "vem",
        "varför",
        "hur",
        "vilken",
        "kommer",
        "finns",
        "inte",
        "nej",
        "bra",
        "dåligt",
        "hvad",
        "hvornår",
        "hvorfra",
        "mikä",
        "missä",
        "milloin",
        "kuka",
        "miksi",
        "miten",
        "ei",
        "joo",
        "kyllä",
        "hyvä",
        "huono",
        "what",
        "where",
        "when",
        "who",
        "why",
        "how",
        "can",
        "could",
        "is",
        "are",
        "it",
        "this",
        "that",
        "not",
        "no",
        "yes",
        "good",
        "bad",
        "great",
        "veldig",
        "aldri",
        "alltid",
        "ingen",
        "noen",
        "alle",
        "bare",
        "selger",
        "solgt",
        "pris",
        "koster",
        "åpent",
        "stengt",
        "åbent",
        "lukket",
        "öppet",
        "stängt",
        "auki",
        "kiinni",
        "hjelp",
        "hjälp",
        "hjælp",
        "apua",
        "help",
        "svar",
        "vastaus",
        "ordre",
        "order",
        "tilaus",
        "faktura",
        "lasku",
        "internett",
        "internet",
        "feil",
        "fel",
        "vika",
        "problem",
        "ligger",
        "nede",
        "ned",
        "ute",
        "dere",
        "de",
        "ni",
        "i",
        "te",
        "teillä",
        "oss",
        "os",
        "meg",
        "mig",
        "min",
        "mitt",
        "mine",
        "klage",
        "venter",
        "ventet",
    ]
)


def only_tags(text: str, tags: Any = None) -> bool:
    """Whether nothing stands there but names (and emoji). ``tags``: where Meta says which parts of the text are names."""
    found = _without_tags(text, tags)
    if found is not None:
        return found
    lowered = text.strip()
    if not lowered or "?" in text or any(one.isdigit() for one in text):
        return False
    words = _WORD.findall(text)
    names = [one for one in words if one.casefold() not in _AND]
    if not 2 <= len(names) <= MOST_WORDS:
        return False
    if any(
        not one[0].isupper() or one.casefold().strip(".") in _NO_NAMES or (len(one) > 2 and one.isupper())
        for one in names
    ):
        return False
    rest = _WORD.sub("", text)
    return all(one.isspace() or (not one.isalnum() and one not in ".!:") for one in rest)


def _without_tags(text: str, tags: Any) -> bool | None:
    if isinstance(tags, dict):
        tags = [one for rows in tags.values() if isinstance(rows, list) for one in rows]
    if not isinstance(tags, list) or not tags:
        return None
    left = list(text)
    for one in tags:
        start, length = (one.get("offset"), one.get("length")) if isinstance(one, dict) else (None, None)
        if isinstance(start, int) and isinstance(length, int) and start >= 0 and 0 < length <= len(text):
            left[start : start + length] = " " * len(left[start : start + length])
    rest = "".join(left)
    return rest != text and not any(one.isalnum() for one in rest) and "?" not in rest
