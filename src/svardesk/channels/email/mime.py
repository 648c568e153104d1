"""The form of a mail: headers in seven bits, bodies, parts. Deterministic: the same parts give the same bytes.

Python's own generator is not used: it folds long In-Reply-To and References headers into encoded words, which mail
programs do not read, and it draws its boundaries by lot.
"""

import base64
import binascii
import re
from collections.abc import Sequence
from typing import Final
from urllib.parse import quote

import msgspec

from svardesk.channels.email.smtp import is_sendable
from svardesk.kit.errors import Unprocessable

LINE: Final = 78
_WORD_LINE: Final = 76
_WORD_START: Final = "=?utf-8?q?"
_WORD_END: Final = "?="
_Q: Final = {ord(one): one for one in "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!*+-/"} | {32: "_"}
_SPACES: Final = re.compile(r"[\x00-\x20\x7f\x85\xa0\u2028\u2029]+")
_ATOMS: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+")
_MEDIA_TYPE: Final = re.compile(r"[A-Za-z0-9!#$&^_.+-]{1,60}/[A-Za-z0-9!#$&^_.+-]{1,80}")
_MESSAGE_ID: Final = re.compile(r"<[^<>\s\x00-\x1f\x7f-\U0010ffff]{1,900}>")


class BadMailAddress(Unprocessable):
    """That is no address to which mail can be sent."""

    code = "bad_mail_address"


class Address(msgspec.Struct, frozen=True):
    """A mail address with the name that is shown beside it."""

    email: str
    name: str = ""


class Attached(msgspec.Struct, frozen=True, kw_only=True):
    """A file that goes with a mail."""

    name: str
    media_type: str
    content: bytes


def on_one_line(text: str) -> str:
    """Without line ends and control characters, which are no part of a header."""
    return _SPACES.sub(" ", text.encode("utf-8", "replace").decode()).strip()


# ------------------------------------------------------------------------------------------------ headers


def text_header(name: str, value: str) -> str:
    """A header of free words (Subject)."""
    value = on_one_line(value)
    words = value.split(" ")
    if value.isascii() and "=?" not in value and all(len(word) < LINE - len(name) - 4 for word in words):
        return _folded(name, words, " ")
    return f"{name}: " + encoded_words(value, len(name) + 2)


def encoded_words(value: str, taken: int = 0) -> str:
    """Text beyond ASCII in encoded words (RFC 2047), each of whole characters; ``taken`` columns of the line are used.

    The letters of a to z stay readable, and what is allowed nowhere but in free text is encoded as well, so that it may
    stand in front of an address.
    """
    room = _WORD_LINE - len(_WORD_START) - len(_WORD_END)
    words, word, left = [], "", room - taken
    for character in value:
        coded = "".join(_Q.get(byte, f"={byte:02X}") for byte in character.encode())
        if len(coded) > left:
            words.append(word)
            word, left = "", room - 1
        word += coded
        left -= len(coded)
    return "\r\n ".join(f"{_WORD_START}{one}{_WORD_END}" for one in [*words, word])


def address_header(name: str, addresses: Sequence[Address]) -> str:
    """A header of addresses; raises ``BadMailAddress``."""
    return _folded(name, [shown(one) for one in addresses], ", ")


def id_header(name: str, ids: Sequence[str]) -> str:
    """A header of Message-IDs, each on a line of its own where they do not fit on one."""
    return _folded(name, list(ids), " ")


def _folded(name: str, parts: Sequence[str], between: str) -> str:
    lines = [f"{name}:"]
    for number, part in enumerate(parts):
        piece = part + (between.rstrip() if number < len(parts) - 1 else "")
        if len(lines[-1]) + 1 + len(piece.split("\r\n")[0]) > LINE and lines[-1] != f"{name}:":
            lines.append("")
        lines[-1] += f" {piece}"
    return "\r\n".join(lines)


def message_ids(values: Sequence[str]) -> list[str]:
    """The Message-IDs in what other programs wrote: ``<…>`` without spaces; each once, in their order."""
    return list(dict.fromkeys(found for value in values for found in _MESSAGE_ID.findall(value)))


