"""E-mail addresses of agents: one written form, so that the same address is found again."""

import re
import unicodedata

from svardesk.kit.errors import Unprocessable

_LONGEST = 254
_FORM = re.compile(
    r"[^@\s<>\"(),:;\\\x00-\x1f\x7f]{1,64}@[^@\s<>\"(),:;\\\x00-\x1f\x7f]+\.[^@\s<>\"(),:;\\.\x00-\x1f\x7f]{2,}"
)


def normal(email: str) -> str:
    """Return an address as it is stored and looked up: composed, trimmed, in lower case."""
    return unicodedata.normalize("NFC", email.replace("\0", "")).strip().lower()


def check(email: str) -> str:
    """Return the normal form of an address; raises ``Unprocessable`` (``email_malformed``) for what cannot be one."""
    found = normal(email)
    if len(found) > _LONGEST or not _FORM.fullmatch(found):
        raise Unprocessable("email_malformed", "This is no e-mail address; it should look like name@example.no.")
    return found
