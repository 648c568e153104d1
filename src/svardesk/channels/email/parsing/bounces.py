"""Reports that a mail did not arrive: RFC 3464, and what Gmail, Exchange, Postfix, Exim and qmail write instead."""

import re
from typing import Literal

from svardesk.channels.email.parsing.headers import message_id, split
from svardesk.channels.email.parsing.parsed import Bounce, Recipient
from svardesk.channels.email.parsing.parts import Part, text_of

Action = Literal["failed", "delayed", "delivered", "relayed", "expanded"]

MAX_RECIPIENTS = 200

_SUBJECT = re.compile(
    r"(?i)(?:undeliver(?:able|ed)|delivery (?:status notification|failure|has failed|incomplete|delayed)|"
    r"failure notice|mail delivery (?:failed|failure|subsystem|system|delayed)|"
    r"returned mail|message (?:not delivered|delayed|undeliverable)|delayed mail|warning: (?:message|could not "
    r"send)|could not send message|mail system error|"
    r"kan ikke leveres|kunne ikke leveres|kunne ikkje leverast|ikke levert|levering mislyktes|leveringsfeil|"
    r"ulevert|uleveret|kan ikke afleveres|kunne ikke afleveres|"
    r"olevererbart|kan inte levereras|kunde inte levereras|ej levererat|leveransfel|leverans misslyckades|"
    r"toimittaminen epäonnistui|ei voitu toimittaa|toimitusvirhe|"
    r"toimittamaton|perille|statusmeddelelse om levering|leveringsstatus)"
)
_DELAY = re.compile(
    r"(?i)\b(?:delay(?:ed)?|warning: (?:message|could not)|still (?:being )?(?:trying|retrying|attempting)|"
    r"will (?:be )?retr(?:y|ied)|forsinket|forsinka|försenat|forsinket|viivästy\w+|not yet been delivered)\b"
)
_DAEMON = re.compile(
    r"(?i)(?:mailer-daemon|postmaster|mail-?daemon|microsoftexchange[0-9a-f]*|mdaemon|double-bounce|mailerdaemon)\Z"
)
_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_REPLY_CODE = re.compile(r"(?<![\d.#])([45]\d\d)[ -](?=[\w#])")
_ADDRESS = re.compile(r"[^\s<>()\[\],;:\"'@]+@[^\s<>()\[\],;:\"'@]+\.[A-Za-z0-9-]+")
_MESSAGE_ID = re.compile(r"(?im)^[> \t]*message-id:[ \t]*(?:\r?\n[ \t]+)?<([^<>\s]+)>")
_COPY_BELOW = re.compile(
    r"(?im)^[-\s]*(?:this is a copy of|below this line is a copy|included is a copy|original message "
    r"(?:headers )?follows|here are your message|opprinnelige meldingshoder|original message headers|the "
    r"following text was generated|------ )"
)
_TOKEN = re.compile(r"\+([A-Za-z0-9._=-]{6,200})@")
_BLANK = re.compile(rb"\r?\n[ \t]*\r?\n")
_ACTIONS: dict[str, Action] = {
    "failed": "failed",
    "delayed": "delayed",
    "delivered": "delivered",
    "relayed": "relayed",
    "expanded": "expanded",
}


def read(
    root: Part,
    *,
    sender: str,
    subject: str,
    return_path: str | None,
    text: str,
    own_to: tuple[str, ...],
    problems: list[str],
) -> Bounce | None:
    """Read a bounce; None when the mail is none. ``own_to``: the addresses it came to, where a token may stand."""
    parts = list(root.walk())
    token = next((match[1] for address in own_to if (match := _TOKEN.search(address)) is not None), None)
    recipients: list[Recipient] = []
    for part in parts:
        if part.media_type in {"message/delivery-status", "message/global-delivery-status"}:
            recipients += _status(part, problems)
    daemon = bool(_DAEMON.fullmatch(sender.rpartition("@")[0])) or return_path == ""
    is_report = (
        root.media_type == "multipart/report"
        and root.parameters.get("report-type", "delivery-status").lower() == "delivery-status"
    )
    failed_header = root.headers.plain("x-failed-recipients")
    looks = daemon and bool(_SUBJECT.search(subject))
    if not recipients and not (looks or (failed_header and daemon) or (is_report and daemon)):
        return None
    if not recipients and root.media_type == "multipart/report" and not is_report:
        return None
    original = _original_id(parts, text, problems)
    if not recipients:
        recipients = _written(text, subject, failed_header, own_to)
    if not original and not any(one.address or one.status for one in recipients) and not looks:
        return None
    return Bounce(
        recipients=tuple(recipients[:MAX_RECIPIENTS]), original_message_id=original, original_recipient_token=token
    )


