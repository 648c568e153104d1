"""Whatever comes in, the pure parts answer or refuse by a typed error."""

import unicodedata
from datetime import UTC, datetime
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from svardesk.accounts import emails, secrets, throttle, totp
from svardesk.accounts.passwords import PasswordTooWeak, check_password
from svardesk.kit.errors import Unprocessable

ANY_TEXT = st.text(max_size=300) | st.text(st.characters(), max_size=40)
SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"


@given(ANY_TEXT)
def test_an_accepted_email_is_its_own_normal_form(text: str) -> None:
    try:
        found = emails.check(text)
    except Unprocessable:
        return
    assert emails.check(found) == emails.normal(text) == found
    assert found.count("@") == 1
    assert not any(one.isspace() or one in '<>",;:\0' for one in found)
    assert len(found) <= 254


@given(st.emails())
def test_plain_addresses_are_accepted(address: str) -> None:
    local, _, domain = address.partition("@")
    if all(one.isalnum() or one in "._+-" for one in local) and len(domain.rpartition(".")[2]) > 1:
        assert emails.check(address) == address.lower()


@given(ANY_TEXT, ANY_TEXT, ANY_TEXT)
def test_a_password_passes_or_is_refused_with_a_code(password: str, name: str, organisation: str) -> None:
    refused = ""
    try:
        check_password(password, email="kari@fjordvik.no", name=name, organisation=organisation)
    except PasswordTooWeak as error:
        refused = error.code
    if refused:
        assert refused.startswith("password_too_")
    else:
        assert 12 <= len(unicodedata.normalize("NFKC", password)) <= 256


@given(ANY_TEXT)
def test_codes_of_any_form(code: str) -> None:
    now = datetime(2026, 11, 23, 9, tzinfo=UTC)
    step = totp.matching_step(SECRET, code, now)
    assert step is None or abs(step - int(now.timestamp()) // 30) <= 1
    assert len(totp.recovery_digest(UUID(int=1), code)) == 32


@given(ANY_TEXT, ANY_TEXT)
def test_digests_and_comparisons_of_any_form(one: str, other: str) -> None:
    assert len(secrets.digest(one)) == 32
    assert secrets.same(one, other) is (one == other)
    assert len(throttle.network(one)) <= 64
