"""Addresses that people type themselves: what can be one, and how it is written down. Pure."""

import re
from typing import Final

from svardesk.kit.errors import Unprocessable

EMAIL: Final = re.compile(r"^[^@\s<>\"',;]{1,64}@[^@\s<>\"',;.]+(\.[^@\s<>\"',;.]+)+$")


class BadAddress(Unprocessable):
    """That is no address under which somebody can be reached."""

    code = "bad_address"


def check_email(value: str) -> str:
    """An e-mail address that somebody typed, in lower case; raises ``BadAddress``."""
    clean = value.strip().lower()
    if len(clean) > 254 or not EMAIL.match(clean):
        raise BadAddress(None, "That is no e-mail address.", field="email")
    return clean


def check_phone(value: str) -> str:
    """A phone number that somebody typed, digits with an optional plus; raises ``BadAddress``."""
    clean = re.sub(r"[\s().-]", "", value)
    if not re.fullmatch(r"(\+|00)?\d{6,15}", clean):
        raise BadAddress(None, "That is no phone number.", field="phone")
    return "+" + clean[2:] if clean.startswith("00") else clean
