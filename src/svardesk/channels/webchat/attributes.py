"""What the shop's page says about a visitor: ``setAttributes`` of the widget, and the claim ``attributes`` of a signed token.

The page's own words can be typed by anybody into the browser's console, so they are kept and shown as what they are: claims.
What the shop's server signed is kept apart from them and counts. Neither ever touches the contact's own fields.
"""

from collections.abc import Mapping
from typing import Annotated, Final

import msgspec

MOST: Final = 50
LONGEST_NAME: Final = 60
LONGEST_VALUE: Final = 500

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_NAME)]
Text = Annotated[str, msgspec.Meta(max_length=LONGEST_VALUE)]
Value = bool | int | float | str
Whole = Annotated[int, msgspec.Meta(ge=-(2**53), le=2**53)]
Attributes = Annotated[dict[Name, Text | Whole | float | bool | None], msgspec.Meta(max_length=MOST)]
"""As they come: at most 50 names of 60 characters, texts of 500; null is the same as leaving the name out."""


def read(value: object) -> dict[str, Value]:
    """Attributes of a decoded token; raises ``msgspec.ValidationError``."""
    return clean(msgspec.convert(value, Attributes))


def clean(values: Mapping[str, Value | None]) -> dict[str, Value]:
    """What is kept: one-line names and texts without control characters, nothing empty."""
    kept: dict[str, Value] = {}
    for name, value in values.items():
        line, told = _line(name), _line(value) if isinstance(value, str) else value
        if line and told is not None and told != "":
            kept[line] = told
    return kept


def _line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
