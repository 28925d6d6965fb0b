"""`make sim-schedule`: polls a day, delay from publication to admission, and entries missed, rule by rule.

Each feed's year is played alone, poll by poll; feeds do not touch each other here, so that a sample of
them stands for all, and counts are scaled to 10,000 feeds. An entry that was missed has an endless delay.
Beside each other reader stands Feedmill, made more or less patient (`Bounds.patience`, and below 1 the floor
with it) until it polls as often as that one.
"""

from __future__ import annotations

import argparse
import random  # noqa: TID251 - seeded
from array import array
from bisect import bisect_right
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from math import inf
from typing import TYPE_CHECKING

from bench.schedule.readers import Duplicates, Empirical, EntryFrequency, Fixed, Ours, Poll
from bench.schedule.servers import DAY, MIX, START, servers
from worker.feeds.schedule import Bounds

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.schedule.readers import Reader
    from bench.schedule.servers import Server

FEEDS = 10_000
OTHERS: dict[str, Callable[[Server], Reader]] = {
    "fixed, 60 minutes": Fixed,
    "miniflux, entry_frequency": EntryFrequency,
    "CommaFeed, empirical": Empirical,
    "rss-fetcher": Duplicates,
}


@dataclass
class Tally:
    """What a reader did to a number of feeds. `delays` are seconds of every entry of the year."""

    polls: int = 0
    missed: int = 0
    noticed: int = 0
    delays: array[float] = field(default_factory=lambda: array("f"))
    by_kind: dict[str, array[float]] = field(default_factory=lambda: {kind: array("f") for kind in MIX})
    polls_by_kind: dict[str, int] = field(default_factory=lambda: dict.fromkeys(MIX, 0))

    def quantile(self, share: float) -> float:
        return _quantile(self.delays, share)


@dataclass(frozen=True)
class Plan:
    """Which feeds, for how long."""

    feeds: int
    days: float
    seed: int


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--feeds", type=int, default=100, help="feeds simulated, of 10,000")
    parser.add_argument("--days", type=float, default=365)
    parser.add_argument("--seed", type=int, default=2)
    parser.add_argument("--kinds", action="store_true", help="medians of each kind of feed, too")
    chosen = parser.parse_args()
    plan = Plan(chosen.feeds, chosen.days, chosen.seed)
    print(f"{plan.feeds} feeds over {plan.days:g} days, seed {plan.seed}, scaled to {FEEDS:,} feeds")
    print(f"{'':44} {'polls/day':>10} {'median':>9} {'p95':>9} {'missed':>8} {'noticed':>8}")
    with ProcessPoolExecutor(2) as pool:
        rows = pool.map(partial(_row, plan), [None, *OTHERS])
        for row in rows:
            for name, tally in row:
                _print(plan, name, tally, by_kind=chosen.kinds)


def _row(plan: Plan, other: str | None) -> list[tuple[str, Tally]]:
    """Return a reader beside Feedmill at as many polls; Feedmill as it comes, where no other is named."""
    if other is None:
        return [("Feedmill, as it comes", play(plan, Ours))]
    theirs = play(plan, OTHERS[other])
    bounds = _equal_polls(plan, theirs.polls)
    name = f"  Feedmill, patience {bounds.patience:.2g}, floor {bounds.floor_s / 60:.1f} m"
    return [(other, theirs), (name, play(plan, partial(Ours, bounds=bounds)))]


def _equal_polls(plan: Plan, polls: int) -> Bounds:
    """Return the bounds that make that many polls in all, by bisection on some of the feeds and days."""
    few = Plan(min(plan.feeds, 60), min(plan.days, 40), plan.seed)
    wanted = polls / (plan.feeds * plan.days)
    low, high = 0.1, 100.0
    for _ in range(8):
        middle = (low * high) ** 0.5
        done = play(few, partial(Ours, bounds=_made(middle))).polls / (few.feeds * few.days)
        low, high = (middle, high) if done > wanted else (low, middle)
    return _made((low * high) ** 0.5)


def _made(patience: float) -> Bounds:
    """Return our bounds with that patience; below 1 the floor goes down with it, to a minute."""
    usual = Bounds()
    return replace(usual, patience=patience, floor_s=max(60.0, usual.floor_s * min(1.0, patience)))


def play(plan: Plan, reader: Callable[[Server], Reader]) -> Tally:
    """Return what became of the feeds under that reader."""
    tally = Tally()
    for n, server in enumerate(servers(plan.feeds, plan.days, plan.seed)):
        _play_one(server, reader(server), plan, random.Random(f"{plan.seed}/{n}/jitter"), tally)  # noqa: S311
    return tally


def _play_one(server: Server, reader: Reader, plan: Plan, draw: random.Random, tally: Tally) -> None:
    times, end = server.times, START + plan.days * DAY
    before = seen = bisect_right(times, START)
    at, delays, polls, is_first = START + draw.random() * 60, array("f"), 0, True
    while at < end:
        last = bisect_right(times, at, seen)
        first = max(0, last - server.listed)
        if first > seen:
            tally.missed += first - seen
            delays.extend([inf] * (first - seen))
        new = first if is_first else max(first, seen)
        delays.extend(at - times[n] for n in range(max(first, seen), last))
        polls, is_first, seen = polls + 1, False, last
        at += reader.wait_s(Poll(at, first, new, last, draw.random()))
    assert len(delays) == seen - before
    tally.polls += polls
    tally.noticed += getattr(reader, "missed", 0)
    tally.delays.extend(delays)
    tally.by_kind[server.kind].extend(delays)
    tally.polls_by_kind[server.kind] += polls


def _quantile(delays: array[float], share: float) -> float:
    return sorted(delays)[int(len(delays) * share)] if delays else 0.0


def _print(plan: Plan, name: str, tally: Tally, *, by_kind: bool) -> None:
    scale = FEEDS / plan.feeds
    median, p95 = (f"{tally.quantile(share) / 60:.1f} m" for share in (0.5, 0.95))
    polls = f"{tally.polls * scale / plan.days:,.0f}"
    noticed = f"{tally.noticed * scale:,.0f}" if "Feedmill" in name else "-"
    print(
        f"{name:44} {polls:>10} {median:>9} {p95:>9} {tally.missed * scale:>8,.0f} {noticed:>8}", flush=True
    )
    for kind in MIX if by_kind else ():
        delays = tally.by_kind[kind]
        share = f"{tally.polls_by_kind[kind] / tally.polls:.1%}"
        print(f"    {kind:20} {len(delays):>9} entries {share:>7} {_quantile(delays, 0.5) / 60:>8.1f} m"
              f" {_quantile(delays, 0.95) / 60:>8.1f} m")  # fmt: skip


if __name__ == "__main__":
    main()
