"""The corpus of mails is whole: every mail with its expectation, of every kind and in every language enough of them."""

import json
import re
import unicodedata
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

CORPUS = Path(__file__).parent / "corpus"
MAILS = sorted(CORPUS.glob("*/*.eml"))
NAMES = [f"{mail.parent.name}/{mail.stem}" for mail in MAILS]
LANGUAGES = ("nb", "nn", "da", "sv", "fi", "en")
KEYS = {
    "language",
    "client",
    "from",
    "subject",
    "message_id",
    "in_reply_to",
    "customer_lines",
    "quoted_lines",
    "forwarded_lines",
    "keep_whole",
    "signature_lines",
    "automatic",
    "bounce",
    "attachments",
    "trust",
    "notes",
}
LINES = ("customer_lines", "quoted_lines", "forwarded_lines", "signature_lines")
# The least that a group holds, so that nobody thins it out unseen.
LEAST = {
    "apple": 12,
    "auth": 11,
    "bottom": 7,
    "bounces": 14,
    "broken": 28,
    "deep": 7,
    "forwarded": 13,
    "gmail": 18,
    "hard": 12,
    "interleaved": 13,
    "lists": 6,
    "mime": 23,
    "out_of_office": 12,
    "outlook_classic": 13,
    "outlook_mobile": 12,
    "outlook_web": 12,
    "receipts": 6,
    "short": 10,
    "thunderbird": 6,
    "traps": 16,
    "webmail": 24,
    "yahoo": 6,
}
OURS = re.compile(r"(?:^|\.)(?:example|example\.(?:no|se|dk|fi|com)|local)$")


def expected(mail: Path) -> dict[str, Any]:
    return json.loads(mail.with_suffix(".json").read_text(encoding="utf-8"))


def normal(text: str) -> str:
    """As the README compares lines."""
    visible = re.sub("[\u200b\u200c\u200d\u2060\ufeff\u00ad]", "", unicodedata.normalize("NFC", text))
    return re.sub(r"\s+", " ", visible).strip()


def quotes(mail: Path, told: dict[str, Any]) -> bool:
    """A person's reply that holds what was written before, whether it has to go or to stay."""
    return told["automatic"] == "none" and (bool(told["quoted_lines"]) or mail.parent.name in {"interleaved", "bottom"})


def test_every_mail_has_its_expectation_and_the_other_way_round():
    assert len(MAILS) >= 165
    assert [mail.with_suffix(".json") for mail in MAILS] == sorted(CORPUS.glob("*/*.json"))


@pytest.mark.parametrize("mail", MAILS, ids=NAMES)
def test_an_expectation_has_the_keys_and_nothing_else(mail: Path):
    told = expected(mail)
    assert set(told) - {"authserv"} == KEYS
    assert told["language"] in {*LANGUAGES, None}
    assert told["client"]
    assert told["notes"]
    assert told["from"] is None or told["from"] == told["from"].lower()
    assert told["subject"] == normal(told["subject"])
    assert told["automatic"] in {"none", "receipt", "out_of_office", "bounce", "list"}
    assert (told["automatic"] == "bounce") == (told["bounce"] is not None)
    if told["bounce"]:
        assert set(told["bounce"]) == {"action", "status", "address", "original_message_id"}
        assert told["bounce"]["action"] in {"failed", "delayed"}
        assert re.fullmatch(r"[45]\.\d{1,3}\.\d{1,3}", told["bounce"]["status"] or "5.0.0")
    for attachment in told["attachments"]:
        assert set(attachment) == {"name", "media_type", "inline"}
        assert attachment["name"] is None or attachment["name"] == unicodedata.normalize("NFC", attachment["name"])
    assert told["trust"] in {"domain_verified", "unverified"}
    if told["trust"] == "domain_verified":
        assert "authserv" in told


@pytest.mark.parametrize("mail", MAILS, ids=NAMES)
def test_lines_are_normal_and_a_quoted_line_is_not_in_the_sender_s_own_words(mail: Path):
    told = expected(mail)
    for kind in LINES:
        assert told[kind] == [normal(line) for line in told[kind]]
        assert "" not in told[kind]
    own = " ".join(told["customer_lines"] + told["signature_lines"])
    assert [line for line in told["quoted_lines"] + told["forwarded_lines"] if line in own] == []
    if told["keep_whole"]:
        assert told["quoted_lines"] == []


def test_no_two_mails_say_the_same():
    assert [data for data, count in Counter(mail.read_bytes() for mail in MAILS).items() if count > 1] == []
    texts = Counter(" ".join(expected(mail)["customer_lines"]) for mail in MAILS)
    assert [text for text, count in texts.items() if text and count > 1] == []
    quoted = Counter(line for mail in MAILS for line in set(expected(mail)["quoted_lines"]) if line.count(" ") >= 7)
    assert [line for line, count in quoted.items() if count > 1] == []


def test_every_group_and_language_has_enough():
    groups = Counter(mail.parent.name for mail in MAILS)
    assert {group: groups[group] for group, least in LEAST.items() if groups[group] < least} == {}
    assert set(groups) == set(LEAST)
    replies = Counter(told["language"] for mail in MAILS if quotes(mail, told := expected(mail)))
    assert {language: replies[language] for language in LANGUAGES if replies[language] < 18} == {}
    for group in ("forwarded", "out_of_office", "lists", "receipts", "interleaved", "traps", "short"):
        found = {expected(mail)["language"] for mail in MAILS if mail.parent.name == group}
        assert found >= set(LANGUAGES) - ({"en"} if group == "lists" else set()), group


def test_every_kind_of_automatic_mail_is_there():
    kinds = Counter(expected(mail)["automatic"] for mail in MAILS)
    assert kinds["bounce"] >= 12
    assert kinds["out_of_office"] >= 10
    assert kinds["list"] >= 6
    assert kinds["receipt"] >= 5
    bounces = [told["bounce"] for mail in MAILS if (told := expected(mail))["bounce"]]
    assert sum(bounce["action"] == "delayed" for bounce in bounces) >= 2
    assert {"5.1.1", "5.2.2", None} <= {bounce["status"] for bounce in bounces}


def test_both_kinds_of_line_ends_survived_git():
    """A checkout that changed line ends would leave one kind only."""
    ends = Counter(b"\r\n" in mail.read_bytes() for mail in MAILS)
    assert ends[True] >= 60
    assert ends[False] >= 60


@pytest.mark.parametrize("mail", MAILS, ids=NAMES)
def test_addresses_are_reserved_for_examples(mail: Path):
    text = mail.read_bytes().decode("latin-1").replace("=\r\n", "").replace("=\n", "")
    text += mail.with_suffix(".json").read_text(encoding="utf-8")
    domains = {
        domain.lower() for domain in re.findall(r"[\w.+=-]@([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,})\b", text)
    }
    assert {domain for domain in domains if not OURS.search(domain)} == set()
