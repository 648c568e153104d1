"""Passwords: which are refused and why, hashing, and the same work for nobody."""

import pytest

from svardesk.accounts.passwords import Passwords, PasswordTooWeak, check_password

CHEAP = Passwords(time_cost=1, memory_kib=64, lanes=1)


def check(password: str) -> str | None:
    """Return the code of the refusal, or None."""
    try:
        check_password(password, email="kari.berg@fjordvik.no", name="Kari Berg", organisation="Fjordvik Bredbånd AS")
    except PasswordTooWeak as error:
        return error.code
    return None


@pytest.mark.parametrize(
    "password",
    [
        "fire grønne elger danser",
        "tre-blå-ugler-ler",
        "xK9#mQ2$vL7!",
        "blåbærsyltetøy på brødskiva",
        "kari og de fjorten trollene",
        "пароль-из-многих-букв",
        "d6c4b2a09f8e",
    ],
)
def test_good_passwords_pass(password: str) -> None:
    assert check(password) is None


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("", "password_too_short"),
        ("elleve tegn", "password_too_short"),
        ("x" * 257, "password_too_long"),
        ("aaaaaaaaaaaa", "password_too_common"),
        ("abababababab", "password_too_common"),
        ("123456789012", "password_too_common"),
        ("987654321098", "password_too_common"),
        ("abcdefghijklmnop", "password_too_common"),
        ("qwertyuiop123", "password_too_common"),
        ("Password1234", "password_too_common"),
        ("Passord2026!!", "password_too_common"),
        ("  Sommer 2026  ", "password_too_common"),
        ("passordpassord", "password_too_common"),
        ("P@ssw0rd!!2026", "password_too_common"),
        ("lösenord1234", "password_too_common"),
        ("2026-11-22 23:10", "password_too_common"),
        ("kari.berg@fjordvik.no", "password_too_personal"),
        ("KariBerg1985", "password_too_personal"),
        ("Kari.Berg.85!", "password_too_personal"),
        ("fjordvik-2026", "password_too_personal"),
        ("Fjordvik Bredbånd AS", "password_too_personal"),
    ],
)
def test_weak_passwords_are_refused(password: str, code: str) -> None:
    assert check(password) == code


async def test_a_hash_verifies_its_password_only() -> None:
    stored = await CHEAP.hash("fire grønne elger")
    assert stored.startswith("$argon2id$v=19$m=64,t=1,p=1$")
    assert await CHEAP.verify(stored, "fire grønne elger")
    assert not await CHEAP.verify(stored, "fire gronne elger")
    assert await CHEAP.hash("fire grønne elger") != stored


async def test_the_same_letters_typed_elsewhere_are_the_same_password() -> None:
    composed, decomposed = "fire gr\u00f8nne \u00e5rer", "fire gr\u00f8nne a\u030arer"
    assert composed != decomposed
    assert await CHEAP.verify(await CHEAP.hash(composed), decomposed)


@pytest.mark.parametrize("stored", [None, "", "no hash", "$argon2id$v=19$m=64,t=1,p=1$abc$def"])
async def test_nothing_verifies_against_no_hash(stored: str | None) -> None:
    assert not await CHEAP.verify(stored, "fire grønne elger")


async def test_nobody_costs_the_same_work_as_somebody(monkeypatch: pytest.MonkeyPatch) -> None:
    """An unknown e-mail is answered after one verification with the same parameters."""
    seen: list[str] = []
    fresh = Passwords(time_cost=2, memory_kib=128, lanes=1)
    real = fresh._hasher.verify

    class Watching:
        hash = fresh._hasher.hash

        def verify(self, stored: str, password: str) -> bool:
            seen.append(stored)
            return real(stored, password)

    monkeypatch.setattr(fresh, "_hasher", Watching())
    assert not await fresh.verify(None, "whatever it is")
    known = await fresh.hash("another")
    assert not await fresh.verify(known, "whatever it is")
    assert len(seen) == 2
    assert seen[0].split("$")[:4] == seen[1].split("$")[:4] == ["", "argon2id", "v=19", "m=128,t=2,p=1"]


async def test_other_parameters_ask_for_a_new_hash() -> None:
    stored = await CHEAP.hash("fire grønne elger")
    assert not CHEAP.needs_rehash(stored)
    assert Passwords().needs_rehash(stored)
