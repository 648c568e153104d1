"""Names of others, made harmless for the line that they stand in."""

import pytest

from svardesk.kit.lines import one_line


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("  Kari \n Nordmann\t", "Kari Nordmann"),
        ("faktura\u202egnp.exe", "fakturagnp.exe"),
        ("\u2067Kari\u2069\x00\x1b", "Kari"),
        ("\u200f\u061c\x00 ", ""),
        ("שלום עולם", "שלום עולם"),
        ("👨\u200d👩\u200d👧 می\u200cخواهم", "👨\u200d👩\u200d👧 می\u200cخواهم"),
    ],
)
def test_nothing_is_left_that_touches_the_text_around_it(given: str, kept: str) -> None:
    assert one_line(given) == kept
