"""When a feed is polled next. Pure.

rhythm ─► seconds until entries are to be expected ─► floor, ceiling, jitter ─► hints only lengthen
failure ─► the same interval, doubled per failure, at worst a week
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from worker.feeds.rhythm import HOUR_S, seconds_until

if TYPE_CHECKING:
    from datetime import datetime

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

ENTRIES = 0.5
"""How many new entries a poll waits for. The simulation's 10,000 feeds then cost 20 polls a day each."""
_SHARE_OF_LISTING, _MOST_OF_LISTING = 0.25, 0.75
"""A poll comes at the latest when this share of the listing is expected to be new: more may come."""
_SHARE_OF_FILL = 0.9
"""And in this share of the shortest time in which the listing was ever filled: bursts come again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How often feeds are polled, in seconds; `first_s` while nothing is known of one.

    `patience` is how much more than usual is to be expected when a poll comes. Twice as much costs half of
    the polls, nearly twice the delay, and above 1 entries that are missed.
    """

    first_s: float = 1800.0
    floor_s: float = 300.0
    ceiling_s: float = DAY_S
    patience: float = 1.0

    def for_feed(self, min_interval_s: int | None) -> Bounds:
        """Return the bounds of a feed with a floor of its own; it may be above the ceiling."""
        floor_s = self.floor_s if min_interval_s is None else float(max(1, min_interval_s))
        return replace(self, floor_s=floor_s, ceiling_s=max(self.ceiling_s, floor_s))


def interval_s(rhythm: Rhythm | None, now: datetime, bounds: Bounds) -> float:
    """Return the seconds to wait after a success, before jitter: within the bounds, as the rhythm says."""
    if rhythm is None:
        return _within(bounds.first_s, bounds)
    usual, longest_s = ENTRIES * bounds.patience, bounds.ceiling_s
    entries = usual
    if rhythm.listed:
        share = min(_MOST_OF_LISTING, _SHARE_OF_LISTING * max(1.0, bounds.patience))
        entries = min(entries, rhythm.listed * share)
    if rhythm.fill_s is not None:
        longest_s = min(longest_s, rhythm.fill_s * _SHARE_OF_FILL * max(1.0, bounds.patience))
    first_per_hour = usual * HOUR_S / bounds.first_s
    return _within(seconds_until(rhythm, now, entries, first_per_hour, longest_s), bounds)


def after_success(
    now: datetime, interval_s: float, bounds: Bounds, hint_s: float, jitter: float, spread: float = SPREAD
) -> datetime:
    """Return when to poll next. `hint_s` are seconds that the server asked for; they only lengthen.

    `jitter` is a random fraction in [0, 1). The wait stays within the bounds, the hint aside.
    """
    low, high = bounds.floor_s / (1 - spread), bounds.ceiling_s / (1 + spread)
    inner = min(max(interval_s, low), max(low, high))
    wait_s = min(max(_spread(inner, jitter, spread), bounds.floor_s), bounds.ceiling_s)
    return now + timedelta(seconds=max(wait_s, hint_s * (1 + SPREAD * jitter)))


def after_failure(now: datetime, interval_s: float, failures: int, least_s: float, jitter: float) -> datetime:
    """Return when to try again after `failures` failures in a row (1 or more).

    The wait is the interval doubled per failure, at least `least_s` (what the server asked for, or what
    the kind of failure needs), at most a week. It never stops: every failure has a next time.
    """
    doubled = interval_s * 2 ** min(failures, _MOST_DOUBLINGS)
    wait_s = min(max(_spread(doubled, jitter, SPREAD), least_s * (1 + SPREAD * jitter)), LONGEST_BACKOFF_S)
    # At the bound the spread goes downwards, or everything that fails for months comes back together.
    return now + timedelta(seconds=min(wait_s, LONGEST_BACKOFF_S * (1 - SPREAD * jitter)))


def deferred(now: datetime, wait_s: float, jitter: float) -> datetime:
    """Return when to ask again for a host that is busy for `wait_s` seconds."""
    return now + timedelta(seconds=wait_s * (1 + SPREAD * jitter))


def _within(seconds: float, bounds: Bounds) -> float:
    return min(max(seconds, bounds.floor_s), bounds.ceiling_s)


def _spread(seconds: float, jitter: float, spread: float) -> float:
    return seconds * (1 - spread + 2 * spread * jitter)
