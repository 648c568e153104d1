"""How sure we are that a mail comes from the domain it names: by our own server's Authentication-Results, nothing else.

Microsoft 365 writes results without naming itself, so anybody could have written them further up the way. They count
only when the mailbox is configured for them, by "" or "microsoft" among the trusted names, and then only in the topmost
header that bears no name.
"""

import re
from collections.abc import Sequence
from typing import Literal

from svardesk.channels.email.parsing.headers import Headers, as_text
from svardesk.channels.email.parsing.parsed import Address

Trust = Literal["domain_verified", "unverified"]

_METHOD = re.compile(r"\s*([a-z][a-z0-9-]*)(?:\s*/\s*\d+)?\s*=\s*([a-z]+)\b", re.IGNORECASE)
_PROPERTY = re.compile(r"\bheader\.from\s*=\s*\"?([^\s;\"]+)", re.IGNORECASE)
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|\Z)')
_ADDRESS_IN_NAME = re.compile(r"[^\s<>()\[\],;:\"'@]+@([^\s<>()\[\],;:\"'@]+\.[^\s<>()\[\],;:\"'@]+)")
_PUBLIC_SECOND_LEVELS = {"co", "com", "org", "net", "gov", "ac", "edu", "priv", "kommune", "gs"}


def judge(headers: Headers, senders: Sequence[Address], trusted: Sequence[str]) -> tuple[Trust, str]:
    """Judge the sender; (trust, the reason in a few English words). ``senders``: all addresses of all From fields."""
    if len(headers.every("from")) > 1:
        return "unverified", "several From fields"
    if len(senders) != 1:
        return "unverified", "several From addresses" if senders else "no From address"
    domain = senders[0].address.rpartition("@")[2].rstrip(".").lower()
    named = _ADDRESS_IN_NAME.search(senders[0].name)
    if named is not None and named[1].lower().rstrip(".") != domain:
        return "unverified", "the display name shows another address"
    if not trusted:
        return "unverified", "no trusted authentication server configured"
    names = {_server(name) for name in trusted}
    nameless = "" in names or "microsoft" in names
    for value in headers.every("authentication-results"):
        text = _without_comments(as_text(value))
        server, rest = _split(text)
        if server == "":
            if nameless:
                return _dmarc(rest, domain, "the receiving server")
            continue
        if _server(server) in names:
            return _dmarc(rest, domain, server)
    return "unverified", "no Authentication-Results of a trusted server"


def _server(name: str) -> str:
    return name.strip().strip('"').rstrip(".").lower()


def _split(text: str) -> tuple[str, list[str]]:
    """(authserv-id or '', results). A first piece that is a result already means that no server is named."""
    # What is quoted is somebody's value (an envelope sender may hold a semicolon), never a result; an unclosed quote
    # hides the rest.
    pieces = _QUOTED.sub('"-"', text).split(";")
    first = pieces[0].strip()
    if not first or _METHOD.match(first):
        return "", pieces
    return first.split()[0], pieces[1:]


def _dmarc(results: list[str], domain: str, server: str) -> tuple[Trust, str]:
    verdicts: list[tuple[str, str]] = []
    for piece in results:
        match = _METHOD.match(piece)
        if match is not None and match[1].lower() == "dmarc":
            about = _PROPERTY.search(piece)
            verdicts.append((match[2].lower(), about[1].rstrip(".").rpartition("@")[2].lower() if about else ""))
    if not verdicts:
        return "unverified", f"{server} did not check DMARC"
    for verdict, about in verdicts:
        if verdict != "pass":
            return "unverified", f"DMARC {verdict} says {server}"
        if not _aligned(domain, about):
            return "unverified", f"DMARC passed for {about or 'no domain'}, not for {domain}"
    return "domain_verified", f"DMARC pass says {server}"


def _aligned(domain: str, about: str) -> bool:
    """Whether the checked domain is that of the sender, or the organisation's domain above it."""
    if not about or not domain:
        return False
    if domain == about:
        return True
    labels = about.split(".")
    return len(labels) >= 2 and labels[-2] not in _PUBLIC_SECOND_LEVELS and domain.endswith(f".{about}")


def _without_comments(text: str) -> str:
    """The text without comments in parentheses, also nested ones; what is quoted stays."""
    out: list[str] = []
    depth = 0
    quoted = escaped = False
    for character in text[:20_000]:
        if escaped:
            escaped = False
        elif character == "\\":
            escaped = True
        elif character == '"' and not depth:
            quoted = not quoted
        elif character == "(" and not quoted:
            depth += 1
            continue
        elif character == ")" and not quoted and depth:
            depth -= 1
            continue
        if not depth:
            out.append(character)
    return "".join(out)