def ascii_address(address: str) -> str:
    """An address as it is sent: its domain in Punycode. Raises ``BadMailAddress``."""
    if not is_sendable(address):
        raise BadMailAddress(None, f"{address[:200]!r} is no mail address.")
    local, _, domain = address.rpartition("@")
    if not domain.isascii():
        try:
            domain = domain.encode("idna").decode("ascii")
        except UnicodeError:
            raise BadMailAddress(None, f"{domain[:200]!r} is no domain.") from None
    return f"{local}@{domain}"


def shown(address: Address) -> str:
    """``Kari Nordmann <kari@example.no>``, the name quoted or encoded where it must be."""
    email = ascii_address(address.email)
    name = on_one_line(address.name)
    if not name or name.lower() == address.email.lower():
        return email
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    phrase = name if _ATOMS.fullmatch(name) else f'"{escaped}"'
    if not name.isascii() or "=?" in name or len(phrase) > LINE - 20:
        phrase = encoded_words(name, 12)
    fits = len(phrase.rpartition("\r\n")[2]) + len(email) + 3 <= LINE
    return f"{phrase} <{email}>" if fits else f"{phrase}\r\n <{email}>"


def parameter(name: str, value: str) -> str:
    """A parameter of a header, after its semicolon: quoted, or by RFC 2231 (in pieces where it is long)."""
    value = on_one_line(value)
    if value.isascii() and len(value) < LINE - 20:
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f';\r\n {name}="{escaped}"'
    whole = "utf-8''" + quote(value, safe="!#$&+-.^_`|~")
    if len(whole) < LINE - 20:
        return f";\r\n {name}*={whole}"
    pieces: list[str] = []
    while whole:
        end = min(len(whole), 54)
        # Never in the middle of a %C3.
        while end < len(whole) and "%" in whole[end - 2 : end]:
            end -= 1
        pieces.append(whole[:end])
        whole = whole[end:]
    return "".join(f";\r\n {name}*{number}*={piece}" for number, piece in enumerate(pieces))


# ------------------------------------------------------------------------------------------------ parts


def text_part(subtype: str, text: str, *, more: str = "") -> bytes:
    """A part of text, in UTF-8 and quoted-printable. Lines of ``text`` end in LF."""
    head = f"Content-Type: text/{subtype}; charset=utf-8{more}\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    lines = text.rstrip("\n").encode("utf-8", "replace").replace(b"\n", b"\r\n") + b"\r\n"
    return head.encode() + binascii.b2a_qp(lines, istext=True)


def file_part(file: Attached) -> bytes:
    """An attachment, in base64."""
    # What holds mails itself may not be in base64 (RFC 2046); as plain bytes it arrives unharmed.
    media_type = file.media_type if _MEDIA_TYPE.fullmatch(file.media_type) else "application/octet-stream"
    if media_type.lower().startswith(("message/", "multipart/")):
        media_type = "application/octet-stream"
    name = on_one_line(file.name).replace("/", "_").replace("\\", "_") or "vedlegg"
    head = (
        f"Content-Type: {media_type}{parameter('name', name) if name.isascii() else ''}\r\n"
        f"Content-Disposition: attachment{parameter('filename', name)}\r\n"
        "Content-Transfer-Encoding: base64\r\n\r\n"
    )
    return head.encode() + base64.encodebytes(file.content).replace(b"\n", b"\r\n")


def multipart(subtype: str, boundary: str, parts: Sequence[bytes]) -> bytes:
    """A part of parts. ``boundary`` begins with ``=_``, which neither base64 nor quoted-printable can hold."""
    mark = f"--{boundary}".encode()
    head = f'Content-Type: multipart/{subtype}; boundary="{boundary}"\r\n\r\n'.encode()
    body = b"".join(mark + b"\r\n" + part + b"\r\n" for part in parts)
    return head + body + mark + b"--\r\n"
