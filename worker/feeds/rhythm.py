"""When a feed publishes: learned from its entries, kept in its record as counts that fade. Pure.

The arithmetic is in `rates`; here it is applied to records and dates.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from worker.feeds import rates
from worker.feeds.rates import DAYS, HOUR_S, HOURS, REMEMBERED_S, Counts
from worker.models import Rhythm

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime


def begin(moments: Iterable[datetime], now: datetime) -> Rhythm:
    """Return the rhythm that a first listing shows; `moments` are its entries' believable times.

    Two entries of the last months at least are needed to say how often: else all is still unknown.
    """
    seen = sorted(moment for moment in moments if 0 <= (now - moment).total_seconds() <= REMEMBERED_S)
    blank = Rhythm(since=now, at=now, hours=(0.0,) * HOURS, days=(0.0,) * DAYS)
    if len(seen) < 2:
        return blank
    return _counted(replace(blank, since=seen[0], at=seen[0]), seen[1:], now)


def learn(rhythm: Rhythm, moments: Sequence[datetime], polled_at: datetime, now: datetime) -> Rhythm:
    """Return the rhythm after a poll at `now`, the last one having been at `polled_at`.

    `moments` are when the entries that have come since then appeared.
    """
    if moments:
        return replace(_counted(rhythm, sorted(moments), now), silent=0.0)
    before = rates_of(rhythm, polled_at)
    expected = rates.expected_in(before, (now - polled_at).total_seconds())
    return replace(rhythm, silent=rhythm.silent + expected)


def per_day(rhythm: Rhythm, now: datetime) -> float | None:
    """Return entries per day over the last weeks, None while nothing is known."""
    return rates.per_hour(_counts(rhythm), now.timestamp()) * 24 if now > rhythm.since else None


def usual_gap_s(rhythm: Rhythm) -> float | None:
    """Return the mean seconds between entries as of the last one, None while nothing is known."""
    per_hour = rates.per_hour(_counts(rhythm), rhythm.at.timestamp())
    return HOUR_S / per_hour if per_hour else None


def rates_of(rhythm: Rhythm, now: datetime) -> rates.Rates:
    """Return what is to be expected of the feed from `now` on."""
    return rates.rates_at(_counts(rhythm), now.timestamp())


def _counts(rhythm: Rhythm) -> Counts:
    since, at = rhythm.since.timestamp(), rhythm.at.timestamp()
    return Counts(since, at, list(rhythm.hours), list(rhythm.days), rhythm.recent, rhythm.silent)


def _counted(rhythm: Rhythm, moments: Sequence[datetime], now: datetime) -> Rhythm:
    """Return the rhythm with these moments counted, faded to `now`."""
    new = rates.counted(_counts(rhythm), [moment.timestamp() for moment in moments], now.timestamp())
    return replace(
        rhythm, at=now, hours=_rounded(new.hours), days=_rounded(new.days), recent=round(new.recent, 3)
    )


def _rounded(counts: Iterable[float]) -> tuple[float, ...]:
    # Three digits are a thousandth of an entry, and a third of the bytes in every feed's record.
    return tuple(round(count, 3) for count in counts)
