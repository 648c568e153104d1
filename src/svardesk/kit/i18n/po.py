"""Reading and writing the ``.po`` format, as much of it as our catalogues use."""

import json
from collections.abc import Iterable, Mapping

_HEADER = """msgid ""
msgstr ""
"Project-Id-Version: svardesk\\n"
"Language: {locale}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"""


def parse_po(source: str) -> dict[str, str]:
    """Keys and texts of a catalogue, without its header.

    Understands comments, ``msgid``, ``msgstr`` and continued strings; obsolete entries (``#~``) are comments. Raises
    ValueError with the line number for anything else, also for a key that comes twice.
    """
    found: dict[str, str] = {}
    key: list[str] = []
    value: list[str] = []
    current = value

    def close(line: int) -> None:
        name = "".join(key)
        if name:
            if name in found:
                raise ValueError(f"line {line}: {name} comes twice")
            found[name] = "".join(value)
        key.clear()
        value.clear()

    number = 0
    for number, raw in enumerate(source.splitlines(), start=1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        if line.startswith("msgid "):
            close(number)
            current = key
            line = line[6:]
        elif line.startswith("msgstr "):
            current = value
            line = line[7:]
        if len(line) < 2 or line[0] != '"' or line[-1] != '"':
            raise ValueError(f"line {number}: not understood: {line[:60]}")
        try:
            current.append(json.loads(line))
        except ValueError as error:
            raise ValueError(f"line {number}: {error}") from error
    close(number)
    return found


def comments_of(source: str) -> dict[str, list[str]]:
    """The comment lines (``#. …``) that stand before each key, so that rewriting a catalogue keeps them."""
    found: dict[str, list[str]] = {}
    waiting: list[str] = []
    for raw in source.splitlines():
        line = raw.strip()
        if line.startswith("#"):
            waiting.append(line)
        elif line.startswith("msgid "):
            name = json.loads(line[6:])
            if name and waiting:
                found[name] = waiting
            waiting = []
    return found


def write_po(locale: str, texts: Mapping[str, str], comments: Mapping[str, Iterable[str]] | None = None) -> str:
    """A catalogue as text, keys sorted so that two people adding keys rarely meet in one line."""
    parts = [_HEADER.format(locale=locale)]
    for key in sorted(texts):
        remarks = "".join(f"{line}\n" for line in (comments or {}).get(key, ()))
        parts.append(f"\n{remarks}msgid {_quoted(key)}\nmsgstr {_quoted(texts[key])}\n")
    return "".join(parts)


def _quoted(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)
