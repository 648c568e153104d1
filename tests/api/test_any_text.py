"""Whatever arrives as text: frames, resume tokens, cursors. It is understood, or refused; nothing else happens."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
from hypothesis import example, given
from hypothesis import strategies as st

from svardesk.conversations.cursors import Cursor, parse_cursor
from svardesk.conversations.errors import BadCursor
from svardesk.realtime.commands import Command, read
from svardesk.spine import Token, parse_token

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=20), inner, max_size=5),
    max_leaves=20,
)
FIELDS = {
    "t": st.sampled_from(["hello", "open", "typing", "looking", "lock", "pong", "read", "page"]) | st.text(max_size=60),
    "conversation_id": st.uuids().map(str) | st.text(max_size=50) | st.none(),
    "seq": st.integers() | st.floats(),
    "on": st.booleans() | st.text(max_size=5),
    "url": st.text(max_size=50),
    "title": st.text(max_size=400),
    "resume": st.text(max_size=100) | st.none(),
}


@given(ANYTHING | st.fixed_dictionaries({}, optional=FIELDS))
def test_a_frame_is_understood_in_its_bounds_or_not_at_all(value: Any) -> None:
    command = read({"type": "websocket.receive", "text": json.dumps(value)})
    if command is None:
        return
    assert isinstance(value, dict)
    assert len(command.t) <= 40
    assert 0 <= command.seq <= 2**31 - 1
    assert command.conversation_id is None or isinstance(command.conversation_id, UUID)
    assert len(command.url) <= 2000
    assert len(command.title) <= 300
    assert read({"text": msgspec.json.encode(command).decode()}) == command


@given(st.text() | st.text(st.characters(categories=["Cs", "Cc", "L"])))
@example("[" * 60_000)
@example('{"t":' * 30_000)
@example('{"t":"looking","x":' + "[" * 60_000)
@example('{"t":"looking","seq":' + "9" * 60_000 + "}")
@example("\0")
def test_text_that_is_no_frame_breaks_nothing(text: str) -> None:
    command = read({"type": "websocket.receive", "text": text})
    assert command is None or isinstance(command, Command)
    assert read({"type": "websocket.receive", "bytes": text.encode("utf-8", "surrogatepass"), "text": None}) is None


TOKENS = (
    st.text(max_size=80)
    | st.builds("{}:{}".format, st.uuids(), st.integers() | st.text(max_size=30))
    | st.builds("{}:{}".format, st.text(max_size=40), st.integers())
)


@given(TOKENS)
@example("00000000-0000-0000-0000-000000000001:-5")
@example("00000000-0000-0000-0000-000000000001:1_000")
@example("00000000-0000-0000-0000-000000000001: 7")
@example("00000000-0000-0000-0000-000000000001:\u0663")
def test_a_resume_token_names_a_place_or_nothing(text: str) -> None:
    found = parse_token(text)
    if found is not None:
        assert found.position >= 0
        assert parse_token(str(found)) == found
        assert text.rpartition(":")[2].isdecimal()


@given(st.uuids(), st.integers(min_value=0, max_value=2**62))
def test_our_own_tokens_come_back(epoch: UUID, position: int) -> None:
    assert parse_token(str(Token(epoch, position))) == (epoch, position)


@given(
    st.text(max_size=120) | st.binary(max_size=60).map(lambda raw: raw.decode("latin-1")),
    st.sampled_from(["n", "w", "s"]),
)
def test_a_cursor_is_ours_or_refused(text: str, kind: str) -> None:
    try:
        found = parse_cursor(text, kind)
    except BadCursor:
        return
    assert found.at.tzinfo is UTC
    assert parse_cursor(str(found), kind) == found


@given(
    st.sampled_from(["n", "w", "s"]),
    st.datetimes(timezones=st.just(UTC)),
    st.uuids(),
    st.integers(0, 40),
    st.characters(),
)
def test_a_cursor_that_was_tampered_with_is_a_place_or_refused(
    kind: str, at: datetime, row: UUID, place: int, other: str
) -> None:
    text = str(Cursor(kind, at, row))
    changed = text[: place % len(text)] + other + text[place % len(text) + 1 :]
    try:
        found = parse_cursor(changed, kind)
    except BadCursor:
        return
    assert isinstance(found.at, datetime)
