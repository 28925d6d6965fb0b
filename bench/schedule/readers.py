"""How five readers choose the wait after a successful poll, over what one simulated feed showed them.

The others' rules are re-told from their sources as read in 2026, without what the simulated servers never
do (errors, headers, ttl), and without their batching, which only delays.

A rule is a function of the server, of its own `memory` (zeros before the first poll), of the poll and of
Feedmill's bounds; `compiled` makes machine code of all of them.
"""

from __future__ import annotations

from math import ceil, isnan
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from bench.schedule.servers import DAY, HOUR
from worker.feeds.filling import densest_s, missed_before, shortest_fill_s
from worker.feeds.rates import REMEMBERED_S, Counts, counted, expected_in, rates_at
from worker.feeds.schedule import FIRST_SPREAD, SPREAD, planned_s, spread_within

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bench.schedule.servers import Server
    from worker.feeds.schedule import Bounds

    Memory = NDArray[np.float64]

CELLS = 64
"""What a rule may remember, besides one number for every entry: `memory` has this length and theirs."""


class Poll(NamedTuple):
    """One poll: entries `first` to `last` (exclusive) are listed, those from `new` on for the first time."""

    at: float
    first: int
    new: int
    last: int
    jitter: float


def fixed(server: Server, memory: Memory, poll: Poll, bounds: Bounds) -> float:
    """Every 60 minutes."""
    return HOUR


def entry_frequency(server: Server, memory: Memory, poll: Poll, bounds: Bounds) -> float:
    """miniflux, `entry_frequency`: a week over the entries of a week, 5 minutes to 24 hours, factor 1.

    Entries per week come from the mean gap between the dates of those stored within the last one.
    Undated entries get the time of the fetch. Memory: how many are stored, and their dates.
    """
    stored, dates = int(memory[0]), memory[CELLS:]
    for n in range(poll.new, poll.last):
        dates[stored] = poll.at if isnan(server.stated[n]) else server.stated[n]
        stored += 1
    memory[0] = stored
    first = np.searchsorted(dates[:stored], poll.at - 7 * DAY)
    gaps = stored - first - 1
    span = dates[stored - 1] - dates[first] if gaps > 0 else 0.0
    weekly = ceil(7 * DAY * gaps / span) if span > 0 else 0
    return min(24 * HOUR, max(300.0, 7 * DAY / weekly)) if weekly else 24 * HOUR


def empirical(server: Server, memory: Memory, poll: Poll, bounds: Bounds) -> float:
    """CommaFeed's: half the mean gap of the listing, 5 minutes to 1 hour.

    After 7, 14 and 30 silent days 1, 2 and 4 hours. Entries without a date, or dated ahead, get the time of
    the fetch.
    """
    if poll.first == poll.last:
        return 4 * HOUR
    first = date_or_now(server.stated[poll.first], poll.at)
    last = date_or_now(server.stated[poll.last - 1], poll.at)
    silent_days = int((poll.at - last) / DAY)
    if silent_days >= 7:
        return 4 * HOUR if silent_days >= 30 else 2 * HOUR if silent_days >= 14 else HOUR
    gaps = poll.last - poll.first - 1
    return min(HOUR, max(300.0, (last - first) / gaps / 2)) if gaps > 0 else 4 * HOUR


def date_or_now(stated: float, now: float) -> float:
    return now if isnan(stated) or stated > now else stated


def duplicates(server: Server, memory: Memory, poll: Poll, bounds: Bounds) -> float:
    """rss-fetcher's: 10 minutes to 24 hours, from 6 hours on longer or shorter by what is known already.

    10 minutes more (60 if silent for 31 days) where two thirds of a listing are known, 60 less (at once 6
    hours, if above) where less than a third are. Memory: the minutes (0: 360), the last new entry.
    """
    minutes = memory[0] or 360.0
    if poll.new < poll.last:
        memory[1] = poll.at
    known = (poll.new - poll.first) / max(1, poll.last - poll.first)
    if known >= 0.67:
        minutes += 10 if poll.at - memory[1] < 31 * DAY else 60
    elif known < 0.33:
        minutes = 360 if minutes > 360 else minutes - 60
    memory[0] = min(1440.0, max(10.0, minutes))
    return memory[0] * 60


SINCE, AT, RECENT, SILENT, FILL, POLLED, MISSED = range(7)
HOUR_CELLS, DAY_CELLS = slice(16, 40), slice(40, 47)


def feedmill(server: Server, memory: Memory, poll: Poll, bounds: Bounds) -> float:
    """Our own functions, on what the parser makes of the feed. Memory: what `models.Rhythm` keeps."""
    polled_at, listed = memory[POLLED], poll.last - poll.first
    if polled_at == 0:
        learn_first(server, memory, poll)
    elif poll.new < poll.last:
        keep(memory, counted(kept(memory), fresh_moments(server, memory, poll), poll.at), 0.0)
    else:
        expected = expected_in(rates_at(kept(memory), polled_at), poll.at - polled_at)
        memory[SILENT] += expected
    memory[POLLED] = poll.at
    wanted_s = planned_s(rates_at(kept(memory), poll.at), listed, memory[FILL], bounds)
    return spread_within(wanted_s, bounds, poll.jitter, SPREAD if polled_at else FIRST_SPREAD)


def kept(memory: Memory) -> Counts:
    hours, days = memory[HOUR_CELLS], memory[DAY_CELLS]
    return Counts(memory[SINCE], memory[AT], hours, days, memory[RECENT], memory[SILENT])


def keep(memory: Memory, counts: Counts, silent: float) -> None:
    memory[SINCE], memory[AT], memory[RECENT], memory[SILENT] = counts.since, counts.at, counts.recent, silent


def learn_first(server: Server, memory: Memory, poll: Poll) -> None:
    """Remember what the first listing shows."""
    dates = believable(server, poll.first, poll.last, poll.at - REMEMBERED_S, poll.at)
    memory[FILL] = densest_s(dates, poll.last - poll.first)
    memory[SINCE] = memory[AT] = dates[0] if len(dates) > 1 else poll.at
    keep(memory, counted(kept(memory), dates[1:], poll.at), 0.0)


def fresh_moments(server: Server, memory: Memory, poll: Poll) -> NDArray[np.float64]:
    """Return when new entries appeared, missed ones among them; remember how fast the listing fills."""
    polled_at, listed, came = memory[POLLED], poll.last - poll.first, poll.last - poll.new
    dated = believable(server, poll.new, poll.last, polled_at, poll.at)
    missed = 0
    if poll.new == poll.first and poll.first > 0:
        missed = missed_before(dated[0], dated[-1], len(dated), listed, polled_at) if len(dated) else 1
    memory[MISSED] += missed
    dates = believable(server, poll.first, poll.last, poll.at - REMEMBERED_S, poll.at)
    memory[FILL] = shortest_fill_s(
        memory[FILL], poll.at - polled_at, listed, came + missed, densest_s(dates, listed)
    )
    moments = np.full(came + missed, (polled_at + poll.at) / 2)
    moments[: len(dated)] = dated
    return moments


def believable(server: Server, first: int, last: int, after: float, before: float) -> NDArray[np.float64]:
    """Return the stated dates of some entries that lie between, in order."""
    dates = server.stated[first:last]
    return dates[(dates > after) & (dates < before)]
