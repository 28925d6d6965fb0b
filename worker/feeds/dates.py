"""Times as feeds write them, and which of them to believe."""

from __future__ import annotations

import calendar
import re
import unicodedata
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import time

    from worker.feeds.listing import StatedTime

EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
"""No news feed is older than the web: what lies before is an unset clock (1970, 0001)."""

MIDNIGHT = datetime.min.time()

AHEAD = timedelta(days=1)
"""A feed's clock or its missing time zone can be ahead by up to a day; more is a mistake or an event."""

_MONTHS = {
    # By their shortest unambiguous beginnings, accents removed: English, German, French, Spanish,
    # Italian, Portuguese, Dutch. RFC 822 has English only, and feeds in these are seen daily.
    **dict.fromkeys(("jan", "janv", "ene", "gen", "jän"), 1),
    **dict.fromkeys(("feb", "fev"), 2),
    **dict.fromkeys(("mar", "maa", "mrt"), 3),
    **dict.fromkeys(("apr", "avr", "abr"), 4),
    **dict.fromkeys(("may", "mai", "mei", "mag"), 5),
    **dict.fromkeys(("jun", "juin", "giu"), 6),
    **dict.fromkeys(("jul", "juil", "lug"), 7),
    **dict.fromkeys(("aug", "aou", "ago"), 8),
    **dict.fromkeys(("sep", "set"), 9),
    **dict.fromkeys(("oct", "okt", "ott", "out"), 10),
    **dict.fromkeys(("nov",), 11),
    **dict.fromkeys(("dec", "dez", "dic"), 12),
}
_ZONES = {
    # Greenwich in RFC 822's words, and the names that European feeds use.
    **dict.fromkeys(("z", "ut", "utc", "gmt", "wet"), 0),
    **dict.fromkeys(("cet", "mez", "bst", "west", "met"), 1),
    **dict.fromkeys(("cest", "mesz", "eet"), 2),
    **dict.fromkeys(("eest", "msk"), 3),
    # Asia, and the United States, whose names are RFC 822's own.
    **dict.fromkeys(("ist",), 5.5),
    **dict.fromkeys(("jst", "kst"), 9),
    **dict.fromkeys(("est", "cdt"), -5),
    **dict.fromkeys(("edt",), -4),
    **dict.fromkeys(("cst", "mdt"), -6),
    **dict.fromkeys(("mst", "pdt"), -7),
    **dict.fromkeys(("pst",), -8),
}
_DATE_CHARS = 100
"""More than the longest written date; the searches below take quadratic time on what they don't find."""

_COMMENT = re.compile(r"\([^()]*\)")  # RFC 822, 3.1.4: "-0800 (PST)"
_EPOCH = re.compile(r"(\d{10})(\d{3})?")
_DATES = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})",
        r"(?P<year>\d{4})年\s*(?P<month>\d{1,2})月\s*(?P<day>\d{1,2})日",
        r"(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4})",
        r"(?P<day>\d{1,2})(?:st|nd|rd|th|er|\.)?[\s-]+(?:de\s+)?(?P<name>[^\W\d_]{3,})\.?,?[\s-]+(?:de\s+)?(?P<year>\d{4})",
        r"(?P<name>[^\W\d_]{3,})\.?\s+(?P<day>\d{1,2})(?:st|nd|rd|th)?,?\s+(?P<year>\d{4})",
    )
)
_TIME = re.compile(r"(?<![\d:])(\d{1,2}):(\d{2})(?::(\d{2}))?(?:\.\d+)?(?:\s*([ap])\.?m\b)?", re.IGNORECASE)
_OFFSET = re.compile(r"([+-])(\d{1,2}):?(\d{2})?\s*$")
_ZONE_NAME = re.compile(r"\b([A-Z]{1,4})\s*$", re.IGNORECASE)


