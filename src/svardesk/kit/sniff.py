"""What a file really is: told by its first bytes, never by what the sender calls it.

Only what is on the list is taken. Everything that a browser would run when it is opened from our origin (HTML, SVG,
XML, scripts) is refused under every name, and a file whose name promises something else gets the right ending.
"""

import re
from pathlib import PurePosixPath
from typing import Final

import msgspec
import puremagic

from svardesk.kit.errors import Unprocessable

HEAD: Final = 16_384
"""So many first bytes are enough to tell."""

ALLOWED: Final[dict[str, tuple[str, ...]]] = {
    "image/jpeg": (".jpg", ".jpeg", ".jfif"),
    "image/png": (".png",),
    "image/gif": (".gif",),
    "image/webp": (".webp",),
    "image/heic": (".heic", ".heif"),
    "application/pdf": (".pdf",),
    "text/plain": (".txt", ".log", ".md", ".text"),
    "text/csv": (".csv",),
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": (".docx",),
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": (".xlsx",),
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": (".pptx",),
    "application/vnd.oasis.opendocument.text": (".odt",),
    "application/vnd.oasis.opendocument.spreadsheet": (".ods",),
    "audio/mpeg": (".mp3",),
    "audio/mp4": (".m4a",),
    "audio/ogg": (".ogg", ".oga", ".opus"),
    "video/mp4": (".mp4", ".m4v"),
    "video/quicktime": (".mov",),
    "video/webm": (".webm",),
}
"""Media types that are taken, each with the endings that fit it; the first one is added where none fits."""

INLINE: Final = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})
"""Pictures that every browser shows and that cannot hold script."""

_MARKUP: Final = re.compile(
    rb"<\s*(?:!doctype|html|head|body|script|svg|iframe|style|title|table|div|h1|br|p|a|img|!--|\?xml|\?php|meta|link|form)"
    rb"[\s>/!?-]|<\?xml|<\?php|<svg|<!--",
    re.IGNORECASE,
)
_STARTS: Final = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"%PDF-", "application/pdf"),
    (b"ID3", "audio/mpeg"),
    (b"\xff\xfb", "audio/mpeg"),
    (b"\xff\xf3", "audio/mpeg"),
    (b"\xff\xf2", "audio/mpeg"),
    (b"\xff\xfa", "audio/mpeg"),
)
_FTYP: Final = {
    b"heic": "image/heic",
    b"heix": "image/heic",
    b"mif1": "image/heic",
    b"msf1": "image/heic",
    b"heim": "image/heic",
    b"M4A ": "audio/mp4",
    b"M4B ": "audio/mp4",
    b"qt  ": "video/quicktime",
    b"isom": "video/mp4",
    b"iso2": "video/mp4",
    b"iso4": "video/mp4",
    b"iso5": "video/mp4",
    b"iso6": "video/mp4",
    b"mp41": "video/mp4",
    b"mp42": "video/mp4",
    b"avc1": "video/mp4",
    b"dash": "video/mp4",
    b"M4V ": "video/mp4",
}
_OFFICE: Final = {
    b"word/": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    b"xl/": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    b"ppt/": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}
_CONTROL: Final = frozenset(range(32)) - {7, 8, 9, 10, 12, 13, 27}
_BAD_IN_NAME: Final = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|\u200e\u200f\u202a-\u202e\u2066-\u2069]+')
_LONGEST_NAME: Final = 150


class FileTypeRefused(Unprocessable):
    """Files of this kind are not taken."""

    code = "file_type_refused"


class Kind(msgspec.Struct, frozen=True):
    """What a file is, and the name under which it may be handed on."""

    media_type: str
    name: str

    @property
    def image(self) -> bool:
        """Whether a browser may show it in place."""
        return self.media_type in INLINE


def sniff(head: bytes, name: str = "") -> str | None:
    """The media type of a file by its first ``HEAD`` bytes, or None when it is nothing we take.

    ``name`` only decides between kinds of the same bytes (text or CSV).
    """
    by_signature = _signature(head)
    if by_signature is not None:
        return by_signature if by_signature in ALLOWED else None
    if _dangerous(head, name):
        return None
    return _as_text(head, name)


def check(head: bytes, name: str) -> Kind:
    """Tell what a file is, with a name made harmless; raises ``FileTypeRefused``."""
    media_type = sniff(head, name)
    clean = safe_name(name)
    if media_type is None:
        raise FileTypeRefused(
            None,
            "Files of this kind are not taken. Pictures, PDF, text and office documents are.",
            name=clean,
            allowed=sorted({ending for endings in ALLOWED.values() for ending in endings}),
        )
    endings = ALLOWED[media_type]
    if PurePosixPath(clean).suffix.lower() not in endings:
        clean = clean[: _LONGEST_NAME - len(endings[0])] + endings[0]
    return Kind(media_type, clean)


def safe_name(name: str) -> str:
    """A file name without folders, control and direction characters, at most 150 characters, never empty."""
    tail = name.replace("\\", "/").rsplit("/", 1)[-1]
    clean = _BAD_IN_NAME.sub("_", tail).strip(" .")
    if len(clean) > _LONGEST_NAME:
        suffix = PurePosixPath(clean).suffix[:12]
        clean = clean[: _LONGEST_NAME - len(suffix)] + suffix
    return clean or "file"


def _signature(head: bytes) -> str | None:
    """By signature; a type outside ``ALLOWED`` (or ``""``) means: known, and not taken."""
    for start, media_type in _STARTS:
        if head.startswith(start):
            return media_type
    if head[:4] == b"RIFF":
        return "image/webp" if head[8:12] == b"WEBP" else ""
    if head[4:8] == b"ftyp":
        return _FTYP.get(head[8:12], "")
    if head.startswith(b"OggS"):
        return "audio/ogg" if b"OpusHead" in head[:64] or b"vorbis" in head[:64] else ""
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return "video/webm" if b"webm" in head[:64] else ""
    return _zipped(head) if head.startswith(b"PK\x03\x04") else None


def _zipped(head: bytes) -> str:
    if head[30:38] == b"mimetype":
        found = re.match(rb"application/vnd\.oasis\.opendocument\.(text|spreadsheet)(?=PK|$)", head[38:110])
        return found[0].decode() if found else ""
    if b"[Content_Types].xml" in head or b"_rels/.rels" in head:
        # A document with macros keeps its program in vbaProject.bin.
        if b"vbaProject" in head:
            return ""
        for folder, media_type in _OFFICE.items():
            if folder in head:
                return media_type
    return ""


def _dangerous(head: bytes, name: str) -> bool:
    """Whether the bytes have a signature that somebody knows and that is not plain text (programs, archives …)."""
    try:
        found = puremagic.magic_string(head, name)
    except (puremagic.PureError, ValueError):
        return False
    # Signatures of two or three printable letters match ordinary words ("BM", "MZ" aside): leave those to the text test.
    return any(len(one.byte_match or b"") >= 4 and not (one.byte_match or b"").isascii() for one in found)


def _as_text(head: bytes, name: str) -> str | None:
    if not head.strip() or head.startswith((b"MZ", b"\x7fELF", b"#!", b"{\\rtf", b"%!PS")) or _CONTROL & set(head):
        return None
    if _MARKUP.search(head):
        return None
    return "text/csv" if name.lower().endswith(".csv") else "text/plain"
