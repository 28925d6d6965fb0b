"""When a feed publishes: learned from its entries, and how many are to be expected by when. Pure.

Counts that fade are all that is kept. The expected rate at a moment is

    entries per hour of the last weeks, times the shares of the hour of day and of the weekday,
    less the longer the feed has been silent, by its own rhythm,
    and what the entries of the last hours make likely: bursts go on for a while.

The figures below were chosen on `make sim-schedule`, whose seed for choosing is not the one reported.
"""

from __future__ import annotations

from dataclasses import replace
from math import exp
from typing import TYPE_CHECKING

from worker.models import Rhythm

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

HOUR_S = 3600.0
DAY_S = 86_400.0

MEMORY_S = 28 * DAY_S
"""Counts fade to 1/e in this time: a weekday's share comes from some four of its kind."""
REMEMBERED_S = 4 * MEMORY_S
"""Entries older than this say nothing of a feed any more (2 % of their weight would be left)."""

BURST_S = 3 * HOUR_S
"""`recent` fades to 1/e in this time."""
BURST_SHARE = 0.3
"""How many further entries one entry makes expected within the next hours."""

FLATTENING = 6.0
"""Entries that hours and weekdays are given evenly before any was seen, so that few entries prove little."""
PATIENCE_WITH_SILENCE = 4.0
"""Expected entries that did not come before the rate counts as halved."""

_HOURS, _DAYS = 24, 7
_THURSDAY = 3
"""1970 began on one."""
_STEPS = 24 * 15
"""Hours looked ahead at most: twice what the longest interval of a setting is."""


def begin(moments: Iterable[datetime], now: datetime) -> Rhythm:
    """Return the rhythm that a first listing shows; `moments` are its entries' believable times.

    Two entries of the last months at least are needed to say how often: else all is still unknown.
    """
    seen = sorted(moment for moment in moments if 0 <= (now - moment).total_seconds() <= REMEMBERED_S)
    blank = Rhythm(since=now, at=now, hours=(0.0,) * _HOURS, days=(0.0,) * _DAYS)
    if len(seen) < 2:
        return blank
    return _counted(replace(blank, since=seen[0], at=seen[0]), seen[1:], now)


def learn(rhythm: Rhythm, moments: Sequence[datetime], polled_at: datetime, now: datetime) -> Rhythm:
    """Return the rhythm after a poll at `now`, the last one having been at `polled_at`.

    `moments` are when the entries that have come since then appeared.
    """
    if moments:
        return replace(_counted(rhythm, sorted(moments), now), silent=0.0)
    waited_s = (now - polled_at).total_seconds()
    return replace(rhythm, silent=rhythm.silent + _expected(rhythm, polled_at, waited_s))


def per_day(rhythm: Rhythm, now: datetime) -> float | None:
    """Return entries per day over the last weeks, None while nothing is known."""
    per_hour = _per_hour(rhythm, now.timestamp())
    return None if per_hour is None else per_hour * 24


def usual_gap_s(rhythm: Rhythm) -> float | None:
    """Return the mean seconds between entries as of the last one, None while nothing is known."""
    per_hour = _per_hour(rhythm, rhythm.at.timestamp())
    return HOUR_S / per_hour if per_hour else None


def seconds_until(
    rhythm: Rhythm, now: datetime, entries: float, first_per_hour: float, longest_s: float
) -> float:
    """Return in how many seconds `entries` more are to be expected, at most `longest_s`.

    `first_per_hour` is assumed of a feed of which nothing is known, and fades within days.
    """
    start = now.timestamp()
    rates = _Rates(rhythm, start, first_per_hour)
    left, waited = entries, 0.0
    for _ in range(_STEPS):
        step = HOUR_S - (start + waited) % HOUR_S
        expected = rates.within(start + waited, step)
        if expected >= left:
            return min(longest_s, waited + step * left / expected)
        left -= expected
        waited += step
        if waited >= longest_s:
            break
    return longest_s


