"""Catalogues: parsing, fallback, plurals, formats, and a check that finds what is wrong."""

import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from svardesk.kit import i18n
from svardesk.kit.i18n import formats
from svardesk.kit.i18n.checking import check_catalogues
from svardesk.kit.i18n.po import comments_of, parse_po, write_po

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("no", "nb"),
        ("nb-NO", "nb"),
        ("NN_no", "nn"),
        ("sv-FI", "sv"),
        ("en-GB", "en"),
        ("de", "nb"),
        ("", "nb"),
        (None, "nb"),
    ],
)
def test_language_tags_of_pages_become_ours(tag: str | None, expected: str) -> None:
    assert i18n.normalise(tag) == expected


def test_po_is_read_and_written_back_with_its_comments() -> None:
    texts = {"a.b": 'Si "hei"\ntil {name} \\ ære', "a.c_one": "én"}
    source = write_po("nb", texts, {"a.b": ["#. shown on top"]})
    assert parse_po(source) == texts
    assert comments_of(source) == {"a.b": ["#. shown on top"]}
    assert parse_po('msgid "x.y"\nmsgstr ""\n"first "\n"second"\n') == {"x.y": "first second"}


@pytest.mark.parametrize(
    "source", ['msgid "x.y"\nmsgstr nothing\n', 'msgid "x.y"\nmsgstr "1"\nmsgid "x.y"\nmsgstr "2"\n']
)
def test_a_broken_po_names_its_line(source: str) -> None:
    with pytest.raises(ValueError, match=r"line \d"):
        parse_po(source)


def test_every_catalogue_can_be_read_by_babel_too() -> None:
    from babel.messages.pofile import read_po

    for path in sorted((ROOT / "src/svardesk/locale").rglob("*.po")):
        with path.open("rb") as handle:
            ours, babels = parse_po(path.read_text("utf-8")), read_po(handle)
        assert ours == {message.id: message.string for message in babels if message.id}, path


def test_fallback_nn_to_nb_to_en(monkeypatch: pytest.MonkeyPatch) -> None:
    made = {
        ("en", "server"): {"a.x": "x", "a.y": "y", "a.z": "z"},
        ("nb", "server"): {"a.y": "yb", "a.z": "zb"},
        ("nn", "server"): {"a.z": "zn"},
    }
    monkeypatch.setattr(i18n, "catalogue", lambda locale, domain: made.get((locale, domain), {}))
    i18n.texts.cache_clear()
    try:
        assert [i18n.text("nn", "server", key) for key in ("a.x", "a.y", "a.z", "a.none")] == [
            "x",
            "yb",
            "zn",
            "a.none",
        ]
        assert i18n.text("da", "server", "a.y") == "y"
    finally:
        i18n.texts.cache_clear()


def test_values_are_filled_in_once_and_only_named_ones() -> None:
    assert i18n.fill("Hei, {name}! {other} {}", {"name": "{other}"}) == "Hei, {other}! {other} {}"


def test_loading_all_server_texts_of_one_language_is_cheap_and_loads_no_babel() -> None:
    code = (
        "import sys, time; import svardesk.kit.i18n as i; import svardesk.kit.i18n.formats; a = time.process_time(); "
        "i.texts('nn', 'server'); i.texts('nb', 'widget'); print((time.process_time() - a) * 1000, 'babel' in sys.modules)"
    )
    took, babel = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert babel == "False"
    assert float(took) < 20, "milliseconds of processor time"


def test_times_and_dates_follow_the_country() -> None:
    at = datetime(2026, 11, 27, 7, 5, tzinfo=UTC)
    times = {locale: formats.format_time(at, "Europe/Oslo", locale) for locale in i18n.LOCALES}
    assert times == {"nb": "08:05", "nn": "08:05", "da": "08.05", "sv": "08:05", "fi": "8.05", "en": "08:05"}
    running = {locale: formats.format_time(at, "Europe/Oslo", locale, running=True) for locale in i18n.LOCALES}
    assert running == {"nb": "08:05", "nn": "08:05", "da": "8.05", "sv": "8.05", "fi": "8.05", "en": "08:05"}
    days = {
        locale: formats.format_date(date(2026, 11, 27), locale, weekday=True, year=False) for locale in i18n.LOCALES
    }
    assert days == {
        "nb": "fredag 27. november",
        "nn": "fredag 27. november",
        "da": "fredag den 27. november",
        "sv": "fredag 27 november",
        "fi": "perjantaina 27. marraskuuta",
        "en": "Friday 27 November",
    }


def test_numbers() -> None:
    assert formats.format_number(1234567.5, "nb") == "1\u00a0234\u00a0567,5"
    assert formats.format_number(1234567.5, "da", decimals=2) == "1.234.567,50"


def _checkout(root: Path, texts: Mapping[str, Mapping[Any, str]], source: str) -> list[str]:
    for locale in i18n.LOCALES:
        for domain in i18n.DOMAINS:
            path = root / "src/svardesk/locale" / locale / "LC_MESSAGES" / f"{domain}.po"
            path.parent.mkdir(parents=True, exist_ok=True)
            mine = {key: per[locale] for key, per in texts.items() if locale in per} if domain == "agent" else {}
            path.write_text(write_po(locale, mine), "utf-8")
    (root / "web/agent/src").mkdir(parents=True, exist_ok=True)
    (root / "web/agent/src/app.tsx").write_text(source)
    return check_catalogues(root)


def test_the_check_finds_each_kind_of_fault(tmp_path: Path) -> None:
    full = dict.fromkeys(i18n.LOCALES, "tekst")
    good = {
        "a.plain": full,
        "a.items_one": full,
        "a.items_other": dict.fromkeys(i18n.LOCALES, "{count} ting"),
        "state.sent": full,
    }
    source = "t('a.plain'); tn(\"a.items\", n); t(`state.${state}`);"
    assert _checkout(tmp_path, good, source) == []
    assert _checkout(tmp_path, good, source + " t('a.gone')") == [
        "web/agent/src/app.tsx: asks for a.gone, which no catalogue has"
    ]
    assert _checkout(tmp_path, {**good, "a.idle": full}, source) == ["agent.po: a.idle is used nowhere"]
    assert _checkout(tmp_path, {**good, "a.plain": {**full, "fi": "{who}"}}, source) == [
        "fi/agent.po: a.plain has other placeholders than nb (none)"
    ]
    assert _checkout(tmp_path, {**good, "a.plain": {"nb": "x"}}, source)[0] == "nn/agent.po: a.plain has no text"