def _status(part: Part, problems: list[str]) -> list[Recipient]:
    """Recipients of a delivery-status part: blocks of fields, the first about the message."""
    content = part.content(problems)[:200_000].lstrip(b"\r\n")
    found: list[Recipient] = []
    for block in _BLANK.split(content)[: MAX_RECIPIENTS + 1]:
        fields, _ = split(block, 0, len(block), [])
        action = _ACTIONS.get(fields.plain("action").split("(")[0].strip().lower())
        named = fields.plain("final-recipient") or fields.plain("original-recipient")
        if action is None and not named:
            continue
        if "original-recipient" in fields and not _bare(named):
            named = fields.plain("original-recipient")
        diagnostic = " ".join(fields.plain("diagnostic-code").split())
        status = _STATUS.search(fields.plain("status"))
        code = status[1] if status else None
        better = _STATUS.search(diagnostic.partition(";")[2])
        if code is not None and code.endswith(".0.0") and better is not None and better[1][0] == code[0]:
            code = better[1]
        if action is None:
            action = "delayed" if (code or "5").startswith("4") else "failed"
        kind, _, said = diagnostic.partition(";")
        found.append(
            Recipient(
                address=_bare(named),
                action=action,
                status=code,
                diagnostic=(said.strip() if said and " " not in kind.strip() else diagnostic)[:1000],
            )
        )
    return found


def _bare(named: str) -> str | None:
    """The address in ``rfc822; kari@example.no``."""
    value = named.partition(";")[2] or named
    match = _ADDRESS.search(value)
    if match is None:
        return None
    local, _, domain = match[0].rpartition("@")
    return f"{local}@{domain.lower()}"


def _original_id(parts: list[Part], text: str, problems: list[str]) -> str | None:
    for part in parts[1:]:
        if part.media_type in {
            "message/rfc822",
            "text/rfc822-headers",
            "message/global",
            "message/global-headers",
            "message/rfc822-headers",
        }:
            content = part.content(problems)[:200_000].lstrip(b"\r\n")
            fields, _ = split(content, 0, len(content), [])
            found = message_id(fields.plain("message-id"))
            if found:
                return found
    match = _MESSAGE_ID.search(text)
    if match is not None:
        return match[1]
    for part in parts[1:]:
        if part.media_type == "text/plain" and (match := _MESSAGE_ID.search(text_of(part, []))) is not None:
            return match[1]
    return None


def _written(text: str, subject: str, failed_header: str, own_to: tuple[str, ...]) -> list[Recipient]:
    """What the words say, when no part does: the first address that is not ours, with the code near it."""
    copy = _COPY_BELOW.search(text)
    said = text[: copy.start()] if copy is not None and copy.start() > 40 else text[:5000]
    ours = {address.lower() for address in own_to}
    addresses = [match[0] for match in _ADDRESS.finditer(failed_header)]
    if not addresses:
        addresses = [
            match[0]
            for match in _ADDRESS.finditer(said)
            if match[0].lower() not in ours and not _DAEMON.fullmatch(match[0].rpartition("@")[0])
        ][:1]
    status = _STATUS.search(said)
    reply = _REPLY_CODE.search(said)
    code = status[1] if status else None
    temporary = (code or (reply[1] if reply else "5")).startswith("4") or bool(_DELAY.search(subject))
    action: Action = (
        "delayed"
        if temporary
        or (
            code is None
            and reply is None
            and _DELAY.search(said[:1500])
            and not re.search(r"(?i)permanent|failed", said[:1500])
        )
        else "failed"
    )
    diagnostic = _diagnostic(said)
    unique = list(dict.fromkeys(f"{one.rpartition('@')[0]}@{one.rpartition('@')[2].lower()}" for one in addresses))[
        :MAX_RECIPIENTS
    ]
    return [Recipient(address=one, action=action, status=code, diagnostic=diagnostic) for one in unique] or [
        Recipient(address=None, action=action, status=code, diagnostic=diagnostic)
    ]


def _diagnostic(said: str) -> str:
    """The line that names a code, else the first line behind the address."""
    lines = [" ".join(line.split()) for line in said.splitlines() if line.strip()]
    for line in lines:
        if _STATUS.search(line) or _REPLY_CODE.search(line):
            return line[:1000]
    for at, line in enumerate(lines[:-1]):
        if _ADDRESS.search(line):
            return lines[at + 1][:1000]
    return lines[0][:1000] if lines else ""
