"""Feeds of a simulated year: when they publish, how long their listings are, what their clocks say.

The mix is a guess at a news aggregator's list and is not fitted to anything: 15 % dead, 27 % blogs (one
entry in 2 to 30 days), 12 % daily, 20 % newsrooms (weekdays 8-18 h, 2 to 40 a day), 8 % sites that never
close (5 to 60 a day, few at night), 8 % bursty (episodes of some 10 to 40 entries minutes apart), 5 % wires
(24 to 200 a day, day and night), 5 % newsrooms with broken clocks. Places are spread over the time zones.
"""

from __future__ import annotations

import random  # noqa: TID251 - seeded: every rule meets the same year
from dataclasses import dataclass
from math import exp, log
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HOUR, DAY = 3600.0, 86_400.0
START = 1_767_225_600.0
"""2026-01-01, Unix seconds."""
HISTORY = 120 * DAY
"""What feeds published before the year begins: their first listing."""

MIX = {
    "dead": 0.15,
    "blog": 0.27,
    "daily": 0.12,
    "newsroom": 0.20,
    "always": 0.08,
    "bursty": 0.08,
    "wire": 0.05,
    "broken": 0.05,
}


@dataclass(frozen=True, slots=True)
class Server:
    """One feed. `times` are all its publications in order, `stated` what the feed dates them (None: not)."""

    kind: str
    times: list[float]
    stated: list[float | None]
    listed: int


def servers(count: int, days: float, seed: int) -> Iterator[Server]:
    """Yield `count` feeds, each kind by its share; the n-th of a seed is always the same."""
    end = START + days * DAY
    for n in range(count):
        draw = random.Random(f"{seed}/{n}")  # noqa: S311 - a simulation
        yield _server(_kind((n * 0.618_033_988_75) % 1), end, draw)


def _kind(place: float) -> str:
    # The golden ratio spreads any number of feeds evenly over the shares.
    for kind, share in MIX.items():
        if place < share:
            return kind
        place -= share
    return "broken"


def _server(kind: str, end: float, draw: random.Random) -> Server:
    times = list(_KINDS[kind](end, draw))
    listed = round(_between(10, 100, draw))
    return Server(kind, times, _stated(kind, times, draw), listed)


def _between(low: float, high: float, draw: random.Random) -> float:
    return exp(draw.uniform(log(low), log(high)))


def _stated(kind: str, times: list[float], draw: random.Random) -> list[float | None]:
    if kind != "broken":
        return list(times)
    fault = draw.choice(("undated", "ahead", "stuck"))
    if fault == "undated":
        return [None] * len(times)
    return [time + 3650 * DAY for time in times] if fault == "ahead" else [START - 200 * DAY] * len(times)


def _poisson(rate: Callable[[float], float], most: float, end: float, draw: random.Random) -> Iterator[float]:
    """Yield times at a rate per second that changes, by thinning; `most` is its bound."""
    at = START - HISTORY
    while (at := at + draw.expovariate(most)) < end:
        if draw.random() * most < rate(at):
            yield at


def _local(at: float, zone: float) -> tuple[float, int]:
    """Return the hour of day and the weekday (0 is Monday) there."""
    local = at + zone * HOUR
    return local % DAY / HOUR, int(local // DAY + 3) % 7


def _zone(draw: random.Random) -> int:
    return draw.randrange(-8, 11)


def _dead(_: float, draw: random.Random) -> Iterator[float]:
    first = START - HISTORY - draw.uniform(30, 700) * DAY
    return iter(sorted(first + draw.uniform(0, 20 * DAY) for _ in range(12)))


def _blog(end: float, draw: random.Random) -> Iterator[float]:
    zone, rate = _zone(draw), _between(1 / 30, 1 / 2, draw) / (15 * HOUR)
    return _poisson(lambda at: rate if 8 <= _local(at, zone)[0] < 23 else 0.0, rate, end, draw)


def _daily(end: float, draw: random.Random) -> Iterator[float]:
    moment = draw.uniform(0, DAY)
    day = START - HISTORY
    while day < end:
        if draw.random() < 0.9:
            yield day + moment + draw.uniform(-20, 20) * 60
        day += DAY


def _newsroom(end: float, draw: random.Random) -> Iterator[float]:
    zone, rate = _zone(draw), _between(2, 40, draw) / (10 * HOUR)

    def now(at: float) -> float:
        hour, day = _local(at, zone)
        return rate if day < 5 and 8 <= hour < 18 else rate / 100

    return _poisson(now, rate, end, draw)


def _always(end: float, draw: random.Random) -> Iterator[float]:
    zone, rate = _zone(draw), _between(5, 60, draw) / (18 * HOUR)
    return _poisson(lambda at: rate if 6 <= _local(at, zone)[0] < 23 else rate / 6, rate, end, draw)


def _bursty(end: float, draw: random.Random) -> Iterator[float]:
    per_day, size, gap = _between(0.1, 1, draw), _between(10, 40, draw), _between(120, 600, draw)
    at, times = START - HISTORY, []
    while (at := at + draw.expovariate(per_day / DAY)) < end:
        moment = at
        while moment < end:
            times.append(moment)
            moment += draw.expovariate(1 / gap)
            if draw.random() < 1 / size:
                break
    return iter(sorted(times))


def _wire(end: float, draw: random.Random) -> Iterator[float]:
    zone, rate = _zone(draw), _between(24, 200, draw) / DAY
    return _poisson(lambda at: rate * (1.3 if 7 <= _local(at, zone)[0] < 19 else 0.7), 1.3 * rate, end, draw)


_KINDS: dict[str, Callable[[float, random.Random], Iterator[float]]] = {
    "dead": _dead,
    "blog": _blog,
    "daily": _daily,
    "newsroom": _newsroom,
    "always": _always,
    "bursty": _bursty,
    "wire": _wire,
    "broken": _newsroom,
}
