"""A rule over many feeds, each one's year played alone, poll by poll; an entry missed has no delay."""

from __future__ import annotations

from math import exp, log
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from bench.schedule.readers import CELLS, MISSED, Poll
from bench.schedule.servers import DAY, KINDS, START, draw, server

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from worker.feeds.schedule import Bounds

    Rule = Callable[..., float]

PER_E = 400
"""Bins of delays for each factor e: each is a quarter of a percent wide."""
BINS = 18 * PER_E
"""A year is within them; the last one is for entries that were missed."""
POLLS, LOST, NOTICED = range(3)


class Tally(NamedTuple):
    """By kind of feed: `counts` of polls, entries missed and so noticed; entries by bins of their delay."""

    counts: NDArray[np.int64]
    delays: NDArray[np.int64]


def play(rule: Rule, bounds: Bounds, feeds: NDArray[np.int64], days: float, seed: int) -> Tally:
    """Return what became of the feeds under that rule."""
    tally = Tally(np.zeros((len(KINDS), 3), np.int64), np.zeros((len(KINDS), BINS), np.int64))
    for n in feeds:
        play_one(rule, bounds, n, days, seed, tally)
    return tally


def play_one(rule: Rule, bounds: Bounds, n: int, days: float, seed: int, tally: Tally) -> None:
    """Add a feed's year to the tally."""
    feed = server(n, days, seed)
    times, end = feed.times, START + days * DAY
    counts, delays = tally.counts[feed.kind], tally.delays[feed.kind]
    memory = np.zeros(CELLS + len(times))
    at, last = START + draw() * 60, 0
    while last < len(times) and times[last] <= START:
        last += 1
    seen, is_first = last, True
    while at < end:
        while last < len(times) and times[last] <= at:
            last += 1
        first = max(0, last - feed.listed)
        lost = max(0, first - seen)
        counts[POLLS] += 1
        counts[LOST] += lost
        delays[BINS - 1] += lost
        for entry in range(max(first, seen), last):
            delays[bin_of(at - times[entry])] += 1
        new = first if is_first else max(first, seen)
        at += rule(feed, memory, Poll(at, first, new, last, draw()), bounds)
        seen, is_first = last, False
    counts[NOTICED] += int(memory[MISSED])


def bin_of(delay_s: float) -> int:
    return min(BINS - 2, int(log(1 + delay_s) * PER_E))


def quantile(delays: NDArray[np.int64], share: float) -> float:
    """Return the delay in seconds that this share of the entries had at most, to a quarter of a percent."""
    place = int(np.searchsorted(np.cumsum(delays), delays.sum() * share, side="right"))
    return exp((place + 0.5) / PER_E) - 1 if place < BINS - 1 else float("inf")
