"""What servers and feeds ask of readers: Cache-Control, Expires, ttl, skipHours, skipDays, sy:update*. Pure.

All of it only ever lengthens a wait, and by no more than a day: what publishing systems write there is
often a default that nobody chose.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from worker.feeds.dates import find_time
from worker.models import Hints

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LONGEST_S = 86_400.0
"""Seconds that any hint may ask for."""

_SOON_S = 600.0

_PERIODS_S = {"hourly": 3600, "daily": 86_400, "weekly": 604_800, "monthly": 2_592_000, "yearly": 31_536_000}
"""RSS 1.0 syndication module (https://web.resource.org/rss/1.0/modules/syndication/); daily by default."""
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_NUMBER = re.compile(r"[0-9]{1,9}")
_SKIPPED = re.compile(rb"<(skipHours|skipDays)\s*>(.{0,4000}?)</\1\s*>", re.IGNORECASE | re.DOTALL)
_SKIP = re.compile(rb"<(?:hour|day)\s*>\s*([0-9a-z]{1,12})\s*</(?:hour|day)\s*>", re.IGNORECASE)


def read_hints(channel: Mapping[str, object], body: bytes) -> Hints | None:
    """Return what an RSS channel says, None where it says nothing.

    `channel` is as feedparser reads it. That keeps only the last of several hours or days, so that these
    are read from the `body`.
    """
    hours, days = _skipped(body)
    period_s = _period_s(channel)
    every_s = max(_number(channel.get("ttl")) * 60, period_s)
    base_at = find_time(str(channel.get("sy_updatebase") or "")) if 0 < period_s == every_s else None
    # All hours or all days skipped says never: nobody means that.
    said = Hints(
        every_s=every_s,
        base_at=base_at,
        skip_hours=hours if len(hours) < 24 else (),
        skip_days=days if len(days) < 7 else (),
    )
    return None if said == Hints() else said


def hint_s(hints: Hints | None, headers: Mapping[str, str], now: datetime) -> float:
    """Return how many seconds from `now` the server and its feed ask to be left alone, at most a day.

    `headers` have lower-case names; those of a 304 count as much as those of a 200.
    """
    return min(LONGEST_S, max(fresh_s(headers, now), _until_update_s(hints or Hints(), now)))


def after_skipped(hints: Hints | None, moment: datetime, jitter: float) -> datetime:
    """Return `moment`, or one soon after the skipped hours and days it lies in, at most a day later.

    `jitter` is a random fraction: not everybody comes on the stroke of the hour.
    """
    skip_s = _skip_s(hints or Hints(), moment)
    return moment + timedelta(seconds=min(LONGEST_S, skip_s + _SOON_S * jitter)) if skip_s else moment


def fresh_s(headers: Mapping[str, str], now: datetime) -> float:
    """Return for how many seconds more the response is fresh (RFC 9111, 4.2), 0 where it does not say.

    `max-age` is less the Age that a cache on the way gives; Expires counts from the server's own Date.
    """
    control = headers.get("cache-control", "").lower()
    if re.search(r"\bno-(?:cache|store)\b", control):
        return 0.0
    if said := re.search(r"(?<![\w-])max-age\s*=\s*\"?([0-9]{1,9})", control):
        return max(0.0, float(said[1]) - _number(headers.get("age")))
    expires = _http_date(headers.get("expires"))
    if expires is None:
        return 0.0
    return max(0.0, (expires - (_http_date(headers.get("date")) or now)).total_seconds())


def _until_update_s(hints: Hints, now: datetime) -> float:
    """Return the seconds to the next moment at which the feed says that it may change."""
    if not hints.every_s:
        return 0.0
    if hints.base_at is None:
        return float(hints.every_s)
    return hints.every_s - (now - hints.base_at).total_seconds() % hints.every_s


def _skip_s(hints: Hints, moment: datetime) -> float:
    """Return the seconds from `moment` to the end of the skipped hours and days that it lies in."""
    start, at = moment, moment
    while (at - start).total_seconds() < LONGEST_S and _is_skipped(hints, at):
        at = at.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    return (at - start).total_seconds()


def _is_skipped(hints: Hints, moment: datetime) -> bool:
    return moment.hour in hints.skip_hours or moment.weekday() in hints.skip_days


def _period_s(channel: Mapping[str, object]) -> int:
    said = str(channel.get("sy_updateperiod") or "").strip().lower()
    frequency = _number(channel.get("sy_updatefrequency"))
    if not said and not frequency:
        return 0
    return _PERIODS_S.get(said or "daily", 0) // max(1, frequency)


def _skipped(body: bytes) -> tuple[tuple[int, ...], tuple[int, ...]]:
    values = [value.lower().decode("ascii") for value in _skip_values(body)]
    # The hour 24 of RSS 0.91 is midnight.
    hours = {int(value) % 24 for value in values if value.isdigit() and int(value) <= 24}
    days = {_DAYS.index(value) for value in values if value in _DAYS}
    return tuple(sorted(hours)), tuple(sorted(days))


def _skip_values(body: bytes) -> Iterator[bytes]:
    # They stand in the channel: within the first bytes, or after the last item.
    for part in (body[:20_000], body[-20_000:]):
        for _, inside in _SKIPPED.findall(part):
            yield from _SKIP.findall(inside)


def _number(text: object) -> int:
    found = _NUMBER.fullmatch(str(text or "").strip())
    return int(found[0]) if found else 0


def _http_date(text: str | None) -> datetime | None:
    try:
        date = parsedate_to_datetime(text or "")
    except (ValueError, OverflowError):
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)
