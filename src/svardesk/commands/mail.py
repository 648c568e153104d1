"""`svardesk mail parse`: what is made of stored mails, so that an administrator sees why one was shown as it was."""

from __future__ import annotations

import hashlib
import io
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from svardesk.channels.email.parsing import ParsedMail

STANDARD_INPUT = "-"


def parse(files: Sequence[str], *, as_json: bool, authserv: Sequence[str]) -> int:
    """Print what each file says, ``-`` being standard input: a JSON object a line, or for people.

    The exit code is 0, also for what cannot be read.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        # What customers write must come out whatever the terminal's charset is.
        sys.stdout.reconfigure(encoding="utf-8" if as_json else None, errors="backslashreplace")
    for number, name in enumerate(files):
        told = _told(name, authserv)
        if as_json:
            print(json.dumps(told, ensure_ascii=False))
        else:
            if number:
                print()
            print("\n".join(_readable(told)))
    return 0


def _told(name: str, authserv: Sequence[str]) -> dict[str, Any]:
    from svardesk.channels.email import parsing

    try:
        raw = sys.stdin.buffer.read() if name == STANDARD_INPUT else Path(name).read_bytes()
    except (OSError, ValueError) as error:
        return {"file": _printable(name), "error": getattr(error, "strerror", None) or str(error)}
    return {"file": _printable(name), **_shown(parsing.parse(raw, trusted_authserv=authserv))}


def _printable(name: str) -> str:
    """A file name whose bytes are no UTF-8 cannot be printed as it is."""
    return name.encode("utf-8", "replace").decode("utf-8")


def _shown(mail: ParsedMail) -> dict[str, Any]:
    return {
        "from": mail.sender.address if mail.sender else None,
        "from_name": mail.sender.name if mail.sender else "",
        "to": [one.address for one in mail.to],
        "cc": [one.address for one in mail.cc],
        "reply_to": [one.address for one in mail.reply_to],
        "delivered_to": list(mail.delivered_to),
        "return_path": mail.return_path,
        "date": mail.date.isoformat() if mail.date else None,
        "subject": mail.subject,
        "message_id": mail.message_id,
        "in_reply_to": list(mail.in_reply_to),
        "references": list(mail.references),
        "visible": mail.visible,
        "quoted": mail.quoted,
        "signature": mail.signature,
        "forwarded_from": mail.forwarded_from.address if mail.forwarded_from else None,
        "automatic": mail.automatic,
        "automatic_because": mail.automatic_because,
        "may_answer_automatically": mail.may_answer_automatically,
        "bounce": _bounce(mail),
        "attachments": [
            {
                "name": one.name,
                "media_type": one.media_type,
                "size": len(one.content),
                "sha256": hashlib.sha256(one.content).hexdigest(),
                "inline": one.inline,
                "content_id": one.content_id,
            }
            for one in mail.files
        ],
        "trust": mail.trust,
        "trust_because": mail.trust_because,
        "language": mail.language,
        "problems": list(mail.problems),
    }


def _bounce(mail: ParsedMail) -> dict[str, Any] | None:
    if mail.bounce is None:
        return None
    return {
        "original_message_id": mail.bounce.original_message_id,
        "recipients": [
            {"address": one.address, "action": one.action, "status": one.status, "diagnostic": one.diagnostic}
            for one in mail.bounce.recipients
        ],
    }


def _readable(told: dict[str, Any]) -> list[str]:
    """The same for people: a line a field, then the texts, each under its name."""
    if "error" in told:
        return [f"{told['file']}: {told['error']}"]
    rows = [
        ("File", told["file"]),
        ("From", f"{told['from_name']} <{told['from'] or 'nobody'}>".strip()),
        ("To", ", ".join(told["to"])),
        ("Cc", ", ".join(told["cc"])),
        ("Date", told["date"] or "unreadable or missing"),
        ("Subject", told["subject"]),
        ("Message-ID", told["message_id"] or "none"),
        ("In-Reply-To", ", ".join(told["in_reply_to"])),
        ("References", ", ".join(told["references"])),
        ("Automatic", " · ".join(one for one in (told["automatic"], told["automatic_because"]) if one)),
        ("Answerable", "yes" if told["may_answer_automatically"] else "never by a machine"),
        ("Trust", f"{told['trust']} · {told['trust_because']}"),
        ("Language", told["language"] or "not told"),
        ("Forwarded", told["forwarded_from"] or ""),
    ]
    rows += [("Attachment", _file(one)) for one in told["attachments"]]
    if told["bounce"]:
        rows += [
            (
                "Bounce",
                f"{one['action']} {one['status'] or ''} {one['address'] or 'unknown address'}: {one['diagnostic']}",
            )
            for one in told["bounce"]["recipients"]
        ]
    rows += [("Problem", one) for one in told["problems"]]
    out = [f"{name + ':':<12} {value}" for name, value in rows if value]
    for name in ("visible", "quoted", "signature"):
        if told[name]:
            out += ["", f"── {name}", told[name]]
    return out


def _file(one: dict[str, Any]) -> str:
    place = ", shown in the text" if one["inline"] else ""
    return f"{one['name'] or 'without a name'} ({one['media_type']}, {one['size']} bytes{place}) sha256 {one['sha256']}"
