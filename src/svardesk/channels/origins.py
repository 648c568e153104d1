"""The allow-list of a widget or form: which web sites may show it. Pure.

An entry is an origin as browsers write it: ``https://shop.example.no``, every subdomain of a domain as
``https://*.example.no`` (not the domain itself: list it too), another port by naming it. ``http`` is taken for this
machine only, where ``http://localhost:*`` stands for any port. The same list becomes ``frame-ancestors``.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from svardesk.kit.errors import Unprocessable

MOST: Final = 50
_ENTRY: Final = re.compile(r"^(https?)://(\*\.)?([^/\s?#@:*]+|\[[0-9a-f:]+\])(?::(\d{1,5}|\*))?/?$", re.IGNORECASE)
_LABEL: Final = re.compile(r"^(?!-)[a-z0-9-]{1,63}(?<!-)$")
_LOCAL: Final = frozenset({"localhost", "127.0.0.1", "[::1]"})
_PORTS: Final = {"https": "443", "http": "80"}


class BadOrigin(Unprocessable):
    """That is no origin of a web site."""

    code = "bad_origin"


def normalise(entry: str) -> str:
    """One entry of an allow-list in its stored form; raises ``BadOrigin`` with the reason."""
    found = _ENTRY.match(entry.strip())
    if not found:
        raise _bad(
            entry, "Write it as https://www.example.no, without a path; https://*.example.no for all subdomains."
        )
    scheme, star, host, port = found[1].lower(), found[2] or "", _host(found[3], entry), found[4]
    local = host in _LOCAL
    if scheme == "http" and not local:
        raise _bad(entry, "Only https sites can show the chat (http is possible for localhost).")
    if star and (local or host.count(".") == 0 or _is_address(host)):
        raise _bad(entry, "A star needs a whole domain behind it, such as https://*.example.no.")
    if not local and host.count(".") == 0:
        raise _bad(entry, "That host has no domain.")
    if port == "*" and not local:
        raise _bad(entry, "Any port is possible for localhost only.")
    if port and port != "*" and not 0 < int(port) < 65_536:
        raise _bad(entry, "That port does not exist.")
    return f"{scheme}://{star}{host}{'' if not port or port == _PORTS[scheme] else ':' + port}"


def normalise_all(entries: Iterable[str]) -> list[str]:
    """A whole allow-list: normalised, without doubles, in its order; raises ``BadOrigin``."""
    listed = list(dict.fromkeys(normalise(entry) for entry in entries))
    if len(listed) > MOST:
        raise BadOrigin("too_many_origins", f"At most {MOST} sites can be listed.", most=MOST)
    return listed


def allowed(origin: str | None, entries: Sequence[str]) -> bool:
    """Whether the page at ``origin`` (as the browser names it) may show what has this allow-list."""
    if not origin or len(origin) > 300 or origin != origin.strip():
        return False
    try:
        wanted = normalise(origin)
    except BadOrigin:
        return False
    if "*" in wanted or origin.endswith("/"):
        return False
    return any(_covers(entry, wanted) for entry in entries)


def frame_ancestors(entries: Sequence[str]) -> str:
    """The sources of the CSP directive ``frame-ancestors``; ``'none'`` for an empty list."""
    return " ".join(entries) or "'none'"


def _covers(entry: str, origin: str) -> bool:
    if entry == origin:
        return True
    if "://*." in entry:
        scheme, _, domain = entry.partition("://*")
        # The rest begins with a dot, and an origin has no path: whatever ends with it is a true subdomain.
        return (
            origin.startswith(scheme + "://")
            and origin.endswith(domain)
            and len(origin) > len(scheme) + 3 + len(domain)
        )
    return entry.endswith(":*") and re.fullmatch(re.escape(entry[:-2]) + r"(:\d{1,5})?", origin) is not None


def _host(text: str, entry: str) -> str:
    if text.startswith("["):
        return text.lower()
    try:
        host = text.encode("idna").decode("ascii").lower().rstrip(".")
    except UnicodeError:
        raise _bad(entry, "That host name cannot exist.") from None
    if not host or len(host) > 253 or not all(_LABEL.match(label) for label in host.split(".")):
        raise _bad(entry, "That host name cannot exist.")
    return host


def _is_address(host: str) -> bool:
    return host.startswith("[") or host.replace(".", "").isdigit()


def _bad(entry: str, why: str) -> BadOrigin:
    return BadOrigin(None, f"'{entry[:100]}' cannot be listed. {why}", origin=entry[:200])
