"""How many entries are to be expected of a feed, and by when: the arithmetic of a rhythm. Pure.

The expected rate at a moment is

    entries per hour of the last weeks, times the shares of the hour of day and of the weekday,
    less the longer the feed has been silent, by its own rhythm,
    and what the entries of the last hours make likely: bursts go on for a while.

Times are Unix seconds. There is nothing but numbers, sequences and loops in here, so that the simulated
year (`bench.schedule`) compiles these very functions: what is measured there is what runs here. The figures
below were chosen on it, by seeds that are not the one reported.
"""

from __future__ import annotations

from math import exp
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import MutableSequence, Sequence

HOUR_S = 3600.0
DAY_S = 86_400.0

MEMORY_S = 28 * DAY_S
"""Counts fade to 1/e in this time: a weekday's share comes from some four of its kind."""
REMEMBERED_S = 4 * MEMORY_S
"""Entries older than this say nothing of a feed any more (2 % of their weight would be left)."""

BURST_S = 3 * HOUR_S
"""`recent` fades to 1/e in this time."""
BURST_SHARE = 0.2
"""How many further entries one entry makes expected within the next hours."""

FLATTENING = 6.0
"""Entries that hours and weekdays are given evenly before any was seen, so that few entries prove little."""
PATIENCE_WITH_SILENCE = 3.0
"""Expected entries that did not come before the rate counts as halved."""

HOURS, DAYS = 24, 7
_THURSDAY = 3
"""1970 began on one."""
_STEPS = 24 * 15
"""Hours looked ahead at most: twice what the longest interval of a setting is."""


class Counts(NamedTuple):
    """What `models.Rhythm` keeps of a feed's entries; `hours` and `days` are changed in place."""

    since: float
    at: float
    hours: MutableSequence[float]
    days: MutableSequence[float]
    recent: float
    silent: float


class Rates(NamedTuple):
    """The expected rate of one feed in its parts, as of the moment `now`.

    `usual` are the entries per hour of the last weeks, `unknown` is how little they say so far: 1 of a feed
    just met, fading within days.
    """

    now: float
    usual: float
    slow: float
    unknown: float
    recent: float
    hours: Sequence[float]
    days: Sequence[float]
    seen: float


def counted(counts: Counts, moments: Sequence[float], now: float) -> Counts:
    """Return the counts faded to `now`, with the entries of these moments."""
    hours, days = counts.hours, counts.days
    kept = exp(min(0.0, counts.at - now) / MEMORY_S)
    for hour in range(HOURS):
        hours[hour] *= kept
    for day in range(DAYS):
        days[day] *= kept
    recent = counts.recent * exp(min(0.0, counts.at - now) / BURST_S)
    for moment in moments:
        weight = exp(min(0.0, moment - now) / MEMORY_S)
        count_one(hours, days, moment, weight)
        recent += exp(min(0.0, moment - now) / BURST_S)
    return Counts(counts.since, now, hours, days, recent, counts.silent)


def count_one(
    hours: MutableSequence[float], days: MutableSequence[float], moment: float, weight: float
) -> None:
    """Count an entry for its hour and weekday."""
    hour = int(moment // HOUR_S)
    if moment % DAY_S:
        hours[hour % HOURS] += weight
    else:  # a day without an hour, as the dates of a quarter of all entries are
        for each in range(HOURS):
            hours[each] += weight / HOURS
    days[(hour // HOURS + _THURSDAY) % DAYS] += weight


def per_hour(counts: Counts, now: float) -> float:
    """Return entries per hour over the time that is remembered, 0 before there is any."""
    age = now - counts.since
    if age <= 0:
        return 0.0
    remembered_s = MEMORY_S * (1 - exp(-age / MEMORY_S))
    faded = exp(min(0.0, counts.at - now) / MEMORY_S)
    # Below a day one entry would look like a torrent.
    return sum(counts.hours) * faded / max(remembered_s, DAY_S) * HOUR_S


def rates_at(counts: Counts, now: float) -> Rates:
    """Return what is to be expected from `now` on."""
    usual = per_hour(counts, now)
    calm = PATIENCE_WITH_SILENCE / (PATIENCE_WITH_SILENCE + counts.silent)
    unknown = exp(-max(0.0, now - counts.since) / DAY_S)
    recent = BURST_SHARE * counts.recent * exp((counts.at - now) / BURST_S)
    slow = (1 - BURST_SHARE) * usual * calm
    return Rates(now, usual, slow, unknown, recent, counts.hours, counts.days, sum(counts.hours))


def within(rates: Rates, start: float, seconds: float, first_per_hour: float) -> float:
    """Return the entries to be expected in these seconds of one hour.

    `first_per_hour` is assumed of a feed of which nothing is known.
    """
    hour = int(start // HOUR_S)
    share = share_of_hour(rates, hour % HOURS) * share_of_day(rates, hour // HOURS + _THURSDAY)
    burst = rates.recent * (1 - exp(-seconds / BURST_S)) * exp((rates.now - start) / BURST_S)
    return (rates.slow * share + first_per_hour * rates.unknown) * seconds / HOUR_S + burst


def share_of_hour(rates: Rates, hour: int) -> float:
    """Return how much more than usual an hour of the day brings; its neighbours count half as much."""
    hours = rates.hours
    smooth = (hours[hour - 1] + 2 * hours[hour] + hours[(hour + 1) % HOURS]) / 4
    return (HOURS * smooth + FLATTENING) / (rates.seen + FLATTENING)


def share_of_day(rates: Rates, day: int) -> float:
    """Return how much more than usual a weekday brings."""
    return (DAYS * rates.days[day % DAYS] + FLATTENING) / (rates.seen + FLATTENING)


def seconds_until(rates: Rates, entries: float, first_per_hour: float, longest_s: float) -> float:
    """Return the seconds from `rates.now` until that many entries are to be expected, at most `longest_s`."""
    left, waited = entries, 0.0
    for _ in range(_STEPS):
        step = HOUR_S - (rates.now + waited) % HOUR_S
        expected = within(rates, rates.now + waited, step, first_per_hour)
        if expected >= left:
            return min(longest_s, waited + step * left / expected)
        left -= expected
        waited += step
        if waited >= longest_s:
            break
    return longest_s


def expected_in(rates: Rates, seconds: float) -> float:
    """Return how many entries were to be expected in these seconds from `rates.now` on."""
    start = rates.now
    end = start + min(seconds, _STEPS * HOUR_S)
    total = 0.0
    while start < end:
        step = min(end - start, HOUR_S - start % HOUR_S)
        total += within(rates, start, step, 0.0)
        start += step
    return total
