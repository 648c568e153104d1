"""Signed visitors: only HS256, only this widget, only for an hour, by either of two secrets."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from svardesk.channels.addresses import BadAddress, check_email, check_phone
from svardesk.channels.webchat.identity import (
    UserTokenError,
    new_secret,
    read_user_token,
    rotate,
)

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SECRETS = [new_secret(NOW).secret, new_secret(NOW).secret]
KEY = "wk_test"


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def make(secret: str | None = None, header: dict[str, Any] | None = None, **claims: Any) -> str:
    """A token made by hand, so that the test does not rest on the library that it tests."""
    stamp = int(NOW.timestamp())
    body = {"sub": "kunde-17", "aud": KEY, "iat": stamp, "exp": stamp + 600, **claims}
    body = {name: value for name, value in body.items() if value is not ...}
    text = f"{b64(json.dumps(header or {'alg': 'HS256', 'typ': 'JWT'}).encode())}.{b64(json.dumps(body).encode())}"
    return f"{text}.{b64(hmac.new((secret or SECRETS[0]).encode(), text.encode(), hashlib.sha256).digest())}"


def code_of(token: str) -> str:
    with pytest.raises(UserTokenError) as caught:
        read_user_token(token, SECRETS, KEY, NOW)
    assert caught.value.status == 401
    return caught.value.code


def test_a_good_token_says_who_it_is() -> None:
    found = read_user_token(make(name=" Kari  Nordmann ", email="Kari@Example.no", locale="nn"), SECRETS, KEY, NOW)
    assert (found.subject, found.name, found.email, found.locale) == (
        "kunde-17", "Kari Nordmann", "kari@example.no", "nn",
    )  # fmt: skip
    assert found.expires_at == NOW + timedelta(seconds=600)


def test_a_name_is_one_line_that_turns_nothing_round() -> None:
    found = read_user_token(make(name="Kari\x00\n\u202egnp.exe"), SECRETS, KEY, NOW)
    assert found.name == "Kari gnp.exe"


def test_both_active_secrets_are_good_and_a_third_is_not() -> None:
    assert read_user_token(make(SECRETS[1]), SECRETS, KEY, NOW).subject == "kunde-17"
    assert code_of(make(new_secret(NOW).secret)) == "user_token_signature"
    third = new_secret(NOW).secret
    with pytest.raises(UserTokenError, match="user_token_signature"):
        read_user_token(make(third), [*SECRETS, third], KEY, NOW)


def test_rotation_keeps_the_newest_two() -> None:
    one = rotate([], NOW)
    two = rotate(one, NOW)
    three = rotate(two, NOW)
    assert [len(one), len(two), len(three)] == [1, 2, 2]
    assert three[1] == two[0]
    assert len({secret.secret for secret in (*one, *two, *three)}) == 3


@pytest.mark.parametrize("alg", ["none", "None", "HS512", "RS256", "ES256", "hs256", None, 7])
def test_every_other_algorithm_is_refused(alg: object) -> None:
    assert code_of(make(header={"alg": alg})) == "user_token_algorithm"


def test_an_unsigned_token_is_refused() -> None:
    head, body, _ = make(header={"alg": "none"}).split(".")
    assert code_of(f"{head}.{body}.") == "user_token_algorithm"
    head, body, _ = make().split(".")
    assert code_of(f"{head}.{body}.") == "user_token_signature"


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({"aud": "wk_other"}, "user_token_audience"),
        ({"aud": ...}, "user_token_audience"),
        ({"aud": ["wk_other"]}, "user_token_audience"),
        ({"exp": ...}, "user_token_claims"),
        ({"exp": "tomorrow"}, "user_token_claims"),
        ({"exp": True}, "user_token_claims"),
        ({"exp": int(NOW.timestamp()) - 61}, "user_token_expired"),
        ({"exp": int(NOW.timestamp()) + 3700}, "user_token_too_long_lived"),
        ({"iat": int(NOW.timestamp()) - 3600}, "user_token_too_long_lived"),
        ({"iat": int(NOW.timestamp()) + 300}, "user_token_claims"),
        ({"sub": ...}, "user_token_claims"),
        ({"sub": ""}, "user_token_claims"),
        ({"sub": 17}, "user_token_claims"),
        ({"sub": "x" * 201}, "user_token_claims"),
        ({"email": "not an address"}, "user_token_claims"),
        ({"name": ["Kari"]}, "user_token_claims"),
    ],
)
def test_claims_that_do_not_hold_have_a_code_each(claims: dict[str, Any], code: str) -> None:
    assert code_of(make(**claims)) == code


def test_a_list_of_audiences_may_hold_ours() -> None:
    assert read_user_token(make(aud=["x", KEY]), SECRETS, KEY, NOW).subject == "kunde-17"


def test_a_widget_without_secrets_knows_nobody() -> None:
    with pytest.raises(UserTokenError, match="user_token_no_secret"):
        read_user_token(make(), [], KEY, NOW)


@pytest.mark.parametrize("token", ["", "a.b", "a.b.c", "a.b.c.d", "..", "x" * 5000, "W10.W10.x", "bnVsbA.e30.x"])
def test_what_is_no_token_is_called_malformed_or_worse(token: str) -> None:
    assert code_of(token) in {"user_token_malformed", "user_token_algorithm"}


@given(st.text(max_size=200), st.integers(0, 2))
def test_no_tampered_token_passes_or_breaks(noise: str, part: int) -> None:
    parts = make().split(".")
    if parts[part] == noise:
        return
    parts[part] = noise
    assert code_of(".".join(parts)).startswith("user_token_")


def test_typed_addresses_are_checked() -> None:
    assert check_email(" Kari@Example.NO ") == "kari@example.no"
    assert check_phone("+47 22 22 55 55") == "+4722225555"
    assert check_phone("0046 70-123 45 67") == "+46701234567"
    for wrong in ("kari", "kari@", "kari@example", "a@b.no, c@d.no", "<a@b.no>", "x" * 300 + "@b.no"):
        with pytest.raises(BadAddress):
            check_email(wrong)
    for wrong in ("", "12345", "ring meg", "+47 22 22 55 55 x 3", "1" * 20):
        with pytest.raises(BadAddress):
            check_phone(wrong)
