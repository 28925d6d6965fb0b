"""Moments written by people and machines, parsed without a clock or a locale."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_LONGEST = 200
"""Characters read of a text: a date comes within the first words of whatever carries one."""

_MONTHS = {
    # The first letters of month names, as many as tell them apart, in English, German, French, Spanish,
    # Italian, Portuguese, Dutch, Polish and Russian.
    1: "jan jän ene gen sty янв", 2: "feb fév lut фев", 3: "mar mär mrz maa мар", 4: "apr avr abr kwi апр",
    5: "may mai mag mei maj май мая", 6: "jun juin giu cze июн", 7: "jul juil lug lip июл",
    8: "aug aoû ago sie авг", 9: "sep set wrz сен", 10: "oct okt out ott paź окт", 11: "nov lis ноя",
    12: "dec dez déc dic gru дек",
}  # fmt: skip
_MONTH_OF = {prefix: month for month, prefixes in _MONTHS.items() for prefix in prefixes.split()}
_ISO = re.compile(
    r"((?:19|20)\d\d)[-/.](\d\d?)[-/.](\d\d?)(?:[T\s,-]+(\d\d?):(\d\d)(?::(\d\d))?(?:\.\d+)?\s?(Z|[+-]\d\d:?\d\d)?)?"
)
_MAIL_DATE = re.compile(r"(?:[A-Z][a-z]{2},?\s+)?\d{1,2}\s+[A-Z][a-z]{2}\s+\d{2,4}\s+\d\d:\d\d")
_DAY_FIRST = re.compile(
    r"(?<!\d)(\d\d?)(?:\.\s?|/)(\d\d?)(?:\.\s?|/)((?:(?:19|20)\d\d|[0-3]\d(?!\d)))(?:\D{1,12}?(\d\d?)[:.](\d\d))?"
)
_NAMED = re.compile(
    r"(?<!\d)(\d\d?)(?:\.|º|st|nd|rd|th)?\s+(?:de\s+)?([^\W\d_]{3,12})\.?,?\s+(?:de\s+)?((?:19|20)\d\d)"
    r"|([^\W\d_]{3,12})\.?\s+(\d\d?)(?:st|nd|rd|th)?,?\s+((?:19|20)\d\d)"
)
_CJK = re.compile(r"((?:19|20)\d\d)\s*[年년]\s*(\d\d?)\s*[月월]\s*(\d\d?)\s*[日일]")


def parse_when(text: str) -> datetime | None:
    """Return the moment that `text` states, with the zone that it states; None where it states none.

    ISO 8601 in all its forms, RFC 5322, seconds since 1970, day-first numbers (12.03.2026), and month
    names in nine languages. Without a zone it is taken as UTC; a bare date means its midnight.
    """
    text = text.strip()[:_LONGEST]
    for parse in (_iso, _rfc5322, _epoch, _iso_inside, _cjk, _day_first, _named):
        try:
            when = parse(text)
        except (ValueError, OverflowError, TypeError, IndexError):
            continue  # parsedate_to_datetime raises the last two on what only looks like a date
        if when is not None:
            return when.replace(tzinfo=UTC) if when.tzinfo is None else when
    return None


def _iso(text: str) -> datetime | None:
    return datetime.fromisoformat(text)


def _rfc5322(text: str) -> datetime | None:
    return parsedate_to_datetime(text) if _MAIL_DATE.match(text) else None


def _epoch(text: str) -> datetime | None:
    if not text.isascii() or not text.isdigit() or len(text) not in (10, 13):
        return None
    return datetime.fromtimestamp(int(text[:10]), UTC)


def _iso_inside(text: str) -> datetime | None:
    found = _ISO.search(text)
    if not found:
        return None
    *numbers, zone = found.groups()
    stated = datetime.fromisoformat(f"2000-01-01T00:00{zone}").tzinfo if zone else UTC
    return _utc(*(int(part or 0) for part in numbers)).replace(tzinfo=stated)


def _cjk(text: str) -> datetime | None:
    found = _CJK.search(text)
    return _utc(*map(int, found.groups())) if found else None


def _day_first(text: str) -> datetime | None:
    found = _DAY_FIRST.search(text)
    if not found:
        return None
    day, month, year, hour, minute = (int(part or 0) for part in found.groups())
    year += 2000 if year < 100 else 0
    if month > 12 and "/" in found[0]:
        day, month = month, day
    return _utc(year, month, day, hour, minute)


def _named(text: str) -> datetime | None:
    for found in _NAMED.finditer(text):
        day, name, year = (found[1], found[2], found[3]) if found[1] else (found[5], found[4], found[6])
        start = name.casefold()
        month = _MONTH_OF.get(start[:4]) or _MONTH_OF.get(start[:3])
        if month:
            return _utc(int(year), month, int(day))
    return None


def _utc(year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
