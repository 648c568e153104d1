"""The corpus of mails as they really come: no word of a customer is lost, and what programs repeat goes."""

import pytest

from tests.email import corpus_check

MAILS = corpus_check.mails()
LEAST_REMOVED = 0.97


def test_the_corpus_is_there():
    assert len(MAILS) >= 150
    assert all(mail.with_suffix(".json").is_file() for mail in MAILS)
    languages = {corpus_check.expected(mail)["language"] for mail in MAILS}
    assert {"nb", "nn", "da", "sv", "fi", "en"} <= languages


@pytest.mark.parametrize("mail", MAILS, ids=lambda mail: f"{mail.parent.name}/{mail.stem}")
def test_mail(mail):
    verdict = corpus_check.judge(mail)
    assert not verdict.lost, f"words of the customer that are not visible: {verdict.lost}"
    assert not verdict.wrong, "\n".join(verdict.wrong)


def test_quotes_are_removed_in_every_language(capsys):
    """Prints the figures: by words of quoted lines."""
    figures: dict[str, list[int]] = {}
    for mail in MAILS:
        verdict = corpus_check.judge(mail)
        row = figures.setdefault(corpus_check.expected(mail)["language"] or "-", [0, 0, 0, 0])
        row[0] += 1
        row[1] += len(verdict.lost)
        row[2] += verdict.quoted
        row[3] += verdict.removed
    with capsys.disabled():
        print("\n  language  mails  lost lines  quoted words  removed")
        for language, (mails, lost, quoted, removed) in sorted(figures.items()):
            print(f"  {language:<8} {mails:>6} {lost:>11} {quoted:>13} {removed / quoted if quoted else 1:>8.1%}")
    for language, (_, lost, quoted, removed) in figures.items():
        assert lost == 0, language
        assert removed >= LEAST_REMOVED * quoted, language


def test_languages_are_told_for_most():
    """Told or left open, never told wrong (that is in `test_mail`)."""
    with_words = [
        mail
        for mail in MAILS
        if corpus_check.expected(mail)["language"] and corpus_check.expected(mail)["customer_lines"]
    ]
    told = [mail for mail in with_words if corpus_check.read(mail).language is not None]
    assert len(told) >= 0.85 * len(with_words)
