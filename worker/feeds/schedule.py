"""When a feed is polled next. Pure.

rhythm ─► seconds until entries are to be expected ─► floor, ceiling, jitter ─► hints only lengthen
failure ─► the same interval, doubled per failure, at worst a week
"""

from __future__ import annotations

from datetime import timedelta
from math import inf
from typing import TYPE_CHECKING, NamedTuple

from worker.feeds.rates import HOUR_S, seconds_until
from worker.feeds.rhythm import rates_of

if TYPE_CHECKING:
    from datetime import datetime

    from worker.feeds.rates import Rates
    from worker.models import Rhythm

DAY_S = 86_400
LONGEST_BACKOFF_S = 7 * DAY_S
"""A failing feed is still tried once a week: feeds come back after months."""

_MOST_DOUBLINGS = 32
"""Bounds the power; 1 s doubled 20 times is over a week already."""

SPREAD = 0.1
"""Waits differ by up to this share either way, so that no two feeds stay in step."""
FIRST_SPREAD = 0.5
"""The same after a feed's first success: feeds added together part at once."""

_ENTRIES = 1.25
"""How many new entries a poll waits for at most: the simulated feeds then cost some 20 polls a day each."""
_STEADY_PER_HOUR = 6 / 24
"""Where it waits for so many: slower feeds cost few polls, faster ones bring half of all entries."""
_SLOW, _BUSY = 0.5, 0.75
"""How much less it waits for in slower and in faster ones: the powers of their rates."""
_SHARE_OF_LISTING = 0.25
"""A poll comes at the latest when this share of the listing is expected to be new: more may come."""
_SHARE_OF_FILL, _MOST_FILLS = 0.9, 8.0
"""And in this share of the shortest time in which the listing was ever filled, since bursts come again; with
more patience later, up to so many times that."""


class Bounds(NamedTuple):
    """How often feeds are polled, in seconds; `first_s` while nothing is known of one.

    `patience` is how much more than usual is to be expected when a poll comes. Twice as much costs some half
    of the polls, nearly twice the delay, and above 1 entries that are missed.
    """

    first_s: float = 1800.0
    floor_s: float = 300.0
    ceiling_s: float = DAY_S
    patience: float = 1.0

    def for_feed(self, min_interval_s: int | None) -> Bounds:
        """Return the bounds of a feed with a floor of its own; it may be above the ceiling."""
        floor_s = self.floor_s if min_interval_s is None else float(max(1, min_interval_s))
        return self._replace(floor_s=floor_s, ceiling_s=max(self.ceiling_s, floor_s))


def interval_s(rhythm: Rhythm | None, now: datetime, bounds: Bounds) -> float:
    """Return the seconds to wait after a success, before jitter: within the bounds, as the rhythm says."""
    if rhythm is None:
        return within_bounds(bounds.first_s, bounds)
    fill_s = inf if rhythm.fill_s is None else rhythm.fill_s
    return planned_s(rates_of(rhythm, now), rhythm.listed, fill_s, bounds)


def planned_s(rates: Rates, listed: int, fill_s: float, bounds: Bounds) -> float:
    """Return the seconds until enough is to be expected, sooner where the listing may overflow.

    `listed` is its length (0: never seen), `fill_s` the shortest time in which it was ever filled.
    """
    entries = awaited(rates.usual, listed, bounds.patience)
    longest_s = fill_s * _SHARE_OF_FILL * min(_MOST_FILLS, max(1.0, bounds.patience))
    # Of what nothing is known, so many are assumed that the wait is `first_s`.
    first_per_hour = entries * HOUR_S / bounds.first_s
    return within_bounds(
        seconds_until(rates, entries, first_per_hour, min(longest_s, bounds.ceiling_s)), bounds
    )


def awaited(per_hour: float, listed: int, patience: float) -> float:
    """Return how many new entries a poll waits for.

    Polls grow with the square root of a slow feed's rate: of so many polls in all, that makes the sum of
    all entries' delays least. They grow faster than a busy feed's rate, since half of all entries come from
    the few busiest: that lowers the median.
    """
    entries = _ENTRIES * patience
    if per_hour > 0:
        busy = per_hour / _STEADY_PER_HOUR
        entries *= min(busy**_SLOW, (1 / busy) ** _BUSY)
    return min(entries, listed * _SHARE_OF_LISTING) if listed else entries


def after_success(
    now: datetime, interval_s: float, bounds: Bounds, hint_s: float, jitter: float, spread: float = SPREAD
) -> datetime:
    """Return when to poll next. `hint_s` are seconds that the server asked for; they only lengthen.

    `jitter` is a random fraction in [0, 1). The wait stays within the bounds, the hint aside.
    """
    wait_s = spread_within(interval_s, bounds, jitter, spread)
    return now + timedelta(seconds=max(wait_s, hint_s * (1 + SPREAD * jitter)))


def spread_within(seconds: float, bounds: Bounds, jitter: float, spread: float) -> float:
    """Return the seconds made longer or shorter by up to that share, still within the bounds."""
    low, high = bounds.floor_s / (1 - spread), bounds.ceiling_s / (1 + spread)
    inner = min(max(seconds, low), max(low, high))
    return within_bounds(spread_s(inner, jitter, spread), bounds)


def after_failure(now: datetime, interval_s: float, failures: int, least_s: float, jitter: float) -> datetime:
    """Return when to try again after `failures` failures in a row (1 or more).

    The wait is the interval doubled per failure, at least `least_s` (what the server asked for, or what
    the kind of failure needs), at most a week. It never stops: every failure has a next time.
    """
    doubled = interval_s * 2 ** min(failures, _MOST_DOUBLINGS)
    wait_s = min(max(spread_s(doubled, jitter, SPREAD), least_s * (1 + SPREAD * jitter)), LONGEST_BACKOFF_S)
    # At the bound the spread goes downwards, or everything that fails for months comes back together.
    return now + timedelta(seconds=min(wait_s, LONGEST_BACKOFF_S * (1 - SPREAD * jitter)))


def deferred(now: datetime, wait_s: float, jitter: float) -> datetime:
    """Return when to ask again for a host that is busy for `wait_s` seconds."""
    return now + timedelta(seconds=wait_s * (1 + SPREAD * jitter))


def within_bounds(seconds: float, bounds: Bounds) -> float:
    """Return the seconds, or the bound that they are beyond."""
    return min(max(seconds, bounds.floor_s), bounds.ceiling_s)


def spread_s(seconds: float, jitter: float, spread: float) -> float:
    """Return the seconds made longer or shorter by up to that share."""
    return seconds * (1 - spread + 2 * spread * jitter)
