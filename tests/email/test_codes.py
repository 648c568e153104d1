"""Every code that mail uses means something to people, in every language."""

import re
from pathlib import Path

import pytest

from svardesk.channels.email import codes, errors, oauth
from svardesk.channels.email.adapter import EmailAdapter
from svardesk.kit.errors import SvardeskError
from svardesk.kit.i18n import text

HERE = Path(codes.__file__).parent
TREE = Path(__file__).resolve().parents[2]


def below(kind: type[SvardeskError]) -> set[str]:
    return {kind.code}.union(*(below(one) for one in kind.__subclasses__()))


def used() -> set[str]:
    """Codes of our own: of errors, of outcomes, and those that are given where an error is raised."""
    found = below(errors.MailServerError) | below(oauth.OAuthError)
    for name in ("smtp", "outcomes", "adapter", "imap", "imap_session", "servers", "access"):
        source = (HERE / f"{name}.py").read_text(encoding="utf-8")
        found |= set(re.findall(r'\bcode="([a-z_]+[0-9]?)"', source))
        found |= set(re.findall(r'raise \w+\(.*, "([a-z_]+)"\)', source))
    return found - {"replace"}  # how bytes are decoded


def test_the_search_finds_what_is_used() -> None:
    assert {
        "no_starttls",
        "greeting",
        "smtputf8",
        "eight_bit",
        "certificate",
        "no_smtp",
        "address",
        "oauth_revoked",
    } <= used()


@pytest.mark.parametrize("code", sorted(used()))
def test_every_code_is_known(code: str) -> None:
    assert code in codes.DELIVERY or code in codes.MAILBOX


@pytest.mark.parametrize(
    ("code", "key"),
    [
        ("5.1.1", "delivery.address"), ("5.1.8", "delivery.no_smtp"), ("5.1.10", "delivery.address"),
        ("4.2.2", "delivery.mailbox_full"), ("4.7.1", "delivery.unreachable"), ("5.7.26", "delivery.refused"),
        ("certificate", "delivery.no_smtp"), ("no_starttls", "delivery.no_smtp"), ("smtputf8", "delivery.address"),
        ("eight_bit", "delivery.refused"), ("oauth_revoked", "delivery.sign_in"), ("mail_insecure", "delivery.no_smtp"),
        ("550", "delivery.failed"), ("4", "delivery.unreachable"), ("45", "delivery.failed"),
    ],
)  # fmt: skip
def test_what_a_code_means(code: str, key: str) -> None:
    assert EmailAdapter().describe_error(code).text_key == key


def test_all_of_it_is_said_in_six_languages() -> None:
    keys = {one.text_key for one in codes.DELIVERY.values()} | set(codes.MAILBOX.values())
    for locale in ("nb", "nn", "da", "sv", "fi", "en"):
        assert all(text(locale, "agent", key) != key for key in keys)


def test_the_browser_has_the_same_tables() -> None:
    assert (TREE / "web/agent/src/mail/codes.gen.ts").read_text(encoding="utf-8") == codes.typescript()