def _expected(rhythm: Rhythm, start_at: datetime, seconds: float) -> float:
    start, end = start_at.timestamp(), start_at.timestamp() + min(seconds, _STEPS * HOUR_S)
    rates = _Rates(rhythm, start, 0.0)
    total = 0.0
    while start < end:
        step = min(end - start, HOUR_S - start % HOUR_S)
        total += rates.within(start, step)
        start += step
    return total


class _Rates:
    """The expected rate of one feed, as of one moment (Unix seconds)."""

    def __init__(self, rhythm: Rhythm, now: float, first_per_hour: float) -> None:
        slow = _per_hour(rhythm, now)
        unknown = exp(-max(0.0, now - rhythm.since.timestamp()) / DAY_S)
        calm = PATIENCE_WITH_SILENCE / (PATIENCE_WITH_SILENCE + rhythm.silent)
        self._slow = (1 - BURST_SHARE) * (slow or 0.0) * calm
        self._first = first_per_hour * unknown
        self._recent = BURST_SHARE * rhythm.recent * exp((rhythm.at.timestamp() - now) / BURST_S)
        self._now = now
        self._hours, self._days = rhythm.hours, rhythm.days
        self._seen = sum(rhythm.hours)

    def within(self, start: float, seconds: float) -> float:
        """Return the entries to be expected in these seconds of one hour."""
        hour = int(start // HOUR_S)
        share = self._share_of_hour(hour % _HOURS) * self._share_of_day(hour // _HOURS + _THURSDAY)
        burst = self._recent * (1 - exp(-seconds / BURST_S)) * exp((self._now - start) / BURST_S)
        return (self._slow * share + self._first) * seconds / HOUR_S + burst

    def _share_of_hour(self, hour: int) -> float:
        hours = self._hours
        smooth = (hours[hour - 1] + 2 * hours[hour] + hours[(hour + 1) % _HOURS]) / 4
        return (_HOURS * smooth + FLATTENING) / (self._seen + FLATTENING)

    def _share_of_day(self, day: int) -> float:
        return (_DAYS * self._days[day % _DAYS] + FLATTENING) / (self._seen + FLATTENING)


def _per_hour(rhythm: Rhythm, now: float) -> float | None:
    """Return entries per hour over the time that is remembered, None before there is any."""
    age = now - rhythm.since.timestamp()
    if age <= 0:
        return None
    remembered_s = MEMORY_S * (1 - exp(-age / MEMORY_S))
    faded = exp(min(0.0, rhythm.at.timestamp() - now) / MEMORY_S)
    # Below a day one entry would look like a torrent.
    return sum(rhythm.hours) * faded / max(remembered_s, DAY_S) * HOUR_S


def _counted(rhythm: Rhythm, moments: Sequence[datetime], now: datetime) -> Rhythm:
    """Return the rhythm with these moments (in order) counted, faded to `now`."""
    end, start = now.timestamp(), rhythm.at.timestamp()
    kept = exp(min(0.0, start - end) / MEMORY_S)
    hours, days = [count * kept for count in rhythm.hours], [count * kept for count in rhythm.days]
    recent = rhythm.recent * exp(min(0.0, start - end) / BURST_S)
    for moment in moments:
        at = moment.timestamp()
        weight = exp(min(0.0, at - end) / MEMORY_S)
        hour = int(at // HOUR_S)
        if at % DAY_S:
            hours[hour % _HOURS] += weight
        else:  # a day without an hour, as the dates of a quarter of all entries are
            hours = [count + weight / _HOURS for count in hours]
        days[(hour // _HOURS + _THURSDAY) % _DAYS] += weight
        recent += exp(min(0.0, at - end) / BURST_S)
    return replace(rhythm, at=now, hours=_rounded(hours), days=_rounded(days), recent=round(recent, 3))


def _rounded(counts: Iterable[float]) -> tuple[float, ...]:
    # Three digits are a thousandth of an entry, and a third of the bytes in every feed's record.
    return tuple(round(count, 3) for count in counts)
