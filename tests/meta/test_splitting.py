"""Which page what came in belongs to; the bytes stay those that came."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from svardesk.channels.meta.splitting import NotMetas, split

SAID = rb'{"id":"1","time":1,"messaging":[{"sender":{"id":"7"},"message":{"mid":"m1","text":"bl\u00e5b\u00e6r \ud83d\udc4b \/"}}]}'
OTHER = b'{"id": "2",  "time":2, "messaging":[ ]}'
FEED = b'{"id":"1","changes":[{"field":"feed","value":{"item":"comment"}}]}'
TEMPLATE = b'{"id":"1","changes":[{"field":"message_template_status_update","value":{}}]}'


def body(*entries: bytes) -> bytes:
    return b'{"object":"page", "entry":[' + b", ".join(entries) + b"]}"


def test_a_body_of_one_page_is_its_own_envelope() -> None:
    [share] = split(body(SAID, SAID))
    assert (share.page_id, share.kind, share.body) == ("1", "messenger", body(SAID, SAID))


def test_each_page_gets_its_own_bytes_in_their_order() -> None:
    shares = split(body(SAID, OTHER, FEED, TEMPLATE))
    assert [(one.page_id, one.kind) for one in shares] == [("1", "messenger"), ("2", "messenger"), ("1", "facebook")]
    assert shares[0].body == b'{"object":"page","entry":[' + SAID + b"," + TEMPLATE + b"]}"
    assert shares[1].body == b'{"object":"page","entry":[' + OTHER + b"]}"
    assert rb"bl\u00e5b\u00e6r \ud83d\udc4b \/" in shares[0].body


def test_standby_is_messengers_and_an_entry_with_both_goes_to_both() -> None:
    both = b'{"id":1,"standby":[],"changes":[{"field":"feed"}]}'
    assert [(one.page_id, one.kind) for one in split(body(both))] == [("1", "messenger"), ("1", "facebook")]


@pytest.mark.parametrize(
    "raw",
    [b"", b"{", b"[]", b"null", b'{"object":"page"}', b'{"object":"page","entry":[]}', b'{"object":"page","entry":[{}]}',
     b'{"object":"page","entry":[{"id":null}]}', b'{"object":"page","entry":{}}', b"\xff\xfe", b'{"entry":[{"id":"1"}]}'],
)  # fmt: skip
def test_what_is_not_metas_is_told_apart(raw: bytes) -> None:
    with pytest.raises(NotMetas):
        split(raw)


@given(st.binary(max_size=200))
def test_no_bytes_break_it(raw: bytes) -> None:
    with pytest.raises(NotMetas):
        split(raw)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
ENTRY = st.fixed_dictionaries(
    {"id": st.sampled_from(["1", "2", "3", 4])},
    optional={
        "messaging": JSON,
        "standby": JSON,
        "changes": st.lists(st.fixed_dictionaries({"field": st.sampled_from(["feed", "x", None])}), max_size=3),
    },
)


@given(st.lists(ENTRY, min_size=1, max_size=6))
def test_nothing_is_lost_and_nothing_changed(entries: list[dict[str, Any]]) -> None:
    shares = split(json.dumps({"object": "page", "entry": entries}).encode())
    kept = [json.loads(share.body)["entry"] for share in shares]
    for share, found in zip(shares, kept, strict=True):
        assert all(str(one["id"]) == share.page_id for one in found) or len(shares) == 1
    assert all(any(entry in found for found in kept) for entry in entries)
