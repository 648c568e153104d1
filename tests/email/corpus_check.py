"""Compares what the parser makes of a mail of the corpus with what a careful person does (see corpus/README.md)."""

import json
import re
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from svardesk.channels.email.parsing import ParsedMail, parse

CORPUS = Path(__file__).parent / "corpus"
TOLERATED = {
    "text/calendar",
    "application/ics",
    "application/pgp-signature",
    "application/pgp-encrypted",
    "application/pkcs7-signature",
    "application/x-pkcs7-signature",
    "application/ms-tnef",
    "message/delivery-status",
    "message/disposition-notification",
    "text/rfc822-headers",
}
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff\u034f]")


def mails() -> list[Path]:
    return sorted(CORPUS.glob("*/*.eml"))


def expected(mail: Path) -> dict[str, Any]:
    return json.loads(mail.with_suffix(".json").read_text(encoding="utf-8"))


def read(mail: Path) -> ParsedMail:
    told = expected(mail)
    return parse(mail.read_bytes(), trusted_authserv=[told["authserv"]] if "authserv" in told else [])


def plain(text: str) -> str:
    """As the corpus compares: NFC, one blank for white space, nothing invisible."""
    return " ".join(_INVISIBLE.sub("", unicodedata.normalize("NFC", text)).split())


def without_marks(text: str) -> str:
    return plain(re.sub(r"(?m)^[> \t]+", "", text))


@dataclass
class Verdict:
    """What is wrong with one mail; and how many quoted lines and characters went."""

    lost: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    quoted: int = 0
    removed: int = 0
    wrong: list[str] = field(default_factory=list)


def judge(mail: Path) -> Verdict:
    told, got = expected(mail), read(mail)
    verdict = Verdict()
    visible, quoted, signature = (without_marks(one) for one in (got.visible, got.quoted, got.signature))
    whole = without_marks(got.text)
    verdict.lost = [line for line in told["customer_lines"] if plain(line) not in visible]
    for line in told["quoted_lines"]:
        size = len(plain(line).split())
        verdict.quoted += size
        if plain(line) in visible:
            verdict.kept.append(line)
        else:
            verdict.removed += size
            if plain(line) not in quoted and plain(line) not in whole:
                verdict.wrong.append(f"quoted line is nowhere: {line!r}")
    for line in told["forwarded_lines"]:
        if plain(line) not in visible and (told["keep_whole"] or plain(line) not in quoted):
            verdict.wrong.append(f"forwarded line lost: {line!r}")
    for line in told["signature_lines"]:
        if plain(line) not in signature and plain(line) not in visible:
            verdict.wrong.append(f"signature line lost: {line!r}")
    _compare(verdict, told, got)
    return verdict


def _compare(verdict: Verdict, told: dict[str, Any], got: ParsedMail) -> None:
    def same(what: str, want: object, have: object) -> None:
        if want != have:
            verdict.wrong.append(f"{what}: expected {want!r}, got {have!r}")

    same("from", told["from"], got.sender.address.lower() if got.sender else None)
    same("subject", told["subject"], got.subject)
    same("message_id", told["message_id"], got.message_id)
    same("in_reply_to", told["in_reply_to"], list(got.in_reply_to))
    same("automatic", told["automatic"], got.automatic)
    if told["language"] is not None and got.language is not None:
        same("language", told["language"], got.language)
    same("trust", told["trust"], got.trust)
    if (told["bounce"] is None) != (got.bounce is None):
        verdict.wrong.append(f"bounce: expected {told['bounce']!r}, got {got.bounce!r}")
    elif told["bounce"] is not None and got.bounce is not None:
        failed = [one for one in got.bounce.recipients if one.action in {"failed", "delayed"}]
        one = failed[0] if failed else None
        have = {
            "action": one.action if one else None,
            "status": one.status if one else None,
            "address": one.address if one else None,
            "original_message_id": got.bounce.original_message_id,
        }
        same("bounce", told["bounce"], have)
    _compare_files(verdict, told, got)


def _compare_files(verdict: Verdict, told: dict[str, Any], got: ParsedMail) -> None:
    """Every file in order; what the corpus tolerates is skipped where it is not expected."""
    have = list(got.files)
    for want in told["attachments"]:
        while have and not _is(want, have[0]) and _tolerated(have[0], told):
            have.pop(0)
        if not have or not _is(want, have[0]):
            shown = [(one.name, one.media_type, one.inline) for one in got.files]
            verdict.wrong.append(f"attachment {want!r}, got {shown!r}")
            return
        have.pop(0)
    rest = [(one.name, one.media_type) for one in have if not _tolerated(one, told)]
    if rest:
        verdict.wrong.append(f"attachments too many: {rest!r}")


def _is(want: dict[str, Any], have: Any) -> bool:
    # A forwarded message without a name gets one from its subject.
    named = want["name"] == (have.name or None) or (want["name"] is None and have.media_type == "message/rfc822")
    return named and want["media_type"] in {None, have.media_type} and want["inline"] == have.inline


def _tolerated(have: Any, told: dict[str, Any]) -> bool:
    return have.media_type in TOLERATED or told["bounce"] is not None or have.name.lower().endswith(".rtf")