def read_time(text: str, parsed: time.struct_time | None) -> datetime | None:
    """Return the time that `text` states; `parsed` is how feedparser read it, where it could.

    It comes second, for what only it can read (two-digit years, asctime, Greek): it takes
    CET for UTC, turns 31 February into 3 March, and completes what begins like an ISO date from
    today's date, so that 2026/03/02 changes from month to month (6.0.14).
    """
    found = find_time(text)
    if found or parsed is None or text[:4].isdecimal():
        return found
    try:
        return datetime.fromtimestamp(calendar.timegm(parsed), UTC)
    except (ValueError, OverflowError, OSError):
        return None


def find_time(text: str) -> datetime | None:
    """Return the time that `text` states in UTC, or None. No zone means UTC; no time means midnight.

    Midnight to the second in its own zone means no time (28 % of the dates in 102 real feeds): it becomes
    midnight UTC of the day that was named, and a page that knows the time wins over it. A date like
    03/04/2026 stays unread: half the world means April, the other half March.
    """
    plain = _COMMENT.sub("", text[:_DATE_CHARS]).strip()
    try:
        return _find_epoch(plain) or _find_iso(plain) or _find_written(plain)
    except (ValueError, OverflowError):
        return None


def settle(time: StatedTime, now: datetime) -> tuple[datetime | None, str | None]:
    """Return the time to believe, and what had to be mended, if anything.

    A time up to a day ahead becomes `now` (articles are never dated in the future); later ones and
    those before 1990 are dropped.
    """
    at = time.time
    if at is None:
        return None, "unreadable date, dropped" if time.text.strip() else None
    if at < EARLIEST:
        return None, "date before 1990, dropped"
    if at > now + AHEAD:
        return None, "date more than a day in the future, dropped"
    if at > now:
        return now, "date in the future by up to a day, set to the time of the poll"
    return at, None


def _find_iso(text: str) -> datetime | None:
    # Python takes any character for the T, even a digit: a long number would become a date.
    if text.isdecimal() and len(text) != len("20260302"):
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    # Whole milliseconds, as the stores keep them: a time read back must equal the one written.
    return _in_utc(at.replace(microsecond=at.microsecond // 1000 * 1000, tzinfo=at.tzinfo or UTC))


def _find_epoch(text: str) -> datetime | None:
    found = _EPOCH.fullmatch(text)
    return datetime.fromtimestamp(int(found[1]), UTC) if found else None


def _find_written(text: str) -> datetime | None:
    for pattern in _DATES:
        found = pattern.search(text)
        if found:
            parts = found.groupdict()
            month = int(parts["month"]) if "month" in parts else _month(parts["name"])
            rest = text[found.end() :]
            if month:
                day = datetime(int(parts["year"]), month, int(parts["day"]), tzinfo=_zone(rest))
                return _in_utc(day + _time_of_day(rest))
    return None


def _in_utc(at: datetime) -> datetime:
    """Return the time in UTC; midnight to the second is a day without a time, and stays the day it names."""
    return at.replace(tzinfo=UTC) if at.time() == MIDNIGHT else at.astimezone(UTC)


def _month(name: str) -> int | None:
    plain = unicodedata.normalize("NFKD", name.lower()).encode("ascii", "ignore").decode()
    return _MONTHS.get(plain[:4]) or _MONTHS.get(plain[:3])


def _time_of_day(text: str) -> timedelta:
    found = _TIME.search(text)
    if not found:
        return timedelta()
    hour = int(found[1])
    if found[4]:
        hour = hour % 12 + (12 if found[4].lower() == "p" else 0)
    if hour > 24 or int(found[2]) > 59:
        raise ValueError(text)
    return timedelta(hours=hour, minutes=int(found[2]), seconds=int(found[3] or 0))


def _zone(text: str) -> timezone:
    offset = _OFFSET.search(text)
    if offset:
        span = timedelta(hours=int(offset[2]), minutes=int(offset[3] or 0))
        return timezone(span if offset[1] == "+" else -span)
    name = _ZONE_NAME.search(text)
    return timezone(timedelta(hours=_ZONES.get(name[1].lower(), 0))) if name else UTC
