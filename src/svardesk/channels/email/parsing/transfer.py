"""Content-Transfer-Encoding: undone also when it is wrong, broken or lied about."""

import binascii
import quopri
import re

from svardesk.channels.email.parsing.headers import decode_base64

_BASE64_LINES = re.compile(rb"[A-Za-z0-9+/=\s]*\Z")
_FOREIGN = re.compile(rb"[^A-Za-z0-9+/=]+")
_UU_BEGIN = re.compile(rb"^begin(?:-base64)? [0-7]{3,4} ([^\r\n]{1,200})\r?\n", re.MULTILINE)


def undone(content: bytes, encoding: str, problems: list[str]) -> bytes:
    """Undo a transfer encoding. What does not fit its encoding is taken as it is, with a problem noted."""
    name = encoding.strip().strip("\"'").lower().split(";")[0].strip()
    if name in {"", "7bit", "8bit", "binary", "7-bit", "8-bit", "none"}:
        return content
    if name in {"base64", "b64", "x-base64"}:
        return _base64(content, problems)
    if name in {"quoted-printable", "qp", "quoted_printable", "quotedprintable"}:
        return quopri.decodestring(content)
    if name in {"x-uuencode", "uuencode", "x-uue", "uue"}:
        files = uuencoded(content)
        if files:
            return files[0][1]
    problems.append(f"unknown transfer encoding {name[:40]!r}, taken as it is")
    return content


def _base64(content: bytes, problems: list[str]) -> bytes:
    if not _BASE64_LINES.match(content):
        text = content.split()
        longest = max((len(word) for word in text), default=0)
        if longest < 60 and len(text) > 3:
            # Text with blanks between words that only says it is base64.
            problems.append("declared base64 but is plain text")
            return content
        # A footer that a list put below: base64 ends at its padding or the first line that is none of it.
        problems.append("broken base64")
        kept: list[bytes] = []
        for line in content.splitlines():
            foreign = not _BASE64_LINES.match(line)
            if kept and (b" " in line.strip() or (foreign and line.startswith(b"--"))):
                break
            if not (foreign and b" " in line.strip()):
                kept.append(_FOREIGN.sub(b"", line))
            if line.rstrip().endswith(b"="):
                break
        content = b"".join(kept) or content
    elif len(content.translate(None, b" \t\r\n")) % 4:
        problems.append("broken base64")
        lines = content.split()
        if sum(1 for line in lines if len(line) % 4) <= 1 + len(lines) // 10:
            # A letter is missing somewhere; lines stand for themselves, so the others are sound.
            return b"".join(decode_base64(line) for line in lines)
    head, pad, tail = content.rstrip().partition(b"=")
    if pad and tail.strip(b"=\r\n \t"):
        # Several pieces, each padded, one after the other.
        return decode_base64(head) + b"".join(decode_base64(piece) for piece in re.split(rb"=+", tail) if piece.strip())
    return decode_base64(content)


def uuencoded(content: bytes) -> list[tuple[str, bytes, int, int]]:
    """Files that stand uuencoded in a text: (name, bytes, where it begins, where it ends)."""
    if b"begin " not in content:
        return []
    found: list[tuple[str, bytes, int, int]] = []
    position = 0
    while len(found) < 50 and (begin := _UU_BEGIN.search(content, position)) is not None:
        pieces: list[bytes] = []
        position = begin.end()
        done = False
        while position < len(content) and not done:
            line_end = content.find(b"\n", position)
            line_end = len(content) if line_end < 0 else line_end
            line = content[position:line_end].rstrip(b"\r")
            position = line_end + 1
            if line == b"end":
                done = True
            elif line.strip():
                piece = _uu_line(line)
                if piece is None:
                    break
                pieces.append(piece)
        if done:
            name = begin[1].decode("utf-8", "replace")
            found.append((name, b"".join(pieces), begin.start(), min(position, len(content))))
    return found


def _uu_line(line: bytes) -> bytes | None:
    try:
        return binascii.a2b_uu(line)
    except binascii.Error:
        try:
            # Writers that pad with too much; the first byte says how much counts.
            return binascii.a2b_uu(line[: 1 + ((((line[0] - 32) & 63) * 4 + 5) // 3)])
        except binascii.Error:
            return None
