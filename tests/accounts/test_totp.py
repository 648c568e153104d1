"""Time-based codes against the vectors of RFC 6238, QR codes, recovery codes, and comparing secrets."""

import base64
from datetime import UTC, datetime
from uuid import UUID
from xml.etree import ElementTree as ET

import pytest

from svardesk.accounts import secrets, totp

RFC_SECRET = base64.b32encode(b"12345678901234567890").decode()
AGENT = UUID(int=1)


@pytest.mark.parametrize(
    ("seconds", "code"), [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")]
)
def test_codes_of_the_rfc(seconds: int, code: str) -> None:
    now = datetime.fromtimestamp(seconds, UTC)
    assert totp.matching_step(RFC_SECRET, code, now) == seconds // 30
    assert totp.matching_step(RFC_SECRET, f" {code[:3]} {code[3:]}", now) == seconds // 30


@pytest.mark.parametrize(("drift", "accepted"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)])
def test_a_clock_may_be_one_step_off(drift: int, accepted: bool) -> None:
    code = "005924"
    found = totp.matching_step(RFC_SECRET, code, datetime.fromtimestamp(1234567890 + drift, UTC))
    assert found == (1234567890 // 30 if accepted else None)


@pytest.mark.parametrize("code", ["", "000000", "00592", "0059240", "abcdef", "٠٠٥٩٢٤", "\ud800"])
def test_other_codes_match_nothing(code: str) -> None:
    assert totp.matching_step(RFC_SECRET, code, datetime.fromtimestamp(1234567890, UTC)) is None


def test_what_is_a_totp_code() -> None:
    assert totp.looks_like_totp("123 456")
    assert not totp.looks_like_totp("abcd-efgh-ijkl-mnop")
    assert not totp.looks_like_totp("٠٠٥٩٢٤")


def test_uri_and_picture() -> None:
    address = totp.uri(RFC_SECRET, email="kari@fjordvik.no", organisation="Fjordvik & Co")
    assert address.startswith(
        "otpauth://totp/Svardesk%20Fjordvik%20%26%20Co:kari%40fjordvik.no?secret=" + RFC_SECRET + "&"
    )
    picture = ET.fromstring(totp.qr_svg(address))
    assert picture.tag == "{http://www.w3.org/2000/svg}svg"
    assert int(picture.attrib["width"]) == int(picture.attrib["height"]) >= 200


def test_ten_recovery_codes_of_80_bits() -> None:
    codes = totp.new_recovery_codes()
    assert len(set(codes)) == 10
    assert all(len(code) == 19 and code.count("-") == 3 for code in codes)
    assert totp.recovery_digest(AGENT, "ABCD efgh-ijklMNOP") == totp.recovery_digest(AGENT, "abcd-efgh-ijkl-mnop")
    assert totp.recovery_digest(AGENT, "abcd-efgh-ijkl-mnop") != totp.recovery_digest(
        UUID(int=2), "abcd-efgh-ijkl-mnop"
    )


def test_tokens_are_long_random_and_kept_as_hashes() -> None:
    one, other = secrets.new_token(), secrets.new_token()
    assert one != other
    assert len(base64.urlsafe_b64decode(one + "=")) == 32
    assert secrets.new_api_token().startswith("svd_")
    assert len(secrets.digest(one)) == 32
    assert secrets.digest(one) != secrets.digest(one + "x" * 1000)
    assert len(secrets.digest("\ud800")) == 32


def test_secrets_are_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[bytes, bytes]] = []

    def watching(one: bytes, other: bytes) -> bool:
        compared.append((one, other))
        return one == other

    monkeypatch.setattr(secrets.secrets, "compare_digest", watching)
    assert secrets.same("abc", "abc")
    assert not secrets.same("abc", "abd")
    assert not secrets.same(None, "abc")
    assert not secrets.same("abc", None)
    assert len(compared) == 2
    compared.clear()
    totp.matching_step(RFC_SECRET, "005924", datetime.fromtimestamp(1234567890, UTC))
    # All three steps, also when the first one is right already.
    assert len(compared) == 3
