"""Feeds of a simulated year: when they publish, how long their listings are, what their clocks say.

The mix is a guess at a news aggregator's list and is not fitted to anything: 15 % dead, 27 % blogs (one
entry in 2 to 30 days), 12 % daily, 20 % newsrooms (weekdays 8-18 h, 2 to 40 a day), 8 % sites that never
close (5 to 60 a day, few at night), 8 % bursty (episodes of some 10 to 40 entries minutes apart), 5 % wires
(24 to 200 a day, day and night), 5 % newsrooms with broken clocks. Places are spread over the time zones.

Numbers and loops alone, and only the seeded generator: `compiled` makes machine code of it.
"""

from __future__ import annotations

from math import exp, log, nan
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

HOUR, DAY = 3600.0, 86_400.0
START = 1_767_225_600.0
"""2026-01-01, Unix seconds."""
HISTORY = 120 * DAY
"""What feeds published before the year begins: their first listing."""

KINDS = ("dead", "blog", "daily", "newsroom", "always", "bursty", "wire", "broken")
DEAD, BLOG, DAILY, NEWSROOM, ALWAYS, BURSTY, WIRE, BROKEN = range(8)
SHARES = (0.15, 0.27, 0.12, 0.20, 0.08, 0.08, 0.05, 0.05)
LEAST = (0.0, 1 / 30, 0.9, 2.0, 5.0, 0.1, 24.0, 2.0)
MOST = (0.0, 1 / 2, 0.9, 40.0, 60.0, 1.0, 200.0, 40.0)
"""Of each kind: entries on a day of work, of the bursty episodes."""
OPEN_HOURS = (24.0, 15.0, 24.0, 10.0, 18.0, 24.0, 24.0, 10.0)
"""Hours over which these entries are spread."""


class Server(NamedTuple):
    """One feed. `times` are all its publications in order, `stated` what the feed dates them (nan: not)."""

    kind: int
    times: NDArray[np.float64]
    stated: NDArray[np.float64]
    listed: int


def server(n: int, days: float, seed: int) -> Server:
    """Return a feed; the n-th of a seed is always the same."""
    sow((seed * 1_000_003 + n) % 2**32)
    kind = kind_of((n * 0.618_033_988_75) % 1)
    end = START + days * DAY
    if kind == DEAD:
        times = dead()
    elif kind == DAILY:
        times = daily(end)
    elif kind == BURSTY:
        times = bursty(end)
    else:
        times = by_the_hour(kind, end)
    listed = round(between(10, 100))
    return Server(kind, times, stated(kind, times), listed)


def kind_of(place: float) -> int:
    """Return the kind at a place in [0, 1): the golden ratio spreads any number of feeds over the shares."""
    for kind in range(len(SHARES)):
        if place < SHARES[kind]:
            return kind
        place -= SHARES[kind]
    return BROKEN


def stated(kind: int, times: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what the feed says: a broken clock gives no dates, some of ten years ahead, or one for all."""
    said = times.copy()
    if kind == BROKEN:
        fault = int(draw() * 3)
        if fault == 0:
            said[:] = nan
        elif fault == 1:
            said += 3650 * DAY
        else:
            said[:] = START - 200 * DAY
    return said


def dead() -> NDArray[np.float64]:
    """Return twelve entries within three weeks, the last of them months or years ago."""
    first = START - HISTORY - uniform(30, 700) * DAY
    return np.sort(np.array([first + uniform(0, 20) * DAY for _ in range(12)]))


def daily(end: float) -> NDArray[np.float64]:
    """Return an entry a day at about the same time, on nine of ten days."""
    moment = uniform(0, DAY)
    return np.array(
        [
            START - HISTORY + day * DAY + moment + uniform(-20, 20) * 60
            for day in range(int((end - START + HISTORY) / DAY))
            if draw() < 0.9
        ]
    )


def bursty(end: float) -> NDArray[np.float64]:
    """Return episodes of entries that are minutes apart."""
    per_day, size, gap = between(LEAST[BURSTY], MOST[BURSTY]), between(10, 40), between(120, 600)
    at, times = START - HISTORY, [START - HISTORY]
    while at < end:
        at += exponential(DAY / per_day)
        moment = at
        while moment < end:
            times.append(moment)
            moment += exponential(gap)
            if draw() < 1 / size:
                break
    return np.sort(np.array(times))


def by_the_hour(kind: int, end: float) -> NDArray[np.float64]:
    """Return entries at a rate that changes with the hour and the weekday: thinned from the highest rate."""
    zone = int(draw() * 19) - 8
    most = 1.3 if kind == WIRE else 1.0
    mean_s = OPEN_HOURS[kind] * HOUR / between(LEAST[kind], MOST[kind]) / most
    at, times = START - HISTORY, [START - HISTORY]
    while at < end:
        at += exponential(mean_s)
        local = at + zone * HOUR
        if draw() * most < busy(kind, local % DAY / HOUR, int(local // DAY + 3) % 7):
            times.append(at)
    return np.array(times)


def busy(kind: int, hour: float, weekday: int) -> float:
    """Return the rate of that local time as a share of a working hour's; Monday is 0."""
    if kind == BLOG:
        return 1.0 if 8 <= hour < 23 else 0.0
    if kind == ALWAYS:
        return 1.0 if 6 <= hour < 23 else 1 / 6
    if kind == WIRE:
        return 1.3 if 7 <= hour < 19 else 0.7
    return 1.0 if weekday < 5 and 8 <= hour < 18 else 0.01


def sow(seed: int) -> None:
    np.random.seed(seed)  # noqa: NPY002 - the generator that compiled code and plain Python share


def draw() -> float:
    return np.random.random()  # noqa: NPY002 - the same


def uniform(low: float, high: float) -> float:
    return low + (high - low) * draw()


def between(low: float, high: float) -> float:
    """Return a value that is as likely between 1 and 10 as between 10 and 100."""
    return exp(uniform(log(low), log(high)))


def exponential(mean: float) -> float:
    return -mean * log(1 - draw())
