"""Passwords: argon2id in threads of their own, and the rules for a new one.

Parameters are those of RFC 9106 for little memory (64 MiB, three passes). Two threads: a flood of sign-ins then waits
in line instead of taking all memory, and the rest of the house goes on.
"""

import asyncio
import secrets
import unicodedata
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib import resources
from itertools import pairwise

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from svardesk.kit.errors import Unprocessable

SHORTEST = 12
LONGEST = 256
_FEWEST_DIFFERENT = 5
_LEFT_BESIDE_A_NAME = 8
_SHORTEST_NAME = 4

_threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="argon2")


class PasswordTooWeak(Unprocessable):
    """This password is too easy to guess."""

    code = "password_too_weak"


class Passwords:
    """Hashes and verifies with one set of argon2id parameters; blocking work is done in threads."""

    def __init__(self, *, time_cost: int = 3, memory_kib: int = 65536, lanes: int = 4) -> None:
        self._hasher = PasswordHasher(time_cost=time_cost, memory_cost=memory_kib, parallelism=lanes, type=Type.ID)
        self._nobody: str | None = None

    async def hash(self, password: str) -> str:
        """Return the PHC string of a password."""
        return await asyncio.get_running_loop().run_in_executor(_threads, self._hasher.hash, _normal(password))

    async def verify(self, stored: str | None, password: str) -> bool:
        """Tell whether ``password`` is the one behind ``stored``.

        Without ``stored`` (unknown e-mail, agent without a password) the same work is done on a hash that nobody has the
        password of, so that the time of the answer tells nothing.
        """
        return await asyncio.get_running_loop().run_in_executor(_threads, self._verify, stored, _normal(password))

    def needs_rehash(self, stored: str) -> bool:
        """Tell whether ``stored`` was made with other parameters than ours."""
        return self._hasher.check_needs_rehash(stored)

    def _verify(self, stored: str | None, password: str) -> bool:
        if stored is None:
            if self._nobody is None:
                self._nobody = self._hasher.hash(secrets.token_urlsafe(32))
            stored, known = self._nobody, False
        else:
            known = True
        try:
            return self._hasher.verify(stored, password) and known
        except (VerificationError, InvalidHashError):
            return False


_current = Passwords()


def current() -> Passwords:
    """Return the hasher in use."""
    return _current


def use(passwords: Passwords) -> Passwords:
    """Hash with ``passwords`` from now on (tests and the demo take cheap parameters); return what was used before."""
    global _current
    before, _current = _current, passwords
    return before


def check_password(password: str, *, email: str, name: str, organisation: str) -> None:
    """Raise ``PasswordTooWeak`` unless a new password keeps the rules; changes nothing.

    Rules: 12 to 256 characters; at least five different ones; not one of the commonest, also with digits and signs
    around it; not made of the agent's e-mail or name or the organisation's name. No rule asks for certain signs: length
    does more (NIST SP 800-63B, 5.1.1.2).
    """
    text = _normal(password)
    if len(text) < SHORTEST:
        raise PasswordTooWeak(
            "password_too_short",
            f"Use at least {SHORTEST} characters; four words in a row are fine.",
            shortest=SHORTEST,
        )
    if len(text) > LONGEST:
        raise PasswordTooWeak("password_too_long", f"Use at most {LONGEST} characters.", longest=LONGEST)
    folded = text.casefold()
    if len(set(folded)) < _FEWEST_DIFFERENT or _is_row(folded) or _is_common(folded):
        raise PasswordTooWeak(
            "password_too_common",
            "Many people use this password, so it is guessed first. Four words in a row are better.",
        )
    if _is_made_of(folded, _names(email, name, organisation)):
        raise PasswordTooWeak(
            "password_too_personal",
            "This is made of your name, e-mail or organisation. Choose something nobody can look up.",
        )


def _normal(password: str) -> str:
    # The same password typed on another keyboard or system must give the same bytes (RFC 8265).
    return unicodedata.normalize("NFKC", password)


def _names(email: str, name: str, organisation: str) -> Iterable[str]:
    local, _, domain = email.casefold().partition("@")
    names = {email, local, domain, domain.rpartition(".")[0], name, organisation, *name.split(), *organisation.split()}
    return (plain for plain in (_letters_and_digits(one.casefold()) for one in names) if len(plain) >= _SHORTEST_NAME)


def _is_made_of(folded: str, names: Iterable[str]) -> bool:
    rest = _letters_and_digits(folded)
    found = False
    for name in sorted(names, key=len, reverse=True):
        if name in rest:
            found = True
            rest = rest.replace(name, "")
    return found and len(rest) < _LEFT_BESIDE_A_NAME


def _is_common(folded: str) -> bool:
    words = _common()
    core = folded.strip("0123456789 .,;:!?-_+*#@$%&/()=")
    whole = _letters_and_digits(folded)
    return not core or any(_repeats(text) in words for text in (folded, core, whole, _letters_and_digits(core)))


def _repeats(text: str) -> str:
    """Return the shortest piece of which ``text`` is a repetition."""
    for size in range(1, len(text) // 2 + 1):
        if len(text) % size == 0 and text[:size] * (len(text) // size) == text:
            return text[:size]
    return text


def _is_row(text: str) -> bool:
    """Tell whether each character follows the one before it, up or down (``abcdefghijkl``, ``109876543210``)."""
    steps = {(ord(b) - ord(a)) % (10 if a.isdigit() and b.isdigit() else 0x110000) for a, b in pairwise(text)}
    return steps == {1} or steps <= {9, 0x110000 - 1}


def _letters_and_digits(text: str) -> str:
    return "".join(one for one in text if one.isalnum())


@cache
def _common() -> frozenset[str]:
    lines = resources.files(__package__ or "svardesk.accounts").joinpath("common_passwords.txt").read_text("utf-8")
    return frozenset(line.strip() for line in lines.splitlines() if line.strip() and not line.startswith("#"))
