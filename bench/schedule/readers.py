"""How five readers choose the wait after a successful poll, over what one simulated feed showed them.

The others' rules are re-told from their sources as read in 2026, without what the simulated servers never
do (errors, headers, ttl), and without their batching, which only delays.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import ceil
from typing import TYPE_CHECKING, NamedTuple, Protocol

from bench.schedule.servers import DAY, HOUR
from worker.feeds.overlap import nothing_new, see
from worker.feeds.schedule import FIRST_SPREAD, SPREAD, Bounds, after_success, interval_s

if TYPE_CHECKING:
    from bench.schedule.servers import Server
    from worker.models import Rhythm


@dataclass(frozen=True, slots=True)
class Poll:
    """One poll: entries `first` to `last` (exclusive) are listed, those from `new` on for the first time."""

    at: float
    first: int
    new: int
    last: int
    jitter: float


class Reader(Protocol):
    """Remembers one feed."""

    def wait_s(self, poll: Poll) -> float: ...


@dataclass
class Fixed:
    """Every 60 minutes."""

    server: Server

    def wait_s(self, poll: Poll) -> float:  # noqa: ARG002 - the rule
        return HOUR


@dataclass
class EntryFrequency:
    """miniflux, `entry_frequency`: a week over the entries of a week, 5 minutes to 24 hours, factor 1.

    Entries per week come from the mean gap between the dates of those stored within the last one.
    Undated entries get the time of the fetch.
    """

    server: Server
    dates: list[float] = field(default_factory=list)

    def wait_s(self, poll: Poll) -> float:
        self.dates += [self.server.stated[n] or poll.at for n in range(poll.new, poll.last)]
        first = bisect_left(self.dates, poll.at - 7 * DAY)
        gaps = len(self.dates) - first - 1
        span = self.dates[-1] - self.dates[first] if gaps > 0 else 0.0
        weekly = ceil(7 * DAY * gaps / span) if span else 0
        return min(24 * HOUR, max(300.0, 7 * DAY / weekly)) if weekly else 24 * HOUR


@dataclass
class Empirical:
    """CommaFeed's: half the mean gap of the listing, 5 minutes to 1 hour.

    After 7, 14 and 30 silent days 1, 2 and 4 hours. Entries without a date, or dated ahead, get the time of
    the fetch.
    """

    server: Server

    def wait_s(self, poll: Poll) -> float:
        stated = self.server.stated
        first, last = (self._date(stated[n], poll.at) for n in (poll.first, poll.last - 1))
        silent_days = int((poll.at - last) / DAY)
        for days, hours in ((30, 4), (14, 2), (7, 1)):
            if silent_days >= days:
                return hours * HOUR
        gaps = poll.last - poll.first - 1
        return min(HOUR, max(300.0, (last - first) / gaps / 2)) if gaps > 0 else 4 * HOUR

    def _date(self, stated: float | None, now: float) -> float:
        return now if stated is None or stated > now else stated


@dataclass
class Duplicates:
    """rss-fetcher's: 10 minutes to 24 hours, from 6 hours on longer or shorter by what is known already.

    10 minutes more (60 if silent for 31 days) where two thirds of a listing are known, 60 less (at once 6
    hours, if above) where less than a third are.
    """

    server: Server
    minutes: float = 360.0
    new_at: float = 0.0

    def wait_s(self, poll: Poll) -> float:
        if poll.new < poll.last:
            self.new_at = poll.at
        known = (poll.new - poll.first) / max(1, poll.last - poll.first)
        if known >= 0.67:
            self.minutes += 10 if poll.at - self.new_at < 31 * DAY else 60
        elif known < 0.33:
            self.minutes = 360 if self.minutes > 360 else self.minutes - 60
        self.minutes = min(1440.0, max(10.0, self.minutes))
        return self.minutes * 60


class Listed(NamedTuple):
    """What `worker.feeds.overlap` reads of an entry."""

    entry_id: str
    published_at: datetime | None


@dataclass
class Ours:
    """Feedmill's own functions, on what its parser would make of the feed."""

    server: Server
    bounds: Bounds = field(default_factory=Bounds)
    rhythm: Rhythm | None = None
    polled_at: datetime | None = None
    missed: int = 0
    entries: list[Listed] = field(init=False)

    def __post_init__(self) -> None:
        self.entries = [
            _listed(n, time, at)
            for n, (time, at) in enumerate(zip(self.server.stated, self.server.times, strict=True))
        ]

    def wait_s(self, poll: Poll) -> float:
        now = datetime.fromtimestamp(poll.at, UTC)
        is_first = self.polled_at is None
        if is_first or poll.new < poll.last:
            self._learn(poll, now)
        else:
            self.rhythm = nothing_new(self.rhythm, self.polled_at, now)
        self.polled_at = now
        wanted = interval_s(self.rhythm, now, self.bounds)
        spread = FIRST_SPREAD if is_first else SPREAD
        return (after_success(now, wanted, self.bounds, 0.0, poll.jitter, spread) - now).total_seconds()

    def _learn(self, poll: Poll, now: datetime) -> None:
        entries = self.entries[poll.first : poll.last][::-1]
        new = {entry.entry_id for entry in entries[: poll.last - poll.new]}
        seen = see(self.rhythm, entries, new, self.polled_at or now, now)  # type: ignore[arg-type]
        self.rhythm, self.missed = seen.rhythm, self.missed + seen.missed


def _listed(n: int, stated: float | None, published: float) -> Listed:
    # A date more than a day ahead is dropped by `worker.feeds.dates`.
    is_kept = stated is not None and stated <= published + DAY
    return Listed(f"{n:08x}", datetime.fromtimestamp(stated, UTC) if stated and is_kept else None)
