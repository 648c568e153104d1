"""Signatures over the bytes as they came."""

import base64
import hashlib
import hmac
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from svardesk.channels.meta.signature import (
    BadSignedRequest,
    appsecret_proof,
    is_signed,
    read_signed_request,
    sign,
)

SECRET = "en-hemmelighet"
WORDS = {"text": "Hei på deg 👋 <b>æøå</b> 100 % / @ola"}


def written(value: object) -> list[bytes]:
    """The same object in the three ways in which Meta's platforms write it."""
    plain = json.dumps(value, ensure_ascii=False).encode()
    escaped = json.dumps(value).encode()
    slashed = (
        escaped.replace(b"/", b"\\/").replace(b"<", b"\\u003C").replace(b"%", b"\\u0025").replace(b"@", b"\\u0040")
    )
    return [plain, escaped, slashed]


def test_each_way_of_writing_has_its_own_signature_and_only_that_one_fits() -> None:
    bodies = written(WORDS)
    assert all(json.loads(body) == WORDS for body in bodies)
    assert len({sign(SECRET, body) for body in bodies}) == 3
    for body in bodies:
        header = sign(SECRET, body)
        assert is_signed(body, header, [SECRET])
        assert [is_signed(other, header, [SECRET]) for other in bodies].count(True) == 1


def test_the_older_secret_still_signs_and_a_third_one_does_not() -> None:
    assert is_signed(b"{}", sign("gammel", b"{}"), ["ny", "gammel"])
    assert not is_signed(b"{}", sign("eldst", b"{}"), ["ny", "gammel"])
    assert not is_signed(b"{}", sign("", b"{}"), [])


@pytest.mark.parametrize("header", ["", "sha256=", "sha1=abc", "sha256=ÅØ", "\udcff", sign(SECRET, b"{}").upper()])
def test_other_headers_do_not_fit(header: str) -> None:
    assert not is_signed(b"{}", header, [SECRET])


def test_the_proof_is_the_hex_hmac_of_the_token() -> None:
    expected = hmac.new(b"s", b"token", hashlib.sha256).hexdigest()
    assert appsecret_proof("s", "token") == expected


def signed_request(payload: object, secret: str = SECRET) -> str:
    def encode(raw: bytes) -> str:
        return base64.urlsafe_b64encode(raw).decode().rstrip("=")

    body = encode(json.dumps(payload).encode())
    return encode(hmac.new(secret.encode(), body.encode(), hashlib.sha256).digest()) + "." + body


def test_a_signed_request_is_read() -> None:
    payload = {"user_id": "218471", "algorithm": "HMAC-SHA256", "issued_at": 1291836800}
    assert read_signed_request(signed_request(payload), ["annen", SECRET]) == payload


@pytest.mark.parametrize(
    "value",
    [
        "", ".", "a.b", "x", "é.é", signed_request({"user_id": "1"}, "forged"), signed_request([1]),
        signed_request({"user_id": "1", "algorithm": "none"}), signed_request({"user_id": "1"}) + "A",
    ],
)  # fmt: skip
def test_forged_and_broken_signed_requests_are_refused(value: str) -> None:
    with pytest.raises(BadSignedRequest):
        read_signed_request(value, [SECRET])


@given(st.text(max_size=80))
def test_no_text_breaks_it(value: str) -> None:
    with pytest.raises(BadSignedRequest):
        read_signed_request(value, [SECRET])
