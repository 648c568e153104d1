"""Long answers end where a sentence ends."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from svardesk.channels.messenger.splitting_text import LIMIT, split_text


def test_short_texts_stay_whole() -> None:
    assert split_text("Hei! Pakken er på vei.") == ["Hei! Pakken er på vei."]
    assert split_text("  \n ") == []
    assert split_text("x" * LIMIT) == ["x" * LIMIT]


def test_a_long_text_parts_at_the_end_of_a_sentence() -> None:
    text = " ".join(f"Dette er setning nummer {n}, og den er ikke så lang." for n in range(100))
    pieces = split_text(text)
    assert len(pieces) == 3
    assert all(piece.endswith(".") and len(piece) <= LIMIT for piece in pieces)
    assert " ".join(pieces) == text


def test_paragraphs_come_before_sentences() -> None:
    text = "A. " * 350 + "\n\n" + "B. " * 500
    assert split_text(text)[0].strip("A. ") == ""


def test_words_are_cut_only_where_there_is_no_space_and_signs_never() -> None:
    pieces = split_text("ord " * 1000)
    assert all(piece.endswith("ord") for piece in pieces)
    family = "👩‍👩‍👧‍👦"
    for piece in split_text(family * 400):
        assert not piece.startswith("\u200d")
        assert not piece.endswith("\u200d")


@pytest.mark.parametrize("limit", [10, 50, 1900])
@given(text=st.text(max_size=400))
def test_nothing_but_space_is_lost(limit: int, text: str) -> None:
    pieces = split_text(text, limit)
    assert all(0 < len(piece) <= limit for piece in pieces)
    assert "".join("".join(pieces).split()) == "".join(text.split())
