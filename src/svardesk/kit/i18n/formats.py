"""Dates, times, numbers and phone numbers as people in the North write them. Babel is loaded on first use only."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from svardesk.kit.i18n import normalise

# "kl. 8.00" in running Danish, Swedish and Finnish text, "kl. 08:00" in Norwegian; tables and lists follow Babel.
_RUNNING = {"nb": "{h:02d}:{m:02d}", "nn": "{h:02d}:{m:02d}", "en": "{h:02d}:{m:02d}"}
_RUNNING_DOT = "{h}.{m:02d}"
# CLDR's short form in English is "2:05 PM" for the USA; our English is the one read in the Nordic countries.
_BABEL = {"nb": "nb_NO", "nn": "nn_NO", "da": "da_DK", "sv": "sv_SE", "fi": "fi_FI", "en": "en_GB"}


def format_time(at: datetime, timezone: str, locale: str, *, running: bool = False) -> str:
    """An aware instant as a time of day: ``14:05`` (nb, nn, sv, en) or ``14.05`` (da, fi), by locale data.

    ``running``: as it stands in a sentence, where Swedish has a full stop too and an hour below ten no zero
    (``kl. 8.00``) except in Norwegian and English.
    """
    local = at.astimezone(ZoneInfo(timezone))
    language = normalise(locale)
    if running:
        return _RUNNING.get(language, _RUNNING_DOT).format(h=local.hour, m=local.minute)
    from babel.dates import format_time as by_locale

    return by_locale(local, "short", tzinfo=local.tzinfo, locale=_BABEL[language])


def format_date(day: date, locale: str, *, weekday: bool = False, year: bool = True) -> str:
    """A date in words: ``27. november 2026`` (nb), ``27 november 2026`` (sv), with its weekday in front if wished."""
    from babel.dates import format_date as by_pattern

    language = normalise(locale)
    pattern = ("d MMMM" if language in ("sv", "en") else "d. MMMM") + (" y" if year else "")
    if weekday:
        pattern = ("EEEE 'den' " if language == "da" else "EEEE ") + pattern
    return by_pattern(day, pattern, locale=_BABEL[language])


def format_number(value: float, locale: str, *, decimals: int | None = None) -> str:
    """A number with the country's decimal sign and grouping: ``1 234,5`` (nb, sv, fi), ``1.234,5`` (da)."""
    from babel.numbers import format_decimal

    pattern = None if decimals is None else "#,##0" + ("." + "0" * decimals if decimals else "")
    return format_decimal(value, format=pattern, locale=_BABEL[normalise(locale)])
