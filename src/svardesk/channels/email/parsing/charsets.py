"""Bytes to text. A wrong or missing charset is common in mail, so the declared one is a hint that must prove itself."""

import codecs
import re
import unicodedata

from charset_normalizer import from_bytes

WESTERN = frozenset({"iso8859-1", "ascii", "cp1252", "iso8859-15", "latin-1"})
"""Charsets that people mean when they declare any of the others."""

_NAMES = re.compile(r"[a-z0-9][a-z0-9_.:-]{0,39}")
# Codecs that decode text; Python also registers "hex", "idna", "unicode_escape", which no mail means.
_TEXT_CODECS = re.compile(
    r"(?:utf|iso|cp|koi8|big5|gb|euc|shift|mac|hz|johab|tis|ptcp|kz|palmos|hp|ascii|latin|viscii)", re.ASCII
)
_ALIASES = {
    "iso-8859-8-i": "iso8859-8",
    "iso-8859-8-e": "iso8859-8",
    "unicode-1-1-utf-7": "utf-7",
    "x-unknown": "",
    "unknown-8bit": "",
    "default": "",
    "ansi": "cp1252",
    "x-ansi": "cp1252",
    "x-user-defined": "cp1252",
    "x-mac-roman": "mac-roman",
    "macintosh": "mac-roman",
    "ansi_x3.4-1968": "ascii",
    "x-sjis": "shift_jis",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "ks_c_5601-1987": "cp949",
    "euc-kr": "cp949",
    "cp-850": "cp850",
    "windows-874": "cp874",
}
# Every byte that a Nordic text in cp1252 is likely to hold above 0x7f: letters, quotation marks, dashes, signs.
_NORDIC_BYTES = frozenset("æøåäöÆØÅÄÖéèêëàáçüÜñÉðþýíóúÐÞÝÍÓÚÁšžŠŽ–—‘’“”„…•«»€£§°´½²³×·\u00a0¨±µ®©™¼¾".encode("cp1252"))
_GUESSED_FROM = 20_000
"""Bytes that the guess looks at: more of them cost time and tell nothing new."""
_CANDIDATES = [
    "cp1252",
    "iso8859_15",
    "mac_roman",
    "cp850",
    "cp865",
    "cp1250",
    "cp1257",
    "cp1251",
    "koi8_r",
    "iso8859_2",
    "utf_16",
    "utf_16_le",
    "utf_16_be",
    "shift_jis",
    "gb18030",
    "big5",
    "cp949",
]

_CONTROLS = dict.fromkeys([*range(9), 11, *range(14, 32), 127, 65279, 8203, 8288])
_CONTROLS |= {code: None for code in range(0x80, 0xA0) if code != 0x85}
_CONTROLS |= {0x0C: "\n", 0x85: "\n", 0x2028: "\n", 0x2029: "\n"}
# Looked for first: translating costs thirty times as much as looking.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u2028\u2029\u2060\ufeff\ud800-\udfff]")
_PLAIN = re.compile(r"[\n\r\t\x20-\x7e]*\Z")


def codec(declared: str) -> str | None:
    """Python's name for the charset that a mail declares; None when it is missing, unknown or no charset of texts."""
    name = declared.strip().strip("'\"").lower()
    name = _ALIASES.get(name, name)
    if not name or not _NAMES.fullmatch(name):
        return None
    if name.startswith("charset="):
        name = name.removeprefix("charset=")
    try:
        found = codecs.lookup(name).name
    except (LookupError, ValueError):
        return None
    return found if _TEXT_CODECS.match(found) else None


def decode(content: bytes, declared: str = "") -> tuple[str, str]:
    """Decode by the declared charset, else UTF-8, else a guess, else cp1252; (text, what was wrong or '').

    ISO 8859-1 is read as cp1252, which is what its writers mean. Text that claims a western charset and is valid UTF-8
    beyond ASCII is UTF-8: the other way round it would be a row of Ã and ¥ that nobody writes.
    """
    wanted = codec(declared)
    if content.isascii() and (wanted is None or wanted in WESTERN or wanted == "utf-8"):
        problem = f"unknown charset {declared[:40]!r}" if wanted is None and declared.strip() else ""
        return content.decode("ascii"), problem
    if wanted is None or wanted in WESTERN:
        text = _strict(content, "utf-8")
        if text is not None:
            return text, f"declared {declared[:40]!r} but is utf-8" if declared.strip() else ""
    if wanted in WESTERN:
        problem = "declared us-ascii but has 8-bit characters, read as cp1252" if wanted == "ascii" else ""
        return content.decode("iso8859-15" if wanted == "iso8859-15" else "cp1252", "replace"), problem
    if wanted is not None:
        text = _strict(content, wanted)
        if text is None and wanted == "utf-8" and (cut := _utf8_cut(content)) is not None:
            return cut, "utf-8 with broken characters"
        if text is not None:
            return text, ""
        text = _strict(content, "utf-8")
        if text is not None:
            return text, f"declared {declared[:40]!r} but is utf-8"
    text, guess = _guessed(content)
    what = f"unknown charset {declared[:40]!r}" if wanted is None and declared.strip() else ""
    if wanted is not None:
        what = f"declared {declared[:40]!r} but is not"
    return text, (f"{what}, read as {guess}" if what else f"no charset declared, read as {guess}")


def decode_header_bytes(content: bytes) -> str:
    """Decode 8-bit bytes that stand raw in a header: UTF-8, else cp1252."""
    text = _strict(content, "utf-8")
    return content.decode("cp1252", "replace") if text is None else text


def clean(text: str) -> str:
    """NFC, LF line ends, without control characters (a database refuses NUL) and lone surrogates."""
    if _PLAIN.match(text):
        return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if _CONTROL.search(text):
        text = text.translate(_CONTROLS).encode("utf-8", "replace").decode("utf-8")
    return unicodedata.normalize("NFC", text)


def _strict(content: bytes, name: str) -> str | None:
    try:
        return content.decode(name)
    except (UnicodeError, LookupError, ValueError):
        return None


def _utf8_cut(content: bytes) -> str | None:
    """UTF-8 with at most a few broken bytes (a relay cut it), told from another charset by what is sound in it."""
    text = content.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    sound = sum(1 for character in text if character > "\x7f") - broken
    return text if 0 < broken <= max(1, 2 * sound) and sound > 0 else None


def _guessed(content: bytes) -> tuple[str, str]:
    """A guess among charsets that mail comes in; cp1252 when its bytes look Nordic, or when nothing is better."""
    if all(byte < 0x80 or byte in _NORDIC_BYTES for byte in content):
        return content.decode("cp1252", "replace"), "cp1252"
    best = from_bytes(content[:_GUESSED_FROM], cp_isolation=_CANDIDATES, preemptive_behaviour=False).best()
    if best is not None and best.encoding not in {"ascii", "utf_8"}:
        text = _strict(content, best.encoding)
        if text is not None:
            return text, best.encoding
    return content.decode("cp1252", "replace"), "cp1252"
